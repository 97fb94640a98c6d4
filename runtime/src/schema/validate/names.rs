//! Records by name: what was looked up for a call, and what to say where a name is not one
//! record's.
//!
//! A check cannot ask Odoo. It collects the names that it meets; the server looks all of them
//! up, a request or two for each model, and checks again with what it found.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::text::quoted;

/// The names that a call uses, by model.
pub type Wanted = BTreeMap<String, BTreeSet<String>>;

/// A record that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The record's id.
    pub id: i64,
    /// Its display name.
    pub name: String,
}

/// What a name turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameMatch {
    /// The records of exactly this name; never empty.
    Exact(Vec<Candidate>),
    /// No record has this name; these have one that is like it.
    Near(Vec<Candidate>),
}

/// The names that were looked up for one call.
#[derive(Debug, Clone, Default)]
pub struct NameBook(BTreeMap<(String, String), NameMatch>);

impl NameBook {
    /// Notes what a name of a model is.
    pub fn insert(&mut self, model: &str, name: &str, found: NameMatch) {
        self.0.insert((model.to_owned(), name.to_owned()), found);
    }

    /// What is known of a name; `None` before it was looked up.
    pub fn get(&self, model: &str, name: &str) -> Option<&NameMatch> {
        self.0.get(&(model.to_owned(), name.to_owned()))
    }
}

/// `“Azure Interior” (14), “Azure” (15)`.
pub(super) fn list_candidates(candidates: &[Candidate]) -> String {
    let shown: Vec<String> = candidates
        .iter()
        .take(8)
        .map(|candidate| format!("{} ({})", quoted(&candidate.name, 60), candidate.id))
        .collect();
    let mut text = shown.join(", ");
    if candidates.len() > shown.len() {
        text.push_str(&format!(" and {} more", candidates.len() - shown.len()));
    }
    text
}

/// Several records have the name.
pub(super) fn ambiguous(model: &str, name: &str, candidates: &[Candidate]) -> String {
    format!(
        "{} records of {model} are named {}: {}; give the id",
        candidates.len(),
        quoted(name, 60),
        list_candidates(candidates)
    )
}

/// No record has the name.
pub(super) fn unknown(model: &str, name: &str, near: &[Candidate]) -> String {
    let name = quoted(name, 60);
    if near.is_empty() {
        return format!("no record of {model} is named {name}, nor anything like it");
    }
    format!(
        "no record of {model} is named {name}; the nearest are {}",
        list_candidates(near)
    )
}
