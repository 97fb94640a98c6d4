//! One target: its program is run for a while, and what libFuzzer says of it is read.

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cache::make_folder;
use crate::error::Error;
use crate::process::{failed, log_tail};

/// How much of the log of a target that failed is shown.
const TAIL_LINES: usize = 40;

/// How far a target may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long it runs.
    pub(super) time: Duration,
    /// The largest input, in bytes.
    pub(super) input: u32,
    /// The longest that one input may take, in seconds; usual are milliseconds.
    pub(super) patience: u32,
    /// The most memory, in MiB.
    pub(super) memory: u32,
    /// Where the dice begin; 0 for another place each time.
    pub(super) seed: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            input: 16 * 1024,
            patience: 20,
            memory: 2048,
            seed: 0,
        }
    }
}

/// A target that was built.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) program: PathBuf,
    /// Folders with inputs to begin with.
    pub(super) seeds: Vec<PathBuf>,
    /// Where inputs go that reached something new.
    pub(super) corpus: PathBuf,
    /// Where the input goes on which something did not hold.
    pub(super) failed: PathBuf,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// Inputs that were tried.
    inputs: u64,
    /// Places in the program (edges of its control flow) that were reached.
    reached: u64,
    /// All such places, most of them in code that no target is about.
    places: u64,
    /// Inputs that are kept since each reaches something.
    kept: u64,
    /// Of these, new ones.
    new: u64,
    /// How long it ran, in seconds.
    seconds: u64,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} inputs in {} s ({}/s), {} of {} edges, corpus of {} ({} new)",
            self.inputs,
            self.seconds,
            self.inputs / self.seconds.max(1),
            self.reached,
            self.places,
            self.kept,
            self.new
        )
    }
}

impl Target {
    /// Runs the target to its time or to the first input on which something does not hold.
    pub(super) fn run(&self, limits: Limits) -> Result<Run, Error> {
        make_folder(&self.corpus)?;
        make_folder(&self.failed)?;
        let log = self.corpus.with_extension("log");
        let file = File::create(&log).map_err(Error::io("create", &log))?;
        let mut command = Command::new(&self.program);
        command
            .arg(&self.corpus)
            .args(&self.seeds)
            .arg(format!("-max_total_time={}", limits.time.as_secs()))
            .arg(format!("-max_len={}", limits.input))
            .arg(format!("-timeout={}", limits.patience))
            .arg(format!("-rss_limit_mb={}", limits.memory))
            .arg(format!("-seed={}", limits.seed))
            .arg(format!("-artifact_prefix={}/", self.failed.display()))
            .arg("-print_final_stats=1")
            // The message of a failure says more than the way through the fuzzer to it.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let status = command.status().map_err(|source| Error::Spawn {
            program: self.program.display().to_string(),
            source,
        })?;
        let bytes = fs::read(&log).map_err(Error::io("read", &log))?;
        let text = String::from_utf8_lossy(&bytes);
        if !status.success() {
            let mut printed = log_tail(&log, TAIL_LINES);
            if let Some(input) = written_input(&text) {
                let program = self.program.display();
                let seeds = format!("fuzz/seeds/{}", self.name);
                printed.push_str(&format!(
                    "\nonce more: {program} {input}\nsmaller:   {program} -minimize_crash=1 -max_total_time=60 {input}\n\
                     mend it, and keep the input in {seeds}"
                ));
            }
            return Err(failed_at_length(&command, &status.to_string(), &printed));
        }
        let run = read_log(&text);
        if run.inputs == 0 {
            return Err(failed(&command, "it tried no input", &text));
        }
        Ok(run)
    }
}

/// The error with all of what is to be read, also where that is more than of other programs.
fn failed_at_length(command: &Command, status: &str, printed: &str) -> Error {
    match failed(command, status, "") {
        Error::Command {
            command, status, ..
        } => Error::Command {
            command,
            status,
            output: printed.to_owned(),
        },
        other => other,
    }
}

/// The file to which libFuzzer has written the input that failed.
fn written_input(log: &str) -> Option<&str> {
    log.lines()
        .find_map(|line| Some(line.split_once("Test unit written to ")?.1.trim()))
}

/// Reads libFuzzer's last words.
fn read_log(log: &str) -> Run {
    let mut run = Run::default();
    for line in log.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |word: &str| {
            let place = words.iter().position(|other| *other == word)?;
            words.get(place + 1)?.split('/').next()?.parse().ok()
        };
        if line.starts_with("INFO: Loaded ") {
            run.places = places(line);
        } else if line.starts_with('#') {
            run.reached = after("cov:").unwrap_or(run.reached);
            run.kept = after("corp:").unwrap_or(run.kept);
        } else if line.starts_with("stat::number_of_executed_units:") {
            run.inputs = after("stat::number_of_executed_units:").unwrap_or_default();
        } else if line.starts_with("stat::new_units_added:") {
            run.new = after("stat::new_units_added:").unwrap_or_default();
        } else if line.starts_with("Done ") {
            run.seconds = after("in").unwrap_or_default();
        }
    }
    run
}

/// `INFO: Loaded 1 modules   (285211 inline 8-bit counters): …`.
fn places(line: &str) -> u64 {
    let count = line
        .split_once('(')
        .and_then(|(_, rest)| rest.split(' ').next());
    count
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
INFO: Seed: 3918206239
INFO: Loaded 1 modules   (285211 inline 8-bit counters): 285211 [0x1, 0x2),
INFO:      863 files found in /x
#864	INITED cov: 7031 ft: 21031 corp: 612/98Kb exec/s: 432 rss: 91Mb
#2048	NEW    cov: 7040 ft: 21100 corp: 613/98Kb lim: 4096 exec/s: 1024 rss: 93Mb L: 12/4096 MS: 1 Custom-
#90210	DONE   cov: 7102 ft: 22000 corp: 701/120Kb lim: 4096 exec/s: 2910 rss: 120Mb
Done 90210 runs in 31 second(s)
stat::number_of_executed_units: 90210
stat::average_exec_per_sec:     2910
stat::new_units_added:          89
";

    #[test]
    fn the_last_words_are_read() {
        let run = read_log(LOG);
        assert_eq!(
            run,
            Run {
                inputs: 90210,
                reached: 7102,
                places: 285_211,
                kept: 701,
                new: 89,
                seconds: 31,
            }
        );
        assert_eq!(
            run.to_string(),
            "90210 inputs in 31 s (2910/s), 7102 of 285211 edges, corpus of 701 (89 new)"
        );
    }

    /// A target whose program is this script.
    fn target(name: &str, script: &str) -> (PathBuf, Target) {
        use std::os::unix::fs::PermissionsExt as _;
        let root = std::env::temp_dir().join(format!("xtask-fuzz-{name}-{}", std::process::id()));
        make_folder(&root).unwrap();
        let program = root.join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let target = Target {
            name: name.to_owned(),
            program,
            seeds: Vec::new(),
            corpus: root.join("corpus"),
            failed: root.join("failed"),
        };
        (root, target)
    }

    #[test]
    fn a_failure_says_where_its_input_is() {
        let script = "echo 'a thing does not hold' >&2
            echo 'artifact_prefix=x/; Test unit written to /x/crash-1' >&2; exit 77";
        let (root, target) = target("crash", script);
        let error = target.run(Limits::default()).unwrap_err().to_string();
        for part in [
            "a thing does not hold",
            "program /x/crash-1",
            "fuzz/seeds/crash",
        ] {
            assert!(error.contains(part), "{error}");
        }
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_run_that_tried_nothing_has_failed() {
        let (root, target) = target("idle", "echo 'Done 0 runs in 0 second(s)' >&2");
        let error = target.run(Limits::default()).unwrap_err().to_string();
        assert!(error.contains("tried no input"), "{error}");
        fs::remove_dir_all(root).unwrap();
    }
}
