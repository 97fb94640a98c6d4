//! One Odoo process: its configuration file, its start, and the moment from which it serves.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cache::write_whole;
use crate::error::Error;
use crate::odoo::install::Odoo;
use crate::odoo::postgres::ROLE;
use crate::process::{Daemon, tail};

/// How long an update of the module may take on a busy machine before something must be wrong.
const START_LIMIT: Duration = Duration::from_secs(600);

/// How long a request in progress may delay the stop.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// The files that belong to one Odoo process.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    folder: PathBuf,
}

/// What goes into the configuration file.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    /// The folder of the PostgreSQL socket.
    pub(crate) database_host: &'a Path,
    /// The database that it serves.
    pub(crate) database: &'a str,
    /// Folders of additional modules; Odoo knows its own folders itself.
    pub(crate) addons: &'a [PathBuf],
    /// The port on loopback.
    pub(crate) port: u16,
}

/// Why a start did not come to serving.
pub(crate) enum StartFailure {
    /// Somebody else took the port meanwhile: another one will do.
    PortTaken,
    /// Anything else.
    Failed(Error),
}

impl Server {
    /// The process whose files are, or will be, in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The configuration file; its path on the command line is also how the process is recognised.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("odoo.conf")
    }

    /// The log of the process that runs or ran last.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("odoo.log")
    }

    /// Attachments and sessions.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("odoo.pid")
    }

    /// Writes the configuration file.
    pub(crate) fn configure(&self, settings: &Settings<'_>) -> Result<(), Error> {
        let mut text = String::from("; Written by `cargo xtask odoo` at each start.\n[options]\n");
        let Settings {
            database_host,
            database,
            addons,
            port,
        } = settings;
        if !addons.is_empty() {
            let folders: Vec<String> = addons
                .iter()
                .map(|folder| folder.display().to_string())
                .collect();
            let _ = writeln!(text, "addons_path = {}", folders.join(","));
        }
        let _ = write!(
            text,
            "data_dir = {}\n\
             db_host = {}\n\
             db_port = 5432\n\
             db_user = {ROLE}\n\
             db_name = {database}\n\
             db_maxconn = 64\n\
             dbfilter = ^{database}$\n\
             http_interface = 127.0.0.1\n\
             http_port = {port}\n\
             workers = 0\n\
             max_cron_threads = 0\n\
             limit_memory_soft = 0\n\
             limit_memory_hard = 0\n\
             limit_time_real = 0\n",
            self.data().display(),
            database_host.display(),
        );
        write_whole(&self.configuration(), &text)
    }

    /// Odoo with this configuration; `subcommand` such as `shell`.
    pub(crate) fn command(&self, odoo: &Odoo, subcommand: Option<&str>) -> Command {
        let mut command = odoo.command(subcommand);
        command
            .arg("--config")
            .arg(self.configuration())
            .current_dir(&self.folder);
        command
    }

    /// The process, if it runs.
    pub(crate) fn daemon(&self) -> Option<Daemon> {
        Daemon::from_file(&self.pid_file(), &self.configuration())
    }

    /// Starts Odoo as a daemon that outlives us and waits until it serves its database on `port`.
    pub(crate) fn start(
        &self,
        odoo: &Odoo,
        port: u16,
        arguments: &[String],
    ) -> Result<(), StartFailure> {
        let mut child = self.spawn(odoo, arguments).map_err(StartFailure::Failed)?;
        let result = self.wait(&mut child, port);
        if result.is_err() {
            self.stop();
            let _ = child.wait();
        }
        result
    }

    fn spawn(&self, odoo: &Odoo, arguments: &[String]) -> Result<Child, Error> {
        let log = self.log();
        if log.exists() {
            let _ = fs::rename(&log, self.folder.join("odoo.log.1"));
        }
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(Error::io("open", &log))?;
        let errors = output.try_clone().map_err(Error::io("open", &log))?;
        let mut command = self.command(odoo, None);
        let child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            // Its own group: an interrupt at our terminal is not meant for it.
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Spawn {
                program: "odoo".into(),
                source,
            })?;
        write_whole(&self.pid_file(), &format!("{}\n", child.id()))?;
        Ok(child)
    }

    /// Waits for the registry and then for an answer. The registry's line comes first on purpose: a request before
    /// it would make Odoo load the database as it was, beside the update.
    fn wait(&self, child: &mut Child, port: u16) -> Result<(), StartFailure> {
        let begin = Instant::now();
        let fail = |what: String| {
            StartFailure::Failed(Error::Odoo {
                what,
                log: self.log(),
                tail: telling(&self.log_text()),
            })
        };
        while begin.elapsed() < START_LIMIT {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(fail(format!("ended before it served ({status})")));
            }
            let text = self.log_text();
            if text.contains("Address already in use") {
                return Err(StartFailure::PortTaken);
            }
            if text.lines().any(|line| line.contains(" CRITICAL ")) {
                return Err(fail("could not load its database".into()));
            }
            if text.contains("Registry loaded in") && serves(port) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(fail("did not serve in time".into()))
    }

    fn log_text(&self) -> String {
        let mut bytes = Vec::new();
        if let Ok(mut file) = File::open(self.log()) {
            let _ = file.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Stops Odoo and waits for its end.
    pub(crate) fn stop(&self) {
        if let Some(daemon) = self.daemon() {
            daemon.stop(&self.configuration(), Signal::TERM, STOP_LIMIT);
        }
        let _ = fs::remove_file(self.pid_file());
    }
}

/// Whether the Odoo on `port` answers a request that needs its database.
pub(crate) fn serves(port: u16) -> bool {
    let body = r#"{"jsonrpc":"2.0","method":"call","params":{},"id":1}"#;
    let request = format!(
        "POST /web/session/get_session_info HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let answer = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    answer().is_ok_and(|answer| is_json_rpc_success(&answer))
}

/// Whether an HTTP answer is status 200 with a JSON-RPC body (an expired session is an answer, too).
fn is_json_rpc_success(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let status_200 = text
        .lines()
        .next()
        .is_some_and(|line| line.split_whitespace().nth(1) == Some("200"));
    status_200 && text.contains("\"jsonrpc\"")
}

/// A free port on loopback: the first from `wanted` upwards that nobody listens on and `reserved` does not name.
pub(crate) fn free_port(wanted: u16, reserved: &[u16]) -> Option<u16> {
    (wanted..=u16::MAX)
        .filter(|port| !reserved.contains(port))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

/// The part of a log that tells why: from the first error on, or else the end.
pub(crate) fn telling(log: &str) -> String {
    const LINES: usize = 40;
    let lines: Vec<&str> = log.lines().collect();
    let first = lines
        .iter()
        .position(|line| line.contains(" CRITICAL ") || line.contains(" ERROR "));
    match first {
        Some(first) => lines[first..lines.len().min(first + LINES)].join("\n"),
        None => tail(log, LINES / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_only_with_status_200_and_json_rpc() {
        let answer = b"HTTP/1.0 200 OK\r\n\r\n{\"jsonrpc\": \"2.0\", \"error\": {}}";
        assert!(is_json_rpc_success(answer));
        assert!(!is_json_rpc_success(
            b"HTTP/1.0 500 X\r\n\r\n{\"jsonrpc\": 1}"
        ));
        assert!(!is_json_rpc_success(b"HTTP/1.0 200 OK\r\n\r\n<html>"));
        assert!(!is_json_rpc_success(b""));
    }

    #[test]
    fn a_port_in_use_or_reserved_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let free = free_port(port, &[port + 1]).unwrap();
        assert!(free > port + 1);
    }

    #[test]
    fn the_log_is_told_from_its_first_error() {
        let log = "1 INFO a\n2 CRITICAL b\nTraceback\nValueError: no\n";
        assert_eq!(telling(log), "2 CRITICAL b\nTraceback\nValueError: no");
        assert_eq!(telling("1 INFO a\n2 INFO b"), "1 INFO a\n2 INFO b");
    }
}
