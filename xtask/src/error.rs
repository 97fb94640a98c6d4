//! The one error type of the development commands.
//!
//! It stands beside the data's way, not on it: these errors are read by a person at a terminal, so each says what was
//! being done and, where there is one, the next step.

use std::io;
use std::path::{Path, PathBuf};

/// Everything that can go wrong in a development command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file operation failed; `action` is a verb phrase such as "read".
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("cannot start `{program}`: {source}")]
    Spawn {
        /// The program's name or path.
        program: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("`{command}` failed ({status}){}", detail(output))]
    Command {
        /// The command line, shortened.
        command: String,
        /// Exit status in words.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// Programs that the machine does not have, with the Debian packages that carry them.
    #[error("{}", missing(.0))]
    Missing(Vec<Missing>),
    /// The working directory is not inside a checkout of this repository.
    #[error("not inside a checkout of this repository: no folder above {} has xtask/ and addons/", .0.display())]
    NoCheckout(PathBuf),
    /// The cache folder's path leaves no room for a Unix socket's name.
    #[error(
        "the path {} is too long for a Unix socket ({length} of at most 107 bytes); set BUTOPEA_CACHE to a shorter folder",
        path.display()
    )]
    SocketPath {
        /// The socket's path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
    /// PostgreSQL's own account cannot reach the cache folder.
    #[error(
        "PostgreSQL does not run as root, and its account `postgres` cannot enter {}; \
         set BUTOPEA_CACHE to a folder that every account can enter, such as /var/cache/butopea-mcp",
        .0.display()
    )]
    NotTraversable(PathBuf),
    /// No apt source of a Debian archive was found to derive the private one from.
    #[error(
        "no Debian archive among the machine's apt sources (/etc/apt/sources.list, /etc/apt/sources.list.d); \
         on another system, download Debian's odoo-NN package by hand and pass it with --odoo-deb FILE"
    )]
    NoDebianSource,
    /// The archive has no `odoo-NN` package.
    #[error(
        "the archive's suite `sid` has no package odoo-NN; download one by hand and pass it with --odoo-deb FILE"
    )]
    NoOdooPackage,
    /// Odoo ended, or said that it cannot serve, before it was ready.
    #[error("Odoo {what}; the end of {}:\n{tail}", log.display())]
    Odoo {
        /// What happened to it.
        what: String,
        /// Its log file.
        log: PathBuf,
        /// The telling lines of the log.
        tail: String,
    },
    /// The template database lacks something that the reference apps bring.
    #[error("the template database is incomplete: {0}")]
    Template(String),
    /// A command needs the instance to be up.
    #[error("no Odoo is set up for this checkout: start one with `cargo xtask odoo up`")]
    NotUp,
    /// Odoo's own tests of our module failed, or none ran.
    #[error("the module's tests inside Odoo: {0}")]
    ModuleTests(String),
    /// A state file of the cache or a program's answer was not the JSON that was expected.
    #[error("cannot understand {what}: {source}")]
    Json {
        /// What was read.
        what: String,
        /// serde's complaint.
        source: serde_json::Error,
    },
    /// The generator could not read or write a crate.
    #[error(transparent)]
    Generator(#[from] butopea_generator::Error),
    /// A call to Odoo failed.
    #[error(transparent)]
    Call(#[from] butopea_runtime::Error),
    /// The server and an MCP client did not come to terms.
    #[error("{what} between the MCP client and the server failed: {reason}")]
    Conversation {
        /// The request.
        what: String,
        /// What the client library says.
        reason: String,
    },
    /// A program that judges the server is not content with it.
    #[error("{judge} is not content:\n{faults}\nthe server's log:\n{log}")]
    Faults {
        /// The program, in words.
        judge: &'static str,
        /// What it says, a line each.
        faults: String,
        /// The end of the server's log.
        log: String,
    },
    /// A value on the command line does not fit.
    #[error("{0}")]
    Usage(String),
}

/// A program or library that is not there and the Debian package that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// What was looked for, in words.
    pub(crate) what: &'static str,
    /// The Debian package.
    pub(crate) package: &'static str,
}

impl Error {
    /// Builds the closure for `map_err` on a file operation.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// The output part of a failed command's message: nothing when it printed nothing.
fn detail(output: &str) -> String {
    if output.trim().is_empty() {
        String::new()
    } else {
        format!(":\n{}", output.trim_end())
    }
}

/// The message for missing packages: each with its reason, then the one command that installs them all.
fn missing(list: &[Missing]) -> String {
    let mut text = String::from("this machine lacks:\n");
    for item in list {
        text.push_str("  - ");
        text.push_str(item.what);
        text.push_str(" (Debian package ");
        text.push_str(item.package);
        text.push_str(")\n");
    }
    text.push_str("install with: apt-get install ");
    text.push_str(&packages(list).join(" "));
    text.push_str("\nor let the same command do it with `--install`");
    text
}

/// The package names of a list, each once, in order.
pub(crate) fn packages(list: &[Missing]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for item in list {
        if !names.contains(&item.package) {
            names.push(item.package);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_names_each_package_once_and_the_command() {
        let message = Error::Missing(vec![
            Missing {
                what: "initdb",
                package: "postgresql",
            },
            Missing {
                what: "pg_ctl",
                package: "postgresql",
            },
            Missing {
                what: "ensurepip",
                package: "python3-venv",
            },
        ])
        .to_string();
        assert!(
            message.contains("apt-get install postgresql python3-venv\n"),
            "{message}"
        );
        assert!(
            message.contains("ensurepip (Debian package python3-venv)"),
            "{message}"
        );
    }
}
