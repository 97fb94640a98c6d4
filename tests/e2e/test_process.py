"""The server as a process: what it writes to standard output, and how it ends."""

from __future__ import annotations

import json
import signal
from threading import Event
from typing import Any

import pytest
from conftest import Records, StartProcess
from support.gateway import Gateway, Hold
from support.odoo import Odoo
from support.people import Person
from support.stdio import StdioServer
from support.waiting import wait_until

TAG = "res.partner.category"
EXECUTE = "/mcp/execute"
# An exit takes milliseconds; a busy machine gets more.
PROMPT_SECONDS = 3.0


def assert_only_json_rpc(server: StdioServer) -> None:
    """Each line of standard output is one JSON-RPC message."""
    assert server.stdout_lines
    for line in server.stdout_lines:
        assert line.endswith("\n")
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0", line
        assert "method" in message or "result" in message or "error" in message


# ------------------------------------------------------------------ standard output


def test_stdout_carries_json_rpc_alone(start_process: StartProcess, admin: Person) -> None:
    """At the loudest log level, over right and wrong calls, from start to end."""
    server = start_process(admin.env | {"RUST_LOG": "trace"})
    handshake = server.handshake()
    assert handshake["serverInfo"]["name"] == "odoo"
    listed = server.answer(server.request("tools/list"))
    assert len(listed["result"]["tools"]) >= 10
    good = server.answer(server.call("odoo_count", {"model": "res.partner"}))
    assert good["result"].get("isError") is not True
    bad = server.answer(server.call("odoo_count", {"model": "no.such.model"}))
    assert bad["result"]["isError"] is True
    unknown = server.answer(server.call("no_such_tool"))
    assert "no_such_tool" in unknown["error"]["message"]
    server.close_stdin()
    assert server.wait(20) == 0
    assert_only_json_rpc(server)
    assert "TRACE" in server.stderr
    assert "DEBUG" in server.stderr


def test_stdout_is_clean_while_odoo_is_down(
    start_process: StartProcess, admin: Person, gateway: Gateway
) -> None:
    """Failures go to standard error and into results, not to standard output."""
    server = start_process(admin.env | {"ODOO_URL": gateway.url, "RUST_LOG": "trace"})
    server.handshake()
    answer = server.answer(server.call("odoo_capabilities"))
    assert answer["result"]["isError"] is True
    server.close_stdin()
    assert server.wait(20) == 0
    assert_only_json_rpc(server)
    assert gateway.url in server.stderr


def test_without_a_log_level_little_is_logged(start_process: StartProcess, admin: Person) -> None:
    """A session without trouble leaves standard error empty."""
    server = start_process(admin.env)
    server.handshake()
    server.answer(server.call("odoo_count", {"model": "res.partner"}))
    server.close_stdin()
    assert server.wait(20) == 0
    assert server.stderr == ""


def test_garbage_on_stdin_is_survived(start_process: StartProcess, admin: Person) -> None:
    """Lines that are no JSON-RPC do not end the session."""
    server = start_process(admin.env)
    server.handshake()
    server.write("this is not JSON\n\n")
    server.answer(server.call("odoo_count", {"model": "res.partner"}))
    server.close_stdin()
    assert server.wait(20) == 0
    assert_only_json_rpc(server)


def test_list_tools_option(start_process: StartProcess) -> None:
    """`--list-tools` prints the tools as JSON, without asking Odoo, and leaves."""
    server = start_process({}, "--list-tools")
    assert server.wait(20) == 0
    printed = [tool["name"] for tool in json.loads(server.stdout)]
    assert printed[0] == "odoo_capabilities"
    assert len(printed) >= 10


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--profile", "defualt"], 'Did you mean "default"?'),
        (["--schemas", "/no/such/folder"], "/no/such/folder"),
    ],
    ids=["profile", "folder"],
)
def test_wrong_options_end_with_a_reason(
    start_process: StartProcess, admin: Person, arguments: list[str], says: str
) -> None:
    """An option that cannot be served ends the program at once, with the mend, off stdout."""
    server = start_process(admin.env, *arguments)
    assert server.wait(20) == 1
    assert says in server.stderr
    assert server.stdout == ""
    assert "panicked" not in server.stderr


# ------------------------------------------------------------------ how it ends


def test_end_of_input_ends_it(start_process: StartProcess, admin: Person) -> None:
    """When the client leaves, the server leaves: code 0, at once."""
    server = start_process(admin.env)
    server.handshake()
    server.answer(server.call("odoo_count", {"model": "res.partner"}))
    server.close_stdin()
    assert server.wait(PROMPT_SECONDS) == 0


def test_end_of_input_before_a_word(start_process: StartProcess, admin: Person) -> None:
    """A client that leaves without a word is no failure."""
    server = start_process(admin.env)
    server.close_stdin()
    assert server.wait(PROMPT_SECONDS) == 0
    assert server.stdout == ""


def test_end_of_input_while_odoo_is_down(
    start_process: StartProcess, admin: Person, gateway: Gateway
) -> None:
    """An Odoo that does not answer holds up nobody's exit."""
    server = start_process(admin.env | {"ODOO_URL": gateway.url})
    server.handshake()
    server.close_stdin()
    assert server.wait(PROMPT_SECONDS) == 0


def hold_execute(gateway: Gateway) -> Event:
    """Lets Odoo do what `/mcp/execute` asks, and holds the answer back."""
    released = Event()
    gateway.rule = lambda seen: Hold(released) if seen.path == EXECUTE else None
    return released


def pending_create(server: StdioServer, gateway: Gateway, odoo: Odoo, mark: str) -> int:
    """Sends a create and returns its id once Odoo has done it."""
    request = server.call("odoo_create", {"model": TAG, "values": {"name": mark}})
    wait_until(lambda: gateway.requests(EXECUTE), "the create to be sent")
    wait_until(lambda: odoo.ids(TAG, [["name", "=", mark]]), "the create to be done")
    return request


def test_pending_call_is_answered_after_end_of_input(
    start_process: StartProcess,
    admin: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """A write that Odoo is working on when the client leaves is still answered, then it ends."""
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url})
    server.handshake()
    released = hold_execute(gateway)
    request = pending_create(server, gateway, odoo, mark)
    records.adopt(TAG, odoo.ids(TAG, [["name", "=", mark]])[0])
    server.close_stdin()
    released.set()
    answer = server.answer(request, PROMPT_SECONDS)
    assert answer["result"]["structuredContent"]["name"] == mark
    assert server.wait(PROMPT_SECONDS) == 0


def test_pending_call_does_not_hold_the_exit_for_ever(
    start_process: StartProcess,
    admin: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """A call whose answer does not come is given up after a grace of seconds; the code is 0."""
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url})
    server.handshake()
    released = hold_execute(gateway)
    try:
        pending_create(server, gateway, odoo, mark)
        records.adopt(TAG, odoo.ids(TAG, [["name", "=", mark]])[0])
        server.close_stdin()
        assert server.wait(15) == 0
    finally:
        released.set()
    assert "given up" in server.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signal_ends_it(start_process: StartProcess, admin: Person, name: str) -> None:
    """Asked to stop, it ends with code 0, at once."""
    server = start_process(admin.env)
    server.handshake()
    server.answer(server.call("odoo_count", {"model": "res.partner"}))
    server.process.send_signal(signal.Signals[name])
    assert server.wait(PROMPT_SECONDS) == 0


def test_signal_before_the_handshake(
    start_process: StartProcess, admin: Person, gateway: Gateway
) -> None:
    """Also while it waits for its first message; standard output stays empty."""
    server = start_process(admin.env | {"ODOO_URL": gateway.url, "RUST_LOG": "info"})
    # It has looked for Odoo, so it is up and its signal handler too.
    wait_until(lambda: "not connected to Odoo" in server.stderr, "the server to be up")
    server.process.send_signal(signal.SIGTERM)
    assert server.wait(PROMPT_SECONDS) == 0
    assert server.stdout == ""


def test_ping_and_unknown_methods(start_process: StartProcess, admin: Person) -> None:
    """The protocol's own requests are answered; what is unknown is an error, not a silence."""
    server = start_process(admin.env)
    server.handshake()
    assert server.answer(server.request("ping"))["result"] == {}
    unknown: dict[str, Any] = server.answer(server.request("no/such/method"))
    assert unknown["error"]["code"] == -32601
