//! From the snapshot of an Odoo's models to typed Rust and JSON Schemas.
//!
//! On the data's way: live Odoo → **snapshot → IR → code and schemas** → tools. A pure
//! function: no network, no clock, no environment; the same snapshot and the same
//! configuration give the same bytes. Fetching a snapshot is the caller's work
//! (`cargo xtask gen`, or a program of your own with `butopea_runtime::client`).
//!
//! ```no_run
//! use std::path::Path;
//! use butopea_generator::{Config, Snapshot, generate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let root = Path::new("models");
//! let config = Config::parse(&std::fs::read_to_string(root.join("models.toml"))?)?;
//! let generated = generate(&Snapshot::read(root)?, &config)?;
//! for remark in &generated.diagnostics {
//!     eprintln!("{remark}");
//! }
//! generated.output.write(root)?;
//! # Ok(()) }
//! ```

mod config;
mod diagnostic;
pub mod diff;
pub mod emit;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod ir;
mod lower;
pub mod naming;
mod output;
mod parallel;
mod profiles;
mod snapshot;

use std::collections::BTreeMap;

use butopea_runtime::schema::{ModelSchema, SchemaFile};

/// Patterns over names, as `models.toml` has them.
pub use butopea_runtime::schema::Patterns;
pub use config::{Config, Money, Profile, Renames};
pub use diagnostic::Diagnostic;
pub use error::{Error, Result};
pub use lower::lower;
pub use output::{Changes, Output, recover};
pub use snapshot::{FOLDER as SNAPSHOT_FOLDER, MANIFEST, Manifest, Snapshot};

/// What a snapshot became.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The files.
    pub output: Output,
    /// What they were printed from.
    pub package: ir::Package,
    /// How many typed tools each model has.
    pub tools: BTreeMap<String, usize>,
    /// What was odd about the schemas.
    pub diagnostics: Vec<Diagnostic>,
}

/// Generates all files of a crate from the models that the configuration asks for: the
/// snapshot in its canonical form, the schema files, and the code. The caller splices the
/// features into the crate's manifest: see [`emit::with_features`].
///
/// # Errors
/// [`Error::Emit`], which is a fault of the generator.
pub fn generate(snapshot: &Snapshot, config: &Config) -> Result<Generated> {
    let snapshot = snapshot.clone().select(config).into_canonical(config);
    let (package, mut diagnostics) = lower(&snapshot, config);
    let (files, texts) = schemas(&snapshot);
    diagnostics.extend(profiles::check(config, &files));
    let tools = files
        .iter()
        .map(|(name, file)| (name.clone(), file.tools.len()))
        .collect();
    let mut output = Output::default();
    output.add_folder(SNAPSHOT_FOLDER, snapshot.files());
    output.add_folder("schemas", texts);
    output.add_folder("src", emit::files(&package)?);
    Ok(Generated {
        output,
        package,
        tools,
        diagnostics,
    })
}

/// The schema files, by model, and their texts, by name within their folder.
fn schemas(snapshot: &Snapshot) -> (BTreeMap<String, SchemaFile>, BTreeMap<String, String>) {
    let lookup = |name: &str| snapshot.models.get(name);
    let models: Vec<(&String, &ModelSchema)> = snapshot.models.iter().collect();
    let built = parallel::map(&models, |(name, schema)| {
        let file = SchemaFile::build((*schema).clone(), &lookup);
        let text = file.to_json_pretty();
        (((*name).clone(), file), (format!("{name}.json"), text))
    });
    built.into_iter().unzip()
}
