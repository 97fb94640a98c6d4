//! Days and moments in Odoo's own formats.
//!
//! Odoo writes a day as `YYYY-MM-DD` and a moment as `YYYY-MM-DD HH:MM:SS` in UTC, without a
//! zone (`odoo/fields.py`, `Date` and `Datetime`); it refuses ISO 8601's `T` and `Z` in
//! values. Two types, so that a day is never written where a moment belongs.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;
use serde::{Serialize, Serializer};

use crate::error::{Error, ErrorKind};

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
        let day = self.0;
        write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
    }
}

impl FromStr for Date {
    type Err = Error;

    /// Reads `YYYY-MM-DD`; of a moment, its day. Years before 1000 come without their zeros
    /// (Odoo writes its "no lock date" as `1-01-01`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = Digits::of(text);
        digits
            .day()
            .filter(|_| digits.is_at_end() || text.parse::<DateTime>().is_ok())
            .map(Self)
            .ok_or_else(|| unreadable("a date (YYYY-MM-DD)", text))
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
        Date(Offset::UTC.to_datetime(self.0).date())
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
        let moment = if self.0 == Timestamp::MAX {
            END
        } else {
            Offset::UTC.to_datetime(self.0)
        };
        write!(
            f,
            "{} {:02}:{:02}:{:02}",
            Date(moment.date()),
            moment.hour(),
            moment.minute(),
            moment.second()
        )
    }
}

impl FromStr for DateTime {
    type Err = Error;

    /// Reads `YYYY-MM-DD HH:MM:SS` with or without a fraction; also ISO 8601 (`T`, `Z`, an
    /// offset), and a bare day as its midnight.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = Digits::of(text);
        digits
            .moment()
            .filter(|_| digits.is_at_end())
            .map(Self)
            .ok_or_else(|| unreadable("a moment (YYYY-MM-DD HH:MM:SS, UTC)", text))
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is left of a text of numbers. Only Odoo's own formats are read, so this is shorter and
/// faster than a reader of all the formats that there are.
struct Digits<'a>(&'a [u8]);

impl<'a> Digits<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one of these characters, if it is the next.
    fn sign(&mut self, signs: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        signs.contains(first).then(|| self.0 = rest)?;
        Some(*first)
    }

    /// Takes a number of at least and at most so many digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i32> {
        let length = self
            .0
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let value = |value, byte: &u8| value * 10 + i32::from(byte - b'0');
        (length >= least).then(|| digits.iter().fold(0, value))
    }

    fn two(&mut self) -> Option<i8> {
        self.number(2, 2).and_then(|number| number.try_into().ok())
    }

    /// `YYYY-MM-DD`.
    fn day(&mut self) -> Option<civil::Date> {
        // Python's `strftime` does not pad the year.
        let year = self.number(1, 4)?.try_into().ok()?;
        self.sign(b"-")?;
        let month = self.two()?;
        self.sign(b"-")?;
        civil::Date::new(year, month, self.two()?).ok()
    }

    /// `HH:MM` or `HH:MM:SS`, with or without a fraction.
    fn time(&mut self) -> Option<civil::Time> {
        let hour = self.two()?;
        self.sign(b":")?;
        let minute = self.two()?;
        let (mut second, mut nanosecond) = (0, 0);
        if self.sign(b":").is_some() {
            second = self.two()?;
        }
        if self.sign(b".").is_some() {
            let length = self.0.len();
            let fraction = self.number(1, 9)?;
            let digits = u32::try_from(length - self.0.len()).ok()?;
            nanosecond = fraction * 10_i32.pow(9 - digits);
        }
        civil::Time::new(hour, minute, second, nanosecond).ok()
    }

    /// A day, a day and a time in UTC, or these with an offset.
    fn moment(&mut self) -> Option<Timestamp> {
        let day = self.day()?;
        if self.sign(b" T").is_none() {
            return within(Offset::UTC, day.at(0, 0, 0, 0));
        }
        let local = day.to_datetime(self.time()?);
        within(self.offset()?, local)
    }

    /// `Z`, `+HH:MM`, `+HHMM`, `+HH` or nothing, which is UTC.
    fn offset(&mut self) -> Option<Offset> {
        let Some(sign) = self.sign(b"Zz+-").filter(|sign| b"+-".contains(sign)) else {
            return Some(Offset::UTC);
        };
        let hours = self.number(2, 2)?;
        let has_colon = self.sign(b":").is_some();
        let minutes = if has_colon || !self.is_at_end() {
            self.number(2, 2).filter(|minutes| *minutes < 60)?
        } else {
            0
        };
        let seconds = (hours * 60 + minutes) * 60;
        Offset::from_seconds(if sign == b'-' { -seconds } else { seconds }).ok()
    }
}

fn unreadable(expected: &str, text: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("\"{text}\" is not {expected}"))
}

/// The last moment of Odoo, which stands for "for ever".
const END: civil::DateTime = civil::date(9999, 12, 31).at(23, 59, 59, 0);

/// A moment; the last one that there is for those of its day and the next, which `jiff` does not
/// have, since they are no moments in zones to the east.
fn within(offset: Offset, local: civil::DateTime) -> Option<Timestamp> {
    let last = Offset::UTC.to_datetime(Timestamp::MAX);
    match offset.to_timestamp(local) {
        Ok(moment) => Some(moment),
        Err(_) if local >= last => Some(Timestamp::MAX),
        Err(_) => None,
    }
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
    fn the_end_of_time_is_read_and_written_as_it_is() {
        // What stands for "for ever" in many a database, and the last day that there is.
        for text in ["9999-12-31 23:59:59", "9999-12-30 22:00:01"] {
            let moment: DateTime = text.parse().unwrap();
            assert_eq!(moment.get(), Timestamp::MAX, "{text}");
            assert_eq!(moment.to_string(), "9999-12-31 23:59:59");
        }
        let before: DateTime = "9999-12-30 21:59:59".parse().unwrap();
        assert_eq!(before.to_string(), "9999-12-30 21:59:59");
        assert!("9999-12-32 00:00:00".parse::<DateTime>().is_err());
    }

    #[test]
    fn iso_fractions_and_bare_days_are_tolerated() {
        for text in [
            "2024-01-02T03:04:05Z",
            "2024-01-02 03:04:05.123456",
            "2024-01-02T04:04:05+01:00",
            "2024-01-01T20:34:05-0630",
            "2024-01-02 05:04:05+02",
        ] {
            let moment: DateTime = text.parse().unwrap();
            assert_eq!(moment.to_string(), "2024-01-02 03:04:05", "{text}");
        }
        let midnight: DateTime = "2024-01-02".parse().unwrap();
        assert_eq!(midnight.to_string(), "2024-01-02 00:00:00");
        let fraction: DateTime = "2024-01-02 03:04:05.25".parse().unwrap();
        assert_eq!(fraction.subsec_millisecond(), 250);
        for wrong in [
            "2024-01-02 24:00:00",
            "2024-01-02 03:60:00",
            "2024-01-02 3:04:05",
            "2024-01-02 03:04:05.",
            "2024-01-02 03:04:05 ",
            "2024-01-02 03:04:05.1234567890",
            "2024-01-02T03:04:05+",
            "2024-01-02T03:04:05+01:",
            "2024-01-02T03:04:05+01:60",
            "2024-01-02Z",
            "99999-01-02",
            "",
        ] {
            assert!(wrong.parse::<DateTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn old_moments_are_read_and_written() {
        for text in [
            "1969-12-31 23:59:59",
            "0001-01-01 00:00:00",
            "9999-12-30 22:00:00",
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_string(), text);
        }
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
