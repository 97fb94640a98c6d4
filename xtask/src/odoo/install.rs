//! Odoo itself in the cache: Debian's package unpacked, and the environment that runs it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::cache::{Cache, make_folder, write_whole};
use crate::checkout::Checkout;
use crate::error::Error;
use crate::hash::Hash;
use crate::machine::{Machine, check_debian_tools};
use crate::odoo::apt::Apt;
use crate::odoo::postgres::forget_client_settings;
use crate::process::output;
use crate::ui::Task;
use crate::venv::Venv;

/// Where the package puts Python code.
const PYTHON_CODE: &str = "root/usr/lib/python3/dist-packages";

/// What is known about an unpacked Odoo; stored beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Distribution {
    /// Debian's package name, such as `odoo-19`.
    pub(crate) package: String,
    /// Debian's version of it.
    pub(crate) version: String,
    /// What Odoo says of itself (`odoo --version`).
    pub(crate) release: String,
}

/// An Odoo that can be run.
#[derive(Debug, Clone)]
pub(crate) struct Odoo {
    /// What it is.
    pub(crate) distribution: Distribution,
    folder: PathBuf,
    venv: Venv,
    bytecode: PathBuf,
}

impl Odoo {
    /// The Odoo of the cache, fetched when there is none, when `update` asks for the archive's newest, or when `deb`
    /// is a package file to use instead.
    pub(crate) fn ensure(
        cache: &Cache,
        checkout: &Checkout,
        machine: &Machine,
        update: bool,
        deb: Option<&Path>,
    ) -> Result<Self, Error> {
        let requirements = checkout.requirements("odoo.txt");
        let venv = Venv::ensure(cache, &machine.python, "odoo", &requirements)?;
        let mut folder = current(cache);
        if update || deb.is_some() || folder.is_none() {
            let _lock = cache.lock("odoo")?;
            folder = current(cache);
            if update || deb.is_some() || folder.is_none() {
                folder = Some(fetch(cache, &venv, deb)?);
            }
        }
        let folder = folder.ok_or(Error::NoOdooPackage)?;
        Ok(Self {
            distribution: read_distribution(&folder)?,
            folder,
            venv,
            bytecode: cache.path("bytecode"),
        })
    }

    /// A word for cache keys: this Odoo and everything it runs on.
    pub(crate) fn key(&self) -> String {
        let hash = Hash::new()
            .with(self.folder.as_os_str().as_encoded_bytes())
            .with(self.venv.key().as_bytes());
        format!(
            "{}-{}",
            folder_name(&self.distribution.package, &self.distribution.version),
            hash.short()
        )
    }

    /// What runs, for people: series, package and version.
    pub(crate) fn describe(&self) -> String {
        let Distribution {
            package,
            version,
            release,
        } = &self.distribution;
        format!("{release} (Debian's {package} {version})")
    }

    /// The command that runs Odoo, up to and including its subcommand if any.
    pub(crate) fn command(&self, subcommand: Option<&str>) -> Command {
        let mut command = launcher(&self.folder, &self.venv, &self.bytecode);
        command.args(subcommand);
        command
    }
}

/// Odoo's launcher, with nothing of the caller's environment that would change what it does.
fn launcher(folder: &Path, venv: &Venv, bytecode: &Path) -> Command {
    let mut command = Command::new(venv.python());
    command
        .arg(folder.join("root/usr/bin/odoo"))
        .env("PYTHONPATH", folder.join(PYTHON_CODE))
        // Bytecode belongs to the cache: none in the checkout, and a second start is faster.
        .env("PYTHONPYCACHEPREFIX", bytecode)
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .env_remove("PYTHONHOME")
        .env_remove("ODOO_RC")
        .env_remove("OPENERP_SERVER")
        .env("PYTHONUNBUFFERED", "1");
    forget_client_settings(&mut command);
    command
}

/// The folder that the last fetch chose.
fn current(cache: &Cache) -> Option<PathBuf> {
    let name = fs::read_to_string(cache.path("odoo/current")).ok()?;
    let folder = cache.path("odoo").join(name.trim());
    folder.join("distribution.json").is_file().then_some(folder)
}

fn read_distribution(folder: &Path) -> Result<Distribution, Error> {
    let path = folder.join("distribution.json");
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    serde_json::from_str(&text).map_err(|source| Error::Json {
        what: path.display().to_string(),
        source,
    })
}

/// A package and version as a folder's name: on `PYTHONPATH` a colon would end the path.
fn folder_name(package: &str, version: &str) -> String {
    let clean: String = version
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".+-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("{package}_{clean}")
}

/// Fetches and unpacks Odoo and makes it the current one; returns its folder.
fn fetch(cache: &Cache, venv: &Venv, deb: Option<&Path>) -> Result<PathBuf, Error> {
    check_debian_tools()?;
    let staging = cache.staging("odoo")?;
    let downloads = staging.path().join("downloads");
    make_folder(&downloads)?;
    let (package, version) = match deb {
        Some(deb) => {
            let field = |name| {
                output(Command::new("dpkg").arg("--field").arg(deb).arg(name))
                    .map(|value| value.trim().to_owned())
            };
            (field("Package")?, field("Version")?)
        }
        None => match download(cache, &downloads)? {
            Download::Have(folder) => return Ok(folder),
            Download::New(package, version) => (package, version),
        },
    };
    let name = folder_name(&package, &version);
    let task = Task::start(format!("unpacking {package} {version}"));
    for file in packages_to_unpack(&downloads, deb)? {
        output(
            Command::new("dpkg")
                .arg("--extract")
                .arg(&file)
                .arg(staging.path().join("root")),
        )?;
    }
    crate::cache::remove_folder(&downloads)?;
    let release = output(launcher(staging.path(), venv, &cache.path("bytecode")).arg("--version"))?;
    let distribution = Distribution {
        package,
        version,
        release: release.trim().replace("Odoo Server", "Odoo"),
    };
    let text = serde_json::to_string_pretty(&distribution).map_err(|source| Error::Json {
        what: "the description of the package".into(),
        source,
    })?;
    write_whole(&staging.path().join("distribution.json"), &text)?;
    let folder = cache.path("odoo").join(&name);
    staging.commit(&folder)?;
    write_whole(&cache.path("odoo/current"), &name)?;
    task.done(distribution.release);
    Ok(folder)
}

/// What the archive offered.
enum Download {
    /// Something that is in the cache already.
    Have(PathBuf),
    /// A package and version, now among the downloads.
    New(String, String),
}

fn download(cache: &Cache, downloads: &Path) -> Result<Download, Error> {
    let task = Task::start("looking for the newest Odoo in Debian's archive");
    let apt = Apt::update(&cache.path("apt"))?;
    let candidate = apt.newest_odoo()?;
    task.done(format_args!("{} {}", candidate.name, candidate.version));
    let name = folder_name(&candidate.name, &candidate.version);
    let folder = cache.path("odoo").join(&name);
    if folder.join("distribution.json").is_file() {
        write_whole(&cache.path("odoo/current"), &name)?;
        return Ok(Download::Have(folder));
    }
    let task = Task::start(format!("downloading {}", candidate.name));
    let mut names = vec![candidate.name.as_str()];
    names.extend(candidate.assets.iter().map(String::as_str));
    apt.download(&names, downloads)?;
    task.done("downloaded");
    Ok(Download::New(candidate.name, candidate.version))
}

fn packages_to_unpack(downloads: &Path, deb: Option<&Path>) -> Result<Vec<PathBuf>, Error> {
    if let Some(deb) = deb {
        return Ok(vec![deb.to_owned()]);
    }
    let entries = fs::read_dir(downloads).map_err(Error::io("list", downloads))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new("deb")))
        .collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_safe_on_a_search_path() {
        assert_eq!(
            folder_name("odoo-19", "1:19.0~rc+dfsg-1"),
            "odoo-19_1_19.0_rc+dfsg-1"
        );
    }
}
