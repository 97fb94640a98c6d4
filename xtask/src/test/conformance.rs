//! The official conformance suite of MCP, run against our server over HTTP, once for each era of the protocol.
//!
//! The suite knows which of its scenarios a revision of the protocol requires. Those must hold in every check, what is
//! merely recommended included. The others (extensions, and scenarios that are younger than the revision) are run and
//! named, and do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::Outcome;
use super::http_server::HttpServer;
use crate::counts::Counts;
use crate::error::Error;
use crate::node::Node;
use crate::process::{failed, outcome, tail};
use crate::ui::{note, say};

/// The last revision with sessions and the first without.
const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];

/// How a folder of results begins, before the scenario's name.
const PREFIX: &str = "server-";

/// How long the moment is that ends a folder's name (`-2026-07-28T12-00-00-000Z`).
const MOMENT: usize = 25;

/// Judges the server at this address; results go below `folder`.
pub(super) fn run(node: &Node, server: &HttpServer, folder: &Path) -> Result<Outcome, Error> {
    let mut counts = Counts::default();
    let mut faults = Vec::new();
    for revision in REVISIONS {
        let results = folder.join(revision);
        let mut command = node.command("conformance");
        command
            .args(["server", "--url", server.url()])
            .args(["--requirements", revision, "-o"])
            .arg(&results);
        let report = judge(&mut command, &results)?;
        say(format_args!("{revision}: {}", report.line()));
        if !report.optional.is_empty() {
            note(format_args!(
                "{revision}: not required and not passed: {}",
                report.optional.join(", ")
            ));
        }
        counts += report.counts;
        faults.extend(
            report
                .faults
                .iter()
                .map(|fault| format!("{revision} {fault}")),
        );
    }
    if faults.is_empty() {
        return Ok(Outcome::Passed(counts));
    }
    Ok(Outcome::Failed(
        counts,
        Error::Faults {
            judge: "the MCP conformance suite",
            faults: faults.join("\n"),
            log: server.log(),
        },
    ))
}

fn judge(command: &mut Command, results: &Path) -> Result<Report, Error> {
    let ended = outcome(command)?;
    let printed = String::from_utf8_lossy(&ended.stdout);
    let report = Report::new(&not_required(&printed), &read_checks(results)?);
    // A scenario that broke off leaves no results, a suite that did not start neither.
    let broken = !ended.status.success() && report.faults.is_empty();
    if broken || report.counts.total() == 0 {
        let errors = String::from_utf8_lossy(&ended.stderr);
        let text = format!("{}\n{errors}", tail(&printed, 15));
        return Err(failed(command, &ended.status.to_string(), &text));
    }
    Ok(report)
}

/// One thing that the suite looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    id: String,
    status: String,
    error_message: Option<String>,
}

/// What the suite says of one revision.
#[derive(Debug, Default)]
struct Report {
    scenarios: usize,
    counts: Counts,
    faults: Vec<String>,
    optional: Vec<String>,
}

impl Report {
    /// Adds up the checks of each scenario, apart from the scenarios that are not required.
    fn new(not_required: &BTreeSet<String>, checks: &BTreeMap<String, Vec<Check>>) -> Self {
        let mut report = Self::default();
        for (scenario, checks) in checks {
            let wrong = |check: &&Check| ["FAILURE", "WARNING"].contains(&check.status.as_str());
            if not_required.contains(scenario) {
                if checks.iter().any(|check| wrong(&check)) {
                    report.optional.push(scenario.clone());
                }
                continue;
            }
            report.scenarios += 1;
            for check in checks {
                match check.status.as_str() {
                    "SUCCESS" => report.counts.passed += 1,
                    "FAILURE" | "WARNING" => report.counts.failed += 1,
                    "SKIPPED" => report.counts.skipped += 1,
                    _ => {}
                }
            }
            report
                .faults
                .extend(checks.iter().filter(wrong).map(|check| {
                    let reason = check.error_message.as_deref().unwrap_or(&check.status);
                    format!("{scenario} / {}: {reason}", check.id)
                }));
        }
        report
    }

    fn line(&self) -> String {
        format!(
            "{} required scenarios, {}",
            self.scenarios,
            self.counts.line()
        )
    }
}

/// The scenarios that the suite lists as `✓ name (reason)` below the line `Not scored for …`.
fn not_required(printed: &str) -> BTreeSet<String> {
    printed
        .lines()
        .skip_while(|line| !line.starts_with("Not scored for"))
        .filter_map(|line| line.trim().strip_prefix(['✓', '✗']))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// The checks of each scenario, from the files that the suite wrote.
fn read_checks(results: &Path) -> Result<BTreeMap<String, Vec<Check>>, Error> {
    let mut checks = BTreeMap::new();
    let Ok(entries) = fs::read_dir(results) else {
        return Ok(checks);
    };
    for entry in entries {
        let entry = entry.map_err(Error::io("list", results))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(scenario) = scenario(&name) else {
            continue;
        };
        let file = entry.path().join("checks.json");
        let text = fs::read(&file).map_err(Error::io("read", &file))?;
        let read = serde_json::from_slice(&text).map_err(|source| Error::Json {
            what: file.display().to_string(),
            source,
        })?;
        checks.insert(scenario.to_owned(), read);
    }
    Ok(checks)
}

/// The scenario that a folder of results is of.
fn scenario(folder: &str) -> Option<&str> {
    let name = folder.strip_prefix(PREFIX)?;
    name.get(..name.len().checked_sub(MOMENT)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, status: &str) -> Check {
        Check {
            id: id.into(),
            status: status.into(),
            error_message: None,
        }
    }

    #[test]
    fn what_is_not_required_is_named_and_not_counted() {
        let printed = "✓ ping: 1 passed, 0 failed\n✗ tasks-a: 0 passed, 1 failed\n\nTotal: 1 passed, 1 failed\n\n\
                       Not scored for 2026-07-28: 2 scenario(s) run, 1 failing.\n  ✗ tasks-a (extension)\n  ✓ b (pending)\n";
        let not_required = not_required(printed);
        assert_eq!(not_required, BTreeSet::from(["tasks-a".into(), "b".into()]));
        let checks = BTreeMap::from([
            (
                "ping".into(),
                vec![check("p", "SUCCESS"), check("i", "INFO")],
            ),
            ("tasks-a".into(), vec![check("t", "FAILURE")]),
            ("b".into(), vec![check("b", "SUCCESS")]),
        ]);
        let report = Report::new(&not_required, &checks);
        assert_eq!(
            report.line(),
            "1 required scenarios, 1 passed, 0 failed, 0 skipped"
        );
        assert_eq!(report.optional, ["tasks-a"]);
        assert!(report.faults.is_empty());
    }

    #[test]
    fn a_warning_is_a_fault_too() {
        let checks = BTreeMap::from([(
            "ping".into(),
            vec![
                check("a", "WARNING"),
                check("b", "FAILURE"),
                check("c", "SKIPPED"),
            ],
        )]);
        let report = Report::new(&BTreeSet::new(), &checks);
        assert_eq!(report.faults, ["ping / a: WARNING", "ping / b: FAILURE"]);
        assert_eq!(report.counts.line(), "0 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_folder_names_its_scenario() {
        let folder = "server-tools-list-2026-11-24T15-01-09-242Z";
        assert_eq!(scenario(folder), Some("tools-list"));
        assert_eq!(scenario("server-x"), None);
        assert_eq!(scenario("other"), None);
    }
}
