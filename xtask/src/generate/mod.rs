//! `cargo xtask gen`: from a live Odoo to the files of a generated crate.
//!
//! On the data's way: **live Odoo → snapshot → code and schemas**. The generator is a library
//! without network; this command fetches, calls it, and says what changed.

pub(crate) mod fetch;
mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use butopea_generator::{Config, Generated, Output, Patterns, Snapshot, diff, emit, generate};
use clap::{Args, ValueEnum};

use crate::checkout::Checkout;
use crate::error::Error;
use crate::target::Target;
use crate::ui;

/// Arguments of `cargo xtask gen`.
#[derive(Debug, Args)]
pub(crate) struct GenArgs {
    #[command(flatten)]
    target: Target,
    /// Generate these models instead of those of models.toml (`sale.*,res.partner`)
    #[arg(long, value_delimiter = ',', value_name = "PATTERNS")]
    models: Vec<String>,
    /// Generate every model that the user reaches
    #[arg(long, conflicts_with = "models")]
    all: bool,
    /// Generate from the snapshot, without asking Odoo
    #[arg(long)]
    offline: bool,
    /// Write nothing; say what is out of date, and exit with 1 if something is. With
    /// --offline: the files against the snapshot. Without: the snapshot against the live Odoo
    #[arg(long)]
    check: bool,
    /// How the live check tells the differences
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The live check looks at these models alone
    #[arg(long, value_delimiter = ',', value_name = "PATTERNS")]
    watch_only: Vec<String>,
    /// The generated crate: where models.toml and Cargo.toml are
    #[arg(long, value_name = "DIR", default_value = "generated")]
    out: PathBuf,
}

/// How differences are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// For a program
    Json,
}

/// Why models could not be described, by model.
type Failures = BTreeMap<String, butopea_runtime::Error>;

/// Runs `cargo xtask gen`.
pub(crate) fn run(args: &GenArgs) -> Result<ExitCode, Error> {
    let root = crate_root(&args.out)?;
    let config = config(args, &root)?;
    match (args.offline, args.check) {
        (true, true) => check_files(&root, &config),
        (true, false) => write(&root, &config, &Snapshot::read(&root)?, &Failures::new()),
        (false, true) => check_live(args, &root, &config),
        (false, false) => {
            let fetched = fetch::snapshot(&args.target, &config, args.all)?;
            let snapshot = keep_old(&root, &config, &fetched);
            write(&root, &config, &snapshot, &fetched.failures)
        }
    }
}

/// A relative folder is meant from the checkout's top, wherever the command was given.
fn crate_root(out: &Path) -> Result<PathBuf, Error> {
    if out.is_absolute() {
        Ok(out.to_owned())
    } else {
        Ok(Checkout::find()?.root().join(out))
    }
}

fn config(args: &GenArgs, root: &Path) -> Result<Config, Error> {
    let path = root.join("models.toml");
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let config = Config::parse(&text)?;
    Ok(if args.all {
        config.with_models(Patterns::new(["*"])?)
    } else if args.models.is_empty() {
        config
    } else {
        config.with_models(Patterns::new(&args.models)?)
    })
}

/// A model that could not be described this time keeps the description of last time.
fn keep_old(root: &Path, config: &Config, fetched: &fetch::Fetched) -> Snapshot {
    let mut snapshot = fetched.snapshot.clone();
    if fetched.failures.is_empty() {
        return snapshot;
    }
    if let Ok(old) = Snapshot::read(root) {
        let kept = old
            .models
            .into_iter()
            .filter(|(model, _)| fetched.failures.contains_key(model) && config.wants(model));
        snapshot.models.extend(kept);
    }
    snapshot
}

fn write(
    root: &Path,
    config: &Config,
    snapshot: &Snapshot,
    failures: &Failures,
) -> Result<ExitCode, Error> {
    let started = Instant::now();
    let generated = complete(root, generate(snapshot, config)?)?;
    let changes = generated.output.write(root)?;
    report::summary(&generated, &changes, started.elapsed());
    report::failures(failures);
    Ok(if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Adds the crate's manifest with its features to the files.
pub(crate) fn complete(root: &Path, mut generated: Generated) -> Result<Generated, Error> {
    let path = root.join("Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let manifest = emit::with_features(&manifest, &generated.package, &path)?;
    generated
        .output
        .files
        .insert(PathBuf::from("Cargo.toml"), manifest);
    Ok(generated)
}

fn check_files(root: &Path, config: &Config) -> Result<ExitCode, Error> {
    let generated = complete(root, generate(&Snapshot::read(root)?, config)?)?;
    let output: &Output = &generated.output;
    let changes = output.changes(root)?;
    if changes.is_empty() {
        ui::note(format_args!(
            "{} generated files are up to date",
            output.files.len()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    ui::say(output.diff(root)?.trim_end());
    ui::note(
        "the generated files are not what the snapshot and models.toml give: \
         run `cargo xtask gen --offline` and commit what it changes",
    );
    Ok(ExitCode::FAILURE)
}

fn check_live(args: &GenArgs, root: &Path, config: &Config) -> Result<ExitCode, Error> {
    let config = if args.watch_only.is_empty() {
        config.clone()
    } else {
        config
            .clone()
            .with_watched(Patterns::new(&args.watch_only)?)
    };
    let old = Snapshot::read(root)?;
    let fetched = fetch::snapshot(&args.target, &config, args.all)?;
    let difference = diff::difference(&old, &fetched.snapshot, &config);
    match args.format {
        Format::Json => ui::say(report::json(&difference)?),
        Format::Text if difference.is_empty() => {}
        Format::Text => ui::say(difference.to_string().trim_end()),
    }
    report::failures(&fetched.failures);
    if difference.is_empty() && fetched.failures.is_empty() {
        ui::note(format_args!(
            "{} models are as in the snapshot",
            fetched.snapshot.models.len()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if !difference.is_empty() {
        ui::note(format_args!(
            "{} models differ from the snapshot: run `cargo xtask gen` to take the live schema over",
            difference.models.len()
        ));
    }
    Ok(ExitCode::FAILURE)
}
