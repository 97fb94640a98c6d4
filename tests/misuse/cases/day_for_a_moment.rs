//~ field cannot be set to `
//~ Date`
//~ a moment `DateTime`

use butopea_models::prelude::*;
use butopea_models::{SaleOrder, sale_order as so};

fn order(day: Date) -> Values<SaleOrder> {
    SaleOrder::values().set(so::F.date_order, day)
}

fn main() {}
