//! The semantic difference of two snapshots: what changed in Odoo, and which generated names
//! and tools that breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use butopea_runtime::schema::{FieldSchema, ModelSchema, SelectionOption, tool_name};
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

/// The direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Something came.
    Added,
    /// Something went.
    Removed,
    /// Something is different.
    Changed,
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
                let sign = match change.kind {
                    ChangeKind::Added => '+',
                    ChangeKind::Removed => '-',
                    ChangeKind::Changed => '~',
                };
                writeln!(f, "{model}: {sign} {}", change.what)?;
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
            (None, Some(_)) => vec![change(ChangeKind::Added, "the model")],
            (Some(_), None) => vec![removed_model(generated.get(name.as_str()).copied())],
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

fn change(kind: ChangeKind, what: impl Into<String>) -> Change {
    Change {
        kind,
        what: what.into(),
        breaks: Vec::new(),
    }
}

fn removed_model(model: Option<&Model>) -> Change {
    let mut change = change(ChangeKind::Removed, "the model");
    change.breaks = model
        .map(|model| vec![format!("module {}", model.module), "its tools".to_owned()])
        .unwrap_or_default();
    change
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
    let mut changes = model_facts(old, new, model);
    let names: BTreeSet<&String> = old.fields.keys().chain(new.fields.keys()).collect();
    for name in names {
        let field = Generated {
            model,
            enums,
            wire: name,
        };
        match (old.fields.get(name), new.fields.get(name)) {
            (None, Some(after)) => {
                changes.push(change(
                    ChangeKind::Added,
                    format!("field {name} ({})", kind_of(after)),
                ));
            }
            (Some(before), None) => {
                let mut gone = change(
                    ChangeKind::Removed,
                    format!("field {name} ({})", kind_of(before)),
                );
                gone.breaks = field.uses();
                changes.push(gone);
            }
            (Some(before), Some(after)) => field_changes(name, before, after, &field, &mut changes),
            (None, None) => {}
        }
    }
    changes.extend(action_changes(old, new, model));
    changes
}

fn model_facts(old: &ModelSchema, new: &ModelSchema, model: Option<&Model>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |what: &str, before: &Option<String>, after: &Option<String>| {
        if before != after {
            let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            changes.push(change(
                ChangeKind::Changed,
                format!("{what}: {} → {}", text(before), text(after)),
            ));
        }
    };
    note("label", &Some(old.label.clone()), &Some(new.label.clone()));
    note("record name", &old.rec_name, &new.rec_name);
    note("order", &old.order, &new.order);
    for (mode, before, after, operation) in [
        ("read", old.access.read, new.access.read, "read"),
        ("write", old.access.write, new.access.write, "update"),
        ("create", old.access.create, new.access.create, "create"),
        ("unlink", old.access.unlink, new.access.unlink, "delete"),
    ] {
        if before != after {
            let verb = if after { "may now" } else { "may no longer" };
            let mut gone = change(
                ChangeKind::Changed,
                format!("access: the user {verb} {mode}"),
            );
            if let Some(model) = model.filter(|_| !after) {
                gone.breaks = vec![format!("tool {}", tool_name(&model.wire, operation))];
            }
            changes.push(gone);
        }
    }
    changes
}

fn kind_of(field: &FieldSchema) -> String {
    match &field.relation {
        Some(relation) => format!("{} to {relation}", field.field_type),
        None => field.field_type.to_string(),
    }
}

fn field_changes(
    name: &str,
    old: &FieldSchema,
    new: &FieldSchema,
    field: &Generated<'_>,
    changes: &mut Vec<Change>,
) {
    if kind_of(old) != kind_of(new) {
        let mut other = change(
            ChangeKind::Changed,
            format!("{name}: {} → {}", kind_of(old), kind_of(new)),
        );
        other.breaks = field.uses();
        changes.push(other);
        return;
    }
    changes.extend(option_changes(name, old, new, field));
    for (fact, before, after) in [
        ("required", old.required, new.required),
        ("read-only", old.readonly, new.readonly),
        ("translated", old.translate, new.translate),
        ("by company", old.company_dependent, new.company_dependent),
    ] {
        if before != after {
            let verb = if after { "is now" } else { "is no longer" };
            changes.push(change(
                ChangeKind::Changed,
                format!("{name}: {verb} {fact}"),
            ));
        }
    }
    for (fact, before, after) in [
        ("label", &old.label, &new.label),
        ("help", &old.help, &new.help),
        ("domain", &old.domain, &new.domain),
        ("mirrors", &old.related, &new.related),
    ] {
        if before != after {
            changes.push(change(ChangeKind::Changed, format!("{name}: {fact}")));
        }
    }
    if without_known(old) != without_known(new) {
        changes.push(change(
            ChangeKind::Changed,
            format!("{name}: place in views or other details"),
        ));
    }
}

/// The field without what is compared by name, to see whether anything else differs.
fn without_known(field: &FieldSchema) -> FieldSchema {
    let mut rest = field.clone();
    rest.label = None;
    rest.help = None;
    rest.domain = None;
    rest.related = None;
    rest.selection = None;
    (rest.required, rest.readonly) = (false, false);
    (rest.translate, rest.company_dependent) = (false, false);
    rest
}

fn option_changes(
    name: &str,
    old: &FieldSchema,
    new: &FieldSchema,
    field: &Generated<'_>,
) -> Option<Change> {
    let keys = |field: &FieldSchema| -> Option<Vec<String>> {
        let options: &Vec<SelectionOption> = field.selection.as_ref()?;
        Some(
            options
                .iter()
                .map(|option| option.key.to_string())
                .collect(),
        )
    };
    let (before, after) = (keys(old), keys(new));
    if before == after {
        let relabelled = old.selection != new.selection;
        return relabelled
            .then(|| change(ChangeKind::Changed, format!("{name}: labels of options")));
    }
    let (Some(before), Some(after)) = (before, after) else {
        let mut other = change(
            ChangeKind::Changed,
            format!("{name}: options known → unknown, or back"),
        );
        other.breaks = field.uses();
        return Some(other);
    };
    let added = after
        .iter()
        .filter(|key| !before.contains(key))
        .map(|key| format!("+ {key}"));
    let gone: Vec<&String> = before.iter().filter(|key| !after.contains(key)).collect();
    let removed = gone.iter().map(|key| format!("- {key}"));
    let parts: Vec<String> = added.chain(removed).collect();
    if parts.is_empty() {
        return Some(change(
            ChangeKind::Changed,
            format!("{name}: order of options"),
        ));
    }
    let mut other = change(ChangeKind::Changed, format!("{name}: {}", parts.join(", ")));
    other.breaks = gone.iter().filter_map(|key| field.option(key)).collect();
    Some(other)
}

fn action_changes(old: &ModelSchema, new: &ModelSchema, model: Option<&Model>) -> Vec<Change> {
    let methods = |schema: &ModelSchema| -> BTreeSet<String> {
        schema
            .actions
            .iter()
            .map(|action| action.method.clone())
            .collect()
    };
    let (before, after) = (methods(old), methods(new));
    let added = after
        .difference(&before)
        .map(|method| change(ChangeKind::Added, format!("action {method}")));
    let removed = before.difference(&after).map(|method| {
        let mut gone = change(ChangeKind::Removed, format!("action {method}"));
        if let Some(model) = model {
            let action = model.actions.iter().find(|action| action.method == *method);
            gone.breaks = action
                .map(|action| format!("{}::action::{}", model.module, action.ident))
                .into_iter()
                .chain([format!("tool {}", tool_name(&model.wire, method))])
                .collect();
        }
        gone
    });
    added.chain(removed).collect()
}

/// What was generated for a field.
struct Generated<'a> {
    model: Option<&'a Model>,
    enums: &'a [Enum],
    wire: &'a str,
}

impl<'a> Generated<'a> {
    fn field(&self) -> Option<(&'a Model, &'a crate::ir::Field)> {
        let model = self.model?;
        let field = model.fields.iter().find(|field| field.wire == self.wire)?;
        Some((model, field))
    }

    fn uses(&self) -> Vec<String> {
        let Some((model, field)) = self.field() else {
            return Vec::new();
        };
        let mut uses = vec![format!("{}::F.{}", model.module, field.ident)];
        if field.in_record {
            uses.push(format!("{}::Record::{}", model.module, field.ident));
        }
        if let Kind::Selection(alias) = &field.kind {
            uses.push(format!("{}::{alias}", model.module));
        }
        uses
    }

    fn option(&self, key: &str) -> Option<String> {
        let (model, field) = self.field()?;
        let Kind::Selection(alias) = &field.kind else {
            return None;
        };
        let target = model.aliases.get(alias)?;
        let options = self.enums.iter().find(|one| one.ident == *target)?;
        let variant = options.variants.iter().find(|variant| variant.key == key)?;
        Some(format!("{}::{alias}::{}", model.module, variant.ident))
    }
}
