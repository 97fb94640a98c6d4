//! `cargo xtask demo`: the main job once through, on a real Odoo, for a person to watch.
//!
//! The whole of the data's way: live Odoo → snapshot → code and schemas → tools. It brings up the local Odoo (or uses
//! the one that is named), generates from it, builds the server and lets an MCP client list and call its tools.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;
use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, CallToolResult, Tool};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::TokioChildProcess;
use serde_json::{Map, Value, json};

use crate::checkout::Checkout;
use crate::error::Error;
use crate::own;
use crate::target::Target;
use crate::ui::{note, say};

/// What to show, and on which Odoo.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Install missing Debian packages with apt-get
    #[arg(long)]
    install: bool,
    /// Build the server as it is released
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    target: Target,
}

/// A call that the demonstration makes when the server has the tool.
struct Example {
    tool: &'static str,
    arguments: fn() -> Value,
}

/// From the general to the typed; none of them changes anything.
const EXAMPLES: &[Example] = &[
    Example {
        tool: "odoo_capabilities",
        arguments: || json!({}),
    },
    Example {
        tool: "odoo_search",
        arguments: || json!({"model": "res.country", "domain": [["code", "in", ["BE", "FR"]]]}),
    },
    Example {
        tool: "res_partner_search",
        arguments: || json!({"domain": [["is_company", "=", true]], "limit": 3}),
    },
    Example {
        tool: "sale_order_search",
        arguments: || json!({"domain": [["state", "=", "sale"]], "limit": 3}),
    },
    Example {
        tool: "sale_order_search",
        arguments: || json!({"domain": [["stat", "=", "sold"]]}),
    },
];

/// Runs the demonstration.
pub(crate) fn run(args: &DemoArgs) -> Result<ExitCode, Error> {
    let checkout = Checkout::find()?;
    heading("1. a real Odoo");
    let target = odoo(args)?;
    heading("2. the generator asks it what this user can reach");
    let mut generate = own::command()?;
    generate.arg("gen").current_dir(checkout.root());
    target.apply(&mut generate);
    own::watch(&mut generate)?;
    heading("3. the server is built");
    let server = build(&checkout, args.release)?;
    say(server.display());
    heading("4. an MCP client lists and calls its tools");
    converse(&server, &target)?;
    heading("5. your own MCP client");
    say(configuration(&server, &target));
    Ok(ExitCode::SUCCESS)
}

fn heading(text: &str) {
    say(format_args!("\n── {text} ──"));
}

/// The Odoo that was named, or the local one, brought up.
fn odoo(args: &DemoArgs) -> Result<Target, Error> {
    if let Some(url) = &args.target.url {
        say(url);
        return Ok(args.target.clone());
    }
    let mut up = own::command()?;
    up.args(["odoo", "up"]);
    if args.install {
        up.arg("--install");
    }
    own::watch(&mut up)?;
    own::local_target()
}

fn build(checkout: &Checkout, release: bool) -> Result<PathBuf, Error> {
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build
        .args([
            "build",
            "--locked",
            "--package",
            "butopea-runtime",
            "--bins",
        ])
        .current_dir(checkout.root());
    if release {
        build.arg("--release");
    }
    own::watch(&mut build)?;
    Ok(own::target_folder(checkout)?
        .join(if release { "release" } else { "debug" })
        .join("butopea-mcp-server"))
}

fn converse(server: &Path, target: &Target) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::io("start threads for", server))?;
    runtime.block_on(async {
        let client = connect(server, target).await?;
        let tools = client
            .list_all_tools()
            .await
            .map_err(|error| conversation("tools/list", &error))?;
        show_tools(&tools);
        for example in EXAMPLES {
            if tools.iter().any(|tool| tool.name == example.tool) {
                call(&client, example).await?;
            }
        }
        client
            .cancel()
            .await
            .map_err(|error| conversation("the end of the session", &error))?;
        Ok(())
    })
}

async fn connect(server: &Path, target: &Target) -> Result<RunningService<RoleClient, ()>, Error> {
    let mut command = tokio::process::Command::new(server);
    target.apply(command.as_std_mut());
    let transport = TokioChildProcess::new(command).map_err(|source| Error::Spawn {
        program: server.display().to_string(),
        source,
    })?;
    ().serve(transport)
        .await
        .map_err(|error| conversation("initialize", &error))
}

fn show_tools(tools: &[Tool]) {
    let bytes = serde_json::to_string(tools).map_or(0, |text| text.len());
    say(format_args!("{} tools, {bytes} bytes:", tools.len()));
    for tool in tools {
        say(format_args!(
            "  {:<40} {}",
            tool.name,
            tool.title.as_deref().unwrap_or_default()
        ));
    }
}

async fn call(client: &RunningService<RoleClient, ()>, example: &Example) -> Result<(), Error> {
    let arguments: Map<String, Value> = match (example.arguments)() {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    say(format_args!(
        "\n> {} {}",
        example.tool,
        Value::Object(arguments.clone())
    ));
    let request = CallToolRequestParams::new(example.tool).with_arguments(arguments);
    let result = client
        .call_tool(request)
        .await
        .map_err(|error| conversation(example.tool, &error))?;
    say(text_of(&result));
    Ok(())
}

fn text_of(result: &CallToolResult) -> String {
    let blocks = result.content.iter().filter_map(|block| block.as_text());
    blocks
        .map(|block| block.text.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

fn conversation(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Conversation {
        what: what.to_owned(),
        reason: error.to_string(),
    }
}

/// What a person pastes into Claude Desktop or Cursor; the password only for the local demo.
fn configuration(server: &Path, target: &Target) -> String {
    let mut env = Map::new();
    for (name, value) in [
        ("ODOO_URL", &target.url),
        ("ODOO_DB", &target.db),
        ("ODOO_USERNAME", &target.user),
    ] {
        if let Some(value) = value {
            env.insert(name.to_owned(), json!(value));
        }
    }
    let secret = if target.api_key.is_some() {
        "ODOO_API_KEY"
    } else {
        "ODOO_PASSWORD"
    };
    env.insert(secret.to_owned(), json!("…"));
    note("paste this into your client's configuration, with the password or key in place of …");
    let config = json!({"mcpServers": {"odoo": {"command": server, "env": env}}});
    format!("{config:#}")
}
