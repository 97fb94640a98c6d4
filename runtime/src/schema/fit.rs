//! Whether the arguments of a typed tool still fit its model.
//!
//! On the data's way: schema files → **what the user's Odoo says now** → tools. A tool names
//! fields, types and options as they were when its schema file was written. Where the model is
//! another one now, or this user sees less of it, such a tool would lead into an error.

use std::fmt;

use serde_json::{Map, Value};

use super::json_schema::{ModelLookup, simple_type, value_schema};
use super::{FieldSchema, ModelSchema, Operation, output};

/// A model as it was written into its file, and as it is for the user; and how others are found
/// among both.
#[derive(Clone, Copy)]
pub struct Fitting<'a> {
    /// The model in the schema file.
    pub written: &'a ModelSchema,
    /// The model as the user sees it.
    pub live: &'a ModelSchema,
    /// Other models in the schema files.
    pub other_written: ModelLookup<'a>,
    /// Other models as the user sees them, as far as they are known.
    pub other_live: ModelLookup<'a>,
}

/// The argument of a tool that names fields.
const VALUES: &str = "values";

/// The models whose fields a tool's arguments name besides those of its own: those of lines.
pub fn line_models<'a>(arguments: &Map<String, Value>, model: &'a ModelSchema) -> Vec<&'a str> {
    properties_of(arguments)
        .filter(|(_, property)| line_columns(property).is_some())
        .filter_map(|(name, _)| model.field(name)?.relation.as_deref())
        .collect()
}

/// Why a tool's argument is wrong for the model as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The field that the tool names, or lacks; `order_line.product_id` of a line.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Misfit {
    fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }

    fn gone(field: impl Into<String>) -> Self {
        Self::new(field, "is gone, or this user may not see it")
    }

    fn required(field: impl Into<String>) -> Self {
        Self::new(field, "is required now")
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.reason)
    }
}

/// Why a tool's arguments are wrong for the model as it is now; nothing while they fit. Fields that the model has besides those that the tool names do no harm, unless a
/// record cannot be created without them.
pub fn misfits(
    arguments: &Map<String, Value>,
    operation: &Operation,
    fitting: Fitting<'_>,
) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (name, property) in properties_of(arguments) {
        let written = fitting.written.field(name);
        match fitting.live.field(name) {
            None => found.push(Misfit::gone(name)),
            Some(live) => {
                found.extend(value_misfit(name, property, written, live, fitting));
                found.extend(line_misfits(name, property, live, fitting));
            }
        }
    }
    if *operation == Operation::Create {
        let asked: Vec<&str> = required_of(arguments).collect();
        let missing = newly_required(fitting.written, fitting.live)
            .filter(|name| !asked.contains(name))
            .map(Misfit::required);
        found.extend(missing);
    }
    found
}

/// Why the answers of a tool would not be what it says: a key field is of another type now.
pub fn misread(written: &ModelSchema, live: &ModelSchema, operation: &Operation) -> Option<Misfit> {
    let name = output::misread(written, live, operation)?;
    let now = live.field(name)?.kind();
    Some(Misfit::new(name, format!("is {now} now")))
}

/// Why a field cannot be written as the tool says.
fn value_misfit(
    name: &str,
    property: &Value,
    written: Option<&FieldSchema>,
    live: &FieldSchema,
    fitting: Fitting<'_>,
) -> Option<Misfit> {
    let before = written.map(FieldSchema::kind);
    let now = live.kind();
    if before.as_ref().is_some_and(|before| *before != now) {
        let before = before.unwrap_or_default();
        let reason = format!("is {now} now, and was {before}");
        return Some(Misfit::new(name, reason));
    }
    let expected = value_schema(live, fitting.other_live);
    if property.get("type") != expected.get("type") {
        return Some(Misfit::new(name, format!("is {now} now")));
    }
    let known = live.option_keys()?;
    let lost: Vec<&str> = texts(property.get("enum"))
        .filter(|key| !known.iter().any(|option| option == key))
        .collect();
    let reason = || format!("has no option {} any more", lost.join(", "));
    (!lost.is_empty()).then(|| Misfit::new(name, reason()))
}

/// Why lines cannot be written as the tool says. Nothing is said of a model that is not known.
fn line_misfits(
    name: &str,
    property: &Value,
    live: &FieldSchema,
    fitting: Fitting<'_>,
) -> Vec<Misfit> {
    let (Some(columns), Some(relation)) = (line_columns(property), &live.relation) else {
        return Vec::new();
    };
    let Some(target) = (fitting.other_live)(relation) else {
        return Vec::new();
    };
    let written = (fitting.other_written)(relation);
    let path = |column: &str| format!("{name}.{column}");
    let mut found = Vec::new();
    for (column, schema) in columns.iter().filter(|(column, _)| *column != "id") {
        let before = written.and_then(|model| model.field(column));
        match target.field(column) {
            None => found.push(Misfit::gone(path(column))),
            Some(field) => {
                let now = field.kind();
                let is_other = before.is_some_and(|before| before.kind() != now)
                    || schema.get("type").and_then(Value::as_str) != Some(simple_type(field));
                if is_other {
                    found.push(Misfit::new(path(column), format!("is {now} now")));
                }
            }
        }
    }
    if let Some(written) = written {
        let missing = newly_required(written, target)
            .filter(|column| live.relation_field.as_deref() != Some(column))
            .filter(|column| !columns.contains_key(*column))
            .map(|column| Misfit::required(path(column)));
        found.extend(missing);
    }
    found
}

/// Fields that a record cannot be created without, and could before.
fn newly_required<'a>(
    written: &'a ModelSchema,
    live: &'a ModelSchema,
) -> impl Iterator<Item = &'a str> {
    let names = live.fields.keys().map(String::as_str);
    names.filter(|name| live.must_be_given(name) && !written.must_be_given(name))
}

/// The fields that the arguments name, with what is said of each.
fn properties_of(arguments: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let values = arguments
        .get("properties")
        .and_then(|properties| properties.get(VALUES)?.get("properties")?.as_object());
    values.into_iter().flatten()
}

/// The fields that the arguments ask for.
fn required_of(arguments: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let values = arguments
        .get("properties")
        .and_then(|properties| properties.get(VALUES));
    texts(values.and_then(|values| values.get("required")))
}

/// The columns of a line, where the property is a list of lines.
fn line_columns(property: &Value) -> Option<&Map<String, Value>> {
    property.get("items")?.get("properties")?.as_object()
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    let items = list.and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{FieldType, SchemaFile, SelectionKey};
    use super::*;

    fn order() -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.order", "label": "Order", "rec_name": "name",
            "fields": {
                "name": {"type": "char", "required": true, "views": ["form"]},
                "state": {"type": "selection", "selection": [["draft", "Draft"], ["done", "Done"]],
                          "views": ["form"]},
                "partner_id": {"type": "many2one", "relation": "res.partner", "views": ["form"]},
                "line_ids": {"type": "one2many", "relation": "x.line", "relation_field": "order_id",
                             "views": ["form"]},
                "hidden": {"type": "char"},
            },
        }))
        .unwrap()
    }

    fn line() -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.line",
            "fields": {
                "order_id": {"type": "many2one", "relation": "x.order", "required": true},
                "product_id": {"type": "many2one", "relation": "product.product"},
                "quantity": {"type": "float"},
            },
        }))
        .unwrap()
    }

    /// What is wrong with the create and the update tool after these changes.
    fn after(
        change_order: impl FnOnce(&mut ModelSchema),
        change_line: impl FnOnce(&mut ModelSchema),
    ) -> [Vec<String>; 2] {
        let (written, written_line) = (order(), line());
        let (mut live, mut live_line) = (order(), line());
        change_order(&mut live);
        change_line(&mut live_line);
        let other_written = |name: &str| (name == "x.line").then_some(&written_line);
        let other_live = |name: &str| (name == "x.line").then_some(&live_line);
        let file = SchemaFile::build(written.clone(), &other_written);
        let fitting = Fitting {
            written: &written,
            live: &live,
            other_written: &other_written,
            other_live: &other_live,
        };
        [Operation::Create, Operation::Update].map(|operation| {
            let tool = file.tools.iter().find(|tool| tool.operation == operation);
            let arguments = &tool.unwrap().input_schema;
            assert_eq!(line_models(arguments, &written), ["x.line"]);
            let found = misfits(arguments, &operation, fitting);
            found.iter().map(Misfit::to_string).collect()
        })
    }

    fn nothing(_: &mut ModelSchema) {}

    fn field<'a>(model: &'a mut ModelSchema, name: &str) -> &'a mut FieldSchema {
        model.fields.get_mut(name).unwrap()
    }

    #[test]
    fn what_does_no_harm_fits() {
        let fits: [Vec<String>; 2] = [Vec::new(), Vec::new()];
        assert_eq!(after(nothing, nothing), fits);
        let more = |model: &mut ModelSchema| {
            let new = FieldSchema::new(FieldType::Char);
            model.fields.insert("x_new".into(), new);
            model.fields.remove("hidden");
            field(model, "name").required = false;
            field(model, "name").label = Some("Number".into());
            let options = field(model, "state").selection.as_mut().unwrap();
            let mut hold = options[0].clone();
            hold.key = SelectionKey::Text("hold".into());
            options.push(hold);
        };
        assert_eq!(after(more, nothing), fits);
        let unknown = |model: &mut ModelSchema| field(model, "state").selection = None;
        assert_eq!(after(unknown, nothing), fits);
    }

    #[test]
    fn a_named_field_that_is_gone_or_another_does_not_fit() {
        let gone = |model: &mut ModelSchema| drop(model.fields.remove("partner_id"));
        let expected = vec!["partner_id is gone, or this user may not see it".to_owned()];
        assert_eq!(after(gone, nothing), [expected.clone(), expected]);
        let other = |model: &mut ModelSchema| {
            field(model, "partner_id").relation = Some("res.users".into());
        };
        let expected = vec![
            "partner_id is many2one to res.users now, and was many2one to res.partner".to_owned(),
        ];
        assert_eq!(after(other, nothing), [expected.clone(), expected]);
    }

    #[test]
    fn a_named_option_that_is_gone_does_not_fit() {
        let gone = |model: &mut ModelSchema| {
            let options = field(model, "state").selection.as_mut().unwrap();
            options.retain(|option| option.key.to_string() != "done");
        };
        let expected = vec!["state has no option done any more".to_owned()];
        assert_eq!(after(gone, nothing), [expected.clone(), expected]);
    }

    #[test]
    fn only_a_create_minds_what_is_newly_required() {
        let required = |model: &mut ModelSchema| {
            field(model, "partner_id").required = true;
            field(model, "hidden").required = true; // no form shows it: Odoo fills it in
        };
        let expected = vec!["partner_id is required now".to_owned()];
        assert_eq!(after(required, nothing), [expected, Vec::new()]);
    }

    #[test]
    fn columns_of_lines_count_too() {
        let gone = |model: &mut ModelSchema| drop(model.fields.remove("quantity"));
        let expected = vec!["line_ids.quantity is gone, or this user may not see it".to_owned()];
        assert_eq!(after(nothing, gone), [expected.clone(), expected]);
        let other = |model: &mut ModelSchema| field(model, "quantity").field_type = FieldType::Char;
        let expected = vec!["line_ids.quantity is char now".to_owned()];
        assert_eq!(after(nothing, other), [expected.clone(), expected]);
        let required = |model: &mut ModelSchema| {
            let mut new = FieldSchema::new(FieldType::Many2one);
            new.required = true;
            model.fields.insert("uom_id".into(), new);
        };
        let expected = vec!["line_ids.uom_id is required now".to_owned()];
        assert_eq!(after(nothing, required), [expected.clone(), expected]);
    }

    #[test]
    fn arguments_that_contradict_their_own_file_are_judged_by_their_type() {
        let (written, other) = (order(), |_: &str| None);
        let file = SchemaFile::build(written.clone(), &other);
        let tool = file
            .tools
            .iter()
            .find(|tool| tool.operation == Operation::Update);
        let mut arguments = tool.unwrap().input_schema.clone();
        arguments["properties"]["values"]["properties"]["name"] = json!({"type": "integer"});
        let fitting = Fitting {
            written: &written,
            live: &written,
            other_written: &other,
            other_live: &other,
        };
        let found = misfits(&arguments, &Operation::Update, fitting);
        assert_eq!(found, [Misfit::new("name", "is char now")]);
    }
}
