//! Running one tool: its output goes on to the terminal while its closing line is read.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::process::{Command, Stdio};
use std::thread;

use super::Outcome;
use crate::counts::Counts;
use crate::error::Error;
use crate::process::failed;
use crate::ui::{note, say};

/// Runs a check: all that counts is how it ends.
pub(super) fn check(command: &mut Command) -> Result<Outcome, Error> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|source| spawn_error(command, source))?;
    Ok(if status.success() {
        Outcome::Passed(Counts::default())
    } else {
        Outcome::Failed(Counts::default(), failed(command, &status.to_string(), ""))
    })
}

/// Runs tests and adds up their closing lines. A run without any test has failed: it proves nothing.
pub(super) fn tests(command: &mut Command) -> Result<Outcome, Error> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| spawn_error(command, source))?;
    let errors = child.stderr.take();
    let on_errors = thread::spawn(move || errors.map(|pipe| forward(pipe, |line| note(line))));
    let mut counts = child
        .stdout
        .take()
        .map(|pipe| forward(pipe, |line| say(line)))
        .unwrap_or_default();
    if let Ok(Some(more)) = on_errors.join() {
        counts += more;
    }
    let status = child
        .wait()
        .map_err(|source| spawn_error(command, source))?;
    Ok(if !status.success() {
        Outcome::Failed(counts, failed(command, &status.to_string(), ""))
    } else if counts.total() == 0 {
        Outcome::Failed(counts, failed(command, "it ran no test", ""))
    } else if counts.failed > 0 {
        Outcome::Failed(counts, failed(command, "tests failed", ""))
    } else {
        Outcome::Passed(counts)
    })
}

/// Passes lines on and adds up the counts among them.
fn forward(pipe: impl Read, print: impl Fn(&str)) -> Counts {
    let mut counts = Counts::default();
    for line in BufReader::new(pipe).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        print(&line);
        if let Some(more) = Counts::of_line(&line) {
            counts += more;
        }
    }
    counts
}

fn spawn_error(command: &Command, source: std::io::Error) -> Error {
    Error::Spawn {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}

/// Whether the tools may colour what they print.
pub(super) fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

#[cfg(test)]
mod unit {
    use super::*;

    fn shell(script: &str) -> Outcome {
        tests(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn counts_are_added_over_both_outputs() {
        let outcome = shell(
            "echo '2 passed in 0.1s'; echo 'test result: ok. 3 passed; 0 failed; 1 ignored;' >&2",
        );
        assert!(matches!(
            outcome,
            Outcome::Passed(Counts {
                passed: 5,
                failed: 0,
                skipped: 1
            })
        ));
    }

    #[test]
    fn no_test_is_a_failure() {
        assert!(matches!(shell("true"), Outcome::Failed(..)));
    }

    #[test]
    fn a_bad_end_is_a_failure_whatever_was_counted() {
        assert!(matches!(
            shell("echo '2 passed in 0.1s'; exit 1"),
            Outcome::Failed(..)
        ));
        assert!(matches!(
            shell("echo '2 passed, 1 failed in 0.1s'"),
            Outcome::Failed(..)
        ));
    }

    #[test]
    fn a_check_is_its_exit_code() {
        assert!(matches!(
            check(&mut Command::new("true")).unwrap(),
            Outcome::Passed(_)
        ));
        assert!(matches!(
            check(&mut Command::new("false")).unwrap(),
            Outcome::Failed(..)
        ));
    }
}
