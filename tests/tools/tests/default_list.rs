//! What an assistant is offered when nobody chose anything: reviewed tool by tool, and small.
//!
//! Each tool of the default list stands in `snapshots/`, so that a change of what an assistant
//! sees is a change that is reviewed. `UPDATE_SNAPSHOTS=1 cargo test -p tool-tests` writes them.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)] // a test fails by panicking; figures are printed

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use butopea_runtime::instance::SchemaFolder;
use butopea_runtime::server::{Catalogue, Profile, Selection};
use serde_json::Value;
use tool_tests::{MAX_TOKENS_OF_THE_LIST, MAX_TOOLS, output_problems_of, problems_of, tokens_of};

fn generated() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generated")
}

fn default_list() -> Vec<Value> {
    let folder = SchemaFolder::open(&generated());
    let file = folder.models_file().unwrap();
    let selection = Selection {
        profile: Profile::choose(&file, &[Profile::DEFAULT]).unwrap(),
        ..Selection::default()
    };
    let catalogue = Catalogue::load(&folder, &selection).unwrap();
    let Value::Array(tools) = catalogue.to_json().unwrap() else {
        panic!("the catalogue is no list")
    };
    tools
}

#[test]
fn the_default_list_is_small() {
    let tools = default_list();
    let largest = tools
        .iter()
        .map(|tool| (tokens_of(tool), tool["name"].as_str().unwrap()))
        .max()
        .unwrap();
    let tokens: usize = tools.iter().map(tokens_of).sum();
    println!(
        "{} tools, {tokens} tokens; the largest is {} with {}",
        tools.len(),
        largest.1,
        largest.0
    );
    assert!(tools.len() <= MAX_TOOLS, "{} tools", tools.len());
    assert!(tokens <= MAX_TOKENS_OF_THE_LIST, "{tokens} tokens");
}

#[test]
fn each_default_tool_is_portable() {
    let tools = default_list();
    let mut problems: Vec<String> = tools.iter().flat_map(problems_of).collect();
    problems.extend(tools.iter().flat_map(output_problems_of));
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn each_default_tool_is_as_it_was_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let now: BTreeMap<String, String> = default_list()
        .iter()
        .map(|tool| {
            let file = format!("{}.json", tool["name"].as_str().unwrap());
            (file, format!("{tool:#}\n"))
        })
        .collect();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        for (file, text) in &now {
            fs::write(folder.join(file), text).unwrap();
        }
    }
    let reviewed: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    let names = |tools: &BTreeMap<String, String>| tools.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&now), names(&reviewed), "run with UPDATE_SNAPSHOTS=1");
    for (file, text) in &now {
        assert_eq!(text, &reviewed[file], "{file}: run with UPDATE_SNAPSHOTS=1");
    }
}
