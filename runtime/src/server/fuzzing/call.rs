//! A tool call as the corpus of calls has it, one JSON object:
//! `{"tool": "odoo_search", "arguments": {"model": "res.partner", …}}`.

use std::sync::Arc;

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::fuzzing::World;
use crate::schema::validate::names::{Candidate, NameBook, NameMatch, Wanted};
use crate::schema::validate::{Findings, Known, Problems};
use crate::schema::{ModelSchema, Operation};
use crate::server::args::Arguments;
use crate::server::dispatch::typed_arguments;
use crate::server::generic::GenericTool;

/// What a tool does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Typed(Operation),
    Generic(GenericTool),
}

/// A call whose tool and model are known.
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) model: Arc<ModelSchema>,
    pub(super) args: Arguments,
    /// As they were given.
    pub(super) given: Map<String, Value>,
}

impl Call {
    /// Reads a call; `None` for what is none, or is about a model without a schema file.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let call: Value = serde_json::from_slice(data).ok()?;
        let tool = call.get("tool")?.as_str()?;
        let given = call.get("arguments")?.as_object()?.clone();
        let world = World::get();
        if let Some((model, operation)) = world.tool(tool) {
            let known = typed_arguments(operation);
            return Some(Self {
                kind: Kind::Typed(operation.clone()),
                model: world.model(model)?,
                args: Arguments::new(tool, Some(given.clone()), known).with("model", model),
                given,
            });
        }
        let generic = GenericTool::ALL
            .into_iter()
            .find(|one| one.name() == tool)?;
        let known = generic.argument_names();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let args = Arguments::new(tool, Some(given.clone()), &known);
        let model = match args.text("model") {
            Ok(Some(model)) => world.model(&model)?,
            // What else is wrong with the call is looked at all the same.
            _ => world.model("sale.order")?,
        };
        Some(Self {
            kind: Kind::Generic(generic),
            model,
            args,
            given,
        })
    }
}

/// One check of a call: what it prepared, what it refused, what it found out.
pub(super) struct Check<T> {
    pub(super) prepared: T,
    pub(super) problems: Problems,
    pub(super) findings: Findings,
}

/// Runs a check with these names, always at the same moment, for a user in Brussels.
pub(super) fn check<T>(
    names: &NameBook,
    run: impl FnOnce(&Known<'_>, &mut Problems) -> T,
) -> Check<T> {
    check_at(&now(), names, run)
}

/// Runs a check of what a check prepared. Its moments are in Odoo's form, which is one of UTC.
pub(super) fn check_again<T>(
    names: &NameBook,
    run: impl FnOnce(&Known<'_>, &mut Problems) -> T,
) -> Check<T> {
    check_at(&now().with_time_zone(TimeZone::UTC), names, run)
}

fn check_at<T>(
    now: &Zoned,
    names: &NameBook,
    run: impl FnOnce(&Known<'_>, &mut Problems) -> T,
) -> Check<T> {
    let world = World::get();
    let models = |name: &str| world.model(name);
    let known = Known::new(&models, names, now);
    let mut problems = Problems::default();
    let prepared = run(&known, &mut problems);
    Check {
        prepared,
        problems,
        findings: known.into_findings(),
    }
}

/// A Tuesday afternoon in Brussels.
fn now() -> Zoned {
    match "2026-11-24T15:30:00[Europe/Brussels]".parse() {
        Ok(now) => now,
        Err(error) => panic!("no time zones: {error}"),
    }
}

/// What a look-up may answer: one record for most names, two for some.
pub(super) fn look_up(wanted: &Wanted) -> NameBook {
    let mut book = NameBook::default();
    for (model, wanted) in wanted {
        for name in &wanted.names {
            let sum: i64 = name.bytes().map(i64::from).sum();
            let candidate = |id| Candidate::new(id, name.clone());
            let mut found = vec![candidate(sum + 1)];
            if sum % 8 == 7 {
                found.push(candidate(sum + 2));
            }
            book.insert(model, name, NameMatch::Exact(found));
        }
    }
    book
}

/// Checks that each mistake says where it is, and what it is, and is one line.
///
/// # Panics
/// When one does not.
pub(super) fn assert_placed(problems: &Problems, places: &[&str]) {
    for mistake in problems.mistakes() {
        let place = places.iter().find(|place| mistake.starts_with(*place));
        assert!(place.is_some(), "a mistake without a place: {mistake}");
        let rest = mistake.split_once(": ").map(|(_, rest)| rest);
        assert!(rest.is_some_and(|rest| !rest.is_empty()), "{mistake}");
    }
}
