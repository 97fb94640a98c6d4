//! The confirmed orders of a country, and what its customers bought month by month.
//!
//! ```text
//! ODOO_URL=… ODOO_DB=… ODOO_USERNAME=… ODOO_PASSWORD=… cargo run --bin example-project -- BE
//! ```

use butopea_models::prelude::*;
use butopea_models::{SaleOrder, res_country as country, res_partner as partner, sale_order as so};

record! {
    /// What one line of the list shows.
    struct Line: so {
        name: Option<String>,
        partner_id: Option<Many2one<butopea_models::ResPartner>>,
        amount_total: f64,
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let code = std::env::args().nth(1).unwrap_or_else(|| "US".to_owned());
    // Months begin at midnight of this zone.
    let odoo = Odoo::from_env()?.with_context(&Context::new().timezone("UTC"));
    let of_country = so::F
        .partner_id
        .dot(partner::F.country_id)
        .dot(country::F.code)
        .eq(code);
    let orders = odoo
        .query::<SaleOrder>()
        .filter(so::F.state.eq(so::State::Sale).and(of_country));

    for line in orders
        .clone()
        .order(so::F.date_order.desc())
        .limit(20)
        .select_as::<Line>()
        .all()
        .await?
    {
        let customer = line
            .partner_id
            .and_then(|link| link.name)
            .unwrap_or_default();
        println!(
            "{} {customer} {:.2}",
            line.name.unwrap_or_default(),
            line.amount_total
        );
    }
    for month in orders
        .group_by(so::F.date_order.month())
        .sum(so::F.amount_total)
        .all()
        .await?
    {
        let start = month
            .key
            .map(|start| start.date().to_string())
            .unwrap_or_default();
        println!("{start}: {} orders, {:.2}", month.count, month.values.0);
    }
    Ok(())
}
