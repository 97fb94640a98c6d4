//~ Odoo cannot sort by a
//~ lists of records, bytes and JSON have no order

use butopea_models::sale_order as so;

fn main() {
    let _ = so::F.order_line.asc();
}
