//! The one taxonomy of failures, from Odoo's exception to the tool result.
//!
//! Every failure on the way (network, Odoo, decoding, validation) becomes an [`Error`] with
//! an [`ErrorKind`]: what a caller branches on, whether a retry can help, and which next step
//! to suggest. The server turns it into an `isError` result, a Rust caller matches on it.

use std::fmt;

use serde::Serialize;

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, at the granularity at which a caller acts differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// Settings are missing or contradict each other; nothing was sent.
    Configuration,
    /// Odoo could not be reached, or the connection broke before the request was sent.
    Unreachable,
    /// The request was sent, no whole answer came back: a write may or may not have happened.
    Uncertain,
    /// No answer within the time limit.
    Timeout,
    /// Login, password or API key were refused.
    Authentication,
    /// The session ended and logging in again did not help.
    SessionExpired,
    /// The user has no right to do this (access rights or record rules).
    AccessDenied,
    /// The record does not exist (any more) or is not visible to the user.
    MissingRecord,
    /// The model does not exist in this database or is not visible to the user.
    UnknownModel,
    /// The method does not exist or is private.
    UnknownMethod,
    /// The call contradicts the schema; it was not sent.
    InvalidCall,
    /// Odoo refused the values (constraint, validation or user error).
    Validation,
    /// A concurrent transaction won; the same call can be tried again.
    Conflict,
    /// The caller cancelled the call in time: it was not sent, or Odoo has rolled it back.
    Cancelled,
    /// The Odoo module is absent, or too old for what was asked.
    ModuleMissing,
    /// The answer was not what the protocol promises.
    Protocol,
    /// Odoo itself failed (an exception that is not meant for users).
    Server,
    /// A value in an answer does not have the type that the schema promises.
    Decode,
    /// What was asked for is larger than what is taken at once.
    TooLarge,
    /// The user was asked and did not agree; nothing was changed.
    Declined,
    /// Odoo's administrator lets a user make so many calls a minute, and they are made.
    RateLimited,
}

impl ErrorKind {
    /// The stable name of the kind, as it appears in tool results (`access_denied`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Unreachable => "unreachable",
            Self::Uncertain => "uncertain",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::SessionExpired => "session_expired",
            Self::AccessDenied => "access_denied",
            Self::MissingRecord => "missing_record",
            Self::UnknownModel => "unknown_model",
            Self::UnknownMethod => "unknown_method",
            Self::InvalidCall => "invalid_call",
            Self::Validation => "validation",
            Self::Conflict => "conflict",
            Self::Cancelled => "cancelled",
            Self::ModuleMissing => "module_missing",
            Self::Protocol => "protocol",
            Self::Server => "server",
            Self::Decode => "decode",
            Self::TooLarge => "too_large",
            Self::Declined => "declined",
            Self::RateLimited => "rate_limited",
        }
    }

    /// Whether the very same call can succeed later without anybody changing anything.
    ///
    /// A write must not be repeated on [`ErrorKind::Uncertain`] or [`ErrorKind::Timeout`]:
    /// it may have happened. One that carries an idempotency key may be.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::Uncertain
                | Self::Timeout
                | Self::Conflict
                | Self::RateLimited
        )
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure, with everything a person needs to act on it.
///
/// `Display` gives the message and, on further lines, the hints. It never holds a stack
/// trace, a password or an API key.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}{}", format_hints(.hints))]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
    exception: Option<String>,
    failed_record: Option<(usize, Option<i64>)>,
    is_in_words_of_odoo: bool,
}

fn format_hints(hints: &[String]) -> String {
    hints.iter().fold(String::new(), |mut text, hint| {
        text.push('\n');
        text.push_str(hint);
        text
    })
}

impl Error {
    /// A failure of this kind, in words for the person who made the call.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hints: Vec::new(),
            exception: None,
            failed_record: None,
            is_in_words_of_odoo: false,
        }
    }

    /// A call that contradicts the schema and was therefore not sent.
    pub fn invalid_call(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidCall, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Remembers the Python exception that Odoo named (`odoo.exceptions.UserError`).
    #[must_use]
    pub fn with_exception(mut self, exception: impl Into<String>) -> Self {
        self.exception = Some(exception.into());
        self
    }

    /// Remembers that Odoo wrote the message, which may repeat what people have written into
    /// records.
    #[must_use]
    pub fn in_words_of_odoo(mut self) -> Self {
        self.is_in_words_of_odoo = true;
        self
    }

    /// Whether Odoo wrote the message.
    pub fn is_in_words_of_odoo(&self) -> bool {
        self.is_in_words_of_odoo
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened, without the hints.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, most useful first.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The Python exception class that Odoo reported, if Odoo reported one.
    pub fn exception(&self) -> Option<&str> {
        self.exception.as_deref()
    }

    /// Remembers which record of several the failure is about: its place, and its id where it
    /// has one.
    #[must_use]
    pub fn with_failed_record(mut self, index: usize, id: Option<i64>) -> Self {
        self.failed_record = Some((index, id));
        self
    }

    /// Which record of several the failure is about: its place, and its id where it has one.
    pub fn failed_record(&self) -> Option<(usize, Option<i64>)> {
        self.failed_record
    }
}
