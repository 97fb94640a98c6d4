//! The log of changes: who asked for what, how they agreed, and what came of it.
//!
//! On the way of a call that changes something: consent → **`asked` line** → Odoo → **`ended`
//! line**. The first is written before anything is sent, and a change whose line cannot be
//! written is not sent: there is no change without a line. The second says what became of it; a
//! line `asked` without one is a change whose end nobody saw (the process was killed). What never
//! gets as far as Odoo (refused, declined, not agreed to yet) has the line `ended` alone.
//!
//! A line is one JSON object and one write to a file that is opened for it, to append. So lines
//! of several processes do not mix, and a file that was moved away or removed (`logrotate`) is
//! begun anew. Lines have names of fields and ids of records, and never a value.

mod entry;

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

pub(super) use entry::{Asked, Audit};

use crate::error::{Error, ErrorKind, Result};

/// Only the user that the server runs as reads a file that the server made.
#[cfg(unix)]
const MODE: u32 = 0o600;
/// What stands for standard error.
const STANDARD_ERROR: &str = "-";

/// Where the lines go.
#[derive(Debug)]
pub struct AuditLog {
    target: Target,
}

#[derive(Debug)]
enum Target {
    StandardError,
    File(PathBuf),
}

impl AuditLog {
    /// A log in this file, or on standard error (`-`). A file that is not there is made, for
    /// its owner alone; the rights of one that is there are left as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it cannot be written to.
    pub fn open(target: &Path) -> Result<Self> {
        if target == Path::new(STANDARD_ERROR) {
            let target = Target::StandardError;
            return Ok(Self { target });
        }
        let failed = |error: io::Error| {
            Error::new(
                ErrorKind::Configuration,
                format!("the audit log {} cannot be written: {error}", target.display()),
            )
            .with_hint("Give --audit-log a file in a folder that the server may write to, or - for standard error.")
        };
        // The folder that the server was started in may be left.
        let path = std::path::absolute(target).map_err(failed)?;
        if is_pipe(&path) {
            return Err(failed(io::Error::other("it is a pipe")));
        }
        append_to(&path).map_err(failed)?;
        let target = Target::File(path);
        Ok(Self { target })
    }

    /// Writes one line.
    fn write(&self, entry: &Value) -> io::Result<()> {
        let line = format!("{entry}\n");
        let written = match &self.target {
            Target::StandardError => {
                let mut stream = io::stderr().lock();
                stream.write_all(line.as_bytes())?;
                line.len()
            }
            // One write: what another process appends comes before or after it.
            Target::File(path) => append_to(path)?.write(line.as_bytes())?,
        };
        if written == line.len() {
            Ok(())
        } else {
            Err(io::Error::other("only a part of a line was written"))
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, MODE);
    options.open(path)
}

/// A pipe that nobody reads would hold up the server.
#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata().is_ok_and(|data| data.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("audit-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_line_is_an_object_and_the_file_is_its_owners() {
        let path = folder("lines").join("audit.jsonl");
        let log = AuditLog::open(&path).unwrap();
        log.write(&json!({"tool": "a\nb"})).unwrap();
        std::fs::rename(&path, path.with_extension("1")).unwrap();
        log.write(&json!({"tool": "c"})).unwrap();
        let first = std::fs::read_to_string(path.with_extension("1")).unwrap();
        assert_eq!(first, "{\"tool\":\"a\\nb\"}\n");
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\"tool\":\"c\"}\n"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, MODE);
        }
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_log_that_cannot_be_written_is_no_log() {
        let folder = folder("refused");
        for path in [folder.clone(), folder.join("none").join("audit.jsonl")] {
            let error = AuditLog::open(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains("--audit-log"), "{error}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
