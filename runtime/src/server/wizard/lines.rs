//! What a call says of lines that a dialogue proposes and that are not saved yet.
//!
//! The answer that opened the dialogue has a name for each (`new-1-9580`, from the Odoo module,
//! `addons/butopea_mcp/lib/form_lines.py`). They are changed and left out like lines that exist:
//! `{"update": [{"id": "new-1-9580", "quantity": 2}], "remove": ["new-2-3fa2"]}`. A line without
//! an id may be one of those proposed, too, when it names the same records; the module knows. So
//! what seems to be missing in it may stand there already.

use serde_json::{Map, Value, json};

use crate::schema::validate::{Known, Problems, Purpose, VERBS, prepare_values};
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// Instead of an id: a line that is none of those proposed.
const NEW: &str = "new";

/// One of Odoo's commands for a line that is not saved: `[1, "new-1-9580", {…}]`.
struct Change {
    code: i64,
    key: Value,
    values: Option<Map<String, Value>>,
    path: String,
}

/// What is said of one list.
#[derive(Default)]
struct Said {
    /// Of records that exist, for the check of all lists.
    rest: Option<Value>,
    /// The proposed lines that alone stay, next to those that `rest` sets.
    kept: Option<Vec<Value>>,
    changes: Vec<Change>,
}

/// Checks the values of a dialogue and brings them into Odoo's form.
pub(super) fn prepare_form(
    schema: &ModelSchema,
    given: &Map<String, Value>,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Map<String, Value> {
    let mut plain = Map::new();
    let mut lists: Vec<(&String, &FieldSchema, Said)> = Vec::new();
    for (name, value) in given {
        let field = schema
            .field(name)
            .filter(|field| field.field_type.is_x2many());
        let Some(field) = field else {
            plain.insert(name.clone(), value.clone());
            continue;
        };
        let said = Reader {
            field,
            path: format!("values.{name}"),
        }
        .read(value);
        if let Some(rest) = &said.rest {
            plain.insert(name.clone(), rest.clone());
        }
        lists.push((name, field, said));
    }
    // What is required stands in the dialogue already, or is found out there.
    let purpose = Purpose::Update;
    let mut prepared = prepare_values(schema, &plain, purpose, "values", known, problems);
    for (name, field, said) in lists {
        let mut commands = match prepared.remove(name) {
            Some(Value::Array(commands)) => commands,
            _ => Vec::new(),
        };
        if let Some(kept) = said.kept {
            keep(&mut commands, kept);
        }
        let target = field.relation.as_deref().and_then(|name| known.model(name));
        for change in said.changes {
            let values = change.values.map(|values| match &target {
                Some(target) => {
                    prepare_values(target, &values, purpose, &change.path, known, problems)
                }
                None => values,
            });
            let values = values.map_or(json!(0), Value::Object);
            commands.push(json!([change.code, change.key, values]));
        }
        prepared.insert(name.clone(), Value::Array(commands));
    }
    prepared
}

/// Sets a list to the proposed lines, and to the records that `commands` set already.
fn keep(commands: &mut Vec<Value>, kept: Vec<Value>) {
    let set = commands.iter_mut().find(|command| command[0] == json!(6));
    match set.and_then(|command| command[2].as_array_mut()) {
        Some(ids) => ids.extend(kept),
        None => commands.insert(0, json!([6, 0, kept])),
    }
}

/// Whether a value is the name of a line that is not saved.
fn is_name(value: &Value) -> bool {
    let rest = value.as_str().and_then(|text| text.strip_prefix("new-"));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether an object says by name what is to be done to a list, and is no line.
fn is_by_name(map: &Map<String, Value>) -> bool {
    map.keys().any(|key| VERBS.contains(&key.as_str()))
}

struct Reader<'a> {
    field: &'a FieldSchema,
    path: String,
}

impl Reader<'_> {
    fn read(&self, value: &Value) -> Said {
        match value {
            Value::Array(items) => self.list(items),
            Value::Object(map) if is_by_name(map) => self.by_name(map),
            Value::Object(_) => self.list(std::slice::from_ref(value)),
            other => Said {
                rest: Some(other.clone()),
                ..Said::default()
            },
        }
    }

    fn list(&self, items: &[Value]) -> Said {
        let mut said = Said::default();
        // Names and ids alone say what is to be there, as everywhere.
        if items.iter().any(is_name)
            && items
                .iter()
                .all(|item| !item.is_object() && !item.is_array())
        {
            return Self::set(items);
        }
        let mut rest = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}[{index}]", self.path);
            match self.change(item, path) {
                Some(change) => said.changes.push(change),
                None if is_name(item) => {}
                None => rest.push(item.clone()),
            }
        }
        if !rest.is_empty() || items.is_empty() {
            said.rest = Some(Value::Array(rest));
        }
        said
    }

    fn set(items: &[Value]) -> Said {
        let (kept, rest): (Vec<Value>, Vec<Value>) = items.iter().cloned().partition(is_name);
        Said {
            rest: (!rest.is_empty()).then(|| json!({"set": rest})),
            kept: Some(kept),
            changes: Vec::new(),
        }
    }

    /// `{"update": […], "remove": […]}`.
    fn by_name(&self, map: &Map<String, Value>) -> Said {
        let mut said = Said::default();
        let mut rest = Map::new();
        for (verb, given) in map {
            let items = match given {
                Value::Array(items) => items.as_slice(),
                single => std::slice::from_ref(single),
            };
            let mut others = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let path = format!("{}.{verb}[{index}]", self.path);
                match self.verb(verb, item, path) {
                    Some(change) => said.changes.extend(change),
                    None => others.push(item.clone()),
                }
            }
            if verb == "set" && others.len() < items.len() {
                let named = items.iter().map(|item| item.get("id").unwrap_or(item));
                said.kept = Some(named.filter(|name| is_name(name)).cloned().collect());
            }
            if others.len() == items.len() {
                rest.insert(verb.clone(), given.clone());
            } else if !others.is_empty() {
                rest.insert(verb.clone(), Value::Array(others));
            }
        }
        if !rest.is_empty() {
            // What is left stays a list of commands, also where none of them is known.
            if !is_by_name(&rest) {
                rest.insert("update".to_owned(), json!([]));
            }
            said.rest = Some(Value::Object(rest));
        }
        said
    }

    /// What one item of a verb says of a line that is not saved: perhaps nothing but that it
    /// stays. `None` where it says nothing of such a line.
    fn verb(&self, verb: &str, item: &Value, path: String) -> Option<Vec<Change>> {
        let is_mine = is_name(item);
        match verb {
            "update" | "create" if item.is_object() => {
                self.change(item, path).map(|change| vec![change])
            }
            "set" if item.get("id").is_some_and(is_name) => {
                self.change(item, path).map(|change| vec![change])
            }
            "link" | "set" if is_mine => Some(Vec::new()),
            "delete" | "remove" | "unlink" if is_mine => Some(vec![Change {
                code: 2,
                key: item.clone(),
                values: None,
                path,
            }]),
            _ => None,
        }
    }

    /// What an object or one of Odoo's commands says of a line that is not saved, if it does.
    fn change(&self, item: &Value, path: String) -> Option<Change> {
        let (code, key, values) = match item {
            Value::Object(line) => {
                let mut values = line.clone();
                match values.shift_remove("id") {
                    Some(id) if is_name(&id) => (1, id, Some(values)),
                    Some(id) if id.is_null() || id == json!(NEW) => (0, json!(NEW), Some(values)),
                    Some(_) => return None,
                    None => (0, json!(0), Some(values)),
                }
            }
            Value::Array(command) => {
                let key = command.get(1).cloned().unwrap_or_default();
                let values = command.get(2).and_then(Value::as_object).cloned();
                match (command.first().and_then(Value::as_i64)?, values) {
                    (0, Some(values)) => (0, json!(0), Some(values)),
                    (1, Some(values)) if is_name(&key) => (1, key, Some(values)),
                    (2 | 3, _) if is_name(&key) => (2, key, None),
                    _ => return None,
                }
            }
            _ => return None,
        };
        // A record that is linked is made like any other.
        let is_owned = self.field.field_type == FieldType::One2many;
        (is_owned || code != 0).then_some(Change {
            code,
            key,
            values,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::{Timestamp, tz::TimeZone};

    use super::*;
    use crate::schema::validate::names::NameBook;

    fn schema(value: &Value) -> ModelSchema {
        ModelSchema::from_wire(value).unwrap()
    }

    /// The values as they are sent, and what is wrong with them.
    fn prepared(given: &Value) -> (Value, Vec<String>) {
        let wizard = schema(&json!({"model": "x.wizard", "fields": {
            "reason": {"type": "char"},
            "line_ids": {"type": "one2many", "relation": "x.line", "relation_field": "wizard_id"},
            "tag_ids": {"type": "many2many", "relation": "x.line"},
        }}));
        let line = Arc::new(schema(&json!({"model": "x.line", "fields": {
            "quantity": {"type": "float"},
            "move_id": {"type": "many2one", "relation": "x.move", "required": true},
            "wizard_id": {"type": "many2one", "relation": "x.wizard"},
        }})));
        let models = |name: &str| (name == "x.line").then(|| Arc::clone(&line));
        let names = NameBook::default();
        let now = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        let known = Known::new(&models, &names, &now);
        let mut problems = Problems::default();
        let given = given.as_object().unwrap();
        let values = prepare_form(&wizard, given, &known, &mut problems);
        (Value::Object(values), problems.mistakes().to_vec())
    }

    fn lines(given: &Value) -> Value {
        let (mut values, mistakes) = prepared(&json!({"line_ids": given}));
        assert!(mistakes.is_empty(), "{mistakes:?}");
        values["line_ids"].take()
    }

    #[test]
    fn a_proposed_line_is_changed_and_left_out_by_its_name() {
        let by_name = json!({"update": [{"id": "new-1-9580", "quantity": "2"}],
            "remove": ["new-2-3fa2"], "delete": [7]});
        assert_eq!(
            lines(&by_name),
            json!([[2, 7, 0], [1, "new-1-9580", {"quantity": 2.0}], [2, "new-2-3fa2", 0]])
        );
        assert_eq!(
            lines(&json!([{"id": "new-1-9580", "quantity": 2}])),
            json!([[1, "new-1-9580", {"quantity": 2}]])
        );
        let commands = json!([[1, "new-1-9580", {"quantity": 2}], [2, "new-2-3fa2"], [5]]);
        assert_eq!(
            lines(&commands),
            json!([[5, 0, 0], [1, "new-1-9580", {"quantity": 2}], [2, "new-2-3fa2", 0]])
        );
    }

    #[test]
    fn what_alone_stays_is_set() {
        let set = json!([[6, 0, ["new-1-9580"]]]);
        assert_eq!(lines(&json!(["new-1-9580"])), set);
        assert_eq!(lines(&json!({"set": ["new-1-9580"]})), set);
        assert_eq!(lines(&json!({"set": "new-1-9580"})), set);
        assert_eq!(
            lines(&json!({"set": [5, {"id": "new-1-9580", "quantity": 1}]})),
            json!([[6, 0, [5, "new-1-9580"]], [1, "new-1-9580", {"quantity": 1}]])
        );
        assert_eq!(lines(&json!([5, 6])), json!([[6, 0, [5, 6]]]));
        assert_eq!(lines(&json!(null)), json!([[5, 0, 0]]));
    }

    #[test]
    fn a_line_without_an_id_may_stand_there_already() {
        // The move, which a new line must have, is not asked for.
        for given in [
            json!([{"quantity": 1}]),
            json!({"create": [{"quantity": 1}]}),
        ] {
            assert_eq!(lines(&given), json!([[0, 0, {"quantity": 1}]]));
        }
        assert_eq!(
            lines(&json!([{"id": "new", "quantity": 1}])),
            json!([[0, "new", {"quantity": 1}]])
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let (_, mistakes) = prepared(&json!({
            "reson": "x", "line_ids": {"update": [{"id": "new-1-9580", "quantiti": 2}], "remve": [1]},
        }));
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        let all = mistakes.join("\n");
        for place in [
            "values.reson",
            "values.line_ids.remve",
            "values.line_ids.update[0].quantiti",
        ] {
            assert!(all.contains(place), "{all}");
        }
        let (_, mistakes) =
            prepared(&json!({"line_ids": {"update": [{"id": "newest", "quantity": 1}]}}));
        assert!(
            mistakes[0].contains("expected the id of a line"),
            "{mistakes:?}"
        );
    }

    #[test]
    fn a_linked_record_is_made_like_any_other() {
        let (_, mistakes) = prepared(&json!({"tag_ids": {"create": [{"quantity": 1}]}}));
        assert!(mistakes[0].contains("move_id: required"), "{mistakes:?}");
    }
}
