//! IR → Rust: one file a model, one of markers, one of enums, and the crate's root.
//!
//! On the data's way: snapshot → IR → **code** → typed calls. Tokens go through a parser and
//! a printer, so that what comes out is well-formed and formatted the same everywhere.

mod docs;
mod library;
mod manifest;
mod model;
mod print;
mod selections;

use std::collections::BTreeMap;

use crate::error::Result;
use crate::ir::Package;
use crate::parallel;

pub use manifest::with_features;

/// The files of the crate's `src`, by name.
///
/// # Errors
/// [`Error::Emit`](crate::Error::Emit), which is a fault of the generator.
pub fn files(package: &Package) -> Result<BTreeMap<String, String>> {
    let header = package.header.as_deref();
    let mut files = BTreeMap::new();
    files.insert(
        "lib.rs".to_owned(),
        print::file("lib.rs", header, &library::root(package))?,
    );
    files.insert(
        "markers.rs".to_owned(),
        print::file("markers.rs", header, &library::markers(package))?,
    );
    files.insert(
        "selections.rs".to_owned(),
        print::file("selections.rs", header, &selections::file(package))?,
    );
    // Printing is most of the work, and no model needs another's.
    let printed = parallel::map(&package.models, |one| {
        let name = format!("{}.rs", one.module);
        let text = print::file(&name, header, &model::file(one))?;
        Ok((name, text))
    });
    for file in printed {
        let (name, text) = file?;
        files.insert(name, text);
    }
    Ok(files)
}
