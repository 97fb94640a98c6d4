//! Virtual environments in the cache, one for each set of pinned requirements.
//!
//! They are built in a temporary folder and renamed, so the start scripts that pip writes (which name the folder they
//! were made in) must not be used: run modules with `python -m`. Programs that a package carries ready-made, such as
//! ruff, are fine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::error::Error;
use crate::hash::Hash;
use crate::machine::Python;
use crate::process::output;
use crate::ui::Task;

/// A finished virtual environment.
#[derive(Debug, Clone)]
pub(crate) struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// The environment with exactly `requirements` (a pip requirements file), made when it is not there yet.
    pub(crate) fn ensure(
        cache: &Cache,
        python: &Python,
        name: &str,
        requirements: &Path,
    ) -> Result<Self, Error> {
        let content = fs::read(requirements).map_err(Error::io("read", requirements))?;
        let hash = Hash::new()
            .with(&content)
            .with(python.identity.as_bytes())
            .short();
        let folder = cache.path("python").join(format!("{name}-{hash}"));
        let venv = Self { folder };
        if venv.works() {
            return Ok(venv);
        }
        let _lock = cache.lock(&format!("python-{name}"))?;
        if !venv.works() {
            venv.build(cache, python, name, requirements)?;
        }
        Ok(venv)
    }

    /// Whether the interpreter still starts: a system upgrade can take away the one it links to.
    fn works(&self) -> bool {
        self.folder.is_dir() && output(Command::new(self.python()).arg("--version")).is_ok()
    }

    fn build(
        &self,
        cache: &Cache,
        python: &Python,
        name: &str,
        requirements: &Path,
    ) -> Result<(), Error> {
        let task = Task::start(format!("Python environment `{name}`"));
        let staging = cache.staging(&format!("python-{name}"))?;
        output(
            Command::new(&python.program)
                .args(["-m", "venv"])
                .arg(staging.path()),
        )?;
        output(
            Command::new(staging.path().join("bin/python"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .arg("--requirement")
                .arg(requirements)
                .env("PIP_CACHE_DIR", cache.path("pip"))
                .env("TMPDIR", staging.path()),
        )?;
        staging.commit(&self.folder)?;
        task.done("ready");
        Ok(())
    }

    /// The environment's interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program that a package carries ready-made.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// The last part of the folder's name: requirements and interpreter in one word.
    pub(crate) fn key(&self) -> String {
        self.folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}
