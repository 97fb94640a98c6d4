"""A call that is cancelled stops in Odoo, too, and what became of it is said as it is."""

from __future__ import annotations

import http.client
import json
import secrets
import signal
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from conftest import Records, StartProcess
from support.gateway import Gateway, Hold, Seen
from support.odoo import Answer, Odoo
from support.people import People, Person
from support.slow import ACTION, TAG, Slow
from support.stdio import StdioServer
from support.waiting import wait_until

EXECUTE = "/mcp/execute"
SEARCH = "/mcp/search"
CANCEL = "/mcp/cancel"
# What has to be said is said at once; a busy machine gets more.
SAID_SECONDS = 20.0
# An exit may wait a moment for Odoo to hear of what was cancelled.
EXIT_SECONDS = 10.0
MODERN = "2026-07-28"
ERAS = ["legacy", "modern"]

pytestmark = pytest.mark.users


@pytest.fixture
def slow(odoo: Odoo, records: Records, mark: str) -> Slow:
    """Work that takes long."""
    return Slow(odoo, records, mark)


@pytest.fixture
def slow_reader(slow: Slow, people: People) -> Iterator[Person]:
    """A user for whom it takes long to read tags."""
    person = slow.reader(people)
    yield person
    people.remove(person.uid)


@pytest.fixture
def tag(records: Records, mark: str) -> int:
    """A tag that is to be changed."""
    return records.make(TAG, name=mark)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for requests that take their time."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


def start(start_process: StartProcess, person: Person, era: str, **env: str) -> StdioServer:
    """A server whose client has said hello and wants to know what is unusual."""
    # The slow work is that of server actions, which a server leaves alone by itself.
    variables = {"RUST_LOG": "info", "ODOO_ALLOW_MODELS": ACTION}
    server = start_process(person.env | variables | env)
    if era == "modern":
        server.answer(server.modern("server/discover"))
    else:
        server.handshake()
        server.answer(server.request("logging/setLevel", {"level": "notice"}))
    return server


def call(server: StdioServer, era: str, name: str, **arguments: Any) -> int:
    """Sends a `tools/call` of this era."""
    params = {"name": name, "arguments": arguments}
    if era == "modern":
        return server.modern("tools/call", params, **{"io.modelcontextprotocol/logLevel": "notice"})
    return server.request("tools/call", params)


def run(server: StdioServer, era: str, action: int) -> int:
    """Sends the call that runs a server action."""
    return call(server, era, "odoo_execute", model=ACTION, method="run", ids=[action])


def cancel(server: StdioServer, request: int) -> None:
    """Cancels a request."""
    params = {"requestId": request, "reason": "the user has lost patience"}
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})


def wait_said(server: StdioServer, text: str) -> None:
    """Waits for words in the server's own log and in the client's."""
    wait_until(lambda: text in server.stderr, f"the log to say {text!r}", SAID_SECONDS)
    told = wait_until(lambda: server.notified("notifications/message"), "the client's log")
    assert text in told[-1]["data"]


def assert_not_answered(server: StdioServer, request: int) -> None:
    """The cancelled request has no answer, and the conversation goes on."""
    server.answer(server.call("odoo_count", {"model": "res.country"}))
    assert not any(json.loads(line).get("id") == request for line in server.stdout_lines)


def assert_free(odoo: Odoo, tag: int, name: str) -> None:
    """The tag is unchanged, and no transaction holds it: another session may change it."""
    assert odoo.read(TAG, tag, "name")["name"] == name
    odoo.write(TAG, [tag], {"color": 3})


# ------------------------------------------------------------------ standard input and output


@pytest.mark.parametrize("era", ERAS)
def test_read(start_process: StartProcess, slow: Slow, slow_reader: Person, era: str) -> None:
    """A read that is cancelled stops in Odoo."""
    server = start(start_process, slow_reader, era)
    request = call(server, era, "odoo_search", model=TAG)
    slow.wait_begun()
    cancel(server, request)
    slow.wait_ended()
    assert_not_answered(server, request)


@pytest.mark.parametrize("era", ERAS)
def test_change(
    start_process: StartProcess,
    admin: Person,
    odoo: Odoo,
    slow: Slow,
    tag: int,
    mark: str,
    era: str,
) -> None:
    """A change that is cancelled stops in Odoo, which undoes it, and that is said."""
    server = start(start_process, admin, era)
    request = run(server, era, slow.change(tag, f"{mark} changed"))
    slow.wait_begun()
    cancel(server, request)
    wait_said(server, "odoo_execute was cancelled; nothing was changed")
    slow.wait_ended()
    assert_free(odoo, tag, mark)
    assert_not_answered(server, request)


def test_change_that_is_too_far(
    start_process: StartProcess,
    admin: Person,
    gateway: Gateway,
    odoo: Odoo,
    tag: int,
    mark: str,
) -> None:
    """A change that Odoo had made before it heard of the cancellation is not denied."""
    server = start(start_process, admin, "legacy", ODOO_URL=gateway.open().url)
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == EXECUTE else None
    name = f"{mark} changed"
    try:
        request = call(server, "legacy", "odoo_update", model=TAG, id=tag, values={"name": name})
        wait_until(lambda: odoo.read(TAG, tag, "name")["name"] == name, "the change")
        cancel(server, request)
        wait_until(lambda: gateway.requests(CANCEL), "Odoo to be asked")
    finally:
        released.set()
    text = f"odoo_update was cancelled, but it was too late, it had its effect: updated {TAG} {tag}"
    wait_said(server, text)
    assert_not_answered(server, request)


def test_change_whose_end_is_not_known(
    start_process: StartProcess, admin: Person, gateway: Gateway, odoo: Odoo, tag: int, mark: str
) -> None:
    """What is not known is not claimed: neither that it happened, nor that it did not."""
    server = start(start_process, admin, "legacy", ODOO_URL=gateway.open().url)
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == EXECUTE else None
    name = f"{mark} changed"
    try:
        request = call(server, "legacy", "odoo_update", model=TAG, id=tag, values={"name": name})
        wait_until(lambda: odoo.read(TAG, tag, "name")["name"] == name, "the change")
        cancel(server, request)
        told = wait_until(
            lambda: server.notified("notifications/message"), "the client's log", SAID_SECONDS
        )
        assert "may still happen" in told[-1]["data"]
    finally:
        released.set()
    # And when it is known after all, it is in the log.
    wait_until(lambda: "it was too late" in server.stderr, "the log to say so", SAID_SECONDS)


def test_nothing_is_sent_any_more(
    start_process: StartProcess, admin: Person, gateway: Gateway, odoo: Odoo, tag: int, mark: str
) -> None:
    """A call of several requests stops between them."""
    server = start(start_process, admin, "legacy", ODOO_URL=gateway.open().url)
    server.answer(server.call("odoo_schema", {"model": TAG}))
    released = Event()
    # An update looks for its record first.
    gateway.rule = lambda seen: Hold(released) if seen.path == SEARCH else None
    before = len(gateway.requests(EXECUTE))
    try:
        request = call(server, "legacy", "odoo_update", model=TAG, id=tag, values={"name": "x"})
        wait_until(lambda: gateway.requests(SEARCH), "the search")
        cancel(server, request)
        wait_until(lambda: gateway.requests(CANCEL), "Odoo to be asked")
    finally:
        released.set()
    wait_said(server, "odoo_update was cancelled; nothing was changed")
    assert len(gateway.requests(EXECUTE)) == before
    assert_free(odoo, tag, mark)


def test_only_what_was_cancelled(
    start_process: StartProcess, admin: Person, odoo: Odoo, slow: Slow, records: Records, mark: str
) -> None:
    """Of two calls of one user, each is cancelled by itself."""
    tags = [records.make(TAG, name=f"{mark} {number}") for number in range(2)]
    actions = [slow.change(tag, f"{mark} changed {tag}") for tag in tags]
    server = start(start_process, admin, "legacy")
    requests = [run(server, "legacy", action) for action in actions]
    slow.wait_begun(2)
    for number, request in enumerate(requests):
        cancel(server, request)
        slow.wait_ended(left=1 - number)
        assert_free(odoo, tags[number], f"{mark} {number}")


def test_client_that_cancels_and_leaves(
    start_process: StartProcess, admin: Person, odoo: Odoo, slow: Slow, tag: int, mark: str
) -> None:
    """Odoo still hears of it when the client leaves in the same moment."""
    server = start(start_process, admin, "legacy")
    request = run(server, "legacy", slow.change(tag, f"{mark} changed"))
    slow.wait_begun()
    cancel(server, request)
    server.close_stdin()
    assert server.wait(EXIT_SECONDS) == 0
    slow.wait_ended()
    assert_free(odoo, tag, mark)


@pytest.mark.parametrize("ending", ["SIGTERM", "end of input"])
def test_to_stop_the_server_cancels_nothing(
    start_process: StartProcess,
    admin: Person,
    gateway: Gateway,
    odoo: Odoo,
    tag: int,
    mark: str,
    ending: str,
) -> None:
    """A change that is under way when the server stops is finished, and answered."""
    server = start(start_process, admin, "legacy", ODOO_URL=gateway.open().url)
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == EXECUTE else None
    name = f"{mark} changed"
    try:
        request = call(server, "legacy", "odoo_update", model=TAG, id=tag, values={"name": name})
        wait_until(lambda: gateway.requests(EXECUTE), "the update")
        if ending == "SIGTERM":
            server.process.send_signal(signal.SIGTERM)
        else:
            server.close_stdin()
        wait_until(lambda: odoo.read(TAG, tag, "name")["name"] == name, "the change")
    finally:
        released.set()
    assert server.answer(request)["result"]["structuredContent"]["changed"] == ["name"]
    assert server.wait(EXIT_SECONDS) == 0
    assert gateway.requests(CANCEL) == []


# ------------------------------------------------------------------ HTTP


class HttpCall:
    """A `tools/call` over HTTP whose answer is not read."""

    def __init__(self, url: str, name: str, arguments: dict[str, Any]) -> None:
        meta = {
            "protocolVersion": MODERN,
            "clientInfo": {"name": "tests", "version": "1"},
            "clientCapabilities": {},
        }
        params = {
            "name": name,
            "arguments": arguments,
            "_meta": {f"io.modelcontextprotocol/{key}": value for key, value in meta.items()},
        }
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": MODERN,
            "Mcp-Method": "tools/call",
            "Mcp-Name": name,
        }
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        self._connection.request("POST", "/mcp", json.dumps(message).encode(), headers)

    def leave(self) -> None:
        """Closes the connection."""
        self._connection.close()


def start_http(
    start_process: StartProcess, person: Person, tmp_path: Path
) -> tuple[StdioServer, str]:
    """A server over HTTP whose requests act as this user, and its address."""
    file = tmp_path / "address"
    env = person.env | {"RUST_LOG": "info", "ODOO_ALLOW_MODELS": ACTION}
    server = start_process(env, "--http", "127.0.0.1:0", "--http-address-file", str(file))
    wait_until(file.exists, "the server to listen", 30.0)
    return server, file.read_text("utf-8")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("what", ["resource", "completion"])
def test_what_is_read_besides_calls(
    start_process: StartProcess, slow: Slow, slow_reader: Person, tag: int, era: str, what: str
) -> None:
    """A resource and a completion that nobody wants any more are ended, too."""
    server = start(start_process, slow_reader, era)
    ask = server.modern if era == "modern" else server.request
    if what == "resource":
        request = ask("resources/read", {"uri": f"odoo://{TAG}/{tag}"})
    else:
        template = {"type": "ref/resource", "uri": "odoo://{model}/{id}"}
        argument = {"name": "id", "value": "e2e"}
        given = {"arguments": {"model": TAG}}
        params = {"ref": template, "argument": argument, "context": given}
        request = ask("completion/complete", params)
    slow.wait_begun()
    cancel(server, request)
    slow.wait_ended()
    assert_not_answered(server, request)


def test_read_over_http(
    start_process: StartProcess, slow: Slow, slow_reader: Person, tmp_path: Path
) -> None:
    """A client that closes its connection does not want the answer any more."""
    _, url = start_http(start_process, slow_reader, tmp_path)
    request = HttpCall(url, "odoo_search", {"model": TAG})
    slow.wait_begun()
    request.leave()
    slow.wait_ended()


def test_change_over_http(
    start_process: StartProcess,
    admin: Person,
    odoo: Odoo,
    slow: Slow,
    tag: int,
    mark: str,
    tmp_path: Path,
) -> None:
    """Nor does it want what was to be changed."""
    server, url = start_http(start_process, admin, tmp_path)
    action = slow.change(tag, f"{mark} changed")
    arguments = {"model": ACTION, "method": "run", "ids": [action]}
    request = HttpCall(url, "odoo_execute", arguments)
    slow.wait_begun()
    request.leave()
    text = "odoo_execute was cancelled; nothing was changed"
    wait_until(lambda: text in server.stderr, "the log to say so", SAID_SECONDS)
    slow.wait_ended()
    assert_free(odoo, tag, mark)


# ------------------------------------------------------------------ the module's wire format


def test_wire_format(
    odoo: Odoo,
    admin: Person,
    clerk: Person,
    slow: Slow,
    tag: int,
    mark: str,
    pool: ThreadPoolExecutor,
) -> None:
    """One's own request ends by its token; nobody else ends it, and no other token does."""
    mine = odoo.as_user(admin.login, admin.password)
    token = secrets.token_urlsafe(24)
    action = slow.change(tag, f"{mark} changed")
    params = {"model": ACTION, "method": "run", "ids": [action], "request_token": token}
    running: Future[Answer] = pool.submit(mine.post, EXECUTE, params)

    def cancelled(who: Odoo, token: str) -> bool:
        return who.post(CANCEL, {"request_token": token}).result["cancelled"]

    try:
        slow.wait_begun()
        assert cancelled(clerk.odoo, token) is False
        assert cancelled(odoo, secrets.token_urlsafe(24)) is False
        assert slow.at_work() == 1
    finally:
        assert cancelled(odoo, token) is True
    assert running.result().error.name == "psycopg2.errors.QueryCanceled"
    assert cancelled(odoo, token) is False
    assert_free(odoo, tag, mark)


def test_wrong_tokens(odoo: Odoo) -> None:
    """A token that could be guessed is refused, wherever it comes."""
    for path, params in ((SEARCH, {"model": TAG}), (CANCEL, {})):
        for token in ("short", "x" * 65, "with spaces in between", 7):
            error = odoo.post(path, {**params, "request_token": token}).error
            assert error.name == "odoo.exceptions.UserError"
            assert "request_token" in error.message


def test_each_request_has_its_own_token(
    start_process: StartProcess, admin: Person, gateway: Gateway
) -> None:
    """Tokens are sent with every request, and none twice."""

    def token_of(seen: Seen) -> str:
        return json.loads(seen.body)["params"]["request_token"]

    server = start(start_process, admin, "legacy", ODOO_URL=gateway.open().url)
    for _ in range(3):
        server.answer(server.call("odoo_count", {"model": TAG}))
    tokens = [token_of(seen) for seen in gateway.requests(EXECUTE)]
    assert len(tokens) == len(set(tokens)) == 3
    assert not any(token in server.stderr for token in tokens)
