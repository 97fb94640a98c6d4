//! What a search answers as groups: keys, aggregates and their order, as the tools take them.
//!
//! Besides Odoo's `date_order:month` and `amount_total:sum` it takes what models write for
//! them: `amount_total` for the field's own way, `sum(amount_total)`, `monthly`, `average`. A
//! date without a part is grouped by month.

mod order;

use super::condition::article;
use super::fields::find_field;
use super::grouping::{KeyField, find_key, is_date, no_date, tells_groupable};
use super::{Known, Problems};
use crate::schema::text::nearest;
use crate::schema::{FieldSchema, FieldType, Measure, ModelSchema, Sort};

/// The parts of a date that are periods: groups of them have a start and an end.
const PERIODS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];
const DEFAULT_PERIOD: &str = "month";
const MEANT_PERIODS: [(&str, &str); 6] = [
    ("hourly", "hour"),
    ("daily", "day"),
    ("weekly", "week"),
    ("monthly", "month"),
    ("quarterly", "quarter"),
    ("yearly", "year"),
];

/// The ways to combine values whose result is a value (`READ_GROUP_AGGREGATE` in
/// `odoo/orm/models.py`, without lists of values); 19 added `sum_currency`.
const FUNCTIONS: [&str; 9] = [
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "count_distinct",
    "bool_and",
    "bool_or",
    "sum_currency",
];
const MEANT_FUNCTIONS: [(&str, &str); 8] = [
    ("total", "sum"),
    ("average", "avg"),
    ("mean", "avg"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("distinct", "count_distinct"),
    ("count_unique", "count_distinct"),
    ("nunique", "count_distinct"),
];

/// What groups are asked for, as it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedGroups {
    /// What records are grouped by.
    pub group_by: Vec<String>,
    /// What is computed for each group.
    pub aggregates: Vec<String>,
    /// The order of the groups.
    pub order: Option<String>,
}

impl WantedGroups {
    /// The dotted paths that it crosses, so that the models behind them can be fetched.
    pub fn paths(&self) -> Vec<String> {
        let names = self.group_by.iter().map(|key| split(key).0);
        names
            .filter(|name| name.contains('.'))
            .map(str::to_owned)
            .collect()
    }
}

/// What groups are asked for, in Odoo's form.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Aggregation {
    /// What records are grouped by.
    pub keys: Vec<Key>,
    /// What is computed for each group.
    pub measures: Vec<Measure>,
    /// The order that was asked for, then the keys and what makes it total.
    pub order: Vec<Sort>,
}

impl Aggregation {
    /// The keys as Odoo reads them.
    pub fn specifications(&self) -> Vec<String> {
        let keys = self.keys.iter();
        keys.map(|key| key.specification.clone()).collect()
    }
}

/// Something that records are grouped by.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// As Odoo reads it: `date_order:month`.
    pub specification: String,
    /// The field that it leads to, where that is known.
    pub field: Option<FieldSchema>,
}

impl Key {
    /// The part of a date that makes the groups.
    pub fn period(&self) -> Option<&str> {
        split(&self.specification).1
    }
}

/// Checks what groups are asked for. Without a model everything that can be understood is left
/// to Odoo.
pub fn prepare_groups(
    model: Option<&ModelSchema>,
    wanted: &WantedGroups,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Aggregation {
    let mut checker = Checker {
        model,
        known,
        problems,
        made: Aggregation::default(),
    };
    for (index, key) in wanted.group_by.iter().enumerate() {
        checker.key(key, &format!("group_by[{index}]"));
    }
    for (index, aggregate) in wanted.aggregates.iter().enumerate() {
        if let Some(measure) = checker.aggregate(aggregate, &format!("aggregates[{index}]")) {
            checker.measure(measure);
        }
    }
    if let Some(order) = &wanted.order {
        checker.order(order);
    }
    checker.make_order_total();
    checker.made
}

/// A name and what stands after the colon.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((name, part)) => (name.trim(), Some(part.trim())),
        None => (text.trim(), None),
    }
}

fn meant<'a>(word: &'a str, known: &[&'static str], others: &[(&str, &'static str)]) -> &'a str
where
    'static: 'a,
{
    let lower = word.to_ascii_lowercase();
    let same = known.iter().find(|name| **name == lower);
    let other = || {
        let found = others.iter().find(|(wrong, _)| *wrong == lower);
        found.map(|(_, right)| right)
    };
    same.or_else(other).map_or(word, |right| *right)
}

fn period(word: &str) -> &str {
    meant(word, &PERIODS, &MEANT_PERIODS)
}

fn function(word: &str) -> &str {
    meant(word, &FUNCTIONS, &MEANT_FUNCTIONS)
}

struct Checker<'a, 'p> {
    model: Option<&'a ModelSchema>,
    known: &'a Known<'a>,
    problems: &'p mut Problems,
    made: Aggregation,
}

impl Checker<'_, '_> {
    fn key(&mut self, given: &str, path: &str) {
        let (name, part) = split(given);
        let part = part.map(period);
        let field = match self.key_field(name, path) {
            KeyField::Wrong => return,
            KeyField::Unknown => None,
            KeyField::Found(field) => Some(*field),
        };
        let part = match &field {
            Some(field) if is_date(&field.field_type) => Some(part.unwrap_or(DEFAULT_PERIOD)),
            _ => part,
        };
        if let (Some(field), Some(part)) = (&field, part)
            && !self.is_period_of(name, field, part, path)
        {
            return;
        }
        let specification = match part {
            Some(part) => format!("{name}:{part}"),
            None => name.to_owned(),
        };
        let keys = &mut self.made.keys;
        if keys.iter().any(|key| key.specification == specification) {
            self.problems
                .add(path, format!("\"{specification}\" stands there twice"));
            return;
        }
        keys.push(Key {
            specification,
            field,
        });
    }

    fn key_field(&mut self, name: &str, path: &str) -> KeyField {
        if name == "id" {
            self.problems.add(
                path,
                "\"id\" would make a group of each record; leave out group_by to read records",
            );
            return KeyField::Wrong;
        }
        match self.model {
            Some(model) => find_key(model, name, path, self.known, self.problems),
            None => KeyField::Unknown,
        }
    }

    fn is_period_of(&mut self, name: &str, field: &FieldSchema, part: &str, path: &str) -> bool {
        let kind = &field.field_type;
        if !is_date(kind) {
            self.problems.add(path, no_date(name, kind, part));
            return false;
        }
        let first = usize::from(*kind == FieldType::Date);
        let fits = PERIODS[first..].contains(&part);
        if !fits {
            let periods = PERIODS[first..].join(", ");
            let kind = article(kind);
            self.problems.add(
                path,
                format!("\"{part}\" is no part of {kind}; use one of {periods}"),
            );
        }
        fits
    }

    /// An aggregate; `None` for the number of records, which is always there, and after a
    /// mistake.
    fn aggregate(&mut self, given: &str, path: &str) -> Option<Measure> {
        if self.is_count(given) {
            return None;
        }
        let (name, how) = self.parts(given);
        let Some(model) = self.model else {
            if how.is_none() {
                self.problems.add(path, how_is_missing(name, "sum"));
            }
            return how.map(|how| Measure::new(name, how));
        };
        if let Some((base, _)) = name.split_once('.') {
            self.problems.add(
                path,
                format!(
                    "\"{name}\" is a path; only fields of {} itself are summed up, such as \"{base}\"",
                    model.model
                ),
            );
            return None;
        }
        let field = find_field(model, name, path, self.problems)?;
        let fitting = functions_of(field);
        if fitting.is_empty() {
            self.problems.add(
                path,
                format!(
                    "\"{name}\" is {}, which cannot be summed up",
                    article(&field.field_type)
                ),
            );
            return None;
        }
        if !is_in_database(model, field) {
            self.problems.add(
                path,
                format!("\"{name}\" is not stored, so it cannot be summed up"),
            );
            return None;
        }
        let own = field.aggregator.as_deref();
        let own = own.filter(|how| fitting.contains(how));
        match how.or(own) {
            Some(how) if fitting.contains(&how) => return Some(Measure::new(name, how)),
            Some(how) => {
                let message = misfit(name, how, field, fitting);
                self.problems.add(path, message);
            }
            None => self.problems.add(path, how_is_missing(name, fitting[0])),
        }
        None
    }

    fn is_count(&self, given: &str) -> bool {
        let is_field = self.model.is_some_and(|model| model.field(given).is_some());
        let lower = given.trim().to_ascii_lowercase();
        let is_count = matches!(
            lower.as_str(),
            "__count"
                | "count"
                | "*"
                | "count(*)"
                | "id:count"
                | "count(id)"
                | "*:count"
                | "__count:sum"
        );
        is_count && !is_field
    }

    /// Field and function of `field:function`, `function(field)`, `function:field` or `field`.
    fn parts<'t>(&self, given: &'t str) -> (&'t str, Option<&'t str>) {
        let call = given.trim().strip_suffix(')');
        if let Some((how, name)) = call.and_then(|call| call.split_once('(')) {
            return (name.trim(), Some(function(how.trim())));
        }
        let (name, how) = split(given);
        let how = how.map(function);
        let is_field = |name: &str| self.model.is_none_or(|model| model.field(name).is_some());
        match how {
            Some(second) if !is_field(name) && is_field(second) => {
                let first = function(name);
                if FUNCTIONS.contains(&first) {
                    (second, Some(first))
                } else {
                    (name, how)
                }
            }
            _ => (name, how),
        }
    }

    /// Adds an aggregate, unless it is there, and returns its place.
    fn measure(&mut self, measure: Measure) -> usize {
        let measures = &mut self.made.measures;
        let there = measures.iter().position(|other| *other == measure);
        there.unwrap_or_else(|| {
            measures.push(measure);
            measures.len() - 1
        })
    }
}

fn misfit(name: &str, how: &str, field: &FieldSchema, fitting: &[&str]) -> String {
    let all = fitting.join(", ");
    if FUNCTIONS.contains(&how) {
        let kind = article(&field.field_type);
        return format!("\"{how}\" does not work on \"{name}\", {kind}; use {all}");
    }
    match nearest(how, fitting.iter().copied()).first() {
        Some(near) => {
            format!("\"{how}\" is no way to sum up; did you mean \"{name}:{near}\"?")
        }
        None => format!("\"{how}\" is no way to sum up; use one of {all}"),
    }
}

fn how_is_missing(name: &str, example: &str) -> String {
    format!("how \"{name}\" is summed up is missing, such as \"{name}:{example}\"")
}

/// The ways to combine the values of a field, the most likely one first.
fn functions_of(field: &FieldSchema) -> &'static [&'static str] {
    use FieldType::{Binary, Image, Json, Many2many, One2many, Properties, PropertiesDefinition};
    match &field.field_type {
        FieldType::Integer | FieldType::Float => {
            &["sum", "avg", "min", "max", "count", "count_distinct"]
        }
        FieldType::Monetary => &[
            "sum",
            "avg",
            "min",
            "max",
            "count",
            "count_distinct",
            "sum_currency",
        ],
        FieldType::Date | FieldType::Datetime => &["min", "max", "count", "count_distinct"],
        FieldType::Boolean => &["bool_or", "bool_and", "count", "count_distinct"],
        One2many | Many2many | Binary | Image | Json | Properties | PropertiesDefinition => &[],
        _ => &["count_distinct", "count"],
    }
}

/// Whether Odoo can compute with the values in the database. It names the fields that lie
/// there, and those that it can reach from there as groups.
fn is_in_database(model: &ModelSchema, field: &FieldSchema) -> bool {
    field.store == Some(true)
        || field.groupable == Some(true)
        || (!tells_groupable(model) && field.store.is_none())
}
