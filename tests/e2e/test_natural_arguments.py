"""Arguments as a model writes them: names, lists by what is to be done, dates, batches."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import Records, StartServer
from support.gateway import Gateway
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import Person

PARTNER = "res.partner"
TAG = "res.partner.category"
ZONE = "Asia/Kolkata"


# ------------------------------------------------------------------ names


def test_records_by_name(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """A link, a list and the links of new lines are given by name, and the ids are told."""
    tag = records.make(TAG, name=f"{mark} tag")
    parent = records.make(PARTNER, name=f"{mark} parent", is_company=True)
    child = {"name": f"{mark} child", "category_id": [f"{mark} tag"]}
    values = {"name": mark, "parent_id": f"{mark} parent", "child_ids": [child]}
    made = server.ok("odoo_create", model=PARTNER, values=values)
    partner = records.adopt(PARTNER, made.structured["id"])
    truth = odoo.read(PARTNER, partner, "parent_id", "child_ids")
    assert truth["parent_id"][0] == parent
    (line,) = truth["child_ids"]
    records.adopt(PARTNER, line)
    assert odoo.read(PARTNER, line, "category_id")["category_id"] == [tag]
    told = {entry["path"]: entry["value"] for entry in made.structured["resolved"]}
    assert told == {"values.parent_id": parent, "values.child_ids[0].category_id[0]": tag}
    assert f"values.parent_id “{mark} parent” → {parent}" in made.text


def test_name_of_several_records(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """In values an ambiguous name is answered with its records; a search means all of them."""
    twins = [records.make(PARTNER, name=f"{mark} twin") for _ in range(2)]
    values = {"name": mark, "parent_id": f"{mark} twin"}
    refused = server.call("odoo_create", model=PARTNER, values=values)
    assert refused.error["kind"] == "invalid_call"
    assert f"values.parent_id: 2 records of res.partner are named “{mark} twin”" in refused.text
    for twin in twins:
        assert f"“{mark} twin” ({twin})" in refused.text
    assert not odoo.ids(PARTNER, [["name", "=", mark]])
    child = records.make(PARTNER, name=f"{mark} child", parent_id=twins[1])
    found = server.ok(
        "odoo_search", model=PARTNER, domain=[["parent_id", "=", f"{mark} twin"]], fields=["id"]
    )
    assert [record["id"] for record in found.structured["records"]] == [child]


def test_unknown_name(server: McpClient, records: Records, mark: str) -> None:
    """An unknown name is answered with the nearest ones, in values and in a domain."""
    parent = records.make(PARTNER, name=f"{mark} Interior Design")
    values = {"name": mark, "parent_id": f"{mark} Interior Desing"}
    refused = server.call("odoo_create", model=PARTNER, values=values)
    assert f"the nearest are “{mark} Interior Design” ({parent})" in refused.text
    assert "Nothing was changed" in refused.text
    refused = server.call(
        "odoo_search", model=PARTNER, domain=[["parent_id", "in", [f"{mark} Interior"]]]
    )
    assert refused.error["kind"] == "invalid_call"
    assert f"“{mark} Interior Design” ({parent})" in refused.text


def test_names_cost_one_request_a_model(
    start_server: StartServer, admin: Person, gateway: Gateway, records: Records, mark: str
) -> None:
    """However many names of a model a call has, they are looked up together."""
    names = [f"{mark} {number}" for number in range(20)]
    for name in names:
        records.make(TAG, name=name)
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_search", model=PARTNER, domain=[["category_id", "in", names]], limit=1)
    looked_up = [
        json.loads(seen.body)["params"]["model"] for seen in gateway.requests("/mcp/search")
    ]
    assert looked_up == [TAG, PARTNER]


# ------------------------------------------------------------------ lists of records


def test_lists_by_what_is_to_be_done(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """`remove` takes a tag off and leaves it alone; a line that is removed is gone."""
    tags = [records.make(TAG, name=f"{mark} {number}") for number in range(3)]
    partner = records.make(PARTNER, name=mark, category_id=[[6, 0, tags[:2]]])
    children = [
        records.make(PARTNER, name=f"{mark} child {number}", parent_id=partner)
        for number in range(2)
    ]
    values = {
        "category_id": {"remove": [tags[0]], "link": [f"{mark} 2"]},
        "child_ids": {
            "update": [{"id": children[0], "city": "Gent"}],
            "remove": [children[1]],
            "create": [{"name": f"{mark} new"}],
        },
    }
    server.ok("odoo_update", model=PARTNER, id=partner, values=values)
    truth = odoo.read(PARTNER, partner, "category_id", "child_ids")
    assert sorted(truth["category_id"]) == tags[1:]
    assert odoo.exists(TAG, tags[0])
    assert odoo.read(PARTNER, children[0], "city")["city"] == "Gent"
    assert not odoo.exists(PARTNER, children[1])
    (new,) = set(truth["child_ids"]) - set(children)
    assert odoo.read(PARTNER, records.adopt(PARTNER, new), "name")["name"] == f"{mark} new"


# ------------------------------------------------------------------ dates


@pytest.fixture
def traveller(odoo: Odoo, admin: Person) -> Iterator[Person]:
    """The environment's user, for a while in a time zone that is never UTC's."""
    before = odoo.read("res.users", odoo.uid, "tz")["tz"]
    odoo.write("res.users", [odoo.uid], {"tz": ZONE})
    yield admin
    odoo.write("res.users", [odoo.uid], {"tz": before})


def test_dates_are_those_of_the_user(
    start_server: StartServer, traveller: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """Relative dates are counted where the user is, sent in UTC, and told."""
    client = start_server(traveller)
    partner = records.make(PARTNER, name=mark)
    domain = [["id", "=", partner], ["create_date", ">=", "today"]]
    found = client.ok("odoo_count", model=PARTNER, domain=domain)
    assert found.structured["count"] == 1
    (told,) = found.structured["resolved"]
    assert (told["path"], told["given"]) == ("domain[1]", "today")
    moment = datetime.datetime.fromisoformat(told["value"]).replace(tzinfo=datetime.UTC)
    there = moment.astimezone(ZoneInfo(ZONE))
    assert (there.hour, there.minute, there.second) == (0, 0, 0)
    assert f"domain[1] “today” → {told['value']} UTC" in found.text
    earlier = [["id", "=", partner], ["create_date", "<", "start_of_month -1y"]]
    assert client.ok("odoo_count", model=PARTNER, domain=earlier).structured["count"] == 0
    assert odoo.exists(PARTNER, partner)


@pytest.mark.needs("crm.lead")
def test_dates_in_values(
    start_server: StartServer, traveller: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """A day in values is a day of the user's calendar."""
    client = start_server(traveller)
    values = {"name": mark, "date_deadline": "start_of_month +1m"}
    made = client.ok("odoo_create", model="crm.lead", values=values)
    lead = records.adopt("crm.lead", made.structured["id"])
    stored = odoo.read("crm.lead", lead, "date_deadline")["date_deadline"]
    assert stored == made.structured["resolved"][0]["value"]
    assert datetime.date.fromisoformat(stored).day == 1


# ------------------------------------------------------------------ several at once


def test_several_records_at_once(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Several are created, read, changed and deleted by one call each."""
    given = [{"name": f"{mark} {number}"} for number in range(3)]
    made = server.ok("odoo_create", model=TAG, records=given).structured
    tags = [records.adopt(TAG, tag) for tag in made["ids"]]
    assert made["names"] == [values["name"] for values in given]
    read = server.ok("odoo_read", model=TAG, ids=tags, fields=["name"]).structured
    assert [record["id"] for record in read["records"]] == tags
    changed = server.ok("odoo_update", model=TAG, ids=tags, values={"color": 5}).structured
    assert (changed["ids"], changed["changed"]) == (tags, ["color"])
    assert {odoo.read(TAG, tag, "color")["color"] for tag in tags} == {5}
    deleted = server.ok("odoo_delete", model=TAG, ids=tags)
    assert f"deleted 3 {TAG}" in deleted.text
    assert not odoo.ids(TAG, [["id", "in", tags]])


def test_all_or_none(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """When Odoo refuses one record of several, it is named, and nothing happened to the others."""
    country = {"name": f"{mark} one", "code": "Q7"}
    given: list[dict[str, Any]] = [country, {"name": f"{mark} two", "code": "BE"}]
    refused = server.call("odoo_create", model="res.country", records=given)
    assert refused.error["kind"] == "validation"
    assert "It is records[1] that Odoo refuses. None of the 2 records" in refused.text
    assert not odoo.ids("res.country", [["name", "=like", f"{mark}%"]])

    parent = records.make(TAG, name=f"{mark} parent")
    child = records.make(TAG, name=f"{mark} child", parent_id=parent)
    other = records.make(TAG, name=f"{mark} other")
    values = {"color": 9, "parent_id": child}
    refused = server.call("odoo_update", model=TAG, ids=[other, parent], values=values)
    assert refused.is_error
    assert f"It is {TAG} {parent} that Odoo refuses" in refused.text
    assert odoo.read(TAG, other, "color", "parent_id")["parent_id"] is False

    missing = server.call("odoo_delete", model=TAG, ids=[other, 99_999_999])
    assert missing.error["kind"] == "missing_record"
    assert "99999999" in missing.text
    assert odoo.exists(TAG, other)


@pytest.mark.needs("sale.order")
def test_button_on_several(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """A button is pressed on several records at once."""
    partner = records.make(PARTNER, name=mark)
    orders = [records.make("sale.order", partner_id=partner) for _ in range(2)]
    server.ok("odoo_execute", model="sale.order", method="action_quotation_sent", ids=orders)
    assert {odoo.read("sale.order", order, "state")["state"] for order in orders} == {"sent"}
