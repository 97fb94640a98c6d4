//! One condition of a domain: its dotted path, its operator, its value.

use std::sync::Arc;

use serde_json::{Value, json};

use super::domain::Terms;
use super::fields::{find_field, not_searched};
use super::operators::{
    advice, advised_operators, as_operator, is_pattern_operator, is_subdomain_operator,
};
use super::references::{given_id, records_named};
use super::scalars::{as_record_id, prepare_scalar, said_date, show};
use super::unset::unset;
use super::{Known, Problems, days};
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// Checks conditions of one model; without it, only their form.
pub(super) struct Checker<'a, 'p> {
    model: Option<&'a ModelSchema>,
    known: &'a Known<'a>,
    pub(super) problems: &'p mut Problems,
}

impl<'a, 'p> Checker<'a, 'p> {
    pub(super) fn new(
        model: Option<&'a ModelSchema>,
        known: &'a Known<'a>,
        problems: &'p mut Problems,
    ) -> Self {
        Self {
            model,
            known,
            problems,
        }
    }
}

impl Checker<'_, '_> {
    /// A condition in Odoo's form, as one term of a domain.
    pub(super) fn condition(
        &mut self,
        field_path: &str,
        operator: &str,
        value: &Value,
        path: &str,
    ) -> Option<Vec<Value>> {
        let Some(operator) = as_operator(operator) else {
            let operator = operator.trim().to_ascii_lowercase();
            self.problems.add(
                path,
                format!("\"{operator}\" is no operator; {}", advice(&operator)),
            );
            return None;
        };
        let field_path = field_path.trim();
        let field = match self.resolve(field_path, path) {
            Resolved::Field(field) => field,
            Resolved::Unknown => return Some(vec![json!([field_path, operator, value])]),
            Resolved::Wrong => return None,
        };
        self.check_operator(&field, field_path, &operator, path)?;
        if field.field_type.is_binary() && value.is_array() {
            // With a list, equality is membership.
            self.check_operator(&field, field_path, "in", path)?;
        }
        if field.field_type == FieldType::Datetime
            && let Some(terms) = days::whole_days(field_path, &operator, value, path, self.known)
        {
            return Some(terms);
        }
        let (operator, value) = self.operand(&field, &operator, value, path)?;
        Some(vec![json!([field_path, operator, value])])
    }

    /// The field at the end of a dotted path.
    fn resolve(&mut self, field_path: &str, path: &str) -> Resolved {
        let Some(start) = self.model else {
            return Resolved::Unknown;
        };
        let mut steps = field_path.split('.').peekable();
        let mut target: Option<Arc<ModelSchema>> = None;
        while let Some(step) = steps.next() {
            let model: &ModelSchema = target.as_deref().unwrap_or(start);
            if step == "id" && steps.peek().is_none() {
                return Resolved::Field(Box::new(id_of(model)));
            }
            let Some(field) = find_field(model, step, path, self.problems) else {
                return Resolved::Wrong;
            };
            if !model.can_search(field) {
                self.problems.add(path, not_searched(model, step));
                return Resolved::Wrong;
            }
            if steps.peek().is_none() {
                return Resolved::Field(Box::new(field.clone()));
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
            match self.known.model(&relation) {
                Some(next) => target = Some(next),
                None => return Resolved::Unknown,
            }
        }
        Resolved::Unknown
    }

    fn check_operator(
        &mut self,
        field: &FieldSchema,
        field_path: &str,
        operator: &str,
        path: &str,
    ) -> Option<()> {
        let kind = &field.field_type;
        let is_id = field_path.rsplit('.').next() == Some("id");
        let compares = matches!(operator, "<" | "<=" | ">" | ">=");
        // What is computed is searched by a method of its own, which may take anything.
        let is_stored = field.store == Some(true);
        let wrong = match kind {
            FieldType::Binary | FieldType::Image => !matches!(operator, "=" | "!="),
            FieldType::Boolean => is_stored && (compares || is_pattern_operator(operator)),
            FieldType::Selection => compares,
            FieldType::One2many | FieldType::Many2many => is_stored && compares,
            _ => false,
        } || match operator {
            "child_of" | "parent_of" => !kind.is_relational() && !is_id,
            _ => is_subdomain_operator(operator) && !kind.is_relational(),
        };
        if wrong {
            self.problems.add(
                path,
                format!(
                    "\"{operator}\" does not work on \"{field_path}\", which is {}; use {}",
                    article(kind),
                    advised_operators(kind)
                ),
            );
            return None;
        }
        Some(())
    }

    /// The right side of a condition, with each value in the field's type, and the operator
    /// that fits it.
    fn operand<'o>(
        &mut self,
        field: &FieldSchema,
        operator: &'o str,
        value: &Value,
        path: &str,
    ) -> Option<(&'o str, Value)> {
        if is_pattern_operator(operator) {
            return Some((operator, self.pattern(value, path)?));
        }
        if let Some((operator, unset)) = unset(field, operator, value) {
            self.known.note(path, "", unset.clone(), None);
            return Some((operator, unset));
        }
        if is_subdomain_operator(operator) {
            return Some((operator, self.subdomain(field, operator, value, path)?));
        }
        if matches!(operator, "child_of" | "parent_of") {
            return Some((operator, self.ancestors(field, value, path)?));
        }
        if value == &json!(true) && !field.field_type.is_numeric() {
            // On anything but a boolean, `= true` can only ask for "has a value".
            match (operator, &field.field_type) {
                (_, FieldType::Boolean) => {}
                ("=", _) => return Some(("!=", json!(false))),
                ("!=" | "<>", _) => return Some(("=", json!(false))),
                _ => {}
            }
        }
        let many = match operator {
            "=" => "in",
            "!=" | "<>" => "not in",
            other => other,
        };
        let is_list = value.is_array() && as_pair(field, value).is_none();
        if matches!(many, "in" | "not in") && (many == operator || is_list) {
            return Some((many, self.members(field, value, path)?));
        }
        if field.field_type.is_relational() && matches!(operator, "=" | "!=" | "<>") {
            let mut ids = self.related(field, value, path)?;
            return match ids.pop() {
                Some(only) if ids.is_empty() => Some((operator, only)),
                last => {
                    ids.extend(last);
                    Some((many, Value::Array(ids)))
                }
            };
        }
        Some((operator, self.member(field, value, path)?))
    }

    fn members(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        let is_splittable = !matches!(field.field_type, FieldType::Char | FieldType::Text)
            && !field.field_type.is_relational();
        let items = match value {
            Value::Array(items) => items.clone(),
            Value::Bool(false) | Value::Null => return Some(json!(false)),
            Value::String(text) if is_splittable && text.contains(',') => {
                text.split(',').map(|part| json!(part.trim())).collect()
            }
            Value::String(text)
                if field.field_type.is_relational()
                    && text.contains(',')
                    && let Some(ids) = ids_in(text) =>
            {
                ids
            }
            other => vec![other.clone()],
        };
        let mut members = Vec::with_capacity(items.len());
        for item in &items {
            if field.field_type.is_relational() {
                members.extend(self.related(field, item, path)?);
            } else {
                members.push(self.member(field, item, path)?);
            }
        }
        Some(Value::Array(members))
    }

    fn member(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        // `false` asks for "no value" on every type.
        if matches!(value, Value::Bool(false) | Value::Null) {
            return Some(json!(false));
        }
        if field.field_type.is_relational() {
            return self.id_only(field, value, path);
        }
        if let Some(date) = said_date(field, value, path, self.known) {
            return Some(date);
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

    /// Comparisons of a link are those of its id.
    fn id_only(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        if let Some(id) = as_record_id(value) {
            return Some(json!(id));
        }
        self.problems.add(
            path,
            format!(
                "expected the id of a record of {}, got {}",
                relation_of(field),
                show(value)
            ),
        );
        None
    }

    /// The records that an id or a name means: a search may mean several of one name.
    fn related(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Vec<Value>> {
        if matches!(value, Value::Bool(false) | Value::Null) {
            return Some(vec![json!(false)]);
        }
        if let Some(id) = given_id(value) {
            return Some(vec![json!(id)]);
        }
        let text = value.as_str().map(str::trim);
        let number = value.as_i64().or_else(|| text?.parse().ok());
        let model = field.relation.as_deref();
        if let Some(number) = number.filter(|number| *number <= 0 || model.is_none()) {
            // No record has such an id; Odoo finds nothing.
            return Some(vec![json!(number)]);
        }
        let (Some(name), Some(model)) = (text.filter(|name| !name.is_empty()), model) else {
            self.problems.add(
                path,
                format!(
                    "expected the id or name of a record of {}, got {}",
                    relation_of(field),
                    show(value)
                ),
            );
            return None;
        };
        records_named(model, name, path, self.known, self.problems)
    }

    fn pattern(&mut self, value: &Value, path: &str) -> Option<Value> {
        match value {
            Value::String(_) => Some(value.clone()),
            Value::Bool(false) | Value::Null => Some(json!(false)),
            Value::Number(number) => Some(json!(number.to_string())),
            other => {
                self.problems.add(
                    path,
                    format!("expected a text to look for, got {}", show(other)),
                );
                None
            }
        }
    }

    fn subdomain(
        &mut self,
        field: &FieldSchema,
        operator: &str,
        value: &Value,
        path: &str,
    ) -> Option<Value> {
        if !value.is_array() && !value.is_object() {
            self.problems.add(
                path,
                format!(
                    "\"{operator}\" takes a domain of {}, such as [[\"id\", \"=\", 7]], got {}",
                    relation_of(field),
                    show(value)
                ),
            );
            return None;
        }
        let target = field
            .relation
            .as_deref()
            .and_then(|name| self.known.model(name));
        let mut inner = Checker::new(target.as_deref(), self.known, self.problems);
        let Terms { flat, .. } = inner.domain(value, &format!("{path}.{operator}"));
        Some(Value::Array(flat))
    }

    /// The records whose descendants or ancestors are meant, by id or name.
    fn ancestors(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            Value::Bool(false) | Value::Null => return Some(json!(false)),
            other => std::slice::from_ref(other),
        };
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let is_one = item.is_string() || given_id(item).is_some();
            if !is_one {
                self.problems.add(
                    path,
                    format!(
                        "expected an id, a list of ids or a name, got {}",
                        show(item)
                    ),
                );
                return None;
            }
            found.extend(self.related(field, item, path)?);
        }
        match found.pop() {
            Some(only) if found.is_empty() && !value.is_array() => Some(only),
            last => {
                found.extend(last);
                Some(Value::Array(found))
            }
        }
    }

    /// 19 has relative dates that are not ours (`=monday +1w`).
    fn moment(&mut self, field: &FieldSchema, value: &Value, path: &str) -> Option<Value> {
        let text = value.as_str().map(str::trim);
        if text.is_some_and(|text| text.starts_with('=') || text.contains(" =")) {
            return Some(value.clone());
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

/// `[7, "Azure"]`, as results of Odoo show a record, is one value.
fn as_pair(field: &FieldSchema, value: &Value) -> Option<i64> {
    let pair = value.as_array()?;
    let is_pair = field.field_type == FieldType::Many2one
        && pair.len() == 2
        && pair[0].is_i64()
        && pair[1]
            .as_str()
            .is_some_and(|name| name.parse::<i64>().is_err());
    is_pair.then(|| as_record_id(value)).flatten()
}

/// The `id` of a model's records: what compares it with ancestors may name them.
fn id_of(model: &ModelSchema) -> FieldSchema {
    FieldSchema {
        relation: Some(model.model.clone()),
        ..FieldSchema::new(FieldType::Integer)
    }
}

/// The ids in `1, 2, 3`; `None` where something else is among them.
fn ids_in(text: &str) -> Option<Vec<Value>> {
    let ids = text.split(',').map(|part| part.trim().parse::<i64>());
    ids.map(|id| id.ok().map(Value::from)).collect()
}

fn relation_of(field: &FieldSchema) -> &str {
    field.relation.as_deref().unwrap_or("the related model")
}

enum Resolved {
    /// The field at the path's end.
    Field(Box<FieldSchema>),
    /// The path leads into a model that is not known here; Odoo decides.
    Unknown,
    /// A mistake was noted.
    Wrong,
}

pub(super) fn article(field_type: &FieldType) -> String {
    let name = field_type.as_str();
    if name.starts_with(['a', 'e', 'i', 'o']) {
        format!("an {name} field")
    } else {
        format!("a {name} field")
    }
}
