//~ field cannot be compared with `butopea_models::crm_lead::Type`
//~ a selection its own enum

use butopea_models::{crm_lead as lead, sale_order as so};

fn main() {
    let _ = so::F.state.eq(lead::Type::Lead);
}
