"""What a tool says its answers look like, held against answers: links to records, dialogues."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from conftest import Records, StartServer
from jsonschema import Draft202012Validator
from support.mcp_client import McpClient, Result
from support.odoo import Odoo
from support.people import Person

ORDER = "sale.order"
MOVE = "account.move"


def promise(client: McpClient, tool: str) -> dict[str, Any]:
    """The output schema of a tool."""
    schema = client.tool(tool).output_schema
    assert schema
    return schema


def links_of(row_schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields of a row that are described as records."""
    fields = row_schema["properties"].items()
    return {name: facts for name, facts in fields if facts.get("type") == ["object", "null"]}


def assert_described(schema: dict[str, Any], result: Result) -> None:
    """The answer is as promised."""
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(result.structured)


@pytest.mark.demo
@pytest.mark.needs(ORDER, "crm.lead", "stock.picking", "purchase.order")
@pytest.mark.parametrize(
    "model", ["sale_order", "res_partner", "crm_lead", "stock_picking", "purchase_order"]
)
def test_links_are_described_as_they_are(server: McpClient, model: str) -> None:
    """A record in an answer has an id and a name, as the schema says, and no other form fits."""
    schema = promise(server, f"{model}_search")
    found = server.ok(f"{model}_search", limit=40)
    assert_described(schema, found)
    links = links_of(schema["properties"]["records"]["items"])
    assert links
    seen = set()
    for row in found.structured["records"]:
        for name, facts in links.items():
            if row[name] is not None:
                assert set(row[name]) == set(facts["properties"]) == {"id", "name"}
                seen.add(name)
    assert seen, "no record of these has a link"
    read_schema = promise(server, f"{model}_read")
    read = server.ok(f"{model}_read", id=found.structured["records"][0]["id"])
    assert_described(read_schema, read)
    assert links_of(read_schema["properties"]["record"]) == links
    for wrong in ([7, "Azure"], 7, {"id": "7"}, {"id": 7, "name": ["Azure"]}):
        answer = copy.deepcopy(found.structured)
        answer["records"][0][min(seen)] = wrong
        assert not Draft202012Validator(schema).is_valid(answer), wrong


@pytest.mark.needs("crm.lead")
def test_a_dialogue_is_described_as_it_is(server: McpClient, records: Records, mark: str) -> None:
    """What a button opens to be filled in has a handle and its fields."""
    schema = promise(server, "odoo_execute")
    lead = records.make("crm.lead", name=mark)
    method = "crm.crm_lead_lost_action"
    asked = server.ok("odoo_execute", model="crm.lead", method=method, ids=[lead])
    assert_described(schema, asked)
    wizard = schema["properties"]["wizard"]["properties"]
    assert set(wizard) <= set(asked.structured["wizard"])
    assert {"handle", "fields"} <= set(wizard)
    for key, wrong in (("handle", 7), ("fields", ["lost_reason_id"])):
        answer = copy.deepcopy(asked.structured)
        answer["wizard"][key] = wrong
        assert not Draft202012Validator(schema).is_valid(answer), key


@pytest.mark.needs(MOVE)
def test_a_typed_button_describes_its_dialogue(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """The tool of a button is as the generic one."""
    tool = "account_move_action_register_payment"
    client = start_server(admin, "--tools", tool)
    partner = records.make("res.partner", name=mark)
    line = {"name": mark, "quantity": 1, "price_unit": 10.0}
    move = records.make(
        MOVE, move_type="out_invoice", partner_id=partner, invoice_line_ids=[[0, 0, line]]
    )
    odoo.call(MOVE, "action_post", [move])
    schema = promise(client, tool)
    asked = client.ok(tool, id=move)
    assert_described(schema, asked)
    assert asked.structured["wizard"]["model"] == "account.payment.register"
    assert set(schema["properties"]["wizard"]["properties"]) <= set(asked.structured["wizard"])
    odoo.call(MOVE, "button_draft", [move])
