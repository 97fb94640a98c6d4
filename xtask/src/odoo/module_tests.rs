//! Odoo's own tests of our module, on a throw-away copy of the reference database.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use crate::cache::{Staging, make_folder};
use crate::checkout::{Checkout, MODULE};
use crate::counts::Counts;
use crate::error::Error;
use crate::odoo::install::Odoo;
use crate::odoo::instance::Instance;
use crate::odoo::server::{Server, Settings, free_port};
use crate::odoo::template::{DATABASE as REFERENCE, Template};
use crate::ui::{note, say};

/// Where the search for the tests' own port starts: beyond those of the instances.
const FIRST_PORT: u16 = 19_069;

/// The throw-away database: dropped whatever the tests did.
struct Scratch<'a> {
    instance: &'a Instance,
    name: String,
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.instance.cluster().drop_database(&self.name) {
            note(format_args!("the database {} stays: {error}", self.name));
        }
    }
}

/// Installs our module into a copy of the reference database with its tests switched on; `tags` narrows them down
/// (Odoo's `--test-tags`). Prints the telling lines of the log as they come and at the end the line that
/// [`Counts::of_line`] reads; fails when a test failed or none ran.
pub(crate) fn run(
    instance: &Instance,
    checkout: &Checkout,
    template: &Template,
    odoo: &Odoo,
    staging: &Staging,
    tags: Option<&str>,
) -> Result<(), Error> {
    let name = format!("test_{}", std::process::id());
    instance.cluster().copy_database(REFERENCE, &name)?;
    let _scratch = Scratch {
        instance,
        name: name.clone(),
    };
    let server = Server::new(staging.path());
    make_folder(&server.data())?;
    template.link_filestore(&server.data(), &name)?;
    server.configure(&Settings {
        database_host: instance.cluster().host(),
        database: &name,
        addons: &checkout.addons_path(false),
        port: free_port(FIRST_PORT, &[])
            .ok_or_else(|| Error::Usage("no free TCP port on loopback".into()))?,
    })?;
    let tags = tags.map_or_else(|| format!("/{MODULE}"), str::to_owned);
    let mut child = server
        .command(odoo, None)
        .args(["--init", MODULE, "--test-tags", &tags, "--stop-after-init"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| Error::Spawn {
            program: "odoo".into(),
            source,
        })?;
    let log = instance.folder().join("module-tests.log");
    let mut file = File::create(&log).map_err(Error::io("create", &log))?;
    let mut counts = None;
    if let Some(errors) = child.stderr.take() {
        for line in BufReader::new(errors).split(b'\n') {
            let line = line.map_err(Error::io("read the output of", Path::new("odoo")))?;
            let line = String::from_utf8_lossy(&line);
            let _ = writeln!(file, "{line}");
            if of_interest(&line) {
                say(&line);
            }
            counts = Counts::of_odoo(&line).or(counts);
        }
    }
    let status = child
        .wait()
        .map_err(Error::io("wait for", Path::new("odoo")))?;
    note(format_args!("full log: {}", log.display()));
    if let Some(counts) = counts {
        say(counts.line());
    }
    verdict(counts, status.success())
}

/// Which lines of a long log a person wants to see: our tests as they start, and whatever is wrong.
fn of_interest(line: &str) -> bool {
    let loud = [" WARNING ", " ERROR ", " CRITICAL "]
        .iter()
        .any(|level| line.contains(level));
    let continued = !line.contains(" INFO ") && !line.contains(" DEBUG ");
    let test = line.contains(": Starting Test") || line.contains("odoo.tests.result");
    loud || continued || test
}

fn verdict(counts: Option<Counts>, success: bool) -> Result<(), Error> {
    match counts {
        Some(counts) if counts.passed + counts.failed == 0 => {
            Err(Error::ModuleTests("none ran".into()))
        }
        None => Err(Error::ModuleTests(
            "Odoo stopped before it reported a result".into(),
        )),
        Some(counts) if counts.failed > 0 => Err(Error::ModuleTests(format!(
            "{} of {} failed",
            counts.failed,
            counts.total()
        ))),
        Some(_) if !success => Err(Error::ModuleTests("Odoo ended with an error".into())),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_test_at_all_is_a_failure() {
        assert!(verdict(None, true).is_err());
        assert!(verdict(Some(Counts::default()), true).is_err());
        let good = Counts {
            passed: 3,
            ..Counts::default()
        };
        assert!(verdict(Some(good), true).is_ok());
        assert!(verdict(Some(good), false).is_err());
        let bad = Counts { failed: 1, ..good };
        assert!(verdict(Some(bad), true).is_err());
    }

    #[test]
    fn quiet_lines_are_left_out() {
        assert!(!of_interest(
            "2026 1 INFO db odoo.modules.loading: loading butopea_mcp/security.xml"
        ));
        assert!(of_interest(
            "2026 1 INFO db odoo.addons.butopea_mcp.tests.test_x: Starting TestX.test_y ..."
        ));
        assert!(of_interest("2026 1 ERROR db odoo.x: FAIL"));
        assert!(of_interest("AssertionError: 1 != 2"));
    }
}
