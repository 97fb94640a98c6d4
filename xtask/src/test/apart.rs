//! Steps in processes of their own, each with an Odoo of its own: `cargo xtask test --only …` once more.
//!
//! Two go on at the same time, besides what runs here; the others wait for one of them to end. More would only take the
//! processors from each other.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::steps::Step;
use super::{Context, Outcome};
use crate::checkout::INSTANCE_VARIABLE;
use crate::counts::Counts;
use crate::error::Error;
use crate::own;
use crate::process::failed;
use crate::ui::say;

/// How many steps go on at the same time.
const LANES: usize = 2;

/// A step that is under way, or waits for its turn. What it prints is kept until it is asked for.
pub(super) struct Apart {
    /// The step's name.
    pub(super) step: &'static str,
    log: PathBuf,
    end: Receiver<Result<End, Error>>,
}

/// How the process of a step ended.
struct End {
    /// Nothing, when all is well.
    failure: Option<String>,
    time: Duration,
}

/// A process to be started, and who waits for its end.
struct Job {
    step: &'static str,
    command: Command,
    end: Sender<Result<End, Error>>,
}

impl Apart {
    /// Starts these steps, each on the instance that is its own, as soon as there is a lane for it.
    pub(super) fn start<'a>(
        context: &Context,
        steps: impl Iterator<Item = &'a Step>,
    ) -> Result<Vec<Self>, Error> {
        let (waiting, jobs): (Vec<Self>, VecDeque<Job>) = steps
            .map(|step| Self::prepare(context, step))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .unzip();
        begin(jobs);
        Ok(waiting)
    }

    fn prepare(context: &Context, step: &Step) -> Result<(Self, Job), Error> {
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
        command
            .env(INSTANCE_VARIABLE, step.instance())
            .current_dir(context.checkout.root())
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors);
        let (sender, end) = mpsc::channel();
        let step = step.name;
        let job = Job {
            step,
            command,
            end: sender,
        };
        Ok((Self { step, log, end }, job))
    }

    /// Waits for its end, prints what it printed, and says how long it took.
    pub(super) fn finish(self) -> Result<(Outcome, Duration), Error> {
        let end = self
            .end
            .recv()
            .map_err(|_| Error::Usage(format!("the step `{}` was not run", self.step)))??;
        let printed = fs::read_to_string(&self.log).unwrap_or_default();
        let _ = fs::remove_file(&self.log);
        let (told, counts) = split(&printed);
        say(told.trim_end());
        let outcome = match end.failure {
            None => Outcome::Passed(counts),
            Some(status) => {
                let mut command = own::command()?;
                command.args(["test", "--only", self.step]);
                Outcome::Failed(counts, failed(&command, &status, ""))
            }
        };
        Ok((outcome, end.time))
    }
}

/// Runs them in their order, as many at the same time as there are lanes.
fn begin(jobs: VecDeque<Job>) {
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..LANES {
        let jobs = Arc::clone(&jobs);
        thread::spawn(move || {
            let next = || {
                let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
                jobs.pop_front()
            };
            while let Some(Job { step, command, end }) = next() {
                // Nobody waits for it any more when this process ends.
                let _ = end.send(run(step, command));
            }
        });
    }
}

fn run(step: &'static str, mut command: Command) -> Result<End, Error> {
    let begin = Instant::now();
    let status = command.status().map_err(|source| Error::Spawn {
        program: format!("cargo xtask test --only {step}"),
        source,
    })?;
    Ok(End {
        failure: (!status.success()).then(|| status.to_string()),
        time: begin.elapsed(),
    })
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

    #[test]
    fn one_after_the_other_takes_its_turn() {
        let (jobs, ends): (VecDeque<Job>, Vec<_>) = ["exit 0", "exit 3", "sleep 0.1", "exit 4"]
            .map(|script| {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                let (end, ended) = mpsc::channel();
                let step = "soak";
                (Job { step, command, end }, ended)
            })
            .into_iter()
            .unzip();
        begin(jobs);
        let failures: Vec<Option<String>> = ends
            .iter()
            .map(|end| end.recv().unwrap().unwrap().failure)
            .collect();
        assert_eq!([&failures[0], &failures[2]], [&None, &None]);
        assert!(failures[1].as_ref().unwrap().contains('3'), "{failures:?}");
        assert!(failures[3].as_ref().unwrap().contains('4'), "{failures:?}");
    }
}
