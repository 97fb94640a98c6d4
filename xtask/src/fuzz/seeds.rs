//! Where a target begins: its seeds in the repository, and what is there for other reasons and fits it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cache::{Cache, Staging, make_folder};
use crate::checkout::Checkout;
use crate::error::Error;

/// The seeds of all targets. Those that are written for one run go when this does.
pub(super) struct Seeds {
    root: PathBuf,
    calls: Staging,
}

impl Seeds {
    /// Writes each call of the corpus into a file of its own, as libFuzzer reads inputs.
    pub(super) fn collect(cache: &Cache, checkout: &Checkout) -> Result<Self, Error> {
        let calls = cache.staging(&format!("fuzz-calls-{}", checkout.key()))?;
        let corpus = checkout.root().join("tests/corpus");
        let entries = fs::read_dir(&corpus).map_err(Error::io("read", &corpus))?;
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            write_lines(&text, &stem, calls.path())?;
        }
        Ok(Self {
            root: checkout.root().to_owned(),
            calls,
        })
    }

    /// The folders with the seeds of a target.
    pub(super) fn of(&self, target: &str) -> Vec<PathBuf> {
        let here = |folder: &str| self.root.join(folder);
        let mut folders = vec![here("fuzz/seeds").join(target)];
        match target {
            "domain" | "validate" => folders.push(self.calls.path().to_owned()),
            "descriptor" => {
                folders.extend(["generated/schemas", "tests/golden/snapshot"].map(here));
            }
            "generate" => folders.push(here("tests/golden/snapshot")),
            _ => {}
        }
        folders
    }
}

fn write_lines(text: &str, stem: &str, folder: &Path) -> Result<(), Error> {
    make_folder(folder)?;
    for (index, line) in text.lines().enumerate() {
        let path = folder.join(format!("{stem}-{index}.json"));
        fs::write(&path, line).map_err(Error::io("write", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::remove_folder;

    #[test]
    fn each_call_is_an_input() {
        let folder = std::env::temp_dir().join(format!("xtask-seeds-{}", std::process::id()));
        write_lines("{\"a\": 1}\n{\"b\": 2}\n", "right", &folder).unwrap();
        let second = fs::read_to_string(folder.join("right-1.json")).unwrap();
        assert_eq!(second, "{\"b\": 2}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        remove_folder(&folder).unwrap();
    }
}
