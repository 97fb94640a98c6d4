"""What answers cost: tokens, counted on the real data of this Odoo.

`cargo xtask bench --only tokens` prints the figures.
"""

from __future__ import annotations

import json
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
}

pytestmark = pytest.mark.demo


def rows_of_odoo(odoo: Odoo, model: str, fields: list[str], limit: int) -> list[dict[str, Any]]:
    """The same rows as Odoo gives them."""
    return odoo.call(model, "search_read", [], fields, limit=limit)


@pytest.mark.parametrize("limit", [5, 20, 80])
@pytest.mark.parametrize("model", QUESTIONS)
def test_the_text_is_smaller_than_compact_json(
    server: McpClient, odoo: Odoo, tokens: TokenCounter, model: str, limit: int
) -> None:
    """The text form, with all that it says around the rows, against the bare rows as JSON."""
    if not odoo.has_access(model, "read"):
        pytest.skip(f"this Odoo lacks the model {model}")
    fields = QUESTIONS[model]
    arguments = {"model": model, "limit": limit} | ({"fields": fields} if fields else {})
    answer = server.ok("odoo_search", **arguments)
    shown = answer.structured["records"]
    rows = rows_of_odoo(odoo, model, [name for name in shown[0] if name != "id"], limit)
    assert [row["id"] for row in shown] == [row["id"] for row in rows]
    text, compact = tokens.count(answer.text), tokens.count_json(rows)
    pretty = tokens.count(json.dumps(rows, indent=2, ensure_ascii=False))
    print(f"{model} × {len(rows)}: text {text}, compact JSON {compact}, pretty {pretty}")
    around = {key: answer.structured[key] for key in ("total", "next_offset", "url")}
    assert text < tokens.count_json({"records": rows} | around)
    # The link that bare rows do not have costs as much as five short rows save.
    unlinked = [line for line in answer.text.splitlines() if not line.startswith("open: ")]
    assert (text if limit > 5 else tokens.count("\n".join(unlinked))) < compact


def test_every_model_is_described_in_few_tokens(server: McpClient, tokens: TokenCounter) -> None:
    """Every model that the user reaches, in both forms, and what is left out is named."""
    models = {
        model["model"]
        for app in server.ok("odoo_capabilities").structured["apps"]
        for model in server.ok("odoo_capabilities", app=app["app"]).structured["models"]
    } | {"res.users", "res.company", "res.config.settings", "account.move.line", "stock.move"}
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
