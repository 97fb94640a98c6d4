//~ Odoo cannot group by a `
//~ dates and datetimes need a period

use butopea_models::prelude::*;
use butopea_models::{SaleOrder, sale_order as so};

fn group(odoo: &Odoo) {
    let _ = odoo.query::<SaleOrder>().group_by(so::F.date_order);
}

fn main() {}
