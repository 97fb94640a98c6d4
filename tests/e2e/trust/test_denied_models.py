"""Models that the server keeps from assistants, tried through every door there is.

The rules of the Odoo module close models, too. So that it is the server that is tested, most
tests close models of everyday work that the module leaves open, and look at what reached Odoo.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from conftest import StartServer
from support.gateway import Gateway
from support.mcp_client import McpClient, ProtocolError, Result
from support.odoo import Odoo
from support.people import Person
from support.records import Records
from support.refusal import assert_refused

TAG = "res.partner.category"
FILE = "ir.attachment"
MESSAGE = "mail.message"
RECORD = "odoo://{model}/{id}"


def named_in(gateway: Gateway, model: str) -> list[str]:
    """The requests to Odoo that name the model."""
    return [
        seen.path
        for seen in gateway.seen
        if f'"model":"{model}"' in seen.body.decode() or f"/{model}/" in seen.path
    ]


def refused(result: Result, model: str) -> None:
    """The server's own refusal, which names what opens the model."""
    assert_refused(result, "access_denied", "this server")
    assert f"--allow-models {model}" in " ".join(result.error["hints"])


def closed_server(
    start_server: StartServer, person: Person, *closed: str, args: tuple[str, ...] = ()
) -> McpClient:
    """A server that keeps these models from its client."""
    return start_server(person, "--deny-models", ",".join(closed), *args)


# ------------------------------------------------------------------ what is closed by itself

SECRETS = ["ir.config_parameter", "ir.mail_server", "res.users.apikeys", "res.config.settings"]


@pytest.mark.parametrize("model", SECRETS)
def test_secrets_are_closed_before_anything_is_asked(
    start_server: StartServer, admin: Person, gateway: Gateway, model: str
) -> None:
    """Every generic tool refuses the model, and Odoo hears nothing of it."""
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_capabilities")
    for name, arguments in {
        "odoo_schema": {},
        "odoo_search": {},
        "odoo_read": {"id": 1},
        "odoo_count": {},
        "odoo_create": {"values": {"name": "x"}},
        "odoo_update": {"id": 1, "values": {"name": "x"}},
        "odoo_delete": {"id": 1},
        "odoo_execute": {"method": "search_read"},
        "odoo_chatter": {"id": 1},
        "odoo_post": {"id": 1, "body": "x"},
        "odoo_activity": {"operation": "schedule", "id": 1},
    }.items():
        refused(client.call(name, model=model, **arguments), model)
    for uri in (f"odoo://{model}/1", f"odoo://{model}/schema", f"odoo://{model}/1/field/name"):
        with pytest.raises(ProtocolError, match="this server keeps"):
            client.read(uri)
    with pytest.raises(ProtocolError, match="this server keeps"):
        client.read(f"odoo://{model}/1/report/base.report_irmodulereference")
    with pytest.raises(ProtocolError, match="this server keeps"):
        client.prompt("explain_record", model=model, id="1")
    assert client.complete_resource(RECORD, "model", model).values == []
    assert client.complete_resource(RECORD, "id", "", model=model).values == []
    found = client.ok("odoo_capabilities", search=model)
    assert found.structured["models"] == []
    assert named_in(gateway, model) == []


def test_rights_and_code_may_be_read_and_not_changed(
    start_server: StartServer, admin: Person, gateway: Gateway
) -> None:
    """Access rights, jobs and modules: a question is answered, a change does not reach Odoo."""
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    for model, method in {
        "ir.rule": "toggle_active",
        "ir.cron": "method_direct_trigger",
        "ir.module.module": "button_immediate_upgrade",
        "ir.actions.server": "run",
        "res.groups": "action_archive",
    }.items():
        (row, *_) = client.ok("odoo_search", model=model, limit=1).structured["records"]
        before = len(gateway.requests("/mcp/execute"))
        for name, arguments in {
            "odoo_execute": {"method": method, "ids": [row["id"]]},
            "odoo_update": {"id": row["id"], "values": {"name": "x"}},
            "odoo_delete": {"id": row["id"]},
            "odoo_create": {"values": {"name": "x"}},
        }.items():
            refused(client.call(name, model=model, **arguments), model)
        assert len(gateway.requests("/mcp/execute")) == before
        access = client.ok("odoo_schema", model=model).structured["access"]
        assert (access["read"], access["create"], access["write"]) == (True, False, False)


def test_an_administrator_opens_and_closes(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """What is allowed wins over what is denied; `:change` leaves reading open."""
    client = closed_server(
        start_server, admin, "res.partner*", args=("--allow-models", f"{TAG}, ir.cron")
    )
    refused(client.call("odoo_search", model="res.partner"), "res.partner")
    made = client.ok("odoo_create", model=TAG, values={"name": mark}).structured["id"]
    records.adopt(TAG, made)
    env: dict[str, str | None] = {"ODOO_DENY_MODELS": f"{TAG}:change"}
    client = start_server(admin, env=env)
    assert client.ok("odoo_read", model=TAG, id=made).structured["record"]["name"] == mark
    # The rights that an assistant is told of are those that it has here.
    (listed,) = client.ok("odoo_capabilities", search=TAG).structured["models"]
    for access in (client.ok("odoo_schema", model=TAG).structured["access"], listed["access"]):
        assert access == {"read": True, "create": False, "write": False, "unlink": False}
    refused(client.call("odoo_update", model=TAG, id=made, values={"name": "x"}), TAG)
    refused(client.call("odoo_execute", model=TAG, method="write", ids=[made], args=[{}]), TAG)
    assert odoo.read(TAG, made, "name")["name"] == mark
    client = closed_server(
        start_server, admin, f"{TAG}:change", args=("--allow-models", "res.partner.*")
    )
    client.ok("odoo_update", model=TAG, id=made, values={"name": f"{mark} open"})
    assert odoo.read(TAG, made, "name")["name"] == f"{mark} open"


def test_a_wrong_pattern_ends_the_start(start_server: StartServer, admin: Person) -> None:
    """A word behind the colon that is none, or a pattern that cannot be read."""
    for wrong in ("hr.*:read", "hr.{"):
        with pytest.raises(Exception):  # noqa: B017, PT011
            start_server(admin, "--deny-models", wrong).ok("odoo_capabilities")


# ------------------------------------------------------------------ typed tools, lists


def test_typed_tools_resources_and_prompts_of_a_closed_model_are_gone(
    start_server: StartServer, admin: Person
) -> None:
    """Not listed; a call by name is refused, with the reason."""
    client = closed_server(start_server, admin, "res.partner")
    assert not [name for name in client.tool_names() if name.startswith("res_partner_")]
    refused(client.call("res_partner_search", domain=[]), "res.partner")
    refused(client.call("res_partner_create", values={"name": "x"}), "res.partner")
    assert not [r for r in client.resources() if r["uri"] == "odoo://res.partner/schema"]
    # What is left of a prompt that can do without.
    for prompt in client.prompts():
        if not [a for a in prompt["arguments"] or [] if a["required"]]:
            assert "res_partner" not in client.prompt(prompt["name"])


def test_typed_tools_that_change_a_model_that_may_be_read_are_gone(
    start_server: StartServer, admin: Person
) -> None:
    """The tools that read stay."""
    names = closed_server(start_server, admin, "res.partner:change").tool_names()
    assert "res_partner_search" in names
    assert not {"res_partner_create", "res_partner_update"} & set(names)


@pytest.mark.demo
@pytest.mark.needs("sale.order")
def test_a_prompt_about_a_closed_model_is_not_offered(
    start_server: StartServer, admin: Person
) -> None:
    """It cannot do its work."""
    client = closed_server(start_server, admin, "sale.order")
    assert "prepare_quotation" not in [prompt["name"] for prompt in client.prompts()]
    with pytest.raises(ProtocolError, match="is of no use here"):
        client.prompt("prepare_quotation", customer="x")


# ------------------------------------------------------------------ by way of an open model

PATHS: list[tuple[str, dict[str, Any]]] = [
    ("odoo_search", {"domain": [["category_id.name", "=", "x"]]}),
    ("odoo_search", {"domain": [["child_ids.category_id.name", "=", "x"]]}),
    ("odoo_search", {"domain": [["category_id", "any", [["name", "=", "x"]]]]}),
    ("odoo_search", {"domain": [["category_id", "ilike", "x"]]}),
    ("odoo_search", {"domain": [["category_id", "child_of", "x"]]}),
    ("odoo_search", {"domain": '[["category_id", "any", [["name", "=", "x"]]]]'}),
    ("odoo_search", {"any_of": [["id", "=", 1], ["category_id.color", ">", 1]]}),
    ("odoo_search", {"none_of": [["category_id.color", ">", 1]]}),
    ("odoo_search", {"order": "category_id.name"}),
    ("odoo_search", {"group_by": ["category_id.name"]}),
    ("odoo_search", {"aggregates": ["category_id.color:sum"]}),
    ("odoo_search", {"fields": ["category_id.name"]}),
    ("odoo_count", {"domain": [["category_id.name", "like", "x"]]}),
    ("odoo_execute", {"method": "search_count", "args": [[["category_id.name", "=", "x"]]]}),
    ("odoo_execute", {"method": "search", "kwargs": {"domain": [["category_id", "like", "x"]]}}),
    ("odoo_execute", {"method": "export_data", "ids": [1], "args": [["category_id/name"]]}),
    (
        "odoo_execute",
        {
            "method": "web_read",
            "ids": [1],
            "kwargs": {"specification": {"category_id": {"fields": {"name": {}}}}},
        },
    ),
    (
        "odoo_execute",
        {
            "method": "web_search_read",
            "kwargs": {
                "domain": [],
                "specification": {"child_ids": {"fields": {"category_id": {"fields": {"id": {}}}}}},
            },
        },
    ),
    ("odoo_execute", {"method": "load", "args": [["name", "category_id/name"], [["x", "y"]]]}),
]


@pytest.mark.parametrize(("tool", "arguments"), PATHS, ids=lambda value: json.dumps(value)[:60])
def test_no_path_leads_through_a_closed_model(
    tag_server: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    """Whatever form it has."""
    result = tag_server.call(tool, model="res.partner", **arguments)
    assert_refused(result, "access_denied", f'this server keeps the model "{TAG}"')


def test_a_call_of_too_many_names_is_refused_whole(tag_server: McpClient) -> None:
    """What is behind the last name that is looked at does not pass unseen."""
    names = [f"parent_id/x{number}" for number in range(20_000)]
    call = {"method": "export_data", "ids": [1], "args": [[*names, "category_id/name"]]}
    result = tag_server.call("odoo_execute", model="res.partner", **call)
    assert_refused(result, "invalid_call", "more than 20000 fields")


def test_a_closed_model_is_not_told_of(tag_server: McpClient, odoo: Odoo) -> None:
    """Among what this user reaches is nothing of it, though Odoo lists it for them."""
    listed = odoo.post("/mcp/capabilities", {}).result["models"]
    assert TAG in [model["model"] for model in listed]
    told = tag_server.ok("odoo_capabilities", search=TAG)
    assert [model["model"] for model in told.structured["models"]] == []
    assert f"{TAG}:" not in told.text


@pytest.fixture(scope="module")
def tag_server(_start_server: StartServer, boss: Person) -> Any:
    """A server that keeps the tags of contacts from its client."""
    with _start_server(boss, "--deny-models", TAG) as client:
        yield client


VALUES: list[Any] = [
    [[0, 0, {"name": "denied"}]],
    [[4, 1]],
    [[6, 0, [1]]],
    [1],
    {"create": [{"name": "denied"}]},
    {"link": [1]},
    ["denied"],
]


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_no_line_reaches_a_closed_model(
    tag_server: McpClient, odoo: Odoo, records: Records, mark: str, value: Any
) -> None:
    """Neither when a record is made nor when it is changed, nor by a method, nor deeper down."""
    partner = records.make("res.partner", name=mark)
    values = {"name": f"{mark} denied", "category_id": value}
    for name, arguments in {
        "odoo_create": {"values": values},
        "res_partner_update": {"id": partner, "values": values},
        "odoo_update": {"id": partner, "values": {"child_ids": [[0, 0, values]]}},
        "odoo_execute": {"method": "write", "ids": [partner], "args": [values]},
        # A method of its own kind, which takes several records.
        "odoo_execute ": {"method": "create", "args": [[values]]},
    }.items():
        model = {} if name.startswith("res_") else {"model": "res.partner"}
        result = tag_server.call(name.strip(), **model, **arguments)
        assert_refused(result, "access_denied", f'this server keeps the model "{TAG}"')
    assert odoo.count("res.partner", [["name", "=", f"{mark} denied"]]) == 0
    assert odoo.count(TAG, [["name", "=", "denied"]]) == 0


def test_no_line_changes_a_model_that_may_be_read(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """Its records are linked to; none is made, changed or deleted by way of another model."""
    tag = records.make(TAG, name=mark)
    partner = records.make("res.partner", name=mark)
    client = closed_server(start_server, admin, f"{TAG}:change")
    for line in ([0, 0, {"name": f"{mark} x"}], [1, tag, {"name": f"{mark} x"}], [2, tag, 0]):
        values = {"category_id": [line]}
        for name, arguments in {
            "odoo_update": {"id": partner, "values": values},
            "odoo_execute": {"method": "write", "ids": [partner], "args": [values]},
        }.items():
            refused(client.call(name, model="res.partner", **arguments), TAG)
    assert odoo.ids(TAG, [["name", "like", mark]]) == [tag]
    assert odoo.read(TAG, tag, "name")["name"] == mark
    client.ok("odoo_update", model="res.partner", id=partner, values={"category_id": [[4, tag, 0]]})
    assert odoo.read("res.partner", partner, "category_id")["category_id"] == [tag]


def test_a_method_that_takes_the_name_of_a_closed_model_is_refused(tag_server: McpClient) -> None:
    """Such as what the menus of a model have."""
    arguments = {"model": "ir.actions.actions", "method": "get_bindings", "args": [TAG]}
    refused(tag_server.call("odoo_execute", **arguments), TAG)


def test_names_of_linked_records_stay(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """An open record shows what it is linked to, as Odoo does for users without the right."""
    (country,) = odoo.ids("res.country", [["code", "=", "BE"]])
    partner = records.make("res.partner", name=mark, country_id=country)
    client = closed_server(start_server, admin, "res.country")
    shown = client.ok("odoo_read", model="res.partner", id=partner, fields=["country_id"])
    assert shown.structured["record"]["country_id"]["name"] == "Belgium"
    found = client.ok("odoo_count", model="res.partner", domain=[["country_id", "=", country]])
    assert found.structured["count"] >= 1
    values = {"name": f"{mark} 2", "country_id": str(country)}
    made = client.ok("odoo_create", model="res.partner", values=values)
    adopted = records.adopt("res.partner", made.structured["id"])
    assert odoo.read("res.partner", adopted, "country_id")["country_id"][0] == country
    refused(client.call("odoo_read", model="res.country", id=country), "res.country")


def test_no_name_is_looked_up_in_a_closed_model(
    start_server: StartServer, admin: Person, odoo: Odoo, gateway: Gateway, mark: str
) -> None:
    """A record that is named in place of its id: Odoo hears nothing of it."""
    env = {"ODOO_URL": gateway.open().url}
    client = start_server(admin, "--deny-models", "res.country", env=env)
    values = {"name": mark, "country_id": "Belgium"}
    refused(client.call("odoo_create", model="res.partner", values=values), "res.country")
    assert named_in(gateway, "res.country") == []
    assert odoo.count("res.partner", [["name", "=", mark]]) == 0


# ------------------------------------------------------------------ records with an owner


def test_files_of_a_closed_model_are_closed(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """By their record, their content, a search, a count, groups, a completion and a change."""
    tag = records.make(TAG, name=mark)
    partner = records.make("res.partner", name=mark)
    data = base64.b64encode(b"denied").decode()
    file = {"name": f"{mark}.txt", "datas": data}
    hidden = records.make(FILE, res_model=TAG, res_id=tag, **file)
    shown = records.make(FILE, res_model="res.partner", res_id=partner, **file)
    client = closed_server(start_server, admin, TAG)
    mine = [["name", "=", f"{mark}.txt"]]
    found = client.ok("odoo_search", model=FILE, domain=mine)
    assert [row["id"] for row in found.structured["records"]] == [shown]
    assert client.ok("odoo_count", model=FILE, domain=mine).structured["count"] == 1
    groups = client.ok("odoo_search", model=FILE, domain=mine, group_by=["res_model"])
    assert [group["count"] for group in groups.structured["groups"]] == [1]
    for uri in (f"odoo://{FILE}/{hidden}", f"odoo://{FILE}/{hidden}/content"):
        with pytest.raises(ProtocolError, match="belongs to a record of a model"):
            client.read(uri)
        client.read(uri.replace(str(hidden), str(shown)))
    with pytest.raises(ProtocolError, match="belongs to a record of a model"):
        client.read(f"odoo://{FILE}/{hidden}/field/datas")
    completed = client.complete_resource(RECORD, "id", mark, model=FILE).values
    assert completed == [str(shown)]
    completed = client.complete_resource(RECORD, "id", str(hidden), model=FILE).values
    assert str(hidden) not in completed
    by_name = client.ok(
        "odoo_count", model=MESSAGE, domain=[["attachment_ids", "=", f"{mark}.txt"]]
    )
    assert by_name.structured["resolved"][0]["value"] == shown
    by_id = client.call("odoo_count", model=MESSAGE, domain=[["attachment_ids", "=", str(hidden)]])
    assert_refused(by_id, "invalid_call", f"no record of {FILE} has the id {hidden}")
    assert mark not in by_id.text
    reading = {"method": "read", "args": [["name"]]}
    many = [shown] * 150
    calls: list[tuple[str, dict[str, Any]]] = [
        ("odoo_read", {"ids": [shown, hidden]}),
        ("odoo_read", {"id": hidden, "ids": [shown, hidden]}),
        ("odoo_update", {"id": hidden, "values": {"name": "x"}}),
        ("odoo_update", {"id": shown, "ids": [shown, hidden], "values": {"name": "x"}}),
        ("odoo_delete", {"id": hidden}),
        ("odoo_execute", {"ids": [hidden], **reading}),
        ("odoo_execute", {"ids": [*many, hidden], **reading}),
    ]
    for name, arguments in calls:
        assert_refused(client.call(name, model=FILE, **arguments), "access_denied", "belongs to")
    search = {"method": "search_read", "args": [mine, ["name"]]}
    assert_refused(client.call("odoo_execute", model=FILE, **search), "access_denied", "belongs")
    values = file | {"res_model": TAG, "res_id": tag}
    refused(client.call("odoo_create", model=FILE, values=values), TAG)
    assert odoo.ids(FILE, mine) == sorted([hidden, shown], reverse=True)


def test_messages_of_a_closed_model_are_closed(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """Its chatter, and its messages among others."""
    partner = records.make("res.partner", name=mark)
    odoo.call("res.partner", "message_post", [partner], body=f"{mark} denied")
    (message,) = odoo.ids(MESSAGE, [["body", "like", f"{mark} denied"]])
    client = closed_server(start_server, admin, "res.partner")
    refused(client.call("odoo_chatter", model="res.partner", id=partner), "res.partner")
    refused(client.call("odoo_post", model="res.partner", id=partner, body="x"), "res.partner")
    found = client.ok("odoo_search", model=MESSAGE, domain=[["body", "like", f"{mark} denied"]])
    assert found.structured["records"] == []
    result = client.call("odoo_read", model=MESSAGE, id=message, fields=["body"])
    assert_refused(result, "access_denied", "belongs to")


@pytest.mark.needs("mail.activity")
def test_activities_of_a_closed_model_are_closed(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """They are neither completed nor cancelled."""
    partner = records.make("res.partner", name=mark)
    odoo.call("res.partner", "activity_schedule", [partner], summary=mark)
    (activity,) = odoo.ids("mail.activity", [["summary", "=", mark]])
    client = closed_server(start_server, admin, "res.partner")
    for operation in ("complete", "cancel"):
        refused(client.call("odoo_activity", operation=operation, activity=activity), "res.partner")
    assert odoo.exists("mail.activity", activity)
    # One that is done is archived.
    odoo.write("mail.activity", [activity], {"active": False})
    read = client.call("odoo_read", model="mail.activity", id=activity, fields=["summary"])
    assert_refused(read, "access_denied", "belongs to")


# ------------------------------------------------------------------ buttons and dialogues


@pytest.mark.demo
@pytest.mark.needs("crm.lead")
def test_a_dialogue_of_a_closed_model_does_not_open(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """The button of an open record says so, and there is no handle to go on with."""
    lead = records.make("crm.lead", name=mark, type="opportunity")
    press = {"model": "crm.lead", "ids": [lead], "method": "crm.crm_lead_lost_action"}
    handle = start_server(admin).ok("odoo_execute", **press).structured["wizard"]["handle"]
    goes_on = {"model": "crm.lead.lost", "method": "action_lost_reason_apply", "wizard": handle}
    # Whoever may not change it has no use for the dialogue either.
    for closed in ("crm.lead.lost", "crm.lead.lost:change"):
        client = closed_server(start_server, admin, closed)
        opened = client.call("odoo_execute", **press)
        assert "wizard" not in opened.structured
        assert "this server" in opened.text
        refused(client.call("odoo_execute", **goes_on), "crm.lead.lost")
    assert odoo.read("crm.lead", lead, "active")["active"]
