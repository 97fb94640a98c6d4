//! Values as a person reads them before they agree: labels for keys, names for ids, and for
//! lists of records what happens to each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::properties::mention_linked;
use crate::schema::text::{clean, join_bounded, quoted};
use crate::schema::{FieldSchema, FieldType, ModelSchema};
use crate::server::UserSession;
use crate::server::present::moment;

/// The most lines of a list, and the most records by name, that one value shows.
const MAX_LISTED: usize = 12;
/// What an empty value is called.
pub(super) const EMPTY: &str = "(empty)";

/// Finds the descriptor of another model, where it is known.
pub(super) type Models<'a> = &'a (dyn Fn(&str) -> Option<Arc<ModelSchema>> + Sync);

/// Which records are mentioned, by model.
pub(super) type Mentioned = BTreeMap<String, BTreeSet<i64>>;

/// What happens to records of other models, by model.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effects(BTreeMap<String, Counts>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    created: usize,
    changed: usize,
    deleted: usize,
}

impl Effects {
    fn on(&mut self, model: &str) -> &mut Counts {
        self.0.entry(model.to_owned()).or_default()
    }

    /// One line each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(model, counts)| {
            let parts = [
                (counts.created, "created"),
                (counts.changed, "changed"),
                (counts.deleted, "deleted"),
            ];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            format!("also {model}: {}", parts.join(", "))
        })
    }
}

/// One of Odoo's commands for a list of records (`odoo/fields.py`, `Command`).
enum Command<'a> {
    Create(&'a Map<String, Value>),
    Update(i64, &'a Map<String, Value>),
    Delete(i64),
    Unlink(i64),
    Link(i64),
    Clear,
    Set(Vec<i64>),
}

impl<'a> Command<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        let parts = value.as_array()?;
        let id = || parts.get(1)?.as_i64();
        Some(match parts.first()?.as_i64()? {
            0 => Self::Create(parts.get(2)?.as_object()?),
            1 => Self::Update(id()?, parts.get(2)?.as_object()?),
            2 => Self::Delete(id()?),
            3 => Self::Unlink(id()?),
            4 => Self::Link(id()?),
            5 => Self::Clear,
            6 => Self::Set(
                parts
                    .get(2)?
                    .as_array()?
                    .iter()
                    .filter_map(Value::as_i64)
                    .collect(),
            ),
            _ => return None,
        })
    }
}

/// The records that these values mention, so that they can be called by their names.
pub(super) fn mentioned(
    schema: Option<&ModelSchema>,
    values: &Map<String, Value>,
    models: Models<'_>,
    found: &mut Mentioned,
) {
    for (name, value) in values {
        let Some(field) = schema.and_then(|schema| schema.field(name)) else {
            continue;
        };
        mention_linked(field, value, found);
        let Some(relation) = field.relation.as_deref() else {
            continue;
        };
        if let Some(id) = value.as_i64() {
            mention(relation, [id], found);
        }
        let commands = value.as_array().into_iter().flatten();
        for command in commands.filter_map(Command::of) {
            let line = match command {
                Command::Create(line) => Some(line),
                Command::Update(id, line) => {
                    mention(relation, [id], found);
                    Some(line)
                }
                Command::Delete(id) | Command::Unlink(id) | Command::Link(id) => {
                    mention(relation, [id], found);
                    None
                }
                Command::Set(ids) => {
                    mention(relation, ids, found);
                    None
                }
                Command::Clear => None,
            };
            if let Some(line) = line {
                mentioned(models(relation).as_deref(), line, models, found);
            }
        }
    }
}

pub(super) fn mention(model: &str, ids: impl IntoIterator<Item = i64>, found: &mut Mentioned) {
    found.entry(model.to_owned()).or_default().extend(ids);
}

/// Says values in words.
pub(super) struct Wording<'a> {
    pub(super) models: Models<'a>,
    /// What records are called, by model and id.
    pub(super) names: HashMap<(String, i64), String>,
    /// The longest text of one value.
    pub(super) longest: usize,
    /// Where the user is, who reads moments by their own clock.
    pub(super) zone: TimeZone,
}

impl Wording<'_> {
    /// A field as the form calls it, with its technical name.
    pub(super) fn label(schema: Option<&ModelSchema>, name: &str) -> String {
        let label = schema
            .and_then(|schema| schema.field(name))
            .and_then(|field| field.label.as_deref())
            .map(unquoted);
        match label {
            Some(label) if !label.is_empty() => format!("{label} ({name})"),
            _ => clean(name, 60),
        }
    }

    /// A value that is to be written.
    pub(super) fn new_value(
        &self,
        field: Option<&FieldSchema>,
        value: &Value,
        effects: &mut Effects,
    ) -> String {
        let relation = field.and_then(|field| field.relation.as_deref());
        match (field.map(|field| &field.field_type), relation, value) {
            (Some(FieldType::Many2one), Some(model), Value::Number(id)) => id
                .as_i64()
                .map_or_else(|| id.to_string(), |id| self.name(model, id)),
            (Some(kind), Some(model), Value::Array(commands)) if kind.is_x2many() => {
                let is_owned = *kind == FieldType::One2many;
                self.commands(model, is_owned, commands, effects)
            }
            (Some(FieldType::Properties), _, Value::Object(values)) => {
                let properties = field.map(|field| field.properties.as_slice());
                self.new_properties(properties.unwrap_or_default(), values)
            }
            _ => self.plain(field, value),
        }
    }

    /// A value as Odoo reads it out; of properties, what stands in the place of `new`.
    pub(super) fn old_value(
        &self,
        field: Option<&FieldSchema>,
        value: &Value,
        new: &Value,
    ) -> String {
        let is_properties = field.is_some_and(|field| field.field_type == FieldType::Properties);
        match value {
            Value::Array(list) if is_properties => match new.as_object() {
                Some(new) => self.old_properties(list, new),
                None => format!("{} properties", list.len()),
            },
            Value::Array(pair) => match pair.as_slice() {
                [Value::Number(id), Value::String(name)] => format!("{} ({id})", quoted(name, 80)),
                [] => EMPTY.to_owned(),
                [_] => "1 record".to_owned(),
                several => format!("{} records", several.len()),
            },
            other => self.plain(field, other),
        }
    }

    fn name(&self, model: &str, id: i64) -> String {
        match self.names.get(&(model.to_owned(), id)) {
            Some(name) => format!("{} ({id})", quoted(name, 80)),
            None => format!("{model} {id}"),
        }
    }

    pub(super) fn listed(&self, model: &str, ids: &[i64]) -> String {
        let names: Vec<String> = ids.iter().map(|id| self.name(model, *id)).collect();
        join_bounded(names.iter().map(String::as_str), MAX_LISTED)
    }

    fn commands(
        &self,
        model: &str,
        is_owned: bool,
        commands: &[Value],
        effects: &mut Effects,
    ) -> String {
        let mut said: Vec<String> = commands
            .iter()
            .map(|command| match Command::of(command) {
                Some(command) => self.command(model, is_owned, &command, effects),
                None => clean(&command.to_string(), self.longest),
            })
            .collect();
        let more = said.len().saturating_sub(MAX_LISTED);
        if more > 0 {
            said.truncate(MAX_LISTED);
            said.push(format!("and {more} more"));
        }
        if said.is_empty() {
            "no change".to_owned()
        } else {
            said.join("; ")
        }
    }

    fn command(
        &self,
        model: &str,
        is_owned: bool,
        command: &Command<'_>,
        effects: &mut Effects,
    ) -> String {
        // A link of a many2many changes no record of the other model.
        let mut touch = |count: usize| {
            if is_owned {
                effects.on(model).changed += count;
            }
        };
        match command {
            Command::Create(line) => {
                effects.on(model).created += 1;
                format!("add {{{}}}", self.line(model, line, effects))
            }
            Command::Update(id, line) => {
                effects.on(model).changed += 1;
                let line = self.line(model, line, effects);
                format!("change {}: {{{line}}}", self.name(model, *id))
            }
            Command::Delete(id) => {
                effects.on(model).deleted += 1;
                format!("delete {}", self.name(model, *id))
            }
            Command::Unlink(id) => {
                touch(1);
                format!("remove {}", self.name(model, *id))
            }
            Command::Link(id) => {
                touch(1);
                format!("link {}", self.name(model, *id))
            }
            Command::Clear => "remove all".to_owned(),
            Command::Set(ids) if ids.is_empty() => "remove all".to_owned(),
            Command::Set(ids) => {
                touch(ids.len());
                format!("replace all by {}", self.listed(model, ids))
            }
        }
    }

    fn line(&self, model: &str, line: &Map<String, Value>, effects: &mut Effects) -> String {
        let schema = (self.models)(model);
        let said: Vec<String> = line
            .iter()
            .map(|(name, value)| {
                let field = schema.as_deref().and_then(|schema| schema.field(name));
                let label = field
                    .and_then(|field| field.label.as_deref())
                    .map_or_else(|| clean(name, 60), unquoted);
                format!("{label}: {}", self.new_value(field, value, effects))
            })
            .collect();
        said.join(", ")
    }

    fn plain(&self, field: Option<&FieldSchema>, value: &Value) -> String {
        let is_moment = field.is_some_and(|field| field.field_type == FieldType::Datetime);
        match value.as_str().and_then(|text| moment(text, &self.zone)) {
            Some((_, short)) if is_moment => short,
            _ => plain(field, value, self.longest),
        }
    }
}

impl UserSession {
    /// How values are said to this user.
    pub(super) async fn wording<'a>(
        &self,
        models: Models<'a>,
        found: &Mentioned,
        longest: usize,
    ) -> Wording<'a> {
        Wording {
            models,
            names: self.names_of_mentioned(found).await,
            longest,
            zone: self.time_zone().await.unwrap_or(TimeZone::UTC),
        }
    }

    /// What the mentioned records are called; those that cannot be read keep their ids.
    async fn names_of_mentioned(&self, found: &Mentioned) -> HashMap<(String, i64), String> {
        let mut names = HashMap::new();
        for (model, ids) in found {
            let ids: Vec<i64> = ids.iter().copied().collect();
            for record in self.named_records(model, &ids).await {
                if let Some(name) = record.name {
                    names.insert((model.clone(), record.id), name);
                }
            }
        }
        names
    }
}

/// A label in front of values, without the signs that stand around and between them.
pub(super) fn unquoted(label: &str) -> String {
    clean(&label.replace(['“', '”', '→'], " "), 60)
}

fn plain(field: Option<&FieldSchema>, value: &Value, longest: usize) -> String {
    let kind = field.map(|field| &field.field_type);
    match (value, kind) {
        (Value::Bool(flag), Some(FieldType::Boolean) | None) => {
            if *flag { "yes" } else { "no" }.to_owned()
        }
        (Value::Null | Value::Bool(false), _) => EMPTY.to_owned(),
        (Value::String(text), _) if text.is_empty() => EMPTY.to_owned(),
        (Value::String(text), Some(kind)) if kind.is_binary() => {
            format!("a file ({} characters of base64)", text.len())
        }
        (Value::String(key), Some(FieldType::Selection)) => {
            let options = field.and_then(|field| field.selection.as_deref());
            let option = options
                .unwrap_or_default()
                .iter()
                .find(|option| option.key.to_string() == *key);
            match option {
                Some(option) => format!("{} ({})", quoted(&option.label, 80), clean(key, 80)),
                None => quoted(key, longest),
            }
        }
        (Value::String(text), Some(FieldType::Date | FieldType::Datetime)) => clean(text, 40),
        (Value::String(text), _) => quoted(text, longest),
        (other, _) => clean(&other.to_string(), longest),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> ModelSchema {
        ModelSchema::from_wire(&json!({"model": "sale.order", "fields": {
            "partner_id": {"type": "many2one", "string": "Customer", "relation": "res.partner"},
            "state": {"type": "selection", "string": "Status", "selection": [["draft", "Quotation"]]},
            "note": {"type": "html", "string": "Terms"},
            "order_line": {"type": "one2many", "string": "Lines", "relation": "sale.order.line"},
            "tag_ids": {"type": "many2many", "string": "Tags", "relation": "crm.tag"},
        }}))
        .unwrap()
    }

    fn line_model(name: &str) -> Option<Arc<ModelSchema>> {
        (name == "sale.order.line").then(|| {
            let wire = json!({"model": "sale.order.line", "fields": {
                "product_id": {"type": "many2one", "string": "Product", "relation": "product.product"},
                "product_uom_qty": {"type": "float", "string": "Quantity"},
            }});
            Arc::new(ModelSchema::from_wire(&wire).unwrap())
        })
    }

    fn say(field: &str, value: &Value) -> (String, Vec<String>) {
        let names = [("res.partner", 7, "Azure"), ("product.product", 3, "Desk")];
        let wording = Wording {
            zone: TimeZone::UTC,
            models: &line_model,
            names: names
                .into_iter()
                .map(|(model, id, name)| ((model.to_owned(), id), name.to_owned()))
                .collect(),
            longest: 200,
        };
        let mut effects = Effects::default();
        let order = order();
        let said = wording.new_value(order.field(field), value, &mut effects);
        (said, effects.lines().collect())
    }

    #[test]
    fn values_are_said_in_the_words_of_the_form() {
        assert_eq!(say("partner_id", &json!(7)).0, "“Azure” (7)");
        assert_eq!(say("partner_id", &json!(8)).0, "res.partner 8");
        assert_eq!(say("partner_id", &json!(false)).0, EMPTY);
        assert_eq!(say("state", &json!("draft")).0, "“Quotation” (draft)");
        assert_eq!(Wording::label(Some(&order()), "note"), "Terms (note)");
    }

    #[test]
    fn a_text_stays_in_its_line() {
        let hostile = "ok\nStatus (state): draft → sale\u{202e}";
        assert_eq!(
            say("note", &json!(hostile)).0,
            "“ok Status (state): draft → sale”"
        );
    }

    #[test]
    fn lines_count_as_changes_of_their_model() {
        let (said, effects) = say(
            "order_line",
            &json!([
                [0, 0, {"product_id": 3, "product_uom_qty": 2}],
                [1, 5, {"product_uom_qty": 4}],
                [2, 6, 0],
                [6, 0, [8, 9]],
            ]),
        );
        assert_eq!(
            said,
            "add {Product: “Desk” (3), Quantity: 2}; change sale.order.line 5: {Quantity: 4}; \
             delete sale.order.line 6; replace all by sale.order.line 8, sale.order.line 9"
        );
        assert_eq!(
            effects,
            ["also sale.order.line: 1 created, 3 changed, 1 deleted"]
        );
    }

    #[test]
    fn links_change_nothing_but_the_record() {
        let (said, effects) = say("tag_ids", &json!([[4, 2, 0], [3, 1, 0]]));
        assert_eq!(said, "link crm.tag 2; remove crm.tag 1");
        assert!(effects.is_empty());
    }

    #[test]
    fn everything_that_is_mentioned_is_found() {
        let values = json!({"partner_id": 7, "order_line": [[0, 0, {"product_id": 3}], [1, 5, {"product_id": 4}]], "tag_ids": [[6, 0, [1, 2]]]});
        let mut found = Mentioned::new();
        mentioned(
            Some(&order()),
            values.as_object().unwrap(),
            &line_model,
            &mut found,
        );
        let found: Vec<(String, Vec<i64>)> = found
            .into_iter()
            .map(|(model, ids)| (model, ids.into_iter().collect()))
            .collect();
        let expected = [
            ("crm.tag", vec![1, 2]),
            ("product.product", vec![3, 4]),
            ("res.partner", vec![7]),
            ("sale.order.line", vec![5]),
        ];
        assert_eq!(found, expected.map(|(model, ids)| (model.to_owned(), ids)));
    }
}
