"""Dialogues in full: the lines that they propose, what they say, and how they end.

Each case is one that people meet every day, and ends in Odoo's own data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from conftest import Records, StartServer
from support.mcp_client import McpClient, Result
from support.odoo import Odoo
from support.people import Person

ORDER = "sale.order"
PICKING = "stock.picking"
RETURN = "stock.return.picking"
MOVE = "account.move"
LEAD = "crm.lead"


def press(client: McpClient, model: str, method: str, *ids: int) -> Result:
    """Presses a button of a record's form."""
    return client.ok("odoo_execute", model=model, method=method, ids=list(ids))


def asked(opened: Result, method: str, **values: Any) -> dict[str, Any]:
    """The arguments of the call that goes on with a dialogue."""
    wizard = opened.structured["wizard"]
    return {
        "model": wizard["model"],
        "method": method,
        "wizard": wizard["handle"],
        "values": values,
    }


def go_on(client: McpClient, opened: Result, method: str, **values: Any) -> Result:
    """Goes on with the dialogue of an answer."""
    return client.ok("odoo_execute", **asked(opened, method, **values))


class Delivery(NamedTuple):
    """An order of two products, and its delivery."""

    order: int
    lines: list[int]
    products: list[int]
    picking: int
    moves: list[int]


@pytest.fixture
def delivery(odoo: Odoo, records: Records, mark: str) -> Delivery:
    """Five of one product and three of another were ordered; nothing has been sent."""
    stored = (
        {"type": "consu", "is_storable": True}
        if odoo.series >= (18, 0)
        else {"detailed_type": "product"}
    )
    products = [
        records.make("product.product", name=f"{mark} {name}", list_price=100.0, **stored)
        for name in ("chair", "desk")
    ]
    partner = records.make("res.partner", name=mark, email=f"{mark}@e2e.test")
    taxes = "tax_ids" if odoo.series >= (19, 0) else "tax_id"
    wanted = zip(products, (5, 3), strict=True)
    lines = [
        [0, 0, {"product_id": product, "product_uom_qty": quantity, taxes: [[5]]}]
        for product, quantity in wanted
    ]
    order = records.make(ORDER, partner_id=partner, order_line=lines)
    odoo.call(ORDER, "action_confirm", [order])
    (picking,) = odoo.read(ORDER, order, "picking_ids")["picking_ids"]
    moves = odoo.read(PICKING, picking, "move_ids")["move_ids"]
    order_lines = odoo.read(ORDER, order, "order_line")["order_line"]
    return Delivery(order, order_lines, products, picking, moves)


def pick(odoo: Odoo, move: int, quantity: float) -> None:
    """That much of a move has been taken from the shelf."""
    values = {"quantity": quantity, "picked": True}
    if odoo.series < (17, 0):
        values = {"quantity_done": quantity}
    odoo.write("stock.move", [move], values)


@pytest.fixture
def delivered(odoo: Odoo, delivery: Delivery) -> Delivery:
    """The same, when everything has arrived."""
    for move, quantity in zip(delivery.moves, (5, 3), strict=True):
        pick(odoo, move, quantity)
    odoo.call(PICKING, "button_validate", [delivery.picking])
    assert odoo.read(PICKING, delivery.picking, "state")["state"] == "done"
    return delivery


# ------------------------------------------------------------------ lines that stand there


def proposed(opened: Result) -> list[dict[str, Any]]:
    """The lines of a return that a dialogue proposes."""
    return opened.structured["wizard"]["fields"]["product_return_moves"]["value"]


def returns(odoo: Odoo) -> str:
    """The button that makes a return."""
    return "action_create_returns" if odoo.series >= (18, 0) else "create_returns"


def pickings_back(odoo: Odoo, delivered: Delivery) -> list[int]:
    """The transfers that return a delivery, whatever their lines are linked to."""
    if odoo.series >= (17, 0):
        return odoo.ids(PICKING, [["return_id", "=", delivered.picking]])
    name = odoo.read(PICKING, delivered.picking, "name")["name"]
    return odoo.ids(PICKING, [["origin", "=", f"Return of {name}"]])


def returned(odoo: Odoo, records: Records, delivered: Delivery) -> dict[int, float]:
    """What goes back, by product, once it is made sure that it is linked to the delivery."""
    (picking,) = pickings_back(odoo, delivered)
    records.adopt(PICKING, picking)
    moves = odoo.ids("stock.move", [["picking_id", "=", picking]])
    found = {}
    for move in moves:
        known = odoo.read(
            "stock.move", move, "product_id", "product_uom_qty", "origin_returned_move_id"
        )
        assert known["origin_returned_move_id"], "the return is not that of the delivery"
        assert known["origin_returned_move_id"][0] in delivered.moves
        found[known["product_id"][0]] = known["product_uom_qty"]
    # A return that is not linked makes a new line of the order when it arrives.
    assert odoo.read(ORDER, delivered.order, "order_line")["order_line"] == delivered.lines
    return found


@pytest.mark.needs(PICKING, ORDER)
def test_part_of_a_delivery_goes_back(
    server: McpClient, odoo: Odoo, records: Records, delivered: Delivery
) -> None:
    """A line is changed by the name that the answer has for it; the other is left out."""
    opened = press(server, PICKING, "stock.act_stock_return_picking", delivered.picking)
    chair, desk = proposed(opened)
    assert chair["values"]["move_id"]["id"] == delivered.moves[0]
    for line in (chair, desk):
        assert f"- {line['id']}: {line['name']}" in opened.text
    assert f'"remove":["{desk["id"]}"]' in opened.text
    made = go_on(
        server,
        opened,
        returns(odoo),
        product_return_moves={
            "update": [{"id": chair["id"], "quantity": 2}],
            "remove": [desk["id"]],
        },
    )
    assert returned(odoo, records, delivered) == {delivered.products[0]: 2}
    (picking,) = made.structured["opens"]["records"]
    url = made.structured["opens"]["url"]
    # Up to 17.0 the address has the id in its fragment.
    if odoo.series >= (18, 0):
        assert url.endswith(str(picking["id"]))
    else:
        assert f"#id={picking['id']}&" in url
    assert f"open: {url}" in made.text


@pytest.mark.needs(PICKING, ORDER)
@pytest.mark.parametrize("form", ["list", "create"])
def test_a_line_is_meant_by_its_product(
    server: McpClient, odoo: Odoo, records: Records, delivered: Delivery, mark: str, form: str
) -> None:
    """As a model writes it: the product by name and how many of it."""
    opened = press(server, PICKING, "stock.act_stock_return_picking", delivered.picking)
    line = {"product_id": f"{mark} desk", "quantity": 1}
    _chair, desk = (one["id"] for one in proposed(opened))
    lines: Any = [line] if form == "list" else {"create": [line], "remove": [_chair]}
    go_on(server, opened, returns(odoo), product_return_moves=lines)
    found = returned(odoo, records, delivered)
    assert found[delivered.products[1]] == 1
    # Up to 17.0 everything is proposed to go back, from then on nothing.
    proposes_all = form == "list" and odoo.series < (18, 0)
    assert found.get(delivered.products[0]) == (5 if proposes_all else None)
    assert desk.startswith("new-2-")


@pytest.mark.needs(PICKING, ORDER)
def test_a_line_that_the_dialogue_does_not_have(
    server: McpClient, odoo: Odoo, delivered: Delivery
) -> None:
    """Refused with those that it has, and nothing goes back."""
    opened = press(server, PICKING, "stock.act_stock_return_picking", delivered.picking)
    lines = {"update": [{"id": "new-7-abcd", "quantity": 2}]}
    refused = server.call_with(
        "odoo_execute", asked(opened, returns(odoo), product_return_moves=lines)
    )
    assert refused.error["kind"] == "validation"
    assert "no line 'new-7-abcd'" in refused.error["message"]
    assert proposed(opened)[0]["id"] in refused.error["message"]
    wrong = {"update": [{"id": proposed(opened)[0]["id"], "quantiti": 2}]}
    refused = server.call_with(
        "odoo_execute", asked(opened, returns(odoo), product_return_moves=wrong)
    )
    assert "values.product_return_moves.update[0].quantiti" in refused.error["message"]
    assert not pickings_back(odoo, delivered)


@pytest.mark.needs(PICKING, ORDER)
def test_a_backorder_of_one_of_two_deliveries(
    server: McpClient, odoo: Odoo, delivery: Delivery
) -> None:
    """The lines of the confirmation say for which delivery the rest is expected."""
    for move in delivery.moves:
        pick(odoo, move, 1)
    opened = press(server, PICKING, "button_validate", delivery.picking)
    assert "less products than the initial demand" in opened.text
    assert any("backorder" in text for text in opened.structured["wizard"]["texts"])
    done = go_on(server, opened, "process")
    backorders = odoo.ids(PICKING, [["backorder_id", "=", delivery.picking]])
    assert len(backorders) == 1
    # What happened is told, and where a person sees it.
    (about,) = done.structured["about"]["records"]
    assert about["id"] == delivery.picking
    assert about["state"]["value"] == "done"
    assert f"now: {PICKING} {delivery.picking} (" in done.text
    assert f"open: {about['url']}" in done.text


@pytest.mark.needs(ORDER)
def test_links_are_added_to_those_that_stand_there(
    server: McpClient, odoo: Odoo, records: Records, lead: int, mark: str
) -> None:
    """`link` in a dialogue keeps the records that Odoo proposes."""
    other = records.make(LEAD, name=f"{mark} other", type="lead")
    third = records.make(LEAD, name=f"{mark} third", type="lead")
    opened = press(server, LEAD, "crm.action_merge_opportunities", lead, other)
    field = opened.structured["wizard"]["fields"]["opportunity_ids"]
    assert {one["id"] for one in field["value"]} == {lead, other}
    go_on(server, opened, "action_merge", opportunity_ids={"link": [third]})
    left = [one for one in (lead, other, third) if odoo.exists(LEAD, one)]
    assert len(left) == 1


# ------------------------------------------------------------------ what is said


@pytest.mark.needs(MOVE)
def test_amounts_have_their_currency(server: McpClient, invoice: int) -> None:
    """The amount of a payment is one of dollars."""
    opened = press(server, MOVE, "action_register_payment", invoice)
    amount = opened.structured["wizard"]["fields"]["amount"]
    assert (amount["value"], amount["currency"]) == (100.0, "USD")
    assert " = 100.00 USD" in opened.text


@pytest.mark.needs("stock.picking")
def test_moments_are_those_of_the_user(server: McpClient, odoo: Odoo, delivery: Delivery) -> None:
    """A moment that Odoo proposes is shown where the user is."""
    product = delivery.products[0]
    # Up to 17.0 it is a button of the form, from then on an entry of the action menu.
    replenish = "replenishment" if odoo.series >= (18, 0) else "replenish"
    opened = press(server, "product.product", f"stock.action_product_{replenish}", product)
    when = opened.structured["wizard"]["fields"]["date_planned"]["value"]
    assert odoo.read("res.users", odoo.uid, "tz")["tz"] == "Europe/Brussels"
    assert when[19:] in ("+01:00", "+02:00"), when
    assert f"= {when[:10]} " in opened.text


@pytest.mark.needs(LEAD)
def test_text_for_html_keeps_its_lines(
    server: McpClient, odoo: Odoo, chance: int, mark: str
) -> None:
    """What is no HTML is escaped and becomes paragraphs; what runs something is refused."""
    feedback = f"{mark} is a < b.\nSecond line.\n\nSecond paragraph."
    opened = press(server, LEAD, "crm.crm_lead_lost_action", chance)
    refused = server.call_with(
        "odoo_execute",
        asked(opened, "action_lost_reason_apply", lost_feedback="<p>x</p><script>y()</script>"),
    )
    assert refused.error["kind"] == "invalid_call"
    assert "<script>" in refused.error["message"]
    go_on(server, opened, "action_lost_reason_apply", lost_feedback=feedback)
    domain = [["model", "=", LEAD], ["res_id", "=", chance], ["body", "like", mark]]
    bodies = [
        odoo.read("mail.message", one, "body")["body"] for one in odoo.ids("mail.message", domain)
    ]
    assert any("a &lt; b.<br>Second line.</p><p>Second paragraph." in body for body in bodies), (
        bodies
    )


# ------------------------------------------------------------------ records that are not made


@pytest.mark.needs(ORDER, LEAD)
def test_a_form_of_a_new_record_is_not_done(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """*New Quotation* of an opportunity opens a form: nothing is made before it is saved."""
    partner = records.make("res.partner", name=mark)
    lead = records.make(LEAD, name=mark, type="opportunity", partner_id=partner)
    opened = press(server, LEAD, "action_sale_quotations_new", lead)
    assert "nothing was made yet" in opened.text
    assert not odoo.ids(ORDER, [["opportunity_id", "=", lead]])
    wizard = opened.structured["wizard"]
    assert wizard["new_record"] is True
    assert [button["method"] for button in wizard["buttons"]] == ["create"]
    assert wizard["fields"]["partner_id"]["value"]["id"] == partner
    assert "order_line" in wizard["other_fields"]
    made = go_on(server, opened, "create", client_order_ref=mark)
    order = records.adopt(ORDER, made.structured["id"])
    truth = odoo.read(ORDER, order, "opportunity_id", "partner_id", "client_order_ref", "state")
    assert truth["opportunity_id"][0] == lead
    assert truth["partner_id"][0] == partner
    assert (truth["client_order_ref"], truth["state"]) == (mark, "draft")
    assert made.structured["url"] in made.text


# ------------------------------------------------------------------ on which records


@pytest.mark.needs(ORDER)
def test_a_button_without_records_is_refused(server: McpClient) -> None:
    """Odoo would do nothing, and succeed."""
    refused = server.call("odoo_execute", model=ORDER, method="action_confirm")
    assert refused.error["kind"] == "invalid_call"
    assert "action_confirm (“Confirm”)" in refused.error["message"]
    assert '"id" or "ids"' in refused.error["message"]
    assert "Nothing was sent" in refused.text
    opens = server.call("odoo_execute", model=LEAD, method="crm.crm_lead_lost_action")
    assert opens.error["kind"] == "validation"
    assert "name them by ids" in opens.error["message"]
    # A method of the model is none of records.
    server.ok("odoo_execute", model=ORDER, method="default_get", args=[["company_id"]])


@pytest.mark.needs(ORDER)
def test_one_record_is_given_by_id(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """As with the other tools."""
    partner = records.make("res.partner", name=mark)
    order = records.make(ORDER, partner_id=partner)
    server.ok("odoo_execute", model=ORDER, method="action_cancel", id=order)
    assert odoo.read(ORDER, order, "state")["state"] == "cancel"
    both = server.call(
        "odoo_execute", model=ORDER, method="action_draft", id=order, ids=[order + 1]
    )
    assert "different records" in both.error["message"]


@pytest.mark.needs(LEAD, PICKING)
def test_an_action_of_another_model(server: McpClient, lead: int) -> None:
    """The call is wrong, not the user: it says whose action it is."""
    refused = server.call(
        "odoo_execute", model=LEAD, method="base.action_partner_merge", ids=[lead]
    )
    assert refused.error["kind"] == "validation"
    assert "belongs to res.partner, not to crm.lead" in refused.error["message"]
    # One of no menu: the model whose form has it, or else whose records it opens.
    for method, owner in (
        ("stock.act_stock_return_picking", PICKING),
        ("base.action_country", "res.country"),
    ):
        other = server.call("odoo_execute", model=LEAD, method=method, ids=[lead])
        assert other.error["kind"] == "validation"
        assert f"belongs to {owner}, not to crm.lead" in other.error["message"]


def spoil(odoo: Odoo, records: Records, order: int, mark: str) -> None:
    """Makes that Odoo refuses to confirm an order, whose form offers it all the same."""
    line: dict[str, Any] = {"name": "x", "product_uom_qty": 1}
    values: dict[str, Any] = {}
    if odoo.series < (18, 0):
        # Such a line cannot even be saved; but nothing can be delivered to a place to which
        # no rule of the stock leads.
        place = records.make("stock.location", name=mark, usage="customer")
        partner = records.make("res.partner", name=mark, property_stock_customer=place)
        line["product_id"] = records.make("product.product", name=mark, type="consu")
        values["partner_shipping_id"] = partner
    # From then on: a line without a product is no line that can be sold.
    odoo.write(ORDER, [order], values | {"order_line": [[0, 0, line]]})


@pytest.mark.needs(ORDER)
def test_the_record_that_is_refused_is_named(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Two orders are confirmed; the second has a line that Odoo does not take."""
    partner = records.make("res.partner", name=mark)
    product = records.make("product.product", name=mark, type="service")
    line = {"product_id": product, "product_uom_qty": 1}
    good, bad = (
        records.make(ORDER, partner_id=partner, order_line=[[0, 0, line]]) for _ in range(2)
    )
    name = odoo.read(ORDER, bad, "name")["name"]
    spoil(odoo, records, bad, mark)
    refused = server.call("odoo_execute", model=ORDER, method="action_confirm", ids=[good, bad])
    assert refused.error["kind"] == "validation"
    assert f"It is {ORDER} {bad} that Odoo refuses" in refused.text, (name, refused.text)
    assert "None of the 2 records" in refused.text
    assert odoo.read(ORDER, good, "state")["state"] == "draft"


# ------------------------------------------------------------------ what a record offers


@pytest.mark.needs(ORDER)
def test_questions_of_buttons_are_told(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """What Odoo asks before it acts stands in the text, too."""
    if odoo.series >= (18, 0):
        order = records.make(ORDER, partner_id=records.make("res.partner", name=mark))
        read = server.ok("odoo_read", model=ORDER, id=order)
        assert "action_cancel “Cancel” (asks “" in read.text
        return
    # Up to 17.0 an order asks nothing: its button opens a dialogue.
    hours = records.make("resource.calendar", name=mark)
    read = server.ok("odoo_read", model="resource.calendar", id=hours)
    question = "(asks “Are you sure you want to switch this calendar to 2 weeks calendar"
    assert f"switch_calendar_type “Switch to 2 weeks calendar” {question}" in read.text
    assert "Switch to 1 week calendar" not in read.text


@pytest.mark.needs("stock.quant")
def test_buttons_of_the_list_are_told(server: McpClient, odoo: Odoo) -> None:
    """What stands in the lines of a list alone is an action of the record, too."""
    quants = odoo.ids("stock.quant", [["location_id.usage", "=", "internal"]], limit=1)
    read = server.ok("odoo_read", model="stock.quant", id=quants[0])
    in_list = [one for one in read.structured["actions"] if one.get("where") == "list"]
    assert in_list
    assert "actions now, of its list: " in read.text


@pytest.fixture
def french(odoo: Odoo) -> Iterator[None]:
    """French is a language of this Odoo, in which *Confirm* of an order is translated."""
    lang = odoo.call(
        "res.lang", "search", [["code", "=", "fr_FR"], ["active", "in", [True, False]]]
    )
    odoo.write("res.lang", lang, {"active": True})
    view = odoo.xml_id("sale.view_order_form")
    terms = {"fr_FR": {"Confirm": "Confirmer e2e"}}
    odoo.call("ir.ui.view", "update_field_translations", [view], "arch_db", terms)
    yield
    odoo.write("res.lang", lang, {"active": False})


@pytest.mark.needs(ORDER)
@pytest.mark.usefixtures("french")
def test_labels_are_those_of_the_users_language(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """In what a read names as possible, and in the refusal of what is not."""
    order = records.make(ORDER, partner_id=records.make("res.partner", name=mark))
    client = start_server(admin, env={"PREFERRED_LANG": "fr_FR"})
    read = client.ok("odoo_read", model=ORDER, id=order)
    labels = {one["method"]: one["label"] for one in read.structured["actions"]}
    assert labels["action_confirm"] == "Confirmer e2e"
    assert "action_confirm “Confirmer e2e”" in read.text
    refused = client.call("odoo_execute", model=ORDER, method="action_confirm")
    assert "“Confirmer e2e”" in refused.error["message"]


# ------------------------------------------------------------------ mail


@pytest.mark.needs(ORDER)
@pytest.mark.usefixtures("layout")
def test_a_quotation_by_mail_without_pdf(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Odoo opens no mail whose document it cannot make: the answer says so, and what to do."""
    if odoo.makes_pdf():
        pytest.skip("this Odoo makes PDF documents")
    partner = records.make("res.partner", name=mark, email=f"{mark}@e2e.test")
    order = records.make(ORDER, partner_id=partner)
    opened = press(server, ORDER, "action_quotation_send", order)
    # Up to 17.0 the dialogue has no title.
    mail = "mail.compose.message"
    called = f"“Send” ({mail})" if odoo.series >= (18, 0) else mail
    assert f"not finished: Odoo opens {called}, but its form does not open" in opened.text
    assert opened.structured["finished"] is False
    assert "an administrator installs wkhtmltopdf on the machine of Odoo" in opened.text
    assert 'odoo_post(model="sale.order"' in opened.text
    assert odoo.read(ORDER, order, "state")["state"] == "draft"
    # Without the document, it is written to the customer from the chatter.
    server.ok(
        "odoo_post",
        model=ORDER,
        id=order,
        kind="message",
        body="Your quotation\n\nfollows.",
        partner_ids=[partner],
    )
    domain = [["model", "=", ORDER], ["res_id", "=", order], ["body", "like", "Your quotation"]]
    (message,) = odoo.ids("mail.message", domain)
    assert partner in odoo.read("mail.message", message, "partner_ids")["partner_ids"]
