//! Selections → enums: one enum for each set of keys, named after the most basic field that
//! has it, and an alias in every module that uses it.

use std::collections::{BTreeMap, BTreeSet};

use butopea_runtime::schema::{FieldSchema, FieldType, ModelSchema, SelectionKey, SelectionOption};

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::ir::{Enum, Variant};
use crate::naming;

use super::{RESERVED_TYPES, kept_fields};

/// What an enum is called within a module.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    /// The name within the module.
    pub(super) name: String,
    /// The enum.
    pub(super) target: String,
}

/// All enums of a package.
pub(super) struct Enums {
    enums: Vec<Enum>,
    aliases: BTreeMap<String, BTreeMap<String, Alias>>,
}

/// A selection field with known options.
struct Use<'a> {
    model: &'a str,
    wire: &'a str,
    field: &'a FieldSchema,
    options: Vec<&'a SelectionOption>,
}

impl<'a> Use<'a> {
    /// The most basic use names the enum: a column of its own before a mirror of another
    /// model's, a short model name before a long one.
    fn rank(&self) -> (bool, bool, usize, &'a str, &'a str) {
        (
            self.field.related.is_some(),
            self.field.store == Some(false),
            self.model.split('.').count(),
            self.model,
            self.wire,
        )
    }

    fn key_set(&self) -> BTreeSet<SelectionKey> {
        self.options
            .iter()
            .map(|option| option.key.clone())
            .collect()
    }
}

impl Enums {
    pub(super) fn collect(
        schemas: &[&ModelSchema],
        config: &Config,
        markers: &BTreeMap<String, String>,
        modules: &BTreeMap<String, String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut by_keys: BTreeMap<BTreeSet<SelectionKey>, Vec<Use<'_>>> = BTreeMap::new();
        for schema in schemas {
            for (wire, field) in kept_fields(schema, config) {
                if let Some(found) = read_use(schema, wire, field, diagnostics) {
                    by_keys.entry(found.key_set()).or_default().push(found);
                }
            }
        }
        let mut groups: Vec<Vec<Use<'_>>> = by_keys.into_values().collect();
        for group in &mut groups {
            group.sort_by(|left, right| left.rank().cmp(&right.rank()));
        }
        groups.sort_by(|left, right| first_path(left).cmp(&first_path(right)));
        let wanted: Vec<String> = groups
            .iter()
            .map(|group| enum_name(group, markers))
            .collect();
        let idents = naming::unique(&wanted, RESERVED_TYPES);
        let enums: Vec<Enum> = groups
            .iter()
            .zip(&idents)
            .map(|(group, ident)| build(group, ident, modules, config, diagnostics))
            .collect();
        let aliases = aliases(&groups, &idents, markers);
        Self { enums, aliases }
    }

    pub(super) fn aliases(&self, model: &str) -> BTreeMap<String, Alias> {
        self.aliases.get(model).cloned().unwrap_or_default()
    }

    pub(super) fn finish(&self) -> Vec<Enum> {
        self.enums.clone()
    }
}

fn first_path<'a>(group: &[Use<'a>]) -> Option<(&'a str, &'a str)> {
    group.first().map(|found| (found.model, found.wire))
}

fn enum_name(group: &[Use<'_>], markers: &BTreeMap<String, String>) -> String {
    group.first().map_or_else(String::new, |owner| {
        let marker = markers.get(owner.model).cloned().unwrap_or_default();
        format!("{marker}{}", naming::type_name(owner.wire))
    })
}

fn read_use<'a>(
    schema: &'a ModelSchema,
    wire: &'a str,
    field: &'a FieldSchema,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Use<'a>> {
    if field.field_type != FieldType::Selection {
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut options = Vec::new();
    for option in field.selection.iter().flatten() {
        if seen.insert(option.key.to_string()) {
            options.push(option);
        } else {
            diagnostics.push(Diagnostic::new(
                &schema.model,
                Some(wire),
                format!("has the option `{}` twice; the first is kept", option.key),
            ));
        }
    }
    if options.is_empty() {
        return None;
    }
    Some(Use {
        model: &schema.model,
        wire,
        field,
        options,
    })
}

fn build(
    group: &[Use<'_>],
    ident: &str,
    modules: &BTreeMap<String, String>,
    config: &Config,
    diagnostics: &mut Vec<Diagnostic>,
) -> Enum {
    let Some(owner) = group.first() else {
        return Enum {
            ident: ident.to_owned(),
            variants: Vec::new(),
            used_by: Vec::new(),
            modules: Vec::new(),
        };
    };
    let keys: Vec<String> = owner
        .options
        .iter()
        .map(|option| option.key.to_string())
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut idents = naming::variants(&keys);
    for found in group {
        rename(found, &keys, &mut idents, config, diagnostics);
    }
    let users: BTreeSet<String> = group
        .iter()
        .filter_map(|found| modules.get(found.model).cloned())
        .collect();
    Enum {
        ident: ident.to_owned(),
        variants: owner
            .options
            .iter()
            .zip(idents)
            .map(|(option, ident)| Variant {
                key: option.key.to_string(),
                numeric: matches!(option.key, SelectionKey::Integer(_)),
                ident,
                label: option.label.clone(),
            })
            .collect(),
        used_by: group
            .iter()
            .map(|found| format!("{}.{}", found.model, found.wire))
            .collect(),
        modules: users.into_iter().collect(),
    }
}

fn rename(
    found: &Use<'_>,
    keys: &[&str],
    idents: &mut [String],
    config: &Config,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(renames) = config.names_of(found.model) else {
        return;
    };
    for (path, wanted) in &renames.options {
        let Some((_, key)) = path.split_once('.').filter(|(wire, _)| *wire == found.wire) else {
            continue;
        };
        let name = naming::type_name(wanted);
        let position = keys.iter().position(|known| *known == key);
        let free = !idents.contains(&name) && name != naming::CATCH_ALL;
        match position.and_then(|index| idents.get_mut(index)) {
            Some(ident) if free => *ident = name,
            _ => diagnostics.push(Diagnostic::new(
                found.model,
                Some(path),
                format!("cannot be called `{wanted}`: no such option, or the name is taken"),
            )),
        }
    }
}

fn aliases(
    groups: &[Vec<Use<'_>>],
    idents: &[String],
    markers: &BTreeMap<String, String>,
) -> BTreeMap<String, BTreeMap<String, Alias>> {
    let mut by_model: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (group, ident) in groups.iter().zip(idents) {
        for found in group {
            by_model
                .entry(found.model)
                .or_default()
                .push((found.wire, ident));
        }
    }
    // A marker that a module imports cannot also be the name of one of its selections.
    let reserved: Vec<&str> = markers
        .values()
        .map(String::as_str)
        .chain(RESERVED_TYPES.iter().copied())
        .collect();
    by_model
        .into_iter()
        .map(|(model, mut fields)| {
            fields.sort_unstable();
            let wanted: Vec<String> = fields
                .iter()
                .map(|(wire, _)| {
                    let name = naming::type_name(wire);
                    if reserved.contains(&name.as_str()) {
                        format!("{name}Options")
                    } else {
                        name
                    }
                })
                .collect();
            let names = naming::unique(&wanted, &reserved);
            let aliases = fields.into_iter().zip(names).map(|((wire, target), name)| {
                let target = target.to_owned();
                (wire.to_owned(), Alias { name, target })
            });
            (model.to_owned(), aliases.collect())
        })
        .collect()
}
