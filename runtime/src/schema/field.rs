//! What a field is: its type, its place in the user's views and the rules around its value.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Property, lenient};

/// The types of Odoo fields (`odoo/fields.py`, `Field.type`), and room for ones to come.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FieldType {
    /// One line of text.
    Char,
    /// Several lines of text.
    Text,
    /// Sanitised HTML.
    Html,
    /// A whole number; never `false`, absent is 0.
    Integer,
    /// A floating-point number; never `false`, absent is 0.
    Float,
    /// An amount of money in the currency of `currency_field`.
    Monetary,
    /// A real yes or no.
    Boolean,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// A moment in UTC, `YYYY-MM-DD HH:MM:SS`.
    Datetime,
    /// Bytes, base64 on the wire.
    Binary,
    /// Bytes of a picture, base64 on the wire.
    Image,
    /// One key of a list of options.
    Selection,
    /// A link to one record.
    Many2one,
    /// The records whose many2one points here.
    One2many,
    /// Links to any number of records.
    Many2many,
    /// A link to a record of any model, `"model,id"`.
    Reference,
    /// An id whose model stands in another field of the record.
    Many2oneReference,
    /// Any JSON value.
    Json,
    /// Values of user-defined properties.
    Properties,
    /// The definitions behind [`FieldType::Properties`].
    PropertiesDefinition,
    /// A type that this version does not know, by its Odoo name.
    Unknown(String),
}

impl FieldType {
    /// The type with this Odoo name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "char" => Self::Char,
            "text" => Self::Text,
            "html" => Self::Html,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "monetary" => Self::Monetary,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "datetime" => Self::Datetime,
            "binary" => Self::Binary,
            "image" => Self::Image,
            "selection" => Self::Selection,
            "many2one" => Self::Many2one,
            "one2many" => Self::One2many,
            "many2many" => Self::Many2many,
            "reference" => Self::Reference,
            "many2one_reference" => Self::Many2oneReference,
            "json" => Self::Json,
            "properties" => Self::Properties,
            "properties_definition" => Self::PropertiesDefinition,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The Odoo name of the type.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Char => "char",
            Self::Text => "text",
            Self::Html => "html",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Monetary => "monetary",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Binary => "binary",
            Self::Image => "image",
            Self::Selection => "selection",
            Self::Many2one => "many2one",
            Self::One2many => "one2many",
            Self::Many2many => "many2many",
            Self::Reference => "reference",
            Self::Many2oneReference => "many2one_reference",
            Self::Json => "json",
            Self::Properties => "properties",
            Self::PropertiesDefinition => "properties_definition",
            Self::Unknown(name) => name,
        }
    }

    /// Whether the value points to records of the field's `relation`.
    pub fn is_relational(&self) -> bool {
        matches!(self, Self::Many2one | Self::One2many | Self::Many2many)
    }

    /// Whether the value is a list of ids when read and a list of commands when written.
    pub fn is_x2many(&self) -> bool {
        matches!(self, Self::One2many | Self::Many2many)
    }

    /// Whether the value is bytes, which are large and never wanted by default.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary | Self::Image)
    }

    /// Whether the value is a number.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Self::Integer | Self::Float | Self::Monetary)
    }

    /// Whether the value is text.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Char | Self::Text | Self::Html)
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_name(&String::deserialize(deserializer)?))
    }
}

/// The key of a selection option. Text, but modules from before 13 also have integers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SelectionKey {
    /// The usual text key; may be empty, an operator or differ from another by case only.
    Text(String),
    /// A number, kept as a number because Odoo compares it as one.
    Integer(i64),
}

impl fmt::Display for SelectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
        }
    }
}

/// One option of a selection field: `["draft", "Quotation"]` on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(SelectionKey, String)", from = "(SelectionKey, String)")]
pub struct SelectionOption {
    /// What is stored and sent.
    pub key: SelectionKey,
    /// What a person reads, in the language of the request.
    pub label: String,
}

impl From<(SelectionKey, String)> for SelectionOption {
    fn from((key, label): (SelectionKey, String)) -> Self {
        Self { key, label }
    }
}

impl From<SelectionOption> for (SelectionKey, String) {
    fn from(option: SelectionOption) -> Self {
        (option.key, option.label)
    }
}

/// A kind of view in which a field can stand. Odoo 16 and 17 call the list `tree`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// One record.
    Form,
    /// Many records as rows.
    #[serde(alias = "tree")]
    List,
    /// Filters and groupings.
    Search,
}

/// What Odoo says about one field of a model, for one user.
///
/// Absent keys mean "no" or "unknown", so that the answers of the older module (type, label,
/// required, readonly, selection, relation and help only) are read as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // independent facts, named as Odoo names them
pub struct FieldSchema {
    /// The field's type.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// The label that a person reads.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        rename = "string",
        skip_serializing_if = "Option::is_none"
    )]
    pub label: Option<String>,
    /// The tooltip.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub help: Option<String>,
    /// Whether a record cannot be saved without it. A lower bound: see `required_expr`.
    #[serde(
        default,
        deserialize_with = "lenient::flag",
        skip_serializing_if = "is_false"
    )]
    pub required: bool,
    /// Whether forms do not let a person edit it. Odoo itself does not enforce it.
    #[serde(
        default,
        deserialize_with = "lenient::flag",
        skip_serializing_if = "is_false"
    )]
    pub readonly: bool,
    /// The options of a selection, in Odoo's order. `None` on other types, and where the
    /// options are instance data (time zones, model names) and therefore left out.
    #[serde(
        default,
        deserialize_with = "selection",
        skip_serializing_if = "Option::is_none"
    )]
    pub selection: Option<Vec<SelectionOption>>,
    /// The model that a relational field points to.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub relation: Option<String>,
    /// The many2one of the other model behind a one2many.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub relation_field: Option<String>,
    /// The many2one to the record that defines the properties. Of the live Odoo: no file has it.
    #[serde(default, deserialize_with = "lenient::option", skip_serializing)]
    pub definition_record: Option<String>,
    /// The field of that record with the definitions.
    #[serde(default, deserialize_with = "lenient::option", skip_serializing)]
    pub definition_record_field: Option<String>,
    /// The properties themselves, where a call read what its records' parents define.
    #[serde(skip)]
    pub properties: Vec<Property>,
    /// The field that holds the currency of a monetary field.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub currency_field: Option<String>,
    /// Total and decimal digits of a float.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub digits: Option<(u32, u32)>,
    /// The longest text of a char field.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub size: Option<u32>,
    /// Whether the value lies in a database column. `None` where Odoo did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    /// Whether a domain may use it. `None` where Odoo did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searchable: Option<bool>,
    /// Whether `order` may use it. `None` where Odoo did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sortable: Option<bool>,
    /// Whether a group-by may use it. `None` where Odoo did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groupable: Option<bool>,
    /// How groups combine it (`sum`, `avg`, `max`, …).
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub aggregator: Option<String>,
    /// Whether each language has its own value.
    #[serde(
        default,
        deserialize_with = "lenient::flag",
        skip_serializing_if = "is_false"
    )]
    pub translate: bool,
    /// Whether each company has its own value.
    #[serde(
        default,
        deserialize_with = "lenient::flag",
        skip_serializing_if = "is_false"
    )]
    pub company_dependent: bool,
    /// Whether it is computed with no way to write it back.
    #[serde(
        default,
        deserialize_with = "lenient::flag",
        skip_serializing_if = "is_false"
    )]
    pub computed: bool,
    /// The path that it mirrors (`partner_id.name`).
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub related: Option<String>,
    /// Whether a person added it to this database (`x_…`).
    #[serde(
        default,
        deserialize_with = "lenient::flag",
        skip_serializing_if = "is_false"
    )]
    pub manual: bool,
    /// Whether Odoo fills it in when a create leaves it out.
    #[serde(
        default,
        deserialize_with = "lenient::flag",
        skip_serializing_if = "is_false"
    )]
    pub has_default: bool,
    /// The default, where it is a constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// When the form view requires it (a Python expression; a domain on Odoo 16).
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub required_expr: Option<String>,
    /// When the form view forbids editing it.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub readonly_expr: Option<String>,
    /// When the form view hides it.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub invisible_expr: Option<String>,
    /// Which records a relational field offers, as text.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub domain: Option<String>,
    /// In which of the user's views it stands.
    #[serde(
        default,
        deserialize_with = "views",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub views: Vec<View>,
}

impl FieldSchema {
    /// A field of this type about which nothing else is known.
    pub fn new(field_type: FieldType) -> Self {
        Self {
            field_type,
            label: None,
            help: None,
            required: false,
            readonly: false,
            selection: None,
            relation: None,
            relation_field: None,
            definition_record: None,
            definition_record_field: None,
            properties: Vec::new(),
            currency_field: None,
            digits: None,
            size: None,
            store: None,
            searchable: None,
            sortable: None,
            groupable: None,
            aggregator: None,
            translate: false,
            company_dependent: false,
            computed: false,
            related: None,
            manual: false,
            has_default: false,
            default: None,
            required_expr: None,
            readonly_expr: None,
            invisible_expr: None,
            domain: None,
            views: Vec::new(),
        }
    }

    /// Whether the field stands in this view of the user.
    pub fn is_in(&self, view: View) -> bool {
        self.views.contains(&view)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape that `skip_serializing_if` asks for
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Options with a key that is neither text nor a number (`False` in some old modules) stand
/// for "no value" and are left out. A selection without options is one whose options Odoo
/// computes for each record, so nothing is known of them.
fn selection<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<SelectionOption>>, D::Error> {
    let options: Option<Vec<Value>> = lenient::option(deserializer)?;
    let readable = |options: Vec<Value>| -> Vec<SelectionOption> {
        options
            .into_iter()
            .filter_map(|option| serde_json::from_value(option).ok())
            .collect()
    };
    Ok(options.map(readable).filter(|options| !options.is_empty()))
}

/// Views of kinds that this version does not know are left out.
fn views<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<View>, D::Error> {
    let mut views: Vec<View> = lenient::names(deserializer)?
        .into_iter()
        .filter_map(|name| serde_json::from_value(Value::String(name)).ok())
        .collect();
    views.sort_unstable();
    views.dedup();
    Ok(views)
}
