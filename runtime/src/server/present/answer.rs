//! The answer of a tool that reads: records in both forms, what holds for all of them, links,
//! and a size that clients take.
//!
//! Clients cut what a tool answers, some at 25,000 tokens, without a word on what is missing. So
//! an answer ends by itself before that: with whole rows, the offset of the next one and the way
//! to ask for less; and a text that alone is too long with its length and where all of it is.

use serde_json::{Map, Value, json};

use super::Output;
use super::fence::fenced;
use super::records::{Records, Row};
use super::table::{lines, table};
use crate::schema::FieldSchema;
use crate::schema::text::join_bounded;
use crate::server::resources::field_uri;

/// How many characters the records of an answer have at most, in either form. The rest of the
/// answer is small: together they stay below 50,000.
const MAX_CHARS: usize = 46_000;
/// The longest text of one value.
const MAX_TEXT: usize = 20_000;
/// The longest text where a record has so many fields that they would be too much together.
const LEAST_TEXT: usize = 40;

/// Which records of all a page has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) total: u64,
    pub(crate) offset: u64,
}

impl Records<'_> {
    /// A page of a search.
    pub(crate) fn page(&self, found: Found) -> Output {
        let rows = self.rows_that_fit();
        let Found { total, offset } = found;
        let next = offset + rows.len() as u64;
        let next_offset = (next < total && !rows.is_empty()).then_some(next);
        let model = self.reading.model;
        let head = match (rows.len(), next_offset) {
            (0, _) if total == 0 => format!("{model}: none found"),
            (0, _) => format!("{model}: {total} in all, none at offset {offset}"),
            (shown, None) => format!("{model}: {shown} of {total}"),
            (shown, Some(next)) => format!("{model}: {shown} of {total}, next offset {next}"),
        };
        let place = [
            ("total", json!(total)),
            ("offset", json!(offset)),
            ("next_offset", json!(next_offset)),
        ];
        let mut output = self.several(&head, place, &rows);
        if rows.len() < self.raw.len() {
            note(
                &mut output,
                &format!(
                    "{} rows fit into one answer; ask for fewer fields or a narrower domain, or read one record",
                    rows.len()
                ),
            );
        }
        output
    }

    /// Several records that were asked for by id.
    pub(crate) fn batch(&self) -> Output {
        let rows = self.rows_that_fit();
        let head = format!("{}: {} records", self.reading.model, rows.len());
        let mut output = self.several(&head, [], &rows);
        let left: Vec<String> = self
            .raw
            .iter()
            .skip(rows.len())
            .filter_map(|raw| raw.get("id").map(Value::to_string))
            .collect();
        if !left.is_empty() {
            output.structured["left_out"] = self
                .raw
                .iter()
                .skip(rows.len())
                .filter_map(|raw| raw.get("id").cloned())
                .collect();
            note(
                &mut output,
                &format!(
                    "{} records fit into one answer; read the others by themselves, or fewer fields: {}",
                    rows.len(),
                    join_bounded(left.iter().map(String::as_str), 100)
                ),
            );
        }
        output
    }

    /// One record.
    pub(crate) fn one(&self) -> Output {
        let model = self.reading.model;
        let Some(row) = self.rows_that_fit().pop() else {
            return Output {
                text: model.to_owned(),
                structured: json!({"model": model}),
            };
        };
        let id = row
            .json
            .get("id")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let headings = self.headings();
        // The first line says the id.
        let (body, empty) = lines(&headings[1..], &row.cells[1..]);
        let mut text = format!("{model} {id}{}", self.zone_note());
        if !body.is_empty() {
            add(&mut text, &fenced(&body));
        }
        if !empty.is_empty() {
            add(&mut text, &format!("empty: {}", empty.join(", ")));
        }
        self.add_cuts(&mut text, std::slice::from_ref(&row));
        let url = self.viewer.web.record(model, id);
        add(&mut text, &format!("open: {url}"));
        let mut structured = self.envelope(std::slice::from_ref(&row));
        structured.insert("record".to_owned(), Value::Object(row.json));
        structured.insert("url".to_owned(), json!(url));
        if self.has_raw() {
            let uri = field_uri(model, id, "{field}");
            add(
                &mut text,
                &format!("raw: {}", field_uri(model, id, "<field>")),
            );
            structured.insert("raw_uri".to_owned(), json!(uri));
        }
        if !self.names.is_empty() {
            let by_id = |names: &Vec<(i64, String)>| -> Map<String, Value> {
                names
                    .iter()
                    .map(|(id, name)| (id.to_string(), json!(name)))
                    .collect()
            };
            let names: Map<String, Value> = self
                .names
                .iter()
                .map(|(field, names)| (field.clone(), Value::Object(by_id(names))))
                .collect();
            structured.insert("names".to_owned(), Value::Object(names));
        }
        Output {
            structured: Value::Object(structured),
            text,
        }
    }

    /// One record for people: the label and the text of each field that has a value.
    pub(crate) fn labelled(&self) -> (Map<String, Value>, Vec<(String, String)>) {
        let Some(row) = self.rows_that_fit().pop() else {
            return Default::default();
        };
        let headings = self.columns().into_iter().zip(row.cells);
        let cells = headings.map(|(name, cell)| (name.to_owned(), super::table::one_line(&cell)));
        (
            row.json,
            cells.filter(|(_, cell)| !cell.is_empty()).collect(),
        )
    }

    fn several<const N: usize>(
        &self,
        head: &str,
        place: [(&str, Value); N],
        rows: &[Row],
    ) -> Output {
        let model = self.reading.model;
        let mut structured = self.envelope(rows);
        for (name, value) in place {
            structured.insert(name.to_owned(), value);
        }
        let records = rows.iter().map(|row| Value::Object(row.json.clone()));
        structured.insert("records".to_owned(), records.collect());
        if rows.is_empty() {
            return Output {
                structured: Value::Object(structured),
                text: head.to_owned(),
            };
        }
        let mut text = format!("{head}{}", self.zone_note());
        let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells.clone()).collect();
        let table = table(&self.columns(), &self.headings(), &cells);
        add(&mut text, &fenced(&table.text));
        if !table.empty.is_empty() {
            add(&mut text, &format!("empty: {}", table.empty.join(", ")));
        }
        if !table.cut.is_empty() {
            let cut = table.cut.join(", ");
            add(
                &mut text,
                &format!("cut at …, read a record for all: {cut}"),
            );
        }
        self.add_cuts(&mut text, rows);
        add(
            &mut text,
            &format!("open: {}", self.viewer.web.record(model, "<id>")),
        );
        structured.insert(
            "url".to_owned(),
            json!(self.viewer.web.record(model, "{id}")),
        );
        if self.has_raw() {
            let uri = |id: &str, field: &str| field_uri(model, id, field);
            add(&mut text, &format!("raw: {}", uri("<id>", "<field>")));
            structured.insert("raw_uri".to_owned(), json!(uri("{id}", "{field}")));
        }
        Output {
            structured: Value::Object(structured),
            text,
        }
    }

    /// What both forms of an answer say besides the records.
    fn envelope(&self, rows: &[Row]) -> Map<String, Value> {
        let mut envelope = Map::new();
        envelope.insert("model".to_owned(), json!(self.reading.model));
        if self.has_moments() {
            envelope.insert("timezone".to_owned(), json!(self.viewer.zone_name()));
        }
        let (shared, mixed) = self.currencies();
        for (name, currencies) in [("currencies", shared), ("currency_fields", mixed)] {
            if !currencies.is_empty() {
                envelope.insert(name.to_owned(), Value::Object(currencies));
            }
        }
        let cut: Vec<Value> = cuts(rows)
            .map(|(id, field, length)| json!({"id": id, "field": field, "length": length}))
            .collect();
        if !cut.is_empty() {
            envelope.insert("cut".to_owned(), json!(cut));
        }
        envelope
    }

    fn zone_note(&self) -> String {
        if self.has_moments() {
            format!(" (times: {})", self.viewer.zone_name())
        } else {
            String::new()
        }
    }

    /// Says of values that were cut how long they are, and where all of them is.
    fn add_cuts(&self, text: &mut String, rows: &[Row]) {
        for (id, field, length) in cuts(rows) {
            let kind = self.reading.schema.and_then(|schema| schema.field(field));
            let (of, rest) = match kind {
                Some(list) if list.field_type.is_x2many() => {
                    ("records", format!("search {}", inverse(list, id)))
                }
                _ => (
                    "characters",
                    format!(
                        "read it alone, or {}",
                        field_uri(self.reading.model, id, field)
                    ),
                ),
            };
            add(
                text,
                &format!("cut: {field} of {id} has {length} {of}; all: {rest}"),
            );
        }
    }

    /// As many rows as an answer takes, but one at least; where a record has more text than
    /// that, with texts that are cut.
    fn rows_that_fit(&self) -> Vec<Row> {
        let is_one = self.raw.len() == 1;
        let most = if self.columns().len() == 2 {
            MAX_CHARS - 2_000
        } else {
            MAX_TEXT
        };
        let mut max_text = most;
        while let Some(first) = self.raw.first()
            && size(&self.row(first, max_text), is_one) > MAX_CHARS
            && max_text > LEAST_TEXT
        {
            max_text /= 2;
        }
        let mut rows: Vec<Row> = Vec::with_capacity(self.raw.len());
        let mut chars = 0;
        for raw in &self.raw {
            let row = self.row(raw, max_text);
            chars += size(&row, is_one);
            if chars > MAX_CHARS && !rows.is_empty() {
                break;
            }
            rows.push(row);
        }
        rows
    }
}

/// How to find the records of a list otherwise.
fn inverse(list: &FieldSchema, id: i64) -> String {
    let model = list.relation.as_deref().unwrap_or("its model");
    match &list.relation_field {
        Some(back) => format!("{model} with [[\"{back}\",\"=\",{id}]]"),
        None => model.to_owned(),
    }
}

/// How many characters a record takes, in the longer of its forms.
fn size(row: &Row, is_one: bool) -> usize {
    let json: String = json!(row.json).to_string();
    let chars = json.chars().count();
    if !is_one {
        return chars;
    }
    let text = row.cells.iter().map(|cell| cell.chars().count() + 20);
    chars.max(text.sum())
}

fn cuts(rows: &[Row]) -> impl Iterator<Item = (i64, &str, usize)> {
    rows.iter().flat_map(|row| {
        let id = row
            .json
            .get("id")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        row.cut
            .iter()
            .map(move |(field, length)| (id, field.as_str(), *length))
    })
}

/// A remark, in both forms.
pub(crate) fn note(output: &mut Output, remark: &str) {
    add(&mut output.text, remark);
    let said = output.structured.get("note").and_then(Value::as_str);
    output.structured["note"] = match said {
        Some(said) => json!(format!("{said}\n{remark}")),
        None => json!(remark),
    };
}

fn add(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line);
}
