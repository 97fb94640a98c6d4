"""The models of the module `butopea_nasty`, by tools: names, options and fields that Odoo
allows and that no sane module has. Collected where `BUTOPEA_NASTY` names their schema files,
as the step `nasty` of `cargo xtask test` does.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import StartServer
from jsonschema import Draft202012Validator
from support.answers import TokenCounter, lines_of
from support.mcp_client import McpClient, Result, Tool
from support.odoo import Odoo, OdooError
from support.people import Person
from support.records import Records

FOLDER = Path(os.environ["BUTOPEA_NASTY"])
FILES: dict[str, dict[str, Any]] = {
    file["schema"]["model"]: file
    for file in (json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json")))
}
MODELS = sorted(FILES)
PORTABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")
BUTTONS = [action["method"] for action in FILES["nasty.action"]["schema"]["actions"]]
# Each option of these fields is written and read back.
SELECTIONS = [
    name
    for name, field in FILES["nasty.selection"]["schema"]["fields"].items()
    if field["type"] == "selection" and not field.get("related") and not field.get("computed")
]
# Odoo refuses it, not us.
REFUSES = "nasty.refuses"
VIEW = "nasty.view"
# There is nothing to give a value to.
BARE = "nasty.bare"
CHANGEABLE = [model for model in MODELS if model not in (REFUSES, VIEW, BARE)]


@pytest.fixture(scope="module")
def nasty(_start_server: StartServer, admin: Person) -> Iterator[McpClient]:
    """A server with every tool of every nasty model."""
    with _start_server(admin, "--profile", "all", env={"ODOO_SCHEMAS": str(FOLDER)}) as client:
        yield client


@pytest.fixture(scope="module")
def listed(nasty: McpClient) -> list[Tool]:
    """The tools as they are listed."""
    return nasty.tools()


@pytest.fixture(scope="module")
def tool_of(nasty: McpClient) -> dict[tuple[str, str], str]:
    """The name of the tool of `(model, operation)`; of buttons, `button <method>`.

    The names are those of the files, but of models whose names are one to tools.
    """
    served = set(nasty.tool_names())
    found: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for model in MODELS:
        for tool in FILES[model]["tools"]:
            operation, name = tool["operation"], tool["name"]
            if isinstance(operation, dict):
                operation = f"button {operation['action']}"
            if name in taken:
                name = _other_name(served, name, operation)
            taken.add(name)
            found[model, operation] = name
    return found


def _other_name(served: set[str], name: str, operation: str) -> str:
    """`nasty_a_b_1f2e_search`, which is called as `nasty_a_b_search` but for four digits."""
    head = name.removesuffix(operation).rstrip("_")
    pattern = re.compile(rf"{re.escape(head)}_[0-9a-f]{{4}}_{operation}")
    (other,) = [name for name in served if pattern.fullmatch(name)]
    return other


def _fields(model: str) -> dict[str, dict[str, Any]]:
    return FILES[model]["schema"]["fields"]


def _rec_name(model: str) -> str | None:
    return FILES[model]["schema"].get("rec_name")


def _records(odoo: Odoo, model: str) -> list[int]:
    return odoo.ids(model, [], order="id")


# ------------------------------------------------------------------ what is listed


def test_every_tool_is_listed_under_a_name_of_its_own(listed: list[Tool]) -> None:
    """No tool is lost, no name is taken twice, and every client takes each."""
    names = [tool.name for tool in listed]
    assert len(set(names)) == len(names)
    assert all(PORTABLE.fullmatch(name) for name in names)
    typed = [name for name in names if not name.startswith("odoo_")]
    assert len(typed) == sum(len(file["tools"]) for file in FILES.values())


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_its_tools(
    odoo: Odoo, tool_of: dict[tuple[str, str], str], model: str
) -> None:
    """All seven operations where the user has the rights."""
    needed = {
        "read": ("search", "read", "count", "aggregate"),
        "create": ("create",),
        "write": ("update",),
        "unlink": ("delete",),
    }
    for right, operations in needed.items():
        for operation in operations:
            assert ((model, operation) in tool_of) == odoo.has_access(model, right), operation


def test_every_schema_is_one(listed: list[Tool]) -> None:
    """Arguments and answers are described by valid JSON Schemas, whose root is an object."""
    for tool in listed:
        for schema in (tool.input_schema, tool.output_schema):
            assert schema is not None
            assert schema["type"] == "object"
            Draft202012Validator.check_schema(schema)


def test_texts_of_the_list_are_harmless(listed: list[Tool]) -> None:
    """Labels bring neither line breaks nor characters that hide or turn text."""
    hidden = re.compile("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\ufeff]")
    for tool in listed:
        assert not hidden.search(f"{tool.title} {tool.description}"), tool.name
        assert "\n" not in f"{tool.title}", tool.name
        # As it is, for keys of options are what has to be sent.
        assert len(json.dumps(tool.input_schema)) < 12_000, tool.name


@pytest.mark.parametrize("model", MODELS)
def test_a_schema_keeps_to_its_limit(nasty: McpClient, tokens: TokenCounter, model: str) -> None:
    """`odoo_schema` stays within 2,000 tokens, whatever there is, and finds every field."""
    answer = nasty.ok("odoo_schema", model=model)
    assert tokens.count(answer.text) <= 2_000
    for name in (*sorted(_fields(model))[:3], *sorted(_fields(model))[-3:]):
        assert name in nasty.ok("odoo_schema", model=model, search=name).text


def test_a_model_that_nobody_may_read_is_told_as_such(nasty: McpClient) -> None:
    """Neither its tools nor its records are there, and the answer is no failure of ours."""
    assert not any(name.startswith("nasty_secret") for name in nasty.tool_names())
    for tool, arguments in (("odoo_search", {}), ("odoo_read", {"id": 1}), ("odoo_count", {})):
        error = nasty.call(tool, model="nasty.secret", **arguments).error
        assert error["kind"] == "access_denied", error


# ------------------------------------------------------------------ what is read


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_searched_read_and_counted(
    nasty: McpClient, odoo: Odoo, tool_of: dict[tuple[str, str], str], model: str
) -> None:
    """The typed tools answer as the generic ones do, and as Odoo does."""
    found = nasty.ok(tool_of[model, "search"], order="id")
    generic = nasty.ok("odoo_search", model=model, order="id")
    assert found.structured == generic.structured
    truth = odoo.call(model, "search", [], order="id")
    assert [record["id"] for record in found.structured["records"]] == truth[:20]
    count = nasty.ok(tool_of[model, "count"]).structured["count"]
    assert count == found.structured["total"] == len(truth)
    for record_id in _records(odoo, model)[:2]:
        one = nasty.ok(tool_of[model, "read"], id=record_id)
        assert one.structured["record"]["id"] == record_id
        assert one.structured == nasty.ok("odoo_read", model=model, id=record_id).structured


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_grouped(
    nasty: McpClient, odoo: Odoo, tool_of: dict[tuple[str, str], str], model: str
) -> None:
    """By each field that Odoo groups by, and as many records come out as there are."""
    groupable = [name for name, field in _fields(model).items() if field.get("groupable")]
    number = odoo.count(model)
    for name in groupable[:8] + groupable[-2:]:
        if name == "id":
            continue
        by = f"{name}:day" if _fields(model)[name]["type"] == "datetime" else name
        groups = nasty.ok(tool_of[model, "aggregate"], group_by=[by], limit=100).structured
        if _fields(model)[name]["type"] != "many2many":
            assert sum(group["count"] for group in groups["groups"]) == number, name


@pytest.mark.parametrize("model", [m for m in MODELS if m not in ("nasty.fault", "nasty.open")])
def test_every_field_is_read_by_its_name(nasty: McpClient, odoo: Odoo, model: str) -> None:
    """However it is called, and with the value that Odoo has."""
    names = sorted(set(_fields(model)) - {"id"})
    for record_id in _records(odoo, model)[:1]:
        for start in range(0, len(names), 60):
            some = names[start : start + 60]
            record = nasty.ok("odoo_read", model=model, id=record_id, fields=some).structured
            truth = odoo.read(model, record_id, *some)
            for name in some:
                value, expected = record["record"][name], truth[name]
                kind = _fields(model)[name]["type"]
                if kind in ("char", "selection", "integer"):
                    cleaned = isinstance(expected, str) and not expected.isprintable()
                    assert cleaned or value == (None if expected is False else expected), name


@pytest.mark.parametrize("model", MODELS)
def test_every_record_is_a_resource(nasty: McpClient, odoo: Odoo, model: str) -> None:
    """`odoo://<model>/<id>` and its schema, as programs read them."""
    for record_id in _records(odoo, model)[:1]:
        contents = nasty.read(f"odoo://{model}/{record_id}")
        assert json.loads(contents[0]["text"])["id"] == record_id
    schema = json.loads(nasty.read(f"odoo://{model}/schema")[0]["text"])
    assert set(schema["fields"]) >= set(_fields(model)) - {"id"}


# ------------------------------------------------------------------ what cannot be read


def test_fields_that_fail_are_left_out_and_named(nasty: McpClient, odoo: Odoo) -> None:
    """Without `fields`, the rest is answered; the reason is Odoo's own."""
    good, bad = _records(odoo, "nasty.fault")[:2]
    for answer in (
        nasty.ok("odoo_search", model="nasty.fault"),
        nasty.ok("odoo_read", model="nasty.fault", ids=[good, bad]),
        nasty.ok("nasty_fault_read", id=bad),
    ):
        rows = answer.structured.get("records") or [answer.structured["record"]]
        assert rows[-1]["name"] == "Bad"
        assert rows[-1]["unsearchable"] == "Bad"
        for field, reason in {
            "refused": "Not today. Nor {} tomorrow",
            "denied": "Not for you.",
            "broken": "division by zero",
            "bad_only": "This record is bad.",
        }.items():
            assert all(field not in row for row in rows)
            for told in (answer.text, answer.structured["note"]):
                (line,) = [line for line in told.splitlines() if line.startswith("left out")]
                assert re.search(rf"\b{field} \([^)]*{re.escape(reason)}", line), line
    one = nasty.ok("odoo_read", model="nasty.fault", id=good)
    assert one.structured["record"]["bad_only"] == "good"
    record, text = nasty.read(f"odoo://nasty.fault/{bad}")
    assert json.loads(record["text"])["left_out"]["bad_only"] == "This record is bad."
    assert "bad_only cannot be read: This record is bad." in text["text"]


def test_a_field_that_was_asked_for_fails(nasty: McpClient, odoo: Odoo) -> None:
    """What the assistant named is not silently left out."""
    (record_id, *_) = _records(odoo, "nasty.fault")
    for field, kind in (("refused", "validation"), ("denied", "access_denied")):
        error = nasty.call("odoo_read", model="nasty.fault", id=record_id, fields=["name", field])
        assert error.error["kind"] == kind
    missing = nasty.call("odoo_read", model="nasty.fault", id=999_999_999)
    assert missing.error["kind"] == "missing_record"


def test_what_leads_to_secrets_is_left_out(nasty: McpClient, odoo: Odoo) -> None:
    """Relations to a model without rights do not take the record with them."""
    (record_id,) = _records(odoo, "nasty.open")
    answer = nasty.ok("odoo_read", model="nasty.open", id=record_id)
    assert answer.structured["record"]["name"] == "Open"
    assert "secret_tag_ids" not in answer.structured["record"]
    assert "secret_tag_ids (" in answer.structured["note"]


@pytest.mark.demo
def test_a_user_with_few_rights_reads_all_the_same(
    start_server: StartServer, demo_users: dict[str, Person]
) -> None:
    """Fields of groups are not there for others, and nothing else is missing."""
    environment = {"ODOO_SCHEMAS": str(FOLDER)}
    client = start_server(demo_users["demo"], "--profile", "all", env=environment)
    for model in MODELS:
        client.ok("odoo_search", model=model)
    stubborn = client.ok("odoo_search", model="nasty.stubborn").structured["records"][0]
    assert "for_admins" not in stubborn
    denied = client.call("odoo_search", model="nasty.stubborn", fields=["for_admins"])
    assert "for_admins" in denied.error["message"]


# ------------------------------------------------------------------ what is changed


def _values(model: str, records: Records) -> dict[str, Any]:
    """A value for each field that simply keeps one, and a record for each that must have one."""
    values: dict[str, Any] = {}
    for name, field in _fields(model).items():
        if name in ("parent_path", "res_model", "create_date") or name.startswith("message_"):
            continue
        is_plain = field.get("store") and not field.get("computed") and not field.get("related")
        is_written = not field.get("readonly") or field.get("required")
        if not is_plain or not is_written:
            continue
        keys = [key for key, _label in field.get("selection") or []]
        if field["type"] in ("char", "text"):
            values[name] = f"{name} {{}} */"[: field.get("size")]
        elif field["type"] == "integer":
            values[name] = 7
        elif field["type"] == "selection" and keys and keys[-1]:
            values[name] = keys[-1]
        elif field["type"] == "many2one" and (field.get("required") or name == _rec_name(model)):
            there = records.odoo.ids(field["relation"], [], limit=1)
            values[name] = there[0] if there else records.make(field["relation"])
    return values


@pytest.mark.parametrize("model", CHANGEABLE)
def test_every_model_is_created_updated_and_deleted(
    nasty: McpClient,
    odoo: Odoo,
    records: Records,
    tool_of: dict[tuple[str, str], str],
    model: str,
) -> None:
    """By its typed tools, with a value for every field that keeps one."""
    values = _values(model, records)
    created = nasty.ok(tool_of[model, "create"], values=values)
    made = records.adopt(model, created.structured["id"])
    assert _kept(odoo, model, made, values) == values
    changes = {
        name: (f"! {value}"[: _fields(model)[name].get("size")] if isinstance(value, str) else 8)
        for name, value in values.items()
        if _fields(model)[name]["type"] in ("char", "text", "integer")
    }
    if changes:
        nasty.ok(tool_of[model, "update"], id=made, values=changes)
        assert _kept(odoo, model, made, changes) == changes
    nasty.ok(tool_of[model, "delete"], id=made)
    assert not odoo.exists(model, made)


def _kept(odoo: Odoo, model: str, record_id: int, values: dict[str, Any]) -> dict[str, Any]:
    truth = odoo.read(model, record_id, *values)
    return {
        name: truth[name][0] if isinstance(truth[name], list) else truth[name] for name in values
    }


def test_a_record_of_nothing_is_no_call(nasty: McpClient, odoo: Odoo) -> None:
    """A model without fields can be read and deleted; a creation without values is a slip."""
    assert nasty.call("nasty_bare_create", values={}).error["kind"] == "invalid_call"
    made = odoo.create("nasty.bare", {})
    assert nasty.ok("nasty_bare_read", id=made).structured["record"]["id"] == made
    nasty.ok("nasty_bare_delete", id=made)
    assert not odoo.exists("nasty.bare", made)


def test_what_odoo_refuses_is_told_in_its_words(nasty: McpClient, odoo: Odoo) -> None:
    """The message of a model that refuses what its rights allow, whatever it is made of."""
    error = nasty.call("odoo_create", model=REFUSES, values={"name": "x"}).error
    assert error["message"] == 'No "#{}" */ for you'
    (record_id,) = _records(odoo, REFUSES)
    error = nasty.call("odoo_delete", model=REFUSES, id=record_id).error
    assert error["message"] == "They stay."
    assert VIEW in FILES
    created = nasty.call("odoo_create", model=VIEW, values={"name": "x"})
    assert created.error["kind"] == "access_denied"


@pytest.mark.parametrize("field", SELECTIONS)
def test_every_option_is_written_as_its_key(
    nasty: McpClient, odoo: Odoo, records: Records, field: str
) -> None:
    """Keys that differ in case, in dashes or in what nobody sees are told apart."""
    options = _fields("nasty.selection")[field].get("selection") or []
    made = records.make("nasty.selection", name="options")
    for key, _label in options[:40]:
        nasty.ok("nasty_selection_update", id=made, values={field: key})
        written = odoo.read("nasty.selection", made, field)[field]
        assert written == key, (key, written)
        answer = nasty.ok("odoo_search", model="nasty.selection", domain=[[field, "=", key]])
        assert made in [record["id"] for record in answer.structured["records"]], key


def test_a_label_of_several_options_is_asked_back(
    nasty: McpClient, odoo: Odoo, records: Records
) -> None:
    """A label stands for a key where it is one option's alone."""
    made = records.make("nasty.selection", name="labels")
    error = nasty.call("nasty_selection_update", id=made, values={"symbols": "Option 0"}).error
    assert error["kind"] == "invalid_call"
    nasty.ok("nasty_selection_update", id=made, values={"many": "Option 299"})
    assert odoo.read("nasty.selection", made, "many")["many"] == "option 299"


def test_properties_are_read_and_written(nasty: McpClient, odoo: Odoo, records: Records) -> None:
    """Two fields of properties, whose definitions two fields of the parent have."""
    parent = odoo.ids("nasty.kind.parent", [["name", "=", "Parent"]])[0]
    made = records.make("nasty.kind", name="Props", parent_id=parent)
    values = {
        "properties": {"definition_char": "é */", "definition_selection": "a_b"},
        "match": {"type_integer": 7, "type_tags": ["self"]},
    }
    nasty.ok("odoo_update", model="nasty.kind", id=made, values=values)
    read = nasty.ok("odoo_read", model="nasty.kind", id=made, fields=["properties", "match"])
    # By label, without what nobody sees; an option by its label where that is one option's alone.
    said = {"type_tags": ["Self"]}
    for name, written in values.items():
        shown, listed = read.structured["record"][name], odoo.read("nasty.kind", made, name)[name]
        truth = {item["name"]: item.get("value") for item in listed}
        labels = {item["name"]: item["string"].replace("\u202e", "") for item in listed}
        for key, value in written.items():
            assert truth[key] == value, key
            assert shown[labels[key]] == said.get(key, value), key


def test_references_are_read_and_written(nasty: McpClient, odoo: Odoo, records: Records) -> None:
    """To any model, by either kind of field."""
    target = odoo.ids("nasty.keyword", [])[0]
    made = records.make("nasty.kind", name="Refs")
    values = {
        "reference": f"nasty.keyword,{target}",
        "res_model": "nasty.keyword",
        "res_id": target,
    }
    nasty.ok("nasty_kind_update", id=made, values=values)
    assert odoo.read("nasty.kind", made, *values) == {"id": made} | values
    read = nasty.ok("odoo_read", model="nasty.kind", id=made, fields=list(values)).structured
    assert read["record"] == {"id": made} | values
    nasty.ok("nasty_kind_update", id=made, values={"reference": None})
    assert odoo.read("nasty.kind", made, "reference")["reference"] is False


# ------------------------------------------------------------------ buttons and wizards


@pytest.mark.parametrize("method", BUTTONS)
def test_every_button_has_a_tool_that_presses_it(
    nasty: McpClient,
    records: Records,
    tool_of: dict[tuple[str, str], str],
    method: str,
) -> None:
    """Whatever the method is called and whatever it answers."""
    made = records.make("nasty.action", name="press")
    result = nasty.call(tool_of["nasty.action", f"button {method}"], id=made)
    if method == "action_fails":
        assert "RuntimeError" in result.error["message"]
    else:
        assert not result.is_error, result.text


def test_a_button_does_what_its_method_does(nasty: McpClient, odoo: Odoo, records: Records) -> None:
    """Methods that take anything get what is meant for them."""
    made = records.make("nasty.action", name="press")
    nasty.ok("nasty_action_action_press", id=made)
    assert odoo.read("nasty.action", made, "pressed")["pressed"] == 1
    call = {"model": "nasty.action", "ids": [made]}
    named = nasty.ok(
        "odoo_execute",
        method="action_named",
        kwargs={"domain": [["a", "=", 1]], "model": "self"},
        **call,
    )
    assert named.structured["result"] == [[["a", "=", 1]], "self"]
    anything = nasty.ok(
        "odoo_execute", method="action_args", args=[1, "{}"], kwargs={"self_": 2}, **call
    )
    assert anything.structured["result"] == {"args": [1, "{}"], "kwargs": {"self_": 2}}


def test_a_wizard_of_keywords_is_gone_through(
    nasty: McpClient, odoo: Odoo, records: Records
) -> None:
    """From the button to the dialogue, with values for fields named as our own arguments."""
    made = records.make("nasty.action", name="open")
    opened = _opened(nasty.ok("nasty_action_action_open", id=made))
    again = nasty.ok("odoo_execute", model="nasty.wizard", method="crate", wizard=opened, values={})
    values = {
        "type": "a-b",
        "values": "the values",
        "wizard": "the wizard",
        "line_ids": [{"name": "self", "move": 3}],
    }
    nasty.ok(
        "odoo_execute",
        model="nasty.wizard",
        method="action_apply",
        wizard=_opened(again),
        values=values | {"action_id": made},
    )
    assert odoo.read("nasty.action", made, "name")["name"] == "a-b: the values"


def _opened(result: Result) -> str:
    return result.structured["wizard"]["handle"]


# ------------------------------------------------------------------ the form of the text


def test_names_of_records_do_not_break_a_table(nasty: McpClient, odoo: Odoo) -> None:
    """A bar, a line break or a turned text in a name is one cell."""
    with pytest.raises(OdooError):
        odoo.call("nasty.secret", "search", [])
    answer = nasty.ok("odoo_search", model="nasty.one", order="id", limit=1)
    assert "\u202e" not in answer.text
    (row,) = [line for line in lines_of(answer) if line.startswith("1|")]
    assert row.count("|") == answer.text.splitlines()[2].count("|")
