//! Which typed tools are served, and which fields of their models come first.
//!
//! A profile of `models.toml` is a list of lines `model:operation,operation`, where an operation
//! is `search`, `read`, `count`, `aggregate`, `create`, `update`, `delete`, the method of an
//! action, or `*` for all of them. The fields that come first stand beside it, for all profiles
//! or for one:
//!
//! ```toml
//! [fields]
//! "sale.order" = ["name", "partner_id", "state", "amount_total"]
//!
//! [profiles.default]
//! tools = ["res.partner:search,read,create,update", "sale.order:search,action_confirm"]
//!
//! [profiles.default.fields]
//! "res.partner" = ["name", "email", "phone"]
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, ErrorKind, Result};
use crate::instance::ModelsFile;
use crate::schema::Operation;
use crate::schema::text::nearest;

/// A choice of typed tools: one profile, or several together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    lines: Vec<ProfileLine>,
    everything: bool,
    fields: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ProfileLine {
    model: String,
    operations: Vec<String>,
}

impl Profile {
    /// The profile that is served when none is named.
    pub const DEFAULT: &'static str = "default";
    /// The profile of every tool of every model that was described.
    pub const ALL: &'static str = "all";

    /// Every tool.
    pub fn all() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// The profiles with these names, together: the union of their tools and fields, the same
    /// in whatever order they are named. Without a name it is the default one. `all` exists
    /// always, `default` falls back to it where the file has no profiles.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when a profile does not exist or one of its lines is not
    /// `model:operation,…`.
    pub fn choose<T: AsRef<str>>(file: &ModelsFile, names: &[T]) -> Result<Self> {
        let mut names: BTreeSet<&str> = names
            .iter()
            .map(|name| name.as_ref().trim())
            .filter(|name| !name.is_empty())
            .collect();
        if names.is_empty() {
            names.insert(Self::DEFAULT);
        }
        let mut profile = Self::default();
        let mut own_fields = BTreeMap::new();
        for name in names {
            let Some(table) = file.profiles.get(name) else {
                if name == Self::ALL || (name == Self::DEFAULT && file.profiles.is_empty()) {
                    profile.everything = true;
                    continue;
                }
                return Err(unknown_profile(name, file));
            };
            for line in &table.tools {
                profile.lines.push(ProfileLine::parse(line)?);
            }
            for (model, fields) in &table.fields {
                add_fields(&mut own_fields, model, fields);
            }
        }
        for (model, fields) in &file.fields {
            if !own_fields.contains_key(model) {
                add_fields(&mut own_fields, model, fields);
            }
        }
        profile.fields = own_fields;
        Ok(profile)
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

    /// The fields of a model that come first; none where nobody chose.
    pub fn key_fields(&self, model: &str) -> &[String] {
        self.fields.get(model).map_or(&[], Vec::as_slice)
    }
}

/// Adds fields that are not among those of the model yet.
fn add_fields(to: &mut BTreeMap<String, Vec<String>>, model: &str, fields: &[String]) {
    let known = to.entry(model.to_owned()).or_default();
    for field in fields {
        if !known.contains(field) {
            known.push(field.clone());
        }
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
    if !names.contains(&Profile::ALL) {
        names.push(Profile::ALL);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [fields]
        "sale.order" = ["name", "state"]
        "res.partner" = ["name"]
        [profiles.default]
        tools = ["sale.order:search,action_confirm", "res.partner:*"]
        [profiles.billing]
        tools = ["account.move:search", "sale.order:read"]
        [profiles.billing.fields]
        "sale.order" = ["amount_total", "name"]
        [profiles.selling.fields]
        "sale.order" = ["name", "partner_id"]
    "#;

    fn choose(names: &[&str]) -> Result<Profile> {
        Profile::choose(&ModelsFile::parse(FILE).unwrap(), names)
    }

    #[test]
    fn lines_choose_operations() {
        let profile = choose(&[]).unwrap();
        assert!(profile.includes("sale.order", &Operation::Search));
        assert!(profile.includes("sale.order", &Operation::Action("action_confirm".into())));
        assert!(!profile.includes("sale.order", &Operation::Delete));
        assert!(profile.includes("res.partner", &Operation::Delete));
        assert!(!profile.includes("crm.lead", &Operation::Read));
    }

    #[test]
    fn several_profiles_are_one_in_any_order() {
        let both = choose(&["default", "billing"]).unwrap();
        assert_eq!(
            both,
            choose(&["billing", " default", "", "billing"]).unwrap()
        );
        assert!(both.includes("sale.order", &Operation::Search));
        assert!(both.includes("sale.order", &Operation::Read));
        assert!(both.position("account.move") < both.position("sale.order"));
        assert!(both.position("sale.order") < both.position("res.partner"));
        let all = choose(&["billing", "all"]).unwrap();
        assert!(all.includes("crm.lead", &Operation::Delete));
    }

    #[test]
    fn fields_are_those_of_the_profile_or_of_all() {
        let fields =
            |names: &[&str], model: &str| choose(names).unwrap().key_fields(model).to_vec();
        assert_eq!(fields(&["default"], "sale.order"), ["name", "state"]);
        assert_eq!(fields(&["billing"], "sale.order"), ["amount_total", "name"]);
        assert_eq!(
            fields(&["selling", "billing"], "sale.order"),
            ["amount_total", "name", "partner_id"]
        );
        assert_eq!(fields(&["billing"], "res.partner"), ["name"]);
        assert_eq!(fields(&["all"], "sale.order"), ["name", "state"]);
        assert!(fields(&["all"], "crm.lead").is_empty());
    }

    #[test]
    fn a_wrong_profile_is_met_with_the_right_one() {
        let error = choose(&["billing", "defualt"]).unwrap_err();
        assert!(
            error.to_string().contains("Did you mean \"default\"?"),
            "{error}"
        );
        assert!(choose(&["all"]).is_ok());
    }

    #[test]
    fn without_profiles_everything_is_served() {
        let profile = Profile::choose::<&str>(&ModelsFile::default(), &[]).unwrap();
        assert!(profile.includes("crm.lead", &Operation::Delete));
    }
}
