//~ mismatched types
//~ expected `Field<SaleOrder, _>`, found `Field<ResPartner, Char>`

use butopea_models::prelude::*;
use butopea_models::{SaleOrder, res_partner as partner};

fn main() {
    let _ = SaleOrder::values().set(partner::F.name, "A");
}
