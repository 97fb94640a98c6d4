//! What differs between two descriptions of a model: the one comparison of fields.
//!
//! It stands beside the data's way and looks along it: the generator compares a snapshot with
//! the live Odoo, `butopea-mcp-server gen --check` a schema file with the live Odoo, and the
//! server, at start, the schema files that it serves with what its user sees.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{FieldSchema, ModelSchema, Operation};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whether something came, went or became different.
    pub kind: ChangeKind,
    /// What it is about.
    pub item: Item,
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

impl ChangeKind {
    /// How a list of differences marks it: `+`, `-` or `~`.
    pub const fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

/// What a change is about. Names of fields are those of Odoo.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// The model as a whole.
    Model,
    /// A field that came or went, with its type.
    Field {
        /// The field.
        name: String,
        /// Its type, and where it points.
        kind: String,
    },
    /// The method of an action that came or went.
    Action(String),
    /// Another type, or another model that it points to.
    FieldKind {
        /// The field.
        name: String,
        /// The type before.
        before: String,
        /// The type now.
        after: String,
    },
    /// Options of a selection that came or went.
    Options {
        /// The field.
        name: String,
        /// The keys that came.
        added: Vec<String>,
        /// The keys that went.
        gone: Vec<String>,
    },
    /// The options are known on one side alone.
    OptionsKnown(String),
    /// The same options with other labels.
    OptionLabels(String),
    /// The same options in another order.
    OptionOrder(String),
    /// Whether a field is required, read-only and so on.
    Flag {
        /// The field.
        name: String,
        /// Which of its flags.
        flag: Flag,
        /// The flag now.
        now: bool,
    },
    /// A text of a field: label, help, domain, the path that it mirrors.
    Text {
        /// The field.
        name: String,
        /// Which text.
        what: &'static str,
    },
    /// Anything else about a field.
    Details(String),
    /// What the user may do with the records.
    Access {
        /// The right, as Odoo calls it.
        mode: &'static str,
        /// What it allows.
        operation: Operation,
        /// Whether the user has it now.
        now: bool,
    },
    /// A text of the model: label, record name, order.
    ModelText {
        /// Which text.
        what: &'static str,
        /// The text before.
        before: Option<String>,
        /// The text now.
        after: Option<String>,
    },
}

/// A yes or no about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// A record cannot be saved without it.
    Required,
    /// Forms do not let a person edit it.
    ReadOnly,
    /// Each language has its own value.
    Translated,
    /// Each company has its own value.
    ByCompany,
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::ReadOnly => "read-only",
            Self::Translated => "translated",
            Self::ByCompany => "by company",
        })
    }
}

/// What the change is, without its sign: `field x_priority (selection)`, `state: + hold`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.item {
            Item::Model => f.write_str("the model"),
            Item::Field { name, kind } => write!(f, "field {name} ({kind})"),
            Item::Action(method) => write!(f, "action {method}"),
            Item::FieldKind {
                name,
                before,
                after,
            } => write!(f, "{name}: {before} → {after}"),
            Item::Options { name, added, gone } => {
                let added = added.iter().map(|key| format!("+ {key}"));
                let gone = gone.iter().map(|key| format!("- {key}"));
                let parts: Vec<String> = added.chain(gone).collect();
                write!(f, "{name}: {}", parts.join(", "))
            }
            Item::OptionsKnown(name) => write!(f, "{name}: options known → unknown, or back"),
            Item::OptionLabels(name) => write!(f, "{name}: labels of options"),
            Item::OptionOrder(name) => write!(f, "{name}: order of options"),
            Item::Flag { name, flag, now } => {
                let verb = if *now { "is now" } else { "is no longer" };
                write!(f, "{name}: {verb} {flag}")
            }
            Item::Text { name, what } => write!(f, "{name}: {what}"),
            Item::Details(name) => write!(f, "{name}: place in views or other details"),
            Item::Access { mode, now, .. } => {
                let verb = if *now { "may now" } else { "may no longer" };
                write!(f, "access: the user {verb} {mode}")
            }
            Item::ModelText {
                what,
                before,
                after,
            } => {
                let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
                write!(f, "{what}: {} → {}", text(before), text(after))
            }
        }
    }
}

impl FieldSchema {
    /// The type in words, with the model that it points to: `many2one to res.partner`.
    pub fn kind(&self) -> String {
        match &self.relation {
            Some(relation) => format!("{} to {relation}", self.field_type),
            None => self.field_type.to_string(),
        }
    }
}

/// Everything that differs: facts of the model, then its fields by name, then its actions.
pub fn changes(old: &ModelSchema, new: &ModelSchema) -> Vec<Change> {
    let mut changes = model_facts(old, new);
    let names: BTreeSet<&String> = old.fields.keys().chain(new.fields.keys()).collect();
    for name in names {
        match (old.fields.get(name), new.fields.get(name)) {
            (None, Some(field)) => changes.push(field_change(ChangeKind::Added, name, field)),
            (Some(field), None) => changes.push(field_change(ChangeKind::Removed, name, field)),
            (Some(before), Some(after)) => changes.extend(field_changes(name, before, after)),
            (None, None) => {}
        }
    }
    changes.extend(action_changes(old, new));
    changes
}

fn changed(item: Item) -> Change {
    Change {
        kind: ChangeKind::Changed,
        item,
    }
}

fn field_change(kind: ChangeKind, name: &str, field: &FieldSchema) -> Change {
    let item = Item::Field {
        name: name.to_owned(),
        kind: field.kind(),
    };
    Change { kind, item }
}

fn model_facts(old: &ModelSchema, new: &ModelSchema) -> Vec<Change> {
    let (old_label, new_label) = (Some(old.label.clone()), Some(new.label.clone()));
    let texts = [
        ("label", &old_label, &new_label),
        ("record name", &old.rec_name, &new.rec_name),
        ("order", &old.order, &new.order),
    ];
    let texts = texts
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(what, before, after)| {
            changed(Item::ModelText {
                what,
                before: before.clone(),
                after: after.clone(),
            })
        });
    let (before, after) = (old.access, new.access);
    let rights = [
        ("read", before.read, after.read, Operation::Read),
        ("write", before.write, after.write, Operation::Update),
        ("create", before.create, after.create, Operation::Create),
        ("unlink", before.unlink, after.unlink, Operation::Delete),
    ];
    let rights = rights
        .into_iter()
        .filter(|(_, before, after, _)| before != after)
        .map(|(mode, _, now, operation)| {
            changed(Item::Access {
                mode,
                operation,
                now,
            })
        });
    texts.chain(rights).collect()
}

fn field_changes(name: &str, old: &FieldSchema, new: &FieldSchema) -> Vec<Change> {
    let name = || name.to_owned();
    let (before, after) = (old.kind(), new.kind());
    if before != after {
        return vec![changed(Item::FieldKind {
            name: name(),
            before,
            after,
        })];
    }
    let mut changes: Vec<Change> = option_changes(name(), old, new).into_iter().collect();
    for (flag, before, now) in [
        (Flag::Required, old.required, new.required),
        (Flag::ReadOnly, old.readonly, new.readonly),
        (Flag::Translated, old.translate, new.translate),
        (
            Flag::ByCompany,
            old.company_dependent,
            new.company_dependent,
        ),
    ] {
        if before != now {
            changes.push(changed(Item::Flag {
                name: name(),
                flag,
                now,
            }));
        }
    }
    for (what, before, after) in [
        ("label", &old.label, &new.label),
        ("help", &old.help, &new.help),
        ("domain", &old.domain, &new.domain),
        ("mirrors", &old.related, &new.related),
    ] {
        if before != after {
            changes.push(changed(Item::Text { name: name(), what }));
        }
    }
    if without_known(old) != without_known(new) {
        changes.push(changed(Item::Details(name())));
    }
    changes
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
    // No file has what is known of the live Odoo alone.
    (rest.definition_record, rest.definition_record_field) = (None, None);
    rest.properties.clear();
    rest
}

fn option_changes(name: String, old: &FieldSchema, new: &FieldSchema) -> Option<Change> {
    let (Some(before), Some(after)) = (old.option_keys(), new.option_keys()) else {
        let one_is_known = old.selection.is_some() != new.selection.is_some();
        return one_is_known.then(|| changed(Item::OptionsKnown(name)));
    };
    if before == after {
        let relabelled = old.selection != new.selection;
        return relabelled.then(|| changed(Item::OptionLabels(name)));
    }
    let absent = |keys: &[String], from: &[String]| -> Vec<String> {
        let keys = keys.iter().filter(|key| !from.contains(key));
        keys.cloned().collect()
    };
    let (added, gone) = (absent(&after, &before), absent(&before, &after));
    if added.is_empty() && gone.is_empty() {
        return Some(changed(Item::OptionOrder(name)));
    }
    Some(changed(Item::Options { name, added, gone }))
}

impl FieldSchema {
    /// The keys of a selection's options, in Odoo's order; `None` where they are not known.
    pub fn option_keys(&self) -> Option<Vec<String>> {
        let options = self.selection.as_ref()?;
        Some(
            options
                .iter()
                .map(|option| option.key.to_string())
                .collect(),
        )
    }
}

fn action_changes(old: &ModelSchema, new: &ModelSchema) -> Vec<Change> {
    let methods = |schema: &ModelSchema| -> BTreeSet<String> {
        let methods = schema.actions.iter().map(|action| action.method.clone());
        methods.collect()
    };
    let (before, after) = (methods(old), methods(new));
    let change = |kind, method: &String| Change {
        kind,
        item: Item::Action(method.clone()),
    };
    let added = after
        .difference(&before)
        .map(|method| change(ChangeKind::Added, method));
    let removed = before
        .difference(&after)
        .map(|method| change(ChangeKind::Removed, method));
    added.chain(removed).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.order", "label": "Order", "rec_name": "name",
            "fields": {
                "name": {"type": "char", "string": "Name", "required": true},
                "note": {"type": "text", "string": "Note"},
                "state": {"type": "selection", "selection": [["draft", "Draft"], ["done", "Done"]]},
                "partner_id": {"type": "many2one", "relation": "res.partner"},
            },
            "actions": [{"method": "action_done", "label": "Done"}]
        }))
        .unwrap()
    }

    fn said(old: &ModelSchema, new: &ModelSchema) -> Vec<String> {
        changes(old, new)
            .iter()
            .map(|change| format!("{} {change}", change.kind.sign()))
            .collect()
    }

    #[test]
    fn the_same_has_no_difference() {
        assert!(changes(&order(), &order()).is_empty());
    }

    #[test]
    fn a_live_schema_is_no_other_than_that_of_its_file() {
        let live = ModelSchema::from_wire(&json!({
            "model": "x.task",
            "fields": {
                "name": {"type": "char", "searchable": true, "sortable": true},
                "features": {
                    "type": "properties", "definition_record": "project_id",
                    "definition_record_field": "feature_definition",
                },
            },
            "actions": [{"method": "action_done", "needs_records": true}]
        }))
        .unwrap();
        assert!(live.fields["features"].definition_record.is_some());
        let written = serde_json::to_value(&live).unwrap();
        let read: ModelSchema = serde_json::from_value(written).unwrap();
        assert!(said(&read, &live).is_empty(), "{:?}", said(&read, &live));
    }

    #[test]
    fn each_difference_is_named() {
        let mut new = order();
        new.fields.remove("note");
        new.access.unlink = false;
        new.actions.clear();
        let partner = new.fields.get_mut("partner_id").unwrap();
        partner.relation = Some("res.users".into());
        let name = new.fields.get_mut("name").unwrap();
        (name.required, name.label) = (false, Some("Title".into()));
        let options = new
            .fields
            .get_mut("state")
            .unwrap()
            .selection
            .as_mut()
            .unwrap();
        options[1].key = super::super::SelectionKey::Text("hold".into());
        assert_eq!(
            said(&order(), &new),
            [
                "~ access: the user may no longer unlink",
                "~ name: is no longer required",
                "~ name: label",
                "- field note (text)",
                "~ partner_id: many2one to res.partner → many2one to res.users",
                "~ state: + hold, - done",
                "- action action_done",
            ]
        );
    }

    #[test]
    fn labels_and_order_of_options_are_told_apart() {
        let mut relabelled = order();
        let options = relabelled
            .fields
            .get_mut("state")
            .unwrap()
            .selection
            .as_mut();
        options.unwrap()[0].label = "Quotation".into();
        assert_eq!(said(&order(), &relabelled), ["~ state: labels of options"]);
        let mut turned = order();
        let options = turned.fields.get_mut("state").unwrap().selection.as_mut();
        options.unwrap().reverse();
        assert_eq!(said(&order(), &turned), ["~ state: order of options"]);
        let mut unknown = order();
        unknown.fields.get_mut("state").unwrap().selection = None;
        assert_eq!(
            said(&order(), &unknown),
            ["~ state: options known → unknown, or back"]
        );
    }
}
