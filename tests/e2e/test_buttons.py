"""Buttons in a record's present state: named when it is read, refused when they are hidden."""

from __future__ import annotations

import pytest
from conftest import Records, StartServer
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import People, Person

pytestmark = pytest.mark.needs("sale.order")

ORDER = "sale.order"


@pytest.fixture
def orders(odoo: Odoo, records: Records, mark: str) -> tuple[int, int]:
    """A quotation and a confirmed order."""
    partner = records.make("res.partner", name=mark)
    product = records.make("product.product", name=mark, type="service")
    line = {"product_id": product, "product_uom_qty": 1}
    quotation = records.make(ORDER, partner_id=partner, order_line=[[0, 0, line]])
    confirmed = records.make(ORDER, partner_id=partner, order_line=[[0, 0, line]])
    odoo.call(ORDER, "action_confirm", [confirmed])
    return quotation, confirmed


def methods(client: McpClient, tool: str, **arguments: object) -> list[str]:
    """The methods that a read names as possible now."""
    read = client.ok(tool, **arguments)
    return [action["method"] for action in read.structured.get("actions", [])]


def test_a_read_names_what_is_possible_now(
    server: McpClient, odoo: Odoo, orders: tuple[int, int]
) -> None:
    """The generic and the typed tool; state by state."""
    quotation, confirmed = orders
    for tool, more in (("odoo_read", {"model": ORDER}), ("sale_order_read", {})):
        now = methods(server, tool, id=quotation, **more)
        assert "action_confirm" in now
        assert "action_draft" not in now
        later = methods(server, tool, id=confirmed, **more)
        assert "action_confirm" not in later
        assert "action_cancel" in later
    read = server.ok("odoo_read", model=ORDER, id=quotation)
    assert "actions now: " in read.text
    assert "action_confirm “Confirm”" in read.text
    cancel = next(a for a in read.structured["actions"] if a["method"] == "action_cancel")
    # Up to 17.0 the button opens a dialogue instead.
    assert ("Are you sure" in cancel.get("confirm", "")) == (odoo.series >= (18, 0))
    reports = [report["uri"] for report in read.structured["reports"]]
    assert f"odoo://{ORDER}/{quotation}/report/sale.report_saleorder" in reports
    assert reports[0] in read.text


def test_when_buttons_are_named(server: McpClient, orders: tuple[int, int]) -> None:
    """With the state among the fields, not with others, and not for several records."""
    quotation, confirmed = orders
    assert methods(server, "odoo_read", model=ORDER, id=quotation, fields=["state"])
    assert not methods(server, "odoo_read", model=ORDER, id=quotation, fields=["name"])
    assert not methods(server, "odoo_read", model=ORDER, ids=[quotation, confirmed])
    assert not methods(server, "odoo_read", model="res.country", id=1)


@pytest.mark.parametrize("tool", ["odoo_execute", "sale_order_action_confirm"])
def test_a_hidden_button_is_not_pressed(
    server: McpClient, odoo: Odoo, orders: tuple[int, int], tool: str
) -> None:
    """Neither on one record nor on several of which one hides it; the others are left alone."""
    quotation, confirmed = orders
    more = {"model": ORDER, "method": "action_confirm"} if tool == "odoo_execute" else {}
    refused = server.call(tool, ids=[confirmed], **more)
    assert refused.error["kind"] == "invalid_call"
    message = refused.error["message"]
    assert "“Sales Order” (state = sale)" in message
    assert "“Confirm” (action_confirm)" in message
    assert "action_cancel" in refused.error["hints"][0]

    both = server.call(tool, ids=[quotation, confirmed], **more)
    name = odoo.read(ORDER, confirmed, "name")["name"]
    assert f"{confirmed} (“{name}”)" in both.error["message"]
    assert odoo.read(ORDER, quotation, "name")["name"] not in both.error["message"]
    assert odoo.read(ORDER, quotation, "state")["state"] == "draft"

    pressed = server.ok(tool, ids=[quotation], **more)
    assert pressed.structured["success"]
    assert odoo.read(ORDER, quotation, "state")["state"] == "sale"


def test_a_method_that_is_no_button_is_called(
    server: McpClient, odoo: Odoo, records: Records, orders: tuple[int, int]
) -> None:
    """`copy` stands on no form: Odoo decides."""
    copied = server.ok("odoo_execute", model=ORDER, method="copy", ids=[orders[1]])
    made = records.adopt(ORDER, copied.structured["result"]["ids"][0])
    assert odoo.read(ORDER, made, "state")["state"] == "draft"


@pytest.mark.needs("stock.picking")
def test_what_the_list_has_is_pressed_for_any_record(server: McpClient, odoo: Odoo) -> None:
    """*Unreserve* is hidden in the form of a done transfer, but stands above the list."""
    done = odoo.ids("stock.picking", [["state", "=", "done"]], limit=1)
    if not done:
        pytest.skip("this Odoo has no transfer that is done")
    read = server.ok("odoo_read", model="stock.picking", id=done[0])
    where = {one["method"]: one.get("where") for one in read.structured["actions"]}
    if odoo.series < (17, 0):
        pytest.skip("up to 16.0 the list has no such button")
    assert where["do_unreserve"] == "list"
    result = server.call("odoo_execute", model="stock.picking", method="do_unreserve", ids=done)
    assert "shows no button" not in result.text


@pytest.mark.users
def test_buttons_are_the_users(
    start_server: StartServer, orders: tuple[int, int], boss: Person, people: People
) -> None:
    """What the groups hide is not named: a salesperson does not see what only others do."""
    seller = people.make("seller", ["sales_team.group_sale_salesman_all_leads"])
    mine = methods(start_server(seller), "odoo_read", model=ORDER, id=orders[0])
    all_of_them = methods(start_server(boss), "odoo_read", model=ORDER, id=orders[0])
    assert "action_confirm" in mine
    assert set(mine) <= set(all_of_them)


def test_the_button_brings_its_context(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """As in the web client: *Pay* of an invoice does not lead to the payments afterwards."""
    if not odoo.has_access("account.move", "create"):
        pytest.skip("this Odoo lacks invoices")
    partner = records.make("res.partner", name=mark)
    line = {"name": mark, "quantity": 1, "price_unit": 10.0, "tax_ids": [[5]]}
    move = records.make(
        "account.move", move_type="out_invoice", partner_id=partner, invoice_line_ids=[[0, 0, line]]
    )
    odoo.call("account.move", "action_post", [move])
    opened = server.ok(
        "odoo_execute", model="account.move", method="action_register_payment", ids=[move]
    )
    wizard = opened.structured["wizard"]
    paid = server.ok(
        "odoo_execute",
        model=wizard["model"],
        method="action_create_payments",
        wizard=wizard["handle"],
        values={},
    )
    # Without `dont_redirect_to_payments` Odoo answers with the payment that was made.
    assert "opens" not in paid.structured
    assert paid.structured["result"] in (True, {"type": "ir.actions.act_window_close"})
