//! The cache folder: the only place outside the checkout that the development commands write to.
//!
//! ```text
//! odoo/<package>_<version>/   Odoo, unpacked, and what we know about it      (shared, never changed once there)
//! python/<name>-<hash>/       virtual environments, keyed by requirements    (shared, never changed once there)
//! node/<hash>/                Node.js packages, keyed by their lock file      (shared, never changed once there)
//! fuzz/cargo-fuzz-<version>/  cargo-fuzz, where the machine has none          (shared, never changed once there)
//! fuzz/corpus/<target>/       inputs that fuzzing found, each of which reaches something (shared, grows)
//! fuzz/failed/<target>/       inputs on which something did not hold
//! templates/<key>/            a stopped PostgreSQL cluster with the reference database, and its filestore
//! instances/<checkout>/       one checkout's running cluster and Odoo
//! apt/ pip/ npm/ bytecode/    what the tools themselves keep between runs
//! tmp/ locks/                 work in progress: renamed into place when whole, removed when found abandoned
//! ```

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::error::Error;
use crate::ui;

/// The cache folder.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// Opens the cache, making it when it is not there: `BUTOPEA_CACHE`, or `/var/cache/butopea-mcp` for root, or the
    /// user's own cache folder (XDG base directories).
    pub(crate) fn open() -> Result<Self, Error> {
        let root = Self::place()?;
        let cache = Self { root };
        for folder in [
            "odoo",
            "python",
            "node",
            "fuzz",
            "templates",
            "instances",
            "apt",
            "tmp",
            "locks",
        ] {
            make_folder(&cache.root.join(folder))?;
        }
        Ok(cache)
    }

    fn place() -> Result<PathBuf, Error> {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let root = if let Some(chosen) = var("BUTOPEA_CACHE") {
            PathBuf::from(chosen)
        } else if is_root() {
            PathBuf::from("/var/cache/butopea-mcp")
        } else if let Some(xdg) = var("XDG_CACHE_HOME") {
            Path::new(&xdg).join("butopea-mcp")
        } else if let Some(home) = var("HOME") {
            Path::new(&home).join(".cache/butopea-mcp")
        } else {
            return Err(Error::Usage(
                "no HOME is set: set BUTOPEA_CACHE to a folder".into(),
            ));
        };
        std::path::absolute(&root).map_err(Error::io("resolve", &root))
    }

    /// A path below the cache folder.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Waits for the named lock and holds it until the value is dropped or the process ends, however it ends.
    pub(crate) fn lock(&self, name: &str) -> Result<Lock, Error> {
        let path = self.root.join("locks").join(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            ui::note(format_args!(
                "waiting for another xtask that holds {} …",
                path.display()
            ));
            rustix::fs::flock(&file, FlockOperation::LockExclusive)
                .map_err(|errno| Error::io("lock", &path)(errno.into()))?;
        }
        Ok(Lock { _file: file })
    }

    /// A fresh folder to build `name` in. The caller holds the lock under which `name` is built, so whatever an
    /// interrupted run left is nobody's; the new folder has another name all the same, since a program that the
    /// interrupted run started may still write to the old one.
    pub(crate) fn staging(&self, name: &str) -> Result<Staging, Error> {
        for folder in self.abandoned(name) {
            let _ = remove_folder(&folder);
        }
        let path = self
            .root
            .join("tmp")
            .join(format!("{name}-{}", std::process::id()));
        remove_folder(&path)?;
        make_folder(&path)?;
        Ok(Staging { path: Some(path) })
    }

    /// The folders in which interrupted runs built `name`.
    pub(crate) fn abandoned(&self, name: &str) -> Vec<PathBuf> {
        let of_name = |file: &str| {
            file.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('-'))
                .is_some_and(|process| process.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let Ok(entries) = fs::read_dir(self.root.join("tmp")) else {
            return Vec::new();
        };
        entries
            .filter_map(Result::ok)
            .filter(|entry| of_name(&entry.file_name().to_string_lossy()))
            .map(|entry| entry.path())
            .collect()
    }
}

/// A held lock.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// A folder being built: renamed into place when whole, removed otherwise.
#[derive(Debug)]
pub(crate) struct Staging {
    path: Option<PathBuf>,
}

impl Staging {
    /// Where to build.
    pub(crate) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }

    /// Puts the finished folder in its place in one step, replacing what an older run left there.
    pub(crate) fn commit(mut self, place: &Path) -> Result<(), Error> {
        remove_folder(place)?;
        if let Some(path) = self.path.take() {
            fs::rename(&path, place).map_err(Error::io("move into place", place))?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = remove_folder(path);
        }
    }
}

/// Makes a folder that other accounts can enter (PostgreSQL's must), whatever the umask; one that exists is left alone.
pub(crate) fn make_folder(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    match fs::create_dir(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o755))
            .map_err(Error::io("open up", path)),
        // Another process was faster.
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(Error::io("create", path)(error)),
    }
}

/// Removes a folder with everything in it; nothing there is fine too.
pub(crate) fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Writes a small file whole or not at all, so that a reader never sees half of it.
pub(crate) fn write_whole(path: &Path, content: &str) -> Result<(), Error> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&draft, content).map_err(Error::io("write", &draft))?;
    fs::rename(&draft, path).map_err(Error::io("write", path))
}

/// Whether we run as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(name: &str) -> Cache {
        let root = std::env::temp_dir().join(format!("xtask-cache-{name}-{}", std::process::id()));
        make_folder(&root.join("tmp")).unwrap();
        make_folder(&root.join("locks")).unwrap();
        Cache { root }
    }

    #[test]
    fn staging_leaves_nothing_unless_committed() {
        let cache = cache("staging");
        let draft = cache.staging("thing").unwrap();
        fs::write(draft.path().join("half"), "x").unwrap();
        drop(draft);
        assert!(cache.abandoned("thing").is_empty());

        let draft = cache.staging("thing").unwrap();
        fs::write(draft.path().join("whole"), "x").unwrap();
        draft.commit(&cache.path("thing")).unwrap();
        assert!(cache.path("thing/whole").is_file());
        assert!(cache.abandoned("thing").is_empty());
        remove_folder(&cache.root).unwrap();
    }

    #[test]
    fn staging_forgets_an_interrupted_run() {
        let cache = cache("interrupted");
        make_folder(&cache.path("tmp/thing-1/deep")).unwrap();
        make_folder(&cache.path("tmp/thing-other-1")).unwrap();
        let draft = cache.staging("thing").unwrap();
        assert_eq!(cache.abandoned("thing"), [draft.path()]);
        assert!(cache.path("tmp/thing-other-1").is_dir());
        drop(draft);
        remove_folder(&cache.root).unwrap();
    }

    #[test]
    fn a_lock_is_exclusive_until_dropped() {
        let cache = cache("lock");
        let held = cache.lock("x").unwrap();
        let other = File::open(cache.path("locks/x")).unwrap();
        assert!(rustix::fs::flock(&other, FlockOperation::NonBlockingLockExclusive).is_err());
        drop(held);
        assert!(rustix::fs::flock(&other, FlockOperation::NonBlockingLockExclusive).is_ok());
        remove_folder(&cache.root).unwrap();
    }
}
