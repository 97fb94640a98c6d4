//! Prompts about quotations and opportunities.

use serde_json::{Value, json};

use super::desk::{Desk, Steps};
use super::{Argument, Prompt};
use crate::error::Result;
use crate::schema::Operation;
use crate::server::completion::{LIST_SEPARATOR, Source};

const CUSTOMER: &str = "res.partner";
const PRODUCT: &str = "product.product";
const ORDER: &str = "sale.order";
const LEAD: &str = "crm.lead";

/// The most products that one prompt looks for.
const MAX_PRODUCTS: usize = 10;

/// A quotation, shown before it is made.
pub(super) const PREPARE_QUOTATION: Prompt = Prompt {
    name: "prepare_quotation",
    title: "Prepare a quotation",
    description: "Finds the customer and the products, shows the quotation, and creates it when you approve",
    arguments: &[
        Argument {
            name: "customer",
            title: "Customer",
            description: "Name or id of the customer",
            is_required: true,
            source: Source::Name(CUSTOMER),
        },
        Argument {
            name: "products",
            title: "Products",
            description: "Products with their quantities, separated by semicolons, such as \"2 desks; 4 chairs\"",
            is_required: false,
            source: Source::Names(PRODUCT),
        },
    ],
    needs: &[
        (CUSTOMER, Operation::Search),
        (PRODUCT, Operation::Search),
        (ORDER, Operation::Create),
        (ORDER, Operation::Read),
    ],
    uses: &[],
    write: prepare_quotation,
};

fn prepare_quotation(desk: &Desk<'_>) -> Result<String> {
    let customer = desk
        .condition("id", "customer")
        .filter(|condition| condition[1] == "=")
        .unwrap_or_else(|| {
            // Completions are display names, which a contact's own name is only a part of.
            json!([
                "display_name",
                "ilike",
                desk.given("customer").unwrap_or_default()
            ])
        });
    let customer = desk.search(
        CUSTOMER,
        [customer],
        &["display_name", "email", "city", "country_id"],
        "is_company desc, id",
    );
    let mut steps = Steps::new(
        desk,
        "Prepare a quotation, show it, and create it only when the user has approved it.",
    )
    .call(
        "Find the customer",
        desk.call(CUSTOMER, &Operation::Search, customer)?,
    )
    .say("If several customers fit, or none, ask the user.");
    steps = match desk.given("products") {
        Some(products) => find_products(desk, steps, products)?,
        None => steps.say("Ask the user which products it is about and how many of each."),
    };
    let values = json!({
        "partner_id": "<id of the customer>",
        "order_line": [{"product_id": "<id of the product>", "product_uom_qty": "<quantity>"}],
    });
    let create = desk.call(ORDER, &Operation::Create, json!({"values": values}))?;
    let read = json!({
        "id": "<id of the quotation>",
        "fields": ["name", "partner_id", "order_line", "amount_untaxed", "amount_tax", "amount_total", "currency_id", "validity_date"],
    });
    Ok(steps
        .say("Show the quotation as a table: product, quantity, unit price, sum. Say that taxes and price lists are Odoo's and may change the prices. Ask the user to approve it or to change it.")
        .call("After the approval, create it with all its lines at once", create)
        .call(
            "Read back what Odoo made of it",
            desk.call(ORDER, &Operation::Read, read)?,
        )
        .say("Show number, lines and totals. The resource odoo://sale.order/<id of the quotation> names the PDF reports that print it. Do not send or confirm it before the user asks for it.")
        .finish())
}

/// One search for each product; the number in front of a name is a quantity and stays with the
/// assistant.
fn find_products(desk: &Desk<'_>, mut steps: Steps, products: &str) -> Result<Steps> {
    let named: Vec<&str> = products
        .split(LIST_SEPARATOR)
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    for name in named.iter().take(MAX_PRODUCTS) {
        let search = desk.search(
            PRODUCT,
            [
                product_condition(without_quantity(name)),
                json!(["sale_ok", "=", true]),
            ],
            &["display_name", "lst_price", "uom_id", "qty_available"],
            "default_code, id",
        );
        steps = steps.call(
            &format!(
                "Find the product {} (a number in front is the quantity, 1 without)",
                json!(name)
            ),
            desk.call(PRODUCT, &Operation::Search, search)?,
        );
    }
    if named.len() > MAX_PRODUCTS {
        steps = steps.say(&format!(
            "Find the others in the same way: {}",
            json!(named[MAX_PRODUCTS..])
        ));
    }
    Ok(steps.say("If a product is not found, search for a shorter part of its name; if several fit, ask the user."))
}

/// By the code of a display name (`[E-COM07] Large Cabinet`), or by name.
fn product_condition(name: &str) -> Value {
    let code = name
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map(|(code, _)| code.trim());
    match code {
        Some(code) if !code.is_empty() => json!(["default_code", "=", code]),
        _ => json!(["name", "ilike", name]),
    }
}

/// `2 x desks` and `2 desks` are about desks.
fn without_quantity(name: &str) -> &str {
    let rest = name.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let has_quantity = rest.len() < name.len() && rest.starts_with([' ', 'x', '×', '*']);
    if !has_quantity {
        return name;
    }
    let rest = rest.trim_start();
    let mark = rest
        .strip_prefix(['x', '×', '*'])
        .filter(|after| after.starts_with(' '));
    match mark.unwrap_or(rest).trim() {
        "" => name,
        rest => rest,
    }
}

/// How the pipeline stands and what moved in it this week.
pub(super) const WEEKLY_PIPELINE: Prompt = Prompt {
    name: "weekly_pipeline",
    title: "Pipeline of the week",
    description: "Open opportunities, what was new, won and lost this week, and what needs attention",
    arguments: &[
        Argument {
            name: "team",
            title: "Sales team",
            description: "Name or id of a sales team; left out: all",
            is_required: false,
            source: Source::Name("crm.team"),
        },
        Argument {
            name: "salesperson",
            title: "Salesperson",
            description: "Name or id of a user; left out: all",
            is_required: false,
            source: Source::Name("res.users"),
        },
    ],
    needs: &[(LEAD, Operation::Search)],
    uses: &[],
    write: weekly_pipeline,
};

fn weekly_pipeline(desk: &Desk<'_>) -> Result<String> {
    let of: Vec<Value> = [("team_id", "team"), ("user_id", "salesperson")]
        .into_iter()
        .filter_map(|(field, argument)| desk.condition(field, argument))
        .collect();
    let fields = [
        "name",
        "partner_id",
        "stage_id",
        "expected_revenue",
        "probability",
        "date_deadline",
        "date_last_stage_update",
        "user_id",
        "team_id",
    ];
    let search = |conditions: Vec<Value>, order: &str| {
        let opportunity = json!(["type", "=", "opportunity"]);
        let domain = [opportunity]
            .into_iter()
            .chain(conditions)
            .chain(of.clone());
        let search = desk.search(LEAD, domain, &fields, order);
        desk.call(LEAD, &Operation::Search, search)
    };
    let monday = format!("{} 00:00:00", desk.monday());
    let stalled = format!("{} 00:00:00", desk.day(-30));
    let is_open = json!(["stage_id.is_won", "=", false]);
    Ok(Steps::new(desk, "Report how the sales pipeline stands and what moved in it this week.")
        .call(
            "The open opportunities",
            search(vec![is_open.clone()], "expected_revenue desc")?,
        )
        .call(
            "New this week",
            search(vec![json!(["create_date", ">=", monday])], "create_date desc")?,
        )
        .call(
            "Won this week",
            search(
                vec![json!(["stage_id.is_won", "=", true]), json!(["date_closed", ">=", monday])],
                "expected_revenue desc",
            )?,
        )
        .call(
            "Lost this week (archived)",
            search(
                vec![
                    json!(["active", "=", false]),
                    json!(["probability", "=", 0]),
                    json!(["date_closed", ">=", monday]),
                ],
                "expected_revenue desc",
            )?,
        )
        .call(
            "Open, but without a change of stage for 30 days",
            search(
                vec![is_open, json!(["date_last_stage_update", "<", stalled])],
                "expected_revenue desc",
            )?,
        )
        .say("Report: number and expected revenue by stage, then weighted by probability; what was new, won and lost; deadlines that have passed; the five open opportunities that need attention most, each with a next step.")
        .say("Change nothing in Odoo before the user has approved it.")
        .finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_no_part_of_the_name() {
        for (typed, name) in [
            ("2 desks", "desks"),
            ("2x desks", "desks"),
            ("2 x desks", "desks"),
            ("1.5 × cable", "cable"),
            ("desks", "desks"),
            ("3D printer", "3D printer"),
            ("2 xylophones", "xylophones"),
            ("12", "12"),
            ("12 ", "12 "),
        ] {
            assert_eq!(without_quantity(typed), name, "{typed}");
        }
    }

    #[test]
    fn a_completed_product_is_found_by_its_code() {
        assert_eq!(
            product_condition("[E-COM07] Large Cabinet"),
            json!(["default_code", "=", "E-COM07"])
        );
        assert_eq!(product_condition("desk"), json!(["name", "ilike", "desk"]));
        assert_eq!(product_condition("[] x"), json!(["name", "ilike", "[] x"]));
    }
}
