//! Domains, in Odoo's prefix notation or with groups that need none.
//!
//! A group is an object inside the list: `{"any_of": […]}`, `{"all_of": […]}`,
//! `{"none_of": […]}`, of conditions and further groups. A list of conditions inside a list is
//! a group whose conditions must all hold. What is sent to Odoo is prefix notation.

use serde_json::{Map, Value, json};

use super::condition::Checker;
use super::operators::{as_operator, is_operator, is_subdomain_operator};
use super::scalars::show;
use super::{Known, Problems};
use crate::schema::ModelSchema;

const EXAMPLE: &str = "a list of conditions such as [[\"name\", \"ilike\", \"azure\"]]";
const GROUPS: [&str; 3] = ["all_of", "any_of", "none_of"];

/// Which records are meant: a domain, and what else must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// All of these must hold.
    pub domain: Value,
    /// All of these must hold, too.
    pub all_of: Value,
    /// At least one of these must hold.
    pub any_of: Value,
    /// None of these may hold.
    pub none_of: Value,
}

impl Filter {
    fn parts(&self) -> [(&'static str, &Value); 4] {
        [
            ("domain", &self.domain),
            ("all_of", &self.all_of),
            ("any_of", &self.any_of),
            ("none_of", &self.none_of),
        ]
    }

    /// The dotted paths of its conditions: see [`domain_paths`].
    pub fn paths(&self) -> Vec<String> {
        self.parts()
            .into_iter()
            .flat_map(|(_, part)| domain_paths(part))
            .collect()
    }
}

/// The dotted paths of a domain's conditions, so that the models that they cross can be
/// fetched before the check.
pub fn domain_paths(domain: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect_paths(domain, "", &mut paths);
    paths
}

fn collect_paths(domain: &Value, prefix: &str, paths: &mut Vec<String>) {
    match domain {
        Value::Object(group) => {
            for (_, items) in group {
                collect_paths(items, prefix, paths);
            }
        }
        Value::Array(items) => match items.as_slice() {
            [Value::String(field), Value::String(operator), value] if is_operator(operator) => {
                let path = format!("{prefix}{field}");
                if is_subdomain_operator(operator) {
                    collect_paths(value, &format!("{path}."), paths);
                    paths.push(path);
                } else if path.contains('.') {
                    paths.push(path);
                }
            }
            items => {
                for item in items {
                    collect_paths(item, prefix, paths);
                }
            }
        },
        _ => {}
    }
}

/// Checks a filter against the model and returns it as a domain in Odoo's form: a flat list of
/// prefix operators and `[field, operator, value]` conditions.
pub fn prepare_filter(
    model: &ModelSchema,
    filter: &Filter,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Value {
    compose(Some(model), filter, known, problems)
}

/// A filter in Odoo's form where nothing is known of the model; what cannot be understood is
/// left to Odoo.
pub fn plain_filter(filter: &Filter, known: &Known<'_>) -> Value {
    compose(None, filter, known, &mut Problems::default())
}

/// Checks a domain that stands at `path`; see [`prepare_filter`].
pub fn prepare_domain(
    model: &ModelSchema,
    domain: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Value {
    let mut checker = Checker::new(Some(model), known, problems);
    Value::Array(checker.domain(domain, path).flat)
}

fn compose(
    model: Option<&ModelSchema>,
    filter: &Filter,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Value {
    let mut checker = Checker::new(model, known, problems);
    let mut flat = Vec::new();
    for (name, part) in filter.parts() {
        if part.is_null() || part.as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        let terms = checker.domain(part, name);
        match name {
            "domain" | "all_of" => flat.extend(terms.flat),
            group => flat.extend(terms.grouped(group)),
        }
    }
    Value::Array(flat)
}

/// Conditions in prefix notation, and how many terms they are that nothing joins yet.
#[derive(Default)]
pub(super) struct Terms {
    pub(super) flat: Vec<Value>,
    count: usize,
}

impl Terms {
    /// As one term; nothing, when there are none.
    fn grouped(self, group: &str) -> Vec<Value> {
        if self.count == 0 {
            return Vec::new();
        }
        let joint = if group == "all_of" { "&" } else { "|" };
        let mut flat: Vec<Value> = Vec::with_capacity(self.flat.len() + self.count);
        if group == "none_of" {
            flat.push(json!("!"));
        }
        flat.extend(std::iter::repeat_n(json!(joint), self.count - 1));
        flat.extend(self.flat);
        flat
    }

    fn push(&mut self, term: Vec<Value>) {
        self.flat.extend(term);
        self.count += 1;
    }
}

impl Checker<'_, '_> {
    /// A whole domain, or the conditions of a group.
    pub(super) fn domain(&mut self, domain: &Value, path: &str) -> Terms {
        match domain {
            Value::Array(items) if !is_condition(items) => self.list(items, path),
            Value::Array(_) => self.list(std::slice::from_ref(domain), path),
            Value::Object(map) if is_group(map) || as_condition(map).is_some() => {
                self.list(std::slice::from_ref(domain), path)
            }
            other => {
                self.problems
                    .add(path, format!("expected {EXAMPLE}, got {}", show(other)));
                Terms::default()
            }
        }
    }

    fn list(&mut self, items: &[Value], path: &str) -> Terms {
        let mut flat = Vec::new();
        // Each term by its place: a prefix operator or a term of its own.
        let mut shape = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(prefix) = as_prefix(item) {
                flat.push(json!(prefix));
                shape.push(Some(prefix));
            } else if let Some(term) = self.term(item, &format!("{path}[{index}]")) {
                flat.extend(term);
                shape.push(None);
            } else {
                // A mistake was noted; it stands for a condition in the count.
                shape.push(None);
            }
        }
        let count = self.count_terms(&shape, path);
        Terms { flat, count }
    }

    /// Every prefix operator needs its conditions: `&` and `|` two, `!` one.
    fn count_terms(&mut self, shape: &[Option<&str>], path: &str) -> usize {
        let mut open = 0_usize;
        for item in shape.iter().rev() {
            match *item {
                Some("!") if open < 1 => {
                    self.problems.add(path, "'!' stands before no condition");
                    return 0;
                }
                Some("!") => {}
                Some(operator) if open < 2 => {
                    self.problems.add(
                        path,
                        format!("'{operator}' stands before the two conditions that it joins, and one is missing; groups need no prefix: {{\"any_of\": […]}}"),
                    );
                    return 0;
                }
                Some(_) => open -= 1,
                None => open += 1,
            }
        }
        open
    }

    /// One condition or group, as one term.
    fn term(&mut self, item: &Value, path: &str) -> Option<Vec<Value>> {
        match item {
            Value::Object(map) if is_group(map) => self.groups(map, path),
            Value::Object(map) => match as_condition(map) {
                Some(parts) => self.leaf(&parts, item, path),
                None => self.not_a_condition(item, path),
            },
            Value::Array(parts) if is_nested(parts) => {
                let terms = self.list(parts, path);
                Some(terms.grouped("all_of"))
            }
            Value::Array(parts) => self.leaf(parts, item, path),
            _ => self.not_a_condition(item, path),
        }
    }

    fn groups(&mut self, map: &Map<String, Value>, path: &str) -> Option<Vec<Value>> {
        let mut all = Terms::default();
        for (name, items) in map {
            let here = format!("{path}.{name}");
            if !GROUPS.contains(&name.as_str()) {
                self.problems.add(
                    &here,
                    "not a group of conditions; use all_of, any_of or none_of",
                );
                continue;
            }
            let terms = self.domain(items, &here);
            if terms.count == 0 && items.as_array().is_some_and(Vec::is_empty) {
                self.problems.add(&here, "the group is empty; leave it out");
                continue;
            }
            if terms.count > 0 {
                all.push(terms.grouped(name));
            }
        }
        (all.count > 0).then(|| all.grouped("all_of"))
    }

    fn not_a_condition<T>(&mut self, item: &Value, path: &str) -> Option<T> {
        self.problems.add(
            path,
            format!(
                "expected [field, operator, value], a group such as {{\"any_of\": […]}} or one of \"|\", \"&\", \"!\", got {}",
                show(item)
            ),
        );
        None
    }

    fn leaf(&mut self, parts: &[Value], item: &Value, path: &str) -> Option<Vec<Value>> {
        match parts {
            // `[1, "=", 1]` and `[0, "=", 1]` are Odoo's "always" and "never".
            [Value::Number(_), Value::String(_), Value::Number(_)] => Some(vec![json!(parts)]),
            [Value::String(field), Value::String(operator), value] => {
                self.condition(field, operator, value, path)
            }
            // Schemas of strings only cannot nest a list: the values of `in` may follow.
            [Value::String(field), Value::String(operator), values @ ..]
                if values.len() > 1
                    && as_operator(operator).is_some_and(|operator| operator.ends_with("in")) =>
            {
                self.condition(field, operator, &json!(values), path)
            }
            _ => self.not_a_condition(item, path),
        }
    }
}

/// `"|"`, also alone in a list, as schemas of lists of lists have it.
fn as_prefix(item: &Value) -> Option<&str> {
    let text = match item {
        Value::Array(parts) => match parts.as_slice() {
            [only] => only.as_str(),
            _ => None,
        },
        other => other.as_str(),
    };
    text.filter(|text| matches!(*text, "&" | "|" | "!"))
}

/// A list of conditions, not a condition.
fn is_nested(parts: &[Value]) -> bool {
    parts
        .first()
        .is_some_and(|first| first.is_array() || first.is_object() || as_prefix(first).is_some())
        && !is_condition(parts)
}

/// One condition without its outer list is a usual slip and has only one meaning.
fn is_condition(items: &[Value]) -> bool {
    items.len() == 3
        && items[0]
            .as_str()
            .is_some_and(|first| as_prefix(&json!(first)).is_none())
        && items[1].as_str().is_some_and(is_operator)
}

fn is_group(map: &Map<String, Value>) -> bool {
    map.keys().any(|key| GROUPS.contains(&key.as_str()))
}

/// `{"field": …, "operator": …, "value": …}`.
fn as_condition(map: &Map<String, Value>) -> Option<[Value; 3]> {
    let field = map.get("field")?.as_str()?;
    let operator = map.get("operator").map_or(Some("="), Value::as_str)?;
    let value = map.get("value")?;
    let is_whole = map.len() == 2 + usize::from(map.contains_key("operator"));
    is_whole.then(|| [json!(field), json!(operator), value.clone()])
}
