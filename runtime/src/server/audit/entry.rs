//! What the log says of one call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::{Timestamp, Unit};
use serde_json::{Map, Value, json};

use super::AuditLog;
use crate::client::{Capabilities, Credentials};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::clean;
use crate::server::UserSession;
use crate::server::catalogue::Target;
use crate::server::gate::Change;
use crate::server::present::Output;

/// The longest name of a model or a method that is written down.
const LONGEST_NAME: usize = 100;
/// The most ids that a line names; `id_count` says how many there are.
const MOST_IDS: usize = 200;

/// One call on its way through the log. Nothing is written where the server has none, or while
/// the call changes nothing.
pub(in crate::server) struct Audit {
    log: Option<Arc<AuditLog>>,
    tool: String,
    /// How the user is asked.
    consent: &'static str,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What both lines say: who, where, and what is changed.
    about: Option<Map<String, Value>>,
    was_sent: bool,
    is_over: bool,
    /// The model of records that the change makes.
    makes: Option<String>,
}

impl Audit {
    /// Before anything is known of the call but its tool.
    pub(in crate::server) fn new(
        log: Option<Arc<AuditLog>>,
        tool: String,
        consent: &'static str,
    ) -> Self {
        Self {
            log,
            tool,
            consent,
            started: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Takes note of the change that the call comes to.
    pub(in crate::server) async fn note(
        &self,
        session: &UserSession,
        change: &Change<'_>,
    ) -> Result<()> {
        if self.log.is_none() {
            return Ok(());
        }
        let capabilities = session.capabilities().await?;
        let mut about = who(session, Some(&capabilities));
        about.extend(describe(change));
        let mut state = self.state();
        state.about = Some(about);
        state.makes = made_by(change);
        Ok(())
    }

    /// Writes that the change is about to be sent.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it cannot be written; the change must not be sent then.
    pub(in crate::server) fn sending(&self, key: &str) -> Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let mut state = self.state();
        let about = state.about.get_or_insert_default();
        about.insert("idempotency_key".into(), json!(key));
        let line = self.line("asked", about.clone());
        log.write(&line).map_err(|error| {
            tracing::error!("the audit log cannot be written: {error}");
            Error::new(
                ErrorKind::Configuration,
                format!("the audit log cannot be written ({error}), so nothing was sent and nothing was changed"),
            )
            .with_hint("Whoever runs the server has to mend it (--audit-log): no change is made without a line.")
        })?;
        state.was_sent = true;
        Ok(())
    }

    /// Writes how the call ended.
    pub(in crate::server) fn end(
        &self,
        session: &UserSession,
        asked: &Asked<'_>,
        outcome: &Result<Output>,
    ) {
        if self.log.is_none() {
            return;
        }
        let mut state = self.state();
        if state.about.is_none() && outcome.is_ok() {
            // It only read.
            state.is_over = true;
            return;
        }
        if state.about.is_none() {
            let mut about = who(session, None);
            about.extend(asked.describe());
            state.about = Some(about);
        }
        let mut ending = match outcome {
            Ok(output) if state.was_sent => {
                let created = created(output, state.makes.as_deref());
                let mut ending = ending("ok", None);
                if let Some(created) = created {
                    ending.insert("created".into(), created);
                }
                ending
            }
            Ok(_) => ending("confirmation_required", None),
            Err(error) => failed(error, state.was_sent),
        };
        let took = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        ending.insert("duration_ms".into(), json!(took));
        self.write_end(&mut state, ending);
    }

    fn write_end(&self, state: &mut State, ending: Map<String, Value>) {
        state.is_over = true;
        let Some(log) = &self.log else { return };
        let mut about = state.about.take().unwrap_or_default();
        about.extend(ending);
        if let Err(error) = log.write(&self.line("ended", about)) {
            // What was done is done; the next change is refused.
            tracing::error!(
                "the end of {} is missing in the audit log: {error}",
                self.tool
            );
        }
    }

    fn line(&self, event: &str, about: Map<String, Value>) -> Value {
        let now = Timestamp::now();
        let now = now.round(Unit::Millisecond).unwrap_or(now);
        let mut line = Map::new();
        line.insert("time".into(), json!(now.to_string()));
        line.insert("event".into(), json!(event));
        line.insert("tool".into(), json!(self.tool));
        line.insert("consent".into(), json!(self.consent));
        line.extend(about);
        Value::Object(line)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Audit {
    /// A call that was given up while Odoo worked on it: the server ends.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.was_sent && !state.is_over {
            let mut state = std::mem::take(state);
            self.write_end(&mut state, ending("uncertain", None));
        }
    }
}

/// Whose call it is, and where it goes.
fn who(session: &UserSession, capabilities: Option<&Capabilities>) -> Map<String, Value> {
    let mut about = Map::new();
    let known = session.known.try_lock().ok();
    let known = known.as_ref().and_then(|known| known.as_ref());
    let capabilities = capabilities.or(known.map(|known| known.capabilities.as_ref()));
    let user = capabilities.map(|capabilities| &capabilities.user);
    let given = session.client().ok();
    let given = given.and_then(|client| match &client.config().credentials {
        Credentials::Password { login, .. } => Some(login.as_str()),
        Credentials::ApiKey { .. } | Credentials::Absent => None,
    });
    let login = user.map(|user| user.login.as_str()).or(given);
    about.insert("login".into(), json!(login.map(|login| clean(login, 200))));
    about.insert("uid".into(), json!(user.map(|user| user.id)));
    if let Ok(client) = session.client() {
        let config = client.config();
        let host = config.url.host_str().map(|host| match config.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        });
        let there = capabilities.and_then(|capabilities| capabilities.database.clone());
        about.insert("host".into(), json!(host));
        about.insert("database".into(), json!(config.database.clone().or(there)));
    }
    about
}

fn describe(change: &Change<'_>) -> Map<String, Value> {
    let (model, method, ids, fields) = match change {
        Change::Create { model, records } => {
            let fields = records.iter().flat_map(Map::keys).collect();
            (*model, "create", &[][..], fields)
        }
        Change::Update { model, ids, values } => (*model, "write", *ids, values.keys().collect()),
        Change::Delete { model, ids } => (*model, "unlink", *ids, BTreeSet::new()),
        Change::Execute {
            model,
            method,
            ids,
            args,
            kwargs,
        } => {
            let values = args.iter().filter_map(Value::as_object);
            let fields = values.flat_map(Map::keys).chain(kwargs.keys()).collect();
            (*model, *method, *ids, fields)
        }
    };
    about(model, method, ids, fields)
}

/// What a call asked for, as far as its arguments say: for one that does not get as far as a
/// change.
pub(in crate::server) struct Asked<'a> {
    model: &'a str,
    pub(in crate::server) method: &'a str,
    arguments: &'a Value,
}

impl<'a> Asked<'a> {
    pub(in crate::server) fn of(target: &'a Target, arguments: &'a Value) -> Self {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        let (model, does) = match target {
            Target::Typed { model, operation } => (model.as_str(), operation.as_str()),
            Target::Generic(tool) => (
                text("model").unwrap_or_default(),
                tool.name().trim_start_matches("odoo_"),
            ),
        };
        let method = match does {
            "execute" => text("method").unwrap_or_default(),
            "update" => "write",
            "delete" => "unlink",
            other => other,
        };
        Self {
            model,
            method,
            arguments,
        }
    }

    fn describe(&self) -> Map<String, Value> {
        let numbers = |name: &str| -> Vec<i64> {
            match self.arguments.get(name) {
                Some(Value::Array(items)) => items.iter().filter_map(Value::as_i64).collect(),
                Some(single) => single.as_i64().into_iter().collect(),
                None => Vec::new(),
            }
        };
        let mut ids = numbers("ids");
        ids.extend(numbers("id"));
        let values = self.arguments.get("values").and_then(Value::as_object);
        let fields = values.into_iter().flat_map(Map::keys).collect();
        about(self.model, self.method, &ids, fields)
    }
}

fn about(model: &str, method: &str, ids: &[i64], fields: BTreeSet<&String>) -> Map<String, Value> {
    let mut about = Map::new();
    about.insert("model".into(), json!(clean(model, LONGEST_NAME)));
    about.insert("method".into(), json!(clean(method, LONGEST_NAME)));
    about.insert("ids".into(), json!(&ids[..ids.len().min(MOST_IDS)]));
    if ids.len() > MOST_IDS {
        about.insert("id_count".into(), json!(ids.len()));
    }
    about.insert("fields".into(), json!(names(fields)));
    about
}

/// The names that can be names of fields. Whatever else an assistant wrote in their place may
/// be a value.
fn names(fields: BTreeSet<&String>) -> Vec<&str> {
    let is_name = |name: &&str| {
        let mut bytes = name.bytes();
        name.len() <= 63 && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let fields = fields.into_iter().map(String::as_str);
    fields.filter(is_name).collect()
}

/// The model of the records that a change makes.
fn made_by(change: &Change<'_>) -> Option<String> {
    match change {
        Change::Create { model, .. } => Some((*model).to_owned()),
        Change::Execute { model, method, .. } => match *method {
            "create" | "copy" => Some((*model).to_owned()),
            "message_post" => Some("mail.message".to_owned()),
            "activity_schedule" => Some("mail.activity".to_owned()),
            _ => None,
        },
        Change::Update { .. } | Change::Delete { .. } => None,
    }
}

/// The records that the change made, by what the tool answers.
fn created(output: &Output, model: Option<&str>) -> Option<Value> {
    let model = model?;
    let answer = &output.structured;
    let keys: &[&str] = match model {
        "mail.message" => &["message_id", "result", "id", "ids"],
        "mail.activity" => &["activity", "result", "id", "ids"],
        _ => &["result", "ids", "id"],
    };
    // A post names the record that it is about in `id`.
    let keys = if answer.get(keys[0]).is_some() {
        &keys[..1]
    } else {
        &keys[1..]
    };
    let ids = keys.iter().find_map(|key| match answer.get(*key)? {
        Value::Number(id) => Some(vec![id.as_i64()?]),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_i64).collect()),
        // Records, as the module answers them.
        Value::Object(records) => {
            let ids = records.get("ids")?.as_array()?;
            Some(ids.iter().filter_map(Value::as_i64).collect::<Vec<_>>())
        }
        _ => None,
    })?;
    Some(json!({"model": model, "ids": ids}))
}

fn ending(outcome: &str, error: Option<ErrorKind>) -> Map<String, Value> {
    let mut ending = Map::new();
    ending.insert("outcome".into(), json!(outcome));
    if let Some(kind) = error {
        ending.insert("error".into(), json!(kind.as_str()));
    }
    ending
}

fn failed(error: &Error, was_sent: bool) -> Map<String, Value> {
    let kind = error.kind();
    let outcome = match kind {
        ErrorKind::Declined => "declined",
        _ if !was_sent => "refused",
        ErrorKind::Uncertain | ErrorKind::Timeout => "uncertain",
        _ => "failed",
    };
    ending(outcome, Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_described_without_its_values() {
        let values = json!({"name": "confidential", "phone": "confidential", "My secret!": 1});
        let values = values.as_object().unwrap();
        let change = Change::Update {
            model: "res.partner",
            ids: &[7],
            values,
        };
        let about = Value::Object(describe(&change));
        let expected = json!({
            "model": "res.partner", "method": "write", "ids": [7], "fields": ["name", "phone"],
        });
        assert_eq!(about, expected);
        let args = [Value::Object(values.clone())];
        let change = Change::Execute {
            model: "res.partner",
            method: "write",
            ids: &[7],
            args: &args,
            kwargs: &Map::new(),
        };
        assert_eq!(Value::Object(describe(&change)), expected);
    }

    #[test]
    fn many_ids_are_counted() {
        let ids: Vec<i64> = (0..300).collect();
        let change = Change::Delete {
            model: "x",
            ids: &ids,
        };
        let about = describe(&change);
        assert_eq!(about["ids"].as_array().unwrap().len(), MOST_IDS);
        assert_eq!(about["id_count"], 300);
    }

    #[test]
    fn what_became_of_a_change_is_told_apart() {
        let outcome =
            |kind, was_sent| failed(&Error::new(kind, "confidential"), was_sent)["outcome"].clone();
        assert_eq!(outcome(ErrorKind::Declined, false), "declined");
        assert_eq!(outcome(ErrorKind::AccessDenied, false), "refused");
        assert_eq!(outcome(ErrorKind::AccessDenied, true), "failed");
        assert_eq!(outcome(ErrorKind::Timeout, true), "uncertain");
        assert_eq!(outcome(ErrorKind::Timeout, false), "refused");
    }

    #[test]
    fn the_records_that_were_made_are_named() {
        let created = |structured: Value, model| {
            let text = String::new();
            created(&Output { structured, text }, Some(model))
        };
        let of = |model: &str, ids: &[i64]| Some(json!({"model": model, "ids": ids}));
        assert_eq!(created(json!({"id": 5}), "x"), of("x", &[5]));
        assert_eq!(created(json!({"ids": [5, 6]}), "x"), of("x", &[5, 6]));
        let copied = json!({"ids": [1], "result": [9]});
        assert_eq!(created(copied, "x"), of("x", &[9]));
        let records = json!({"ids": [1], "result": {"model": "x", "ids": [9]}});
        assert_eq!(created(records, "x"), of("x", &[9]));
        let post = json!({"id": 1, "message_id": 8});
        assert_eq!(created(post, "mail.message"), of("mail.message", &[8]));
        // Only files were attached.
        let files = json!({"id": 1, "message_id": null});
        assert_eq!(created(files, "mail.message"), None);
    }
}
