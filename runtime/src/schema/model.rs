//! What a model is: its fields, the user's access to it and the actions on its form.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FieldSchema, FieldType, Operation, View, lenient};
use crate::error::{Error, ErrorKind, Result};

/// What the user may do with a model, by access rights (record rules can narrow it further).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools)] // Odoo's four modes of access
pub struct Access {
    /// May read records.
    pub read: bool,
    /// May change records.
    pub write: bool,
    /// May create records.
    pub create: bool,
    /// May delete records.
    pub unlink: bool,
}

impl Access {
    /// Everything allowed: what is assumed where the module did not say, since Odoo decides.
    pub const FULL: Self = Self {
        read: true,
        write: true,
        create: true,
        unlink: true,
    };

    /// Whether these rights allow an operation at all. A button's method may do less than a
    /// write, so for actions Odoo itself decides.
    pub fn allows(self, operation: &Operation) -> bool {
        match operation {
            Operation::Search
            | Operation::Read
            | Operation::Count
            | Operation::Aggregate
            | Operation::Action(_) => self.read,
            Operation::Create => self.create,
            Operation::Update => self.write,
            Operation::Delete => self.unlink,
        }
    }
}

impl Default for Access {
    fn default() -> Self {
        Self::FULL
    }
}

/// A button of the form view: a method that a person may call on a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionSchema {
    /// The Python method.
    pub method: String,
    /// What stands on the button.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub label: Option<String>,
    /// What Odoo asks before it runs the method.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub confirm: Option<String>,
    /// The tooltip.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub help: Option<String>,
    /// When the view hides the button.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub invisible_expr: Option<String>,
    /// Whether it acts on records, so that a call without any does nothing (from 1.5.0 of the
    /// module on). A list's header also has buttons without (`display="always"`). Asked for when
    /// a call is checked, and in no file.
    #[serde(default, skip_serializing)]
    pub needs_records: bool,
}

/// What Odoo says about one model, for one user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSchema {
    /// The technical name (`sale.order`).
    pub model: String,
    /// The label that a person reads (`Sales Order`).
    pub label: String,
    /// What the model is for, where it says so.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// The field that names a record.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub rec_name: Option<String>,
    /// The order of a search that names none.
    #[serde(
        default,
        deserialize_with = "lenient::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub order: Option<String>,
    /// Whether its records are short-lived (a wizard).
    #[serde(default, deserialize_with = "lenient::flag")]
    pub transient: bool,
    /// Whether it has no table of its own.
    #[serde(default, rename = "abstract", deserialize_with = "lenient::flag")]
    pub is_abstract: bool,
    /// What the user may do.
    #[serde(default)]
    pub access: Access,
    /// The fields of the user's form view, in its order.
    #[serde(default)]
    pub form_fields: Vec<String>,
    /// The visible columns of the user's list view, in its order.
    #[serde(default, deserialize_with = "lenient::names")]
    pub list_fields: Vec<String>,
    /// Every field that the user may see, by name.
    pub fields: BTreeMap<String, FieldSchema>,
    /// The buttons of the user's form view, in its order.
    #[serde(default)]
    pub actions: Vec<ActionSchema>,
    /// The fields that whoever set the server up wants first (`models.toml`). A choice about the
    /// model and nothing that Odoo says, so it stands in no file.
    #[serde(skip)]
    pub key_fields: Vec<String>,
}

impl ModelSchema {
    /// Reads what the module answers to a schema request.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when the answer has no model or no fields object. A single
    /// field that cannot be read becomes one of unknown type instead of failing the model.
    pub fn from_wire(answer: &Value) -> Result<Self> {
        let wire: WireModel = serde_json::from_value(answer.clone()).map_err(|error| {
            Error::new(
                ErrorKind::Protocol,
                format!("the schema that Odoo answered cannot be read: {error}"),
            )
        })?;
        Ok(wire.into_schema())
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&FieldSchema> {
        self.fields.get(name)
    }

    /// Whether Odoo can search by one of the model's fields. The module names what can be searched
    /// and leaves out what cannot, so silence says no where it speaks of other fields.
    pub fn can_search(&self, field: &FieldSchema) -> bool {
        let tells = || self.tells(|other| other.searchable);
        field
            .searchable
            .unwrap_or_else(|| field.store == Some(true) || !tells())
    }

    /// Whether Odoo can sort by one of the model's fields; silence as in [`Self::can_search`].
    pub fn can_sort(&self, field: &FieldSchema) -> bool {
        field
            .sortable
            .unwrap_or_else(|| !self.tells(|other| other.sortable))
    }

    fn tells(&self, flag: impl Fn(&FieldSchema) -> Option<bool>) -> bool {
        self.fields.values().any(|field| flag(field) == Some(true))
    }

    /// The chosen fields that the model has, for this user.
    pub fn present_key_fields(&self) -> impl Iterator<Item = &str> {
        let names = self.key_fields.iter().map(String::as_str);
        names.filter(|name| self.fields.contains_key(*name))
    }
}

/// The answer on the wire, where the order of `fields` is the order of the view.
#[derive(Deserialize)]
struct WireModel {
    model: String,
    #[serde(default, deserialize_with = "lenient::option")]
    label: Option<String>,
    #[serde(default, deserialize_with = "lenient::option")]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient::option")]
    rec_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::option")]
    order: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    transient: bool,
    #[serde(default, rename = "abstract", deserialize_with = "lenient::flag")]
    is_abstract: bool,
    #[serde(default)]
    access: Access,
    #[serde(default, deserialize_with = "lenient::names")]
    form_fields: Vec<String>,
    #[serde(default, deserialize_with = "lenient::names")]
    list_fields: Vec<String>,
    fields: IndexMap<String, Value>,
    #[serde(default)]
    actions: Vec<Value>,
}

impl WireModel {
    fn into_schema(self) -> ModelSchema {
        let fields: IndexMap<String, FieldSchema> = self
            .fields
            .into_iter()
            .map(|(name, value)| (name, read_field(value)))
            .collect();
        let form_fields = if self.form_fields.is_empty() {
            fields
                .iter()
                .filter(|(_, field)| field.is_in(View::Form))
                .map(|(name, _)| name.clone())
                .collect()
        } else {
            self.form_fields
        };
        ModelSchema {
            label: self.label.unwrap_or_else(|| self.model.clone()),
            model: self.model,
            description: self.description,
            rec_name: self.rec_name,
            order: self.order,
            transient: self.transient,
            is_abstract: self.is_abstract,
            access: self.access,
            form_fields,
            list_fields: self.list_fields,
            fields: fields.into_iter().collect(),
            actions: self
                .actions
                .into_iter()
                .filter_map(|action| serde_json::from_value(action).ok())
                .collect(),
            key_fields: Vec::new(),
        }
    }
}

fn read_field(value: Value) -> FieldSchema {
    let type_name = value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("unknown")
        .to_owned();
    serde_json::from_value(value).unwrap_or_else(|_| {
        // Under the plain name of its type it would be taken for one, once written and read.
        FieldSchema::new(match FieldType::from_name(&type_name) {
            FieldType::Unknown(name) => FieldType::Unknown(name),
            known => FieldType::Unknown(format!("unreadable {known}")),
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_cannot_be_read_stays_of_unknown_type() {
        let schema = ModelSchema::from_wire(&json!({
            "model": "x.y",
            "fields": {"a": {"type": "many2one", "relation": ["res.partner"]}, "b": {"type": 1}}
        }))
        .unwrap();
        let unknown = |name: &str| FieldType::Unknown(name.to_owned());
        let kinds = |schema: &ModelSchema| -> Vec<FieldType> {
            let fields = schema.fields.values();
            fields.map(|field| field.field_type.clone()).collect()
        };
        let expected = [unknown("unreadable many2one"), unknown("unknown")];
        assert_eq!(kinds(&schema), expected);
        let written = serde_json::to_value(&schema).unwrap();
        assert_eq!(kinds(&serde_json::from_value(written).unwrap()), expected);
    }
}
