"""The typed tools of generated models: the same truth as the generic ones, with real types."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Records, StartServer, both_transports
from support.answers import in_utc, without_mark
from support.mcp_client import McpClient, Tool
from support.odoo import Odoo
from support.people import Person
from support.profile import default_tools

JSON_TYPES = {
    "integer": "integer",
    # By id or by name.
    "many2one": "string",
    "many2one_reference": "integer",
    "float": "number",
    "monetary": "number",
    "boolean": "boolean",
    "one2many": "array",
    "many2many": "array",
}


@pytest.fixture(scope="session")
def all_tools(_start_server: StartServer, admin: Person, schemas: Path) -> Iterator[McpClient]:
    """A server with the typed tools of every generated model."""
    assert schemas.is_dir()
    with _start_server(admin, "--profile", "all") as client:
        yield client


@pytest.fixture
def customer(records: Records, mark: str) -> int:
    """A contact of the test's own."""
    return records.make("res.partner", name=f"{mark} customer")


@pytest.fixture
def products(records: Records, mark: str) -> tuple[int, int]:
    """Two services at 50 and 20."""
    return (
        records.make("product.product", name=f"{mark} a", type="service", list_price=50.0),
        records.make("product.product", name=f"{mark} b", type="service", list_price=20.0),
    )


def profile_models(operation: str) -> list[tuple[str, str]]:
    """`(tool, model)` of the default profile with this operation."""
    folder = Path(__file__).resolve().parents[2] / "generated" / "schemas"
    return [(tool, model) for tool, model, found in default_tools(folder) if found == operation]


# ------------------------------------------------------------------ the same as the generic ones


@pytest.mark.parametrize(("tool", "model"), profile_models("search"))
def test_search_is_the_generic_one(server: McpClient, odoo: Odoo, tool: str, model: str) -> None:
    """`<model>_search` finds and shows what `odoo_search` does, and Odoo's ids."""
    if not odoo.has_access(model, "read"):
        pytest.skip(f"this Odoo lacks the model {model}")
    for arguments in ({}, {"limit": 3, "offset": 1, "order": "id desc", "fields": ["create_date"]}):
        typed = server.ok(tool, **arguments)
        generic = server.ok("odoo_search", model=model, **arguments)
        assert without_mark(typed) == without_mark(generic)
    truth = odoo.call(model, "search", [], order="id desc", limit=3, offset=1)
    assert [record["id"] for record in typed.structured["records"]] == truth


@pytest.mark.parametrize(("tool", "model"), profile_models("read"))
def test_read_is_the_generic_one(server: McpClient, odoo: Odoo, tool: str, model: str) -> None:
    """`<model>_read` shows what `odoo_read` does, with Odoo's values."""
    if not odoo.has_access(model, "read"):
        pytest.skip(f"this Odoo lacks the model {model}")
    ids = odoo.call(model, "search", [], limit=1)
    if not ids:
        pytest.skip(f"there is no {model}")
    typed = server.ok(tool, id=ids[0])
    generic = server.ok("odoo_read", model=model, id=ids[0])
    assert without_mark(typed) == without_mark(generic)
    record = typed.structured["record"]
    truth = odoo.read(model, ids[0], *(record.keys() - {"id"}))
    types = {name: field["type"] for name, field in odoo.fields(model).items()}
    for name, value in record.items():
        expected = truth[name]
        if isinstance(value, dict):
            value = [value["id"], value["name"]]
        elif value and types[name] == "datetime":
            value = in_utc(value)
        elif types[name] in {"float", "monetary"}:
            expected = pytest.approx(expected, abs=0.005)
        assert value == expected or (value is None and expected is False), name


def test_count_is_odoos(all_tools: McpClient, odoo: Odoo) -> None:
    """`res_country_count` counts what Odoo counts."""
    domain = [["name", "ilike", "land"]]
    result = all_tools.ok("res_country_count", domain=domain)
    assert result == all_tools.ok("odoo_count", model="res.country", domain=domain)
    assert result.structured["count"] == odoo.count("res.country", domain)


@both_transports
def test_partner_round_trip(all_tools: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """Create, read, update, count and delete a contact by its typed tools, checked in Odoo."""
    country = odoo.ids("res.country", [["code", "=", "BE"]])[0]
    values = {"name": mark, "email": "a@e2e.test", "country_id": country}
    created = all_tools.ok("res_partner_create", values=values)
    partner = records.adopt("res.partner", created.structured["id"])
    truth = odoo.read("res.partner", partner, "name", "email", "country_id")
    assert (truth["name"], truth["email"], truth["country_id"][0]) == (mark, "a@e2e.test", country)

    all_tools.ok("res_partner_update", id=partner, values={"email": None, "city": "Gent"})
    read = all_tools.ok("res_partner_read", id=partner, fields=["email", "city", "country_id"])
    assert read.structured["record"] == {
        "id": partner,
        "email": None,
        "city": "Gent",
        "country_id": {"id": country, "name": truth["country_id"][1]},
    }
    by_name = [["name", "=", mark]]
    assert all_tools.ok("res_partner_count", domain=by_name).structured["count"] == 1
    all_tools.ok("res_partner_delete", id=partner)
    assert not odoo.exists("res.partner", partner)


# ------------------------------------------------------------------ orders


@both_transports
@pytest.mark.needs("sale.order")
def test_order_with_lines_as_objects(
    server: McpClient,
    odoo: Odoo,
    records: Records,
    customer: int,
    products: tuple[int, int],
    mark: str,
) -> None:
    """An order is created with its lines as plain objects, then a line is changed and added."""
    values = {
        "partner_id": customer,
        "client_order_ref": mark,
        "order_line": [
            {"product_id": products[0], "product_uom_qty": 3},
            {"product_id": products[1], "product_uom_qty": 1, "price_unit": 7.5},
        ],
    }
    created = server.ok("sale_order_create", values=values)
    order = records.adopt("sale.order", created.structured["id"])
    truth = odoo.read("sale.order", order, "partner_id", "client_order_ref", "state", "name")
    assert truth["partner_id"][0] == customer
    assert truth["client_order_ref"] == mark
    assert truth["state"] == "draft"
    assert created.structured["name"] == truth["name"]
    lines = odoo.call(
        "sale.order.line",
        "search_read",
        [["order_id", "=", order]],
        ["product_id", "product_uom_qty", "price_unit"],
        order="id",
    )
    assert [
        (line["product_id"][0], line["product_uom_qty"], line["price_unit"]) for line in lines
    ] == [(products[0], 3, 50), (products[1], 1, 7.5)]

    server.ok(
        "sale_order_update",
        id=order,
        values={
            "order_line": [
                {"id": lines[0]["id"], "product_uom_qty": 5},
                {"product_id": products[1], "product_uom_qty": 2},
            ]
        },
    )
    quantities = odoo.call(
        "sale.order.line",
        "search_read",
        [["order_id", "=", order]],
        ["product_uom_qty"],
        order="id",
    )
    assert [line["product_uom_qty"] for line in quantities] == [5, 1, 2]


@both_transports
@pytest.mark.needs("sale.order")
def test_order_actions(
    server: McpClient, odoo: Odoo, records: Records, customer: int, products: tuple[int, int]
) -> None:
    """`sale_order_action_confirm` and `…_cancel` press the buttons of one order."""
    line = {"product_id": products[0], "product_uom_qty": 1}
    order = records.make("sale.order", partner_id=customer, order_line=[[0, 0, line]])
    other = records.make("sale.order", partner_id=customer, order_line=[[0, 0, line]])
    confirmed = server.ok("sale_order_action_confirm", id=order)
    assert confirmed.structured["ids"] == [order]
    assert confirmed.structured["method"] == "action_confirm"
    assert odoo.read("sale.order", order, "state")["state"] == "sale"
    assert odoo.read("sale.order", other, "state")["state"] == "draft"
    server.ok("sale_order_action_cancel", id=other)
    assert odoo.read("sale.order", other, "state")["state"] == "cancel"


@both_transports
@pytest.mark.needs("sale.order")
def test_order_is_deleted(
    all_tools: McpClient, odoo: Odoo, records: Records, customer: int
) -> None:
    """`sale_order_delete` deletes a quotation, and says which."""
    order = records.make("sale.order", partner_id=customer)
    name = odoo.read("sale.order", order, "name")["name"]
    result = all_tools.ok("sale_order_delete", id=order)
    assert result.text == f"deleted sale.order {order} (“{name}”)"
    assert not odoo.exists("sale.order", order)


@pytest.mark.needs("sale.order")
def test_what_is_required_is_enough(
    server: McpClient, odoo: Odoo, records: Records, customer: int
) -> None:
    """An order needs what the tool's schema requires, and nothing more."""
    schema = server.tool("sale_order_create").arguments["values"]
    assert schema["required"] == ["partner_id"]
    created = server.ok("sale_order_create", values={"partner_id": customer})
    order = records.adopt("sale.order", created.structured["id"])
    assert odoo.read("sale.order", order, "partner_id")["partner_id"][0] == customer


@pytest.mark.needs("crm.lead")
def test_lead_is_won(all_tools: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """A lead is made with a selection key and a date, and won by its button."""
    values = {
        "name": mark,
        "type": "opportunity",
        "expected_revenue": 1200.5,
        "priority": "2",
        "date_deadline": "2030-01-31",
    }
    created = all_tools.ok("crm_lead_create", values=values)
    lead = records.adopt("crm.lead", created.structured["id"])
    truth = odoo.read("crm.lead", lead, *values)
    assert {name: truth[name] for name in values} == values
    all_tools.ok("crm_lead_action_set_won_rainbowman", id=lead)
    assert odoo.read("crm.lead", lead, "probability")["probability"] == 100


# ------------------------------------------------------------------ what the schemas promise


def values_of(tool: Tool) -> dict[str, Any]:
    """The schemas of the fields that a create or update tool names."""
    return tool.arguments["values"]["properties"]


@pytest.fixture
def reference_odoo(odoo: Odoo, schemas: Path) -> Odoo:
    """The Odoo under test, if it is of the series that the files were generated from."""
    manifest = json.loads((schemas.parent / "snapshot" / "manifest.json").read_text("utf-8"))
    if manifest["odoo_series"] != ".".join(map(str, odoo.series)):
        pytest.skip(f"the schema files are of Odoo {manifest['odoo_series']}")
    return odoo


def test_value_types_are_those_of_odoo(
    all_tools: McpClient, reference_odoo: Odoo, schemas: Path
) -> None:
    """Every field that a tool names has Odoo's type, and Odoo's options as an enum."""
    odoo = reference_odoo
    checked = 0
    listed = {tool.name: tool for tool in all_tools.tools()}
    for path in sorted(schemas.glob("*.json")):
        file = json.loads(path.read_text("utf-8"))
        fields = None
        for spec in file["tools"]:
            tool = listed.get(spec["name"])
            if tool is None or spec["operation"] not in ("create", "update"):
                continue
            fields = fields or odoo.fields(file["schema"]["model"])
            for name, schema in values_of(tool).items():
                if name not in fields:
                    continue  # This Odoo has other modules than the reference.
                field = fields[name]
                assert schema["type"] == JSON_TYPES.get(field["type"], "string"), (tool.name, name)
                if field["type"] == "many2one":
                    assert field["relation"] in schema["description"], (tool.name, name)
                if "enum" in schema:
                    keys = {str(key) for key, _label in field["selection"]}
                    assert set(schema["enum"]) <= keys, (tool.name, name)
                checked += 1
    assert checked > 100


@pytest.mark.needs("sale.order")
def test_named_fields_exist(all_tools: McpClient, reference_odoo: Odoo) -> None:
    """No tool of an order names a field that Odoo does not have."""
    fields = reference_odoo.fields("sale.order")
    for name in ("sale_order_create", "sale_order_update"):
        assert set(values_of(all_tools.tool(name))) <= fields.keys()


def test_descriptions_come_from_labels(server: McpClient, odoo: Odoo) -> None:
    """A field's description is Odoo's label for it."""
    fields = odoo.fields("res.partner")
    for name, schema in values_of(server.tool("res_partner_create")).items():
        if name in fields:
            assert schema["description"].startswith(fields[name]["string"][:40]), name


@pytest.mark.needs("sale.order")
def test_action_tool_tells_odoos_question(server: McpClient) -> None:
    """A button that asks for confirmation in Odoo says so, with Odoo's words."""
    description = server.tool("sale_order_action_cancel").description
    assert "Are you sure you want to cancel this order?" in description


# ------------------------------------------------------------------ models that nobody generated


def test_a_model_without_typed_tools(
    server: McpClient, odoo: Odoo, records: Records, schemas: Path, mark: str
) -> None:
    """A model that was not generated works through the generic tools, checks included."""
    model = "res.partner.industry"
    assert not (schemas / f"{model}.json").exists()
    created = server.ok("odoo_create", model=model, values={"name": mark})
    industry = records.adopt(model, created.structured["id"])
    server.ok("odoo_update", model=model, id=industry, values={"full_name": f"{mark} full"})
    assert odoo.read(model, industry, "full_name")["full_name"] == f"{mark} full"
    refused = server.call("odoo_update", model=model, id=industry, values={"fullname": "x"})
    assert "did you mean full_name" in refused.text
    server.ok("odoo_delete", model=model, id=industry)
    assert not odoo.exists(model, industry)


# ------------------------------------------------------------------ profiles


@pytest.mark.needs("sale.order", "crm.lead")
def test_other_profiles(start_server: StartServer, admin: Person) -> None:
    """`--profile sales` serves that profile's tools; `ODOO_PROFILE` does the same."""
    by_option = start_server(admin, "--profile", "sales").tools()
    by_variable = start_server(admin, env={"ODOO_PROFILE": "sales"}).tools()
    assert by_option == by_variable
    names = {tool.name for tool in by_option}
    assert {"sale_order_line_search", "sale_order_delete", "crm_lead_delete"} <= names
    assert not [name for name in names if name.startswith("stock_")]
