//! The runtime half of Butopea MCP: what a model is ([`schema`]), how to talk to Odoo
//! ([`client`]), how generated Rust does it with types ([`typed`]), and, behind the
//! `server` feature, how an AI assistant does it with tools (`server`).
//!
//! On the data's way this crate stands on both ends: it fetches the live Odoo's description
//! of itself, which the generator turns into code and schema files, and it serves and
//! checks calls with those same schema files.

pub mod client;
pub mod error;
#[cfg(all(feature = "server", any(test, feature = "fuzzing")))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "server")]
pub mod instance;
pub mod schema;
#[cfg(feature = "server")]
pub mod server;
pub mod typed;

pub use error::{Error, ErrorKind, Result};
/// The trait of [`typed::Pages`], re-exported so that nobody needs the crate for its name.
pub use futures_core::Stream;
