//! The step `nasty`: what the generator, the compiler, the typed API and the server make of the models of
//! `tests/addons/butopea_nasty`, whose names, labels, options and fields no sane module has.
//!
//! `tests/nasty` has what is generated from all of them but one, for review and for the steps without an Odoo. Here the
//! live models are held against it; then all of them, with the one of 600 fields, are generated into a folder of the
//! build, compiled from there, and served.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::end_to_end::end_to_end;
use super::runner::check;
use super::steps::{RustTests, cargo, run_rust_tests, target};
use super::{Context, Outcome};
use crate::counts::Counts;
use crate::error::Error;
use crate::own;
use crate::process::output;
use crate::target::Target;

/// The modules of `tests/addons` with the models.
pub(super) const MODULES: &[&str] = &["butopea_nasty", "butopea_nasty_twin"];

/// The end-to-end tests of the models; they are collected where [`SCHEMAS`] is set.
pub(super) const TESTS: &str = "e2e/test_nasty.py";

/// The variable that names the schema files of the models.
pub(super) const SCHEMAS: &str = "BUTOPEA_NASTY";

/// The crate of the checkout.
const CRATE: &str = "tests/nasty";

/// A part of the step, on the Odoo with the models.
type Part = fn(&mut Context, &Target) -> Result<Outcome, Error>;

/// Runs the step.
pub(super) fn run(context: &mut Context) -> Result<Outcome, Error> {
    let target = target(context)?;
    let parts: [Part; 5] = [
        |context, target| {
            check(&mut generate(
                context,
                target,
                Path::new(CRATE),
                &["--check"],
            )?)
        },
        all_models,
        |context, _| compile(context),
        |context, target| run_rust_tests(context, RustTests::OnNasty(target)),
        |context, _| end_to_end(context, "mcp2", &[TESTS]),
    ];
    let mut counts = Counts::default();
    for part in parts {
        match part(context, &target)? {
            Outcome::Passed(more) => counts += more,
            Outcome::Failed(more, error) => {
                counts += more;
                return Ok(Outcome::Failed(counts, error));
            }
            skipped @ Outcome::Skipped(_) => return Ok(skipped),
        }
    }
    Ok(Outcome::Passed(counts))
}

/// The schema files of all models.
pub(super) fn schemas(context: &Context) -> Result<PathBuf, Error> {
    Ok(folder(context)?.join("schemas"))
}

/// Where all models are generated to.
fn folder(context: &Context) -> Result<PathBuf, Error> {
    Ok(own::target_folder(&context.checkout)?.join("nasty"))
}

fn generate(
    context: &Context,
    target: &Target,
    out: &Path,
    options: &[&str],
) -> Result<Command, Error> {
    let mut command = own::command()?;
    command
        .args(["gen", "--out"])
        .arg(out)
        .args(options)
        .current_dir(context.checkout.root());
    target.apply(&mut command);
    Ok(command)
}

/// Generates all models, and once more from the snapshot, which has to give the same bytes.
fn all_models(context: &mut Context, target: &Target) -> Result<Outcome, Error> {
    let folder = folder(context)?;
    let origin = context.checkout.root().join(CRATE);
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    for name in ["Cargo.toml", "models.toml"] {
        let path = origin.join(name);
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        // What the checkout leaves out for its size is generated here.
        let kept = text.lines().filter(|line| !line.starts_with("exclude = "));
        let path = folder.join(name);
        let text = kept.collect::<Vec<_>>().join("\n");
        fs::write(&path, text).map_err(Error::io("write", &path))?;
    }
    match check(&mut generate(context, target, &folder, &[])?)? {
        Outcome::Passed(_) => check(&mut generate(
            context,
            target,
            &folder,
            &["--offline", "--check"],
        )?),
        other => Ok(other),
    }
}

/// Compiles the crate of all models with all features, without a warning. By the compiler itself with the runtime that
/// is built for the tests: cargo would build all its dependencies once more for a crate outside of the workspace.
fn compile(context: &mut Context) -> Result<Outcome, Error> {
    let folder = folder(context)?;
    let library = runtime(context)?;
    let dependencies = own::target_folder(&context.checkout)?.join("debug/deps");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(compiler);
    command
        .args(["--edition", "2024", "--crate-type", "lib"])
        .args(["--crate-name", "nasty_models", "--emit", "metadata"])
        .args(["-D", "warnings", "-D", "missing_docs", "-F", "unsafe_code"])
        .arg("--out-dir")
        .arg(folder.join("compiled"))
        .arg("--extern")
        .arg(format!("butopea_runtime={}", library.display()))
        .arg("-L")
        .arg(format!("dependency={}", dependencies.display()));
    for feature in features(&folder)? {
        command.args(["--cfg", &format!("feature={feature:?}")]);
    }
    command
        .args(["--check-cfg", "cfg(feature, values(any()))"])
        .args(["--check-cfg", "cfg(rustfmt)"])
        .arg(folder.join("src/lib.rs"))
        .current_dir(context.checkout.root());
    check(&mut command)
}

/// The features of the crate, which are those of its models.
fn features(folder: &Path) -> Result<Vec<String>, Error> {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let lines = text.lines().filter_map(|line| line.strip_suffix(" = []"));
    Ok(lines.map(str::to_owned).collect())
}

/// The library `butopea_runtime` as the workspace's programs have it.
fn runtime(context: &Context) -> Result<PathBuf, Error> {
    let mut build = cargo(context);
    build.args(["build", "--locked", "--workspace", "--bins"]);
    build.args(["--quiet", "--message-format", "json"]);
    let printed = output(&mut build)?;
    printed
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "butopea_runtime")
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .find(|path| path.extension().is_some_and(|end| end == "rlib"))
        .ok_or_else(|| Error::Usage("cargo built no library butopea_runtime".into()))
}
