//! What a call reaches from an open model: by dotted paths and nested fields, by a text that is
//! looked for among the names of a relation, and by lines of x2many fields.
//!
//! The name that a many2one shows is no crossing: Odoo shows it to users without any right to
//! the record behind it, and so does the module.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::ModelPolicy;
use crate::error::{Error, Result};
use crate::schema::validate::is_operator;
use crate::schema::{FieldType, ModelSchema};
use crate::server::UserSession;
use crate::server::gate::Change;

/// The most paths of one call that are looked at; what names more is refused.
const MOST_PATHS: usize = 20_000;
/// Keys that stand around names of fields and are none: of nested specifications, of our own
/// groups of conditions, of lines.
const AROUND: [&str; 7] = [
    "fields", "any_of", "all_of", "none_of", "create", "update", "set",
];
/// What a text is looked for in, where a condition compares a relation with one.
const NAME: &str = "display_name";

/// Everything in the arguments of a call that may be a path through a relation. What is none
/// leads nowhere when it is walked, so no form of domains and specifications has to be known.
#[derive(Debug, Default)]
pub(in crate::server) struct Crossings {
    paths: BTreeSet<String>,
    /// There were more than are looked at.
    is_full: bool,
}

impl Crossings {
    /// Those of an argument.
    pub(in crate::server) fn add(&mut self, value: &Value) {
        self.collect(value, "");
    }

    fn put(&mut self, path: String) {
        if self.paths.len() >= MOST_PATHS {
            self.is_full = true;
        } else {
            self.paths.insert(path);
        }
    }

    fn collect(&mut self, value: &Value, prefix: &str) {
        if self.is_full {
            return;
        }
        match value {
            Value::String(text) => {
                for path in paths_in(text) {
                    self.put(format!("{prefix}{path}"));
                }
            }
            Value::Array(items) => match items.as_slice() {
                [Value::String(path), Value::String(operator), operand]
                    if is_operator(operator) =>
                {
                    let path = format!("{prefix}{path}");
                    self.condition(&path, operand);
                    if path.contains('.') {
                        self.put(path);
                    }
                }
                items => items.iter().for_each(|item| self.collect(item, prefix)),
            },
            Value::Object(named) => {
                for (name, value) in named {
                    if !prefix.is_empty() {
                        self.put(format!("{prefix}{name}"));
                    }
                    if AROUND.contains(&name.as_str()) {
                        self.collect(value, prefix);
                    }
                    self.collect(value, &format!("{prefix}{name}."));
                }
            }
            _ => {}
        }
    }

    /// A condition on `path`: a text is looked for among names, a list may be a domain of its
    /// own.
    fn condition(&mut self, path: &str, operand: &Value) {
        let items = match operand {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        if items.iter().any(|item| item.is_string() || item.is_array()) {
            self.put(format!("{path}.{NAME}"));
        }
        if operand.is_array() {
            self.collect(operand, &format!("{path}."));
        }
    }
}

/// The dotted names in a text, also those with slashes (`load`, `export_data`).
fn paths_in(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/');
    text.split(move |c: char| !is_part(c))
        .map(|word| word.trim_matches(['.', '/']).replace('/', "."))
        .filter(|word| word.contains('.'))
}

impl UserSession {
    /// Refuses a call whose paths lead through a closed model.
    pub(in crate::server) async fn admit_crossings(
        &self,
        start: &Arc<ModelSchema>,
        crossings: &Crossings,
    ) -> Result<()> {
        if crossings.is_full {
            return Err(Error::invalid_call(format!(
                "the call names more than {MOST_PATHS} fields"
            )));
        }
        for path in &crossings.paths {
            self.admit_path(start, path).await?;
        }
        Ok(())
    }

    async fn admit_path(&self, start: &Arc<ModelSchema>, path: &str) -> Result<()> {
        let policy = self.shared.catalogue.policy();
        let mut model = Arc::clone(start);
        let mut steps = path.split('.').peekable();
        while let Some(step) = steps.next() {
            let relation = model.field(step).and_then(|field| field.relation.clone());
            let (Some(relation), Some(next)) = (relation, steps.peek()) else {
                break;
            };
            policy.admit(&relation).map_err(|error| {
                error.with_hint(format!("\"{path}\" leads through {relation}."))
            })?;
            if *next == NAME {
                break;
            }
            // One that the user may not see is Odoo's to refuse.
            let Ok(Some(behind)) = self.schemas.get(self.client()?, &relation).await else {
                break;
            };
            model = behind;
        }
        Ok(())
    }

    /// Refuses a change that reaches a closed model by its values or arguments.
    pub(in crate::server) fn admit_reached(
        &self,
        change: &Change<'_>,
        schema: Option<&ModelSchema>,
    ) -> Result<()> {
        let known = |name: &str| self.schemas.known(name);
        let reach = Reaching {
            policy: self.shared.catalogue.policy(),
            known: &known,
        };
        match change {
            Change::Create { records, .. } => records
                .iter()
                .try_for_each(|values| reach.values(schema, values, "values")),
            Change::Update { values, .. } => reach.values(schema, values, "values"),
            Change::Delete { .. } => Ok(()),
            Change::Execute { args, kwargs, .. } => {
                reached_by_arguments(reach.policy, args, kwargs)?;
                let given = args.iter().chain(kwargs.values());
                given.into_iter().try_for_each(|value| match value {
                    Value::Object(values) => reach.values(schema, values, "args"),
                    Value::Array(items) => items
                        .iter()
                        .filter_map(Value::as_object)
                        .try_for_each(|values| reach.values(schema, values, "args")),
                    _ => Ok(()),
                })
            }
        }
    }
}

/// Refuses arguments of a method that are the name of a closed model: such a method works on
/// records of it.
fn reached_by_arguments(
    policy: &ModelPolicy,
    args: &[Value],
    kwargs: &Map<String, Value>,
) -> Result<()> {
    args.iter()
        .chain(kwargs.values())
        .filter_map(Value::as_str)
        .try_for_each(|text| policy.admit(text.trim()))
}

/// Looks at the values of records.
struct Reaching<'a> {
    policy: &'a ModelPolicy,
    known: &'a dyn Fn(&str) -> Option<Arc<ModelSchema>>,
}

impl Reaching<'_> {
    fn values(
        &self,
        schema: Option<&ModelSchema>,
        values: &Map<String, Value>,
        at: &str,
    ) -> Result<()> {
        for (name, value) in values {
            let at = format!("{at}.{name}");
            self.owner(name, value, &at)?;
            let field = schema.and_then(|schema| schema.field(name));
            let Some((field, relation)) =
                field.and_then(|field| Some((field, field.relation.as_deref()?)))
            else {
                continue;
            };
            if field.field_type.is_x2many() {
                let is_owned = field.field_type == FieldType::One2many;
                self.lines(relation, is_owned, value, &at)?;
            }
        }
        Ok(())
    }

    /// A record of a closed model as owner (`res_model`) or by a reference (`model,id`).
    fn owner(&self, name: &str, value: &Value, at: &str) -> Result<()> {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        let model = match text.split_once(',') {
            Some((model, id)) if id.bytes().all(|b| b.is_ascii_digit()) => model,
            None if super::owner::OWNER_FIELDS.contains(&name) => text,
            _ => return Ok(()),
        };
        self.policy.admit(model).map_err(|error| named(error, at))
    }

    /// The commands of an x2many field. To take the lines of a one2many field on or off changes
    /// these lines; a many2many field only links, unless it makes or changes records.
    fn lines(&self, relation: &str, is_owned: bool, value: &Value, at: &str) -> Result<()> {
        let commands = match value {
            Value::Array(items) => items.as_slice(),
            Value::Null | Value::Bool(false) => return Ok(()),
            single => std::slice::from_ref(single),
        };
        for (index, command) in commands.iter().enumerate() {
            let at = format!("{at}[{index}]");
            let (code, line) = match command {
                Value::Object(line) => (Some(0), Some(line)),
                Value::Array(parts) => (
                    parts.first().and_then(Value::as_i64),
                    parts.get(2).and_then(Value::as_object),
                ),
                _ => (Some(4), None),
            };
            self.policy
                .admit(relation)
                .map_err(|error| named(error, &at))?;
            if is_owned || code.is_none_or(|code| code < 3) {
                self.policy
                    .admit_change(relation)
                    .map_err(|error| named(error, &at))?;
            }
            if let Some(line) = line {
                self.values((self.known)(relation).as_deref(), line, &at)?;
            }
        }
        Ok(())
    }
}

fn named(error: Error, at: &str) -> Error {
    error.with_hint(format!("It is reached by {at}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn crossings(value: &Value) -> Vec<String> {
        let mut found = Crossings::default();
        found.add(value);
        found.paths.into_iter().collect()
    }

    #[test]
    fn paths_are_found_in_every_form() {
        for (value, path) in [
            (json!([["user_id.login", "=", "x"]]), "user_id.login"),
            (
                json!([["user_id", "any", [["login", "=", 1]]]]),
                "user_id.login",
            ),
            (json!([["user_id", "ilike", "x"]]), "user_id.display_name"),
            (
                json!([["a_ids", "any", [["b_id.c", "=", 1]]]]),
                "a_ids.b_id.c",
            ),
            (
                json!({"any_of": [["user_id.login", "=", 1]]}),
                "user_id.login",
            ),
            (json!("name desc, user_id.login asc"), "user_id.login"),
            (json!(["user_id/login"]), "user_id.login"),
            (json!("total:sum(user_id.count)"), "user_id.count"),
            (
                json!({"user_id": {"fields": {"login": {}}}}),
                "user_id.login",
            ),
            (
                json!({"key_ids": {"create": [{"name": "x"}]}}),
                "key_ids.name",
            ),
            (json!({"key_ids": [[0, 0, {"name": "x"}]]}), "key_ids.name"),
            (json!("[('user_id.login', '=', 1)]"), "user_id.login"),
        ] {
            let found = crossings(&value);
            assert!(
                found.iter().any(|known| known == path),
                "{value}: {found:?}"
            );
        }
        assert!(crossings(&json!([["user_id", "=", 5]])).is_empty());
        assert!(crossings(&json!({"name": "x", "user_id": 5})).is_empty());
        // Three fields to read are no condition.
        assert!(crossings(&json!(["user_id", "name", "login"])).is_empty());
    }

    #[test]
    fn a_call_of_too_many_names_is_not_looked_at_in_part() {
        let mut found = Crossings::default();
        let many: Vec<String> = (0..=MOST_PATHS).map(|n| format!("a.b{n}")).collect();
        found.add(&json!(many));
        assert!(found.is_full);
    }

    fn schema(model: &str, fields: &Value) -> ModelSchema {
        ModelSchema::from_wire(&json!({"model": model, "fields": fields})).unwrap()
    }

    /// Whether these values of a user are let through.
    fn is_let_through(values: &Value) -> bool {
        let policy = ModelPolicy::new::<&str>(&["x.closed"], &[]).unwrap();
        let user = schema(
            "x.user",
            &json!({
                "key_ids": {"type": "one2many", "relation": "x.closed"},
                "tag_ids": {"type": "many2many", "relation": "x.closed"},
                "group_ids": {"type": "many2many", "relation": "res.groups"},
                "line_ids": {"type": "one2many", "relation": "x.line"},
                "key_id": {"type": "many2one", "relation": "x.closed"},
                "res_model": {"type": "char"},
                "ref": {"type": "reference"},
            }),
        );
        let line = Arc::new(schema(
            "x.line",
            &json!({"key_ids": {"type": "one2many", "relation": "x.closed"}}),
        ));
        let known = |name: &str| (name == "x.line").then(|| Arc::clone(&line));
        let reach = Reaching {
            policy: &policy,
            known: &known,
        };
        let values = values.as_object().unwrap();
        reach.values(Some(&user), values, "values").is_ok()
    }

    #[test]
    fn lines_of_a_closed_model_are_refused() {
        for refused in [
            json!({"key_ids": [[0, 0, {"name": "x"}]]}),
            json!({"key_ids": [[2, 7]]}),
            json!({"key_ids": [[4, 7]]}),
            json!({"key_ids": [[6, 0, [7]]]}),
            json!({"key_ids": [7]}),
            json!({"key_ids": [{"name": "x"}]}),
            json!({"tag_ids": [[4, 7]]}),
            json!({"group_ids": [[0, 0, {"name": "x"}]]}),
            json!({"group_ids": [[1, 5, {"name": "x"}]]}),
            json!({"line_ids": [[0, 0, {"key_ids": [[5]]}]]}),
            json!({"res_model": "x.closed"}),
            json!({"ref": "x.closed,5"}),
        ] {
            assert!(!is_let_through(&refused), "{refused}");
        }
        for taken in [
            json!({"group_ids": [[4, 7]]}),
            json!({"line_ids": [[0, 0, {"name": "x"}]]}),
            json!({"key_id": 7}),
            json!({"res_model": "res.partner", "ref": "res.partner,5"}),
            json!({"key_ids": []}),
        ] {
            assert!(is_let_through(&taken), "{taken}");
        }
    }
}
