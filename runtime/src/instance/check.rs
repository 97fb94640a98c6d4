//! What differs between a folder of schema files and the Odoo that it describes.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::{KeptSchema, SchemaFolder};
use super::manifest::Manifest;
use super::survey::{Scope, Survey};
use crate::error::Result;
use crate::schema::{Change, ChangeKind, Item, changes};

/// The differences, as lines for a person.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// Why descriptions may differ although nobody changed Odoo: another user, version, language.
    pub(super) notes: Vec<String>,
    /// What differs, by model.
    pub(super) models: BTreeMap<String, Vec<String>>,
}

/// Compares the models of the scope. A model that could not be described is no difference.
pub(super) fn compare(
    folder: &SchemaFolder,
    scope: &Scope,
    survey: &Survey,
) -> Result<Differences> {
    let mut kept: BTreeMap<String, KeptSchema> = folder
        .read()?
        .into_iter()
        .map(|kept| (kept.file.schema.model.clone(), kept))
        .collect();
    kept.retain(|model, _| scope.wants(model) && !survey.failures.contains_key(model));
    let mut differences = Differences {
        notes: folder
            .manifest
            .as_ref()
            .map(|manifest| notes(manifest, &survey.manifest))
            .unwrap_or_default(),
        models: BTreeMap::new(),
    };
    let names: BTreeSet<&String> = kept.keys().chain(survey.schemas.keys()).collect();
    for name in names {
        let lines = match (kept.get(name), survey.schemas.get(name)) {
            (Some(old), Some(new)) => {
                let lines: Vec<String> = changes(&old.file.schema, new).iter().map(line).collect();
                let is_same = survey.texts.get(name) == Some(&old.file.to_json_pretty());
                if lines.is_empty() && !is_same {
                    vec!["~ how its tools are written".to_owned()]
                } else {
                    lines
                }
            }
            (None, _) => vec![line(&whole(ChangeKind::Added))],
            (_, None) => vec![line(&whole(ChangeKind::Removed))],
        };
        if !lines.is_empty() {
            differences.models.insert(name.clone(), lines);
        }
    }
    Ok(differences)
}

fn whole(kind: ChangeKind) -> Change {
    let item = Item::Model;
    Change { kind, item }
}

fn line(change: &Change) -> String {
    format!("{} {change}", change.kind.sign())
}

fn notes(old: &Manifest, new: &Manifest) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    [
        ("Odoo", text(&old.odoo_version), text(&new.odoo_version)),
        (
            "the Odoo module's version",
            text(&old.module_version),
            text(&new.module_version),
        ),
        ("the user", old.user.clone(), new.user.clone()),
        ("the language", old.language.clone(), new.language.clone()),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(what, before, after)| format!("{what} was {before} and is {after}"))
    .collect()
}
