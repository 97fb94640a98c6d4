//! Writes with an idempotency key, also when the connection breaks at the worst moment: Odoo
//! has the request, the client has no answer.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

mod proxy;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use butopea_models::prelude::*;
use butopea_models::{ResPartner, res_partner as partner};
use butopea_runtime::client::MethodCall;
use proxy::{Cut, Proxy};
use serde_json::json;
use typed_tests::odoo;

/// How often the client sends a write that carries a key.
const TRIES: usize = 5;

/// A name and key that no other run has used.
fn unique(what: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{what} {}-{count}", now.as_nanos())
}

async fn ids_named(odoo: &Odoo, name: &str) -> Vec<i64> {
    odoo.query::<ResPartner>()
        .filter(partner::F.name.eq(name))
        .ids()
        .await
        .unwrap()
        .to_raw()
}

/// An Odoo behind a proxy that cuts this many answers off.
async fn behind_proxy(cut: Cut, times: usize) -> (Odoo, Proxy) {
    let mut config = Config::from_env().unwrap();
    let proxy = Proxy::start(&config.url, cut, times).await;
    config.url.set_host(Some("127.0.0.1")).unwrap();
    config.url.set_port(Some(proxy.port())).unwrap();
    (Odoo::connect(config).unwrap(), proxy)
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn the_same_write_is_done_once() {
    let odoo = odoo().unwrap();
    let name = unique("Once");
    let values = || ResPartner::values().set(partner::F.name, name.as_str());
    let keyed = odoo.with_idempotency_key(&name);
    let id = keyed.create(values()).await.unwrap();
    assert_eq!(keyed.create(values()).await.unwrap(), id);
    assert_eq!(ids_named(&odoo, &name).await, [id.get()]);

    // Reads take no notice of the key, also a method that only asks.
    let read = keyed.read(id, partner::F.name).await.unwrap();
    assert_eq!(read, [Some(name.clone())]);
    keyed.defaults(partner::F.name).await.unwrap();

    let other = keyed.update(id, values()).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Validation);
    assert!(other.message().contains("another call"), "{other}");

    let many = unique("Many");
    let keyed = odoo.with_idempotency_key(&many);
    let values = || vec![ResPartner::values().set(partner::F.name, many.as_str()); 2];
    let ids = keyed.create_all(values()).await.unwrap();
    assert_eq!(keyed.create_all(values()).await.unwrap(), ids);
    assert_eq!(ids_named(&odoo, &many).await.len(), 2);
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn updates_deletes_and_methods_take_keys() {
    let odoo = odoo().unwrap();
    let name = unique("Changed");
    let id = odoo
        .create(ResPartner::values().set(partner::F.name, name.as_str()))
        .await
        .unwrap();
    let key = || unique("key");

    let update = odoo.with_idempotency_key(key());
    for color in [3, 4] {
        let values = ResPartner::values().set(partner::F.color, 3);
        update.update(id, values).await.unwrap();
        // Done once: what somebody else changed meanwhile stays.
        let read = odoo.read(id, partner::F.color).await.unwrap();
        assert_eq!(read, [color]);
        let other = ResPartner::values().set(partner::F.color, 4);
        odoo.update(id, other).await.unwrap();
    }

    let copy_key = key();
    let mut copies = Vec::new();
    for _ in 0..2 {
        let call = odoo.call_method::<ResPartner>(id, "copy");
        let copy: Value = call.idempotency_key(&copy_key).send().await.unwrap();
        copies.push(copy);
    }
    assert_eq!(copies[0], copies[1]);

    let delete = odoo.with_idempotency_key(key());
    delete.delete(id).await.unwrap();
    // Without the key Odoo would say that the record is missing.
    delete.delete(id).await.unwrap();
    let missing = odoo.delete(id).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::MissingRecord);
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn a_malformed_key_is_not_sent() {
    let odoo = odoo().unwrap();
    let name = unique("Malformed");
    for key in ["", "ä", "two\nlines"] {
        let values = ResPartner::values().set(partner::F.name, name.as_str());
        let keyed = odoo.with_idempotency_key(key);
        let error = keyed.create(values).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCall, "{key:?}");
    }
    assert!(ids_named(&odoo, &name).await.is_empty());
}

/// After Odoo has answered, and while it still works: then the second try waits for the first.
#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn a_lost_answer_is_asked_for_again() {
    let direct = odoo().unwrap();
    for cut in [Cut::Answer, Cut::Request] {
        let (odoo, proxy) = behind_proxy(cut, 1).await;
        let name = unique("Lost");
        let id = odoo
            .with_idempotency_key(&name)
            .create(ResPartner::values().set(partner::F.name, name.as_str()))
            .await
            .unwrap();
        assert_eq!(proxy.executed(), 2, "{cut:?}: one cut off, one answered");
        assert_eq!(ids_named(&direct, &name).await, [id.get()], "{cut:?}");
    }
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn a_call_without_types_is_asked_for_again() {
    let direct = odoo().unwrap();
    let (odoo, proxy) = behind_proxy(Cut::Answer, 1).await;
    let name = unique("Untyped");
    let call = MethodCall::new("res.partner", "create")
        .arg(json!({"name": name}))
        .idempotency_key(name.as_str());
    let id = odoo.client().call(&call, &Context::new()).await.unwrap();
    assert_eq!(proxy.executed(), 2);
    assert_eq!(json!(ids_named(&direct, &name).await), json!([id]));
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn answers_that_stay_lost_are_reported_and_the_key_still_holds() {
    let direct = odoo().unwrap();
    let (odoo, proxy) = behind_proxy(Cut::Answer, TRIES).await;
    let name = unique("Lost for good");
    let values = || ResPartner::values().set(partner::F.name, name.as_str());
    let keyed = odoo.with_idempotency_key(&name);
    let lost = keyed.create(values()).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Uncertain);
    assert!(lost.hints()[0].contains("same idempotency key"), "{lost}");
    assert_eq!(proxy.executed(), TRIES);
    let id = keyed.create(values()).await.unwrap();
    assert_eq!(ids_named(&direct, &name).await, [id.get()]);
}

/// Nobody answers the second try: the first one may still have happened.
#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn a_lost_answer_stays_uncertain_when_odoo_goes_away() {
    let direct = odoo().unwrap();
    let (odoo, _proxy) = behind_proxy(Cut::AnswerForGood, 1).await;
    let name = unique("Gone");
    let values = ResPartner::values().set(partner::F.name, name.as_str());
    let keyed = odoo.with_idempotency_key(&name);
    let lost = keyed.create(values).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Uncertain);
    assert_eq!(ids_named(&direct, &name).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn without_a_key_a_write_is_never_repeated() {
    let direct = odoo().unwrap();
    let (odoo, proxy) = behind_proxy(Cut::Answer, 1).await;
    let name = unique("No key");
    let values = ResPartner::values().set(partner::F.name, name.as_str());
    let lost = odoo.create(values).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Uncertain);
    assert_eq!(proxy.executed(), 1);
    assert_eq!(ids_named(&direct, &name).await.len(), 1);
}
