//! Checks and mends a domain: fields, dotted paths, operators and values.

use serde_json::{Value, json};

use super::fields::find_field;
use super::values::{prepare_scalar, show};
use super::{Models, Problems};
use crate::schema::text::nearest;
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// The operators of a condition (`odoo/osv/expression.py`, `TERM_OPERATORS`; 19 adds the
/// `not =like` pair in `odoo/orm/domains.py`).
const OPERATORS: [&str; 21] = [
    "=",
    "!=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "=?",
    "in",
    "not in",
    "like",
    "not like",
    "ilike",
    "not ilike",
    "=like",
    "=ilike",
    "not =like",
    "not =ilike",
    "child_of",
    "parent_of",
    "any",
];
const SUBDOMAIN_OPERATORS: [&str; 4] = ["any", "not any", "any!", "not any!"];

/// The dotted paths of a domain's conditions, so that the models that they cross can be
/// fetched before the check.
pub fn domain_paths(domain: &Value) -> Vec<String> {
    domain
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_array()?.first()?.as_str())
        .filter(|path| path.contains('.'))
        .map(str::to_owned)
        .collect()
}

/// Checks a domain against the model and returns it in Odoo's form: a flat list of prefix
/// operators and `[field, operator, value]` conditions.
pub fn prepare_domain(
    model: &ModelSchema,
    domain: &Value,
    models: Models<'_>,
    problems: &mut Problems,
) -> Value {
    let Some(items) = domain.as_array() else {
        problems.add(
            "domain",
            format!(
                "expected a list of conditions such as [[\"name\", \"ilike\", \"azure\"]], got {}",
                show(domain)
            ),
        );
        return json!([]);
    };
    // One condition without its outer list is a usual slip and has only one meaning.
    let is_bare_condition = items.len() == 3
        && items[0].as_str().is_some_and(|first| !is_prefix(first))
        && items[1].as_str().is_some_and(is_operator);
    let items = if is_bare_condition {
        std::slice::from_ref(domain)
    } else {
        items.as_slice()
    };
    let mut checker = Checker {
        model,
        models,
        problems,
    };
    let prepared: Vec<Value> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| checker.item(item, &format!("domain[{index}]")))
        .collect();
    check_arity(&prepared, problems);
    Value::Array(prepared)
}

fn is_prefix(text: &str) -> bool {
    matches!(text, "&" | "|" | "!")
}

fn is_operator(text: &str) -> bool {
    let lower = text.trim().to_ascii_lowercase();
    OPERATORS.contains(&lower.as_str()) || SUBDOMAIN_OPERATORS.contains(&lower.as_str())
}

/// Every prefix operator needs its conditions: `&` and `|` two, `!` one.
fn check_arity(items: &[Value], problems: &mut Problems) {
    let mut open: i64 = 0;
    for item in items.iter().rev() {
        match item.as_str() {
            Some("!") if open < 1 => {
                problems.add("domain", "'!' stands before no condition");
                return;
            }
            Some("!") => {}
            Some(operator) if open < 2 => {
                problems.add(
                    "domain",
                    format!("'{operator}' stands before the two conditions that it joins, and one is missing"),
                );
                return;
            }
            Some(_) => open -= 1,
            None => open += 1,
        }
    }
}

struct Checker<'a, 'p> {
    model: &'a ModelSchema,
    models: Models<'a>,
    problems: &'p mut Problems,
}

impl Checker<'_, '_> {
    fn item(&mut self, item: &Value, path: &str) -> Option<Value> {
        match item {
            Value::String(text) if is_prefix(text) => Some(item.clone()),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(prefix)] if is_prefix(prefix) => Some(json!(prefix)),
                // `[1, "=", 1]` and `[0, "=", 1]` are Odoo's "always" and "never".
                [Value::Number(_), Value::String(_), Value::Number(_)] => Some(item.clone()),
                [Value::String(field), Value::String(operator), value] => {
                    self.condition(field, operator, value, path)
                }
                // Schemas of strings only cannot nest a list: the values of `in` may follow.
                [Value::String(field), Value::String(operator), values @ ..]
                    if values.len() > 1 && matches!(operator.as_str(), "in" | "not in") =>
                {
                    self.condition(field, operator, &json!(values), path)
                }
                _ => self.not_a_condition(item, path),
            },
            _ => self.not_a_condition(item, path),
        }
    }

    fn not_a_condition(&mut self, item: &Value, path: &str) -> Option<Value> {
        self.problems.add(
            path,
            format!(
                "expected [field, operator, value] or one of \"|\", \"&\", \"!\", got {}",
                show(item)
            ),
        );
        None
    }

    fn condition(
        &mut self,
        field_path: &str,
        operator: &str,
        value: &Value,
        path: &str,
    ) -> Option<Value> {
        let operator = operator.trim().to_ascii_lowercase();
        if !is_operator(&operator) {
            let near = nearest(&operator, OPERATORS);
            let advice = match (operator.as_str(), near.first()) {
                ("==", _) => "use \"=\"".to_owned(),
                ("contains", _) => "use \"ilike\"".to_owned(),
                (_, Some(near)) => format!("did you mean \"{near}\"?"),
                _ => format!("use one of {}", OPERATORS.join(" ")),
            };
            self.problems
                .add(path, format!("\"{operator}\" is no operator; {advice}"));
            return None;
        }
        let field = match self.resolve(field_path, path) {
            Resolved::Field(field) => field,
            Resolved::Unknown => return Some(json!([field_path, operator, value])),
            Resolved::Wrong => return None,
        };
        self.check_operator(&field, field_path, &operator, path)?;
        let value = self.operand(&field, &operator, value, path)?;
        Some(json!([field_path, operator, value]))
    }

    /// The field at the end of a dotted path.
    fn resolve(&mut self, field_path: &str, path: &str) -> Resolved {
        let mut steps = field_path.split('.').peekable();
        let mut target: Option<std::sync::Arc<ModelSchema>> = None;
        while let Some(step) = steps.next() {
            let model: &ModelSchema = target.as_deref().unwrap_or(self.model);
            if step == "id" && steps.peek().is_none() {
                return Resolved::Field(Box::new(FieldSchema::new(FieldType::Integer)));
            }
            let Some(field) = find_field(model, step, path, self.problems) else {
                return Resolved::Wrong;
            };
            if steps.peek().is_none() {
                return self.searchable(field, field_path, path);
            }
            if matches!(
                field.field_type,
                FieldType::Properties | FieldType::Date | FieldType::Datetime | FieldType::Json
            ) {
                // A property, or a part of a date (`date_order.month_number`, 19).
                return Resolved::Unknown;
            }
            let Some(relation) = field.relation.clone() else {
                self.problems.add(
                    path,
                    format!(
                        "\"{step}\" of {} is {} and leads nowhere; the path ends there",
                        model.model,
                        article(&field.field_type)
                    ),
                );
                return Resolved::Wrong;
            };
            match (self.models)(&relation) {
                Some(next) => target = Some(next),
                None => return Resolved::Unknown,
            }
        }
        Resolved::Unknown
    }

    fn searchable(&mut self, field: &FieldSchema, field_path: &str, path: &str) -> Resolved {
        if field.searchable == Some(false) {
            self.problems.add(
                path,
                format!("\"{field_path}\" is computed and not stored, so it cannot be searched"),
            );
            return Resolved::Wrong;
        }
        Resolved::Field(Box::new(field.clone()))
    }

    fn check_operator(
        &mut self,
        field: &FieldSchema,
        field_path: &str,
        operator: &str,
        path: &str,
    ) -> Option<()> {
        let is_relational = field.field_type.is_relational();
        let compares = matches!(operator, "<" | "<=" | ">" | ">=");
        let wrong = match &field.field_type {
            FieldType::Boolean | FieldType::Selection if compares => true,
            FieldType::Binary | FieldType::Image => !matches!(operator, "=" | "!="),
            _ if matches!(operator, "child_of" | "parent_of") => {
                !is_relational && !field_path.ends_with("id")
            }
            _ if SUBDOMAIN_OPERATORS.contains(&operator) => !is_relational,
            _ => false,
        };
        if wrong {
            self.problems.add(
                path,
                format!(
                    "\"{operator}\" does not work on \"{field_path}\", which is {}; use {}",
                    article(&field.field_type),
                    if field.field_type.is_binary() {
                        "= or != with false"
                    } else {
                        "=, !=, in or not in"
                    }
                ),
            );
            return None;
        }
        Some(())
    }

    /// The right side of a condition, with each value in the field's type.
    fn operand(
        &mut self,
        field: &FieldSchema,
        operator: &str,
        value: &Value,
        path: &str,
    ) -> Option<Value> {
        let is_free = matches!(
            operator,
            "like"
                | "not like"
                | "ilike"
                | "not ilike"
                | "=like"
                | "=ilike"
                | "not =like"
                | "not =ilike"
                | "child_of"
                | "parent_of"
        ) || SUBDOMAIN_OPERATORS.contains(&operator);
        if is_free {
            return Some(value.clone());
        }
        if matches!(operator, "in" | "not in") {
            return self.members(field, value, path);
        }
        if value.is_array() && field.field_type.is_relational() {
            return self.members(field, value, path);
        }
        self.member(field, value, path)
    }

    fn members(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        let items = match value {
            Value::Array(items) => items.clone(),
            Value::Bool(_) | Value::Null => return Some(json!(value.as_bool().unwrap_or(false))),
            Value::String(text) if field.field_type != FieldType::Char && text.contains(',') => {
                text.split(',').map(|part| json!(part.trim())).collect()
            }
            other => vec![other.clone()],
        };
        let mut members = Vec::with_capacity(items.len());
        for item in &items {
            members.push(self.member(field, item, path)?);
        }
        Some(Value::Array(members))
    }

    fn member(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        // `false` asks for "no value" on every type.
        if matches!(value, Value::Bool(false) | Value::Null) {
            return Some(json!(false));
        }
        if matches!(value, Value::Bool(true)) && field.field_type != FieldType::Boolean {
            // Odoo takes `!= true` and the like for "set"; nothing to check.
            return Some(value.clone());
        }
        if field.field_type.is_relational() {
            return self.related_member(field, value, path);
        }
        if matches!(field.field_type, FieldType::Date | FieldType::Datetime) {
            return self.moment(field, value, path);
        }
        match prepare_scalar(field, value) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.problems
                    .add(path, format!("expected {expected}, got {}", show(value)));
                None
            }
        }
    }

    /// A record by id; a text is searched in the record's name, as Odoo itself does.
    fn related_member(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        let as_many2one = FieldSchema::new(FieldType::Many2one);
        if let Ok(id) = prepare_scalar(&as_many2one, value) {
            return Some(id);
        }
        if value.is_string() || value.as_i64() == Some(0) {
            return Some(value.clone());
        }
        let relation = field.relation.as_deref().unwrap_or("the related model");
        self.problems.add(
            path,
            format!(
                "expected the id or name of a record of {relation}, got {}",
                show(value)
            ),
        );
        None
    }

    /// Odoo compares a datetime with a date too, and 19 takes relative dates (`today -7d`).
    fn moment(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        let text = value.as_str().map(str::trim);
        let looks_absolute =
            text.is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()));
        if text.is_some() && !looks_absolute && text.is_some_and(is_relative_date) {
            return Some(value.clone());
        }
        if text.is_some_and(|text| text.len() == 10)
            && let Ok(date) = prepare_scalar(&FieldSchema::new(FieldType::Date), value)
        {
            return Some(date);
        }
        match prepare_scalar(field, value) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.problems
                    .add(path, format!("expected {expected}, got {}", show(value)));
                None
            }
        }
    }
}

/// `today`, `now`, `-7d`, `=monday +1w`: what Odoo 19 takes (`odoo/tools/date_utils.py`,
/// `parse_date`).
fn is_relative_date(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    matches!(first, "today" | "now") || first.starts_with(['+', '-', '='])
}

enum Resolved {
    /// The field at the path's end.
    Field(Box<FieldSchema>),
    /// The path leads into a model that is not known here; Odoo decides.
    Unknown,
    /// A mistake was noted.
    Wrong,
}

fn article(field_type: &FieldType) -> String {
    let name = field_type.as_str();
    if name.starts_with(['a', 'e', 'i', 'o']) {
        format!("an {name} field")
    } else {
        format!("a {name} field")
    }
}
