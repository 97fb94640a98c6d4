//~ field cannot be compared with `&str`
//~ a selection its own enum

use butopea_models::sale_order as so;

fn main() {
    let _ = so::F.state.eq("sale");
}
