//! Lines that exist, in values that were checked: whose each of them has to be.
//!
//! A line of a one2many belongs to one record. Odoo does not look whose it is: to link a line, or
//! to set a list with it, takes it away from the record that has it, and to change or to delete
//! one through another record works as well (`odoo/orm/fields_relational.py`, `One2many`;
//! `odoo/fields.py` before 19). None of that is meant by somebody who mistakes an id. A check
//! cannot ask Odoo, so it collects the lines; the server reads whose they are, and judges.

use serde_json::{Map, Value};

use super::Models;
use crate::schema::text::quoted;
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// The fields that name the owner's model, where the link to it is an id alone.
const OWNER_MODELS: [&str; 2] = ["res_model", "model"];

/// What is done with a line that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It stands in the list afterwards.
    Keep,
    /// It is changed, deleted or taken out.
    Change,
}

/// The record that has the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// One that is made by this call.
    New,
    /// Those that the call is for.
    Called,
    /// A line, which has lines itself.
    Line(i64),
}

/// The field of a line that says whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// The model of the line.
    pub model: String,
    /// The many2one, or the id (`res_id`).
    pub field: String,
    /// The field with the owner's model beside an id.
    pub model_field: Option<String>,
    /// Whether there is no line without an owner.
    pub is_required: bool,
}

/// A line that exists and that values name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineUse {
    /// Where it stands in the call: the list.
    pub path: String,
    /// The model of the record that has the list.
    pub model: String,
    /// The record that has the list.
    pub holder: Holder,
    /// The many2one of that record to whom the lines belong, where the list is inherited
    /// (`child_ids` of a user are those of the contact).
    pub through: Option<String>,
    /// How the line says whose it is.
    pub link: Link,
    /// The line.
    pub id: i64,
    /// What is done with it.
    pub deed: Deed,
}

/// What a line turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// It is not there, or the user may not see it.
    Missing,
    /// Nobody's.
    Free,
    /// A record's, with its model where that is known from the line alone, and its name.
    Of {
        /// The owner.
        id: i64,
        /// Its model, where the link does not say it.
        model: Option<String>,
        /// What it is called.
        name: Option<String>,
    },
}

/// The lines that values name, and those within lines. `values` are in Odoo's form.
pub fn line_uses(
    model: &ModelSchema,
    values: &Map<String, Value>,
    holder: Holder,
    path: &str,
    models: Models<'_>,
) -> Vec<LineUse> {
    let mut found = Vec::new();
    let walk = Walk { models };
    walk.values(model, values, holder, path, &mut found);
    found
}

struct Walk<'a> {
    models: Models<'a>,
}

impl Walk<'_> {
    fn values(
        &self,
        model: &ModelSchema,
        values: &Map<String, Value>,
        holder: Holder,
        path: &str,
        found: &mut Vec<LineUse>,
    ) {
        for (name, value) in values {
            let Some(field) = model
                .field(name)
                .filter(|field| field.field_type.is_x2many())
            else {
                continue;
            };
            let target = field.relation.as_deref().and_then(self.models);
            let (Some(target), Some(commands)) = (target, value.as_array()) else {
                continue;
            };
            let link = link_of(model, field, &target);
            let here = format!("{path}.{name}");
            for (index, command) in commands.iter().enumerate() {
                if let Some((through, link)) = &link {
                    found.extend(existing(command).into_iter().map(|(id, deed)| LineUse {
                        path: here.clone(),
                        model: model.model.clone(),
                        holder,
                        through: through.clone(),
                        link: link.clone(),
                        id,
                        deed,
                    }));
                }
                if let Some((line, values)) = line_values(command) {
                    let here = format!("{here}[{index}]");
                    self.values(&target, values, line, &here, found);
                }
            }
        }
    }
}

/// The values in a command, and whose list they may hold.
fn line_values(command: &Value) -> Option<(Holder, &Map<String, Value>)> {
    let values = command.get(2)?.as_object()?;
    match command.get(0)?.as_i64()? {
        0 => Some((Holder::New, values)),
        1 => Some((Holder::Line(command.get(1)?.as_i64()?), values)),
        _ => None,
    }
}

/// The lines that a command names.
fn existing(command: &Value) -> Vec<(i64, Deed)> {
    let code = command.get(0).and_then(Value::as_i64);
    let one = command.get(1).and_then(Value::as_i64);
    match (code, one, command.get(2)) {
        (Some(1..=3), Some(id), _) => vec![(id, Deed::Change)],
        (Some(4), Some(id), _) => vec![(id, Deed::Keep)],
        (Some(6), _, Some(Value::Array(ids))) => ids
            .iter()
            .filter_map(Value::as_i64)
            .map(|id| (id, Deed::Keep))
            .collect(),
        _ => Vec::new(),
    }
}

/// How a line says whose it is; nothing where it cannot, as for the records of a many2many.
fn link_of(
    model: &ModelSchema,
    field: &FieldSchema,
    target: &ModelSchema,
) -> Option<(Option<String>, Link)> {
    if field.field_type != FieldType::One2many {
        return None;
    }
    let name = field.relation_field.as_deref()?;
    let inverse = target.field(name)?;
    let link = |model_field: Option<&str>| Link {
        model: target.model.clone(),
        field: name.to_owned(),
        model_field: model_field.map(str::to_owned),
        is_required: inverse.required,
    };
    match &inverse.field_type {
        FieldType::Many2one => {
            let owner = inverse.relation.as_deref()?;
            let through = inherited_through(model, field);
            let holder = match through {
                Some(through) => model.field(through)?.relation.as_deref()?,
                None => &model.model,
            };
            (holder == owner).then(|| (through.map(str::to_owned), link(None)))
        }
        FieldType::Integer | FieldType::Many2oneReference if field.related.is_none() => {
            let model_field = OWNER_MODELS
                .into_iter()
                .find(|name| target.field(name).is_some())?;
            Some((None, link(Some(model_field))))
        }
        _ => None,
    }
}

/// `partner_id` of a list that is `partner_id.child_ids`.
fn inherited_through<'a>(model: &ModelSchema, field: &'a FieldSchema) -> Option<&'a str> {
    let (through, rest) = field.related.as_deref()?.split_once('.')?;
    let is_many2one = model.field(through)?.field_type == FieldType::Many2one;
    (is_many2one && !rest.contains('.')).then_some(through)
}

impl LineUse {
    /// What is wrong with it, seen without asking Odoo.
    pub fn refusal_at_once(&self, called: usize) -> Option<String> {
        let line = self.line();
        match (self.holder, self.deed) {
            (Holder::New, Deed::Change) => Some(format!(
                "a new record has no lines yet, and {line} is one of another record; {}",
                self.ways()
            )),
            (Holder::New, Deed::Keep) if self.link.is_required && self.through.is_none() => {
                Some(format!(
                    "{line} belongs to another record, which would lose it; {}",
                    self.ways()
                ))
            }
            (Holder::Called, Deed::Keep) if called > 1 => Some(format!(
                "{line} can belong to one record, and the call is for {called}; {}",
                self.ways()
            )),
            _ => None,
        }
    }

    /// What is wrong with it, when it is `whose` and the list is that of `owners`.
    pub fn refusal(&self, whose: &Whose, owners: &[i64]) -> Option<String> {
        let line = self.line();
        match (whose, self.deed) {
            (Whose::Missing, _) => Some(format!("there is no {line} that this user may see")),
            (Whose::Free, Deed::Keep) => None,
            (Whose::Free, Deed::Change) => Some(format!(
                "{line} is a line of no record, so not one of this list"
            )),
            (Whose::Of { id, model, name }, deed) => {
                let model = model.as_deref();
                let is_own = owners.contains(id) && model.is_none_or(|model| model == self.model);
                if is_own {
                    return None;
                }
                let owner = self.owner(*id, model, name.as_deref());
                Some(match deed {
                    Deed::Keep => format!(
                        "{line} belongs to {owner}, which would lose it; {}",
                        self.ways()
                    ),
                    Deed::Change => {
                        format!(
                            "{line} is a line of {owner}, not of this record; {}",
                            self.own_way()
                        )
                    }
                })
            }
        }
    }

    fn line(&self) -> String {
        format!("{} {}", self.link.model, self.id)
    }

    fn owner(&self, id: i64, model: Option<&str>, name: Option<&str>) -> String {
        let model = match (model, &self.through) {
            (Some(model), _) => model,
            (None, None) => self.model.as_str(),
            (None, Some(_)) => "record",
        };
        match name {
            Some(name) => format!("{model} {id} ({})", quoted(name, 60)),
            None => format!("{model} {id}"),
        }
    }

    /// How lines are written.
    fn ways(&self) -> String {
        let moving = if self.link.is_required || self.link.model_field.is_some() {
            String::new()
        } else {
            format!(
                ". To move a record, write {} of {} itself",
                self.link.field, self.link.model
            )
        };
        format!(
            "lines belong to one record: add new ones with {{\"create\": [{{…}}]}}, change own ones \
             with {{\"update\": [{{\"id\": …}}]}}, take own ones out with {{\"delete\": [id]}}{moving}"
        )
    }

    fn own_way(&self) -> String {
        format!(
            "change it through its own record, or as {} itself",
            self.line()
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn schema(model: &str, fields: &Value) -> ModelSchema {
        ModelSchema::from_wire(&json!({"model": model, "fields": fields})).unwrap()
    }

    fn list(model: &str, inverse: &str) -> Value {
        json!({"type": "one2many", "relation": model, "relation_field": inverse})
    }

    fn models(name: &str) -> Option<Arc<ModelSchema>> {
        let back = |model: &str, required: bool| json!({"type": "many2one", "relation": model, "required": required});
        Some(Arc::new(match name {
            "x.order" => schema(
                name,
                &json!({
                    "line_ids": list("x.line", "order_id"), "note_ids": list("x.note", "res_id"),
                    "tag_ids": {"type": "many2many", "relation": "x.tag"},
                }),
            ),
            "x.line" => schema(
                name,
                &json!({"order_id": back("x.order", true), "part_ids": list("x.part", "line_id")}),
            ),
            "x.part" => schema(name, &json!({"line_id": back("x.line", false)})),
            "x.note" => schema(
                name,
                &json!({"res_id": {"type": "many2one_reference"}, "res_model": {"type": "char"}}),
            ),
            "x.user" => {
                let mut lines = list("x.line", "order_id");
                lines["related"] = json!("order_id.line_ids");
                schema(
                    name,
                    &json!({"order_id": back("x.order", true), "line_ids": lines}),
                )
            }
            "x.tag" => schema(name, &json!({"name": {"type": "char"}})),
            _ => return None,
        }))
    }

    fn uses(model: &str, values: &Value, holder: Holder) -> Vec<LineUse> {
        let model = models(model).unwrap();
        line_uses(
            &model,
            values.as_object().unwrap(),
            holder,
            "values",
            &models,
        )
    }

    fn of(id: i64) -> Whose {
        Whose::Of {
            id,
            model: None,
            name: Some("S1".to_owned()),
        }
    }

    #[test]
    fn every_command_that_names_a_line_is_seen_also_within_lines() {
        let values = json!({
            "line_ids": [
                [0, 0, {"part_ids": [[4, 9, 0]]}], [1, 5, {"part_ids": [[2, 8, 0]]}], [2, 6, 0],
                [3, 7, 0], [4, 8, 0], [5, 0, 0], [6, 0, [1, 2]],
            ],
            "tag_ids": [[6, 0, [3]]],
        });
        let found = uses("x.order", &values, Holder::Called);
        let found: Vec<_> = found
            .iter()
            .map(|used| (used.path.as_str(), used.id, used.deed, used.holder))
            .collect();
        let (list, part) = ("values.line_ids", Holder::Line(5));
        assert_eq!(
            found,
            [
                ("values.line_ids[0].part_ids", 9, Deed::Keep, Holder::New),
                (list, 5, Deed::Change, Holder::Called),
                ("values.line_ids[1].part_ids", 8, Deed::Change, part),
                (list, 6, Deed::Change, Holder::Called),
                (list, 7, Deed::Change, Holder::Called),
                (list, 8, Deed::Keep, Holder::Called),
                (list, 1, Deed::Keep, Holder::Called),
                (list, 2, Deed::Keep, Holder::Called),
            ]
        );
    }

    #[test]
    fn own_and_free_lines_may_stay_and_those_of_others_may_not() {
        let found = uses(
            "x.order",
            &json!({"line_ids": [[4, 6, 0], [1, 7, {}]]}),
            Holder::Called,
        );
        let [keep, change] = found.as_slice() else {
            panic!("two lines")
        };
        for (used, whose, owners, says) in [
            (keep, of(3), [3], ""),
            (change, of(3), [3], ""),
            (keep, Whose::Free, [3], ""),
            (
                keep,
                of(4),
                [3],
                "x.line 6 belongs to x.order 4 (“S1”), which would lose it; lines belong to one record: add new ones with {\"create\"",
            ),
            (
                change,
                of(4),
                [3],
                "x.line 7 is a line of x.order 4 (“S1”), not of this record",
            ),
            (change, Whose::Free, [3], "a line of no record"),
            (keep, Whose::Missing, [3], "there is no x.line 6"),
        ] {
            let refusal = used.refusal(&whose, &owners).unwrap_or_default();
            assert_eq!(refusal.is_empty(), says.is_empty(), "{refusal}");
            assert!(refusal.contains(says), "{refusal}");
        }
        assert_eq!(keep.refusal_at_once(1), None);
        let several = keep.refusal_at_once(2).unwrap();
        assert!(several.contains("can belong to one record"), "{several}");
    }

    #[test]
    fn a_new_record_has_no_lines_of_its_own() {
        let found = uses(
            "x.order",
            &json!({"line_ids": [[4, 6, 0], [2, 7, 0]]}),
            Holder::New,
        );
        let said: Vec<_> = found.iter().map(|used| used.refusal_at_once(0)).collect();
        let said: Vec<String> = said.into_iter().map(Option::unwrap).collect();
        assert!(
            said[0].starts_with("x.line 6 belongs to another record"),
            "{said:?}"
        );
        assert!(
            said[1].starts_with("a new record has no lines yet"),
            "{said:?}"
        );
        // What need not have an owner may be given one.
        let found = uses("x.line", &json!({"part_ids": [[4, 6, 0]]}), Holder::New);
        assert_eq!(found[0].refusal_at_once(0), None);
        let refusal = found[0].refusal(&of(4), &[]).unwrap();
        assert!(
            refusal.contains("write line_id of x.part itself"),
            "{refusal}"
        );
    }

    #[test]
    fn an_inherited_list_belongs_to_the_record_behind_it() {
        let found = uses("x.user", &json!({"line_ids": [[4, 6, 0]]}), Holder::Called);
        assert_eq!(found[0].through.as_deref(), Some("order_id"));
        assert!(found[0].refusal(&of(4), &[4]).is_none());
    }

    #[test]
    fn an_id_alone_belongs_to_the_record_of_its_model() {
        let found = uses("x.order", &json!({"note_ids": [[4, 6, 0]]}), Holder::Called);
        let whose = |model: &str| Whose::Of {
            id: 3,
            model: Some(model.to_owned()),
            name: None,
        };
        assert!(found[0].refusal(&whose("x.order"), &[3]).is_none());
        let refusal = found[0].refusal(&whose("x.other"), &[3]).unwrap();
        assert!(refusal.contains("belongs to x.other 3, which"), "{refusal}");
    }
}
