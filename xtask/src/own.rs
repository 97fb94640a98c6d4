//! This program and its surroundings: starting itself again, where cargo builds to, and the local Odoo that
//! `cargo xtask odoo up` made.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::checkout::Checkout;
use crate::error::Error;
use crate::process::{failed, output};
use crate::target::Target;

/// This very program. Cargo may replace its file while it runs, as the tests build the whole workspace; the process
/// itself is then the only way back to it.
pub(crate) fn command() -> Result<Command, Error> {
    let itself = Path::new("/proc/self/exe");
    if itself.exists() {
        let mut command = Command::new(itself);
        command.arg0("xtask");
        return Ok(command);
    }
    let program = std::env::current_exe().map_err(Error::io("find", "xtask".as_ref()))?;
    Ok(Command::new(program))
}

/// This very program for programs that it starts, as long as it runs itself.
pub(crate) fn path_for_children() -> Result<PathBuf, Error> {
    let itself = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    if itself.exists() {
        return Ok(itself);
    }
    std::env::current_exe().map_err(Error::io("find", "xtask".as_ref()))
}

/// Runs a program to its end in front of the person, with its own output.
pub(crate) fn watch(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(|source| Error::Spawn {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(command, &status.to_string(), ""))
    }
}

/// What `cargo xtask odoo status --json` says; `null` where not even PostgreSQL is there to ask.
pub(crate) fn local_status() -> Result<Value, Error> {
    let text = output(command()?.args(["odoo", "status", "--json"]));
    text.map_or_else(
        |_| Ok(Value::Null),
        |text| {
            serde_json::from_str(&text).map_err(|source| Error::Json {
                what: "the status of the local Odoo".into(),
                source,
            })
        },
    )
}

/// Where the local Odoo is, as its administrator.
pub(crate) fn local_target() -> Result<Target, Error> {
    let status = local_status()?;
    if status["running"] != true {
        return Err(Error::NotUp);
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let admin = &status["logins"][0];
    Ok(Target {
        url: text(&status["url"]),
        db: text(&status["db"]),
        user: text(&admin["login"]),
        password: text(&admin["password"]),
        api_key: None,
    })
}

/// Where cargo builds to.
pub(crate) fn target_folder(checkout: &Checkout) -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = output(
        Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(checkout.root()),
    )?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|source| Error::Json {
        what: "cargo metadata".into(),
        source,
    })?;
    Ok(PathBuf::from(
        metadata["target_directory"].as_str().unwrap_or("target"),
    ))
}
