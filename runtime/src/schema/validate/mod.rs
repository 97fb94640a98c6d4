//! Checks of a call against the descriptors, before anything is sent to Odoo.
//!
//! Each check both refuses and mends: what is unambiguous is brought into the form that Odoo
//! expects (`"12"` for an integer, a label for a selection key, `-7d` for a date), and what is
//! wrong is reported with its path, the nearest right names and the next step, all mistakes of
//! a call at once. Typed and generic tools share these checks.

mod aggregation;
mod commands;
mod condition;
pub mod dates;
mod days;
mod domain;
mod fields;
mod grouping;
pub mod lines;
mod methods;
pub mod names;
mod operators;
pub mod properties;
mod references;
mod scalars;
pub mod special;
#[cfg(test)]
mod tests;
mod unset;
mod values;

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Zoned;
use serde::Serialize;
use serde_json::Value;

pub use aggregation::{Aggregation, Key, WantedGroups, prepare_groups};
#[cfg(feature = "server")]
pub(crate) use commands::VERBS;
pub use domain::{Filter, domain_paths, plain_filter, prepare_domain, prepare_filter};
pub use fields::{check_fields, check_order};
pub use methods::{METHODS, method_paths, method_records, prepare_method};
#[cfg(feature = "server")]
pub(crate) use operators::is_operator;
pub use values::{Purpose, prepare_values, value_paths};

use super::ModelSchema;
use super::text::quoted;
use crate::error::{Error, Result};
use names::{NameBook, Wanted};

/// Finds the descriptor of a model that a path or a line leads to, where it is known.
/// A path into an unknown model is passed on unchecked: Odoo decides.
pub type Models<'a> = &'a dyn Fn(&str) -> Option<Arc<ModelSchema>>;

/// What a check may use besides the model, and what it finds out on its way.
pub struct Known<'a> {
    models: Models<'a>,
    names: &'a NameBook,
    now: &'a Zoned,
    findings: RefCell<Findings>,
}

impl<'a> Known<'a> {
    /// Checks that find other models here, records' names in `names`, and for which it is
    /// `now` where the user is.
    pub fn new(models: Models<'a>, names: &'a NameBook, now: &'a Zoned) -> Self {
        Self {
            models,
            names,
            now,
            findings: RefCell::default(),
        }
    }

    /// What was found out.
    pub fn into_findings(self) -> Findings {
        self.findings.into_inner()
    }

    pub(crate) fn model(&self, name: &str) -> Option<Arc<ModelSchema>> {
        (self.models)(name)
    }

    /// A name of which one record must be meant, for a field with this domain.
    fn want_one(&self, model: &str, name: &str, domain: Option<&str>) {
        let mut findings = self.findings.borrow_mut();
        let wanted = findings.wanted.entry(model.to_owned()).or_default();
        wanted.names.insert(name.to_owned());
        wanted.single.insert(name.to_owned());
        wanted.domains.extend(domain.map(str::to_owned));
    }

    /// A name of which several records may be meant.
    fn want_any(&self, model: &str, name: &str) {
        let mut findings = self.findings.borrow_mut();
        let wanted = findings.wanted.entry(model.to_owned()).or_default();
        wanted.names.insert(name.to_owned());
    }

    /// What time it is where the user is matters.
    fn use_clock(&self) {
        self.findings.borrow_mut().uses_clock = true;
    }

    fn note_date(&self, path: &str, given: &str, value: Value) {
        self.use_clock();
        self.note(path, given, value, None);
    }

    fn note(&self, path: &str, given: &str, value: Value, name: Option<&str>) {
        self.findings.borrow_mut().resolved.push(Resolved {
            path: path.to_owned(),
            given: given.to_owned(),
            value,
            name: name.map(str::to_owned),
        });
    }
}

/// What a check found out.
#[derive(Debug, Default)]
pub struct Findings {
    /// Names of records that must be looked up before the call is right.
    pub wanted: Wanted,
    /// What was said in other words than Odoo's, and what it means now.
    pub resolved: Vec<Resolved>,
    /// Whether the call depends on what time it is where the user is.
    pub uses_clock: bool,
}

/// A value that was given by name or as a relative date, and what it stands for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolved {
    /// Where it stands in the call.
    pub path: String,
    /// As it was given.
    pub given: String,
    /// As it is sent to Odoo.
    pub value: Value,
    /// The name of the record that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The mistakes of one call, each with its place.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    mistakes: Vec<String>,
    hints: Vec<String>,
}

impl Problems {
    /// Notes a mistake at `path` (`values.order_line[0].product_id`).
    pub fn add(&mut self, path: &str, message: impl AsRef<str>) {
        self.mistakes.push(format!("{path}: {}", message.as_ref()));
    }

    /// The value, or `None` after its mistake was noted, so that the rest is checked as well.
    pub fn take<T>(&mut self, outcome: Result<T>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistakes.push(error.message().to_owned());
                for hint in error.hints() {
                    if !self.hints.contains(hint) {
                        self.hints.push(hint.clone());
                    }
                }
                None
            }
        }
    }

    /// Whether the call is right so far.
    pub fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The mistakes so far, each as `path: what is wrong`.
    #[cfg(all(feature = "server", any(test, feature = "fuzzing")))]
    pub(crate) fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    /// All mistakes as one error, or `Ok`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCall`](crate::ErrorKind::InvalidCall) with one line a mistake.
    pub fn into_result(self, model: &str) -> Result<()> {
        let schema = if model.is_empty() {
            String::new()
        } else {
            format!(" odoo_schema(model=\"{model}\") lists the fields of this model.")
        };
        self.with_last_hint(format!("Nothing was sent to Odoo.{schema}"))
    }

    /// All mistakes as one error, or `Ok`, where names of records were looked up besides.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCall`](crate::ErrorKind::InvalidCall) with one line a mistake.
    pub fn into_result_besides_names(self, model: &str) -> Result<()> {
        self.with_last_hint(format!(
            "Nothing was changed; only names were looked up. odoo_schema(model=\"{model}\") lists the fields of this model."
        ))
    }

    /// All mistakes in the names of records as one error, or `Ok`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCall`](crate::ErrorKind::InvalidCall) with one line a mistake.
    pub fn into_result_of_names(self) -> Result<()> {
        self.with_last_hint(
            "Nothing was changed. Give an id, or a name as it stands in Odoo.".to_owned(),
        )
    }

    fn with_last_hint(self, hint: String) -> Result<()> {
        let message = match self.mistakes.as_slice() {
            [] => return Ok(()),
            [only] => only.clone(),
            many => format!("{} mistakes:\n{}", many.len(), many.join("\n")),
        };
        let error = self
            .hints
            .into_iter()
            .fold(Error::invalid_call(message), Error::with_hint);
        Err(error.with_hint(hint))
    }
}

impl Resolved {
    /// `domain[0] “-7d” → 2026-11-17 10:00:00 UTC`.
    fn to_line(&self) -> String {
        let value = match &self.value {
            // A moment: dates have ten characters.
            Value::String(moment) if moment.len() > 10 => format!("{moment} UTC"),
            Value::String(date) => date.clone(),
            other => other.to_string(),
        };
        let given = quoted(&self.given, 80);
        match &self.name {
            Some(name) if *name != self.given => {
                format!("{} {given} → {value} ({})", self.path, quoted(name, 80))
            }
            _ => format!("{} {given} → {value}", self.path),
        }
    }
}

/// What was said in other words than Odoo's, as a line of text; none, when nothing was.
pub fn describe_resolved(resolved: &[Resolved]) -> Option<String> {
    let lines: Vec<String> = resolved.iter().map(Resolved::to_line).collect();
    (!lines.is_empty()).then(|| format!("resolved: {}", lines.join("; ")))
}
