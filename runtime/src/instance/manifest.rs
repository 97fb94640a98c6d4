//! `manifest.json`: what the schema files beside it were written from.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::place::hex;
use crate::error::{Error, ErrorKind, Result};

/// The version of the file's layout; a reader takes a later one for no manifest.
pub const MANIFEST_FORMAT: u32 = 1;

/// The facts that shaped the files. Nothing of it depends on when it was written, so that the
/// same Odoo gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of the file: [`MANIFEST_FORMAT`].
    pub format: u32,
    /// The address of the Odoo.
    pub url: String,
    /// The database.
    pub database: String,
    /// The login of the user who asked: another one may see other fields.
    pub user: String,
    /// The language of labels and help.
    pub language: String,
    /// Odoo's full version.
    #[serde(default)]
    pub odoo_version: Option<String>,
    /// Odoo's series (`19.0`).
    #[serde(default)]
    pub odoo_series: Option<String>,
    /// The version of the Odoo module.
    #[serde(default)]
    pub module_version: Option<String>,
    /// The state of the schema that this user saw in this language.
    #[serde(default)]
    pub schema_fingerprint: Option<String>,
    /// Which models were asked for, where it was not what `models.toml` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<AskedFor>,
    /// The models that were described, each with the digest of its file: one that was written
    /// or edited by someone else is not vouched for.
    pub models: BTreeMap<String, String>,
}

/// Models that were chosen on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskedFor {
    /// Every model that the user reaches.
    All,
    /// The models that these patterns match.
    Models(Vec<String>),
}

impl Manifest {
    /// The manifest of this file; `None` where there is none that this program understands.
    pub fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let manifest: Self = serde_json::from_str(&text).ok()?;
        (manifest.format <= MANIFEST_FORMAT).then_some(manifest)
    }

    /// The file's text: indented JSON with a line break at its end, the same on every run.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when it cannot be written as JSON.
    pub fn to_json_pretty(&self) -> Result<String> {
        let value = serde_json::to_value(self)
            .map_err(|error| Error::new(ErrorKind::Protocol, format!("the manifest: {error}")))?;
        Ok(format!("{:#}\n", sorted(value)))
    }

    /// Whether the file of this model is as it was written under the fingerprint.
    pub fn vouches_for(&self, model: &str, text: &str) -> bool {
        self.models
            .get(model)
            .is_some_and(|known| *known == digest(text))
    }
}

/// What a file's text is known by.
pub(super) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..16])
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let by_key: BTreeMap<String, Value> = map.into_iter().collect();
            by_key
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: MANIFEST_FORMAT,
            url: "http://localhost:8069/".into(),
            database: "odoo".into(),
            user: "admin".into(),
            language: "en_US".into(),
            odoo_version: Some("19.0".into()),
            odoo_series: Some("19.0".into()),
            module_version: None,
            schema_fingerprint: Some("abc".into()),
            asked_for: None,
            models: BTreeMap::from([("sale.order".to_owned(), digest("text"))]),
        }
    }

    #[test]
    fn it_survives_writing_and_reading() {
        for asked_for in [
            None,
            Some(AskedFor::All),
            Some(AskedFor::Models(vec!["sale.*".to_owned()])),
        ] {
            let manifest = Manifest {
                asked_for,
                ..manifest()
            };
            let text = manifest.to_json_pretty().unwrap();
            assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
        }
    }

    #[test]
    fn an_edited_file_is_not_vouched_for() {
        let manifest = manifest();
        assert!(manifest.vouches_for("sale.order", "text"));
        assert!(!manifest.vouches_for("sale.order", "text "));
        assert!(!manifest.vouches_for("res.partner", "text"));
    }
}
