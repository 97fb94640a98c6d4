//! `odoo_activity`: what is to be done about a record.

use serde_json::{Map, Value, json};

use super::{ACTIVITY, fields_of};
use crate::client::{Context, MethodCall};
use crate::error::{Error, Result};
use crate::schema::text::quoted;
use crate::schema::validate::{Problems, Purpose, prepare_values, value_paths};
use crate::server::args::Arguments;
use crate::server::checks::{Asked, with_resolved};
use crate::server::consent::{About, Consent, Consented, Form, Shown};
use crate::server::gate::Change;
use crate::server::operations::{missing_record, model_of};
use crate::server::present::{self, Output, suffix};
use crate::server::{UserSession, html};

const FIELDS: [&str; 5] = [
    "activity_type_id",
    "summary",
    "note",
    "date_deadline",
    "user_id",
];

/// What is done with an activity that exists.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Complete,
    Cancel,
}

impl UserSession {
    pub(in crate::server) async fn activity(
        &self,
        args: &Arguments,
        consent: &Consent,
    ) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let operation = mistakes.take(args.required_text("operation", "\"schedule\""));
        match operation.as_deref() {
            None | Some("schedule") => self.schedule(args, mistakes, consent).await,
            Some("complete") => {
                let end = (End::Complete, consent);
                self.end_activity(args, mistakes, end).await
            }
            Some("cancel") => {
                let end = (End::Cancel, consent);
                self.end_activity(args, mistakes, end).await
            }
            Some(other) => {
                mistakes.take::<()>(Err(Error::invalid_call(format!(
                    "\"operation\" is schedule, complete or cancel, not \"{other}\""
                ))));
                // With this mistake it is refused, after all others were found.
                self.schedule(args, mistakes, consent).await
            }
        }
    }

    async fn schedule(
        &self,
        args: &Arguments,
        mut mistakes: Problems,
        consent: &Consent,
    ) -> Result<Output> {
        let id = mistakes.take(args.required_id("id")).unwrap_or_default();
        for other in ["activity", "feedback"] {
            mistakes.take(args.absent(other, "which goes with complete and cancel"));
        }
        let model = model_of(args, &mut mistakes)?;
        let given = fields_of(args, &FIELDS);
        let call = Asked {
            model: ACTIVITY,
            paths: value_paths(&given),
            mistakes,
            args: None,
        };
        let checked = self
            .checked(call, |schema, known, problems| {
                let purpose = Purpose::Update;
                prepare_values(schema, &given, purpose, "arguments", known, problems)
            })
            .await?;
        let mut values = checked.prepared.unwrap_or(given);
        self.require_field(&model, "activity_ids", "activities")
            .await?;
        let mut named = self.named_unless_asked(consent, &model, &[id]).await?;
        let written = values.clone();
        if let Some(Value::String(note)) = values.get("note") {
            let note = html::from_text(note);
            values.insert("note".to_owned(), json!(note));
        }
        let change = Change::Execute {
            model: &model,
            method: "activity_schedule",
            ids: &[id],
            args: &[],
            kwargs: &values,
        };
        let described = self.schema_of(&model).await?;
        let shown = Shown {
            schema: described.as_deref(),
            form: Some(Form {
                schema: checked.schema.as_deref(),
                values: &written,
                about: None,
            }),
        };
        let key = match self.consent(consent, &change, shown).await? {
            Consented::Yes(agreed) => {
                named.extend(agreed.named);
                agreed.key
            }
            Consented::NotYet(shown) => return Ok(with_resolved(*shown, &checked.resolved)),
        };
        let name = named.pop().and_then(|record| record.name);
        let activity = self.schedule_in_odoo(&model, id, values, &key).await?;
        let made = self.read_activity(activity).await?;
        let shown = suffix(name.as_deref());
        let text = format!(
            "scheduled activity {activity} on {model} {id}{shown}: {}, due {}, {}",
            made.what(),
            made.text("date_deadline"),
            quoted(&made.name("user_id"), 80),
        );
        let structured = json!({
            "success": true, "activity": activity, "model": model, "id": id, "name": name,
            "type": made.name("activity_type_id"), "summary": made.text("summary"),
            "deadline": made.text("date_deadline"), "user": made.name("user_id"),
        });
        Ok(with_resolved(
            Output { structured, text },
            &checked.resolved,
        ))
    }

    async fn schedule_in_odoo(
        &self,
        model: &str,
        id: i64,
        values: Map<String, Value>,
        key: &str,
    ) -> Result<i64> {
        let mut call = MethodCall::new(model, "activity_schedule").ids([id]);
        // A person schedules it, not a rule of Odoo, which could take it back.
        call = call.kwarg("automated", false);
        for (key, value) in values {
            if !value.is_null() {
                call = call.kwarg(key, value);
            }
        }
        let client = self.writing_as(key).await?;
        let made = client.call(&call, &Context::new()).await?;
        made["ids"][0].as_i64().ok_or_else(|| {
            Error::new(
                crate::error::ErrorKind::Protocol,
                "activity_schedule answered no activity",
            )
        })
    }

    async fn end_activity(
        &self,
        args: &Arguments,
        mut mistakes: Problems,
        (end, consent): (End, &Consent),
    ) -> Result<Output> {
        let activity = mistakes
            .take(args.required_id("activity"))
            .unwrap_or_default();
        let feedback = mistakes.take(args.text("feedback")).flatten();
        for other in FIELDS {
            mistakes.take(args.absent(other, "which goes with schedule"));
        }
        if end == End::Cancel {
            mistakes.take(args.absent("feedback", "which goes with complete"));
        }
        mistakes.into_result(ACTIVITY)?;
        let known = self.read_activity(activity).await?;
        let (model, id) = (known.text("res_model"), known.number("res_id"));
        self.shared.catalogue.policy().admit_change(&model)?;
        let other_record = (args.is_given("id") && args.required_id("id").ok() != id)
            || (args.is_given("model") && args.text("model")?.as_deref() != Some(model.as_str()));
        if other_record {
            return Err(Error::invalid_call(format!(
                "activity {activity} belongs to {model} {}, not to the record of this call",
                id.unwrap_or_default()
            )));
        }
        let said: Map<String, Value> = feedback
            .iter()
            .map(|feedback| ("feedback".to_owned(), json!(feedback)))
            .collect();
        let ids = [activity];
        let change = match end {
            End::Complete => Change::Execute {
                model: ACTIVITY,
                method: "action_feedback",
                ids: &ids,
                args: &[],
                kwargs: &said,
            },
            End::Cancel => Change::Delete {
                model: ACTIVITY,
                ids: &ids,
            },
        };
        let described = self.schema_of(ACTIVITY).await?;
        let record = [id.unwrap_or_default()];
        let shown = Shown {
            schema: described.as_deref(),
            form: Some(Form {
                schema: None,
                values: &said,
                about: id.map(|_| About {
                    model: &model,
                    ids: &record,
                }),
            }),
        };
        let key = match self.consent(consent, &change, shown).await? {
            Consented::Yes(agreed) => agreed.key,
            Consented::NotYet(shown) => return Ok(*shown),
        };
        let client = self.writing_as(&key).await?;
        let done = match end {
            End::Complete => {
                let mut call = MethodCall::new(ACTIVITY, "action_feedback").ids([activity]);
                if let Some(feedback) = feedback.filter(|text| !text.is_empty()) {
                    call = call.kwarg("feedback", feedback);
                }
                client.call(&call, &Context::new()).await?;
                "completed"
            }
            End::Cancel => {
                client
                    .unlink(ACTIVITY, &[activity], &Context::new())
                    .await?;
                "cancelled"
            }
        };
        Ok(Output {
            text: format!(
                "{done} activity {activity} on {model} {}: {}",
                id.unwrap_or_default(),
                known.what()
            ),
            structured: json!({
                "success": true, "activity": activity, "model": model, "id": id, "done": done,
            }),
        })
    }

    async fn read_activity(&self, id: i64) -> Result<Row> {
        let mut fields: Vec<String> = FIELDS.map(str::to_owned).to_vec();
        fields.extend(["res_model", "res_id"].map(str::to_owned));
        let client = self.client()?;
        let mut rows = client
            .read(ACTIVITY, &[id], &fields, &Context::new())
            .await?;
        rows.pop().map(Row).ok_or_else(|| {
            missing_record(ACTIVITY, id)
                .with_hint("odoo_chatter lists the open activities of a record.")
        })
    }
}

/// An activity as Odoo reads it.
struct Row(Map<String, Value>);

impl Row {
    fn text(&self, field: &str) -> String {
        let text = self.0.get(field).and_then(Value::as_str);
        present::visible(text.unwrap_or_default())
    }

    fn number(&self, field: &str) -> Option<i64> {
        self.0.get(field).and_then(Value::as_i64)
    }

    fn name(&self, field: &str) -> String {
        let name = self.0.get(field).and_then(|pair| pair.get(1)?.as_str());
        present::visible(name.unwrap_or_default())
    }

    /// `“Call” “Ask about the offer”`.
    fn what(&self) -> String {
        let kind = quoted(&self.name("activity_type_id"), 80);
        match self.text("summary").as_str() {
            "" => kind,
            summary => format!("{kind} {}", quoted(summary, 200)),
        }
    }
}
