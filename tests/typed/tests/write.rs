//! Writing and reading back: one value of every field type, commands, actions.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use butopea_models::prelude::*;
use butopea_models::{CrmLead, MailActivity, ProductTemplate, ProjectTask, SaleOrderLine};
use butopea_models::{
    ProductProduct, ResCountry, ResPartner, ResPartnerCategory, ResUsers, SaleOrder,
    crm_lead as lead, mail_activity as activity, product_product as product,
    product_template as template, project_task as task, res_country as country,
    res_partner as partner, res_partner_category as category, sale_order as so,
    sale_order_line as line,
};
use typed_tests::odoo;

/// Sets a field, reads it back alone, and compares.
macro_rules! round_trip {
    ($odoo:expr, $id:expr, $field:expr, $value:expr, $read:expr) => {{
        $odoo
            .update($id, ResPartner::values().set($field, $value))
            .await
            .unwrap();
        let read = $odoo.read($id, $field).await.unwrap();
        assert_eq!(read, [$read], stringify!($field));
    }};
}

async fn new_partner(odoo: &Odoo, name: &str) -> Id<ResPartner> {
    odoo.create(ResPartner::values().set(partner::F.name, name))
        .await
        .unwrap()
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn a_value_of_every_type_survives() {
    let odoo = odoo().unwrap();
    let id = new_partner(&odoo, "Typed round trip").await;
    let belgium = odoo
        .query::<ResCountry>()
        .filter(country::F.code.eq("BE"))
        .ids()
        .await
        .unwrap()[0];

    round_trip!(
        odoo,
        id,
        partner::F.name,
        "Ünï “quoted” \\ 名",
        Some("Ünï “quoted” \\ 名".to_owned())
    );
    round_trip!(odoo, id, partner::F.email, Clear, None);
    round_trip!(
        odoo,
        id,
        partner::F.comment,
        "<p>hello</p>",
        Some("<p>hello</p>".to_owned())
    );
    round_trip!(odoo, id, partner::F.color, 7, 7);
    round_trip!(odoo, id, partner::F.partner_latitude, 50.85, 50.85);
    round_trip!(odoo, id, partner::F.is_company, true, true);
    round_trip!(
        odoo,
        id,
        partner::F.r#type,
        partner::Type::Delivery,
        Some(partner::Type::Delivery)
    );
    round_trip!(
        odoo,
        id,
        partner::F.country_id,
        belgium,
        Some(Many2one {
            id: belgium,
            name: None
        })
    );
    round_trip!(odoo, id, partner::F.country_id, Clear, None);

    let tag = odoo
        .create(ResPartnerCategory::values().set(category::F.name, "typed tag"))
        .await
        .unwrap();
    round_trip!(
        odoo,
        id,
        partner::F.category_id,
        Link::link(tag),
        Ids::from(tag)
    );
    round_trip!(
        odoo,
        id,
        partner::F.category_id,
        Link::unlink(tag),
        Ids::new()
    );
    round_trip!(
        odoo,
        id,
        partner::F.category_id,
        Ids::from(tag),
        Ids::from(tag)
    );
    round_trip!(odoo, id, partner::F.category_id, Clear, Ids::new());

    let pixel = pixel();
    odoo.update(
        id,
        ResPartner::values().set(partner::F.image_1920, pixel.as_slice()),
    )
    .await
    .unwrap();
    let image = odoo
        .read(id, partner::F.image_1920)
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!(image.to_bytes().unwrap().get(1..4), Some(&b"PNG"[..]));

    odoo.delete(id).await.unwrap();
    odoo.delete(tag).await.unwrap();
    let gone = odoo.get::<ResPartner>(id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::MissingRecord);
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn days_moments_amounts_and_lines() {
    let odoo = odoo().unwrap();
    let customer = new_partner(&odoo, "Typed customer").await;
    let product = odoo
        .query::<ProductProduct>()
        .filter(
            product::F
                .sale_ok
                .eq(true)
                .and(product::F.r#type.eq(product::Type::Service)),
        )
        .first()
        .await
        .unwrap()
        .unwrap();
    let first_line = SaleOrderLine::values()
        .set(line::F.product_id, product.id)
        .set(line::F.product_uom_qty, 2)
        .set(line::F.price_unit, 12.5);
    let day = Date::new(2031, 2, 3).unwrap();
    let moment: DateTime = "2030-12-31 23:59:58".parse().unwrap();
    let id = odoo
        .create(
            SaleOrder::values()
                .set(so::F.partner_id, customer)
                .set(so::F.date_order, moment)
                .set(so::F.validity_date, day)
                .set(so::F.order_line, Link::create(first_line)),
        )
        .await
        .unwrap();
    let order = odoo.get::<SaleOrder>(id).await.unwrap();
    assert_eq!(order.state, Some(so::State::Draft));
    assert_eq!(order.date_order, Some(moment));
    assert_eq!(order.validity_date, Some(day));
    assert!((order.amount_untaxed - 25.0).abs() < 0.001);
    assert_eq!(order.partner_id.as_ref().map(|p| p.id), Some(customer));
    let line_id = order.order_line[0];

    let second = SaleOrderLine::values()
        .set(line::F.product_id, product.id)
        .set(line::F.price_unit, 1);
    odoo.update(
        id,
        SaleOrder::values().set(
            so::F.order_line,
            [
                Link::update(
                    line_id,
                    SaleOrderLine::values()
                        .set(line::F.product_uom_qty, 4.0)
                        .set(line::F.price_unit, 12.5),
                ),
                Link::create(second),
            ],
        ),
    )
    .await
    .unwrap();
    let totals = odoo
        .read(id, (so::F.amount_untaxed, so::F.order_line))
        .await
        .unwrap()
        .remove(0);
    assert!((totals.0 - 51.0).abs() < 0.001, "{totals:?}");
    assert_eq!(totals.1.len(), 2);

    assert_eq!(
        odoo.call(id, so::action::Confirm).await.unwrap(),
        Outcome::Nothing
    );
    let confirmed = odoo.get::<SaleOrder>(id).await.unwrap();
    assert_eq!(confirmed.state, Some(so::State::Sale));
    let refused = odoo.delete(id).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Validation, "{refused}");
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn references_properties_and_defaults() {
    let odoo = odoo().unwrap();
    let customer = new_partner(&odoo, "Typed reference").await;
    let todo = odoo
        .call_method::<ResPartner>(customer, "activity_schedule")
        .arg("mail.mail_activity_data_todo")
        .kwarg("summary", "typed")
        .send::<Value>()
        .await
        .unwrap();
    assert_eq!(todo["model"], "mail.activity");
    let found = odoo
        .query::<MailActivity>()
        .filter(
            activity::F
                .res_model
                .eq("res.partner")
                .and(activity::F.res_id.eq(customer.get())),
        )
        .one()
        .await
        .unwrap();
    assert_eq!(found.res_id, Some(customer.get()));
    assert_eq!(found.summary.as_deref(), Some("typed"));

    let defaults = odoo
        .defaults::<CrmLead, _>((lead::F.r#type, lead::F.user_id, lead::F.priority))
        .await
        .unwrap();
    assert!(defaults.get(lead::F.r#type).unwrap().flatten().is_some());
    assert!(defaults.get(lead::F.priority).unwrap().is_some());
    let who: Option<Many2one<ResUsers>> = defaults.get(lead::F.user_id).unwrap().flatten();
    assert!(who.is_some());

    let task_properties = odoo
        .query::<ProjectTask>()
        .select((task::F.id, task::F.task_properties))
        .limit(3)
        .all()
        .await
        .unwrap();
    assert!(!task_properties.is_empty());
    odoo.delete(customer).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn several_records_are_created_or_none() {
    let odoo = odoo().unwrap();
    let values = |name: &str| {
        ProductTemplate::values()
            .set(template::F.name, name)
            .set(template::F.list_price, 3.25)
    };
    let ids = odoo
        .create_all(vec![values("typed one"), values("typed two")])
        .await
        .unwrap();
    assert_eq!(ids.len(), 2);
    let before = odoo.query::<ProductTemplate>().count().await.unwrap();
    let broken = values("typed three").set_raw("no_such_field", 1);
    let refused = odoo
        .create_all(vec![values("typed four"), broken])
        .await
        .unwrap_err();
    assert!(refused.message().contains("no_such_field"), "{refused}");
    assert_eq!(
        odoo.query::<ProductTemplate>().count().await.unwrap(),
        before
    );
    odoo.delete(&ids).await.unwrap();
}

/// A picture of one pixel.
fn pixel() -> Vec<u8> {
    vec![
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0,
        0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44,
        0x41, 0x54, 0x78, 0xda, 0x63, 0xfc, 0xcf, 0xc0, 0x50, 0x0f, 0, 4, 0x85, 1, 0x80, 0x84,
        0xa9, 0x8c, 0x21, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ]
}
