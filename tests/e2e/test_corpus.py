"""The corpus of calls in `tests/corpus`, each made on the real Odoo.

`wrong.jsonl` has calls that contradict the schema: each is refused before anything is sent to
search or change records, and the refusal names what is wrong and its mend. A call that names
records (`looks_up`: of these models) has their names looked up, and nothing else. `right.jsonl` has
calls as a model writes them: each goes through, and Odoo takes it. Both are the same for every
client, so one line of the client library is enough.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Records, StartServer
from jsonschema import Draft202012Validator
from support.gateway import Gateway, Seen
from support.mcp_client import McpClient
from support.odoo import Odoo, OdooError
from support.people import Person
from support.placeholders import filled
from support.refusal import assert_refused

CORPUS = ROOT / "tests" / "corpus"
APPS = ("sale.order", "crm.lead", "purchase.order", "project.task", "hr.employee", "stock.picking")
PROPERTIES = [
    {
        "name": "phase",
        "string": "Phase",
        "type": "selection",
        "selection": [["early", "Early"], ["late", "Late"]],
    },
    {"name": "due", "string": "Due", "type": "date"},
]
DATA_ROUTES = ("/mcp/search", "/mcp/execute")

pytestmark = [
    pytest.mark.demo,
    pytest.mark.needs(*APPS),
]


def load(name: str) -> list[dict[str, Any]]:
    """The cases of a file, one a line."""
    text = (CORPUS / f"{name}.jsonl").read_text("utf-8")
    cases = [json.loads(line) for line in text.splitlines()]
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    return cases


WRONG = load("wrong")
RIGHT = load("right")


@pytest.fixture(scope="module")
def gate(odoo: Odoo) -> Iterator[Gateway]:
    """Sees every request to Odoo."""
    with Gateway(odoo.url) as made:
        yield made.open()


@pytest.fixture(scope="module")
def client(_start_server: StartServer, admin: Person, gate: Gateway) -> Iterator[McpClient]:
    """One server for all cases, with the typed tools of every model."""
    with _start_server(admin, "--profile", "all", env={"ODOO_URL": gate.url}) as started:
        started.ok("odoo_capabilities")
        yield started


@pytest.fixture(scope="module")
def scene(odoo: Odoo, shared_records: Records) -> Iterator[dict[str, Any]]:
    """The records that the right calls aim at, by placeholder."""
    mark = f"e2e-{secrets.token_hex(4)}"
    make = shared_records.make
    partner = make("res.partner", name=f"{mark} parent", is_company=True)
    shown = make("res.partner", name=f"{mark} shown", is_company=True)
    product = make("product.product", name=f"{mark} product", type="service")
    line = [[0, 0, {"product_id": product, "product_uom_qty": 1}]]
    orders = {
        name: make("sale.order", partner_id=partner, order_line=line)
        for name in ("order", "kept", "confirm", "cancel")
    }
    spares = {f"spare{n}": make("res.partner.category", name=f"{mark} {n}") for n in range(4)}
    project = make("project.project", name=f"{mark} project", task_properties_definition=PROPERTIES)
    yield {
        "mark": mark,
        "me": odoo.uid,
        "partner": partner,
        "partner as text": str(partner),
        "as shown": f"{mark} shown ({shown})",
        "child": make("res.partner", name=f"{mark} child", parent_id=partner),
        "tag": make("res.partner.category", name=f"{mark} tag"),
        "product": product,
        "template": make("product.template", name=f"{mark} template"),
        "lead": make("crm.lead", name=f"{mark} lead", type="opportunity"),
        "project": project,
        "task": make("project.task", name=f"{mark} task", project_id=project),
        "line": odoo.read("sale.order", orders["order"], "order_line")["order_line"][0],
        "kept_line": odoo.read("sale.order", orders["kept"], "order_line")["order_line"][0],
        **orders,
        **spares,
    }
    # What calls made besides the record that they answer with: lines and tags.
    for model in ("res.partner", "project.task", "crm.tag", "project.tags"):
        with suppress(OdooError):
            left = ["|", ["name", "=like", "e2e corpus%"], ["name", "=", mark]]
            odoo.unlink(model, odoo.ids(model, left))


@pytest.fixture(scope="module")
def promised(client: McpClient) -> dict[str, Draft202012Validator]:
    """What the answers of each tool look like, as it says itself."""
    schemas = {tool.name: tool.output_schema for tool in client.tools()}
    assert len(schemas) > 300
    assert all(schemas.values()), "every tool says what it answers"
    return {name: Draft202012Validator(schema) for name, schema in schemas.items() if schema}


def looked_up_by(seen: Seen) -> str:
    """The model whose records this request looks up by name, or by the ids of those."""
    assert seen.path == "/mcp/search", seen.path
    asked = json.loads(seen.body)["params"]
    is_by_id = asked["domain"][0][:2] == ["id", "in"]
    assert is_by_id or "display_name" in asked["fields"], asked
    return asked["model"]


@pytest.mark.parametrize("case", WRONG, ids=[case["name"] for case in WRONG])
def test_wrong_call(
    client: McpClient,
    gate: Gateway,
    promised: dict[str, Draft202012Validator],
    case: dict[str, Any],
) -> None:
    """What the schema can see is refused before it is sent, with the mend."""
    before = len(gate.seen)
    result = client.call_with(case["tool"], case["arguments"])
    sent = [seen for seen in gate.seen[before:] if seen.path in DATA_ROUTES]
    looked_up = case.get("looks_up", [])
    assert {looked_up_by(seen) for seen in sent} == set(looked_up), (
        f"{case['name']} was sent to Odoo: {result.text}"
    )
    nothing = "Nothing was changed" if looked_up else "Nothing was sent to Odoo"
    assert_refused(result, "invalid_call", nothing, *case["says"])
    # Some clients hold errors against the schema, too.
    promised[case["tool"]].validate(result.structured)


@pytest.mark.parametrize("case", RIGHT, ids=[case["name"] for case in RIGHT])
def test_right_call(
    client: McpClient,
    records: Records,
    scene: dict[str, Any],
    promised: dict[str, Draft202012Validator],
    case: dict[str, Any],
) -> None:
    """What a model writes naturally goes through at the first try, and is answered as promised."""
    arguments = filled(case["arguments"], scene)
    result = client.call_with(case["tool"], arguments)
    if not result.is_error and case["tool"].endswith("_create"):
        made = result.structured
        for record in made.get("ids") or [made["id"]]:
            records.adopt(made["model"], record)
    assert not result.is_error, f"{case['tool']} {arguments}: {result.text}"
    promised[case["tool"]].validate(result.structured)


def test_the_corpus_is_large() -> None:
    """At least 300 calls of either kind."""
    assert len(WRONG) >= 300
    assert len(RIGHT) >= 300


def test_the_corpus_is_all_there() -> None:
    """Every file of the corpus is read by a test."""
    assert {path.name for path in Path(CORPUS).iterdir()} == {
        "wrong.jsonl",
        "right.jsonl",
        "hostile.jsonl",
    }
