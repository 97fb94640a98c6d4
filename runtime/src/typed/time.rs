//! Days and moments in Odoo's own formats.
//!
//! Odoo writes a day as `YYYY-MM-DD` and a moment as `YYYY-MM-DD HH:MM:SS` in UTC, without a
//! zone (`odoo/fields.py`, `Date` and `Datetime`); it refuses ISO 8601's `T` and `Z` in
//! values. Two types, so that a day is never written where a moment belongs.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

use crate::error::{Error, ErrorKind};

const MOMENT: &str = "%Y-%m-%d %H:%M:%S";

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(civil::Date);

impl Date {
    /// The day of the Gregorian calendar.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCall`] when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, Error> {
        civil::Date::new(year, month, day)
            .map(Self)
            .map_err(|error| Error::invalid_call(format!("{year}-{month}-{day}: {error}")))
    }

    /// The day as `jiff` has it.
    pub const fn get(self) -> civil::Date {
        self.0
    }
}

impl Deref for Date {
    type Target = civil::Date;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        Self(date)
    }
}

impl From<Date> for civil::Date {
    fn from(date: Date) -> Self {
        date.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = Error;

    /// Reads `YYYY-MM-DD`; of a moment, its day. Years before 1000 come without their zeros
    /// (Odoo writes its "no lock date" as `1-01-01`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let padded = padded(text);
        let text = padded.as_ref();
        let day = text.get(..10).unwrap_or(text);
        let rest = text.get(10..).unwrap_or_default();
        if !rest.is_empty() && text.parse::<DateTime>().is_err() {
            return Err(unreadable("a date (YYYY-MM-DD)", text));
        }
        day.parse()
            .map(Self)
            .map_err(|_| unreadable("a date (YYYY-MM-DD)", text))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A moment in UTC, at a precision of seconds on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(Timestamp);

impl DateTime {
    /// This moment, by the machine's clock.
    pub fn now() -> Self {
        Self(Timestamp::now())
    }

    /// The moment as `jiff` has it.
    pub const fn get(self) -> Timestamp {
        self.0
    }

    /// The day of the moment in UTC.
    pub fn date(self) -> Date {
        Date(self.0.to_zoned(TimeZone::UTC).date())
    }
}

impl Deref for DateTime {
    type Target = Timestamp;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Timestamp> for DateTime {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl From<DateTime> for Timestamp {
    fn from(moment: DateTime) -> Self {
        moment.0
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime(MOMENT).fmt(f)
    }
}

impl FromStr for DateTime {
    type Err = Error;

    /// Reads `YYYY-MM-DD HH:MM:SS` with or without a fraction; also ISO 8601 (`T`, `Z`, an
    /// offset), and a bare day as its midnight.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let padded = padded(text);
        let text = padded.as_ref();
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self(moment));
        }
        let local: civil::DateTime = text
            .parse()
            .map_err(|_| unreadable("a moment (YYYY-MM-DD HH:MM:SS, UTC)", text))?;
        TimeZone::UTC
            .to_timestamp(local)
            .map(Self)
            .map_err(|_| unreadable("a moment (YYYY-MM-DD HH:MM:SS, UTC)", text))
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text with the year's four digits: Python's `strftime` does not pad it.
fn padded(text: &str) -> Cow<'_, str> {
    match text.split_once('-') {
        Some((year, rest)) if (1..4).contains(&year.len()) => {
            Cow::Owned(format!("{year:0>4}-{rest}"))
        }
        _ => Cow::Borrowed(text),
    }
}

fn unreadable(expected: &str, text: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("\"{text}\" is not {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_odoos_format() {
        let moment: DateTime = "2024-02-29 23:59:58".parse().unwrap();
        assert_eq!(moment.to_string(), "2024-02-29 23:59:58");
        assert_eq!(moment.date().to_string(), "2024-02-29");
    }

    #[test]
    fn iso_fractions_and_bare_days_are_tolerated() {
        for text in [
            "2024-01-02T03:04:05Z",
            "2024-01-02 03:04:05.123456",
            "2024-01-02T04:04:05+01:00",
        ] {
            let moment: DateTime = text.parse().unwrap();
            assert_eq!(moment.to_string(), "2024-01-02 03:04:05", "{text}");
        }
        let midnight: DateTime = "2024-01-02".parse().unwrap();
        assert_eq!(midnight.to_string(), "2024-01-02 00:00:00");
    }

    #[test]
    fn a_day_is_a_day() {
        assert_eq!(
            "2024-01-02".parse::<Date>().unwrap().to_string(),
            "2024-01-02"
        );
        assert_eq!(
            "2024-01-02 10:00:00".parse::<Date>().unwrap().to_string(),
            "2024-01-02"
        );
        assert_eq!("1-01-01".parse::<Date>().unwrap().to_string(), "0001-01-01");
        assert_eq!(
            "1-01-01 00:00:00".parse::<DateTime>().unwrap().date(),
            Date::new(1, 1, 1).unwrap()
        );
        for wrong in ["2024-02-30", "02/01/2024", "", "2024-01-02x", "é024-01-022"] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }
}
