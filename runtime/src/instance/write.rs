//! Writes the folder of an instance, so that a server that reads it meanwhile sees every file
//! whole, the old one or the new one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{MANIFEST, MODELS_FILE, SCHEMAS, SchemaFolder};
use super::models_file::REFERENCE_MODELS_FILE;
use super::survey::Survey;
use crate::error::{Error, ErrorKind, Result};

/// What was written, by model.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) added: Vec<String>,
    pub(super) changed: Vec<String>,
    pub(super) removed: Vec<String>,
    /// Whether `models.toml` was put there.
    pub(super) has_new_models_file: bool,
}

/// Brings the folder to what Odoo said. Models that could not be described this time keep
/// their files of last time.
///
/// The manifest comes last: until then the old one vouches for the files that it knows, and
/// for none of the new ones.
pub(super) fn write(root: &Path, survey: &Survey) -> Result<Written> {
    let schemas = root.join(SCHEMAS);
    fs::create_dir_all(&schemas).map_err(failed(&schemas))?;
    let mut written = Written::default();
    for (model, text) in &survey.texts {
        let path = schemas.join(format!("{model}.json"));
        match read(&path)? {
            Some(old) if old == *text => continue,
            Some(_) => written.changed.push(model.clone()),
            None => written.added.push(model.clone()),
        }
        replace(&path, text)?;
    }
    let wanted: BTreeSet<&String> = survey.texts.keys().chain(survey.failures.keys()).collect();
    for path in SchemaFolder::open(root).files()? {
        let model = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let model = model.unwrap_or_default();
        if !wanted.contains(&model) {
            fs::remove_file(&path).map_err(failed(&path))?;
            written.removed.push(model);
        }
    }
    let models_file = root.join(MODELS_FILE);
    if !models_file.exists() {
        replace(&models_file, REFERENCE_MODELS_FILE)?;
        written.has_new_models_file = true;
    }
    let manifest = root.join(MANIFEST);
    let text = survey.manifest.to_json_pretty()?;
    if read(&manifest)?.as_ref() != Some(&text) {
        replace(&manifest, &text)?;
    }
    Ok(written)
}

/// The file's text, if there is one. What is no text is as good as another text.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Writes a file beside its place and moves it there, which no reader sees half done.
fn replace(path: &Path, text: &str) -> Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.tmp", std::process::id()));
    let draft = PathBuf::from(draft);
    let outcome = fs::write(&draft, text)
        .map_err(failed(&draft))
        .and_then(|()| fs::rename(&draft, path).map_err(failed(path)));
    if outcome.is_err() {
        // The reason is told; what is left of the draft does no harm.
        let _ = fs::remove_file(&draft);
    }
    outcome
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |error| {
        Error::new(
            ErrorKind::Configuration,
            format!("{path} cannot be written: {error}"),
        )
        .with_hint("Name another folder with --out, or another data folder with ODOO_DATA_DIR.")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::check::compare;
    use super::super::manifest::{MANIFEST_FORMAT, Manifest, digest};
    use super::super::models_file::ModelsFile;
    use super::super::survey::Scope;
    use super::*;
    use crate::schema::{ModelSchema, SchemaFile};

    /// A folder of a test's own, gone afterwards.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let name = format!("butopea-test-{}-{name}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn schema(model: &str) -> ModelSchema {
        ModelSchema::from_wire(&serde_json::json!({
            "model": model, "fields": {"name": {"type": "char"}, "note": {"type": "text"}}
        }))
        .unwrap()
    }

    fn survey(schemas: impl IntoIterator<Item = ModelSchema>) -> Survey {
        let schemas: BTreeMap<String, ModelSchema> = schemas
            .into_iter()
            .map(|schema| (schema.model.clone(), schema))
            .collect();
        let texts: BTreeMap<String, String> = schemas
            .iter()
            .map(|(name, schema)| {
                let file = SchemaFile::build(schema.clone(), &|_| None);
                (name.clone(), file.to_json_pretty())
            })
            .collect();
        let manifest = Manifest {
            format: MANIFEST_FORMAT,
            url: "http://localhost:8069/".into(),
            database: "odoo".into(),
            user: "admin".into(),
            language: "en_US".into(),
            odoo_version: None,
            odoo_series: None,
            module_version: None,
            schema_fingerprint: Some("1".into()),
            asked_for: None,
            models: texts
                .iter()
                .map(|(name, text)| (name.clone(), digest(text)))
                .collect(),
        };
        Survey {
            manifest,
            schemas,
            texts,
            absent: Vec::new(),
            failures: BTreeMap::new(),
        }
    }

    fn scope() -> Scope {
        let file = ModelsFile::parse("[models]\ninclude = [\"*\"]").unwrap();
        Scope::new(file, &[], false).unwrap()
    }

    #[test]
    fn it_is_brought_to_what_odoo_said() {
        let scratch = Scratch::new("bring");
        let root = &scratch.0;
        let first = write(root, &survey([schema("a.b"), schema("c")])).unwrap();
        assert_eq!(first.added, ["a.b", "c"]);
        assert!(first.has_new_models_file);
        fs::write(root.join(MODELS_FILE), "# mine\n").unwrap();
        let mut other = schema("a.b");
        other.fields.remove("note");
        let second = write(root, &survey([other, schema("d")])).unwrap();
        assert_eq!(second.added, ["d"]);
        assert_eq!(second.changed, ["a.b"]);
        assert_eq!(second.removed, ["c"]);
        let mine = fs::read_to_string(root.join(MODELS_FILE)).unwrap();
        assert_eq!(mine, "# mine\n");
        let kept = SchemaFolder::open(root).read().unwrap();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|kept| kept.is_vouched_for));
        let drafts = fs::read_dir(root.join(SCHEMAS)).unwrap();
        assert_eq!(drafts.count(), 2, "no draft is left");
    }

    #[test]
    fn what_could_not_be_described_stays_as_it_was() {
        let scratch = Scratch::new("stay");
        let root = &scratch.0;
        write(root, &survey([schema("a"), schema("b")])).unwrap();
        let mut partial = survey([schema("a")]);
        let failure = Error::new(ErrorKind::Timeout, "too slow");
        partial.failures.insert("b".into(), failure);
        let written = write(root, &partial).unwrap();
        assert!(written.removed.is_empty());
        let folder = SchemaFolder::open(root);
        let vouched: Vec<bool> = folder
            .read()
            .unwrap()
            .iter()
            .map(|kept| kept.is_vouched_for)
            .collect();
        assert_eq!(vouched, [true, false]);
        let differences = compare(&folder, &scope(), &partial).unwrap();
        assert!(differences.models.is_empty());
    }

    #[test]
    fn differences_are_told_by_model() {
        let scratch = Scratch::new("differ");
        let root = &scratch.0;
        write(root, &survey([schema("a"), schema("b"), schema("c")])).unwrap();
        let mut changed = schema("a");
        changed.fields.remove("note");
        let mut now = survey([changed, schema("b"), schema("d")]);
        now.manifest.user = "demo".into();
        now.texts.insert("b".into(), "another program".into());
        let folder = SchemaFolder::open(root);
        let differences = compare(&folder, &scope(), &now).unwrap();
        assert_eq!(differences.notes, ["the user was admin and is demo"]);
        let lines: Vec<String> = differences
            .models
            .iter()
            .flat_map(|(model, lines)| lines.iter().map(move |line| format!("{model}: {line}")))
            .collect();
        assert_eq!(
            lines,
            [
                "a: - field note (text)",
                "b: ~ how its tools are written",
                "c: - the model",
                "d: + the model",
            ]
        );
    }

    #[test]
    fn one_broken_file_costs_one_model() {
        let scratch = Scratch::new("broken");
        let root = &scratch.0;
        write(root, &survey([schema("a"), schema("b")])).unwrap();
        fs::write(root.join(SCHEMAS).join("b.json"), "{\"format\": 1, \"sch").unwrap();
        let kept = SchemaFolder::open(root).read().unwrap();
        assert_eq!(kept.len(), 1);
        fs::remove_file(root.join(SCHEMAS).join("a.json")).unwrap();
        let error = SchemaFolder::open(root).read().unwrap_err();
        assert!(
            error.hints()[0].contains("butopea-mcp-server gen"),
            "{error}"
        );
    }
}
