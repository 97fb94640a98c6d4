"""What does not go straight: goods that come back, a lead that is lost, money in parts."""

from __future__ import annotations

import pytest
from conftest import Records
from support.desk import Desk
from support.odoo import Odoo

from stories.stock import move_goods, put_in_stock


@pytest.fixture
def customer(desk: Desk, records: Records, mark: str) -> int:
    """A customer of the test's own."""
    return records.adopt("res.partner", desk.create("res.partner", name=f"{mark} customer"))


def _confirmed_order(desk: Desk, customer: int, product: int, quantity: float) -> int:
    line = {"product_id": product, "product_uom_qty": quantity, "price_unit": 100.0}
    order = desk.create("sale.order", partner_id=customer, order_line=[line])
    desk.press("sale.order", order, "action_confirm")
    return order


@pytest.mark.needs("sale.order", "stock.return.picking")
def test_a_desk_comes_back(desk: Desk, odoo: Odoo, goods: int, customer: int) -> None:
    """Three are delivered, one is returned."""
    put_in_stock(desk, goods, 3)
    order = _confirmed_order(desk, customer, goods, 3)
    (delivery,) = desk.read("sale.order", order, "picking_ids")["picking_ids"]
    move_goods(desk, delivery)
    move = desk.find_id("stock.move", ["picking_id", "=", delivery])

    returning = desk.press("stock.picking", delivery, "stock.act_stock_return_picking")
    # 18.0 renamed the button.
    is_new = desk.has_button("stock.return.picking", "action_create_returns")
    back = desk.go_on(
        returning,
        "action_create_returns" if is_new else "create_returns",
        product_return_moves=[{"product_id": goods, "quantity": 1, "move_id": move}],
    ).opened_id
    assert odoo.read("product.product", goods, "qty_available")["qty_available"] == 0.0
    move_goods(desk, back)

    assert odoo.read("stock.picking", back, "state", "picking_type_code") == {
        "id": back,
        "state": "done",
        "picking_type_code": "incoming",
    }
    moves = [["picking_id", "=", back]]
    fields = ["origin_returned_move_id", "product_uom_qty"]
    (returned,) = odoo.call("stock.move", "search_read", moves, fields)
    assert (returned["origin_returned_move_id"][0], returned["product_uom_qty"]) == (move, 1.0)
    assert odoo.read("product.product", goods, "qty_available")["qty_available"] == 1.0
    (line,) = odoo.call("sale.order.line", "search_read", [["order_id", "=", order]])
    assert line["qty_delivered"] == 2.0


@pytest.mark.needs("crm.lead", "crm.lead.lost")
def test_a_lead_is_lost(desk: Desk, odoo: Odoo, records: Records, mark: str) -> None:
    """It was too expensive; the lead is put away with the reason."""
    lead = desk.create("crm.lead", name=f"{mark} desk", type="opportunity")
    records.adopt("crm.lead", lead)
    reason = records.adopt("crm.lost.reason", desk.create("crm.lost.reason", name=f"{mark} price"))
    losing = desk.press("crm.lead", lead, "crm.crm_lead_lost_action")
    # 17.0 took the leads out of the context, into a field.
    leads = {"lead_ids": [lead]} if desk.has_field("crm.lead.lost", "lead_ids") else {}
    desk.go_on(losing, "action_lost_reason_apply", lost_reason_id=f"{mark} price", **leads)

    lost = odoo.read("crm.lead", lead, "active", "probability", "lost_reason_id")
    assert (lost["active"], lost["probability"]) == (False, 0.0)
    assert lost["lost_reason_id"][0] == reason


@pytest.mark.needs("sale.order", "account.move")
def test_money_comes_in_parts(desk: Desk, odoo: Odoo, goods: int, customer: int) -> None:
    """A quarter is invoiced in advance, and of the rest a part is paid."""
    put_in_stock(desk, goods, 2)
    order = _confirmed_order(desk, customer, goods, 2)
    advance = desk.press("sale.order", order, "sale.action_view_sale_advance_payment_inv")
    desk.go_on(advance, "create_invoices", advance_payment_method="percentage", amount=25)
    (first,) = desk.read("sale.order", order, "invoice_ids")["invoice_ids"]
    desk.press("account.move", first, "action_post")
    paying = desk.press("account.move", first, "action_register_payment")
    desk.go_on(paying, "action_create_payments")

    (delivery,) = desk.read("sale.order", order, "picking_ids")["picking_ids"]
    move_goods(desk, delivery)
    rest = desk.press("sale.order", order, "sale.action_view_sale_advance_payment_inv")
    desk.go_on(rest, "create_invoices", advance_payment_method="delivered")
    (second,) = set(desk.read("sale.order", order, "invoice_ids")["invoice_ids"]) - {first}
    desk.press("account.move", second, "action_post")
    paying = desk.press("account.move", second, "action_register_payment")
    desk.go_on(paying, "action_create_payments", amount=60, communication="the first part")

    fields = ["amount_untaxed", "amount_residual", "payment_state"]
    down, final = (odoo.read("account.move", move, *fields) for move in (first, second))
    assert (down["amount_untaxed"], down["amount_residual"]) == (50.0, 0.0)
    assert (final["amount_untaxed"], final["amount_residual"]) == (150.0, 90.0)
    assert (final["payment_state"], down["payment_state"] in {"paid", "in_payment"}) == (
        "partial",
        True,
    )
    assert odoo.read("sale.order", order, "invoice_status")["invoice_status"] == "invoiced"
    payments = odoo.call(
        "account.payment", "search_read", [["partner_id", "=", customer]], ["amount"], order="id"
    )
    assert [payment["amount"] for payment in payments] == [50.0, 60.0]
