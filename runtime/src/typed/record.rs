//! Structs of the user's own, read from fields of a generated model.

/// Makes a struct whose fields are fields of one generated model; reading it asks Odoo for
/// these fields and no others.
///
/// A field that the model does not have, or one whose type is not the field's, is a compile
/// error.
///
/// ```
/// use butopea_runtime::typed::prelude::*;
///
/// # #[derive(Clone, Copy)] pub struct ResPartner;
/// # impl Model for ResPartner { const NAME: &'static str = "res.partner"; }
/// # mod partner {
/// #     use butopea_runtime::typed::{Field, kind};
/// #     pub type This = super::ResPartner;
/// #     pub struct Fields { pub id: Field<This, kind::Id<This>>, pub name: Field<This, kind::Char>, pub color: Field<This, kind::Integer> }
/// #     pub const F: Fields = Fields { id: Field::new("id"), name: Field::new("name"), color: Field::new("color") };
/// # }
/// record! {
///     /// What a contact card shows.
///     #[derive(Debug, Clone)]
///     pub struct Card: partner {
///         /// The full name.
///         pub name: Option<String>,
///         pub color: i64,
///     }
/// }
/// # fn main() {
/// assert_eq!(Card::FIELDS, ["name", "color"]);
/// # let answer = serde_json::json!({"name": "Ada", "color": 3});
/// # let mut row = butopea_runtime::typed::Row::new("res.partner", answer.as_object().unwrap());
/// # assert_eq!(Card::read(&mut row).name.as_deref(), Some("Ada"));
/// # }
/// ```
///
/// Then `odoo.query::<ResPartner>().select(Custom::<Card>::new())`, or shorter
/// `odoo.query::<ResPartner>().select_as::<Card>()`.
#[macro_export]
macro_rules! record {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident: $($module:ident)::+ {
            $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $visibility struct $name {
            $($(#[$field_meta])* $field_visibility $field: $type,)*
        }

        const _: () = {
            use $($module)::+ as model;

            impl $crate::typed::Record for $name {
                type Model = model::This;
                const FIELDS: &'static [&'static str] = &[$(model::F.$field.name()),*];

                fn read(row: &mut $crate::typed::Row<'_>) -> Self {
                    Self { $($field: row.field(model::F.$field),)* }
                }

                fn write(&self, out: &mut $crate::typed::RowWriter) {
                    $(out.field(model::F.$field, &self.$field);)*
                }
            }
        };
    };
}
