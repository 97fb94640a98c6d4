//! How a server over HTTP is set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Options of a server over streamable HTTP; they mean nothing without `--http`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving many users over HTTP")]
pub struct HttpOptions {
    /// Serve over streamable HTTP at this address (`127.0.0.1:8808`) instead of standard
    /// input and output. Each request carries its user's Odoo API key (`Authorization:
    /// Bearer KEY`) or login (`Authorization: Basic …`).
    #[arg(long = "http", env = "ODOO_MCP_HTTP", value_name = "ADDR")]
    pub address: Option<SocketAddr>,
    /// Write the address into this file when the server listens (with port 0, a free port is
    /// chosen).
    #[arg(long = "http-address-file", value_name = "FILE")]
    pub address_file: Option<PathBuf>,
    /// Give clients of protocol versions before 2026-07-28 a session, so that they can be
    /// asked back (elicitation). All requests of a session must then reach the same process.
    #[arg(long = "http-sessions")]
    pub sessions: bool,
    /// Host names under which clients reach the server, besides the loopback ones and the
    /// address itself.
    #[arg(
        long = "allow-host",
        env = "ODOO_MCP_ALLOW_HOST",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages that may call the server (`https://app.example.com:443`); without
    /// any, a request from a web page is refused.
    #[arg(
        long = "allow-origin",
        env = "ODOO_MCP_ALLOW_ORIGIN",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub allowed_origins: Vec<String>,
    /// The largest request, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 16 * 1024 * 1024)]
    pub max_body: usize,
    /// The most users whose Odoo sessions are held at once; who was idle longest leaves first.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub max_users: u64,
    /// The most sessions of clients at once, with `--http-sessions`; the clients of one user
    /// may have a quarter of them.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub max_sessions: usize,
    /// Seconds without a request after which a user is signed out of Odoo.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub user_idle: u64,
    /// The most requests of one user in a minute.
    #[arg(long, value_name = "COUNT", default_value = "1200")]
    pub rate_limit: std::num::NonZeroU32,
    /// The most failed sign-ins from one address in a minute. Odoo itself locks an address
    /// out after ten, and all users of this server share one.
    #[arg(long, value_name = "COUNT", default_value = "5")]
    pub failed_sign_ins: std::num::NonZeroU32,
    /// Take the client's address from the last entry of `X-Forwarded-For`: for a server that
    /// only a proxy of yours can reach.
    #[arg(long)]
    pub trust_forwarded_for: bool,
}

impl HttpOptions {
    /// How long a user's Odoo session is kept without a request.
    pub(super) fn idle(&self) -> Duration {
        Duration::from_secs(self.user_idle.max(1))
    }
}
