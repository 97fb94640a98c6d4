"""What a conversation over standard input and output must survive, in both protocol eras.

Each of these has been a fault of MCP servers in the field: answers that are lost when the
client leaves, exits that hang on something open, lines that nobody answers, lists that go
stale, and clients that flood.
"""

from __future__ import annotations

import json
import signal
from threading import Event, Lock
from typing import Any

import pytest
from conftest import Records, StartProcess
from support.gateway import Gateway, Hold, Seen
from support.odoo import Odoo
from support.people import People, Person
from support.stdio import StdioServer
from support.waiting import wait_until

TAG = "res.partner.category"
EXECUTE = "/mcp/execute"
SEARCH = "/mcp/search"
LIST_CHANGED = "notifications/tools/list_changed"
# What is open at the end must not hold it: an exit takes milliseconds, a busy machine more.
PROMPT_SECONDS = 3.0
MIB = 1024 * 1024
# The most calls that run at once.
PLACES = 32

ERAS = ["legacy", "modern"]


def call(server: StdioServer, era: str, name: str, arguments: Any = None, **meta: Any) -> int:
    """Sends a `tools/call` of this era."""
    params = {"name": name, "arguments": arguments or {}}
    if era == "modern":
        return server.modern("tools/call", params, **meta)
    return server.request("tools/call", {**params, "_meta": meta})


def begin(server: StdioServer, era: str) -> None:
    """What a client of this era says first."""
    if era == "modern":
        discovered = server.answer(server.modern("server/discover"))["result"]
        assert "2026-07-28" in discovered["supportedVersions"]
    else:
        server.handshake()


def hold(gateway: Gateway, path: str) -> Event:
    """Holds Odoo's answers to a route back."""
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == path else None
    return released


# ------------------------------------------------------------------ the end


@pytest.mark.parametrize("era", ERAS)
def test_answer_after_the_end_while_it_reports_progress(
    start_process: StartProcess, admin: Person, gateway: Gateway, era: str
) -> None:
    """A call that reports its progress is answered also when the client has left meanwhile."""
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url})
    begin(server, era)
    released = hold(gateway, EXECUTE)
    request = call(server, era, "odoo_count", {"model": TAG}, progressToken="p-1")
    first = wait_until(lambda: server.notified("notifications/progress"), "progress")[0]
    assert first["progressToken"] == "p-1"
    assert "Odoo" in first["message"]
    server.close_stdin()
    released.set()
    assert server.answer(request, PROMPT_SECONDS)["result"]["structuredContent"]["model"] == TAG
    assert server.wait(PROMPT_SECONDS) == 0
    progress = [told["progress"] for told in server.notified("notifications/progress")]
    assert progress == sorted(set(progress)), "progress only ever grows"


@pytest.mark.parametrize("ending", ["end of input", "SIGTERM", "SIGINT"])
def test_open_subscription_does_not_hold_the_end(
    start_process: StartProcess, admin: Person, ending: str
) -> None:
    """A client that listens for changes and leaves is not waited for."""
    server = start_process(admin.env)
    begin(server, "modern")
    server.answer(server.modern("tools/list"))
    server.modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    wait_until(lambda: server.notified("notifications/subscriptions/acknowledged"), "the receipt")
    if ending == "end of input":
        server.close_stdin()
    else:
        server.process.send_signal(signal.Signals[ending])
    assert server.wait(PROMPT_SECONDS) == 0


@pytest.mark.parametrize("ending", ["end of input", "SIGTERM"])
def test_open_question_does_not_hold_the_end(
    start_process: StartProcess, admin: Person, ending: str
) -> None:
    """A client that was asked something and leaves without an answer is not waited for."""
    server = start_process(admin.env, "--conformance-fixtures")
    server.handshake({"elicitation": {}})
    request = server.call("test_elicitation", {"message": "Who are you?"})
    wait_until(lambda: server.asked("elicitation/create"), "the question")
    if ending == "end of input":
        server.close_stdin()
    else:
        server.process.send_signal(signal.SIGTERM)
    assert "has left" in json.dumps(server.answer(request, PROMPT_SECONDS))
    assert server.wait(PROMPT_SECONDS) == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_write_is_finished_before_it_stops(
    start_process: StartProcess,
    admin: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
    name: str,
) -> None:
    """Asked to stop in the middle of a write, the server answers it and then ends with 0."""
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url})
    begin(server, "legacy")
    released = hold(gateway, EXECUTE)
    request = server.call("odoo_create", {"model": TAG, "values": {"name": mark}})
    created = wait_until(lambda: odoo.ids(TAG, [["name", "=", mark]]), "the create to be done")
    records.adopt(TAG, created[0])
    server.process.send_signal(signal.Signals[name])
    released.set()
    answer = server.answer(request, PROMPT_SECONDS)
    assert answer["result"]["structuredContent"]["id"] == created[0]
    assert server.wait(PROMPT_SECONDS) == 0


def test_write_that_cannot_be_finished_is_reported(
    start_process: StartProcess,
    admin: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """What Odoo does not answer in time is answered as uncertain, not with silence."""
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url})
    begin(server, "legacy")
    released = hold(gateway, EXECUTE)
    try:
        request = server.call("odoo_create", {"model": TAG, "values": {"name": mark}})
        created = wait_until(lambda: odoo.ids(TAG, [["name", "=", mark]]), "the create")
        records.adopt(TAG, created[0])
        server.process.send_signal(signal.SIGTERM)
        error = server.answer(request, 15)["error"]
        assert "read the record to see whether it happened" in error["message"]
        assert server.wait(PROMPT_SECONDS) == 0
    finally:
        released.set()


def test_everything_sent_before_the_end_is_answered(
    start_process: StartProcess, admin: Person
) -> None:
    """A client may write all its requests, close its end and read the answers."""
    server = start_process(admin.env)
    begin(server, "legacy")
    requests = [server.call("odoo_count", {"model": TAG}) for _ in range(40)]
    server.close_stdin()
    for answer in server.answers(requests):
        assert answer["result"]["structuredContent"]["model"] == TAG
    assert server.wait(PROMPT_SECONDS) == 0


# ------------------------------------------------------------------ strange input


@pytest.mark.parametrize("id_first", [True, False])
def test_too_long_message_is_refused(
    start_process: StartProcess, admin: Person, id_first: bool
) -> None:
    """A message over 16 MiB is answered with an error that says so, and the session goes on."""
    server = start_process(admin.env)
    begin(server, "legacy")
    values = {"name": "x" * (17 * MIB)}
    params = {"name": "odoo_create", "arguments": {"model": TAG, "values": values}}
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": "tools/call"}
    message |= {"id": 900, "params": params} if id_first else {"params": params, "id": 900}
    server.send(message)
    error = server.answer(900)["error"]
    assert "at most 16777216" in error["message"]
    assert "in parts" in error["message"]
    after = server.answer(server.call("odoo_count", {"model": TAG}))
    assert after["result"]["structuredContent"]["model"] == TAG


def test_message_just_below_the_limit_is_read(start_process: StartProcess, admin: Person) -> None:
    """15 MiB are no reason to refuse a message."""
    server = start_process(admin.env)
    begin(server, "legacy")
    answer = server.answer(server.call("odoo_count", {"model": "x" * (15 * MIB)}))
    assert answer["result"]["isError"] is True


def test_notification_before_the_first_request(start_process: StartProcess, admin: Person) -> None:
    """A client that says something before it asks for anything is not thrown out."""
    server = start_process(admin.env)
    server.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}})
    assert server.handshake()["serverInfo"]["name"] == "odoo"


# ------------------------------------------------------------------ many calls


class Crowd:
    """Counts how many requests of a route are with Odoo at once."""

    def __init__(self, path: str) -> None:
        self.released = Event()
        self._path = path
        self._lock = Lock()
        self.present = 0
        self._looks: list[int] = []

    def has_settled(self) -> bool:
        """Whether somebody came, and nobody else over the last fifty looks (a second)."""
        self._looks = [*self._looks[-49:], self.present]
        return len(self._looks) == 50 and min(self._looks) == self.present > 0

    def __call__(self, seen: Seen) -> Hold | None:
        """The rule for the gateway: whoever comes is counted and held."""
        if seen.path != self._path:
            return None
        with self._lock:
            self.present += 1
        return Hold(self.released)


def test_flood_of_calls_reaches_odoo_in_bounded_numbers(
    start_process: StartProcess, admin: Person, gateway: Gateway
) -> None:
    """Of a hundred calls at once, no more than the limit are with Odoo; all are answered."""
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url})
    begin(server, "legacy")
    server.answer(server.call("odoo_count", {"model": TAG}))
    crowd = Crowd(EXECUTE)
    gateway.rule = crowd
    requests = [server.call("odoo_count", {"model": TAG}) for _ in range(100)]
    # Were there no limit, more would come while nobody is let go.
    wait_until(crowd.has_settled, "nobody else to come")
    assert crowd.present == PLACES
    crowd.released.set()
    for answer in server.answers(requests):
        assert answer["result"].get("isError") is not True


def test_waiting_call_can_be_cancelled(
    start_process: StartProcess, admin: Person, gateway: Gateway
) -> None:
    """A call that has no place yet is cancelled without ever reaching Odoo."""
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url})
    begin(server, "legacy")
    server.answer(server.call("odoo_count", {"model": TAG}))
    crowd = Crowd(EXECUTE)
    gateway.rule = crowd
    requests = [server.call("odoo_count", {"model": TAG}) for _ in range(PLACES)]
    wait_until(lambda: crowd.present == PLACES, "the places to be taken")
    waiting = server.call("odoo_create", {"model": TAG, "values": {"name": "never"}})
    cancelled = {"requestId": waiting, "reason": "changed my mind"}
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})
    assert server.answer(server.request("ping"))["result"] == {}
    crowd.released.set()
    server.answers(requests)
    assert server.answer(server.call("odoo_count", {"model": TAG}))["result"]
    assert not any(b"never" in seen.body for seen in gateway.requests(EXECUTE))


# ------------------------------------------------------------------ lists that change


def listen(server: StdioServer, era: str, what: str = "tools") -> None:
    """Asks for a list, and says that changes are of interest where that has to be said."""
    if era == "legacy":
        server.answer(server.request(f"{what}/list"))
        return
    server.answer(server.modern(f"{what}/list"))
    everything = {f"{kind}ListChanged": True for kind in ("tools", "resources", "prompts")}
    server.modern("subscriptions/listen", {"notifications": everything})
    wait_until(lambda: server.notified("notifications/subscriptions/acknowledged"), "the receipt")


def names(server: StdioServer, era: str, what: str = "tools") -> set[str]:
    """The names of the tools, resources or prompts that are listed now."""
    ask = server.modern if era == "modern" else server.request
    return {item["name"] for item in server.answer(ask(f"{what}/list"))["result"][what]}


@pytest.mark.users
@pytest.mark.needs("crm.lead")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("tools", "crm_lead_search"),
        ("resources", "crm.lead/schema"),
        ("prompts", "weekly_pipeline"),
    ],
)
def test_client_hears_of_a_list_that_changed(
    start_process: StartProcess, people: People, odoo: Odoo, era: str, what: str, name: str
) -> None:
    """After new rights a list is another one, and who holds it is told; otherwise nobody is."""
    person = people.make("promoted", ["base.group_user"])
    server = start_process(person.env)
    begin(server, era)
    listen(server, era, what)
    assert name not in names(server, era, what)
    server.answer(call(server, era, "odoo_reconnect"))
    server.answer(call(server, era, "odoo_count", {"model": TAG}))
    changed = f"notifications/{what}/list_changed"
    assert server.notified(changed) == [], "nothing has changed"
    group = odoo.xml_id("sales_team.group_sale_salesman")
    odoo.write("res.users", [person.uid], {people.groups_field: [[4, group]]})
    server.answer(call(server, era, "odoo_reconnect"))
    wait_until(lambda: server.notified(changed), "word of the change")
    assert name in names(server, era, what)
    told = {
        kind
        for kind in ("tools", "resources", "prompts")
        if server.notified(f"notifications/{kind}/list_changed")
    }
    assert told == {what}, "nobody holds the other lists"


@pytest.mark.users
@pytest.mark.parametrize("era", ERAS)
def test_client_hears_when_odoo_came_up_later(
    start_process: StartProcess, clerk: Person, gateway: Gateway, era: str
) -> None:
    """While Odoo is down, all tools are listed; the right list is announced once it is known."""
    server = start_process(clerk.env | {"ODOO_URL": gateway.url})
    begin(server, era)
    listen(server, era)
    everything = names(server, era)
    gateway.open()
    # Its answer is right, so from now on the user's rights can be known.
    wait_until(
        lambda: (
            not server.answer(call(server, era, "odoo_count", {"model": TAG}))["result"].get(
                "isError"
            )
        ),
        "a call to succeed",
    )
    wait_until(lambda: server.notified(LIST_CHANGED), "word of the change")
    assert names(server, era) < everything


# ------------------------------------------------------------------ the client's log


def logged(server: StdioServer) -> list[tuple[str, str]]:
    """Level and text of what the client's log was told."""
    return [(entry["level"], entry["data"]) for entry in server.notified("notifications/message")]


def test_log_follows_the_level_of_the_session(start_process: StartProcess, admin: Person) -> None:
    """Nothing before a level is set; then that level and graver ones."""
    server = start_process(admin.env)
    begin(server, "legacy")
    server.answer(server.call("odoo_count", {"model": "no.such.model"}))
    assert logged(server) == []
    server.answer(server.request("logging/setLevel", {"level": "warning"}))
    server.answer(server.call("odoo_count", {"model": TAG}))
    assert logged(server) == []
    server.answer(server.call("odoo_count", {"model": "no.such.model"}))
    ((level, text),) = wait_until(lambda: logged(server), "a log entry")
    assert level == "warning"
    assert "no.such.model" in text
    server.answer(server.request("logging/setLevel", {"level": "debug"}))
    server.answer(server.call("odoo_count", {"model": TAG}))
    wait_until(lambda: logged(server)[1:], "a further log entry")
    assert logged(server)[1][0] == "debug"


def test_log_follows_the_level_of_the_request(start_process: StartProcess, admin: Person) -> None:
    """In the stateless protocol each request says what it wants to be told."""
    server = start_process(admin.env)
    begin(server, "modern")
    wrong = {"model": "no.such.model"}
    server.answer(call(server, "modern", "odoo_count", wrong))
    assert logged(server) == []
    level = {"io.modelcontextprotocol/logLevel": "info"}
    server.answer(call(server, "modern", "odoo_count", wrong, **level))
    ((told, _text),) = wait_until(lambda: logged(server), "a log entry")
    assert told == "warning"
    assert json.dumps(server.notified("notifications/message")).count("Traceback") == 0
