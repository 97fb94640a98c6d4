//! Serving many users over streamable HTTP.
//!
//! Each request acts as the user whose Odoo credentials it carries ([`credentials`]); the
//! users' Odoo sessions are pooled ([`users`]). The process keeps nothing else between
//! requests, so several of them work behind any load balancer; only `--http-sessions`, for
//! clients of older protocol versions that are to be asked back, ties a client to a process.
//!
//! A request passes, in this order: what browsers ask about pages ([`web_pages`]), its user
//! ([`gatekeeper`]), the checks of `Host`, `Origin`, size and protocol (rmcp), and then the
//! same handler as on standard input and output.

mod answers;
mod credentials;
mod gatekeeper;
mod options;
mod sessions;
mod unread;
mod users;
mod web_pages;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use options::HttpOptions;

use super::stop::StopSignal;
use super::{GRACE, OdooServer};
use crate::client::{Client, Config, Credentials};
use crate::error::{Error, ErrorKind, Result};
use answers::Answers;
use credentials::PrincipalKey;
use gatekeeper::Gatekeeper;
use users::Users;
use web_pages::WebPages;

/// The path of the MCP endpoint.
const ENDPOINT: &str = "/mcp";

/// How long answers that are being given may take after the calls have ended, and then the
/// connections.
const FLUSH: Duration = Duration::from_secs(1);

/// How long the end of the users' sessions in Odoo may hold up the exit.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long Odoo may take to answer for being there: who asks has little patience.
const READY_PATIENCE: Duration = Duration::from_secs(5);

/// What the routes share.
pub(super) struct Site {
    gatekeeper: Gatekeeper,
    answers: Answers,
    web_pages: WebPages,
    server: OdooServer,
    /// Asks Odoo whether it is there, as nobody in particular.
    odoo: Client,
}

/// Serves until the process is asked to stop.
///
/// The users are those of the requests. A `config` with credentials makes requests without
/// any act as that user, which is allowed on loopback addresses alone.
///
/// # Errors
/// [`ErrorKind::Configuration`] when the address cannot be listened on, or when a server that
/// others can reach would let them act as the configured user.
pub async fn serve_http(server: OdooServer, config: Config, options: &HttpOptions) -> Result<()> {
    let address = options.address.ok_or_else(|| {
        Error::new(ErrorKind::Configuration, "no address to serve HTTP at")
            .with_hint("Start with --http 127.0.0.1:8808.")
    })?;
    check_exposure(address.ip(), &config)?;
    let asked = StopSignal::listen();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| cannot_listen(address, &error))?;
    let address = listener
        .local_addr()
        .map_err(|error| cannot_listen(address, &error))?;
    let stop = CancellationToken::new();
    let site = Arc::new(site(server.clone(), config, options)?);
    let app = routes(Arc::clone(&site), address, options, &stop);
    let url = format!("http://{address}{ENDPOINT}");
    if let Some(file) = &options.address_file {
        write_address(file, &url)?;
    }
    tracing::info!("listening on {url}");
    let stopping = stop.clone();
    let serving = axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move { stopping.cancelled().await });
    let drain = async {
        asked.received().await;
        tracing::info!("asked to stop");
        server.finish_calls(GRACE).await;
        site.answers.all_given(FLUSH).await;
        stop.cancel();
        tokio::time::sleep(FLUSH).await;
    };
    let outcome = tokio::select! {
        ended = serving.into_future() => {
            ended.map_err(|error| cannot_listen(address, &error))
        }
        () = drain => Ok(()),
        () = site.gatekeeper.users().watch_idle() => Ok(()),
    };
    server.let_calls_go().await;
    site.gatekeeper.users().sign_all_out(FAREWELL).await;
    outcome
}

/// Whoever reaches the port of a server with a user of its own acts as that user.
fn check_exposure(ip: IpAddr, config: &Config) -> Result<()> {
    if ip.is_loopback() {
        return Ok(());
    }
    if !matches!(config.credentials, Credentials::Absent) {
        return Err(Error::new(
            ErrorKind::Configuration,
            format!("at {ip}, everybody who reaches the port would act as the configured Odoo user"),
        )
        .with_hint(
            "Unset ODOO_API_KEY, ODOO_USERNAME and ODOO_PASSWORD, so that each request has to carry its own credentials, or listen on 127.0.0.1.",
        ));
    }
    tracing::warn!(
        "credentials reach this address in the clear: let a proxy of yours speak TLS in front of it"
    );
    Ok(())
}

fn site(server: OdooServer, config: Config, options: &HttpOptions) -> Result<Site> {
    let anonymous = config.clone().with_credentials(Credentials::Absent);
    let users = Users::new(
        server.shared(),
        anonymous.clone(),
        PrincipalKey::random()?,
        options,
    );
    let own = match config.credentials {
        Credentials::Absent => None,
        credentials => Some(credentials),
    };
    Ok(Site {
        gatekeeper: Gatekeeper::new(users, own, options),
        answers: Answers::default(),
        web_pages: WebPages::of(&options.allowed_origins),
        server,
        odoo: Client::new(anonymous)?,
    })
}

fn routes(
    site: Arc<Site>,
    address: SocketAddr,
    options: &HttpOptions,
    stop: &CancellationToken,
) -> Router {
    let sessions = Arc::new(LocalSessionManager::default());
    if options.sessions {
        site.gatekeeper.sessions().watch(Arc::clone(&sessions));
    }
    let server = site.server.clone();
    let mcp = StreamableHttpService::new(
        move || Ok(server.for_connection()),
        sessions,
        protocol(address, options, stop),
    );
    Router::new()
        .route_service(ENDPOINT, mcp)
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&site),
            gatekeeper::admit,
        ))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&site),
            web_pages::answer_browsers,
        ))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .fallback(any(nothing_here))
        .with_state(site)
}

fn protocol(
    address: SocketAddr,
    options: &HttpOptions,
    stop: &CancellationToken,
) -> StreamableHttpServerConfig {
    let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(String::from).into();
    if !address.ip().is_unspecified() {
        hosts.push(address.ip().to_string());
    }
    hosts.extend(options.allowed_hosts.iter().cloned());
    StreamableHttpServerConfig::default()
        .with_allowed_hosts(hosts)
        .with_allowed_origins(own_origins(address).chain(options.allowed_origins.iter().cloned()))
        .enforce_origin_validation()
        .with_legacy_session_mode(options.sessions)
        .with_json_response(true)
        .with_max_request_body_bytes(options.max_body)
        .with_cancellation_token(stop.child_token())
}

/// The origins that are this very server, as seen from its own machine. A page of any other
/// origin, another port of the machine included, is a stranger.
fn own_origins(address: SocketAddr) -> impl Iterator<Item = String> {
    ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .filter(move |_| address.ip().is_loopback())
        .map(move |host| format!("http://{host}:{}", address.port()))
}

fn cannot_listen(address: SocketAddr, error: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("{address} cannot be listened on: {error}"),
    )
    .with_hint("Choose another port, or 0 for any free one.")
}

/// Writes a file that is never seen half written.
fn write_address(file: &Path, url: &str) -> Result<()> {
    let unwritable = |error: std::io::Error| {
        Error::new(
            ErrorKind::Configuration,
            format!("{} cannot be written: {error}", file.display()),
        )
    };
    let partial = file.with_extension("partial");
    std::fs::write(&partial, url).map_err(unwritable)?;
    std::fs::rename(&partial, file).map_err(unwritable)
}

/// The process is up.
async fn health() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        concat!(
            r#"{"status":"ok","version":""#,
            env!("CARGO_PKG_VERSION"),
            r#""}"#
        ),
    )
}

/// The process is up and stays so, and Odoo answers it.
async fn ready(State(site): State<Arc<Site>>) -> impl IntoResponse {
    let odoo_answers = tokio::time::timeout(READY_PATIENCE, site.odoo.is_alive());
    let (status, body) = if site.server.shared().closing.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"stopping"}"#)
    } else if odoo_answers.await.unwrap_or(false) {
        (StatusCode::OK, r#"{"status":"ready"}"#)
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"status":"Odoo does not answer"}"#,
        )
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body)
}

async fn metrics(State(site): State<Arc<Site>>) -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        site.server.shared().metrics.text(),
    )
}

async fn nothing_here(request: Request) -> impl IntoResponse {
    let response = (
        StatusCode::NOT_FOUND,
        "Nothing here: the MCP endpoint is /mcp; there are /health, /ready and /metrics, too.\n",
    );
    unread::after(request.into_body(), response.into_response()).await
}
