//! `cargo xtask odoo`: a real Odoo for this checkout, from nothing to a URL.
//!
//! This is where the data's way begins: the live Odoo that the snapshot is fetched from and the tests talk to.

mod apt;
mod install;
mod instance;
mod module_tests;
pub(crate) mod postgres;
mod server;
mod template;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::cache::{Cache, remove_folder};
use crate::checkout::{Checkout, INSTANCE_VARIABLE};
use crate::error::{Error, Missing};
use crate::machine::Machine;
use crate::ui::{note, say};
use install::Odoo;
use instance::{DATABASE, Instance};
use postgres::Binaries;
use template::Template;

/// Which of this checkout's Odoos, and what to do with it.
#[derive(Debug, Args)]
pub(crate) struct OdooArgs {
    /// Another instance beside the usual one, with a database and a port of its own
    #[arg(long, global = true, env = INSTANCE_VARIABLE, value_name = "NAME")]
    instance: Option<String>,
    #[command(subcommand)]
    command: OdooCommand,
}

/// What to do with this checkout's Odoo.
#[derive(Debug, Subcommand)]
pub(crate) enum OdooCommand {
    /// Install what is needed, start PostgreSQL and Odoo with demo data and our module, print where it is
    Up(UpArgs),
    /// Say whether it runs, and where
    Status {
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
    /// Show Odoo's log
    Logs {
        /// Go on as the log grows
        #[arg(short, long)]
        follow: bool,
        /// How many lines to begin with
        #[arg(short = 'n', long, default_value_t = 100)]
        lines: u32,
        /// PostgreSQL's log instead
        #[arg(long)]
        postgres: bool,
    },
    /// Open Odoo's Python shell on the database
    Shell {
        /// Arguments for `odoo shell`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Open psql on the database
    Psql {
        /// Arguments for psql
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Begin again with a fresh database from the template
    Reset(UpArgs),
    /// Stop Odoo and start it again, as after an update of its code
    Restart {
        /// PostgreSQL instead, under an Odoo that goes on
        #[arg(long)]
        postgres: bool,
    },
    /// Stop Odoo and PostgreSQL of this checkout
    Down {
        /// Remove the instance with its database, too
        #[arg(long)]
        purge: bool,
    },
    /// Run our module's own tests inside Odoo, on a throw-away database
    TestModule {
        /// Which tests, as Odoo's --test-tags takes them [default: all of the module]
        #[arg(long)]
        tags: Option<String>,
        /// What `up` takes, for what has to be installed
        #[command(flatten)]
        setup: UpArgs,
    },
    /// Remove the instances of checkouts that are gone, and templates that no instance was made from
    Prune,
}

/// How to set up.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct UpArgs {
    /// Install missing Debian packages with apt-get
    #[arg(long)]
    install: bool,
    /// Look for a newer Odoo in Debian's archive
    #[arg(long)]
    update: bool,
    /// Use this Odoo package file instead of the archive's
    #[arg(long, value_name = "FILE")]
    odoo_deb: Option<PathBuf>,
    /// Serve on this port rather than the one kept for this checkout
    #[arg(long)]
    port: Option<u16>,
    /// Install these modules of tests/addons, too; they stay in the instance's database
    #[arg(long, value_delimiter = ',', value_name = "MODULE,…")]
    with: Vec<String>,
}

/// Runs one command.
pub(crate) fn run(args: OdooArgs) -> Result<(), Error> {
    let cache = Cache::open()?;
    let checkout = Checkout::find()?.with_instance(args.instance.as_deref())?;
    match args.command {
        OdooCommand::Up(args) => {
            let report = up(&cache, &checkout, &args, false)?;
            print_report(&report);
            Ok(())
        }
        OdooCommand::Reset(args) => {
            let report = up(&cache, &checkout, &args, true)?;
            print_report(&report);
            Ok(())
        }
        OdooCommand::Status { json } => status(&cache, &checkout, json),
        OdooCommand::Logs {
            follow,
            lines,
            postgres,
        } => logs(&cache, &checkout, follow, lines, postgres),
        OdooCommand::Shell { arguments } => shell(&cache, &checkout, &arguments),
        OdooCommand::Psql { arguments } => psql(&cache, &checkout, &arguments),
        OdooCommand::Restart { postgres } => restart(&cache, &checkout, postgres),
        OdooCommand::Down { purge } => down(&cache, &checkout, purge),
        OdooCommand::TestModule { tags, setup } => {
            test_module(&cache, &checkout, &setup, tags.as_deref())
        }
        OdooCommand::Prune => prune(&cache),
    }
}

/// Everything that is shared by the checkouts of one machine.
struct Setup {
    machine: Machine,
    odoo: Odoo,
    template: Template,
}

impl Setup {
    fn ensure(cache: &Cache, checkout: &Checkout, args: &UpArgs) -> Result<Self, Error> {
        let machine = Machine::look(args.install)?;
        let odoo = Odoo::ensure(
            cache,
            checkout,
            &machine,
            args.update,
            args.odoo_deb.as_deref(),
        )?;
        let template = Template::ensure(cache, &machine, &odoo)?;
        Ok(Self {
            machine,
            odoo,
            template,
        })
    }
}

/// Brings the checkout's instance up, with a fresh database if asked, and returns its report.
fn up(cache: &Cache, checkout: &Checkout, args: &UpArgs, fresh: bool) -> Result<Value, Error> {
    let setup = Setup::ensure(cache, checkout, args)?;
    let instance = Instance::of(cache, checkout, &setup.machine.postgres)?;
    let _lock = cache.lock(&format!("instance-{}", checkout.key()))?;
    instance.create(cache, checkout, &setup.template, &setup.odoo)?;
    if fresh {
        instance.forget_database()?;
    }
    instance.cluster().start()?;
    instance.ensure_database(&setup.template)?;
    instance.add_test_modules(checkout, &args.with)?;
    instance.ensure_server(cache, checkout, &setup.odoo, args.port)?;
    instance.report()
}

/// The instance of this checkout for commands that set nothing up.
fn existing(cache: &Cache, checkout: &Checkout) -> Result<Instance, Error> {
    let binaries = Binaries::find().ok_or_else(|| {
        Error::Missing(vec![Missing {
            what: "PostgreSQL 13 or newer",
            package: "postgresql",
        }])
    })?;
    Instance::of(cache, checkout, &binaries)
}

fn print_report(report: &Value) {
    let text = |key: &str| report[key].as_str().unwrap_or("–").to_owned();
    say(format_args!(
        "{}, module {} {}",
        text("odoo"),
        crate::checkout::MODULE,
        text("module_version")
    ));
    say(format_args!("  URL       {}", text("url")));
    say(format_args!("  database  {}", text("db")));
    let logins: Vec<String> = template::LOGINS
        .iter()
        .map(|(login, password)| format!("{login}/{password}"))
        .collect();
    say(format_args!("  logins    {}", logins.join("  ")));
    say(format_args!("  log       {}", text("log")));
}

fn status(cache: &Cache, checkout: &Checkout, json: bool) -> Result<(), Error> {
    let report = existing(cache, checkout)?.report();
    if json {
        let report = match report {
            Err(Error::NotUp) => serde_json::json!({"running": false, "checkout": checkout.root()}),
            other => other?,
        };
        say(report);
        return Ok(());
    }
    let report = report?;
    let running = if report["running"] == true {
        "running"
    } else {
        "stopped"
    };
    say(format_args!(
        "{running} (Odoo: process {}, PostgreSQL: process {})",
        report["pid"], report["postgres_pid"]
    ));
    print_report(&report);
    Ok(())
}

fn logs(
    cache: &Cache,
    checkout: &Checkout,
    follow: bool,
    lines: u32,
    postgres: bool,
) -> Result<(), Error> {
    let instance = existing(cache, checkout)?;
    instance.state()?;
    let file = if postgres {
        instance.cluster().log()
    } else {
        instance.server().log()
    };
    let mut command = Command::new("tail");
    command.arg("-n").arg(lines.to_string());
    if follow {
        // By name: each start of Odoo begins a new file.
        command.arg("-F");
    }
    become_program(command.arg(file))
}

fn shell(cache: &Cache, checkout: &Checkout, arguments: &[String]) -> Result<(), Error> {
    let setup = Setup::ensure(cache, checkout, &UpArgs::default())?;
    let instance = Instance::of(cache, checkout, &setup.machine.postgres)?;
    instance.state()?;
    instance.cluster().start()?;
    let mut command = instance.server().command(&setup.odoo, Some("shell"));
    become_program(command.args(["--no-http"]).args(arguments))
}

fn psql(cache: &Cache, checkout: &Checkout, arguments: &[String]) -> Result<(), Error> {
    let instance = existing(cache, checkout)?;
    instance.state()?;
    instance.cluster().start()?;
    become_program(instance.cluster().psql(DATABASE).args(arguments))
}

/// Replaces this process by another program; returns only when that fails.
fn become_program(command: &mut Command) -> Result<(), Error> {
    let source = command.exec();
    Err(Error::Spawn {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })
}

fn restart(cache: &Cache, checkout: &Checkout, postgres: bool) -> Result<(), Error> {
    let instance = existing(cache, checkout)?;
    instance.state()?;
    if postgres {
        let _lock = cache.lock(&format!("instance-{}", checkout.key()))?;
        instance.cluster().stop();
        return instance.cluster().start();
    }
    instance.server().stop();
    up(cache, checkout, &UpArgs::default(), false).map(drop)
}

fn down(cache: &Cache, checkout: &Checkout, purge: bool) -> Result<(), Error> {
    let instance = existing(cache, checkout)?;
    let _lock = cache.lock(&format!("instance-{}", checkout.key()))?;
    if purge {
        instance.purge()?;
        note("stopped and removed");
    } else {
        instance.stop();
        note("stopped");
    }
    Ok(())
}

/// Runs the module's tests on this checkout's cluster; the instance's Odoo need not run, and may.
fn test_module(
    cache: &Cache,
    checkout: &Checkout,
    args: &UpArgs,
    tags: Option<&str>,
) -> Result<(), Error> {
    let setup = Setup::ensure(cache, checkout, args)?;
    let instance = Instance::of(cache, checkout, &setup.machine.postgres)?;
    {
        let _lock = cache.lock(&format!("instance-{}", checkout.key()))?;
        instance.create(cache, checkout, &setup.template, &setup.odoo)?;
        instance.cluster().start()?;
    }
    let _lock = cache.lock(&format!("module-tests-{}", checkout.key()))?;
    let staging = cache.staging(&format!("module-tests-{}", checkout.key()))?;
    module_tests::run(
        &instance,
        checkout,
        &setup.template,
        &setup.odoo,
        &staging,
        tags,
    )
}

/// Removes what no checkout uses any more: instances first, then templates without instances.
fn prune(cache: &Cache) -> Result<(), Error> {
    let Some(binaries) = Binaries::find() else {
        return Ok(());
    };
    let mut used = Vec::new();
    for (folder, state) in instance::states(cache) {
        if state.checkout.is_dir() {
            used.push(state.template);
        } else {
            Instance::at(folder.clone(), &binaries)?.purge()?;
            note(format_args!("removed {}", folder.display()));
        }
    }
    let _lock = cache.lock("template")?;
    let templates = cache.path("templates");
    let entries = std::fs::read_dir(&templates).map_err(Error::io("list", &templates))?;
    for entry in entries {
        let entry = entry.map_err(Error::io("list", &templates))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !used.contains(&name) {
            remove_folder(&entry.path())?;
            note(format_args!("removed {}", entry.path().display()));
        }
    }
    Ok(())
}
