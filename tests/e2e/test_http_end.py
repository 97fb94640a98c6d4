"""Over HTTP, how things end: the process while it works, users who leave, their Odoo sessions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest
from conftest import Records, StartHttp
from support.gateway import Gateway, Hold, LoseAnswer
from support.http_server import HttpServer, bearer
from support.http_wire import LEGACY, HttpAnswer, HttpWire, initialize, rpc_request
from support.odoo import Odoo
from support.people import Person
from support.waiting import wait_until

TAG = "res.partner.category"
EXECUTE = "/mcp/execute"
DESTROY = "/web/session/destroy"
# An exit takes milliseconds; a busy machine gets more.
PROMPT_SECONDS = 5.0
# With a call that is given up after some seconds.
PATIENT_SECONDS = 20.0


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for requests that take their time."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


def cookies(gateway: Gateway, path: str | None = None) -> set[str]:
    """The Odoo sessions with which requests (to one path) came."""
    return {
        seen.headers["Cookie"].partition("session_id=")[2]
        for seen in gateway.seen
        if "session_id=" in seen.headers.get("Cookie", "") and path in (None, seen.path)
    }


def is_open(odoo: Odoo, cookie: str) -> bool:
    """Whether Odoo still takes a session for somebody's."""
    guest = odoo.anonymous()
    return "result" in guest.post("/mcp/capabilities", cookie=cookie).body


def is_ended(gateway: Gateway, odoo: Odoo, cookie: str) -> bool:
    """Whether the server has ended a session, and Odoo has done so."""
    return cookie in cookies(gateway, DESTROY) and not is_open(odoo, cookie)


# ------------------------------------------------------------------ sessions in Odoo


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_sessions_end_with_the_process(
    start_http: StartHttp, gateway: Gateway, odoo: Odoo, boss: Person, clerk: Person, name: str
) -> None:
    """Asked to stop, it signs everybody out of Odoo and ends with code 0, at once."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    key = boss.odoo.make_api_key("e2e end")
    try:
        for authorization in (boss.authorization, clerk.authorization, bearer(key)):
            HttpWire(server.url, authorization).call("odoo_count", model="res.company").ok()
        used = cookies(gateway)
        assert len(used) == 3
        assert all(is_open(odoo, cookie) for cookie in used)
        server.ask_to_stop(name)
        assert server.wait(PROMPT_SECONDS) == 0
        assert cookies(gateway, DESTROY) == used
        assert not any(is_open(odoo, cookie) for cookie in used)
    finally:
        boss.odoo.remove_api_keys()


def test_odoo_that_is_down_holds_up_no_exit(
    start_http: StartHttp, gateway: Gateway, boss: Person
) -> None:
    """Sessions that cannot be ended are left to Odoo."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    HttpWire(server.url, boss.authorization).rpc("tools/list").ok()
    gateway.close()
    server.ask_to_stop()
    assert server.wait(PROMPT_SECONDS) == 0


def test_odoo_that_hangs_holds_up_no_exit(
    start_http: StartHttp, gateway: Gateway, boss: Person, clerk: Person
) -> None:
    """Nor does one that takes the requests and says nothing."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    for person in (boss, clerk):
        HttpWire(server.url, person.authorization).rpc("tools/list").ok()
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == DESTROY else None
    try:
        server.ask_to_stop()
        assert server.wait(PATIENT_SECONDS) == 0
    finally:
        released.set()
    assert "Odoo did not end all sessions" in server.log


def test_idle_users_are_signed_out(
    start_http: StartHttp, gateway: Gateway, odoo: Odoo, boss: Person
) -> None:
    """Who makes no request for `--user-idle` seconds holds nothing in Odoo, also when nobody
    else comes; with the next request they are back."""
    server = start_http("--user-idle", "1", env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    ended: set[str] = set()
    for _ in range(2):
        wire.call("odoo_count", model="res.company").ok()
        (at_work,) = cookies(gateway) - ended
        wait_until(partial(is_ended, gateway, odoo, at_work), "the session's end")
        ended.add(at_work)


def test_who_has_no_place_is_signed_out(
    start_http: StartHttp, gateway: Gateway, boss: Person, clerk: Person, admin: Person
) -> None:
    """With places for two, a third user takes that of who was idle longest; and only that."""
    server = start_http("--max-users", "2", env={"ODOO_URL": gateway.open().url})

    def count(person: Person) -> None:
        wire = HttpWire(server.url, person.authorization)
        wire.call("odoo_count", model="res.company").ok()

    count(boss)
    (first,) = cookies(gateway)
    count(clerk)
    # The one comes more often than the other ever did.
    for _ in range(5):
        count(boss)
    (second,) = cookies(gateway) - {first}
    count(admin)
    wait_until(lambda: cookies(gateway, DESTROY) == {second}, "the end of the second session")
    count(boss)
    assert cookies(gateway, DESTROY) == {second}


def test_reconnect_leaves_no_session_behind(
    start_http: StartHttp, gateway: Gateway, odoo: Odoo, boss: Person
) -> None:
    """`odoo_reconnect` ends the session that it replaces."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    wire.call("odoo_count", model="res.company").ok()
    (old,) = cookies(gateway)
    wire.call("odoo_reconnect").ok()
    assert not is_open(odoo, old)
    wire.call("odoo_count", model="res.company").ok()


# ------------------------------------------------------------------ calls under way


def begin_create(
    pool: ThreadPoolExecutor, wire: HttpWire, gateway: Gateway, odoo: Odoo, name: str
) -> tuple[Future[HttpAnswer], int]:
    """Sends a create and waits until Odoo has done it; the answer to come, and the record."""
    values = {"name": name}
    answer = pool.submit(wire.call, "odoo_create", model=TAG, values=values)
    wait_until(lambda: gateway.requests(EXECUTE), "the create to be sent")
    (made,) = wait_until(lambda: odoo.ids(TAG, [["name", "=", name]]), "the create to be done")
    return answer, made


def test_a_write_under_way_is_answered(
    start_http: StartHttp,
    gateway: Gateway,
    odoo: Odoo,
    boss: Person,
    records: Records,
    mark: str,
    pool: ThreadPoolExecutor,
) -> None:
    """Asked to stop while Odoo works on a write, the server answers it, and ends then."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    wire.rpc("tools/list").ok()
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == EXECUTE else None
    try:
        answer, made = begin_create(pool, wire, gateway, odoo, mark)
        records.adopt(TAG, made)
        server.ask_to_stop()
        # It has heard of it: whoever balances the load sends nobody here any more.
        wait_until(lambda: HttpWire(server.url).get("/ready").status == 503, "the stop")
        assert HttpWire(server.url).get("/health").status == 200
    finally:
        released.set()
    assert answer.result(PROMPT_SECONDS).structured["id"] == made
    assert server.wait(PROMPT_SECONDS) == 0


def test_a_write_that_takes_too_long_is_told_so(
    start_http: StartHttp,
    gateway: Gateway,
    odoo: Odoo,
    boss: Person,
    records: Records,
    mark: str,
    pool: ThreadPoolExecutor,
) -> None:
    """A write that Odoo does not answer in time is given up; its client hears what to check."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    wire.rpc("tools/list").ok()
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == EXECUTE else None
    try:
        answer, made = begin_create(pool, wire, gateway, odoo, mark)
        records.adopt(TAG, made)
        server.ask_to_stop()
        told = answer.result(PATIENT_SECONDS)
        assert server.wait(PATIENT_SECONDS) == 0
    finally:
        released.set()
    assert told.status == 200
    assert "the server stopped before Odoo answered" in told.error
    assert "read the record" in told.error
    assert "given up" in server.log


def test_lost_answers_are_uncertain(
    start_http: StartHttp,
    gateway: Gateway,
    odoo: Odoo,
    boss: Person,
    records: Records,
    mark: str,
) -> None:
    """A write none of whose answers arrives may have happened, and says so; it happened once."""
    server = start_http(env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    wire.rpc("tools/list").ok()
    gateway.rule = lambda seen: LoseAnswer() if seen.path == EXECUTE else None
    error = wire.call("odoo_create", model=TAG, values={"name": mark}).tool_error
    assert error["kind"] == "uncertain"
    (made,) = odoo.ids(TAG, [["name", "=", mark]])
    records.adopt(TAG, made)
    keys = {seen.body.split(b"idempotency_key")[1][:30] for seen in gateway.requests(EXECUTE)}
    assert len(gateway.requests(EXECUTE)) == 5
    assert len(keys) == 1


# ------------------------------------------------------------------ open streams


def listen(pool: ThreadPoolExecutor, wire: HttpWire) -> Future[str]:
    """Listens for changes of the list of tools; what was heard when it ended."""
    body, headers = rpc_request(
        "subscriptions/listen", {"notifications": {"toolsListChanged": True}}
    )
    acknowledged = Event()

    def run() -> str:
        with wire.open("POST", body=body, headers=headers) as response:
            assert response.status == 200
            heard = b""
            while line := response.readline():
                heard += line
                if line.startswith(b"data:") and len(line) > 10:
                    acknowledged.set()
            return heard.decode()

    listening = pool.submit(run)
    assert acknowledged.wait(PATIENT_SECONDS), "the subscription was not acknowledged"
    return listening


def test_listeners_hold_up_no_exit(
    start_http: StartHttp, boss: Person, clerk: Person, pool: ThreadPoolExecutor
) -> None:
    """Open subscriptions end in good order, and at once."""
    server = start_http()
    heard = [listen(pool, HttpWire(server.url, person.authorization)) for person in (boss, clerk)]
    server.ask_to_stop()
    assert server.wait(PROMPT_SECONDS) == 0
    for stream in heard:
        assert '"result"' in stream.result(PROMPT_SECONDS).splitlines()[-2]


def test_streams_of_sessions_hold_up_no_exit(
    start_http: StartHttp, boss: Person, pool: ThreadPoolExecutor
) -> None:
    """Nor do the streams that clients of older versions keep open, or connections that idle."""
    server = start_http("--http-sessions")
    wire = HttpWire(server.url, boss.authorization)
    opened = wire.rpc("initialize", initialize(), version=LEGACY)
    session = {"mcp-session-id": opened.headers["mcp-session-id"]}
    head = session | {"Accept": "text/event-stream", "MCP-Protocol-Version": LEGACY}
    with wire.open("GET", headers=head) as stream, wire.open("GET", "/health"):
        assert stream.status == 200
        ending = pool.submit(stream.read)
        server.ask_to_stop()
        assert server.wait(PROMPT_SECONDS) == 0
        ending.result(PROMPT_SECONDS)


def test_a_result_in_a_session_is_given_to_the_end(
    start_http: StartHttp,
    gateway: Gateway,
    odoo: Odoo,
    boss: Person,
    records: Records,
    mark: str,
    pool: ThreadPoolExecutor,
) -> None:
    """Also where results come as events, a write is answered before the process ends."""
    server: HttpServer = start_http("--http-sessions", env={"ODOO_URL": gateway.open().url})
    wire = HttpWire(server.url, boss.authorization)
    opened = wire.rpc("initialize", initialize(), version=LEGACY)
    session = {"mcp-session-id": opened.headers["mcp-session-id"]}
    told = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    ready = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
    assert wire.send("POST", body=ready, headers=session | told).status == 202
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == EXECUTE else None
    params = {"name": "odoo_create", "arguments": {"model": TAG, "values": {"name": mark}}}
    try:
        answer = pool.submit(wire.rpc, "tools/call", params, version=LEGACY, headers=session)
        (made,) = wait_until(lambda: odoo.ids(TAG, [["name", "=", mark]]), "the create")
        records.adopt(TAG, made)
        server.ask_to_stop()
        wait_until(lambda: HttpWire(server.url).get("/ready").status == 503, "the stop")
    finally:
        released.set()
    assert answer.result(PROMPT_SECONDS).structured["id"] == made
    assert server.wait(PROMPT_SECONDS) == 0
