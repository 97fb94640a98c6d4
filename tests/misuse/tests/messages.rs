//! Every case fails to compile, with what its `//~` lines say.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What the compiler said about each case, by the case's name.
fn compile() -> BTreeMap<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "check",
            "--offline",
            "--features",
            "cases",
            "--bins",
            "--keep-going",
        ])
        .args(["--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(!output.status.success(), "the cases compile");
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = message["target"]["name"].as_str().unwrap_or_default();
        let is_error = message["message"]["level"] == "error";
        if let Some(text) = message["message"]["rendered"].as_str().filter(|_| is_error) {
            said.entry(name.to_owned()).or_default().push_str(text);
        }
    }
    assert!(
        !said.is_empty(),
        "cargo could not check the cases: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// The message on one line, without the margin in which the compiler continues notes.
fn flat(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| *word != "|");
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_mistake_is_refused_in_words() {
    let said = compile();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut problems = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = std::fs::read_to_string(&path).unwrap();
        let Some(message) = said.get(&name) else {
            problems.push(format!("{name}: compiles, or is not listed in Cargo.toml"));
            continue;
        };
        let flat = flat(message);
        let wanted: Vec<&str> = source
            .lines()
            .filter_map(|line| line.strip_prefix("//~ "))
            .collect();
        assert!(!wanted.is_empty(), "{name} says nothing about its message");
        for text in wanted {
            if !flat.contains(text) {
                problems.push(format!("{name}: the message lacks {text:?}:\n{message}"));
            }
        }
        count += 1;
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count >= 19, "only {count} cases were checked");
}
