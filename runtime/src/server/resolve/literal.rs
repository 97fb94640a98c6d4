//! The parts of a field's domain that hold for every record: `[('type_tax_use', '=', 'sale')]`
//! does, `('company_id', '=', company_id)` depends on the record.
//!
//! Odoo writes such a domain as Python (`Field.domain`, `odoo/orm/fields_relational.py`); it is
//! read here as far as it is made of constants, and never run.

use serde_json::{Value, json};

use crate::schema::ModelSchema;

/// The longest domain that is read.
const MAX_TEXT: usize = 1000;
/// Operators that compare with constants.
const OPERATORS: [&str; 8] = ["=", "!=", "in", "not in", "<", "<=", ">", ">="];

/// An element of a domain.
enum Term {
    /// `|` or `&` (2), `!` (1).
    Joint(char, usize),
    /// A condition on constants.
    Constant(Value),
    /// One that depends on the record, or cannot be read.
    Open,
}

/// The conditions of a domain that are made of constants, for the records of this model: in
/// prefix notation, all of them joined. None, where there are none.
pub(super) fn constant_part(domain: &str, model: &ModelSchema) -> Vec<Value> {
    if domain.len() > MAX_TEXT {
        return Vec::new();
    }
    let Some(elements) = elements(domain.trim()) else {
        return Vec::new();
    };
    let terms: Vec<Term> = elements.iter().map(|text| term(text, model)).collect();
    let mut found = Vec::new();
    let mut rest = terms.as_slice();
    while !rest.is_empty() {
        // What `&` joins must hold in any case.
        if let Some(Term::Joint('&', _)) = rest.first() {
            rest = &rest[1..];
            continue;
        }
        let Some(length) = length_of_first(rest) else {
            return Vec::new();
        };
        let (first, others) = rest.split_at(length);
        let constant: Option<Vec<Value>> = first.iter().map(as_constant).collect();
        found.extend(constant.into_iter().flatten());
        rest = others;
    }
    found
}

fn as_constant(term: &Term) -> Option<Value> {
    match term {
        Term::Joint(sign, _) => Some(json!(sign.to_string())),
        Term::Constant(leaf) => Some(leaf.clone()),
        Term::Open => None,
    }
}

/// How many terms the first one is, with what it joins.
fn length_of_first(terms: &[Term]) -> Option<usize> {
    let mut missing = 1_usize;
    for (index, term) in terms.iter().enumerate() {
        missing -= 1;
        if let Term::Joint(_, joined) = term {
            missing += joined;
        }
        if missing == 0 {
            return Some(index + 1);
        }
    }
    None
}

fn term(text: &str, model: &ModelSchema) -> Term {
    match literal(text) {
        Some(Value::String(sign)) => match sign.as_str() {
            "&" => Term::Joint('&', 2),
            "|" => Term::Joint('|', 2),
            "!" => Term::Joint('!', 1),
            _ => Term::Open,
        },
        Some(leaf) if is_plain(&leaf, model) => Term::Constant(leaf),
        _ => Term::Open,
    }
}

/// Whether a condition compares a field of the model itself with what lies in its column: no
/// path, and no text that would be looked for among names.
fn is_plain(leaf: &Value, model: &ModelSchema) -> bool {
    let Some([Value::String(name), Value::String(operator), value]) =
        leaf.as_array().map(Vec::as_slice)
    else {
        return false;
    };
    let Some(field) = model.field(name) else {
        return false;
    };
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let has_text = items.iter().any(Value::is_string);
    let is_searchable = field.searchable == Some(true) || field.store == Some(true);
    is_searchable
        && OPERATORS.contains(&operator.as_str())
        && !(field.field_type.is_relational() && has_text)
        && !items.iter().any(Value::is_array)
}

/// A constant of Python: a text, a number, `True`, `False`, `None`, or a list or tuple of such.
fn literal(text: &str) -> Option<Value> {
    let text = text.trim();
    match text.chars().next()? {
        '[' | '(' => elements(text)?.into_iter().map(literal).collect(),
        quote @ ('\'' | '"') => {
            let inner = text.get(1..)?.strip_suffix(quote)?;
            // Escapes are rare in a domain.
            let is_plain = !inner.contains(['\\', quote]);
            is_plain.then(|| json!(inner))
        }
        _ => match text {
            "True" => Some(json!(true)),
            "False" => Some(json!(false)),
            "None" => Some(Value::Null),
            number => number
                .parse::<i64>()
                .map(Value::from)
                .or_else(|_| number.parse::<f64>().map(Value::from))
                .ok()
                .filter(Value::is_number),
        },
    }
}

/// The elements of a list or tuple that the text is, as they are written.
fn elements(text: &str) -> Option<Vec<&str>> {
    let inner = match (text.chars().next()?, text.chars().next_back()?) {
        ('[', ']') | ('(', ')') => text.get(1..text.len() - 1)?,
        _ => return None,
    };
    let mut found = Vec::new();
    let (mut depth, mut quote, mut begin) = (0_usize, None, 0);
    for (place, c) in inner.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(' | '{') => depth += 1,
            // `[…] + […]`: what stands between is no list.
            (None, ']' | ')' | '}') => depth = depth.checked_sub(1)?,
            (None, ',') if depth == 0 => {
                found.push(&inner[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    if depth > 0 || quote.is_some() {
        return None;
    }
    let last = &inner[begin..];
    if !last.trim().is_empty() {
        found.push(last);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ModelSchema {
        let fields = json!({
            "type_tax_use": {"type": "selection", "store": true},
            "active": {"type": "boolean", "store": true},
            "company_id": {"type": "many2one", "relation": "res.company", "store": true},
            "amount": {"type": "float", "store": true},
            "computed": {"type": "char"},
        });
        ModelSchema::from_wire(&json!({"model": "account.tax", "fields": fields})).unwrap()
    }

    #[test]
    fn what_holds_for_every_record_is_read() {
        for (text, read) in [
            (
                "[('type_tax_use', '=', 'sale')]",
                json!([["type_tax_use", "=", "sale"]]),
            ),
            (
                "[('type_tax_use', 'in', ('sale', \"none\")), ('company_id', '=', company_id)]",
                json!([["type_tax_use", "in", ["sale", "none"]]]),
            ),
            (
                "['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
                json!([]),
            ),
            (
                "['|', ('company_id', '=', False), ('active', '=', True), ('amount', '>', 1.5)]",
                json!([
                    "|",
                    ["company_id", "=", false],
                    ["active", "=", true],
                    ["amount", ">", 1.5]
                ]),
            ),
            (
                "['&', ('active', '=', True), ('company_id', 'in', ids)]",
                json!([["active", "=", true]]),
            ),
            (
                "[\n  '!', ('active', '=', True),\n]",
                json!(["!", ["active", "=", true]]),
            ),
        ] {
            assert_eq!(json!(constant_part(text, &model())), read, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_narrows_nothing() {
        for text in [
            "",
            "[",
            "[(]",
            "domain()",
            "[('active', '=', True)] + ([('amount', '=', 1)] if x else [])",
            "[('nothing', '=', 1)]",
            "[('computed', '=', 'x')]",
            "[('company_id.name', '=', 'x')]",
            "[('company_id', '=', 'x')]",
            "[('company_id', 'child_of', 1)]",
            "[('active', '=', uid)]",
            "['|', ('active', '=', True)]",
            "[('amount', '=', nan)]",
            "[('type_tax_use', '=', 'it\\'s')]",
        ] {
            assert_eq!(constant_part(text, &model()), Vec::<Value>::new(), "{text}");
        }
        let long = format!("[('amount', '=', {})]", "1".repeat(MAX_TEXT));
        assert!(constant_part(&long, &model()).is_empty());
    }
}
