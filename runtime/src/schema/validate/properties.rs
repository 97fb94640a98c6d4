//! Values of properties: by name or label, each checked as what its parent defines it to be.
//!
//! Which properties there are stands in a record, so it is checked in two steps: the shape with
//! all the other values (`shape`), and each property when the definitions were read
//! ([`prepare_properties`]).

use serde_json::{Map, Value, json};

use super::references::prepare_record;
use super::scalars::{as_selection_key, show};
use super::values::prepare_value;
use super::{Known, Models, Problems};
use crate::schema::text::{clean, join_bounded, nearest, quoted};
use crate::schema::{FieldSchema, FieldType, ModelSchema, Property};

/// The most properties that a refusal lists.
const LISTED: usize = 30;
/// The longest label that is told from another.
const MAX_LABEL: usize = 500;

/// Whether the values of this field are checked by definitions that can be found.
pub fn is_defined_elsewhere(field: &FieldSchema) -> bool {
    field.field_type == FieldType::Properties
        && field.definition_record.is_some()
        && field.definition_record_field.is_some()
}

/// Properties as an object of names or labels and values. The list in which Odoo answers them is
/// taken as well; in this list, its web client can also change what the parent defines, and that
/// is refused.
pub(super) fn shape(
    field: &FieldSchema,
    value: &Value,
    path: &str,
    problems: &mut Problems,
) -> Option<Value> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::Array(items) => {
            let mut given = Map::new();
            for (index, item) in items.iter().enumerate() {
                let here = format!("{path}[{index}]");
                let flag = |name: &str| item.get(name).is_some_and(|flag| *flag != json!(false));
                let Some(name) = item.get("name").and_then(Value::as_str) else {
                    problems.add(&here, format!("expected {}, got {}", usage(), show(item)));
                    continue;
                };
                if flag("definition_changed") || flag("definition_deleted") {
                    problems.add(&here, defined_by(field));
                } else if let Some(value) = item.get("value") {
                    given.insert(name.to_owned(), value.clone());
                }
            }
            Some(Value::Object(given))
        }
        other => {
            problems.add(path, format!("expected {}, got {}", usage(), show(other)));
            None
        }
    }
}

fn usage() -> &'static str {
    "an object such as {\"<name or label of a property>\": value}; properties that are not named stay"
}

fn defined_by(field: &FieldSchema) -> String {
    let parent = field.definition_record.as_deref().unwrap_or("parent");
    let definitions = field.definition_record_field.as_deref();
    format!(
        "which properties there are is defined by the record in {parent}: write its field {}",
        definitions.unwrap_or("of definitions")
    )
}

/// The places of properties in lines, whose definitions nobody looks up.
pub fn properties_in_lines(
    model: &ModelSchema,
    values: &Map<String, Value>,
    path: &str,
    models: Models<'_>,
) -> Vec<String> {
    let mut found = Vec::new();
    in_lines(model, values, path, models, &mut found);
    found
}

fn in_lines(
    model: &ModelSchema,
    values: &Map<String, Value>,
    path: &str,
    models: Models<'_>,
    found: &mut Vec<String>,
) {
    for (name, value) in values {
        let field = model
            .field(name)
            .filter(|field| field.field_type.is_x2many());
        let target = field.and_then(|field| field.relation.as_deref());
        let (Some(target), Some(commands)) = (target.and_then(models), value.as_array()) else {
            continue;
        };
        for (index, command) in commands.iter().enumerate() {
            let Some(line) = command.get(2).and_then(Value::as_object) else {
                continue;
            };
            let here = format!("{path}.{name}[{index}]");
            let is_given = |name: &String| {
                let field = target
                    .field(name)
                    .filter(|field| is_defined_elsewhere(field));
                field.is_some() && line[name].is_object()
            };
            let given = line.keys().filter(|name| is_given(name));
            found.extend(given.map(|name| format!("{here}.{name}")));
            in_lines(&target, line, &here, models, found);
        }
    }
}

/// The values by name, each in the form that Odoo stores.
pub fn prepare_properties(
    properties: &[Property],
    given: &Map<String, Value>,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Map<String, Value> {
    let mut prepared = Map::new();
    for (key, value) in given {
        let here = format!("{path}.{key}");
        let property = match find(properties, key) {
            Ok(property) => property,
            Err(mistake) => {
                problems.add(&here, mistake);
                continue;
            }
        };
        let value = prepare_one(property, value, &here, known, problems);
        if let Some(value) = value
            && prepared.insert(property.name.clone(), value).is_some()
        {
            let label = quoted(property.label(), 60);
            problems.add(&here, format!("the property {label} is there twice"));
        }
    }
    prepared
}

/// The property with this name, or with this label where only one has it.
fn find<'a>(properties: &'a [Property], key: &str) -> Result<&'a Property, String> {
    if let Some(property) = properties.iter().find(|property| property.name == key) {
        return Ok(property);
    }
    // As answers show it: in one line, without what nobody sees.
    let plain = |text: &str| clean(text, MAX_LABEL).to_lowercase();
    let wanted = plain(key);
    let same: Vec<&Property> = properties
        .iter()
        .filter(|property| plain(property.label()) == wanted)
        .collect();
    match same.as_slice() {
        [only] => Ok(only),
        [] => {
            let labels = properties.iter().map(Property::label);
            let near = match nearest(key, labels).first() {
                Some(near) => format!("did you mean {}? There", quoted(near, 60)),
                None => "there".to_owned(),
            };
            let list = list_properties(properties.iter());
            Err(format!("no such property; {near} are: {list}"))
        }
        several => Err(format!(
            "{} properties have this label; give the name: {}",
            several.len(),
            list_properties(several.iter().copied())
        )),
    }
}

/// `“Stage” (a1b2, selection), …`.
fn list_properties<'a>(properties: impl Iterator<Item = &'a Property>) -> String {
    let listed: Vec<String> = properties
        .filter(|property| !property.is_heading())
        .map(|property| {
            let kind = &property.field.field_type;
            format!(
                "{} ({}, {kind})",
                quoted(property.label(), 60),
                property.name
            )
        })
        .collect();
    join_bounded(listed.iter().map(String::as_str), LISTED)
}

fn prepare_one(
    property: &Property,
    value: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    let field = &property.field;
    if property.is_heading() {
        problems.add(path, "a heading between properties, which has no value");
        return None;
    }
    if field.field_type.is_relational() && field.relation.is_none() {
        problems.add(path, "links to a model that is not installed; leave it out");
        return None;
    }
    if !property.is_tags() && !property.is_records() {
        return prepare_value(field, value, path, known, problems);
    }
    let single = [value.clone()];
    let items = match value {
        Value::Null | Value::Bool(false) => return Some(json!(false)),
        Value::Array(items) => items.as_slice(),
        _ => &single,
    };
    let mut prepared: Vec<Value> = Vec::with_capacity(items.len());
    let options = field.selection.as_deref().unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        let here = format!("{path}[{index}]");
        let one = if property.is_tags() {
            as_selection_key(options, item)
                .map_err(|expected| {
                    problems.add(&here, format!("expected {expected}, got {}", show(item)));
                })
                .ok()
        } else {
            prepare_record(field.relation.as_deref(), item, &here, known, problems)
        };
        // Odoo stores a tag as often as it is sent.
        prepared.extend(one.filter(|one| !prepared.contains(one)));
    }
    Some(Value::Array(prepared))
}

/// The records that prepared values link to: the model of each property, and ids.
pub fn linked<'a>(
    properties: &'a [Property],
    prepared: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, i64)> {
    prepared.iter().flat_map(move |(name, value)| {
        let property = properties.iter().find(|property| property.name == *name);
        let model = property.and_then(|property| property.field.relation.as_deref());
        let ids = match value {
            Value::Array(items) => items.iter().filter_map(Value::as_i64).collect(),
            other => other.as_i64().into_iter().collect::<Vec<i64>>(),
        };
        model
            .into_iter()
            .flat_map(move |model| ids.clone().into_iter().map(move |id| (model, id)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validate::names::{Candidate, NameBook, NameMatch};

    fn properties() -> Vec<Property> {
        Property::list(&json!([
            {"name": "a1", "string": "Stage", "type": "selection", "selection": [["x", "Early"], ["y", "Late"]]},
            {"name": "b2", "string": "Tags", "type": "tags", "tags": [["t", "Hot", 3], ["u", "Cold", 4]]},
            {"name": "c3", "string": "Friend", "type": "many2one", "comodel": "res.partner"},
            {"name": "d4", "string": "Friends", "type": "many2many", "comodel": "res.partner"},
            {"name": "e5", "string": "Due", "type": "date"},
            {"name": "f6", "string": "Count", "type": "integer"},
            {"name": "g7", "string": "Same", "type": "char"},
            {"name": "h8", "string": "same", "type": "char"},
            {"name": "i9", "string": "More", "type": "separator"},
            {"name": "j0", "string": "Lost", "type": "many2one", "comodel": false},
        ]))
    }

    fn prepared(given: &Value) -> Result<Value, String> {
        let mut names = NameBook::default();
        let found = Candidate {
            id: 14,
            name: "Azure".to_owned(),
            about: None,
        };
        names.insert("res.partner", "Azure", NameMatch::Exact(vec![found]));
        let now = "2026-11-24T15:30:00[Europe/Brussels]".parse().unwrap();
        let known = Known::new(&|_| None, &names, &now);
        let mut problems = Problems::default();
        let given = given.as_object().unwrap();
        let values = prepare_properties(&properties(), given, "values.p", &known, &mut problems);
        let outcome = problems.into_result("x");
        outcome.map_err(|error| error.to_string())?;
        Ok(Value::Object(values))
    }

    #[test]
    fn properties_are_found_by_name_or_label_and_their_values_mended() {
        for (given, expected) in [
            (
                json!({"a1": "Late", "Count": "3"}),
                json!({"a1": "y", "f6": 3}),
            ),
            (
                json!({"stage": "x", "due": "tomorrow"}),
                json!({"a1": "x", "e5": "2026-11-25"}),
            ),
            (
                json!({"Tags": ["hot", "u", "t"]}),
                json!({"b2": ["t", "u"]}),
            ),
            (json!({"Tags": "Hot"}), json!({"b2": ["t"]})),
            (
                json!({"Friend": "Azure", "Friends": ["Azure", 7]}),
                json!({"c3": 14, "d4": [14, 7]}),
            ),
            (
                json!({"Friend": {"id": 3, "name": "x"}, "Tags": null}),
                json!({"c3": 3, "b2": false}),
            ),
            (
                json!({"g7": "text", "Stage": false}),
                json!({"g7": "text", "a1": false}),
            ),
        ] {
            assert_eq!(prepared(&given), Ok(expected), "{given}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_what_there_is() {
        for (given, says) in [
            (
                json!({"Stag": "x"}),
                "values.p.Stag: no such property; did you mean “Stage”? There are: “Stage” (a1, selection), “Tags” (b2, tags)",
            ),
            (
                json!({"zz": 1}),
                "values.p.zz: no such property; there are: “Stage” (a1",
            ),
            (
                json!({"Same": "x"}),
                "2 properties have this label; give the name: “Same” (g7, char), “same” (h8, char)",
            ),
            (
                json!({"Stage": "Middle"}),
                "values.p.Stage: expected one of \"x\" (Early), \"y\" (Late)",
            ),
            (
                json!({"Tags": ["Warm"]}),
                "values.p.Tags[0]: expected one of \"t\" (Hot)",
            ),
            (
                json!({"Count": "many"}),
                "values.p.Count: expected a whole number",
            ),
            (json!({"Due": "soon"}), "values.p.Due: expected a date"),
            (
                json!({"Friend": [[1]]}),
                "values.p.Friend: expected the id or the exact name of a record of res.partner",
            ),
            (json!({"More": 1}), "a heading between properties"),
            (json!({"Lost": 1}), "a model that is not installed"),
            (
                json!({"a1": "x", "Stage": "y"}),
                "the property “Stage” is there twice",
            ),
        ] {
            let refusal = prepared(&given).unwrap_err();
            assert!(refusal.contains(says), "{given}: {refusal}");
        }
    }

    #[test]
    fn the_list_of_odoo_is_an_object_too_and_defines_nothing() {
        let mut field = FieldSchema::new(FieldType::Properties);
        field.definition_record = Some("project_id".to_owned());
        field.definition_record_field = Some("defs".to_owned());
        let shaped = |value: Value| {
            let mut problems = Problems::default();
            let shaped = shape(&field, &value, "values.p", &mut problems);
            let outcome = problems.into_result("x").map_err(|error| error.to_string());
            outcome.map(|()| shaped.unwrap())
        };
        let list = json!([{"name": "a1", "type": "char", "value": "x"}, {"name": "b2"}]);
        assert_eq!(shaped(list), Ok(json!({"a1": "x"})));
        for (given, says) in [
            (
                json!([{"name": "a1", "definition_changed": true}]),
                "values.p[0]: which properties there are is defined by the record in project_id: write its field defs",
            ),
            (json!([5]), "values.p[0]: expected an object such as"),
            (json!("x"), "values.p: expected an object such as"),
        ] {
            let refusal = shaped(given).unwrap_err();
            assert!(refusal.contains(says), "{refusal}");
        }
    }

    #[test]
    fn links_are_found_with_their_models() {
        let values = json!({"c3": 5, "d4": [6, 7], "f6": 8});
        let (properties, values) = (properties(), values);
        let found: Vec<_> = linked(&properties, values.as_object().unwrap()).collect();
        assert_eq!(
            found,
            [("res.partner", 5), ("res.partner", 6), ("res.partner", 7)]
        );
    }
}
