//! Values that mean records: ids, names, and ids and names in one text.

use serde_json::{Value, json};

use super::names::{NameMatch, ambiguous, mistaken};
use super::scalars::{as_record_id, show};
use super::{Known, Problems};
use crate::schema::FieldSchema;

/// An id, also in the forms in which results show a record (`[7, "Name"]`, `{"id": 7}`). A text
/// may be an id or a name, so it is none before it was looked up.
pub(super) fn given_id(value: &Value) -> Option<i64> {
    as_record_id(value).filter(|_| !value.is_string())
}

/// What records may be named by: any text but one of signs only, and numbers that no id has and
/// nobody gives as a name.
fn as_name(value: &Value) -> Option<&str> {
    let name = value.as_str()?.trim();
    let is_below_any_id = name == "0" || name.starts_with('-') && name.parse::<f64>().is_ok();
    (name.chars().any(char::is_alphanumeric) && !is_below_any_id).then_some(name)
}

/// What a field that links to one record takes.
pub(super) fn record_of(relation: Option<&str>) -> String {
    match relation {
        Some(model) => format!("the id or the exact name of a record of {model}"),
        None => "the id of a record (a whole number)".to_owned(),
    }
}

/// A record that a field links to: see [`prepare_record`]. Of several records of one name those
/// count that the field offers.
pub(super) fn prepare_link(
    field: &FieldSchema,
    value: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    let target = (field.relation.as_deref(), field.domain.as_deref());
    prepare_offered(target, value, path, known, problems)
}

/// A record by id, or by the name that exactly one record has. A name that was not looked up
/// yet is noted, and stays as it is until it was.
pub(super) fn prepare_record(
    relation: Option<&str>,
    value: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    prepare_offered((relation, None), value, path, known, problems)
}

fn prepare_offered(
    (relation, domain): (Option<&str>, Option<&str>),
    value: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    if let Some(id) = given_id(value) {
        return Some(json!(id));
    }
    let (Some(model), Some(name)) = (relation, as_name(value)) else {
        // Without a model there are no names.
        if let (None, Some(id)) = (relation, as_record_id(value)) {
            return Some(json!(id));
        }
        problems.add(
            path,
            format!("expected {}, got {}", record_of(relation), show(value)),
        );
        return None;
    };
    let Some(found) = known.names.get(model, name) else {
        known.want_one(model, name, domain);
        return Some(json!(name));
    };
    let NameMatch::Exact(candidates) = found else {
        problems.add(path, mistaken(model, name, found).unwrap_or_default());
        return None;
    };
    match known.names.narrowed(model, domain, candidates).as_slice() {
        [only] => {
            known.note(path, name, json!(only.id), Some(&only.name));
            Some(json!(only.id))
        }
        several => {
            problems.add(path, ambiguous(model, name, several));
            None
        }
    }
}

/// The records that a name in a condition means: a search may mean several of one name. A name
/// that was not looked up yet is noted, and stays as it is until it was. `None` after a mistake.
pub(super) fn records_named(
    model: &str,
    name: &str,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Vec<Value>> {
    let Some(found) = known.names.get(model, name) else {
        known.want_any(model, name);
        return Some(vec![json!(name)]);
    };
    let NameMatch::Exact(candidates) = found else {
        let text = mistaken(model, name, found).unwrap_or_default();
        let parts = match found {
            NameMatch::Near(_) => "; \"ilike\" finds parts of names",
            _ => "",
        };
        problems.add(path, format!("{text}{parts}"));
        return None;
    };
    let ids: Vec<Value> = candidates.iter().map(|found| json!(found.id)).collect();
    let (value, only) = match candidates.as_slice() {
        [only] => (json!(only.id), Some(only.name.as_str())),
        _ => (json!(ids), None),
    };
    known.note(path, name, value, only);
    Some(ids)
}
