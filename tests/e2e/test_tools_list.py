"""`tools/list`: which tools there are, what they promise, who sees them, and when."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import ROOT, StartServer, both_transports
from support.gateway import Gateway, Reply, Seen
from support.mcp_client import IS_LINE_1, McpClient
from support.odoo import Odoo
from support.people import Person
from support.portable import problems_of
from support.profile import default_tools, reachable
from support.waiting import wait_until

# The interface that users' configurations and habits depend on: arguments with their types,
# defaults where there are any, and what is required.
GENERIC_TOOLS: dict[str, tuple[dict[str, str], dict[str, object], list[str]]] = {
    "odoo_capabilities": ({"app": "string", "search": "string"}, {}, []),
    "odoo_schema": (
        {"model": "string", "view_type": "string", "search": "string"},
        {"view_type": "form"},
        ["model"],
    ),
    "odoo_search": (
        {
            "model": "string",
            "domain": "array",
            "any_of": "array",
            "none_of": "array",
            "fields": "array",
            "limit": "integer",
            "offset": "integer",
            "order": "string",
            "group_by": "array",
            "aggregates": "array",
        },
        {"limit": 20, "offset": 0},
        ["model"],
    ),
    "odoo_read": (
        {"model": "string", "id": "integer", "ids": "array", "fields": "array"},
        {},
        ["model"],
    ),
    "odoo_count": (
        {"model": "string", "domain": "array", "any_of": "array", "none_of": "array"},
        {},
        ["model"],
    ),
    "odoo_create": (
        {"model": "string", "values": "object", "records": "array", "confirm": "string"},
        {},
        ["model"],
    ),
    "odoo_update": (
        {
            "model": "string",
            "id": "integer",
            "ids": "array",
            "values": "object",
            "confirm": "string",
        },
        {},
        ["model", "values"],
    ),
    "odoo_delete": (
        {"model": "string", "id": "integer", "ids": "array", "confirm": "string"},
        {},
        ["model"],
    ),
    "odoo_execute": (
        {
            "model": "string",
            "method": "string",
            "id": "integer",
            "ids": "array",
            "args": "array",
            "kwargs": "object",
            "confirm": "string",
            "wizard": "string",
            "values": "object",
        },
        {},
        ["model", "method"],
    ),
    "odoo_chatter": (
        {"model": "string", "id": "integer", "limit": "integer", "offset": "integer"},
        {"limit": 10, "offset": 0},
        ["model", "id"],
    ),
    "odoo_post": (
        {
            "model": "string",
            "id": "integer",
            "body": "string",
            "kind": "string",
            "subject": "string",
            "partner_ids": "array",
            "attachments": "array",
            "confirm": "string",
        },
        {"kind": "note"},
        ["model", "id"],
    ),
    "odoo_activity": (
        {
            "operation": "string",
            "model": "string",
            "id": "integer",
            "activity_type_id": "string",
            "summary": "string",
            "note": "string",
            "date_deadline": "string",
            "user_id": "string",
            "activity": "integer",
            "feedback": "string",
            "confirm": "string",
        },
        {},
        ["operation"],
    ),
    "odoo_reconnect": ({}, {}, []),
}
READ_ONLY = {
    "odoo_capabilities",
    "odoo_schema",
    "odoo_search",
    "odoo_read",
    "odoo_count",
    "odoo_chatter",
    "odoo_reconnect",
}
SCHEMAS_PATH = "/mcp/schemas"
MAX_TOOLS = 40
# The tokens are counted where the list is reviewed (tests/tools); this is 15,000 of them.
MAX_LIST_BYTES = 66_000
APPROVAL = "Needs the user's approval."
SNAPSHOT = Path(__file__).parent / "snapshots" / "default_tools.txt"


def names(client: McpClient) -> list[str]:
    """The names of the list, in order."""
    return [tool.name for tool in client.tools()]


@pytest.mark.parametrize("name", GENERIC_TOOLS)
def test_generic_tool_has_its_arguments(server: McpClient, name: str) -> None:
    """Each generic tool has exactly the promised arguments, types, defaults and requirements."""
    types, defaults, required = GENERIC_TOOLS[name]
    tool = server.tool(name)
    assert {key: schema["type"] for key, schema in tool.arguments.items()} == types
    assert {
        key: schema["default"] for key, schema in tool.arguments.items() if "default" in schema
    } == defaults
    assert tool.required == required


def test_the_generic_tools_come_first(server: McpClient) -> None:
    """There are exactly thirteen tools named `odoo_…`, at the head of the list."""
    listed = names(server)
    assert set(listed[:13]) == set(GENERIC_TOOLS)
    assert [name for name in listed if name.startswith("odoo_")] == listed[:13]


@pytest.mark.parametrize("name", GENERIC_TOOLS)
def test_generic_tool_has_true_annotations(server: McpClient, name: str) -> None:
    """Readers say that they read; what changes something says so, and how badly."""
    tool = server.tool(name)
    is_reader = name in READ_ONLY
    assert tool.read_only is is_reader
    destroys = {"odoo_update", "odoo_delete", "odoo_execute", "odoo_activity"}
    assert tool.destructive is (name in destroys)
    assert tool.idempotent is (is_reader or name in {"odoo_update", "odoo_delete"})
    assert tool.open_world is (name in {"odoo_execute", "odoo_post"})
    assert tool.title


def test_changing_tools_need_approval(server: McpClient) -> None:
    """Their descriptions say so, and each takes the token of a preview."""
    changing = [tool for tool in server.tools() if not tool.read_only]
    assert changing
    for tool in changing:
        assert APPROVAL in tool.description, tool.name
        assert tool.arguments["confirm"]["type"] == "string", tool.name


@both_transports
def test_typed_tools_are_those_of_the_default_profile(
    server: McpClient, odoo: Odoo, schemas: Path
) -> None:
    """After the generic tools come the profile's, as far as Odoo lets this user use them."""
    expected = reachable(odoo, default_tools(schemas))
    assert names(server)[13:] == expected
    assert expected, "the default profile has no typed tool that this user may use"


def test_the_list_fits_a_client(server: McpClient) -> None:
    """At most 40 tools and 15,000 tokens; every tool in the portable subset."""
    tools = server.tools()
    assert len(tools) <= MAX_TOOLS
    assert len(json.dumps([tool.as_json() for tool in tools])) <= MAX_LIST_BYTES
    assert [problem for tool in tools for problem in problems_of(tool)] == []


@both_transports
def test_every_tool_there_is_fits_a_client(
    start_server: StartServer, admin: Person, schemas: Path
) -> None:
    """`--profile all` serves all generated models, each tool portable, no name twice."""
    tools = start_server(admin, "--profile", "all").tools()
    models = {
        json.loads(path.read_text("utf-8"))["schema"]["model"] for path in schemas.glob("*.json")
    }
    assert len(tools) > 10 + len(models)
    assert [problem for tool in tools for problem in problems_of(tool)] == []
    listed = [tool.name for tool in tools]
    assert len(set(listed)) == len(listed)


def test_typed_tools_have_true_annotations(
    start_server: StartServer, admin: Person, schemas: Path
) -> None:
    """Of all models' tools: readers are read-only, deletes and actions are destructive."""
    hints = {
        "search": (True, False, True, False),
        "read": (True, False, True, False),
        "count": (True, False, True, False),
        "aggregate": (True, False, True, False),
        "create": (False, False, False, False),
        "update": (False, True, True, False),
        "delete": (False, True, True, False),
        "action": (False, True, False, True),
    }
    operations = {
        tool["name"]: tool["operation"] if isinstance(tool["operation"], str) else "action"
        for path in schemas.glob("*.json")
        for tool in json.loads(path.read_text("utf-8"))["tools"]
    }
    typed = start_server(admin, "--profile", "all").tools()[13:]
    assert typed
    for tool in typed:
        found = (tool.read_only, tool.destructive, tool.idempotent, tool.open_world)
        assert found == hints[operations[tool.name]], tool.name
        if not tool.read_only:
            assert APPROVAL in tool.description, tool.name


@both_transports
def test_two_starts_list_the_same(start_server: StartServer, admin: Person) -> None:
    """The list is the same to the byte, in another process too."""
    first, second = (start_server(admin).tools() for _ in range(2))
    assert json.dumps([tool.as_json() for tool in first]) == json.dumps(
        [tool.as_json() for tool in second]
    )


@both_transports
@pytest.mark.skipif(IS_LINE_1, reason="line 1 of the client library knows one protocol alone")
def test_both_protocols_list_the_same(start_server: StartServer, admin: Person) -> None:
    """The stateless protocol of 2026 and the older handshake show the same tools."""
    modern, legacy = start_server(admin), start_server(admin, mode="legacy")
    assert modern.protocol_version == "2026-07-28"
    assert legacy.protocol_version == "2025-11-25"
    assert modern.tools() == legacy.tools()


def test_snapshot_of_the_default_list(start_server: StartServer, schemas: Path) -> None:
    """The names that an assistant sees by default are those in the reviewed snapshot.

    Without an Odoo, so that it does not depend on the rights of a user. Write it anew with
    `UPDATE_SNAPSHOTS=1`.
    """
    assert schemas.is_dir()
    listed = "".join(f"{name}\n" for name in names(start_server(None)))
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(listed, "utf-8")
    assert listed == SNAPSHOT.read_text("utf-8")


@both_transports
@pytest.mark.users
def test_the_list_follows_the_rights(
    clerk_server: McpClient, server: McpClient, clerk: Person, schemas: Path
) -> None:
    """A user with fewer rights sees fewer tools: exactly those that Odoo lets them use."""
    listed = names(clerk_server)
    assert set(listed) < set(names(server))
    assert listed[13:] == reachable(clerk.odoo, default_tools(schemas))


@pytest.mark.demo
@pytest.mark.parametrize("login", ["demo", "portal"])
def test_the_list_of_demo_users(
    start_server: StartServer,
    server: McpClient,
    demo_users: dict[str, Person],
    schemas: Path,
    login: str,
) -> None:
    """Odoo's demo users see what Odoo lets them use, and that is never more than the admin."""
    person = demo_users[login]
    listed = names(start_server(person))
    generic = [name for name in listed if name.startswith("odoo_")]
    # Who may not read activities has no use for the tools of the chatter.
    chatter = {"odoo_chatter", "odoo_post", "odoo_activity"}
    hidden = set() if person.odoo.has_access("mail.activity", "read") else chatter
    assert generic == [name for name in names(server)[:13] if name not in hidden]
    assert listed[len(generic) :] == reachable(person.odoo, default_tools(schemas))
    assert set(listed) <= set(names(server))


@both_transports
def test_read_only_serves_readers_alone(start_server: StartServer, admin: Person) -> None:
    """`--read-only` leaves out every tool that changes something, and no other."""
    everything = start_server(admin).tools()
    readers = start_server(admin, "--read-only").tools()
    assert readers == [tool for tool in everything if tool.read_only]
    assert {tool.name for tool in readers} >= READ_ONLY


def test_exclude_and_models(start_server: StartServer, admin: Person, schemas: Path) -> None:
    """`--exclude` takes tools away, also by prefix; `--models` adds those of a model."""
    assert (schemas / "res.country.json").is_file()
    listed = names(
        start_server(admin, "--models", "res.country", "--exclude", "odoo_delete,sale_order_*")
    )
    assert "odoo_delete" not in listed
    assert not [name for name in listed if name.startswith("sale_order_")]
    assert {"res_country_search", "res_country_read", "res_country_count"} <= set(listed)


def test_generic_tools_need_no_schema_files(
    start_server: StartServer, admin: Person, tmp_path: Path
) -> None:
    """With an empty folder of schemas the generic tools are served, and work."""
    client = start_server(admin, env={"ODOO_SCHEMAS": str(tmp_path)})
    assert set(names(client)) == set(GENERIC_TOOLS)
    assert client.ok("odoo_count", model="res.partner").structured["count"] > 0


def test_the_checkouts_schemas_are_found(
    start_server: StartServer, admin: Person, binary: Path, server: McpClient
) -> None:
    """A program that was built in a checkout serves that checkout's typed tools by itself."""
    if ROOT not in binary.resolve().parents:
        pytest.skip("the program was not built inside this checkout")
    client = start_server(admin, env={"ODOO_SCHEMAS": None})
    assert names(client) == names(server)


def test_starts_and_lists_while_odoo_is_down(
    start_server: StartServer, admin: Person, gateway: Gateway, server: McpClient
) -> None:
    """An Odoo that is down keeps nobody from listing tools; calls say so and how to go on."""
    client = start_server(admin, env={"ODOO_URL": gateway.url})
    assert set(names(client)) >= set(names(server))
    result = client.call("odoo_count", model="res.partner")
    assert result.error["kind"] == "unreachable"
    assert result.error["retry_may_help"] is True
    assert gateway.url in result.text
    assert "the next call connects by itself" in result.text


@pytest.mark.parametrize("by", ["odoo_reconnect", "odoo_capabilities", "odoo_count"])
def test_connects_when_odoo_comes_up(
    start_server: StartServer, admin: Person, gateway: Gateway, odoo: Odoo, by: str
) -> None:
    """After Odoo has come up, `odoo_reconnect` or any other call works, without a restart."""
    client = start_server(admin, env={"ODOO_URL": gateway.url})
    assert client.call("odoo_count", model="res.company").is_error
    gateway.open()
    arguments = {"model": "res.company"} if by == "odoo_count" else {}
    result = client.ok(by, **arguments)
    if by == "odoo_count":
        assert result.structured["count"] == odoo.count("res.company")
    else:
        assert result.structured["user"]["login"] == odoo.login


def test_the_list_is_filtered_once_odoo_is_up(
    start_server: StartServer, admin: Person, gateway: Gateway, server: McpClient
) -> None:
    """A list from before the connection shows all tools; a later one follows the rights."""
    client = start_server(admin, env={"ODOO_URL": gateway.url})
    before = names(client)
    gateway.open()
    after = wait_until(lambda: names(client) == names(server) and names(client), "the right list")
    assert set(after) <= set(before)


def test_survives_an_odoo_that_goes_away(
    start_server: StartServer, admin: Person, gateway: Gateway
) -> None:
    """Odoo down in the middle of a session: calls fail with the reason, then work again."""
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_count", model="res.partner")
    gateway.close()
    assert client.call("odoo_count", model="res.partner").error["kind"] == "unreachable"
    gateway.open()
    client.ok("odoo_count", model="res.partner")


@pytest.mark.needs("sale.order")
def test_a_model_that_fails_once_is_asked_for_again(
    start_server: StartServer, admin: Person, gateway: Gateway, server: McpClient, schemas: Path
) -> None:
    """A busy Odoo fails at one model or another; that hides no tool."""

    def fail_once(seen: Seen) -> Reply | None:
        if seen.path != SCHEMAS_PATH or len(gateway.requests(SCHEMAS_PATH)) > 1:
            return None
        status, _, content = gateway.forward("POST", seen)
        answer = json.loads(content)
        answer["result"]["schemas"].pop("sale.order")
        fault = {"kind": "builtins.SystemError", "message": "AST constructor recursion depth"}
        answer["result"]["errors"]["sale.order"] = fault
        return Reply(status, json.dumps(answer).encode(), "application/json")

    gateway.rule = fail_once
    env = {"ODOO_URL": gateway.open().url, "ODOO_SCHEMAS": str(schemas)}
    client = start_server(admin, env=env)
    assert client.tool_names() == server.tool_names()
    first, second = gateway.requests(SCHEMAS_PATH)
    assert "sale.order" in json.loads(first.body)["params"]["models"]
    assert json.loads(second.body)["params"]["models"] == ["sale.order"]


def test_missing_configuration_is_explained(start_server: StartServer) -> None:
    """Without any variable the server starts, lists its tools, and each call names what to set."""
    client = start_server(None)
    assert set(names(client)) >= set(GENERIC_TOOLS)
    result = client.call("odoo_capabilities")
    assert result.error["kind"] == "configuration"
    for variable in ("ODOO_URL", "ODOO_API_KEY", "ODOO_USERNAME", "ODOO_PASSWORD"):
        assert variable in result.text
