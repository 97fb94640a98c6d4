//! What `cargo xtask gen` prints.

use std::path::Path;
use std::time::Duration;

use butopea_generator::diff::Difference;
use butopea_generator::{Changes, Generated};

use super::Failures;
use crate::error::Error;
use crate::ui;

/// The table of models, and what changed.
pub(super) fn summary(generated: &Generated, changes: &Changes, time: Duration) {
    let rows: Vec<[String; 5]> = generated
        .package
        .models
        .iter()
        .map(|model| row(generated, changes, model))
        .collect();
    let width = rows
        .iter()
        .map(|row| row[0].len())
        .max()
        .unwrap_or(0)
        .max(5);
    ui::say(format_args!(
        "{:width$}  {:>6}  {:>5}  {:>8}  change",
        "model", "fields", "tools", "bytes"
    ));
    for [model, fields, tools, bytes, change] in &rows {
        ui::say(
            format_args!("{model:width$}  {fields:>6}  {tools:>5}  {bytes:>8}  {change}")
                .to_string()
                .trim_end(),
        );
    }
    let fields: usize = generated
        .package
        .models
        .iter()
        .map(|model| model.fields.len())
        .sum();
    let tools: usize = generated.tools.values().sum();
    ui::say(format_args!(
        "{:width$}  {fields:>6}  {tools:>5}  {:>8}  {} added, {} changed, {} removed ({})",
        format!("{} models", rows.len()),
        generated.output.bytes(),
        changes.added.len(),
        changes.changed.len(),
        changes.removed.len(),
        ui::seconds(time)
    ));
    for remark in &generated.diagnostics {
        ui::note(format_args!("note: {remark}"));
    }
}

fn row(
    generated: &Generated,
    changes: &Changes,
    model: &butopea_generator::ir::Model,
) -> [String; 5] {
    let files = [
        format!("snapshot/{}.json", model.wire),
        format!("schemas/{}.json", model.wire),
        format!("src/{}.rs", model.module),
    ];
    let bytes: usize = files
        .iter()
        .filter_map(|file| generated.output.files.get(Path::new(file)))
        .map(String::len)
        .sum();
    let among = |paths: &[std::path::PathBuf]| {
        files
            .iter()
            .any(|file| paths.iter().any(|path| path == Path::new(file)))
    };
    let change = match () {
        () if among(&changes.added) => "new",
        () if among(&changes.changed) => "changed",
        () => "",
    };
    [
        model.wire.clone(),
        model.fields.len().to_string(),
        generated
            .tools
            .get(&model.wire)
            .copied()
            .unwrap_or(0)
            .to_string(),
        bytes.to_string(),
        change.to_owned(),
    ]
}

/// The models that could not be described.
pub(super) fn failures(failures: &Failures) {
    for (model, error) in failures {
        ui::note(format_args!("{model}: not generated: {}", error.message()));
    }
}

/// A difference for programs.
pub(super) fn json(difference: &Difference) -> Result<String, Error> {
    serde_json::to_string_pretty(difference).map_err(|source| Error::Json {
        what: "the differences".into(),
        source,
    })
}
