//! Finds the one field that makes a whole read fail.
//!
//! A broken compute, or a field that the user may not read, fails the read of every field
//! with it, and Odoo does not say which field it was.

use crate::client::SearchRead;
use crate::error::{Error, ErrorKind};

use super::Odoo;

/// Names the guilty field in the error of a read, if it is one field's fault: by reading
/// halves, so about seven extra requests for a hundred fields, and only after a failure.
pub(super) async fn explain(odoo: &Odoo, search: &SearchRead, error: Error) -> Error {
    let by_field = matches!(
        error.kind(),
        ErrorKind::Server | ErrorKind::AccessDenied | ErrorKind::Validation
    );
    if !by_field || search.fields.len() < 2 {
        return error;
    }
    let mut probe = search.clone();
    probe.fields = vec!["id".to_owned()];
    if !works(odoo, &probe).await {
        return error; // not a field's fault: the domain, the order or the model's
    }
    let mut suspects = search.fields.clone();
    while suspects.len() > 1 {
        let rest = suspects.split_off(suspects.len() / 2);
        probe.fields.clone_from(&suspects);
        if works(odoo, &probe).await {
            suspects = rest;
        }
    }
    match suspects.first() {
        Some(field) => named(&search.model, field, &error),
        None => error,
    }
}

async fn works(odoo: &Odoo, search: &SearchRead) -> bool {
    let answer = odoo.client().search_read(search, odoo.context()).await;
    answer.is_ok()
}

fn named(model: &str, field: &str, cause: &Error) -> Error {
    let error = Error::new(
        cause.kind(),
        format!(
            "Odoo cannot read the field \"{field}\" of {model}: {}",
            cause.message()
        ),
    )
    .with_hint(format!(
        "`.without(F.{field})` reads the records without it."
    ));
    match cause.exception() {
        Some(exception) => error.with_exception(exception),
        None => error,
    }
}
