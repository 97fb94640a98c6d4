//! Odoo's exceptions, mapped to the taxonomy of [`crate::error`].
//!
//! The JSON-RPC error of an Odoo route holds the Python class in `data.name` and the text for
//! the user in `data.message` (`odoo/http.py`, `serialize_exception`). `data.debug` is a stack
//! trace and is never passed on.
//!
//! PostgreSQL ends a statement when its time is up, when an administrator wants it, and when
//! we have asked for it; all three look the same here. [`super::cancel`] knows the last one.

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::schema::text::{clean, shorten, visible};

/// The longest message of Odoo that is passed on: it may have the whole value that it refuses.
const MAX_MESSAGE: usize = 2000;

/// A statement that PostgreSQL has ended; the driver has it under two names.
const STOPPED: [&str; 2] = ["QueryCanceled", "QueryCanceledError"];

/// What comes of it where code of Odoo goes on after it all the same.
const AFTER_STOPPED: &str = "InFailedSqlTransaction";

/// What helps against the administrator's settings.
const CLOSED_BY_POLICY: &str = "An Odoo administrator decides what MCP may do, whatever rights \
    the user has (Settings → MCP in Odoo). Do not try to work around it: the user can ask them, \
    or do this in Odoo itself.";

/// What is said of an error that says nothing.
const UNEXPLAINED: &str = "Odoo failed without a word on the cause";

/// The program that makes PDF documents is named in Odoo's message in every language
/// (`base/models/ir_actions_report.py`, `_render_qweb_pdf_prepare_streams`).
const NO_DOCUMENTS: &str = "This Odoo makes no PDF documents, and what needs one does not go on: \
                            an administrator installs wkhtmltopdf on the machine of Odoo.";

/// What an Odoo error object means.
pub(super) fn from_rpc_error(error: &Value) -> Error {
    let data = error.get("data").unwrap_or(&Value::Null);
    // The message may quote a record, in which anybody hides what a person does not see.
    let text = |value: &Value, key: &str| {
        let text = visible(value.get(key)?.as_str()?);
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let exception = text(data, "name").unwrap_or_default();
    let message = text(data, "message")
        .or_else(|| text(error, "message"))
        .or_else(|| Some(exception.clone()).filter(|name| !name.is_empty()))
        .unwrap_or_else(|| UNEXPLAINED.to_owned());
    let code = error.get("code").and_then(Value::as_i64).unwrap_or(0);
    let kind = classify(&exception, &message, code);
    if STOPPED.contains(&class_of(&exception))
        || (kind == ErrorKind::Server && is_caused_by_a_stop(data))
    {
        return stopped(&message);
    }
    let message = present(kind, &exception, shorten(&visible(&message), MAX_MESSAGE));
    let mut fault = Error::new(kind, message)
        .with_exception(exception)
        .in_words_of_odoo();
    if is_closed_by_policy(data) {
        return fault.with_hint(CLOSED_BY_POLICY);
    }
    for hint in hints(kind, fault.message()) {
        fault = fault.with_hint(hint);
    }
    if fault.message().to_lowercase().contains("wkhtmltopdf") {
        fault = fault.with_hint(NO_DOCUMENTS);
    }
    match failed_record(data) {
        Some((index, id)) => fault.with_failed_record(index, id),
        None => fault,
    }
}

/// Whether it is not the user's rights that are missing, but the administrator's settings for
/// MCP that refuse the call: our module says so beside the error.
fn is_closed_by_policy(data: &Value) -> bool {
    data.get("context")
        .is_some_and(|context| context["butopea_mcp_policy"].is_object())
}

/// Which record of several our module found to be the one that fails.
fn failed_record(data: &Value) -> Option<(usize, Option<i64>)> {
    let found = data.get("context")?.get("butopea_mcp_failed")?;
    let index = usize::try_from(found.get("index")?.as_u64()?).ok()?;
    Some((index, found.get("id").and_then(Value::as_i64)))
}

/// Whether a call failed because PostgreSQL has ended one of its statements.
pub(super) fn is_of_a_stopped_statement(error: &Error) -> bool {
    error.exception().is_some_and(|exception| {
        let class = class_of(exception);
        STOPPED.contains(&class) || class == AFTER_STOPPED
    })
}

/// Code that wraps exceptions in its own, such as that of reports, leaves the cause in the trace.
fn is_caused_by_a_stop(data: &Value) -> bool {
    let trace = data.get("debug").and_then(Value::as_str);
    trace.is_some_and(|trace| STOPPED.iter().any(|name| trace.contains(name)))
}

fn stopped(message: &str) -> Error {
    let first = message.lines().next().unwrap_or_default();
    Error::new(
        ErrorKind::Server,
        format!(
            "the database ended this call, and Odoo has undone it: it took longer than the \
             database allows, or somebody ended it there ({})",
            clean(first, 200)
        ),
    )
    .with_exception(format!("psycopg2.errors.{}", STOPPED[0]))
    .with_hint("Ask for less at once, for instance by a narrower search.")
}

/// What the older module's `{"error": "…"}` inside a result means.
pub(super) fn from_error_text(text: &str) -> Error {
    let kind = classify("", text, 0);
    let kind = if kind == ErrorKind::Server {
        ErrorKind::Validation
    } else {
        kind
    };
    let text = visible(text);
    let message = match text.trim() {
        "" => UNEXPLAINED,
        message => message,
    };
    Error::new(kind, shorten(message, MAX_MESSAGE)).in_words_of_odoo()
}

fn class_of(exception: &str) -> &str {
    exception.rsplit('.').next().unwrap_or(exception)
}

fn classify(exception: &str, message: &str, code: i64) -> ErrorKind {
    match class_of(exception) {
        "SessionExpiredException" => ErrorKind::SessionExpired,
        "AccessDenied" => ErrorKind::Authentication,
        "AccessError" if is_private_method(message) => ErrorKind::UnknownMethod,
        "AccessError" | "Forbidden" => ErrorKind::AccessDenied,
        "MissingError" => ErrorKind::MissingRecord,
        "NotFound" => ErrorKind::UnknownModel,
        // The database went away, or all connections to it that Odoo may have (`db_maxconn`) are in
        // use; psycopg2 has classes of their own for all that Odoo repeats.
        "OperationalError" | "InterfaceError" | "AdminShutdown" | "CrashShutdown"
        | "CannotConnectNow" | "PoolError" => ErrorKind::Unreachable,
        "TooManyRequests" => ErrorKind::RateLimited,
        "RequestEntityTooLarge" => ErrorKind::TooLarge,
        "SerializationFailure"
        | "LockNotAvailable"
        | "DeadlockDetected"
        | "ConcurrencyError"
        | "TransactionRollbackError" => ErrorKind::Conflict,
        "ValidationError"
        | "UserError"
        | "RedirectWarning"
        | "IntegrityError"
        | "NotNullViolation"
        | "UniqueViolation"
        | "ForeignKeyViolation"
        | "CheckViolation"
        | "InvalidTextRepresentation"
        | "NumericValueOutOfRange"
        | "DataError"
        | "ValueError"
        | "KeyError"
        | "TypeError"
        | "AssertionError" => ErrorKind::Validation,
        "AttributeError" if names_no_method(message) => ErrorKind::UnknownMethod,
        _ if code == 100 => ErrorKind::SessionExpired,
        _ if is_private_method(message) => ErrorKind::UnknownMethod,
        _ => ErrorKind::Server,
    }
}

/// Odoo's refusals of private methods: `check_method_name` (16, 17) and `get_public_method`
/// (18, 19) both raise an `AccessError` of this wording.
fn is_private_method(message: &str) -> bool {
    message.contains("Private methods") || message.contains("is private")
}

/// Python's own wording (16, 17), and that of `get_public_method` (18, 19).
fn names_no_method(message: &str) -> bool {
    message.contains("object has no attribute")
        || (message.contains("The method") && message.contains("does not exist"))
}

/// Python's own exceptions say little without their class (`KeyError: 'x'` is just `'x'`).
fn present(kind: ErrorKind, exception: &str, message: String) -> String {
    let class = class_of(exception);
    match class {
        "KeyError" => format!("Odoo does not know {message}"),
        _ if kind == ErrorKind::Server && !class.is_empty() => {
            format!("Odoo failed with {class}: {message}")
        }
        _ => message,
    }
}

fn hints(kind: ErrorKind, message: &str) -> Vec<&'static str> {
    match kind {
        ErrorKind::Authentication => vec![
            "Check ODOO_USERNAME and ODOO_PASSWORD, or ODOO_API_KEY: the key must be valid and of scope \"rpc\" (Preferences → Account Security → New API Key).",
        ],
        ErrorKind::AccessDenied => vec![
            "The signed-in user has no right to do this in Odoo; an Odoo administrator can grant it. Do not try to work around it.",
        ],
        // Words of our module (`addons/butopea_mcp/models/mcp_action.py`).
        ErrorKind::MissingRecord if message.starts_with("The action ") => {
            vec!["odoo_read of one record lists its buttons and the entries of its action menu."]
        }
        ErrorKind::MissingRecord => {
            vec!["Search for the record again: it was deleted, or its id is wrong."]
        }
        ErrorKind::RateLimited => vec![
            "Wait for as long as it says, and ask for more records with each call rather than calling more often.",
        ],
        ErrorKind::TooLarge => vec!["Send less at once, in several calls."],
        ErrorKind::Unreachable => vec!["Odoo cannot reach its database for the moment; try again."],
        ErrorKind::Conflict => vec!["Another user changed the same record; try again."],
        _ if message.contains("Invalid language code") => {
            vec!["Set PREFERRED_LANG to a language that is installed in Odoo, such as en_US."]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind_of(name: &str, message: &str) -> ErrorKind {
        from_rpc_error(&json!({
            "code": 200,
            "message": "Odoo Server Error",
            "data": {"name": name, "message": message, "debug": "Traceback (most recent call last)"}
        }))
        .kind()
    }

    #[test]
    fn a_missing_action_is_no_missing_record() {
        let hints = |message: &str| {
            let data = json!({"name": "odoo.exceptions.MissingError", "message": message});
            let error = from_rpc_error(&json!({"code": 200, "data": data}));
            error.hints().join(" ")
        };
        assert!(hints("The action 'sale.nothing' does not exist.").contains("lists its buttons"));
        assert!(hints("Record does not exist or has been deleted.").contains("Search for"));
    }

    #[test]
    fn what_makes_no_documents_is_named_with_its_mend() {
        let error = |message: &str| {
            let data = json!({"name": "odoo.exceptions.UserError", "message": message});
            from_rpc_error(&json!({"code": 200, "data": data}))
        };
        let missing = error("Wkhtmltopdf est introuvable sur ce système.");
        assert!(missing.hints().iter().any(|hint| hint == NO_DOCUMENTS));
        assert!(
            !error("Not today.")
                .hints()
                .iter()
                .any(|hint| hint == NO_DOCUMENTS)
        );
    }

    #[test]
    fn exceptions_map_to_kinds() {
        for (name, message, kind) in [
            (
                "odoo.http.SessionExpiredException",
                "Session expired",
                ErrorKind::SessionExpired,
            ),
            (
                "odoo.exceptions.AccessDenied",
                "Access Denied",
                ErrorKind::Authentication,
            ),
            (
                "odoo.exceptions.AccessError",
                "You are not allowed",
                ErrorKind::AccessDenied,
            ),
            (
                "odoo.exceptions.AccessError",
                "Private methods (such as 'res.partner._write') cannot be called remotely.",
                ErrorKind::UnknownMethod,
            ),
            (
                "odoo.exceptions.MissingError",
                "Record does not exist",
                ErrorKind::MissingRecord,
            ),
            (
                "odoo.exceptions.ValidationError",
                "Missing required value",
                ErrorKind::Validation,
            ),
            (
                "psycopg2.errors.SerializationFailure",
                "could not serialize",
                ErrorKind::Conflict,
            ),
            (
                "psycopg2.errors.AdminShutdown",
                "terminating connection due to administrator command",
                ErrorKind::Unreachable,
            ),
            (
                "psycopg2.pool.PoolError",
                "The Connection Pool Is Full",
                ErrorKind::Unreachable,
            ),
            (
                "builtins.ZeroDivisionError",
                "division by zero",
                ErrorKind::Server,
            ),
        ] {
            assert_eq!(kind_of(name, message), kind, "{name}");
        }
    }

    #[test]
    fn a_statement_that_was_ended_is_known_by_its_cause() {
        let fault = |name: &str, message: &str, debug: &str| {
            from_rpc_error(&json!({
                "message": "Odoo Server Error",
                "data": {"name": name, "message": message, "debug": debug}
            }))
        };
        let text = "canceling statement due to statement timeout\nCONTEXT: x";
        let plain = fault("psycopg2.errors.QueryCanceled", text, "");
        let wrapped = fault(
            "odoo.addons.base.models.ir_qweb.QWebException",
            text,
            "psycopg2.errors.QueryCanceled: canceling\n\nThe above exception was the direct cause",
        );
        for error in [plain, wrapped] {
            assert!(is_of_a_stopped_statement(&error), "{error:?}");
            assert_eq!(error.kind(), ErrorKind::Server);
            assert!(error.message().contains("undone"), "{error}");
            assert!(error.message().contains("statement timeout)"), "{error}");
            assert!(!error.message().contains("CONTEXT"), "{error}");
        }
        let handled = fault(
            "odoo.exceptions.UserError",
            "The bank does not answer.",
            "psycopg2.errors.QueryCanceled: canceling",
        );
        assert_eq!(handled.kind(), ErrorKind::Validation);
        assert!(!is_of_a_stopped_statement(&handled));
    }

    #[test]
    fn settings_of_the_administrator_are_no_missing_rights() {
        let hints_of = |context: Value| {
            from_rpc_error(&json!({
                "message": "Odoo Server Error",
                "data": {"name": "odoo.exceptions.AccessError", "message": "closed",
                         "context": context}
            }))
            .to_string()
        };
        let closed = hints_of(json!({"butopea_mcp_policy": {"model": "ir.cron"}}));
        assert!(closed.contains("administrator decides"), "{closed}");
        assert!(!closed.contains("has no right"), "{closed}");
        assert!(hints_of(json!({})).contains("has no right"));
        assert_eq!(
            kind_of(
                "werkzeug.exceptions.TooManyRequests",
                "Call again in 3 seconds."
            ),
            ErrorKind::RateLimited
        );
        assert_eq!(
            kind_of(
                "werkzeug.exceptions.RequestEntityTooLarge",
                "larger than 1 MiB"
            ),
            ErrorKind::TooLarge
        );
        assert!(ErrorKind::RateLimited.is_transient());
    }

    #[test]
    fn an_error_that_says_nothing_is_told_as_such() {
        for error in [
            json!({}),
            json!({"data": []}),
            json!({"data": {"message": " \u{200B}"}}),
        ] {
            assert_eq!(from_rpc_error(&error).message(), UNEXPLAINED, "{error}");
        }
        assert_eq!(from_error_text(" ").message(), UNEXPLAINED);
    }

    #[test]
    fn nothing_is_hidden_in_a_message() {
        let hidden = "No stock of \u{E0068}\u{E0069}Desk\u{200B}\u{202E}";
        let error = from_rpc_error(&json!({
            "data": {"name": "odoo.exceptions.UserError", "message": hidden}
        }));
        assert_eq!(error.message(), "No stock of Desk");
        assert_eq!(from_error_text(hidden).message(), "No stock of Desk");
    }

    #[test]
    fn a_stack_trace_is_never_shown() {
        let error = from_rpc_error(&json!({
            "message": "Odoo Server Error",
            "data": {"name": "builtins.ZeroDivisionError", "message": "division by zero",
                     "debug": "Traceback (most recent call last)"}
        }));
        assert!(!error.to_string().contains("Traceback"), "{error}");
        assert!(error.to_string().contains("ZeroDivisionError"), "{error}");
    }
}
