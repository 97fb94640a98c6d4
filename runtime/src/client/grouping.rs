//! Groups of records and their aggregates, alike in every series.
//!
//! Odoo 19 groups with `formatted_read_group` (`addons/web/models/models.py`), older series with
//! `read_group` (`odoo/models.py`). The first grouping of a connection finds out which, so
//! neither the typed API nor the tools know the difference:
//!
//! * the older way names aggregates itself (`alias:sum(field)`), answers a period with its label
//!   and keeps the dates in `__range`, and repeats the conditions of the query in `__domain`;
//! * Odoo 16 cannot order by `__count`, so the number of a group's records is an aggregate there,
//!   and it leaves out an aggregate of a field that it also groups by.

use serde_json::{Map, Value, json};

use super::{Client, Context, MethodCall, as_count, protocol};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Measure, Sort, SortBy};

/// Alias of the number of records, where Odoo 16 is to order by it.
const SIZE: &str = "group_size";
/// Alias of the lowest record id, which makes an order total.
const FIRST_RECORD: &str = "group_first";

/// A search that answers groups instead of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// The model whose records are grouped.
    pub model: String,
    /// A domain in Odoo's prefix notation; `[]` finds all.
    pub domain: Value,
    /// What the groups are told apart by: `partner_id`, `date_order:month`. None of them makes
    /// one group of all records.
    pub keys: Vec<String>,
    /// What is computed for each group.
    pub measures: Vec<Measure>,
    /// The order; empty is that of the keys.
    pub order: Vec<Sort>,
    /// The most groups to return; `None` returns all.
    pub limit: Option<u64>,
    /// How many groups to skip.
    pub offset: u64,
}

impl Grouping {
    /// All records of a model as one group.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            domain: json!([]),
            keys: Vec::new(),
            measures: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
        }
    }
}

/// What the records of a group share in one key.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupKey {
    /// The value as Odoo sends it (`[7, "Azure"]` of a many2one); of a period its start, a
    /// moment in UTC where the field is one.
    pub value: Value,
    /// What Odoo calls a period, in the user's language (`November 2026`).
    pub label: Option<String>,
}

/// A group of records.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordGroup {
    /// The keys, in the order of [`Grouping::keys`].
    pub keys: Vec<GroupKey>,
    /// How many records there are.
    pub count: u64,
    /// The aggregates, in the order of [`Grouping::measures`]; `None` where Odoo left one out.
    pub measures: Vec<Option<Value>>,
    /// The conditions that find the group's records, besides those of the query.
    pub condition: Vec<Value>,
    /// A domain that finds exactly the group's records.
    pub domain: Vec<Value>,
}

impl Client {
    /// Groups records and computes aggregates of each group.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn read_groups(
        &self,
        grouping: &Grouping,
        context: &Context,
    ) -> Result<Vec<RecordGroup>> {
        if !self.features.groups_the_old_way() {
            match self.ask(&newer(grouping), context).await {
                Err(error) if error.kind() == ErrorKind::UnknownMethod => {
                    self.features.group_the_old_way();
                }
                answer => return read_answer(answer?, grouping, Way::Newer),
            }
        }
        let answer = self.ask(&older(grouping), context).await?;
        read_answer(answer, grouping, Way::Older)
    }

    /// How many groups there are from `grouping.offset` on, counted up to `at_most`.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn count_groups(
        &self,
        grouping: &Grouping,
        at_most: u64,
        context: &Context,
    ) -> Result<u64> {
        let counted = Grouping {
            measures: Vec::new(),
            // Cheaper than the order of the keys, which looks linked records up.
            order: vec![Sort {
                by: SortBy::FirstRecord,
                descending: false,
                empty_last: false,
            }],
            limit: Some(at_most),
            ..grouping.clone()
        };
        let groups = self.read_groups(&counted, context).await?;
        Ok(groups.len() as u64)
    }

    /// Whether Odoo turned out to be of a series before 19 when it grouped.
    pub fn groups_the_old_way(&self) -> bool {
        self.features.groups_the_old_way()
    }

    /// Groups with `read_group` from now on, as with an Odoo before 19.
    #[doc(hidden)] // for tests of the older way on a newer Odoo, which still has the method
    pub fn group_the_old_way(&self) {
        self.features.group_the_old_way();
    }
}

/// Which method answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Newer,
    Older,
}

fn newer(grouping: &Grouping) -> MethodCall {
    let columns = grouping.measures.iter().map(Measure::specification);
    let aggregates: Vec<String> = columns.chain(["__count".to_owned()]).collect();
    let mut call = MethodCall::new(&grouping.model, "formatted_read_group")
        .arg(grouping.domain.clone())
        .kwarg("groupby", json!(grouping.keys))
        .kwarg("aggregates", json!(aggregates))
        .kwarg("offset", grouping.offset);
    if let Some(limit) = grouping.limit {
        call = call.kwarg("limit", limit);
    }
    let order = order(grouping, |sort| {
        let term = match sort.by {
            SortBy::Key(place) => grouping.keys.get(place)?.clone(),
            SortBy::Measure(place) => grouping.measures.get(place)?.specification(),
            SortBy::Count => "__count".to_owned(),
            SortBy::FirstRecord => "id:min".to_owned(),
        };
        let empty_last = if sort.empty_last { " nulls last" } else { "" };
        Some(format!("{term}{}{empty_last}", direction(*sort)))
    });
    match order {
        Some(order) => call.kwarg("order", order),
        None => call,
    }
}

fn older(grouping: &Grouping) -> MethodCall {
    // An empty list would aggregate every field.
    let mut fields = vec!["__count".to_owned()];
    let measures = grouping.measures.iter().enumerate();
    fields.extend(
        measures.map(|(place, measure)| alias(&column(place), &measure.function, &measure.field)),
    );
    let sorts_by = |by: SortBy| grouping.order.iter().any(|sort| sort.by == by);
    if sorts_by(SortBy::Count) {
        fields.push(alias(SIZE, "count", "id"));
    }
    if sorts_by(SortBy::FirstRecord) {
        fields.push(alias(FIRST_RECORD, "min", "id"));
    }
    let mut call = MethodCall::new(&grouping.model, "read_group")
        .arg(grouping.domain.clone())
        .arg(json!(fields))
        .arg(json!(grouping.keys))
        .kwarg("lazy", false)
        .kwarg("offset", grouping.offset);
    if let Some(limit) = grouping.limit {
        call = call.kwarg("limit", limit);
    }
    let order = order(grouping, |sort| {
        let term = match sort.by {
            SortBy::Key(place) => grouping.keys.get(place)?.clone(),
            SortBy::Measure(place) => column(place),
            SortBy::Count => SIZE.to_owned(),
            SortBy::FirstRecord => FIRST_RECORD.to_owned(),
        };
        Some(format!("{term}{}", direction(*sort)))
    });
    match order {
        Some(order) => call.kwarg("orderby", order),
        None => call,
    }
}

/// The order as text; none of a single group, and none where nothing is to be sorted by.
fn order(grouping: &Grouping, term: impl Fn(&Sort) -> Option<String>) -> Option<String> {
    if grouping.keys.is_empty() {
        return None;
    }
    let terms: Vec<String> = grouping.order.iter().filter_map(term).collect();
    (!terms.is_empty()).then(|| terms.join(", "))
}

const fn direction(sort: Sort) -> &'static str {
    if sort.descending { " desc" } else { "" }
}

/// What the aggregate at this place is called in an answer of the older way.
fn column(place: usize) -> String {
    format!("measure_{place}")
}

fn alias(name: &str, function: &str, field: &str) -> String {
    format!("{name}:{function}({field})")
}

fn read_answer(answer: Value, grouping: &Grouping, way: Way) -> Result<Vec<RecordGroup>> {
    let no_groups = || {
        protocol(format!(
            "grouping {} answered no list of groups",
            grouping.model
        ))
    };
    let Value::Array(rows) = answer else {
        return Err(no_groups());
    };
    rows.into_iter()
        .map(|row| match row {
            Value::Object(row) => read_group(row, grouping, way),
            _ => Err(no_groups()),
        })
        .collect()
}

fn read_group(mut row: Map<String, Value>, grouping: &Grouping, way: Way) -> Result<RecordGroup> {
    let keys = grouping
        .keys
        .iter()
        .map(|key| read_key(&row, key, way))
        .collect();
    let mut measure = |(place, measure): (usize, &Measure)| match way {
        Way::Newer => row.remove(&measure.specification()),
        Way::Older => row.remove(&column(place)),
    };
    // The same aggregate can be asked for twice.
    let mut measures: Vec<Option<Value>> = Vec::with_capacity(grouping.measures.len());
    for (place, wanted) in grouping.measures.iter().enumerate() {
        let before = grouping.measures[..place]
            .iter()
            .position(|other| other == wanted);
        let value = match before {
            Some(before) => measures[before].clone(),
            None => measure((place, wanted)),
        };
        measures.push(value);
    }
    let count = row
        .get("__count")
        .and_then(as_count)
        .ok_or_else(|| count_is_missing(&grouping.model))?;
    let of_the_query = terms(grouping.domain.clone());
    let (condition, domain) = match way {
        Way::Newer => {
            let condition = terms(row.remove("__extra_domain").unwrap_or_default());
            let mut domain = of_the_query;
            domain.extend(without_joints(condition.clone()));
            (condition, domain)
        }
        Way::Older => {
            let whole = match row.remove("__domain") {
                Some(domain) => terms(domain),
                // A single group of all records.
                None => of_the_query,
            };
            (whole.clone(), without_joints(whole))
        }
    };
    Ok(RecordGroup {
        keys,
        count,
        measures,
        condition,
        domain,
    })
}

fn count_is_missing(model: &str) -> Error {
    protocol(format!("a group of {model} has no number of records"))
}

fn read_key(row: &Map<String, Value>, key: &str, way: Way) -> GroupKey {
    let value = row.get(key).cloned().unwrap_or(Value::Null);
    if !key.contains(':') {
        return GroupKey { value, label: None };
    }
    let (start, label) = match value {
        Value::Array(pair) if pair.len() == 2 => (pair[0].clone(), pair[1].clone()),
        other => (other.clone(), other),
    };
    let start = match way {
        Way::Newer => start,
        Way::Older => row
            .get("__range")
            .and_then(|ranges| ranges.get(key)?.get("from"))
            .cloned()
            .unwrap_or(Value::Bool(false)),
    };
    GroupKey {
        value: start,
        label: label.as_str().map(str::to_owned),
    }
}

fn terms(domain: Value) -> Vec<Value> {
    match domain {
        Value::Array(terms) => terms,
        _ => Vec::new(),
    }
}

/// Conditions that all must hold, without the `&` between them, which goes without saying.
fn without_joints(terms: Vec<Value>) -> Vec<Value> {
    let is_plain = terms
        .iter()
        .all(|term| term.is_array() || term.as_str() == Some("&"));
    if is_plain {
        terms.into_iter().filter(Value::is_array).collect()
    } else {
        terms
    }
}

#[cfg(test)]
mod tests;
