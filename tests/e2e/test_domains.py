"""Domains on the real Odoo: groups mean what they say, and what Odoo takes is taken."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from conftest import StartServer
from support.mcp_client import McpClient
from support.odoo import Odoo, OdooError

pytestmark = [
    pytest.mark.demo,
    pytest.mark.needs("sale.order", "crm.lead"),
]

GROUPED = 500
RAW = 300

# Conditions of which Odoo finds some and not all of the demo data.
LEAVES: dict[str, list[list[Any]]] = {
    "res.partner": [
        ["name", "ilike", "a"],
        ["name", "not ilike", "er"],
        ["is_company", "=", True],
        ["country_id", "=", False],
        ["country_id.code", "=", "US"],
        ["parent_id", "!=", False],
        ["category_id", "!=", False],
        ["email", "ilike", "example"],
        ["id", ">", 20],
        ["id", "in", [1, 3, 7, 10, 14, 15, 20, 30]],
        ["color", "=", 0],
        ["child_ids", "any", [["name", "ilike", "a"]]],
        ["user_id", "=", False],
    ],
    "sale.order": [
        ["state", "=", "draft"],
        ["state", "in", ["sale", "sent"]],
        ["amount_total", ">", 1000],
        ["partner_id.name", "ilike", "a"],
        ["order_line.product_id", "ilike", "chair"],
        ["validity_date", "=", False],
        ["id", "<", 12],
        ["user_id", "!=", False],
    ],
    "crm.lead": [
        ["type", "=", "opportunity"],
        ["stage_id.is_won", "=", True],
        ["probability", ">=", 30],
        ["tag_ids", "!=", False],
        ["expected_revenue", ">", 10000],
        ["partner_id", "=", False],
        ["name", "ilike", "o"],
        ["user_id", "=", False],
    ],
}


@dataclass(frozen=True)
class Group:
    """The reference: a tree of conditions, composed here and independently of the server."""

    kind: str
    items: tuple[Any, ...]

    def as_argument(self) -> dict[str, Any]:
        """As it is given to the server."""
        return {self.kind: [_argument(item) for item in self.items]}

    def as_prefix(self) -> list[Any]:
        """As Odoo has it."""
        joint = "&" if self.kind == "all_of" else "|"
        terms = [_prefix(item) for item in self.items]
        joined = [joint] * (len(terms) - 1) + [part for term in terms for part in term]
        return ["!", *joined] if self.kind == "none_of" else joined

    def found(self, model: str, single: dict[str, set[int]], every: set[int]) -> set[int]:
        """As an algebra of what each single condition finds."""
        sets = [
            item.found(model, single, every) if isinstance(item, Group) else single[str(item)]
            for item in self.items
        ]
        if self.kind == "all_of":
            return set.intersection(*sets)
        union = set.union(*sets)
        return every - union if self.kind == "none_of" else union


def _argument(item: Any) -> Any:
    return item.as_argument() if isinstance(item, Group) else item


def _prefix(item: Any) -> list[Any]:
    return item.as_prefix() if isinstance(item, Group) else [item]


def random_group(dice: random.Random, leaves: list[list[Any]], depth: int = 3) -> Group:
    """A group of one to four conditions and groups."""

    def item() -> Any:
        if depth > 1 and dice.random() < 0.4:
            return random_group(dice, leaves, depth - 1)
        return dice.choice(leaves)

    kind = dice.choice(["any_of", "all_of", "none_of"])
    return Group(kind, tuple(item() for _ in range(dice.randint(1, 4))))


@pytest.fixture(scope="module")
def client(_start_server: StartServer, admin: Any) -> Any:
    """A server of the environment's user."""
    with _start_server(admin) as started:
        yield started


def test_groups_find_what_they_say(client: McpClient, odoo: Odoo) -> None:
    """Count and ids are those of Odoo's prefix notation, and of sets of single conditions."""
    dice = random.Random(2026)
    every, single = {}, {}
    for model, leaves in LEAVES.items():
        every[model] = set(odoo.call(model, "search", []))
        single[model] = {str(leaf): set(odoo.call(model, "search", [leaf])) for leaf in leaves}
    for number in range(GROUPED):
        model = dice.choice(list(LEAVES))
        group = random_group(dice, LEAVES[model])
        items = [_argument(item) for item in group.items]
        # As an argument of its own, or inside of the domain.
        where = {group.kind: items} if number % 2 else {"domain": [group.as_argument()]}
        page = client.ok("odoo_search", model=model, fields=["id"], limit=100, order="id", **where)
        found = {record["id"] for record in page.structured["records"]}
        count = client.ok("odoo_count", model=model, **where).structured["count"]
        expected = set(odoo.call(model, "search", group.as_prefix()))
        assert expected == group.found(model, single[model], every[model]), group
        assert count == page.structured["total"] == len(expected), group
        assert found == set(sorted(expected)[:100]), group


KINDS = {
    "char",
    "text",
    "integer",
    "float",
    "monetary",
    "boolean",
    "date",
    "datetime",
    "selection",
    "many2one",
    "one2many",
    "many2many",
}
# Without an offset it is the user's clock to the server, and UTC to Odoo.
MOMENT = "2026-01-01 10:00:00"
OPERATORS = ["=", "!=", "<", ">=", "=?", "in", "not in", "like", "ilike", "not ilike", "=like"]


def random_value(dice: random.Random, field: dict[str, Any], operator: str) -> Any:
    """A value of the type that the condition asks for."""
    if "like" in operator:
        return dice.choice(["a", "%o%", "", "x_y"])
    kind = field["type"]
    single = {
        "char": lambda: dice.choice(["a", "Azure", ""]),
        "text": lambda: "a",
        "integer": lambda: dice.randint(-5, 50),
        "float": lambda: dice.choice([0, 1.5, -3.25, 100]),
        "monetary": lambda: dice.choice([0, 1000.5]),
        "boolean": lambda: dice.choice([True, False]),
        "date": lambda: dice.choice(["2026-01-01", False]),
        "datetime": lambda: dice.choice([MOMENT, False]),
        "selection": lambda: dice.choice([key for key, _ in field["selection"]] or [False]),
        "many2one": lambda: dice.choice([1, 5, False]),
        "one2many": lambda: dice.choice([1, 5, False]),
        "many2many": lambda: dice.choice([1, 5, False]),
    }[kind]
    if operator in ("in", "not in"):
        return [single() for _ in range(dice.randint(0, 3))]
    return single()


def with_offset(value: Any) -> Any:
    """What is given to the server: moments of a domain as those of UTC that they are to Odoo."""
    if isinstance(value, list):
        return [with_offset(item) for item in value]
    return f"{MOMENT}Z" if value == MOMENT else value


def refused_on_purpose(field: dict[str, Any], operator: str) -> bool:
    """What has no meaning: Odoo refuses it, too, unless another condition decides already."""
    compares = operator in ("<", ">=")
    if field["type"] == "boolean":
        return compares or "like" in operator
    return compares and field["type"] in ("selection", "one2many", "many2many")


def test_what_odoo_takes_is_taken(client: McpClient, odoo: Odoo) -> None:
    """A random raw domain that Odoo evaluates passes the checks, and counts the same."""
    dice = random.Random(1119)
    taken = 0
    for model in ("res.partner", "sale.order", "crm.lead", "product.template"):
        fields = {
            name: field
            for name, field in odoo.fields(model).items()
            if field.get("searchable")
            and field["type"] in KINDS
            and (field["type"] != "selection" or field.get("selection"))
        }
        for _ in range(RAW // 4):
            domain: list[Any] = []
            for _ in range(dice.randint(1, 3)):
                name, operator = dice.choice(sorted(fields)), dice.choice(OPERATORS)
                if refused_on_purpose(fields[name], operator):
                    continue
                domain.append([name, operator, random_value(dice, fields[name], operator)])
            domain = ["|"] * (len(domain) - 1) + domain if dice.random() < 0.5 else domain
            try:
                expected = odoo.count(model, domain)
            except OdooError:
                continue
            result = client.call("odoo_count", model=model, domain=with_offset(domain))
            assert not result.is_error, f"{model} {domain}: {result.text}"
            assert result.structured["count"] == expected, f"{model} {domain}"
            taken += 1
    assert taken > RAW / 2
