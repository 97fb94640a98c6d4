//! `cargo xtask test`: every check and test of the repository, in the order of what they cost.
//!
//! The local Odoo is brought up in the background meanwhile, since its first start takes minutes. The last line on
//! stdout is `N passed, M failed, K skipped` over all runners.

mod apart;
mod background;
mod conformance;
mod end_to_end;
mod http_server;
mod inspector;
mod nasty;
mod runner;
mod steps;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cache::Cache;
use crate::checkout::Checkout;
use crate::counts::Counts;
use crate::error::Error;
use crate::fuzz::look_for_compiler;
use crate::machine::{Machine, Python};
use crate::target::Target;
use crate::ui::{note, say, seconds};
use apart::Apart;
use background::LocalOdoo;
use steps::{STEPS, Step};

/// What to run, and against which Odoo.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line, independent of the others"
)]
pub(crate) struct TestArgs {
    /// Only these steps
    #[arg(long, value_delimiter = ',', value_name = "STEP,…")]
    only: Vec<String>,
    /// All but these steps
    #[arg(long, value_delimiter = ',', value_name = "STEP,…")]
    skip: Vec<String>,
    /// List the steps
    #[arg(long)]
    list: bool,
    /// Build the server as it is released for the end-to-end tests
    #[arg(long)]
    release: bool,
    /// Install missing Debian packages with apt-get
    #[arg(long)]
    install: bool,
    /// Leave the local Odoo running even if it was started for this run
    #[arg(long)]
    keep: bool,
    /// Remove the local Odoo with its database if it was started for this run
    #[arg(long, conflicts_with = "keep")]
    purge: bool,
    /// An existing Odoo for the end-to-end tests
    #[command(flatten)]
    target: Target,
    /// Arguments for pytest, such as `-- -k search`
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// What the steps share.
struct Context {
    cache: Cache,
    checkout: Checkout,
    args: TestArgs,
    odoo: Option<LocalOdoo>,
    /// Steps that run beside the others; none until the first step that needs an Odoo.
    apart: Option<Vec<Apart>>,
}

/// How a step ended.
enum Outcome {
    /// It held, with these tests (none for a plain check).
    Passed(Counts),
    /// It did not.
    Failed(Counts, Error),
    /// It does not apply, for this reason.
    Skipped(&'static str),
}

/// Runs the chosen steps; the exit code is that of the whole.
pub(crate) fn run(args: TestArgs) -> Result<ExitCode, Error> {
    if args.list {
        for step in STEPS {
            say(format_args!("{:<12} {}", step.name, step.about));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(&args.only, &args.skip)?;
    let checkout = Checkout::find()?;
    let is_here = |step: &&&Step| step.needs_odoo && !step.is_apart(&checkout);
    let needs_odoo = chosen.iter().any(|step| step.needs_odoo);
    let local = needs_odoo && args.target.url.is_none();
    if args.install {
        // Before anything runs side by side: apt-get suffers no second one.
        if local {
            Machine::look(true)?;
        } else {
            Python::look(true)?;
        }
        if chosen.iter().any(|step| step.name == "fuzz") {
            look_for_compiler(true)?;
        }
    }
    let modules: Vec<&str> = chosen
        .iter()
        .filter(is_here)
        .flat_map(|step| step.own_odoo.iter().flat_map(|own| own.modules))
        .copied()
        .collect();
    let mut context = Context {
        cache: Cache::open()?,
        odoo: None,
        apart: None,
        args,
        checkout: checkout.clone(),
    };
    if local && chosen.iter().any(|step| is_here(&step)) {
        context.odoo = Some(LocalOdoo::start(&context, &modules)?);
    }
    if let Some(url) = context.args.target.url.as_ref().filter(|_| needs_odoo) {
        note(format_args!("the end-to-end tests use the Odoo at {url}"));
    }
    let mut rows = Vec::new();
    for step in chosen.iter().copied() {
        say(format_args!("\n── {} ── {}", step.name, step.about));
        let begin = Instant::now();
        let (outcome, time) = match run_step(step, &chosen, &mut context) {
            Ok((outcome, time)) => (outcome, time.unwrap_or_else(|| begin.elapsed())),
            Err(error) => (Outcome::Failed(Counts::default(), error), begin.elapsed()),
        };
        if let Outcome::Failed(_, error) = &outcome {
            note(format_args!("{}: {error}", step.name));
        }
        say(format_args!(
            "── {}: {} ({})",
            step.name,
            word(&outcome),
            seconds(time)
        ));
        rows.push((step, outcome, time));
    }
    if let Some(odoo) = context.odoo.take()
        && !context.args.keep
    {
        odoo.finish(context.args.purge);
    }
    Ok(summary(&rows))
}

/// Runs a step here or, where it has an Odoo of its own, in a process of its own, and says how long that took. Those
/// processes begin with the first step that needs an Odoo.
fn run_step(
    step: &Step,
    chosen: &[&Step],
    context: &mut Context,
) -> Result<(Outcome, Option<Duration>), Error> {
    if step.needs_odoo && context.args.target.url.is_none() && context.apart.is_none() {
        let beside = chosen
            .iter()
            .copied()
            .filter(|step| step.is_apart(&context.checkout));
        context.apart = Some(Apart::start(context, beside)?);
    }
    let is_elsewhere = context.args.target.url.is_some();
    if !step.is_apart(&context.checkout) || is_elsewhere && step.takes_any_odoo() {
        return Ok(((step.run)(context)?, None));
    }
    if is_elsewhere {
        let reason = "it needs an Odoo of its own, so a local one";
        return Ok((Outcome::Skipped(reason), None));
    }
    let begun = context.apart.as_mut().and_then(|apart| {
        let at = apart.iter().position(|apart| apart.step == step.name)?;
        Some(apart.swap_remove(at))
    });
    let begun = match begun {
        Some(begun) => begun,
        None => Apart::start(context, std::iter::once(step))?.remove(0),
    };
    let (outcome, time) = begun.finish()?;
    Ok((outcome, Some(time)))
}

/// The steps by name, in their own order; a name that is none is an error, not an empty run.
fn choose(only: &[String], skip: &[String]) -> Result<Vec<&'static Step>, Error> {
    if let Some(wrong) = only
        .iter()
        .chain(skip)
        .find(|name| STEPS.iter().all(|step| step.name != name.as_str()))
    {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(Error::Usage(format!(
            "there is no step `{wrong}`; the steps are {}",
            names.join(", ")
        )));
    }
    let named = |list: &[String], step: &Step| list.iter().any(|name| name == step.name);
    Ok(STEPS
        .iter()
        .filter(|step| only.is_empty() || named(only, step))
        .filter(|step| !named(skip, step))
        .collect())
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed(counts) if *counts == Counts::default() => "ok".into(),
        Outcome::Passed(counts) => format!("ok, {}", counts.line()),
        Outcome::Failed(counts, _) if *counts == Counts::default() => "FAILED".into(),
        Outcome::Failed(counts, _) => format!("FAILED, {}", counts.line()),
        Outcome::Skipped(reason) => format!("skipped: {reason}"),
    }
}

/// Prints the table and the closing line; a step that failed without a failed test counts as one.
fn summary(rows: &[(&Step, Outcome, Duration)]) -> ExitCode {
    say("\n── summary ──");
    let mut total = Counts::default();
    let mut good = true;
    for (step, outcome, time) in rows {
        say(format_args!(
            "{:<12} {:>14}  {}",
            step.name,
            seconds(*time),
            word(outcome)
        ));
        match outcome {
            Outcome::Passed(counts) => total += *counts,
            Outcome::Failed(counts, _) => {
                good = false;
                total += Counts {
                    failed: counts.failed.max(1),
                    ..*counts
                };
            }
            Outcome::Skipped(_) => {}
        }
    }
    say(total.line());
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>, Error> {
        let own = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        choose(&own(only), &own(skip)).map(|steps| steps.iter().map(|step| step.name).collect())
    }

    #[test]
    fn steps_are_chosen_by_name_and_keep_their_order() {
        assert_eq!(names(&["unit", "fmt"], &[]).unwrap(), ["fmt", "unit"]);
        assert!(!names(&[], &["clippy"]).unwrap().contains(&"clippy"));
    }

    #[test]
    fn a_wrong_name_is_refused() {
        let error = names(&["units"], &[]).unwrap_err().to_string();
        assert!(
            error.contains("`units`") && error.contains("unit"),
            "{error}"
        );
    }
}
