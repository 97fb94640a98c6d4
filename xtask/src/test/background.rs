//! The local Odoo for a test run, brought up by another process of ours while the checks run.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::Context;
use crate::cache::Lock;
use crate::error::Error;
use crate::own;
use crate::process::{failed, output};
use crate::target::Target;
use crate::ui::note;

/// The module of `tests/addons` that every Odoo under test has: without it, a third of Odoo's time goes into the
/// hashes of the tests' passwords.
const QUICK_SIGN_IN: &str = "butopea_quick_sign_in";

/// A local Odoo that is up or on its way there.
pub(super) struct LocalOdoo {
    child: Option<Child>,
    log: PathBuf,
    was_running: bool,
    target: Option<Target>,
    _lock: Lock,
}

impl LocalOdoo {
    /// Starts `cargo xtask odoo up` in the background. Another test run in the same checkout waits: it would stop this
    /// one's Odoo at its end, and either would see the other's records. `modules` of `tests/addons` are installed in it.
    pub(super) fn start(context: &Context, modules: &[&str]) -> Result<Self, Error> {
        let lock = context
            .cache
            .lock(&format!("test-{}", context.checkout.key()))?;
        let was_running = own::local_status()?["running"] == true;
        let log = context
            .cache
            .path("tmp")
            .join(format!("up-{}.log", context.checkout.key()));
        let file = File::create(&log).map_err(Error::io("create", &log))?;
        let errors = file.try_clone().map_err(Error::io("open", &log))?;
        let mut command = own::command()?;
        let modules = [&[QUICK_SIGN_IN], modules].concat();
        command.args(["odoo", "up", "--with", &modules.join(",")]);
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Spawn {
                program: "cargo xtask odoo up".into(),
                source,
            })?;
        Ok(Self {
            child: Some(child),
            log,
            was_running,
            target: None,
            _lock: lock,
        })
    }

    /// Waits until it serves; returns where it is, and who tests log in as.
    pub(super) fn target(&mut self) -> Result<Target, Error> {
        if let Some(mut child) = self.child.take() {
            let status = child.wait().map_err(Error::io("wait for", &self.log))?;
            let printed = fs::read_to_string(&self.log).unwrap_or_default();
            note(printed.trim_end());
            let _ = fs::remove_file(&self.log);
            if !status.success() {
                return Err(failed(
                    &Command::new("cargo xtask odoo up"),
                    &status.to_string(),
                    "",
                ));
            }
        }
        if let Some(target) = &self.target {
            return Ok(target.clone());
        }
        let target = own::local_target()?;
        self.target = Some(target.clone());
        Ok(target)
    }

    /// Leaves things as they were found: an Odoo that ran before goes on, one that did not is stopped, and with `purge`
    /// removed.
    pub(super) fn finish(mut self, purge: bool) {
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
        if self.was_running {
            return;
        }
        let stopped = own::command().and_then(|mut command| {
            command.args(["odoo", "down"]);
            output(command.args(purge.then_some("--purge")))
        });
        if let Err(error) = stopped {
            note(format_args!("the local Odoo could not be stopped: {error}"));
        }
    }
}
