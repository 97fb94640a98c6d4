//! The body of the fuzz target `generate` in `fuzz/`: hostile descriptors, and what must hold for
//! the code that comes of them. The tests of this crate call it, too, with every seed.
//!
//! Behind the feature `fuzzing`, and no part of the crate's interface.

use std::collections::{BTreeMap, BTreeSet};

use butopea_runtime::schema::{ModelSchema, SchemaFile};
use quote::ToTokens;
use serde_json::Value;
use syn::{Fields, ImplItem, Item};

use crate::{Config, Generated, Patterns, Snapshot, generate};

/// The most models of one input.
const MAX_MODELS: usize = 12;

/// Reads bytes as descriptors, and a configuration for them where there is one, and generates:
/// `{"models": [{"model": "x.y", "fields": {…}}, …], "config": "[models]\n…"}`, or one descriptor.
///
/// Holds: nothing panics; what is generated is Rust, and the same each time; no two things of one
/// place have the same name; each schema file can be read again.
///
/// # Panics
/// When something of this does not hold.
pub fn target(data: &[u8]) {
    let Ok(input) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let models = match input.get("models").and_then(Value::as_array) {
        Some(models) => models.as_slice(),
        None => std::slice::from_ref(input.get("schema").unwrap_or(&input)),
    };
    let mut snapshot = Snapshot::default();
    for model in models.iter().take(MAX_MODELS) {
        if let Ok(schema) = ModelSchema::from_wire(model) {
            snapshot.models.insert(schema.model.clone(), schema);
        }
    }
    let text = input.get("config").and_then(Value::as_str);
    let Some(config) = config(text.unwrap_or_default()) else {
        return;
    };
    let once = match generate(&snapshot, &config) {
        Ok(generated) => generated,
        Err(error) => panic!("{error}"),
    };
    check(&once);
    match generate(&snapshot, &config) {
        Ok(twice) => assert_eq!(twice.output, once.output),
        Err(error) => panic!("the second time: {error}"),
    }
}

/// The configuration with this text, for all models; `None` for one that is refused.
fn config(text: &str) -> Option<Config> {
    let all = Patterns::new(["*"]).ok()?;
    Some(Config::parse(text).ok()?.with_models(all))
}

fn check(generated: &Generated) {
    for (path, text) in &generated.output.files {
        let name = path.display().to_string();
        if name.starts_with("schemas/") {
            if let Err(error) = SchemaFile::parse(text) {
                panic!("{name}: {error}");
            }
        } else if name.starts_with("src/") {
            match syn::parse_file(text) {
                Ok(file) => Names::default().items(&file.items, &name),
                Err(error) => panic!("{name}: {error}\n{text}"),
            }
        }
    }
    for remark in &generated.diagnostics {
        assert!(!remark.to_string().is_empty());
    }
}

/// The names of one module.
#[derive(Default)]
struct Names {
    types: BTreeSet<String>,
    values: BTreeSet<String>,
    /// Of the inherent implementations of each type, which may be several.
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    fn items(&mut self, items: &[Item], place: &str) {
        for item in items {
            self.item(item, place);
        }
    }

    fn item(&mut self, item: &Item, place: &str) {
        match item {
            Item::Struct(item) => {
                claim(&mut self.types, &item.ident, place);
                unique_fields(&item.fields, &format!("{place}, {}", item.ident));
            }
            Item::Enum(item) => {
                claim(&mut self.types, &item.ident, place);
                let variants = item.variants.iter().map(|variant| &variant.ident);
                unique(variants, &format!("{place}, {}", item.ident));
            }
            Item::Trait(item) => claim(&mut self.types, &item.ident, place),
            Item::Type(item) => claim(&mut self.types, &item.ident, place),
            Item::Const(item) if item.ident != "_" => claim(&mut self.values, &item.ident, place),
            Item::Static(item) => claim(&mut self.values, &item.ident, place),
            Item::Fn(item) => claim(&mut self.values, &item.sig.ident, place),
            Item::Mod(item) => {
                claim(&mut self.types, &item.ident, place);
                if let Some((_, items)) = &item.content {
                    Self::default().items(items, &format!("{place}, {}", item.ident));
                }
            }
            Item::Impl(item) => {
                let of = item.self_ty.to_token_stream().to_string();
                let names: Vec<&syn::Ident> = item.items.iter().filter_map(member).collect();
                let place = format!("{place}, {of}");
                if item.trait_.is_some() {
                    unique(names, &place);
                } else {
                    let members = self.members.entry(of).or_default();
                    for name in names {
                        claim(members, name, &place);
                    }
                }
            }
            _ => {}
        }
    }
}

fn member(item: &ImplItem) -> Option<&syn::Ident> {
    match item {
        ImplItem::Const(item) => Some(&item.ident),
        ImplItem::Fn(item) => Some(&item.sig.ident),
        ImplItem::Type(item) => Some(&item.ident),
        _ => None,
    }
}

fn unique_fields(fields: &Fields, place: &str) {
    unique(
        fields.iter().filter_map(|field| field.ident.as_ref()),
        place,
    );
}

fn unique<'a>(names: impl IntoIterator<Item = &'a syn::Ident>, place: &str) {
    let mut taken = BTreeSet::new();
    for name in names {
        claim(&mut taken, name, place);
    }
}

fn claim(taken: &mut BTreeSet<String>, name: &syn::Ident, place: &str) {
    assert!(
        taken.insert(name.to_string()),
        "two are `{name}` in {place}"
    );
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn files(folder: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(folder);
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect()
    }

    #[test]
    fn every_seed() {
        for seed in files("fuzz/seeds/generate") {
            target(&seed);
        }
    }

    #[test]
    fn every_hostile_descriptor_of_the_golden_crate() {
        let read = |seed: &Vec<u8>| serde_json::from_slice::<Value>(seed).unwrap();
        let models: Vec<Value> = files("tests/golden/snapshot").iter().map(read).collect();
        assert!(models.len() > 5);
        let config = fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/models.toml"),
        );
        let input = json!({"models": models, "config": config.unwrap()});
        target(input.to_string().as_bytes());
    }

    #[test]
    fn one_name_twice_is_found() {
        let module =
            "struct A { x: u8, r#type: u8 } enum B { C } impl A { fn y() {} const Z: u8 = 1; }";
        let names = |text: &str| Names::default().items(&syn::parse_file(text).unwrap().items, "x");
        names(module);
        for twice in [
            "struct A; enum A {}",
            "struct A { x: u8, x: u8 }",
            "enum A { B, B }",
            "mod a { fn x() {} const x: u8 = 1; }",
            "struct A; impl A { fn x() {} } impl A { const x: u8 = 1; }",
        ] {
            let found = std::panic::catch_unwind(|| names(twice));
            assert!(found.is_err(), "{twice}");
        }
    }
}
