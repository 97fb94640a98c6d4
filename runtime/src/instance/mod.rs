//! The files of one Odoo on this machine: which models, what they look like, which tools.
//!
//! On the data's way: live Odoo → descriptors → **schema files** → tools. `butopea-mcp-server
//! gen` writes them into a folder of the instance, and the server finds them there by the same
//! address and database.

mod check;
mod command;
mod folder;
mod manifest;
mod models_file;
mod place;
mod survey;
mod write;

pub use command::{GenOptions, generate};
pub use folder::{KeptSchema, SchemaFolder};
pub use manifest::{AskedFor, MANIFEST_FORMAT, Manifest};
pub use models_file::{ModelsFile, ProfileTable, REFERENCE_MODELS_FILE};
pub use place::{Place, instances_dir};
