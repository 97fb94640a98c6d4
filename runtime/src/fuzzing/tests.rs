//! Every seed of `fuzz/`, every call of the corpus and every schema file, through the targets.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let files: Vec<Vec<u8>> = entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(!files.is_empty(), "{folder}");
    files
}

fn calls() -> Vec<Vec<u8>> {
    let files = files("tests/corpus");
    let lines = files
        .iter()
        .flat_map(|file| file.split(|byte| *byte == b'\n'));
    lines.map(<[u8]>::to_vec).collect()
}

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 5] = [
    ("answer", answer),
    ("descriptor", descriptor),
    ("domain", domain),
    ("sealed", sealed),
    ("validate", validate),
];

#[test]
fn every_seed() {
    for (name, target) in TARGETS {
        for seed in files(&format!("fuzz/seeds/{name}")) {
            target(&seed);
        }
    }
}

/// A look for what a fuzzer finds at once, the same on each run.
#[test]
fn some_changes_of_every_seed() {
    let rounds = std::env::var("BUTOPEA_FUZZ_ROUNDS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(20);
    for (name, target) in TARGETS {
        for seed in files(&format!("fuzz/seeds/{name}")) {
            let mut input = seed.clone();
            for round in 0..rounds {
                if round % 10 == 0 {
                    input = seed.clone();
                }
                if let Some(other) = changed(&input, 16_384, round) {
                    input = other.into_bytes();
                    let held = std::panic::catch_unwind(|| target(&input));
                    assert!(held.is_ok(), "{name}: {}", String::from_utf8_lossy(&input));
                }
            }
        }
    }
}

#[test]
fn every_call_of_the_corpus() {
    let calls = calls();
    assert!(calls.len() > 800);
    for call in calls {
        domain(&call);
        validate(&call);
    }
}

#[test]
fn every_schema_file_and_every_snapshot() {
    for folder in [
        "generated/schemas",
        "generated/snapshot",
        "tests/golden/snapshot",
    ] {
        for file in files(folder) {
            descriptor(&file);
        }
    }
}

#[test]
fn both_readings_of_a_domain_are_told_apart_when_they_differ() {
    let natural = json!([{"any_of": [["a", "=", 1], ["b", "=", 2]]}, {"none_of": [["c", "=", 3]]}]);
    let mut leaves = 0;
    let natural = read_natural(&natural, "domain", &mut leaves).unwrap();
    assert_eq!(leaves, 3);
    let holds = |formula: &Formula, bits: usize| formula.holds(&|leaf| bits >> leaf & 1 == 1);
    let same = |odoo: &Value| {
        let (odoo, _) = read_odoo(odoo).unwrap();
        (0..8).all(|bits| holds(&natural, bits) == holds(&odoo, bits))
    };
    let (a, b, c) = (
        json!(["a", "=", 1]),
        json!(["b", "=", 2]),
        json!(["c", "=", 3]),
    );
    assert!(same(&json!(["|", a, b, "!", c])));
    for other in [
        json!(["|", a, b, c]),
        json!([a, b, "!", c]),
        json!(["!", "|", a, b, "!", c]),
    ] {
        assert!(!same(&other), "{other}");
    }
    for broken in [
        json!(["|", a]),
        json!(["!"]),
        json!(["x"]),
        json!([[1, 2]]),
        json!("|"),
    ] {
        assert_eq!(read_odoo(&broken), None, "{broken}");
    }
}
