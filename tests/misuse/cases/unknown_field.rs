//~ no field `amount_totl` on type
//~ amount_total

use butopea_models::sale_order as so;

fn main() {
    let _ = so::F.amount_totl.gt(1000.0);
}
