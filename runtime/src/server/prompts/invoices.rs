//! Prompts about invoices.

use serde_json::json;

use super::desk::{Desk, Steps};
use super::{Argument, Prompt};
use crate::error::Result;
use crate::schema::Operation;
use crate::server::completion::Source;

const INVOICE: &str = "account.move";

/// Who owes what since when, and what to do about it.
pub(super) const OVERDUE_INVOICES: Prompt = Prompt {
    name: "overdue_invoices",
    title: "Overdue invoices",
    description: "Which customers are late with which invoices, and what to do next",
    arguments: &[Argument {
        name: "customer",
        title: "Customer",
        description: "Name or id of a customer; left out: all",
        is_required: false,
        source: Source::Name("res.partner"),
    }],
    needs: &[(INVOICE, Operation::Search)],
    uses: &[
        (INVOICE, Operation::Aggregate),
        ("res.partner", Operation::Read),
    ],
    write: overdue_invoices,
};

fn overdue_invoices(desk: &Desk<'_>) -> Result<String> {
    let mut domain = vec![
        json!(["move_type", "=", "out_invoice"]),
        json!(["state", "=", "posted"]),
        json!(["payment_state", "in", ["not_paid", "partial"]]),
        json!(["invoice_date_due", "<", desk.today.to_string()]),
    ];
    domain.extend(desk.condition("partner_id", "customer"));
    let fields = [
        "name",
        "partner_id",
        "invoice_date_due",
        "amount_total",
        "amount_residual",
        "currency_id",
        "invoice_user_id",
    ];
    let sums = json!({
        "domain": domain,
        "group_by": ["partner_id", "currency_id"],
        "aggregates": ["amount_residual:sum"],
        "order": "amount_residual:sum desc",
        "limit": 50,
    });
    let search = desk.search(INVOICE, domain, &fields, "invoice_date_due");
    let contact =
        json!({"id": "<id of the customer>", "fields": ["name", "email", "phone", "lang"]});
    Ok(Steps::new(desk, "Show which customer invoices are overdue, and propose what to do about them.")
        .call(
            "How much each customer owes",
            desk.optional_call(INVOICE, &Operation::Aggregate, sums),
        )
        .call("Find them", desk.call(INVOICE, &Operation::Search, search)?)
        .say("Show a table by customer, the oldest first: invoice, due date, days overdue, amount that is still open with its currency. Show the sums by customer and currency; never add up different currencies.")
        .call(
            "For the customers with the largest sums, find out whom to write to",
            desk.optional_call("res.partner", &Operation::Read, contact),
        )
        .say("Propose the next step for each customer: wait, a friendly reminder, a call, a formal notice. Draft the reminders in the customer's language. Send nothing and change nothing before the user has approved it.")
        .finish())
}
