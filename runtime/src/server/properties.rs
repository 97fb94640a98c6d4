//! Properties in a call: what the records' parents define is read, and each value is checked by it.
//!
//! `odoo_update(model="project.task", id=37, values={"task_properties": {"Stage": "Late"}})` changes
//! that one property. The merge with what the record has is made by the Odoo module (1.5.0 or
//! later), in the transaction of the call; Odoo itself would take the object for all there is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::UserSession;
use super::operations::missing_record;
use super::settle::Placed;
use crate::client::{Context, RawRecord, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::quoted;
use crate::schema::validate::names::NameBook;
use crate::schema::validate::properties::{
    is_defined_elsewhere, linked, prepare_properties, properties_in_lines,
};
use crate::schema::validate::{Findings, Known, Problems, Resolved};
use crate::schema::{FieldSchema, ModelSchema, Property};

/// Records whose parents define the same properties.
struct Group {
    /// The records; none, for a new one.
    ids: Vec<i64>,
    properties: Vec<Property>,
    /// Who defines them, in words.
    parent: String,
}

/// The properties of one field of one record of the call.
struct Given {
    /// Which of the call's values.
    index: usize,
    name: String,
    path: String,
    values: Map<String, Value>,
    groups: Vec<Group>,
}

impl UserSession {
    /// Checks the properties in a call and brings them into Odoo's form. Answers the schema with
    /// what was defined, where there are any.
    pub(super) async fn settle_properties(
        &self,
        schema: &ModelSchema,
        ids: &[i64],
        records: &mut Placed<'_>,
        resolved: &mut Vec<Resolved>,
    ) -> Result<Option<ModelSchema>> {
        self.refuse_in_lines(schema, records)?;
        let mut given = Vec::new();
        for (index, (path, values)) in records.iter().enumerate() {
            for (name, value) in values.iter() {
                let field = schema
                    .field(name)
                    .filter(|field| is_defined_elsewhere(field));
                if let (Some(field), Value::Object(value)) = (field, value) {
                    given.push(Given {
                        index,
                        name: name.clone(),
                        path: format!("{path}.{name}"),
                        values: value.clone(),
                        groups: self
                            .defined_for(schema, (name, field), ids, values)
                            .await
                            .map_err(|error| at(path, name, error))?,
                    });
                }
            }
        }
        if given.is_empty() {
            return Ok(None);
        }
        if !ids.is_empty() && !self.client()?.merges_properties().await? {
            return Err(Error::invalid_call(format!(
                "{}: the butopea_mcp module in this Odoo is older than 1.5.0, with which one property cannot be written without erasing the others",
                given[0].path
            ))
            .with_hint("Nothing was sent to Odoo. An administrator can update the module."));
        }
        let prepared = self.prepared_properties(schema, &given, resolved).await?;
        let mut described = schema.clone();
        for (given, values) in given.into_iter().zip(prepared) {
            if let Some(field) = described.fields.get_mut(&given.name) {
                for property in given.groups.into_iter().flat_map(|group| group.properties) {
                    if !field.properties.contains(&property) {
                        field.properties.push(property);
                    }
                }
            }
            records[given.index]
                .1
                .insert(given.name, Value::Object(values));
        }
        Ok(Some(described))
    }

    fn refuse_in_lines(&self, schema: &ModelSchema, records: &Placed<'_>) -> Result<()> {
        let models = |name: &str| self.schemas.known(name);
        let mut problems = Problems::default();
        for (path, values) in records {
            for place in properties_in_lines(schema, values, path, &models) {
                let advice = "properties are not written through a line; write them to its own record, by another call";
                problems.add(&place, advice);
            }
        }
        problems.into_result(&schema.model)
    }

    /// Checks in two rounds, as all values are: with what names mean, once they were looked up.
    async fn prepared_properties(
        &self,
        schema: &ModelSchema,
        given: &[Given],
        resolved: &mut Vec<Resolved>,
    ) -> Result<Vec<Map<String, Value>>> {
        let mut now = Timestamp::now().to_zoned(TimeZone::UTC);
        let mut names = NameBook::default();
        let models = |name: &str| self.schemas.known(name);
        let run = |names: &NameBook, now: &jiff::Zoned| {
            let known = Known::new(&models, names, now);
            let mut problems = Problems::default();
            let prepared: Vec<_> = given
                .iter()
                .map(|given| prepare_for_groups(given, &known, &mut problems))
                .collect();
            (prepared, problems, known.into_findings())
        };
        let (mut prepared, problems, mut findings) = run(&names, &now);
        problems.into_result(&schema.model)?;
        if findings.uses_clock || !findings.wanted.is_empty() {
            if findings.uses_clock {
                now = now.with_time_zone(self.time_zone().await?);
            }
            names = self.look_up(&findings.wanted).await?;
            let problems;
            (prepared, problems, findings) = run(&names, &now);
            problems.into_result_of_names()?;
        }
        let Findings {
            resolved: found, ..
        } = findings;
        for one in found {
            if !resolved.contains(&one) {
                resolved.push(one);
            }
        }
        let mut links: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for (given, values) in given.iter().zip(&prepared) {
            for group in &given.groups {
                for (model, id) in linked(&group.properties, values) {
                    links.entry(model).or_default().insert(id);
                }
            }
        }
        for (model, ids) in links {
            let ids: Vec<i64> = ids.into_iter().collect();
            self.require_records(model, &ids).await?;
        }
        Ok(prepared)
    }

    /// What is defined for the records, by parent.
    async fn defined_for(
        &self,
        schema: &ModelSchema,
        (name, field): (&str, &FieldSchema),
        ids: &[i64],
        values: &Map<String, Value>,
    ) -> Result<Vec<Group>> {
        let link = field.definition_record.as_deref().unwrap_or_default();
        let parent_field = schema.field(link);
        let label = parent_field.and_then(|field| field.label.as_deref());
        let parent = format!("{} ({link})", quoted(label.unwrap_or(link), 60));
        let groups = match values.get(link) {
            Some(value) => match value.as_i64() {
                Some(id) => vec![self.defined_by(parent_field, field, id, ids).await?],
                None => Vec::new(),
            },
            None if !ids.is_empty() => {
                let fields = vec![name.to_owned(), link.to_owned()];
                let context = Context::new().active_test(false);
                let rows = self
                    .found_records(&schema.model, ids, fields, &context)
                    .await?;
                grouped(&rows, (name, link))
            }
            None if parent_field.is_some_and(|field| field.computed) => {
                // One for all records of the model: any of them shows it.
                let rows = self.any_record(&schema.model, (name, link)).await?;
                let mut groups = grouped(&rows, (name, link));
                for group in &mut groups {
                    group.ids.clear();
                }
                groups
            }
            None => {
                return Err(Error::invalid_call(format!(
                    "properties are defined by {parent}; give {link}, too"
                ))
                .with_hint("Nothing was sent to Odoo."));
            }
        };
        let without: Vec<&Group> = groups
            .iter()
            .filter(|group| group.properties.is_empty())
            .collect();
        if groups.is_empty() || !without.is_empty() {
            let who = match without.first() {
                Some(group) if !group.parent.is_empty() => {
                    format!("{parent} {} defines no properties", group.parent)
                }
                _ => format!("without {parent} a record has no properties"),
            };
            let which = match without.first().map(|group| group.ids.as_slice()) {
                Some([]) | None => String::new(),
                Some(ids) => format!(" (of {} {})", schema.model, listed(ids)),
            };
            return Err(Error::invalid_call(format!("values.{name}: {who}{which}"))
                .with_hint("Nothing was sent to Odoo."));
        }
        Ok(groups)
    }

    /// What one parent defines.
    async fn defined_by(
        &self,
        parent_field: Option<&FieldSchema>,
        field: &FieldSchema,
        id: i64,
        ids: &[i64],
    ) -> Result<Group> {
        let model = parent_field.and_then(|field| field.relation.as_deref());
        let (Some(model), Some(definitions)) = (model, &field.definition_record_field) else {
            return Err(Error::new(
                ErrorKind::Protocol,
                "Odoo does not say where the properties are defined",
            ));
        };
        let fields = vec![definitions.clone(), "display_name".to_owned()];
        let context = Context::new().active_test(false);
        let rows = self.found_records(model, &[id], fields, &context).await?;
        let row = rows.first().ok_or_else(|| missing_record(model, id))?;
        Ok(Group {
            ids: ids.to_vec(),
            properties: Property::list(row.get(definitions).unwrap_or(&Value::Null)),
            parent: called(row.get("display_name").and_then(Value::as_str), id),
        })
    }

    async fn any_record(&self, model: &str, (name, link): (&str, &str)) -> Result<Vec<RawRecord>> {
        let request = SearchRead {
            fields: vec![name.to_owned(), link.to_owned()],
            limit: Some(1),
            ..SearchRead::new(model)
        };
        let context = Context::new().active_test(false);
        let page = self.client()?.search_read(&request, &context).await?;
        Ok(page.records)
    }
}

/// A refusal with its place in the call.
fn at(path: &str, name: &str, error: Error) -> Error {
    if error.kind() != ErrorKind::InvalidCall {
        return error;
    }
    let message = format!("{path}.{name}: {}", error.message());
    let hints = error.hints().to_vec();
    hints
        .into_iter()
        .fold(Error::invalid_call(message), Error::with_hint)
}

/// The values as every group's properties have them, together: the module gives each record
/// those that its own parent defines.
fn prepare_for_groups(
    given: &Given,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Map<String, Value> {
    let mut together = Map::new();
    for group in &given.groups {
        let mut own = Problems::default();
        let values = prepare_properties(
            &group.properties,
            &given.values,
            &given.path,
            known,
            &mut own,
        );
        if let Err(error) = own.into_result("") {
            let suffix = match given.groups.len() {
                1 => String::new(),
                _ => format!(" (for {}, of {})", listed(&group.ids), group.parent),
            };
            problems.take::<()>(Err(Error::invalid_call(format!(
                "{}{suffix}",
                error.message()
            ))));
            continue;
        }
        for (name, value) in values {
            match together.get(&name) {
                Some(other) if *other != value => problems.add(
                    &format!("{}.{name}", given.path),
                    format!(
                        "stands for another value where {} defines it; change {} by another call",
                        group.parent,
                        listed(&group.ids)
                    ),
                ),
                _ => {
                    together.insert(name, value);
                }
            }
        }
    }
    together
}

/// Records by what their parents define.
fn grouped(rows: &[RawRecord], (name, link): (&str, &str)) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let properties = Property::list(row.get(name).unwrap_or(&Value::Null));
        let id = row.get("id").and_then(Value::as_i64).unwrap_or_default();
        let known = groups
            .iter_mut()
            .find(|group| group.properties == properties);
        if let Some(group) = known {
            group.ids.push(id);
            continue;
        }
        let parent = row.get(link).and_then(Value::as_array);
        let parent = parent.map(|pair| {
            let id = pair.first().and_then(Value::as_i64).unwrap_or_default();
            called(pair.get(1).and_then(Value::as_str), id)
        });
        groups.push(Group {
            ids: vec![id],
            properties,
            parent: parent.unwrap_or_default(),
        });
    }
    groups
}

fn called(name: Option<&str>, id: i64) -> String {
    match name {
        Some(name) => format!("{} ({id})", quoted(name, 60)),
        None => id.to_string(),
    }
}

fn listed(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    crate::schema::text::join_bounded(ids.iter().map(String::as_str), 10)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(id: i64, parent: &Value, options: &[&str]) -> RawRecord {
        let options: Vec<Value> = options.iter().map(|key| json!([key, "Late"])).collect();
        let list = json!([{"name": format!("n{}", options.len()), "string": "Stage", "type": "selection", "selection": options}]);
        let Value::Object(row) = json!({"id": id, "parent_id": parent, "values": list}) else {
            panic!("an object")
        };
        row
    }

    fn prepared(groups: Vec<Group>, values: Value) -> Result<Value, String> {
        let Value::Object(values) = values else {
            panic!("an object")
        };
        let given = Given {
            index: 0,
            name: "values".to_owned(),
            path: "values.values".to_owned(),
            values,
            groups,
        };
        let now = "2026-11-24T15:30:00[Europe/Brussels]".parse().unwrap();
        let names = NameBook::default();
        let known = Known::new(&|_| None, &names, &now);
        let mut problems = Problems::default();
        let values = prepare_for_groups(&given, &known, &mut problems);
        let outcome = problems.into_result("x").map_err(|error| error.to_string());
        outcome.map(|()| Value::Object(values))
    }

    #[test]
    fn records_of_several_parents_get_what_each_defines() {
        let rows = [
            row(1, &json!([5, "One"]), &["x"]),
            row(2, &json!([6, "Two"]), &["x", "y"]),
            row(3, &json!([5, "One"]), &["x"]),
        ];
        let groups = grouped(&rows, ("values", "parent_id"));
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].ids, [1, 3]);
        assert_eq!(groups[1].parent, "“Two” (6)");
        assert_eq!(
            prepared(groups, json!({"Stage": "x"})),
            Ok(json!({"n1": "x", "n2": "x"}))
        );
    }

    #[test]
    fn a_mistake_for_one_of_several_parents_names_it() {
        let rows = [
            row(1, &json!([5, "One"]), &["x"]),
            row(2, &json!([6, "Two"]), &["x", "y"]),
        ];
        let groups = grouped(&rows, ("values", "parent_id"));
        let refusal = prepared(groups, json!({"Stage": "y"})).unwrap_err();
        assert!(refusal.contains("(for 1, of “One” (5))"), "{refusal}");
    }

    #[test]
    fn one_name_of_two_meanings_is_refused() {
        let rows = [
            row(1, &json!([5, "One"]), &["x"]),
            row(2, &json!([6, "Two"]), &["z"]),
        ];
        let groups = grouped(&rows, ("values", "parent_id"));
        let refusal = prepared(groups, json!({"Stage": "Late"})).unwrap_err();
        assert!(
            refusal.contains("stands for another value where “Two” (6)"),
            "{refusal}"
        );
    }
}
