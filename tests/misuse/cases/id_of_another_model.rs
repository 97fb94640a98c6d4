//~ field cannot be set to `
//~ a many2one an `Id` or `Many2one` of its target

use butopea_models::prelude::*;
use butopea_models::{CrmLead, SaleOrder, sale_order as so};

fn order(lead: Id<CrmLead>) -> Values<SaleOrder> {
    SaleOrder::values().set(so::F.partner_id, lead)
}

fn main() {}
