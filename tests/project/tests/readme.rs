//! The README's Rust example is a program of this project, and works.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::process::Command;

const README: &str = include_str!("../../../README.md");
const PROGRAM: &str = include_str!("../src/bin/readme.rs");

#[test]
fn the_readme_shows_the_program() {
    let block = README
        .split_once("```rust\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(block, _)| block)
        .expect("the README has a block of Rust");
    // The program's first paragraph says what it is here for.
    let (_, program) = PROGRAM.split_once("\n\n").unwrap();
    assert_eq!(block, program);
}

#[test]
#[ignore = "needs a running Odoo"]
fn the_program_runs() {
    let output = Command::new(env!("CARGO_BIN_EXE_readme")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{complaint}");
    assert!(text.contains(" orders, "), "{text}");
    assert!(text.contains("cancelled: "), "{text}");
}
