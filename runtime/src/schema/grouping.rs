//! The parts of a grouped query that need no connection: what is computed for a group and what
//! groups are sorted by. Checks make them of what was asked for, the client sends them.

/// An aggregate over the records of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The field whose values are combined.
    pub field: String,
    /// How (`sum`, `avg`, `min`, …).
    pub function: String,
}

impl Measure {
    /// This field, combined in this way.
    pub fn new(field: impl Into<String>, function: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            function: function.into(),
        }
    }

    /// As Odoo 19 writes it: `amount_total:sum`.
    pub fn specification(&self) -> String {
        format!("{}:{}", self.field, self.function)
    }
}

/// What groups are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// A key of the grouping, by its place among them.
    Key(usize),
    /// An aggregate, by its place among them.
    Measure(usize),
    /// The number of records.
    Count,
    /// The lowest id of a group's records. Put last, it leaves no two groups in either order,
    /// since groups that share records differ in a key that is compared by id.
    FirstRecord,
}

/// One part of an order of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// What is compared.
    pub by: SortBy,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Whether groups without a value come last, where Odoo (19 and later) can be told so.
    pub empty_last: bool,
}
