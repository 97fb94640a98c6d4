//! Descriptors as the Odoo module sends them and as schema files keep them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::assert_plain_line;
use crate::schema::{
    Fitting, MAX_TOOL_NAME, ModelSchema, Patterns, SchemaFile, changes, misfits, misread,
};

/// Reads bytes as an answer of the module, as a schema file and as a snapshot's descriptor.
///
/// Holds: nothing panics; what was read is the same after it was written and read again, in
/// canonical form, too; a schema does not differ from itself; each tool has a name of its own
/// that clients take and one line of plain text; a tool fits the model that it was made from.
///
/// # Panics
/// When something of this does not hold.
pub fn descriptor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(file) = SchemaFile::parse(text) {
        assert_same_after_writing(&file);
        check_model(&file.schema);
    }
    if let Ok(schema) = serde_json::from_str::<ModelSchema>(text) {
        check_model(&schema);
    }
    let Ok(answer) = serde_json::from_str::<Value>(text) else {
        return;
    };
    // A batch has several, each under its model's name.
    let batch = answer.get("schemas").and_then(Value::as_object);
    let answers = batch.into_iter().flat_map(serde_json::Map::values);
    let schemas: Vec<ModelSchema> = answers
        .chain([&answer])
        .filter_map(|answer| ModelSchema::from_wire(answer).ok())
        .collect();
    for pair in schemas.windows(2) {
        let differences = changes(&pair[0], &pair[1]);
        assert_eq!(
            differences.is_empty(),
            changes(&pair[1], &pair[0]).is_empty()
        );
        for difference in differences {
            let _ = difference.to_string();
        }
    }
    for schema in &schemas {
        check_model(schema);
    }
}

fn check_model(schema: &ModelSchema) {
    assert!(changes(schema, schema).is_empty());
    let canonical = schema.clone().into_canonical(&Patterns::default());
    let again = canonical.clone().into_canonical(&Patterns::default());
    assert_eq!(again, canonical);
    let lookup = |name: &str| (name == canonical.model).then_some(&canonical);
    let file = SchemaFile::build(canonical.clone(), &lookup);
    assert_same_after_writing(&file);
    check_tools(&file);
    let _ = (schema.summary_fields(), schema.detail_fields());
}

fn assert_same_after_writing(file: &SchemaFile) {
    let text = file.to_json_pretty();
    match SchemaFile::parse(&text) {
        Ok(read) => {
            assert_eq!(read, *file);
            assert_eq!(read.to_json_pretty(), text);
        }
        Err(error) => panic!("a schema file cannot be read again: {error}"),
    }
}

fn check_tools(file: &SchemaFile) {
    let mut names = BTreeSet::new();
    let known = |name: &str| (name == file.schema.model).then_some(&file.schema);
    for tool in &file.tools {
        let in_alphabet =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(!tool.name.is_empty() && tool.name.len() <= MAX_TOOL_NAME);
        assert!(tool.name.bytes().all(in_alphabet), "{}", tool.name);
        assert!(names.insert(&tool.name), "two tools are {}", tool.name);
        assert_plain_line(&tool.title);
        assert_plain_line(&tool.description);
        let fitting = Fitting {
            written: &file.schema,
            live: &file.schema,
            other_written: &known,
            other_live: &known,
        };
        let wrong = misfits(&tool.input_schema, &tool.operation, fitting);
        assert!(wrong.is_empty(), "{}: {wrong:?}", tool.name);
        let wrong = misread(&file.schema, &file.schema, &tool.operation);
        assert!(wrong.is_none(), "{}: {wrong:?}", tool.name);
    }
}
