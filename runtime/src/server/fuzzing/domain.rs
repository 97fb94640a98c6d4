//! Domains in either notation, against the real descriptors.

use serde_json::{Value, json};

use super::call::{Call, Check, assert_placed, check, check_again, look_up};
use crate::fuzzing::{Formula, World, assert_well_formed, read_natural, read_odoo};
use crate::schema::ModelSchema;
use crate::schema::validate::names::NameBook;
use crate::schema::validate::{Filter, Resolved, plain_filter, prepare_filter};

/// Where a mistake in a filter stands.
pub(super) const PLACES: [&str; 4] = ["domain", "all_of", "any_of", "none_of"];

/// In how many ways conditions are taken to hold or not.
const TRUTHS: u64 = 16;

/// Reads bytes as a call and checks which records it means.
///
/// Holds: nothing panics; each mistake has its place; a filter without a mistake becomes a
/// well-formed domain of Odoo that means the same; that one is left as it is by another check,
/// also once names of records became ids.
///
/// # Panics
/// When something of this does not hold.
pub fn domain(data: &[u8]) {
    if let Some(call) = Call::read(data) {
        check_filter(&call.model, &call.args.filter());
    }
}

pub(super) fn check_filter(model: &ModelSchema, filter: &Filter) {
    let _ = filter.paths();
    let prepare = |filter: &Filter, names: &NameBook| {
        check(names, |known, problems| {
            prepare_filter(model, filter, known, problems)
        })
    };
    let unknown = NameBook::default();
    let first = prepare(filter, &unknown);
    assert_placed(&first.problems, &PLACES);
    // Without a model much is left to Odoo; nothing may go wrong in it.
    let _ = check(&unknown, |known, _| plain_filter(filter, known)).prepared;
    if !first.problems.is_empty() {
        return;
    }
    assert_means_the_same(filter, &first);
    assert_stable(model, &first);
    let named = prepare(filter, &look_up(&first.findings.wanted));
    if named.problems.is_empty() {
        assert_means_the_same(filter, &named);
        assert!(named.findings.wanted.is_empty(), "a name was not looked up");
        let again = assert_stable(model, &named);
        assert!(again.findings.wanted.is_empty(), "a name was left");
    }
}

fn assert_stable(model: &ModelSchema, once: &Check<Value>) -> Check<Value> {
    let world = World::get();
    assert_well_formed(&once.prepared, model, &|name| world.model(name));
    let filter = Filter {
        domain: once.prepared.clone(),
        ..Filter::default()
    };
    let twice = check_again(&NameBook::default(), |known, problems| {
        prepare_filter(model, &filter, known, problems)
    });
    let mistakes = twice.problems.mistakes();
    assert!(mistakes.is_empty(), "{}: {mistakes:?}", once.prepared);
    assert_eq!(twice.prepared, once.prepared);
    twice
}

fn assert_means_the_same(filter: &Filter, once: &Check<Value>) {
    // A day became the conditions on its first and its last moment, which the reading of a domain
    // below knows nothing of.
    let is_of_a_day = |resolved: &Resolved| {
        let value = resolved.value.as_str();
        value.is_some_and(|value| value.contains(" until "))
    };
    if once.findings.resolved.iter().any(is_of_a_day) {
        return;
    }
    let translated = &once.prepared;
    let mut leaves = 0;
    let parts = [
        ("domain", &filter.domain),
        ("all_of", &filter.all_of),
        ("any_of", &filter.any_of),
        ("none_of", &filter.none_of),
    ];
    let is_given = |part: &&Value| !part.is_null() && **part != json!([]);
    let given = parts.iter().filter(|(_, part)| is_given(part));
    let terms: Option<Vec<Formula>> = given
        .map(|(joint, part)| read_natural(part, joint, &mut leaves))
        .collect();
    let Some(terms) = terms else {
        panic!("what has no meaning became {translated}");
    };
    let Some((odoo, translated_leaves)) = read_odoo(translated) else {
        panic!("not well-formed: {translated}");
    };
    assert_eq!(translated_leaves, leaves, "{translated}");
    let natural = Formula::All(terms);
    for seed in 0..TRUTHS {
        // Any mixture of the two numbers will do, as long as it is always the same.
        let truth = |leaf: usize| {
            let mixed = (seed << 32 | leaf as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            mixed >> 63 == 1
        };
        assert_eq!(
            natural.holds(&truth),
            odoo.holds(&truth),
            "{filter:?} became {translated}"
        );
    }
}
