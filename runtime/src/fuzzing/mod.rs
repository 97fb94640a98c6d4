//! The bodies of the fuzz targets in `fuzz/`: each takes any bytes, hands them to one place at
//! which this crate meets what others wrote, and checks what must hold for all of them.
//!
//! They lie across the data's way, live Odoo → snapshot → schema files → tools: `descriptor`
//! where Odoo's description comes in, `domain`, `validate` and `sealed` where calls do, `answer`
//! where Odoo's answers do. They stand here and not in `fuzz/`, since most of these places are
//! private, and since the tests of this crate call them, too: with every seed, so that a fault
//! that was found once is found again without a fuzzer.
//!
//! Behind the feature `fuzzing`, and no part of the crate's interface. A target panics where
//! something does not hold; that is its finding.

mod descriptor;
mod formula;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::{is_invisible, visible};
use crate::schema::{ModelSchema, Operation, SchemaFile};

pub use crate::server::fuzzing::{answer, domain, sealed, validate};
pub use descriptor::descriptor;
pub use tree::changed;

pub(crate) use formula::{Formula, assert_well_formed, read_natural, read_odoo};

/// The models of this repository's schema files, with their typed tools.
#[derive(Debug)]
pub struct World {
    models: BTreeMap<String, Arc<ModelSchema>>,
    tools: BTreeMap<String, (String, Operation)>,
}

impl World {
    /// Those of `generated/schemas`, read once.
    ///
    /// # Panics
    /// When they cannot be read: then nothing can be fuzzed.
    pub fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated/schemas");
            match Self::read(&folder) {
                Ok(world) => world,
                Err(error) => panic!("{}: {error}", folder.display()),
            }
        })
    }

    fn read(folder: &Path) -> Result<Self> {
        let unreadable =
            |error: std::io::Error| Error::new(ErrorKind::Configuration, error.to_string());
        let mut world = Self {
            models: BTreeMap::new(),
            tools: BTreeMap::new(),
        };
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(unreadable)?;
            let file = SchemaFile::parse(&text)?;
            let model = file.schema.model.clone();
            let tools = file.tools.into_iter();
            world
                .tools
                .extend(tools.map(|tool| (tool.name, (model.clone(), tool.operation))));
            world.models.insert(model, Arc::new(file.schema));
        }
        Ok(world)
    }

    /// The model of this name.
    pub fn model(&self, name: &str) -> Option<Arc<ModelSchema>> {
        self.models.get(name).cloned()
    }

    /// The model and the operation of a typed tool.
    pub fn tool(&self, name: &str) -> Option<&(String, Operation)> {
        self.tools.get(name)
    }

    /// What is worth writing into an input: names of tools, models and their fields, and options.
    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self
            .tools
            .keys()
            .chain(self.models.keys())
            .cloned()
            .collect();
        for model in self.models.values() {
            words.extend(model.fields.keys().cloned());
            let options = model
                .fields
                .values()
                .filter_map(|field| field.selection.as_ref());
            words.extend(options.flatten().map(|option| option.key.to_string()));
        }
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// Checks that a text that goes to a client has nothing that only hides in it.
///
/// # Panics
/// When it has.
#[track_caller]
pub(crate) fn assert_visible(text: &str) {
    assert_eq!(visible(text), text, "hidden characters are shown");
}

/// Checks that a text is one line without control and invisible characters.
///
/// # Panics
/// When it is not.
#[track_caller]
pub(crate) fn assert_plain_line(text: &str) {
    let hidden = text.chars().find(|c| c.is_control() || is_invisible(*c));
    assert_eq!(hidden, None, "in {text:?}");
}
