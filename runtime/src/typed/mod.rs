//! The typed API: what generated Rust is made of.
//!
//! On the data's way: live Odoo → snapshot → IR → **generated Rust, standing on this module**
//! → typed calls to live Odoo. The generator writes, per Odoo model, a zero-size marker that
//! implements [`Model`], a constant `F` of [`Field`] descriptors and a `Record` that is read
//! by the sticky [`Row`]. Everything else (queries, values, commands, actions) lives here
//! once, so that generated code stays thin and compiles fast.
//!
//! ```no_run
//! use butopea_runtime::typed::prelude::*;
//! # #[derive(Clone, Copy)] pub struct ResPartner;
//! # impl Model for ResPartner { const NAME: &'static str = "res.partner"; }
//! # const NAME: Field<ResPartner, kind::Char> = Field::new("name");
//! # async fn example() -> Result<(), Error> {
//! let odoo = Odoo::from_env()?;
//! let names = odoo
//!     .query::<ResPartner>()
//!     .filter(NAME.ilike("azure"))
//!     .order(NAME.asc())
//!     .select((NAME,))
//!     .limit(10)
//!     .all()
//!     .await?;
//! # Ok(()) }
//! ```

mod action;
mod assign;
mod binary;
mod call;
#[cfg(feature = "decimal")]
mod decimal;
mod decode;
mod domain;
mod field;
mod group;
mod guilty;
mod id;
pub mod kind;
mod model;
mod odoo;
mod operand;
mod order;
mod pages;
mod plan;
mod project;
mod query;
mod record;
mod reference;
mod row;
mod selection;
mod time;
mod values;
mod writer;

pub use action::{Action, Outcome, WindowAction};
pub use assign::{Assign, Clear};
pub use binary::Binary;
pub use call::Call;
pub use domain::Domain;
pub use field::{Field, Path};
pub use group::{Aggregate, Append, Group, GroupKey, GroupKeys, Grouped, Measures, Period};
pub use id::{Id, Ids, Many2one};
pub use model::{HasRecord, Model, ModelVisitor, Record};
pub use odoo::{Defaults, Odoo};
pub use operand::Operand;
pub use order::Order;
pub use pages::Pages;
pub use project::{Custom, Projection, Whole};
pub use query::Query;
pub use reference::Reference;
pub use row::{Required, Row};
pub use selection::{Key, Selection, numeric_key};
pub use time::{Date, DateTime};
pub use values::{Link, Values};
pub use writer::RowWriter;

#[cfg(feature = "decimal")]
pub use rust_decimal::Decimal;

/// Any JSON value: what `json`, `properties` and unknown types hold.
pub use serde_json::Value;

/// Everything that code using generated models needs.
pub mod prelude {
    pub use super::{
        Action, Binary, Clear, Custom, Date, DateTime, Domain, Field, HasRecord, Id, Ids, Link,
        Many2one, Model, Odoo, Outcome, Record, Reference, Required, Selection, Value, Values,
        Whole, kind,
    };
    pub use crate::client::{Client, Config, Context, Credentials};
    pub use crate::error::{Error, ErrorKind};
    pub use crate::record;
}
