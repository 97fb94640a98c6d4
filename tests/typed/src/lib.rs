//! What the tests of the typed API share: the connection, and the comparison with Odoo's own
//! answers.
//!
//! The tests themselves are ignored by name unless somebody runs them with `--ignored` and
//! names an Odoo in the environment (`ODOO_URL`, `ODOO_DB`, `ODOO_USERNAME`,
//! `ODOO_PASSWORD` or `ODOO_API_KEY`), as `cargo xtask test` does.

use butopea_models::prelude::*;
use butopea_runtime::client::RawRecord;

/// The Odoo of the environment.
///
/// # Errors
/// When the environment names none.
pub fn odoo() -> Result<Odoo, Error> {
    Odoo::from_env()
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Comparison {
    /// How many records were compared.
    pub records: usize,
    /// How many values were compared.
    pub values: usize,
    /// What was not the same: model, record, field, both values.
    pub differences: Vec<String>,
}

impl Comparison {
    /// Compares a typed record with what Odoo's `read` answered for the same fields.
    pub fn compare(&mut self, model: &str, typed: &RawRecord, raw: &RawRecord) {
        self.records += 1;
        for (name, ours) in typed {
            self.values += 1;
            let theirs = raw.get(name);
            if !theirs.is_some_and(|theirs| same(ours, theirs)) {
                let id = raw.get("id").cloned().unwrap_or_default();
                self.differences
                    .push(format!("{model} {id}.{name}: {ours} ≠ {theirs:?}"));
            }
        }
    }

    /// Adds another comparison's findings.
    pub fn add(&mut self, other: Self) {
        self.records += other.records;
        self.values += other.values;
        self.differences.extend(other.differences);
    }
}

/// Whether two values mean the same: numbers and days by value, the rest as they are. An
/// empty many2one reference is 0 or `false`, as its module pleases.
fn same(ours: &Value, theirs: &Value) -> bool {
    if let (Some(ours), Some(theirs)) = (ours.as_f64(), theirs.as_f64()) {
        return (ours - theirs).abs() <= f64::EPSILON * theirs.abs();
    }
    if ours == &Value::Bool(false) && theirs.as_i64() == Some(0) {
        return true;
    }
    // A few computes answer the present moment.
    let moment = |value: &Value| value.as_str()?.parse::<DateTime>().ok();
    if let (Some(ours), Some(theirs)) = (moment(ours), moment(theirs))
        && ours.as_second().abs_diff(theirs.as_second()) <= 60
    {
        return true;
    }
    let day = |value: &Value| value.as_str()?.parse::<Date>().ok();
    ours == theirs
        || (ours.as_str().is_some_and(|text| text.len() == 10)
            && day(ours).is_some()
            && day(ours) == day(theirs))
}
