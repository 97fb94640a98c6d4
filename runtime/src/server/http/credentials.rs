//! Whose request it is: the credentials in its `Authorization` header.
//!
//! `Bearer KEY` carries an Odoo API key, `Basic …` a login and password (RFC 7617). They are
//! kept in memory only, and a pool finds the user's session by a keyed digest of them: what
//! would show in a dump of the pool's keys tells nothing.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::client::Credentials;
use crate::error::{Error, ErrorKind, Result};

/// The longest header that is looked at: keys and passwords are far shorter.
const MAX_LENGTH: usize = 4096;

/// Tells users apart without holding their credentials.
pub(super) type Principal = [u8; 32];

/// Makes [`Principal`]s; the key is random and lives as long as the process.
pub(super) struct PrincipalKey([u8; 32]);

impl PrincipalKey {
    /// A new key.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no randomness.
    pub(super) fn random() -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| {
            Error::new(
                ErrorKind::Configuration,
                format!("the system gives no random numbers: {error}"),
            )
        })?;
        Ok(Self(key))
    }

    /// A digest of parts that nobody without the key can make or reverse.
    pub(super) fn digest(&self, parts: &[&[u8]]) -> Principal {
        let mut mac = self.mac();
        for part in parts {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Who these credentials stand for.
    pub(super) fn principal(&self, credentials: &Credentials) -> Principal {
        match credentials {
            Credentials::ApiKey { key } => self.digest(&[b"key", key.expose_secret().as_bytes()]),
            Credentials::Password { login, password } => self.digest(&[
                b"password",
                login.as_bytes(),
                password.expose_secret().as_bytes(),
            ]),
            Credentials::Absent => self.digest(&[b"absent"]),
        }
    }

    #[allow(clippy::expect_used)] // HMAC takes keys of any length
    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.0).expect("HMAC takes keys of any length")
    }
}

/// The credentials of a request; `None` when it carries none.
///
/// # Errors
/// [`ErrorKind::Authentication`] when the header is of another scheme or malformed.
pub(super) fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let malformed = || {
        Error::new(
            ErrorKind::Authentication,
            "the Authorization header is neither \"Bearer <Odoo API key>\" nor \"Basic <login:password in base64>\"",
        )
    };
    let text = header.to_str().map_err(|_| malformed())?;
    if text.len() > MAX_LENGTH {
        return Err(malformed());
    }
    let (scheme, value) = text.trim().split_once(' ').ok_or_else(malformed)?;
    let value = value.trim();
    if value.is_empty() {
        return Err(malformed());
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        let key = SecretString::from(value);
        return Ok(Some(Credentials::ApiKey { key }));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(value).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    match decoded.split_once(':') {
        Some((login, password)) if !login.is_empty() && !password.is_empty() => {
            Ok(Some(Credentials::Password {
                login: login.to_owned(),
                password: password.into(),
            }))
        }
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(value: &str) -> Result<Option<Credentials>> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        credentials(&headers)
    }

    #[test]
    fn both_schemes_are_read() {
        assert!(credentials(&HeaderMap::new()).unwrap().is_none());
        let Some(Credentials::ApiKey { key }) = of("bearer  abc").unwrap() else {
            panic!("no key")
        };
        assert_eq!(key.expose_secret(), "abc");
        // ada:pass:word, as RFC 7617 allows colons in passwords
        let Some(Credentials::Password { login, password }) =
            of("Basic YWRhOnBhc3M6d29yZA==").unwrap()
        else {
            panic!("no password")
        };
        assert_eq!(
            (login.as_str(), password.expose_secret()),
            ("ada", "pass:word")
        );
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        for wrong in [
            "Bearer",
            "Bearer ",
            "Digest secret",
            "Basic secret",
            "Basic YWRh",
            "secret",
        ] {
            let error = of(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication, "{wrong}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn principals_differ_by_user_and_by_process() {
        let (key, other) = (
            PrincipalKey::random().unwrap(),
            PrincipalKey::random().unwrap(),
        );
        let ada = of("Bearer ada").unwrap().unwrap();
        let bob = of("Bearer bob").unwrap().unwrap();
        assert_eq!(key.principal(&ada), key.principal(&ada));
        assert_ne!(key.principal(&ada), key.principal(&bob));
        assert_ne!(key.principal(&ada), other.principal(&ada));
    }
}
