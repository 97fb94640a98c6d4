//! The `[features]` of the generated crate's `Cargo.toml`, between two marker lines.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::{Error, Result};
use crate::ir::Package;

const BEGIN: &str = "# Features below are written by `cargo xtask gen`.";
const END: &str = "# Features above are written by `cargo xtask gen`.";

/// The manifest with the features of this package.
///
/// # Errors
/// [`Error::Manifest`] when the marker lines are missing.
pub fn with_features(manifest: &str, package: &Package, path: &Path) -> Result<String> {
    let split = manifest
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = split else {
        return Err(Error::Manifest {
            path: path.to_owned(),
            begin: BEGIN,
            end: END,
        });
    };
    let mut text = format!("{before}{BEGIN}\ndefault = [\"all\"]\n");
    let modules: Vec<&str> = package
        .models
        .iter()
        .map(|model| model.module.as_str())
        .collect();
    line(&mut text, "all", &modules);
    for (feature, members) in &package.features {
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        line(&mut text, feature, &members);
    }
    for module in modules {
        line(&mut text, module, &[]);
    }
    text.push_str(END);
    text.push_str(after);
    Ok(text)
}

fn line(text: &mut String, feature: &str, members: &[&str]) {
    let _ = write!(text, "{feature} = [");
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        let _ = write!(text, "\"{member}\"");
    }
    text.push_str("]\n");
}
