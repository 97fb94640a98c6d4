//! Whether the profiles of `models.toml` name tools and fields that exist.
//!
//! The server leaves out what the user may not do and what the model does not have, so a
//! misspelt name would go unseen there; here it is said when the schemas are written.

use std::collections::BTreeMap;

use butopea_runtime::schema::SchemaFile;

use crate::config::Config;
use crate::diagnostic::Diagnostic;

/// Remarks about lines that name a model, an operation or a field that is not there.
pub(crate) fn check(config: &Config, files: &BTreeMap<String, SchemaFile>) -> Vec<Diagnostic> {
    let mut remarks = check_fields("[fields]", &config.fields, files);
    for (name, profile) in &config.profiles {
        for line in &profile.tools {
            remarks.extend(check_line(name, line, files));
        }
        let place = format!("[profiles.{name}.fields]");
        remarks.extend(check_fields(&place, &profile.fields, files));
    }
    remarks
}

fn check_fields(
    place: &str,
    chosen: &BTreeMap<String, Vec<String>>,
    files: &BTreeMap<String, SchemaFile>,
) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    for (model, names) in chosen {
        let Some(file) = files.get(model) else {
            let remark = "names a model that is not generated";
            remarks.push(Diagnostic::new(model, Some(place), remark));
            continue;
        };
        let known: Vec<&str> = file.schema.fields.keys().map(String::as_str).collect();
        for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
            let remark = format!("names `{name}`, which the user of the snapshot does not see");
            let remark = Diagnostic::new(model, Some(place), remark);
            remarks.push(with_nearest(remark, name, &known));
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
            with_nearest(remark, name, &known)
        })
        .collect()
}

fn with_nearest(remark: Diagnostic, name: &str, known: &[&str]) -> Diagnostic {
    let likeness = |other: &str| strsim::jaro_winkler(name, other);
    let nearest = known
        .iter()
        .max_by(|left, right| likeness(left).total_cmp(&likeness(right)))
        .filter(|other| likeness(other) > 0.8);
    match nearest {
        Some(other) => remark.with_mend(format!("did you mean `{other}`?")),
        None => remark,
    }
}
