//! The checkout that a command works on: the folder with `xtask/` and `addons/`.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::hash::{Hash, hash_tree};

/// The technical name of our Odoo module, and its folder below `addons/`.
pub(crate) const MODULE: &str = "butopea_mcp";

/// The variable that names an instance of Odoo beside the usual one, for a command and for those that it starts.
pub(crate) const INSTANCE_VARIABLE: &str = "BUTOPEA_INSTANCE";

/// How long the name of an instance may be: it becomes part of a socket's path, which has 107 bytes.
const NAME_LIMIT: usize = 12;

/// A checkout of this repository, and which of its instances of Odoo is meant.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    root: PathBuf,
    instance: Option<String>,
}

impl Checkout {
    /// Finds the checkout from the working directory upwards, so that a command works in any subfolder and a binary
    /// built in one checkout serves another. The instance is the one that [`INSTANCE_VARIABLE`] names.
    pub(crate) fn find() -> Result<Self, Error> {
        let start = std::env::current_dir().map_err(Error::io("find", Path::new(".")))?;
        let start = start.canonicalize().map_err(Error::io("resolve", &start))?;
        start
            .ancestors()
            .find(|folder| folder.join("xtask").is_dir() && folder.join("addons").is_dir())
            .map(|root| Self {
                root: root.to_owned(),
                instance: None,
            })
            .ok_or(Error::NoCheckout(start))?
            .with_instance(std::env::var(INSTANCE_VARIABLE).ok().as_deref())
    }

    /// The name of the instance that is meant, if it is not the usual one.
    pub(crate) fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// The same checkout with another instance of Odoo beside its usual one; the usual one without a name. A name is
    /// part of folders and sockets, so short and plain.
    pub(crate) fn with_instance(mut self, name: Option<&str>) -> Result<Self, Error> {
        let is_plain = |name: &str| {
            (1..=NAME_LIMIT).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if let Some(wrong) = name.filter(|name| !is_plain(name)) {
            return Err(Error::Usage(format!(
                "`{wrong}` cannot name an instance: 1 to {NAME_LIMIT} lower case letters and digits can"
            )));
        }
        self.instance = name.map(str::to_owned);
        Ok(self)
    }

    /// The checkout's top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that Odoo gets as addons path.
    pub(crate) fn addons(&self) -> PathBuf {
        self.root.join("addons")
    }

    /// The folder with modules that only tests install.
    pub(crate) fn test_addons(&self) -> PathBuf {
        self.root.join("tests/addons")
    }

    /// A file below `xtask/requirements/`.
    pub(crate) fn requirements(&self, name: &str) -> PathBuf {
        self.root.join("xtask/requirements").join(name)
    }

    /// A name for this checkout's instance that is readable, unique by the checkout's path and short enough for socket
    /// paths.
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
        let suffix = self
            .instance
            .as_ref()
            .map(|instance| format!("-{instance}"))
            .unwrap_or_default();
        format!("{name}-{}{suffix}", self.path_hash().short())
    }

    /// The hash of the checkout's path.
    fn path_hash(&self) -> Hash {
        Hash::new().with(self.root.as_os_str().as_encoded_bytes())
    }

    /// A number below `spread` that stays the same for this checkout's instance.
    pub(crate) fn spread(&self, spread: u16) -> u16 {
        self.instance
            .iter()
            .fold(self.path_hash(), |hash, name| hash.with(name.as_bytes()))
            .modulo(spread)
    }

    /// The hash of everything below `addons/`, and of the test modules where some are installed: when it moves, the
    /// instance updates its modules.
    pub(crate) fn addons_hash(&self, with_tests: bool) -> Result<String, Error> {
        let own = hash_tree(&self.addons())?;
        if !with_tests {
            return Ok(own);
        }
        Ok(format!("{own} {}", hash_tree(&self.test_addons())?))
    }

    /// The folders that Odoo searches for modules besides its own.
    pub(crate) fn addons_path(&self, with_tests: bool) -> Vec<PathBuf> {
        let tests = with_tests.then(|| self.test_addons());
        std::iter::once(self.addons()).chain(tests).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout(instance: Option<&str>) -> Result<Checkout, Error> {
        Checkout {
            root: PathBuf::from("/some/where/main"),
            instance: None,
        }
        .with_instance(instance)
    }

    #[test]
    fn instances_of_a_checkout_share_nothing() {
        let usual = checkout(None).unwrap();
        let other = checkout(Some("other")).unwrap();
        assert!(usual.key().starts_with("main-"), "{}", usual.key());
        assert_eq!(other.key(), format!("{}-other", usual.key()));
        assert_ne!(usual.spread(u16::MAX), other.spread(u16::MAX));
        assert_eq!(other.addons_path(true).len(), 2);
    }

    #[test]
    fn a_name_that_would_not_do_as_a_folder_is_refused() {
        for name in ["", "../x", "Upper", "a b", "much-too-long-for-a-socket"] {
            let error = checkout(Some(name)).unwrap_err().to_string();
            assert!(error.contains("lower case"), "{name:?}: {error}");
        }
    }
}
