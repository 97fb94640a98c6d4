//! Every tool of every model, of the reference instance and of a live Odoo.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)] // a test fails by panicking; figures are printed

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use butopea_runtime::client::{
    Client, Config, Context, Described, LABEL_LANGUAGE, describe, wanted_models,
};
use butopea_runtime::schema::output::output_schema;
use butopea_runtime::schema::{Patterns, SchemaFile};
use serde_json::Value;
use tool_tests::{
    MAX_TOKENS_OF_A_TOOL, names_used_twice, output_problems_of, problems_of, tokens_of,
};

/// Checks all tools of these files together.
fn check(files: &[SchemaFile]) {
    let tools: Vec<Value> = files
        .iter()
        .flat_map(|file| file.tools.iter().map(move |tool| (file, tool)))
        .map(|(file, tool)| {
            let mut listed = serde_json::to_value(tool).unwrap();
            // No client sees it.
            listed.as_object_mut().unwrap().remove("operation");
            listed["outputSchema"] = output_schema(&file.schema, &tool.operation).into();
            listed
        })
        .collect();
    let mut problems: Vec<String> = tools.iter().flat_map(problems_of).collect();
    problems.extend(tools.iter().flat_map(output_problems_of));
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(names_used_twice(&tools), Vec::<&str>::new());
    let mut sizes: Vec<(usize, &str)> = tools
        .iter()
        .map(|tool| (tokens_of(tool), tool["name"].as_str().unwrap()))
        .collect();
    sizes.sort_unstable();
    let (largest, name) = *sizes.last().unwrap();
    println!(
        "{} models, {} tools, {} tokens; the largest is {name} with {largest}",
        files.len(),
        tools.len(),
        sizes.iter().map(|(tokens, _)| tokens).sum::<usize>()
    );
    let too_large: Vec<_> = sizes
        .iter()
        .filter(|(tokens, _)| *tokens > MAX_TOKENS_OF_A_TOOL)
        .collect();
    assert!(too_large.is_empty(), "{too_large:?}");
}

#[test]
fn every_generated_tool_is_portable_and_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generated/schemas");
    let files: Vec<SchemaFile> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .map(|text| SchemaFile::parse(&text).unwrap())
        .collect();
    assert!(!files.is_empty());
    check(&files);
}

/// Every model that the user reaches through the menus, and every model that those point to.
#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn every_tool_of_a_live_odoo_is_portable_and_small() {
    let client = Client::new(Config::from_env().unwrap()).unwrap();
    let context = Context::new().lang(LABEL_LANGUAGE);
    let capabilities = client.capabilities(&context).await.unwrap();
    let menus = wanted_models(&capabilities, &Patterns::default(), |_| true);
    let mut described = Described::default();
    describe(&client, &menus, &context, |answer| described.take(answer)).await;
    assert!(described.failures.is_empty(), "{:?}", described.failures);
    let related: BTreeSet<String> = described
        .schemas
        .values()
        .flat_map(|schema| schema.fields.values())
        .filter_map(|field| field.relation.clone())
        .filter(|model| !described.schemas.contains_key(model))
        .collect();
    let related: Vec<String> = related.into_iter().collect();
    // Not all of these may be read by everybody.
    describe(&client, &related, &context, |answer| described.take(answer)).await;
    let schemas = described.schemas;
    let files: Vec<SchemaFile> = schemas
        .values()
        .map(|schema| SchemaFile::build(schema.clone(), &|model| schemas.get(model)))
        .collect();
    assert!(files.len() > menus.len());
    check(&files);
}
