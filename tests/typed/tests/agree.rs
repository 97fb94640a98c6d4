//! The Rust types and the schema files agree: what the typed API sends is what the schema's
//! validation takes, and what the schema takes the typed API reads. Needs no Odoo.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use butopea_models::prelude::*;
use butopea_models::runtime::schema::validate::names::NameBook;
use butopea_models::runtime::schema::validate::{Known, Problems, Purpose, prepare_values};
use butopea_models::runtime::schema::{FieldSchema, FieldType, ModelSchema, SchemaFile};
use butopea_models::runtime::typed::{ModelVisitor, Row};
use jiff::Zoned;
use serde_json::{Map, json};

const ROUNDS: usize = 40;

/// Numbers that look random and are the same on every run (a linear congruence after Knuth).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.roll(values.len())].clone()
    }
}

/// A value of the field as Odoo's `read` answers it.
fn value(field: &FieldSchema, dice: &mut Dice) -> Value {
    let options: Vec<Value> = field
        .selection
        .iter()
        .flatten()
        .map(|option| json!(option.key))
        .collect();
    let id = i64::try_from(dice.roll(100_000)).unwrap() + 1;
    match &field.field_type {
        FieldType::Char | FieldType::Text | FieldType::Html => dice.pick(&[
            json!(false),
            json!("a"),
            json!("Ünï \"q\" \\ 名\n"),
            json!("-1"),
        ]),
        FieldType::Integer => dice.pick(&[json!(0), json!(-7), json!(2_147_483_647)]),
        FieldType::Float | FieldType::Monetary => {
            dice.pick(&[json!(0.0), json!(-0.5), json!(1e9), json!(12.34), json!(3)])
        }
        FieldType::Boolean => dice.pick(&[json!(true), json!(false)]),
        FieldType::Date => dice.pick(&[json!(false), json!("2024-02-29"), json!("1970-01-01")]),
        FieldType::Datetime => dice.pick(&[json!(false), json!("2024-02-29 23:59:59")]),
        FieldType::Selection if options.is_empty() => dice.pick(&[json!(false), json!("key")]),
        FieldType::Selection => dice.pick(&options),
        FieldType::Many2one => {
            dice.pick(&[json!(false), json!([id, "A name"]), json!([id, false])])
        }
        FieldType::One2many | FieldType::Many2many => dice.pick(&[json!([]), json!([id, id + 1])]),
        FieldType::Reference => dice.pick(&[json!(false), json!(format!("res.partner,{id}"))]),
        FieldType::Many2oneReference => json!(id),
        _ => json!(false),
    }
}

/// What is read, as it is written: links by id, lists as the command that sets them.
fn written(field: &FieldSchema, read: &Value) -> Value {
    match (&field.field_type, read) {
        (FieldType::Many2one, Value::Array(pair)) => pair[0].clone(),
        (FieldType::One2many | FieldType::Many2many, Value::Array(ids)) => json!([[6, 0, ids]]),
        _ => read.clone(),
    }
}

struct Agreement {
    schemas: BTreeMap<String, Arc<ModelSchema>>,
    dice: Dice,
    values: usize,
    models: usize,
}

impl ModelVisitor for Agreement {
    fn visit<M: HasRecord>(&mut self) {
        let schema = Arc::clone(&self.schemas[M::NAME]);
        for _ in 0..ROUNDS {
            self.round::<M>(&schema);
        }
        self.models += 1;
    }
}

impl Agreement {
    fn round<M: HasRecord>(&mut self, schema: &ModelSchema) {
        let answer: Map<String, Value> = M::Record::FIELDS
            .iter()
            .map(|name| {
                let value = match *name {
                    "id" => json!(7),
                    name => value(&schema.fields[name], &mut self.dice),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        let mut row = Row::new(M::NAME, &answer);
        let record = M::Record::read(&mut row);
        row.finish().unwrap();
        let read = record.to_json();
        let lookup = |name: &str| self.schemas.get(name).cloned();
        for (name, value) in &read {
            let Some(field) = schema.fields.get(name).filter(|_| name != "id") else {
                continue;
            };
            let sent: Map<String, Value> =
                std::iter::once((name.clone(), written(field, value))).collect();
            let mut problems = Problems::default();
            let (names, now) = (NameBook::default(), Zoned::default());
            let known = Known::new(&lookup, &names, &now);
            let prepared = prepare_values(
                schema,
                &sent,
                Purpose::Update,
                "values",
                &known,
                &mut problems,
            );
            let refused = problems.into_result(M::NAME).err();
            let is_computed = field.computed && field.readonly;
            let is_cleared = field.required && value == &json!(false);
            let is_too_long = field.size.is_some_and(|size| {
                let text = value.as_str().unwrap_or_default();
                text.chars().count() > size as usize
            });
            let may_refuse = is_magic(name) || is_computed || is_cleared || is_too_long;
            match refused {
                Some(error) => assert!(may_refuse, "{error}"),
                None => assert!(
                    same(&prepared[name], &sent[name]),
                    "{}.{name}: sent {}, understood as {}",
                    M::NAME,
                    sent[name],
                    prepared[name]
                ),
            }
            self.values += 1;
        }
    }
}

/// Fields that Odoo fills in itself, which no call may set.
fn is_magic(name: &str) -> bool {
    [
        "create_uid",
        "create_date",
        "write_uid",
        "write_date",
        "display_name",
    ]
    .contains(&name)
}

fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => (left - right).abs() < f64::EPSILON,
        _ => left == right,
    }
}

#[test]
fn what_one_sends_the_other_takes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generated/schemas");
    let mut schemas = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let file = SchemaFile::parse(&text).unwrap();
        schemas.insert(file.schema.model.clone(), Arc::new(file.schema));
    }
    let mut agreement = Agreement {
        schemas,
        dice: Dice(19),
        values: 0,
        models: 0,
    };
    butopea_models::each_model(&mut agreement);
    assert_eq!(agreement.models, agreement.schemas.len());
    assert!(
        agreement.values > 50_000,
        "only {} values were compared",
        agreement.values
    );
}
