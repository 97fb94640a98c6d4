//! Looks records up by name, for calls that name them instead of giving ids.
//!
//! Everything here only reads, before anything is changed, and is bounded: for each model one
//! request finds all names that are exact, and at most two more find what the others are near
//! to. Where several records have the name of one that must be one, a request says what tells
//! them apart, and one for each field's domain which of them the field offers.

mod apart;
mod fields;
mod literal;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::apart::{tell_apart, telling_fields};
use self::fields::{NameFields, NameText, Settled};
use self::literal::constant_part;
use super::UserSession;
use crate::client::{Context, RawRecord, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::ModelSchema;
use crate::schema::text::nearest;
use crate::schema::validate::names::{
    Candidate, NameBook, NameMatch, Wanted, WantedNames, count, id_in,
};

/// The most names that one call may use.
const MAX_NAMES: usize = 200;
/// The most names that are looked up for a call that is refused anyway.
const MAX_BESIDES: usize = 40;
/// The most records that may share the names of one request.
const MAX_EXACT: u64 = 500;
/// The records among which the nearest names are looked for.
const MAX_NEAR: u64 = 120;
/// The most names that are suggested in place of one.
const MAX_SUGGESTED: usize = 5;
/// The most records of ambiguous names that are told apart.
const MAX_TOLD: usize = 100;
/// The most domains that ambiguous names are narrowed by.
const MAX_DOMAINS: usize = 4;

impl UserSession {
    /// Looks these names up.
    pub(super) async fn look_up(&self, wanted: &Wanted) -> Result<NameBook> {
        let count = count(wanted);
        if count > MAX_NAMES {
            return Err(Error::invalid_call(format!(
                "the call names {count} records; at most {MAX_NAMES} can be looked up, give the others by id"
            )));
        }
        let mut book = NameBook::default();
        for (model, wanted) in wanted {
            match self.look_up_in(model, wanted, &mut book).await {
                Err(error) if is_closed(error.kind()) => {
                    note_ids(model, wanted, &mut book).ok_or(error)?;
                }
                looked_up => looked_up?,
            }
        }
        Ok(book)
    }

    /// The same for a call that has other mistakes, so that it is told of all at once; `None`
    /// where there are no names, too many, or Odoo does not answer.
    pub(super) async fn look_up_besides(&self, wanted: &Wanted) -> Option<NameBook> {
        if !(1..=MAX_BESIDES).contains(&count(wanted)) {
            return None;
        }
        self.look_up(wanted).await.ok()
    }

    async fn look_up_in(
        &self,
        model: &str,
        wanted: &WantedNames,
        book: &mut NameBook,
    ) -> Result<()> {
        let schema = self.schemas.get(self.client()?, model).await?;
        let schema = schema.as_deref();
        let fields = NameFields::of(schema);
        let texts: Vec<NameText> = wanted.names.iter().map(|name| NameText::of(name)).collect();
        let rows = self
            .named(
                model,
                schema,
                &fields,
                (fields.exact_domain(&texts), MAX_EXACT),
            )
            .await?;
        let mut open = Vec::new();
        for text in texts {
            match fields.settle(&rows, &text) {
                Settled::Found(found) => book.insert(model, text.whole(), found),
                Settled::Open(archived) => open.push((text, archived)),
            }
        }
        if !open.is_empty() {
            self.look_for_near(model, schema, &fields, open, book)
                .await?;
        }
        if let Some(schema) = schema {
            self.settle_ambiguous(schema, wanted, book).await;
        }
        Ok(())
    }

    /// What the names are near to that no record has exactly, but those archived ones.
    async fn look_for_near(
        &self,
        model: &str,
        schema: Option<&ModelSchema>,
        fields: &NameFields,
        open: Vec<(NameText<'_>, Vec<Candidate>)>,
        book: &mut NameBook,
    ) -> Result<()> {
        let names: Vec<&str> = open.iter().map(|(text, _)| text.name()).collect();
        let rows = self
            .named(
                model,
                schema,
                fields,
                (fields.like_domain(&names), MAX_NEAR),
            )
            .await?;
        let mut unlike = Vec::new();
        for (text, archived) in open {
            match fields.nearly(&rows, &text, archived) {
                Some(NameMatch::Near(near)) => {
                    let near = NameMatch::Near(rank(text.name(), near));
                    book.insert(model, text.whole(), near);
                }
                Some(found) => book.insert(model, text.whole(), found),
                None => unlike.push(text),
            }
        }
        let parts: Vec<String> = unlike
            .iter()
            .flat_map(|text| beginnings(text.name()))
            .collect();
        let similar = if parts.is_empty() {
            Vec::new()
        } else {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            self.named(
                model,
                schema,
                fields,
                (fields.like_domain(&parts), MAX_NEAR),
            )
            .await?
        };
        let similar = fields.unarchived(&similar);
        for text in unlike {
            let near = rank(text.name(), similar.clone());
            book.insert(model, text.whole(), NameMatch::Near(near));
        }
        Ok(())
    }

    /// For names of several records where one must be meant: which of them the fields offer that
    /// they are given for, and what tells them apart. What Odoo does not answer is left out.
    async fn settle_ambiguous(
        &self,
        schema: &ModelSchema,
        wanted: &WantedNames,
        book: &mut NameBook,
    ) {
        let model = schema.model.as_str();
        let several = |book: &NameBook, name: &str| match book.get(model, name) {
            Some(NameMatch::Exact(found)) if found.len() > 1 => Some(found.clone()),
            _ => None,
        };
        let ambiguous: Vec<(&str, Vec<Candidate>)> = wanted
            .single
            .iter()
            .filter_map(|name| Some((name.as_str(), several(book, name)?)))
            .collect();
        let ids: BTreeSet<i64> = ambiguous
            .iter()
            .flat_map(|(_, found)| found.iter().map(|candidate| candidate.id))
            .take(MAX_TOLD)
            .collect();
        if ids.is_empty() {
            return;
        }
        for domain in wanted.domains.iter().take(MAX_DOMAINS) {
            if let Some(offered) = self.offered(schema, domain, &ids).await {
                book.offer(model, domain, offered);
            }
        }
        let policy = self.shared.catalogue.policy();
        let telling = telling_fields(schema, |relation| policy.may_read(relation));
        let rows = if telling.is_empty() {
            Vec::new()
        } else {
            self.with_ids(model, &ids, json!([]), telling.clone()).await
        };
        let company = match self.capabilities().await {
            Ok(capabilities) => capabilities.user.company_id.as_ref().map(|own| own.id),
            Err(_) => None,
        };
        for (name, mut candidates) in ambiguous {
            tell_apart(&mut candidates, &rows, &telling, company);
            book.insert(model, name, NameMatch::Exact(candidates));
        }
    }

    /// Those of the records that a field with this domain offers; `None` where it says nothing
    /// that holds for every record.
    async fn offered(
        &self,
        schema: &ModelSchema,
        domain: &str,
        ids: &BTreeSet<i64>,
    ) -> Option<BTreeSet<i64>> {
        let constant = constant_part(domain, schema);
        if constant.is_empty() {
            return None;
        }
        let rows = self
            .with_ids(&schema.model, ids, Value::Array(constant), Vec::new())
            .await;
        let ids = rows.iter().filter_map(|row| row.get("id")?.as_i64());
        Some(ids.collect())
    }

    /// Of the records with these ids those that fulfil a domain; none, where Odoo refuses.
    async fn with_ids(
        &self,
        model: &str,
        ids: &BTreeSet<i64>,
        domain: Value,
        mut fields: Vec<String>,
    ) -> Vec<RawRecord> {
        let mut whole = vec![json!(["id", "in", ids])];
        whole.extend(domain.as_array().into_iter().flatten().cloned());
        fields.push("id".to_owned());
        let request = SearchRead {
            domain: Value::Array(whole),
            fields,
            limit: Some(ids.len() as u64),
            ..SearchRead::new(model)
        };
        let context = Context::new().active_test(false);
        let Ok(client) = self.client() else {
            return Vec::new();
        };
        let page = client.search_read(&request, &context).await;
        page.map(|page| page.records).unwrap_or_default()
    }

    /// The first records of a domain with what names them, archived ones after the others, and
    /// none that belongs to a record of a closed model.
    async fn named(
        &self,
        model: &str,
        schema: Option<&ModelSchema>,
        fields: &NameFields,
        (domain, limit): (Value, u64),
    ) -> Result<Vec<RawRecord>> {
        let domain = self.with_open_owners(model, schema, domain).await?;
        let context = if fields.archives() {
            Context::new().active_test(false)
        } else {
            Context::new()
        };
        let request = SearchRead {
            domain,
            fields: fields.read(),
            limit: Some(limit),
            order: Some(fields.order()),
            ..SearchRead::new(model)
        };
        let page = self.client()?.search_read(&request, &context).await?;
        Ok(page.records)
    }
}

/// Whether a model's records cannot be looked up, whatever their names.
fn is_closed(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::AccessDenied | ErrorKind::UnknownModel)
}

/// Takes texts that are ids for ids, where no name can be looked up: a link may be set to a record
/// that cannot be read. `None` where a text is none.
fn note_ids(model: &str, wanted: &WantedNames, book: &mut NameBook) -> Option<()> {
    let ids: Option<Vec<i64>> = wanted.names.iter().map(|name| id_in(name)).collect();
    for (name, id) in wanted.names.iter().zip(ids?) {
        let record = Candidate::new(id, name.as_str());
        book.insert(model, name, NameMatch::Exact(vec![record]));
    }
    Some(())
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

    #[test]
    fn ids_of_a_model_that_cannot_be_read_stay_ids() {
        let wanted = |names: &[&str]| WantedNames {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..WantedNames::default()
        };
        let mut book = NameBook::default();
        assert_eq!(note_ids("x", &wanted(&["7", "Belgium"]), &mut book), None);
        assert_eq!(book.get("x", "7"), None);
        assert_eq!(note_ids("x", &wanted(&["7", "8"]), &mut book), Some(()));
        let seven = NameMatch::Exact(vec![Candidate::new(7, "7")]);
        assert_eq!(book.get("x", "7"), Some(&seven));
    }

    #[test]
    fn the_nearest_names_come_first() {
        let candidates = ["Gemini Furniture", "Azure Interior", "Azerty"];
        let candidates: Vec<Candidate> = candidates
            .iter()
            .zip(1..)
            .map(|(name, id)| Candidate::new(id, *name))
            .collect();
        assert_eq!(rank("Azur Interiro", candidates)[0].name, "Azure Interior");
        assert_eq!(beginnings("Azur, In-terior"), ["Azu", "ter"]);
    }
}
