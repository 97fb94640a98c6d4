//! Odoo's own public methods, whose arguments are domains, fields and values: a call of one by
//! name is checked like the tool that does the same.

use serde_json::{Map, Value, json};

use super::domain::{domain_paths, prepare_domain};
use super::fields::{check_fields, check_order};
use super::grouping::{check_aggregates, check_groups};
use super::scalars::show;
use super::values::{Purpose, prepare_values, value_paths};
use super::{Known, Problems};
use crate::schema::ModelSchema;
use crate::schema::text::nearest;

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Domain,
    Fields,
    Order,
    Groups,
    Aggregates,
    NewValues,
    Values,
    /// Anything that the schema says nothing about.
    Other,
}

/// A method: its arguments in their order, and whether it does nothing without records.
struct Method {
    arguments: &'static [(&'static str, Role)],
    needs_records: bool,
}

fn method(name: &str) -> Option<Method> {
    use Role::{Aggregates, Domain, Fields, Groups, NewValues, Order, Other, Values};
    let (arguments, needs_records): (&'static [(&'static str, Role)], bool) = match name {
        "search" => (
            &[
                ("domain", Domain),
                ("offset", Other),
                ("limit", Other),
                ("order", Order),
            ],
            false,
        ),
        "search_count" => (&[("domain", Domain), ("limit", Other)], false),
        "search_read" => (
            &[
                ("domain", Domain),
                ("fields", Fields),
                ("offset", Other),
                ("limit", Other),
                ("order", Order),
            ],
            false,
        ),
        "read" => (&[("fields", Fields), ("load", Other)], true),
        "read_group" => (
            &[
                ("domain", Domain),
                ("fields", Other),
                ("groupby", Groups),
                ("offset", Other),
                ("limit", Other),
                ("orderby", Other),
                ("lazy", Other),
            ],
            false,
        ),
        "formatted_read_group" => (
            &[
                ("domain", Domain),
                ("groupby", Groups),
                ("aggregates", Aggregates),
                ("having", Other),
                ("offset", Other),
                ("limit", Other),
                ("order", Other),
            ],
            false,
        ),
        "create" => (&[("vals_list", NewValues)], false),
        "write" => (&[("vals", Values)], true),
        "unlink" => (&[], true),
        "copy" => (&[("default", Values)], true),
        "default_get" => (&[("fields", Fields)], false),
        "fields_get" => (&[("allfields", Fields), ("attributes", Other)], false),
        _ => return None,
    };
    Some(Method {
        arguments,
        needs_records,
    })
}

/// The dotted paths that the arguments cross, so that the models behind them can be fetched.
pub fn method_paths(name: &str, args: &[Value], kwargs: &Map<String, Value>) -> Vec<String> {
    let mut paths = Vec::new();
    for (role, value) in roles(name, args, kwargs) {
        match (role, value) {
            (Role::Domain, domain) => paths.extend(domain_paths(domain)),
            (Role::NewValues | Role::Values, Value::Object(values)) => {
                paths.extend(value_paths(values));
            }
            (Role::NewValues, Value::Array(records)) => {
                let records = records.iter().filter_map(Value::as_object);
                paths.extend(records.flat_map(value_paths));
            }
            (Role::Groups, groups) => {
                paths.extend(names(groups).unwrap_or_default());
            }
            _ => {}
        }
    }
    paths
}

fn roles<'a>(
    name: &str,
    args: &'a [Value],
    kwargs: &'a Map<String, Value>,
) -> Vec<(Role, &'a Value)> {
    let Some(method) = method(name) else {
        return Vec::new();
    };
    let placed = method.arguments.iter().zip(args);
    let mut roles: Vec<_> = placed.map(|((_, role), value)| (*role, value)).collect();
    for (argument, role) in method.arguments {
        if let Some(value) = kwargs.get(*argument) {
            roles.push((*role, value));
        }
    }
    roles
}

/// Checks the arguments of a method and brings them into Odoo's form. Those of methods that
/// are not known here stay as they are.
pub fn prepare_method(
    model: &ModelSchema,
    name: &str,
    has_records: bool,
    (args, kwargs): (&mut [Value], &mut Map<String, Value>),
    known: &Known<'_>,
    problems: &mut Problems,
) {
    let Some(method) = method(name) else {
        return;
    };
    if method.needs_records && !has_records {
        problems.add(
            "ids",
            format!("{name} does nothing without the ids of records"),
        );
    }
    if args.len() > method.arguments.len() {
        problems.add(
            "args",
            format!(
                "{name} takes {} positional arguments, not {}",
                method.arguments.len(),
                args.len()
            ),
        );
    }
    check_keywords(name, &method, kwargs, problems);
    let begins_with_domain = matches!(method.arguments.first(), Some((_, Role::Domain)));
    if begins_with_domain && args.is_empty() && !kwargs.contains_key("domain") {
        // Most of these methods do not go without; all records are meant.
        kwargs.insert("domain".to_owned(), json!([]));
    }
    let mut checker = Checker {
        model,
        known,
        problems,
    };
    for (index, value) in args.iter_mut().enumerate() {
        if let Some((_, role)) = method.arguments.get(index) {
            checker.argument(*role, value, &format!("args[{index}]"));
        }
    }
    for (argument, role) in method.arguments {
        if let Some(value) = kwargs.get_mut(*argument) {
            checker.argument(*role, value, &format!("kwargs.{argument}"));
        }
    }
}

/// A named argument that is nearly one of the method's own. Others may be of the model.
fn check_keywords(
    name: &str,
    method: &Method,
    kwargs: &Map<String, Value>,
    problems: &mut Problems,
) {
    let known: Vec<&str> = method.arguments.iter().map(|(name, _)| *name).collect();
    for given in kwargs.keys() {
        if known.contains(&given.as_str()) || given == "context" {
            continue;
        }
        if let Some(near) = nearest(given, known.iter().copied()).first() {
            problems.add(
                &format!("kwargs.{given}"),
                format!("{name} has no such argument; did you mean {near}?"),
            );
        }
    }
}

struct Checker<'a, 'p> {
    model: &'a ModelSchema,
    known: &'a Known<'a>,
    problems: &'p mut Problems,
}

impl Checker<'_, '_> {
    fn argument(&mut self, role: Role, value: &mut Value, path: &str) {
        let (model, known) = (self.model, self.known);
        match role {
            Role::Other => {}
            Role::Domain if value.is_null() => *value = json!([]),
            Role::Domain => {
                *value = prepare_domain(model, value, path, known, self.problems);
            }
            Role::Fields => {
                if let Some(names) = self.names(value, path) {
                    check_fields(model, &names, path, self.problems);
                }
            }
            Role::Order => match value.as_str() {
                Some("") => {}
                Some(order) => check_order(model, order, path, self.problems),
                None => self.expect(value, "text such as \"name desc\"", path),
            },
            Role::Groups => {
                if let Some(names) = self.names(value, path) {
                    check_groups(model, &names, path, known, self.problems);
                }
            }
            Role::Aggregates => {
                if let Some(names) = self.names(value, path) {
                    check_aggregates(model, &names, path, self.problems);
                }
            }
            Role::NewValues => self.new_records(value, path),
            Role::Values => self.values(value, Purpose::Update, path),
        }
    }

    fn new_records(&mut self, value: &mut Value, path: &str) {
        match value {
            Value::Array(records) => {
                for (index, record) in records.iter_mut().enumerate() {
                    self.values(record, Purpose::Create, &format!("{path}[{index}]"));
                }
            }
            record => self.values(record, Purpose::Create, path),
        }
    }

    fn values(&mut self, value: &mut Value, purpose: Purpose, path: &str) {
        match value {
            Value::Null => {}
            Value::Object(values) => {
                let prepared =
                    prepare_values(self.model, values, purpose, path, self.known, self.problems);
                *values = prepared;
            }
            other => self.expect(other, "an object of field names and values", path),
        }
    }

    fn names(&mut self, value: &Value, path: &str) -> Option<Vec<String>> {
        if matches!(value, Value::Null | Value::Bool(false)) {
            return None;
        }
        let found = names(value);
        if found.is_none() {
            self.expect(value, "a list of field names", path);
        }
        found
    }

    fn expect(&mut self, value: &Value, what: &str, path: &str) {
        if !matches!(value, Value::Null | Value::Bool(false)) {
            self.problems
                .add(path, format!("expected {what}, got {}", show(value)));
        }
    }
}

fn names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}
