//! A folder of schema files: where it is, what stands beside it, and how it is renewed.
//!
//! On the data's way: live Odoo → **schema files** → tools. A folder is either that of an
//! instance (`schemas/`, `models.toml`, `manifest.json`, written by `butopea-mcp-server gen`),
//! or `generated/schemas` of a checkout (written by `cargo xtask gen`).

use std::path::{Path, PathBuf};

use super::manifest::{AskedFor, Manifest};
use super::models_file::ModelsFile;
use super::place::{Place, instances_dir};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::SchemaFile;

/// The folder of the schema files within that of an instance.
pub(super) const SCHEMAS: &str = "schemas";
/// The file that says which models, tools and fields.
pub(super) const MODELS_FILE: &str = "models.toml";
/// The file that says what the schema files were written from.
pub(super) const MANIFEST: &str = "manifest.json";

/// A folder of schema files.
#[derive(Debug, Clone)]
pub struct SchemaFolder {
    schemas: PathBuf,
    /// What stands beside it, if it was written by `butopea-mcp-server gen`.
    pub manifest: Option<Manifest>,
    /// The command that writes it anew.
    mend: String,
}

/// One schema file as it was read.
#[derive(Debug)]
pub struct KeptSchema {
    /// Its content.
    pub file: SchemaFile,
    /// Whether it is as it was written under the manifest's fingerprint.
    pub is_vouched_for: bool,
}

impl SchemaFolder {
    /// The folder at this path: one of schema files, or one with `schemas/` in it.
    pub fn open(path: &Path) -> Self {
        let inner = path.join(SCHEMAS);
        let schemas = if inner.is_dir() {
            inner
        } else {
            path.to_owned()
        };
        let root = schemas.parent().unwrap_or(&schemas).to_owned();
        let manifest = Manifest::read(&root.join(MANIFEST));
        let mend = match &manifest {
            Some(manifest) => {
                let out = shell_word(&root.display().to_string());
                format!("{} --out {out}", gen_command(manifest))
            }
            None if root.join("Cargo.toml").is_file() => "cargo xtask gen".to_owned(),
            None => "butopea-mcp-server gen".to_owned(),
        };
        Self {
            schemas,
            manifest,
            mend,
        }
    }

    /// The folder of an instance in the data folder.
    fn of_instance(root: &Path) -> Option<Self> {
        let mut folder = Self::open(root);
        if !root.join(SCHEMAS).is_dir() {
            return None;
        }
        if let Some(manifest) = &folder.manifest {
            folder.mend = gen_command(manifest);
        }
        Some(folder)
    }

    /// The folder to serve from: the one that was named, that of the instance in the data
    /// folder, or `generated/schemas` of the checkout in which this program was built.
    pub fn find(
        named: Option<&Path>,
        data_dir: Option<&Path>,
        place: Option<&Place>,
    ) -> Option<Self> {
        if let Some(named) = named {
            return Some(Self::open(named));
        }
        let of_instance = place.and_then(|place| find_instance(&instances_dir(data_dir)?, place));
        of_instance.or_else(find_checkout)
    }

    /// Where the schema files are.
    pub fn path(&self) -> &Path {
        &self.schemas
    }

    /// The command that writes the files anew.
    pub fn mend(&self) -> &str {
        &self.mend
    }

    /// The `models.toml` of this folder, in it or beside it; an empty one where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it cannot be read.
    pub fn models_file(&self) -> Result<ModelsFile> {
        let found = [Some(self.schemas.as_path()), self.schemas.parent()]
            .into_iter()
            .flatten()
            .map(|folder| folder.join(MODELS_FILE))
            .find(|file| file.is_file());
        match found {
            Some(path) => read_models_file(&path),
            None => Ok(ModelsFile::default()),
        }
    }

    /// Reads every schema file, sorted by name. A file that cannot be read costs its model, not
    /// the whole list, unless there is no other.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the folder cannot be read, or none of its files.
    pub fn read(&self) -> Result<Vec<KeptSchema>> {
        let mut kept = Vec::new();
        let mut failures = Vec::new();
        for path in self.files()? {
            match self.read_file(&path) {
                Ok(schema) => kept.push(schema),
                Err(error) => failures.push(error),
            }
        }
        match failures.first() {
            Some(first) if kept.is_empty() => return Err(first.clone()),
            _ => {}
        }
        for failure in failures {
            tracing::warn!("a model is left out: {failure}");
        }
        Ok(kept)
    }

    /// The schema files, sorted.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let unreadable = |error: std::io::Error| self.unreadable(&self.schemas, &error);
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&self.schemas).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }

    fn read_file(&self, path: &Path) -> Result<KeptSchema> {
        let text = std::fs::read_to_string(path).map_err(|error| self.unreadable(path, &error))?;
        let file = SchemaFile::parse(&text).map_err(|error| self.unreadable(path, &error))?;
        let manifest = self.manifest.as_ref();
        let is_vouched_for =
            manifest.is_some_and(|manifest| manifest.vouches_for(&file.schema.model, &text));
        Ok(KeptSchema {
            file,
            is_vouched_for,
        })
    }

    fn unreadable(&self, path: &Path, error: &dyn std::fmt::Display) -> Error {
        Error::new(
            ErrorKind::Configuration,
            format!("{} cannot be read: {error}", path.display()),
        )
        .with_hint(format!(
            "Check --schemas or ODOO_SCHEMAS; `{}` writes these files.",
            self.mend
        ))
    }
}

/// Reads a `models.toml`.
pub(super) fn read_models_file(path: &Path) -> Result<ModelsFile> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::new(
            ErrorKind::Configuration,
            format!("{} cannot be read: {error}", path.display()),
        )
    })?;
    ModelsFile::parse(&text).map_err(|error| {
        Error::new(
            ErrorKind::Configuration,
            format!("{}: {}", path.display(), error.message()),
        )
    })
}

/// The command that asked for these files.
fn gen_command(manifest: &Manifest) -> String {
    let command = "butopea-mcp-server gen";
    match &manifest.asked_for {
        None => command.to_owned(),
        Some(AskedFor::All) => format!("{command} --all"),
        Some(AskedFor::Models(patterns)) => {
            format!("{command} --models {}", shell_word(&patterns.join(",")))
        }
    }
}

/// The text as one word of a shell.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:,\\".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The folder of this place. Without a database it is the only one of its host, if there is
/// only one.
fn find_instance(instances: &Path, place: &Place) -> Option<SchemaFolder> {
    if let Some(database) = &place.database {
        return SchemaFolder::of_instance(&instances.join(place.folder_name(database)));
    }
    let mut found: Vec<SchemaFolder> = std::fs::read_dir(instances)
        .ok()?
        .filter_map(|entry| SchemaFolder::of_instance(&entry.ok()?.path()))
        .filter(|folder| {
            let manifest = folder.manifest.as_ref();
            manifest.is_some_and(|manifest| place.is_at(&manifest.url))
        })
        .collect();
    if found.len() > 1 {
        let mut databases: Vec<&str> = found
            .iter()
            .filter_map(|folder| Some(folder.manifest.as_ref()?.database.as_str()))
            .collect();
        databases.sort_unstable();
        tracing::warn!(
            "there are schema files of several databases of this Odoo ({}); set ODOO_DB to have \
             those of one served",
            databases.join(", ")
        );
        return None;
    }
    found.pop()
}

fn find_checkout() -> Option<SchemaFolder> {
    let program = std::env::current_exe().ok()?;
    program
        .ancestors()
        .map(|folder| folder.join("generated").join(SCHEMAS))
        .find(|folder| folder.is_dir())
        .map(|folder| SchemaFolder::open(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::parse_base_url;

    fn manifest(database: &str) -> Manifest {
        serde_json::from_value(serde_json::json!({
            "format": 1, "url": "http://odoo.example/", "database": database, "user": "admin",
            "language": "en_US", "models": {},
        }))
        .unwrap()
    }

    fn put_instance(data_dir: &Path, database: &str) {
        let place = place(None);
        let instances = instances_dir(Some(data_dir)).unwrap();
        let root = instances.join(place.folder_name(database));
        std::fs::create_dir_all(root.join(SCHEMAS)).unwrap();
        let text = manifest(database).to_json_pretty().unwrap();
        std::fs::write(root.join(MANIFEST), text).unwrap();
    }

    fn place(database: Option<&str>) -> Place {
        Place::new(&parse_base_url("http://odoo.example").unwrap(), database).unwrap()
    }

    #[test]
    fn an_instance_is_found_by_its_place() {
        let name = format!("butopea-test-{}-find", std::process::id());
        let data_dir = std::env::temp_dir().join(name);
        let find = |place: Place| {
            let found = find_instance(&instances_dir(Some(&data_dir)).unwrap(), &place)?;
            assert_eq!(found.mend(), "butopea-mcp-server gen");
            Some(found.manifest.unwrap().database)
        };
        assert_eq!(find(place(None)), None);
        put_instance(&data_dir, "One");
        assert_eq!(find(place(None)).as_deref(), Some("One"));
        assert_eq!(find(place(Some("One"))).as_deref(), Some("One"));
        assert_eq!(find(place(Some("one"))), None);
        let other = parse_base_url("http://odoo.example:8069").unwrap();
        assert_eq!(find(Place::new(&other, None).unwrap()), None);
        put_instance(&data_dir, "two");
        assert_eq!(find(place(None)), None, "two fit");
        assert_eq!(find(place(Some("two"))).as_deref(), Some("two"));
        std::fs::remove_dir_all(&data_dir).unwrap();
    }

    #[test]
    fn the_mend_is_the_command_that_asked() {
        let with = |asked_for| Manifest {
            asked_for,
            ..manifest("odoo")
        };
        for (asked_for, command) in [
            (None, "butopea-mcp-server gen"),
            (Some(AskedFor::All), "butopea-mcp-server gen --all"),
            (
                Some(AskedFor::Models(vec![
                    "sale.*".into(),
                    "res.partner".into(),
                ])),
                "butopea-mcp-server gen --models 'sale.*,res.partner'",
            ),
        ] {
            assert_eq!(gen_command(&with(asked_for)), command);
        }
        assert_eq!(shell_word("/a/b.c"), "/a/b.c");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
    }
}
