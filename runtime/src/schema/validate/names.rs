//! Records by name: what was looked up for a call, and what to say where a name is not one
//! record's.
//!
//! A check cannot ask Odoo. It collects the names that it meets; the server looks all of them
//! up, a request or two for each model, and checks again with what it found.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::text::quoted;

/// The largest id that a column of Odoo's holds (`int4`).
const MAX_ID: i64 = i32::MAX as i64;
/// How much of a name a message shows.
const SHOWN: usize = 60;
/// How many records a message lists.
const LISTED: usize = 8;

/// The names that a call uses, by model.
pub type Wanted = BTreeMap<String, WantedNames>;

/// The names of one model's records that a call uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedNames {
    /// All of them.
    pub names: BTreeSet<String>,
    /// Those that stand where only one record may stand. A search may mean several.
    pub single: BTreeSet<String>,
    /// The domains (Python, as the schema has them) of the fields that those are given for.
    pub domains: BTreeSet<String>,
}

/// How many names these are.
pub fn count(wanted: &Wanted) -> usize {
    wanted.values().map(|wanted| wanted.names.len()).sum()
}

/// A record that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The record's id.
    pub id: i64,
    /// Its display name.
    pub name: String,
    /// What tells it apart from others of its name (`company_id “My Company”`), where that was
    /// asked for.
    pub about: Option<String>,
}

impl Candidate {
    /// A record of which no more is known.
    pub fn new(id: i64, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            about: None,
        }
    }

    /// `“Azure Interior” (14) with email “azure@example.com”`.
    fn shown(&self) -> String {
        let record = format!("{} ({})", quoted(&self.name, SHOWN), self.id);
        match &self.about {
            Some(about) => format!("{record} with {about}"),
            None => record,
        }
    }
}

/// What a name turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameMatch {
    /// The records of exactly this name; never empty. Also the one whose id the text is.
    Exact(Vec<Candidate>),
    /// The text names some records, and is the id of another one.
    NameOrId(Vec<Candidate>, Candidate),
    /// The text has the id of this record, and not its name.
    OtherName(Candidate),
    /// Only archived records have this name.
    Archived(Vec<Candidate>),
    /// No record has this name; these have one that is like it.
    Near(Vec<Candidate>),
}

/// The names that were looked up for one call.
#[derive(Debug, Clone, Default)]
pub struct NameBook {
    names: BTreeMap<(String, String), NameMatch>,
    /// Which of the ambiguous records fulfil a field's domain, by model and domain.
    offered: BTreeMap<(String, String), BTreeSet<i64>>,
}

impl NameBook {
    /// Notes what a name of a model is.
    pub fn insert(&mut self, model: &str, name: &str, found: NameMatch) {
        self.names
            .insert((model.to_owned(), name.to_owned()), found);
    }

    /// What is known of a name; `None` before it was looked up.
    pub fn get(&self, model: &str, name: &str) -> Option<&NameMatch> {
        self.names.get(&(model.to_owned(), name.to_owned()))
    }

    /// What is known of a name, to be completed.
    pub fn get_mut(&mut self, model: &str, name: &str) -> Option<&mut NameMatch> {
        self.names.get_mut(&(model.to_owned(), name.to_owned()))
    }

    /// Notes which of the records that share a name a field with this domain offers.
    pub fn offer(&mut self, model: &str, domain: &str, ids: BTreeSet<i64>) {
        self.offered
            .insert((model.to_owned(), domain.to_owned()), ids);
    }

    /// Those of several records that a field with this domain offers; all, where it offers none
    /// or nothing is known of it.
    pub(super) fn narrowed(
        &self,
        model: &str,
        domain: Option<&str>,
        candidates: &[Candidate],
    ) -> Vec<Candidate> {
        let key = |domain: &str| (model.to_owned(), domain.to_owned());
        let offered = domain.and_then(|domain| self.offered.get(&key(domain)));
        let kept: Vec<Candidate> = offered
            .into_iter()
            .flat_map(|ids| candidates.iter().filter(|found| ids.contains(&found.id)))
            .cloned()
            .collect();
        if kept.is_empty() {
            candidates.to_vec()
        } else {
            kept
        }
    }
}

/// The id that a text is: `3`, without a sign or zeros before it.
pub fn id_in(text: &str) -> Option<i64> {
    let is_plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| is_plain)?;
    (1..=MAX_ID).contains(&id).then_some(id)
}

/// The name and the id in a text such as `Azure Interior (26)`, the form in which answers show
/// a record.
pub fn shown_record(text: &str) -> Option<(&str, i64)> {
    let (name, id) = text.strip_suffix(')')?.rsplit_once('(')?;
    let id = id
        .trim_start_matches("id")
        .trim_start_matches([' ', ':', '#', '=']);
    let id = id_in(id.trim())?;
    let name = name.trim();
    let bare = name
        .strip_prefix('“')
        .and_then(|name| name.strip_suffix('”'));
    let name = bare.unwrap_or(name);
    (!name.is_empty()).then_some((name, id))
}

/// `“Azure Interior” (14), “Azure” (15)`.
fn list_candidates(candidates: &[Candidate]) -> String {
    let shown: Vec<String> = candidates
        .iter()
        .take(LISTED)
        .map(Candidate::shown)
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
        quoted(name, SHOWN),
        list_candidates(candidates)
    )
}

/// The name is not one that records have, or not theirs alone; `None` where it is.
pub(super) fn mistaken(model: &str, name: &str, found: &NameMatch) -> Option<String> {
    Some(match found {
        NameMatch::Exact(_) => return None,
        NameMatch::NameOrId(named, other) => format!(
            "{} is the name of {} and the id of {} of {model}; write {} without quotes for the id, or give the id of the other",
            quoted(name, SHOWN),
            list_candidates(named),
            other.shown(),
            other.id,
        ),
        NameMatch::OtherName(record) => format!(
            "{}: {} of {model} is {}; give the id alone, or the name alone",
            quoted(name, SHOWN),
            record.id,
            record.shown(),
        ),
        NameMatch::Archived(records) => format!(
            "{} of {model} {} archived: {}; to use one all the same, give its id",
            quoted(name, SHOWN),
            if records.len() == 1 { "is" } else { "are" },
            list_candidates(records),
        ),
        NameMatch::Near(near) => unknown(model, name, near),
    })
}

/// No record has the name.
fn unknown(model: &str, name: &str, near: &[Candidate]) -> String {
    let called = match id_in(name) {
        Some(id) => format!("has the id {id} or the name {}", quoted(name, SHOWN)),
        None => format!("is named {}", quoted(name, SHOWN)),
    };
    if near.is_empty() {
        return format!("no record of {model} {called}, nor anything like it");
    }
    format!(
        "no record of {model} {called}; the nearest are {}",
        list_candidates(near)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_a_name() {
        for (text, id) in [
            ("3", Some(3)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", None),
            ("0", None),
            ("007", None),
            ("-3", None),
            ("3.0", None),
            ("", None),
        ] {
            assert_eq!(id_in(text), id, "{text}");
        }
    }

    #[test]
    fn a_record_is_read_as_answers_show_it() {
        for (text, read) in [
            ("Azure Interior (26)", Some(("Azure Interior", 26))),
            ("“Azure Interior” (26)", Some(("Azure Interior", 26))),
            ("Azure (Interior) (26)", Some(("Azure (Interior)", 26))),
            ("Azure Interior (id 26)", Some(("Azure Interior", 26))),
            ("Azure Interior (id: 26)", Some(("Azure Interior", 26))),
            ("Azure Interior (#26)", Some(("Azure Interior", 26))),
            ("Texas (US)", None),
            ("Chair (26", None),
            ("(26)", None),
        ] {
            assert_eq!(shown_record(text), read, "{text}");
        }
    }

    #[test]
    fn a_domain_narrows_several_and_never_to_none() {
        let mut book = NameBook::default();
        let twins = [Candidate::new(7, "15%"), Candidate::new(8, "15%")];
        let sale = "[('type_tax_use', '=', 'sale')]";
        let ids = |book: &NameBook, domain| -> Vec<i64> {
            let narrowed = book.narrowed("account.tax", domain, &twins);
            narrowed.iter().map(|candidate| candidate.id).collect()
        };
        assert_eq!(ids(&book, Some(sale)), [7, 8]);
        book.offer("account.tax", sale, BTreeSet::from([8, 9]));
        assert_eq!(ids(&book, Some(sale)), [8]);
        assert_eq!(ids(&book, None), [7, 8]);
        book.offer("account.tax", sale, BTreeSet::new());
        assert_eq!(ids(&book, Some(sale)), [7, 8]);
    }

    #[test]
    fn what_a_name_is_instead_is_said() {
        let azure = Candidate::new(3, "Azure");
        let three = Candidate::new(14, "3");
        let said = |name: &str, found: &NameMatch| mistaken("res.partner", name, found);
        assert_eq!(said("Azure", &NameMatch::Exact(vec![azure.clone()])), None);
        assert_eq!(
            said("3", &NameMatch::NameOrId(vec![three], azure.clone())).unwrap(),
            "“3” is the name of “3” (14) and the id of “Azure” (3) of res.partner; \
             write 3 without quotes for the id, or give the id of the other"
        );
        assert_eq!(
            said("Deco (3)", &NameMatch::OtherName(azure.clone())).unwrap(),
            "“Deco (3)”: 3 of res.partner is “Azure” (3); give the id alone, or the name alone"
        );
        assert_eq!(
            said("Azure", &NameMatch::Archived(vec![azure])).unwrap(),
            "“Azure” of res.partner is archived: “Azure” (3); to use one all the same, give its id"
        );
        assert_eq!(
            said("99", &NameMatch::Near(Vec::new())).unwrap(),
            "no record of res.partner has the id 99 or the name “99”, nor anything like it"
        );
    }

    #[test]
    fn what_tells_records_apart_stands_behind_their_ids() {
        let mut twins = [Candidate::new(7, "Twin"), Candidate::new(8, "Twin")];
        twins[0].about = Some("company_id “A”".to_owned());
        assert_eq!(
            ambiguous("res.partner", "Twin", &twins),
            "2 records of res.partner are named “Twin”: “Twin” (7) with company_id “A”, \
             “Twin” (8); give the id"
        );
    }
}
