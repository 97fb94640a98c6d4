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

/// What people write for an operator, and Odoo's.
const MEANT: [(&str, &str); 12] = [
    ("==", "="),
    ("===", "="),
    ("eq", "="),
    ("is", "="),
    ("contains", "ilike"),
    ("ne", "!="),
    ("is not", "!="),
    ("gt", ">"),
    ("gte", ">="),
    ("lt", "<"),
    ("lte", "<="),
    ("=>", ">="),
];

pub(crate) fn is_operator(text: &str) -> bool {
    let lower = text.trim().to_ascii_lowercase();
    OPERATORS.contains(&lower.as_str()) || SUBDOMAIN_OPERATORS.contains(&lower.as_str())
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
    let meant = MEANT.iter().find(|(wrong, _)| *wrong == operator);
    let near = nearest(operator, OPERATORS);
    match (meant, near.first()) {
        (Some((_, right)), _) => format!("use \"{right}\""),
        (None, Some(near)) => format!("did you mean \"{near}\"?"),
        (None, None) => format!("use one of {}", OPERATORS.join(" ")),
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
