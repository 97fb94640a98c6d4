//! Prompts about stock.

use serde_json::json;

use super::desk::{Desk, Steps};
use super::{Argument, Prompt};
use crate::error::Result;
use crate::schema::Operation;
use crate::server::completion::Source;

const PRODUCT: &str = "product.product";
const TRANSFER: &str = "stock.picking";
const PURCHASE: &str = "purchase.order";

/// What will be missing, who waits for it, and what is on its way.
pub(super) const STOCK_SHORTAGES: Prompt = Prompt {
    name: "stock_shortages",
    title: "Stock shortages",
    description: "Products that will run out, the transfers that wait for them, and what is on order",
    arguments: &[Argument {
        name: "warehouse",
        title: "Warehouse",
        description: "Name or id of a warehouse whose transfers to look at; left out: all",
        is_required: false,
        source: Source::Name("stock.warehouse"),
    }],
    needs: &[(PRODUCT, Operation::Search), (TRANSFER, Operation::Search)],
    uses: &[(PURCHASE, Operation::Search)],
    write: stock_shortages,
};

fn stock_shortages(desk: &Desk<'_>) -> Result<String> {
    let products = desk.search(
        PRODUCT,
        [json!(["virtual_available", "<", 0])],
        &[
            "display_name",
            "qty_available",
            "incoming_qty",
            "outgoing_qty",
            "virtual_available",
            "uom_id",
        ],
        "id",
    );
    let mut waiting = vec![
        json!(["picking_type_id.code", "=", "outgoing"]),
        json!(["state", "in", ["waiting", "confirmed"]]),
    ];
    waiting.extend(desk.condition("picking_type_id.warehouse_id", "warehouse"));
    let waiting = desk.search(
        TRANSFER,
        waiting,
        &["name", "partner_id", "scheduled_date", "state", "origin"],
        "scheduled_date",
    );
    let ordered = desk.search(
        PURCHASE,
        [
            json!(["state", "=", "purchase"]),
            json!(["order_line.product_id", "in", ["<id of the product>"]]),
        ],
        &["name", "partner_id", "date_planned", "state"],
        "date_planned",
    );
    Ok(Steps::new(desk, "Find out what the stock lacks, who waits for it, and what is on its way.")
        .call(
            "Products whose forecast is below zero",
            desk.call(PRODUCT, &Operation::Search, products)?,
        )
        .call(
            "Deliveries that wait for stock",
            desk.call(TRANSFER, &Operation::Search, waiting)?,
        )
        .call(
            "For the products found, what is on order",
            desk.optional_call(PURCHASE, &Operation::Search, ordered),
        )
        .say("Show a table, the worst first: product, on hand, going out, coming in, forecast. Say which deliveries are late or will be, and for whom.")
        .say("Propose for each product what to do: order, move from another warehouse, tell the customer. Create and change nothing before the user has approved it.")
        .finish())
}
