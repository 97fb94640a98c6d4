//! Our server over HTTP for the time of a step, with its log at hand when something goes wrong.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::cache::Staging;
use crate::error::Error;
use crate::process::{failed, log_tail};

/// How long the server may take until it serves, and until it ends when asked to.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often we look.
const LOOK: Duration = Duration::from_millis(20);

/// How much of the log an error shows.
const LOG_LINES: usize = 25;

/// A server that runs until it is dropped.
pub(super) struct HttpServer {
    child: Child,
    url: String,
    log: PathBuf,
    _folder: Staging,
}

impl HttpServer {
    /// Starts the server that `command` names at a free port of this machine and waits until it serves. `folder` takes
    /// its files.
    pub(super) fn start(mut command: Command, folder: Staging) -> Result<Self, Error> {
        let address = folder.path().join("address");
        let log = folder.path().join("server.log");
        let file = File::create(&log).map_err(Error::io("create", &log))?;
        command
            .args(["--http", "127.0.0.1:0", "--http-sessions"])
            .arg("--http-address-file")
            .arg(&address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let mut child = command.spawn().map_err(|source| Error::Spawn {
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })?;
        match await_address(&mut child, &address) {
            Ok(url) => Ok(Self {
                child,
                url,
                log,
                _folder: folder,
            }),
            Err(what) => {
                stop(&mut child);
                Err(failed(&command, &what, &log_tail(&log, LOG_LINES)))
            }
        }
    }

    /// Where its MCP is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The end of what it logged.
    pub(super) fn log(&self) -> String {
        log_tail(&self.log, LOG_LINES)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// The address that the server writes once it serves, or what happened instead.
fn await_address(child: &mut Child, file: &Path) -> Result<String, String> {
    let start = Instant::now();
    loop {
        // It may be seen between its creation and its content.
        let text = fs::read_to_string(file).unwrap_or_default();
        if !text.trim().is_empty() {
            return Ok(text.trim().to_owned());
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(status.to_string());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("no address after {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(LOOK);
    }
}

/// Asks the process to end, and makes it when it does not.
fn stop(child: &mut Child) {
    // The id of one that has ended may be another's by now.
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(id) = id {
        let _ = rustix::process::kill_process(id, Signal::TERM);
    }
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(LOOK),
            _ => return,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}
