//! `cargo xtask bench`: what generating, compiling and using models costs, as a table of figures beside their targets.
//!
//! Figures depend on the machine and on what else it does, so nothing fails on them: the exit code tells whether they
//! could be taken. Everything is built as a user's release is and below the target folder, where the next run finds
//! the dependencies compiled.

mod crates;
mod figures;
mod measure;
mod serve;
mod synthetic;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Args;

use crate::checkout::Checkout;
use crate::error::Error;
use crate::own;
use crate::target::Target;
use crate::ui::{note, say};
use figures::FIGURES;

/// Arguments of `cargo xtask bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The Odoo whose models are measured; the one of this checkout otherwise
    #[command(flatten)]
    target: Target,
    /// Only these figures
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    only: Vec<String>,
    /// List the figures
    #[arg(long)]
    list: bool,
    /// Measure in this very program, which was built for release
    #[arg(long, hide = true)]
    measure: bool,
}

/// One line of the table.
struct Figure {
    /// What was measured, of how much.
    what: String,
    /// What it should be.
    target: String,
    /// What it is, with what else is worth knowing.
    result: String,
    /// Whether the target is met; `None` where there is none.
    met: Option<bool>,
}

impl Figure {
    fn new(what: impl Into<String>, target: &str, result: impl Into<String>, met: bool) -> Self {
        Self {
            what: what.into(),
            target: target.to_owned(),
            result: result.into(),
            met: Some(met),
        }
    }

    fn plain(what: impl Into<String>, result: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            target: "–".to_owned(),
            result: result.into(),
            met: None,
        }
    }
}

/// What the figures share.
struct Bench {
    checkout: Checkout,
    /// Where everything is built: a folder of cargo's target folder.
    folder: PathBuf,
    target: Target,
    /// Every model of the Odoo, once fetched.
    models: Option<butopea_generator::Snapshot>,
}

/// Runs `cargo xtask bench`.
pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode, Error> {
    if args.list {
        for figure in FIGURES {
            say(format_args!("{:<10} {}", figure.name, figure.about));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let unknown = args
        .only
        .iter()
        .find(|name| FIGURES.iter().all(|figure| figure.name != name.as_str()));
    if let Some(name) = unknown {
        return Err(Error::Usage(format!(
            "there is no figure `{name}`: `cargo xtask bench --list` shows them"
        )));
    }
    let checkout = Checkout::find()?;
    let folder = own::target_folder(&checkout)?.join("bench");
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let bench = Bench {
        checkout,
        folder,
        target: args.target.clone(),
        models: None,
    };
    if args.measure {
        Ok(bench.measure(&args.only))
    } else {
        bench.start_over()
    }
}

impl Bench {
    /// Starts this program anew, built for release: the generator is what is measured.
    fn start_over(self) -> Result<ExitCode, Error> {
        own::watch(
            self.cargo()
                .args(["build", "--quiet", "--release", "--package", "xtask"]),
        )?;
        let mut command = Command::new(self.folder.join("release/xtask"));
        command.args(std::env::args_os().skip(1)).arg("--measure");
        // The answer to where the local Odoo is comes from this program, whose folder is another's.
        let target = if self.target.url.is_some() {
            Some(self.target)
        } else {
            own::local_target().ok()
        };
        if let Some(target) = target {
            target.apply(&mut command);
        }
        own::watch(&mut command).map(|()| ExitCode::SUCCESS)
    }

    fn measure(mut self, only: &[String]) -> ExitCode {
        let mut lines = Vec::new();
        let mut code = ExitCode::SUCCESS;
        for figure in FIGURES {
            if !only.is_empty() && only.iter().all(|name| name != figure.name) {
                continue;
            }
            note(format_args!("── {} ── {}", figure.name, figure.about));
            match (figure.take)(&mut self) {
                Ok(figures) => lines.extend(figures),
                Err(error) => {
                    note(format_args!("error: {error}"));
                    lines.push(Figure::plain(figure.about, "could not be taken"));
                    code = ExitCode::FAILURE;
                }
            }
        }
        table(&lines);
        code
    }

    /// Cargo, building below our folder as a new project's release is built: without the link-time optimisation of
    /// this workspace's own binaries.
    fn cargo(&self) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command
            .current_dir(self.checkout.root())
            .env("CARGO_TARGET_DIR", &self.folder)
            .env("CARGO_PROFILE_RELEASE_LTO", "false")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
        command
    }
}

fn table(lines: &[Figure]) {
    let width = |part: fn(&Figure) -> &str, title: &str| {
        lines
            .iter()
            .map(|line| part(line).chars().count())
            .max()
            .unwrap_or(0)
            .max(title.len())
    };
    let what = width(|line| &line.what, "figure");
    let target = width(|line| &line.target, "target");
    say(format_args!(
        "\n{:what$}  {:target$}     result",
        "figure", "target"
    ));
    for line in lines {
        let mark = match line.met {
            Some(true) => "✓",
            Some(false) => "✗",
            None => " ",
        };
        say(format_args!(
            "{:what$}  {:target$}  {mark}  {}",
            line.what, line.target, line.result
        ));
    }
}
