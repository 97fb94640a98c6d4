"""From an order to a vendor to its bill: goods that come in two parts, prices, replenishment."""

from __future__ import annotations

import pytest
from conftest import Records
from support.desk import Desk
from support.odoo import Odoo

from stories.stock import move_goods, warehouse_stock

pytestmark = pytest.mark.needs("purchase.order", "stock.picking", "account.move")


def test_goods_come_in_two_parts_and_are_billed(
    desk: Desk, odoo: Odoo, records: Records, goods: int, mark: str
) -> None:
    """Ten are ordered, four come, then six; the bill is for ten."""
    vendor = records.adopt("res.partner", desk.create("res.partner", name=f"{mark} vendor"))
    line = {"product_id": goods, "product_qty": 10, "price_unit": 55.0}
    order = desk.create("purchase.order", partner_id=vendor, partner_ref=mark, order_line=[line])
    desk.press("purchase.order", order, "button_confirm")
    (first,) = desk.read("purchase.order", order, "picking_ids")["picking_ids"]
    rest_asked = move_goods(desk, first, 4)
    assert rest_asked.wizard
    assert rest_asked.wizard.model == "stock.backorder.confirmation"
    desk.go_on(rest_asked, "process")
    rest = desk.find_id("stock.picking", ["backorder_id", "=", first])
    assert _on_hand(odoo, goods, warehouse_stock(desk)) == 4.0
    assert _received(odoo, order) == 4.0
    move_goods(desk, rest)

    desk.press("purchase.order", order, "action_create_invoice")
    (bill,) = desk.read("purchase.order", order, "invoice_ids")["invoice_ids"]
    desk.update("account.move", bill, invoice_date="today", ref=f"{mark} bill")
    desk.press("account.move", bill, "action_post")

    assert _on_hand(odoo, goods, warehouse_stock(desk)) == 10.0
    assert _received(odoo, order) == 10.0
    bought = odoo.read("purchase.order", order, "state", "amount_total", "invoice_status")
    assert bought["state"] in {"purchase", "done"}
    assert (bought["amount_total"], bought["invoice_status"]) == (550.0, "invoiced")
    moves = [["picking_id", "in", [first, rest]]]
    states = odoo.call("stock.move", "search_read", moves, ["state", "product_uom_qty"], order="id")
    assert [(move["state"], move["product_uom_qty"]) for move in states] == [
        ("done", 4.0),
        ("done", 6.0),
    ]
    posted = odoo.read("account.move", bill, "state", "move_type", "amount_total", "partner_id")
    assert (posted["state"], posted["move_type"]) == ("posted", "in_invoice")
    assert (posted["amount_total"], posted["partner_id"][0]) == (550.0, vendor)


def test_what_is_short_is_bought_at_the_vendors_price(
    desk: Desk, odoo: Odoo, records: Records, goods: int, mark: str
) -> None:
    """A product gets a vendor and a price; replenishing it writes the order to them."""
    vendor = records.adopt("res.partner", desk.create("res.partner", name=f"{mark} vendor"))
    desk.update("product.product", goods, seller_ids=[{"partner_id": vendor, "price": 42.0}])
    buy = desk.find_id("stock.route", ["rule_ids.action", "=", "buy"], ["company_id", "=", False])

    entry = desk.offered("product.product", goods, "replenish")
    replenishing = desk.press("product.product", goods, entry)
    # 17.0 made one route of several.
    is_one = desk.has_field("product.replenish", "route_id")
    route = {"route_id": buy} if is_one else {"route_ids": [buy]}
    desk.go_on(
        replenishing,
        "launch_replenishment",
        quantity=8,
        date_planned="+7d",
        **route,
    )

    (line,) = odoo.call(
        "purchase.order.line",
        "search_read",
        [["product_id", "=", goods]],
        ["order_id", "product_qty", "price_unit", "partner_id", "state"],
    )
    records.adopt("purchase.order", line["order_id"][0])
    assert (line["product_qty"], line["price_unit"]) == (8.0, 42.0)
    assert (line["partner_id"][0], line["state"]) == (vendor, "draft")


def _on_hand(odoo: Odoo, product: int, place: int) -> float:
    domain = [["product_id", "=", product], ["location_id", "child_of", place]]
    return sum(quant["quantity"] for quant in odoo.call("stock.quant", "search_read", domain))


def _received(odoo: Odoo, order: int) -> float:
    domain = [["order_id", "=", order]]
    (line,) = odoo.call("purchase.order.line", "search_read", domain, ["qty_received"])
    return line["qty_received"]
