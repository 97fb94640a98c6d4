//! `models.toml` as the server and `butopea-mcp-server gen` read it: which models, which tools,
//! which fields first. The tables about generated code are the generator's and left alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Patterns;

/// The `models.toml` of the reference Odoo: what a person starts from who has none.
pub const REFERENCE_MODELS_FILE: &str = include_str!("../../../generated/models.toml");

/// The content of a `models.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)] // a misspelt key that is ignored costs an afternoon
pub struct ModelsFile {
    #[serde(default)]
    models: ModelsTable,
    #[serde(default)]
    selections: SelectionsTable,
    /// The fields that come first, by model, whatever the profile.
    #[serde(default)]
    pub fields: BTreeMap<String, Vec<String>>,
    /// The profiles, by name.
    #[serde(default)]
    pub profiles: BTreeMap<String, ProfileTable>,
    #[serde(default, rename = "records")]
    _records: serde::de::IgnoredAny,
    #[serde(default, rename = "output")]
    _output: serde::de::IgnoredAny,
    #[serde(default, rename = "features")]
    _features: serde::de::IgnoredAny,
    #[serde(default, rename = "model")]
    _model: serde::de::IgnoredAny,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ModelsTable {
    #[serde(deserialize_with = "patterns")]
    include: Patterns,
    #[serde(deserialize_with = "patterns")]
    exclude: Patterns,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SelectionsTable {
    #[serde(deserialize_with = "patterns")]
    open: Patterns,
}

/// One `[profiles.<name>]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileTable {
    /// Lines `model:operation,…`.
    pub tools: Vec<String>,
    /// The fields that come first in this profile, by model, in place of those for all profiles.
    pub fields: BTreeMap<String, Vec<String>>,
}

impl ModelsFile {
    /// Reads the text of a `models.toml`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is not TOML, or has a key that means nothing.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            Error::new(
                ErrorKind::Configuration,
                format!("models.toml: {}", error.to_string().trim_end()),
            )
        })
    }

    /// The models to describe that are named in full or by pattern.
    pub fn include(&self) -> &Patterns {
        &self.models.include
    }

    /// Whether this model is to be described.
    pub fn wants(&self, model: &str) -> bool {
        self.models.include.matches(model) && !self.models.exclude.matches(model)
    }

    /// The same file for other models.
    #[must_use]
    pub fn with_models(mut self, include: Patterns) -> Self {
        self.models.include = include;
        self
    }

    /// Selections (`model.field`) whose options are data and not kept.
    pub fn open_selections(&self) -> &Patterns {
        &self.selections.open
    }
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patterns, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    Patterns::new(texts).map_err(|error| serde::de::Error::custom(error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_file_is_read() {
        let file = ModelsFile::parse(REFERENCE_MODELS_FILE).unwrap();
        assert!(file.wants("sale.order") && !file.wants("ir.model"));
        assert!(file.open_selections().matches("res.users.tz"));
        assert!(file.profiles.contains_key("default"));
    }

    #[test]
    fn other_models_can_be_asked_for() {
        let file = ModelsFile::parse("[models]\ninclude = [\"sale.*\"]\nexclude = [\"sale.x\"]");
        let file = file.unwrap();
        assert!(file.wants("sale.order") && !file.wants("sale.x") && !file.wants("crm.lead"));
        let file = file.with_models(Patterns::new(["crm.*"]).unwrap());
        assert!(file.wants("crm.lead") && !file.wants("sale.order"));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        for (text, key) in [
            ("[profile.default]", "`profile`"),
            ("[profiles.x]\ntool = []", "`tool`"),
            ("[models]\nincluded = []", "`included`"),
            ("[models]\ninclude = [\"a{\"]", "`a{`"),
        ] {
            let error = ModelsFile::parse(text).unwrap_err();
            assert!(error.message().contains(key), "{error}");
        }
    }
}
