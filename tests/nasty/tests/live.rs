//! The typed API on the nasty models of a real Odoo that has the module: every model is read,
//! created, updated and deleted, and names, options and types come back as they were sent.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::future::Future;
use std::pin::Pin;

use butopea_runtime::typed::{ModelVisitor, Selection};
use nasty_models::prelude::*;
use nasty_models::{
    NastyAction, NastyClash, NastyFault, NastyKeyword, NastyKind, NastyOne, NastySelection,
    nasty_action as action, nasty_clash as clash, nasty_fault as fault, nasty_keyword as keyword,
    nasty_kind as kinds, nasty_one as one, nasty_selection as selection,
};
use serde_json::json;
use typed_tests::{Comparison, odoo};

type Check = Pin<Box<dyn Future<Output = Result<Comparison, Error>>>>;

/// Makes one check a model.
struct Checks {
    odoo: Odoo,
    checks: Vec<(&'static str, Check)>,
}

impl ModelVisitor for Checks {
    fn visit<M: HasRecord>(&mut self) {
        let odoo = self.odoo.clone();
        self.checks.push((M::NAME, Box::pin(check::<M>(odoo))));
    }
}

/// Reads every record of a model, and where it has a name that can be written, makes, renames
/// and deletes one.
async fn check<M: HasRecord>(odoo: Odoo) -> Result<Comparison, Error> {
    let id = Field::<M, kind::Id<M>>::new("id");
    let name = Field::<M, kind::Char>::new("name");
    // A wizard has no record until there is one.
    let made = if can_be_made::<M>() {
        Some(odoo.create(M::values().set(name, "typed {} */")).await?)
    } else {
        None
    };
    let query = odoo.query::<M>().with_archived().order(id.asc()).limit(50);
    let typed = query.all().await?;
    let ids = query.ids().await?.to_raw();
    let fields: Vec<String> = M::Record::FIELDS
        .iter()
        .map(|&name| name.to_owned())
        .collect();
    let raw = odoo
        .client()
        .read(M::NAME, &ids, &fields, &Context::new())
        .await?;
    let mut comparison = Comparison::default();
    for (typed, raw) in typed.iter().zip(&raw) {
        comparison.compare(M::NAME, &typed.to_json(), raw);
    }
    assert_eq!(comparison.records, ids.len(), "{}", M::NAME);
    assert!(comparison.records > 0 || !is_filled::<M>(), "{}", M::NAME);
    if let Some(made) = made {
        odoo.update(made, M::values().set(name, "again")).await?;
        assert_eq!(odoo.read(made, name).await?, [Some("again".to_owned())]);
        odoo.delete(made).await?;
        let gone = odoo.query::<M>().with_archived().filter(id.eq(made));
        assert!(!gone.exists().await?, "{}", M::NAME);
    }
    Ok(comparison)
}

/// Whether a record can be made of a name alone.
fn can_be_made<M: HasRecord>() -> bool {
    let has_name = M::Record::FIELDS.contains(&"name");
    // A view, one that refuses, and those with required relations or values.
    let others = [
        "nasty.view",
        "nasty.refuses",
        "nasty.three",
        "nasty.stubborn",
        "nasty.wizard.line",
    ];
    // What a kind's name may be is shorter, and it is translated.
    has_name && !others.contains(&M::NAME) && M::NAME != "nasty.kind"
}

/// Whether the module makes records of it.
fn is_filled<M: HasRecord>() -> bool {
    !M::NAME.starts_with("nasty.wizard")
}

#[tokio::test]
#[ignore = "needs an Odoo with the nasty module"]
async fn every_model_is_read_made_renamed_and_deleted() {
    let mut checks = Checks {
        odoo: odoo().unwrap(),
        checks: Vec::new(),
    };
    nasty_models::each_model(&mut checks);
    assert!(checks.checks.len() > 50, "{}", checks.checks.len());
    let mut all = Comparison::default();
    let mut failures = Vec::new();
    for (model, check) in checks.checks {
        match check.await {
            Ok(comparison) => all.add(comparison),
            Err(error) => failures.push(format!("{model}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(all.differences.is_empty(), "{}", all.differences.join("\n"));
    assert!(all.values > 1_000, "only {} values", all.values);
}

#[tokio::test]
#[ignore = "needs an Odoo with the nasty module"]
async fn fields_of_any_name_keep_their_own_values() {
    let odoo = odoo().unwrap();
    let (k, values) = (keyword::F, NastyKeyword::values());
    let values = values
        .set(k.r#type, "type")
        .set(k.self_2, "self")
        .set(k.self_, "self_")
        .set(k.Self_2, "Self")
        .set(k.Self_, "Self_")
        .set(k.crate_, "crate")
        .set(k.super_2, "super")
        .set(k.r#async, "async")
        .set(k.r#gen, "gen");
    let made = odoo.create(values).await.unwrap();
    let record = odoo.get::<NastyKeyword>(made).await.unwrap();
    let read = [
        (&record.r#type, "type"),
        (&record.self_2, "self"),
        (&record.self_, "self_"),
        (&record.Self_2, "Self"),
        (&record.Self_, "Self_"),
        (&record.crate_, "crate"),
        (&record.super_2, "super"),
        (&record.r#async, "async"),
        (&record.r#gen, "gen"),
    ];
    for (value, name) in read {
        assert_eq!(value.as_deref(), Some(name));
    }
    let found = odoo
        .query::<NastyKeyword>()
        .filter(k.self_2.eq("self").and(k.r#type.eq("type")))
        .order(k.r#match.desc())
        .ids()
        .await
        .unwrap();
    assert_eq!(found.to_raw(), [made.get()]);
    odoo.delete(made).await.unwrap();

    let c = clash::F;
    let values = NastyClash::values()
        .set(c.name, "clash")
        .set(c.a_b, "a_b")
        .set(c.a__b, "a__b")
        .set(c.aB, "aB")
        .set(c.AB, "AB")
        .set(c.ab, "ab")
        .set(c._a, "_a")
        .set(c.a_, "a_");
    let made = odoo.create(values).await.unwrap();
    let record = odoo.get::<NastyClash>(made).await.unwrap();
    let read = [
        (&record.a_b, "a_b"),
        (&record.a__b, "a__b"),
        (&record.aB, "aB"),
        (&record.AB, "AB"),
        (&record.ab, "ab"),
        (&record._a, "_a"),
        (&record.a_, "a_"),
        (&record.x_2004, "名 clash"),
    ];
    for (value, name) in read {
        assert_eq!(value.as_deref(), Some(name));
    }
    odoo.delete(made).await.unwrap();
}

#[tokio::test]
#[ignore = "needs an Odoo with the nasty module"]
async fn options_of_any_key_are_told_apart() {
    let odoo = odoo().unwrap();
    let made = odoo
        .create(NastySelection::values().set(selection::F.name, "typed"))
        .await
        .unwrap();
    let keys = [
        "a-b", "a_b", "a b", "A_B", "aB", "AB", "a.b", "a--b", "_a_b", "a",
    ];
    for key in keys {
        let option = selection::AllFolded::from_key(key);
        assert!(
            !matches!(option, selection::AllFolded::Unlisted(_)),
            "{key}"
        );
        assert_eq!(option.as_str(), key);
        let values = NastySelection::values().set(selection::F.all_folded, option.clone());
        odoo.update(made, values).await.unwrap();
        let record = odoo.get::<NastySelection>(made).await.unwrap();
        assert_eq!(record.all_folded, Some(option));
    }
    // One that Odoo does not have comes through as it is, and Odoo refuses it.
    let unknown = selection::Words::from_key("never");
    let values = NastySelection::values().set(selection::F.words, unknown);
    assert!(odoo.update(made, values).await.is_err());
    odoo.delete(made).await.unwrap();
}

#[tokio::test]
#[ignore = "needs an Odoo with the nasty module"]
async fn rare_types_keep_their_values() {
    let odoo = odoo().unwrap();
    let k = kinds::F;
    let top = odoo.create(NastyOne::values().set(one::F.name, "typed target"));
    let top = top.await.unwrap();
    let target = Reference {
        model: "nasty.one".to_owned(),
        id: top.get(),
    };
    let values = NastyKind::values()
        .set(k.name, "typed kind")
        .set(k.reference, target.clone())
        .set(k.res_model, "nasty.one")
        .set(k.res_id, top.get())
        .set(k.json, json!({"a": [1, null, {"b": "\u{202e}"}]}))
        .set(k.monetary_alone, 12.34)
        .set(k.company_char, "of the company")
        .set(k.html, "<p>é</p>");
    let made = odoo.create(values).await.unwrap();
    let record = odoo.get::<NastyKind>(made).await.unwrap();
    assert_eq!(record.reference, Some(target));
    assert_eq!(record.res_id, Some(top.get()));
    assert!((record.monetary_alone - 12.34).abs() < 1e-9);
    assert_eq!(record.company_char.as_deref(), Some("of the company"));
    let read = odoo.read(made, k.json).await.unwrap();
    assert_eq!(read, [json!({"a": [1, null, {"b": "\u{202e}"}]})]);
    odoo.delete(made).await.unwrap();
    odoo.delete(top).await.unwrap();
}

#[tokio::test]
#[ignore = "needs an Odoo with the nasty module"]
async fn buttons_and_faults_say_what_happened() {
    let odoo = odoo().unwrap();
    let made = odoo
        .create(NastyAction::values().set(action::F.name, "typed"))
        .await
        .unwrap();
    odoo.call(made, action::action::Press).await.unwrap();
    assert_eq!(odoo.read(made, action::F.pressed).await.unwrap(), [1]);
    for outcome in [
        odoo.call(made, action::action::ActionSelf).await.map(drop),
        odoo.call(made, action::action::V2nd).await.map(drop),
        odoo.call(made, action::action::U00e9TU00e9).await.map(drop),
        odoo.call(made, action::action::Count).await.map(drop),
    ] {
        outcome.unwrap();
    }
    assert!(odoo.call(made, action::action::Fails).await.is_err());
    odoo.delete(made).await.unwrap();

    let refused = odoo.query::<NastyFault>().select(fault::F.refused);
    let error = refused.all().await.unwrap_err().to_string();
    assert!(error.contains("Not today."), "{error}");
}
