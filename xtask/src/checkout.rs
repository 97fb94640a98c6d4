//! The checkout that a command works on: the folder with `xtask/` and `addons/`.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::hash::{Hash, hash_tree};

/// The technical name of our Odoo module, and its folder below `addons/`.
pub(crate) const MODULE: &str = "butopea_mcp";

/// A checkout of this repository.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// Finds the checkout from the working directory upwards, so that a command works in any subfolder and a binary
    /// built in one checkout serves another.
    pub(crate) fn find() -> Result<Self, Error> {
        let start = std::env::current_dir().map_err(Error::io("find", Path::new(".")))?;
        let start = start.canonicalize().map_err(Error::io("resolve", &start))?;
        start
            .ancestors()
            .find(|folder| folder.join("xtask").is_dir() && folder.join("addons").is_dir())
            .map(|root| Self {
                root: root.to_owned(),
            })
            .ok_or(Error::NoCheckout(start))
    }

    /// The checkout's top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that Odoo gets as addons path.
    pub(crate) fn addons(&self) -> PathBuf {
        self.root.join("addons")
    }

    /// A file below `xtask/requirements/`.
    pub(crate) fn requirements(&self, name: &str) -> PathBuf {
        self.root.join("xtask/requirements").join(name)
    }

    /// A name for this checkout that is readable, unique by its path and short enough for socket paths.
    pub(crate) fn key(&self) -> String {
        let name: String = self
            .root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
            .take(16)
            .collect();
        format!("{name}-{}", self.path_hash().short())
    }

    /// The hash of the checkout's path.
    pub(crate) fn path_hash(&self) -> Hash {
        Hash::new().with(self.root.as_os_str().as_encoded_bytes())
    }

    /// The hash of everything below `addons/`: when it moves, the instance updates its module.
    pub(crate) fn addons_hash(&self) -> Result<String, Error> {
        hash_tree(&self.addons())
    }
}
