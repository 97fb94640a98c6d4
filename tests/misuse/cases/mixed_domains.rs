//~ mismatched types
//~ expected `Domain<SaleOrder>`, found `Domain<ResPartner>`

use butopea_models::{res_partner as partner, sale_order as so};

fn main() {
    let _ = so::F.name.ilike("S").and(partner::F.name.ilike("A"));
}
