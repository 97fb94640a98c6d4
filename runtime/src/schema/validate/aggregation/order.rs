//! The order of groups: by what they are grouped by, an aggregate, or the number of records.

use super::{Checker, PERIODS, period, split};
use crate::schema::{Sort, SortBy};

impl Checker<'_, '_> {
    pub(super) fn order(&mut self, order: &str) {
        if self.made.keys.is_empty() {
            // Without keys that are right there is nothing to say about their order.
            if self.problems.is_empty() {
                self.problems
                    .add("order", "without group_by there is one group and no order");
            }
            return;
        }
        for part in order.split(',') {
            let mut words = part.split_whitespace();
            let Some(term) = words.next() else {
                self.problems.add(
                    "order",
                    "an empty part; use \"amount_total:sum desc, partner_id\"",
                );
                continue;
            };
            let direction = words.map(str::to_ascii_lowercase).collect::<Vec<_>>();
            let direction = direction.join(" ");
            let descending = match direction.as_str() {
                "" | "asc" | "asc nulls last" | "nulls last" => false,
                "desc" | "desc nulls last" => true,
                _ => {
                    self.problems.add(
                        "order",
                        format!(
                            "\"{direction}\" is no direction; use asc or desc (groups without a value come last)"
                        ),
                    );
                    continue;
                }
            };
            if let Some(by) = self.sorted_by(term) {
                self.made.order.push(Sort {
                    by,
                    descending,
                    empty_last: descending && by != SortBy::Count,
                });
            }
        }
    }

    fn sorted_by(&mut self, term: &str) -> Option<SortBy> {
        let (name, part) = split(term);
        let part = part.map(period);
        let key = self.made.keys.iter().position(|key| {
            let (key_name, key_part) = split(&key.specification);
            key_name == name && (part.is_none() || part == key_part)
        });
        if let Some(place) = key {
            return Some(SortBy::Key(place));
        }
        if self.is_count(term) {
            return Some(SortBy::Count);
        }
        if term == name {
            let of_the_field: Vec<usize> = (0..self.made.measures.len())
                .filter(|place| self.made.measures[*place].field == name)
                .collect();
            match of_the_field.as_slice() {
                [] => {}
                [place] => return Some(SortBy::Measure(*place)),
                several => {
                    let names: Vec<String> = several
                        .iter()
                        .map(|place| self.made.measures[*place].specification())
                        .collect();
                    self.problems.add(
                        "order",
                        format!("\"{term}\" is one of {}; say which", names.join(", ")),
                    );
                    return None;
                }
            }
        }
        if self.is_ungrouped_field(name, part) {
            let keys = self.made.specifications().join(", ");
            self.problems.add(
                "order",
                format!(
                    "\"{term}\" sorts no groups; use __count, what they are grouped by ({keys}), or an aggregate such as \"amount_total:sum desc\""
                ),
            );
            return None;
        }
        let measure = self.aggregate(term, "order")?;
        Some(SortBy::Measure(self.measure(measure)))
    }

    /// Whether this is a field of records, with no way to sum it up: an order of records.
    fn is_ungrouped_field(&self, name: &str, part: Option<&str>) -> bool {
        let field = self.model.and_then(|model| model.field(name));
        let is_period = part.is_some_and(|part| PERIODS.contains(&part));
        is_period
            || (part.is_none() && field.is_some_and(|field| field.aggregator.is_none()))
            || name == "id"
    }

    /// What was not asked for decides between groups that are alike so far, so that pages fit.
    pub(super) fn make_order_total(&mut self) {
        let made = &mut self.made;
        let rest = (0..made.keys.len()).map(SortBy::Key);
        for by in rest.chain([SortBy::FirstRecord]) {
            if made.order.iter().all(|sort| sort.by != by) {
                made.order.push(Sort {
                    by,
                    descending: false,
                    empty_last: false,
                });
            }
        }
    }
}
