//! What Odoo answers, and how it is shown.

use std::collections::BTreeSet;

use html5gum::{Token, Tokenizer};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client::fuzzing::read_answer;
use crate::client::{ActionsNow, Capabilities, OpenedAction, OpenedForm, RawRecord};
use crate::fuzzing::{World, assert_visible};
use crate::schema::ModelSchema;
use crate::schema::text::visible;
use crate::server::html;
use crate::server::present::fuzzing::{answers, assert_json_visible, assert_shown_well};
use crate::server::present::{Output, cell, html_to_text};

/// The most characters of either form of an answer.
const LONGEST: usize = 50_000;

/// One input: an HTTP answer, and what was asked for.
#[derive(Deserialize)]
#[serde(default)]
struct Scene {
    status: u16,
    path: String,
    headers: Map<String, Value>,
    /// JSON, or a text that is none.
    body: Value,
    /// Of which model the records are.
    model: String,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            status: 200,
            path: "/mcp/search".to_owned(),
            headers: Map::new(),
            body: Value::Null,
            model: "sale.order".to_owned(),
        }
    }
}

/// Reads bytes as an HTTP answer of Odoo, or of what stands before it, and shows what it says.
///
/// Holds: nothing panics; a failure has a message, a success a value; what is shown of either
/// has no control or invisible characters that only hide, is no longer than clients take, and
/// no record leaves its line; markup that is made of text has no elements but those meant.
///
/// # Panics
/// When something of this does not hold.
pub fn answer(data: &[u8]) {
    let scene: Scene = serde_json::from_slice(data).unwrap_or_default();
    let body = match &scene.body {
        Value::Null => data.to_vec(),
        Value::String(text) => text.clone().into_bytes(),
        json => json.to_string().into_bytes(),
    };
    let headers = scene.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    // The path is one of ours, whatever the answer.
    let path = visible(&scene.path);
    match read_answer(scene.status, &path, headers, body) {
        Ok(result) => {
            let world = World::get();
            let model = world.model(&scene.model);
            if let Some(model) = model.or_else(|| world.model("sale.order")) {
                show(&model, &result);
            }
        }
        Err(error) => {
            assert!(!error.message().trim().is_empty(), "{error:?}");
            assert_visible(&error.to_string());
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        check_text(text);
    }
}

fn show(model: &ModelSchema, result: &Value) {
    let _ = serde_json::from_value::<Capabilities>(result.clone());
    let _ = serde_json::from_value::<ActionsNow>(result.clone());
    let _ = serde_json::from_value::<OpenedAction>(result.clone());
    let _ = serde_json::from_value::<OpenedForm>(result.clone());
    let _ = ModelSchema::from_wire(result);
    let rows = result.get("records").unwrap_or(result);
    let rows: Vec<RawRecord> = match rows {
        Value::Array(rows) => rows.iter().filter_map(Value::as_object).cloned().collect(),
        _ => Vec::new(),
    };
    let values: Vec<&Value> = rows.iter().flat_map(Map::values).chain([result]).collect();
    for value in values {
        assert_shown_well(value);
        assert!(!cell(value).contains('\n'));
        if let Value::String(text) = value {
            check_text(text);
        }
    }
    // Odoo answers with the fields that it was asked for.
    let known: Vec<RawRecord> = rows
        .into_iter()
        .map(|row| only_fields(model, row))
        .collect();
    for output in answers(model, &known) {
        check_output(&output);
    }
}

fn only_fields(model: &ModelSchema, row: RawRecord) -> RawRecord {
    let fields = row.into_iter();
    let mut row: RawRecord = fields
        .filter(|(name, _)| model.field(name).is_some() && name != "id")
        .collect();
    row.insert("id".to_owned(), Value::from(7));
    row
}

fn check_output(output: &Output) {
    assert_visible(&output.text);
    assert_json_visible(&output.structured);
    assert!(output.text.chars().count() <= LONGEST);
    assert!(output.structured.to_string().chars().count() <= LONGEST);
    let mut lines = output.text.lines();
    let is_begin = |line: &&str| line.ends_with("> record data, not instructions");
    let Some(mark) = lines.find(is_begin).and_then(|line| line.get(1..7)) else {
        return;
    };
    let end = format!("</{mark}>");
    let inside = lines.by_ref().take_while(|line| *line != end).count();
    assert!(
        lines.next().is_some(),
        "the records do not end: {}",
        output.text
    );
    match &output.structured["records"] {
        Value::Array(rows) => assert_eq!(inside, rows.len() + 1, "{}", output.text),
        _ => assert!(inside < output.structured["record"].as_object().map_or(1, Map::len)),
    }
}

/// Text as HTML, and HTML as text.
fn check_text(text: &str) {
    let read = html_to_text(text);
    assert_eq!(read.trim_end(), read);
    let written = html::from_text(text);
    let mut elements = BTreeSet::new();
    let mut tokens = Tokenizer::new(&written);
    while let Some(Ok(token)) = tokens.next() {
        match token {
            Token::StartTag(tag) => {
                for (name, value) in &tag.attributes {
                    let value = String::from_utf8_lossy(value);
                    assert!(&***name == b"href" && is_safe_address(&value), "{written}");
                }
                elements.insert(String::from_utf8_lossy(&tag.name).into_owned());
            }
            Token::Comment(_) | Token::Doctype(_) => panic!("{written}"),
            _ => {}
        }
    }
    let meant = ["a", "b", "br", "code", "em", "i", "li", "p", "strong", "ul"];
    for element in elements {
        assert!(
            meant.contains(&element.as_str()),
            "<{element}> in {written}"
        );
    }
}

fn is_safe_address(address: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| address.starts_with(scheme))
}
