"""What answers cost: tokens, counted on the real data of this Odoo.

`cargo xtask bench --only tokens` prints the figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.answers import TokenCounter
from support.mcp_client import McpClient
from support.odoo import Odoo

SCHEMA_TOKENS = 2_000
CAPABILITIES_TOKENS = 1_500

# Fields that every user of these models looks at.
QUESTIONS: dict[str, list[str] | None] = {
    "sale.order": None,
    "res.partner": ["name", "email", "phone"],
    "account.move": None,
    "account.move.line": None,
}
MOST = 80

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def plenty(odoo: Odoo) -> Iterator[None]:
    """At least as many records of each kind as the longest page has."""
    made: dict[str, list[int]] = {"sale.order": [], "res.partner": []}
    if odoo.has_access("sale.order", "create"):
        orders = odoo.ids("sale.order", [])
        while (missing := MOST - len(orders) - len(made["sale.order"])) > 0:
            some = orders[:missing]
            # Older series copy one record in a call.
            several = [some] if odoo.series >= (18, 0) else [[order] for order in some]
            for each in several:
                copies = odoo.call("sale.order", "copy", each)
                made["sale.order"] += copies if isinstance(copies, list) else [copies]
    missing = MOST - odoo.count("res.partner")
    values = [
        {"name": f"E2E Contact {n}", "email": f"contact{n}@e2e.test", "phone": f"+1 555 01{n:02}"}
        for n in range(missing)
    ]
    if values:
        made["res.partner"] += odoo.call("res.partner", "create", values)
    yield
    for model, ids in made.items():
        odoo.unlink(model, ids)


def rows_of_odoo(odoo: Odoo, model: str, fields: list[str], limit: int) -> list[dict[str, Any]]:
    """The same rows as Odoo gives them."""
    return odoo.call(model, "search_read", [], fields, limit=limit)


def as_lines(rows: list[dict[str, Any]]) -> str:
    """Rows as `field: value`, one block a record, without empty values."""

    def block(row: dict[str, Any]) -> str:
        named = {key: f"{v[1]} ({v[0]})" if isinstance(v, list) else v for key, v in row.items()}
        return "\n".join(f"{key}: {value}" for key, value in named.items() if value is not False)

    return "\n\n".join(block(row) for row in rows)


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        (model, limit)
        for model in QUESTIONS
        for limit in (5, 20, MOST)
        if (model, limit) != ("account.move", MOST)
    ],
)
@pytest.mark.usefixtures("plenty")
def test_the_text_is_the_shortest_form(
    server: McpClient, odoo: Odoo, tokens: TokenCounter, model: str, limit: int
) -> None:
    """The text form, with all that it says around the rows, against the bare rows in others."""
    if not odoo.has_access(model, "read"):
        pytest.skip(f"this Odoo lacks the model {model}")
    fields = QUESTIONS[model]
    arguments = {"model": model, "limit": limit} | ({"fields": fields} if fields else {})
    answer = server.ok("odoo_search", **arguments)
    shown = answer.structured["records"]
    rows = rows_of_odoo(odoo, model, [name for name in shown[0] if name != "id"], limit)
    assert [row["id"] for row in shown] == [row["id"] for row in rows]
    assert len(rows) == limit, "there are too few records to tell"
    text, compact = tokens.count(answer.text), tokens.count_json(rows)
    indented = tokens.count(json.dumps(rows, indent=2, ensure_ascii=False))
    lines = tokens.count(as_lines(rows))
    of_each = (f"{count / limit:.1f}" for count in (text, compact, indented, lines))
    print(f"{model} × {limit}: text / compact / indented / lines {' / '.join(of_each)} a row")
    assert text < indented
    around = {key: answer.structured[key] for key in ("total", "next_offset", "url")}
    assert text < tokens.count_json({"records": rows} | around)
    # The link that bare rows do not have costs as much as five short rows save.
    unlinked = [line for line in answer.text.splitlines() if not line.startswith("open: ")]
    bare = text if limit > 5 else tokens.count("\n".join(unlinked))
    assert bare < compact
    assert bare < lines


def test_every_model_is_described_in_few_tokens(server: McpClient, tokens: TokenCounter) -> None:
    """Every model that the user reaches, in both forms, and what is left out is named."""
    models = {"res.users", "res.company", "res.config.settings", "account.move.line", "stock.move"}
    for app in server.ok("odoo_capabilities").structured["apps"]:
        details = server.ok("odoo_capabilities", app=app["app"]).structured
        models |= {model["model"] for model in details["models"]}
        models |= set(details.get("more_model_names", ()))
    assert len(models) > 100
    largest = {}
    for model in sorted(models):
        result = server.call("odoo_schema", model=model)
        if result.is_error:
            assert result.error["kind"] in {"access_denied", "unknown_model"}, model
            continue
        largest[model] = max(tokens.count(result.text), tokens.count_json(result.structured))
        if more := result.structured["more_fields"]:
            assert f"\n{more} more fields" in result.text, model
    print(sorted((count, model) for model, count in largest.items())[-5:])
    assert {model: count for model, count in largest.items() if count > SCHEMA_TOKENS} == {}


@pytest.mark.parametrize("model", ["res.partner", "account.move", "sale.order", "product.template"])
def test_every_field_can_be_found(server: McpClient, odoo: Odoo, model: str) -> None:
    """A field that is not shown at first is found by its name, as the first."""
    if not odoo.has_access(model, "read"):
        pytest.skip(f"this Odoo lacks the model {model}")
    shown = server.ok("odoo_schema", model=model).structured["fields"]
    hidden = sorted(odoo.fields(model).keys() - shown.keys())
    assert hidden
    for name in hidden[:: max(1, len(hidden) // 12)]:
        found = server.ok("odoo_schema", model=model, search=name).structured["fields"]
        assert next(iter(found)) == name


@pytest.mark.parametrize("search", ["a", "i", "e"])
def test_a_search_for_fields_is_bounded_too(
    server: McpClient, tokens: TokenCounter, search: str
) -> None:
    """A search that finds nearly everything says how much more it found."""
    result = server.ok("odoo_schema", model="res.partner", search=search)
    assert max(tokens.count(result.text), tokens.count_json(result.structured)) <= SCHEMA_TOKENS
    assert f"more fields have “{search}”" in result.text


@pytest.mark.needs("sale.order", "account.move", "project.task")
@pytest.mark.parametrize(
    ("model", "first"),
    [
        ("sale.order", ["name", "partner_id", "state", "date_order", "amount_total"]),
        ("account.move", ["name", "partner_id", "move_type", "state", "invoice_date"]),
        ("project.task", ["name", "project_id", "stage_id"]),
        ("sale.order.line", ["order_id", "product_id"]),
    ],
)
def test_a_description_begins_with_what_calls_are_about(
    server: McpClient, model: str, first: list[str]
) -> None:
    """Key fields, also those that no form has, and what is required stand before the others."""
    shown = server.ok("odoo_schema", model=model)
    fields = list(shown.structured["fields"])
    lines = [line.split(":")[0] for line in shown.text.splitlines()[2:]]
    assert lines[: len(fields)] == fields
    assert set(first) <= set(fields[:12]), fields
    required = {name for name, facts in shown.structured["fields"].items() if facts.get("required")}
    writable = {name for name in required if not shown.structured["fields"][name].get("readonly")}
    assert writable <= set(fields[:25]), fields


@pytest.mark.parametrize(
    "arguments",
    [
        {"app": "Settings"},
        {"app": "Sales"},
        {"app": "Inventory"},
        {"search": "a"},
        {"search": "res.partner"},
        {"app": "Settings", "search": "e"},
    ],
)
def test_models_in_detail_cost_little(
    server: McpClient, tokens: TokenCounter, arguments: dict[str, str]
) -> None:
    """An app or a search that has more models than there is room for says how to ask for less."""
    result = server.ok("odoo_capabilities", **arguments)
    counts = tokens.count(result.text), tokens.count_json(result.structured)
    models = [model["model"] for model in result.structured["models"]]
    print(f"odoo_capabilities {arguments}: {len(models)} models, {counts} tokens")
    assert max(counts) <= CAPABILITIES_TOKENS
    assert models
    if more := result.structured.get("more_models"):
        assert f"{len(models)} of {len(models) + more} models in detail: narrow it" in result.text
        names = result.structured["more_model_names"]
        assert names
        assert len(models) > 20
        assert not set(names) & set(models)
        assert f"also: {', '.join(names)}" in result.text
    if arguments.get("search") == "res.partner":
        assert models[0] == "res.partner", "the model of this very name comes first"
    broad = {"Settings"} & set(arguments.values()) or arguments == {"search": "a"}
    assert bool(more) is bool(broad)


def test_capabilities_cost_little(server: McpClient, tokens: TokenCounter) -> None:
    """The summary has every app and says which models have typed tools."""
    result = server.ok("odoo_capabilities")
    counts = tokens.count(result.text), tokens.count_json(result.structured)
    print(f"odoo_capabilities: text {counts[0]}, structured {counts[1]}")
    assert max(counts) <= CAPABILITIES_TOKENS
    for app in result.structured["apps"]:
        assert f"\n{app['app']}: " in result.text
    assert "res.partner*" in result.text
    assert "\n* has typed tools" in result.text
    assert "res.partner" in result.structured["typed_models"]
