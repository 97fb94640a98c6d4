//! Every tool of every model, of the reference instance and of a live Odoo.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)] // a test fails by panicking; figures are printed

use std::fs;
use std::path::Path;

use butopea_runtime::schema::SchemaFile;
use serde_json::Value;
use tool_tests::{MAX_TOKENS_OF_A_TOOL, names_used_twice, problems_of, tokens_of};

/// Checks all tools of these files together.
fn check(files: &[SchemaFile]) {
    let tools: Vec<Value> = files
        .iter()
        .flat_map(|file| &file.tools)
        .map(|tool| serde_json::to_value(tool).unwrap())
        .collect();
    let problems: Vec<String> = tools.iter().flat_map(problems_of).collect();
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
