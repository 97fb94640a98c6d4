//! Odoo's own public methods, whose arguments are domains, fields and values: a call of one by
//! name is checked like the tool that does the same.

use serde_json::{Map, Value, json};

use super::domain::{domain_paths, prepare_domain};
use super::fields::{check_fields, check_order};
use super::grouping::{check_aggregates, check_groups};
use super::references::prepare_record;
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
    /// Plain text.
    Text,
    /// A list of records of this model, by id or name.
    Records(&'static str),
    /// Anything that the schema says nothing about.
    Other,
}

/// A method: its arguments in their order, and whether it does nothing without records.
struct Method {
    arguments: &'static [(&'static str, Role)],
    needs_records: bool,
}

impl Method {
    /// Whether the arguments have to be named.
    fn takes_names_only(name: &str) -> bool {
        name == "message_post"
    }

    /// The arguments that Odoo does not go without, beside a domain, which stands for all.
    fn required(name: &str) -> &'static [&'static str] {
        match name {
            "read_group" => &["fields", "groupby"],
            "create" => &["vals_list"],
            "write" => &["vals"],
            "web_save" => &["vals", "specification"],
            "name_create" => &["name"],
            "default_get" => &["fields"],
            "export_data" => &["fields_to_export"],
            _ => &[],
        }
    }
}

/// The methods that are checked here, for suggestions.
pub const METHODS: [&str; 21] = [
    "search",
    "search_count",
    "search_read",
    "read",
    "read_group",
    "formatted_read_group",
    "create",
    "write",
    "unlink",
    "copy",
    "copy_data",
    "default_get",
    "fields_get",
    "name_search",
    "name_create",
    "action_archive",
    "action_unarchive",
    "toggle_active",
    "message_post",
    "export_data",
    "web_save",
];

/// The signatures of `odoo/orm/models.py` (19; `odoo/models.py` before), of
/// `addons/web/models/models.py` and of `addons/mail/models/mail_thread.py`.
#[allow(clippy::too_many_lines)] // a table
fn method(name: &str) -> Option<Method> {
    use Role::{
        Aggregates, Domain, Fields, Groups, NewValues, Order, Other, Records, Text, Values,
    };
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
        "copy" | "copy_data" => (&[("default", Values)], true),
        "web_save" => (
            &[
                ("vals", Values),
                ("specification", Other),
                ("next_id", Other),
            ],
            false,
        ),
        "name_create" => (&[("name", Text)], false),
        // The domain is called `args` up to 18.0.
        "name_search" => (
            &[
                ("name", Text),
                ("domain", Domain),
                ("operator", Other),
                ("limit", Other),
                ("args", Domain),
            ],
            false,
        ),
        "unlink" | "action_archive" | "action_unarchive" | "toggle_active" => (&[], true),
        "export_data" => (&[("fields_to_export", Other)], true),
        "message_post" => (
            &[
                ("body", Text),
                ("subject", Text),
                ("message_type", Text),
                ("subtype_xmlid", Text),
                ("partner_ids", Records("res.partner")),
                ("attachment_ids", Records("ir.attachment")),
                ("email_from", Other),
                ("author_id", Other),
                ("parent_id", Other),
                ("subtype_id", Other),
                ("attachments", Other),
                ("body_is_html", Other),
            ],
            true,
        ),
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

/// The values that a method writes, each with its place in the call, and whether they are those
/// of a record that exists.
pub fn method_records<'a>(
    name: &str,
    args: &'a mut [Value],
    kwargs: &'a mut Map<String, Value>,
) -> Vec<(String, &'a mut Map<String, Value>)> {
    let Some(method) = method(name) else {
        return Vec::new();
    };
    let role = |argument: &str| {
        let found = method.arguments.iter().find(|(name, _)| *name == argument);
        found.map(|(_, role)| *role)
    };
    let placed = method.arguments.iter().zip(args.iter_mut()).enumerate();
    let mut given: Vec<(String, Role, &mut Value)> = placed
        .map(|(index, ((_, role), value))| (format!("args[{index}]"), *role, value))
        .collect();
    for (argument, value) in kwargs.iter_mut() {
        if let Some(role) = role(argument) {
            given.push((format!("kwargs.{argument}"), role, value));
        }
    }
    let mut records = Vec::new();
    for (path, role, value) in given {
        match (role, value) {
            (Role::NewValues | Role::Values, Value::Object(values)) => records.push((path, values)),
            (Role::NewValues, Value::Array(several)) => {
                for (index, one) in several.iter_mut().enumerate() {
                    if let Value::Object(values) = one {
                        records.push((format!("{path}[{index}]"), values));
                    }
                }
            }
            _ => {}
        }
    }
    records
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
    check_count(name, &method, args, kwargs, problems);
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

/// How many arguments there are, and whether one is missing or given twice.
fn check_count(
    name: &str,
    method: &Method,
    args: &[Value],
    kwargs: &Map<String, Value>,
    problems: &mut Problems,
) {
    let takes = if Method::takes_names_only(name) {
        0
    } else {
        method.arguments.len()
    };
    if args.len() > takes {
        let names: Vec<&str> = method.arguments.iter().map(|(name, _)| *name).collect();
        let advice = match (takes, names.is_empty()) {
            (0, false) => format!("; name them in kwargs: {}", names.join(", ")),
            (_, true) => String::new(),
            _ => format!(": {}", names.join(", ")),
        };
        problems.add(
            "args",
            format!(
                "{name} takes {takes} positional arguments, not {}{advice}",
                args.len()
            ),
        );
    }
    for (index, (argument, _)) in method.arguments.iter().enumerate() {
        let is_placed = index < args.len().min(takes);
        if is_placed && kwargs.contains_key(*argument) {
            problems.add(
                &format!("kwargs.{argument}"),
                format!("{name} has this argument already: it is args[{index}]"),
            );
        }
        if !is_placed
            && Method::required(name).contains(argument)
            && !kwargs.contains_key(*argument)
        {
            problems.add(
                &format!("kwargs.{argument}"),
                format!("{name} does not go without this argument"),
            );
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
            Role::Text if value.is_string() => {}
            Role::Text => self.expect(value, "text", path),
            Role::Records(model) => self.records(model, value, path),
        }
    }

    /// Ids and names, also a single one, as a list of ids.
    fn records(&mut self, model: &str, value: &mut Value, path: &str) {
        let items = match value.take() {
            Value::Array(items) => items,
            Value::Null | Value::Bool(false) => Vec::new(),
            single => vec![single],
        };
        if items.iter().any(Value::is_array) {
            // Odoo's commands are passed on.
            *value = Value::Array(items);
            return;
        }
        let ids = items.iter().enumerate().filter_map(|(index, item)| {
            let path = format!("{path}[{index}]");
            prepare_record(Some(model), item, &path, self.known, self.problems)
        });
        *value = Value::Array(ids.collect());
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
