//! Whether the profiles of `models.toml` name tools that exist.
//!
//! The server leaves out what the user may not do, so a misspelt operation would go unseen
//! there; here it is said when the schemas are written.

use std::collections::BTreeMap;

use butopea_runtime::schema::SchemaFile;

use crate::config::Config;
use crate::diagnostic::Diagnostic;

/// Remarks about lines that name a model or an operation without a tool.
pub(crate) fn check(config: &Config, files: &BTreeMap<String, SchemaFile>) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    for (profile, lines) in &config.profiles {
        for line in lines {
            remarks.extend(check_line(profile, line, files));
        }
    }
    remarks
}

fn check_line(profile: &str, line: &str, files: &BTreeMap<String, SchemaFile>) -> Vec<Diagnostic> {
    let place = format!("[profiles.{profile}] `{line}`");
    let (model, operations) = line.split_once(':').unwrap_or((line, ""));
    let Some(file) = files.get(model) else {
        return vec![Diagnostic::new(
            model,
            Some(&place),
            "names a model that is not generated",
        )];
    };
    let known: Vec<&str> = file
        .tools
        .iter()
        .map(|tool| tool.operation.as_str())
        .collect();
    operations
        .split(',')
        .map(str::trim)
        .filter(|name| *name != "*" && !known.contains(name))
        .map(|name| {
            let remark = Diagnostic::new(
                model,
                Some(&place),
                format!("names `{name}`, for which the user of the snapshot has no tool"),
            );
            let nearest = known
                .iter()
                .max_by(|left, right| {
                    strsim::jaro_winkler(name, left).total_cmp(&strsim::jaro_winkler(name, right))
                })
                .filter(|other| strsim::jaro_winkler(name, other) > 0.8);
            match nearest {
                Some(other) => remark.with_mend(format!("did you mean `{other}`?")),
                None => remark,
            }
        })
        .collect()
}
