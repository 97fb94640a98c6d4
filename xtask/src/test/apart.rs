//! A step in a process of its own, with an Odoo of its own: `cargo xtask test --only …` once more.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::steps::Step;
use super::{Context, Outcome};
use crate::checkout::INSTANCE_VARIABLE;
use crate::counts::Counts;
use crate::error::Error;
use crate::own;
use crate::process::failed;
use crate::ui::say;

/// The step under way. What it prints is kept for its turn.
pub(super) struct Apart {
    /// The step's name.
    pub(super) step: &'static str,
    child: Child,
    log: PathBuf,
}

impl Apart {
    /// Starts it, on the instance that is its own.
    pub(super) fn start(context: &Context, step: &Step) -> Result<Self, Error> {
        let log =
            context
                .cache
                .path("tmp")
                .join(format!("{}-{}.log", step.name, context.checkout.key()));
        let file = File::create(&log).map_err(Error::io("create", &log))?;
        let errors = file.try_clone().map_err(Error::io("open", &log))?;
        let mut command = own::command()?;
        command.args(["test", "--only", step.name]);
        for (option, is_set) in [
            ("--release", context.args.release),
            ("--keep", context.args.keep),
            ("--purge", context.args.purge),
        ] {
            command.args(is_set.then_some(option));
        }
        if !context.args.pytest.is_empty() {
            command.arg("--").args(&context.args.pytest);
        }
        let child = command
            .env(INSTANCE_VARIABLE, step.instance())
            .current_dir(context.checkout.root())
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Spawn {
                program: format!("cargo xtask test --only {}", step.name),
                source,
            })?;
        Ok(Self {
            step: step.name,
            child,
            log,
        })
    }

    /// Waits for its end and prints what it printed.
    pub(super) fn finish(mut self) -> Result<Outcome, Error> {
        let status = self
            .child
            .wait()
            .map_err(Error::io("wait for", &self.log))?;
        let printed = fs::read_to_string(&self.log).unwrap_or_default();
        let _ = fs::remove_file(&self.log);
        let (told, counts) = split(&printed);
        say(told.trim_end());
        Ok(if status.success() {
            Outcome::Passed(counts)
        } else {
            let mut command = own::command()?;
            command.args(["test", "--only", self.step]);
            Outcome::Failed(counts, failed(&command, &status.to_string(), ""))
        })
    }
}

/// What it printed between the head and the foot of its only step, which are printed here, too, and the sum in the
/// last line.
fn split(printed: &str) -> (String, Counts) {
    let told: Vec<&str> = printed
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with("── "))
        .take_while(|line| !line.starts_with("── "))
        .collect();
    let sum = printed.lines().last().and_then(Counts::of_line);
    (told.join("\n"), sum.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_once() {
        let printed = "\n── soak ── for long\n2 passed in 0.1s\n── soak: ok (1 s)\n\n── summary ──\nsoak  1 s\n2 passed, 0 failed, 1 skipped\n";
        let (told, counts) = split(printed);
        assert_eq!(told, "2 passed in 0.1s");
        assert_eq!((counts.passed, counts.failed, counts.skipped), (2, 0, 1));
    }
}
