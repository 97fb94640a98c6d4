//! The intermediate representation: names decided, types decided, nothing left to guess.
//!
//! On the data's way: snapshot → **IR** → code. [`lower`](crate::lower) makes it, the
//! modules of [`emit`](crate::emit) print it.

use std::collections::BTreeMap;

use butopea_runtime::schema::Access;

/// Everything that becomes code.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// The generated models, by technical name.
    pub models: Vec<Model>,
    /// Markers: of the generated models, and of those that they point to.
    pub markers: Vec<Marker>,
    /// Enums, each shared by all selections with the same keys.
    pub enums: Vec<Enum>,
    /// Cargo features over models: feature → features.
    pub features: BTreeMap<String, Vec<String>>,
    /// Lines for the top of each file.
    pub header: Option<String>,
}

/// The marker type of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The technical name.
    pub wire: String,
    /// The type.
    pub ident: String,
    /// The label, where the model is generated.
    pub label: Option<String>,
    /// The module of the generated model.
    pub module: Option<String>,
}

/// A generated model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The technical name.
    pub wire: String,
    /// The module, which is also the cargo feature.
    pub module: String,
    /// The marker type.
    pub marker: String,
    /// The label.
    pub label: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether its records are short-lived.
    pub transient: bool,
    /// What the user of the snapshot may do.
    pub access: Access,
    /// The field that names a record.
    pub rec_name: Option<String>,
    /// The order of a search that names none.
    pub order: Option<String>,
    /// The fields, `id` first, then by name.
    pub fields: Vec<Field>,
    /// The buttons, by method.
    pub actions: Vec<Action>,
    /// Names of the selections within the module: alias → enum.
    pub aliases: BTreeMap<String, String>,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // independent facts
pub struct Field {
    /// Odoo's name.
    pub wire: String,
    /// Rust's name.
    pub ident: String,
    /// What it holds.
    pub kind: Kind,
    /// The label.
    pub label: Option<String>,
    /// The tooltip.
    pub help: Option<String>,
    /// Whether a record cannot be saved without it.
    pub required: bool,
    /// Whether forms do not let a person edit it.
    pub readonly: bool,
    /// Whether it is computed and not stored.
    pub computed: bool,
    /// The path that it mirrors.
    pub related: Option<String>,
    /// Whether a record reads it by default.
    pub in_record: bool,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The record's own id.
    Id,
    /// `char`.
    Char,
    /// `text`.
    Text,
    /// `html`.
    Html,
    /// `integer`.
    Integer,
    /// `float`.
    Float,
    /// `monetary`, as a float.
    Monetary,
    /// `monetary`, as a decimal.
    Exact,
    /// `boolean`.
    Boolean,
    /// `date`.
    Date,
    /// `datetime`.
    Datetime,
    /// `binary` and `image`.
    Binary,
    /// `selection` with known options: the alias within the module.
    Selection(String),
    /// `selection` with options that are not known.
    OpenSelection,
    /// `many2one`: the marker of the target.
    Many2one(String),
    /// `one2many`: the marker of the target.
    One2many(String),
    /// `many2many`: the marker of the target.
    Many2many(String),
    /// `reference`.
    Reference,
    /// `many2one_reference`.
    Many2oneReference,
    /// `json`.
    Json,
    /// `properties` and `properties_definition`.
    Properties,
    /// A type that the generator does not know.
    Unknown(String),
}

/// A button of the form view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The Python method.
    pub method: String,
    /// The marker type.
    pub ident: String,
    /// The labels of the buttons that call it.
    pub labels: Vec<String>,
    /// The tooltip.
    pub help: Option<String>,
}

/// An enum of options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// The type.
    pub ident: String,
    /// The options, in the order of the field that named the enum.
    pub variants: Vec<Variant>,
    /// The selections that use it: `model.field`.
    pub used_by: Vec<String>,
    /// The modules of the models that use it.
    pub modules: Vec<String>,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The key on the wire.
    pub key: String,
    /// Whether the key is a number on the wire.
    pub numeric: bool,
    /// The variant.
    pub ident: String,
    /// The label.
    pub label: String,
}
