//! The template: a stopped cluster whose database has the reference apps and their demo data.
//!
//! Installing the apps takes minutes, copying the result a second or two; so it is made once for each combination of
//! Odoo, requirements, apps and PostgreSQL version, and every instance starts as a copy.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cache::{Cache, make_folder};
use crate::error::Error;
use crate::hash::Hash;
use crate::machine::Machine;
use crate::odoo::install::Odoo;
use crate::odoo::postgres::Cluster;
use crate::odoo::server::{Server, Settings, telling};
use crate::process::{log_tail, output};
use crate::ui::{Task, note};

/// The reference apps: what `generated/` describes and the tests count on.
pub(crate) const APPS: &str =
    "sale_management,crm,purchase,stock,project,contacts,hr,hr_holidays,hr_timesheet,mrp";

/// The name of the pristine database in every cluster.
pub(crate) const DATABASE: &str = "reference";

/// Logins of Odoo's demo data with their passwords: an administrator, an employee with few rights, a customer.
pub(crate) const LOGINS: [(&str, &str); 3] =
    [("admin", "admin"), ("demo", "demo"), ("portal", "portal")];

/// Changes when the way a template is built does, so that older ones are not used.
const RECIPE: &str = "1";

/// A finished template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    folder: PathBuf,
}

impl Template {
    /// The template for this Odoo on this machine, built when it is not there yet.
    pub(crate) fn ensure(cache: &Cache, machine: &Machine, odoo: &Odoo) -> Result<Self, Error> {
        let recipe = Hash::new()
            .with(odoo.key().as_bytes())
            .with(APPS.as_bytes())
            .with(RECIPE.as_bytes());
        let key = format!(
            "{}-pg{}-{}",
            odoo.distribution.package,
            machine.postgres.major,
            recipe.short()
        );
        let template = Self {
            folder: cache.path("templates").join(key),
        };
        if !template.folder.is_dir() {
            let _lock = cache.lock("template")?;
            if !template.folder.is_dir() {
                template.build(cache, machine, odoo)?;
            }
        }
        Ok(template)
    }

    /// The template's name: an instance made from another one is out of date.
    pub(crate) fn key(&self) -> String {
        self.folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Copies the stopped cluster to `place`, owner and all.
    pub(crate) fn copy_cluster(&self, place: &Path) -> Result<(), Error> {
        output(
            Command::new("cp")
                .args(["--archive", "--reflink=auto", "--no-target-directory"])
                .arg(self.folder.join("pg"))
                .arg(place),
        )
        .map(drop)
    }

    /// Puts the reference database's attachments below `data` (an Odoo `data_dir`) as those of `database`. They are
    /// linked, not copied: Odoo names an attachment's file by its content and never writes into an existing one.
    pub(crate) fn link_filestore(&self, data: &Path, database: &str) -> Result<(), Error> {
        let place = data.join("filestore").join(database);
        crate::cache::remove_folder(&place)?;
        let source = self.folder.join("data/filestore").join(DATABASE);
        if !source.is_dir() {
            return Ok(());
        }
        make_folder(&data.join("filestore"))?;
        output(
            Command::new("cp")
                .args(["--archive", "--link", "--no-target-directory"])
                .arg(source)
                .arg(place),
        )
        .map(drop)
    }

    fn build(&self, cache: &Cache, machine: &Machine, odoo: &Odoo) -> Result<(), Error> {
        // An interrupted build leaves its server running: it is a daemon.
        for folder in cache.abandoned("template") {
            Cluster::new(folder.join("pg"), machine.postgres.clone())?.stop();
        }
        let staging = cache.staging("template")?;
        let cluster = Cluster::new(staging.path().join("pg"), machine.postgres.clone())?;
        let task = Task::start("new PostgreSQL cluster");
        cluster.init()?;
        cluster.start()?;
        task.done(format_args!("PostgreSQL {}", machine.postgres.major));
        let built = install_apps(&cluster, staging.path(), odoo).and_then(|()| check(&cluster));
        cluster.stop();
        built?;
        staging.commit(&self.folder)
    }
}

/// Installs the apps into a new database, showing how far it is from Odoo's own log.
fn install_apps(cluster: &Cluster, folder: &Path, odoo: &Odoo) -> Result<(), Error> {
    let server = Server::new(folder);
    make_folder(&server.data())?;
    server.configure(&Settings {
        database_host: cluster.host(),
        database: DATABASE,
        addons: &[],
        port: 0,
    })?;
    note(format_args!("apps: {APPS}"));
    let mut task = Task::start("installing the reference apps with demo data");
    let mut command = server.command(odoo, None);
    command
        .args([
            "--init",
            APPS,
            "--with-demo",
            "--stop-after-init",
            "--no-http",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| Error::Spawn {
        program: "odoo".into(),
        source,
    })?;
    let log = server.log();
    let mut file = std::fs::File::create(&log).map_err(Error::io("create", &log))?;
    if let Some(errors) = child.stderr.take() {
        for line in BufReader::new(errors).split(b'\n') {
            let line = line.map_err(Error::io("read the output of", Path::new("odoo")))?;
            let _ = file.write_all(&line).and_then(|()| file.write_all(b"\n"));
            if let Some((done, total, module)) = loading(&String::from_utf8_lossy(&line)) {
                task.progress(done, total, &module);
            }
        }
    }
    let status = child
        .wait()
        .map_err(Error::io("wait for", Path::new("odoo")))?;
    if !status.success() {
        return Err(Error::Odoo {
            what: format!("could not install the reference apps ({status})"),
            tail: telling(&log_tail(&log, usize::MAX)),
            log,
        });
    }
    cluster.sql(DATABASE, "ANALYZE")?;
    task.done(&odoo.distribution.release);
    Ok(())
}

/// Reads Odoo's line `… Loading module sale (34/87)`.
fn loading(line: &str) -> Option<(u64, u64, String)> {
    let (_, rest) = line.split_once("Loading module ")?;
    let (module, rest) = rest.split_once(" (")?;
    let (done, rest) = rest.split_once('/')?;
    let (total, _) = rest.split_once(')')?;
    Some((done.parse().ok()?, total.parse().ok()?, module.to_owned()))
}

/// Odoo exits with success when demo data fails to load, so the result is looked at.
fn check(cluster: &Cluster) -> Result<(), Error> {
    let wanted: Vec<&str> = APPS.split(',').collect();
    let installed = cluster.sql(
        DATABASE,
        "SELECT name FROM ir_module_module WHERE state = 'installed'",
    )?;
    let users = cluster.sql(DATABASE, "SELECT login FROM res_users WHERE active")?;
    let failed = cluster.sql(DATABASE, "SELECT count(*) FROM ir_demo_failure")?;
    let absent: Vec<&str> = wanted
        .into_iter()
        .filter(|app| !installed.lines().any(|name| name == *app))
        .chain(
            LOGINS
                .iter()
                .map(|(login, _)| *login)
                .filter(|login| !users.lines().any(|name| name == *login)),
        )
        .collect();
    if !absent.is_empty() {
        return Err(Error::Template(format!("no {}", absent.join(", "))));
    }
    if failed != "0" {
        return Err(Error::Template(format!(
            "the demo data of {failed} modules failed to load"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_odoos_log() {
        let line = "2026-01-01 10:00:00,1 7 INFO reference odoo.modules.loading: Loading module sale (34/87) ";
        assert_eq!(loading(line), Some((34, 87, "sale".to_owned())));
        assert_eq!(loading("Module sale loaded in 0.3s"), None);
    }
}
