//! Private PostgreSQL clusters: no TCP port, one Unix socket in the cluster's own folder, and no care for power cuts.
//!
//! PostgreSQL refuses to run as root; then its programs run as the account `postgres`, which owns the cluster's folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cache::{is_root, make_folder};
use crate::error::{Error, Missing};
use crate::process::{Daemon, log_tail, output};

/// The oldest PostgreSQL that Odoo 19 takes (`MIN_PG_VERSION` in `odoo/release.py`).
const OLDEST: u32 = 13;

/// The role that owns everything in a cluster; Odoo refuses to work as `postgres`.
pub(crate) const ROLE: &str = "odoo";

/// The longest path that fits a Unix socket's address on Linux (`sun_path`, less the closing zero).
const LONGEST_SOCKET: usize = 107;

/// How long a server, or what is left of a killed one, may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// The installed PostgreSQL programs of one version.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    folder: PathBuf,
    /// The major version: a cluster's files fit no other.
    pub(crate) major: u32,
}

impl Binaries {
    /// The newest complete set where Debian puts them, `/usr/lib/postgresql/<major>/bin`.
    pub(crate) fn find() -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        versions
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let major = entry.file_name().to_str()?.parse().ok()?;
                let folder = entry.path().join("bin");
                let complete = ["initdb", "pg_ctl", "postgres", "psql"]
                    .iter()
                    .all(|program| folder.join(program).is_file());
                (complete && major >= OLDEST).then_some(Self { folder, major })
            })
            .max_by_key(|binaries| binaries.major)
    }

    /// The path of one program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A cluster's folder: `data/`, the log and the socket.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    folder: PathBuf,
    binaries: Binaries,
}

impl Cluster {
    /// The cluster that lives, or will live, in `folder`.
    pub(crate) fn new(folder: PathBuf, binaries: Binaries) -> Result<Self, Error> {
        let socket = folder.join(".s.PGSQL.5432");
        let length = socket.as_os_str().len();
        if length > LONGEST_SOCKET {
            return Err(Error::SocketPath {
                path: socket,
                length,
            });
        }
        Ok(Self { folder, binaries })
    }

    /// The folder of the socket: what clients give as host name.
    pub(crate) fn host(&self) -> &Path {
        &self.folder
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The log of its server.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// Makes an empty cluster. UTF-8, with C collation as Odoo's own `createdb` chooses and a character type that
    /// knows letters beyond ASCII.
    pub(crate) fn init(&self) -> Result<(), Error> {
        make_folder(&self.folder)?;
        fs::set_permissions(&self.folder, Permissions::from_mode(0o700))
            .map_err(Error::io("protect", &self.folder))?;
        if let Some((user, group)) = postgres_account()? {
            if let Some(parent) = self.folder.parent() {
                check_traversable(parent)?;
            }
            chown(&self.folder, Some(user), Some(group))
                .map_err(Error::io("hand over", &self.folder))?;
        }
        output(
            self.command("initdb")?
                .arg("--pgdata")
                .arg(self.data())
                .args(["--username", ROLE, "--auth", "trust", "--encoding", "UTF8"])
                .args(["--lc-collate", "C", "--lc-ctype", "C.UTF-8", "--no-sync"]),
        )?;
        Ok(())
    }

    /// The server, if it runs.
    pub(crate) fn daemon(&self) -> Option<Daemon> {
        let data = self.data();
        Daemon::from_file(&data.join("postmaster.pid"), &data)
    }

    /// Starts the server unless it runs, and waits until it takes connections.
    pub(crate) fn start(&self) -> Result<(), Error> {
        if self.daemon().is_some() {
            return Ok(());
        }
        self.clear_after_kill()?;
        self.configure()?;
        let started = output(
            self.command("pg_ctl")?
                .arg("--pgdata")
                .arg(self.data())
                .arg("--log")
                .arg(self.log())
                .args(["--wait", "--timeout", "60", "--silent", "start"]),
        );
        started.map(drop).map_err(|error| match error {
            Error::Command {
                command, status, ..
            } => Error::Command {
                command,
                status,
                output: log_tail(&self.log(), 15),
            },
            other => other,
        })
    }

    /// Removes the lock files of a server that was killed. PostgreSQL does so itself unless a process has their id,
    /// which may be somebody else's by now or that of a killed server whose parent has not noticed. The files guard
    /// against a second server beside backends of the first, so the last of those must have ended.
    fn clear_after_kill(&self) -> Result<(), Error> {
        let data = self.data();
        let begin = Instant::now();
        while works_in(&data) {
            if begin.elapsed() > STOP_LIMIT {
                return Err(Error::Usage(format!(
                    "processes of an earlier PostgreSQL still work in {}",
                    data.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        for stale in [
            data.join("postmaster.pid"),
            self.folder.join(".s.PGSQL.5432.lock"),
        ] {
            if stale.exists() {
                fs::remove_file(&stale).map_err(Error::io("remove", &stale))?;
            }
        }
        Ok(())
    }

    /// Writes the configuration anew: a copied cluster must use the socket folder of its own place.
    fn configure(&self) -> Result<(), Error> {
        let file = self.data().join("postgresql.conf");
        let content = format!(
            "# Written by `cargo xtask odoo` at each start.\n\
             listen_addresses = ''\n\
             unix_socket_directories = '{}'\n\
             max_connections = 200\n\
             shared_buffers = 128MB\n\
             dynamic_shared_memory_type = posix\n\
             fsync = off\n\
             synchronous_commit = off\n\
             full_page_writes = off\n\
             max_wal_size = 1GB\n\
             log_min_messages = warning\n",
            self.folder.display().to_string().replace('\'', "''")
        );
        fs::write(&file, content).map_err(Error::io("write", &file))
    }

    /// Stops the server and waits for its end; its files are consistent afterwards.
    pub(crate) fn stop(&self) {
        if let Some(daemon) = self.daemon() {
            // SIGINT is PostgreSQL's fast shutdown: connections are ended, then everything is written.
            daemon.stop(&self.data(), Signal::INT, STOP_LIMIT);
        }
    }

    /// Runs SQL and returns the rows, columns separated by `|`.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> Result<String, Error> {
        let answer = output(
            self.psql(database)
                .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
                .args(["--set", "ON_ERROR_STOP=1", "--command", statement]),
        )?;
        Ok(answer.trim().to_owned())
    }

    /// psql on a database of this cluster, by its socket alone.
    pub(crate) fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.binaries.program("psql"));
        command.arg("--host").arg(&self.folder).args([
            "--port",
            "5432",
            "--username",
            ROLE,
            "--dbname",
            database,
        ]);
        forget_client_settings(&mut command);
        command
    }

    /// Whether a database exists.
    pub(crate) fn has_database(&self, name: &str) -> Result<bool, Error> {
        let found = self.sql(
            "postgres",
            &format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"),
        )?;
        Ok(!found.is_empty())
    }

    /// Copies a database inside the cluster; nobody may be connected to `source`.
    pub(crate) fn copy_database(&self, source: &str, name: &str) -> Result<(), Error> {
        // From 15 on the default goes through the write-ahead log, which is several times slower for a whole database.
        let strategy = if self.binaries.major >= 15 {
            " STRATEGY FILE_COPY"
        } else {
            ""
        };
        let statement = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{source}\"{strategy}");
        self.sql("postgres", &statement).map(drop)
    }

    /// Drops a database, ending the connections to it; none there is fine.
    pub(crate) fn drop_database(&self, name: &str) -> Result<(), Error> {
        self.sql(
            "postgres",
            &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"),
        )
        .map(drop)
    }

    /// A PostgreSQL program, as the account that owns the cluster.
    fn command(&self, name: &str) -> Result<Command, Error> {
        let program = self.binaries.program(name);
        let mut command = match postgres_account()? {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .args(["--clear-groups", "--"])
                    .arg(program);
                command
            }
        };
        forget_client_settings(&mut command);
        // Messages in one language, and a working directory that the account can enter.
        command.env("LC_ALL", "C").current_dir("/");
        Ok(command)
    }
}

/// Whether any process has `folder` as its working directory, as every process of a PostgreSQL server has its data
/// folder.
fn works_in(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else {
        return false;
    };
    fs::read_dir("/proc").is_ok_and(|entries| {
        entries
            .filter_map(Result::ok)
            .filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok())
            .any(|place| place == folder)
    })
}

/// Keeps settings meant for somebody's other PostgreSQL away from ours.
pub(crate) fn forget_client_settings(command: &mut Command) {
    for name in [
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGUSER",
        "PGPASSWORD",
        "PGDATABASE",
        "PGOPTIONS",
        "PGSERVICE",
        "PGDATA",
        "PGAPPNAME",
        "PGSSLMODE",
    ] {
        command.env_remove(name);
    }
}

/// Ids of the account `postgres` when we are root, `None` when PostgreSQL can simply run as us.
fn postgres_account() -> Result<Option<(u32, u32)>, Error> {
    if !is_root() {
        return Ok(None);
    }
    let path = Path::new("/etc/passwd");
    let accounts = fs::read_to_string(path).map_err(Error::io("read", path))?;
    account_ids(&accounts, "postgres").map(Some).ok_or_else(|| {
        Error::Missing(vec![Missing {
            what: "the account `postgres`, since PostgreSQL refuses to run as root",
            package: "postgresql",
        }])
    })
}

fn account_ids(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let entry = accounts.lines().find(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(':'))
    })?;
    let mut fields = entry.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Checks that every account can enter `folder`: without that, PostgreSQL's own messages are riddles.
fn check_traversable(folder: &Path) -> Result<(), Error> {
    for ancestor in folder.ancestors() {
        let metadata = fs::metadata(ancestor).map_err(Error::io("look at", ancestor))?;
        if metadata.permissions().mode() & 0o001 == 0 {
            return Err(Error::NotTraversable(ancestor.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_match_the_whole_name() {
        let accounts = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8::/:/bin/sh\npostgres:x:101:104::/var:/bin/bash\n";
        assert_eq!(account_ids(accounts, "postgres"), Some((101, 104)));
        assert_eq!(account_ids(accounts, "nobody"), None);
    }

    #[test]
    fn a_socket_path_that_cannot_work_is_refused_at_once() {
        let binaries = Binaries {
            folder: PathBuf::from("/usr/lib/postgresql/15/bin"),
            major: 15,
        };
        let long = Path::new("/").join("x".repeat(100));
        let error = Cluster::new(long, binaries).unwrap_err();
        assert!(error.to_string().contains("BUTOPEA_CACHE"), "{error}");
    }

    #[test]
    fn a_process_is_found_by_where_it_works() {
        let folder = std::env::temp_dir().join(format!("xtask-works-{}", std::process::id()));
        make_folder(&folder).unwrap();
        assert!(!works_in(&folder));
        let mut child = Command::new("sleep")
            .arg("60")
            .current_dir(&folder)
            .spawn()
            .unwrap();
        assert!(works_in(&folder));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!works_in(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_private_folder_is_named() {
        let folder = std::env::temp_dir().join(format!("xtask-private-{}", std::process::id()));
        make_folder(&folder.join("inside")).unwrap();
        assert!(check_traversable(&folder.join("inside")).is_ok());
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        let error = check_traversable(&folder.join("inside")).unwrap_err();
        assert!(
            error.to_string().contains(&folder.display().to_string()),
            "{error}"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
