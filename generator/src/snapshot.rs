//! The snapshot: what Odoo said about its models, one canonical file a model.
//!
//! On the data's way: live Odoo → **snapshot** → IR → code and schemas. Checked in, it is the
//! lock file of a generated crate: sorted keys and nothing volatile, so that a difference in
//! review is a difference of Odoo's schema.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use butopea_runtime::schema::ModelSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::parallel;

/// The folder of the snapshot within a generated crate.
pub const FOLDER: &str = "snapshot";

/// The file that tells what shaped the snapshot.
pub const MANIFEST: &str = "manifest.json";

/// The descriptors of all models, by name, and what shaped them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The descriptors.
    pub models: BTreeMap<String, ModelSchema>,
    /// What shaped them.
    pub manifest: Manifest,
}

/// What shapes a schema besides Odoo's code: version, modules, the user's groups, companies
/// and language. No URL, user name or secret, and nothing that changes by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// The series of Odoo (`19.0`).
    pub odoo_series: Option<String>,
    /// The version of the module that answered.
    pub module_version: Option<String>,
    /// The language of labels and help.
    pub language: Option<String>,
    /// How many companies the user works in.
    pub companies: usize,
    /// The user's groups by external id or full name; absent where the user may not read them.
    pub groups: Option<Vec<String>>,
    /// Installed Odoo modules; absent where the user may not read them.
    pub modules: Option<Vec<String>>,
}

impl Snapshot {
    /// Reads the snapshot of a generated crate.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder or a file cannot be read, [`Error::Snapshot`] when a
    /// file is no descriptor.
    pub fn read(root: &Path) -> Result<Self> {
        let folder = root.join(FOLDER);
        let mut snapshot = Self::default();
        let mut paths = Vec::new();
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let path = entry.map_err(Error::io(&folder))?.path();
            if path.file_name().is_some_and(|name| name == MANIFEST) {
                snapshot.manifest = read_json(&path)?;
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
        for schema in parallel::map(&paths, |path| read_json::<ModelSchema>(path)) {
            let schema = schema?;
            snapshot.models.insert(schema.model.clone(), schema);
        }
        Ok(snapshot)
    }

    /// The same snapshot without what is no schema: options that are instance data, as the
    /// configuration names them and as their number tells.
    #[must_use]
    pub fn into_canonical(mut self, config: &Config) -> Self {
        self.models = self
            .models
            .into_iter()
            .map(|(name, schema)| (name, schema.into_canonical(&config.open_selections)))
            .collect();
        self
    }

    /// The models that the configuration asks for, and no others.
    #[must_use]
    pub fn select(mut self, config: &Config) -> Self {
        self.models.retain(|name, _| config.wants(name));
        self
    }

    /// The files of the snapshot, by name within its folder.
    pub fn files(&self) -> BTreeMap<String, String> {
        let models: Vec<(&String, &ModelSchema)> = self.models.iter().collect();
        let texts = parallel::map(&models, |(name, schema)| {
            (format!("{name}.json"), canonical_text(schema))
        });
        let mut files: BTreeMap<String, String> = texts.into_iter().collect();
        files.insert(MANIFEST.to_owned(), canonical_text(&self.manifest));
        files
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    serde_json::from_str(&text).map_err(|error| Error::Snapshot {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// JSON with sorted keys, indented, ending with a line break.
pub(crate) fn canonical_text<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    format!("{:#}\n", sorted(value))
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
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
