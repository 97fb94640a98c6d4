//! The other half of a comparison of sizes: a program that uses five generated models, whole
//! records of each. See `no_models`.

use butopea_models::prelude::*;
use butopea_models::{
    AccountMove, ProductProduct, ResPartner, SaleOrder, SaleOrderLine, account_move as account,
    product_product as product, res_partner as partner, sale_order as so, sale_order_line as line,
};

#[tokio::main]
async fn main() -> Result<(), Error> {
    // The runtime compiles what it is given several times over, so a large program goes boxed.
    Box::pin(run()).await
}

#[allow(clippy::print_stdout)] // a program prints
async fn run() -> Result<(), Error> {
    let odoo = Odoo::from_env()?.with_context(&Context::new().timezone("UTC"));
    let orders = odoo
        .query::<SaleOrder>()
        .filter(
            so::F
                .state
                .eq(so::State::Sale)
                .and(so::F.amount_total.gt(100.0)),
        )
        .limit(50)
        .all()
        .await?;
    for order in &orders {
        println!("{}", order.display_name.as_deref().unwrap_or_default());
    }
    let lines = odoo
        .query::<SaleOrderLine>()
        .filter(line::F.product_uom_qty.gt(1.0))
        .limit(50)
        .all()
        .await?;
    for line in &lines {
        println!("{}", line.display_name.as_deref().unwrap_or_default());
    }
    let companies = odoo
        .query::<ResPartner>()
        .filter(partner::F.is_company.eq(true))
        .limit(50)
        .all()
        .await?;
    for company in &companies {
        println!("{}", company.display_name.as_deref().unwrap_or_default());
    }
    let products = odoo
        .query::<ProductProduct>()
        .filter(product::F.sale_ok.eq(true))
        .limit(50)
        .all()
        .await?;
    for product in &products {
        println!("{}", product.display_name.as_deref().unwrap_or_default());
    }
    let invoices = odoo
        .query::<AccountMove>()
        .filter(account::F.state.eq(account::State::Posted))
        .limit(50)
        .all()
        .await?;
    for invoice in &invoices {
        println!("{}", invoice.display_name.as_deref().unwrap_or_default());
    }
    let values = ResPartner::values()
        .set(partner::F.name, "A customer")
        .set(partner::F.is_company, true);
    let id = odoo.create(values).await?;
    odoo.update(id, ResPartner::values().set(partner::F.color, 3))
        .await?;
    odoo.delete(id).await?;
    let draft = odoo
        .query::<SaleOrder>()
        .filter(so::F.state.eq(so::State::Draft))
        .limit(1)
        .ids()
        .await?;
    let id = *draft
        .first()
        .ok_or_else(|| Error::new(ErrorKind::MissingRecord, "there is no draft order"))?;
    println!("{:?}", odoo.call(id, so::action::Confirm).await?);
    Ok(())
}
