use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schema::{Access, ModelSchema, SchemaFile};
use crate::server::profile::Profile;
use crate::server::selection::Selection;

/// Longer texts are not read to their end.
const MAX_TEXT: usize = 8_000;

fn everything() -> Reach {
    Reach::with_rights(models().map(|model| (model, Access::FULL)))
}

/// Everything but these rights.
fn everything_but(other: &str, access: Option<Access>) -> Reach {
    let rights = |model| {
        let access = if model == other {
            access
        } else {
            Some(Access::FULL)
        };
        Some((model, access?))
    };
    Reach::with_rights(models().filter_map(rights))
}

/// A server with typed tools for invoices, next to the generic ones.
fn catalogue(read_only: bool) -> Catalogue {
    let schema = ModelSchema::from_wire(&json!({
        "model": "account.move", "fields": {"name": {"type": "char"}},
    }))
    .unwrap();
    let selection = Selection {
        profile: Profile::all(),
        read_only,
        ..Selection::default()
    };
    Catalogue::assemble(vec![SchemaFile::build(schema, &|_| None)], &selection).unwrap()
}

fn write(prompt: &Prompt, given: &[(&str, &str)], reach: &Reach) -> Result<String> {
    let given: BTreeMap<String, String> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let schema = ModelSchema::from_wire(&json!({
        "model": "res.country", "fields": {
            "state": {"type": "selection", "selection": [["sale", "Sales Order"]]},
            "active": {"type": "boolean"},
            "amount": {"type": "float"},
            "partner_id": {"type": "many2one", "relation": "res.partner"},
            "name": {"type": "char"},
        },
    }))
    .unwrap();
    (prompt.write)(&Desk {
        catalogue: &catalogue(false),
        reach,
        user: 7,
        // A Wednesday.
        today: date(2026, 7, 29),
        given: &given,
        schema: Some(&schema),
        known: &|_| None,
    })
}

/// A value for each argument.
fn filled_in(prompt: &Prompt, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let value_of = |argument: &Argument| match argument.source {
        Source::Model => "res.country",
        Source::Field => "name",
        Source::RecordId => "3",
        _ => value,
    };
    prompt
        .arguments
        .iter()
        .map(|argument| (argument.name, value_of(argument)))
        .collect()
}

/// The calls that a text teaches: tool and arguments.
fn calls(text: &str) -> Vec<(String, Value)> {
    text.lines()
        .filter_map(|line| line.split_once("call `")?.1.split_once("` with "))
        .map(|(tool, arguments)| (tool.to_owned(), serde_json::from_str(arguments).unwrap()))
        .collect()
}

#[test]
fn every_text_is_bounded_and_its_calls_can_be_sent() {
    for prompt in PROMPTS {
        for value in ["1", "Azure; \"Interior\"", &"ä\\ ".repeat(100)] {
            let value: &'static str = value.to_owned().leak();
            let text = write(prompt, &filled_in(prompt, value), &everything()).unwrap();
            assert!(
                text.len() < MAX_TEXT,
                "{}: {} bytes",
                prompt.name,
                text.len()
            );
            let calls = calls(&text);
            assert!(!calls.is_empty(), "{text}");
            for (tool, arguments) in calls {
                assert!(
                    catalogue(false).tool(&tool).is_some(),
                    "{}: {tool}",
                    prompt.name
                );
                let is_typed = tool.starts_with("account_move_");
                assert_ne!(is_typed, arguments.get("model").is_some(), "{arguments}");
            }
        }
    }
}

#[test]
fn prompts_describe_themselves() {
    for prompt in PROMPTS {
        let listed = prompt.listed();
        assert!(listed.title.is_some());
        assert!(listed.description.unwrap().len() < 200);
        for argument in listed.arguments.unwrap() {
            assert!(argument.title.is_some() && argument.description.is_some());
        }
    }
}

#[test]
fn a_prompt_is_there_where_its_work_can_be_done() {
    let is_there = |prompt: &Prompt, catalogue: &Catalogue, reach: &Reach| {
        prompt.is_available(catalogue, Some(reach))
    };
    for prompt in PROMPTS {
        assert!(
            is_there(prompt, &catalogue(false), &everything()),
            "{}",
            prompt.name
        );
    }
    let poor = everything_but("account.move", None);
    assert!(!is_there(
        &invoices::OVERDUE_INVOICES,
        &catalogue(false),
        &poor
    ));
    assert!(is_there(&work::MY_DAY, &catalogue(false), &poor));

    let reader = Access {
        read: true,
        write: false,
        create: false,
        unlink: false,
    };
    let reading = everything_but("sale.order", Some(reader));
    assert!(!is_there(
        &sales::PREPARE_QUOTATION,
        &catalogue(false),
        &reading
    ));
    assert!(!is_there(
        &sales::PREPARE_QUOTATION,
        &catalogue(true),
        &everything()
    ));
    assert!(is_there(
        &sales::WEEKLY_PIPELINE,
        &catalogue(true),
        &everything()
    ));
}

#[test]
fn what_cannot_be_done_is_not_mentioned() {
    let text = |reach: &Reach| write(&work::MY_DAY, &[], reach).unwrap();
    assert!(text(&everything()).contains("project.task"));
    assert!(!text(&everything_but("project.task", None)).contains("project.task"));
}

#[test]
fn days_are_counted_from_today() {
    let pipeline = write(&sales::WEEKLY_PIPELINE, &[], &everything()).unwrap();
    assert!(pipeline.contains("Today is 2026-07-29."), "{pipeline}");
    assert!(pipeline.contains(r#"["create_date",">=","2026-07-27 00:00:00"]"#));
}

#[test]
fn a_value_is_written_as_its_field_wants_it() {
    let domain = |field, value| {
        let given = [("model", "res.country"), ("field", field), ("value", value)];
        let text = write(&any_model::FIND_RECORDS, &given, &everything()).unwrap();
        calls(&text)[0].1["domain"][0].clone()
    };
    assert_eq!(
        domain("state", "sales order"),
        json!(["state", "=", "sale"])
    );
    assert_eq!(domain("active", "Yes"), json!(["active", "=", true]));
    assert_eq!(domain("amount", "1.5"), json!(["amount", "=", 1.5]));
    assert_eq!(domain("partner_id", "14"), json!(["partner_id", "=", 14]));
    assert_eq!(
        domain("partner_id", "Azure"),
        json!(["partner_id", "ilike", "Azure"])
    );
    assert_eq!(domain("name", "x"), json!(["name", "ilike", "x"]));
    let wrong = [("model", "res.country"), ("field", "nmae")];
    let error = write(&any_model::FIND_RECORDS, &wrong, &everything()).unwrap_err();
    assert!(error.to_string().contains("\"name\""), "{error}");
}

#[test]
fn every_wrong_argument_is_named() {
    let sent = json!({"custommer": "x", "products": ""});
    let error = sales::PREPARE_QUOTATION
        .read_arguments(sent.as_object().cloned())
        .unwrap_err();
    assert!(
        error.message().contains("did you mean \"customer\"?"),
        "{error}"
    );
    assert!(
        error.message().contains("\"customer\" is missing"),
        "{error}"
    );
    let none = work::MY_DAY.read_arguments(json!({"x": 1}).as_object().cloned());
    assert!(none.unwrap_err().message().contains("it takes none"));
}

proptest! {
    #[test]
    fn what_was_typed_stays_data(typed in any::<String>()) {
        let sent = json!({"customer": typed});
        let given = invoices::OVERDUE_INVOICES.read_arguments(sent.as_object().cloned()).unwrap();
        let given: Vec<(&str, &str)> = given.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let text = write(&invoices::OVERDUE_INVOICES, &given, &everything()).unwrap();
        let plain = write(&invoices::OVERDUE_INVOICES, &[], &everything()).unwrap();
        prop_assert_eq!(text.lines().count(), plain.lines().count());
        prop_assert_eq!(calls(&text).len(), calls(&plain).len());
        if let Some((_, typed)) = given.first()
            && typed.parse::<i64>().is_err()
        {
            prop_assert_eq!(&calls(&text)[0].1["domain"][4], &json!(["partner_id", "ilike", typed]));
        }
    }
}
