//! How many tests passed, read from the closing lines of the runners that we call.

use std::ops::AddAssign;

/// Test counts of one or several runners.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed, or could not even start.
    pub(crate) failed: u64,
    /// Tests that were left out on purpose.
    pub(crate) skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Counts {
    /// All of them.
    pub(crate) fn total(self) -> u64 {
        self.passed + self.failed + self.skipped
    }

    /// The closing line that programs read.
    pub(crate) fn line(self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }

    /// Reads whichever closing line this is: nextest's, cargo's, pytest's or our own. Colours are looked through.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let line = without_colours(line);
        // nextest repeats the output of a failed test indented, with the closing line of its process.
        if line.starts_with(' ') && line.trim_start().starts_with("test result:") {
            return None;
        }
        let line = line.trim();
        if let Some((_, rest)) = line
            .strip_prefix("Summary [")
            .and_then(|rest| rest.split_once("tests run:"))
        {
            return Some(Self::sum(rest));
        }
        if let Some(rest) = line.strip_prefix("test result:") {
            return rest.split_once(". ").map(|(_, rest)| Self::sum(rest));
        }
        let bare = line.trim_matches('=').trim();
        if let Some((rest, time)) = bare.rsplit_once(" in ")
            && time.chars().next().is_some_and(|c| c.is_ascii_digit())
            && starts_with_count(rest)
        {
            return Some(Self::sum(rest));
        }
        let own = bare.ends_with(" skipped") && bare.contains(" failed, ");
        (own && starts_with_count(bare)).then(|| Self::sum(bare))
    }

    /// Reads Odoo's line `… odoo.tests.result: 0 failed, 1 error(s) of 12 tests when loading database 'x'`.
    pub(crate) fn of_odoo(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once("odoo.tests.result: ")?;
        let (failed, rest) = rest.split_once(" failed, ")?;
        let (errors, rest) = rest.split_once(" error(s) of ")?;
        let (total, _) = rest.split_once(" tests")?;
        let total: u64 = total.parse().ok()?;
        let failed = failed.parse::<u64>().ok()? + errors.parse::<u64>().ok()?;
        Some(Self {
            // A failure in a class's set-up counts as an error though no test of the class ran.
            passed: total.saturating_sub(failed),
            failed,
            skipped: 0,
        })
    }

    /// Adds up parts such as `12 passed (1 slow), 2 errors`.
    fn sum(text: &str) -> Self {
        let mut counts = Self::default();
        for part in text.split([',', ';']) {
            let mut words = part.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
                continue;
            };
            match words.next().unwrap_or_default() {
                "passed" | "xpassed" => counts.passed += number,
                "failed" | "error" | "errors" | "timed" | "exec" => counts.failed += number,
                "skipped" | "ignored" | "xfailed" => counts.skipped += number,
                _ => {}
            }
        }
        counts
    }
}

fn starts_with_count(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "passed",
        "failed",
        "skipped",
        "error",
        "errors",
        "xfailed",
        "xpassed",
        "deselected",
        "no",
    ];
    let mut words = text.split_whitespace();
    let number = words.next().is_some_and(|word| word.parse::<u64>().is_ok());
    number
        && words
            .next()
            .is_some_and(|word| WORDS.contains(&word.trim_end_matches(',')))
}

/// A line without terminal colour sequences.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after
            .split_once(|c: char| c.is_ascii_alphabetic())
            .map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn nextest() {
        let line = "     Summary [   0.024s] 17 tests run: 15 passed (1 slow), 1 failed, 1 timed out, 3 skipped";
        assert_eq!(Counts::of_line(line), Some(counts(15, 2, 3)));
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.024s] \u{1b}[1m17\u{1b}[0m tests run: \u{1b}[1m17\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m skipped";
        assert_eq!(Counts::of_line(line), Some(counts(17, 0, 0)));
    }

    #[test]
    fn cargo() {
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Counts::of_line(line), Some(counts(3, 2, 1)));
        assert_eq!(Counts::of_line(&format!("    {line}")), None);
    }

    #[test]
    fn pytest() {
        let line = "=== 3 failed, 12 passed, 2 skipped, 1 xfailed, 4 warnings, 2 errors in 63.21s (0:01:03) ===";
        assert_eq!(Counts::of_line(line), Some(counts(12, 5, 3)));
        assert_eq!(Counts::of_line("5 passed in 0.12s"), Some(counts(5, 0, 0)));
    }

    #[test]
    fn odoo() {
        let line = "2026 9 INFO db odoo.tests.result: 1 failed, 2 error(s) of 12 tests when loading database 'db'";
        assert_eq!(Counts::of_odoo(line), Some(counts(9, 3, 0)));
    }

    #[test]
    fn our_own() {
        assert_eq!(
            Counts::of_line(&counts(1, 2, 3).line()),
            Some(counts(1, 2, 3))
        );
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "Finished in 3 seconds",
            "3 files changed in 2 commits",
            "running 3 tests",
            "",
        ] {
            assert_eq!(Counts::of_line(line), None, "{line}");
        }
    }
}
