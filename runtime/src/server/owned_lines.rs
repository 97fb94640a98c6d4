//! Lines that a call names, held against the records whose lists it writes: one bounded read for
//! each kind of line, before anybody is asked and anything is written.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::UserSession;
use crate::client::{Context, RawRecord, SearchRead};
use crate::error::{Error, Result};
use crate::schema::ModelSchema;
use crate::schema::validate::Problems;
use crate::schema::validate::lines::{Holder, LineUse, Link, Whose, line_uses};

/// The most lines that one call may name.
const MAX_LINES: usize = 2000;

impl UserSession {
    /// Refuses values that name a line of another record than they are for. `ids` are the records
    /// that are changed, none where `records` are new ones.
    pub(super) async fn admit_lines(
        &self,
        schema: &ModelSchema,
        ids: &[i64],
        records: &[(String, &Map<String, Value>)],
    ) -> Result<()> {
        let models = |name: &str| self.schemas.known(name);
        let holder = if ids.is_empty() {
            Holder::New
        } else {
            Holder::Called
        };
        let uses: Vec<LineUse> = records
            .iter()
            .flat_map(|(path, values)| line_uses(schema, values, holder, path, &models))
            .collect();
        if uses.is_empty() {
            return Ok(());
        }
        if uses.len() > MAX_LINES {
            return Err(Error::invalid_call(format!(
                "the call names {} lines that exist; at most {MAX_LINES} can be looked up",
                uses.len()
            )));
        }
        let mut problems = Problems::default();
        for used in &uses {
            if let Some(refusal) = used.refusal_at_once(ids.len()) {
                problems.add(&used.path, refusal);
            }
        }
        problems.into_result(&schema.model)?;
        let known = self.whose(&uses).await?;
        let owners = self.owners(&uses, ids).await?;
        let mut problems = Problems::default();
        for used in &uses {
            let whose = known
                .get(&(used.link.clone(), used.id))
                .unwrap_or(&Whose::Missing);
            let own = match (&used.holder, &used.through) {
                (Holder::New, _) => &[][..],
                (Holder::Line(_), Some(_)) => continue,
                (Holder::Line(id), None) => std::slice::from_ref(id),
                (Holder::Called, None) => ids,
                (Holder::Called, Some(through)) => match owners.get(through) {
                    Some(owners) => owners.as_slice(),
                    None => continue,
                },
            };
            if let Some(refusal) = used.refusal(whose, own) {
                problems.add(&used.path, refusal);
            }
        }
        problems.into_result(&schema.model)
    }

    /// Whose each line is.
    async fn whose(&self, uses: &[LineUse]) -> Result<HashMap<(Link, i64), Whose>> {
        let mut wanted: HashMap<&Link, BTreeSet<i64>> = HashMap::new();
        for used in uses {
            wanted.entry(&used.link).or_default().insert(used.id);
        }
        let mut known = HashMap::new();
        for (link, ids) in wanted {
            let mut fields = vec![link.field.clone()];
            fields.extend(link.model_field.clone());
            let ids: Vec<i64> = ids.into_iter().collect();
            for row in self.rows(&link.model, &ids, fields).await? {
                if let Some(id) = row.get("id").and_then(Value::as_i64) {
                    known.insert((link.clone(), id), owner_in(&row, link));
                }
            }
        }
        Ok(known)
    }

    /// To whom inherited lists belong, by the field that leads there.
    async fn owners(&self, uses: &[LineUse], ids: &[i64]) -> Result<HashMap<String, Vec<i64>>> {
        let called = uses.iter().filter(|used| used.holder == Holder::Called);
        let through: BTreeSet<&String> = called.filter_map(|used| used.through.as_ref()).collect();
        let (Some(first), false) = (uses.first(), through.is_empty()) else {
            return Ok(HashMap::new());
        };
        let fields: Vec<String> = through.iter().map(|name| (*name).clone()).collect();
        let model = uses
            .iter()
            .find(|used| used.holder == Holder::Called)
            .map_or(first.model.as_str(), |used| used.model.as_str());
        let rows = self.rows(model, ids, fields.clone()).await?;
        let owner = |row: &RawRecord, name: &str| row.get(name)?.get(0)?.as_i64();
        Ok(fields
            .into_iter()
            .map(|name| {
                let ids = rows.iter().filter_map(|row| owner(row, &name)).collect();
                (name, ids)
            })
            .collect())
    }

    async fn rows(&self, model: &str, ids: &[i64], fields: Vec<String>) -> Result<Vec<RawRecord>> {
        let request = SearchRead {
            domain: json!([["id", "in", ids]]),
            fields,
            limit: Some(ids.len() as u64),
            ..SearchRead::new(model)
        };
        let context = Context::new().active_test(false);
        let page = self.client()?.search_read(&request, &context).await?;
        Ok(page.records)
    }
}

/// `[3, "S00003"]` of a many2one, or a number beside the name of a model.
fn owner_in(row: &RawRecord, link: &Link) -> Whose {
    let value = row.get(&link.field).unwrap_or(&Value::Null);
    let model = link
        .model_field
        .as_ref()
        .map(|name| row.get(name).and_then(Value::as_str).unwrap_or_default());
    let (id, name) = match value {
        Value::Array(pair) => (
            pair.first().and_then(Value::as_i64),
            pair.get(1).and_then(Value::as_str),
        ),
        other => (other.as_i64(), None),
    };
    match (id, model) {
        (None | Some(0), _) | (_, Some("")) => Whose::Free,
        (Some(id), model) => Whose::Of {
            id,
            model: model.map(str::to_owned),
            name: name.map(str::to_owned),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whose_it_is() {
        let link = |model_field: Option<&str>| Link {
            model: "x.line".to_owned(),
            field: "owner".to_owned(),
            model_field: model_field.map(str::to_owned),
            is_required: false,
        };
        let whose = |row: Value, model_field: Option<&str>| {
            let Value::Object(row) = row else {
                panic!("an object")
            };
            owner_in(&row, &link(model_field))
        };
        let of = |model: Option<&str>, name: Option<&str>| Whose::Of {
            id: 3,
            model: model.map(str::to_owned),
            name: name.map(str::to_owned),
        };
        assert_eq!(
            whose(json!({"owner": [3, "S3"]}), None),
            of(None, Some("S3"))
        );
        assert_eq!(whose(json!({"owner": false}), None), Whose::Free);
        let noted = json!({"owner": 3, "res_model": "x.order"});
        assert_eq!(whose(noted, Some("res_model")), of(Some("x.order"), None));
        let loose = json!({"owner": 0, "res_model": false});
        assert_eq!(whose(loose, Some("res_model")), Whose::Free);
    }
}
