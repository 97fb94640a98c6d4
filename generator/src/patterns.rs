//! Patterns over names: `sale.*`, `*.tz`, `res.partner.activity_*`.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};

/// A list of patterns, in which `*` stands for any text (dots included) and `?` for one
/// character.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    texts: Vec<String>,
    set: GlobSet,
}

impl Patterns {
    /// Reads the patterns.
    ///
    /// # Errors
    /// [`Error::Pattern`] naming the one that is no pattern.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut builder = GlobSetBuilder::new();
        let mut kept = Vec::new();
        for text in texts {
            let text = text.as_ref().trim();
            if text.is_empty() {
                continue;
            }
            let glob = Glob::new(text).map_err(|error| Error::Pattern {
                pattern: text.to_owned(),
                reason: error.kind().to_string(),
            })?;
            builder.add(glob);
            kept.push(text.to_owned());
        }
        let set = builder.build().map_err(|error| Error::Pattern {
            pattern: kept.join(", "),
            reason: error.kind().to_string(),
        })?;
        Ok(Self { texts: kept, set })
    }

    /// Whether one of the patterns matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// Whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The patterns that are plain names: what can be asked for without knowing what exists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.texts
            .iter()
            .map(String::as_str)
            .filter(|text| !text.contains(['*', '?', '[', '{']))
    }
}
