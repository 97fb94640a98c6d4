//! Where Odoo is and who signs in, from code or from the environment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use super::guard::ModelGuard;
use super::transport::Breaker;
use crate::error::{Error, ErrorKind, Result};

/// How the user proves who they are. Secrets never appear in `Debug`.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Login and password, as in the browser.
    Password {
        /// The login, often an e-mail address.
        login: String,
        /// The password.
        password: SecretString,
    },
    /// An API key (user preferences → Account security). It names its user by itself.
    ApiKey {
        /// The key.
        key: SecretString,
    },
    /// Nobody: of a server whose requests carry the credentials of their users.
    Absent,
}

/// Everything a [`Client`](super::Client) needs to know. Build it with [`Config::new`] or
/// [`Config::from_env`] and adjust the public fields.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address of Odoo without a path (`https://company.odoo.com`).
    pub url: Url,
    /// The database; `None` where the address serves only one.
    pub database: Option<String>,
    /// Who signs in.
    pub credentials: Credentials,
    /// The language of labels and messages (`fr_BE`); `None` is the user's own.
    pub language: Option<String>,
    /// A PEM file with the authorities that alone vouch for Odoo's certificate; `None` trusts
    /// those of the system.
    pub ca_file: Option<PathBuf>,
    /// How long opening a connection may take.
    pub connect_timeout: Duration,
    /// How long one request may take, from sending to the last byte, its further tries included.
    pub request_timeout: Duration,
    /// What is known of an Odoo that does not answer; clones share it, also for other users.
    pub(super) breaker: Arc<Breaker>,
    /// Decides which models the client may name; `None` lets it name all.
    pub(super) guard: Option<Arc<dyn ModelGuard>>,
}

impl Config {
    /// The default for [`Config::request_timeout`].
    pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

    /// A configuration with defaults for everything but address and credentials.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when `url` is not an `http` or `https` address.
    pub fn new(url: &str, credentials: Credentials) -> Result<Self> {
        Ok(Self {
            url: parse_base_url(url)?,
            database: None,
            credentials,
            language: None,
            ca_file: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Self::DEFAULT_REQUEST_TIMEOUT,
            breaker: Arc::default(),
            guard: None,
        })
    }

    /// Reads `ODOO_URL`, `ODOO_DB`, `ODOO_API_KEY` or `ODOO_USERNAME` and `ODOO_PASSWORD`,
    /// `PREFERRED_LANG`, `ODOO_CA_FILE` and `ODOO_TIMEOUT` (seconds).
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], naming every variable that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The same as [`Config::from_env`] with variables from any source.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], naming every variable that is missing or wrong.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let credentials = credentials_from(&variable);
        let missing = ["ODOO_URL"]
            .into_iter()
            .filter(|name| get(&variable, name).is_none())
            .chain(credentials.as_ref().err().copied());
        let missing: Vec<&str> = missing.collect();
        match credentials {
            Ok(credentials) if missing.is_empty() => Self::read(credentials, &variable),
            _ => Err(not_set(&missing)),
        }
    }

    /// The same as [`Config::from_env`] where the user may be absent: without any of their
    /// variables, the credentials are [`Credentials::Absent`].
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], naming every variable that is missing or wrong.
    pub fn from_env_for_many() -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let names_nobody = ["ODOO_API_KEY", "ODOO_USERNAME", "ODOO_PASSWORD"]
            .iter()
            .all(|name| get(&variable, name).is_none());
        if !names_nobody {
            return Self::from_variables(variable);
        }
        if get(&variable, "ODOO_URL").is_none() {
            return Err(not_set(&["ODOO_URL"]));
        }
        Self::read(Credentials::Absent, &variable)
    }

    /// The same Odoo, for another user.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Self {
        Self {
            credentials,
            ..self
        }
    }

    /// The same, for a client that asks this guard before each request.
    #[must_use]
    pub fn with_guard(self, guard: Arc<dyn ModelGuard>) -> Self {
        Self {
            guard: Some(guard),
            ..self
        }
    }

    /// Whether what is sent, passwords too, can be read on the way: plain HTTP to another
    /// machine.
    pub fn is_readable_on_the_way(&self) -> bool {
        let is_here = match self.url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        };
        self.url.scheme() == "http" && !is_here
    }

    fn read(credentials: Credentials, variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let url = get(variable, "ODOO_URL").unwrap_or_default();
        let mut config = Self::new(&url, credentials)?;
        config.database = get(variable, "ODOO_DB");
        config.language = get(variable, "PREFERRED_LANG");
        config.ca_file = get(variable, "ODOO_CA_FILE").map(PathBuf::from);
        if let Some(seconds) = get(variable, "ODOO_TIMEOUT") {
            config.request_timeout = parse_seconds(&seconds)?;
        }
        Ok(config)
    }
}

/// A variable's value; one that is blank counts as not set.
fn get(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    variable(name)
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// The user of the variables, or the name of the variable that is missing.
fn credentials_from(
    variable: &impl Fn(&str) -> Option<String>,
) -> std::result::Result<Credentials, &'static str> {
    match (
        get(variable, "ODOO_API_KEY"),
        get(variable, "ODOO_USERNAME"),
        get(variable, "ODOO_PASSWORD"),
    ) {
        (Some(key), ..) => Ok(Credentials::ApiKey { key: key.into() }),
        (None, Some(login), Some(password)) => Ok(Credentials::Password {
            login,
            password: password.into(),
        }),
        (None, Some(_), None) => Err("ODOO_PASSWORD"),
        (None, None, Some(_)) => Err("ODOO_USERNAME"),
        (None, None, None) => Err("ODOO_API_KEY (or ODOO_USERNAME and ODOO_PASSWORD)"),
    }
}

fn not_set(missing: &[&str]) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("not set in the environment: {}", missing.join(", ")),
    )
    .with_hint(
        "Set ODOO_URL (https://company.odoo.com), ODOO_DB, and ODOO_API_KEY or ODOO_USERNAME \
         and ODOO_PASSWORD in the `env` section of your MCP client's configuration.",
    )
}

fn parse_seconds(text: &str) -> Result<Duration> {
    match text.parse::<u64>() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::new(
            ErrorKind::Configuration,
            format!("ODOO_TIMEOUT is a whole number of seconds above 0, not \"{text}\""),
        )),
    }
}

/// Accepts what people copy from the browser (`company.odoo.com/web#action=1`) and keeps the
/// origin alone.
pub(crate) fn parse_base_url(text: &str) -> Result<Url> {
    let wrong = |reason: String| {
        Error::new(
            ErrorKind::Configuration,
            format!("\"{text}\" is not the address of an Odoo: {reason}"),
        )
        .with_hint("Use the form https://company.odoo.com or http://localhost:8069.")
    };
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let mut url = Url::parse(&with_scheme).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(format!(
            "the scheme {} is not http or https",
            url.scheme()
        )));
    }
    if url.host_str().is_none() {
        return Err(wrong("it names no host".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::new(
            ErrorKind::Configuration,
            "the address of Odoo must not hold a user or password",
        )
        .with_hint("Put them into ODOO_USERNAME and ODOO_PASSWORD, or use ODOO_API_KEY."));
    }
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_pairs(pairs: &[(&str, &str)]) -> Result<Config> {
        Config::from_variables(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn every_missing_variable_is_named_at_once() {
        let error = from_pairs(&[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains("ODOO_URL"), "{error}");
        assert!(error.message().contains("ODOO_API_KEY"), "{error}");
    }

    #[test]
    fn a_key_wins_over_a_password() {
        let config = from_pairs(&[
            ("ODOO_URL", "odoo.example"),
            ("ODOO_API_KEY", "k"),
            ("ODOO_USERNAME", "u"),
            ("ODOO_PASSWORD", "p"),
        ])
        .unwrap();
        assert!(matches!(config.credentials, Credentials::ApiKey { .. }));
        assert_eq!(config.url.as_str(), "https://odoo.example/");
    }

    #[test]
    fn an_address_copied_from_the_browser_is_taken() {
        let config = from_pairs(&[
            ("ODOO_URL", "http://localhost:8069/web#action=12"),
            ("ODOO_API_KEY", "k"),
        ])
        .unwrap();
        assert_eq!(config.url.as_str(), "http://localhost:8069/");
    }

    #[test]
    fn plain_http_to_another_machine_is_known() {
        for (url, is_readable) in [
            ("http://odoo.example", true),
            ("http://192.0.2.7:8069", true),
            ("http://localhost.example", true),
            ("https://odoo.example", false),
            ("http://localhost:8069", false),
            ("http://127.0.0.2:8069", false),
            ("http://[::1]:8069", false),
        ] {
            let config = Config::new(url, Credentials::Absent).unwrap();
            assert_eq!(config.is_readable_on_the_way(), is_readable, "{url}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug() {
        let config = from_pairs(&[
            ("ODOO_URL", "odoo.example"),
            ("ODOO_USERNAME", "admin"),
            ("ODOO_PASSWORD", "hunter2"),
        ])
        .unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_repeating_it() {
        let error = from_pairs(&[
            ("ODOO_URL", "https://admin:hunter2@odoo.example"),
            ("ODOO_API_KEY", "k"),
        ])
        .unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
