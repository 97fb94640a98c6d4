"""The generic tools that change something, on the real Odoo; Odoo itself confirms each step."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from conftest import Records, both_transports
from support.answers import link
from support.mcp_client import McpClient
from support.odoo import Odoo

pytestmark = both_transports

TAG = "res.partner.category"


# ------------------------------------------------------------------ create, update, delete


def test_create_update_delete_round_trip(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """A record is made, changed and deleted; Odoo itself confirms each step."""
    created = server.ok("odoo_create", model="res.partner", values={"name": mark, "color": 3})
    partner = records.adopt("res.partner", created.structured["id"])
    assert created.structured == {
        "success": True,
        "model": "res.partner",
        "id": partner,
        "name": mark,
        "url": link(odoo, "res.partner", partner),
    }
    opened = f"\nopen: {link(odoo, 'res.partner', partner)}"
    assert created.text == f"created res.partner {partner} (“{mark}”){opened}"
    assert odoo.read("res.partner", partner, "name", "color") == {
        "id": partner,
        "name": mark,
        "color": 3,
    }

    values = {"name": f"{mark} new", "email": "a@e2e.test", "color": None}
    updated = server.ok("odoo_update", model="res.partner", id=partner, values=values)
    assert updated.structured["changed"] == ["name", "email", "color"]
    changed = "name, email, color"
    assert updated.text == f"updated res.partner {partner} (“{mark} new”): {changed}{opened}"
    truth = odoo.read("res.partner", partner, "name", "email", "color")
    assert (truth["name"], truth["email"], truth["color"]) == (f"{mark} new", "a@e2e.test", 0)

    deleted = server.ok("odoo_delete", model="res.partner", id=partner)
    assert deleted.text == f"deleted res.partner {partner} (“{mark} new”)"
    assert not odoo.exists("res.partner", partner)
    again = server.call("odoo_delete", model="res.partner", id=partner)
    assert again.error["kind"] == "missing_record"


def test_null_clears_a_field(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """`null` empties texts, relations, dates and lists."""
    country = odoo.ids("res.country", [["code", "=", "BE"]])[0]
    tag = records.make(TAG, name=mark)
    partner = records.make(
        "res.partner", name=mark, email="a@e2e.test", country_id=country, category_id=[[4, tag]]
    )
    nothing = {"email": None, "country_id": None, "category_id": None}
    server.ok("odoo_update", model="res.partner", id=partner, values=nothing)
    truth = odoo.read("res.partner", partner, *nothing)
    assert (truth["email"], truth["country_id"], truth["category_id"]) == (False, False, [])


def test_lines_and_ids(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """One2many lines are objects, new and changed ones; many2many ids replace those before."""
    tags = [records.make(TAG, name=f"{mark} {number}") for number in range(3)]
    created = server.ok(
        "odoo_create",
        model="res.partner",
        values={
            "name": mark,
            "is_company": True,
            "category_id": tags[:2],
            "child_ids": [{"name": f"{mark} a"}, {"name": f"{mark} b", "email": "b@e2e.test"}],
        },
    )
    partner = records.adopt("res.partner", created.structured["id"])
    children = odoo.ids("res.partner", [["parent_id", "=", partner]], order="id")
    for child in children:
        records.adopt("res.partner", child)
    assert len(children) == 2
    assert odoo.read("res.partner", children[1], "name", "email")["email"] == "b@e2e.test"
    assert sorted(odoo.read("res.partner", partner, "category_id")["category_id"]) == tags[:2]

    server.ok(
        "odoo_update",
        model="res.partner",
        id=partner,
        values={
            "category_id": [tags[2]],
            "child_ids": [{"id": children[0], "name": f"{mark} renamed"}, [2, children[1]]],
        },
    )
    assert odoo.read("res.partner", partner, "category_id")["category_id"] == [tags[2]]
    assert odoo.read("res.partner", children[0], "name")["name"] == f"{mark} renamed"
    assert not odoo.exists("res.partner", children[1])


ENOUGH: dict[str, dict[str, Any]] = {
    "res.users": {"name": "{mark}", "login": "{mark}@e2e.test"},
    "product.template": {"name": "{mark}"},
    "product.product": {"name": "{mark}"},
    "project.project": {"name": "{mark}"},
    "project.task": {"name": "{mark}"},
    "hr.employee": {"name": "{mark}"},
    "crm.team": {"name": "{mark}"},
    "crm.lead": {"name": "{mark}"},
    "purchase.order": {"partner_id": "{partner}"},
    "account.move": {"move_type": "out_invoice", "partner_id": "{partner}"},
}


@pytest.mark.parametrize("model", ENOUGH)
def test_what_is_enough_for_odoo_is_enough(
    server: McpClient, odoo: Odoo, records: Records, mark: str, model: str
) -> None:
    """Nothing is required that Odoo fills in by itself (a user's contact, a product's variant)."""
    if not odoo.has_access(model, "create"):
        pytest.skip(f"this Odoo lacks the model {model}")
    partner = records.make("res.partner", name=mark)
    filling = {"{mark}": mark, "{partner}": partner}
    values = {name: filling.get(value, value) for name, value in ENOUGH[model].items()}
    if "login" in values:
        values["login"] = f"{mark}@e2e.test"
    created = server.ok("odoo_create", model=model, values=values)
    # The contact that Odoo made for a user or an employee outlives them.
    for contact in odoo.ids("res.partner", [["name", "=", mark]]):
        records.adopt("res.partner", contact)
    assert odoo.exists(model, records.adopt(model, created.structured["id"]))


MENDED_VALUES: dict[str, tuple[str, Any, Any]] = {
    "label for a key": ("type", "Invoice Address", "invoice"),
    "number as text": ("color", "7", 7),
    "whole float": ("color", 7.0, 7),
    "boolean as text": ("is_company", "yes", True),
    "number for a text": ("ref", 1234, "1234"),
    "id as text": ("country_id", "{country}", "{country}"),
    "relation as in results": ("country_id", {"id": "{country}", "name": "Belgium"}, "{country}"),
    "relation as in Odoo": ("country_id", ["{country}", "Belgium"], "{country}"),
}


@pytest.mark.parametrize(
    ("field", "given", "stored"), MENDED_VALUES.values(), ids=MENDED_VALUES.keys()
)
def test_unambiguous_slips_in_values_are_mended(
    server: McpClient, odoo: Odoo, records: Records, mark: str, field: str, given: Any, stored: Any
) -> None:
    """A value that can mean one thing only is stored as meant."""
    country = odoo.ids("res.country", [["code", "=", "BE"]])[0]

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item) for item in value]
        return country if value == "{country}" else value

    if field == "type":
        labels = dict(odoo.fields("res.partner")["type"]["selection"])
        given = labels[stored]
    partner = records.make("res.partner", name=mark)
    value = str(country) if (field, given) == ("country_id", "{country}") else filled(given)
    server.ok("odoo_update", model="res.partner", id=partner, values={field: value})
    truth = odoo.read("res.partner", partner, field)[field]
    assert (truth[0] if isinstance(truth, list) else truth) == filled(stored)


@pytest.mark.needs("sale.order")
@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-03-04T05:06:07Z", "2026-03-04 05:06:07"),
        ("2026-03-04 05:06:07Z", "2026-03-04 05:06:07"),
        ("2026-03-04T05:06:07+02:00", "2026-03-04 03:06:07"),
    ],
)
def test_datetimes_are_stored_in_utc(
    server: McpClient, odoo: Odoo, records: Records, mark: str, given: str, stored: str
) -> None:
    """ISO 8601 with a zone; `test_dates.py` has moments without one."""
    partner = records.make("res.partner", name=mark)
    order = records.make("sale.order", partner_id=partner)
    server.ok("odoo_update", model="sale.order", id=order, values={"commitment_date": given})
    assert odoo.read("sale.order", order, "commitment_date")["commitment_date"] == stored


def test_binary_is_written_as_base64(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """What was written as base64 is what Odoo stores."""
    content = base64.b64encode(mark.encode()).decode()
    created = server.ok(
        "odoo_create", model="ir.attachment", values={"name": f"{mark}.txt", "datas": content}
    )
    attachment = records.adopt("ir.attachment", created.structured["id"])
    assert odoo.read("ir.attachment", attachment, "datas")["datas"] == content


def test_arguments_as_json_text_are_taken(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Some models send objects, lists and ids as text."""
    created = server.ok("odoo_create", model="res.partner", values=f'{{"name": "{mark}"}}')
    partner = records.adopt("res.partner", created.structured["id"])
    result = server.ok("odoo_read", model="res.partner", id=str(partner), fields="name, color")
    assert result.structured["record"] == {"id": partner, "name": mark, "color": 0}
    assert odoo.exists("res.partner", partner)


# ------------------------------------------------------------------ odoo_execute


@pytest.fixture
def draft_order(records: Records, mark: str) -> int:
    """A quotation of one service, for a customer of its own."""
    partner = records.make("res.partner", name=mark)
    product = records.make("product.product", name=mark, type="service", list_price=50.0)
    line = {"product_id": product, "product_uom_qty": 2}
    return records.make("sale.order", partner_id=partner, order_line=[[0, 0, line]])


@pytest.mark.needs("sale.order")
def test_execute_an_action(server: McpClient, odoo: Odoo, draft_order: int) -> None:
    """A button's method does in Odoo what the button does."""
    assert odoo.read("sale.order", draft_order, "state")["state"] == "draft"
    result = server.ok(
        "odoo_execute", model="sale.order", method="action_confirm", ids=[draft_order]
    )
    assert result.structured["success"] is True
    assert result.structured["ids"] == [draft_order]
    assert result.structured["result"] is True
    assert odoo.read("sale.order", draft_order, "state")["state"] == "sale"


@pytest.mark.needs("sale.order")
def test_execute_says_what_opens(server: McpClient, odoo: Odoo, draft_order: int) -> None:
    """A method that opens something in Odoo answers with the action and what it leads to."""
    result = server.ok(
        "odoo_execute", model="sale.order", method="action_preview_sale_order", ids=[draft_order]
    )
    action = result.structured["result"]
    assert action["type"] == "ir.actions.act_url"
    assert f"/my/orders/{draft_order}" in action["url"]
    assert result.structured["url"].startswith(f"{odoo.url}/my/orders/{draft_order}?")
    assert result.structured["url"] in result.text


def test_execute_returns_numbers(server: McpClient, odoo: Odoo) -> None:
    """`search_count` is a number, not its text."""
    result = server.ok("odoo_execute", model="res.country", method="search_count", args=[[]])
    assert result.structured["result"] == odoo.count("res.country")
    assert type(result.structured["result"]) is int


def test_execute_returns_recordsets_with_names(
    server: McpClient, odoo: Odoo, five_tags: list[int], mark: str
) -> None:
    """A recordset is model, ids and names."""
    result = server.ok(
        "odoo_execute",
        model=TAG,
        method="search",
        args=[[["name", "ilike", mark]]],
        kwargs={"order": "id", "limit": 2},
    )
    first, second = sorted(five_tags)[:2]
    names = [odoo.read(TAG, tag, "display_name")["display_name"] for tag in (first, second)]
    assert result.structured["result"] == {
        "model": TAG,
        "ids": [first, second],
        "display_names": names,
    }


def test_execute_passes_named_arguments(
    server: McpClient, odoo: Odoo, five_tags: list[int], mark: str
) -> None:
    """`kwargs` reach the method; lists come back as lists."""
    kwargs = {"name": mark, "operator": "ilike", "limit": 3}
    result = server.ok("odoo_execute", model=TAG, method="name_search", kwargs=kwargs)
    assert result.structured["result"] == odoo.call(TAG, "name_search", **kwargs)
    assert len(five_tags) > len(result.structured["result"]) == 3


def test_execute_returns_dates_as_odoo_writes_them(
    server: McpClient, odoo: Odoo, five_tags: list[int]
) -> None:
    """Dates inside a result have Odoo's form, empty values stay `false` as Odoo has them."""
    fields = ["create_date", "parent_id", "name"]
    result = server.ok("odoo_execute", model=TAG, method="read", ids=[five_tags[0]], args=[fields])
    assert result.structured["result"] == odoo.call(TAG, "read", [five_tags[0]], fields)


def test_execute_create_returns_the_new_record(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """`create` through `odoo_execute` says which record it made."""
    result = server.ok("odoo_execute", model=TAG, method="create", args=[{"name": mark}])
    (made,) = odoo.ids(TAG, [["name", "=", mark]])
    records.adopt(TAG, made)
    assert result.structured["result"] == made
    assert str(made) in result.text


def test_execute_write_and_unlink(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """`write` and `unlink` work through `odoo_execute` too."""
    tag = records.make(TAG, name=mark)
    values = {"name": f"{mark} new"}
    server.ok("odoo_execute", model=TAG, method="write", ids=[tag], args=[values])
    assert odoo.read(TAG, tag, "name")["name"] == f"{mark} new"
    server.ok("odoo_execute", model=TAG, method="unlink", ids=[tag])
    assert not odoo.exists(TAG, tag)
