//! Patterns over names: `sale.*`, `*.tz`, `res.partner.activity_*`, `sale_order_*`.
//!
//! The generator and the server read the same `models.toml`, so a pattern means the same to both.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::error::{Error, ErrorKind, Result};

/// A list of patterns, in which `*` stands for any text (dots included) and `?` for one
/// character.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    texts: Vec<String>,
    set: GlobSet,
}

impl Patterns {
    /// Reads the patterns; blank ones are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] naming the one that is no pattern.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut builder = GlobSetBuilder::new();
        let mut kept = Vec::new();
        for text in texts {
            let text = text.as_ref().trim();
            if text.is_empty() {
                continue;
            }
            builder.add(Glob::new(text).map_err(|error| unreadable(text, &error))?);
            kept.push(text.to_owned());
        }
        let set = builder
            .build()
            .map_err(|error| unreadable(&kept.join(", "), &error))?;
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

    /// The patterns that match none of these names, each as it was written.
    pub fn unmatched<'a>(&'a self, names: &[&str]) -> Vec<&'a str> {
        let mut matched = vec![false; self.texts.len()];
        for name in names {
            for index in self.set.matches(name) {
                matched[index] = true;
            }
        }
        self.texts
            .iter()
            .zip(matched)
            .filter(|(_, matched)| !matched)
            .map(|(text, _)| text.as_str())
            .collect()
    }
}

fn unreadable(text: &str, error: &globset::Error) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("the pattern `{text}` cannot be read: {}", error.kind()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        let patterns = Patterns::new(["sale.*", "*.tz", " ", "res.partner"]).unwrap();
        for name in [
            "sale.order",
            "sale.order.line",
            "res.users.tz",
            "res.partner",
        ] {
            assert!(patterns.matches(name), "{name}");
        }
        assert!(!patterns.matches("sales") && !patterns.matches("res.partner.bank"));
        assert_eq!(patterns.names().collect::<Vec<_>>(), ["res.partner"]);
    }

    #[test]
    fn what_matches_nothing_is_known() {
        let patterns = Patterns::new(["odoo_*", "sale_ordr_*", "x"]).unwrap();
        let names = ["odoo_search", "sale_order_read"];
        assert_eq!(patterns.unmatched(&names), ["sale_ordr_*", "x"]);
    }

    #[test]
    fn a_broken_pattern_is_named() {
        let error = Patterns::new(["a{"]).unwrap_err();
        assert!(error.message().contains("`a{`"), "{error}");
    }
}
