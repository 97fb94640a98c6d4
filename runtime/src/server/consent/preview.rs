//! A change as it is shown before anybody agrees to it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::ticket::canonical;
use super::values::{Effects, Mentioned, Wording, mentioned, unquoted};
use crate::client::{Context, MethodCall, RawRecord, SearchRead};
use crate::error::Result;
use crate::schema::ModelSchema;
use crate::schema::text::{clean, join_bounded, quoted, shorten};
use crate::server::UserSession;
use crate::server::gate::Change;
use crate::server::named_records::NamedRecord;

/// The longest preview; clients show questions in small windows.
const MAX_TEXT: usize = 4000;
/// The longest text of one value among old and new ones.
const MAX_VALUE: usize = 200;
/// The longest text of one value that is filled in, such as a message.
const MAX_FORM_VALUE: usize = 1500;
/// The longest arguments of a method that are shown.
const MAX_ARGUMENTS: usize = 600;
/// The most names of records that are shown.
const MAX_NAMES: usize = 20;
/// The most kinds of records whose end with a deleted one is counted.
const MAX_CASCADES: u64 = 24;

/// What a change is said with.
#[derive(Clone, Copy)]
pub(in crate::server) struct Shown<'a> {
    /// Describes the model that is changed.
    pub(in crate::server) schema: Option<&'a ModelSchema>,
    /// What a method is given, where that is filled in like a form.
    pub(in crate::server) form: Option<Form<'a>>,
}

/// Values that a person would have filled in: of a dialogue, a message, an activity.
#[derive(Clone, Copy)]
pub(in crate::server) struct Form<'a> {
    /// Describes the values.
    pub(in crate::server) schema: Option<&'a ModelSchema>,
    pub(in crate::server) values: &'a Map<String, Value>,
    /// The records that a dialogue was opened for.
    pub(in crate::server) about: Option<About<'a>>,
}

/// Records that a dialogue acts on beside its own.
#[derive(Clone, Copy)]
pub(in crate::server) struct About<'a> {
    pub(in crate::server) model: &'a str,
    pub(in crate::server) ids: &'a [i64],
}

impl<'a> From<Option<&'a ModelSchema>> for Shown<'a> {
    fn from(schema: Option<&'a ModelSchema>) -> Self {
        Self { schema, form: None }
    }
}

/// What a person is shown.
#[derive(Debug)]
pub(super) struct Preview {
    heading: String,
    lines: Vec<String>,
    /// What the records are called that are changed.
    named: Vec<NamedRecord>,
    /// Everything that the change rests on, in full: what is sent, and what stands in Odoo.
    facts: Value,
}

impl Preview {
    /// The text, whole lines of it.
    pub(super) fn text(&self) -> String {
        let mut text = self.heading.clone();
        for (shown, line) in self.lines.iter().enumerate() {
            if text.len() + line.len() > MAX_TEXT {
                let left = self.lines.len() - shown;
                let _ = write!(text, "\n… and {left} more lines");
                break;
            }
            text.push('\n');
            text.push_str(line);
        }
        text
    }

    pub(super) fn into_named(self) -> Vec<NamedRecord> {
        self.named
    }

    /// Stands for what was shown and what it rests on.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.heading.as_bytes());
        for line in &self.lines {
            hash.update([0]);
            hash.update(line.as_bytes());
        }
        hash.update([1]);
        hash.update(canonical(&self.facts).as_bytes());
        let bytes = hash.finalize();
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl UserSession {
    /// What a change would do, with what Odoo says now.
    pub(super) async fn preview(&self, change: &Change<'_>, shown: Shown<'_>) -> Result<Preview> {
        let Shown { schema, form } = shown;
        match change {
            Change::Create { model, records } => self.preview_create(model, records, schema).await,
            Change::Update { model, ids, values } => {
                self.preview_update(model, ids, values, schema).await
            }
            Change::Delete { model, ids } => {
                let said = match form {
                    Some(form) => self.say_form(form).await?,
                    None => Said::default(),
                };
                self.preview_delete(model, ids, (schema, said)).await
            }
            Change::Execute {
                model,
                method,
                ids,
                args,
                kwargs,
            } => {
                let call = (*method, *args, *kwargs);
                let said = match form {
                    Some(form) => self.say_form(form).await?,
                    None => said_arguments(args, kwargs),
                };
                self.preview_execute(model, ids, call, (schema, said)).await
            }
        }
    }

    async fn preview_create(
        &self,
        model: &str,
        records: &[Map<String, Value>],
        schema: Option<&ModelSchema>,
    ) -> Result<Preview> {
        let models = |name: &str| self.schemas.known(name);
        let mut found = Mentioned::new();
        for values in records {
            mentioned(schema, values, &models, &mut found);
        }
        let wording = self.wording(&models, &found, MAX_VALUE).await;
        let mut effects = Effects::default();
        let mut lines = Vec::new();
        for (index, values) in records.iter().enumerate() {
            if records.len() > 1 {
                lines.push(format!("{}.", index + 1));
            }
            lines.extend(values.iter().map(|(name, value)| {
                let field = schema.and_then(|schema| schema.field(name));
                let value = wording.new_value(field, value, &mut effects);
                format!("{}: {value}", Wording::label(schema, name))
            }));
        }
        lines.extend(effects.lines());
        let what = called(model, schema);
        Ok(Preview {
            heading: match records.len() {
                1 => format!("Create {what}:"),
                many => format!("Create {many} records of {what}:"),
            },
            lines,
            named: Vec::new(),
            facts: json!({"create": model, "records": records}),
        })
    }

    async fn preview_update(
        &self,
        model: &str,
        ids: &[i64],
        values: &Map<String, Value>,
        schema: Option<&ModelSchema>,
    ) -> Result<Preview> {
        let models = |name: &str| self.schemas.known(name);
        let mut found = Mentioned::new();
        mentioned(schema, values, &models, &mut found);
        let wording = self.wording(&models, &found, MAX_VALUE).await;
        let is_readable = |name: &&String| {
            schema.is_none_or(|schema| {
                schema
                    .field(name)
                    .is_some_and(|field| !field.field_type.is_binary())
            })
        };
        let shown: Vec<&String> = values.keys().filter(is_readable).collect();
        let before = self.as_it_stands(model, ids, &shown, schema).await?;
        let mut effects = Effects::default();
        let mut lines = Vec::new();
        for record in &before {
            if before.len() > 1 {
                lines.push(name_of(record));
            }
            for (name, value) in values {
                let field = schema.and_then(|schema| schema.field(name));
                let old = record.get(name);
                let old = old.map(|old| wording.old_value(field, old, value));
                let old = old.unwrap_or_else(|| "?".to_owned());
                let new = wording.new_value(field, value, &mut effects);
                lines.push(format!("{}: {old} → {new}", Wording::label(schema, name)));
            }
        }
        lines.extend(effects.lines());
        let what = called(model, schema);
        Ok(Preview {
            heading: match before.as_slice() {
                [only] => format!("Change {what} {}:", name_of(only)),
                several => format!("Change {} records of {what}:", several.len()),
            },
            lines,
            named: named(&before),
            facts: json!({"update": model, "ids": ids, "values": values, "before": before}),
        })
    }

    async fn preview_delete(
        &self,
        model: &str,
        ids: &[i64],
        (schema, said): (Option<&ModelSchema>, Said),
    ) -> Result<Preview> {
        let before = self.as_it_stands(model, ids, &[], schema).await?;
        let cascades = self.cascades(model, ids).await;
        let mut lines: Vec<String> = before.iter().map(name_of).collect();
        lines.extend(said.lines);
        lines.extend(
            cascades
                .iter()
                .map(|(model, count)| format!("with it: {count} of {model}")),
        );
        lines.push("This is permanent and cannot be undone.".to_owned());
        let what = called(model, schema);
        Ok(Preview {
            heading: match ids {
                [_] => format!("Delete {what} for good:"),
                several => format!("Delete {} records of {what} for good:", several.len()),
            },
            lines,
            named: named(&before),
            facts: json!({"delete": model, "ids": ids, "before": before, "with": cascades, "about": said.facts}),
        })
    }

    async fn preview_execute(
        &self,
        model: &str,
        ids: &[i64],
        (method, args, kwargs): (&str, &[Value], &Map<String, Value>),
        (schema, said): (Option<&ModelSchema>, Said),
    ) -> Result<Preview> {
        let buttons: Vec<_> = schema
            .map(|schema| schema.actions.as_slice())
            .unwrap_or_default()
            .iter()
            .filter(|action| action.method == method)
            .collect();
        let label = buttons.iter().find_map(|button| button.label.as_deref());
        let asks = buttons.iter().find_map(|button| button.confirm.as_deref());
        let before = if ids.is_empty() {
            Vec::new()
        } else {
            self.as_it_stands(model, ids, &[], schema).await?
        };
        let what = called(model, schema);
        let mut lines = Vec::new();
        if !before.is_empty() {
            let names: Vec<String> = before.iter().map(name_of).collect();
            let names = join_bounded(names.iter().map(String::as_str), MAX_NAMES);
            lines.push(match before.len() {
                1 => format!("on {names}"),
                many => format!("on {many} records: {names}"),
            });
        }
        if let Some(asks) = asks {
            lines.push(format!("Odoo asks: {}", quoted(asks, 300)));
        }
        lines.extend(said.lines);
        Ok(Preview {
            heading: match label {
                Some(label) => format!("Press {} ({method}) of {what}", quoted(label, 60)),
                None => format!("Call {} of {what}", clean(method, 80)),
            },
            lines,
            named: named(&before),
            facts: json!({"execute": model, "method": method, "ids": ids, "args": args, "kwargs": kwargs, "before": before, "about": said.facts}),
        })
    }

    /// The records as Odoo has them: what they are called, when they were changed last, and
    /// these fields.
    async fn as_it_stands(
        &self,
        model: &str,
        ids: &[i64],
        fields: &[&String],
        schema: Option<&ModelSchema>,
    ) -> Result<Vec<RawRecord>> {
        let mut names = vec!["display_name".to_owned()];
        // Views of the database have none.
        if schema.is_some_and(|schema| schema.field("write_date").is_some()) {
            names.push("write_date".to_owned());
        }
        names.extend(fields.iter().map(|name| (*name).clone()));
        let context = Context::new().active_test(false).set("bin_size", true);
        self.found_records(model, ids, names, &context).await
    }

    /// What is filled in, in words, and what it is about.
    async fn say_form(&self, form: Form<'_>) -> Result<Said> {
        let mut said = Said::default();
        if let Some(About { model, ids }) = form.about
            && !ids.is_empty()
        {
            let schema = self.schema_of(model).await?;
            let schema = schema.as_deref();
            let before = self.as_it_stands(model, ids, &[], schema).await?;
            let names: Vec<String> = before.iter().map(name_of).collect();
            let names = join_bounded(names.iter().map(String::as_str), MAX_NAMES);
            said.lines.push(match before.len() {
                1 => format!("about {} {names}", called(model, schema)),
                many => format!("about {many} records of {}: {names}", called(model, schema)),
            });
            said.facts = json!(before);
        }
        let models = |name: &str| self.schemas.known(name);
        let mut found = Mentioned::new();
        mentioned(form.schema, form.values, &models, &mut found);
        let wording = self.wording(&models, &found, MAX_FORM_VALUE).await;
        let mut effects = Effects::default();
        for (name, value) in form.values {
            let field = form.schema.and_then(|schema| schema.field(name));
            let value = wording.new_value(field, value, &mut effects);
            let label = Wording::label(form.schema, name);
            said.lines.push(format!("{label}: {value}"));
        }
        said.lines.extend(effects.lines());
        Ok(said)
    }

    /// How many records of other models are deleted with these, by model, as far as this user
    /// can see: those whose many2one says so (`ondelete='cascade'`).
    async fn cascades(&self, model: &str, ids: &[i64]) -> Vec<(String, u64)> {
        let Ok(client) = self.client() else {
            return Vec::new();
        };
        let context = Context::new().active_test(false);
        let links = SearchRead {
            domain: json!([
                ["relation", "=", model],
                ["ttype", "=", "many2one"],
                ["on_delete", "=", "cascade"],
                ["store", "=", true],
                ["model_id.transient", "=", false],
            ]),
            fields: vec!["model".to_owned(), "name".to_owned()],
            limit: Some(MAX_CASCADES),
            order: Some("model, name".to_owned()),
            ..SearchRead::new("ir.model.fields")
        };
        let Ok(links) = client.search_read(&links, &context).await else {
            return Vec::new();
        };
        let mut counted: Vec<(String, u64)> = Vec::new();
        for link in &links.records {
            let text = |key: &str| link.get(key).and_then(Value::as_str).unwrap_or_default();
            let (model, field) = (text("model"), text("name"));
            let call = MethodCall::new(model, "search_count").arg(json!([[field, "in", ids]]));
            let count = client.ask(&call, &context).await;
            match count.ok().and_then(|count| count.as_u64()) {
                Some(count) if count > 0 => counted.push((format!("{model} ({field})"), count)),
                _ => {}
            }
        }
        counted
    }
}

/// What a method is given, in words; and what that rests on besides.
#[derive(Default)]
struct Said {
    lines: Vec<String>,
    facts: Value,
}

fn said_arguments(args: &[Value], kwargs: &Map<String, Value>) -> Said {
    let mut said = Said::default();
    if !args.is_empty() {
        let line = format!("arguments: {}", shown_json(&Value::from(args)));
        said.lines.push(line);
    }
    if !kwargs.is_empty() {
        let named = Value::Object(kwargs.clone());
        let line = format!("named arguments: {}", shown_json(&named));
        said.lines.push(line);
    }
    said
}

fn named(records: &[RawRecord]) -> Vec<NamedRecord> {
    records.iter().filter_map(NamedRecord::of).collect()
}

fn called(model: &str, schema: Option<&ModelSchema>) -> String {
    match schema.map(|schema| unquoted(&schema.label)) {
        Some(label) if !label.is_empty() => format!("{label} ({})", clean(model, 80)),
        _ => clean(model, 80),
    }
}

fn name_of(record: &RawRecord) -> String {
    let id = record.get("id").and_then(Value::as_i64).unwrap_or_default();
    match record.get("display_name").and_then(Value::as_str) {
        Some(name) => format!("{} ({id})", quoted(name, 80)),
        None => id.to_string(),
    }
}

fn shown_json(value: &Value) -> String {
    shorten(&clean(&value.to_string(), MAX_ARGUMENTS + 1), MAX_ARGUMENTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(lines: &[&str], facts: Value) -> Preview {
        Preview {
            heading: "Change".to_owned(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            named: Vec::new(),
            facts,
        }
    }

    #[test]
    fn the_digest_stands_for_what_is_shown_and_for_what_it_rests_on() {
        let first = preview(&["a", "b"], json!({"x": 1}));
        assert_eq!(
            first.digest(),
            preview(&["a", "b"], json!({"x": 1})).digest()
        );
        for other in [
            preview(&["a", "c"], json!({"x": 1})),
            preview(&["ab"], json!({"x": 1})),
            preview(&["a", "b"], json!({"x": 2})),
        ] {
            assert_ne!(first.digest(), other.digest());
        }
    }

    #[test]
    fn a_long_preview_says_how_much_is_left_out() {
        let line = "x".repeat(1500);
        let text = preview(&[&line, &line, &line, "end"], Value::Null).text();
        assert!(text.len() < MAX_TEXT + 40);
        assert!(text.ends_with("… and 2 more lines"), "{text}");
    }
}
