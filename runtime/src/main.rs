//! `butopea-mcp-server`: Odoo for AI assistants, over the Model Context Protocol.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use butopea_runtime::Result;
use butopea_runtime::client::Config;
use butopea_runtime::instance::{
    GenOptions, ModelsFile, Place, REFERENCE_MODELS_FILE, SchemaFolder, generate,
};
use butopea_runtime::server::{
    AuditLog, Catalogue, ConsentMode, HttpOptions, OdooServer, Settings, StateKey, ToolOptions,
    protect_memory, serve_http, serve_stdio,
};
use butopea_runtime::{Error, ErrorKind};
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Gives AI assistants your Odoo, with exactly the rights of the signed-in user.
///
/// It speaks MCP over standard input and output: put it into your client's configuration as
/// a command and set the variables below in its `env` section. The generic tools work on every
/// model; `butopea-mcp-server gen` adds typed tools such as `sale_order_create`.
#[derive(Debug, Parser)]
#[command(version, after_help = ENVIRONMENT)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder of schema files to serve typed tools from. Without it, the files that `gen`
    /// wrote for this address and database.
    #[arg(long, env = "ODOO_SCHEMAS", value_name = "DIR", value_parser = some_path())]
    schemas: Option<PathBuf>,
    /// The folder in which `gen` keeps what it writes, one folder for each Odoo, instead of
    /// the user's data folder.
    #[arg(
        long,
        env = "ODOO_DATA_DIR",
        value_name = "DIR",
        global = true,
        value_parser = some_path()
    )]
    data_dir: Option<PathBuf>,
    /// A file of certificates in PEM: the authorities that alone vouch for Odoo's certificate,
    /// in place of the system's.
    #[arg(
        long,
        env = "ODOO_CA_FILE",
        value_name = "FILE",
        global = true,
        value_parser = some_path()
    )]
    ca_file: Option<PathBuf>,
    /// A file with a secret of at least 32 bytes, for servers that several processes make up
    /// or that are restarted while their users think: it seals what a client carries from a
    /// question to its answer. Without one, each process makes its own.
    #[arg(long, value_name = "FILE")]
    state_key_file: Option<PathBuf>,
    /// How the user is asked before anything is changed.
    #[arg(long, env = "CONFIRM", value_name = "HOW", value_enum, default_value_t)]
    confirm: ConsentMode,
    /// Write each change that a tool is asked for into this file (`-`: standard error), as lines
    /// of JSON: who, what, which records and fields, how the user agreed, what came of it; never
    /// a value. A change whose line cannot be written is not made.
    #[arg(long, env = "AUDIT_LOG", value_name = "FILE", value_parser = some_path())]
    audit_log: Option<PathBuf>,
    /// Serve what the MCP conformance suite expects to find, next to the tools.
    #[arg(long, hide = true)]
    conformance_fixtures: bool,
    /// Print the tools as JSON and leave.
    #[arg(long)]
    list_tools: bool,
    // Their headings hold for whatever follows, so they come last.
    #[command(flatten)]
    tools: ToolOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
enum Command {
    /// Write the schema files of the connected Odoo, for typed tools: what models there are and
    /// what they look like for this user.
    ///
    /// The files go into a folder of this Odoo, where the server finds them by `ODOO_URL` and
    /// `ODOO_DB`. Its models.toml says which models, which tools and which fields first; edit it,
    /// and run this again when models change.
    #[command(after_help = GEN_ENVIRONMENT)]
    Gen(GenOptions),
}

const GEN_ENVIRONMENT: &str = "\
It connects as the server does, with ODOO_URL, ODOO_DB, ODOO_API_KEY (or ODOO_USERNAME and
ODOO_PASSWORD). Labels are in English, or in the language of PREFERRED_LANG.

Examples:
  butopea-mcp-server gen                         the models that models.toml names
  butopea-mcp-server gen --models 'sale.*'       these models instead
  butopea-mcp-server gen --check                 has Odoo moved since? exit code 1 if so";

const ENVIRONMENT: &str = "\
Environment:
  ODOO_URL        address of Odoo (https://company.odoo.com)
  ODOO_DB         database; may be left out where there is one
  ODOO_API_KEY    API key of the user (Preferences, Account Security), or
  ODOO_USERNAME   login and
  ODOO_PASSWORD   password
  PREFERRED_LANG  language of labels and messages (fr_BE); default: the user's own
  ODOO_CA_FILE    certificates (PEM) of the authorities that sign Odoo's, instead of the system's
  HTTPS_PROXY, NO_PROXY
                  a proxy to reach Odoo through, and hosts that need none
  ODOO_TIMEOUT    seconds that a request may take; default: 120
  CONFIRM         how the user is asked before anything changes: auto, elicit, token, off
  AUDIT_LOG       file for the log of changes, or -
  ODOO_MCP_STATE_KEY
                  the secret itself, instead of --state-key-file
  RUST_LOG        what to log to standard error (info, debug); default: warn

Which tools, for example:
  butopea-mcp-server --profile sales,accounting --read-only
  butopea-mcp-server --tools 'odoo_*,sale_order_*' --exclude odoo_delete
  butopea-mcp-server --profile all --list-tools     every tool there is
  butopea-mcp-server --deny-models 'hr.*,account.*:change' --allow-models hr.department

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
    protect_memory();
    match run(&options) {
        Ok(code) => code,
        // Whoever typed a command reads this; a server's goes into a log.
        Err(error) if options.command.is_some() => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<ExitCode> {
    if let Some(Command::Gen(gen_options)) = &options.command {
        let config = connection(options, Config::from_env())?;
        let work = generate(gen_options, config, data_dir(options));
        return start_runtime()?.block_on(work);
    }
    let catalogue = load_catalogue(options)?;
    let settings = Settings {
        state_key: StateKey::from_settings(options.state_key_file.as_deref())?,
        consent_mode: options.confirm,
        conformance_fixtures: options.conformance_fixtures,
        audit_log: audit_log(options)?,
    };
    if options.list_tools {
        OdooServer::new(Config::from_env(), catalogue, settings).print_tools()?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = start_runtime()?;
    let outcome = runtime.block_on(serve(options, catalogue, settings));
    // A read of standard input that is still waiting must not hold up the exit.
    runtime.shutdown_background();
    outcome.map(|()| ExitCode::SUCCESS)
}

/// How Odoo is reached.
fn connection(options: &Options, config: Result<Config>) -> Result<Config> {
    let mut config = config?;
    // The option goes before the variable.
    config.ca_file = options.ca_file.clone().filter(|path| !is_blank(path));
    if config.is_readable_on_the_way() {
        tracing::warn!(
            "ODOO_URL is {}, without TLS: passwords, keys and data can be read and changed on the way; use https",
            config.url
        );
    }
    Ok(config)
}

/// The log of changes. Printing the tools changes nothing, and touches no file.
fn audit_log(options: &Options) -> Result<Option<AuditLog>> {
    let target = options.audit_log.as_deref().filter(|path| !is_blank(path));
    target
        .filter(|_| !options.list_tools)
        .map(AuditLog::open)
        .transpose()
}

fn start_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(
                ErrorKind::Configuration,
                format!("the asynchronous runtime cannot start: {error}"),
            )
        })
}

async fn serve(options: &Options, catalogue: Catalogue, settings: Settings) -> Result<()> {
    if options.http.address.is_none() {
        let config = connection(options, Config::from_env());
        return serve_stdio(OdooServer::new(config, catalogue, settings)).await;
    }
    let config = connection(options, Config::from_env_for_many())?;
    serve_http(
        OdooServer::for_many(catalogue, settings),
        config,
        &options.http,
    )
    .await
}

fn load_catalogue(options: &Options) -> Result<Catalogue> {
    let place = Place::from_env();
    let named = options.schemas.as_deref().filter(|path| !is_blank(path));
    let Some(folder) = SchemaFolder::find(named, data_dir(options), place.as_ref()) else {
        tracing::info!("no schema files: `butopea-mcp-server gen` writes them for typed tools");
        let file = ModelsFile::parse(REFERENCE_MODELS_FILE)?;
        return Catalogue::generic(&options.tools.selection(&file)?);
    };
    tracing::info!(folder = %folder.path().display(), "typed tools");
    let selection = options.tools.selection(&folder.models_file()?)?;
    Catalogue::load(&folder, &selection)
}

fn data_dir(options: &Options) -> Option<&Path> {
    options.data_dir.as_deref().filter(|path| !is_blank(path))
}

/// A variable that a client sets to nothing counts as not set.
fn is_blank(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

/// A path that may be blank.
fn some_path() -> impl TypedValueParser {
    OsStringValueParser::new().map(PathBuf::from)
}
