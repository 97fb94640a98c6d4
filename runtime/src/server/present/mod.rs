//! Records as an assistant reads them: structured JSON, and the same as compact text.
//!
//! What comes from Odoo goes through here on its way to a client:
//!
//! * `value`: Odoo's form of a value becomes one that says what it is: `false` becomes `null`, a
//!   many2one `{"id": 7, "name": "Azure"}`, a datetime one in the user's time zone with its
//!   offset, HTML becomes text (`html`), an amount has its currency's decimals (`money`).
//! * `records`: the values become rows, and what holds for all rows is said once.
//! * `table`: the text form, a table of rows or the lines of one record; `fence` marks the text
//!   that people have written, so that nobody's record speaks as the server.
//! * `answer`: the whole answer, within a size that clients take, with `links` to Odoo.
//!
//! The text form is what a model reads, so it is as short as it can be without losing a value;
//! the structured form is what a program reads.

mod answer;
mod fence;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod html;
mod links;
mod money;
mod properties;
mod records;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod viewer;

use serde_json::Value;

pub(crate) use answer::{Found, note};
pub(crate) use fence::fenced;
pub(crate) use html::html_to_text;
pub(crate) use money::Currency;
pub(crate) use records::Reading;
pub(crate) use table::one_line;
pub(crate) use value::{all_visible, moment};
pub(crate) use viewer::{Viewer, zone_of};

use crate::schema::text::quoted;
pub(crate) use crate::schema::text::visible;

/// A value of an answer in one line: nothing for none, `Azure (7)` for a record.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::String(text) => one_line(text),
        Value::Object(map) => match (map.get("id"), map.get("name").and_then(Value::as_str)) {
            (Some(id), Some(name)) if map.len() == 2 => {
                format!("{} ({id})", one_line(name))
            }
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// The longest name of a record in a sentence.
const MAX_NAME: usize = 200;

/// ` (“Azure”)`: what a record is called, behind its id in a sentence; nothing without a name.
pub(crate) fn suffix(name: Option<&str>) -> String {
    name.map(|name| format!(" ({})", quoted(name, MAX_NAME)))
        .unwrap_or_default()
}

/// A table between marks, and below it the columns without any value.
pub(crate) fn fenced_table(headings: &[String], rows: &[Vec<String>]) -> String {
    let names: Vec<&str> = headings.iter().map(String::as_str).collect();
    let table = table::table(&names, headings, rows);
    let mut text = fenced(&table.text);
    if !table.empty.is_empty() {
        text.push_str(&format!("\nempty: {}", table.empty.join(", ")));
    }
    text
}

/// The result of a tool: the structured form and the text form say the same.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) structured: Value,
    pub(crate) text: String,
}
