//~ mismatched types
//~ expected `i64`, found `Option<String>`

use butopea_models::prelude::*;
use butopea_models::sale_order as so;

record! {
    struct Row: so { name: i64 }
}

fn main() {}
