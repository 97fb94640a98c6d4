//! Running other programs, and telling whether a daemon of ours still lives.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::error::Error;

/// How much of a failed program's output goes into the error message.
const TAIL_LINES: usize = 25;

/// Runs a program to its end without input and returns what it printed on stdout; a failure carries the end of both
/// outputs.
pub(crate) fn output(command: &mut Command) -> Result<String, Error> {
    let output = outcome(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(failed(command, &output.status.to_string(), &text))
}

/// Runs a program to its end without input, however it ends.
pub(crate) fn outcome(command: &mut Command) -> Result<Output, Error> {
    command.stdin(Stdio::null());
    let result = command.output();
    result.map_err(|source| Error::Spawn {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })
}

/// The error for a program that ran and failed.
pub(crate) fn failed(command: &Command, status: &str, printed: &str) -> Error {
    Error::Command {
        command: line(command),
        status: status.to_owned(),
        output: tail(printed, TAIL_LINES),
    }
}

/// A command line for messages, shortened to what identifies it.
fn line(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args().take(6) {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    if command.get_args().count() > 6 {
        text.push_str(" …");
    }
    text
}

/// The last `count` lines of a text.
pub(crate) fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The end of a log file; empty when it cannot be read.
pub(crate) fn log_tail(path: &Path, count: usize) -> String {
    fs::read(path).map_or_else(
        |_| String::new(),
        |bytes| tail(&String::from_utf8_lossy(&bytes), count),
    )
}

/// Whether a program of this name is on PATH.
pub(crate) fn on_path(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

/// A daemon that we started, known by its process id *and* by a path on its command line that belongs to it alone, so
/// that an id which the system gave to somebody else since is not taken for ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Daemon(Pid);

impl Daemon {
    /// Reads the id on the first line of `pid_file`; `None` unless that process runs with `mark` on its command line.
    pub(crate) fn from_file(pid_file: &Path, mark: &Path) -> Option<Self> {
        let text = fs::read_to_string(pid_file).ok()?;
        let id: i32 = text.lines().next()?.trim().parse().ok()?;
        Self::verified(id, mark.as_os_str())
    }

    fn verified(id: i32, mark: &OsStr) -> Option<Self> {
        // A process that ended and waits for its parent has an empty command line.
        let arguments = fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let found = arguments
            .split(|byte| *byte == 0)
            .any(|argument| argument == mark.as_encoded_bytes());
        (id > 1 && found)
            .then(|| Pid::from_raw(id).map(Self))
            .flatten()
    }

    /// The process id.
    pub(crate) fn id(self) -> i32 {
        self.0.as_raw_nonzero().get()
    }

    /// Asks the daemon to end, waits up to `patience`, then ends it the hard way. `mark` is that of [`Self::from_file`].
    pub(crate) fn stop(self, mark: &Path, gentle: Signal, patience: Duration) {
        let gone = |limit: Duration| {
            let start = Instant::now();
            while Self::verified(self.id(), mark.as_os_str()).is_some() {
                if start.elapsed() > limit {
                    return false;
                }
                std::thread::sleep(Duration::from_millis(30));
            }
            true
        };
        let _ = rustix::process::kill_process(self.0, gentle);
        if !gone(patience) {
            let _ = rustix::process::kill_process(self.0, Signal::KILL);
            gone(Duration::from_secs(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_process_id_is_not_ours() {
        let file = std::env::temp_dir().join(format!("xtask-pid-{}", std::process::id()));
        fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        assert!(Daemon::from_file(&file, Path::new("/nowhere/odoo.conf")).is_none());
        let own = std::env::args_os().next().unwrap();
        assert!(Daemon::from_file(&file, Path::new(&own)).is_some());
        fs::remove_file(&file).unwrap();
    }

    #[test]
    fn stopping_ends_a_process() {
        let mark = "86399.125";
        let mut child = Command::new("sleep").arg(mark).spawn().unwrap();
        let id = i32::try_from(child.id()).unwrap();
        // The child may not have become `sleep` yet.
        let start = Instant::now();
        let daemon = loop {
            match Daemon::verified(id, OsStr::new(mark)) {
                Some(daemon) => break daemon,
                None => assert!(start.elapsed() < Duration::from_secs(10)),
            }
        };
        daemon.stop(Path::new(mark), Signal::TERM, Duration::from_secs(5));
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn failures_carry_the_end_of_the_output() {
        let error = output(Command::new("sh").args(["-c", "echo first; echo last >&2; exit 3"]))
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("exit status: 3") && text.contains("last"),
            "{text}"
        );
    }
}
