//~ the record of `MailMessage` is not compiled in
//~ without a record, `select`, `ids`, `count` and `call_method` still work

use butopea_models::MailMessage;
use butopea_models::prelude::*;

async fn read(odoo: &Odoo) {
    let _ = odoo.query::<MailMessage>().all().await;
}

fn main() {}
