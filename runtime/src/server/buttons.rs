//! The buttons of a record's form in its present state: named when a record is read, and
//! asked about before one is pressed.
//!
//! Odoo itself does not refuse the method of a button that the form hides, and a record can
//! end up in a state that no form leads to. So such a call is refused here, unless the header
//! of the list has the button: there a person presses it for any record. A method that is no
//! button of the form is none of this file's business.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::UserSession;
use super::present::Output;
use super::resources::report_uri;
use crate::client::{ActionsNow, Button, Context, RecordState};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::{clean, join_bounded, quoted};
use crate::schema::{ActionSchema, ModelSchema};

/// The most buttons that a line names.
const NAMED: usize = 12;
/// The fields that most forms show as their state.
const STATE_FIELDS: [&str; 2] = ["state", "stage_id"];

/// The kind of action that opens a window.
const WINDOW: &str = "ir.actions.act_window";

/// Whether a name is that of an action of Odoo, by external id or id, and of no method.
pub(super) fn is_action_name(method: &str) -> bool {
    method.contains('.') || (!method.is_empty() && method.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a read of these fields is one after which a person looks at the buttons. The schema
/// knows those of the form that are methods; others, of the list and of the menu, Odoo alone does.
pub(super) fn wants_buttons(asked: Option<&[String]>) -> bool {
    let is_state = |name: &String| STATE_FIELDS.contains(&name.as_str());
    asked.is_none_or(|fields| fields.iter().any(is_state))
}

/// A button that may be pressed.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// What it adds to the context.
    pub(super) context: Map<String, Value>,
    /// Whether it is known to open a window and to run nothing.
    pub(super) only_opens: bool,
}

/// The buttons of one record, as far as the Odoo module can tell.
pub(super) enum Buttons {
    /// What the form shows now.
    Now(ActionsNow),
    /// The module is too old to say; the conditions stand in the schema.
    Unknown,
}

impl UserSession {
    /// The buttons of these records; `None` where Odoo failed over them, which is no reason
    /// not to go on.
    pub(super) async fn buttons_of(&self, model: &str, ids: &[i64]) -> Option<Buttons> {
        match self.ask_buttons(model, ids).await {
            Ok(buttons) => Some(buttons),
            Err(error) => {
                tracing::debug!(%error, model, "the buttons are unknown");
                None
            }
        }
    }

    async fn ask_buttons(&self, model: &str, ids: &[i64]) -> Result<Buttons> {
        let client = self.client()?;
        if !client.knows_actions().await? {
            return Ok(Buttons::Unknown);
        }
        let now = client.actions_now(model, ids, &Context::new()).await?;
        Ok(Buttons::Now(now))
    }

    /// Lets a button be pressed, with what it adds to the context; refuses one that the form
    /// of a record does not show.
    pub(super) async fn admit_button(
        &self,
        model: &str,
        method: &str,
        ids: &[i64],
        schema: Option<&ModelSchema>,
    ) -> Result<Admitted> {
        let is_button = |schema: &ModelSchema| {
            let mut methods = schema.actions.iter().map(|action| action.method.as_str());
            is_action_name(method) || methods.any(|known| known == method)
        };
        if ids.is_empty() || !schema.is_some_and(is_button) {
            return Ok(Admitted::default());
        }
        match self.buttons_of(model, ids).await {
            Some(Buttons::Now(now)) => admit(model, method, &now),
            _ => Ok(Admitted::default()),
        }
    }
}

/// What the buttons of this method add to the context of all records.
fn admit(model: &str, method: &str, now: &ActionsNow) -> Result<Admitted> {
    let buttons = now.actions.iter().chain(&now.list_actions);
    let same: Vec<&Button> = buttons.filter(|button| button.method == method).collect();
    let shown: BTreeSet<i64> = same
        .iter()
        .flat_map(|button| button.shown_for.iter().copied())
        .collect();
    let is_elsewhere = now.list_methods.iter().any(|name| name == method)
        || now.menu.iter().any(|entry| entry.method == method);
    let hidden: Vec<&RecordState> = now
        .records
        .iter()
        .filter(|record| !shown.contains(&record.id))
        .collect();
    // A button that the schema has and the form does not is one of the list's header.
    if same.is_empty() || is_elsewhere || hidden.is_empty() {
        return Ok(Admitted {
            context: common_context(&same, now),
            only_opens: only_opens(method, now),
        });
    }
    Err(refusal(model, method, &same, &hidden, now))
}

/// Whether what a button or an entry of the menu names is an action that opens a window, which
/// runs no method and writes nothing. What the module does not tell may do anything.
fn only_opens(method: &str, now: &ActionsNow) -> bool {
    let buttons = now.actions.iter().chain(&now.list_actions);
    let buttons = buttons.map(|button| (&button.method, &button.action_type));
    let menu = now
        .menu
        .iter()
        .map(|entry| (&entry.method, &entry.action_type));
    let mut kinds = buttons
        .chain(menu)
        .filter(|(named, _)| named.as_str() == method)
        .map(|(_, kind)| kind.as_deref() == Some(WINDOW))
        .peekable();
    is_action_name(method) && kinds.peek().is_some() && kinds.all(|is_window| is_window)
}

/// The keys that the buttons add for every record alike.
fn common_context(buttons: &[&Button], now: &ActionsNow) -> Map<String, Value> {
    let of_record = |id: i64| {
        buttons
            .iter()
            .find(|button| button.shown_for.contains(&id))
            .and_then(|button| button.contexts.get(&id.to_string()))
    };
    let mut contexts = now.records.iter().map(|record| of_record(record.id));
    let Some(Some(first)) = contexts.next() else {
        return Map::new();
    };
    let others: Vec<Option<&Map<String, Value>>> = contexts.collect();
    let is_common = |key: &str, value: &Value| {
        others
            .iter()
            .all(|other| other.and_then(|context| context.get(key)) == Some(value))
    };
    first
        .iter()
        .filter(|(key, value)| is_common(key, value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn refusal(
    model: &str,
    method: &str,
    same: &[&Button],
    hidden: &[&RecordState],
    now: &ActionsNow,
) -> Error {
    let label = same.first().map_or("", |button| button.label.as_str());
    let records: Vec<String> = hidden.iter().map(|record| describe_state(record)).collect();
    let which = join_bounded(records.iter().map(String::as_str), 10);
    let forms = match hidden.len() {
        1 => "Its form shows".to_owned(),
        many => format!("The forms of these {many} show"),
    };
    let of_all = match now.records.len() - hidden.len() {
        0 => String::new(),
        others => format!(" The other {others} would show it; none was changed."),
    };
    let possible: Vec<String> = now
        .actions
        .iter()
        .filter(|button| !button.statistic)
        .filter(|button| hidden.iter().all(|r| button.shown_for.contains(&r.id)))
        .map(named)
        .collect();
    let error = Error::new(
        ErrorKind::InvalidCall,
        format!(
            "{model}: {which}. {forms} no button {} ({method}) now, so it was not pressed.{of_all}",
            quoted(label, 60)
        ),
    );
    if possible.is_empty() {
        return error.with_hint("No action is possible in this state.");
    }
    error.with_hint(format!(
        "Possible now: {}.",
        join_bounded(possible.iter().map(String::as_str), NAMED)
    ))
}

/// `7 (“S00007”) is in the state “Sales Order” (state = sale)`.
pub(super) fn describe_state(record: &RecordState) -> String {
    let name = record.name.as_deref().unwrap_or_default();
    let mut text = format!("{} ({})", record.id, quoted(name, 60));
    if let Some(state) = &record.state {
        let label = state.label.as_deref().unwrap_or_default();
        let value = match &state.value {
            Value::String(text) => clean(text, 60),
            other => other.to_string(),
        };
        text.push_str(&format!(
            " is in the state {} ({} = {value})",
            quoted(label, 60),
            state.field
        ));
    }
    text
}

/// `action_confirm “Confirm”`.
pub(super) fn named(button: &Button) -> String {
    format!("{} {}", button.method, quoted(&button.label, 40))
}

/// The buttons, each with what Odoo asks before it acts.
fn with_questions(buttons: &[&Button]) -> String {
    let named = buttons.iter().map(|button| match &button.confirm {
        Some(confirm) => format!("{} (asks {})", named(button), quoted(confirm, 200)),
        None => named(button),
    });
    let named: Vec<String> = named.collect();
    join_bounded(named.iter().map(String::as_str), NAMED)
}

/// Says which buttons the record shows now, beside its fields.
pub(super) fn show_buttons(
    mut output: Output,
    schema: &ModelSchema,
    id: i64,
    buttons: &Buttons,
) -> Output {
    match buttons {
        Buttons::Now(now) => add_buttons(&mut output, schema, id, now),
        Buttons::Unknown if schema.actions.is_empty() => {}
        Buttons::Unknown => add_static(&mut output, &schema.actions),
    }
    output
}

fn add_buttons(output: &mut Output, schema: &ModelSchema, id: i64, now: &ActionsNow) {
    let model = &schema.model;
    let shown = now
        .actions
        .iter()
        .filter(|button| button.shown_for.contains(&id) && !button.statistic);
    let shown: Vec<&Button> = shown.collect();
    let mut listed: Vec<Value> = shown.iter().map(|button| as_json(button)).collect();
    if !shown.is_empty() {
        output
            .text
            .push_str(&format!("\nactions now: {}", with_questions(&shown)));
    } else if !schema.actions.is_empty() {
        output.text.push_str("\nactions now: none");
    }
    let in_list = now.list_actions.iter();
    let in_list: Vec<&Button> = in_list.filter(|b| b.shown_for.contains(&id)).collect();
    if !in_list.is_empty() {
        output.text.push_str(&format!(
            "\nactions now, of its list: {}",
            with_questions(&in_list)
        ));
        listed.extend(in_list.iter().map(|button| {
            let mut entry = as_json(button);
            entry["where"] = json!("list");
            entry
        }));
    }
    if !listed.is_empty() || !schema.actions.is_empty() {
        output.structured["actions"] = json!(listed);
    }
    let menu = now.menu.iter().filter(|entry| entry.views.contains("form"));
    let menu: Vec<Value> = menu
        .map(|entry| json!({"method": entry.method, "label": clean(&entry.label, 60)}))
        .collect();
    if !menu.is_empty() {
        let names: Vec<&str> = menu.iter().filter_map(|m| m["method"].as_str()).collect();
        let names = join_bounded(names, NAMED);
        output.text.push_str(&format!("\naction menu: {names}"));
        output.structured["action_menu"] = json!(menu);
    }
    let reports = now.reports.iter().map(|report| {
        let uri = report_uri(model, id, &report.report_name);
        json!({"uri": uri, "name": clean(&report.label, 60)})
    });
    let reports: Vec<Value> = reports.collect();
    if !reports.is_empty() {
        let names: Vec<&str> = reports.iter().filter_map(|r| r["uri"].as_str()).collect();
        output
            .text
            .push_str(&format!("\nreports: {}", join_bounded(names, 4)));
        output.structured["reports"] = json!(reports);
    }
}

fn as_json(button: &Button) -> Value {
    let mut entry = json!({"method": button.method, "label": clean(&button.label, 60)});
    if let Some(confirm) = &button.confirm {
        entry["confirm"] = json!(clean(confirm, 300));
    }
    if let Some(help) = &button.help {
        entry["help"] = json!(clean(help, 120));
    }
    if let Some(opens) = &button.opens {
        entry["opens"] = json!(clean(opens, 60));
    }
    entry
}

/// What an older module leaves open.
fn add_static(output: &mut Output, actions: &[ActionSchema]) {
    let named: Vec<String> = actions
        .iter()
        .map(|action| match &action.invisible_expr {
            Some(hidden) => format!("{} (not when {})", action.method, clean(hidden, 120)),
            None => action.method.clone(),
        })
        .collect();
    output.text.push_str(&format!(
        "\nactions, of which this Odoo module (before 1.4) cannot say which are possible now: {}",
        join_bounded(named.iter().map(String::as_str), NAMED)
    ));
    let listed = actions.iter().map(|action| {
        json!({
            "method": action.method,
            "label": action.label,
            "confirm": action.confirm,
            "not_when": action.invisible_expr,
        })
    });
    output.structured["actions"] = listed.collect();
    output.structured["actions_note"] =
        json!("the conditions were not evaluated: update the module butopea_mcp in Odoo");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> ActionsNow {
        serde_json::from_value(json!({
            "records": [
                {"id": 1, "name": "S1", "state": {"field": "state", "value": "draft", "label": "Quotation"}},
                {"id": 2, "name": "S2", "state": {"field": "state", "value": "sale", "label": "Sales Order"}},
            ],
            "actions": [
                {"method": "action_confirm", "label": "Confirm", "shown_for": [1],
                 "contexts": {"1": {"a": 1, "b": 1}}},
                {"method": "action_cancel", "label": "Cancel", "shown_for": [1, 2], "confirm": "Sure?",
                 "contexts": {"1": {"a": 1, "b": 1}, "2": {"a": 1, "b": 2}}},
                {"method": "action_view", "label": "Invoices", "shown_for": [1, 2], "statistic": true},
                {"method": "action_lock", "label": "Lock", "shown_for": []},
            ],
            "list_actions": [
                {"method": "action_print_label", "label": "Label", "shown_for": [2]},
                {"method": "action_unlabel", "label": "No label", "shown_for": [1]},
            ],
            "list_methods": ["action_lock"],
            "menu": [{"method": "sale.share", "label": "Share", "views": "form"}],
            "reports": [{"report_name": "sale.report", "label": "PDF"}],
        }))
        .unwrap()
    }

    #[test]
    fn a_hidden_button_is_refused_with_state_and_possible_ones() {
        let error = admit("sale.order", "action_confirm", &now()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCall);
        assert_eq!(
            error.message(),
            "sale.order: 2 (“S2”) is in the state “Sales Order” (state = sale). Its form shows no \
             button “Confirm” (action_confirm) now, so it was not pressed. The other 1 would show it; \
             none was changed."
        );
        assert_eq!(error.hints(), ["Possible now: action_cancel “Cancel”."]);
    }

    #[test]
    fn what_list_or_menu_have_is_pressed_and_what_is_no_button_too() {
        for method in ["action_lock", "sale.share", "copy"] {
            assert!(admit("sale.order", method, &now()).is_ok(), "{method}");
        }
    }

    #[test]
    fn only_what_all_records_have_in_common_goes_into_the_context() {
        let admitted = admit("sale.order", "action_cancel", &now()).unwrap();
        assert!(!admitted.only_opens);
        assert_eq!(Value::Object(admitted.context), json!({"a": 1}));
    }

    #[test]
    fn only_a_window_is_known_to_do_nothing() {
        let opens = |buttons: Value, menu: Value| {
            let now = json!({"records": [], "actions": buttons, "menu": menu});
            only_opens("sale.share", &serde_json::from_value(now).unwrap())
        };
        let entry =
            |kind: Value| json!([{"method": "sale.share", "label": "x", "action_type": kind}]);
        let (window, server) = (entry(json!(WINDOW)), entry(json!("ir.actions.server")));
        assert!(opens(window.clone(), json!([])));
        assert!(opens(json!([]), window.clone()));
        for other in [server, entry(Value::Null)] {
            assert!(!opens(other.clone(), json!([])));
            assert!(!opens(window.clone(), other.clone()));
            assert!(!opens(other, window.clone()));
        }
        assert!(!opens(json!([]), json!([])));
        let method = json!([{"method": "share", "label": "x", "action_type": WINDOW}]);
        let now = json!({"records": [], "actions": method});
        assert!(!only_opens("share", &serde_json::from_value(now).unwrap()));
    }

    #[test]
    fn a_read_names_what_is_possible_now() {
        let mut output = Output {
            structured: json!({}),
            text: String::new(),
        };
        let wire = json!({"model": "sale.order", "fields": {}});
        let schema = ModelSchema::from_wire(&wire).unwrap();
        add_buttons(&mut output, &schema, 2, &now());
        assert_eq!(
            output.text,
            "\nactions now: action_cancel “Cancel” (asks “Sure?”)\nactions now, of its list: \
             action_print_label “Label”\naction menu: sale.share\nreports: \
             odoo://sale.order/2/report/sale.report"
        );
        assert_eq!(
            output.structured["actions"],
            json!([
                {"method": "action_cancel", "label": "Cancel", "confirm": "Sure?"},
                {"method": "action_print_label", "label": "Label", "where": "list"},
            ])
        );
    }

    #[test]
    fn a_model_without_buttons_has_no_word_of_them() {
        let read = |actions: Value| {
            let mut output = Output {
                structured: json!({}),
                text: String::new(),
            };
            let wire = json!({"model": "x", "fields": {}, "actions": actions});
            let schema = ModelSchema::from_wire(&wire).unwrap();
            let now = serde_json::from_value(json!({"records": [], "actions": []})).unwrap();
            add_buttons(&mut output, &schema, 2, &now);
            (output.text, output.structured)
        };
        assert_eq!(read(json!([])), (String::new(), json!({})));
        let hidden = read(json!([{"method": "action_confirm"}]));
        assert_eq!(
            hidden,
            ("\nactions now: none".to_owned(), json!({"actions": []}))
        );
    }

    #[test]
    fn an_older_module_gives_the_conditions_unevaluated() {
        let action = json!({"method": "action_confirm", "invisible_expr": "state != 'draft'"});
        let action: ActionSchema = serde_json::from_value(action).unwrap();
        let mut output = Output {
            structured: json!({}),
            text: String::new(),
        };
        add_static(&mut output, &[action]);
        assert!(
            output
                .text
                .contains("action_confirm (not when state != 'draft')"),
            "{}",
            output.text
        );
        assert_eq!(
            output.structured["actions"][0]["not_when"],
            "state != 'draft'"
        );
    }

    #[test]
    fn actions_have_names_that_no_method_has() {
        assert!(is_action_name("crm.crm_lead_lost_action"));
        assert!(is_action_name("312"));
        assert!(!is_action_name("action_confirm"));
        assert!(!is_action_name(""));
    }
}
