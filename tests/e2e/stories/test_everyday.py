"""Small things of every day: sent again, given back, moved, made, talked about."""

from __future__ import annotations

import pytest
from conftest import Records
from support.desk import Desk
from support.odoo import Odoo

from stories.stock import move_goods, put_in_stock, warehouse_stock


@pytest.fixture
def customer(desk: Desk, records: Records, mark: str) -> int:
    """A customer of the test's own."""
    created = desk.create("res.partner", name=f"{mark} customer", email=f"{mark}@e2e.test")
    return records.adopt("res.partner", created)


@pytest.mark.needs("account.move")
def test_an_invoice_is_given_back(
    desk: Desk, odoo: Odoo, goods: int, customer: int, mark: str
) -> None:
    """The credit note of a posted invoice has its lines, and settles it."""
    invoice = desk.create(
        "account.move",
        move_type="out_invoice",
        partner_id=customer,
        invoice_date="today",
        invoice_line_ids=[{"product_id": goods, "quantity": 2, "price_unit": 30.0, "tax_ids": []}],
    )
    desk.press("account.move", invoice, "action_post")
    journal = desk.read("account.move", invoice, "journal_id")["journal_id"]["id"]
    reversing = desk.press("account.move", invoice, "action_reverse")
    # In 16.0, what is to be done is a field, and there is one button; "cancel" posts, too.
    is_one = desk.has_field("account.move.reversal", "refund_method")
    choice = {"refund_method": "cancel"} if is_one else {}
    button = "reverse_moves" if is_one else "refund_moves"
    note = desk.go_on(reversing, button, reason=mark, journal_id=journal, **choice).opened_id
    if desk.read("account.move", note, "state")["state"] == "draft":
        desk.press("account.move", note, "action_post")

    fields = ["move_type", "state", "amount_total", "reversed_entry_id", "payment_state"]
    credited = odoo.read("account.move", note, *fields)
    assert (credited["move_type"], credited["state"]) == ("out_refund", "posted")
    assert (credited["amount_total"], credited["reversed_entry_id"][0]) == (60.0, invoice)
    settled = odoo.read("account.move", invoice, "amount_residual", "payment_state")
    assert (settled["amount_residual"], settled["payment_state"]) == (0.0, "reversed")


@pytest.mark.needs("sale.order")
def test_a_quotation_is_cancelled_and_sent_again(
    desk: Desk, odoo: Odoo, records: Records, goods: int, customer: int, mark: str
) -> None:
    """Cancelled, set back, the price mended, and sent by mail."""
    if not odoo.makes_pdf():
        pytest.skip("the mail has a PDF document, and this Odoo makes none")
    line = {"product_id": goods, "product_uom_qty": 1, "price_unit": 80.0}
    order = desk.create("sale.order", partner_id=customer, order_line=[line])
    records.adopt("sale.order", order)
    cancelling = desk.press("sale.order", order, "action_cancel")
    if cancelling.wizard:
        desk.go_on(cancelling, "action_cancel")
    assert odoo.read("sale.order", order, "state")["state"] == "cancel"
    desk.press("sale.order", order, "action_draft")
    (line_id,) = desk.read("sale.order", order, "order_line")["order_line"]
    desk.update("sale.order", order, order_line=[{"id": line_id, "price_unit": 70.0}])
    sending = desk.press("sale.order", order, "action_quotation_send")
    if sending.wizard and sending.wizard.model == "base.document.layout":
        # The first document that a company sends.
        sending = desk.go_on(sending, "document_layout_save")
    mail = {"subject": f"{mark} your quotation", "partner_ids": [customer]}
    desk.go_on(sending, "action_send_mail", **mail)

    sent = odoo.read("sale.order", order, "state", "amount_total")
    assert (sent["state"], sent["amount_total"]) == ("sent", 70.0)
    about = [["model", "=", "sale.order"], ["res_id", "=", order]]
    mails = odoo.call(
        "mail.message",
        "search_read",
        [*about, ["subject", "=", f"{mark} your quotation"]],
        ["partner_ids", "attachment_ids"],
    )
    assert [mail["partner_ids"] for mail in mails] == [[customer]]


@pytest.mark.needs("stock.picking")
def test_goods_move_to_another_shelf(
    desk: Desk, odoo: Odoo, records: Records, goods: int, mark: str
) -> None:
    """An internal transfer takes two of five to a shelf of its own."""
    put_in_stock(desk, goods, 5)
    place = warehouse_stock(desk)
    shelf = desk.create("stock.location", name=f"{mark} shelf", location_id=place, usage="internal")
    records.adopt("stock.location", shelf)
    (kind, *_) = desk.find(
        "stock.picking.type", ["code", "=", "internal"], ["active", "in", [True, False]]
    )
    move = {
        "product_id": goods,
        "product_uom_qty": 2,
        "location_id": place,
        "location_dest_id": shelf,
    }
    # Until 18.0, every line has a description.
    if desk.has_field("stock.move", "name"):
        move["name"] = mark
    transfer = desk.create(
        "stock.picking",
        picking_type_id=kind["id"],
        location_id=place,
        location_dest_id=shelf,
        move_ids=[move],
    )
    desk.press("stock.picking", transfer, "action_confirm")
    desk.press("stock.picking", transfer, "action_assign")
    move_goods(desk, transfer)

    assert odoo.read("stock.picking", transfer, "state")["state"] == "done"
    quants = odoo.call(
        "stock.quant",
        "search_read",
        [["product_id", "=", goods], ["location_id", "in", [place, shelf]]],
        ["location_id", "quantity"],
    )
    assert {quant["location_id"][0]: quant["quantity"] for quant in quants} == {
        place: 3.0,
        shelf: 2.0,
    }


@pytest.mark.needs("mrp.production")
def test_a_desk_is_made_of_its_parts(
    desk: Desk, odoo: Odoo, records: Records, goods: int, mark: str
) -> None:
    """Two desks of four legs each: the legs leave the stock, the desks come in."""
    stored = (
        {"type": "consu", "is_storable": True}
        if desk.has_field("product.product", "is_storable")
        else {"detailed_type": "product"}
    )
    leg = desk.create("product.product", name=f"{mark} leg", **stored)
    records.adopt("product.product", leg)
    put_in_stock(desk, leg, 20)
    template = desk.read("product.product", goods, "product_tmpl_id")["product_tmpl_id"]["id"]
    parts = desk.create(
        "mrp.bom",
        product_tmpl_id=template,
        product_qty=1,
        bom_line_ids=[{"product_id": leg, "product_qty": 4}],
    )
    records.adopt("mrp.bom", parts)
    order = desk.create("mrp.production", product_id=goods, bom_id=parts, product_qty=2)
    desk.press("mrp.production", order, "action_confirm")
    # 16.0 has no button to reserve what confirming has reserved already.
    if odoo.series >= (17, 0):
        desk.press("mrp.production", order, "action_assign")
    made = desk.press("mrp.production", order, "button_mark_done")
    if made.wizard:
        desk.go_on(made, "process")

    truth = odoo.read("mrp.production", order, "state", "qty_produced")
    assert (truth["state"], truth["qty_produced"]) == ("done", 2.0)
    assert odoo.read("product.product", goods, "qty_available")["qty_available"] == 2.0
    assert odoo.read("product.product", leg, "qty_available")["qty_available"] == 12.0


@pytest.mark.needs("mail.activity")
def test_a_contact_is_written_about_and_called(
    desk: Desk, odoo: Odoo, customer: int, mark: str
) -> None:
    """A note on a contact, a call that is planned, and the call that was made."""
    desk.run("res.partner", "message_post", customer, body=f"{mark} wants a desk")
    todo = desk.find_id("mail.activity.type", ["name", "=", "Call"])
    model = desk.find_id("ir.model", ["model", "=", "res.partner"])
    call = desk.create(
        "mail.activity",
        res_model_id=model,
        res_id=customer,
        activity_type_id=todo,
        summary=f"{mark} call back",
        date_deadline="+2d",
        user_id=desk.uid,
    )
    assert odoo.read("res.partner", customer, "activity_ids")["activity_ids"] == [call]
    desk.run("mail.activity", "action_feedback", call, feedback=f"{mark} said yes")

    assert odoo.read("res.partner", customer, "activity_ids")["activity_ids"] == []
    about = [["model", "=", "res.partner"], ["res_id", "=", customer], ["body", "ilike", mark]]
    bodies = [
        message["body"]
        for message in odoo.call("mail.message", "search_read", about, ["body"], order="id")
    ]
    assert len(bodies) == 2
    assert "wants a desk" in bodies[0]
    assert "call back" in bodies[1]
    assert "said yes" in bodies[1]
