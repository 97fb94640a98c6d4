use super::*;

fn grouping() -> Grouping {
    let sort = |by, descending| Sort {
        by,
        descending,
        empty_last: descending,
    };
    Grouping {
        domain: json!(["|", ["a", "=", 1], ["b", "=", 2]]),
        keys: vec!["partner_id".to_owned(), "date_order:month".to_owned()],
        measures: vec![
            Measure::new("amount_total", "sum"),
            Measure::new("id", "count"),
        ],
        order: vec![
            sort(SortBy::Measure(0), true),
            sort(SortBy::Count, false),
            sort(SortBy::Key(1), false),
            sort(SortBy::FirstRecord, false),
        ],
        limit: Some(20),
        offset: 40,
        ..Grouping::new("sale.order")
    }
}

#[test]
fn both_ways_ask_for_the_same() {
    let newer = newer(&grouping());
    assert_eq!(newer.method, "formatted_read_group");
    assert_eq!(
        Value::Object(newer.kwargs),
        json!({
            "groupby": ["partner_id", "date_order:month"],
            "aggregates": ["amount_total:sum", "id:count", "__count"],
            "order": "amount_total:sum desc nulls last, __count, date_order:month, id:min",
            "limit": 20, "offset": 40,
        })
    );
    let older = older(&grouping());
    assert_eq!(older.method, "read_group");
    assert_eq!(
        older.args[1],
        json!([
            "__count",
            "measure_0:sum(amount_total)",
            "measure_1:count(id)",
            "group_size:count(id)",
            "group_first:min(id)"
        ])
    );
    assert_eq!(older.args[2], json!(["partner_id", "date_order:month"]));
    assert_eq!(
        Value::Object(older.kwargs),
        json!({
            "lazy": false, "limit": 20, "offset": 40,
            "orderby": "measure_0 desc, group_size, date_order:month, group_first",
        })
    );
}

#[test]
fn one_group_of_all_records_is_in_no_order() {
    let one = Grouping {
        keys: Vec::new(),
        ..grouping()
    };
    assert!(!newer(&one).kwargs.contains_key("order"));
    assert!(!older(&one).kwargs.contains_key("orderby"));
}

fn only(answer: Value, way: Way) -> RecordGroup {
    let mut groups = read_answer(answer, &grouping(), way).unwrap();
    assert_eq!(groups.len(), 1);
    groups.remove(0)
}

/// The answers of Odoo 19, 17 and 16 to the same question.
#[test]
fn every_series_answers_the_same_group() {
    let range =
        json!({"date_order:month": {"from": "2026-10-31 23:00:00", "to": "2026-11-30 23:00:00"}});
    let months = json!([
        "&",
        ["date_order", ">=", "2026-10-31 23:00:00"],
        ["date_order", "<", "2026-11-30 23:00:00"]
    ]);
    let series = [
        (
            Way::Newer,
            json!([{
                "partner_id": [7, "Azure"],
                "date_order:month": ["2026-10-31 23:00:00", "November 2026"],
                "amount_total:sum": 12.5, "id:count": 3, "__count": 3,
                "__extra_domain": ["&", ["partner_id", "=", 7], months[0], months[1], months[2]],
            }]),
        ),
        (
            Way::Older,
            json!([{
                "partner_id": [7, "Azure"], "date_order:month": "November 2026",
                "__range": range, "measure_0": 12.5, "measure_1": 3, "__count": 3,
                "__domain": ["&", "|", ["a", "=", 1], ["b", "=", 2],
                             "&", ["partner_id", "=", 7], months[0], months[1], months[2]],
            }]),
        ),
        (
            Way::Older,
            json!([{
                "partner_id": [7, "Azure"],
                "date_order:month": ["2026-10-31 23:00:00/2026-11-30 23:00:00", "November 2026"],
                "__range": range, "measure_0": 12.5, "measure_1": 3, "__count": 3,
                "__domain": ["&", "|", ["a", "=", 1], ["b", "=", 2],
                             "&", ["partner_id", "=", 7], months[0], months[1], months[2]],
            }]),
        ),
    ];
    for (way, answer) in series {
        let group = only(answer, way);
        assert_eq!(group.keys[0].value, json!([7, "Azure"]));
        assert_eq!(group.keys[1].value, json!("2026-10-31 23:00:00"));
        assert_eq!(group.keys[1].label.as_deref(), Some("November 2026"));
        assert_eq!(group.measures, [Some(json!(12.5)), Some(json!(3))]);
        assert_eq!(group.count, 3);
        let or = [json!("|"), json!(["a", "=", 1]), json!(["b", "=", 2])];
        if way == Way::Newer {
            assert_eq!(group.domain[..3], or);
            assert_eq!(group.domain[3], json!(["partner_id", "=", 7]));
            assert_eq!(group.domain.len(), 6, "{:?}", group.domain);
        } else {
            assert_eq!(group.domain[1..4], or);
            assert_eq!(group.domain, group.condition);
        }
    }
}

#[test]
fn a_period_without_a_date_has_neither_start_nor_label() {
    let newer = json!([{
        "partner_id": false, "date_order:month": false, "amount_total:sum": 0, "id:count": 0,
        "__count": 1, "__extra_domain": ["&", ["partner_id", "=", false], ["date_order", "=", false]],
    }]);
    let older = json!([{
        "partner_id": false, "date_order:month": false, "__range": {"date_order:month": false},
        "measure_0": 0, "__count": 1, "__domain": [["date_order", "=", false]],
    }]);
    for (answer, way, left_out) in [(newer, Way::Newer, false), (older, Way::Older, true)] {
        let group = only(answer, way);
        for key in &group.keys {
            assert_eq!((&key.value, &key.label), (&json!(false), &None));
        }
        assert_eq!(group.measures[1].is_none(), left_out);
    }
}

#[test]
fn what_is_no_list_of_groups_is_refused() {
    for answer in [
        json!(null),
        json!({}),
        json!([7]),
        json!([{"partner_id": false}]),
    ] {
        let read = read_answer(answer.clone(), &grouping(), Way::Newer);
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Protocol, "{answer}");
    }
}
