//! Made-up schemas of any size, the same on every run: what compiling costs as models grow in number.
//!
//! Shaped after real ones: few models have hundreds of fields and most about a dozen, every other field is a relation
//! or a text, the relations form one large knot, and many selections share their options.

use butopea_generator::Snapshot;
use butopea_runtime::schema::{
    Access, ActionSchema, FieldSchema, FieldType, ModelSchema, SelectionKey, SelectionOption, View,
};

/// How many fields a model has on average.
pub(super) const FIELDS_PER_MODEL: usize = 32;

/// The fewest fields of a model.
const LEAST: usize = 6;

/// The types of fields, as often as each occurs among thirty of a real Odoo.
const TYPES: [FieldType; 30] = [
    FieldType::Char,
    FieldType::Many2one,
    FieldType::Boolean,
    FieldType::Integer,
    FieldType::Selection,
    FieldType::Many2one,
    FieldType::One2many,
    FieldType::Char,
    FieldType::Datetime,
    FieldType::Float,
    FieldType::Many2one,
    FieldType::Boolean,
    FieldType::Many2many,
    FieldType::Char,
    FieldType::Monetary,
    FieldType::Integer,
    FieldType::Many2one,
    FieldType::Text,
    FieldType::Boolean,
    FieldType::Many2one,
    FieldType::Date,
    FieldType::Char,
    FieldType::One2many,
    FieldType::Selection,
    FieldType::Html,
    FieldType::Many2one,
    FieldType::Integer,
    FieldType::Many2many,
    FieldType::Binary,
    FieldType::Boolean,
];

/// A schema of this many models with [`FIELDS_PER_MODEL`] fields on average.
pub(super) fn snapshot(models: usize) -> Snapshot {
    let sizes = sizes(models, models * FIELDS_PER_MODEL);
    Snapshot {
        models: sizes
            .iter()
            .enumerate()
            .map(|(index, fields)| (name(index), model(index, *fields, models)))
            .collect(),
        ..Snapshot::default()
    }
}

/// How many fields each model has: falling off steeply, and in all about as many as asked for.
fn sizes(models: usize, fields: usize) -> Vec<usize> {
    let spare = fields - (models * LEAST).min(fields);
    // The n-th model's share is 1/(n + models/20).
    let head = (models / 20).max(1);
    let unit = 1_000_000;
    let shares: Vec<usize> = (0..models).map(|index| unit / (index + head)).collect();
    let all: usize = shares.iter().sum();
    shares
        .iter()
        .map(|share| LEAST + spare * share / all.max(1))
        .collect()
}

fn name(index: usize) -> String {
    format!("made.up.m{index:03}")
}

fn model(index: usize, fields: usize, models: usize) -> ModelSchema {
    let mut schema = ModelSchema {
        model: name(index),
        label: format!("Made-up model {index}"),
        description: None,
        rec_name: Some("field_000".to_owned()),
        order: Some("id desc".to_owned()),
        transient: false,
        is_abstract: false,
        access: Access::FULL,
        form_fields: Vec::new(),
        list_fields: vec!["field_000".to_owned()],
        fields: (0..fields)
            .map(|number| (format!("field_{number:03}"), field(index, number, models)))
            .collect(),
        actions: Vec::new(),
        key_fields: Vec::new(),
    };
    // About every fifth model has buttons.
    if index.is_multiple_of(5) {
        schema.actions = ["action_confirm", "action_cancel"].map(action).to_vec();
    }
    schema
}

fn field(model: usize, number: usize, models: usize) -> FieldSchema {
    // A step that shares no factor with the length, so that each model has another mixture.
    let field_type = TYPES[(model * 7 + number * 11) % TYPES.len()].clone();
    let mut field = FieldSchema::new(field_type);
    field.label = Some(format!("Field {number}"));
    field.help = number
        .is_multiple_of(4)
        .then(|| format!("What field {number} of model {model} is for."));
    field.required = number.is_multiple_of(9);
    field.readonly = !number.is_multiple_of(2);
    field.store = Some(!number.is_multiple_of(3));
    field.views = vec![View::Form];
    if field.field_type.is_relational() {
        field.relation = Some(name((model * 31 + number * 17) % models));
    }
    if field.field_type == FieldType::Selection {
        field.selection = Some(options((model + number) % models.max(2)));
    }
    field
}

/// One of the sets of options: two to nine keys.
fn options(set: usize) -> Vec<SelectionOption> {
    (0..2 + set % 8)
        .map(|option| SelectionOption {
            key: SelectionKey::Text(format!("option_{set}_{option}")),
            label: format!("Option {option}"),
        })
        .collect()
}

fn action(method: &str) -> ActionSchema {
    ActionSchema {
        method: method.to_owned(),
        label: Some(method.replace('_', " ")),
        confirm: None,
        help: None,
        invisible_expr: None,
        needs_records: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_skewed_and_add_up() {
        for models in [20, 100, 400] {
            let made = snapshot(models);
            assert_eq!(made.models.len(), models);
            let mut sizes: Vec<usize> = made.models.values().map(|m| m.fields.len()).collect();
            let all: usize = sizes.iter().sum();
            let wanted = models * FIELDS_PER_MODEL;
            assert!(all.abs_diff(wanted) <= models, "{all} of {wanted} fields");
            sizes.sort_unstable();
            assert!(sizes[models / 2] * 2 < sizes[models - 1]);
        }
        assert_eq!(snapshot(30), snapshot(30));
    }
}
