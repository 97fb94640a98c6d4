//! What a model is to the compiler: a zero-size marker with a name and, where its code was
//! generated, a record.

use super::{Row, RowWriter, Values};

/// An Odoo model, as a zero-size marker type (`SaleOrder` for `sale.order`).
///
/// Markers exist for every model that a generated model points to, also when the user may not
/// read it: a relation always knows its target.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Odoo model",
    label = "expected the marker of a model, such as `SaleOrder`",
    note = "generated crates export one marker a model at their root"
)]
pub trait Model: Copy + Send + Sync + 'static {
    /// The technical name (`sale.order`).
    const NAME: &'static str;
    /// The label that a person reads (`Sales Order`).
    const LABEL: &'static str = Self::NAME;

    /// Empty values for a create or an update of this model.
    fn values() -> Values<Self> {
        Values::new()
    }
}

/// A model whose records were generated and are compiled in.
#[diagnostic::on_unimplemented(
    message = "the record of `{Self}` is not compiled in",
    label = "this model has no record here",
    note = "enable the cargo feature named after the model, or add the model to models.toml and generate again",
    note = "without a record, `select`, `ids`, `count` and `call_method` still work"
)]
pub trait HasRecord: Model {
    /// The default set of fields, as a struct.
    type Record: Record<Model = Self>;
}

/// A struct that is read from a record: what it names is what it asks Odoo for, so a field is
/// never "not fetched".
///
/// Generated for each model, and by [`record!`](crate::record) for a struct of your own.
pub trait Record: Sized + Send + 'static {
    /// The model that it is read from.
    type Model: Model;
    /// The fields that it asks for.
    const FIELDS: &'static [&'static str];

    /// Reads the fields from a row. Failures are kept in the row: see [`Row::finish`].
    fn read(row: &mut Row<'_>) -> Self;

    /// Writes the fields as JSON, in the form in which Odoo's `read` answers them.
    fn write(&self, out: &mut RowWriter);

    /// The fields as a JSON object, in the form in which Odoo's `read` answers them.
    fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut out = RowWriter::new(Self::FIELDS.len());
        self.write(&mut out);
        out.finish()
    }
}

/// Something done for each generated model; see the `each_model` function of a generated
/// crate.
pub trait ModelVisitor {
    /// Called once a model.
    fn visit<M: HasRecord>(&mut self);
}
