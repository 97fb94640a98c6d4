//! What the tools do that answer groups: `odoo_search` with `group_by` or `aggregates`, and the
//! typed aggregate tools. [`currency`] keeps amounts of different currencies apart, [`period`]
//! knows the user's days, [`show`] writes the answer.

mod currency;
mod moments;
mod period;
mod show;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::UserSession;
use super::args::Arguments;
use super::checks::{Asked, Checked, unchecked, with_resolved};
use super::operations::{model_of, tell_cut_limit};
use super::present::Output;
use crate::client::{Context, Grouping, RecordGroup};
use crate::error::{Error, Result};
use crate::schema::FieldType;
use crate::schema::validate::{
    Aggregation, Problems, WantedGroups, plain_filter, prepare_filter, prepare_groups,
};
use currency::Currencies;
use moments::with_offsets;
use period::Period;

/// How many groups after those of a page are counted. Odoo names every group that it counts, so
/// there is an end to it, and the answer says when it was reached.
const MOST_COUNTED: u64 = 1000;

/// How many groups there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Total {
    groups: u64,
    /// Whether there are more than were counted.
    is_lower_bound: bool,
}

/// A page of groups.
struct PageOfGroups<'a> {
    model: &'a str,
    aggregation: &'a Aggregation,
    groups: Vec<RecordGroup>,
    total: Total,
    offset: u64,
    /// In which moments were grouped, where any were.
    zone: Option<TimeZone>,
    currencies: Currencies,
}

impl UserSession {
    /// Groups records and sums them up.
    pub(super) async fn aggregate(&self, args: &Arguments) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let wanted = wanted_groups(args, &mut mistakes);
        let limit = mistakes.take(args.limit()).unwrap_or_default();
        let offset = mistakes.take(args.count("offset")).flatten().unwrap_or(0);
        let model = model_of(args, &mut mistakes)?;
        let checked = self.checked_groups(&model, args, &wanted, mistakes).await?;
        let Checked {
            prepared,
            schema,
            resolved,
        } = checked;
        let (domain, aggregation) = prepared.unwrap_or_default();
        self.admit_prepared(schema.as_ref(), [&domain]).await?;
        let domain = self
            .with_open_owners(&model, schema.as_deref(), domain)
            .await?;
        let zone = if needs_time_zone(&aggregation) {
            Some(self.time_zone().await?)
        } else {
            None
        };
        let name = zone.as_ref().and_then(|zone| zone.iana_name());
        let context = name.map_or_else(Context::new, |name| Context::new().timezone(name));
        let plan = currency::plan(schema.as_deref(), &aggregation);
        let grouping = Grouping {
            domain,
            keys: aggregation.specifications(),
            measures: plan.with_spans(&aggregation.measures),
            order: aggregation.order.clone(),
            limit: Some(limit),
            offset,
            ..Grouping::new(&model)
        };
        let mut groups = self.client()?.read_groups(&grouping, &context).await?;
        if let Some(zone) = &zone {
            mend_periods(&mut groups, &aggregation, zone);
        }
        if let Some(schema) = schema.as_deref() {
            let models = |name: &str| self.schemas.known(name);
            let zone = zone.clone().unwrap_or(TimeZone::UTC);
            for group in &mut groups {
                with_offsets(&mut group.domain, schema, &models, &zone);
            }
        }
        refuse_missing(&groups, &aggregation)?;
        let total = self.total(&grouping, groups.len(), &context).await?;
        let currencies = self.currencies(&plan, &grouping, &groups).await?;
        let page = PageOfGroups {
            model: &model,
            aggregation: &aggregation,
            groups,
            total,
            offset,
            zone,
            currencies,
        };
        let mut output = page.output();
        tell_cut_limit(&mut output, args);
        Ok(with_resolved(output, &resolved))
    }

    async fn checked_groups(
        &self,
        model: &str,
        args: &Arguments,
        wanted: &WantedGroups,
        mistakes: Problems,
    ) -> Result<Checked<(Value, Aggregation)>> {
        let filter = &args.filter();
        let mut paths = filter.paths();
        paths.extend(wanted.paths());
        let asked = Asked {
            model,
            paths,
            mistakes,
            args: Some(args),
        };
        let mut checked = self
            .checked(asked, |schema, known, problems| {
                let aggregation = prepare_groups(Some(schema), wanted, known, problems);
                let domain = prepare_filter(schema, filter, known, problems);
                (domain, aggregation)
            })
            .await?;
        if checked.prepared.is_none() {
            let mut problems = Problems::default();
            let prepared = unchecked(|known| {
                let aggregation = prepare_groups(None, wanted, known, &mut problems);
                (plain_filter(filter, known), aggregation)
            });
            problems.into_result(model)?;
            checked.prepared = Some(prepared);
        }
        Ok(checked)
    }

    /// How many groups there are in all.
    async fn total(&self, page: &Grouping, shown: usize, context: &Context) -> Result<Total> {
        let shown = shown as u64;
        let is_last = page.limit.is_none_or(|limit| shown < limit);
        if is_last && (shown > 0 || page.offset == 0) {
            return Ok(Total {
                groups: page.offset + shown,
                is_lower_bound: false,
            });
        }
        // After a page that is full, those that follow; after an empty one, all.
        let before = if shown == 0 { 0 } else { page.offset + shown };
        let rest = Grouping {
            offset: before,
            ..page.clone()
        };
        let client = self.client()?;
        let counted = client
            .count_groups(&rest, MOST_COUNTED + 1, context)
            .await?;
        Ok(Total {
            groups: before + counted.min(MOST_COUNTED),
            is_lower_bound: counted > MOST_COUNTED,
        })
    }
}

fn wanted_groups(args: &Arguments, mistakes: &mut Problems) -> WantedGroups {
    if args.has("fields") {
        mistakes.add(
            "fields",
            "groups have no fields to read: ask for \"aggregates\" such as [\"amount_total:sum\"], or leave out group_by and aggregates to read records",
        );
    }
    if !args.has("group_by") && !args.has("aggregates") {
        mistakes.add(
            "group_by",
            "say what to group by, such as [\"create_date:month\"], or what to sum up in \"aggregates\", such as [\"amount_total:sum\"]",
        );
    }
    let order = mistakes.take(args.order()).flatten();
    let group_by = mistakes.take(args.names("group_by")).flatten();
    let aggregates = mistakes.take(args.names("aggregates")).flatten();
    WantedGroups {
        group_by: group_by.unwrap_or_default(),
        aggregates: aggregates.unwrap_or_default(),
        order,
    }
}

/// Odoo groups moments by the days, weeks and months of the user's time zone.
fn needs_time_zone(aggregation: &Aggregation) -> bool {
    aggregation.keys.iter().any(|key| {
        let kind = key.field.as_ref().map(|field| &field.field_type);
        key.period().is_some() && kind != Some(&FieldType::Date)
    })
}

/// Has the domains of moments reach as far as the groups do.
fn mend_periods(groups: &mut [RecordGroup], aggregation: &Aggregation, zone: &TimeZone) {
    for group in groups {
        for (key, raw) in aggregation.keys.iter().zip(&group.keys) {
            if let (Some((field, length)), Some(start)) =
                (key.specification.split_once(':'), raw.value.as_str())
                && let Some(period) = Period::of(start, length, zone)
            {
                period.mend(&mut group.domain, field, start, zone);
            }
        }
    }
}

/// Odoo 16 leaves out an aggregate of a field that it also groups by, without a word.
fn refuse_missing(groups: &[RecordGroup], aggregation: &Aggregation) -> Result<()> {
    let Some(first) = groups.first() else {
        return Ok(());
    };
    let missing = aggregation
        .measures
        .iter()
        .zip(&first.measures)
        .find(|(_, value)| value.is_none());
    match missing {
        None => Ok(()),
        Some((measure, _)) => Err(Error::invalid_call(format!(
            "this Odoo cannot compute \"{}\" while it groups by \"{}\"",
            measure.specification(),
            measure.field
        ))
        .with_hint("Leave it out of aggregates or of group_by.")),
    }
}
