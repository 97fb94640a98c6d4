"""Groups and sums through the tools, each compared with what the database itself says.

The truth is `_read_group`'s public face in the connected series, asked by RPC past the code under
test, or, where it can be, the records themselves added up here.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import Records, StartServer
from support.answers import domain_in_utc
from support.gateway import Gateway
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import People, Person

ORDER = "sale.order"
LEAD = "crm.lead"
PARTNER = "res.partner"
APPS = (ORDER, LEAD, "account.move", "stock.quant", "project.task", "purchase.order")
EPSILON = 0.01


def groups_of(result: Any) -> list[dict[str, Any]]:
    """The groups of an answer."""
    return result.structured["groups"]


def key_of(group: dict[str, Any], keys: list[str]) -> tuple[Any, ...]:
    """What a group stands for, as plain values."""
    return tuple(group[key]["value"] for key in keys)


def all_groups(client: McpClient, tool: str, limit: int = 100, **arguments: Any) -> list[Any]:
    """Every group, page by page; each page says where the next one begins."""
    found: list[Any] = []
    offset: int | None = 0
    while offset is not None:
        page = client.ok(tool, limit=limit, offset=offset, **arguments).structured
        assert page["offset"] == offset == len(found)
        found += page["groups"]
        offset = page["next_offset"]
    assert page["total"] == len(found)
    return found


# ------------------------------------------------------------------ the same as Odoo's

COMBINATIONS: list[tuple[str, list[str], list[str], list[Any]]] = [
    (ORDER, ["state"], ["amount_total:sum"], []),
    (ORDER, ["date_order:month"], ["amount_total:sum", "amount_total:avg"], []),
    (ORDER, ["date_order:week", "state"], ["amount_untaxed:max"], []),
    (ORDER, ["partner_id", "date_order:quarter"], ["amount_total:min"], [["state", "=", "sale"]]),
    (ORDER, ["user_id", "team_id", "state"], ["partner_id:count_distinct"], []),
    (ORDER, ["date_order:year"], ["date_order:min", "date_order:max"], []),
    (ORDER, ["date_order:day"], ["amount_total:sum"], [["amount_total", ">", 100]]),
    (ORDER, ["date_order:hour"], ["amount_total:count"], []),
    (ORDER, ["tag_ids"], ["amount_total:sum"], []),
    (LEAD, ["stage_id"], ["expected_revenue:sum", "probability:avg"], []),
    (LEAD, ["user_id", "stage_id"], ["expected_revenue:sum"], [["type", "=", "opportunity"]]),
    (LEAD, ["country_id"], ["expected_revenue:max"], []),
    (LEAD, ["date_deadline:month"], ["expected_revenue:sum"], []),
    (LEAD, ["tag_ids", "type"], ["expected_revenue:sum"], []),
    ("account.move", ["move_type", "state"], ["amount_total_signed:sum"], []),
    ("account.move", ["invoice_date:month"], ["amount_residual:sum"], []),
    ("account.move.line", ["account_id"], ["debit:sum", "credit:sum", "balance:sum"], []),
    ("account.move.line", ["journal_id", "date:week"], ["balance:sum"], []),
    ("stock.quant", ["location_id", "product_id"], ["quantity:sum"], []),
    ("project.task", ["project_id", "stage_id"], ["allocated_hours:sum"], []),
    ("project.task", ["user_ids"], [], []),
    ("purchase.order", ["partner_id"], ["amount_total:sum"], []),
    (PARTNER, ["is_company", "country_id"], ["color:max"], []),
    (PARTNER, ["category_id"], ["parent_id:count_distinct"], []),
]


def odoos_groups(
    odoo: Odoo, model: str, keys: list[str], measures: list[str], domain: list[Any]
) -> list[dict[str, Any]]:
    """The groups as this series answers them to the web client."""
    if odoo.series >= (19, 0):
        return odoo.call(model, "formatted_read_group", domain, keys, [*measures, "__count"])
    fields = [f"m{n}:{how}({name})" for n, (name, how) in enumerate(m.split(":") for m in measures)]
    rows = odoo.call(model, "read_group", domain, fields or ["__count"], keys, lazy=False)
    return [row | {m: row[f"m{n}"] for n, m in enumerate(measures)} for row in rows]


def plain(value: Any) -> Any:
    """A value of Odoo without its label."""
    return value[0] if isinstance(value, list) else value


@pytest.mark.demo
@pytest.mark.needs(*APPS)
@pytest.mark.parametrize(
    ("model", "keys", "measures", "domain"),
    COMBINATIONS,
    ids=[f"{model} {' '.join(keys)}" for model, keys, *_ in COMBINATIONS],
)
def test_groups_are_odoos(
    server: McpClient,
    odoo: Odoo,
    model: str,
    keys: list[str],
    measures: list[str],
    domain: list[Any],
) -> None:
    """Counts and aggregates are those of Odoo, and each domain finds exactly its records."""
    found = all_groups(
        server, "odoo_search", model=model, group_by=keys, aggregates=measures, domain=domain
    )
    truth = odoos_groups(odoo, model, keys, measures, domain)
    assert len(found) == len(truth) > 0
    # Alike in order, since both sort by the keys; only names that are the same may swap.
    assert sorted(group["count"] for group in found) == sorted(row["__count"] for row in truth)
    for measure in measures:
        ours = [group[measure] or 0 for group in found]
        odoos = [row[measure] or 0 for row in truth]
        assert sorted(map(str, ours)) == sorted(map(str, odoos)) or sum(ours) == pytest.approx(
            sum(odoos), abs=EPSILON
        )
    for key in keys:
        if ":" not in key:
            assert {group[key]["value"] or False for group in found} == {
                plain(row[key]) for row in truth
            }
    for group in found:
        assert odoo.count(model, domain_in_utc(group["domain"])) == group["count"], group
        assert odoo.count(model, domain) >= group["count"]


@pytest.mark.demo
@pytest.mark.needs(*APPS)
def test_sums_add_up(server: McpClient, odoo: Odoo) -> None:
    """Sum, average, least, greatest and number are those of the records themselves."""
    rows = odoo.call(ORDER, "search_read", [], ["partner_id", "state", "amount_total"])
    expected: dict[tuple[int, str], list[float]] = defaultdict(list)
    for row in rows:
        expected[(row["partner_id"][0], row["state"])].append(row["amount_total"])
    keys = ["partner_id", "state"]
    how = ["sum", "avg", "min", "max", "count", "count_distinct"]
    found = all_groups(
        server,
        "sale_order_aggregate",
        group_by=keys,
        aggregates=[f"amount_total:{name}" for name in how],
    )
    assert {key_of(group, keys) for group in found} == set(expected)
    for group in found:
        amounts = expected[key_of(group, keys)]
        assert group["count"] == len(amounts)
        truth = (
            sum(amounts),
            sum(amounts) / len(amounts),
            min(amounts),
            max(amounts),
            len(amounts),
            len(set(amounts)),
        )
        got = tuple(group[f"amount_total:{name}"] for name in how)
        assert got == pytest.approx(truth, abs=EPSILON)


def test_both_tools_answer_the_same(server: McpClient) -> None:
    """The typed tool is the generic one without the model."""
    arguments = {"group_by": ["state", "user_id"], "aggregates": ["amount_total"], "limit": 3}
    typed = server.ok("sale_order_aggregate", **arguments)
    generic = server.ok("odoo_search", model=ORDER, **arguments)
    assert typed.structured == generic.structured
    # Each answer has marks of its own.
    assert re.sub(r"</?\d{6}>", "", typed.text) == re.sub(r"</?\d{6}>", "", generic.text)


def test_from_a_group_to_its_records(server: McpClient) -> None:
    """The domain of a group goes into a search as it stands, with the conditions that it had."""
    where = {
        "domain": [["amount_total", ">", 10]],
        "any_of": [["state", "=", "sale"], ["state", "=", "draft"]],
    }
    found = groups_of(
        server.ok("odoo_search", model=ORDER, group_by=["date_order", "partner_id"], **where)
    )
    for group in found:
        read = server.ok("odoo_search", model=ORDER, domain=group["domain"], fields=["state"])
        assert read.structured["total"] == group["count"]
        assert {record["state"] for record in read.structured["records"]} <= {"sale", "draft"}


def test_all_records_are_one_group(server: McpClient, odoo: Odoo) -> None:
    """Aggregates without keys are over everything; of nothing they are nothing."""
    amounts = odoo.call(ORDER, "search_read", [], ["amount_total"])
    (group,) = groups_of(server.ok("odoo_search", model=ORDER, aggregates=["amount_total"]))
    assert group["count"] == len(amounts)
    total = sum(row["amount_total"] for row in amounts)
    assert group["amount_total:sum"] == pytest.approx(total, abs=EPSILON)
    nothing = server.ok(
        "odoo_search", model=ORDER, aggregates=["amount_total"], domain=[["id", "=", 0]]
    )
    assert groups_of(nothing)[0]["count"] == 0
    assert not groups_of(nothing)[0]["amount_total:sum"]
    none = server.ok("odoo_search", model=ORDER, group_by=["state"], domain=[["id", "=", 0]])
    assert (none.structured["total"], groups_of(none)) == (0, [])
    assert "none found" in none.text


# ------------------------------------------------------------------ order and pages


@pytest.fixture
def tags(records: Records, mark: str) -> list[int]:
    """Contacts of 23 tags, three of which have names that are the same."""
    tags = [
        records.make("res.partner.category", name=f"{mark} {'same' if n < 3 else n}")
        for n in range(23)
    ]
    for n, tag in enumerate(tags):
        parent = records.make(PARTNER, name=f"{mark} {'same' if n < 9 else n}")
        for _ in range(1 + n % 2):
            records.make(
                PARTNER, name=mark, category_id=[[6, 0, [tag]]], parent_id=parent, color=n % 4
            )
    return tags


@pytest.mark.parametrize("order", [None, "__count desc", "color:sum desc", "color:max, __count"])
@pytest.mark.parametrize("key", ["category_id", "parent_id"])
def test_pages_have_every_group_once(
    server: McpClient, tags: list[int], mark: str, key: str, order: str | None
) -> None:
    """However much the order leaves open, pages neither repeat nor lose a group."""
    arguments: dict[str, Any] = {
        "model": PARTNER,
        "domain": [["name", "=", mark]],
        "group_by": [key],
        "aggregates": ["color:sum", "color:max"],
    }
    if order:
        arguments["order"] = order
    found = all_groups(server, "odoo_search", limit=4, **arguments)
    values = [group[key]["value"] for group in found]
    assert len(values) == len(set(values)) == len(tags)
    assert found == groups_of(server.ok("odoo_search", limit=100, **arguments))
    if order == "color:sum desc":
        sums = [group["color:sum"] for group in found]
        assert sums == sorted(sums, reverse=True)
    if order == "color:max, __count":
        pairs = [(group["color:max"], group["count"]) for group in found]
        assert pairs == sorted(pairs)
    beyond = server.ok("odoo_search", offset=90, limit=5, **arguments)
    assert (beyond.structured["total"], beyond.structured["next_offset"]) == (len(tags), None)


def test_a_full_page_costs_one_request_more(
    start_server: StartServer, admin: Person, gateway: Gateway
) -> None:
    """What follows a page is only counted where something can follow."""
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    arguments = {"model": "res.country", "group_by": ["code"]}
    client.ok("odoo_search", limit=5, **arguments)
    for limit, requests in ((5, 2), (1, 2)):
        before = len(gateway.seen)
        client.ok("odoo_search", limit=limit, **arguments)
        assert len(gateway.seen) - before == requests
    before = len(gateway.seen)
    client.ok("odoo_search", group_by=["state"], model="ir.module.module", limit=100)
    executed = [seen for seen in gateway.seen[before:] if seen.path == "/mcp/execute"]
    assert len(executed) == 1


def test_more_groups_than_are_counted(server: McpClient, odoo: Odoo) -> None:
    """Where there are very many groups, the total is said to be a lower bound."""
    model = "ir.model.fields"
    assert odoo.count(model) > 1200
    page = server.ok("odoo_search", model=model, group_by=["model_id", "name"], limit=10)
    assert page.structured["total"] == 1010
    assert page.structured["total_is_lower_bound"] is True
    assert page.structured["next_offset"] == 10
    assert "10 of more than 1010 groups, next offset 10" in page.text


# ------------------------------------------------------------------ values


def test_periods_are_of_the_users_time_zone(
    start_server: StartServer, people: People, odoo: Odoo, records: Records, mark: str
) -> None:
    """What is March in UTC is April in Auckland, where an hour of the 5th stands twice."""
    zone = "Pacific/Auckland"
    person = people.make("grouper", ["base.group_user", "sales_team.group_sale_manager"])
    odoo.write("res.users", [person.uid], {"tz": zone})
    moments = [
        "2026-03-31 10:30:00",
        "2026-03-31 11:30:00",
        "2026-04-04 13:30:00",
        "2026-04-04 14:30:00",
    ]
    partner = records.make(PARTNER, name=mark)
    for moment in moments:
        records.make(ORDER, partner_id=partner, date_order=moment)
    local = [
        datetime.datetime.fromisoformat(f"{moment}+00:00").astimezone(ZoneInfo(zone))
        for moment in moments
    ]
    client = start_server(person)
    domain = [["partner_id", "=", partner]]
    for period, form in (("month", "%Y-%m-01"), ("day", "%Y-%m-%d"), ("hour", "%Y-%m-%d %H:00")):
        result = client.ok(
            "odoo_search", model=ORDER, domain=domain, group_by=[f"date_order:{period}"]
        )
        expected: dict[str, int] = defaultdict(int)
        for moment in local:
            expected[moment.strftime(form)] += 1
        key = f"date_order:{period}"
        found = groups_of(result)
        assert {group[key]["value"]: group["count"] for group in found} == expected
        assert result.structured["time_zone"] == zone
        assert zone in result.text
        for group in found:
            assert odoo.count(ORDER, domain_in_utc(group["domain"])) == group["count"]


def test_no_value_is_null(server: McpClient, records: Records, mark: str) -> None:
    """Nothing is a group of its own, with a label; a boolean is never nothing."""
    country = server.ok("odoo_search", model="res.country", limit=1).structured["records"][0]["id"]
    records.make(PARTNER, name=mark, country_id=country, is_company=True)
    records.make(PARTNER, name=mark)
    records.make(PARTNER, name=mark)
    arguments = {"model": PARTNER, "domain": [["name", "=", mark]]}
    for key, label in (("country_id", "no Country"), ("vat", "no "), ("category_id", "no ")):
        found = groups_of(server.ok("odoo_search", group_by=[key], **arguments))
        (nothing,) = [group for group in found if group[key]["value"] is None]
        assert nothing[key]["label"].startswith(label)
        assert nothing["count"] == (2 if key == "country_id" else 3)
        read = server.ok("odoo_search", model=PARTNER, domain=nothing["domain"])
        assert read.structured["total"] == nothing["count"]
    found = groups_of(server.ok("odoo_search", group_by=["is_company"], **arguments))
    assert [(group["is_company"]["value"], group["count"]) for group in found] == [
        (False, 2),
        (True, 1),
    ]


def test_a_record_of_two_tags_is_in_both_groups(
    server: McpClient, records: Records, mark: str
) -> None:
    """Groups of a list overlap, and the answer says so."""
    tags = [records.make("res.partner.category", name=f"{mark} {n}") for n in range(2)]
    records.make(PARTNER, name=mark, category_id=[[6, 0, tags]])
    result = server.ok(
        "odoo_search", model=PARTNER, domain=[["name", "=", mark]], group_by=["category_id"]
    )
    assert [group["category_id"]["value"] for group in groups_of(result)] == tags
    assert [group["count"] for group in groups_of(result)] == [1, 1]
    assert "these groups overlap" in result.text
    assert any("overlap" in note for note in result.structured["notes"])


# ------------------------------------------------------------------ currencies


@pytest.fixture
def two_currencies(odoo: Odoo, records: Records, mark: str) -> Iterator[dict[str, Any]]:
    """Quotations of one customer in two currencies, and of another in one."""
    own = odoo.call(
        "res.company",
        "read",
        [odoo.read("res.users", odoo.uid, "company_id")["company_id"][0]],
        ["currency_id"],
    )
    home = own[0]["currency_id"]
    (foreign,) = odoo.call(
        "res.currency",
        "search_read",
        [["id", "!=", home[0]], ["name", "in", ["EUR", "USD"]]],
        ["name", "active"],
        limit=1,
        context={"active_test": False},
    )
    odoo.write("res.currency", [foreign["id"]], {"active": True})
    rate = records.make("res.currency.rate", currency_id=foreign["id"], name="2020-01-01", rate=2.0)
    assert rate
    abroad = records.make("product.pricelist", name=f"{mark} abroad", currency_id=foreign["id"])
    at_home = records.make("product.pricelist", name=f"{mark} home", currency_id=home[0])
    product = records.make("product.product", name=mark, type="service")
    mixed = records.make(PARTNER, name=f"{mark} mixed")
    plain_one = records.make(PARTNER, name=f"{mark} plain")
    for partner, pricelist, price in (
        (mixed, abroad, 100.0),
        (mixed, at_home, 7.0),
        (plain_one, abroad, 30.0),
    ):
        line = {"product_id": product, "price_unit": price, "tax_ids": [[5]]}
        records.make(
            ORDER,
            partner_id=partner,
            pricelist_id=pricelist,
            order_line=[[0, 0, line]],
            client_order_ref=mark,
        )
    yield {"home": home[1], "foreign": foreign["name"], "mixed": mixed, "plain": plain_one}
    if not foreign["active"]:
        records.clean()
        odoo.write("res.currency", [foreign["id"]], {"active": False})


@pytest.mark.needs(ORDER)
def test_currencies_are_not_added_up(
    server: McpClient, odoo: Odoo, two_currencies: dict[str, Any], mark: str
) -> None:
    """A sum over two currencies is left out, with the mend; one currency is named."""
    scene = two_currencies
    arguments = {"model": ORDER, "domain": [["client_order_ref", "=", mark]]}
    result = server.ok(
        "odoo_search", group_by=["partner_id"], aggregates=["amount_total"], **arguments
    )
    by_partner = {group["partner_id"]["value"]: group for group in groups_of(result)}
    mixed, one = by_partner[scene["mixed"]], by_partner[scene["plain"]]
    assert mixed["amount_total:sum"] is None
    assert mixed["mixed_currencies"] == ["amount_total:sum"]
    assert one["amount_total:sum"] == pytest.approx(30.0)
    assert one["currencies"] == {"amount_total:sum": scene["foreign"]}
    assert "107" not in result.text
    assert "mixed currencies" in result.text
    assert 'add "currency_id" to group_by' in result.text
    apart = server.ok(
        "odoo_search",
        group_by=["partner_id", "currency_id"],
        aggregates=["amount_total"],
        **arguments,
    )
    found = {
        (group["partner_id"]["value"], group["currency_id"]["label"]): group["amount_total:sum"]
        for group in groups_of(apart)
    }
    assert found == {
        (scene["mixed"], scene["home"]): 7.0,
        (scene["mixed"], scene["foreign"]): 100.0,
        (scene["plain"], scene["foreign"]): 30.0,
    }
    assert "notes" not in apart.structured
    if odoo.series >= (19, 0):
        converted = server.ok(
            "odoo_search",
            group_by=["partner_id"],
            aggregates=["amount_total:sum_currency"],
            **arguments,
        )
        sums = {
            group["partner_id"]["value"]: group["amount_total:sum_currency"]
            for group in groups_of(converted)
        }
        assert sums == {scene["mixed"]: pytest.approx(57.0), scene["plain"]: pytest.approx(15.0)}
        assert converted.structured["currencies"] == {"amount_total:sum_currency": scene["home"]}


# ------------------------------------------------------------------ rights


@pytest.mark.users
@pytest.mark.needs(LEAD)
def test_groups_are_of_what_the_user_sees(
    start_server: StartServer, people: People, records: Records, odoo: Odoo, mark: str
) -> None:
    """A salesperson who sees their own leads alone gets groups and sums of these."""
    person = people.make("seller", ["base.group_user", "sales_team.group_sale_salesman"])
    for user, revenue in ((person.uid, 10.0), (person.uid, 20.0), (odoo.uid, 400.0)):
        records.make(LEAD, name=mark, type="opportunity", user_id=user, expected_revenue=revenue)
    client = start_server(person)
    arguments = {"model": LEAD, "domain": [["name", "=", mark]], "aggregates": ["expected_revenue"]}
    (group,) = groups_of(client.ok("odoo_search", group_by=["user_id"], **arguments))
    assert (group["user_id"]["value"], group["count"]) == (person.uid, 2)
    assert group["expected_revenue:sum"] == 30.0
    refused = client.call("odoo_search", model="purchase.order", group_by=["state"])
    assert refused.is_error
    assert refused.error["kind"] == "access_denied"


@pytest.mark.users
def test_the_typed_tool_needs_the_right_to_read(start_server: StartServer, people: People) -> None:
    """Who may not read a model has no tool to group it; a read-only server has them all."""
    person = people.make("nobody", ["base.group_user"])
    listed = {tool.name for tool in start_server(person, "--profile", "accounting").tools()}
    assert "account_move_line_aggregate" not in listed
    assert "res_partner_search" in listed


def test_a_read_only_server_groups(start_server: StartServer, admin: Person) -> None:
    """Grouping changes nothing."""
    client = start_server(admin, "--read-only")
    assert client.ok("sale_order_aggregate", group_by=["state"]).structured["total"] > 0
    assert client.ok("odoo_search", model=PARTNER, group_by=["country_id"]).structured["total"] > 0
