//! What every tool must be, whoever generated it and whoever reads it.
//!
//! [`problems_of`] is a lint: the subset of JSON Schema that every big client takes, with names
//! and descriptions that fit. [`tokens_of`] counts what a tool costs a conversation, with a real
//! tokenizer that carries its own vocabulary.

mod output;

use std::collections::BTreeSet;

use butopea_runtime::schema::MAX_TOOL_NAME;
use butopea_runtime::schema::text::is_invisible;
pub use output::output_problems_of;
use serde_json::{Map, Value};

/// The most tokens of one typed tool.
pub const MAX_TOKENS_OF_A_TOOL: usize = 800;
/// The most tools that are listed by default: Cursor shows 40 of all servers together.
pub const MAX_TOOLS: usize = 40;
/// The most tokens of the default list.
pub const MAX_TOKENS_OF_THE_LIST: usize = 15_000;

const MAX_DESCRIPTION: usize = 1024;
const MAX_ENUM: usize = 50;
const MAX_DEPTH: usize = 6;
const TYPES: [&str; 6] = ["object", "array", "string", "integer", "number", "boolean"];
/// What one client or another refuses, or drops without a word.
const FORBIDDEN: [&str; 15] = [
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
    "const",
    "$ref",
    "$defs",
    "definitions",
    "$schema",
    "$id",
    "patternProperties",
    "prefixItems",
];

/// How many tokens a tool or list costs: its compact JSON in the vocabulary of the newer `OpenAI`
/// models, which is of the size of the others'.
pub fn tokens_of(value: &Value) -> usize {
    tokens_in(&value.to_string())
}

/// How many tokens a text costs.
pub fn tokens_in(text: &str) -> usize {
    tiktoken_rs::o200k_base_singleton()
        .encode_ordinary(text)
        .len()
}

/// Everything about a tool that some client refuses, with its place.
pub fn problems_of(tool: &Value) -> Vec<String> {
    let name = tool["name"].as_str().unwrap_or_default();
    let mut problems = Vec::new();
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_word) {
        problems.push("the name has other characters than [a-z0-9_]".to_owned());
    }
    if name.len() > MAX_TOOL_NAME {
        problems.push(format!("the name has {} characters", name.len()));
    }
    for key in ["title", "description"] {
        check_text(tool[key].as_str().unwrap_or_default(), key, &mut problems);
    }
    let schema = &tool["inputSchema"];
    if schema["type"] != "object" || !schema["properties"].is_object() {
        problems.push("the root is no object with properties".to_owned());
    }
    check_schema(schema, "inputSchema", 1, &mut problems);
    problems
        .into_iter()
        .map(|problem| format!("{name}: {problem}"))
        .collect()
}

/// Names that more than one of the tools has.
pub fn names_used_twice<'a>(tools: impl IntoIterator<Item = &'a Value>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    tools
        .into_iter()
        .filter_map(|tool| tool["name"].as_str())
        .filter(|name| !seen.insert(*name))
        .collect()
}

fn check_text(text: &str, place: &str, problems: &mut Vec<String>) {
    if text.trim().is_empty() {
        problems.push(format!("{place} is empty"));
    }
    if text.chars().count() > MAX_DESCRIPTION {
        problems.push(format!("{place} is longer than {MAX_DESCRIPTION}"));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        problems.push(format!("{place} has control or invisible characters"));
    }
}

fn check_schema(schema: &Value, path: &str, depth: usize, problems: &mut Vec<String>) {
    let Some(schema) = schema.as_object().filter(|schema| !schema.is_empty()) else {
        problems.push(format!("{path} is no schema but {schema}"));
        return;
    };
    if depth > MAX_DEPTH {
        problems.push(format!("{path} is deeper than {MAX_DEPTH}"));
    }
    for key in FORBIDDEN.iter().filter(|key| schema.contains_key(**key)) {
        problems.push(format!("{path} uses {key}"));
    }
    let kind = schema.get("type").and_then(Value::as_str);
    if !kind.is_some_and(|kind| TYPES.contains(&kind)) {
        problems.push(format!("{path} has the type {:?}", schema.get("type")));
    }
    if let Some(text) = schema.get("description") {
        check_text(
            text.as_str().unwrap_or_default(),
            &format!("{path}.description"),
            problems,
        );
    }
    if let Some(values) = schema.get("enum") {
        check_enum(values, kind, path, problems);
    }
    match (kind, schema.get("items")) {
        (Some("array"), None) => problems.push(format!("{path} is an array without items")),
        (Some("array"), Some(items)) => {
            check_schema(items, &format!("{path}.items"), depth + 1, problems);
        }
        _ => {}
    }
    let none = Map::new();
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    for name in schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if !name
            .as_str()
            .is_some_and(|name| properties.contains_key(name))
        {
            problems.push(format!("{path} requires {name}, which is no property"));
        }
    }
    for (name, property) in properties {
        check_schema(property, &format!("{path}.{name}"), depth + 1, problems);
    }
}

fn check_enum(values: &Value, kind: Option<&str>, path: &str, problems: &mut Vec<String>) {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: BTreeSet<&str> = values
        .iter()
        .filter_map(Value::as_str)
        .filter(|value| !value.is_empty())
        .collect();
    if kind != Some("string") || texts.len() != values.len() {
        problems.push(format!(
            "{path} is an enum of other things than different texts"
        ));
    }
    if values.is_empty() || values.len() > MAX_ENUM {
        problems.push(format!("{path} is an enum of {} values", values.len()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(schema: &Value) -> Value {
        json!({"name": "a_b", "title": "A", "description": "B", "inputSchema": schema})
    }

    #[test]
    fn a_good_tool_has_no_problems() {
        let good = json!({
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}}},
            "required": ["a"],
        });
        assert_eq!(problems_of(&tool(&good)), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_found() {
        let of = |property: Value| json!({"type": "object", "properties": {"a": property}});
        for (schema, problem) in [
            (json!({"type": "object"}), "root"),
            (
                json!({"properties": {}, "type": "array", "items": {"type": "string"}}),
                "root",
            ),
            (of(json!({"type": ["string", "null"]})), "type"),
            (of(json!({})), "no schema"),
            (of(json!(true)), "no schema"),
            (of(json!({"type": "array"})), "without items"),
            (of(json!({"type": "array", "items": {}})), "no schema"),
            (of(json!({"type": "string", "enum": []})), "enum"),
            (of(json!({"type": "string", "enum": ["a", "a"]})), "enum"),
            (of(json!({"type": "string", "enum": [""]})), "enum"),
            (of(json!({"type": "integer", "enum": [1]})), "enum"),
            (of(json!({"type": "string", "anyOf": []})), "anyOf"),
            (
                of(json!({"type": "string", "description": "a\u{200b}b"})),
                "invisible",
            ),
            (
                json!({"type": "object", "properties": {}, "required": ["b"]}),
                "requires",
            ),
        ] {
            let problems = problems_of(&tool(&schema));
            assert!(
                problems.iter().any(|found| found.contains(problem)),
                "{problem} is not found in {schema}: {problems:?}"
            );
        }
        let long = "x".repeat(MAX_TOOL_NAME + 1);
        for name in ["", "A", "1a", "a.b", "a-b", &long] {
            let mut tool = tool(&of(json!({"type": "string"})));
            tool["name"] = json!(name);
            assert!(!problems_of(&tool).is_empty(), "{name}");
        }
    }

    #[test]
    fn tokens_are_counted() {
        assert_eq!(tokens_of(&json!("hello world")), 4);
    }
}
