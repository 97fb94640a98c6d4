//~ cannot be selected from `SaleOrder`

use butopea_models::prelude::*;
use butopea_models::{SaleOrder, res_partner as partner, sale_order as so};

fn select(odoo: &Odoo) {
    let _ = odoo
        .query::<SaleOrder>()
        .select((so::F.name, partner::F.name));
}

fn main() {}
