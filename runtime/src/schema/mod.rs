//! Model descriptors: what a model, a field, a selection and an action *is*.
//!
//! On the data's way: live Odoo → **snapshot and descriptors** → code and schemas → tools.
//! The same [`ModelSchema`] is what the Odoo module answers, what the repository keeps as
//! snapshot, what the generator turns into Rust, and what the server validates calls with.

mod defaults;
mod field;
mod file;
mod json_schema;
pub(crate) mod lenient;
mod model;
mod naming;
pub mod text;
mod tools;
pub mod validate;

pub use field::{FieldSchema, FieldType, SelectionKey, SelectionOption, View};
pub use file::{SCHEMA_FILE_FORMAT, SchemaFile};
pub use json_schema::ModelLookup;
pub use model::{Access, ActionSchema, MAX_SELECTION_OPTIONS, ModelSchema};
pub use naming::{MAX_TOOL_NAME, tool_name};
pub use tools::{Annotations, Operation, ToolSpec, domain_schema, tools_of};
