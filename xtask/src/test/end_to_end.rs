//! The steps that run the pytest suite, or files of it, on a real Odoo.

use std::process::Command;

use super::runner::{colour, tests};
use super::steps::{build_server, target};
use super::{Context, Outcome, nasty};
use crate::error::Error;
use crate::machine::Python;
use crate::own;
use crate::venv::Venv;

/// The tests of the promises that somebody may want to break.
pub(super) const TRUST: &str = "e2e/trust";

/// Tests that wait for most of their time, for limits and for what does not come; others use it meanwhile.
pub(super) const WIRE: &[&str] = &[
    "e2e/test_cancel.py",
    "e2e/test_conversation.py",
    "e2e/test_http_crowd.py",
    "e2e/test_http_end.py",
    "e2e/test_http_limits.py",
    "e2e/test_http_probes.py",
    "e2e/test_http_sessions.py",
    "e2e/test_http_sign_in.py",
    "e2e/test_process.py",
    "e2e/test_secrets.py",
    "e2e/test_wrong_connections.py",
];

/// The variable that says for how long the soak goes on; without it, its test is not even collected.
const SOAK_SECONDS: &str = "BUTOPEA_SOAK_SECONDS";

/// The whole pytest suite without these, which have steps of their own: a new file is in it by itself.
pub(super) fn all_but<'a>(others: &[&'a str]) -> Vec<&'a str> {
    let ignored = others.iter().flat_map(|&other| ["--ignore", other]);
    std::iter::once("e2e").chain(ignored).collect()
}

/// Runs the pytest suite, or these files of it, in the environment of one client library. Options of pytest may stand
/// among the files.
pub(super) fn end_to_end(
    context: &mut Context,
    line: &str,
    files: &[&str],
) -> Result<Outcome, Error> {
    let server = build_server(context)?;
    let python = Python::look(false)?;
    let folder = context.checkout.root().join("tests");
    let requirements = folder.join(format!("requirements-{line}.txt"));
    let venv = Venv::ensure(&context.cache, &python, line, &requirements)?;
    let target = target(context)?;
    let mut command = Command::new(venv.python());
    command
        .args(["-m", "pytest", "-p", "no:cacheprovider"])
        .arg(if colour() {
            "--color=yes"
        } else {
            "--color=no"
        })
        .args(files)
        .args(&context.args.pytest)
        .current_dir(&folder)
        .env("PYTHONPYCACHEPREFIX", context.cache.path("bytecode"))
        .env("BUTOPEA_MCP_SERVER", server);
    if files.contains(&nasty::TESTS) {
        command.env(nasty::SCHEMAS, nasty::schemas(context)?);
    }
    if files.contains(&"e2e/test_soak.py") && std::env::var_os(SOAK_SECONDS).is_none() {
        command.env(SOAK_SECONDS, "600");
    }
    if context.odoo.is_some() {
        // The faults of a local Odoo are ours to make.
        command.env("BUTOPEA_XTASK", own::path_for_children()?);
    }
    target.apply(&mut command);
    tests(&mut command)
}

#[cfg(test)]
mod unit {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_file_is_run_by_one_step() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
        for file in WIRE {
            assert!(tests.join(file).is_file(), "{file}");
        }
        let ignored = all_but(&[&[TRUST], WIRE].concat());
        assert_eq!(&ignored[..3], ["e2e", "--ignore", TRUST]);
        assert_eq!(ignored.len(), 1 + 2 * (1 + WIRE.len()));
    }
}
