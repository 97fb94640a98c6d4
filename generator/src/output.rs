//! Files to write: compared with what is there, written all or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::error::{Error, Result};

/// Where files are put together before they take their places.
const STAGE: &str = ".generating";
/// The file in the stage that says that it is complete.
const READY: &str = "READY";

/// Files of a generated crate, and the folders that hold nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The files, by path within the crate.
    pub files: BTreeMap<PathBuf, String>,
    /// Folders within the crate whose other files are stale.
    pub owned: Vec<PathBuf>,
}

/// What a write changed, by path within the crate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that were not there.
    pub added: Vec<PathBuf>,
    /// Files that were different.
    pub changed: Vec<PathBuf>,
    /// Files that nobody generates any more.
    pub removed: Vec<PathBuf>,
}

impl Changes {
    /// Whether everything was as it should be.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl Output {
    /// Adds the files of a folder that holds nothing else.
    pub fn add_folder(&mut self, folder: &str, files: BTreeMap<String, String>) {
        let folder = PathBuf::from(folder);
        for (name, text) in files {
            self.files.insert(folder.join(name), text);
        }
        self.owned.push(folder);
    }

    /// How many bytes the files have.
    pub fn bytes(&self) -> usize {
        self.files.values().map(String::len).sum()
    }

    /// What a write would change.
    ///
    /// # Errors
    /// [`Error::Io`] when the crate cannot be read.
    pub fn changes(&self, root: &Path) -> Result<Changes> {
        let mut changes = Changes::default();
        for (path, text) in &self.files {
            match read(&root.join(path))? {
                None => changes.added.push(path.clone()),
                Some(old) if old != *text => changes.changed.push(path.clone()),
                Some(_) => {}
            }
        }
        changes.removed = self.stale(root)?.into_iter().collect();
        Ok(changes)
    }

    /// The differences between what is there and what should be, as a unified diff.
    ///
    /// # Errors
    /// [`Error::Io`] when the crate cannot be read.
    pub fn diff(&self, root: &Path) -> Result<String> {
        let changes = self.changes(root)?;
        let mut text = String::new();
        for path in changes
            .added
            .iter()
            .chain(&changes.changed)
            .chain(&changes.removed)
        {
            let old = read(&root.join(path))?.unwrap_or_default();
            let new = self.files.get(path).map_or("", String::as_str);
            let name = path.display().to_string();
            let diff = TextDiff::from_lines(old.as_str(), new);
            text.push_str(
                &diff
                    .unified_diff()
                    .context_radius(2)
                    .header(&format!("a/{name}"), &format!("b/{name}"))
                    .to_string(),
            );
        }
        Ok(text)
    }

    /// Writes what differs and deletes what is stale. A kill in the middle leaves the old
    /// files whole, or is finished by the next run: see [`recover`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, root: &Path) -> Result<Changes> {
        recover(root)?;
        let changes = self.changes(root)?;
        if changes.is_empty() {
            return Ok(changes);
        }
        let stage = root.join(STAGE);
        let mut journal = String::new();
        for path in changes.added.iter().chain(&changes.changed) {
            let text = self.files.get(path).map_or("", String::as_str);
            write_file(&stage.join(path), text)?;
            journal.push_str(&format!("put {}\n", path.display()));
        }
        for path in &changes.removed {
            journal.push_str(&format!("delete {}\n", path.display()));
        }
        // The journal's appearance is the moment from which the new files count.
        let draft = stage.join("draft");
        write_file(&draft, &journal)?;
        fs::rename(&draft, stage.join(READY)).map_err(Error::io(&stage))?;
        recover(root)?;
        Ok(changes)
    }

    fn stale(&self, root: &Path) -> Result<BTreeSet<PathBuf>> {
        let mut stale = BTreeSet::new();
        for folder in &self.owned {
            for path in list(&root.join(folder))? {
                let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
                if !self.files.contains_key(&relative) {
                    stale.insert(relative);
                }
            }
        }
        Ok(stale)
    }
}

/// Finishes or forgets what a killed run left behind: finishes it when all its files were
/// ready, forgets it otherwise.
///
/// # Errors
/// [`Error::Io`].
pub fn recover(root: &Path) -> Result<()> {
    let stage = root.join(STAGE);
    let journal = read(&stage.join(READY))?;
    for line in journal.iter().flat_map(|journal| journal.lines()) {
        match line.split_once(' ') {
            Some(("put", path)) => put(&stage.join(path), &root.join(path))?,
            Some(("delete", path)) => delete(&root.join(path))?,
            _ => {}
        }
    }
    if stage.exists() {
        fs::remove_dir_all(&stage).map_err(Error::io(&stage))?;
    }
    Ok(())
}

fn put(from: &Path, to: &Path) -> Result<()> {
    if !from.exists() {
        return Ok(()); // put by the run that was killed
    }
    make_parent(to)?;
    fs::rename(from, to).map_err(Error::io(to))
}

fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    make_parent(path)?;
    fs::write(path, text).map_err(Error::io(path))
}

fn make_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(Error::io(parent)),
        None => Ok(()),
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path)(error)),
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io(folder))?.path();
        if path.is_dir() {
            paths.extend(list(&path)?);
        } else {
            paths.push(path);
        }
    }
    Ok(paths)
}
