//! Which models this server keeps from assistants, whatever their user may do in Odoo.
//!
//! On the data's way: schema files → [`catalogue`](super::catalogue) (no typed tools of closed
//! models) → call → **policy** → Odoo. It is asked in three places. The connection asks before
//! each request that names a model ([`ModelGuard`]), so no tool, resource, prompt or completion
//! can forget it. `crossing` looks at what a call reaches from an open model: dotted paths and
//! nested fields, lines of x2many fields. `owner` looks at records that belong to a record of
//! any model, such as attachments and messages.
//!
//! The module in Odoo has rules of its own for this (`addons/butopea_mcp/data/mcp_rule.xml`);
//! the defaults here follow them, so that they hold for an older module, too.

mod crossing;
mod defaults;
mod owner;

use std::sync::Arc;

pub(super) use crossing::Crossings;

use crate::client::ModelGuard;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Access, Operation, Patterns};
use defaults::{CLOSED, ONLY_READ};

/// What stands behind a pattern that closes a model to changes alone.
const CHANGES: &str = ":change";

/// Which models are closed, and which may be read only. Cheap to clone. The `Default` closes
/// nothing: [`ModelPolicy::new`] begins with what is closed without any option.
#[derive(Debug, Clone, Default)]
pub struct ModelPolicy(Arc<Lists>);

#[derive(Debug, Default)]
struct Lists {
    /// Models that nothing touches.
    closed: Patterns,
    /// Models that may be read.
    only_read: Patterns,
    /// Models that are open whatever the others say.
    opened: Patterns,
}

impl ModelPolicy {
    /// The defaults and these patterns: `deny` closes models (`hr.*`), or with `:change` behind
    /// the pattern only what changes them (`hr.*:change`); what `allow` names is open, whatever
    /// else closes it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] naming a pattern that cannot be read.
    pub fn new<T: AsRef<str>>(deny: &[T], allow: &[T]) -> Result<Self> {
        let mut closed: Vec<&str> = CLOSED.iter().map(|(pattern, _)| *pattern).collect();
        let mut only_read: Vec<&str> = ONLY_READ.iter().map(|(pattern, _)| *pattern).collect();
        for pattern in deny.iter().map(|pattern| pattern.as_ref().trim()) {
            match pattern.strip_suffix(CHANGES) {
                Some(pattern) => only_read.push(checked(pattern, "--deny-models")?),
                None => closed.push(checked(pattern, "--deny-models")?),
            }
        }
        let mut opened = Vec::new();
        for pattern in allow.iter().map(|pattern| pattern.as_ref().trim()) {
            opened.push(checked(pattern, "--allow-models")?);
        }
        Ok(Self(Arc::new(Lists {
            closed: Patterns::new(closed)?,
            only_read: Patterns::new(only_read)?,
            opened: Patterns::new(opened)?,
        })))
    }

    /// Whether a model may be read.
    pub(super) fn may_read(&self, model: &str) -> bool {
        !self.0.closed.matches(model) || self.0.opened.matches(model)
    }

    /// Whether a model may be changed.
    pub(super) fn may_change(&self, model: &str) -> bool {
        self.may_read(model) && (!self.0.only_read.matches(model) || self.0.opened.matches(model))
    }

    /// Takes the rights to change a model away, where it may be read only.
    pub(super) fn limit(&self, model: &str, access: &mut Access) {
        if !self.may_change(model) {
            (access.create, access.write, access.unlink) = (false, false, false);
        }
    }

    /// Whether an operation of a model is open.
    pub(super) fn may(&self, model: &str, operation: &Operation) -> bool {
        if operation.is_read_only() {
            self.may_read(model)
        } else {
            self.may_change(model)
        }
    }

    /// The models that are closed by name, or by a pattern and among these.
    pub(super) fn closed_among<'a>(&self, models: impl Iterator<Item = &'a str>) -> Vec<String> {
        let named = self.0.closed.names().filter(|name| !self.may_read(name));
        let mut found: Vec<String> = named.map(str::to_owned).collect();
        found.extend(
            models
                .filter(|name| !self.may_read(name))
                .map(str::to_owned),
        );
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Lets a model be read, or says why not.
    pub(super) fn admit(&self, model: &str) -> Result<()> {
        if self.may_read(model) {
            Ok(())
        } else {
            Err(closed(model))
        }
    }

    /// Lets a model be changed, or says why not.
    pub(super) fn admit_change(&self, model: &str) -> Result<()> {
        self.admit(model)?;
        if self.may_change(model) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::AccessDenied,
            format!("this server lets the model \"{model}\" be read, and not be changed"),
        )
        .with_hint(opens(model)))
    }
}

impl ModelGuard for ModelPolicy {
    fn admit_read(&self, model: &str) -> Result<()> {
        self.admit(model)
    }

    fn admit_call(&self, model: &str, method: &str) -> Result<()> {
        if super::consent::is_reading(method) {
            self.admit(model)
        } else {
            self.admit_change(model)
        }
    }
}

/// The refusal of a closed model.
fn closed(model: &str) -> Error {
    Error::new(
        ErrorKind::AccessDenied,
        format!("this server keeps the model \"{model}\" from assistants"),
    )
    .with_hint(opens(model))
}

/// What opens a model.
fn opens(model: &str) -> String {
    format!(
        "Whoever set the server up decides this (--allow-models {model} or ODOO_ALLOW_MODELS opens it); do not look for a way around it."
    )
}

/// A pattern over models; a colon is part of none.
fn checked<'a>(pattern: &'a str, option: &str) -> Result<&'a str> {
    if pattern.contains(':') {
        return Err(Error::new(
            ErrorKind::Configuration,
            format!("{option}: `{pattern}` is no pattern of models"),
        )
        .with_hint(
            "Write --deny-models 'hr.*' to close models, --deny-models 'hr.*:change' to let them be read only, and --allow-models 'hr.department' to open one.",
        ));
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(deny: &[&str], allow: &[&str]) -> ModelPolicy {
        ModelPolicy::new(deny, allow).unwrap()
    }

    #[test]
    fn secrets_are_closed_without_any_option() {
        let policy = policy(&[], &[]);
        for model in [
            "ir.config_parameter",
            "res.users.apikeys",
            "res.users.apikeys.description",
            "auth_totp.device",
            "butopea.mcp.rule",
        ] {
            let error = policy.admit(model).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AccessDenied);
            let hint = error.hints().join(" ");
            assert!(hint.contains(&format!("--allow-models {model}")), "{hint}");
        }
        assert!(policy.admit("res.users").is_ok());
        assert!(policy.admit_change("res.partner").is_ok());
    }

    #[test]
    fn rights_and_code_may_be_read_and_not_changed() {
        let policy = policy(&[], &[]);
        for model in [
            "ir.rule",
            "ir.cron",
            "ir.actions.server",
            "base.module.update",
        ] {
            assert!(policy.admit(model).is_ok(), "{model}");
            assert!(policy.admit_change(model).is_err(), "{model}");
            assert!(policy.admit_call(model, "search_read").is_ok(), "{model}");
            assert!(policy.admit_call(model, "run").is_err(), "{model}");
        }
    }

    #[test]
    fn an_administrator_closes_more_and_opens_again() {
        let policy = policy(&["hr.*", "sale.*:change"], &["hr.department", "ir.cron"]);
        assert!(!policy.may_read("hr.employee"));
        assert!(policy.may_change("hr.department"));
        assert!(policy.may_read("sale.order") && !policy.may_change("sale.order"));
        assert!(policy.may_change("ir.cron"));
        assert!(policy.may("sale.order", &Operation::Search));
        assert!(!policy.may("sale.order", &Operation::Action("action_confirm".into())));
    }

    #[test]
    fn a_pattern_that_cannot_be_meant_is_refused() {
        for (deny, allow) in [("a.b:write", "c"), ("a{", "c"), ("a", "b:change")] {
            let error = ModelPolicy::new(&[deny], &[allow]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{deny} {allow}");
        }
    }

    #[test]
    fn closed_names_are_those_of_patterns_that_exist() {
        let policy = policy(&["hr.*"], &["ir.mail_server"]);
        let names = policy.closed_among(["hr.employee", "res.partner"].into_iter());
        assert!(names.contains(&"hr.employee".to_owned()));
        assert!(names.contains(&"ir.config_parameter".to_owned()));
        assert!(!names.contains(&"res.partner".to_owned()));
        assert!(!names.contains(&"ir.mail_server".to_owned()));
    }
}
