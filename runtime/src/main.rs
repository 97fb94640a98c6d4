//! `butopea-mcp-server`: Odoo for AI assistants, over the Model Context Protocol.

use std::path::PathBuf;
use std::process::ExitCode;

use butopea_runtime::Result;
use butopea_runtime::client::Config;
use butopea_runtime::instance::{ModelsFile, REFERENCE_MODELS_FILE};
use butopea_runtime::server::{
    Catalogue, HttpOptions, OdooServer, Settings, StateKey, ToolOptions, find_models_file,
    find_schemas_dir, serve_http, serve_stdio,
};
use butopea_runtime::{Error, ErrorKind};
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Gives AI assistants your Odoo, with exactly the rights of the signed-in user.
///
/// It speaks MCP over standard input and output: put it into your client's configuration as
/// a command and set the variables below in its `env` section.
#[derive(Debug, Parser)]
#[command(version, after_help = ENVIRONMENT)]
struct Options {
    #[command(flatten)]
    tools: ToolOptions,
    /// The folder of schema files that `cargo xtask gen` wrote; without one, the generic
    /// tools are served alone.
    #[arg(long, env = "ODOO_SCHEMAS", value_name = "DIR")]
    schemas: Option<PathBuf>,
    /// A file with a secret of at least 32 bytes, for servers that several processes make up
    /// or that are restarted while their users think: it seals what a client carries from a
    /// question to its answer. Without one, each process makes its own.
    #[arg(long, value_name = "FILE")]
    state_key_file: Option<PathBuf>,
    /// Serve what the MCP conformance suite expects to find, next to the tools.
    #[arg(long, hide = true)]
    conformance_fixtures: bool,
    /// Print the tools as JSON and leave.
    #[arg(long)]
    list_tools: bool,
    #[command(flatten)]
    http: HttpOptions,
}

const ENVIRONMENT: &str = "\
Environment:
  ODOO_URL        address of Odoo (https://company.odoo.com)
  ODOO_DB         database; may be left out where there is one
  ODOO_API_KEY    API key of the user (Preferences, Account Security), or
  ODOO_USERNAME   login and
  ODOO_PASSWORD   password
  PREFERRED_LANG  language of labels and messages (fr_BE); default: the user's own
  ODOO_TIMEOUT    seconds that a request may take; default: 120
  ODOO_MCP_STATE_KEY
                  the secret itself, instead of --state-key-file
  RUST_LOG        what to log to standard error (info, debug); default: warn

Example (Claude Desktop, Cursor):
  {\"mcpServers\": {\"odoo\": {\"command\": \"butopea-mcp-server\",
    \"env\": {\"ODOO_URL\": \"https://company.odoo.com\", \"ODOO_DB\": \"company\",
            \"ODOO_API_KEY\": \"…\"}}}}";

/// What is logged when `RUST_LOG` does not say: warnings, and where the server listens.
const LOGGED: &str = "warn,butopea_runtime::server::http=info";

fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let catalogue = load_catalogue(options)?;
    let settings = Settings {
        state_key: StateKey::from_settings(options.state_key_file.as_deref())?,
        conformance_fixtures: options.conformance_fixtures,
    };
    if options.list_tools {
        return OdooServer::new(Config::from_env(), catalogue, settings).print_tools();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(
                ErrorKind::Configuration,
                format!("the asynchronous runtime cannot start: {error}"),
            )
        })?;
    let outcome = runtime.block_on(serve(options, catalogue, settings));
    // A read of standard input that is still waiting must not hold up the exit.
    runtime.shutdown_background();
    outcome
}

async fn serve(options: &Options, catalogue: Catalogue, settings: Settings) -> Result<()> {
    if options.http.address.is_none() {
        return serve_stdio(OdooServer::new(Config::from_env(), catalogue, settings)).await;
    }
    let config = Config::from_env_for_many()?;
    serve_http(
        OdooServer::for_many(catalogue, settings),
        config,
        &options.http,
    )
    .await
}

fn load_catalogue(options: &Options) -> Result<Catalogue> {
    let Some(folder) = find_schemas_dir(options.schemas.as_deref()) else {
        let file = ModelsFile::parse(REFERENCE_MODELS_FILE)?;
        let selection = options.tools.selection(&file)?;
        return Catalogue::generic(&selection);
    };
    let text = match find_models_file(&folder) {
        Some(file) => std::fs::read_to_string(&file).map_err(|error| {
            Error::new(
                ErrorKind::Configuration,
                format!("{} cannot be read: {error}", file.display()),
            )
        })?,
        None => String::new(),
    };
    let selection = options.tools.selection(&ModelsFile::parse(&text)?)?;
    Catalogue::load(&folder, &selection)
}
