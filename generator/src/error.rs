//! What can go wrong while generating: files, the configuration, and models that contradict
//! each other beyond mending.

use std::path::PathBuf;

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the generator. Odd schemas are no failures: they become
/// [`Diagnostic`](crate::Diagnostic)s.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration is not TOML, or has a value of the wrong type or a broken pattern.
    #[error("models.toml: {0}")]
    Toml(String),
    /// The configuration has a key that means nothing.
    #[error("models.toml: unknown key `{key}` in {place}{}", suggestion.as_deref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key.
        key: String,
        /// The table in which it stands.
        place: String,
        /// The nearest right key.
        suggestion: Option<String>,
    },
    /// A snapshot file is not a model descriptor.
    #[error("{path}: not a model descriptor: {reason}")]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Generated tokens are no Rust: a fault of the generator itself.
    #[error("the code generated for {what} is not Rust: {reason} (a fault of the generator)")]
    Emit {
        /// The model or file.
        what: String,
        /// What the parser said.
        reason: String,
    },
    /// A generated manifest has no place for the features.
    #[error(
        "{path}: the lines `{begin}` and `{end}` are missing, between which features are written"
    )]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The first line.
        begin: &'static str,
        /// The last line.
        end: &'static str,
    },
}

impl Error {
    /// Wraps an I/O failure with the path that it is about.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
