//! What the signed-in user may do with the models of the typed tools.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::{Access, ModelSchema, Operation};

/// What the signed-in user may do with each model of the typed tools; a model that is absent
/// does not exist in the connected Odoo, or not for this user.
pub(crate) type Reach = BTreeMap<String, Reached>;

/// What the signed-in user may do with one model.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    access: Access,
    /// The methods behind the buttons of the user's form; `None` while they are not known.
    buttons: Option<BTreeSet<String>>,
}

impl Reached {
    /// What the access rights alone say.
    pub(crate) fn by_rights(access: Access) -> Self {
        Self {
            access,
            buttons: None,
        }
    }

    /// What the user's own schema of the model says. One without fields is of an older
    /// module, which knows nothing about buttons either.
    pub(crate) fn by_schema(schema: &ModelSchema) -> Self {
        let buttons = schema.actions.iter().map(|action| action.method.clone());
        Self {
            access: schema.access,
            buttons: (!schema.fields.is_empty()).then(|| buttons.collect()),
        }
    }

    pub(crate) fn allows(&self, operation: &Operation) -> bool {
        let has_button = match (operation, &self.buttons) {
            (Operation::Action(method), Some(buttons)) => buttons.contains(method),
            _ => true,
        };
        has_button && self.access.allows(operation)
    }
}
