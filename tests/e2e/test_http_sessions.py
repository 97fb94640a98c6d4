"""Over HTTP, sessions for clients of older protocol versions (`--http-sessions`)."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import StartHttp
from support.http_server import HttpServer
from support.http_wire import LEGACY, HttpAnswer, HttpWire, initialize
from support.people import Person

SESSION = "mcp-session-id"


class Session:
    """A client's session, in raw requests."""

    def __init__(self, server: HttpServer, person: Person, **capabilities: Any) -> None:
        self.wire = HttpWire(server.url, person.authorization)
        opened = self.wire.rpc("initialize", initialize(capabilities), version=LEGACY)
        assert opened.result["protocolVersion"] == LEGACY
        self.headers = {SESSION: opened.headers[SESSION], "MCP-Protocol-Version": LEGACY}
        told = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
        accepts = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        assert self.wire.send("POST", body=told, headers=self.headers | accepts).status == 202

    def rpc(self, method: str, params: dict[str, Any] | None = None) -> HttpAnswer:
        """A request in this session."""
        return self.wire.rpc(method, params, version=LEGACY, headers=self.headers)

    def delete(self) -> int:
        """Ends the session; the status of the answer."""
        return self.wire.send("DELETE", headers=self.headers).status


@pytest.fixture
def server(start_http: StartHttp) -> HttpServer:
    """A server that keeps sessions."""
    return start_http("--http-sessions")


def test_a_session_lists_and_calls(server: HttpServer, boss: Person) -> None:
    """A client of an older version that can be asked back works in its session."""
    session = Session(server, boss, elicitation={})
    listed = session.rpc("tools/list").result["tools"]
    assert len(listed) > 10
    called = session.rpc("tools/call", {"name": "odoo_capabilities", "arguments": {}})
    assert called.structured["user"]["id"] == boss.uid


def test_delete_ends_a_session(server: HttpServer, boss: Person) -> None:
    """After DELETE its id is unknown; the user goes on in another session."""
    session, other = Session(server, boss), Session(server, boss)
    assert session.delete() in (200, 202, 204)
    assert session.rpc("tools/list").status == 404
    assert session.delete() in (202, 404)
    assert other.rpc("tools/list").result["tools"]


def test_a_session_of_another_user_is_worthless(
    server: HttpServer, boss: Person, clerk: Person
) -> None:
    """Neither listed nor called, neither heard nor ended, however the id was come by."""
    session = Session(server, boss)
    thief = HttpWire(server.url, clerk.authorization)
    for method, params in (
        ("tools/list", {}),
        ("tools/call", {"name": "odoo_capabilities", "arguments": {}}),
    ):
        answer = thief.rpc(method, params, version=LEGACY, headers=session.headers)
        assert answer.status == 404
        assert "no such session of this user" in answer.error
    listening = session.headers | {"Accept": "text/event-stream"}
    assert thief.send("GET", headers=listening).status == 404
    assert thief.send("DELETE", headers=session.headers).status == 404
    # Without credentials it is worth nothing either, and its owner goes on.
    assert HttpWire(server.url).rpc("tools/list", headers=session.headers).status == 401
    assert session.rpc("tools/list").result["tools"]


@pytest.mark.parametrize("made_up", ["x", "", ".", "a.b", "e30.e30"])
def test_sessions_cannot_be_made_up(server: HttpServer, boss: Person, made_up: str) -> None:
    """Only ids that were handed out are taken: whole, and of this process."""
    session = Session(server, boss)
    real = session.headers[SESSION]
    for forged in (made_up, real + "A", real.partition(".")[0], real[:-1]):
        session.headers[SESSION] = forged
        assert session.rpc("tools/list").status == 404


def test_a_session_is_of_one_process(start_http: StartHttp, boss: Person) -> None:
    """Another process does not know it, and says what a client has to do."""
    first, second = (start_http("--http-sessions") for _ in range(2))
    session = Session(first, boss)
    elsewhere = HttpWire(second.url, boss.authorization)
    answer = elsewhere.rpc("tools/list", version=LEGACY, headers=session.headers)
    assert answer.status == 404
    assert "initialize" in answer.error


def test_most_sessions(start_http: StartHttp, boss: Person, clerk: Person) -> None:
    """No more than `--max-sessions` at once; clients without sessions do not notice."""
    server = start_http("--http-sessions", "--max-sessions", "2")
    first = Session(server, boss)
    Session(server, boss)
    wire = HttpWire(server.url, clerk.authorization)
    refused = wire.rpc("initialize", initialize(), version=LEGACY)
    assert refused.status == 429, refused.text
    assert int(refused.headers["retry-after"]) >= 1
    # Also in the clothes of a newer client.
    assert wire.rpc("initialize", initialize()).status == 429
    assert first.rpc("tools/list").result["tools"]
    assert wire.rpc("tools/list").result["tools"]
    first.delete()
    assert Session(server, clerk).rpc("tools/list").result["tools"]


def test_one_user_cannot_take_all_sessions(
    start_http: StartHttp, boss: Person, clerk: Person
) -> None:
    """A client that opens sessions without end is stopped at its user's share."""
    server = start_http("--http-sessions", "--max-sessions", "20")
    sessions = [Session(server, boss) for _ in range(8)]
    wire = HttpWire(server.url, boss.authorization)
    refused = wire.rpc("initialize", initialize(), version=LEGACY)
    assert refused.status == 429, refused.text
    assert "this user" in refused.error
    assert Session(server, clerk).rpc("tools/list").result["tools"]
    sessions[0].delete()
    assert Session(server, boss).rpc("tools/list").result["tools"]


def test_without_the_option_there_are_none(http_server: HttpServer, boss: Person) -> None:
    """Older clients are served all the same, each request for itself."""
    wire = HttpWire(http_server.url, boss.authorization)
    opened = wire.rpc("initialize", initialize(), version=LEGACY)
    assert opened.result["serverInfo"]["name"] == "odoo"
    assert SESSION not in opened.headers
    assert wire.rpc("tools/list", version=LEGACY).result["tools"]
    assert wire.send("GET", headers={"Accept": "text/event-stream"}).status == 405
    assert wire.send("DELETE").status == 405
