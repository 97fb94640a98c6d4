//~ field cannot be compared with `&str`
//~ this value has the wrong type for the field
//~ numbers take numbers

use butopea_models::sale_order as so;

fn main() {
    let _ = so::F.amount_total.gt("1000");
}
