//! Crates of generated models that are compiled to see what it takes.

use std::fs;
use std::path::{Path, PathBuf};

use butopea_generator::{Config, Generated, Snapshot, generate};

use super::Bench;
use super::measure::{self, Usage};
use crate::error::Error;
use crate::generate::complete;

/// Manifest of the workspace of these crates; a workspace of its own, so that its dependencies are those of somebody
/// else's project.
const WORKSPACE: &str = "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n";

/// How a crate is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// As while developing.
    Debug,
    /// As for use.
    Release,
}

impl Bench {
    fn workspace(&self) -> Result<PathBuf, Error> {
        let folder = self.folder.join("crates");
        put(&folder.join("Cargo.toml"), WORKSPACE)?;
        // The versions of the checkout, which are at hand without network.
        let lock = self.checkout.root().join("Cargo.lock");
        let text = fs::read_to_string(&lock).map_err(Error::io("read", &lock))?;
        put(&folder.join("Cargo.lock"), &text)?;
        Ok(folder)
    }

    /// The folder of a crate that has everything but generated files.
    pub(super) fn bare_crate(&self, name: &str) -> Result<PathBuf, Error> {
        let root = self.workspace()?.join(name);
        let runtime = self.checkout.root().join("runtime");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [features]\n\
             # Features below are written by `cargo xtask gen`.\n\
             # Features above are written by `cargo xtask gen`.\n\n\
             [dependencies]\n\
             butopea-runtime = {{ path = '{}', default-features = false }}\n",
            runtime.display()
        );
        put(&root.join("Cargo.toml"), &manifest)?;
        put(&root.join("src/lib.rs"), "")?;
        Ok(root)
    }

    /// Writes a crate of these models.
    pub(super) fn crate_of(
        &self,
        name: &str,
        snapshot: &Snapshot,
        config: &Config,
    ) -> Result<Generated, Error> {
        let root = self.bare_crate(name)?;
        let generated = complete(&root, generate(snapshot, config)?)?;
        generated.output.write(&root)?;
        Ok(generated)
    }

    /// Compiles the library of a crate whose dependencies are compiled already, from nothing; with its default
    /// features or with this one alone.
    pub(super) fn compile(
        &self,
        name: &str,
        profile: Profile,
        feature: Option<&str>,
    ) -> Result<Usage, Error> {
        let folder = self.workspace()?;
        let cargo = |arguments: &[&str], package: &str| {
            let mut command = self.cargo();
            command.current_dir(&folder).args(arguments);
            command.args(["--quiet", "--offline", "--package", package]);
            if profile == Profile::Release {
                command.arg("--release");
            }
            command
        };
        self.bare_crate("dependencies")?;
        measure::run(&mut cargo(&["build"], "dependencies"))?;
        measure::run(&mut cargo(&["clean"], name))?;
        let mut build = cargo(&["build", "--lib"], name);
        if let Some(feature) = feature {
            build.args(["--no-default-features", "--features", feature]);
        }
        measure::run(&mut build)
    }
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(()); // left alone, so that cargo sees no change
    }
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    fs::write(path, text).map_err(Error::io("write", path))
}
