"""Groups: amounts with the decimals of their currency, prices, and domains that find exactly the
records of a group, whatever the question was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Records
from support.answers import domain_in_utc, table_of
from support.mcp_client import McpClient
from support.odoo import Odoo

ORDER = "sale.order"
LINE = "sale.order.line"
PARTNER = "res.partner"
LEAD = "crm.lead"
TASK = "project.task"

# Three prices whose average is no round number.
PRICES = {"JPY": (100.0, 100.0, 101.0), "USD": (33.0, 33.0, 34.0)}
ANY = [["active", "=", False], ["name", "ilike", "a"]]


@pytest.fixture
def quotations(odoo: Odoo, records: Records, mark: str) -> Iterator[str]:
    """Quotations in yen, which have no decimals, and in dollars."""
    idle = []
    partner = records.make(PARTNER, name=mark)
    product = records.make("product.product", name=mark, type="service", taxes_id=[[5]])
    for code, prices in PRICES.items():
        (currency,) = odoo.ids("res.currency", [["name", "=", code]])
        if not odoo.read("res.currency", currency, "active")["active"]:
            odoo.write("res.currency", [currency], {"active": True})
            idle.append(currency)
        pricelist = records.make("product.pricelist", name=f"{mark} {code}", currency_id=currency)
        for price in prices:
            line = {"product_id": product, "product_uom_qty": 1, "price_unit": price}
            records.make(
                ORDER,
                partner_id=partner,
                pricelist_id=pricelist,
                client_order_ref=mark,
                order_line=[[0, 0, line]],
            )
    yield mark
    if idle:
        records.clean()
        odoo.write("res.currency", idle, {"active": False})


@pytest.mark.needs(ORDER)
def test_amounts_of_groups_have_the_decimals_of_their_currency(
    server: McpClient, quotations: str
) -> None:
    """Yen have none and dollars two, also of an average, in both forms of the answer."""
    found = server.ok(
        "odoo_search",
        model=ORDER,
        domain=[["client_order_ref", "=", quotations]],
        group_by=["currency_id"],
        aggregates=["amount_total:sum", "amount_total:avg"],
    )
    rows = {row["currency_id"].split(" ")[0]: row for row in table_of(found)}
    shown = {code: (row["amount_total:sum"], row["amount_total:avg"]) for code, row in rows.items()}
    assert shown == {"JPY": ("301 JPY", "100 JPY"), "USD": ("100.00 USD", "33.33 USD")}
    numbers = {
        group["currency_id"]["label"]: (group["amount_total:sum"], group["amount_total:avg"])
        for group in found.structured["groups"]
    }
    assert numbers == {"JPY": (301, 100), "USD": (100, 33.33)}
    one = server.ok(
        "odoo_search",
        model=ORDER,
        domain=[["client_order_ref", "=", quotations], ["currency_id.name", "=", "JPY"]],
        group_by=["state"],
        aggregates=["amount_total:sum"],
    )
    assert table_of(one)[0]["amount_total:sum (JPY)"] == "301"


@pytest.mark.needs(ORDER)
def test_prices_of_groups_name_their_currency(server: McpClient, quotations: str) -> None:
    """A price is a plain number to Odoo, and an amount of the line's currency to everybody."""
    arguments: dict[str, Any] = {
        "model": LINE,
        "domain": [["order_id.client_order_ref", "=", quotations]],
        "aggregates": ["price_unit:avg", "price_unit:count"],
    }
    apart = server.ok("odoo_search", group_by=["currency_id"], **arguments)
    assert {row["price_unit:avg"] for row in table_of(apart)} == {"100.3333 JPY", "33.3333 USD"}
    assert {row["price_unit:count"] for row in table_of(apart)} == {"3"}
    assert [group["currencies"] for group in apart.structured["groups"]] == [
        {"price_unit:avg": group["currency_id"]["label"]} for group in apart.structured["groups"]
    ]
    mixed = server.ok("odoo_search", group_by=["state"], **arguments)
    (group,) = mixed.structured["groups"]
    assert group["price_unit:avg"] is None
    assert group["mixed_currencies"] == ["price_unit:avg"]
    assert 'add "currency_id" to group_by' in mixed.text


@pytest.mark.demo
@pytest.mark.needs(ORDER, LEAD, TASK)
@pytest.mark.parametrize(
    ("model", "keys", "question"),
    [
        (ORDER, ["state"], {"any_of": [["state", "=", "draft"], ["amount_total", ">", 2000]]}),
        (ORDER, ["partner_id"], {"none_of": [["state", "=", "draft"], ["amount_total", "<", 500]]}),
        (
            ORDER,
            ["user_id", "state"],
            {
                "domain": ["|", ["id", ">", 3], ["id", "<", 2]],
                "any_of": [["state", "=", "sale"], ["state", "=", "draft"]],
                "none_of": [{"all_of": [["state", "=", "draft"], ["amount_total", "<", 900]]}],
            },
        ),
        (PARTNER, ["country_id"], {"domain": [["active", "in", [True, False]]]}),
        (PARTNER, ["active"], {"domain": [["active", "in", [True, False]]]}),
        (PARTNER, ["country_id", "is_company"], {"any_of": ANY}),
        (PARTNER, ["category_id"], {"none_of": [["active", "=", True]]}),
        (PARTNER, ["parent_id.country_id"], {"any_of": ANY}),
        (LEAD, ["stage_id"], {"domain": ["|", ["active", "=", False], ["active", "=", True]]}),
        (LEAD, ["tag_ids"], {"any_of": [["active", "=", False], ["type", "=", "lead"]]}),
        (TASK, ["stage_id"], {"any_of": ANY, "none_of": [["priority", "=", "1"]]}),
        (TASK, ["create_date:month"], {"any_of": ANY}),
    ],
)
def test_the_domain_of_a_group_finds_exactly_its_records(
    server: McpClient, odoo: Odoo, model: str, keys: list[str], question: dict[str, Any]
) -> None:
    """It goes back as it came, archived records among what it finds where the question had them."""
    assert odoo.ids(PARTNER, [["active", "=", False]]), "nothing is archived"
    asked = server.ok("odoo_search", model=model, group_by=keys, limit=100, **question)
    groups = asked.structured["groups"]
    assert groups
    whole = server.ok("odoo_search", model=model, limit=1, **question).structured["total"]
    seen: list[int] = []
    for group in groups:
        ids = odoo.ids(model, domain_in_utc(group["domain"]), context={})
        assert len(ids) == group["count"], group
        again = server.ok("odoo_count", model=model, domain=group["domain"]).structured["count"]
        assert again == group["count"]
        seen += ids
        for key in keys:
            if key in {"state", "country_id", "active", "is_company", "stage_id", "user_id"}:
                rows = odoo.call(model, "read", ids, [key])
                values = {row[key][0] if isinstance(row[key], list) else row[key] for row in rows}
                assert values == {group[key]["value"] if group[key]["value"] is not None else False}
    assert len(set(seen)) == whole
