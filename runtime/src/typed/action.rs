//! Actions: the buttons of a model's form view, as types, and what they answer.

use serde_json::{Map, Value};

use super::{Id, Model};

/// A button of a model's form view (`sale_order::action::Confirm`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action",
    note = "generated modules list their actions in `action`; `call_method` calls any other public method"
)]
pub trait Action: Copy + Send + 'static {
    /// The model whose button it is.
    type Model: Model;
    /// The Python method.
    const METHOD: &'static str;
}

/// What a button or another method answered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing, or just "done" (`None`, `True`).
    Nothing,
    /// Another window to show: a list or a form of records.
    Window(WindowAction),
    /// A dialog to fill in: a window action with the target `new`.
    Wizard(WindowAction),
    /// Another kind of client action: a report, a link, a notification, by its type.
    Client {
        /// The action's type (`ir.actions.act_url`).
        kind: String,
        /// The action as Odoo answered it.
        action: Map<String, Value>,
    },
    /// Data.
    Value(Value),
}

/// A window action (`odoo/addons/base/models/ir_actions.py`, `ir.actions.act_window`).
#[derive(Debug, Clone, PartialEq)]
pub struct WindowAction {
    /// The model that it shows.
    pub model: Option<String>,
    /// The record that it opens, if it is one.
    pub id: Option<i64>,
    /// The title.
    pub name: Option<String>,
    /// The action as Odoo answered it: domain, context, views.
    pub action: Map<String, Value>,
}

impl WindowAction {
    /// The typed id of the record that it opens, when it shows the model `M`.
    pub fn as_id<M: Model>(&self) -> Option<Id<M>> {
        let shows = self.model.as_deref() == Some(M::NAME);
        self.id.filter(|_| shows).map(Id::new)
    }
}

impl From<Value> for Outcome {
    fn from(answer: Value) -> Self {
        match answer {
            Value::Null | Value::Bool(true) => Self::Nothing,
            Value::Object(action) => from_action(action),
            value => Self::Value(value),
        }
    }
}

fn from_action(action: Map<String, Value>) -> Outcome {
    let text = |key: &str| action.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(kind) = text("type").filter(|kind| kind.starts_with("ir.actions.")) else {
        return Outcome::Value(Value::Object(action));
    };
    if kind != "ir.actions.act_window" {
        return Outcome::Client { kind, action };
    }
    let is_dialog = text("target").as_deref() == Some("new");
    let window = WindowAction {
        model: text("res_model"),
        id: action
            .get("res_id")
            .and_then(Value::as_i64)
            .filter(|id| *id != 0),
        name: text("name"),
        action,
    };
    if is_dialog {
        Outcome::Wizard(window)
    } else {
        Outcome::Window(window)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(Outcome::from(json!(true)), Outcome::Nothing);
        assert_eq!(Outcome::from(Value::Null), Outcome::Nothing);
        assert_eq!(Outcome::from(json!(false)), Outcome::Value(json!(false)));
        assert_eq!(Outcome::from(json!([1])), Outcome::Value(json!([1])));
        assert_eq!(
            Outcome::from(json!({"type": "x"})),
            Outcome::Value(json!({"type": "x"}))
        );
        let window = json!({"type": "ir.actions.act_window", "res_model": "a.b", "res_id": 3});
        let Outcome::Window(shown) = Outcome::from(window.clone()) else {
            panic!("expected a window");
        };
        assert_eq!((shown.model.as_deref(), shown.id), (Some("a.b"), Some(3)));
        let mut dialog = window;
        dialog["target"] = json!("new");
        assert!(matches!(Outcome::from(dialog), Outcome::Wizard(_)));
        assert!(matches!(
            Outcome::from(json!({"type": "ir.actions.act_url", "url": "/x"})),
            Outcome::Client { kind, .. } if kind == "ir.actions.act_url"
        ));
    }
}
