"""Passwords, keys and sessions never leave the server: not in logs, not in results."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from conftest import StartProcess
from support.gateway import Fault, Gateway, LoseAnswer, Refuse, Reply, Seen, Truncate
from support.odoo import Odoo
from support.people import People, Person
from support.secret import CALLS, LOUD, assert_secret, session_cookies

pytestmark = pytest.mark.users

TAG = "res.partner.category"


def run(start_process: StartProcess, env: dict[str, str], calls: list[Any]) -> tuple[str, str]:
    """Everything that a server writes while it answers these calls and ends."""
    server = start_process(env | LOUD)
    server.handshake()
    server.answer(server.request("tools/list"))
    for name, arguments in calls:
        server.answer(server.call(name, arguments))
    server.close_stdin()
    assert server.wait(20) == 0
    assert len(server.stderr) > 1000, "the log is too short to prove anything"
    return server.stdout, server.stderr


def test_password_and_session_are_not_shown(
    start_process: StartProcess, people: People, odoo: Odoo, gateway: Gateway
) -> None:
    """At the loudest log level, over right and wrong calls and two logins."""
    person = people.make("secretive", people.groups_of(odoo))
    env = person.env | {"ODOO_URL": gateway.open().url}
    stdout, stderr = run(start_process, env, CALLS)
    sessions = session_cookies(gateway)
    assert_secret(stdout, person.password, *sessions)
    assert_secret(stderr, person.password, *sessions)


FAULTS: dict[str, Fault] = {
    "server-error": Reply(500, b"<h1>Internal Server Error</h1>"),
    "no-json": Reply(200, b"<html>"),
    "forbidden": Reply(403),
    "away": Reply(503, retry_after="1"),
    "redirect": Reply(302, location="https://elsewhere.invalid/mcp/execute"),
    "lost": LoseAnswer(),
    "refused": Refuse(),
    "truncated": Truncate(),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_no_failure_shows_a_secret(
    start_process: StartProcess,
    people: People,
    odoo: Odoo,
    gateway: Gateway,
    tmp_path: Path,
    fault: Fault,
) -> None:
    """Every kind of failure, of sign-ins and of calls, of reads and of changes: nowhere."""
    person = people.make("secretive", people.groups_of(odoo))
    log = tmp_path / "audit.jsonl"
    env = person.env | {"ODOO_URL": gateway.open().url, "AUDIT_LOG": str(log)}
    change = ("odoo_create", {"model": TAG, "values": {"name": "e2e secret"}})
    calls = [*CALLS[:2], change, ("odoo_search", {"model": "ir.mail_server"})]

    def fails(seen: Seen) -> Fault | None:
        return fault if seen.path == "/mcp/execute" else None

    gateway.rule = fails
    shown = run(start_process, env, calls)
    sessions = session_cookies(gateway)
    gateway.rule = lambda seen: fault if "session" in seen.path else None
    shown += run(start_process, env, calls[:1])
    for made in odoo.ids(TAG, [["name", "=", "e2e secret"]]):
        odoo.unlink(TAG, [made])
    audited = log.read_text()
    assert audited.count("\n") >= 2
    for text in (*shown, audited):
        assert_secret(text, person.password, *sessions)
    assert "e2e secret" not in audited


def test_key_is_not_shown(start_process: StartProcess, people: People, odoo: Odoo) -> None:
    """The same with an API key."""
    person = people.make("secretive", people.groups_of(odoo))
    key = person.odoo.make_api_key("e2e secrets")
    env = {"ODOO_URL": odoo.url, "ODOO_DB": odoo.database or "", "ODOO_API_KEY": key}
    for text in run(start_process, env, CALLS):
        assert_secret(text, key)


@pytest.mark.parametrize("variable", ["ODOO_PASSWORD", "ODOO_API_KEY"])
def test_refused_secrets_are_not_shown(
    start_process: StartProcess, admin: Person, variable: str
) -> None:
    """A password or key that Odoo refuses is not repeated in the error either."""
    wrong = f"Wrong-{secrets.token_urlsafe(16)}"
    for text in run(start_process, admin.env | {variable: wrong}, CALLS[:2]):
        assert_secret(text, wrong)


def test_secrets_are_not_shown_while_odoo_is_down(
    start_process: StartProcess, boss: Person, gateway: Gateway
) -> None:
    """Failures of the connection name the address and no secret."""
    env = boss.env | {"ODOO_URL": gateway.url}
    for text in run(start_process, env, CALLS[:2]):
        assert_secret(text, boss.password)


def test_values_are_not_logged(start_process: StartProcess, boss: Person, odoo: Odoo) -> None:
    """At the level `info` a change is logged by its fields, without its values."""
    confidential = f"confidential-{secrets.token_hex(8)}"
    server = start_process(boss.env | {"RUST_LOG": "info"})
    server.handshake()
    server.answer(server.call("odoo_create", {"model": TAG, "values": {"name": confidential}}))
    server.close_stdin()
    assert server.wait(20) == 0
    (made,) = odoo.ids(TAG, [["name", "=", confidential]])
    odoo.unlink(TAG, [made])
    assert TAG in server.stderr
    assert "create" in server.stderr
    assert confidential not in server.stderr
