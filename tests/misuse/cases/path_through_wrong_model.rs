//~ mismatched types
//~ expected `Field<ResPartner, _>`, found `Field<CrmLead

use butopea_models::{crm_lead as lead, sale_order as so};

fn main() {
    let _ = so::F.partner_id.dot(lead::F.email_from).ilike("@");
}
