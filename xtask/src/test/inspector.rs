//! The MCP Inspector lists our tools over either transport in either era of the protocol, and judges whether their
//! schemas suit the clients that it knows.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Outcome;
use super::http_server::HttpServer;
use crate::counts::Counts;
use crate::error::Error;
use crate::node::Node;
use crate::process::output;
use crate::target::Target;
use crate::ui::say;

/// How the Inspector calls the revisions with sessions and those without.
const ERAS: [&str; 2] = ["legacy", "modern"];

/// Judges the program, as a process of its own that talks over standard input and output, and the server that runs.
pub(super) fn run(
    node: &Node,
    program: &Path,
    target: &Target,
    server: &HttpServer,
    folder: &Path,
) -> Result<Outcome, Error> {
    let config = folder.join("inspector.json");
    let servers = json!({"mcpServers": {
        "stdio": {"type": "stdio", "command": program, "args": [], "env": variables(target)},
        "http": {"type": "streamable-http", "url": server.url()},
    }});
    fs::write(&config, servers.to_string()).map_err(Error::io("write", &config))?;
    let mut counts = Counts::default();
    let mut faults = Vec::new();
    for transport in ["stdio", "http"] {
        for era in ERAS {
            let mut command = node.command("inspector");
            command
                .args(["--cli", "--config"])
                .arg(&config)
                .args(["--server", transport, "--protocol-era", era])
                .args(["--method", "tools/list", "--strict", "--format", "json"]);
            match output(&mut command).map(|printed| tools(&printed)) {
                Ok(Some(tools)) => {
                    say(format_args!("{transport}, {era}: {tools} tools"));
                    counts.passed += 1;
                }
                Ok(None) => {
                    counts.failed += 1;
                    faults.push(format!("{transport}, {era}: it was shown no tools"));
                }
                Err(error) => {
                    counts.failed += 1;
                    faults.push(format!("{transport}, {era}: {error}"));
                }
            }
        }
    }
    if faults.is_empty() {
        return Ok(Outcome::Passed(counts));
    }
    Ok(Outcome::Failed(
        counts,
        Error::Faults {
            judge: "the MCP Inspector",
            faults: faults.join("\n"),
            log: server.log(),
        },
    ))
}

/// The environment of the server that the Inspector starts. In a file and not on the command line, which everybody on
/// the machine can read.
fn variables(target: &Target) -> Value {
    let variables = target.variables();
    let set = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Value::Object(set.collect())
}

/// How many tools a result has; none is as bad as no result.
fn tools(printed: &str) -> Option<usize> {
    let result: Value = serde_json::from_str(printed).ok()?;
    let tools = result.get("result")?.get("tools")?.as_array()?;
    (!tools.is_empty()).then_some(tools.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tools_are_no_success() {
        assert_eq!(tools(r#"{"result":{"tools":[{"name":"a"}]}}"#), Some(1));
        assert_eq!(tools(r#"{"result":{"tools":[]}}"#), None);
        assert_eq!(tools("not JSON"), None);
    }
}
