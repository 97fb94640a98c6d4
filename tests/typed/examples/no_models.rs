//! One half of a comparison of sizes: a program that calls Odoo without generated models.
//!
//! It does what `five_models` does, call for call, through the client alone, so that the
//! difference of the two binaries is what typed models cost, not what a client costs.

use butopea_runtime::client::{Client, Config, Context, MethodCall, SearchRead};
use butopea_runtime::{Error, ErrorKind};
use serde_json::{Map, Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    // The runtime compiles what it is given several times over, so a large program goes boxed.
    Box::pin(run()).await
}

#[allow(clippy::print_stdout)] // a program prints
async fn run() -> Result<(), Error> {
    let client = Client::new(Config::from_env()?)?;
    let context = Context::new().timezone("UTC");
    let searches = [
        (
            "sale.order",
            json!([["state", "=", "sale"], ["amount_total", ">", 100.0]]),
        ),
        ("sale.order.line", json!([["product_uom_qty", ">", 1.0]])),
        ("res.partner", json!([["is_company", "=", true]])),
        ("product.product", json!([["sale_ok", "=", true]])),
        ("account.move", json!([["state", "=", "posted"]])),
    ];
    for (model, domain) in searches {
        let mut search = SearchRead::new(model);
        search.domain = domain;
        search.limit = Some(50);
        search.fields = vec!["display_name".to_owned()];
        for record in client.search_read(&search, &context).await?.records {
            println!("{}", text(&record, "display_name"));
        }
    }
    let values = json!({"name": "A customer", "is_company": true});
    let ids = client.create("res.partner", values, &context).await?;
    let mut change = Map::new();
    change.insert("color".to_owned(), json!(3));
    client.write("res.partner", &ids, change, &context).await?;
    client.unlink("res.partner", &ids, &context).await?;
    let mut draft = SearchRead::new("sale.order");
    draft.domain = json!([["state", "=", "draft"]]);
    draft.limit = Some(1);
    draft.fields = vec!["id".to_owned()];
    let drafts = client.search_read(&draft, &context).await?.records;
    let id = drafts
        .first()
        .and_then(|record| record.get("id"))
        .and_then(Value::as_i64)
        .ok_or_else(|| Error::new(ErrorKind::MissingRecord, "there is no draft order"))?;
    let confirm = MethodCall::new("sale.order", "action_confirm").ids([id]);
    println!("{}", client.call(&confirm, &context).await?);
    Ok(())
}

fn text<'a>(record: &'a Map<String, Value>, field: &str) -> &'a str {
    record
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
