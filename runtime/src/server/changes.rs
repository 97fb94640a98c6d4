//! What the tools that change something do: each operation once, for the generic tool and for
//! every typed tool, for one record or for several at once.
//!
//! Several records are changed in one request, which is one transaction in Odoo: all of them
//! are changed or none.

use serde_json::{Value, json};

use super::UserSession;
use super::args::{Arguments, NewRecords};
use super::button_records::check_has_records;
use super::checks::{Asked, Checked, or_given, with_resolved};
use super::consent::{Consent, Consented, is_reading};
use super::gate::Change;
use super::named_records::NamedRecord;
use super::opened::Origin;
use super::operations::model_of;
use super::present::{self, Output, fenced, suffix};
use super::settle::{Settled, place};
use super::signatures::signature_mistake;
use crate::client::{Context, MethodCall};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::ModelSchema;
use crate::schema::text::{clean, join_bounded, nearest, quoted};
use crate::schema::validate::{
    METHODS, Purpose, Resolved, method_paths, method_records, prepare_method, prepare_values,
    value_paths,
};

/// The most names that a line of text lists.
const LISTED: usize = 20;

impl UserSession {
    pub(super) async fn create(&self, args: &Arguments, consent: &Consent) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let given = mistakes.take(args.new_records());
        let model = model_of(args, &mut mistakes)?;
        let (given, is_batch) = match given {
            Some(NewRecords::One(values)) => (vec![values], false),
            Some(NewRecords::Several(records)) => (records, true),
            None => (Vec::new(), false),
        };
        let call = Asked {
            model: &model,
            paths: given.iter().flat_map(value_paths).collect(),
            mistakes,
            args: Some(args),
        };
        let Checked {
            prepared,
            resolved,
            schema,
        } = self
            .checked(call, |schema, known, problems| {
                let mut records = Vec::with_capacity(given.len());
                for (index, values) in given.iter().enumerate() {
                    let path = place(index, is_batch);
                    let purpose = Purpose::Create;
                    records.push(prepare_values(
                        schema, values, purpose, &path, known, problems,
                    ));
                }
                records
            })
            .await?;
        let mut records = or_given(prepared, &given);
        let placed = records.iter_mut().enumerate();
        let placed = placed.map(|(index, values)| (place(index, is_batch), values));
        let Settled { schema, resolved } =
            self.settle(schema, resolved, &[], placed.collect()).await?;
        let change = Change::Create {
            model: &model,
            records: &records,
        };
        let key = match self.consent(consent, &change, schema.as_deref()).await? {
            Consented::Yes(agreed) => agreed.key,
            Consented::NotYet(shown) => return Ok(with_resolved(*shown, &resolved)),
        };
        let mut values: Vec<Value> = records.into_iter().map(Value::Object).collect();
        let sent = match values.pop() {
            Some(only) if !is_batch => only,
            last => Value::Array(values.into_iter().chain(last).collect()),
        };
        let ids = self
            .writing_as(&key)
            .await?
            .create(&model, sent, &Context::new())
            .await
            .map_err(|error| {
                blame(error, given.len(), &model, "created", |index, _| {
                    format!("records[{index}]")
                })
            })?;
        if ids.len() != given.len() {
            return Err(Error::new(ErrorKind::Protocol, "create answered no id"));
        }
        let names = self.named_records(&model, &ids).await;
        let output = done("created", &model, names, is_batch);
        let schema = schema.as_deref();
        let output = self.with_links(output, &model, schema, &ids).await;
        Ok(with_resolved(output, &resolved))
    }

    pub(super) async fn update(&self, args: &Arguments, consent: &Consent) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let ids = mistakes.take(args.record_ids()).unwrap_or_default();
        let given = mistakes
            .take(args.required_object("values"))
            .unwrap_or_default();
        let model = model_of(args, &mut mistakes)?;
        let call = Asked {
            model: &model,
            paths: value_paths(&given),
            mistakes,
            args: Some(args),
        };
        let Checked {
            prepared,
            resolved,
            schema,
        } = self
            .checked(call, |schema, known, problems| {
                prepare_values(schema, &given, Purpose::Update, "values", known, problems)
            })
            .await?;
        let mut values = prepared.unwrap_or(given);
        let placed = vec![("values".to_owned(), &mut values)];
        let Settled { schema, resolved } = self.settle(schema, resolved, &ids, placed).await?;
        self.named_unless_asked(consent, &model, &ids).await?;
        let change = Change::Update {
            model: &model,
            ids: &ids,
            values: &values,
        };
        let key = match self.consent(consent, &change, schema.as_deref()).await? {
            Consented::Yes(agreed) => agreed.key,
            Consented::NotYet(shown) => return Ok(with_resolved(*shown, &resolved)),
        };
        let changed: Vec<String> = values.keys().cloned().collect();
        self.writing_as(&key)
            .await?
            .write(&model, &ids, values, &Context::new())
            .await
            .map_err(|error| blame(error, ids.len(), &model, "changed", blamed_id(&model, &ids)))?;
        let names = self.named_records(&model, &ids).await;
        let mut output = done("updated", &model, names, ids.len() > 1);
        output.text.push_str(&format!(": {}", changed.join(", ")));
        output.structured["changed"] = json!(changed);
        let schema = schema.as_deref();
        let output = self.with_links(output, &model, schema, &ids).await;
        Ok(with_resolved(output, &resolved))
    }

    pub(super) async fn delete(&self, args: &Arguments, consent: &Consent) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let ids = mistakes.take(args.record_ids()).unwrap_or_default();
        let model = model_of(args, &mut mistakes)?;
        let call = Asked {
            model: &model,
            paths: Vec::new(),
            mistakes,
            args: Some(args),
        };
        let checked = self.checked(call, |_, _, _| ()).await?;
        let mut names = self.named_unless_asked(consent, &model, &ids).await?;
        let change = Change::Delete {
            model: &model,
            ids: &ids,
        };
        let schema = checked.schema.as_deref();
        let key = match self.consent(consent, &change, schema).await? {
            Consented::Yes(agreed) => {
                names.extend(agreed.named);
                agreed.key
            }
            Consented::NotYet(shown) => return Ok(*shown),
        };
        self.writing_as(&key)
            .await?
            .unlink(&model, &ids, &Context::new())
            .await
            .map_err(|error| blame(error, ids.len(), &model, "deleted", blamed_id(&model, &ids)))?;
        Ok(done("deleted", &model, names, ids.len() > 1))
    }

    pub(super) async fn execute(&self, args: &Arguments, consent: &Consent) -> Result<Output> {
        if args.is_given("wizard") {
            return self.go_on(args, consent).await;
        }
        let mut mistakes = args.mistakes();
        mistakes.take(args.absent(
            "values",
            "which goes with \"wizard\", the handle of a dialogue",
        ));
        let method = mistakes.take(args.required_text("method", "\"action_confirm\""));
        let ids = mistakes.take(args.method_ids());
        let knows_records = ids.is_some();
        let ids = ids.unwrap_or_default();
        let positional = mistakes.take(args.list("args")).unwrap_or_default();
        let named = mistakes.take(args.object("kwargs")).unwrap_or_default();
        let model = model_of(args, &mut mistakes)?;
        let method = method.unwrap_or_default();
        if mistakes.is_empty() {
            refuse_private(&model, &method)?;
        }
        let call = Asked {
            model: &model,
            paths: method_paths(&method, &positional, &named),
            mistakes,
            args: Some(args),
        };
        let checked = self
            .checked(call, |schema, known, problems| {
                let (mut positional, mut named) = (positional.clone(), named.clone());
                let arguments = (positional.as_mut_slice(), &mut named);
                if knows_records && ids.is_empty() {
                    check_has_records(schema, &method, problems);
                }
                prepare_method(schema, &method, !ids.is_empty(), arguments, known, problems);
                (positional, named)
            })
            .await?;
        let (mut positional, mut named) = checked.prepared.unwrap_or((positional, named));
        let said = positional.iter().chain(named.values());
        self.admit_prepared(checked.schema.as_ref(), said).await?;
        let placed = method_records(&method, &mut positional, &mut named);
        let changed = if changes_its_records(&method) {
            ids.as_slice()
        } else {
            &[]
        };
        let Settled { schema, resolved } = self
            .settle(checked.schema, checked.resolved, changed, placed)
            .await?;
        let schema = schema.as_deref();
        refuse_web_save(&method, schema)?;
        if is_reading(&method) && ids.is_empty() {
            self.admit_owners_at_large(&model, schema).await?;
        }
        let call = MethodCall {
            ids,
            args: positional,
            kwargs: named,
            ..MethodCall::new(&model, &method)
        };
        self.run_method(call, schema, &resolved, consent).await
    }

    /// Presses a button of the form on records.
    pub(super) async fn action(
        &self,
        method: &str,
        args: &Arguments,
        consent: &Consent,
    ) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let ids = mistakes.take(args.record_ids()).unwrap_or_default();
        let model = model_of(args, &mut mistakes)?;
        let call = Asked {
            model: &model,
            paths: Vec::new(),
            mistakes,
            args: Some(args),
        };
        let checked = self.checked(call, |_, _, _| ()).await?;
        self.named_unless_asked(consent, &model, &ids).await?;
        self.run_method(
            MethodCall::new(&model, method).ids(ids),
            checked.schema.as_deref(),
            &[],
            consent,
        )
        .await
    }

    async fn run_method(
        &self,
        call: MethodCall,
        schema: Option<&ModelSchema>,
        resolved: &[Resolved],
        consent: &Consent,
    ) -> Result<Output> {
        let (model, method) = (&call.model, &call.method);
        refuse_private(model, method)?;
        let admitted = self.admit_button(model, method, &call.ids, schema).await?;
        let keys = admitted.context;
        let change = Change::Execute {
            model,
            method,
            ids: &call.ids,
            args: &call.args,
            kwargs: &call.kwargs,
        };
        let consented = if admitted.only_opens {
            self.not_asked(&change, schema)?
        } else {
            self.consent(consent, &change, schema).await?
        };
        let key = match consented {
            Consented::Yes(agreed) => agreed.key,
            Consented::NotYet(shown) => return Ok(with_resolved(*shown, resolved)),
        };
        let pressed = self
            .press(&call, keys.clone(), &key)
            .await
            .map_err(|error| explain_method(error, &call, schema))
            .map_err(|error| {
                blame(
                    error,
                    call.ids.len(),
                    model,
                    "changed",
                    blamed_id(model, &call.ids),
                )
            })?;
        let origin = Origin {
            model,
            ids: &call.ids,
            context: keys,
        };
        let output = self.answer_of(&call, pressed, origin).await;
        let output = self.linked(output, &call, schema).await;
        Ok(with_resolved(output, resolved))
    }
}

/// The report of a change.
fn done(what: &str, model: &str, records: Vec<NamedRecord>, is_batch: bool) -> Output {
    if !is_batch && let Some(NamedRecord { id, name }) = records.first() {
        return Output {
            text: format!("{what} {model} {id}{}", suffix(name.as_deref())),
            structured: json!({"success": true, "model": model, "id": id, "name": name}),
        };
    }
    let listed: Vec<String> = records
        .iter()
        .map(|record| format!("{}{}", record.id, suffix(record.name.as_deref())))
        .collect();
    let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
    let names: Vec<Option<String>> = records.into_iter().map(|record| record.name).collect();
    Output {
        text: format!(
            "{what} {} {model}: {}",
            ids.len(),
            join_bounded(listed.iter().map(String::as_str), LISTED)
        ),
        structured: json!({"success": true, "model": model, "ids": ids, "names": names}),
    }
}

fn blamed_id<'a>(model: &'a str, ids: &'a [i64]) -> impl Fn(usize, Option<i64>) -> String + 'a {
    move |index, id| {
        let id = id.or_else(|| ids.get(index).copied()).unwrap_or_default();
        format!("{model} {id}")
    }
}

/// A change of several records that Odoo refused: says of which one, where the module found
/// out, and that nothing happened to the others either.
fn blame(
    error: Error,
    count: usize,
    model: &str,
    what: &str,
    which: impl Fn(usize, Option<i64>) -> String,
) -> Error {
    let is_known_to_have_failed = !matches!(
        error.kind(),
        ErrorKind::Uncertain | ErrorKind::Timeout | ErrorKind::Unreachable
    );
    if count < 2 || !is_known_to_have_failed {
        return error;
    }
    match error.failed_record() {
        Some((index, id)) => {
            let which = which(index, id);
            error.with_hint(format!(
                "It is {which} that Odoo refuses. None of the {count} records of {model} was {what}."
            ))
        }
        None => error.with_hint(format!(
            "None of the {count} records of {model} was {what}. Odoo did not say which one it refuses: call it for fewer."
        )),
    }
}

/// Whether the values of a method are for the records that it is called on.
fn changes_its_records(method: &str) -> bool {
    matches!(method, "write" | "web_save")
}

/// The web client's own method writes all properties: the module merges those of `write` alone.
fn refuse_web_save(method: &str, schema: Option<&ModelSchema>) -> Result<()> {
    let has_properties = |schema: &ModelSchema| {
        let mut fields = schema.fields.values();
        fields.any(|field| !field.properties.is_empty())
    };
    if method != "web_save" || !schema.is_some_and(has_properties) {
        return Ok(());
    }
    Err(Error::invalid_call(
        "web_save would erase the properties that it is not given; use odoo_update",
    )
    .with_hint("Nothing was sent to Odoo."))
}

fn refuse_private(model: &str, method: &str) -> Result<()> {
    if !method.starts_with('_') {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::UnknownMethod,
        format!("{method} is private: methods that start with _ cannot be called"),
    )
    .with_hint(format!(
        "odoo_schema(model=\"{model}\") lists the actions of this model."
    )))
}

/// A method that exists, and itself asked something for what it does not have: mostly an argument
/// that should be a record.
fn failed_inside(error: &Error, call: &MethodCall) -> Error {
    let MethodCall { model, method, .. } = call;
    let message = error.message();
    Error::new(
        ErrorKind::Server,
        format!(
            "Odoo failed inside {method} of {model}: {}",
            quoted(message, 500)
        ),
    )
    .with_hint("An argument may be of the wrong type; a method that wants a record there cannot be called from outside, so look for a wizard or a button that does the same.")
}

/// A method that does not exist is met with the actions that do.
fn explain_method(error: Error, call: &MethodCall, schema: Option<&ModelSchema>) -> Error {
    if let Some(mistake) = signature_mistake(&error, call) {
        return mistake;
    }
    if error.kind() != ErrorKind::UnknownMethod {
        return error;
    }
    if !error.message().contains(&call.method) {
        return failed_inside(&error, call);
    }
    let methods: Vec<&str> = schema
        .map(|schema| schema.actions.iter().map(|action| action.method.as_str()))
        .into_iter()
        .flatten()
        .collect();
    let known = methods.iter().copied().chain(METHODS);
    let near = match nearest(&call.method, known).first() {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    };
    let error = Error::new(
        ErrorKind::UnknownMethod,
        format!(
            "{} has no public method \"{}\"{near}",
            call.model, call.method
        ),
    );
    if methods.is_empty() {
        error
    } else {
        error.with_hint(format!("Its actions are {}.", join_bounded(methods, 12)))
    }
}

/// What a method gave back, in words.
pub(super) fn describe_result(call: &MethodCall, result: &Value) -> String {
    let done = format!("{}.{} on {:?}", call.model, call.method, call.ids);
    match result {
        Value::Null => format!("{done}: done"),
        // Not only `true` is success: a failure is an error.
        Value::Bool(answer) => format!("{done}: done ({answer})"),
        Value::Object(action)
            if action
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.starts_with("ir.actions.")) =>
        {
            let text = |key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default();
            format!(
                "{done}: Odoo answers with an action to open: {} {} (model {}). In full:\n{}",
                clean(text("type"), 60),
                quoted(text("name"), 80),
                clean(text("res_model"), 80),
                fenced(&present::cell(&present::all_visible(result)))
            )
        }
        Value::Number(number) => format!("{done}: {number}"),
        // Whatever else a method gives back can hold what people have written.
        other => format!(
            "{done}:\n{}",
            fenced(&present::cell(&present::all_visible(other)))
        ),
    }
}
