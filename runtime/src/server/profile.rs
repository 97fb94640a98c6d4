//! Which typed tools are served: profiles of `models.toml`, and where its files are found.
//!
//! `models.toml` stands next to the `schemas` folder. A profile is a list of lines
//! `model:operation,operation`, where an operation is `search`, `read`, `count`, `create`,
//! `update`, `delete`, the method of an action, or `*` for all of them:
//!
//! ```toml
//! [profiles.default]
//! tools = ["res.partner:search,read,create,update", "sale.order:search,action_confirm"]
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Operation;
use crate::schema::text::nearest;

/// A named choice of typed tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    lines: Vec<ProfileLine>,
    everything: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ProfileLine {
    model: String,
    operations: Vec<String>,
}

/// The part of `models.toml` that the server reads; the rest is the generator's.
#[derive(Deserialize)]
struct ModelsFile {
    #[serde(default)]
    profiles: BTreeMap<String, ProfileTable>,
}

#[derive(Deserialize)]
struct ProfileTable {
    #[serde(default)]
    tools: Vec<String>,
}

impl Profile {
    /// The profile that is served when none is named.
    pub const DEFAULT: &'static str = "default";
    /// The profile of every tool of every model that was generated.
    pub const ALL: &'static str = "all";

    /// Every tool.
    pub fn all() -> Self {
        Self {
            lines: Vec::new(),
            everything: true,
        }
    }

    /// Reads one profile of a `models.toml`. `all` exists always, `default` falls back to it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the text is not TOML, the profile does not exist or
    /// one of its lines is not `model:operation,…`.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let file: ModelsFile = toml::from_str(text).map_err(|error| {
            Error::new(ErrorKind::Configuration, format!("models.toml: {error}"))
        })?;
        match file.profiles.get(name) {
            Some(table) => Ok(Self {
                lines: table
                    .tools
                    .iter()
                    .map(|line| ProfileLine::parse(line))
                    .collect::<Result<_>>()?,
                everything: false,
            }),
            None if name == Self::ALL || (name == Self::DEFAULT && file.profiles.is_empty()) => {
                Ok(Self::all())
            }
            None => Err(unknown_profile(name, &file)),
        }
    }

    /// Whether the profile serves this operation of this model.
    pub fn includes(&self, model: &str, operation: &Operation) -> bool {
        self.everything
            || self.lines.iter().any(|line| {
                line.model == model
                    && line
                        .operations
                        .iter()
                        .any(|name| name == "*" || name == operation.as_str())
            })
    }

    /// The place of a model in the profile, for the order of the list.
    pub fn position(&self, model: &str) -> usize {
        self.lines
            .iter()
            .position(|line| line.model == model)
            .unwrap_or(usize::MAX)
    }
}

impl ProfileLine {
    fn parse(line: &str) -> Result<Self> {
        let (model, operations) = line.split_once(':').ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                format!("models.toml: \"{line}\" is not of the form \"sale.order:search,read\""),
            )
        })?;
        Ok(Self {
            model: model.trim().to_owned(),
            operations: operations
                .split(',')
                .map(|operation| operation.trim().to_owned())
                .filter(|operation| !operation.is_empty())
                .collect(),
        })
    }
}

fn unknown_profile(name: &str, file: &ModelsFile) -> Error {
    let mut names: Vec<&str> = file.profiles.keys().map(String::as_str).collect();
    names.push(Profile::ALL);
    let error = Error::new(
        ErrorKind::Configuration,
        format!(
            "there is no profile \"{name}\"; there are {}",
            names.join(", ")
        ),
    );
    match nearest(name, names).first() {
        Some(near) => error.with_hint(format!("Did you mean \"{near}\"?")),
        None => error,
    }
}

/// The folder of schema files: the one that was named, or `generated/schemas` of the checkout
/// in which this program was built.
pub fn find_schemas_dir(named: Option<&Path>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let program = std::env::current_exe().ok()?;
    program
        .ancestors()
        .map(|folder| folder.join("generated").join("schemas"))
        .find(|folder| folder.is_dir())
}

/// The `models.toml` that belongs to a folder of schema files: in it, or beside it.
pub fn find_models_file(schemas_dir: &Path) -> Option<PathBuf> {
    [Some(schemas_dir), schemas_dir.parent()]
        .into_iter()
        .flatten()
        .map(|folder| folder.join("models.toml"))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [profiles.default]
        tools = ["sale.order:search,action_confirm", "res.partner:*"]
    "#;

    #[test]
    fn lines_choose_operations() {
        let profile = Profile::parse(FILE, "default").unwrap();
        assert!(profile.includes("sale.order", &Operation::Search));
        assert!(profile.includes("sale.order", &Operation::Action("action_confirm".into())));
        assert!(!profile.includes("sale.order", &Operation::Delete));
        assert!(profile.includes("res.partner", &Operation::Delete));
        assert!(!profile.includes("crm.lead", &Operation::Read));
    }

    #[test]
    fn a_wrong_profile_is_met_with_the_right_one() {
        let error = Profile::parse(FILE, "defualt").unwrap_err();
        assert!(
            error.to_string().contains("Did you mean \"default\"?"),
            "{error}"
        );
        assert!(Profile::parse(FILE, "all").is_ok());
    }
}
