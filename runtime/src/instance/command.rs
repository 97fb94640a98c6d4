//! `butopea-mcp-server gen`: the folder of an instance, written or checked, without Rust.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::check::compare;
use super::folder::{MODELS_FILE, SCHEMAS, SchemaFolder, read_models_file};
use super::models_file::{ModelsFile, REFERENCE_MODELS_FILE};
use super::place::{Place, instances_dir};
use super::survey::{Scope, Survey, survey};
use super::write::{Written, write};
use crate::client::{Answer, Client, Config, Context};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::join_bounded;

/// How many models a line names.
const NAMED: usize = 12;

/// The options of `gen`.
#[derive(Debug, Clone, Default, Args)]
pub struct GenOptions {
    /// Describe these models instead of those of models.toml (`sale.*,res.partner`).
    #[arg(long, value_delimiter = ',', value_name = "MODEL,…")]
    pub models: Vec<String>,
    /// Describe every model that the user reaches.
    #[arg(long, conflicts_with = "models")]
    pub all: bool,
    /// Write this folder instead of the one in the data folder; serve it with --schemas.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write nothing; say what differs from the connected Odoo, and exit with 1 if something
    /// does.
    #[arg(long)]
    pub check: bool,
}

/// Runs `gen` against this Odoo.
///
/// # Errors
/// [`ErrorKind::Configuration`] when settings are missing or the folder cannot be written, or
/// any failure of a call.
pub async fn generate(
    options: &GenOptions,
    config: Config,
    data_dir: Option<&Path>,
) -> Result<ExitCode> {
    let client = Client::new(config)?;
    let outcome = run(&client, options, data_dir).await;
    client.end_session().await;
    outcome
}

async fn run(client: &Client, options: &GenOptions, data_dir: Option<&Path>) -> Result<ExitCode> {
    let root = root(client, options, data_dir).await?;
    if options.check && !root.join(SCHEMAS).is_dir() {
        say(format_args!(
            "{}: there are no schema files yet",
            root.display()
        ))?;
        note("run `butopea-mcp-server gen` to write them");
        return Ok(ExitCode::FAILURE);
    }
    let models_file = root.join(MODELS_FILE);
    let file = if models_file.is_file() {
        read_models_file(&models_file)?
    } else {
        ModelsFile::parse(REFERENCE_MODELS_FILE)?
    };
    let scope = Scope::new(file, &options.models, options.all)?;
    let mut progress = Progress::start("describing models");
    let survey = survey(client, &scope, |answer| progress.update(answer)).await?;
    progress.end(&survey);
    if survey.schemas.is_empty() {
        return Err(nothing_described(&survey));
    }
    if options.check {
        check(&root, &scope, &survey)
    } else {
        report(&root, &write(&root, &survey)?, &survey)?;
        Ok(exit_code(survey.failures.is_empty()))
    }
}

/// The folder to work on. Which database it is, an address that serves one tells only when it
/// is asked.
async fn root(client: &Client, options: &GenOptions, data_dir: Option<&Path>) -> Result<PathBuf> {
    if let Some(out) = &options.out {
        return Ok(out.clone());
    }
    let config = client.config();
    let database = match &config.database {
        Some(database) => Some(database.clone()),
        None => client.capabilities(&Context::new()).await?.database,
    };
    let unknown = || {
        Error::new(
            ErrorKind::Configuration,
            "it is not known where the files belong",
        )
        .with_hint("Set ODOO_DB, and HOME or ODOO_DATA_DIR, or name a folder with --out.")
    };
    let place = Place::new(&config.url, None).ok_or_else(unknown)?;
    let name = place.folder_name(&database.ok_or_else(unknown)?);
    Ok(instances_dir(data_dir).ok_or_else(unknown)?.join(name))
}

fn nothing_described(survey: &Survey) -> Error {
    if let Some((model, error)) = survey.failures.first_key_value() {
        return Error::new(
            error.kind(),
            format!("{model} could not be described: {}", error.message()),
        );
    }
    Error::new(
        ErrorKind::UnknownModel,
        "no model was described: this user reaches none of those that were asked for",
    )
    .with_hint("--all asks for every model that the user reaches.")
}

fn exit_code(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

// ------------------------------------------------------------------ checking

fn check(root: &Path, scope: &Scope, survey: &Survey) -> Result<ExitCode> {
    let folder = SchemaFolder::open(root);
    let differences = compare(&folder, scope, survey)?;
    for line in &differences.notes {
        say(format_args!("note: {line}"))?;
    }
    for (model, lines) in &differences.models {
        for line in lines {
            say(format_args!("{model}: {line}"))?;
        }
    }
    say_failures(survey)?;
    match differences.models.len() {
        0 => note(format_args!(
            "{} models are as in {}",
            survey.schemas.len(),
            root.display()
        )),
        count => note(format_args!(
            "{count} models differ from {}: run the same command without --check to take over \
             what Odoo says now",
            root.display()
        )),
    }
    let is_same = differences.models.is_empty() && survey.failures.is_empty();
    Ok(exit_code(is_same))
}

// ------------------------------------------------------------------ reporting

fn report(root: &Path, written: &Written, survey: &Survey) -> Result<()> {
    let manifest = &survey.manifest;
    say(format_args!(
        "Odoo {} at {}, database {}, as {}",
        manifest.odoo_version.as_deref().unwrap_or("unknown"),
        manifest.url,
        manifest.database,
        manifest.user
    ))?;
    say(format_args!(
        "{} models: {} new, {} changed, {} removed",
        survey.schemas.len(),
        written.added.len(),
        written.changed.len(),
        written.removed.len()
    ))?;
    for (what, models) in [
        ("new", &written.added),
        ("changed", &written.changed),
        ("removed", &written.removed),
        ("not in this Odoo, or not for this user", &survey.absent),
    ] {
        if !models.is_empty() {
            let names = join_bounded(models.iter().map(String::as_str), NAMED);
            say(format_args!("{what}: {names}"))?;
        }
    }
    say_failures(survey)?;
    say(root.display())?;
    if written.has_new_models_file {
        note(format_args!(
            "which models, tools and fields: {}",
            root.join(MODELS_FILE).display()
        ));
    }
    Ok(())
}

fn say_failures(survey: &Survey) -> Result<()> {
    for (model, error) in &survey.failures {
        say(format_args!("{model}: not described: {}", error.message()))?;
    }
    Ok(())
}

/// Prints a line of the answer.
fn say(line: impl Display) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").map_err(|error| {
        Error::new(
            ErrorKind::Configuration,
            format!("standard output cannot be written: {error}"),
        )
    })
}

/// Prints a line about the work. Whether anybody reads it is of no account.
fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Visible progress on standard error: a bar on a terminal, plain lines elsewhere.
struct Progress {
    label: &'static str,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn start(label: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner().with_message(label);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            note(format_args!("{label} …"));
        }
        Self { label, bar }
    }

    fn update(&self, answer: &Answer) {
        let at_hand = answer.asked.last().map_or("", String::as_str);
        let (done, total) = (answer.done as u64, answer.total as u64);
        let Some(bar) = &self.bar else {
            note(format_args!("{}: {done}/{total} ({at_hand})", self.label));
            return;
        };
        if bar.length() != Some(total) {
            bar.set_length(total);
            let style = "{spinner} {msg} [{bar:30}] {pos}/{len} {prefix} {elapsed}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style.progress_chars("=> "));
            }
        }
        bar.set_prefix(at_hand.to_owned());
        bar.set_position(done);
    }

    fn end(&mut self, survey: &Survey) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        note(format_args!("{}: {}", self.label, survey.schemas.len()));
    }
}
