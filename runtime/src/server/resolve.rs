//! Looks records up by name, for calls that name them instead of giving ids.
//!
//! Everything here only reads, before anything is changed, and is bounded: for each model one
//! request finds all names that are exact, and at most two more find what the others are near
//! to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::UserSession;
use super::present;
use crate::client::{Context, RawRecord, SearchRead};
use crate::error::{Error, Result};
use crate::schema::text::nearest;
use crate::schema::validate::names::{Candidate, NameBook, NameMatch, Wanted};
use crate::schema::{FieldType, ModelSchema};

/// The most names that one call may use.
const MAX_NAMES: usize = 200;
/// The most records that may share the names of one request.
const MAX_EXACT: u64 = 500;
/// The records among which the nearest names are looked for.
const MAX_NEAR: u64 = 120;
/// Models, which everything else here calls by their technical names.
const MODELS: &str = "ir.model";
/// The most names that are suggested in place of one.
const MAX_SUGGESTED: usize = 5;

impl UserSession {
    /// Looks these names up.
    pub(super) async fn look_up(&self, wanted: &Wanted) -> Result<NameBook> {
        let count: usize = wanted.values().map(BTreeSet::len).sum();
        if count > MAX_NAMES {
            return Err(Error::invalid_call(format!(
                "the call names {count} records; at most {MAX_NAMES} can be looked up, give the others by id"
            )));
        }
        let mut book = NameBook::default();
        for (model, names) in wanted {
            self.look_up_in(model, names, &mut book).await?;
        }
        Ok(book)
    }

    async fn look_up_in(
        &self,
        model: &str,
        names: &BTreeSet<String>,
        book: &mut NameBook,
    ) -> Result<()> {
        let schema = self.schemas.get(self.client()?, model).await?;
        let fields = NameFields::of(schema.as_deref());
        let exact = self
            .named(
                model,
                &fields,
                names.iter().map(|name| ("=", name.as_str())),
                MAX_EXACT,
            )
            .await?;
        let mut open = BTreeSet::new();
        for name in names {
            let found = fields.exact(&exact, |text| text == name);
            if found.is_empty() {
                open.insert(name.as_str());
            } else {
                book.insert(model, name, NameMatch::Exact(found));
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        self.look_for_near(model, &fields, open, book).await
    }

    /// What the names are near to that no record has exactly. The case of letters does not
    /// make another name.
    async fn look_for_near(
        &self,
        model: &str,
        fields: &NameFields,
        open: BTreeSet<&str>,
        book: &mut NameBook,
    ) -> Result<()> {
        let like = open.iter().map(|name| ("ilike", *name));
        let like = self.named(model, fields, like, MAX_NEAR).await?;
        let mut unlike = BTreeSet::new();
        for name in open {
            let lower = name.to_lowercase();
            let same = fields.exact(&like, |text| text.to_lowercase() == lower);
            let containing = fields.containing(&like, &lower);
            if !same.is_empty() {
                book.insert(model, name, NameMatch::Exact(same));
            } else if containing.is_empty() {
                unlike.insert(name);
            } else {
                book.insert(model, name, NameMatch::Near(rank(name, containing)));
            }
        }
        if unlike.is_empty() {
            return Ok(());
        }
        let beginnings: Vec<String> = unlike.iter().flat_map(|name| beginnings(name)).collect();
        let parts = beginnings.iter().map(|part| ("ilike", part.as_str()));
        let similar = self.named(model, fields, parts, MAX_NEAR).await?;
        let similar: Vec<Candidate> = similar.iter().filter_map(candidate).collect();
        for name in unlike {
            let near = rank(name, similar.clone());
            book.insert(model, name, NameMatch::Near(near));
        }
        Ok(())
    }

    /// The records one of whose name fields fulfils one of these conditions.
    async fn named<'a>(
        &self,
        model: &str,
        fields: &NameFields,
        conditions: impl Iterator<Item = (&'a str, &'a str)>,
        limit: u64,
    ) -> Result<Vec<RawRecord>> {
        let leaves: Vec<Value> = conditions
            .flat_map(|(operator, text)| {
                let searched = fields.searched.iter();
                searched.map(move |field| json!([field, operator, text]))
            })
            .collect();
        if leaves.is_empty() {
            return Ok(Vec::new());
        }
        let mut domain = vec![json!("|"); leaves.len() - 1];
        domain.extend(leaves);
        let request = SearchRead {
            domain: Value::Array(domain),
            fields: fields.read.clone(),
            limit: Some(limit),
            order: Some("id".to_owned()),
            ..SearchRead::new(model)
        };
        let page = self
            .client()?
            .search_read(&request, &Context::new())
            .await?;
        Ok(page.records)
    }
}

/// The fields that a model's records are named by.
struct NameFields {
    read: Vec<String>,
    searched: Vec<String>,
}

impl NameFields {
    /// The display name (what Odoo shows, with a code or a parent's name), and the plain name.
    fn of(schema: Option<&ModelSchema>) -> Self {
        let mut read = vec!["display_name".to_owned()];
        let mut searched = Vec::new();
        let Some(schema) = schema else {
            return Self {
                read,
                searched: vec!["display_name".to_owned()],
            };
        };
        let field = |name: &str| schema.field(name);
        let is_searchable = |name: &str| {
            field(name)
                .is_some_and(|field| field.searchable == Some(true) || field.store == Some(true))
        };
        if is_searchable("display_name") {
            searched.push("display_name".to_owned());
        }
        let own = (schema.model == MODELS).then_some("model");
        for name in schema
            .rec_name
            .as_deref()
            .into_iter()
            .chain(["name"])
            .chain(own)
        {
            let is_text = field(name).is_some_and(|field| field.field_type == FieldType::Char);
            if is_text && is_searchable(name) && !searched.iter().any(|known| known == name) {
                searched.push(name.to_owned());
                read.push(name.to_owned());
            }
        }
        if searched.is_empty() {
            searched.push("display_name".to_owned());
        }
        Self { read, searched }
    }

    /// The records of exactly this display name, or where there is none, of this name.
    fn exact(&self, rows: &[RawRecord], is_it: impl Fn(&str) -> bool) -> Vec<Candidate> {
        for field in &self.read {
            let found: Vec<Candidate> = rows
                .iter()
                .filter(|row| {
                    row.get(field)
                        .and_then(Value::as_str)
                        .is_some_and(|text| is_it(text.trim()))
                })
                .filter_map(candidate)
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    fn containing(&self, rows: &[RawRecord], lower: &str) -> Vec<Candidate> {
        let contains = |row: &&RawRecord| {
            self.read.iter().any(|field| {
                let text = row.get(field).and_then(Value::as_str);
                text.is_some_and(|text| text.to_lowercase().contains(lower))
            })
        };
        rows.iter().filter(contains).filter_map(candidate).collect()
    }
}

fn candidate(row: &RawRecord) -> Option<Candidate> {
    Some(Candidate {
        id: row.get("id")?.as_i64()?,
        name: present::visible(row.get("display_name")?.as_str().unwrap_or_default()),
    })
}

/// The beginnings of the words of a name: where a name is misspelt, some of them are right.
fn beginnings(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= 3)
        .map(|word| word.chars().take(3).collect())
        .take(4)
        .collect()
}

/// The candidates that are nearest to a name, best first.
fn rank(name: &str, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let near = nearest(
        name,
        candidates.iter().map(|candidate| candidate.name.as_str()),
    );
    let near: Vec<String> = near.into_iter().map(str::to_owned).collect();
    let place = |candidate: &Candidate| {
        let place = near.iter().position(|name| *name == candidate.name);
        place.unwrap_or(near.len())
    };
    let mut ranked = candidates;
    ranked.sort_by_key(place);
    ranked.truncate(MAX_SUGGESTED);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, display: &str, name: &str) -> RawRecord {
        let Value::Object(row) = json!({"id": id, "display_name": display, "name": name}) else {
            panic!("an object")
        };
        row
    }

    #[test]
    fn a_display_name_goes_before_a_plain_name() {
        let fields = NameFields {
            read: vec!["display_name".to_owned(), "name".to_owned()],
            searched: Vec::new(),
        };
        let rows = [
            row(1, "[A] Chair", "Chair"),
            row(2, "[B] Chair", "Chair"),
            row(3, "Desk", "Desk"),
            row(4, "[C] Desk", "Desk"),
        ];
        let ids = |name: &str| -> Vec<i64> {
            let found = fields.exact(&rows, |text| text == name);
            found.iter().map(|candidate| candidate.id).collect()
        };
        assert_eq!(ids("[A] Chair"), [1]);
        assert_eq!(ids("Chair"), [1, 2]);
        assert_eq!(ids("Desk"), [3]);
        assert!(ids("chair").is_empty());
    }

    #[test]
    fn the_nearest_names_come_first() {
        let candidates = ["Gemini Furniture", "Azure Interior", "Azerty"];
        let candidates: Vec<Candidate> = candidates
            .iter()
            .zip(1..)
            .map(|(name, id)| Candidate {
                id,
                name: (*name).to_owned(),
            })
            .collect();
        assert_eq!(rank("Azur Interiro", candidates)[0].name, "Azure Interior");
        assert_eq!(beginnings("Azur, In-terior"), ["Azu", "ter"]);
    }
}
