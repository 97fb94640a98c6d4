//! Dialogues: what a person fills in before Odoo goes on with what a button began.
//!
//! A dialogue lives from the context that Odoo opened it with: the records it is about, and
//! switches of all kinds. An assistant must not make such keys up, and needs not know them:
//! it gets them sealed, as a handle that opens only for this user and for a while, and gives
//! it back with the values and the button. Nothing is kept in between.
//!
//! `odoo_execute(model=…, method=<button>, wizard=<handle>, values={…})` saves the dialogue's
//! record with these values and presses the button, as the web client does in two requests.

mod form;
mod lines;
mod outcome;
mod values;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use form::{Opening, find_button};
use lines::prepare_form;

use super::UserSession;
use super::args::Arguments;
use super::checks::{Asked, with_resolved};
use super::consent::{About, Consent, Consented, Form, Shown};
use super::gate::Change;
use super::html;
use super::opened::{Described, Origin};
use super::operations::model_of;
use super::present::{Output, suffix};
use super::state_key::StateRefusal;
use crate::client::{Context, MethodCall};
use crate::error::{Error, Result};
use crate::schema::validate::{Problems, value_paths};
use crate::schema::{FieldType, ModelSchema};

/// How long a handle opens: about as long as Odoo keeps the records of dialogues.
const LIFETIME: Duration = Duration::from_secs(3600);
/// The button of every dialogue that only saves its record.
const SAVE: &str = "create";

/// A dialogue as its handle carries it. Short names: an assistant writes the handle out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Dialogue {
    #[serde(rename = "m")]
    pub(super) model: String,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub(super) view: Option<i64>,
    /// The record, where Odoo has made it already.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(super) record: Option<i64>,
    /// Whether it is the form of a new record and no dialogue: such a record is made first, and
    /// its buttons are pressed on it then.
    #[serde(rename = "n", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_new_record: bool,
    #[serde(rename = "c", default)]
    pub(super) context: Map<String, Value>,
}

impl Dialogue {
    /// The records that it is about, which stand in its context.
    fn about(&self) -> (Option<&str>, Vec<i64>) {
        let model = self.context.get("active_model").and_then(Value::as_str);
        let ids = self.context.get("active_ids").and_then(Value::as_array);
        let ids = ids.into_iter().flatten().filter_map(Value::as_i64);
        (model, ids.collect())
    }
}

/// Texts for HTML fields: what is no HTML becomes paragraphs, and HTML that would do more than
/// show something is refused.
fn written_html(
    schema: &ModelSchema,
    mut values: Map<String, Value>,
    problems: &mut Problems,
) -> Map<String, Value> {
    for (name, value) in &mut values {
        let is_html = schema
            .field(name)
            .is_some_and(|field| field.field_type == FieldType::Html);
        if let (true, Some(text)) = (is_html, value.as_str()) {
            match html::from_caller(text) {
                Ok(html) => *value = json!(html),
                Err(wrong) => problems.add(&format!("values.{name}"), wrong),
            }
        }
    }
    values
}

impl UserSession {
    async fn seal_dialogue(&self, dialogue: &Dialogue) -> Result<String> {
        let purpose = self.seal_purpose("wizard").await?;
        let purpose: Vec<&[u8]> = purpose.iter().map(Vec::as_slice).collect();
        self.shared.state_key.seal(dialogue, &purpose, LIFETIME)
    }

    async fn open_dialogue(&self, handle: &str) -> Result<Dialogue> {
        let purpose = self.seal_purpose("wizard").await?;
        let purpose: Vec<&[u8]> = purpose.iter().map(Vec::as_slice).collect();
        let opened = self.shared.state_key.open(handle.trim(), &purpose);
        opened.map_err(refuse_handle)
    }

    /// Says what a dialogue asks for, and how to go on.
    pub(super) async fn describe_dialogue(
        &self,
        dialogue: Dialogue,
        title: &str,
    ) -> Result<Described> {
        self.shared
            .catalogue
            .policy()
            .admit_change(&dialogue.model)?;
        let context = Context::from_map(dialogue.context.clone());
        let form = self
            .client()?
            .form(&dialogue.model, dialogue.view, dialogue.record, &context)
            .await?;
        let handle = self.seal_dialogue(&dialogue).await?;
        let zone = self.time_zone().await?;
        let opening = Opening {
            form: &form,
            title,
            handle: &handle,
            is_saved: dialogue.record.is_some(),
            is_new_record: dialogue.is_new_record,
            zone: &zone,
        };
        Ok(opening.describe())
    }

    /// Goes on with a dialogue: `odoo_execute` with `wizard`.
    pub(super) async fn go_on(&self, args: &Arguments, consent: &Consent) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let method = mistakes.take(args.required_text("method", "\"process\""));
        let handle = mistakes.take(args.required_text("wizard", "the handle of the answer"));
        let given = mistakes.take(args.object("values")).unwrap_or_default();
        for other in ["id", "ids", "args", "kwargs"] {
            mistakes.take(args.absent(other, "which a wizard does not take: give \"values\""));
        }
        let model = model_of(args, &mut mistakes)?;
        let dialogue = match handle {
            Some(handle) => mistakes.take(self.open_dialogue(&handle).await),
            None => None,
        };
        if let Some(dialogue) = &dialogue
            && dialogue.model != model
        {
            mistakes.take::<()>(Err(Error::invalid_call(format!(
                "the handle is one of {}, not of {model}",
                dialogue.model
            ))));
        }
        let call = Asked {
            model: &model,
            paths: value_paths(&given),
            mistakes,
            args: Some(args),
        };
        let checked = self
            .checked(call, |schema, known, problems| {
                let prepared = prepare_form(schema, &given, known, problems);
                written_html(schema, prepared, problems)
            })
            .await?;
        let mut values = checked.prepared.unwrap_or(given);
        let (Some(dialogue), Some(method)) = (dialogue, method) else {
            return Err(Error::invalid_call("the call is wrong"));
        };
        if dialogue.is_new_record && method != SAVE {
            return Err(Error::invalid_call(format!(
                "the record of {model} is not made yet: only {SAVE} can be pressed, not {method}"
            ))
            .with_hint("Make it first; then press the button on its id."));
        }
        let schema = checked.schema.as_deref();
        if schema.is_some_and(|schema| !schema.transient) {
            let ids: Vec<i64> = dialogue.record.into_iter().collect();
            let placed = vec![("values".to_owned(), &mut values)];
            self.settle_lines(schema, &ids, &placed).await?;
        }
        let output = self
            .press_in(dialogue, &method, values, (consent, schema))
            .await?;
        Ok(with_resolved(output, &checked.resolved))
    }

    async fn press_in(
        &self,
        dialogue: Dialogue,
        method: &str,
        values: Map<String, Value>,
        (consent, schema): (&Consent, Option<&ModelSchema>),
    ) -> Result<Output> {
        let model = dialogue.model.as_str();
        let key = match self
            .consent_to(&dialogue, method, &values, (consent, schema))
            .await?
        {
            Consented::Yes(agreed) => agreed.key,
            Consented::NotYet(shown) => return Ok(*shown),
        };
        let context = Context::from_map(dialogue.context.clone());
        let id = self.save(&dialogue, values, &context).await?;
        if method == SAVE {
            return self.saved(model, id).await;
        }
        let form = self
            .client()?
            .form(model, dialogue.view, Some(id), &context)
            .await?;
        let button = find_button(&form, method).map_err(|error| {
            let is_made = dialogue.record.is_none() && !form.transient;
            if is_made {
                error.with_hint(format!("The record was saved: {model} {id}."))
            } else {
                error
            }
        })?;
        let mut keys = dialogue.context.clone();
        keys.extend(button.context.clone());
        let call = MethodCall::new(model, method).ids([id]);
        let pressed = self.press(&call, keys.clone(), &key).await?;
        let origin = Origin {
            model,
            ids: &[id],
            context: super::opened::carried_on(&dialogue.context, &button.context),
        };
        let mut output = self.answer_of(&call, pressed, origin).await;
        self.add_outcome(&mut output, &dialogue).await;
        Ok(output)
    }

    /// Asks the user about a button of a dialogue, before even its record is saved.
    async fn consent_to(
        &self,
        dialogue: &Dialogue,
        method: &str,
        values: &Map<String, Value>,
        (consent, schema): (&Consent, Option<&ModelSchema>),
    ) -> Result<Consented> {
        let model = dialogue.model.as_str();
        let records = [values.clone()];
        if method == SAVE && dialogue.record.is_none() {
            let change = Change::Create {
                model,
                records: &records,
            };
            return self.consent(consent, &change, schema).await;
        }
        let (about_model, about_ids) = dialogue.about();
        let form = Form {
            schema,
            values,
            about: about_model.map(|model| About {
                model,
                ids: &about_ids,
            }),
        };
        let filled_in = records.map(Value::Object);
        let ids: Vec<i64> = dialogue.record.into_iter().collect();
        let change = Change::Execute {
            model,
            method,
            ids: &ids,
            args: if values.is_empty() { &[] } else { &filled_in },
            kwargs: &dialogue.context,
        };
        let form = Some(form);
        self.consent(consent, &change, Shown { schema, form }).await
    }

    /// Saves the record of a dialogue, which is short-lived: this changes nothing yet.
    async fn save(
        &self,
        dialogue: &Dialogue,
        values: Map<String, Value>,
        context: &Context,
    ) -> Result<i64> {
        let model = dialogue.model.as_str();
        let client = self.client()?;
        let Some(id) = dialogue.record else {
            let records = [values];
            self.shared.gate.admit(&Change::Create {
                model,
                records: &records,
            })?;
            let [values] = records;
            return client
                .save_form(model, dialogue.view, values, context)
                .await;
        };
        if !values.is_empty() {
            self.shared.gate.admit(&Change::Update {
                model,
                ids: &[id],
                values: &values,
            })?;
            client.write(model, &[id], values, context).await?;
        }
        Ok(id)
    }

    async fn saved(&self, model: &str, id: i64) -> Result<Output> {
        let name = self.require_record(model, id).await.ok().flatten();
        let shown = suffix(name.as_deref());
        let url = self.viewer().await?.record_url(model, id);
        Ok(Output {
            text: format!("created {model} {id}{shown}\nopen: {url}"),
            structured: json!({
                "success": true, "model": model, "id": id, "name": name, "url": url,
            }),
        })
    }
}

fn refuse_handle(refusal: StateRefusal) -> Error {
    let what = match refusal {
        StateRefusal::Expired => "the wizard's handle has expired",
        StateRefusal::NotOurs => {
            "\"wizard\" is not a handle that this server gave this user, or was not copied exactly"
        }
    };
    Error::invalid_call(what).with_hint(
        "Press the button that opened the wizard once more: the answer has a new handle.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::server::StateKey;

    fn dialogue() -> Dialogue {
        let context = json!({"active_ids": [7], "default_lead_ids": [7]});
        Dialogue {
            model: "crm.lead.lost".to_owned(),
            view: Some(922),
            record: None,
            is_new_record: false,
            context: context.as_object().cloned().unwrap_or_default(),
        }
    }

    #[test]
    fn a_handle_brings_the_dialogue_back() {
        let key = StateKey::random().unwrap();
        let purpose: &[&[u8]] = &[b"wizard", b"2"];
        let handle = key.seal(&dialogue(), purpose, LIFETIME).unwrap();
        assert_eq!(key.open(&handle, purpose), Ok(dialogue()));
        // A number whose last digit the plain reader of serde_json gets wrong.
        let mut exact = dialogue();
        exact
            .context
            .insert("rate".to_owned(), json!(9.999_999_999_999_999e-31));
        let sealed = key.seal(&exact, purpose, LIFETIME).unwrap();
        assert_eq!(key.open(&sealed, purpose), Ok(exact));
        let other = key.open::<Dialogue>(&handle, &[b"wizard", b"3"]);
        assert_eq!(other, Err(StateRefusal::NotOurs));
    }

    #[test]
    fn a_handle_that_comes_late_is_told_so_and_how_to_get_another() {
        let key = StateKey::random().unwrap();
        let handle = key.seal(&dialogue(), &[], Duration::ZERO).unwrap();
        std::thread::sleep(Duration::from_millis(5));
        let error = refuse_handle(key.open::<Dialogue>(&handle, &[]).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::InvalidCall);
        assert!(error.message().contains("has expired"), "{error}");
        assert!(error.hints()[0].contains("Press the button"), "{error}");
        let foreign = refuse_handle(StateRefusal::NotOurs);
        assert!(foreign.message().contains("is not a handle"), "{foreign}");
    }
}
