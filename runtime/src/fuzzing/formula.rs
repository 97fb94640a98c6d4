//! What a domain means, apart from its conditions: a second reading of both notations, against
//! which the first one, which translates, is held.

use serde_json::{Map, Value};

use crate::schema::{FieldType, ModelSchema};

/// Conditions by their place in the text, and what joins them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Formula {
    /// A condition.
    Leaf(usize),
    /// It must not hold.
    Not(Box<Formula>),
    /// All must hold.
    All(Vec<Formula>),
    /// One must hold.
    Any(Vec<Formula>),
}

impl Formula {
    /// Whether it holds where the conditions hold that `truth` says.
    pub(crate) fn holds(&self, truth: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Leaf(place) => truth(*place),
            Self::Not(formula) => !formula.holds(truth),
            Self::All(formulas) => formulas.iter().all(|formula| formula.holds(truth)),
            Self::Any(formulas) => formulas.iter().any(|formula| formula.holds(truth)),
        }
    }
}

/// Reads a domain in Odoo's notation as Odoo does (`odoo/osv/expression.py`,
/// `normalize_domain`), and nothing else: `None` for what is not well-formed.
pub(crate) fn read_odoo(domain: &Value) -> Option<(Formula, usize)> {
    let mut leaves = 0;
    let mut terms = Vec::new();
    let mut items = domain.as_array()?.iter();
    while let Some(item) = items.next() {
        terms.push(read_term(item, &mut items, &mut leaves)?);
    }
    Some((Formula::All(terms), leaves))
}

fn read_term<'a>(
    item: &Value,
    rest: &mut impl Iterator<Item = &'a Value>,
    leaves: &mut usize,
) -> Option<Formula> {
    match item {
        Value::String(joint) => {
            let mut operand = || {
                let item = rest.next()?;
                read_term(item, rest, leaves)
            };
            match joint.as_str() {
                "!" => Some(Formula::Not(Box::new(operand()?))),
                "&" => Some(Formula::All(vec![operand()?, operand()?])),
                "|" => Some(Formula::Any(vec![operand()?, operand()?])),
                _ => None,
            }
        }
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(_) | Value::Number(_), Value::String(_), _] => {
                *leaves += 1;
                Some(Formula::Leaf(*leaves - 1))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Reads a domain, or the conditions of a group, in the notation of the tools; `None` for what
/// has no meaning in it. `joint` is how the conditions are joined.
pub(crate) fn read_natural(domain: &Value, joint: &str, leaves: &mut usize) -> Option<Formula> {
    let terms = match domain {
        Value::Array(items) if !is_condition(items) => read_list(items, leaves)?,
        one => vec![read_item(one, leaves)?],
    };
    Some(match joint {
        "any_of" => Formula::Any(terms),
        "none_of" => Formula::Not(Box::new(Formula::Any(terms))),
        _ => Formula::All(terms),
    })
}

/// The terms of a list, from whose end prefix operators take what stands behind them.
fn read_list(items: &[Value], leaves: &mut usize) -> Option<Vec<Formula>> {
    let mut read = Vec::new();
    for item in items {
        read.push(match prefix(item) {
            Some(prefix) => Err(prefix),
            None => Ok(read_item(item, leaves)?),
        });
    }
    let mut open = Vec::new();
    for item in read.into_iter().rev() {
        let term = match item {
            Ok(term) => term,
            Err("!") => Formula::Not(Box::new(open.pop()?)),
            Err(joint) => {
                let both = vec![open.pop()?, open.pop()?];
                if joint == "&" {
                    Formula::All(both)
                } else {
                    Formula::Any(both)
                }
            }
        };
        open.push(term);
    }
    Some(open)
}

fn read_item(item: &Value, leaves: &mut usize) -> Option<Formula> {
    match item {
        Value::Object(map) if is_condition_object(map) => Some(leaf(leaves)),
        Value::Object(groups) => {
            let groups = groups
                .iter()
                .map(|(joint, items)| read_natural(items, joint, leaves));
            Some(Formula::All(groups.collect::<Option<_>>()?))
        }
        Value::Array(parts) => {
            let first = parts.first()?;
            if first.is_array() || first.is_object() || prefix(first).is_some() {
                Some(Formula::All(read_list(parts, leaves)?))
            } else {
                (parts.len() >= 3).then(|| leaf(leaves))
            }
        }
        _ => None,
    }
}

fn leaf(leaves: &mut usize) -> Formula {
    *leaves += 1;
    Formula::Leaf(*leaves - 1)
}

fn prefix(item: &Value) -> Option<&str> {
    let item = match item {
        Value::Array(one) if one.len() == 1 => &one[0],
        other => other,
    };
    item.as_str().filter(|text| ["&", "|", "!"].contains(text))
}

fn is_condition(items: &[Value]) -> bool {
    let is_text = |item: &Value| item.is_string() && prefix(item).is_none();
    items.len() == 3 && is_text(&items[0]) && is_text(&items[1])
}

fn is_condition_object(map: &Map<String, Value>) -> bool {
    map.contains_key("field") && map.contains_key("value")
}

/// Checks that a domain is well-formed, and those of records within it, too, as far as the
/// models are known.
///
/// # Panics
/// When it is not.
pub(crate) fn assert_well_formed(
    domain: &Value,
    model: &ModelSchema,
    models: &dyn Fn(&str) -> Option<std::sync::Arc<ModelSchema>>,
) {
    assert!(read_odoo(domain).is_some(), "not well-formed: {domain}");
    for leaf in domain.as_array().into_iter().flatten() {
        let Some([Value::String(name), Value::String(operator), value]) =
            leaf.as_array().map(Vec::as_slice)
        else {
            continue;
        };
        assert_eq!(operator.trim().to_ascii_lowercase(), *operator);
        let Some(field) = model.field(name) else {
            continue;
        };
        if operator.trim_start_matches("not ").starts_with("any") {
            assert!(is_link(&field.field_type), "{leaf}");
            let target = field.relation.as_deref().and_then(models);
            match target {
                Some(target) => assert_well_formed(value, &target, models),
                None => assert!(read_odoo(value).is_some(), "not well-formed: {value}"),
            }
        }
    }
}

fn is_link(kind: &FieldType) -> bool {
    matches!(
        kind,
        FieldType::Many2one | FieldType::One2many | FieldType::Many2many
    )
}
