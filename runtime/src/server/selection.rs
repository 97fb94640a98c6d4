//! Which of the tools that exist are served: a profile, models, single tools, exclusions, and
//! `--read-only` over all of them.

use std::collections::BTreeSet;

use super::policy::ModelPolicy;
use super::profile::Profile;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::nearest;
use crate::schema::{Operation, Patterns};

/// Which of the available tools to serve.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The profile of typed tools.
    pub profile: Profile,
    /// Models whose typed tools are served whole, besides the profile's.
    pub models: Patterns,
    /// The only tools to serve, by name: in place of the profile, of `models` and of the
    /// generic tools. Empty means no such restriction.
    pub tools: Patterns,
    /// Tools to leave out, by name.
    pub exclude: Patterns,
    /// Serve only tools that change nothing, whatever else is chosen.
    pub read_only: bool,
    /// The models that are kept from assistants, by whatever tool.
    pub policy: ModelPolicy,
}

/// The names of all tools and models that exist, to say what a pattern may have meant.
#[derive(Default)]
pub(super) struct Existing {
    pub(super) tools: Vec<String>,
    pub(super) models: Vec<String>,
}

impl Selection {
    /// Whether a generic tool is served, `--read-only` aside.
    pub(super) fn chooses_generic(&self, name: &str) -> bool {
        (self.tools.is_empty() || self.tools.matches(name)) && !self.exclude.matches(name)
    }

    /// Whether a typed tool is served, `--read-only` aside.
    pub(super) fn chooses(&self, model: &str, operation: &Operation, name: &str) -> bool {
        let is_chosen = if self.tools.is_empty() {
            self.profile.includes(model, operation) || self.models.matches(model)
        } else {
            self.tools.matches(name)
        };
        is_chosen && !self.exclude.matches(name)
    }

    /// Checks that each pattern means something: one that is misspelt would quietly serve too
    /// little, or leave in what was to be left out.
    pub(super) fn check(&self, existing: &Existing) -> Result<()> {
        let models: Vec<&str> = existing.models.iter().map(String::as_str).collect();
        let tools: Vec<&str> = existing.tools.iter().map(String::as_str).collect();
        let wrong: Vec<String> = [
            ("--models", "model", &self.models, &models),
            ("--tools", "tool", &self.tools, &tools),
            ("--exclude", "tool", &self.exclude, &tools),
        ]
        .into_iter()
        .flat_map(|(option, what, patterns, names)| {
            patterns.unmatched(names).into_iter().map(move |pattern| {
                let near = near_names(pattern, names);
                format!("{option}: no {what} matches `{pattern}`{near}")
            })
        })
        .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Configuration, wrong.join("\n"));
        Err(if models.is_empty() {
            error.with_hint(
                "There are no schema files, so there are no typed tools: write them with \
                 `butopea-mcp-server gen`.",
            )
        } else {
            error.with_hint(
                "`butopea-mcp-server --profile all --list-tools` prints every tool that exists.",
            )
        })
    }
}

/// `; did you mean …?`, where a name or a pattern over names is near.
fn near_names(pattern: &str, names: &[&str]) -> String {
    let families = families(names);
    let families = families.iter().map(String::as_str);
    let mut near = if pattern.ends_with('*') {
        nearest(pattern, families)
    } else {
        Vec::new()
    };
    if near.is_empty() {
        near = nearest(pattern.trim_end_matches('*'), names.iter().copied());
    }
    if near.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", near.join(" or "))
    }
}

/// The patterns over names with the same head: `sale_order_*` of tools, `sale.*` of models.
fn families(names: &[&str]) -> BTreeSet<String> {
    let separator = |name: &str| if name.contains('.') { '.' } else { '_' };
    names
        .iter()
        .filter_map(|name| {
            let separator = separator(name);
            let (head, _) = name.rsplit_once(separator)?;
            Some(format!("{head}{separator}*"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Patterns {
        Patterns::new(texts).unwrap()
    }

    fn existing() -> Existing {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Existing {
            tools: own(&["odoo_search", "sale_order_search", "sale_order_read"]),
            models: own(&["sale.order", "res.partner"]),
        }
    }

    #[test]
    fn named_tools_are_exactly_those() {
        let selection = Selection {
            tools: patterns(&["odoo_*", "sale_order_read"]),
            models: patterns(&["res.partner"]),
            exclude: patterns(&["odoo_delete"]),
            ..Selection::default()
        };
        assert!(selection.chooses_generic("odoo_search"));
        assert!(!selection.chooses_generic("odoo_delete"));
        assert!(selection.chooses("sale.order", &Operation::Read, "sale_order_read"));
        assert!(!selection.chooses("res.partner", &Operation::Read, "res_partner_read"));
    }

    #[test]
    fn patterns_that_match_are_fine() {
        let selection = Selection {
            models: patterns(&["sale.*"]),
            tools: patterns(&["*_search"]),
            exclude: patterns(&["odoo_*"]),
            read_only: true,
            ..Selection::default()
        };
        assert!(selection.check(&existing()).is_ok());
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_met_with_the_nearest() {
        let selection = Selection {
            models: patterns(&["sale.ordr"]),
            tools: patterns(&["sale_ordr_*"]),
            exclude: patterns(&["odoo_serch", "zzz"]),
            ..Selection::default()
        };
        let error = selection.check(&existing()).unwrap_err();
        assert_eq!(
            error.message(),
            "--models: no model matches `sale.ordr`; did you mean sale.order?\n\
             --tools: no tool matches `sale_ordr_*`; did you mean sale_order_*?\n\
             --exclude: no tool matches `odoo_serch`; did you mean odoo_search?\n\
             --exclude: no tool matches `zzz`"
        );
        let error = selection.check(&Existing::default()).unwrap_err();
        assert!(
            error.hints()[0].contains("butopea-mcp-server gen"),
            "{error}"
        );
    }
}
