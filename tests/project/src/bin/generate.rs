//! Generates a crate of models from its snapshot, as `cargo xtask gen --offline` does: the
//! generator as a library.
//!
//! ```text
//! cargo run --bin generate -- path/to/models
//! ```

use std::path::PathBuf;

use butopea_generator::{Config, Snapshot, emit, generate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("name the folder of models.toml")?,
    );
    let config = Config::parse(&std::fs::read_to_string(root.join("models.toml"))?)?;
    let mut generated = generate(&Snapshot::read(&root)?, &config)?;
    for remark in &generated.diagnostics {
        eprintln!("note: {remark}");
    }
    let manifest = root.join("Cargo.toml");
    let text = emit::with_features(
        &std::fs::read_to_string(&manifest)?,
        &generated.package,
        &manifest,
    )?;
    generated.output.files.insert("Cargo.toml".into(), text);
    let changes = generated.output.write(&root)?;
    println!(
        "{} models: {} files added, {} changed, {} removed",
        generated.package.models.len(),
        changes.added.len(),
        changes.changed.len(),
        changes.removed.len()
    );
    Ok(())
}
