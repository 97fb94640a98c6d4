//! Asks an Odoo for everything that its folder holds.

use std::collections::BTreeMap;

use super::manifest::{AskedFor, MANIFEST_FORMAT, Manifest, digest};
use super::models_file::ModelsFile;
use crate::client::{
    Answer, Capabilities, Client, Context, Described, LABEL_LANGUAGE, describe, wanted_models,
};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{ModelSchema, Patterns, SchemaFile};

/// What an Odoo said about itself, ready to be written.
pub(super) struct Survey {
    /// What shaped the descriptions.
    pub(super) manifest: Manifest,
    /// The descriptors in their canonical form, by model.
    pub(super) schemas: BTreeMap<String, ModelSchema>,
    /// The texts of the schema files, by model.
    pub(super) texts: BTreeMap<String, String>,
    /// Models that were named and that this Odoo does not have, or not for this user.
    pub(super) absent: Vec<String>,
    /// Why other models could not be described.
    pub(super) failures: BTreeMap<String, Error>,
}

/// Which models to ask for.
pub(super) struct Scope {
    file: ModelsFile,
    asked_for: Option<AskedFor>,
}

impl Scope {
    /// The models of `models.toml`, or those of the command line instead.
    pub(super) fn new(file: ModelsFile, models: &[String], all: bool) -> Result<Self> {
        if all {
            return Ok(Self {
                file,
                asked_for: Some(AskedFor::All),
            });
        }
        let patterns = Patterns::new(models)?;
        if patterns.is_empty() {
            return Ok(Self {
                file,
                asked_for: None,
            });
        }
        Ok(Self {
            file: file.with_models(patterns),
            asked_for: Some(AskedFor::Models(models.to_vec())),
        })
    }

    /// Whether this model is to be described.
    pub(super) fn wants(&self, model: &str) -> bool {
        self.asked_for == Some(AskedFor::All) || self.file.wants(model)
    }

    fn models(&self, capabilities: &Capabilities) -> Vec<String> {
        let mut models = wanted_models(capabilities, self.file.include(), |name| self.wants(name));
        // The names become names of files.
        models.retain(|name| is_model_name(name));
        models
    }
}

/// Whether a name is one that Odoo gives to a model (`odoo/models.py`, `regex_object_name`).
fn is_model_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(is_word) && name.chars().all(|c| is_word(c) || c == '.')
}

/// Asks for the models of the scope; `each` hears of every batch.
pub(super) async fn survey(
    client: &Client,
    scope: &Scope,
    mut each: impl FnMut(&Answer),
) -> Result<Survey> {
    let config = client.config();
    let language = config.language.as_deref().unwrap_or(LABEL_LANGUAGE);
    let context = Context::new().lang(language);
    let capabilities = client.capabilities(&context).await?;
    if capabilities.module_version.is_none() {
        return Err(Error::new(
            ErrorKind::ModuleMissing,
            "the MCP module of this Odoo is too old to describe models",
        )
        .with_hint("Update the module butopea_mcp in Odoo."));
    }
    let models = scope.models(&capabilities);
    let mut described = Described::default();
    describe(client, &models, &context, |answer| {
        each(&answer);
        described.take(answer);
    })
    .await;
    let fingerprint = described
        .fingerprint
        .filter(|fingerprint| capabilities.schema_fingerprint.as_ref() == Some(fingerprint));
    let open = scope.file.open_selections();
    let schemas: BTreeMap<String, ModelSchema> = described
        .schemas
        .into_iter()
        .map(|(name, schema)| (name, schema.into_canonical(open)))
        .collect();
    let lookup = |name: &str| schemas.get(name);
    let texts: BTreeMap<String, String> = schemas
        .iter()
        .map(|(name, schema)| {
            let file = SchemaFile::build(schema.clone(), &lookup);
            (name.clone(), file.to_json_pretty())
        })
        .collect();
    let is_absent = |error: &Error| {
        matches!(
            error.kind(),
            ErrorKind::UnknownModel | ErrorKind::AccessDenied
        )
    };
    let (absent, failures): (BTreeMap<_, _>, BTreeMap<_, _>) = described
        .failures
        .into_iter()
        .partition(|(_, error)| is_absent(error));
    let database = config
        .database
        .clone()
        .or(capabilities.database)
        .ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "Odoo does not say its database")
                .with_hint("Set ODOO_DB to the name of the database.")
        })?;
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        url: config.url.to_string(),
        database,
        user: capabilities.user.login,
        language: language.to_owned(),
        odoo_version: capabilities.odoo_version,
        odoo_series: capabilities.odoo_series,
        module_version: capabilities.module_version,
        schema_fingerprint: fingerprint,
        asked_for: scope.asked_for.clone(),
        models: texts
            .iter()
            .map(|(name, text)| (name.clone(), digest(text)))
            .collect(),
    };
    Ok(Survey {
        manifest,
        schemas,
        texts,
        absent: absent.into_keys().collect(),
        failures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_models_become_names_of_files() {
        for name in ["sale.order", "x_studio_thing", "ir.model", "A.b"] {
            assert!(is_model_name(name), "{name}");
        }
        for name in ["", "..", "../x", ".hidden", "a/b", "a\\b", "C:x", "a b"] {
            assert!(!is_model_name(name), "{name}");
        }
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let file = ModelsFile::parse("[models]\ninclude = [\"sale.*\"]").unwrap();
        let scope = |models: &[&str], all| {
            let models: Vec<String> = models.iter().map(|&name| name.to_owned()).collect();
            Scope::new(file.clone(), &models, all).unwrap()
        };
        assert!(scope(&[], false).wants("sale.order") && !scope(&[], false).wants("crm.lead"));
        let crm = scope(&["crm.*", ""], false);
        assert!(crm.wants("crm.lead") && !crm.wants("sale.order"));
        assert!(scope(&[], true).wants("anything"));
        assert!(scope(&[], false).asked_for.is_none());
    }
}
