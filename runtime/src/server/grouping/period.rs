//! Periods of moments, where the user is.
//!
//! Odoo names the start of a period in UTC. When clocks go back, an hour stands twice in the
//! local time by which Odoo groups, and the end of the domain that it names leaves one of the
//! two out; so a period's bounds are counted here.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use serde_json::{Value, json};

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// A period of a datetime field.
pub(super) struct Period {
    /// The first moment as the user's clock shows it.
    start: DateTime,
    length: Span,
    is_hour: bool,
}

impl Period {
    /// The period of this length that begins at a moment in UTC; `None` for what is no moment.
    pub(super) fn of(start: &str, length: &str, zone: &TimeZone) -> Option<Self> {
        let utc = DateTime::strptime(FORMAT, start).ok()?;
        let moment = utc.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let local = moment.to_zoned(zone.clone()).datetime();
        let is_hour = length == "hour";
        let length = match length {
            "hour" => 1.hour(),
            "day" => 1.day(),
            "week" => 1.week(),
            "month" => 1.month(),
            "quarter" => 3.months(),
            "year" => 1.year(),
            _ => return None,
        };
        // A day whose first hour clocks leave out begins at midnight all the same.
        let time = if is_hour {
            Time::constant(local.hour(), 0, 0, 0)
        } else {
            Time::midnight()
        };
        Some(Self {
            start: local.date().to_datetime(time),
            length,
            is_hour,
        })
    }

    /// The start as the user's clock shows it: a day, or an hour of it.
    pub(super) fn local_start(&self) -> String {
        if self.is_hour {
            self.start.strftime("%Y-%m-%d %H:%M").to_string()
        } else {
            self.start.date().to_string()
        }
    }

    /// The first moment and the first one after it, in UTC.
    fn bounds(&self, zone: &TimeZone) -> Option<(String, String)> {
        let end = self.start.checked_add(self.length).ok()?;
        let in_utc = |local: DateTime| {
            let moment = local.to_zoned(zone.clone()).ok()?;
            Some(
                moment
                    .with_time_zone(TimeZone::UTC)
                    .strftime(FORMAT)
                    .to_string(),
            )
        };
        Some((in_utc(self.start)?, in_utc(end)?))
    }

    /// Puts the bounds of the period in place of those that Odoo named, which begin at `start`.
    pub(super) fn mend(&self, domain: &mut [Value], field: &str, start: &str, zone: &TimeZone) {
        let Some((first, end)) = self.bounds(zone) else {
            return;
        };
        let begins = json!([field, ">=", start]);
        let place = domain
            .windows(2)
            .rposition(|pair| pair[0] == begins && pair[1][0] == field && pair[1][1] == "<");
        if let Some(place) = place {
            domain[place] = json!([field, ">=", first]);
            domain[place + 1] = json!([field, "<", end]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(start: &str, length: &str, zone: &str) -> (String, (String, String)) {
        let zone = TimeZone::get(zone).unwrap();
        let period = Period::of(start, length, &zone).unwrap();
        (period.local_start(), period.bounds(&zone).unwrap())
    }

    #[test]
    fn periods_follow_the_clock() {
        for (start, length, zone, local, first, end) in [
            (
                "2026-10-31 23:00:00",
                "month",
                "Europe/Brussels",
                "2026-11-01",
                "2026-10-31 23:00:00",
                "2026-11-30 23:00:00",
            ),
            (
                "2026-02-28 23:00:00",
                "month",
                "Europe/Brussels",
                "2026-03-01",
                "2026-02-28 23:00:00",
                "2026-03-31 22:00:00",
            ),
            (
                "2026-06-30 22:00:00",
                "quarter",
                "Europe/Brussels",
                "2026-07-01",
                "2026-06-30 22:00:00",
                "2026-09-30 22:00:00",
            ),
            (
                "2025-12-31 23:00:00",
                "year",
                "Europe/Brussels",
                "2026-01-01",
                "2025-12-31 23:00:00",
                "2026-12-31 23:00:00",
            ),
            (
                "2026-10-18 22:00:00",
                "week",
                "Europe/Brussels",
                "2026-10-19",
                "2026-10-18 22:00:00",
                "2026-10-25 23:00:00",
            ),
            (
                "2026-10-24 22:00:00",
                "day",
                "Europe/Brussels",
                "2026-10-25",
                "2026-10-24 22:00:00",
                "2026-10-25 23:00:00",
            ),
            // The hour that stands twice, and of which Odoo names the second.
            (
                "2026-10-25 01:00:00",
                "hour",
                "Europe/Brussels",
                "2026-10-25 02:00",
                "2026-10-25 00:00:00",
                "2026-10-25 02:00:00",
            ),
            (
                "2026-04-04 14:00:00",
                "hour",
                "Pacific/Auckland",
                "2026-04-05 02:00",
                "2026-04-04 13:00:00",
                "2026-04-04 15:00:00",
            ),
            // A day without its first hour.
            (
                "2026-04-23 22:00:00",
                "day",
                "Africa/Cairo",
                "2026-04-24",
                "2026-04-23 22:00:00",
                "2026-04-24 21:00:00",
            ),
            (
                "2026-07-01 00:00:00",
                "day",
                "UTC",
                "2026-07-01",
                "2026-07-01 00:00:00",
                "2026-07-02 00:00:00",
            ),
        ] {
            let expected = (local.to_owned(), (first.to_owned(), end.to_owned()));
            assert_eq!(bounds(start, length, zone), expected, "{start} {zone}");
        }
    }

    #[test]
    fn the_last_bounds_of_a_domain_are_mended() {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        let start = "2026-10-25 01:00:00";
        let period = Period::of(start, "hour", &zone).unwrap();
        let other = json!(["date", ">=", "2026-10-01 00:00:00"]);
        let mut domain = vec![
            other.clone(),
            json!(["date", "<", "2026-11-01 00:00:00"]),
            json!(["date", ">=", start]),
            json!(["date", "<", "2026-10-25 02:00:00"]),
        ];
        let before = domain[..2].to_vec();
        period.mend(&mut domain, "date", start, &zone);
        assert_eq!(domain[..2], before);
        assert_eq!(domain[2], json!(["date", ">=", "2026-10-25 00:00:00"]));
        assert_eq!(domain[3], json!(["date", "<", "2026-10-25 02:00:00"]));
        assert!(Period::of("2026-10-25", "hour", &zone).is_none());
    }
}
