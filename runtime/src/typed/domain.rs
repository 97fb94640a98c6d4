//! Domains: typed conditions that become Odoo's prefix notation.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use serde_json::{Value, json};

/// A condition on records of the model `M`.
///
/// Built from field descriptors, combined with [`and`](Self::and), [`or`](Self::or) and `!`.
/// Conditions of two models do not combine; cross to another model by
/// [`dot`](super::Field::dot) or [`any`](super::Field::any).
#[must_use]
pub struct Domain<M> {
    node: Node,
    model: PhantomData<fn() -> M>,
}

/// A domain whose model nobody asks for any more. Everything that does not need the model is
/// done here, so that it is compiled once and not once a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Leaf(Value),
    /// An expression that somebody else wrote, already complete in prefix notation.
    Raw(Vec<Value>),
}

impl<M> Domain<M> {
    fn of(node: Node) -> Self {
        Self {
            node,
            model: PhantomData,
        }
    }

    pub(super) fn leaf(path: &str, operator: &str, value: &Value) -> Self {
        Self::of(Node::leaf(path, operator, value))
    }

    /// Finds every record.
    pub fn all() -> Self {
        Self::of(Node::All(Vec::new()))
    }

    /// Finds no record.
    pub fn none() -> Self {
        Self::of(Node::Any(Vec::new()))
    }

    /// Finds what all of the conditions find; every record, if there are none.
    pub fn all_of(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Node::All(conditions.into_iter().map(|c| c.node).collect()))
    }

    /// Finds what any of the conditions finds; no record, if there are none.
    pub fn any_of(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Node::Any(conditions.into_iter().map(|c| c.node).collect()))
    }

    /// A domain as Odoo writes it, for what the typed operators do not have. Several
    /// conditions without an operator between them are joined by "and", as in Odoo.
    pub fn raw(terms: Vec<Value>) -> Self {
        Self::of(Node::raw(terms))
    }

    /// Finds what both find.
    pub fn and(self, other: Self) -> Self {
        Self::of(self.node.and(other.node))
    }

    /// Finds what either finds.
    pub fn or(self, other: Self) -> Self {
        Self::of(self.node.or(other.node))
    }

    /// The domain in prefix notation: `["&", ["a", "=", 1], ["b", "=", 2]]`.
    pub fn to_json(&self) -> Value {
        self.node.to_json()
    }

    pub(super) fn into_node(self) -> Node {
        self.node
    }
}

impl Node {
    pub(super) fn leaf(path: &str, operator: &str, value: &Value) -> Self {
        Self::Leaf(json!([path, operator, value]))
    }

    fn raw(terms: Vec<Value>) -> Self {
        if terms.is_empty() {
            Self::All(Vec::new())
        } else {
            Self::Raw(with_explicit_and(terms))
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(mut left), Self::All(right)) => {
                left.extend(right);
                Self::All(left)
            }
            (Self::All(mut left), right) => {
                left.push(right);
                Self::All(left)
            }
            (left, right) => Self::All(vec![left, right]),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any(mut left), Self::Any(right)) => {
                left.extend(right);
                Self::Any(left)
            }
            (Self::Any(mut left), right) => {
                left.push(right);
                Self::Any(left)
            }
            (left, right) => Self::Any(vec![left, right]),
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Not(node) => *node,
            node => Self::Not(Box::new(node)),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut terms = Vec::new();
        // Odoo's own spelling of "everything".
        if *self != Self::All(Vec::new()) {
            self.write(&mut terms);
        }
        Value::Array(terms)
    }

    fn write(&self, terms: &mut Vec<Value>) {
        match self {
            Self::All(nodes) => Self::join("&", json!([1, "=", 1]), nodes, terms),
            Self::Any(nodes) => Self::join("|", json!([0, "=", 1]), nodes, terms),
            Self::Not(node) => {
                terms.push(json!("!"));
                node.write(terms);
            }
            Self::Leaf(leaf) => terms.push(leaf.clone()),
            Self::Raw(raw) => terms.extend(raw.iter().cloned()),
        }
    }

    fn join(operator: &str, neutral: Value, nodes: &[Self], terms: &mut Vec<Value>) {
        if nodes.is_empty() {
            terms.push(neutral);
            return;
        }
        terms.extend((1..nodes.len()).map(|_| json!(operator)));
        for node in nodes {
            node.write(terms);
        }
    }
}

/// Puts the "and" in front that Odoo assumes between top-level expressions.
fn with_explicit_and(terms: Vec<Value>) -> Vec<Value> {
    // Each condition ends one expression, each binary operator joins two.
    let expressions = terms.iter().fold(0_i64, |count, term| match term.as_str() {
        Some("&" | "|") => count - 1,
        Some(_) => count,
        None => count + 1,
    });
    let missing = usize::try_from(expressions - 1).unwrap_or(0);
    let mut explicit = vec![json!("&"); missing];
    explicit.extend(terms);
    explicit
}

impl<M> BitAnd for Domain<M> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<M> BitOr for Domain<M> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl<M> Not for Domain<M> {
    type Output = Self;

    fn not(self) -> Self {
        Self::of(self.node.not())
    }
}

impl<M> Clone for Domain<M> {
    fn clone(&self) -> Self {
        Self::of(self.node.clone())
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl<M> Default for Domain<M> {
    fn default() -> Self {
        Self::all()
    }
}

impl<M> fmt::Debug for Domain<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_json().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;

    fn leaf(name: &str) -> Domain<Thing> {
        Domain::leaf(name, "=", &json!(1))
    }

    fn text(domain: &Domain<Thing>) -> String {
        domain
            .to_json()
            .as_array()
            .unwrap()
            .iter()
            .map(|term| {
                term.as_str()
                    .map_or_else(|| term[0].to_string(), str::to_owned)
            })
            .collect::<Vec<_>>()
            .join(" ")
            .replace('"', "")
    }

    #[test]
    fn prefix_notation() {
        assert_eq!(text(&leaf("a")), "a");
        assert_eq!(text(&leaf("a").and(leaf("b")).and(leaf("c"))), "& & a b c");
        assert_eq!(text(&leaf("a").and(leaf("b").or(leaf("c")))), "& a | b c");
        assert_eq!(text(&leaf("a").or(leaf("b")).and(leaf("c"))), "& | a b c");
        assert_eq!(text(&(!(leaf("a") | leaf("b")) & leaf("c"))), "& ! | a b c");
        assert_eq!(text(&!!leaf("a")), "a");
    }

    #[test]
    fn everything_and_nothing() {
        assert_eq!(Domain::<Thing>::all().to_json(), json!([]));
        assert_eq!(Domain::<Thing>::none().to_json(), json!([[0, "=", 1]]));
        assert_eq!(text(&Domain::all().and(leaf("a"))), "a");
        assert_eq!(text(&Domain::none().or(leaf("a"))), "a");
        assert_eq!(text(&!Domain::<Thing>::all()), "! 1");
        assert_eq!(text(&leaf("a").and(Domain::all())), "& a 1");
    }

    #[test]
    fn raw_terms_are_made_explicit() {
        let raw = |terms: Value| Domain::<Thing>::raw(terms.as_array().unwrap().clone());
        let (a, b, c) = (
            json!(["a", "=", 1]),
            json!(["b", "=", 1]),
            json!(["c", "=", 1]),
        );
        assert_eq!(text(&leaf("x").or(raw(json!([a, b])))), "| x & a b");
        assert_eq!(text(&!raw(json!(["|", a, b, c]))), "! & | a b c");
        assert_eq!(text(&raw(json!(["!", a]))), "! a");
        assert_eq!(raw(json!([])).to_json(), json!([]));
    }
}
