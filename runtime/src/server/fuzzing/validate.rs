//! The arguments of every kind of tool, against the real schema files.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::{Call, Check, Kind, assert_placed, check, check_again, look_up};
use super::domain::{PLACES, check_filter};
use crate::schema::validate::names::NameBook;
use crate::schema::validate::{
    Aggregation, Known, Problems, Purpose, WantedGroups, check_fields, check_order, method_paths,
    prepare_groups, prepare_method, prepare_values, value_paths,
};
use crate::schema::{Measure, ModelSchema, Operation as Op};
use crate::server::args::{Arguments, MAX_BATCH, NewRecords};
use crate::server::generic::GenericTool as Tool;

/// Reads bytes as a call and checks its arguments as its tool does.
///
/// Holds: nothing panics; each mistake has its place; what was mended is left as it is by
/// another check, also once names of records became ids.
///
/// # Panics
/// When something of this does not hold.
pub fn validate(data: &[u8]) {
    let Some(call) = Call::read(data) else {
        return;
    };
    let Call {
        kind, model, args, ..
    } = &call;
    read_all(&call);
    match kind {
        Kind::Typed(Op::Aggregate) => groups(model, args),
        Kind::Generic(Tool::Search) if args.has("group_by") || args.has("aggregates") => {
            groups(model, args);
        }
        Kind::Typed(Op::Search | Op::Read | Op::Count)
        | Kind::Generic(Tool::Search | Tool::Read | Tool::Count) => reading(model, args),
        Kind::Typed(Op::Create) | Kind::Generic(Tool::Create) => creating(model, args),
        Kind::Typed(Op::Update) | Kind::Generic(Tool::Update) => {
            if let Ok(given) = args.required_object("values") {
                values(model, &given, Purpose::Update, "values");
            }
        }
        Kind::Generic(Tool::Execute) => executing(model, args),
        _ => {}
    }
}

/// Reads each argument in every way in which tools read one.
fn read_all(call: &Call) {
    let args = &call.args;
    if let Ok(ids) = args.record_ids() {
        assert!(!ids.is_empty() && ids.len() <= MAX_BATCH && ids.iter().all(|id| *id > 0));
    }
    if let Ok(limit) = args.limit() {
        assert!((1..=100).contains(&limit));
    }
    for name in call.given.keys() {
        let _ = (args.has(name), args.is_given(name), args.value(name));
        let _ = (args.text(name), args.required_id(name), args.ids(name));
        let _ = (args.names(name), args.count(name), args.list(name));
        let _ = (args.object(name), args.absent(name, "why"));
    }
    let refusal = args.mistakes().into_result(&call.model.model);
    if let Err(error) = refusal {
        assert!(!error.message().is_empty() && !error.hints().is_empty());
    }
}

fn reading(model: &ModelSchema, args: &Arguments) {
    check_filter(model, &args.filter());
    let run = check(&NameBook::default(), |_, problems| {
        if let Ok(Some(fields)) = args.names("fields") {
            check_fields(model, &fields, "fields", problems);
        }
        if let Ok(Some(order)) = args.order() {
            check_order(model, &order, "order", problems);
        }
    });
    assert_placed(&run.problems, &["fields[", "order"]);
}

fn groups(model: &ModelSchema, args: &Arguments) {
    check_filter(model, &args.filter());
    let names = |name: &str| args.names(name).ok().flatten().unwrap_or_default();
    let wanted = WantedGroups {
        group_by: names("group_by"),
        aggregates: names("aggregates"),
        order: args.order().ok().flatten(),
    };
    let _ = wanted.paths();
    let prepare = |model: Option<&ModelSchema>, wanted: &WantedGroups| {
        check(&NameBook::default(), |known, problems| {
            prepare_groups(model, wanted, known, problems)
        })
    };
    let _ = prepare(None, &wanted).prepared;
    let once: Check<Aggregation> = prepare(Some(model), &wanted);
    assert_placed(&once.problems, &["group_by", "aggregates", "order"]);
    if !once.problems.is_empty() {
        return;
    }
    let measures = once.prepared.measures.iter();
    let same = WantedGroups {
        group_by: once.prepared.specifications(),
        aggregates: measures.map(Measure::specification).collect(),
        order: wanted.order.clone(),
    };
    let twice = prepare(Some(model), &same);
    let mistakes = twice.problems.mistakes();
    assert!(mistakes.is_empty(), "{same:?}: {mistakes:?}");
    assert_eq!(twice.prepared, once.prepared);
}

fn creating(model: &ModelSchema, args: &Arguments) {
    match args.new_records() {
        Ok(NewRecords::One(given)) => values(model, &given, Purpose::Create, "values"),
        Ok(NewRecords::Several(records)) => {
            assert!(records.len() <= MAX_BATCH);
            for (index, given) in records.iter().enumerate() {
                let path = format!("records[{index}]");
                values(model, given, Purpose::Create, &path);
            }
        }
        Err(_) => {}
    }
}

fn values(model: &ModelSchema, given: &Map<String, Value>, purpose: Purpose, path: &str) {
    let _ = value_paths(given);
    let prepare = |given: &Map<String, Value>, known: &Known<'_>, problems: &mut Problems| {
        prepare_values(model, given, purpose, path, known, problems)
    };
    let place = format!("{path}.");
    check_coercion(given, prepare, &[place.as_str()]);
}

fn executing(model: &ModelSchema, args: &Arguments) {
    let (Ok(method), Ok(positional), Ok(named)) = (
        args.required_text("method", ""),
        args.list("args"),
        args.object("kwargs"),
    ) else {
        return;
    };
    let _ = method_paths(&method, &positional, &named);
    let has_records = args.ids("ids").is_ok_and(|ids| !ids.is_empty());
    let prepare =
        |given: &(Vec<Value>, Map<String, Value>), known: &Known<'_>, problems: &mut Problems| {
            let (mut positional, mut named) = given.clone();
            let arguments = (positional.as_mut_slice(), &mut named);
            prepare_method(model, &method, has_records, arguments, known, problems);
            (positional, named)
        };
    let places = ["ids: ", "args", "kwargs."];
    check_coercion(&(positional, named), prepare, &places);
}

/// What is mended is right, and stays as it is: with names as they were given, and with the
/// records that they turned out to be.
fn check_coercion<T: Serialize>(
    given: &T,
    prepare: impl Fn(&T, &Known<'_>, &mut Problems) -> T,
    places: &[&str],
) {
    let run = |given: &T, names: &NameBook| {
        check(names, |known, problems| prepare(given, known, problems))
    };
    let run_again = |given: &T, names: &NameBook| {
        check_again(names, |known, problems| prepare(given, known, problems))
    };
    let unknown = NameBook::default();
    let first = run(given, &unknown);
    let places: Vec<&str> = places.iter().chain(&PLACES).copied().collect();
    assert_placed(&first.problems, &places);
    if !first.problems.is_empty() {
        return;
    }
    let named = run(given, &look_up(&first.findings.wanted));
    for once in [first, named] {
        assert_placed(&once.problems, &places);
        if !once.problems.is_empty() {
            continue;
        }
        let twice = run_again(&once.prepared, &unknown);
        let [once, prepared_twice] =
            [&once.prepared, &twice.prepared].map(|prepared| settled(json!(prepared)));
        let mistakes = twice.problems.mistakes();
        assert!(mistakes.is_empty(), "{once}: {mistakes:?}");
        assert_eq!(prepared_twice, once);
    }
}

/// With the command that empties a list as the list that is empty: no command at all (`{}` in a call)
/// is sent as a list without items, and that, as people write it, empties the list.
fn settled(value: Value) -> Value {
    match value {
        Value::Array(items) if json!(items) == json!([[6, 0, []]]) => json!([]),
        Value::Array(items) => items.into_iter().map(settled).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, settled(value)))
            .collect(),
        other => other,
    }
}
