//! What Python says of a call that does not fit a method, in words for whoever made the call.
//!
//! Odoo hands Python's own sentence on: it counts `self`, and speaks of no ids. The forms are
//! those of Python itself (`Python/ceval.c`, `format_missing`, `too_many_positional`) and of Odoo's
//! `ensure_one`.

use crate::client::MethodCall;
use crate::error::{Error, ErrorKind};
use crate::schema::text::{clean, quoted};

/// The mistake in the call, where Odoo's error is about the signature of the called method.
pub(super) fn signature_mistake(error: &Error, call: &MethodCall) -> Option<Error> {
    if error.kind() != ErrorKind::Validation {
        return None;
    }
    let (message, hint) = explain(error.message(), call)?;
    Some(
        Error::new(ErrorKind::Validation, message)
            .with_hint(format!("{hint} Nothing was changed.")),
    )
}

fn explain(message: &str, call: &MethodCall) -> Option<(String, &'static str)> {
    let MethodCall { model, method, .. } = call;
    let line = clean(message, 600);
    if let Some(records) = line.strip_prefix("Expected singleton: ") {
        // Of another model, it is a matter inside of the method.
        records.strip_prefix(&format!("{model}("))?;
        return Some((
            format!(
                "{method} of {model} works on one record at a time, and the call has {}",
                call.ids.len()
            ),
            "Give the id of one record in \"ids\".",
        ));
    }
    let (name, what) = line.split_once("() ")?;
    let called = name.rsplit('.').next()?;
    if called != method || name.contains(' ') {
        return None;
    }
    if let Some(missing) = what.strip_prefix("missing ") {
        let (_, names) = missing.split_once(": ")?;
        return Some((
            format!(
                "{method} of {model} does not go without: {}",
                unquoted(names)
            ),
            "Give it by its name in \"kwargs\".",
        ));
    }
    if let Some(rest) = what.split("unexpected keyword argument ").nth(1) {
        let mut parts = rest.split('\'').skip(1);
        let given = quoted(parts.next()?, 60);
        let near = match parts.nth(1) {
            Some(near) => format!("; did you mean {}?", clean(near, 60)),
            None => String::new(),
        };
        return Some((
            format!("{method} of {model} has no argument {given}{near}"),
            "See what the method takes in Odoo's code, or use a tool of its own.",
        ));
    }
    if what.starts_with("takes ") && what.contains("positional argument") {
        // Python counts the records among them.
        let most: i64 = what
            .split(" positional")
            .next()?
            .rsplit(' ')
            .next()?
            .parse()
            .ok()?;
        return Some((
            format!(
                "{method} of {model} takes {} positional arguments, and the call has {}",
                (most - 1).max(0),
                call.args.len()
            ),
            "The records come from \"ids\"; give the others by their names in \"kwargs\".",
        ));
    }
    if what.starts_with("got multiple values for argument ") {
        let given = quoted(what.split('\'').nth(1)?, 60);
        return Some((
            format!("{method} of {model} is given its argument {given} twice"),
            "Give it in \"args\" or in \"kwargs\".",
        ));
    }
    None
}

/// `'fields' and 'groupby'` → `fields and groupby`.
fn unquoted(names: &str) -> String {
    clean(&names.replace('\'', ""), 200)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(message: &str, method: &str) -> Option<String> {
        let call = MethodCall {
            ids: vec![1, 2],
            args: vec![json!(1), json!(2), json!(3)],
            ..MethodCall::new("sale.order", method)
        };
        let error = Error::new(ErrorKind::Validation, message);
        signature_mistake(&error, &call).map(|error| error.to_string())
    }

    #[test]
    fn sentences_of_python_become_ours() {
        for (message, method, says) in [
            (
                "BaseModel.read_group() missing 2 required positional arguments: 'fields' and 'groupby'",
                "read_group",
                "read_group of sale.order does not go without: fields and groupby",
            ),
            (
                "SaleOrder.copy_data() takes from 1 to 2 positional arguments but 4 were given",
                "copy_data",
                "copy_data of sale.order takes 1 positional arguments, and the call has 3",
            ),
            (
                "X.do() takes 1 positional argument but 4 were given",
                "do",
                "takes 0 positional arguments",
            ),
            (
                "Base.do() got an unexpected keyword argument 'acces_uid'. Did you mean 'access_uid'?",
                "do",
                "do of sale.order has no argument “acces_uid”; did you mean access_uid?",
            ),
            (
                "Base.do() got an unexpected keyword argument 'x'",
                "do",
                "has no argument “x”\n",
            ),
            (
                "Base.do() got multiple values for argument 'x'",
                "do",
                "is given its argument “x” twice",
            ),
            (
                "Expected singleton: sale.order(1, 2)",
                "do",
                "do of sale.order works on one record at a time, and the call has 2",
            ),
        ] {
            let said = said(message, method).unwrap_or_default();
            assert!(said.contains(says.trim_end()), "{message}: {said}");
        }
    }

    #[test]
    fn what_went_wrong_inside_of_a_method_is_not_about_the_call() {
        for message in [
            "Base._other() missing 1 required positional argument: 'x'",
            "Expected singleton: res.partner(1, 2)",
            "You cannot do() this.",
            "plain words",
        ] {
            assert_eq!(said(message, "do"), None, "{message}");
        }
    }
}
