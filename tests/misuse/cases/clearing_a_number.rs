//~ field cannot be set to `
//~ Clear`

use butopea_models::prelude::*;
use butopea_models::{SaleOrder, sale_order as so};

fn main() {
    let _ = SaleOrder::values().set(so::F.currency_rate, Clear);
}
