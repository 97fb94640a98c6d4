"""Over HTTP, what watchers see: health, readiness, numbers, and a log without secrets."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from conftest import Records, StartHttp
from support.gateway import Gateway, Hold
from support.http_server import HttpServer, basic, bearer
from support.http_wire import LEGACY, HttpWire, initialize
from support.odoo import Odoo
from support.openmetrics import CONTENT_TYPE, Family, parse
from support.people import People, Person
from support.secret import CALLS, LOUD, assert_secret, session_cookies
from support.waiting import wait_until

TAG = "res.partner.category"
# Who asks whether the server is ready has little patience; a busy machine gets some more.
READY_SECONDS = 15.0


def metrics(server: HttpServer) -> dict[str, Family]:
    """The numbers right now."""
    answer = HttpWire(server.url).get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(CONTENT_TYPE)
    return {name.removeprefix("butopea_mcp_"): all_ for name, all_ in parse(answer.text).items()}


# ------------------------------------------------------------------ health and readiness


def test_health_and_readiness(start_http: StartHttp, gateway: Gateway) -> None:
    """The process is healthy from its start; it is ready while Odoo answers. Nobody signs in."""
    server = start_http(env={"ODOO_URL": gateway.url})
    wire = HttpWire(server.url)
    for is_open in (False, True, False):
        if is_open:
            gateway.open()
        else:
            gateway.close()
        health, ready = wire.get("/health"), wire.get("/ready")
        assert health.status == 200
        assert health.headers["content-type"] == "application/json"
        assert ready.status == (200 if is_open else 503), ready.text
        assert ready.headers["content-type"] == "application/json"
    assert {seen.path for seen in gateway.seen} == {"/web/health"}


def test_not_ready_while_odoo_hangs(start_http: StartHttp, gateway: Gateway) -> None:
    """An Odoo that takes a request and says nothing is as good as none."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    released = Event()
    gateway.rule = lambda _: Hold(released)
    with ThreadPoolExecutor(1) as pool:
        try:
            answer = pool.submit(HttpWire(server.url).get, "/ready").result(READY_SECONDS)
            assert answer.status == 503
        finally:
            released.set()


# ------------------------------------------------------------------ numbers


def test_metrics_count_what_happened(start_http: StartHttp, boss: Person, clerk: Person) -> None:
    """Calls by tool and outcome, sign-ins, refusals, sessions that are held."""
    server = start_http()
    wire = HttpWire(server.url, boss.authorization)
    for _ in range(3):
        wire.call("odoo_count", model="res.company").ok()
    assert wire.call("odoo_count", model="no.such.model").tool_error
    HttpWire(server.url, clerk.authorization).rpc("tools/list").ok()
    HttpWire(server.url).rpc("tools/list")
    HttpWire(server.url, bearer(secrets.token_hex(20))).rpc("tools/list")
    seen = metrics(server)
    calls = seen["tool_calls"]
    assert calls.kind == "counter"
    assert calls.value("_total", tool="odoo_count", outcome="ok") == 3
    assert calls.value("_total", tool="odoo_count", outcome="unknown_model") == 1
    seconds = seen["tool_call_seconds"]
    assert seconds.kind == "histogram"
    assert seconds.value("_count", tool="odoo_count") == 4
    assert seconds.value("_bucket", tool="odoo_count", le="+Inf") == 4
    assert seen["tool_calls_running"].value() == 0
    assert seen["odoo_sessions"].value() == 2
    assert seen["sign_ins"].value("_total", outcome="ok") == 2
    assert seen["sign_ins"].value("_total", outcome="authentication") == 1
    assert seen["requests_refused"].value("_total", reason="credentials") == 2
    assert all(family.help and family.kind for family in seen.values())


def test_metrics_count_running_calls(start_http: StartHttp, boss: Person, gateway: Gateway) -> None:
    """A call that Odoo works on is one that runs."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    wire.rpc("tools/list").ok()
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == "/mcp/execute" else None
    with ThreadPoolExecutor(1) as pool:
        try:
            call = pool.submit(wire.call, "odoo_count", model="res.company")
            wait_until(lambda: metrics(server)["tool_calls_running"].value() == 1, "the call")
        finally:
            released.set()
        call.result().ok()
    assert metrics(server)["tool_calls_running"].value() == 0


def test_metrics_say_nothing_about_anybody(
    start_http: StartHttp, boss: Person, records: Records, mark: str
) -> None:
    """Neither users nor models, records or words of callers become a name or a label."""
    server = start_http()
    key = boss.odoo.make_api_key("e2e metrics")
    record = records.make(TAG, name=mark)
    try:
        for authorization in (boss.authorization, bearer(key)):
            wire = HttpWire(server.url, authorization)
            wire.call("odoo_read", model=TAG, id=record).ok()
            assert wire.call("odoo_search", model=f"x.{mark}", order=mark).tool_error
            wire.call(mark.replace("-", "_"))
    finally:
        boss.odoo.remove_api_keys()
    text = HttpWire(server.url).get("/metrics").text
    assert "odoo_read" in text
    for hidden in (mark, mark.replace("-", "_"), TAG, boss.login):
        assert hidden not in text, hidden
    assert_secret(text, boss.password, key)


# ------------------------------------------------------------------ the log


@pytest.mark.users
def test_secrets_are_not_shown(
    start_http: StartHttp, people: People, odoo: Odoo, gateway: Gateway
) -> None:
    """At the loudest level: right and wrong credentials, calls, sessions, and the end."""
    server = start_http("--http-sessions", env=LOUD | {"ODOO_URL": gateway.open().url})
    person = people.make("secretive", people.groups_of(odoo))
    key = person.odoo.make_api_key("e2e secrets")
    wrong = f"Wrong-{secrets.token_urlsafe(16)}"
    answers = []
    for authorization in (person.authorization, bearer(key)):
        wire = HttpWire(server.url, authorization)
        answers += [wire.rpc("tools/list").text]
        answers += [wire.call(name, **arguments).text for name, arguments in CALLS]
    opened = HttpWire(server.url, person.authorization).rpc(
        "initialize", initialize({"elicitation": {}}), version=LEGACY
    )
    session = opened.headers["mcp-session-id"]
    for authorization in (bearer(wrong), basic(person.login, wrong), f"Digest {wrong}"):
        answers += [HttpWire(server.url, authorization).rpc("tools/list").text]
    server.ask_to_stop()
    assert server.wait(20) == 0
    assert "TRACE" in server.log
    hidden = [person.password, key, wrong, session, *session_cookies(gateway)]
    hidden += [authorization.split()[1] for authorization in (person.authorization, bearer(key))]
    assert_secret(server.log, *hidden)
    for answer in answers:
        assert_secret(answer, *hidden)


def test_a_usual_day_is_quiet(start_http: StartHttp, boss: Person) -> None:
    """Without a level, the log says where the server listens, and not what its users do."""
    server = start_http()
    wire = HttpWire(server.url, boss.authorization)
    wire.rpc("tools/list").ok()
    wire.call("odoo_count", model="res.company").ok()
    assert wire.call("odoo_count", model="no.such.model").tool_error
    HttpWire(server.url).rpc("tools/list")
    server.ask_to_stop()
    assert server.wait(20) == 0
    (listening, stopping) = server.log.splitlines()
    assert f"listening on {server.url}" in listening
    assert "asked to stop" in stopping
