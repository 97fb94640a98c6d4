//! The semantic difference of two snapshots: what changed in Odoo, and which generated names
//! and tools that breaks. Models are compared by [`butopea_runtime::schema::changes`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use butopea_runtime::schema::ChangeKind;
use butopea_runtime::schema::{self, Item, ModelSchema, tool_name};
use serde::Serialize;

use crate::config::Config;
use crate::ir::{Enum, Kind, Model};
use crate::lower::lower;
use crate::snapshot::{Manifest, Snapshot};

/// Everything that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Why schemas may differ although nobody changed Odoo: another user, version, language.
    pub environment: Vec<String>,
    /// What differs, by model.
    pub models: BTreeMap<String, Vec<Change>>,
}

/// One change of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whether something came, went or became different.
    pub kind: ChangeKind,
    /// What: `field x_priority (selection)`, `state: + hold`.
    pub what: String,
    /// Generated Rust names and tools that stop working or change their type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<String>,
}

impl Difference {
    /// Whether the models are the same.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.environment {
            writeln!(f, "note: {line}")?;
        }
        for (model, changes) in &self.models {
            for change in changes {
                writeln!(f, "{model}: {} {}", change.kind.sign(), change.what)?;
                for broken in &change.breaks {
                    writeln!(f, "    breaks {broken}")?;
                }
            }
        }
        Ok(())
    }
}

/// What changed from one snapshot to the other, as far as the configuration's models go.
pub fn difference(old: &Snapshot, new: &Snapshot, config: &Config) -> Difference {
    let old = old.clone().select(config).into_canonical(config);
    let new = new.clone().select(config).into_canonical(config);
    let (package, _) = lower(&old, config);
    let generated: BTreeMap<&str, &Model> = package
        .models
        .iter()
        .map(|model| (model.wire.as_str(), model))
        .collect();
    let mut difference = Difference {
        environment: environment(&old.manifest, &new.manifest),
        models: BTreeMap::new(),
    };
    let names: BTreeSet<&String> = old.models.keys().chain(new.models.keys()).collect();
    for name in names {
        let changes = match (old.models.get(name), new.models.get(name)) {
            (None, Some(_)) => vec![whole(ChangeKind::Added, Vec::new())],
            (Some(_), None) => {
                let breaks = generated
                    .get(name.as_str())
                    .map(|model| vec![format!("module {}", model.module), "its tools".to_owned()]);
                vec![whole(ChangeKind::Removed, breaks.unwrap_or_default())]
            }
            (Some(before), Some(after)) => {
                let model = generated.get(name.as_str()).copied();
                model_changes(before, after, model, &package.enums)
            }
            (None, None) => Vec::new(),
        };
        if !changes.is_empty() {
            difference.models.insert(name.clone(), changes);
        }
    }
    difference
}

/// A change of the schema, with what it breaks of the generated code.
fn described(change: &schema::Change, breaks: Vec<String>) -> Change {
    Change {
        kind: change.kind,
        what: change.to_string(),
        breaks,
    }
}

/// A model that came or went as a whole.
fn whole(kind: ChangeKind, breaks: Vec<String>) -> Change {
    let item = Item::Model;
    described(&schema::Change { kind, item }, breaks)
}

fn environment(old: &Manifest, new: &Manifest) -> Vec<String> {
    let mut notes = Vec::new();
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    for (what, before, after) in [
        ("Odoo", text(&old.odoo_series), text(&new.odoo_series)),
        (
            "the Odoo module's version",
            text(&old.module_version),
            text(&new.module_version),
        ),
        ("the language", text(&old.language), text(&new.language)),
        (
            "the number of companies",
            old.companies.to_string(),
            new.companies.to_string(),
        ),
    ] {
        if before != after {
            notes.push(format!("{what} was {before} and is {after}"));
        }
    }
    for (what, before, after) in [
        ("group", &old.groups, &new.groups),
        ("module", &old.modules, &new.modules),
    ] {
        if let (Some(before), Some(after)) = (before, after) {
            let before: BTreeSet<&String> = before.iter().collect();
            let after: BTreeSet<&String> = after.iter().collect();
            notes.extend(
                after
                    .difference(&before)
                    .map(|name| format!("{what} added: {name}")),
            );
            notes.extend(
                before
                    .difference(&after)
                    .map(|name| format!("{what} gone: {name}")),
            );
        }
    }
    notes
}

fn model_changes(
    old: &ModelSchema,
    new: &ModelSchema,
    model: Option<&Model>,
    enums: &[Enum],
) -> Vec<Change> {
    schema::changes(old, new)
        .iter()
        .map(|change| described(change, breaks(change, model, enums)))
        .collect()
}

/// Generated names and tools that a change takes away or gives another type.
fn breaks(change: &schema::Change, model: Option<&Model>, enums: &[Enum]) -> Vec<String> {
    let Some(model) = model else {
        return Vec::new();
    };
    let field = |wire| Generated { model, enums, wire };
    match (&change.item, change.kind) {
        (Item::Field { name, .. }, ChangeKind::Removed)
        | (Item::FieldKind { name, .. } | Item::OptionsKnown(name), _) => field(name).uses(),
        (Item::Options { name, gone, .. }, _) => {
            let field = field(name);
            gone.iter().filter_map(|key| field.option(key)).collect()
        }
        (
            Item::Access {
                operation,
                now: false,
                ..
            },
            _,
        ) => vec![format!(
            "tool {}",
            tool_name(&model.wire, operation.as_str())
        )],
        (Item::Action(method), ChangeKind::Removed) => {
            let action = model.actions.iter().find(|action| action.method == *method);
            action
                .map(|action| format!("{}::action::{}", model.module, action.ident))
                .into_iter()
                .chain([format!("tool {}", tool_name(&model.wire, method))])
                .collect()
        }
        _ => Vec::new(),
    }
}

/// What was generated for a field.
struct Generated<'a> {
    model: &'a Model,
    enums: &'a [Enum],
    wire: &'a str,
}

impl<'a> Generated<'a> {
    fn field(&self) -> Option<&'a crate::ir::Field> {
        let mut fields = self.model.fields.iter();
        fields.find(|field| field.wire == self.wire)
    }

    fn uses(&self) -> Vec<String> {
        let Some(field) = self.field() else {
            return Vec::new();
        };
        let module = &self.model.module;
        let mut uses = vec![format!("{module}::F.{}", field.ident)];
        if field.in_record {
            uses.push(format!("{module}::Record::{}", field.ident));
        }
        if let Kind::Selection(alias) = &field.kind {
            uses.push(format!("{module}::{alias}"));
        }
        uses
    }

    fn option(&self, key: &str) -> Option<String> {
        let Kind::Selection(alias) = &self.field()?.kind else {
            return None;
        };
        let target = self.model.aliases.get(alias)?;
        let options = self.enums.iter().find(|one| one.ident == *target)?;
        let variant = options.variants.iter().find(|variant| variant.key == key)?;
        Some(format!("{}::{alias}::{}", self.model.module, variant.ident))
    }
}
