//! How long 1,000 sale orders take to read: as untyped JSON, and as records.
//!
//! Prints one JSON object for `cargo xtask bench`. The orders are made up from the schema file,
//! so that no Odoo is needed and every run reads the same bytes.

use std::time::{Duration, Instant};

use butopea_models::runtime::schema::{FieldType, SchemaFile};
use butopea_models::runtime::typed::{Record as _, Row};
use butopea_models::sale_order::Record;
use serde_json::{Map, Value, json};

const SCHEMA: &str = include_str!("../../../generated/schemas/sale.order.json");
const ORDERS: i64 = 1000;
const ROUNDS: usize = 20;

type Failure = Box<dyn std::error::Error>;

#[allow(clippy::print_stdout)] // the answer
fn main() -> Result<(), Failure> {
    let bytes = answer(&serde_json::from_str(SCHEMA)?)?;
    let untyped = fastest(|| {
        serde_json::from_slice::<Value>(&bytes)
            .map(drop)
            .map_err(Into::into)
    })?;
    let typed = fastest(|| records(&bytes).map(drop))?;
    let result = json!({
        "records": ORDERS,
        "fields": Record::FIELDS.len(),
        "bytes": bytes.len(),
        "untyped_us": micros(untyped),
        "typed_us": micros(typed),
    });
    println!("{result}");
    Ok(())
}

/// What the client and the typed API make of an answer.
fn records(bytes: &[u8]) -> Result<Vec<Record>, Failure> {
    let mut answer: Value = serde_json::from_slice(bytes)?;
    let Value::Array(rows) = answer["result"]["records"].take() else {
        return Err("no records".into());
    };
    rows.iter()
        .map(|row| {
            let fields = row.as_object().ok_or("no record")?;
            let mut row = Row::new("sale.order", fields);
            let record = Record::read(&mut row);
            row.finish()?;
            Ok(record)
        })
        .collect()
}

/// The fastest of some rounds: what the machine's other work disturbed least.
fn fastest(mut work: impl FnMut() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        work()?;
        best = best.min(started.elapsed());
    }
    Ok(best)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// An answer of Odoo to a search, as bytes.
fn answer(file: &SchemaFile) -> Result<Vec<u8>, Failure> {
    let records: Vec<Map<String, Value>> = (1..=ORDERS).map(|id| order(file, id)).collect();
    let answer = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"count": ORDERS, "total": ORDERS, "records": records},
    });
    Ok(serde_json::to_vec(&answer)?)
}

fn order(file: &SchemaFile, id: i64) -> Map<String, Value> {
    Record::FIELDS
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let field = file.schema.fields.get(*name);
            let value = match field {
                _ if *name == "id" => json!(id),
                // As in a real database, a good part of the values is empty.
                Some(field) if index % 3 == 2 && !field.field_type.is_numeric() => {
                    empty(&field.field_type)
                }
                Some(field) => value(&field.field_type, id),
                None => Value::Bool(false),
            };
            ((*name).to_owned(), value)
        })
        .collect()
}

fn empty(field_type: &FieldType) -> Value {
    if field_type.is_x2many() {
        json!([])
    } else {
        Value::Bool(false)
    }
}

fn value(field_type: &FieldType, id: i64) -> Value {
    match field_type {
        FieldType::Integer => json!(id % 97),
        #[allow(clippy::cast_precision_loss)] // a few thousand
        FieldType::Float | FieldType::Monetary => json!(id as f64 * 1.25),
        FieldType::Boolean => json!(id % 2 == 0),
        FieldType::Date => json!("2026-03-14"),
        FieldType::Datetime => json!("2026-03-14 15:09:26"),
        FieldType::Selection => json!("sale"),
        FieldType::Many2one => json!([id, format!("A record named {id}")]),
        FieldType::One2many | FieldType::Many2many => json!([id, id + 1, id + 2]),
        FieldType::Reference => json!(format!("res.partner,{id}")),
        FieldType::Many2oneReference => json!(id),
        _ => json!(format!("A line of text of ordinary length, number {id}")),
    }
}
