//! One checkout's own Odoo: a cluster copied from the template, a port of its own, and our module from the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cache::{Cache, make_folder, remove_folder, write_whole};
use crate::checkout::{Checkout, MODULE};
use crate::error::Error;
use crate::odoo::install::Odoo;
use crate::odoo::postgres::{Binaries, Cluster};
use crate::odoo::server::{Server, Settings, StartFailure, free_port, serves};
use crate::odoo::template::{DATABASE as REFERENCE, LOGINS, Template};
use crate::ui::{Task, note};

/// The name of an instance's working database.
pub(crate) const DATABASE: &str = "odoo";

/// Ports from here on; below the range that the system hands out for outgoing connections.
const FIRST_PORT: u16 = 18_069;

/// How far checkouts are spread, so that each keeps its port most of the time.
const PORT_SPREAD: u16 = 900;

/// What is remembered of an instance between commands; `instance.json` in its folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The checkout that it belongs to.
    pub(crate) checkout: PathBuf,
    /// The template that it was copied from.
    pub(crate) template: String,
    /// The Odoo that runs, for people.
    pub(crate) odoo: String,
    /// The port on loopback.
    pub(crate) port: u16,
    /// Hash of the modules' files as they were installed; none until that worked.
    pub(crate) addons: Option<String>,
    /// Modules of `tests/addons` that are installed besides ours.
    #[serde(default)]
    pub(crate) test_modules: Vec<String>,
}

/// An instance, set up or not.
#[derive(Debug)]
pub(crate) struct Instance {
    folder: PathBuf,
    cluster: Cluster,
    server: Server,
}

impl Instance {
    /// The instance of a checkout.
    pub(crate) fn of(
        cache: &Cache,
        checkout: &Checkout,
        binaries: &Binaries,
    ) -> Result<Self, Error> {
        Self::at(cache.path("instances").join(checkout.key()), binaries)
    }

    /// The instance in a folder.
    pub(crate) fn at(folder: PathBuf, binaries: &Binaries) -> Result<Self, Error> {
        Ok(Self {
            cluster: Cluster::new(folder.join("pg"), binaries.clone())?,
            server: Server::new(&folder),
            folder,
        })
    }

    /// Its cluster.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Its Odoo process.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is remembered of it; an error when it is not set up.
    pub(crate) fn state(&self) -> Result<State, Error> {
        let path = self.folder.join("instance.json");
        let text = fs::read_to_string(&path).map_err(|_| Error::NotUp)?;
        serde_json::from_str(&text).map_err(|source| Error::Json {
            what: path.display().to_string(),
            source,
        })
    }

    fn remember(&self, state: &State) -> Result<(), Error> {
        write_state(&self.folder, state)
    }

    /// Makes the instance from the template, unless it is there and made from this template.
    pub(crate) fn create(
        &self,
        cache: &Cache,
        checkout: &Checkout,
        template: &Template,
        odoo: &Odoo,
    ) -> Result<(), Error> {
        match self.state() {
            Ok(state) if state.template == template.key() => return Ok(()),
            Ok(state) => note(format_args!(
                "this instance was made from {}; making it anew from {}",
                state.template,
                template.key()
            )),
            Err(_) => {}
        }
        self.purge()?;
        let task = Task::start("new instance from the template");
        let staging = cache.staging(&format!("instance-{}", checkout.key()))?;
        template.copy_cluster(&staging.path().join("pg"))?;
        make_folder(&staging.path().join("data"))?;
        let _ports = cache.lock("ports")?;
        let state = State {
            checkout: checkout.root().to_owned(),
            template: template.key(),
            odoo: odoo.describe(),
            port: choose_port(cache, checkout, &self.folder)?,
            addons: None,
            test_modules: Vec::new(),
        };
        write_state(staging.path(), &state)?;
        staging.commit(&self.folder)?;
        task.done(self.folder.display());
        Ok(())
    }

    /// Makes the working database from the reference database of the same cluster, if it is not there.
    pub(crate) fn ensure_database(&self, template: &Template) -> Result<(), Error> {
        if self.cluster.has_database(DATABASE)? {
            return Ok(());
        }
        let task = Task::start("fresh database");
        let mut state = self.state()?;
        state.addons = None;
        self.remember(&state)?;
        template.link_filestore(&self.server.data(), DATABASE)?;
        self.cluster.copy_database(REFERENCE, DATABASE)?;
        task.done(DATABASE);
        Ok(())
    }

    /// Has these modules of `tests/addons` installed at the next start, besides those that are.
    pub(crate) fn add_test_modules(
        &self,
        checkout: &Checkout,
        wanted: &[String],
    ) -> Result<(), Error> {
        let mut state = self.state()?;
        for module in wanted {
            if !checkout
                .test_addons()
                .join(module)
                .join("__manifest__.py")
                .is_file()
            {
                return Err(Error::Usage(format!(
                    "there is no module `{module}` in {}",
                    checkout.test_addons().display()
                )));
            }
            if !state.test_modules.contains(module) {
                state.test_modules.push(module.clone());
                state.addons = None;
            }
        }
        self.remember(&state)
    }

    /// Has Odoo run and serve with our modules as they are in the checkout now.
    pub(crate) fn ensure_server(
        &self,
        cache: &Cache,
        checkout: &Checkout,
        odoo: &Odoo,
        wanted_port: Option<u16>,
    ) -> Result<(), Error> {
        let mut state = self.state()?;
        let addons = checkout.addons_hash(!state.test_modules.is_empty())?;
        let current = state.addons.as_deref() == Some(addons.as_str());
        let here = wanted_port.is_none_or(|port| port == state.port);
        if current && here && self.server.daemon().is_some() && serves(state.port) {
            return Ok(());
        }
        self.server.stop();
        let arguments = if current {
            Vec::new()
        } else {
            self.module_options(&state)?
        };
        let words: Vec<&str> = arguments
            .iter()
            .map(|word| word.trim_start_matches('-'))
            .collect();
        let task = Task::start(if words.is_empty() {
            "starting Odoo".to_owned()
        } else {
            format!("starting Odoo, {}", words.join(" "))
        });
        state.port = wanted_port.unwrap_or(state.port);
        self.start(cache, checkout, odoo, &mut state, &arguments)?;
        state.addons = Some(addons);
        state.odoo = odoo.describe();
        self.remember(&state)?;
        task.done("serves");
        Ok(())
    }

    /// Odoo's options that install those of our modules that are not there and update the others.
    fn module_options(&self, state: &State) -> Result<Vec<String>, Error> {
        let known = self.cluster.sql(
            DATABASE,
            "SELECT name FROM ir_module_module WHERE state IN ('installed', 'to upgrade')",
        )?;
        let (there, missing): (Vec<&str>, Vec<&str>) = std::iter::once(MODULE)
            .chain(state.test_modules.iter().map(String::as_str))
            .partition(|module| known.lines().any(|name| name.trim() == *module));
        Ok([("--init", missing), ("--update", there)]
            .into_iter()
            .filter(|(_, modules)| !modules.is_empty())
            .flat_map(|(option, modules)| [option.to_owned(), modules.join(",")])
            .collect())
    }

    /// Starts Odoo on the remembered port or, when that is taken, on the next free one.
    fn start(
        &self,
        cache: &Cache,
        checkout: &Checkout,
        odoo: &Odoo,
        state: &mut State,
        arguments: &[String],
    ) -> Result<(), Error> {
        loop {
            let ports = cache.lock("ports")?;
            let reserved = reserved_ports(cache, &self.folder);
            state.port = free_port(state.port, &reserved).ok_or_else(no_port)?;
            self.remember(state)?;
            drop(ports);
            self.server.configure(&Settings {
                database_host: self.cluster.host(),
                database: DATABASE,
                addons: &checkout.addons_path(!state.test_modules.is_empty()),
                port: state.port,
            })?;
            match self.server.start(odoo, state.port, arguments) {
                Ok(()) => return Ok(()),
                Err(StartFailure::PortTaken) => state.port += 1,
                Err(StartFailure::Failed(error)) => return Err(error),
            }
        }
    }

    /// Drops the working database; the next [`Self::ensure_database`] makes it anew.
    pub(crate) fn forget_database(&self) -> Result<(), Error> {
        self.server.stop();
        let mut state = self.state()?;
        state.addons = None;
        self.remember(&state)?;
        self.cluster.start()?;
        self.cluster.drop_database(DATABASE)?;
        remove_folder(&self.server.data())?;
        make_folder(&self.server.data())
    }

    /// Stops Odoo, then PostgreSQL.
    pub(crate) fn stop(&self) {
        self.server.stop();
        self.cluster.stop();
    }

    /// Stops everything and removes the instance's folder.
    pub(crate) fn purge(&self) -> Result<(), Error> {
        self.stop();
        remove_folder(&self.folder)
    }

    /// What programs want to know; the keys are those of `cargo xtask odoo status --json`.
    pub(crate) fn report(&self) -> Result<Value, Error> {
        let state = self.state()?;
        let odoo = self.server.daemon();
        let postgres = self.cluster.daemon();
        let module_version = match postgres {
            Some(_) => self.cluster.sql(
                DATABASE,
                &format!("SELECT latest_version FROM ir_module_module WHERE name = '{MODULE}' AND state = 'installed'"),
            ),
            None => Ok(String::new()),
        };
        let logins: Vec<Value> = LOGINS
            .iter()
            .map(|(login, password)| json!({"login": login, "password": password}))
            .collect();
        Ok(json!({
            "running": odoo.is_some() && serves(state.port),
            "url": format!("http://127.0.0.1:{}", state.port),
            "db": DATABASE,
            "logins": logins,
            "odoo": state.odoo,
            "module_version": module_version.ok().filter(|version| !version.is_empty()),
            "pid": odoo.map(crate::process::Daemon::id),
            "postgres_pid": postgres.map(crate::process::Daemon::id),
            "postgres_host": self.cluster.host(),
            "log": self.server.log(),
            "folder": self.folder,
            "checkout": state.checkout,
        }))
    }
}

fn write_state(folder: &Path, state: &State) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(state).map_err(|source| Error::Json {
        what: "the state of the instance".into(),
        source,
    })?;
    write_whole(&folder.join("instance.json"), &text)
}

fn choose_port(cache: &Cache, checkout: &Checkout, folder: &Path) -> Result<u16, Error> {
    let wanted = FIRST_PORT + checkout.spread(PORT_SPREAD);
    free_port(wanted, &reserved_ports(cache, folder)).ok_or_else(no_port)
}

fn no_port() -> Error {
    Error::Usage("no free TCP port on loopback".into())
}

/// The ports of the other instances, running or not.
fn reserved_ports(cache: &Cache, own: &Path) -> Vec<u16> {
    states(cache)
        .into_iter()
        .filter(|(folder, _)| folder != own)
        .map(|(_, state)| state.port)
        .collect()
}

/// Every instance of the cache with what is remembered of it.
pub(crate) fn states(cache: &Cache) -> Vec<(PathBuf, State)> {
    let Ok(entries) = fs::read_dir(cache.path("instances")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let text = fs::read_to_string(folder.join("instance.json")).ok()?;
            Some((folder, serde_json::from_str(&text).ok()?))
        })
        .collect()
}
