//! Bytes that are decoded only when somebody wants them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};

/// The value of a binary field, as it came: base64 text, the size that Odoo sends instead
/// with `bin_size` in the context (`"12.34 Kb"`), or what a custom compute made of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Binary(Value);

impl Binary {
    /// The value that stores these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Value::String(STANDARD.encode(bytes)))
    }

    pub(super) fn from_json(value: Value) -> Self {
        Self(value)
    }

    /// The bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when the value is not base64: a size, or no text at all.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let text = self
            .as_str()
            .ok_or_else(|| Error::new(ErrorKind::Decode, "the binary value is not text"))?;
        // Python's encodebytes breaks lines, and older modules store them.
        let compact: String = text.split_ascii_whitespace().collect();
        STANDARD.decode(compact).map_err(|error| {
            Error::new(
                ErrorKind::Decode,
                format!("the binary value is not base64: {error}"),
            )
            .with_hint("With bin_size in the context Odoo sends the size instead of the bytes.")
        })
    }

    /// The text as Odoo sent it.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// The value as Odoo sent it.
    pub fn as_json(&self) -> &Value {
        &self.0
    }
}

/// Shows the size only: the bytes are neither readable nor always harmless to log.
impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) => write!(f, "Binary({} characters)", text.len()),
            None => f.write_str("Binary(not text)"),
        }
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_bytes(&bytes)
    }
}

impl From<&[u8]> for Binary {
    fn from(bytes: &[u8]) -> Self {
        Self::from_bytes(bytes)
    }
}
