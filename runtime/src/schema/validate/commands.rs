//! Lists of records in values: ids or names, lines as objects, what to do by name
//! (`{"link": [5], "create": [{…}]}`), and Odoo's own commands.

use serde_json::{Map, Value, json};

use super::references::prepare_link;
use super::scalars::{as_integer, show};
use super::values::{Purpose, prepare_new_line, prepare_values};
use super::{Known, Problems};
use crate::schema::text::nearest;
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// What may be done to a list, in the order in which it is done.
pub(crate) const VERBS: [&str; 8] = [
    "set", "clear", "delete", "remove", "unlink", "link", "update", "create",
];

const USAGE: &str = "a list of ids, objects or commands, or an object such as \
                     {\"link\": [5], \"create\": [{…}]} (set, link, unlink, remove, delete, update, create)";

/// Whether a value can hold lines.
pub(super) fn is_line(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

/// A list of records in Odoo's commands (`odoo/fields.py`, `Command`).
///
/// A list of ids or names replaces what is there. A list with objects adds lines, or with `id`
/// changes them, and links ids. An object says by name what is to be done. Odoo's commands are
/// checked and passed on.
pub(super) fn prepare_x2many(
    field: &FieldSchema,
    value: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    let target = field.relation.as_deref().and_then(|name| known.model(name));
    // A link by id alone (`res_id`) says nothing of what else the parent fills in.
    let inverse = field.relation_field.as_deref().filter(|inverse| {
        let field = target.as_deref().and_then(|target| target.field(inverse));
        field.is_some_and(|field| field.field_type == FieldType::Many2one)
    });
    let may_lack = field.field_type == FieldType::One2many && inverse.is_none();
    let mut lines = Lines {
        field,
        target: target.as_deref(),
        inverse,
        may_lack,
        known,
        problems,
    };
    match value {
        Value::Null | Value::Bool(false) => Some(json!([[5, 0, 0]])),
        Value::Array(items) => lines.list(items, path),
        Value::Object(map) if map.keys().any(|key| VERBS.contains(&key.as_str())) => {
            Some(lines.by_name(map, path))
        }
        Value::Object(map) if !map.is_empty() && field.field_type == FieldType::One2many => {
            lines.list(std::slice::from_ref(value), path)
        }
        other => {
            lines
                .problems
                .add(path, format!("expected {USAGE}, got {}", show(other)));
            None
        }
    }
}

struct Lines<'a, 'p> {
    field: &'a FieldSchema,
    target: Option<&'a ModelSchema>,
    /// The many2one of a line back to the record, which Odoo fills in.
    inverse: Option<&'a str>,
    /// Whether a new line may lack what seems to be required.
    may_lack: bool,
    known: &'a Known<'a>,
    problems: &'p mut Problems,
}

impl Lines<'_, '_> {
    fn list(&mut self, items: &[Value], path: &str) -> Option<Value> {
        let is_reference = |item: &Value| item.is_string() || as_integer(item).is_some();
        if items.iter().all(is_reference) {
            return Some(json!([[6, 0, self.references(items, path)?]]));
        }
        let commands: Vec<Value> = items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| self.item(item, &format!("{path}[{index}]")))
            .collect();
        Some(Value::Array(commands))
    }

    fn item(&mut self, item: &Value, path: &str) -> Option<Value> {
        match item {
            Value::Object(line) => Some(self.line(line, path)),
            Value::Array(command) => self.command(command, path),
            other if other.is_string() || as_integer(other).is_some() => {
                Some(json!([4, self.reference(other, path)?, 0]))
            }
            other => {
                self.problems.add(
                    path,
                    format!(
                        "expected an id, an object or a command, got {}",
                        show(other)
                    ),
                );
                None
            }
        }
    }

    fn line(&mut self, line: &Map<String, Value>, path: &str) -> Value {
        let mut values = line.clone();
        let Some(given) = values.shift_remove("id") else {
            return json!([0, 0, self.new_line(&values, path)]);
        };
        let changed = self.changed(&values, path);
        if let Some(id) = as_integer(&given).filter(|id| *id > 0) {
            return json!([1, id, changed]);
        }
        self.problems.add(
            &format!("{path}.id"),
            format!("expected the id of a line, got {}", show(&given)),
        );
        Value::Null
    }

    /// `(0, 0, values)`, `(1, id, values)`, `(2|3|4, id)`, `(5,)`, `(6, 0, ids)`.
    fn command(&mut self, command: &[Value], path: &str) -> Option<Value> {
        let code = command.first().and_then(as_integer);
        let second = command.get(1).unwrap_or(&Value::Null);
        let third = command.get(2).unwrap_or(&Value::Null);
        let values_at = format!("{path}[2]");
        match (code, third) {
            (Some(0), Value::Object(values)) => {
                Some(json!([0, 0, self.new_line(values, &values_at)]))
            }
            (Some(1), Value::Object(values)) => {
                let id = self.reference(second, &format!("{path}[1]"));
                let values = self.changed(values, &values_at);
                Some(json!([1, id?, values]))
            }
            (Some(code @ 2..=4), _) if !second.is_null() => {
                let id = self.reference(second, &format!("{path}[1]"))?;
                Some(json!([code, id, 0]))
            }
            (Some(5), _) => Some(json!([5, 0, 0])),
            (Some(6), Value::Array(ids)) => Some(json!([6, 0, self.references(ids, &values_at)?])),
            _ => {
                self.problems.add(
                    path,
                    "not a command: use [0,0,{values}] to create, [1,id,{values}] to change, \
                     [2,id] to delete, [3,id] to unlink, [4,id] to link, [5] to clear, [6,0,[ids]] to set",
                );
                None
            }
        }
    }

    /// `{"link": [5], "create": [{…}]}`.
    fn by_name(&mut self, map: &Map<String, Value>, path: &str) -> Value {
        for verb in map.keys().filter(|key| !VERBS.contains(&key.as_str())) {
            let advice = match nearest(verb, VERBS).first() {
                Some(near) => format!("did you mean {near}?"),
                None => format!("use {}", VERBS.join(", ")),
            };
            self.problems.add(
                &format!("{path}.{verb}"),
                format!("nothing that can be done to a list; {advice}"),
            );
        }
        let mut commands = Vec::new();
        for verb in VERBS {
            if let Some(given) = map.get(verb) {
                commands.extend(self.verb(verb, given, &format!("{path}.{verb}")));
            }
        }
        Value::Array(commands)
    }

    fn verb(&mut self, verb: &str, given: &Value, path: &str) -> Vec<Value> {
        let single = [given.clone()];
        let items = match given {
            Value::Array(items) => items.as_slice(),
            Value::Null | Value::Bool(false) if verb != "set" => &[],
            _ => &single,
        };
        // Taken out of a list, a line is gone; another record stays where it is.
        let removing = if self.field.field_type == FieldType::One2many {
            2
        } else {
            3
        };
        match verb {
            "clear" if items.is_empty() => Vec::new(),
            "clear" => vec![json!([5, 0, 0])],
            "set" => self
                .references(items, path)
                .map(|ids| json!([6, 0, ids]))
                .into_iter()
                .collect(),
            "delete" => self.each(2, items, path),
            "remove" => self.each(removing, items, path),
            "unlink" => self.each(3, items, path),
            "link" => self.each(4, items, path),
            _ => self.objects(verb, items, path),
        }
    }

    fn each(&mut self, code: i64, items: &[Value], path: &str) -> Vec<Value> {
        items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let id = self.reference(item, &format!("{path}[{index}]"))?;
                Some(json!([code, id, 0]))
            })
            .collect()
    }

    fn objects(&mut self, verb: &str, items: &[Value], path: &str) -> Vec<Value> {
        let mut commands = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let here = format!("{path}[{index}]");
            match item.as_object() {
                Some(line) if line.contains_key("id") == (verb == "update") => {
                    commands.push(self.line(line, &here));
                }
                Some(_) if verb == "update" => {
                    self.problems.add(&here, "the id of the line is missing");
                }
                Some(_) => self.problems.add(
                    &here,
                    "a new line has no id; use update for a line that exists",
                ),
                None => self.problems.add(
                    &here,
                    format!("expected an object of field values, got {}", show(item)),
                ),
            }
        }
        commands
    }

    fn references(&mut self, items: &[Value], path: &str) -> Option<Vec<Value>> {
        let found: Vec<Option<Value>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.reference(item, &format!("{path}[{index}]")))
            .collect();
        found.into_iter().collect()
    }

    fn reference(&mut self, item: &Value, path: &str) -> Option<Value> {
        prepare_link(self.field, item, path, self.known, self.problems)
    }

    fn new_line(&mut self, values: &Map<String, Value>, path: &str) -> Map<String, Value> {
        match self.target {
            Some(target) if self.may_lack => prepare_values(
                target,
                values,
                Purpose::Update,
                path,
                self.known,
                self.problems,
            ),
            Some(target) => prepare_new_line(
                target,
                values,
                self.inverse,
                path,
                self.known,
                self.problems,
            ),
            None => values.clone(),
        }
    }

    fn changed(&mut self, values: &Map<String, Value>, path: &str) -> Map<String, Value> {
        match self.target {
            Some(target) => prepare_values(
                target,
                values,
                Purpose::Update,
                path,
                self.known,
                self.problems,
            ),
            None => values.clone(),
        }
    }
}
