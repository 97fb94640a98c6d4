use super::*;

fn arguments(value: Value) -> Arguments {
    let Value::Object(map) = value else {
        panic!("not an object")
    };
    Arguments::new("odoo_test", Some(map), &[])
}

#[test]
fn a_wrong_name_is_met_with_the_right_one() {
    let given = json!({"modle": "res.partner"});
    let args = Arguments::new("odoo_read", given.as_object().cloned(), &["model", "id"]);
    let error = args.only_known().err().unwrap();
    assert!(
        error.to_string().contains("did you mean \"model\"?"),
        "{error}"
    );
}

#[test]
fn json_as_text_is_taken() {
    let args = arguments(
        json!({"domain": "[[\"id\", \"=\", 1]]", "ids": "[1, 2]", "fields": "name, state"}),
    );
    assert_eq!(args.filter().domain, json!([["id", "=", 1]]));
    assert_eq!(args.ids("ids").unwrap(), [1, 2]);
    assert_eq!(args.names("fields").unwrap().unwrap(), ["name", "state"]);
}

#[test]
fn a_method_takes_one_record_several_or_none() {
    let ids = |value| arguments(value).method_ids();
    assert_eq!(ids(json!({"id": "7"})).unwrap(), [7]);
    assert_eq!(ids(json!({"ids": [7, 8]})).unwrap(), [7, 8]);
    assert_eq!(ids(json!({"id": 7, "ids": [7]})).unwrap(), [7]);
    assert!(ids(json!({})).unwrap().is_empty());
    assert!(ids(json!({"id": 7, "ids": [8]})).is_err());
    assert!(ids(json!({"id": 0})).is_err());
}

#[test]
fn every_record_of_a_call_is_named() {
    let named = |value| arguments(value).named_ids();
    assert_eq!(named(json!({"id": "7"})), [7]);
    assert_eq!(named(json!({"id": 7, "ids": [8, 7]})), [8, 7, 7]);
    assert_eq!(named(json!({"id": 0, "ids": "[7]"})), [7]);
    let many: Vec<i64> = (1..=500).collect();
    assert_eq!(named(json!({"ids": many.clone()})), many);
    assert!(named(json!({})).is_empty());
}

#[test]
fn limits_are_bounded() {
    assert_eq!(arguments(json!({})).limit().unwrap(), 20);
    assert_eq!(arguments(json!({"limit": 5000})).limit().unwrap(), 100);
    assert!(arguments(json!({"limit": 0})).limit().is_err());
    assert!(arguments(json!({"limit": -1})).limit().is_err());
}

#[test]
fn an_id_is_a_positive_whole_number() {
    assert_eq!(arguments(json!({"id": "7"})).required_id("id").unwrap(), 7);
    for wrong in [
        json!({"id": 0}),
        json!({"id": "x"}),
        json!({"id": 1.5}),
        json!({}),
    ] {
        assert!(arguments(wrong).required_id("id").is_err());
    }
}

#[test]
fn what_is_empty_is_not_given() {
    let args = arguments(json!({
        "domain": "[]", "any_of": "", "none_of": {}, "fields": [""], "group_by": "", "order": "",
        "limit": "", "offset": null, "ids": "", "id": " ", "kwargs": "", "args": "", "wizard": "",
        "values": {}, "activity": 0,
    }));
    assert_eq!(args.filter().domain, json!([]));
    assert_eq!(args.filter().any_of, json!([]));
    assert_eq!(args.filter().none_of, json!([]));
    assert_eq!(args.names("fields").unwrap(), None);
    assert_eq!(args.names("group_by").unwrap(), None);
    assert_eq!(args.order().unwrap(), None);
    assert_eq!(args.limit().unwrap(), DEFAULT_LIMIT);
    assert_eq!(args.count("offset").unwrap(), None);
    assert!(args.ids("ids").unwrap().is_empty());
    assert!(args.list("args").unwrap().is_empty());
    assert!(args.object("kwargs").unwrap().is_empty());
    assert!(!args.is_given("wizard"));
    for name in ["values", "activity", "id", "fields"] {
        let absent = args.absent(name, "which is too much");
        assert!(absent.is_ok(), "{name}");
    }
    assert!(args.record_ids().is_err());
    assert!(args.new_records().is_err());
    assert!(args.required_text("wizard", "a handle").is_err());
}

#[test]
fn an_empty_argument_does_not_stand_in_the_way_of_the_other() {
    for (id, ids) in [(json!(0), json!([7])), (json!(""), json!("[7]"))] {
        let args = arguments(json!({"id": id, "ids": ids}));
        assert_eq!(args.record_ids().unwrap(), [7]);
    }
    for (id, ids) in [
        (json!("7"), json!([])),
        (json!("[7]"), json!("")),
        (json!(7.0), json!(null)),
    ] {
        let args = arguments(json!({"id": id, "ids": ids}));
        assert_eq!(args.record_ids().unwrap(), [7]);
    }
    assert!(arguments(json!({"id": 0, "ids": []})).record_ids().is_err());
    let args = arguments(json!({"values": {}, "records": [{"name": "a"}, {"name": "b"}]}));
    assert!(matches!(args.new_records(), Ok(NewRecords::Several(records)) if records.len() == 2));
}

#[test]
fn lists_may_be_texts_and_their_items_json() {
    let args = arguments(json!({
        "ids": "7, 8", "fields": ["name, email", "phone"], "order": ["name desc", "id"],
        "args": ["[[\"id\", \"=\", 1]]", "[x]", "7"],
        "domain": ["|", "[\"id\", \"=\", 1]", []],
        "any_of": ["name", "=", "[1]"],
    }));
    assert_eq!(args.ids("ids").unwrap(), [7, 8]);
    assert_eq!(
        args.names("fields").unwrap().unwrap(),
        ["name", "email", "phone"]
    );
    assert_eq!(args.order().unwrap().as_deref(), Some("name desc, id"));
    assert_eq!(
        args.list("args").unwrap(),
        [json!([["id", "=", 1]]), json!("[x]"), json!("7")]
    );
    // Who sends a number can send a list, too: the text is one.
    let mixed = arguments(json!({"args": [1, "{}"]}));
    assert_eq!(mixed.list("args").unwrap(), [json!(1), json!("{}")]);
    assert_eq!(args.filter().domain, json!(["|", ["id", "=", 1], []]));
    // One condition, whose value is a text.
    assert_eq!(args.filter().any_of, json!(["name", "=", "[1]"]));
    assert!(arguments(json!({"order": [1]})).order().is_err());
    assert!(arguments(json!({"ids": "7, x"})).ids("ids").is_err());
}

#[test]
fn a_limit_that_is_cut_is_known() {
    assert_eq!(arguments(json!({"limit": 5000})).cut_limit(), Some(5000));
    for limit in [json!(100), json!(null), json!("x")] {
        assert_eq!(arguments(json!({"limit": limit})).cut_limit(), None);
    }
}
