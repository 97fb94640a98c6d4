//! Records that were read, with what holds for all of them: whose time zone, which currencies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::money::{Purse, currency_field};
use super::value::{Style, show};
use super::{Viewer, visible};
use crate::client::{Context, RawRecord};
use crate::schema::text::listed;
use crate::schema::{FieldSchema, FieldType, ModelSchema};
use crate::server::UserSession;

/// The most records of a list that are named.
const MAX_NAMED: usize = 20;
/// The longest name of a record among several.
const MAX_NAME: usize = 200;

/// What is read: the fields that were asked for, and the currencies of their amounts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) model: &'a str,
    pub(crate) fields: &'a [String],
    /// `None` where nothing is known of the model.
    pub(crate) schema: Option<&'a ModelSchema>,
}

impl<'a> Reading<'a> {
    fn field(&self, name: &str) -> Option<&'a FieldSchema> {
        self.schema?.field(name)
    }

    /// The field with the currency of an amount.
    fn currency_field(&self, name: &str) -> Option<&'a str> {
        currency_field(self.schema?, name)
    }

    fn currency_fields(&self) -> BTreeSet<&'a str> {
        let fields = self.fields.iter();
        fields
            .filter_map(|name| self.currency_field(name))
            .collect()
    }

    /// The fields to ask Odoo for.
    pub(crate) fn request(&self) -> Vec<String> {
        let is_new = |name: &&str| !self.fields.iter().any(|field| field == name);
        let along = self.currency_fields().into_iter().filter(is_new);
        let fields = self.fields.iter().cloned();
        fields.chain(along.map(str::to_owned)).collect()
    }
}

/// The currency of a column of amounts.
enum Money<'a> {
    /// All of one currency.
    Shared(String),
    /// Of several, or some without: the field says which.
    Mixed(&'a str),
}

/// Records as they were read, ready to be brought into form.
pub(crate) struct Records<'a> {
    pub(super) reading: Reading<'a>,
    pub(super) viewer: Viewer,
    pub(super) raw: Vec<RawRecord>,
    columns: Vec<String>,
    purse: Purse,
    money: BTreeMap<String, Money<'a>>,
    /// Of lists of records: what the records are called.
    pub(super) names: BTreeMap<String, Vec<(i64, String)>>,
}

/// A record in both forms.
pub(super) struct Row {
    pub(super) json: Map<String, Value>,
    /// In the order of the columns.
    pub(super) cells: Vec<String>,
    /// What was cut, and how long it is.
    pub(super) cut: Vec<(String, usize)>,
}

impl UserSession {
    /// Prepares records for an answer.
    pub(crate) async fn present<'a>(
        &self,
        reading: Reading<'a>,
        raw: Vec<RawRecord>,
        viewer: Viewer,
    ) -> Records<'a> {
        let purse = self.purse(&raw, &reading.currency_fields()).await;
        Records::new(reading, raw, viewer, purse)
    }

    /// Prepares one record, and looks up what the records in its lists are called: in one request
    /// for each model, where the list was asked for and is short.
    pub(crate) async fn present_one<'a>(
        &self,
        reading: Reading<'a>,
        raw: RawRecord,
        viewer: Viewer,
        was_asked: impl Fn(&str) -> bool,
    ) -> Records<'a> {
        let mut lists: BTreeMap<&str, Vec<(&str, Vec<i64>)>> = BTreeMap::new();
        for name in reading.fields.iter().filter(|name| was_asked(name)) {
            let Some(field) = reading
                .field(name)
                .filter(|field| field.field_type.is_x2many())
            else {
                continue;
            };
            let ids = raw.get(name).and_then(Value::as_array);
            let ids: Vec<i64> = ids
                .into_iter()
                .flatten()
                .filter_map(Value::as_i64)
                .collect();
            if let Some(relation) = field.relation.as_deref()
                && (1..=MAX_NAMED).contains(&ids.len())
            {
                lists.entry(relation).or_default().push((name, ids));
            }
        }
        let mut names = BTreeMap::new();
        for (model, lists) in lists {
            let ids: BTreeSet<i64> = lists
                .iter()
                .flat_map(|(_, ids)| ids.iter().copied())
                .collect();
            let called = self
                .called(model, &ids.into_iter().collect::<Vec<_>>())
                .await;
            for (name, ids) in lists {
                let found = ids.iter().map(|id| Some((*id, called.get(id)?.clone())));
                if let Some(found) = found.collect::<Option<Vec<_>>>() {
                    names.insert(name.to_owned(), found);
                }
            }
        }
        let mut records = self.present(reading, vec![raw], viewer).await;
        records.names = names;
        records
    }

    /// What records are called, as far as the user may see them: a list that has others keeps
    /// its ids.
    async fn called(&self, model: &str, ids: &[i64]) -> BTreeMap<i64, String> {
        let Ok(client) = self.client() else {
            return BTreeMap::new();
        };
        let fields = ["display_name".to_owned()];
        let read = client.read(model, ids, &fields, &Context::new()).await;
        let rows = read.unwrap_or_else(|error| {
            tracing::debug!(%error, model, "records are listed without names");
            Vec::new()
        });
        rows.iter()
            .filter_map(|row| {
                let name = row.get("display_name")?.as_str()?;
                Some((row.get("id")?.as_i64()?, visible(name).replace('\n', " ")))
            })
            .collect()
    }
}

impl<'a> Records<'a> {
    pub(super) fn new(
        reading: Reading<'a>,
        raw: Vec<RawRecord>,
        viewer: Viewer,
        purse: Purse,
    ) -> Self {
        let along = reading.currency_fields();
        let mut columns = vec!["id".to_owned()];
        if let Some(first) = raw.first() {
            let asked = reading
                .fields
                .iter()
                .filter(|name| first.contains_key(*name));
            let is_extra =
                |name: &&String| !reading.fields.contains(name) && !along.contains(name.as_str());
            let extra = first.keys().filter(is_extra);
            columns.extend(asked.chain(extra).filter(|name| *name != "id").cloned());
        }
        let mut records = Self {
            reading,
            viewer,
            raw,
            columns,
            purse,
            money: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        records.money = records.find_money();
        records
    }

    fn find_money(&self) -> BTreeMap<String, Money<'a>> {
        let of = |name: &String| {
            let field = self.reading.currency_field(name)?;
            let mut codes: Vec<Option<String>> = self
                .raw
                .iter()
                .map(|raw| self.purse.of(raw, field).map(|currency| currency.code))
                .collect();
            codes.sort_unstable();
            codes.dedup();
            match codes.as_mut_slice() {
                [Some(only)] => Some((name.clone(), Money::Shared(std::mem::take(only)))),
                [] | [None] => None,
                _ => Some((name.clone(), Money::Mixed(field))),
            }
        };
        self.columns.iter().filter_map(of).collect()
    }

    /// The names of the columns, `id` first.
    pub(super) fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// What stands above the columns: the name, and the currency that all amounts share.
    pub(super) fn headings(&self) -> Vec<String> {
        let heading = |name: &String| match self.money.get(name) {
            Some(Money::Shared(code)) => format!("{name} ({})", visible(code)),
            _ => name.clone(),
        };
        self.columns.iter().map(heading).collect()
    }

    /// The type of a column.
    pub(super) fn kind(&self, name: &str) -> Option<&FieldType> {
        self.reading.field(name).map(|field| &field.field_type)
    }

    /// Whether a moment is shown, so that the time zone matters.
    pub(super) fn has_moments(&self) -> bool {
        self.has_value_of(|kind| *kind == FieldType::Datetime)
    }

    /// Whether values are shown in another form than they have: bytes by their size, HTML as
    /// its text.
    pub(super) fn has_raw(&self) -> bool {
        self.has_value_of(|kind| kind.is_binary() || *kind == FieldType::Html)
    }

    fn has_value_of(&self, is_it: impl Fn(&FieldType) -> bool) -> bool {
        let columns = self.columns.iter();
        columns
            .filter(|name| self.kind(name).is_some_and(&is_it))
            .any(|name| {
                self.raw
                    .iter()
                    .any(|raw| raw.get(name).is_some_and(Value::is_string))
            })
    }

    /// The currencies of the columns that have one each, and where the others say theirs.
    pub(super) fn currencies(&self) -> (Map<String, Value>, Map<String, Value>) {
        let (mut shared, mut mixed) = (Map::new(), Map::new());
        for (name, money) in &self.money {
            match money {
                Money::Shared(code) => shared.insert(name.clone(), json!(visible(code))),
                Money::Mixed(field) => mixed.insert(name.clone(), json!(field)),
            };
        }
        (shared, mixed)
    }

    /// A record in both forms, with texts of at most so many characters.
    pub(super) fn row(&self, raw: &RawRecord, max_text: usize) -> Row {
        let mut row = Row {
            json: Map::new(),
            cells: Vec::with_capacity(self.columns.len()),
            cut: Vec::new(),
        };
        for name in &self.columns {
            let money = self.money.get(name);
            let style = Style {
                zone: &self.viewer.zone,
                currency: self
                    .reading
                    .currency_field(name)
                    .and_then(|field| self.purse.of(raw, field)),
                names_currency: matches!(money, Some(Money::Mixed(_))),
                max_text,
            };
            let value = raw.get(name).unwrap_or(&Value::Null);
            let shown = show(value, self.reading.field(name), &style);
            row.json.insert(name.clone(), shown.json);
            row.cells.push(match self.names.get(name) {
                Some(names) => named(names),
                None => shown.text,
            });
            row.cut
                .extend(shown.cut.map(|length| (name.clone(), length)));
            // Where the currencies differ, each record says its own.
            if let Some(Money::Mixed(field)) = money
                && !row.json.contains_key(*field)
                && !self.columns.iter().any(|column| column == field)
            {
                let currency = raw.get(*field).unwrap_or(&Value::Null);
                let shown = show(currency, self.reading.field(field), &style);
                row.json.insert((*field).to_owned(), shown.json);
            }
        }
        row
    }
}

fn named(names: &[(i64, String)]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|(id, name)| format!("{} ({id})", listed(name, MAX_NAME)))
        .collect();
    names.join(", ")
}
