//! What the tools do: each operation once, for the generic tool and for every typed tool.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::UserSession;
use super::args::Arguments;
use super::gate::Change;
use super::present::{self, Output};
use crate::client::{Context, MethodCall, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::ModelSchema;
use crate::schema::text::{join_bounded, nearest};
use crate::schema::validate::{
    Models, Problems, Purpose, check_fields, check_order, domain_paths, prepare_domain,
    prepare_values,
};

const MODEL_EXAMPLE: &str = "\"sale.order\"";

/// Binary fields are answered with their size, never with megabytes of base64.
pub(super) fn reading_context() -> Context {
    Context::new().set("bin_size", true)
}

impl UserSession {
    pub(super) async fn search(&self, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let raw_domain = args.domain("domain");
        let asked = args.names("fields")?;
        let order = args.text("order")?.filter(|order| !order.is_empty());
        let limit = args.limit()?;
        let offset = args.count("offset")?.unwrap_or(0);
        let (domain, schema) = self
            .checked(
                &model,
                &domain_paths(&raw_domain),
                |schema, models, problems| {
                    if let Some(fields) = &asked {
                        check_fields(schema, fields, problems);
                    }
                    if let Some(order) = &order {
                        check_order(schema, order, problems);
                    }
                    prepare_domain(schema, &raw_domain, models, problems)
                },
            )
            .await?;
        let fields = asked.clone().unwrap_or_else(|| match &schema {
            Some(schema) => schema.summary_fields(),
            None => vec!["display_name".to_owned()],
        });
        let request = SearchRead {
            domain: domain.unwrap_or(raw_domain),
            fields: fields.clone(),
            limit: Some(limit),
            offset,
            order,
            ..SearchRead::new(&model)
        };
        let page = self
            .client()?
            .search_read(&request, &reading_context())
            .await?;
        let records: Vec<Map<String, Value>> = page
            .records
            .iter()
            .map(|raw| present::record(raw, &fields, schema.as_deref()))
            .collect();
        let default_of = asked.is_none().then_some(schema.as_deref()).flatten();
        Ok(search_output(
            &model, page.count, offset, &records, default_of,
        ))
    }

    pub(super) async fn read(&self, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let id = args.required_id("id")?;
        let asked = args.names("fields")?;
        let (_, schema) = self
            .checked(&model, &[], |schema, _, problems| {
                check_fields(schema, asked.as_deref().unwrap_or_default(), problems);
            })
            .await?;
        let fields = asked.clone().unwrap_or_else(|| match &schema {
            Some(schema) => schema.detail_fields(),
            None => vec!["display_name".to_owned()],
        });
        let rows = self
            .client()?
            .read(&model, &[id], &fields, &reading_context())
            .await?;
        let raw = rows.first().ok_or_else(|| missing_record(&model, id))?;
        let record = present::record(raw, &fields, schema.as_deref());
        let mut text = format!("{model} {id}\n{}", present::lines(&record));
        let mut structured = json!({"model": model, "record": record});
        if let (None, Some(schema)) = (&asked, &schema) {
            let others = other_fields(schema, &fields);
            text.push_str(&format!(
                "\nkey fields only; others: {}",
                join_bounded(others.iter().copied(), 60)
            ));
            structured["other_fields"] = json!(others.iter().take(60).collect::<Vec<_>>());
        }
        Ok(Output { structured, text })
    }

    pub(super) async fn count(&self, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let raw_domain = args.domain("domain");
        let (domain, _) = self
            .checked(
                &model,
                &domain_paths(&raw_domain),
                |schema, models, problems| prepare_domain(schema, &raw_domain, models, problems),
            )
            .await?;
        let count = self
            .client()?
            .search_count(&model, domain.unwrap_or(raw_domain), &Context::new())
            .await?;
        Ok(Output {
            structured: json!({"model": model, "count": count}),
            text: format!("{model}: {count}"),
        })
    }

    pub(super) async fn create(&self, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let raw = args.required_object("values")?;
        let values = self.checked_values(&model, &raw, Purpose::Create).await?;
        self.shared.gate.admit(&Change::Create {
            model: &model,
            values: &values,
        })?;
        let client = self.client()?;
        let ids = client
            .create(&model, Value::Object(values), &Context::new())
            .await?;
        let id = ids
            .first()
            .copied()
            .ok_or_else(|| Error::new(ErrorKind::Protocol, "create answered no id"))?;
        let name = self.name_of(&model, id).await;
        Ok(Output {
            text: format!("created {model} {id}{}", suffix(name.as_deref())),
            structured: json!({"success": true, "model": model, "id": id, "name": name}),
        })
    }

    pub(super) async fn update(&self, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let id = args.required_id("id")?;
        let raw = args.required_object("values")?;
        let values = self.checked_values(&model, &raw, Purpose::Update).await?;
        self.require_record(&model, id).await?;
        self.shared.gate.admit(&Change::Update {
            model: &model,
            id,
            values: &values,
        })?;
        let changed: Vec<String> = values.keys().cloned().collect();
        self.client()?
            .write(&model, &[id], values, &Context::new())
            .await?;
        let name = self.name_of(&model, id).await;
        Ok(Output {
            text: format!(
                "updated {model} {id}{}: {}",
                suffix(name.as_deref()),
                changed.join(", ")
            ),
            structured: json!({"success": true, "model": model, "id": id, "name": name, "changed": changed}),
        })
    }

    pub(super) async fn delete(&self, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let id = args.required_id("id")?;
        self.checked(&model, &[], |_, _, _| ()).await?;
        let name = self.require_record(&model, id).await?;
        self.shared
            .gate
            .admit(&Change::Delete { model: &model, id })?;
        self.client()?
            .unlink(&model, &[id], &Context::new())
            .await?;
        Ok(Output {
            text: format!("deleted {model} {id}{}", suffix(name.as_deref())),
            structured: json!({"success": true, "model": model, "id": id, "name": name}),
        })
    }

    pub(super) async fn execute(&self, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let method = args.required_text("method", "\"action_confirm\"")?;
        let call = MethodCall {
            ids: args.ids("ids")?,
            args: args.list("args")?,
            kwargs: args.object("kwargs")?,
            ..MethodCall::new(&model, &method)
        };
        self.run_method(call).await
    }

    /// Presses a button of the form on one record.
    pub(super) async fn action(&self, method: &str, args: &Arguments) -> Result<Output> {
        let model = args.required_text("model", MODEL_EXAMPLE)?;
        let id = args.required_id("id")?;
        self.require_record(&model, id).await?;
        self.run_method(MethodCall::new(&model, method).ids([id]))
            .await
    }

    async fn run_method(&self, call: MethodCall) -> Result<Output> {
        let (model, method) = (&call.model, &call.method);
        if method.starts_with('_') {
            return Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("{method} is private: methods that start with _ cannot be called"),
            )
            .with_hint(format!(
                "odoo_schema(model=\"{model}\") lists the actions of this model."
            )));
        }
        let (_, schema) = self.checked(model, &[], |_, _, _| ()).await?;
        self.shared.gate.admit(&Change::Execute {
            model,
            method,
            ids: &call.ids,
        })?;
        let result = self
            .client()?
            .call(&call, &Context::new())
            .await
            .map_err(|error| explain_method(error, &call, schema.as_deref()))?;
        Ok(Output {
            text: describe_result(&call, &result),
            structured: json!({
                "success": true, "model": model, "method": method, "ids": call.ids, "result": result,
            }),
        })
    }

    /// Checks a call against the model's schema, in two rounds: what looks wrong is checked
    /// again with a schema that was just fetched, so a refusal is never out of date.
    ///
    /// Returns what the check prepared and the schema, both `None` where the older Odoo
    /// module cannot describe the model and no schema file does.
    async fn checked<T>(
        &self,
        model: &str,
        paths: &[String],
        check: impl Fn(&ModelSchema, Models<'_>, &mut Problems) -> T,
    ) -> Result<(Option<T>, Option<Arc<ModelSchema>>)> {
        let client = self.client()?;
        let fetched = self.schemas.get(client, model).await?;
        let Some(schema) = fetched.or_else(|| self.shared.catalogue.generated_schema(model)) else {
            return Ok((None, None));
        };
        self.fetch_along(&schema, paths).await?;
        let known = |name: &str| self.schemas.known(name);
        let mut problems = Problems::default();
        let prepared = check(&schema, &known, &mut problems);
        if problems.is_empty() {
            return Ok((Some(prepared), Some(schema)));
        }
        let Some(renewed) = self.schemas.renew(client, model).await? else {
            problems.into_result(model)?;
            return Ok((Some(prepared), Some(schema)));
        };
        let mut problems = Problems::default();
        let prepared = check(&renewed, &known, &mut problems);
        problems.into_result(model)?;
        Ok((Some(prepared), Some(renewed)))
    }

    /// Fetches the schemas of the models that dotted paths cross. A model that the user may
    /// not see stays unknown; Odoo answers for it.
    async fn fetch_along(&self, start: &Arc<ModelSchema>, paths: &[String]) -> Result<()> {
        for path in paths {
            let mut model = Some(Arc::clone(start));
            for step in path.split('.') {
                let relation = model
                    .as_deref()
                    .and_then(|model| model.field(step))
                    .and_then(|field| field.relation.clone());
                let Some(relation) = relation else { break };
                model = self
                    .schemas
                    .get(self.client()?, &relation)
                    .await
                    .ok()
                    .flatten();
            }
        }
        Ok(())
    }

    async fn checked_values(
        &self,
        model: &str,
        raw: &Map<String, Value>,
        purpose: Purpose,
    ) -> Result<Map<String, Value>> {
        let lines: Vec<String> = raw
            .iter()
            .filter(|(_, value)| value.is_array())
            .map(|(name, _)| name.clone())
            .collect();
        let (prepared, _) = self
            .checked(model, &lines, |schema, models, problems| {
                prepare_values(schema, raw, purpose, "values", models, problems)
            })
            .await?;
        Ok(prepared.unwrap_or_else(|| raw.clone()))
    }

    /// The record's name, or an error when the user cannot see it: Odoo's `write` and
    /// `unlink` are silent about ids that do not exist.
    pub(super) async fn require_record(&self, model: &str, id: i64) -> Result<Option<String>> {
        let request = SearchRead {
            domain: json!([["id", "=", id]]),
            fields: vec!["display_name".to_owned()],
            limit: Some(1),
            ..SearchRead::new(model)
        };
        let context = Context::new().active_test(false);
        let page = self.client()?.search_read(&request, &context).await?;
        let record = page
            .records
            .first()
            .ok_or_else(|| missing_record(model, id))?;
        Ok(record
            .get("display_name")
            .and_then(Value::as_str)
            .map(present::visible))
    }

    /// The record's name for a report of what was done; a failure here is no failure of the
    /// change.
    async fn name_of(&self, model: &str, id: i64) -> Option<String> {
        self.require_record(model, id).await.ok().flatten()
    }
}

fn search_output(
    model: &str,
    total: u64,
    offset: u64,
    records: &[Map<String, Value>],
    default_of: Option<&ModelSchema>,
) -> Output {
    let next = offset + records.len() as u64;
    let next_offset = (next < total && !records.is_empty()).then_some(next);
    let mut text = match (records.len(), next_offset) {
        (0, _) if total == 0 => format!("{model}: none found"),
        (0, _) => format!("{model}: {total} in all, none at offset {offset}"),
        (shown, None) => format!("{model}: {shown} of {total}"),
        (shown, Some(next)) => format!("{model}: {shown} of {total}, next offset {next}"),
    };
    let table = present::table(records);
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&table);
    }
    let mut structured = json!({
        "model": model, "total": total, "offset": offset, "next_offset": next_offset, "records": records,
    });
    if let (Some(schema), false) = (default_of, table.is_empty()) {
        let note = format!(
            "key fields only; {} has {} fields, see odoo_schema",
            schema.model,
            schema.fields.len()
        );
        text.push_str(&format!("\n{note}"));
        structured["note"] = json!(note);
    }
    Output { structured, text }
}

fn other_fields<'a>(schema: &'a ModelSchema, shown: &[String]) -> Vec<&'a str> {
    let is_other = |name: &&str| *name != "id" && !shown.iter().any(|field| field == name);
    let mut names: Vec<&str> = schema.form_fields.iter().map(String::as_str).collect();
    names.extend(schema.fields.keys().map(String::as_str));
    let mut seen = std::collections::HashSet::new();
    names
        .into_iter()
        .filter(|name| seen.insert(*name))
        .filter(is_other)
        .collect()
}

pub(super) fn missing_record(model: &str, id: i64) -> Error {
    Error::new(
        ErrorKind::MissingRecord,
        format!("{model} {id} does not exist, or this user may not see it"),
    )
    .with_hint("Search for the record to get its id.")
}

fn suffix(name: Option<&str>) -> String {
    name.map(|name| format!(" ({name})")).unwrap_or_default()
}

/// A method that does not exist is met with the actions that do.
fn explain_method(error: Error, call: &MethodCall, schema: Option<&ModelSchema>) -> Error {
    if error.kind() != ErrorKind::UnknownMethod {
        return error;
    }
    let methods: Vec<&str> = schema
        .map(|schema| schema.actions.iter().map(|action| action.method.as_str()))
        .into_iter()
        .flatten()
        .collect();
    let near = match nearest(&call.method, methods.iter().copied()).first() {
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
fn describe_result(call: &MethodCall, result: &Value) -> String {
    let done = format!("{}.{} on {:?}", call.model, call.method, call.ids);
    match result {
        Value::Null => format!("{done}: done"),
        Value::Bool(true) => format!("{done}: done (true)"),
        Value::Object(action)
            if action
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.starts_with("ir.actions.")) =>
        {
            let text = |key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default();
            format!(
                "{done}: Odoo answers with an action to open: {} {} (model {}). In full: {result}",
                text("type"),
                text("name"),
                text("res_model")
            )
        }
        other => format!("{done}: {other}"),
    }
}
