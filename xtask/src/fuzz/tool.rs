//! What builds the targets: a C++ compiler for libFuzzer, and cargo-fuzz, the machine's own or the pinned one.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::checkout::Checkout;
use crate::error::{Error, Missing};
use crate::machine;
use crate::own;
use crate::process::{failed, on_path, output};
use crate::ui::Task;

/// The version of cargo-fuzz that is installed where the machine has none.
const VERSION: &str = "0.13.2";

/// Finds the C++ compiler that libFuzzer is compiled with: `CXX`, or `c++` of the PATH.
pub(crate) fn look_for_compiler(install: bool) -> Result<(), Error> {
    let chosen = std::env::var_os("CXX").is_some_and(|value| !value.is_empty());
    if chosen || on_path("c++") {
        return Ok(());
    }
    machine::need(
        vec![Missing {
            what: "a C++ compiler, for libFuzzer",
            package: "g++",
        }],
        install,
    )
}

/// Builds all targets, and returns the folder with their programs.
pub(super) fn build(cache: &Cache, checkout: &Checkout) -> Result<PathBuf, Error> {
    let tool = cargo_fuzz(cache)?;
    // A change of a dependency that left the lock file of `fuzz/` behind would be built without a word.
    let manifest = checkout.root().join("fuzz/Cargo.toml");
    output(
        Command::new(cargo())
            .args(["metadata", "--locked", "--format-version", "1"])
            .arg("--manifest-path")
            .arg(&manifest),
    )?;
    let folder = own::target_folder(checkout)?.join("fuzz");
    let triple = host()?;
    let mut command = Command::new(tool);
    command
        .args(["fuzz", "build", "--fuzz-dir", "fuzz"])
        .args(["--sanitizer", "none", "--codegen-units", "16"])
        .args(["--target", &triple])
        .arg("--target-dir")
        .arg(&folder)
        .current_dir(checkout.root());
    let status = command.status().map_err(|source| Error::Spawn {
        program: "cargo-fuzz".into(),
        source,
    })?;
    if !status.success() {
        return Err(failed(&command, &status.to_string(), ""));
    }
    Ok(folder.join(triple).join("release"))
}

/// The machine's own cargo-fuzz, or the pinned one in the cache.
fn cargo_fuzz(cache: &Cache) -> Result<PathBuf, Error> {
    if on_path("cargo-fuzz") {
        return Ok(PathBuf::from("cargo-fuzz"));
    }
    let place = cache.path(&format!("fuzz/cargo-fuzz-{VERSION}"));
    let program = place.join("bin/cargo-fuzz");
    if works(&program) {
        return Ok(program);
    }
    let _lock = cache.lock("cargo-fuzz")?;
    if !works(&program) {
        let task = Task::start(format!("cargo-fuzz {VERSION}"));
        let staging = cache.staging("cargo-fuzz")?;
        output(
            Command::new(cargo())
                .args(["install", "--quiet", "--locked", "--version", VERSION])
                .arg("--root")
                .arg(staging.path())
                .arg("cargo-fuzz")
                // Not in the checkout, whose settings are for the checkout.
                .current_dir(staging.path()),
        )?;
        staging.commit(&place)?;
        task.done("ready");
    }
    Ok(program)
}

fn works(program: &Path) -> bool {
    program.is_file() && output(Command::new(program).args(["fuzz", "--version"])).is_ok()
}

/// The cargo that runs us, if one does.
fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// The triple of this machine, under which cargo-fuzz builds.
fn host() -> Result<String, Error> {
    let printed = output(Command::new("rustc").arg("-vV"))?;
    let host = printed.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Error::Usage("rustc does not say what machine this is".into()))
}
