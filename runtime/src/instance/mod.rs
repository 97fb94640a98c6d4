//! The files of one Odoo on this machine: which models, what they look like, which tools.
//!
//! On the data's way: live Odoo → descriptors → **schema files** → tools.

mod models_file;

pub use models_file::{ModelsFile, ProfileTable, REFERENCE_MODELS_FILE};
