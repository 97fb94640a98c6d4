"""Buttons that open something: dialogues, records, documents, as a person goes through them.

Every case ends in Odoo's own data. The handle of a dialogue is taken from the answer, as an
assistant takes it.
"""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Records, StartServer
from support.mcp_client import McpClient, Result
from support.odoo import Odoo
from support.people import People, Person

PARTNER = "res.partner"
ORDER = "sale.order"
PICKING = "stock.picking"
MOVE = "account.move"
LEAD = "crm.lead"


def sending(odoo: Odoo) -> str:
    """The dialogue of *Send* at an invoice."""
    if odoo.series < (17, 0) and not odoo.makes_pdf():
        pytest.skip("the dialogue has a PDF document, and this Odoo makes none")
    if odoo.series < (17, 0):
        return "account.invoice.send"
    return "account.move.send.wizard" if odoo.series >= (18, 0) else "account.move.send"


def go_on(client: McpClient, opened: Result, method: str, **values: Any) -> Result:
    """Goes on with the dialogue of an answer: the call that the answer spells out."""
    return client.ok(
        "odoo_execute",
        model=opened.structured["wizard"]["model"],
        method=method,
        wizard=opened.structured["wizard"]["handle"],
        values=values,
    )


def press(client: McpClient, model: str, method: str, *ids: int) -> Result:
    """Presses a button of a record's form."""
    return client.ok("odoo_execute", model=model, method=method, ids=list(ids))


def buttons(opened: Result) -> list[str]:
    """The buttons of the dialogue that an answer describes."""
    return [button["method"] for button in opened.structured["wizard"]["buttons"]]


@pytest.fixture
def product(odoo: Odoo, records: Records, mark: str) -> int:
    """Goods that are counted and invoiced as ordered."""
    # Until 17.0, what is kept in stock is a type of its own.
    stored = (
        {"type": "consu", "is_storable": True}
        if odoo.series >= (18, 0)
        else {"detailed_type": "product"}
    )
    return records.make(
        "product.product",
        name=mark,
        invoice_policy="order",
        list_price=100.0,
        taxes_id=[[5]],
        **stored,
    )


@pytest.fixture
def sale(odoo: Odoo, records: Records, mark: str, product: int) -> int:
    """A confirmed order of one product."""
    partner = records.make(PARTNER, name=mark, email=f"{mark}@e2e.test")
    taxes = "tax_ids" if odoo.series >= (19, 0) else "tax_id"
    line = {"product_id": product, "product_uom_qty": 2, taxes: [[5]]}
    order = records.make(ORDER, partner_id=partner, order_line=[[0, 0, line]])
    odoo.call(ORDER, "action_confirm", [order])
    return order


# ------------------------------------------------------------------ real work


@pytest.mark.needs("stock.picking")
@pytest.mark.parametrize("keep", [True, False], ids=["backorder", "no backorder"])
def test_partial_receipt(
    server: McpClient, odoo: Odoo, records: Records, product: int, keep: bool
) -> None:
    """Fewer goods came than were ordered: Odoo asks whether the rest is still expected."""
    kind = odoo.ids("stock.picking.type", [["code", "=", "incoming"]], limit=1)[0]
    places = odoo.read(
        "stock.picking.type", kind, "default_location_src_id", "default_location_dest_id"
    )
    source = places["default_location_src_id"]
    between = {
        "location_id": source[0] if source else odoo.xml_id("stock.stock_location_suppliers"),
        "location_dest_id": places["default_location_dest_id"][0],
    }
    line = {"product_id": product, "product_uom_qty": 10} | between
    if odoo.series < (18, 0):
        line["name"] = "e2e"
    picking = records.make(PICKING, picking_type_id=kind, move_ids=[[0, 0, line]], **between)
    odoo.call(PICKING, "action_confirm", [picking])
    (move,) = odoo.read(PICKING, picking, "move_ids")["move_ids"]
    quantity = "quantity" if odoo.series >= (17, 0) else "quantity_done"
    picked = {"picked": True} if odoo.series >= (17, 0) else {}
    odoo.write("stock.move", [move], {quantity: 4} | picked)

    opened = press(server, PICKING, "button_validate", picking)
    assert opened.structured["wizard"]["model"] == "stock.backorder.confirmation"
    assert "not finished" in opened.text
    assert buttons(opened) == ["process", "process_cancel_backorder"]
    assert odoo.read(PICKING, picking, "state")["state"] != "done"

    done = go_on(server, opened, "process" if keep else "process_cancel_backorder")
    assert "wizard" not in done.structured
    assert odoo.read(PICKING, picking, "state")["state"] == "done"
    assert odoo.read("stock.move", move, quantity)[quantity] == 4
    backorders = odoo.ids(PICKING, [["backorder_id", "=", picking]])
    open_ones = [one for one in backorders if odoo.read(PICKING, one, "state")["state"] != "cancel"]
    assert len(open_ones) == (1 if keep else 0)
    for one in backorders:
        records.adopt(PICKING, one)


@pytest.mark.needs("account.move")
def test_register_payment(server: McpClient, odoo: Odoo, invoice: int, mark: str) -> None:
    """Part of an invoice is paid: amount and memo are the user's, the rest is Odoo's."""
    opened = press(server, MOVE, "action_register_payment", invoice)
    fields = opened.structured["wizard"]["fields"]
    assert fields["amount"]["value"] == 100.0
    assert fields["journal_id"]["value"]["name"]
    assert fields["journal_id"]["required"]
    paid = go_on(server, opened, "action_create_payments", amount=40, communication=mark)
    assert paid.structured["success"]
    truth = odoo.read(MOVE, invoice, "amount_residual", "payment_state")
    assert truth["amount_residual"] == 60.0
    memo = "memo" if odoo.series >= (18, 0) else "ref"
    payment = odoo.ids("account.payment", [[memo, "=", mark]])
    assert [odoo.read("account.payment", one, "amount")["amount"] for one in payment] == [40.0]


@pytest.mark.needs("sale.order")
def test_invoice_from_an_order(server: McpClient, odoo: Odoo, records: Records, sale: int) -> None:
    """*Create Invoice* is a button that opens an action; the down payment has hidden fields."""
    read = server.ok("odoo_read", model=ORDER, id=sale)
    button = "sale.action_view_sale_advance_payment_inv"
    assert button in [action["method"] for action in read.structured["actions"]]
    opened = press(server, ORDER, button, sale)
    wizard = opened.structured["wizard"]
    assert wizard["model"] == "sale.advance.payment.inv"
    method = wizard["fields"]["advance_payment_method"]
    assert method["value"] == "delivered"
    assert "percentage" in method["options"]
    assert "amount" in wizard["fields_hidden_now"]
    made = go_on(server, opened, "create_invoices", advance_payment_method="percentage", amount=50)
    assert made.structured["opens"]["model"] == MOVE
    (shown,) = made.structured["opens"]["records"]
    (invoice,) = odoo.read(ORDER, sale, "invoice_ids")["invoice_ids"]
    assert shown["id"] == invoice
    records.adopt(MOVE, invoice)
    assert odoo.read(MOVE, invoice, "amount_untaxed")["amount_untaxed"] == 100.0


@pytest.mark.needs("crm.lead")
def test_lead_becomes_an_opportunity(server: McpClient, odoo: Odoo, lead: int) -> None:
    """The typed values of the dialogue are the user's, the salesperson by name."""
    opened = press(server, LEAD, "crm.action_crm_lead2opportunity_partner", lead)
    assert opened.structured["wizard"]["model"] == "crm.lead2opportunity.partner"
    go_on(server, opened, "action_apply", action="create", user_id="Mitchell Admin")
    truth = odoo.read(LEAD, lead, "type", "partner_id", "user_id")
    assert truth["type"] == "opportunity"
    assert truth["partner_id"]
    assert truth["user_id"][1] == "Mitchell Admin"


@pytest.mark.needs("crm.lead")
def test_lost_with_a_reason(server: McpClient, odoo: Odoo, records: Records, chance: int) -> None:
    """The reason is given by its name."""
    reason = records.make("crm.lost.reason", name="e2e too slow")
    opened = press(server, LEAD, "crm.crm_lead_lost_action", chance)
    go_on(server, opened, "action_lost_reason_apply", lost_reason_id="e2e too slow")
    truth = odoo.read(LEAD, chance, "active", "lost_reason_id")
    assert truth["active"] is False
    assert truth["lost_reason_id"][0] == reason


@pytest.mark.needs("sale.order")
@pytest.mark.usefixtures("layout")
def test_quotation_by_mail(
    server: McpClient, odoo: Odoo, records: Records, mark: str, product: int
) -> None:
    """The mail has the template's text and attachment; subject and text may be changed."""
    if not odoo.makes_pdf():
        pytest.skip("the mail has a PDF document, and this Odoo makes none")
    partner = records.make(PARTNER, name=mark, email=f"{mark}@e2e.test")
    line = {"product_id": product, "product_uom_qty": 2}
    order = records.make(ORDER, partner_id=partner, order_line=[[0, 0, line]])
    opened = press(server, ORDER, "action_quotation_send", order)
    wizard = opened.structured["wizard"]
    assert wizard["model"] == "mail.compose.message"
    assert "<p" not in wizard["fields"]["body"]["value"]
    go_on(server, opened, "action_send_mail", subject=f"{mark} subject")
    assert odoo.read(ORDER, order, "state")["state"] == "sent"
    domain = [["model", "=", ORDER], ["res_id", "=", order], ["subject", "=", f"{mark} subject"]]
    (message,) = odoo.ids("mail.message", domain)
    assert partner in odoo.read("mail.message", message, "partner_ids")["partner_ids"]


@pytest.mark.needs("account.move")
@pytest.mark.usefixtures("layout")
def test_invoice_by_mail(server: McpClient, odoo: Odoo, invoice: int) -> None:
    """*Send* of an invoice is a dialogue of its own model."""
    model = sending(odoo)
    opened = press(server, MOVE, "action_invoice_sent", invoice)
    assert opened.structured["wizard"]["model"] == model
    sent = server.call(
        "odoo_execute",
        model=model,
        method="action_send_and_print",
        wizard=opened.structured["wizard"]["handle"],
        values={},
    )
    # Where nothing can make PDF documents, Odoo says so; else the invoice was sent.
    if sent.is_error:
        assert "wkhtmltopdf" in sent.text.lower(), sent.text
        assert odoo.read(MOVE, invoice, "is_move_sent")["is_move_sent"] is False
    else:
        assert odoo.read(MOVE, invoice, "is_move_sent")["is_move_sent"] is True


@pytest.mark.needs("account.move")
def test_credit_note(server: McpClient, odoo: Odoo, records: Records, invoice: int) -> None:
    """Reversing answers with the credit note that was made."""
    opened = press(server, MOVE, "action_reverse", invoice)
    assert opened.structured["wizard"]["model"] == "account.move.reversal"
    button = "refund_moves" if odoo.series >= (17, 0) else "reverse_moves"
    made = go_on(server, opened, button, reason="e2e damaged")
    note = made.structured["opens"]["records"][0]["id"]
    records.adopt(MOVE, note)
    truth = odoo.read(MOVE, note, "move_type", "reversed_entry_id", "ref")
    assert truth["move_type"] == "out_refund"
    assert truth["reversed_entry_id"][0] == invoice
    assert "e2e damaged" in truth["ref"]


def test_merge_contacts(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """An entry of the list's action menu, for several records."""
    kept = records.make(PARTNER, name=f"{mark} one", email=f"{mark}@e2e.test")
    other = records.make(PARTNER, name=f"{mark} two", email=f"{mark}@e2e.test")
    opened = press(server, PARTNER, "base.action_partner_merge", kept, other)
    fields = opened.structured["wizard"]["fields"]
    assert {one["id"] for one in fields["partner_ids"]["value"]} == {kept, other}
    go_on(server, opened, "action_merge", dst_partner_id=kept)
    assert odoo.exists(PARTNER, kept)
    assert not odoo.exists(PARTNER, other)


@pytest.mark.needs("stock.picking")
def test_return_shows_its_lines(server: McpClient, odoo: Odoo) -> None:
    """Lines that the dialogue proposes have no id yet, but a name: their values are shown."""
    done = odoo.ids(PICKING, [["state", "=", "done"], ["picking_type_code", "=", "outgoing"]])
    if not done:
        pytest.skip("this Odoo has no delivery that is done")
    opened = press(server, PICKING, "stock.act_stock_return_picking", done[0])
    lines = opened.structured["wizard"]["fields"]["product_return_moves"]["value"]
    assert lines
    assert lines[0]["id"].startswith("new-1-")
    assert {"product_id", "quantity"} <= set(lines[0]["values"])


@pytest.mark.needs("account.move")
@pytest.mark.usefixtures("layout")
def test_printing_is_answered_with_the_document(
    server: McpClient, odoo: Odoo, invoice: int
) -> None:
    """A button that prints: the URI of the document that a client can read."""
    if odoo.series < (18, 0):
        pytest.skip("up to 17.0 an invoice has no such button")
    printed = press(server, MOVE, "action_print_pdf", invoice)
    (uri,) = printed.structured["reports"]
    assert uri.startswith(f"odoo://{MOVE}/{invoice}/report/account.")


@pytest.mark.needs("sale.order")
def test_records_that_open_are_named(server: McpClient, odoo: Odoo, sale: int) -> None:
    """A statistics button: the answer names the records behind it."""
    shown = press(server, ORDER, "action_view_delivery", sale)
    (picking,) = odoo.read(ORDER, sale, "picking_ids")["picking_ids"]
    name = odoo.read(PICKING, picking, "display_name")["display_name"]
    assert shown.structured["opens"]["records"] == [{"id": picking, "name": name}]
    assert f"{name} ({picking})" in shown.text


@pytest.mark.needs("account.move")
def test_a_dialogue_leads_to_the_next(server: McpClient, odoo: Odoo, invoice: int) -> None:
    """Without a layout of documents Odoo asks for it first, and then for what was wanted."""
    model = sending(odoo)
    company = odoo.read(MOVE, invoice, "company_id")["company_id"][0]
    before = odoo.read("res.company", company, "external_report_layout_id")
    odoo.write("res.company", [company], {"external_report_layout_id": False})
    opened = press(server, MOVE, "action_invoice_sent", invoice)
    assert opened.structured["wizard"]["model"] == "base.document.layout"
    layout = odoo.ids("report.layout", [], limit=1)[0]
    following = go_on(server, opened, "document_layout_save", report_layout_id=layout)
    assert following.structured["wizard"]["model"] == model
    assert odoo.read("res.company", company, "external_report_layout_id")[
        "external_report_layout_id"
    ]
    old = before["external_report_layout_id"]
    odoo.write("res.company", [company], {"external_report_layout_id": old and old[0]})


# ------------------------------------------------------------------ what goes wrong


@pytest.mark.needs("crm.lead")
def test_a_handle_opens_for_its_user_and_unchanged_alone(
    server: McpClient, start_server: StartServer, people: People, odoo: Odoo, chance: int
) -> None:
    """Another user's handle, one with another character, another model: nothing happens."""
    opened = press(server, LEAD, "crm.crm_lead_lost_action", chance).structured["wizard"]
    handle = opened["handle"]
    colleague = people.make("colleague", people.groups_of(odoo))
    middle = len(handle) // 2
    changed = handle[:middle] + ("A" if handle[middle] != "A" else "B") + handle[middle + 1 :]
    other = start_server(colleague)
    call = {"model": "crm.lead.lost", "method": "action_lost_reason_apply", "values": {}}
    for client, wrong in ((other, handle), (server, changed), (server, "x")):
        refused = client.call_with("odoo_execute", call | {"wizard": wrong})
        assert refused.error["kind"] == "invalid_call"
        assert "is not a handle" in refused.error["message"]
        assert "Press the button" in refused.error["hints"][0]
    elsewhere = server.call_with(
        "odoo_execute", call | {"wizard": handle, "model": "crm.merge.opportunity"}
    )
    assert "one of crm.lead.lost, not of crm.merge.opportunity" in elsewhere.error["message"]
    assert odoo.read(LEAD, chance, "active")["active"] is True


@pytest.mark.needs("crm.lead")
def test_all_mistakes_of_a_dialogue_are_told_at_once(
    server: McpClient, odoo: Odoo, lead: int
) -> None:
    """Values are checked by the dialogue's own schema, before anything is sent."""
    opened = press(server, LEAD, "crm.action_crm_lead2opportunity_partner", lead)
    wizard = opened.structured["wizard"]
    refused = server.call(
        "odoo_execute",
        model=wizard["model"],
        method="action_apply",
        wizard=wizard["handle"],
        ids=[1],
        values={"acton": "create", "name": "merged"},
    )
    message = refused.error["message"]
    assert '"ids"' in message
    assert "acton" in message
    assert "action" in message
    assert "convert" in message
    assert odoo.read(LEAD, lead, "type")["type"] == "lead"


@pytest.mark.needs("crm.lead")
def test_a_button_that_the_dialogue_does_not_show(
    server: McpClient, odoo: Odoo, chance: int
) -> None:
    """Neither a method of another kind nor a misspelt one is called with the context."""
    opened = press(server, LEAD, "crm.crm_lead_lost_action", chance)
    for method in ("unlink", "action_lost_reason_aply"):
        refused = server.call(
            "odoo_execute",
            model="crm.lead.lost",
            method=method,
            wizard=opened.structured["wizard"]["handle"],
        )
        assert "Nothing was pressed" in refused.error["message"]
        assert "action_lost_reason_apply" in refused.error["hints"][0]
    assert odoo.read(LEAD, chance, "active")["active"] is True


@pytest.mark.needs("stock.picking")
def test_what_is_required_is_asked_for(server: McpClient, odoo: Odoo, invoice: int) -> None:
    """A required field without a value: named, and the handle stays good."""
    opened = press(server, MOVE, "action_register_payment", invoice)
    wizard = opened.structured["wizard"]
    call = {"model": wizard["model"], "method": "action_create_payments"}
    refused = server.call_with(
        "odoo_execute",
        call | {"wizard": wizard["handle"], "values": {"payment_date": None}},
    )
    assert refused.is_error
    assert odoo.read(MOVE, invoice, "amount_residual")["amount_residual"] == 100.0
    done = server.ok("odoo_execute", **call, wizard=wizard["handle"], values={})
    assert done.structured["success"]
    assert odoo.read(MOVE, invoice, "amount_residual")["amount_residual"] == 0.0


def test_values_need_a_handle(server: McpClient) -> None:
    """Values without a dialogue are no way to write."""
    refused = server.call(
        "odoo_execute", model=PARTNER, method="copy", ids=[1], values={"name": "x"}
    )
    assert '"values"' in refused.error["message"]
    assert "wizard" in refused.error["message"]


@pytest.mark.needs("crm.lead")
def test_actions_of_other_models_are_not_opened(server: McpClient, lead: int) -> None:
    """Only what the form or the menu of these records has is opened or run."""
    refused = server.call(
        "odoo_execute", model=LEAD, method="base.action_partner_merge", ids=[lead]
    )
    assert refused.error["kind"] == "validation"
    missing = server.call("odoo_execute", model=LEAD, method="crm.no_such_action", ids=[lead])
    assert missing.error["kind"] == "missing_record"


@pytest.mark.users
@pytest.mark.needs("account.move")
def test_a_user_without_rights_opens_nothing(
    clerk_server: McpClient, odoo: Odoo, invoice: int
) -> None:
    """Odoo decides who may press; the wizard's right is the user's, too."""
    refused = clerk_server.call(
        "odoo_execute", model=MOVE, method="action_register_payment", ids=[invoice]
    )
    assert refused.error["kind"] in ("access_denied", "missing_record", "unknown_model")
    assert odoo.read(MOVE, invoice, "amount_residual")["amount_residual"] == 100.0


@pytest.mark.needs("crm.lead")
def test_a_read_only_server_presses_nothing(
    start_server: StartServer, admin: Person, odoo: Odoo, chance: int
) -> None:
    """Neither a button, nor with a handle that another process of the server gave."""
    key = {"ODOO_MCP_STATE_KEY": "a secret of the end-to-end tests, 32 bytes"}
    writer, reader = start_server(admin, env=key), start_server(admin, "--read-only", env=key)
    pressed = {"model": LEAD, "method": "crm.crm_lead_lost_action", "ids": [chance]}
    assert reader.call_with("odoo_execute", pressed).error["kind"] == "access_denied"
    opened = writer.call_with("odoo_execute", pressed)
    going_on = {
        "model": "crm.lead.lost",
        "method": "action_lost_reason_apply",
        "wizard": opened.structured["wizard"]["handle"],
    }
    assert reader.call_with("odoo_execute", going_on).error["kind"] == "access_denied"
    assert odoo.read(LEAD, chance, "active")["active"] is True
    # The handle itself is good, in whichever process.
    start_server(admin, env=key).ok("odoo_execute", **going_on)
    assert odoo.read(LEAD, chance, "active")["active"] is False
