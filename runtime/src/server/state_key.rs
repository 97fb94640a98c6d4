//! The secret behind everything that the server hands out and takes back later.
//!
//! A call that needs the person's answer ends with a question and a sealed state; the client
//! repeats the call with the answer and the state. The server keeps nothing in between, so
//! the next process may take the answer, and the state is as trustworthy as its seal: it
//! opens only with this key, only for what it was sealed for, and only for a while.

use std::path::Path;
use std::time::Duration;

use rmcp::model::{RequestStateCodec, RequestStateError, SealOptions};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};

/// The key that seals states. Cheap to clone; `Debug` shows nothing of it.
#[derive(Debug, Clone)]
pub struct StateKey {
    codec: RequestStateCodec,
}

/// Why a state that came back was not accepted. What exactly was wrong with it is nothing
/// that its sender needs to know, apart from having come too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StateRefusal {
    /// It came back after its time.
    #[error("the question has expired; repeat the call without requestState")]
    Expired,
    /// It is not one of ours, was changed, or belongs to another call.
    #[error("requestState is not what this server sent for this call")]
    NotOurs,
}

impl StateKey {
    /// The environment variable that holds the secret.
    pub const VARIABLE: &str = "ODOO_MCP_STATE_KEY";

    /// The fewest bytes of a secret.
    pub const MIN_LENGTH: usize = RequestStateCodec::MIN_KEY_LENGTH;

    /// A key of this process alone: what it sealed cannot be opened after a restart or by
    /// another process.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no random numbers to give.
    pub fn random() -> Result<Self> {
        let mut key = vec![0; Self::MIN_LENGTH];
        getrandom::fill(&mut key).map_err(|error| {
            Error::new(
                ErrorKind::Configuration,
                format!("the system gives no random numbers: {error}"),
            )
        })?;
        Self::from_bytes(key)
    }

    /// The key that several processes share, or that outlives a restart.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the secret is shorter than [`Self::MIN_LENGTH`].
    pub fn from_secret(secret: &SecretString) -> Result<Self> {
        Self::from_bytes(secret.expose_secret().trim().as_bytes().to_vec())
    }

    /// The secret of the file, else that of [`Self::VARIABLE`], else a random one.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the file cannot be read or the secret is too short.
    pub fn from_settings(file: Option<&Path>) -> Result<Self> {
        let variable = std::env::var(Self::VARIABLE).ok().map(SecretString::from);
        Self::choose(file, variable.as_ref())
    }

    fn choose(file: Option<&Path>, variable: Option<&SecretString>) -> Result<Self> {
        if let Some(file) = file {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Error::new(
                    ErrorKind::Configuration,
                    format!(
                        "the state key cannot be read from {}: {error}",
                        file.display()
                    ),
                )
            })?;
            return Self::from_secret(&text.into());
        }
        match variable.filter(|secret| !secret.expose_secret().trim().is_empty()) {
            Some(secret) => Self::from_secret(secret),
            None => Self::random(),
        }
    }

    fn from_bytes(key: Vec<u8>) -> Result<Self> {
        RequestStateCodec::try_new(key)
            .map(|codec| Self { codec })
            .map_err(|_| {
                Error::new(
                    ErrorKind::Configuration,
                    format!("the state key is shorter than {} bytes", Self::MIN_LENGTH),
                )
                .with_hint("Make one with: openssl rand -hex 32")
            })
    }

    /// Seals a state for one purpose: it opens only with the same `purpose`, whose parts say
    /// who may come back with it and for which call. The state can be read by the client.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when the state cannot be written as JSON.
    pub(crate) fn seal(
        &self,
        state: &impl Serialize,
        purpose: &[&[u8]],
        lifetime: Duration,
    ) -> Result<String> {
        let purpose = framed(purpose);
        let options = SealOptions::new().associated_data(&purpose).ttl(lifetime);
        self.codec.seal_json_with(state, &options).map_err(|error| {
            Error::new(
                ErrorKind::Protocol,
                format!("the state of a call cannot be sealed: {error}"),
            )
        })
    }

    /// Opens what [`Self::seal`] sealed for this purpose.
    ///
    /// # Errors
    /// A [`StateRefusal`] for anything else, in words that may go to the client.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        sealed: &str,
        purpose: &[&[u8]],
    ) -> std::result::Result<T, StateRefusal> {
        self.codec
            .open_json_with(sealed, &framed(purpose))
            .map_err(|error| match error {
                RequestStateError::Expired => StateRefusal::Expired,
                _ => StateRefusal::NotOurs,
            })
    }
}

/// The parts in one, each with its length before it, so that no two lists of parts give the
/// same bytes.
fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of more than thirty-two bytes";
    const MINUTE: Duration = Duration::from_secs(60);

    fn key() -> StateKey {
        StateKey::from_secret(&SECRET.into()).unwrap()
    }

    #[test]
    fn a_state_opens_for_its_purpose_alone() {
        let sealed = key().seal(&7, &[b"ada", b"delete"], MINUTE).unwrap();
        assert_eq!(key().open(&sealed, &[b"ada", b"delete"]), Ok(7));
        for purpose in [
            &[b"bob".as_slice(), b"delete"][..],
            &[b"ada", b"update"],
            &[b"adadelete"],
            &[],
        ] {
            let opened = key().open::<i32>(&sealed, purpose);
            assert_eq!(opened, Err(StateRefusal::NotOurs), "{purpose:?}");
        }
    }

    #[test]
    fn a_changed_or_foreign_state_is_refused() {
        let sealed = key().seal(&7, &[], MINUTE).unwrap();
        let foreign = StateKey::random().unwrap().seal(&7, &[], MINUTE).unwrap();
        for wrong in [&format!("{sealed}x"), &foreign, "", "rs1.a.b"] {
            let opened = key().open::<i32>(wrong, &[]);
            assert_eq!(opened, Err(StateRefusal::NotOurs), "{wrong}");
        }
    }

    #[test]
    fn a_late_state_is_refused_as_late() {
        let sealed = key().seal(&7, &[], Duration::ZERO).unwrap();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(key().open::<i32>(&sealed, &[]), Err(StateRefusal::Expired));
    }

    #[test]
    fn the_file_comes_before_the_variable_and_line_ends_do_not_count() {
        let file = std::env::temp_dir().join(format!("butopea-state-key-{}", std::process::id()));
        std::fs::write(&file, format!("{SECRET}\n")).unwrap();
        let other = SecretString::from("another secret, just as long as the first");
        let chosen = StateKey::choose(Some(&file), Some(&other)).unwrap();
        std::fs::remove_file(&file).unwrap();
        let sealed = chosen.seal(&7, &[], MINUTE).unwrap();
        assert_eq!(key().open(&sealed, &[]), Ok(7));
        assert!(StateKey::choose(Some(&file), Some(&other)).is_err());
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_random() {
        let short = SecretString::from("short");
        let error = StateKey::choose(None, Some(&short)).unwrap_err();
        assert!(error.to_string().contains("32 bytes"), "{error}");
        let blank = SecretString::from(" ");
        let first = StateKey::choose(None, Some(&blank)).unwrap();
        let second = StateKey::choose(None, None).unwrap();
        let sealed = first.seal(&7, &[], MINUTE).unwrap();
        assert!(second.open::<i32>(&sealed, &[]).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", key()).contains("secret of"));
    }
}
