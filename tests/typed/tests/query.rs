//! Queries: filters, paths, orders, pages, projections, groups, contexts, guilty fields.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::future::poll_fn;
use std::pin::Pin;

use butopea_models::prelude::*;
use butopea_models::runtime::client::{Grouping, RecordGroup};
use butopea_models::runtime::schema::{Measure, Sort, SortBy};
use butopea_models::{
    ProjectTask, ResCountry, ResPartner, SaleOrder, project_task as task, res_country as country,
    res_partner as partner, sale_order as so,
};
use typed_tests::odoo;

record! {
    /// A contact card.
    #[derive(Debug)]
    struct Card: partner {
        id: Id<ResPartner>,
        name: Option<String>,
        country_id: Option<Many2one<ResCountry>>,
    }
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn filters_agree_with_odoos_own_count() {
    let odoo = odoo().unwrap();
    let big = so::F.amount_total.gt(1000.0);
    let domains: Vec<(Domain<SaleOrder>, Value)> = vec![
        (Domain::all(), serde_json::json!([])),
        (
            so::F.state.eq(so::State::Sale),
            serde_json::json!([["state", "=", "sale"]]),
        ),
        (
            so::F
                .state
                .is_in([so::State::Draft, so::State::Sent])
                .or(big.clone()),
            serde_json::json!([
                "|",
                ["state", "in", ["draft", "sent"]],
                ["amount_total", ">", 1000]
            ]),
        ),
        (!big, serde_json::json!(["!", ["amount_total", ">", 1000]])),
        (
            so::F
                .partner_id
                .dot(partner::F.country_id)
                .dot(country::F.code)
                .eq("US"),
            serde_json::json!([["partner_id.country_id.code", "=", "US"]]),
        ),
        (
            so::F.partner_id.any(
                partner::F
                    .name
                    .ilike("a")
                    .and(partner::F.is_company.eq(true)),
            ),
            serde_json::json!([[
                "partner_id",
                "any",
                [["name", "ilike", "a"], ["is_company", "=", true]]
            ]]),
        ),
        (
            so::F.client_order_ref.is_unset(),
            serde_json::json!([["client_order_ref", "=", false]]),
        ),
        (
            so::F
                .date_order
                .ge("2000-01-01 00:00:00".parse::<DateTime>().unwrap()),
            serde_json::json!([["date_order", ">=", "2000-01-01 00:00:00"]]),
        ),
        (
            so::F.partner_id.ilike("azure"),
            serde_json::json!([["partner_id", "ilike", "azure"]]),
        ),
    ];
    for (typed, raw) in domains {
        let text = format!("{typed:?}");
        let ours = odoo
            .query::<SaleOrder>()
            .filter(typed)
            .count()
            .await
            .unwrap();
        let theirs = odoo
            .client()
            .search_count("sale.order", raw, &Context::new())
            .await
            .unwrap();
        assert_eq!(ours, theirs, "{text}");
    }
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn projections_first_one_exists() {
    let odoo = odoo().unwrap();
    let pairs = odoo
        .query::<ResPartner>()
        .select((partner::F.name, partner::F.email))
        .order(partner::F.name.asc())
        .limit(5)
        .all()
        .await
        .unwrap();
    assert_eq!(pairs.len(), 5);
    assert!(pairs.iter().all(|(name, _)| name.is_some()));
    let cards = odoo
        .query::<ResPartner>()
        .select_as::<Card>()
        .limit(3)
        .all()
        .await
        .unwrap();
    let one = odoo
        .query::<ResPartner>()
        .filter(partner::F.id.eq(cards[0].id))
        .select_as::<Card>()
        .one()
        .await
        .unwrap();
    assert_eq!(
        (one.name, one.country_id),
        (cards[0].name.clone(), cards[0].country_id.clone())
    );
    let both = odoo
        .query::<ResPartner>()
        .select((Whole, partner::F.comment))
        .first()
        .await
        .unwrap()
        .unwrap();
    assert!(both.0.name.is_some());
    let nobody = odoo
        .query::<ResPartner>()
        .filter(partner::F.name.eq("no such partner"));
    assert!(!nobody.exists().await.unwrap());
    assert!(nobody.first().await.unwrap().is_none());
    assert_eq!(
        nobody.one().await.unwrap_err().kind(),
        ErrorKind::MissingRecord
    );
    assert_eq!(
        odoo.query::<ResPartner>().one().await.unwrap_err().kind(),
        ErrorKind::MissingRecord
    );
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn pages_hold_every_record_once() {
    let odoo = odoo().unwrap();
    let all = odoo.query::<ResPartner>().ids().await.unwrap().to_raw();
    for by_name in [false, true] {
        let query = odoo.query::<ResPartner>().select(partner::F.id);
        let query = if by_name {
            query.order(partner::F.name.asc().then(&partner::F.id.asc()))
        } else {
            query
        };
        let mut pages = query.pages(7);
        let mut seen = Vec::new();
        while let Some(page) = pages.next_page().await.unwrap() {
            assert!(page.len() <= 7);
            seen.extend(page.into_iter().map(Id::get));
        }
        let mut expected = all.clone();
        expected.sort_unstable();
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(count, seen.len(), "a record came twice");
        assert_eq!(seen, expected);
    }
    let mut limited = odoo
        .query::<ResPartner>()
        .select(partner::F.id)
        .limit(10)
        .pages(4);
    let mut sizes = Vec::new();
    while let Some(page) = poll_fn(|context| {
        butopea_models::runtime::Stream::poll_next(Pin::new(&mut limited), context)
    })
    .await
    {
        sizes.push(page.unwrap().len());
    }
    assert_eq!(sizes, [4, 4, 2]);
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn groups_add_up() {
    let odoo = odoo().unwrap();
    let orders = odoo
        .query::<SaleOrder>()
        .select((so::F.state, so::F.amount_total))
        .all()
        .await
        .unwrap();
    let groups = odoo
        .query::<SaleOrder>()
        .group_by(so::F.state)
        .sum(so::F.amount_total)
        .max(so::F.date_order)
        .all()
        .await
        .unwrap();
    let count: u64 = groups.iter().map(|group| group.count).sum();
    assert_eq!(count, orders.len() as u64);
    for group in &groups {
        let total: f64 = orders
            .iter()
            .filter(|(state, _)| *state == group.key)
            .map(|(_, total)| total)
            .sum();
        assert!((total - group.values.0).abs() < 0.01, "{group:?}");
        assert!(group.values.1.is_some());
        let found = odoo
            .query::<SaleOrder>()
            .filter(group.domain())
            .count()
            .await
            .unwrap();
        assert_eq!(found, group.count);
    }
    let months = odoo
        .query::<SaleOrder>()
        .group_by((so::F.date_order.month(), so::F.partner_id))
        .sum(so::F.amount_total)
        .avg(so::F.amount_total)
        .count_distinct(so::F.user_id)
        .descending()
        .limit(4)
        .all()
        .await
        .unwrap();
    assert!(!months.is_empty());
    assert!(
        months
            .windows(2)
            .all(|pair| pair[0].values.0 >= pair[1].values.0)
    );
    assert!(
        months
            .iter()
            .all(|group| group.key.0.is_some() && group.key.1.is_some())
    );
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn a_record_stands_in_the_group_of_each_of_its_links() {
    let odoo = odoo().unwrap();
    let tagged = odoo
        .query::<ResPartner>()
        .filter(partner::F.category_id.is_set());
    let groups = tagged
        .clone()
        .group_by(partner::F.category_id)
        .all()
        .await
        .unwrap();
    assert!(!groups.is_empty());
    for group in groups {
        let tag = group.key.as_ref().expect("a tag");
        assert!(tag.name.is_some());
        let with_tag = partner::F.category_id.eq(tag.id);
        for condition in [with_tag, group.domain()] {
            let found = tagged.clone().filter(condition).count().await.unwrap();
            assert_eq!(found, group.count, "{group:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn contexts_change_what_is_found() {
    let odoo = odoo().unwrap();
    let active = odoo.query::<ResPartner>().count().await.unwrap();
    let all = odoo
        .query::<ResPartner>()
        .with_archived()
        .count()
        .await
        .unwrap();
    assert!(
        all > active,
        "{all} partners with archived ones, {active} without"
    );
    let both = odoo
        .with_context(&Context::new().lang("en_US"))
        .with_context(&Context::new().timezone("UTC"));
    assert_eq!(both.context().as_map().len(), 2);
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn a_field_that_cannot_be_read_is_named() {
    let odoo = odoo().unwrap();
    let broken = Field::<ProjectTask, kind::Char>::new("no_such_field");
    let error = odoo
        .query::<ProjectTask>()
        .select((task::F.name, broken, task::F.state))
        .limit(1)
        .all()
        .await
        .unwrap_err();
    assert!(error.message().contains("no_such_field"), "{error}");
    let read = odoo
        .query::<ProjectTask>()
        .without(broken)
        .select((task::F.name, broken))
        .limit(1)
        .all()
        .await
        .unwrap();
    assert_eq!(read[0].1, None);
}

/// The groups of every question, the older way or not.
async fn answers(questions: &[Grouping], older: bool) -> Vec<Vec<RecordGroup>> {
    let odoo = odoo().unwrap();
    let client = odoo.client();
    if older {
        client.group_the_old_way();
    }
    let mut answers = Vec::new();
    for question in questions {
        let groups = client.read_groups(question, &Context::new()).await;
        answers.push(groups.unwrap());
    }
    assert_eq!(client.groups_the_old_way(), older);
    answers
}

fn grouping(model: &str, keys: &[&str], measures: &[(&str, &str)]) -> Grouping {
    Grouping {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        measures: measures
            .iter()
            .map(|(field, function)| Measure::new(*field, *function))
            .collect(),
        ..Grouping::new(model)
    }
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn both_ways_of_grouping_answer_the_same() {
    let sort = |by, descending| Sort {
        by,
        descending,
        empty_last: false,
    };
    let amounts = [("amount_total", "sum"), ("currency_id", "min")];
    let by_month = Grouping {
        order: vec![
            sort(SortBy::Count, true),
            sort(SortBy::Key(0), false),
            sort(SortBy::FirstRecord, false),
        ],
        domain: serde_json::json!(["|", ["state", "=", "sale"], ["amount_total", ">", 10]]),
        ..grouping("sale.order", &["date_order:month", "partner_id"], &amounts)
    };
    let page = Grouping {
        order: vec![
            sort(SortBy::Measure(0), true),
            sort(SortBy::FirstRecord, false),
        ],
        limit: Some(3),
        offset: 2,
        ..grouping("sale.order", &["user_id", "state"], &amounts)
    };
    let questions = [
        by_month,
        page,
        grouping("sale.order", &[], &amounts),
        grouping("account.move", &["invoice_date:quarter", "move_type"], &[]),
        grouping("res.partner", &["category_id"], &[("color", "max")]),
        grouping(
            "res.partner",
            &["is_company", "country_id"],
            &[("id", "count")],
        ),
        grouping("sale.order", &["date_order:week"], &[("date_order", "max")]),
    ];
    let (newer, older) = (
        answers(&questions, false).await,
        answers(&questions, true).await,
    );
    let (odoo, context) = (odoo().unwrap(), Context::new());
    for ((question, newer), older) in questions.iter().zip(newer).zip(older) {
        assert!(!newer.is_empty(), "{question:?}");
        assert_eq!(newer.len(), older.len(), "{question:?}");
        for (newer, older) in newer.iter().zip(&older) {
            assert_eq!(newer.keys, older.keys);
            assert_eq!(newer.count, older.count);
            assert_eq!(newer.measures, older.measures);
            for group in [newer, older] {
                let domain = serde_json::json!(group.domain);
                let client = odoo.client();
                let found = client.search_count(&question.model, domain, &context).await;
                assert_eq!(found.unwrap(), group.count, "{group:?}");
            }
        }
        let counted = odoo.client().count_groups(question, 1000, &context).await;
        let counted = counted.unwrap();
        assert!(counted >= newer.len() as u64, "{question:?}");
    }
}
