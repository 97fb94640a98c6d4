//! What the machine must have before a local Odoo can be made, looked up once and reported whole.
//!
//! Nothing here changes the machine unless the person asked for it with `--install`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::is_root;
use crate::error::{Error, Missing, packages};
use crate::odoo::postgres::Binaries;
use crate::process::{on_path, outcome, output};
use crate::ui::Task;

/// The oldest Python that the pinned requirements install on; Odoo 19 itself takes 3.10.
const OLDEST_PYTHON: (u32, u32) = (3, 11);

/// A Python interpreter that can make virtual environments.
#[derive(Debug, Clone)]
pub(crate) struct Python {
    /// The interpreter.
    pub(crate) program: PathBuf,
    /// Version and place: part of the keys of what is built with it.
    pub(crate) identity: String,
}

/// The programs that a local Odoo needs from the system.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// For Odoo's virtual environment.
    pub(crate) python: Python,
    /// For the clusters.
    pub(crate) postgres: Binaries,
}

impl Machine {
    /// Looks everything up; with `install` it has apt-get bring what is missing and looks again.
    pub(crate) fn look(install: bool) -> Result<Self, Error> {
        match Self::try_look() {
            Err(Error::Missing(list)) if install => {
                apt_install(&packages(&list))?;
                Self::try_look()
            }
            result => result,
        }
    }

    fn try_look() -> Result<Self, Error> {
        let mut missing = Vec::new();
        let postgres = Binaries::find();
        if postgres.is_none() {
            missing.push(Missing {
                what: "PostgreSQL 13 or newer: initdb and pg_ctl below /usr/lib/postgresql",
                package: "postgresql",
            });
        }
        let python = look_for_python(&mut missing);
        if is_root() && !on_path("setpriv") {
            missing.push(Missing {
                what: "setpriv, since PostgreSQL refuses to run as root",
                package: "util-linux",
            });
        }
        match (postgres, python) {
            (Some(postgres), Some(python)) if missing.is_empty() => Ok(Self { python, postgres }),
            _ => Err(Error::Missing(missing)),
        }
    }
}

impl Python {
    /// The interpreter for tools that need no PostgreSQL, such as linters.
    pub(crate) fn look(install: bool) -> Result<Self, Error> {
        let mut missing = Vec::new();
        if let Some(python) = look_for_python(&mut missing) {
            return Ok(python);
        }
        if install {
            apt_install(&packages(&missing))?;
            return Self::look(false);
        }
        Err(Error::Missing(missing))
    }
}

/// `BUTOPEA_PYTHON`, or `python3` of the PATH: new enough and able to make virtual environments.
fn look_for_python(missing: &mut Vec<Missing>) -> Option<Python> {
    let program = std::env::var_os("BUTOPEA_PYTHON")
        .filter(|value| !value.is_empty())
        .map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let answer = output(Command::new(&program).args([
        "-c",
        "import sys; print(*sys.version_info[:2], sys.version.split()[0], sys.base_prefix)",
    ]));
    let venv = Missing {
        what: "Python's modules venv and ensurepip",
        package: "python3-venv",
    };
    let Some((version, identity)) = answer.ok().as_deref().and_then(parse_python) else {
        // Debian splits the modules off, so what is missing now is missing after python3 has come, too.
        missing.push(Missing {
            what: "python3",
            package: "python3",
        });
        missing.push(venv);
        return None;
    };
    if version < OLDEST_PYTHON {
        missing.push(Missing {
            what: "Python 3.11 or newer (or set BUTOPEA_PYTHON to one)",
            package: "python3",
        });
        return None;
    }
    let modules = outcome(Command::new(&program).args(["-c", "import venv, ensurepip"]));
    if !modules.is_ok_and(|modules| modules.status.success()) {
        missing.push(venv);
        return None;
    }
    Some(Python { program, identity })
}

fn parse_python(answer: &str) -> Option<((u32, u32), String)> {
    let mut words = answer.trim().splitn(3, ' ');
    let major = words.next()?.parse().ok()?;
    let minor = words.next()?.parse().ok()?;
    Some(((major, minor), words.next()?.to_owned()))
}

/// Whether the tools that fetch and unpack Debian packages are there.
pub(crate) fn check_debian_tools() -> Result<(), Error> {
    let tools = [
        (
            "apt-get",
            "apt-get and apt-config, to fetch Odoo's package",
            "apt",
        ),
        ("dpkg", "dpkg, to unpack Odoo's package", "dpkg"),
    ];
    let missing: Vec<Missing> = tools
        .into_iter()
        .filter(|(program, _, _)| !on_path(program))
        .map(|(_, what, package)| Missing { what, package })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::Missing(missing))
    }
}

/// Has apt-get bring what is missing with `install`, and is an error otherwise.
pub(crate) fn need(missing: Vec<Missing>, install: bool) -> Result<(), Error> {
    if install {
        apt_install(&packages(&missing))
    } else {
        Err(Error::Missing(missing))
    }
}

/// Installs Debian packages on the machine, as root or through sudo.
fn apt_install(names: &[&str]) -> Result<(), Error> {
    let task = Task::start(format!("installing Debian packages: {}", names.join(" ")));
    let apt_get = |arguments: &[&str]| {
        let mut command = if is_root() {
            Command::new("apt-get")
        } else {
            let mut command = Command::new("sudo");
            command.args([
                "--non-interactive",
                "--preserve-env=DEBIAN_FRONTEND",
                "apt-get",
            ]);
            command
        };
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments);
        command.current_dir(Path::new("/"));
        output(&mut command)
    };
    apt_get(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(names);
    apt_get(&arguments)?;
    task.done("installed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_versions_compare_by_number() {
        let (version, identity) = parse_python("3 9 3.9.2 /usr\n").unwrap();
        assert!(version < OLDEST_PYTHON);
        assert_eq!(identity, "3.9.2 /usr");
        assert!(parse_python("3 13 3.13.1 /usr").unwrap().0 > OLDEST_PYTHON);
        assert!(parse_python("nonsense").is_none());
    }
}
