"""What passes the checks has values of types that Odoo takes, whatever the fields."""

from __future__ import annotations

import random
from typing import Any

import pytest
from conftest import Records
from support.mcp_client import McpClient
from support.odoo import Odoo

ROUNDS = 40
# What a model, its accounting or its mail does with a value is not a matter of its type.
BUSINESS = ("validation", "access_denied", "missing_record")
# Python's and PostgreSQL's words for a value of a wrong type.
TYPE_ERRORS = (
    "could not convert",
    "invalid literal",
    "has no attribute",
    "unsupported operand",
    "must be str",
    "not iterable",
    "not subscriptable",
    "invalid input syntax",
    "out of range",
    "Wrong value",
    "expected str",
    "Expected singleton",
    "Incorrect padding",
    "does not match format",
    "malformed",
)
SIMPLE = "char text integer float monetary boolean date datetime selection many2one many2many"


def any_value(dice: random.Random, field: dict[str, Any]) -> Any:
    """A value as somebody may write it: right, nearly right or wrong."""
    right = {
        "char": ["e2e", "", 7, None],
        "text": ["e2e", "two\nlines", 1.5],
        "integer": [0, 7, "12", 3.0, None, "-4", 2_147_483_647],
        "float": [0, "1.5", -2, 3.25, None],
        "monetary": ["10.50", 0, 7],
        "boolean": [True, "yes", 0, None, "false"],
        "date": ["2026-11-22", "today", "+2w", None, "2026-11-22T00:00:00"],
        "datetime": ["2026-11-22 10:00:00", "2026-11-22T10:00:00Z", "now", "-1d", "2026-11-22"],
        "selection": [key for key, _ in field.get("selection") or []]
        + [label for _, label in field.get("selection") or []],
        "many2one": [1, "1", [1, "x"], {"id": 1}, None],
        "many2many": [[], None, [[5]], {"clear": True}, [[6, 0, []]]],
    }[field["type"]]
    wrong = ["e2e", -1, 1e300, 99_999_999_999, [], {}, [1, 2], {"a": 1}, True, "9" * 30, "2026-99"]
    return dice.choice(right if right and dice.random() < 0.8 else wrong)


@pytest.mark.parametrize("model", ["res.partner", "crm.lead", "product.template"])
def test_what_is_sent_has_the_right_types(
    server: McpClient, odoo: Odoo, records: Records, mark: str, model: str
) -> None:
    """Random values of random fields are refused by the checks, or Odoo takes their types."""
    if not odoo.has_access(model, "create"):
        pytest.skip(f"this Odoo lacks the model {model}")
    dice = random.Random(model)
    fields = {
        name: field
        for name, field in odoo.fields(model).items()
        if not field["readonly"] and field["type"] in SIMPLE.split() and name != "active"
    }
    sent = 0
    for _ in range(ROUNDS):
        chosen = dice.sample(sorted(fields), 3)
        values = {name: any_value(dice, fields[name]) for name in chosen}
        result = server.call("odoo_create", model=model, values={**values, "name": mark})
        if not result.is_error:
            records.adopt(model, result.structured["id"])
            sent += 1
        elif result.error["kind"] != "invalid_call":
            assert result.error["kind"] in BUSINESS, f"{values}: {result.text}"
            for words in TYPE_ERRORS:
                assert words not in result.text, f"{values}: {result.text}"
            sent += 1
    assert sent > ROUNDS / 8, "hardly anything was sent"
