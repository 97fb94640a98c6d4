//! The lint of output schemas.
//!
//! They go to other readers than input schemas do: a client's validator, and code that is made
//! from them. So their rules are others, and `butopea_runtime::schema::output` says why.

use serde_json::Value;

use crate::{FORBIDDEN, TYPES, check_text};

const MAX_DEPTH: usize = 5;

/// Everything about a tool's output schema that some client refuses, with its place.
pub fn output_problems_of(tool: &Value) -> Vec<String> {
    let name = tool["name"].as_str().unwrap_or_default();
    let schema = &tool["outputSchema"];
    let mut problems = Vec::new();
    if schema["type"] != "object" {
        problems.push("the root is no object: others lose the whole list".to_owned());
    }
    check(schema, "outputSchema", 1, &mut problems);
    problems
        .into_iter()
        .map(|problem| format!("{name}: {problem}"))
        .collect()
}

fn check(schema: &Value, path: &str, depth: usize, problems: &mut Vec<String>) {
    let Some(keys) = schema.as_object().filter(|schema| !schema.is_empty()) else {
        problems.push(format!("{path} is no schema but {schema}"));
        return;
    };
    if depth > MAX_DEPTH {
        problems.push(format!("{path} is deeper than {MAX_DEPTH}"));
    }
    let refused = FORBIDDEN
        .iter()
        .chain(&["enum", "required", "additionalProperties"]);
    for key in refused.filter(|key| keys.contains_key(**key)) {
        problems.push(format!("{path} uses {key}"));
    }
    let Some(kind) = kind_of(&schema["type"]) else {
        problems.push(format!("{path} has the type {}", schema["type"]));
        return;
    };
    if let Some(text) = keys.get("description") {
        check_text(
            text.as_str().unwrap_or_default(),
            &format!("{path}.description"),
            problems,
        );
    }
    if let Some(items) = keys.get("items") {
        check(items, &format!("{path}.items"), depth + 1, problems);
    } else if kind == "array" {
        problems.push(format!("{path} is an array without items"));
    }
    for (name, property) in keys
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        check(property, &format!("{path}.{name}"), depth + 1, problems);
    }
}

/// The type, which may also be null.
fn kind_of(kind: &Value) -> Option<&str> {
    let name = match kind.as_array().map(Vec::as_slice) {
        Some([name, null]) if null == "null" => name,
        Some(_) => return None,
        None => kind,
    };
    name.as_str().filter(|name| TYPES.contains(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(schema: &Value) -> Vec<String> {
        output_problems_of(&json!({"name": "a", "outputSchema": schema}))
    }

    #[test]
    fn what_may_be_empty_has_two_types() {
        let good = json!({"type": "object", "properties": {
            "a": {"type": ["string", "null"], "format": "date"},
            "b": {"type": "array", "items": {"type": "object"}},
        }});
        assert_eq!(problems(&good), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_found() {
        let of = |property: Value| json!({"type": "object", "properties": {"a": property}});
        for (schema, problem) in [
            (json!(null), "root"),
            (
                json!({"type": "array", "items": {"type": "object"}}),
                "root",
            ),
            (json!({"type": ["object", "null"]}), "root"),
            (
                json!({"type": "object", "required": ["a"]}),
                "uses required",
            ),
            (
                json!({"type": "object", "additionalProperties": false}),
                "uses additional",
            ),
            (of(json!({})), "no schema"),
            (of(json!({"type": ["string", "integer"]})), "has the type"),
            (of(json!({"type": "string", "enum": ["x"]})), "uses enum"),
            (of(json!({"type": "string", "$ref": "#/x"})), "uses $ref"),
            (of(json!({"type": "array"})), "without items"),
        ] {
            let found = problems(&schema);
            assert!(
                found.iter().any(|found| found.contains(problem)),
                "{problem}: {found:?}"
            );
        }
    }
}
