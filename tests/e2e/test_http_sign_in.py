"""Over HTTP, whose request it is: right, wrong and withdrawn credentials, and what Odoo sees."""

from __future__ import annotations

import http.client
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import StartHttp, StartProcess
from support.gateway import Gateway, Reply, Seen
from support.http_server import HttpServer, basic, bearer
from support.http_wire import ENDPOINT, HttpAnswer, HttpWire, rpc_request
from support.odoo import Odoo
from support.people import People, Person

KEY_LOGIN = "/mcp/session"
PASSWORD_LOGIN = "/web/session/authenticate"


def wrong_key() -> str:
    """A header with a key that no Odoo has given out."""
    return bearer(secrets.token_hex(20))


def assert_unauthorized(answer: HttpAnswer) -> None:
    """The request was refused in a way from which people and clients learn what to send."""
    assert answer.status == 401, answer.text
    challenge = answer.headers["www-authenticate"]
    assert "Bearer" in challenge
    assert "Basic" in challenge
    assert answer.message["jsonrpc"] == "2.0"
    assert answer.message["error"]["data"]["kind"] == "authentication"
    assert "Authorization: Bearer <Odoo API key>" in answer.error
    # The variables of a server for one user are not what helps here.
    assert "ODOO_" not in answer.error


# ------------------------------------------------------------------ who may pass


def test_without_credentials(start_http: StartHttp, gateway: Gateway) -> None:
    """Nobody in particular gets nothing, and Odoo is not bothered."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    for method in ("tools/list", "server/discover"):
        assert_unauthorized(HttpWire(server.url).rpc(method))
    assert gateway.seen == []


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Basic !!!", "Basic YWRh", "Digest username=ada", "ada", "\xe9"],
)
def test_malformed_credentials(start_http: StartHttp, gateway: Gateway, authorization: str) -> None:
    """A header that says nobody is refused, with the right form, without asking Odoo."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    assert_unauthorized(HttpWire(server.url, authorization).rpc("tools/list"))
    assert gateway.seen == []


def test_key_and_password_are_taken(http_server: HttpServer, boss: Person) -> None:
    """A user's own key and their login with password lead to the same user."""
    key = boss.odoo.make_api_key("e2e http")
    try:
        for authorization in (bearer(key), f"bEARER   {key}", boss.authorization):
            user = HttpWire(http_server.url, authorization).call("odoo_capabilities")
            assert user.structured["user"]["id"] == boss.uid
    finally:
        boss.odoo.remove_api_keys()


def test_wrong_key_and_password(http_server: HttpServer, admin: Person) -> None:
    """What Odoo refuses is refused here, and is not repeated in the answer."""
    for authorization in (wrong_key(), basic(admin.login, "not the password")):
        answer = HttpWire(http_server.url, authorization).rpc("tools/list")
        assert_unauthorized(answer)
        assert authorization.split()[1] not in answer.text
        assert "not the password" not in answer.text


def test_right_password_of_nobody(http_server: HttpServer, admin: Person) -> None:
    """Another's password does not open a user's account."""
    authorization = basic(f"{admin.login}-{secrets.token_hex(3)}", admin.password)
    assert_unauthorized(HttpWire(http_server.url, authorization).rpc("tools/list"))


def test_who_is_refused_may_go_on(http_server: HttpServer, admin: Person) -> None:
    """After a refusal the connection serves the next request, whose sender would hear nothing
    if it were closed; unless the answer says that it is."""
    body, headers = rpc_request("tools/list")
    connection = http.client.HTTPConnection("127.0.0.1", http_server.port, timeout=30)
    try:
        for _ in range(10):
            for authorization, status in (("Bearer", 401), (admin.authorization, 200)):
                connection.putrequest("POST", ENDPOINT)
                for name, value in (headers | {"Authorization": authorization}).items():
                    connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(body)))
                # Head and body one after the other, as many clients send them.
                connection.endheaders()
                connection.send(body)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == status
                assert not answer.will_close
    finally:
        connection.close()


# ------------------------------------------------------------------ what Odoo sees of it


def test_a_user_is_signed_in_once(start_http: StartHttp, gateway: Gateway, boss: Person) -> None:
    """However many requests come at once, Odoo's slow check of the password is paid once."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: wire.call("odoo_count", model="res.company"), range(24)))
    assert {answer.structured["count"] for answer in answers} == {boss.odoo.count("res.company")}
    assert len(gateway.requests(PASSWORD_LOGIN)) == 1


def test_same_wrong_key_reaches_odoo_once(start_http: StartHttp, gateway: Gateway) -> None:
    """A client that repeats a wrong key in a loop, or in parallel, costs Odoo one check."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, wrong_key())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wire.rpc("tools/list"), range(24)))
    answers.append(wire.rpc("tools/list"))
    for answer in answers:
        assert_unauthorized(answer)
    assert len(gateway.requests(KEY_LOGIN)) == 1


def test_too_many_failed_sign_ins(
    start_http: StartHttp, gateway: Gateway, admin: Person, boss: Person
) -> None:
    """Guesses from one address are stopped before Odoo locks it out; who is at work goes on."""
    server = start_http("--failed-sign-ins", "3", env={"ODOO_URL": gateway.open().url})
    at_work = HttpWire(server.url, admin.authorization)
    at_work.rpc("tools/list").ok()
    for _ in range(3):
        assert_unauthorized(HttpWire(server.url, wrong_key()).rpc("tools/list"))
    # A new user from there has to wait, too: they cannot be told from who guesses.
    for authorization in (wrong_key(), boss.authorization):
        answer = HttpWire(server.url, authorization).rpc("tools/list")
        assert answer.status == 429, answer.text
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert "failed sign-ins" in answer.error
    assert len(gateway.requests(KEY_LOGIN)) == 3
    assert at_work.call("odoo_count", model="res.company").structured["count"] >= 1


@pytest.mark.parametrize("is_trusted", [False, True])
def test_forwarded_addresses(
    start_http: StartHttp, gateway: Gateway, boss: Person, is_trusted: bool
) -> None:
    """The address that a proxy names counts if the proxy is trusted, and else not."""
    option = ["--trust-forwarded-for"] if is_trusted else []
    server = start_http("--failed-sign-ins", "1", *option, env={"ODOO_URL": gateway.open().url})

    def sign_in(authorization: str, forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return HttpWire(server.url, authorization).rpc("tools/list", headers=headers).status

    assert sign_in(wrong_key(), "192.0.2.1") == 401
    # The client writes what it likes in front; the last entry is the proxy's.
    assert sign_in(wrong_key(), "198.51.100.9, 192.0.2.1") == 429
    assert sign_in(boss.authorization, "192.0.2.1, 198.51.100.9") == (200 if is_trusted else 429)


def locked_out(seen: Seen) -> Reply | None:
    """What Odoo answers to every login from an address with too many failed ones."""
    if seen.path != PASSWORD_LOGIN:
        return None
    data = {
        "name": "odoo.exceptions.AccessDenied",
        "message": "Too many login failures, please wait a bit before trying again.",
    }
    error = {"code": 200, "message": "Odoo Server Error", "data": data}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    return Reply(200, body, "application/json")


def test_lock_out_is_not_a_wrong_password(
    start_http: StartHttp, gateway: Gateway, boss: Person
) -> None:
    """While Odoo locks the server's address out, right passwords are not called wrong."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    gateway.rule = locked_out
    answer = wire.rpc("tools/list")
    assert answer.status == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert "too many have failed" in answer.error
    gateway.rule = None
    wire.rpc("tools/list").ok()


def test_odoo_is_down(start_http: StartHttp, gateway: Gateway, boss: Person) -> None:
    """An Odoo that cannot be asked makes nobody's credentials wrong; later they work."""
    server = start_http(env={"ODOO_URL": gateway.url})
    wire = HttpWire(server.url, boss.authorization)
    answer = wire.rpc("tools/list")
    assert answer.status == 503, answer.text
    assert "retry-after" in answer.headers
    assert answer.message["error"]["data"]["kind"] == "unreachable"
    gateway.open()
    wire.rpc("tools/list").ok()
    # Who is signed in is answered by the tools themselves.
    gateway.close()
    assert wire.call("odoo_count", model="res.company").tool_error["kind"] == "unreachable"


# ------------------------------------------------------------------ credentials that end


def test_ended_key(http_server: HttpServer, people: People) -> None:
    """A key that was removed in Odoo opens nothing any more, although its user was at work."""
    person = people.make("keyholder", ["base.group_user"])
    wire = HttpWire(http_server.url, bearer(person.odoo.make_api_key("e2e http")))
    assert wire.call("odoo_capabilities").structured["user"]["id"] == person.uid
    person.odoo.remove_api_keys()
    failed = wire.call("odoo_count", model="res.partner")
    assert failed.tool_error["kind"] == "authentication"
    assert_unauthorized(wire.call("odoo_count", model="res.partner"))


@pytest.mark.users
def test_changed_password(
    start_http: StartHttp, gateway: Gateway, people: People, odoo: Odoo
) -> None:
    """The old password ends with its change, for all calls at once and at the price of few
    failed logins: Odoo counts them, and locks the server's address out after ten."""
    person = people.make("changer", ["base.group_user"])
    server = start_http(env={"ODOO_URL": gateway.open().url})
    old = HttpWire(server.url, person.authorization)
    old.call("odoo_count", model="res.partner").ok()
    signed_in = len(gateway.requests(PASSWORD_LOGIN))
    password = secrets.token_urlsafe(16)
    odoo.write("res.users", [person.uid], {"password": password})
    with ThreadPoolExecutor(8) as pool:
        calls = pool.map(lambda _: old.call("odoo_count", model="res.partner"), range(8))
        for answer in calls:
            if answer.status == 200:
                assert answer.tool_error["kind"] == "authentication"
            else:
                assert_unauthorized(answer)
    assert_unauthorized(old.rpc("tools/list"))
    assert len(gateway.requests(PASSWORD_LOGIN)) - signed_in <= 3
    new = HttpWire(server.url, basic(person.login, password))
    assert new.call("odoo_capabilities").structured["user"]["id"] == person.uid


# ------------------------------------------------------------------ a user of the server's own


def test_requests_without_credentials_act_as_the_configured_user(
    start_http: StartHttp, boss: Person, clerk: Person
) -> None:
    """On a loopback address, as long as a request brings no other user."""
    server = start_http(env=dict(boss.env))
    for wire, person in (
        (HttpWire(server.url), boss),
        (HttpWire(server.url, clerk.authorization), clerk),
        (HttpWire(server.url), boss),
    ):
        assert wire.call("odoo_capabilities").structured["user"]["id"] == person.uid
    assert_unauthorized(HttpWire(server.url, wrong_key()).rpc("tools/list"))


def test_a_configured_user_is_not_for_everybody(start_process: StartProcess, admin: Person) -> None:
    """Where others reach the port, they would act as that user: the server does not start."""
    server = start_process(admin.env, "--http", "0.0.0.0:0")
    assert server.wait(20) == 1
    assert "everybody who reaches the port would act as the configured Odoo user" in server.stderr
    assert "Unset ODOO_API_KEY, ODOO_USERNAME and ODOO_PASSWORD" in server.stderr


def test_all_addresses_without_a_configured_user(binary: Path, admin: Person) -> None:
    """Without such a user it starts, and says that a proxy has to speak TLS in front of it."""
    with HttpServer(binary, admin.site, address="0.0.0.0:0") as server:
        port = server.wait_ready().port
        here = f"http://127.0.0.1:{port}/mcp"
        assert_unauthorized(HttpWire(here).rpc("tools/list"))
        user = HttpWire(here, admin.authorization).call("odoo_capabilities").structured["user"]
        assert user["id"] == admin.uid
        assert "TLS" in server.log
