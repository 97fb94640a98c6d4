//! What the tools that change nothing do: each operation once, for the generic tool and for
//! every typed tool.

use serde_json::json;

use super::UserSession;
use super::archived::{ACTIVE, has_active, take_archived, tell_archived};
use super::args::{Arguments, MAX_LIMIT};
use super::buttons::{show_buttons, wants_buttons};
use super::checks::{Asked, with_resolved};
use super::present::{Found, Output, Reading, note};
use super::sieve::Source;
use crate::client::{Context, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::ModelSchema;
use crate::schema::text::join_bounded;
use crate::schema::validate::{Problems, check_fields, check_order};

/// How many of the fields that a record has besides the key fields are named.
const OTHERS: usize = 24;

const MODEL_EXAMPLE: &str = "\"sale.order\"";

/// Binary fields are answered with their size, never with megabytes of base64.
pub(super) fn reading_context() -> Context {
    Context::new().set("bin_size", true)
}

/// The model of a call, without which nothing else can be checked.
pub(super) fn model_of(args: &Arguments, mistakes: &mut Problems) -> Result<String> {
    if let Some(model) = mistakes.take(args.required_text("model", MODEL_EXAMPLE)) {
        return Ok(model);
    }
    mistakes.clone().into_result("").map(|()| String::new())
}

impl UserSession {
    pub(super) async fn search(&self, args: &Arguments) -> Result<Output> {
        if args.has("group_by") || args.has("aggregates") {
            return self.aggregate(args).await;
        }
        let mut mistakes = args.mistakes();
        let asked = mistakes.take(args.names("fields")).flatten();
        let order = mistakes.take(args.order()).flatten();
        let limit = mistakes.take(args.limit());
        let offset = mistakes.take(args.count("offset")).flatten().unwrap_or(0);
        let model = model_of(args, &mut mistakes)?;
        let (domain, checked) = self
            .checked_filter(&model, args, mistakes, |schema, problems| {
                if let Some(fields) = &asked {
                    check_fields(schema, fields, "fields", problems);
                }
                if let Some(order) = &order {
                    check_order(schema, order, "order", problems);
                }
            })
            .await?;
        let schema = checked.schema.as_deref();
        let fields = asked.clone().unwrap_or_else(|| match schema {
            Some(schema) => schema.summary_fields(),
            None => vec!["display_name".to_owned()],
        });
        let reading = Reading {
            model: &model,
            fields: &fields,
            schema,
        };
        let request = SearchRead {
            domain,
            fields: reading.request(),
            limit,
            offset,
            order,
            ..SearchRead::new(&model)
        };
        let may_leave_out = schema.filter(|_| asked.is_none());
        let (sifted, viewer) = tokio::join!(
            self.read_what_can_be(Source::Search(&request), &request.fields, may_leave_out),
            self.viewer()
        );
        let mut sifted = sifted?;
        let found = Found {
            total: sifted.page.count,
            offset,
        };
        let rows = std::mem::take(&mut sifted.page.records);
        let records = self.present(reading, rows, viewer?).await;
        let mut output = records.page(found);
        sifted.tell(&mut output);
        tell_cut_limit(&mut output, args);
        if found.total == 0 {
            self.tell_left_out(&mut output, schema, &request.domain)
                .await;
        }
        if let (None, Some(schema)) = (&asked, schema)
            && sifted.page.count > offset
        {
            note(
                &mut output,
                &format!(
                    "key fields only; {} has {} fields, see odoo_schema",
                    schema.model,
                    schema.fields.len()
                ),
            );
        }
        Ok(with_resolved(output, &checked.resolved))
    }

    pub(super) async fn read(&self, args: &Arguments) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let ids = mistakes.take(args.record_ids()).unwrap_or_default();
        let asked = mistakes.take(args.names("fields")).flatten();
        let model = model_of(args, &mut mistakes)?;
        let call = Asked {
            model: &model,
            paths: Vec::new(),
            mistakes,
            args: Some(args),
        };
        let checked = self
            .checked(call, |schema, _, problems| {
                check_fields(
                    schema,
                    asked.as_deref().unwrap_or_default(),
                    "fields",
                    problems,
                );
            })
            .await?;
        let schema = checked.schema.as_deref();
        let fields = asked.clone().unwrap_or_else(|| match schema {
            Some(schema) if ids.len() > 1 => schema.summary_fields(),
            Some(schema) => schema.detail_fields(),
            None => vec!["display_name".to_owned()],
        });
        let reading = Reading {
            model: &model,
            fields: &fields,
            schema,
        };
        let with_buttons = ids.len() == 1 && schema.is_some() && wants_buttons(asked.as_deref());
        let asking = async {
            if with_buttons {
                self.buttons_of(&model, &ids).await
            } else {
                None
            }
        };
        let source = Source::Ids(&model, &ids);
        let may_leave_out = schema.filter(|_| asked.is_none());
        let mut request = reading.request();
        let asks_active = request.iter().any(|name| name == ACTIVE);
        if !asks_active && schema.is_some_and(has_active) {
            request.push(ACTIVE.to_owned());
        }
        let (sifted, viewer, buttons) = tokio::join!(
            self.read_what_can_be(source, &request, may_leave_out),
            self.viewer(),
            asking
        );
        let (mut sifted, viewer) = (sifted?, viewer?);
        let mut rows = std::mem::take(&mut sifted.page.records);
        let archived = if asks_active {
            Vec::new()
        } else {
            take_archived(&mut rows)
        };
        let missing: Vec<i64> = ids
            .iter()
            .copied()
            .filter(|id| !rows.iter().any(|row| row.get("id") == Some(&json!(id))))
            .collect();
        if rows.is_empty() {
            return Err(missing_records(&model, &missing));
        }
        let mut output = if ids.len() > 1 {
            self.present(reading, rows, viewer).await.batch()
        } else {
            let was_asked = |name: &str| match (&asked, schema) {
                (Some(_), _) => true,
                (None, Some(schema)) => schema.present_key_fields().any(|key| key == name),
                (None, None) => false,
            };
            let row = rows.pop().unwrap_or_default();
            self.present_one(reading, row, viewer, was_asked)
                .await
                .one()
        };
        sifted.tell(&mut output);
        tell_missing(&mut output, &missing);
        tell_archived(&mut output, &archived);
        if let (None, Some(schema)) = (&asked, schema) {
            let others = other_fields(schema, &fields);
            output.text.push_str(&format!(
                "\nkey fields only; others: {}",
                join_bounded(others.iter().copied(), OTHERS)
            ));
            output.structured["other_fields"] = others.iter().take(OTHERS).copied().collect();
        }
        if let (Some(schema), Some(buttons)) = (schema, &buttons) {
            output = show_buttons(output, schema, ids[0], buttons);
        }
        Ok(output)
    }

    pub(super) async fn count(&self, args: &Arguments) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let model = model_of(args, &mut mistakes)?;
        let (domain, checked) = self
            .checked_filter(&model, args, mistakes, |_, _| ())
            .await?;
        let count = self
            .client()?
            .search_count(&model, domain.clone(), &Context::new())
            .await?;
        let schema = checked.schema.as_deref();
        let mut output = Output {
            structured: json!({"model": model, "count": count}),
            text: format!("{model}: {count}"),
        };
        if count == 0 {
            self.tell_left_out(&mut output, schema, &domain).await;
        }
        Ok(with_resolved(output, &checked.resolved))
    }
}

/// Says that a page is smaller than it was asked for, where that leaves something out.
pub(super) fn tell_cut_limit(output: &mut Output, args: &Arguments) {
    let goes_on = output.structured["next_offset"].is_u64();
    if let Some(asked) = args.cut_limit().filter(|_| goes_on) {
        let remark = format!(
            "limit {asked} was cut to {MAX_LIMIT}, the most of a page: go on with the next offset"
        );
        note(output, &remark);
    }
}

/// Says which of several records there are not, or not for this user.
fn tell_missing(output: &mut Output, missing: &[i64]) {
    if missing.is_empty() {
        return;
    }
    let listed: Vec<String> = missing.iter().map(ToString::to_string).collect();
    output.structured["not_found"] = json!(missing);
    let listed = join_bounded(listed.iter().map(String::as_str), 100);
    let remark = format!("not found, or not for this user to see: {listed}");
    note(output, &remark);
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
    missing_records(model, &[id])
}

pub(super) fn missing_records(model: &str, ids: &[i64]) -> Error {
    let listed: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let listed = join_bounded(listed.iter().map(String::as_str), 20);
    let message = if ids.len() == 1 {
        format!("{model} {listed} does not exist, or this user may not see it")
    } else {
        format!("{model} {listed} do not exist, or this user may not see them")
    };
    Error::new(ErrorKind::MissingRecord, message).with_hint("Search for the record to get its id.")
}
