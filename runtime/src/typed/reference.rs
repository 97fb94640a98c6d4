//! References: links whose model is part of the value.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

use super::{Id, Model};

/// A link to a record of any model: `"res.partner,5"` on the wire (`odoo/fields.py`,
/// `Reference`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// The model's technical name.
    pub model: String,
    /// The record's id.
    pub id: i64,
}

impl Reference {
    /// A link to this record.
    pub fn to<M: Model>(id: Id<M>) -> Self {
        Self {
            model: M::NAME.to_owned(),
            id: id.get(),
        }
    }

    /// The typed id, when the link points to the model `M`.
    pub fn as_id<M: Model>(&self) -> Option<Id<M>> {
        (self.model == M::NAME).then(|| Id::new(self.id))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.model, self.id)
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once(',')
            .filter(|(model, _)| !model.is_empty())
            .and_then(|(model, id)| Some((model.to_owned(), id.trim().parse().ok()?)))
            .map(|(model, id)| Self { model, id })
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Decode,
                    format!("\"{text}\" is not a reference (model,id)"),
                )
            })
    }
}
