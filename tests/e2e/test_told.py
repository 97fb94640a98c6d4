"""What an answer says besides the records: links to them, and what is not among them."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Records
from support.answers import link
from support.mcp_client import McpClient
from support.odoo import Odoo

PARTNER = "res.partner"
ORDER = "sale.order"
TAG = "res.partner.category"
LOST = 99_999_999


def opened(result: Any) -> str:
    """What the text says about where to open the records."""
    (line,) = [line for line in result.text.splitlines() if line.startswith("open: ")]
    return line.removeprefix("open: ")


# ------------------------------------------------------------------ links after a change


def test_a_change_says_where_to_open_the_record(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """A record that was made or changed is linked; one that is gone is not."""
    created = server.ok("odoo_create", model=PARTNER, values={"name": mark})
    partner = records.adopt(PARTNER, created.structured["id"])
    updated = server.ok("odoo_update", model=PARTNER, id=partner, values={"color": 3})
    run = server.ok("odoo_execute", model=PARTNER, method="action_archive", ids=[partner])
    for result in (created, updated, run):
        assert opened(result) == result.structured["url"] == link(odoo, PARTNER, partner)
    status, page = odoo.page(created.structured["url"])
    assert (status, "odoo.__session_info__" in page) == (200, True)
    deleted = server.ok("odoo_delete", model=PARTNER, id=partner)
    assert "open:" not in deleted.text
    assert "url" not in deleted.structured


def test_a_change_of_several_says_where_to_open_each(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """A few records have a link each, more have one with the id to fill in."""
    made = server.ok("odoo_create", model=TAG, records=[{"name": f"{mark} {n}"} for n in range(5)])
    tags = [records.adopt(TAG, tag) for tag in made.structured["ids"]]
    assert opened(made) == link(odoo, TAG, "<id>")
    few = server.ok("odoo_update", model=TAG, ids=tags[:3], values={"color": 2})
    assert opened(few).split() == [link(odoo, TAG, tag) for tag in tags[:3]]
    for result in (made, few):
        assert result.structured["url"] == link(odoo, TAG, "{id}")


@pytest.mark.needs(ORDER)
def test_typed_tools_and_buttons_say_where_to_open_the_record(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Typed tools are the same; a copy is linked and not what it was made of."""
    partner = records.make(PARTNER, name=mark)
    created = server.ok("sale_order_create", values={"partner_id": partner})
    order = records.adopt(ORDER, created.structured["id"])
    pressed = server.ok("odoo_execute", model=ORDER, method="action_quotation_sent", ids=[order])
    for result in (created, pressed):
        assert opened(result) == result.structured["url"] == link(odoo, ORDER, order)
    copied = server.ok("odoo_execute", model=ORDER, method="copy", ids=[order])
    copy = records.adopt(ORDER, copied.structured["result"]["ids"][0])
    assert opened(copied) == copied.structured["url"] == link(odoo, ORDER, copy)
    read = server.ok("odoo_execute", model=ORDER, method="read", ids=[order], args=[["name"]])
    assert "open:" not in read.text


@pytest.mark.needs("crm.lead")
def test_what_goes_on_in_a_dialogue_is_not_opened(
    server: McpClient, records: Records, mark: str
) -> None:
    """A dialogue is no page of Odoo, and the record waits for it."""
    lead = records.make("crm.lead", name=mark)
    method = "crm.crm_lead_lost_action"
    asked = server.ok("odoo_execute", model="crm.lead", method=method, ids=[lead])
    assert asked.structured["wizard"]["handle"]
    assert "open:" not in asked.text


# ------------------------------------------------------------------ what is not among the records


def test_a_limit_that_was_cut_is_told(server: McpClient, odoo: Odoo) -> None:
    """A page has at most 100 rows; who asked for more is told, where there is more."""
    told = "limit 5000 was cut to 100"
    most = {"model": "res.country", "limit": 5000}
    page = server.ok("odoo_search", fields=["code"], **most)
    assert len(page.structured["records"]) == 100
    assert told in page.text
    assert told in page.structured["note"]
    groups = server.ok("odoo_search", group_by=["code"], **most)
    assert len(groups.structured["groups"]) == 100 < odoo.count("res.country")
    assert told in groups.text
    whole = server.ok("odoo_search", fields=["code"], domain=[["code", "=like", "B%"]], **most)
    assert "cut" not in whole.text


def test_ids_that_are_not_found_are_told(
    server: McpClient, records: Records, mark: str
) -> None:
    """The others are read all the same; where there is none, the call fails."""
    tag = records.make(TAG, name=mark)
    read = server.ok("odoo_read", model=TAG, ids=[LOST, tag], fields=["name"])
    assert read.structured["records"] == [{"id": tag, "name": mark}]
    assert read.structured["not_found"] == [LOST]
    assert f"\nnot found, or not for this user to see: {LOST}" in read.text
    one = server.ok("odoo_read", model=TAG, ids=[tag], fields=["name"])
    assert "not_found" not in one.structured
    refused = server.call("odoo_read", model=TAG, ids=[LOST, LOST + 1])
    assert refused.error["kind"] == "missing_record"
    assert f"{LOST}, {LOST + 1} do not exist" in refused.text


@pytest.mark.parametrize("tool", ["odoo_search", "odoo_count"])
def test_archived_records_that_a_search_left_out_are_told(
    server: McpClient, records: Records, mark: str, tool: str
) -> None:
    """A search that finds nothing says when there are archived ones, and how to find them."""
    archived = records.make(PARTNER, name=mark, active=False)
    domain: list[Any] = [["name", "=", mark]]
    told = server.ok(tool, model=PARTNER, domain=domain)
    assert told.structured["archived_count"] == 1
    assert '1 archived: add ["active","=",false]' in told.text
    found = server.ok(tool, model=PARTNER, domain=[*domain, ["active", "=", False]])
    assert "1 archived" not in found.text
    assert str(archived) in found.text or found.structured["count"] == 1
    nothing = server.ok(tool, model=PARTNER, domain=[["name", "=", f"{mark} no"]])
    assert "archived" not in nothing.text
    records.make(PARTNER, name=mark)
    assert "archived" not in server.ok(tool, model=PARTNER, domain=domain).text


def test_a_record_that_is_archived_is_read_and_told(
    server: McpClient, records: Records, mark: str
) -> None:
    """Ids of archived records are read like others, and the answer says which they are."""
    archived = records.make(PARTNER, name=mark, active=False)
    active = records.make(PARTNER, name=f"{mark} active")
    read = server.ok("odoo_read", model=PARTNER, id=archived, fields=["name"])
    assert read.structured["record"] == {"id": archived, "name": mark}
    both = server.ok("odoo_read", model=PARTNER, ids=[active, archived], fields=["name"])
    assert [set(row) for row in both.structured["records"]] == [{"id", "name"}] * 2
    for result in (read, both, server.ok("odoo_read", model=PARTNER, id=archived)):
        assert result.structured["archived"] == [archived]
        assert f"\narchived: {archived};" in result.text
    assert "archived" not in server.ok("odoo_read", model=PARTNER, id=active).structured
    asked = server.ok("odoo_read", model=PARTNER, id=archived, fields=["active"])
    assert asked.structured["record"] == {"id": archived, "active": False}
    assert "archived" not in asked.structured


def test_an_empty_text_is_taken_for_no_value(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """`= ""` finds what has no value, of texts, links and days, and says what it was taken for."""
    empty = records.make(PARTNER, name=f"{mark} a")
    full = records.make(PARTNER, name=f"{mark} b", email="a@e2e.test", user_id=odoo.uid)
    for field, taken in (("email", '["",false]'), ("user_id", "false")):
        for operator, expected in (("=", empty), ("!=", full)):
            domain = [["name", "=like", f"{mark}%"], [field, operator, ""]]
            found = server.ok("odoo_search", model=PARTNER, domain=domain, fields=["id"])
            assert [row["id"] for row in found.structured["records"]] == [expected]
            assert f"domain[1] “” → {taken}" in found.text
