"""From a lead to the money: convert, quote, deliver, invoice, collect."""

from __future__ import annotations

import pytest
from conftest import Records
from support.desk import Desk
from support.odoo import Odoo

from stories.stock import move_goods, put_in_stock

pytestmark = pytest.mark.needs("crm.lead", "sale.order", "stock.picking", "account.move")


def test_a_lead_becomes_a_paid_invoice(
    desk: Desk, odoo: Odoo, records: Records, goods: int, mark: str
) -> None:
    """Somebody writes in; at the end the desks are with them, and the money is with us."""
    put_in_stock(desk, goods, 5)

    lead = desk.create(
        "crm.lead",
        name=f"{mark} three desks",
        type="lead",
        contact_name=f"{mark} Ada",
        partner_name=f"{mark} Ltd",
        email_from=f"{mark}@e2e.test",
    )
    records.adopt("crm.lead", lead)
    convert = desk.press("crm.lead", lead, "crm.action_crm_lead2opportunity_partner")
    desk.go_on(convert, "action_apply", name="convert", action="create")
    opportunity = desk.read("crm.lead", lead, "type", "partner_id")
    assert opportunity["type"] == "opportunity"
    customer = records.adopt("res.partner", opportunity["partner_id"]["id"])

    order = desk.create(
        "sale.order",
        partner_id=customer,
        opportunity_id=lead,
        client_order_ref=mark,
        order_line=[{"product_id": goods, "product_uom_qty": 3, "price_unit": 90.0}],
    )
    desk.press("sale.order", order, "action_confirm")
    (delivery,) = desk.read("sale.order", order, "picking_ids")["picking_ids"]
    move_goods(desk, delivery)

    invoicing = desk.press("sale.order", order, "sale.action_view_sale_advance_payment_inv")
    desk.go_on(invoicing, "create_invoices", advance_payment_method="delivered")
    (invoice,) = desk.read("sale.order", order, "invoice_ids")["invoice_ids"]
    desk.press("account.move", invoice, "action_post")
    paying = desk.press("account.move", invoice, "action_register_payment")
    desk.go_on(paying, "action_create_payments")
    desk.press("crm.lead", lead, "action_set_won_rainbowman")

    sold = odoo.read("sale.order", order, "state", "amount_total", "invoice_status")
    assert (sold["state"], sold["amount_total"]) == ("sale", 270.0)
    assert sold["invoice_status"] == "invoiced"
    assert odoo.read("sale.order", order, "opportunity_id")["opportunity_id"][0] == lead
    lines = [["order_id", "=", order]]
    (line,) = odoo.call("sale.order.line", "search_read", lines, ["qty_delivered", "qty_invoiced"])
    assert (line["qty_delivered"], line["qty_invoiced"]) == (3.0, 3.0)
    assert odoo.read("stock.picking", delivery, "state")["state"] == "done"
    assert odoo.read("product.product", goods, "qty_available")["qty_available"] == 2.0
    billed = odoo.read(
        "account.move", invoice, "move_type", "partner_id", "amount_total", "amount_residual"
    )
    assert (billed["move_type"], billed["partner_id"][0]) == ("out_invoice", customer)
    assert (billed["amount_total"], billed["amount_residual"]) == (270.0, 0.0)
    # Where accounts are reconciled with the bank, it is "in payment" until then.
    paid = odoo.read("account.move", invoice, "state", "payment_state")
    assert paid["state"] == "posted"
    assert paid["payment_state"] in {"paid", "in_payment"}
    won = odoo.read("crm.lead", lead, "stage_id", "probability", "partner_id")
    assert won["probability"] == 100.0
    assert odoo.read("crm.stage", won["stage_id"][0], "is_won")["is_won"] is True
    assert won["partner_id"][0] == customer
