//! Dates as people say them: `today`, `-7d`, `start_of_month`, in the user's time zone.
//!
//! The grammar, in any case:
//!
//! ```text
//! date  := start step* | step+
//! start := now | today | yesterday | tomorrow
//!        | start_of_<unit> | end_of_<unit>      unit: day week month quarter year
//! step  := (+|-)<number><unit>                  unit: h d w m y, or in words (hours … years)
//! ```
//!
//! Steps alone are counted from now, or for a date from today. A day, week, month or year is a
//! calendar one: `+1d` keeps the time of day when the clock changes. Weeks begin on Monday. For
//! a moment, the end of something is its last second. Odoo 19 has a grammar of its own for
//! domains (`odoo/tools/date_utils.py`, `parse_date`); where both have a word, it means the same.
//!
//! Moments that are written out are read here, too: one without an offset is the user's clock, as
//! that is how moments are shown and how people say them. To Odoo it would be UTC.

use jiff::civil::{self, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Zoned};

/// The form in which Odoo takes and gives a moment.
const ODOO_FORM: &str = "%Y-%m-%d %H:%M:%S";

/// The last moment of a day that Odoo can say.
const LAST_SECOND: Time = Time::constant(23, 59, 59, 0);

/// Whether a text is a date of this grammar.
pub fn is_relative_date(text: &str) -> bool {
    parse(text).is_some()
}

/// What is asked for: a day, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    Day,
    Moment,
}

/// The date in Odoo's form (a moment in UTC), or `None` where the text is no date of this
/// grammar or leads out of the calendar.
pub(super) fn resolve(text: &str, now: &Zoned, precision: Precision) -> Option<String> {
    let (start, steps) = parse(text)?;
    let mut at = match start {
        Some(start) => start.from(now, precision)?,
        None => now.clone(),
    };
    for step in steps {
        at = at.checked_add(step.span()?).ok()?;
    }
    Some(match precision {
        Precision::Day => at.date().to_string(),
        Precision::Moment => in_utc(&at),
    })
}

/// What a text says about a moment, in Odoo's form in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// By a relative date.
    Said(String),
    /// By what the user's clock shows; a bare date is its midnight.
    OnTheClock(String),
    /// With its offset from UTC.
    Exact(String),
}

/// The moment that a text means; `None` where it means none.
pub(super) fn meaning(text: &str, now: &Zoned) -> Option<Meaning> {
    let text = text.trim();
    if let Some(moment) = resolve(text, now, Precision::Moment) {
        return Some(Meaning::Said(moment));
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(Meaning::Exact(moment.strftime(ODOO_FORM).to_string()));
    }
    let shown: civil::DateTime = if text.len() > 10 {
        text.parse().ok()?
    } else {
        text.parse::<civil::Date>().ok()?.at(0, 0, 0, 0)
    };
    // An hour that clocks skip is the one after it, and the first of two that stand twice.
    let moment = shown.to_zoned(now.time_zone().clone()).ok()?;
    Some(Meaning::OnTheClock(in_utc(&moment)))
}

/// The first moment of a day on the user's clock, in Odoo's form in UTC.
pub(super) fn midnight(day: civil::Date, now: &Zoned) -> Option<String> {
    let moment = day.to_zoned(now.time_zone().clone()).ok()?;
    Some(in_utc(&moment))
}

/// The day that is meant as a whole where a moment is compared with this text: a bare date, and
/// `today`, `yesterday` or `tomorrow` with or without steps. What is equal to the beginning or the
/// end of a month, or to what is a week ago, is so for that day; and up to the end of a month is
/// up to the end of its last day.
pub(super) fn whole_day(text: &str, operator: &str, now: &Zoned) -> Option<civil::Date> {
    let text = text.trim();
    if text.len() == 10
        && let Ok(date) = text.parse()
    {
        return Some(date);
    }
    let (start, steps) = parse(text)?;
    if steps.iter().any(|step| step.unit == Unit::Hour) {
        return None;
    }
    let is_equality = matches!(operator, "=" | "!=" | "<>");
    let is_whole = match start {
        Some(Start::Now) => false,
        Some(Start::Day(_)) => true,
        Some(Start::End(_)) => is_equality || matches!(operator, "<=" | ">"),
        Some(Start::Begin(_)) | None => is_equality,
    };
    is_whole.then(|| resolve(text, now, Precision::Day)?.parse().ok())?
}

fn in_utc(moment: &Zoned) -> String {
    moment
        .with_time_zone(TimeZone::UTC)
        .strftime(ODOO_FORM)
        .to_string()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Now,
    /// The day that is so many days away.
    Day(i64),
    Begin(Unit),
    End(Unit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    count: i64,
    unit: Unit,
}

fn parse(text: &str) -> Option<(Option<Start>, Vec<Step>)> {
    let lower = text.trim().to_ascii_lowercase();
    // More is no date, and would only cost time.
    if lower.len() > 60 {
        return None;
    }
    let spaced = lower
        .replace("start of ", "start_of_")
        .replace("end of ", "end_of_")
        .replace('+', " +")
        .replace('-', " -");
    let words = join_signs(&spaced);
    let mut words = words.iter().map(String::as_str).peekable();
    let start = words.peek().and_then(|word| parse_start(word));
    if start.is_some() {
        words.next();
    }
    let mut steps = Vec::new();
    while let Some(word) = words.next() {
        let (count, unit) = split_step(word)?;
        let unit = if unit.is_empty() { words.next()? } else { unit };
        steps.push(Step {
            count,
            unit: parse_unit(unit)?,
        });
    }
    (start.is_some() || !steps.is_empty()).then_some((start, steps))
}

/// `+ 2 weeks` is `+2 weeks`.
fn join_signs(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(sign) if matches!(sign.as_str(), "+" | "-") => sign.push_str(word),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// `+2w` is 2 and `w`; the unit may also be the next word.
fn split_step(word: &str) -> Option<(i64, &str)> {
    let digits = word.strip_prefix(['+', '-'])?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let count: i64 = digits[..end]
        .parse()
        .ok()
        .filter(|count| *count < 100_000)?;
    let count = if word.starts_with('-') { -count } else { count };
    Some((count, &digits[end..]))
}

fn parse_unit(word: &str) -> Option<Unit> {
    Some(match word {
        "h" | "hour" | "hours" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "week" | "weeks" => Unit::Week,
        "m" | "month" | "months" => Unit::Month,
        "q" | "quarter" | "quarters" => Unit::Quarter,
        "y" | "year" | "years" => Unit::Year,
        _ => return None,
    })
}

fn parse_start(word: &str) -> Option<Start> {
    let of = |prefix: &str| {
        let unit = parse_unit(word.strip_prefix(prefix)?.trim_start_matches('_'))?;
        (unit != Unit::Hour).then_some(unit)
    };
    match word {
        "now" => Some(Start::Now),
        "today" => Some(Start::Day(0)),
        "yesterday" => Some(Start::Day(-1)),
        "tomorrow" => Some(Start::Day(1)),
        _ => of("start_of_")
            .map(Start::Begin)
            .or_else(|| of("end_of_").map(Start::End)),
    }
}

impl Start {
    fn from(self, now: &Zoned, precision: Precision) -> Option<Zoned> {
        let today = now.date();
        let (day, time) = match self {
            Self::Now => return Some(now.clone()),
            Self::Day(days) => (today.checked_add(days.days()).ok()?, Time::midnight()),
            Self::Begin(unit) => (begin(today, unit)?, Time::midnight()),
            Self::End(unit) => (end(today, unit)?, LAST_SECOND),
        };
        let time = match precision {
            // Noon exists on every day, whatever the clocks do.
            Precision::Day => Time::constant(12, 0, 0, 0),
            Precision::Moment => time,
        };
        day.to_datetime(time).to_zoned(now.time_zone().clone()).ok()
    }
}

fn begin(day: civil::Date, unit: Unit) -> Option<civil::Date> {
    match unit {
        Unit::Hour | Unit::Day => Some(day),
        Unit::Week => {
            let since = day.weekday().since(Weekday::Monday);
            day.checked_sub(i64::from(since).days()).ok()
        }
        Unit::Month => Some(day.first_of_month()),
        Unit::Quarter => {
            let month = (day.month() - 1) / 3 * 3 + 1;
            civil::Date::new(day.year(), month, 1).ok()
        }
        Unit::Year => Some(day.first_of_year()),
    }
}

fn end(day: civil::Date, unit: Unit) -> Option<civil::Date> {
    let next = begin(day, unit)?.checked_add(Step { count: 1, unit }.span()?);
    next.ok()?.yesterday().ok()
}

impl Step {
    /// `None` for more than a calendar has.
    fn span(self) -> Option<Span> {
        let (span, count) = (Span::new(), self.count);
        let span = match self.unit {
            Unit::Hour => span.try_hours(count),
            Unit::Day => span.try_days(count),
            Unit::Week => span.try_weeks(count),
            Unit::Month => span.try_months(count),
            Unit::Quarter => span.try_months(3 * count),
            Unit::Year => span.try_years(count),
        };
        span.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(moment: &str, zone: &str) -> Zoned {
        let moment: civil::DateTime = moment.parse().unwrap();
        moment.in_tz(zone).unwrap()
    }

    fn day(text: &str, now: &Zoned) -> Option<String> {
        resolve(text, now, Precision::Day)
    }

    fn moment(text: &str, now: &Zoned) -> Option<String> {
        resolve(text, now, Precision::Moment)
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        // A Tuesday.
        let now = at("2026-11-24T15:30:00", "Europe/Brussels");
        for (text, expected) in [
            ("today", "2026-11-24"),
            ("Now", "2026-11-24"),
            ("yesterday", "2026-11-23"),
            ("tomorrow", "2026-11-25"),
            ("-7d", "2026-11-17"),
            ("+2w", "2026-12-08"),
            ("-1m", "2026-10-24"),
            ("+1y", "2027-11-24"),
            ("+2 weeks", "2026-12-08"),
            ("today + 3 days", "2026-11-27"),
            ("today -1m +1d", "2026-10-25"),
            ("today-1d", "2026-11-23"),
            ("start_of_week", "2026-11-23"),
            ("end_of_week", "2026-11-29"),
            ("start of month", "2026-11-01"),
            ("end_of_month", "2026-11-30"),
            ("start_of_month -1m", "2026-10-01"),
            ("end_of_month +1m", "2026-12-30"),
            ("start_of_quarter", "2026-10-01"),
            ("end_of_quarter", "2026-12-31"),
            ("start_of_year", "2026-01-01"),
            ("end_of_year", "2026-12-31"),
        ] {
            assert_eq!(day(text, &now).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_last_days_of_months() {
        let now = at("2028-03-31T12:00:00", "UTC");
        assert_eq!(day("-1m", &now).unwrap(), "2028-02-29");
        assert_eq!(day("start_of_month -1d", &now).unwrap(), "2028-02-29");
        let leap = at("2028-02-29T12:00:00", "UTC");
        assert_eq!(day("+1y", &leap).unwrap(), "2029-02-28");
        assert_eq!(day("end_of_month", &leap).unwrap(), "2028-02-29");
    }

    #[test]
    fn moments_are_the_users_and_sent_in_utc() {
        let now = at("2026-11-24T00:30:00", "Europe/Brussels");
        for (text, expected) in [
            ("now", "2026-11-23 23:30:00"),
            ("today", "2026-11-23 23:00:00"),
            ("end_of_day", "2026-11-24 22:59:59"),
            ("start_of_year", "2025-12-31 23:00:00"),
            ("-2h", "2026-11-23 21:30:00"),
        ] {
            assert_eq!(moment(text, &now).as_deref(), Some(expected), "{text}");
        }
        // The same moment is another day elsewhere.
        let there = now.with_time_zone(TimeZone::get("America/Los_Angeles").unwrap());
        assert_eq!(day("today", &now).unwrap(), "2026-11-24");
        assert_eq!(day("today", &there).unwrap(), "2026-11-23");
    }

    #[test]
    fn a_day_keeps_its_hour_when_the_clocks_change() {
        // Brussels went back from UTC+2 to UTC+1 on 25 October 2026.
        let after = at("2026-10-26T09:00:00", "Europe/Brussels");
        assert_eq!(moment("-2d", &after).unwrap(), "2026-10-24 07:00:00");
        assert_eq!(moment("-48h", &after).unwrap(), "2026-10-24 08:00:00");
        assert_eq!(
            moment("start_of_month", &after).unwrap(),
            "2026-09-30 22:00:00"
        );
        assert_eq!(
            moment("end_of_month", &after).unwrap(),
            "2026-10-31 22:59:59"
        );
        // And forward on 29 March: 02:30 does not exist, and becomes 03:30.
        let before = at("2026-03-28T02:30:00", "Europe/Brussels");
        assert_eq!(moment("+1d", &before).unwrap(), "2026-03-29 01:30:00");
        // Midnight does not exist on this day in Santiago: it begins at one o'clock.
        let chile = at("2026-09-06T15:00:00", "America/Santiago");
        assert_eq!(moment("today", &chile).unwrap(), "2026-09-06 04:00:00");
        assert_eq!(day("today", &chile).unwrap(), "2026-09-06");
    }

    #[test]
    fn a_moment_without_an_offset_is_the_users_clock() {
        let now = at("2026-11-24T15:30:00", "Europe/Brussels");
        let clock = |text: &str| Meaning::OnTheClock(text.to_owned());
        let exact = |text: &str| Meaning::Exact(text.to_owned());
        for (text, expected) in [
            ("2026-11-24 09:00:00", clock("2026-11-24 08:00:00")),
            ("2026-11-24T09:00", clock("2026-11-24 08:00:00")),
            ("2026-07-01 09:00", clock("2026-07-01 07:00:00")),
            ("2026-07-01", clock("2026-06-30 22:00:00")),
            ("2026-11-24T09:00:00Z", exact("2026-11-24 09:00:00")),
            ("2026-11-24 09:00:00Z", exact("2026-11-24 09:00:00")),
            ("2026-11-24T09:00:00+05:30", exact("2026-11-24 03:30:00")),
            ("2026-11-24 09:00+01", exact("2026-11-24 08:00:00")),
            // 02:30 does not exist on this day, and stands twice on the other.
            ("2026-03-29 02:30", clock("2026-03-29 01:30:00")),
            ("2026-10-25 02:30", clock("2026-10-25 00:30:00")),
        ] {
            assert_eq!(meaning(text, &now), Some(expected), "{text}");
        }
        for text in ["", "9 am", "24/11/2026", "2026-11-24 25:00", "2026-13-01"] {
            assert_eq!(meaning(text, &now), None, "{text}");
        }
    }

    #[test]
    fn which_days_are_meant_as_a_whole() {
        let now = at("2026-11-24T15:30:00", "Europe/Brussels");
        let whole = |text: &str, operator: &str| {
            whole_day(text, operator, &now).map(|date| date.to_string())
        };
        for (text, operator, expected) in [
            ("2026-11-22", "<=", Some("2026-11-22")),
            ("today", "<=", Some("2026-11-24")),
            ("yesterday", "=", Some("2026-11-23")),
            ("today -1w", ">", Some("2026-11-17")),
            ("today -1h", ">", None),
            ("now", "=", None),
            ("-7d", ">=", None),
            ("-7d", "=", Some("2026-11-17")),
            ("start_of_month", "<=", None),
            ("start_of_month", "=", Some("2026-11-01")),
            ("end_of_month", "<=", Some("2026-11-30")),
            ("end_of_month", "<", None),
            ("2026-11-22 10:00", "=", None),
            ("soon", "=", None),
        ] {
            assert_eq!(
                whole(text, operator).as_deref(),
                expected,
                "{operator} {text}"
            );
        }
    }

    #[test]
    fn what_is_no_relative_date_is_left_alone() {
        for text in [
            "",
            "2026-11-24",
            "next week",
            "+",
            "-7",
            "7d",
            "-7x",
            "today 7d",
            "-7d ago",
            "todayish",
            "start_of_hour",
            "=monday",
            "+99999999999d",
        ] {
            assert!(!is_relative_date(text), "{text}");
        }
        let now = at("2026-11-24T00:30:00", "UTC");
        assert_eq!(day("+99999y", &now), None, "out of the calendar");
    }
}
