//! Which fields name the records of a model, and which record a text names by them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::RawRecord;
use crate::schema::text::visible;
use crate::schema::validate::names::{Candidate, NameMatch, id_in, shown_record};
use crate::schema::{FieldType, ModelSchema};

/// Models, which everything else here calls by their technical names.
const MODELS: &str = "ir.model";
/// Fields by which Odoo itself finds records besides their names (`_rec_names_search` of
/// `res.country`, `res.partner`, `res.bank`, `res.currency`, `account.journal`, `account.move`,
/// `purchase.order`, `stock.location`; `_search_display_name` of `product.product`,
/// `account.account` and `res.users`; `_get_code` of `res.lang`). Where a model has several, the
/// first one that fits counts.
const CODES: [&str; 13] = [
    "default_code",
    "code",
    "login",
    "ref",
    "barcode",
    "email",
    "full_name",
    "bic",
    "iso_code",
    "url_code",
    "vat",
    "company_registry",
    "partner_ref",
];
/// The most codes of one model that are looked at.
const MAX_CODES: usize = 6;
/// Fields that archive a record (`_active_name`, `odoo/models.py`).
const ACTIVE: [&str; 2] = ["active", "x_active"];

/// The fields that a model's records are named by.
pub(super) struct NameFields {
    /// The display name, and the plain name where there is one.
    names: Vec<String>,
    /// Those of them that can be searched.
    searched: Vec<String>,
    codes: Vec<String>,
    /// The field that archives a record.
    active: Option<&'static str>,
    /// Whether it lies in a column, so that records can be sorted by it.
    sorts_by_active: bool,
}

/// A text that is to be one record.
pub(super) struct NameText<'a> {
    whole: &'a str,
    /// The id that it may be.
    id: Option<i64>,
    /// The name before the id, where the text has both.
    before_id: Option<&'a str>,
    /// A code and the name behind it: `[E-COM07] Large Cabinet`, `101000 Current Assets`.
    coded: Option<(&'a str, &'a str)>,
}

/// What the records of exactly its name make of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Settled {
    Found(NameMatch),
    /// None that is not archived.
    Open(Vec<Candidate>),
}

/// How a text is compared with a name.
#[derive(Debug, Clone, Copy)]
enum Case {
    Kept,
    Ignored,
}

impl<'a> NameText<'a> {
    pub(super) fn of(whole: &'a str) -> Self {
        let shown = shown_record(whole);
        Self {
            whole,
            id: id_in(whole).or(shown.map(|(_, id)| id)),
            before_id: shown.map(|(name, _)| name),
            coded: coded(whole),
        }
    }

    pub(super) fn whole(&self) -> &'a str {
        self.whole
    }

    /// The text without the id behind it.
    pub(super) fn name(&self) -> &'a str {
        self.before_id.unwrap_or(self.whole)
    }
}

/// The code and the name in the forms that Odoo shows (`_compute_display_name` of
/// `product.product` and `account.account`).
fn coded(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (code, name) = rest.split_once(']')?;
        return Some((code.trim(), name.trim()));
    }
    let (code, name) = text.split_once(' ')?;
    let is_code = code.bytes().any(|byte| byte.is_ascii_digit());
    is_code.then_some((code, name.trim()))
}

impl Case {
    fn same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Kept => one == other,
            Self::Ignored => one.to_lowercase() == other.to_lowercase(),
        }
    }
}

impl NameFields {
    /// The display name (what Odoo shows, with a code or a parent's name), the plain name, and
    /// the codes.
    pub(super) fn of(schema: Option<&ModelSchema>) -> Self {
        let mut fields = Self {
            names: vec!["display_name".to_owned()],
            searched: Vec::new(),
            codes: Vec::new(),
            active: None,
            sorts_by_active: false,
        };
        let Some(schema) = schema else {
            fields.searched.push("display_name".to_owned());
            return fields;
        };
        let field = |name: &str| schema.field(name);
        let is_searchable = |name: &str| {
            field(name)
                .is_some_and(|field| field.searchable == Some(true) || field.store == Some(true))
        };
        let is_text =
            |name: &str| field(name).is_some_and(|field| field.field_type == FieldType::Char);
        if is_searchable("display_name") {
            fields.searched.push("display_name".to_owned());
        }
        let own = (schema.model == MODELS).then_some("model");
        let names = schema.rec_name.as_deref().into_iter();
        for name in names.chain(["name"]).chain(own) {
            let is_known = fields.searched.iter().any(|known| known == name);
            if is_text(name) && is_searchable(name) && !is_known {
                fields.searched.push(name.to_owned());
                fields.names.push(name.to_owned());
            }
        }
        if fields.searched.is_empty() {
            fields.searched.push("display_name".to_owned());
        }
        let codes = CODES.into_iter().filter(|name| {
            is_text(name) && is_searchable(name) && !fields.names.iter().any(|known| known == name)
        });
        fields.codes = codes.take(MAX_CODES).map(str::to_owned).collect();
        let is_flag =
            |name: &&str| field(name).is_some_and(|field| field.field_type == FieldType::Boolean);
        fields.active = ACTIVE.into_iter().find(is_flag);
        let active = fields.active.and_then(field);
        fields.sorts_by_active = active.is_some_and(|active| active.store == Some(true));
        fields
    }

    /// What is read of a record.
    pub(super) fn read(&self) -> Vec<String> {
        let active = self.active.map(str::to_owned);
        let named = self.names.iter().chain(&self.codes).cloned();
        named.chain(active).collect()
    }

    /// Whether records can be archived.
    pub(super) fn archives(&self) -> bool {
        self.active.is_some()
    }

    /// The order of records: archived ones after the others, where that is possible.
    pub(super) fn order(&self) -> String {
        match self.active {
            Some(active) if self.sorts_by_active => format!("{active} desc, id"),
            _ => "id".to_owned(),
        }
    }

    /// The records that are not archived.
    pub(super) fn unarchived(&self, rows: &[RawRecord]) -> Vec<Candidate> {
        let (active, _) = self.by_state(rows);
        active.into_iter().filter_map(candidate).collect()
    }

    /// Finds every record that one of the texts may mean exactly.
    pub(super) fn exact_domain(&self, texts: &[NameText<'_>]) -> Value {
        let mut names: BTreeSet<&str> = texts.iter().map(|text| text.whole).collect();
        let mut codes = names.clone();
        for text in texts {
            // `Texas (US)`, `[E-COM07] Large Cabinet`: before 17.0 display names cannot be
            // searched.
            names.extend(text.whole.rsplit_once(" (").map(|(name, _)| name));
            if let Some((code, name)) = text.coded {
                codes.insert(code);
                names.insert(name);
            }
        }
        let mut leaves: Vec<Value> = Vec::new();
        for field in &self.searched {
            if field == "display_name" {
                // What searches it takes lists in some models, and in others only a text.
                leaves.extend(texts.iter().map(|text| json!([field, "=", text.whole])));
            } else {
                leaves.push(json!([field, "in", names]));
            }
        }
        leaves.extend(self.codes.iter().map(|field| json!([field, "in", codes])));
        let ids: BTreeSet<i64> = texts.iter().filter_map(|text| text.id).collect();
        if !ids.is_empty() {
            leaves.push(json!(["id", "in", ids]));
        }
        any_of(leaves)
    }

    /// Finds records whose name has one of the texts in it, and whose code begins with it.
    pub(super) fn like_domain(&self, texts: &[&str]) -> Value {
        let by_name = self.searched.iter().map(|field| (field, false));
        let fields = by_name.chain(self.codes.iter().map(|field| (field, true)));
        let leaves = fields.flat_map(|(field, is_code)| {
            texts.iter().map(move |text| match is_code {
                true if text.chars().count() < 3 => json!([field, "=ilike", text]),
                true => json!([field, "=ilike", format!("{text}%")]),
                false => json!([field, "ilike", text]),
            })
        });
        any_of(leaves.collect())
    }

    /// What these records, found by [`Self::exact_domain`], make of a text.
    pub(super) fn settle(&self, rows: &[RawRecord], text: &NameText<'_>) -> Settled {
        let (active, archived) = self.by_state(rows);
        let named = self.named(&active, text, Case::Kept);
        let by_id = text.id.and_then(|id| {
            let is_it = |row: &&RawRecord| row.get("id").and_then(Value::as_i64) == Some(id);
            rows.iter().find(is_it)
        });
        let other = by_id.filter(|_| named.iter().all(|found| Some(found.id) != text.id));
        let Some((row, other)) = other.and_then(|row| Some((row, candidate(row)?))) else {
            return if named.is_empty() {
                Settled::Open(self.named(&archived, text, Case::Kept))
            } else {
                Settled::Found(NameMatch::Exact(named))
            };
        };
        let is_meant = text.before_id.is_none_or(|name| self.is_called(row, name));
        Settled::Found(match (named.is_empty(), is_meant) {
            (true, true) => NameMatch::Exact(vec![other]),
            (true, false) => NameMatch::OtherName(other),
            (false, true) => NameMatch::NameOrId(named, other),
            (false, false) => NameMatch::Exact(named),
        })
    }

    /// What these records, found by [`Self::like_domain`], make of a text that none has exactly
    /// but those archived ones. The case of letters does not make another name. `None` where
    /// they say nothing.
    pub(super) fn nearly(
        &self,
        rows: &[RawRecord],
        text: &NameText<'_>,
        archived: Vec<Candidate>,
    ) -> Option<NameMatch> {
        let (active, others) = self.by_state(rows);
        let same = self.named(&active, text, Case::Ignored);
        if !same.is_empty() {
            return Some(NameMatch::Exact(same));
        }
        let archived = if archived.is_empty() {
            self.named(&others, text, Case::Ignored)
        } else {
            archived
        };
        if !archived.is_empty() {
            return Some(NameMatch::Archived(archived));
        }
        let near = self.containing(&active, text.name());
        (!near.is_empty()).then_some(NameMatch::Near(near))
    }

    /// The records that are not archived, and those that are.
    fn by_state<'r>(&self, rows: &'r [RawRecord]) -> (Vec<&'r RawRecord>, Vec<&'r RawRecord>) {
        let is_active = |row: &&RawRecord| {
            let active = self.active.and_then(|field| row.get(field));
            active != Some(&Value::Bool(false))
        };
        rows.iter().partition(is_active)
    }

    /// The records of this display name; where there is none, of this name, and then of this
    /// code.
    fn named(&self, rows: &[&RawRecord], text: &NameText<'_>, case: Case) -> Vec<Candidate> {
        let has = |row: &RawRecord, field: &String, wanted: &str| {
            let value = row.get(field).and_then(Value::as_str);
            value.is_some_and(|value| case.same(value.trim(), wanted))
        };
        let pick = |is_it: &dyn Fn(&RawRecord) -> bool| -> Vec<Candidate> {
            let picked = rows.iter().filter(|row| is_it(row));
            picked.filter_map(|row| candidate(row)).collect()
        };
        let by_field = |field: &String| pick(&|row| has(row, field, text.whole));
        let by_code_and_name = || {
            text.coded.map_or_else(Vec::new, |(code, name)| {
                pick(&|row| {
                    self.codes.iter().any(|field| has(row, field, code))
                        && self.names.iter().any(|field| has(row, field, name))
                })
            })
        };
        let names = self.names.iter().map(by_field);
        let codes = self.codes.iter().map(by_field);
        names
            .chain(std::iter::once_with(by_code_and_name))
            .chain(codes)
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// Whether a record is called so, as answers show it.
    fn is_called(&self, row: &RawRecord, name: &str) -> bool {
        let wanted = plain(name);
        self.names.iter().chain(&self.codes).any(|field| {
            let value = row.get(field).and_then(Value::as_str).map(plain);
            value.is_some_and(|value| match wanted.strip_suffix('…') {
                // An answer shortened it.
                Some(begun) if begun.chars().count() >= 3 => value.starts_with(begun),
                _ => value == wanted,
            })
        })
    }

    fn containing(&self, rows: &[&RawRecord], name: &str) -> Vec<Candidate> {
        let lower = name.to_lowercase();
        let contains = |row: &&&RawRecord| {
            self.names.iter().chain(&self.codes).any(|field| {
                let value = row.get(field).and_then(Value::as_str);
                value.is_some_and(|value| value.to_lowercase().contains(&lower))
            })
        };
        let found = rows.iter().filter(contains);
        found.filter_map(|row| candidate(row)).collect()
    }
}

/// A name as answers show it, whatever its letters' case.
fn plain(name: &str) -> String {
    let shown = visible(name).replace(['“', '”'], "\"").to_lowercase();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The record of a row with its `display_name`.
fn candidate(row: &RawRecord) -> Option<Candidate> {
    let name = row.get("display_name")?.as_str().unwrap_or_default();
    Some(Candidate::new(row.get("id")?.as_i64()?, visible(name)))
}

/// Conditions of which one must hold; none holds for no record.
fn any_of(leaves: Vec<Value>) -> Value {
    if leaves.is_empty() {
        return json!([[0, "=", 1]]);
    }
    let mut domain = vec![json!("|"); leaves.len() - 1];
    domain.extend(leaves);
    Value::Array(domain)
}

#[cfg(test)]
mod tests;
