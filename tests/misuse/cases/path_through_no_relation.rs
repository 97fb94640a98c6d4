//~ field does not point to records of a model
//~ only many2one, one2many and many2many fields can be followed

use butopea_models::{res_partner as partner, sale_order as so};

fn main() {
    let _ = so::F.name.dot(partner::F.email).ilike("@");
}
