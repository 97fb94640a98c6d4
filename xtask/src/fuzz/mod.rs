//! `cargo xtask fuzz`: builds the targets in `fuzz/` and looks for inputs on which something does not hold.
//!
//! It works on any Rust: coverage needs no flag that is unstable, only sanitizers do, and nearly all of what is fuzzed
//! is safe Rust. What a run learns stays in the cache (`fuzz/corpus/<target>`), so the next one goes on from there; an
//! input that fails goes to `fuzz/failed/<target>` there, and as a seed into the repository with its mend.

mod seeds;
mod target;
mod tool;

use std::fs;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cache::Cache;
use crate::checkout::Checkout;
use crate::counts::Counts;
use crate::error::Error;
use crate::ui::{note, say, seconds};
use target::{Limits, Run, Target};
pub(crate) use tool::look_for_compiler;

/// What to fuzz, and for how long.
#[derive(Debug, Args)]
pub(crate) struct FuzzArgs {
    /// Targets; all, when none is named
    targets: Vec<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Where the dice begin, so that a run on an empty corpus can be repeated; another place each time without it
    #[arg(long)]
    seed: Option<u32>,
    /// Targets at the same time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// List the targets
    #[arg(long)]
    list: bool,
    /// Install a missing C++ compiler with apt-get
    #[arg(long)]
    install: bool,
}

/// Builds and runs the targets; the last line counts them.
pub(crate) fn run(args: &FuzzArgs) -> Result<ExitCode, Error> {
    let checkout = Checkout::find()?;
    let all = names(&checkout)?;
    if args.list {
        all.iter().for_each(say);
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(&all, &args.targets)?;
    look_for_compiler(args.install)?;
    let cache = Cache::open()?;
    let begin = Instant::now();
    let built = tool::build(&cache, &checkout)?;
    say(format_args!("built in {}", seconds(begin.elapsed())));
    let seeds = seeds::Seeds::collect(&cache, &checkout)?;
    let limits = Limits {
        time: Duration::from_secs(args.seconds.into()),
        seed: args.seed.unwrap_or_default(),
        ..Limits::default()
    };
    let targets = chosen.iter().map(|name| Target {
        name: (*name).clone(),
        program: built.join(name),
        seeds: seeds.of(name),
        corpus: cache.path(&format!("fuzz/corpus/{name}")),
        failed: cache.path(&format!("fuzz/failed/{name}")),
    });
    let runs = run_all(targets.collect(), args.jobs.max(1), limits);
    Ok(summary(&runs))
}

/// The targets, by the files that they are written in.
fn names(checkout: &Checkout) -> Result<Vec<String>, Error> {
    let folder = checkout.root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort_unstable();
    Ok(names)
}

fn choose<'a>(all: &'a [String], wanted: &[String]) -> Result<Vec<&'a String>, Error> {
    match wanted.iter().find(|name| !all.contains(name)) {
        Some(wrong) => Err(Error::Usage(format!(
            "there is no fuzz target `{wrong}`; the targets are {}",
            all.join(", ")
        ))),
        None => Ok(all
            .iter()
            .filter(|name| wanted.is_empty() || wanted.contains(name))
            .collect()),
    }
}

/// Runs the targets, so many at the same time, and says how each ended when it does.
fn run_all(targets: Vec<Target>, jobs: usize, limits: Limits) -> Vec<(String, Result<Run, Error>)> {
    let waiting = Mutex::new(targets.into_iter());
    let take = || waiting.lock().ok()?.next();
    let work = || {
        let mut done = Vec::new();
        while let Some(target) = take() {
            let outcome = target.run(limits);
            match &outcome {
                Ok(run) => say(format_args!("{:<12} {run}", target.name)),
                Err(error) => note(format_args!("{}: {error}", target.name)),
            }
            done.push((target.name, outcome));
        }
        done
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .flatten()
            .collect()
    })
}

fn summary(runs: &[(String, Result<Run, Error>)]) -> ExitCode {
    let failed = runs.iter().filter(|(_, outcome)| outcome.is_err()).count() as u64;
    let counts = Counts {
        passed: runs.len() as u64 - failed,
        failed,
        skipped: 0,
    };
    say(counts.line());
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_chosen_by_name() {
        let all = ["answer", "domain"].map(str::to_owned);
        assert_eq!(choose(&all, &[]).unwrap(), [&all[0], &all[1]]);
        assert_eq!(choose(&all, &["domain".to_owned()]).unwrap(), [&all[1]]);
        let error = choose(&all, &["domains".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("answer, domain"), "{error}");
    }

    #[test]
    fn each_target_has_seeds_in_the_repository() {
        let checkout = Checkout::find().unwrap();
        let all = names(&checkout).unwrap();
        assert!(all.len() > 5, "{all:?}");
        for name in all {
            let folder = checkout.root().join("fuzz/seeds").join(&name);
            let seeds = fs::read_dir(&folder).unwrap().count();
            assert!(seeds > 0, "{name}");
        }
    }
}
