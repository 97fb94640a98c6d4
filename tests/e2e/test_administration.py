"""What an administrator of Odoo sets for MCP, as an assistant meets it.

Settings and rules hold for everybody, so each test takes back what it has set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Records, StartHttp, StartServer
from support.http_server import bearer
from support.http_wire import HttpWire
from support.mcp_client import McpClient
from support.odoo import Answer, Odoo, OdooError
from support.people import People, Person
from support.refusal import assert_refused

RULE = "butopea.mcp.rule"
AUDIT = "butopea.mcp.audit"
PARAMETER = "ir.config_parameter"
TAG = "res.partner.category"
ADMINISTRATOR_DECIDES = "An Odoo administrator decides what MCP may do"

pytestmark = [pytest.mark.users, pytest.mark.needs(RULE)]

Settings = Callable[..., None]


@pytest.fixture
def settings(odoo: Odoo) -> Iterator[Settings]:
    """Sets the module's parameters: `settings(audit="all")`; the test's end takes them back."""
    keys: set[str] = set()

    def change(**values: Any) -> None:
        for name, value in values.items():
            keys.add(f"butopea_mcp.{name}")
            odoo.call(PARAMETER, "set_param", f"butopea_mcp.{name}", value)

    yield change
    for key in keys:
        odoo.call(PARAMETER, "set_param", key, False)


def close(records: Records, models: str, *operations: str) -> None:
    """Denies the operations on the models."""
    names = ("read", "create", "write", "unlink", "execute")
    flags = {f"on_{name}": name in operations for name in names}
    records.make(RULE, name="e2e", models=models, effect="deny", **flags)


# ------------------------------------------------------------------ rules


def test_closed_model(boss_server: McpClient, boss: Person, records: Records) -> None:
    """It is refused by every tool, and it is said that this is no lack of rights."""
    assert boss.odoo.has_access(TAG, "write")
    tag = records.make(TAG, name="e2e closed")
    partner = records.make("res.partner", name="e2e closed")
    close(records, TAG, "read", "create", "write", "unlink", "execute")
    for tool, arguments in (
        ("odoo_search", {"model": TAG}),
        ("odoo_read", {"model": TAG, "id": tag}),
        ("odoo_count", {"model": TAG}),
        ("odoo_execute", {"model": TAG, "method": "action_archive", "ids": [tag]}),
        (
            "odoo_search",
            {"model": "res.partner", "domain": [["category_id.name", "=", "e2e closed"]]},
        ),
    ):
        result = boss_server.call(tool, **arguments)
        assert_refused(result, "access_denied", "has closed", TAG, ADMINISTRATOR_DECIDES)
        assert "has no right" not in result.text
    assert boss.odoo.read(TAG, tag, "active")["active"]
    boss_server.ok("odoo_read", model="res.partner", id=partner, fields=["name"])


def test_closed_operation(
    start_server: StartServer, boss: Person, odoo: Odoo, records: Records
) -> None:
    """What is open stays open; a line for a closed model is refused, and nothing is done."""
    tag = records.make(TAG, name="e2e open")
    partner = records.make("res.partner", name="e2e open")
    close(records, TAG, "create", "write", "unlink")
    client = start_server(boss)
    client.ok("odoo_search", model=TAG, domain=[["id", "=", tag]])
    for tool, arguments in (
        ("odoo_update", {"model": TAG, "id": tag, "values": {"name": "x"}}),
        (
            "odoo_update",
            {
                "model": "res.partner",
                "id": partner,
                "values": {"category_id": [[0, 0, {"name": "x"}]]},
            },
        ),
    ):
        result = client.call(tool, **arguments)
        assert_refused(result, "access_denied", "has closed", TAG, ADMINISTRATOR_DECIDES)
    assert odoo.read(TAG, tag, "name")["name"] == "e2e open"
    assert odoo.read("res.partner", partner, "category_id")["category_id"] == []


def test_closed_from_the_beginning(start_server: StartServer, boss: Person) -> None:
    """Also an administrator's assistant does not reach what holds Odoo's secrets.

    Neither where whoever runs the server has opened everything: the rules are Odoo's.
    """
    if not boss.odoo.has_access(PARAMETER, "read"):
        pytest.skip(f"the user {boss.login} may not read {PARAMETER}")
    client = start_server(boss, "--allow-models", "*")
    for model in (PARAMETER, "ir.mail_server", RULE, AUDIT):
        result = client.call("odoo_search", model=model)
        assert_refused(result, "access_denied", "has closed", model, ADMINISTRATOR_DECIDES)


# ------------------------------------------------------------------ users


def test_user_who_is_not_let_in(
    start_http: StartHttp, people: People, boss: Person, settings: Settings
) -> None:
    """By key and by password: the reason and whom to ask; a member works."""
    member = people.make("member", ["base.group_user", "butopea_mcp.group_user"])
    key = boss.odoo.make_api_key("e2e restricted")
    try:
        settings(restrict_users="True")
        server = start_http()
        for authorization in (bearer(key), boss.authorization):
            answer = HttpWire(server.url, authorization).call("odoo_capabilities")
            assert "members of the group" in answer.text
            assert "MCP / User" in answer.text
            assert ADMINISTRATOR_DECIDES in answer.text
        answer = HttpWire(server.url, member.authorization).call("odoo_capabilities")
        assert answer.structured["user"]["id"] == member.uid
    finally:
        boss.odoo.remove_api_keys()


def test_user_who_is_not_let_in_over_stdio(
    start_server: StartServer, boss: Person, settings: Settings
) -> None:
    """The server starts, and each tool says why it does nothing."""
    settings(restrict_users="True")
    client = start_server(boss)
    result = client.call("odoo_search", model="res.partner")
    assert_refused(result, "access_denied", "MCP / User", ADMINISTRATOR_DECIDES)


# ------------------------------------------------------------------ rate


def test_too_many_calls(start_server: StartServer, boss: Person, settings: Settings) -> None:
    """The error says how long to wait, that the same call then helps, and how to need less."""
    client = start_server(boss)
    ask = {"model": "res.partner", "fields": ["name"], "limit": 1}
    client.ok("odoo_search", **ask)
    settings(calls_per_minute="1")
    results = [client.call("odoo_search", **ask) for _ in range(3)]
    refused = results[-1]
    assert_refused(refused, "rate_limited", "1 calls a minute", "Call again in", "Wait for")
    assert refused.error["retry_may_help"] is True
    settings(calls_per_minute="0")
    client.ok("odoo_search", **ask)


def test_calls_at_the_same_time(clerk: Person, settings: Settings) -> None:
    """They are counted as if they came one after the other: none is lost, none fails."""
    settings(calls_per_minute="20")
    (session,) = (cookie.value for cookie in clerk.odoo.cookies if cookie.name == "session_id")
    ask = {"model": "res.partner", "fields": ["name"], "limit": 1}

    def call(_number: int) -> Answer:
        return clerk.odoo.anonymous().post("/mcp/search", ask, cookie=session)

    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = list(pool.map(call, range(60)))
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {200, 429}
    assert all("result" in answer.body for answer in answers if answer.status == 200)
    # While they run, time gives a call back each three seconds.
    assert statuses.count(200) in range(20, 40), statuses.count(200)
    refused = next(answer for answer in answers if answer.status == 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 3


# ------------------------------------------------------------------ audit


def test_audit(
    start_server: StartServer,
    boss: Person,
    odoo: Odoo,
    records: Records,
    settings: Settings,
    mark: str,
) -> None:
    """A change and a refusal are written down: who and what, and no value."""
    tag = records.make(TAG, name=mark)
    client = start_server(boss, "--allow-models", PARAMETER)
    client.ok("odoo_search", model=TAG, limit=1)
    settings(audit="changes")
    client.ok("odoo_update", model=TAG, id=tag, values={"name": f"{mark} new"})
    client.call("odoo_search", model=PARAMETER)
    settings(audit=False)
    found = odoo.call(AUDIT, "search_read", [["login", "=", boss.login]], order="id")
    change, refusal = found
    assert (change["operation"], change["model"], change["is_done"]) == ("write", TAG, True)
    assert (change["record_ids"], change["field_names"]) == (str(tag), "name")
    assert (refusal["model"], refusal["error_kind"]) == (PARAMETER, "access_denied")
    assert mark not in str(found)
    with pytest.raises(OdooError):
        odoo.unlink(AUDIT, [change["id"]])
