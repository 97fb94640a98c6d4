//~ mismatched types
//~ expected `Domain<SaleOrder>`, found `Domain<ResPartner>`

use butopea_models::prelude::*;
use butopea_models::{SaleOrder, res_partner as partner};

fn find(odoo: &Odoo) {
    let _ = odoo.query::<SaleOrder>().filter(partner::F.name.ilike("A"));
}

fn main() {}
