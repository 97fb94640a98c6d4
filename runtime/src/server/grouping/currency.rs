//! Amounts and their currencies: a sum over several currencies is a wrong number, so groups
//! that mix them are found out and their amounts left out.
//!
//! Where the currency lies in the database, the lowest and the highest one of each group are
//! asked for together with the amounts. Where it is computed for each record, the records are
//! looked at, up to a bound. Prices are plain numbers to Odoo and amounts of the record's
//! currency to everybody else, so they are treated like them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::UserSession;
use crate::client::{Context, Grouping, RecordGroup, SearchRead};
use crate::error::Result;
use crate::schema::text::join_bounded;
use crate::schema::validate::Aggregation;
use crate::schema::{FieldSchema, FieldType, Measure, ModelSchema};
use crate::server::present::Currency;

/// How many records are looked at, where only they know their currency.
const MOST_LOOKED_AT: u64 = 1000;
/// Fields that Odoo takes for a monetary field without a currency field of its own.
const USUAL_FIELD: &str = "currency_id";
const CURRENCY: &str = "res.currency";

/// Where the currency of an aggregate is found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// Groups are made by it: the place of the key.
    Key(usize),
    /// The lowest and the highest one of each group: the places among all aggregates.
    Span(String, usize, usize),
    /// In the records, which compute it.
    Records(String),
    /// The amounts were converted to the currency of the company.
    Company,
    /// Nobody says.
    Unknown,
}

/// Where the currencies of a grouping's amounts are found.
pub(super) struct Plan {
    /// For each aggregate; `None` for what is no amount of money.
    sources: Vec<Option<Source>>,
    /// Which of the aggregates are prices.
    prices: Vec<bool>,
    /// Aggregates to ask for besides.
    spans: Vec<Measure>,
}

/// What the amount of a group is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Unit {
    /// It is no money, or nobody knows.
    #[default]
    Unknown,
    /// This currency.
    One(Currency),
    /// Several, so that the number says nothing.
    Mixed,
}

/// The currencies of a page of groups.
#[derive(Default)]
pub(super) struct Currencies {
    /// By group, then by aggregate.
    units: Vec<Vec<Unit>>,
    /// Which of the aggregates are prices.
    prices: Vec<bool>,
    /// What else has to be known.
    pub(super) notes: Vec<String>,
}

impl Currencies {
    /// What this amount is in.
    pub(super) fn unit(&self, group: usize, measure: usize) -> &Unit {
        let units = self.units.get(group);
        units
            .and_then(|units| units.get(measure))
            .unwrap_or(&Unit::Unknown)
    }

    /// The one currency of an aggregate in all groups.
    pub(super) fn common(&self, measure: usize) -> Option<&str> {
        let mut units = self.units.iter().map(|units| units.get(measure));
        let Some(Some(Unit::One(first))) = units.next() else {
            return None;
        };
        units
            .all(|unit| matches!(unit, Some(Unit::One(other)) if other == first))
            .then_some(first.code.as_str())
    }

    /// Whether an aggregate is one of prices.
    pub(super) fn is_price(&self, measure: usize) -> bool {
        self.prices.get(measure).copied().unwrap_or_default()
    }
}

/// Finds out where the currencies are.
pub(super) fn plan(model: Option<&ModelSchema>, aggregation: &Aggregation) -> Plan {
    let mut plan = Plan {
        sources: Vec::new(),
        prices: Vec::new(),
        spans: Vec::new(),
    };
    for measure in &aggregation.measures {
        let field = model.and_then(|model| model.field(&measure.field));
        plan.prices
            .push(field.is_some_and(|field| is_price(&measure.field, field)));
        let source = model.and_then(|model| source(model, measure, aggregation, &mut plan));
        plan.sources.push(source);
    }
    plan
}

fn source(
    model: &ModelSchema,
    measure: &Measure,
    aggregation: &Aggregation,
    plan: &mut Plan,
) -> Option<Source> {
    let field = model.field(&measure.field)?;
    let is_amount = field.field_type == FieldType::Monetary
        || (is_price(&measure.field, field) && has_currency(model));
    if !is_amount || measure.function.starts_with("count") {
        return None;
    }
    if measure.function == "sum_currency" {
        return Some(Source::Company);
    }
    let name = field.currency_field.as_deref().unwrap_or(USUAL_FIELD);
    let keys = &aggregation.keys;
    if let Some(place) = keys.iter().position(|key| key.specification == name) {
        return Some(Source::Key(place));
    }
    let Some(currency) = model.field(name) else {
        return Some(Source::Unknown);
    };
    if currency.store != Some(true) && currency.groupable != Some(true) {
        return Some(Source::Records(name.to_owned()));
    }
    let mut place = |function: &str| {
        let span = Measure::new(name, function);
        let there = plan.spans.iter().position(|other| *other == span);
        let place = there.unwrap_or_else(|| {
            plan.spans.push(span);
            plan.spans.len() - 1
        });
        aggregation.measures.len() + place
    };
    let (lowest, highest) = (place("min"), place("max"));
    Some(Source::Span(name.to_owned(), lowest, highest))
}

/// Whether a number is a price, such as `price_unit` of a line or `list_price` of a product: plain
/// numbers with an accuracy of their own (`sale/models/sale_order_line.py`).
fn is_price(name: &str, field: &FieldSchema) -> bool {
    let mut words = name.split('_');
    field.field_type == FieldType::Float && words.any(|word| matches!(word, "price" | "cost"))
}

fn has_currency(model: &ModelSchema) -> bool {
    let field = model.field(USUAL_FIELD);
    field.is_some_and(|field| field.relation.as_deref() == Some(CURRENCY))
}

impl Plan {
    /// The aggregates to ask for: those that were, and the currencies.
    pub(super) fn with_spans(&self, measures: &[Measure]) -> Vec<Measure> {
        measures.iter().chain(&self.spans).cloned().collect()
    }

    fn has(&self, source: &Source) -> bool {
        self.sources.iter().flatten().any(|other| other == source)
    }
}

impl UserSession {
    /// What the amounts of these groups are in.
    pub(super) async fn currencies(
        &self,
        plan: &Plan,
        grouping: &Grouping,
        groups: &[RecordGroup],
    ) -> Result<Currencies> {
        if plan.sources.iter().all(Option::is_none) {
            return Ok(Currencies::default());
        }
        let mut notes = Vec::new();
        let mut known = Known {
            currencies: self.currencies_of(&ids_in(plan, groups)).await,
            ..Known::default()
        };
        for field in plan.sources.iter().flatten() {
            if let Source::Records(field) = field
                && !known.of_records.contains_key(field)
            {
                let unit = self.unit_of_records(field, grouping, &mut notes).await?;
                known.of_records.insert(field.clone(), unit);
            }
        }
        if plan.has(&Source::Company) {
            known.of_company = self.currency_of_company().await?;
        }
        let units: Vec<Vec<Unit>> = groups
            .iter()
            .map(|group| {
                let sources = plan.sources.iter();
                sources
                    .map(|source| known.unit(source.as_ref(), group))
                    .collect()
            })
            .collect();
        let converts = !self.client()?.groups_the_old_way();
        notes.extend(mixed_notes(plan, grouping, &units, converts));
        Ok(Currencies {
            units,
            prices: plan.prices.clone(),
            notes,
        })
    }

    /// The one currency of all records, where each computes its own.
    async fn unit_of_records(
        &self,
        field: &str,
        grouping: &Grouping,
        notes: &mut Vec<String>,
    ) -> Result<Unit> {
        let search = SearchRead {
            domain: grouping.domain.clone(),
            fields: vec![field.to_owned()],
            limit: Some(MOST_LOOKED_AT),
            ..SearchRead::new(&grouping.model)
        };
        let page = self.client()?.search_read(&search, &Context::new()).await?;
        let links: BTreeMap<i64, &str> = page
            .records
            .iter()
            .filter_map(|record| linked(record.get(field)?))
            .collect();
        let is_whole = page.count <= page.records.len() as u64;
        let listed = join_bounded(links.values().copied(), 5);
        match (links.len(), is_whole) {
            (0, true) => Ok(Unit::Unknown),
            (1, true) => Ok(self.unit_of(links.into_iter().next()).await),
            (2.., _) => {
                notes.push(format!(
                    "Amounts by \"{field}\" are in several currencies ({listed}), and Odoo cannot group by it: the numbers mix them, unless each group has one alone. Narrow the domain to records of one currency or company."
                ));
                Ok(Unit::Unknown)
            }
            _ => {
                notes.push(format!(
                    "Only {} of {} records were looked at for their \"{field}\" ({listed}): whether amounts of several currencies are mixed is not known.",
                    page.records.len(),
                    page.count
                ));
                Ok(Unit::Unknown)
            }
        }
    }

    async fn currency_of_company(&self) -> Result<Unit> {
        let capabilities = self.capabilities().await?;
        let Some(company) = &capabilities.user.company_id else {
            return Ok(Unit::Unknown);
        };
        let field = USUAL_FIELD.to_owned();
        let rows = self
            .client()?
            .read("res.company", &[company.id], &[field], &Context::new())
            .await?;
        let link = rows.first().and_then(|row| linked(row.get(USUAL_FIELD)?));
        Ok(self.unit_of(link).await)
    }

    /// The currency of a link.
    async fn unit_of(&self, link: Option<(i64, &str)>) -> Unit {
        let Some((id, name)) = link else {
            return Unit::Unknown;
        };
        let mut known = self.currencies_of(&BTreeSet::from([id])).await;
        let currency = known.remove(&id);
        Unit::One(currency.unwrap_or_else(|| Currency::named(name)))
    }
}

/// The currencies that groups name by id: in their aggregates, or as their key.
fn ids_in(plan: &Plan, groups: &[RecordGroup]) -> BTreeSet<i64> {
    let mut ids = BTreeSet::new();
    for group in groups {
        for source in plan.sources.iter().flatten() {
            match source {
                Source::Span(_, lowest, highest) => {
                    ids.extend(
                        [*lowest, *highest]
                            .iter()
                            .filter_map(|at| id_at(group, *at)),
                    );
                }
                Source::Key(place) => ids.extend(key_at(group, *place).map(|(id, _)| id)),
                _ => {}
            }
        }
    }
    ids
}

/// What was found out about currencies.
#[derive(Default)]
struct Known {
    currencies: HashMap<i64, Currency>,
    of_records: BTreeMap<String, Unit>,
    of_company: Unit,
}

impl Known {
    fn unit(&self, source: Option<&Source>, group: &RecordGroup) -> Unit {
        match source {
            None | Some(Source::Unknown) => Unit::Unknown,
            Some(Source::Company) => self.of_company.clone(),
            Some(Source::Records(field)) => self.of_records.get(field).cloned().unwrap_or_default(),
            Some(Source::Key(place)) => {
                let link = key_at(group, *place);
                link.map_or(Unit::Unknown, |(id, name)| {
                    let known = self.currencies.get(&id).cloned();
                    Unit::One(known.unwrap_or_else(|| Currency::named(name)))
                })
            }
            Some(Source::Span(_, lowest, highest)) => {
                match (id_at(group, *lowest), id_at(group, *highest)) {
                    (Some(lowest), Some(highest)) if lowest == highest => {
                        let currency = self.currencies.get(&lowest);
                        currency.map_or(Unit::Unknown, |currency| Unit::One(currency.clone()))
                    }
                    (Some(_), Some(_)) => Unit::Mixed,
                    _ => Unit::Unknown,
                }
            }
        }
    }
}

/// What must be said about groups that mix currencies, and about amounts whose currency nobody
/// knows.
fn mixed_notes(
    plan: &Plan,
    grouping: &Grouping,
    units: &[Vec<Unit>],
    converts: bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    for (place, (source, measure)) in plan.sources.iter().zip(&grouping.measures).enumerate() {
        let name = measure.specification();
        match source {
            Some(Source::Unknown) => notes.push(format!(
                "The currency of \"{name}\" is not known: amounts of several currencies may be mixed."
            )),
            Some(Source::Span(field, ..)) => {
                let mixed = units.iter().filter(|units| units[place] == Unit::Mixed).count();
                if mixed > 0 {
                    let is_sum = measure.function == "sum" && !plan.prices[place];
                    let converted = if converts && is_sum {
                        format!(
                            ", or ask for \"{}:sum_currency\", which converts by today's rates",
                            measure.field
                        )
                    } else {
                        String::new()
                    };
                    notes.push(format!(
                        "\"{name}\" is left out in {mixed} of these groups, whose amounts are in several currencies: add \"{field}\" to group_by{converted}."
                    ));
                }
            }
            _ => {}
        }
    }
    notes
}

fn id_at(group: &RecordGroup, place: usize) -> Option<i64> {
    let value = group.measures.get(place)?.as_ref()?;
    value.as_i64().filter(|id| *id > 0)
}

fn key_at(group: &RecordGroup, place: usize) -> Option<(i64, &str)> {
    linked(&group.keys.get(place)?.value)
}

/// The id and the name in `[7, "EUR"]`.
fn linked(link: &Value) -> Option<(i64, &str)> {
    let link = link.as_array()?;
    Some((link.first()?.as_i64()?, link.get(1)?.as_str()?))
}

#[cfg(test)]
mod tests;
