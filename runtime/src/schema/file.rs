//! `schemas/<model>.json`: all that the server needs to serve and check one model.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json_schema::ModelLookup;
use super::tools::{ToolSpec, tools_of};
use super::{ModelSchema, lenient};
use crate::error::{Error, ErrorKind, Result};

/// The version of the file's layout; a reader refuses a later one.
pub const SCHEMA_FILE_FORMAT: u32 = 1;

/// A model's descriptor and its typed tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchemaFile {
    /// The layout of the file: [`SCHEMA_FILE_FORMAT`].
    pub format: u32,
    /// The descriptor that calls are checked with.
    pub schema: ModelSchema,
    /// The tools, as they are served.
    #[serde(default)]
    pub tools: Vec<ToolSpec>,
}

impl SchemaFile {
    /// The file of a model; `lookup` finds the models that its relations point to.
    pub fn build(schema: ModelSchema, lookup: ModelLookup<'_>) -> Self {
        let tools = tools_of(&schema, lookup);
        Self {
            format: SCHEMA_FILE_FORMAT,
            schema,
            tools,
        }
    }

    /// The file's text: indented JSON with a line break at its end, the same on every run.
    pub fn to_json_pretty(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or(Value::Null);
        format!("{value:#}\n")
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is not a schema file or of a later format.
    pub fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Header {
            #[serde(default, deserialize_with = "lenient::option")]
            format: Option<u32>,
        }
        let unreadable = |error: serde_json::Error| {
            Error::new(
                ErrorKind::Configuration,
                format!("not a schema file: {error}"),
            )
            .with_hint("Write it anew with `cargo xtask gen`.")
        };
        let header: Header = serde_json::from_str(text).map_err(unreadable)?;
        if header
            .format
            .is_some_and(|format| format > SCHEMA_FILE_FORMAT)
        {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "the schema file has format {}, this program reads up to {SCHEMA_FILE_FORMAT}",
                    header.format.unwrap_or_default()
                ),
            )
            .with_hint(
                "Update butopea-mcp-server, or write the schemas anew with `cargo xtask gen`.",
            ));
        }
        serde_json::from_str(text).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.order", "label": "Order", "rec_name": "name",
            "access": {"read": true, "write": true, "create": true, "unlink": false},
            "list_fields": ["name", "state"],
            "fields": {
                "name": {"type": "char", "string": "Name", "required": true, "views": ["form", "list"]},
                "state": {"type": "selection", "string": "State", "views": ["tree"],
                          "selection": [["draft", "Draft"], ["done", "Done"]], "help": false},
                "line_ids": {"type": "one2many", "relation": "x.line", "string": "Lines", "views": ["form"]}
            },
            "actions": [{"method": "action_done", "label": "Done", "confirm": "Sure?"}]
        }))
        .unwrap()
    }

    #[test]
    fn a_file_survives_writing_and_reading() {
        let file = SchemaFile::build(sample(), &|_| None);
        assert_eq!(SchemaFile::parse(&file.to_json_pretty()).unwrap(), file);
    }

    #[test]
    fn tools_follow_the_access_rights() {
        let file = SchemaFile::build(sample(), &|_| None);
        let names: Vec<&str> = file.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "x_order_search",
                "x_order_read",
                "x_order_count",
                "x_order_aggregate",
                "x_order_create",
                "x_order_update",
                "x_order_action_done"
            ]
        );
        let create = &file.tools[4];
        assert_eq!(
            create.input_schema["properties"]["values"]["required"],
            json!(["name"])
        );
    }

    #[test]
    fn a_button_that_is_called_as_an_operation_has_a_tool_of_its_own() {
        let mut schema = sample();
        for method in ["count", "aggregate", "action_Done"] {
            let action = super::super::ActionSchema {
                method: method.to_owned(),
                ..schema.actions[0].clone()
            };
            schema.actions.push(action);
        }
        let file = SchemaFile::build(schema, &|_| None);
        let mut names: Vec<&str> = file.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names[2..4], ["x_order_count", "x_order_aggregate"]);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 10, "{names:?}");
    }

    #[test]
    fn chosen_fields_stand_first_in_the_tools() {
        let mut schema = sample();
        for name in ["note", "total", "number"] {
            let kind = super::super::FieldType::Char;
            let field = super::super::FieldSchema::new(kind);
            schema.fields.insert(name.to_owned(), field);
        }
        schema.fields.get_mut("total").unwrap().computed = true;
        schema.fields.get_mut("number").unwrap().readonly_expr = Some("True".to_owned());
        let order = ["number", "note", "gone", "total", "state"].map(str::to_owned);
        schema.key_fields = order.to_vec();
        let file = SchemaFile::build(schema, &|_| None);
        let description = &file.tools[0].description;
        assert!(
            description
                .ends_with("Fields: number char, note char, total char, state (draft|done)."),
            "{description}"
        );
        for tool in &file.tools[4..=5] {
            let values = &tool.input_schema["properties"]["values"]["properties"];
            let names: Vec<&String> = values.as_object().unwrap().keys().collect();
            assert_eq!(
                names,
                ["note", "state", "name", "line_ids"],
                "{}",
                tool.name
            );
        }
        assert!(!file.to_json_pretty().contains("key_fields"));
    }

    #[test]
    fn a_later_format_is_refused_with_its_mend() {
        let error = SchemaFile::parse(r#"{"format": 99}"#).unwrap_err();
        assert!(
            error.to_string().contains("Update butopea-mcp-server"),
            "{error}"
        );
    }
}
