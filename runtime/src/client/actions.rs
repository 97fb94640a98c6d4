//! What a person does in a form: the buttons that a record shows now, what pressing one
//! opens, and the form that opens with its values.
//!
//! The routes are those of the Odoo module since 1.4.0 (`addons/butopea_mcp/README.rst`). An
//! older one knows nothing of them: [`Client::knows_actions`] tells.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::transport::Effect;
use super::{Client, Context, MethodCall, check_model_name, explain_unknown_model, protocol};
use crate::error::Result;
use crate::schema::lenient;

/// What the module's `features` call it.
const FEATURE: &str = "actions";
/// The same for properties that are merged.
const PROPERTIES: &str = "properties";

/// The buttons of a model's form, and which records show each of them now.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct ActionsNow {
    /// The records that were asked about.
    #[serde(default)]
    pub records: Vec<RecordState>,
    /// The buttons of the form, in its order, those that no record shows included.
    #[serde(default)]
    pub actions: Vec<Button>,
    /// The buttons for records that stand in their list and not in their form (from 1.5.0 of
    /// the module on).
    #[serde(default)]
    pub list_actions: Vec<Button>,
    /// The methods in the header of the list, where a person presses them for any record.
    #[serde(default, deserialize_with = "lenient::names")]
    pub list_methods: Vec<String>,
    /// The entries of the action menu.
    #[serde(default)]
    pub menu: Vec<MenuEntry>,
    /// The PDF reports of the menu *Print*.
    #[serde(default)]
    pub reports: Vec<PrintEntry>,
}

/// A record, and what its form shows as its state.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RecordState {
    /// The record's id.
    pub id: i64,
    /// Its display name.
    #[serde(default, deserialize_with = "lenient::option")]
    pub name: Option<String>,
    /// The state, where the form has one.
    #[serde(default)]
    pub state: Option<State>,
}

/// The state of a record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct State {
    /// The field that holds it (`state`, `stage_id`).
    pub field: String,
    /// The option's key, or the id of the stage.
    pub value: Value,
    /// What a person reads.
    #[serde(default, deserialize_with = "lenient::option")]
    pub label: Option<String>,
}

/// A button of a form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Button {
    /// The method behind it; of a button that opens an action, its external id or its id.
    pub method: String,
    /// What stands on it.
    #[serde(default)]
    pub label: String,
    /// What Odoo asks before it does anything.
    #[serde(default, deserialize_with = "lenient::option")]
    pub confirm: Option<String>,
    /// The tooltip.
    #[serde(default, deserialize_with = "lenient::option")]
    pub help: Option<String>,
    /// The title of what it opens, where it opens an action.
    #[serde(default, deserialize_with = "lenient::option")]
    pub opens: Option<String>,
    /// The kind of the action that it opens (`ir.actions.act_window`), where the module tells.
    #[serde(default, deserialize_with = "lenient::option")]
    pub action_type: Option<String>,
    /// Whether it only leads to related records.
    #[serde(default)]
    pub statistic: bool,
    /// The ids of the records that show it now.
    #[serde(default)]
    pub shown_for: Vec<i64>,
    /// What the button adds to the context, by record.
    #[serde(default)]
    pub contexts: BTreeMap<String, Map<String, Value>>,
    /// What the button adds to the context, in a form that opened.
    #[serde(default)]
    pub context: Map<String, Value>,
}

/// An entry of the action menu.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MenuEntry {
    /// The action's external id or its id.
    pub method: String,
    /// What stands in the menu.
    pub label: String,
    /// Where the menu has it: `list`, `form`.
    #[serde(default)]
    pub views: String,
    /// The kind of the action, where the module tells.
    #[serde(default, deserialize_with = "lenient::option")]
    pub action_type: Option<String>,
}

/// An entry of the menu *Print*.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PrintEntry {
    /// The technical name.
    pub report_name: String,
    /// What stands in the menu.
    pub label: String,
}

/// An action of Odoo, ready to be gone on with: context and domain are values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OpenedAction {
    /// `ir.actions.act_window`, `ir.actions.report`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its title.
    #[serde(default, deserialize_with = "lenient::option")]
    pub name: Option<String>,
    /// The model of a window.
    #[serde(default, deserialize_with = "lenient::option")]
    pub res_model: Option<String>,
    /// The label of that model.
    #[serde(default, deserialize_with = "lenient::option")]
    pub title: Option<String>,
    /// The record that opens.
    #[serde(default, deserialize_with = "lenient::option")]
    pub res_id: Option<i64>,
    /// `new` for a dialogue.
    #[serde(default, deserialize_with = "lenient::option")]
    pub target: Option<String>,
    /// The kinds of view that it has, the first one opens (`list,form`).
    #[serde(default, deserialize_with = "lenient::option")]
    pub view_mode: Option<String>,
    /// The form that opens; the model's default one when `None`.
    #[serde(default, deserialize_with = "lenient::option")]
    pub view_id: Option<i64>,
    /// Whether the model is one of a wizard.
    #[serde(default)]
    pub transient: bool,
    /// What the records are opened with.
    #[serde(default)]
    pub context: Map<String, Value>,
    /// The records that open.
    #[serde(default, deserialize_with = "lenient::option")]
    pub domain: Option<Value>,
    /// The technical name of a report.
    #[serde(default, deserialize_with = "lenient::option")]
    pub report_name: Option<String>,
    /// The model that a report prints.
    #[serde(default, deserialize_with = "lenient::option")]
    pub model: Option<String>,
    /// What a client action is called.
    #[serde(default, deserialize_with = "lenient::option")]
    pub tag: Option<String>,
    /// What a client action shows.
    #[serde(default, deserialize_with = "lenient::option")]
    pub params: Option<Value>,
    /// The address of a link.
    #[serde(default, deserialize_with = "lenient::option")]
    pub url: Option<String>,
}

/// A form as it opens.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OpenedForm {
    /// Its model.
    pub model: String,
    /// The label of the model.
    pub label: String,
    /// Whether its record is there for this form alone.
    #[serde(default)]
    pub transient: bool,
    /// What the form says besides its fields: questions, explanations, warnings.
    #[serde(default, deserialize_with = "lenient::names")]
    pub texts: Vec<String>,
    /// The fields of the form, in its order, with their values.
    pub fields: IndexMap<String, FormField>,
    /// The buttons that it shows.
    #[serde(default)]
    pub actions: Vec<Button>,
}

/// A field of a form that opened: conditions are those of the values that it opened with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FormField {
    /// Odoo's type.
    #[serde(rename = "type")]
    pub field_type: String,
    /// The label.
    #[serde(default, deserialize_with = "lenient::option")]
    pub string: Option<String>,
    /// The tooltip.
    #[serde(default, deserialize_with = "lenient::option")]
    pub help: Option<String>,
    /// The model of a relation.
    #[serde(default, deserialize_with = "lenient::option")]
    pub relation: Option<String>,
    /// The options of a selection: pairs of key and label.
    #[serde(default, deserialize_with = "lenient::option")]
    pub selection: Option<Vec<(Value, String)>>,
    /// Must be filled in.
    #[serde(default)]
    pub required: bool,
    /// Cannot be changed.
    #[serde(default)]
    pub readonly: bool,
    /// Is not shown.
    #[serde(default)]
    pub invisible: bool,
    /// When it is not shown.
    #[serde(default, deserialize_with = "lenient::option")]
    pub invisible_expr: Option<String>,
    /// What stands in it: a record as `{id, name}`, records as a list of these. One that is not
    /// saved yet has the `values` of its columns, and a name (`new-1-9580`) instead of an id.
    #[serde(default)]
    pub value: Value,
    /// The currency of an amount.
    #[serde(default, deserialize_with = "lenient::option")]
    pub currency: Option<FormCurrency>,
    /// The columns of lines.
    #[serde(default)]
    pub columns: IndexMap<String, FormColumn>,
}

/// A column of the lines that stand in a form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FormColumn {
    /// Odoo's type.
    #[serde(rename = "type")]
    pub field_type: String,
    /// The label.
    #[serde(default, deserialize_with = "lenient::option")]
    pub string: Option<String>,
    /// The currency of its amounts, where all lines have the same.
    #[serde(default, deserialize_with = "lenient::option")]
    pub currency: Option<FormCurrency>,
}

/// The currency of an amount in a form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FormCurrency {
    /// `EUR`.
    pub code: String,
    /// How many decimals its amounts have.
    pub decimals: u32,
}

/// A changed field that a message of the chatter tells of.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TrackedChange {
    /// The field.
    pub field: String,
    /// Its label.
    pub label: String,
    /// What stood in it; a record's name.
    pub old: Value,
    /// What stands in it since.
    pub new: Value,
}

/// What a method gave back.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    /// Its result.
    pub result: Value,
    /// The same as an action, if it is one, from a module that knows actions.
    pub action: Option<OpenedAction>,
}

impl Client {
    /// Whether the Odoo module knows the present state of forms (1.4.0 or later).
    ///
    /// # Errors
    /// Any failure of a call.
    pub async fn knows_actions(&self) -> Result<bool> {
        self.knows(FEATURE).await
    }

    /// Whether the Odoo module changes only those properties that a call names (1.5.0 or later).
    ///
    /// # Errors
    /// Any failure of a call.
    pub async fn merges_properties(&self) -> Result<bool> {
        self.knows(PROPERTIES).await
    }

    async fn knows(&self, feature: &str) -> Result<bool> {
        if let Some(known) = self.features.has(feature) {
            return Ok(known);
        }
        let capabilities = self.capabilities(&Context::new()).await?;
        Ok(capabilities.features.iter().any(|name| name == feature))
    }

    /// Which buttons these records show this user now.
    ///
    /// # Errors
    /// [`ErrorKind::MissingRecord`](crate::ErrorKind), or any failure of a call.
    pub async fn actions_now(
        &self,
        model: &str,
        ids: &[i64],
        context: &Context,
    ) -> Result<ActionsNow> {
        check_model_name(model)?;
        let path = format!("/mcp/model/{model}/actions");
        let mut params = Map::new();
        params.insert("ids".into(), json!(ids));
        let answer = self.request(&path, params, context, Effect::Read).await;
        read(answer.map_err(|error| explain_unknown_model(error, model))?)
    }

    /// What a button or an entry of the action menu opens that is an action and no method;
    /// one of the server is run.
    ///
    /// # Errors
    /// Any failure of a call; an action that the records do not offer is refused.
    pub async fn open_action(
        &self,
        action: &str,
        model: &str,
        ids: &[i64],
        context: &Context,
    ) -> Result<Option<OpenedAction>> {
        let mut params = Map::new();
        params.insert("action".into(), json!(action));
        params.insert("model".into(), json!(model));
        params.insert("ids".into(), json!(ids));
        let mut answer = self
            .request("/mcp/action", params, context, Effect::Write)
            .await?;
        read_action(answer.get_mut("action").map(Value::take))
    }

    /// A form as it opens: of a new record, or of an existing one.
    ///
    /// # Errors
    /// Any failure of a call.
    pub async fn form(
        &self,
        model: &str,
        view_id: Option<i64>,
        record_id: Option<i64>,
        context: &Context,
    ) -> Result<OpenedForm> {
        check_model_name(model)?;
        let path = format!("/mcp/model/{model}/form");
        let mut params = Map::new();
        params.insert("view_id".into(), json!(view_id));
        params.insert("record_id".into(), json!(record_id));
        let answer = self.request(&path, params, context, Effect::Read).await;
        read(answer.map_err(|error| explain_unknown_model(error, model))?)
    }

    /// Saves a form that opened for a new record, with these values filled in, and returns the
    /// record's id. What the form proposes besides is saved, too, as the web client does.
    ///
    /// # Errors
    /// Any failure of a call; nothing is saved then.
    pub async fn save_form(
        &self,
        model: &str,
        view_id: Option<i64>,
        values: Map<String, Value>,
        context: &Context,
    ) -> Result<i64> {
        check_model_name(model)?;
        let path = format!("/mcp/model/{model}/save");
        let mut params = Map::new();
        params.insert("view_id".into(), json!(view_id));
        params.insert("values".into(), Value::Object(values));
        let answer = self.request(&path, params, context, Effect::Write).await?;
        let id = answer.get("id").and_then(Value::as_i64);
        id.ok_or_else(|| protocol("a form was saved without an id".to_owned()))
    }

    /// The changed fields that messages of the chatter tell of, by message.
    ///
    /// # Errors
    /// Any failure of a call.
    pub async fn tracked_changes(
        &self,
        message_ids: &[i64],
        context: &Context,
    ) -> Result<BTreeMap<String, Vec<TrackedChange>>> {
        let mut params = Map::new();
        params.insert("message_ids".into(), json!(message_ids));
        let mut answer = self
            .request("/mcp/tracking", params, context, Effect::Read)
            .await?;
        read(answer.get_mut("changes").map_or(json!({}), Value::take))
    }

    /// Calls a public method as [`Self::call`] does, and says what its result opens.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn press(&self, call: &MethodCall, context: &Context) -> Result<Pressed> {
        let key = call.idempotency_key.as_deref();
        let mut answer = self
            .change(&call.model, call.params(), key, context)
            .await?;
        // The method has done its work: an action that cannot be read is no failure of it.
        let action = read_action(answer.get_mut("action").map(Value::take));
        let action = action.ok().flatten();
        let result = super::result_of(answer);
        Ok(Pressed { result, action })
    }
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer)
        .map_err(|error| protocol(format!("an answer about a form cannot be read: {error}")))
}

/// An action; `None` for nothing at all.
fn read_action(answer: Option<Value>) -> Result<Option<OpenedAction>> {
    match answer {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::Object(action)) if action.is_empty() => Ok(None),
        Some(action) => read(action).map(Some),
    }
}
