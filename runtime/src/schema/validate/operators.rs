//! The operators of conditions, and what is meant by those that are none.

use crate::schema::FieldType;
use crate::schema::text::nearest;

/// The operators of a condition (`odoo/osv/expression.py`, `TERM_OPERATORS`; 19 adds the
/// `not =like` pair in `odoo/orm/domains.py`).
const OPERATORS: [&str; 21] = [
    "=",
    "!=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "=?",
    "in",
    "not in",
    "like",
    "not like",
    "ilike",
    "not ilike",
    "=like",
    "=ilike",
    "not =like",
    "not =ilike",
    "child_of",
    "parent_of",
    "any",
];
const SUBDOMAIN_OPERATORS: [&str; 4] = ["any", "not any", "any!", "not any!"];
const PATTERN_OPERATORS: [&str; 8] = [
    "like",
    "not like",
    "ilike",
    "not ilike",
    "=like",
    "=ilike",
    "not =like",
    "not =ilike",
];

/// What people write for an operator where only one of Odoo's can be meant.
const MEANT: [(&str, &str); 23] = [
    ("==", "="),
    ("===", "="),
    ("eq", "="),
    ("is", "="),
    ("equals", "="),
    ("ne", "!="),
    ("neq", "!="),
    ("!==", "!="),
    ("is not", "!="),
    ("gt", ">"),
    ("gte", ">="),
    ("ge", ">="),
    ("=>", ">="),
    ("lt", "<"),
    ("lte", "<="),
    ("le", "<="),
    ("=<", "<="),
    ("contains", "ilike"),
    ("not contains", "not ilike"),
    ("notin", "not in"),
    ("not_in", "not in"),
    ("not_like", "not like"),
    ("not_ilike", "not ilike"),
];

/// The operator of Odoo's that a text is, or that alone can be meant by it.
pub(crate) fn as_operator(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let is_odoos =
        OPERATORS.contains(&lower.as_str()) || SUBDOMAIN_OPERATORS.contains(&lower.as_str());
    if is_odoos {
        return Some(lower);
    }
    let meant = MEANT.iter().find(|(said, _)| *said == lower);
    meant.map(|(_, operator)| (*operator).to_owned())
}

/// Whether a text is an operator, or can only be meant as one.
pub(crate) fn is_operator(text: &str) -> bool {
    as_operator(text).is_some()
}

/// Whether the right side is a pattern of text. `operator` is in lower case.
pub(super) fn is_pattern_operator(operator: &str) -> bool {
    PATTERN_OPERATORS.contains(&operator)
}

pub(super) fn is_subdomain_operator(text: &str) -> bool {
    SUBDOMAIN_OPERATORS.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// What to use in place of an operator that is none.
pub(super) fn advice(operator: &str) -> String {
    match nearest(operator, OPERATORS).first() {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("use one of {}", OPERATORS.join(" ")),
    }
}

/// What to use on a field of this type.
pub(super) fn advised_operators(kind: &FieldType) -> &'static str {
    if kind.is_binary() {
        "= or != with false"
    } else if kind.is_relational() || matches!(kind, FieldType::Boolean | FieldType::Selection) {
        "=, !=, in or not in"
    } else {
        "=, !=, <, >, in, not in or ilike"
    }
}
