//! Model descriptors: what a model, a field, a selection and an action *is*.
//!
//! On the data's way: live Odoo → **snapshot and descriptors** → code and schemas → tools.
//! The same [`ModelSchema`] is what the Odoo module answers, what the repository keeps as
//! snapshot, what the generator turns into Rust, and what the server validates calls with.

#[cfg(feature = "generate")]
mod canonical;
mod defaults;
#[cfg(feature = "generate")]
mod drift;
mod field;
mod file;
#[cfg(feature = "server")]
mod fit;
mod group_tool;
mod grouping;
mod json_schema;
pub(crate) mod lenient;
mod model;
mod naming;
pub mod output;
#[cfg(feature = "generate")]
mod patterns;
mod property;
pub mod text;
mod tools;
pub mod validate;
mod visible;

#[cfg(feature = "generate")]
pub use canonical::MAX_SELECTION_OPTIONS;
#[cfg(feature = "generate")]
pub use drift::{Change, ChangeKind, Flag, Item, changes};
pub use field::{FieldSchema, FieldType, SelectionKey, SelectionOption, View};
pub use file::{SCHEMA_FILE_FORMAT, SchemaFile};
#[cfg(feature = "server")]
pub use fit::{Fitting, Misfit, line_models, misfits, misread};
pub use group_tool::group_schemas;
pub use grouping::{Measure, Sort, SortBy};
pub use json_schema::ModelLookup;
pub use model::{Access, ActionSchema, ModelSchema};
pub use naming::{MAX_TOOL_NAME, distinct_tool_name, tool_name};
#[cfg(feature = "generate")]
pub use patterns::Patterns;
pub use property::Property;
pub use tools::{
    Annotations, CONSENT_TOKEN, Operation, ToolSpec, consent_token_schema, filter_schemas,
    ids_schema, records_schema, tools_of,
};
