//! Odoo's names to Rust's: valid, unique, and stable when other names come and go.
//!
//! Field names are Python identifiers and stay verbatim, so they cannot collide; only
//! keywords and names that no Python module could have declared need work. Selection keys
//! and model names can collide once they are spelt as Rust types; the loser is decided by
//! the names alone, never by the order in which Odoo answered.

use std::collections::{BTreeMap, BTreeSet};

/// Words that Rust reserves in any edition up to 2024.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that cannot even be written as raw identifiers.
const NEVER_RAW: &[&str] = &["self", "Self", "super", "crate", "_"];

/// The catch-all variant of every generated enum.
pub const CATCH_ALL: &str = "Unlisted";

/// An identifier as it is written in code (`r#type`).
pub fn ident_text(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        format!("r#{name}")
    } else {
        name.to_owned()
    }
}

/// The name of a field or method, before [`ident_text`]: verbatim where Rust allows.
///
/// A mangled name ends with a hash of the original, so that it depends on nothing else.
pub fn member(wire: &str) -> String {
    if NEVER_RAW.contains(&wire) && wire != "_" {
        return format!("{wire}_");
    }
    if is_identifier(wire) {
        return wire.to_owned();
    }
    let mut name: String = wire
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert(0, 'x');
    }
    format!("{}_{}", name.trim_end_matches('_'), short_hash(wire))
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    let starts_well = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    starts_well && name != "_" && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The members of one model, unique: `wire name → identifier`.
pub fn members<'a>(wires: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
    let wires: BTreeSet<&str> = wires.into_iter().collect();
    // Verbatim names cannot collide with each other, and win over mangled ones.
    let mut taken: BTreeSet<String> = wires
        .iter()
        .filter(|wire| member(wire) == **wire)
        .map(|wire| (*wire).to_owned())
        .collect();
    wires
        .into_iter()
        .map(|wire| {
            let name = member(wire);
            let name = if name == wire {
                name
            } else {
                claim(&mut taken, &name, "_")
            };
            (wire.to_owned(), name)
        })
        .collect()
}

/// The module of a model: `sale.order` → `sale_order`.
pub fn module(wire: &str) -> String {
    let name = member(&wire.replace('.', "_").to_ascii_lowercase());
    if KEYWORDS.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// A name in the style of types: `sale.order` → `SaleOrder`, `<=` → `LtEq`, `1.5` → `V1_5`.
pub fn type_name(text: &str) -> String {
    let mut name = String::new();
    for word in words(text) {
        if name.ends_with(|c: char| c.is_ascii_digit())
            && word.starts_with(|c: char| c.is_ascii_digit())
        {
            name.push('_');
        }
        let mut chars = word.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(&chars.as_str().to_ascii_lowercase());
    }
    if name.is_empty() {
        return format!("Key{}", short_hash(text));
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'V');
    }
    if name == "Self" {
        name.push_str("Value");
    }
    name
}

/// Splits at separators and at `lowerUpper`; symbols become words, other alphabets the
/// number of their character.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut previous: Option<char> = None;
    for (index, c) in text.chars().enumerate() {
        if c.is_ascii_alphanumeric() {
            let breaks = c.is_ascii_uppercase() && previous.is_some_and(|p| p.is_ascii_lowercase());
            if breaks {
                words.push(std::mem::take(&mut current));
            }
            current.push(c);
        } else {
            words.push(std::mem::take(&mut current));
            if let Some(word) = symbol(c, index == 0) {
                words.push(word);
            }
        }
        previous = Some(c);
    }
    words.push(current);
    words.retain(|word| !word.is_empty());
    words
}

fn symbol(c: char, leads: bool) -> Option<String> {
    let word = match c {
        '<' => "Lt",
        '>' => "Gt",
        '=' => "Eq",
        '!' => "Not",
        '+' => "Plus",
        '-' if leads => "Minus",
        '*' => "Star",
        '%' => "Percent",
        '&' => "And",
        '|' => "Or",
        '@' => "At",
        '#' => "Hash",
        '$' => "Dollar",
        '~' => "Tilde",
        '?' => "Any",
        c if c.is_alphanumeric() => return Some(format!("U{:04x}", c as u32)),
        _ => return None,
    };
    Some(word.to_owned())
}

/// The variants of an enum, in the order of the keys, which must be distinct.
///
/// A key that is spelt as its variant suggests (`done` for `Done`) gets the plain name; of
/// the others that want it, the first in Odoo's order comes first, the rest are numbered.
pub fn variants(keys: &[&str]) -> Vec<String> {
    let mut taken = BTreeSet::from([CATCH_ALL.to_owned()]);
    let mut names: Vec<Option<String>> = keys
        .iter()
        .map(|key| {
            let name = variant(key);
            (snake(&name) == **key && taken.insert(name.clone())).then_some(name)
        })
        .collect();
    for (key, name) in keys.iter().zip(&mut names) {
        if name.is_none() {
            *name = Some(claim(&mut taken, &variant(key), ""));
        }
    }
    names.into_iter().flatten().collect()
}

fn variant(key: &str) -> String {
    if key.is_empty() {
        "Empty".to_owned()
    } else {
        type_name(key)
    }
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Unique names for things that want these, in this order: the first has the plain name.
pub fn unique(wanted: &[String], reserved: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = reserved.iter().map(|name| (*name).to_owned()).collect();
    wanted
        .iter()
        .map(|name| claim(&mut taken, name, ""))
        .collect()
}

fn claim(taken: &mut BTreeSet<String>, name: &str, joint: &str) -> String {
    if taken.insert(name.to_owned()) {
        return name.to_owned();
    }
    // A digit after a digit would read as another number.
    let joint = match name.chars().last() {
        Some('0'..='9') => "_",
        Some('_') => "",
        _ => joint,
    };
    let mut number = 2_u32;
    loop {
        let candidate = format!("{name}{joint}{number}");
        if taken.insert(candidate.clone()) {
            return candidate;
        }
        number += 1;
    }
}

/// Four hexadecimal digits of the FNV-1a hash: enough to tell apart the few names of one
/// model that need it.
fn short_hash(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{:04x}", (hash >> 16) ^ (hash & 0xffff))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn valid(name: &str) -> bool {
        syn::parse_str::<syn::Ident>(&ident_text(name)).is_ok()
    }

    #[test]
    fn fields_stay_verbatim() {
        for name in ["name", "posX", "_data_fetched", "x_studio_Größe1", "x1"] {
            let verbatim = name.is_ascii();
            assert_eq!(member(name) == name, verbatim, "{name}");
        }
        assert_eq!(ident_text("type"), "r#type");
        assert_eq!(ident_text("gen"), "r#gen");
        assert_eq!(member("self"), "self_");
    }

    #[test]
    fn keywords_are_the_ones_of_the_parser() {
        for word in KEYWORDS {
            let raw = format!("r#{word}");
            assert!(syn::parse_str::<syn::Ident>(&raw).is_ok(), "{word}");
        }
    }

    #[test]
    fn types_read_well() {
        for (text, name) in [
            ("sale.order", "SaleOrder"),
            ("res.partner", "ResPartner"),
            ("in_invoice", "InInvoice"),
            ("<=", "LtEq"),
            ("!=", "NotEq"),
            ("1", "V1"),
            ("1.5", "V1_5"),
            ("-1", "Minus1"),
            ("TIN", "Tin"),
            ("orderLine", "OrderLine"),
            ("two words", "TwoWords"),
            ("self", "SelfValue"),
            ("é", "U00e9"),
        ] {
            assert_eq!(type_name(text), name, "{text}");
        }
    }

    #[test]
    fn canonical_keys_keep_their_variant() {
        assert_eq!(variants(&["A", "a", "a_", "a2"]), ["A3", "A", "A4", "A2"]);
        assert_eq!(variants(&["", "empty"]), ["Empty2", "Empty"]);
        assert_eq!(variants(&["unlisted", "other"]), ["Unlisted2", "Other"]);
        assert_eq!(variants(&["1", "01", "1_"]), ["V1", "V01", "V1_2"]);
    }

    proptest! {
        #[test]
        fn members_are_valid_and_unique(wires in prop::collection::btree_set("\\PC{0,12}|[a-z_]{1,8}|type|self|self_|Self|_", 0..40)) {
            let named = members(wires.iter().map(String::as_str));
            prop_assert_eq!(named.len(), wires.len());
            let distinct: BTreeSet<&String> = named.values().collect();
            prop_assert_eq!(distinct.len(), named.len());
            for name in named.values() {
                prop_assert!(valid(name), "{}", name);
            }
        }

        #[test]
        fn members_are_stable_under_added_fields(
            wires in prop::collection::btree_set("[a-zA-Z0-9_.é-]{0,8}", 1..20),
            added in "[a-z][a-z0-9_]{0,8}",
        ) {
            let before = members(wires.iter().map(String::as_str));
            let mut more = wires.clone();
            more.insert(added.clone());
            let after = members(more.iter().map(String::as_str));
            for (wire, name) in &before {
                // Only a verbatim name may take a mangled one's place.
                prop_assert!(after[wire] == *name || *name == added);
            }
        }

        #[test]
        fn variants_are_valid_and_unique(keys in prop::collection::btree_set("\\PC{0,6}|[a-zA-Z0-9_]{0,4}", 0..30)) {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let names = variants(&keys);
            prop_assert_eq!(names.len(), keys.len());
            let distinct: BTreeSet<&String> = names.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
            for name in &names {
                prop_assert!(valid(name), "{}", name);
                prop_assert_ne!(name, CATCH_ALL);
            }
        }

        #[test]
        fn appended_options_rename_no_other(keys in prop::collection::btree_set("[a-z]{1,3}(_[a-z]{1,3})?", 1..20), added in "[A-Z ]{1,4}") {
            let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let before = variants(&keys);
            keys.push(&added);
            let after = variants(&keys);
            prop_assert_eq!(&after[..before.len()], &before[..]);
        }

        #[test]
        fn modules_and_types_are_valid(wire in "[a-z0-9_.]{1,20}|\\PC{1,10}") {
            prop_assert!(valid(&module(&wire)), "{}", module(&wire));
            prop_assert!(valid(&type_name(&wire)), "{}", type_name(&wire));
        }
    }
}
