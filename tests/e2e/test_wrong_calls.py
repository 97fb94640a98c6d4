"""Wrong calls: each is refused with a message that teaches, and nothing changes in Odoo.

The calls are made by users of our own (one with all rights, one with few), so that what they
touched can be told from what others do meanwhile. Placeholders such as `{partner}` stand for
ids of the records of the fixture `stage`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

import pytest
from cases import ORDER, PARTNER, TAG, Case, changed_partner, new_partner
from cases.arguments import ARGUMENTS
from cases.queries import QUERIES
from cases.refused import REFUSED
from cases.rights import RIGHTS
from cases.targets import TARGETS
from cases.values import VALUES
from conftest import Records, StartServer
from support.mcp_client import McpClient, ProtocolError
from support.odoo import Odoo
from support.people import Person
from support.placeholders import filled
from support.refusal import assert_refused
from support.watch import Watch

pytestmark = pytest.mark.users


@pytest.fixture(scope="session")
def stage(odoo: Odoo, shared_records: Records, boss: Person) -> dict[str, int]:
    """The records that the wrong calls aim at, by placeholder."""
    mark = f"e2e-{secrets.token_hex(4)}"
    make = shared_records.make
    parent = make(PARTNER, name=f"{mark} parent", is_company=True)
    tag = make(TAG, name=f"{mark} tag")
    free = next(
        code
        for code in (f"{letter}{digit}" for letter in "QXZ" for digit in range(10))
        if not odoo.ids("res.country", [["code", "=", code]])
    )
    country = make("res.country", name=f"{mark} country", code=free)
    placeholders = {
        "partner": parent,
        "child": make(PARTNER, name=f"{mark} child", parent_id=parent),
        "tag": tag,
        "subtag": make(TAG, name=f"{mark} subtag", parent_id=tag),
        "country": country,
        "state": make("res.country.state", name=mark, code="E2E", country_id=country),
        "boss_partner": odoo.read("res.users", boss.uid, "partner_id")["partner_id"][0],
        "boss": boss.uid,
    }
    if odoo.has_access(ORDER, "create"):
        product = make("product.product", name=f"{mark} product", type="service")
        line = {"product_id": product, "product_uom_qty": 1}
        order = make(ORDER, partner_id=parent, order_line=[[0, 0, line]])
        confirmed = make(ORDER, partner_id=parent, order_line=[[0, 0, line]])
        odoo.call(ORDER, "action_confirm", [confirmed])
        cancelled = make(ORDER, partner_id=parent, order_line=[[0, 0, line]])
        odoo.call(ORDER, "action_cancel", [cancelled], context={"disable_cancel_warning": True})
        placeholders |= {
            "product": product,
            "order": order,
            "confirmed": confirmed,
            "cancelled": cancelled,
        }
    return placeholders


STAGED = {
    "partner": PARTNER,
    "child": PARTNER,
    "tag": TAG,
    "subtag": TAG,
    "country": "res.country",
    "state": "res.country.state",
    "boss_partner": PARTNER,
    "boss": "res.users",
    "product": "product.product",
    "order": ORDER,
    "confirmed": ORDER,
    "cancelled": ORDER,
}


def staged_records(models: Iterable[str], stage: dict[str, int]) -> dict[str, list[int]]:
    """The staged records of these models."""
    wanted = set(models)
    records: dict[str, list[int]] = {}
    for placeholder, record in stage.items():
        if STAGED[placeholder] in wanted:
            records.setdefault(STAGED[placeholder], []).append(record)
    return records


def check(wrong: Case, client: McpClient, odoo: Odoo, watch: Watch, stage: dict[str, int]) -> None:
    """Makes the call: it is refused as it should be, and Odoo is as it was."""
    missing = [model for model in wrong.needs if not odoo.has_access(model, "read")]
    if missing:
        pytest.skip(f"this Odoo lacks the models {', '.join(missing)}")
    known = [model for model in wrong.watched if odoo.has_access(model, "read")]
    with watch.unchanged(known, staged_records(known, stage)):
        result = client.call_with(wrong.tool, filled(wrong.arguments, stage))
    assert_refused(result, wrong.kind, *wrong.says)


def named(cases: list[Case]) -> dict[str, Any]:
    """The parameters of a test, by the names of the cases."""
    names = [wrong.name for wrong in cases]
    assert len(set(names)) == len(names)
    return {"argnames": "wrong", "argvalues": cases, "ids": names}


@pytest.mark.parametrize(**named(ARGUMENTS))
def test_wrong_arguments(
    boss_server: McpClient, odoo: Odoo, boss_watch: Watch, stage: dict[str, int], wrong: Case
) -> None:
    """Names and types of arguments: the right name, or what it must be, is told."""
    check(wrong, boss_server, odoo, boss_watch, stage)


@pytest.mark.parametrize(**named(QUERIES))
def test_wrong_queries(
    boss_server: McpClient, odoo: Odoo, boss_watch: Watch, stage: dict[str, int], wrong: Case
) -> None:
    """Fields, paths, operators, domains and orders: refused before they are sent, with the mend."""
    check(wrong, boss_server, odoo, boss_watch, stage)


@pytest.mark.parametrize(**named(VALUES))
def test_wrong_values(
    boss_server: McpClient, odoo: Odoo, boss_watch: Watch, stage: dict[str, int], wrong: Case
) -> None:
    """Values that contradict the schema never reach Odoo; the right type, key or name is told."""
    check(wrong, boss_server, odoo, boss_watch, stage)


@pytest.mark.parametrize(**named(TARGETS))
def test_wrong_targets(
    boss_server: McpClient, odoo: Odoo, boss_watch: Watch, stage: dict[str, int], wrong: Case
) -> None:
    """Models, records and methods that are not there, or not for calls from outside."""
    check(wrong, boss_server, odoo, boss_watch, stage)


@pytest.mark.parametrize(**named(REFUSED))
def test_refused_by_odoo(
    boss_server: McpClient, odoo: Odoo, boss_watch: Watch, stage: dict[str, int], wrong: Case
) -> None:
    """What passes the checks and fails in Odoo: Odoo's own reason, and all of it rolled back."""
    check(wrong, boss_server, odoo, boss_watch, stage)


@pytest.mark.parametrize(**named(RIGHTS))
def test_no_right(
    clerk_server: McpClient, odoo: Odoo, clerk_watch: Watch, stage: dict[str, int], wrong: Case
) -> None:
    """A user without the right gets Odoo's refusal and the advice not to work around it."""
    check(wrong, clerk_server, odoo, clerk_watch, stage)


@pytest.mark.demo
@pytest.mark.needs("sale.order")
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("odoo_create", {"model": ORDER, "values": {"partner_id": 1}}),
        ("odoo_update", {"model": "res.company", "id": 1, "values": {"name": "x"}}),
        ("odoo_delete", {"model": "res.country", "id": 1}),
    ],
    ids=["create", "update", "delete"],
)
def test_portal_user_may_change_nothing(
    start_server: StartServer,
    odoo: Odoo,
    demo_users: dict[str, Person],
    tool: str,
    arguments: dict[str, Any],
) -> None:
    """Odoo's demo portal user is refused like in Odoo."""
    portal = demo_users["portal"]
    client = start_server(portal)
    with Watch(odoo, portal.uid).unchanged([arguments["model"]], {arguments["model"]: [1]}):
        result = client.call_with(tool, arguments)
    assert_refused(result, ("access_denied", "missing_record"))


# ------------------------------------------------------------------ the server's own limits


def test_unknown_tool(boss_server: McpClient) -> None:
    """A tool that does not exist is a protocol error that names the nearest one."""
    with pytest.raises(
        ProtocolError, match="there is no tool odoo_serch; did you mean odoo_search"
    ):
        boss_server.call("odoo_serch", model=PARTNER)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("odoo_create", new_partner()),
        ("odoo_update", changed_partner(name="x")),
        ("odoo_delete", {"model": PARTNER, "id": "{partner}"}),
        ("odoo_execute", {"model": PARTNER, "method": "copy", "ids": ["{partner}"]}),
        ("res_partner_create", {"values": {"name": "e2e never made"}}),
        ("res_partner_update", {"id": "{partner}", "values": {"name": "x"}}),
    ],
    ids=["create", "update", "delete", "execute", "typed create", "typed update"],
)
def test_read_only_server_changes_nothing(
    start_server: StartServer,
    boss: Person,
    boss_watch: Watch,
    stage: dict[str, int],
    tool: str,
    arguments: dict[str, Any],
) -> None:
    """With `--read-only` a tool that changes something is refused, even to who knows its name."""
    client = start_server(boss, "--read-only")
    assert tool not in {listed.name for listed in client.tools()}
    with boss_watch.unchanged([PARTNER], staged_records([PARTNER], stage)):
        result = client.call_with(tool, filled(arguments, stage))
    assert_refused(result, "access_denied", tool, "--read-only")


def test_there_are_at_least_fifty() -> None:
    """The promise: fifty wrong calls, each with its own test."""
    assert len(ARGUMENTS + QUERIES + VALUES + TARGETS + REFUSED + RIGHTS) >= 50
