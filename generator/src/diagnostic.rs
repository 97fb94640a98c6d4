//! What the generator has to say about a schema that it could deal with, but not as it is.

use std::fmt;

use serde::Serialize;

/// A remark about a model, with the mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// The model's technical name.
    pub model: String,
    /// The field, option or action, where it is about one.
    pub item: Option<String>,
    /// What was odd, and what the generator made of it.
    pub message: String,
    /// What a person can do about it, if something.
    pub mend: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(model: &str, item: Option<&str>, message: impl Into<String>) -> Self {
        Self {
            model: model.to_owned(),
            item: item.map(str::to_owned),
            message: message.into(),
            mend: None,
        }
    }

    pub(crate) fn with_mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "snapshot/{}.json", self.model)?;
        if let Some(item) = &self.item {
            write!(f, ": {item}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(mend) = &self.mend {
            write!(f, " ({mend})")?;
        }
        Ok(())
    }
}
