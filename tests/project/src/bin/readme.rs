//! The example of the workspace's README, word for word; a test compares them and runs it.

use butopea_models::prelude::*;
use butopea_models::{
    ResPartner, SaleOrder, res_country as country, res_partner as partner, sale_order as so,
};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let odoo = Odoo::from_env()?;
    let customer = so::F.partner_id;
    let american = customer.dot(partner::F.country_id).dot(country::F.code);
    let orders = odoo
        .query::<SaleOrder>()
        .filter(so::F.state.eq(so::State::Sale).and(american.eq("US")))
        .order(so::F.date_order.desc());
    for order in orders.clone().limit(3).all().await? {
        println!("{:?}: {:.2}", order.name, order.amount_total);
    }
    let by_month = orders.group_by(so::F.date_order.month());
    for month in by_month.sum(so::F.amount_total).all().await? {
        println!(
            "{:?}: {} orders, {:?}",
            month.key, month.count, month.values
        );
    }

    let contacts = odoo.query::<ResPartner>().filter(partner::F.email.is_set());
    let contact = contacts.select((partner::F.id, partner::F.email));
    let (ada, email) = contact.first().await?.required("a contact")?;
    let id = odoo.create(SaleOrder::values().set(customer, ada)).await?;
    let outcome = odoo.call(id, so::action::Cancel).await?;
    println!("quoted to {email:?}, and cancelled: {outcome:?}");
    odoo.delete(id).await
}
