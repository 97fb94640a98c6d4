//! What moved in Odoo since the schema files were written, as far as it matters to who uses
//! their tools; told once in the log, and in `odoo_capabilities`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::schema::text::join_bounded;
use crate::schema::{Change, ChangeKind, Flag, Item, Misfit, ModelSchema, Operation, changes};

/// How many models are told about.
const MAX_MODELS: usize = 10;
/// How many models a line of text tells about.
const MAX_MODELS_IN_TEXT: usize = 4;
/// How many names of one kind are told of a model.
const MAX_NAMES: usize = 12;
/// The same in a line of text.
const MAX_NAMES_IN_TEXT: usize = 5;

/// How the schema files and the user's Odoo differ.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drift {
    /// The models that differ.
    models: Vec<ModelDrift>,
    /// For whom the files were written.
    written_for: Writer,
    /// The command that writes the files anew.
    mend: String,
}

/// For whom schema files were written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Writer {
    /// For the user who is signed in, as far as can be told.
    #[default]
    Same,
    /// For another one, whose login may be known. What this user does not see may be there all
    /// the same.
    Other(Option<String>),
}

/// How one model differs.
#[derive(Debug, Clone)]
pub(crate) struct ModelDrift {
    model: String,
    changes: Vec<Change>,
    withheld: Vec<String>,
}

impl ModelDrift {
    /// A model that Odoo does not have any more.
    pub(crate) fn gone(model: &str) -> Self {
        let item = Item::Model;
        let kind = ChangeKind::Removed;
        Self {
            model: model.to_owned(),
            changes: vec![Change { kind, item }],
            withheld: Vec::new(),
        }
    }

    /// What moved between the schema file and what the user sees, and the tools that are
    /// withheld for it; `None` where nothing did that matters. Of what another user than that
    /// of the files does not see, only what a withheld tool names is told.
    pub(crate) fn between(
        written: &ModelSchema,
        live: &ModelSchema,
        writer: &Writer,
        withheld: BTreeMap<String, Vec<Misfit>>,
    ) -> Option<Self> {
        let is_named = |name: &str| {
            let mut misfits = withheld.values().flatten();
            misfits.any(|misfit| misfit.field == name)
        };
        let mut moved = changes(written, live);
        moved.retain(|change| match &change.item {
            _ if !matters(change) => false,
            _ if *writer == Writer::Same || !may_be_hidden(change) => true,
            Item::Field { name, .. } => is_named(name),
            _ => false,
        });
        (!moved.is_empty() || !withheld.is_empty()).then(|| Self {
            model: written.model.clone(),
            changes: moved,
            withheld: withheld.into_keys().collect(),
        })
    }

    /// Whether it is more than what another user's rights explain.
    fn is_certain(&self) -> bool {
        !self.changes.iter().all(may_be_hidden)
    }

    fn names(&self, of: impl Fn(&Change) -> Option<String>) -> Vec<String> {
        self.changes.iter().filter_map(of).collect()
    }

    /// What moved, by kind: the key in the structured form, the words of the text, the names.
    fn parts(&self) -> [(&'static str, &'static str, Vec<String>); 5] {
        [
            (
                "fields_gone",
                "gone",
                self.names(|change| match &change.item {
                    Item::Field { name, .. } => Some(name.clone()),
                    _ => None,
                }),
            ),
            (
                "fields_changed",
                "changed",
                self.names(|change| {
                    matches!(change.item, Item::FieldKind { .. }).then(|| change.to_string())
                }),
            ),
            (
                "options",
                "options",
                self.names(|change| {
                    matches!(change.item, Item::Options { .. }).then(|| change.to_string())
                }),
            ),
            (
                "now_required",
                "required now",
                self.names(|change| match &change.item {
                    Item::Flag { name, .. } => Some(name.clone()),
                    _ => None,
                }),
            ),
            (
                "actions_gone",
                "actions gone",
                self.names(|change| match &change.item {
                    Item::Action(method) => Some(method.clone()),
                    _ => None,
                }),
            ),
        ]
    }

    fn is_gone(&self) -> bool {
        self.changes.iter().any(|change| change.item == Item::Model)
    }

    fn text(&self) -> String {
        if self.is_gone() {
            return format!("{} is gone", self.model);
        }
        let mut parts: Vec<String> = self
            .parts()
            .into_iter()
            .filter(|(_, _, names)| !names.is_empty())
            .map(|(_, words, names)| format!("{words}: {}", joined(&names)))
            .collect();
        if !self.withheld.is_empty() {
            parts.push(format!("withheld: {}", joined(&self.withheld)));
        }
        format!("{} ({})", self.model, parts.join("; "))
    }

    fn to_json(&self) -> Value {
        let mut told = json!({
            "model": self.model,
            "model_gone": self.is_gone(),
            "withheld_tools": bounded(&self.withheld),
        });
        for (key, _, names) in self.parts() {
            told[key] = json!(bounded(&names));
        }
        told
    }
}

/// Whether the user's rights can be the reason: fields and buttons that are not shown.
fn may_be_hidden(change: &Change) -> bool {
    let is_thing = matches!(change.item, Item::Field { .. } | Item::Action(_));
    is_thing && change.kind == ChangeKind::Removed
}

/// Whether a change makes a tool wrong or poorer. Fields that came, labels and places in views
/// do neither.
fn matters(change: &Change) -> bool {
    match (&change.item, change.kind) {
        (Item::Model | Item::Field { .. } | Item::Action(_), kind) => kind == ChangeKind::Removed,
        (Item::FieldKind { .. } | Item::Options { .. }, _) => true,
        (Item::Flag { flag, now, .. }, _) => *flag == Flag::Required && *now,
        _ => false,
    }
}

fn joined(names: &[String]) -> String {
    join_bounded(names.iter().map(String::as_str), MAX_NAMES_IN_TEXT)
}

fn bounded(names: &[String]) -> &[String] {
    &names[..names.len().min(MAX_NAMES)]
}

impl Drift {
    /// The drift of these models from files that this command writes anew.
    pub(crate) fn new(models: Vec<ModelDrift>, written_for: Writer, mend: String) -> Self {
        Self {
            models,
            written_for,
            mend,
        }
    }

    /// Whether everything is as in the files.
    pub(crate) fn is_none(&self) -> bool {
        self.models.is_empty()
    }

    /// Whether Odoo certainly moved. For another user than that of the files, what is not shown
    /// may be a matter of rights.
    pub(crate) fn is_certain(&self) -> bool {
        match self.written_for {
            Writer::Same => !self.is_none(),
            Writer::Other(_) => self.models.iter().any(ModelDrift::is_certain),
        }
    }

    /// The drift in one line: what moved, what it costs and what mends it.
    pub(crate) fn text(&self) -> Option<String> {
        if self.is_none() {
            return None;
        }
        let models = self.models.iter().take(MAX_MODELS_IN_TEXT);
        let mut told: Vec<String> = models.map(ModelDrift::text).collect();
        if self.models.len() > told.len() {
            let more = self.models.len() - told.len();
            told.push(format!("{more} more models"));
        }
        let told = told.join(", ");
        let withheld = if self.models.iter().any(|model| !model.withheld.is_empty()) {
            " In place of a withheld tool use the generic one (odoo_create, odoo_update, \
             odoo_execute)."
        } else {
            ""
        };
        Some(match &self.written_for {
            Writer::Other(user) if !self.is_certain() => format!(
                "The typed tools were written for {}, and name what this one does not see: \
                 {told}.{withheld} If it is gone from Odoo, run `{}` and restart the server.",
                user.as_ref()
                    .map_or("another user".to_owned(), |user| format!("the user {user}")),
                self.mend
            ),
            _ => format!(
                "Odoo moved since the typed tools were written: {told}.{withheld} To mend it, run \
                 `{}` and restart the server.",
                self.mend
            ),
        })
    }

    /// The drift for programs; `null` where there is none.
    pub(crate) fn to_json(&self) -> Value {
        if self.is_none() {
            return Value::Null;
        }
        let models: Vec<Value> = self
            .models
            .iter()
            .take(MAX_MODELS)
            .map(ModelDrift::to_json)
            .collect();
        json!({
            "more_models": self.models.len() - models.len(),
            "models": models,
            "written_for": match &self.written_for {
                Writer::Same => None,
                Writer::Other(user) => Some(user.as_deref().unwrap_or("another user")),
            },
            "mend": self.mend,
        })
    }
}

/// The generic tool that does what a typed one does, as it is called.
pub(crate) fn generic_call(model: &str, operation: &Operation) -> (&'static str, String) {
    let (tool, rest) = match operation {
        Operation::Search => ("odoo_search", String::new()),
        Operation::Read => ("odoo_read", ", id=…".to_owned()),
        Operation::Count => ("odoo_count", String::new()),
        Operation::Aggregate => ("odoo_search", ", group_by=[…]".to_owned()),
        Operation::Create => ("odoo_create", ", values=…".to_owned()),
        Operation::Update => ("odoo_update", ", id=…, values=…".to_owned()),
        Operation::Delete => ("odoo_delete", ", id=…".to_owned()),
        Operation::Action(method) => ("odoo_execute", format!(", method=\"{method}\", ids=[…]")),
    };
    (tool, format!("{tool}(model=\"{model}\"{rest})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.order", "label": "Order",
            "fields": {
                "name": {"type": "char"}, "note": {"type": "text"},
                "state": {"type": "selection", "selection": [["draft", "Draft"], ["done", "Done"]]},
            },
            "actions": [{"method": "action_done"}]
        }))
        .unwrap()
    }

    fn moved() -> ModelSchema {
        let mut live = order();
        live.fields.remove("note");
        live.fields.get_mut("name").unwrap().required = true;
        let options = live.fields.get_mut("state").unwrap().selection.as_mut();
        options.unwrap().pop();
        live.actions.clear();
        live
    }

    fn hidden() -> ModelSchema {
        let mut live = order();
        live.fields.remove("note");
        live.actions.clear();
        live
    }

    fn drift(live: &ModelSchema, writer: Writer) -> Drift {
        let misfit = Misfit {
            field: "note".to_owned(),
            reason: "is gone".to_owned(),
        };
        let withheld = BTreeMap::from([("x_order_create".to_owned(), vec![misfit])]);
        let mut models: Vec<ModelDrift> = ModelDrift::between(&order(), live, &writer, withheld)
            .into_iter()
            .collect();
        if writer == Writer::Same {
            models.push(ModelDrift::gone("x.gone"));
        }
        Drift::new(models, writer, "the mend".to_owned())
    }

    fn admin() -> Writer {
        Writer::Other(Some("admin".to_owned()))
    }

    #[test]
    fn additions_and_words_do_not_matter() {
        let mut live = order();
        live.label = "Another".into();
        live.fields.get_mut("name").unwrap().label = Some("Title".into());
        live.fields
            .insert("x_new".into(), live.fields["name"].clone());
        let none = BTreeMap::new();
        assert!(ModelDrift::between(&order(), &live, &Writer::Same, none).is_none());
    }

    #[test]
    fn what_moved_is_told_with_its_mend() {
        let drift = drift(&moved(), Writer::Same);
        assert!(drift.is_certain());
        assert_eq!(
            drift.text().unwrap(),
            "Odoo moved since the typed tools were written: x.order (gone: note; options: state: \
             - done; required now: name; actions gone: action_done; withheld: x_order_create), \
             x.gone is gone. In place of a withheld tool use the generic one (odoo_create, \
             odoo_update, odoo_execute). To mend it, run `the mend` and restart the server."
        );
        let told = drift.to_json();
        assert_eq!(told["models"][0]["fields_gone"], json!(["note"]));
        assert_eq!(told["models"][0]["options"], json!(["state: - done"]));
        assert_eq!(told["models"][0]["now_required"], json!(["name"]));
        assert_eq!(told["models"][0]["actions_gone"], json!(["action_done"]));
        assert_eq!(
            told["models"][0]["withheld_tools"],
            json!(["x_order_create"])
        );
        assert_eq!(told["models"][1]["model_gone"], json!(true));
        assert_eq!(told["mend"], json!("the mend"));
    }

    #[test]
    fn what_another_user_does_not_see_is_not_called_gone() {
        let shown_less = drift(&hidden(), admin());
        assert!(!shown_less.is_certain());
        assert_eq!(
            shown_less.text().unwrap(),
            "The typed tools were written for the user admin, and name what this one does not \
             see: x.order (gone: note; withheld: x_order_create). In place of a withheld tool use \
             the generic one (odoo_create, odoo_update, odoo_execute). If it is gone from Odoo, \
             run `the mend` and restart the server."
        );
        assert_eq!(shown_less.to_json()["written_for"], json!("admin"));
        let moved = drift(&moved(), admin());
        assert!(moved.is_certain());
        assert!(moved.text().unwrap().starts_with("Odoo moved"));
    }

    #[test]
    fn what_no_tool_names_may_be_hidden_from_another_user() {
        let none = BTreeMap::new();
        let drift = ModelDrift::between(&order(), &hidden(), &admin(), none);
        assert!(drift.is_none());
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        let drift = Drift::default();
        assert!(drift.is_none() && drift.text().is_none() && drift.to_json().is_null());
    }

    #[test]
    fn much_is_bounded() {
        let names: Vec<String> = (0..500)
            .map(|n| format!("a_long_name_of_a_tool_{n}"))
            .collect();
        let models: Vec<ModelDrift> = (0..300)
            .map(|n| ModelDrift {
                model: format!("x.model.{n}"),
                changes: Vec::new(),
                withheld: names.clone(),
            })
            .collect();
        let drift = Drift::new(models, Writer::Same, "the mend".to_owned());
        assert!(drift.text().unwrap().len() < 1_500);
        assert!(drift.to_json().to_string().len() < 8_000);
        assert_eq!(drift.to_json()["more_models"], json!(290));
    }
}
