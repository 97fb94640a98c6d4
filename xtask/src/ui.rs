//! What the development commands print: answers on stdout, the way there on stderr.
//!
//! The split keeps `status --json` and the closing line of `test` clean for programs that read them.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Prints a line of the answer. A closed pipe is the reader's choice and no error.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line about the work being done.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A duration as a person reads it: `0.4 s`, `3 min 05 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole >= 60 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// One piece of work with visible progress: a spinner or bar on a terminal, single lines elsewhere.
pub(crate) struct Task {
    label: String,
    started: Instant,
    bar: Option<ProgressBar>,
    printed: (u64, u64),
}

impl Task {
    /// Announces the work.
    pub(crate) fn start(label: impl Into<String>) -> Self {
        let label = label.into();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner().with_message(label.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            note(format_args!("{label} …"));
        }
        Self {
            label,
            started: Instant::now(),
            bar,
            printed: (0, 0),
        }
    }

    /// Reports `done` of `total`, and what is at hand; without a terminal it prints about every tenth part.
    pub(crate) fn progress(&mut self, done: u64, total: u64, at_hand: &str) {
        let Some(bar) = &self.bar else {
            let tenth = done * 10 / total.max(1);
            // The total is part of it: Odoo learns of more modules as it goes.
            if (total, tenth) > self.printed {
                self.printed = (total, tenth);
                note(format_args!("{}: {done}/{total} ({at_hand})", self.label));
            }
            return;
        };
        if bar.length() != Some(total) {
            bar.set_length(total);
            if let Ok(style) = ProgressStyle::with_template(
                "{spinner} {msg} [{bar:30}] {pos}/{len} {prefix} {elapsed}",
            ) {
                bar.set_style(style.progress_chars("=> "));
            }
        }
        bar.set_prefix(at_hand.to_owned());
        bar.set_position(done);
    }

    /// Announces the end with what came of it.
    pub(crate) fn done(self, result: impl Display) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        note(format_args!(
            "{}: {result} ({})",
            self.label,
            seconds(self.started.elapsed())
        ));
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(440)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
