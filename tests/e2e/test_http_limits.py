"""Over HTTP, what is refused whoever asks: strangers' hosts and pages, and too much of anything."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from conftest import StartHttp
from support.http_server import HttpServer
from support.http_wire import HttpAnswer, HttpWire, rpc_request
from support.people import Person

PAGE = "https://app.example.com"


def tell_time(answer: HttpAnswer) -> int:
    """The seconds after which a request that was refused may come again."""
    assert answer.status == 429, answer.text
    seconds = int(answer.headers["retry-after"])
    assert f"{seconds} s" in answer.error
    return seconds


# ------------------------------------------------------------------ hosts


@pytest.mark.parametrize("host", ["odoo.example.com", "127.0.0.1.example.com", "10.0.0.7:80"])
def test_foreign_hosts_are_refused(http_server: HttpServer, admin: Person, host: str) -> None:
    """A name that leads here, but is not ours, is how pages of strangers reach local servers."""
    answer = HttpWire(http_server.url, admin.authorization).rpc(
        "tools/list", headers={"Host": host}
    )
    assert answer.status == 403
    assert b"odoo_" not in answer.body


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]", "LOCALHOST:8808"])
def test_own_hosts_are_taken(http_server: HttpServer, admin: Person, host: str) -> None:
    """The names of the loopback address are always ours."""
    wire = HttpWire(http_server.url, admin.authorization)
    assert wire.rpc("tools/list", headers={"Host": host}).result["tools"]


def test_hosts_are_allowed_by_option(start_http: StartHttp, admin: Person) -> None:
    """`--allow-host` takes several names; others stay foreign."""
    server = start_http("--allow-host", "mcp.example.com,mcp.example.org")
    wire = HttpWire(server.url, admin.authorization)
    for host, status in (
        ("mcp.example.com", 200),
        ("mcp.example.org:443", 200),
        ("mcp.example.net", 403),
    ):
        assert wire.rpc("tools/list", headers={"Host": host}).status == status, host


# ------------------------------------------------------------------ web pages


@pytest.mark.parametrize("origin", [PAGE, "null", "http://localhost:5173", "not an origin"])
def test_foreign_pages_are_refused(http_server: HttpServer, admin: Person, origin: str) -> None:
    """A page of any other origin gets nothing, and its browser hears that it may read nothing."""
    wire = HttpWire(http_server.url, admin.authorization)
    answer = wire.rpc("tools/list", headers={"Origin": origin})
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    asked = HttpWire(http_server.url).send("OPTIONS", headers=preflight(origin))
    assert asked.status == 401
    assert "access-control-allow-origin" not in asked.headers


def preflight(origin: str) -> dict[str, str]:
    """What a browser asks before a page of this origin may send credentials."""
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version",
    }


def test_pages_are_allowed_by_option(start_http: StartHttp, admin: Person) -> None:
    """A page of an allowed origin may ask, call and read, as its browser sees it."""
    server = start_http("--allow-origin", f"{PAGE}:443,http://localhost:*")
    for origin in (PAGE, "http://localhost:5173"):
        asked = HttpWire(server.url).send("OPTIONS", headers=preflight(origin))
        assert asked.status == 204
        assert asked.headers["access-control-allow-origin"] == origin
        assert "POST" in asked.headers["access-control-allow-methods"]
        assert "authorization" in asked.headers["access-control-allow-headers"]
        answer = HttpWire(server.url, admin.authorization).rpc(
            "tools/list", headers={"Origin": origin}
        )
        assert answer.result["tools"]
        assert answer.headers["access-control-allow-origin"] == origin
        assert "Mcp-Session-Id" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]
        # Also that it has to sign in.
        refused = HttpWire(server.url).rpc("tools/list", headers={"Origin": origin})
        assert refused.status == 401
        assert refused.headers["access-control-allow-origin"] == origin
    for origin in (f"{PAGE}:8443", "http://app.example.com", f"{PAGE}.example.org"):
        wire = HttpWire(server.url, admin.authorization)
        answer = wire.rpc("tools/list", headers={"Origin": origin})
        assert answer.status == 403, origin
        assert "access-control-allow-origin" not in answer.headers


# ------------------------------------------------------------------ bodies


def padded(size: int) -> bytes:
    """A right request of this many bytes."""
    body, _ = rpc_request("tools/list")
    return body + b" " * (size - len(body))


def test_large_bodies(start_http: StartHttp, admin: Person) -> None:
    """A body over `--max-body` is refused with its own status, whether its length is told or
    not; the largest one that is allowed is read."""
    most = 20_000
    server = start_http("--max-body", str(most))
    wire = HttpWire(server.url, admin.authorization)
    _, headers = rpc_request("tools/list")
    assert wire.send("POST", body=padded(most), headers=headers).result["tools"]
    assert wire.send("POST", body=padded(most + 1), headers=headers).status == 413
    # In parts, and without a length.
    assert wire.send("POST", body=[padded(most), b" "], headers=headers).status == 413


def test_large_bodies_of_strangers_are_not_read(http_server: HttpServer) -> None:
    """Who has not signed in is refused by the head of the request alone."""
    _, headers = rpc_request("tools/list")
    told = headers | {"Content-Length": str(10**9)}
    answer = HttpWire(http_server.url).send("POST", headers=told)
    assert answer.status == 401
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"jsonrpc": "2.0"}', b"\xff\xfe"])
def test_what_is_no_request(http_server: HttpServer, admin: Person, body: bytes) -> None:
    """Anything else than one JSON-RPC message is the client's fault, and says so."""
    _, headers = rpc_request("tools/list")
    answer = HttpWire(http_server.url, admin.authorization).send("POST", body=body, headers=headers)
    assert 400 <= answer.status < 500, answer.text


def test_other_paths_say_where_to_go(http_server: HttpServer) -> None:
    """Whoever calls at the wrong place is shown the right ones."""
    for path in ("/", "/mcp/", "/sse", "/.well-known/oauth-protected-resource"):
        answer = HttpWire(http_server.url).get(path)
        assert answer.status == 404
        assert "/mcp" in answer.text


# ------------------------------------------------------------------ rates


def test_rate_limit_is_each_users_own(start_http: StartHttp, admin: Person, boss: Person) -> None:
    """Who asks too often hears when to come again; nobody else notices."""
    # A quarter of it may come at once; the rest of the minute gives one every six seconds.
    server = start_http("--rate-limit", "10")
    hasty, other = (HttpWire(server.url, person.authorization) for person in (admin, boss))
    answers = [hasty.rpc("tools/list") for _ in range(4)]
    assert [answer.status for answer in answers[:2]] == [200, 200]
    assert answers[-1].status == 429
    assert 1 <= tell_time(answers[-1]) <= 7
    assert other.rpc("tools/list").result["tools"]


def test_few_places_for_users(start_http: StartHttp, admin: Person, boss: Person) -> None:
    """More users than `--max-users` are served all the same, one after the other's session."""
    server = start_http("--max-users", "1")
    for _ in range(2):
        for person in (admin, boss):
            user = HttpWire(server.url, person.authorization).call("odoo_capabilities")
            assert user.structured["user"]["id"] == person.uid


def test_options_are_checked(start_http: StartHttp) -> None:
    """Limits of zero would serve nobody."""
    for option in ("--rate-limit", "--failed-sign-ins"):
        with pytest.raises(RuntimeError, match=option):
            start_http(option, "0")


def test_json_is_what_an_error_is(http_server: HttpServer, admin: Person) -> None:
    """An unknown method is an error of the protocol, in JSON, with the request's id."""
    answer = HttpWire(http_server.url, admin.authorization).rpc("no/such/method")
    message: dict[str, Any] = json.loads(answer.body)
    assert message["error"]["code"] == -32601
    assert message["id"] == 1


# ------------------------------------------------------------------ more than one process


def test_cursors_are_good_on_every_process(start_http: StartHttp, boss: Person) -> None:
    """The pages of a long list come from whichever process the load balancer picks."""
    servers = [start_http("--profile", "all") for _ in range(2)]
    wires = [HttpWire(server.url, boss.authorization) for server in servers]
    whole = wires[0].tools()
    assert len(whole) > 200, "the list has to have several pages"
    names: list[str] = []
    cursor: dict[str, Any] = {}
    for wire in itertools.cycle(wires):
        page = wire.rpc("tools/list", cursor).result
        names += [tool["name"] for tool in page["tools"]]
        if "nextCursor" not in page:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert names == whole


def test_cursors_of_another_list_are_refused(
    start_http: StartHttp, boss: Person, clerk: Person
) -> None:
    """A cursor of a user with other rights would leave tools out: it is refused, with the mend."""
    server = start_http("--profile", "all")
    first = HttpWire(server.url, boss.authorization).rpc("tools/list").result
    answer = HttpWire(server.url, clerk.authorization).rpc(
        "tools/list", {"cursor": first["nextCursor"]}
    )
    assert answer.message["error"]["code"] == -32602
    assert "list again from the start" in answer.error
