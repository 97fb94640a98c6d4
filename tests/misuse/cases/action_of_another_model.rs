//~ the trait bound
//~ Ids<SaleOrder>

use butopea_models::prelude::*;
use butopea_models::{ResPartner, sale_order as so};

async fn confirm(odoo: &Odoo, id: Id<ResPartner>) {
    let _ = odoo.call(id, so::action::Confirm).await;
}

fn main() {}
