//! What the generator makes of the nasty module's snapshot: up to date, the same on every run,
//! and without losing a model, a field, an option, a button or a tool. Needs no Odoo.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use butopea_generator::{Config, Generated, Snapshot, emit, generate};
use butopea_runtime::schema::{FieldType, MAX_TOOL_NAME, ModelSchema, SchemaFile};
use butopea_runtime::typed::{HasRecord, ModelVisitor, Record as _, Row};
use serde_json::{Map, Value};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn config() -> Config {
    Config::parse(&fs::read_to_string(root().join("models.toml")).unwrap()).unwrap()
}

fn snapshot() -> Snapshot {
    Snapshot::read(&root()).unwrap()
}

fn generated() -> Generated {
    generate(&snapshot(), &config()).unwrap()
}

fn files() -> BTreeMap<String, SchemaFile> {
    let folder = fs::read_dir(root().join("schemas")).unwrap();
    folder
        .map(|entry| {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let file = SchemaFile::parse(&text).unwrap();
            (file.schema.model.clone(), file)
        })
        .collect()
}

/// That no two are the same, with how many there are.
fn distinct<'a>(names: impl IntoIterator<Item = &'a str>, what: &str) -> usize {
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(seen.insert(name), "{what}: {name} twice");
    }
    seen.len()
}

#[test]
fn the_checked_in_output_is_fresh_and_the_same_on_every_run() {
    let generated = generated();
    let difference = generated.output.diff(&root()).unwrap();
    assert!(
        difference.is_empty(),
        "run `cargo xtask gen --offline --out tests/nasty`:\n{difference}"
    );
    let path = root().join("Cargo.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    assert_eq!(
        emit::with_features(&manifest, &generated.package, &path).unwrap(),
        manifest
    );
    assert_eq!(self::generated().output, generated.output);
}

#[test]
fn nothing_is_lost_and_no_name_is_given_twice() {
    let (snapshot, package) = (snapshot(), generated().package);
    assert_eq!(package.models.len(), snapshot.models.len());
    assert!(package.models.len() > 50, "{}", package.models.len());
    let modules = package.models.iter().map(|model| model.module.as_str());
    distinct(modules, "modules");
    // Files whose names differ in case alone are one file to some systems.
    let lower: Vec<String> = package
        .models
        .iter()
        .map(|model| model.module.to_lowercase())
        .collect();
    distinct(lower.iter().map(String::as_str), "files");
    distinct(package.markers.iter().map(|m| m.ident.as_str()), "markers");
    distinct(package.enums.iter().map(|e| e.ident.as_str()), "enums");
    for model in &package.models {
        let schema = &snapshot.models[&model.wire];
        let wires: BTreeSet<&str> = model.fields.iter().map(|f| f.wire.as_str()).collect();
        let told = schema.fields.keys().map(String::as_str).chain(["id"]);
        assert_eq!(wires, told.collect(), "{}", model.wire);
        let idents = model.fields.iter().map(|field| field.ident.as_str());
        assert_eq!(distinct(idents, &model.wire), wires.len());
        let methods: BTreeSet<&str> = model.actions.iter().map(|a| a.method.as_str()).collect();
        let told = schema.actions.iter().map(|action| action.method.as_str());
        assert_eq!(methods, told.collect(), "{}", model.wire);
        distinct(model.actions.iter().map(|a| a.ident.as_str()), &model.wire);
    }
    for one in &package.enums {
        distinct(one.variants.iter().map(|v| v.ident.as_str()), &one.ident);
        distinct(one.variants.iter().map(|v| v.key.as_str()), &one.ident);
    }
}

#[test]
fn every_option_is_a_variant() {
    let (snapshot, package) = (snapshot(), generated().package);
    let by_field: BTreeMap<&str, BTreeSet<&str>> = package
        .enums
        .iter()
        .flat_map(|one| {
            let keys: BTreeSet<&str> = one.variants.iter().map(|v| v.key.as_str()).collect();
            one.used_by
                .iter()
                .map(move |path| (path.as_str(), keys.clone()))
        })
        .collect();
    let mut options = 0;
    for schema in snapshot.models.values() {
        for (name, field) in &schema.fields {
            let keys: BTreeSet<String> = field
                .selection
                .iter()
                .flatten()
                .map(|option| option.key.to_string())
                .collect();
            if field.field_type == FieldType::Selection && !keys.is_empty() {
                let path = format!("{}.{name}", schema.model);
                let keys: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
                assert_eq!(by_field[path.as_str()], keys, "{path}");
                options += keys.len();
            }
        }
    }
    assert!(options > 350, "only {options} options");
}

#[test]
fn every_model_has_tools_of_portable_names_for_all_its_rights() {
    let mut buttons = 0;
    for (model, file) in files() {
        let names = file.tools.iter().map(|tool| tool.name.as_str());
        let count = distinct(names, &model);
        let rights = file.schema.access;
        let crud = 4 * usize::from(rights.read)
            + usize::from(rights.create)
            + usize::from(rights.write)
            + usize::from(rights.unlink);
        assert_eq!(count, crud + methods(&file.schema).len(), "{model}");
        buttons += methods(&file.schema).len();
        for tool in &file.tools {
            let portable = tool
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            assert!(
                portable && tool.name.len() <= MAX_TOOL_NAME,
                "{}",
                tool.name
            );
        }
    }
    assert!(buttons > 30, "only {buttons} buttons");
}

fn methods(schema: &ModelSchema) -> BTreeSet<&str> {
    let methods = schema.actions.iter().map(|action| action.method.as_str());
    methods.collect()
}

/// Of the models that are compiled in: their names, and the fields of their records.
#[derive(Default)]
struct Compiled(BTreeMap<&'static str, BTreeSet<&'static str>>);

impl ModelVisitor for Compiled {
    fn visit<M: HasRecord>(&mut self) {
        let fields = M::Record::FIELDS.iter().copied().collect();
        assert!(self.0.insert(M::NAME, fields).is_none(), "{}", M::NAME);
        // Each record is written with exactly the names that it is read with.
        let empty = Map::new();
        let mut row = Row::new(M::NAME, &empty);
        let record = M::Record::read(&mut row);
        let written: Map<String, Value> = record.to_json();
        assert_eq!(written.len(), M::Record::FIELDS.len(), "{}", M::NAME);
    }
}

#[test]
fn every_model_is_compiled_with_its_fields() {
    let mut compiled = Compiled::default();
    nasty_models::each_model(&mut compiled);
    let package = generated().package;
    assert_eq!(compiled.0.len(), package.models.len());
    for model in &package.models {
        let wires = model.fields.iter().filter(|field| field.in_record);
        let wires: BTreeSet<&str> = wires.map(|field| field.wire.as_str()).collect();
        assert_eq!(compiled.0[model.wire.as_str()], wires, "{}", model.wire);
    }
}
