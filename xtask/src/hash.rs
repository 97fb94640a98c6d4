//! A small stable hash for cache keys.
//!
//! The standard library's hasher may change with the compiler, and a cache key must not; nothing here defends against
//! somebody who builds a collision on purpose, so 64-bit FNV-1a is enough and costs no dependency.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// A running FNV-1a hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    /// The hash of nothing.
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a chunk, framed by its length so that two chunks never run together.
    #[must_use]
    pub(crate) fn with(mut self, chunk: &[u8]) -> Self {
        self.bytes(&(chunk.len() as u64).to_le_bytes());
        self.bytes(chunk);
        self
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u64::from(*byte);
            self.0 = self.0.wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// The first eight hex digits: enough to tell keys apart and short enough for socket paths.
    pub(crate) fn short(self) -> String {
        format!("{:08x}", (self.0 >> 32) ^ (self.0 & 0xffff_ffff))
    }

    /// The hash modulo `n`, for spreading checkouts over ports.
    pub(crate) fn modulo(self, n: u16) -> u16 {
        u16::try_from(self.0 % u64::from(n)).unwrap_or_default()
    }
}

/// Hashes every file below `folder` (relative path and content, in sorted order), leaving out bytecode and hidden files.
pub(crate) fn hash_tree(folder: &Path) -> Result<String, Error> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut hash = Hash::new();
    for file in files {
        let content = std::fs::read(&file).map_err(Error::io("read", &file))?;
        let name = file.strip_prefix(folder).unwrap_or(&file);
        hash = hash
            .with(name.as_os_str().as_encoded_bytes())
            .with(&content);
    }
    Ok(hash.short())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("list", folder))?;
    for entry in entries {
        let entry = entry.map_err(Error::io("list", folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let bytecode = Path::new(name.as_ref())
            .extension()
            .is_some_and(|extension| extension == "pyc");
        if name.starts_with('.') || name == "__pycache__" || bytecode {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_do_not_run_together() {
        let split = Hash::new().with(b"ab").with(b"c").short();
        assert_ne!(split, Hash::new().with(b"a").with(b"bc").short());
        assert_eq!(split, Hash::new().with(b"ab").with(b"c").short());
    }

    #[test]
    fn a_tree_changes_with_names_and_content_but_not_with_bytecode() {
        let folder = std::env::temp_dir().join(format!("xtask-hash-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("__pycache__")).unwrap();
        std::fs::write(folder.join("a.py"), "1").unwrap();
        let first = hash_tree(&folder).unwrap();
        std::fs::write(folder.join("__pycache__/a.cpython-311.pyc"), "x").unwrap();
        assert_eq!(hash_tree(&folder).unwrap(), first);
        std::fs::write(folder.join("a.py"), "2").unwrap();
        let second = hash_tree(&folder).unwrap();
        assert_ne!(second, first);
        std::fs::rename(folder.join("a.py"), folder.join("b.py")).unwrap();
        assert_ne!(hash_tree(&folder).unwrap(), second);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
