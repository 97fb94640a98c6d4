"""Schema files that Odoo has moved away from: what is told, what is withheld, what goes on.

Most tests serve an edited copy of the checkout's schema files: what the copy says and Odoo
does not is what Odoo "lost" since. One changes Odoo itself.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import GEN_SECONDS, StartProcess, StartServer
from support.gateway import Gateway
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import People, Person

COUNTRY = "res.country"
PARTNER = "res.partner"
TAG = "res.partner.category"
READERS = ("search", "read", "count", "aggregate")
WRITERS = ("create", "update")
# Whose arguments or answers describe fields.
TYPED = (*WRITERS, "search", "read")

Edit = Callable[[dict[str, Any]], None]
Edited = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path, schemas: Path) -> Edited:
    """A folder of a few schema files, one of them edited."""

    def copy(edit: Edit, model: str = COUNTRY, others: tuple[str, ...] = (TAG,)) -> Path:
        folder = tmp_path / "schemas"
        folder.mkdir()
        for name in (model, *others):
            shutil.copy(schemas / f"{name}.json", folder)
        path = folder / f"{model}.json"
        file = json.loads(path.read_text("utf-8"))
        edit(file)
        path.write_text(json.dumps(file), "utf-8")
        return folder

    return copy


def names(client: McpClient) -> set[str]:
    """The typed tools of the list."""
    return {tool.name for tool in client.tools() if not tool.name.startswith("odoo_")}


def tools_of(model: str, operations: tuple[str, ...]) -> set[str]:
    """The names of tools of a model."""
    return {f"{model.replace('.', '_')}_{operation}" for operation in operations}


def values_of(file: dict[str, Any], operation: str) -> dict[str, Any]:
    """The schema of the values of a create or update tool."""
    (tool,) = [tool for tool in file["tools"] if tool["operation"] == operation]
    return tool["inputSchema"]["properties"]["values"]


def rename(file: dict[str, Any], old: str, new: str) -> None:
    """Renames a field in the descriptor and in its tools."""
    fields = file["schema"]["fields"]
    fields[new] = fields.pop(old)
    for operation in ("create", "update"):
        values = values_of(file, operation)
        values["properties"][new] = values["properties"].pop(old)
        if old in values.get("required", []):
            values["required"] = [new if name == old else name for name in values["required"]]


def rename_code(file: dict[str, Any]) -> None:
    """As if Odoo had renamed `kode` to `code` since."""
    rename(file, "code", "kode")


def retype_phone_code(file: dict[str, Any]) -> None:
    """As if Odoo had made a number of a text since."""
    file["schema"]["fields"]["phone_code"]["type"] = "char"
    for operation in ("create", "update"):
        values_of(file, operation)["properties"]["phone_code"]["type"] = "string"


def lose_an_option(file: dict[str, Any]) -> None:
    """As if Odoo had taken an option away since."""
    file["schema"]["fields"]["company_type"]["selection"].append(["robot", "Robot"])
    for operation in ("create", "update"):
        values_of(file, operation)["properties"]["company_type"]["enum"].append("robot")


def gain_an_option(file: dict[str, Any]) -> None:
    """As if Odoo had added an option since."""
    file["schema"]["fields"]["company_type"]["selection"].remove(["company", "Company"])
    for operation in ("create", "update"):
        values_of(file, operation)["properties"]["company_type"]["enum"].remove("company")


def require_name(file: dict[str, Any]) -> None:
    """As if Odoo had made a field required since."""
    del file["schema"]["fields"]["name"]["required"]
    values = values_of(file, "create")
    values["required"] = [name for name in values["required"] if name != "name"]


def gain_a_field(file: dict[str, Any]) -> None:
    """As if Odoo had got a field and lost words since."""
    fields = file["schema"]["fields"]
    del fields["vat_label"]
    fields["name"]["string"] = "Another label"
    for operation in ("create", "update"):
        values_of(file, operation)["properties"].pop("vat_label", None)


@pytest.mark.parametrize(
    ("model", "edit", "withheld", "key", "told"),
    [
        (COUNTRY, rename_code, WRITERS, "fields_gone", ["kode"]),
        # A column of the list: answers are not what the tools say that they are, either.
        (COUNTRY, retype_phone_code, TYPED, "fields_changed", ["phone_code: char → integer"]),
        (PARTNER, lose_an_option, WRITERS, "options", ["company_type: - robot"]),
        (PARTNER, gain_an_option, (), "options", ["company_type: + company"]),
        (COUNTRY, require_name, ("create",), "now_required", ["name"]),
    ],
    ids=["renamed", "retyped", "option lost", "option gained", "required"],
)
def test_what_moved_is_told_and_wrong_tools_are_withheld(
    start_server: StartServer,
    admin: Person,
    edited: Edited,
    model: str,
    edit: Edit,
    withheld: tuple[str, ...],
    key: str,
    told: list[str],
) -> None:
    """Only tools that became wrong leave the list; the capabilities say what moved."""
    env = {"ODOO_SCHEMAS": str(edited(edit, model))}
    client = start_server(admin, "--profile", "all", env=env)
    listed = names(client)
    gone = tools_of(model, withheld)
    assert tools_of(model, READERS + WRITERS) - gone <= listed
    assert not listed & gone
    assert "res_partner_category_create" in listed
    result = client.ok("odoo_capabilities")
    drift = result.structured["schema_drift"]
    (moved,) = drift["models"]
    assert moved["model"] == model
    assert moved[key] == told
    assert set(moved["withheld_tools"]) == gone
    assert "butopea-mcp-server gen" in drift["mend"]
    (line,) = [line for line in result.text.splitlines() if "Odoo moved" in line]
    for part in (model, told[0], drift["mend"], *gone):
        assert part in line
    assert ("odoo_create" in line) is bool(gone)
    client.ok("odoo_reconnect")
    assert client.stderr().count("Odoo moved") == 1


def test_additions_are_no_drift(start_server: StartServer, admin: Person, edited: Edited) -> None:
    """A field that came and other words make no tool wrong: nothing is told or withheld."""
    env = {"ODOO_SCHEMAS": str(edited(gain_a_field))}
    client = start_server(admin, "--profile", "all", env=env)
    assert tools_of(COUNTRY, WRITERS + READERS) <= names(client)
    result = client.ok("odoo_capabilities")
    assert result.structured["schema_drift"] is None
    assert "Odoo moved" not in result.text
    assert client.stderr() == ""


def test_a_withheld_tool_names_the_generic_one(
    start_server: StartServer, admin: Person, odoo: Odoo, edited: Edited, mark: str
) -> None:
    """A client that calls it all the same is told what moved and what to use; nothing is sent."""
    env = {"ODOO_SCHEMAS": str(edited(rename_code))}
    client = start_server(admin, "--profile", "all", env=env)
    client.tools()
    values = {"name": mark, "kode": "XX"}
    for name, arguments in (
        ("res_country_create", {"values": values}),
        ("res_country_update", {"id": 1, "values": {"kode": "XX"}}),
    ):
        error = client.call_with(name, arguments).error
        assert error["kind"] == "invalid_call"
        assert name in error["message"]
        assert "kode is gone" in error["message"]
        assert "Nothing was sent" in error["message"]
        hints = "\n".join(error["hints"])
        generic = name.replace("res_country", "odoo")
        assert f'{generic}(model="{COUNTRY}"' in hints
        assert "butopea-mcp-server gen" in hints
    assert odoo.count(COUNTRY, [["name", "=", mark]]) == 0
    # The generic tool knows the model as it is, and the typed readers go on.
    wrong = client.call("odoo_create", model=COUNTRY, values=values)
    assert 'no field "kode"' in wrong.text
    assert client.ok("res_country_count", domain=[["code", "=", "BE"]]).structured["count"] == 1


def test_no_generic_tool_is_named_that_is_not_served(
    start_server: StartServer, admin: Person, edited: Edited
) -> None:
    """Where `--tools` left the generic ones out, only the mend is named."""
    env = {"ODOO_SCHEMAS": str(edited(rename_code))}
    client = start_server(admin, "--tools", "res_country_*", env=env)
    client.tools()
    result = client.call_with("res_country_create", {"values": {"name": "x"}})
    assert "kode is gone" in result.text
    assert "odoo_create" not in result.text
    assert "butopea-mcp-server gen" in result.text


@pytest.mark.needs("sale.order")
def test_an_action_that_is_gone(start_server: StartServer, admin: Person, edited: Edited) -> None:
    """Its tool is withheld, and a call names the method's generic way."""

    def edit(file: dict[str, Any]) -> None:
        for action in file["schema"]["actions"]:
            if action["method"] == "action_confirm":
                action["method"] = "action_affirm"
        for tool in file["tools"]:
            if tool["operation"] == {"action": "action_confirm"}:
                tool["operation"] = {"action": "action_affirm"}
                tool["name"] = "sale_order_action_affirm"

    env = {"ODOO_SCHEMAS": str(edited(edit, "sale.order", ("sale.order.line",)))}
    client = start_server(admin, "--profile", "all", env=env)
    listed = names(client)
    assert "sale_order_action_affirm" not in listed
    assert "sale_order_action_cancel" in listed
    (model,) = client.ok("odoo_capabilities").structured["schema_drift"]["models"]
    assert model["actions_gone"] == ["action_affirm"]
    result = client.call("sale_order_action_affirm", id=1)
    assert result.error["kind"] == "invalid_call"
    assert "action_affirm is gone" in result.text
    assert 'odoo_execute(model="sale.order"' in result.text


@pytest.mark.needs("sale.order")
def test_columns_of_lines_count(start_server: StartServer, admin: Person, edited: Edited) -> None:
    """An order's tools name columns of its lines; one that is gone makes them wrong, too."""

    def edit(file: dict[str, Any]) -> None:
        for operation in ("create", "update"):
            lines = values_of(file, operation)["properties"]["order_line"]["items"]
            lines["properties"]["quantity_that_was"] = {"type": "number"}

    env = {"ODOO_SCHEMAS": str(edited(edit, "sale.order", ("sale.order.line",)))}
    client = start_server(admin, "--profile", "all", env=env)
    listed = names(client)
    assert not listed & {"sale_order_create", "sale_order_update"}
    assert {"sale_order_search", "sale_order_line_create"} <= listed
    result = client.call_with("sale_order_create", {"values": {"partner_id": 1}})
    assert "order_line.quantity_that_was is gone" in result.text


def test_a_model_that_is_gone(start_server: StartServer, admin: Person, edited: Edited) -> None:
    """Its tools are not listed, and the capabilities say that it is gone; the others go on."""

    def edit(file: dict[str, Any]) -> None:
        file["schema"]["model"] = "res.gone"
        for tool in file["tools"]:
            tool["name"] = tool["name"].replace("res_country", "res_gone")

    env = {"ODOO_SCHEMAS": str(edited(edit))}
    client = start_server(admin, "--profile", "all", env=env)
    listed = names(client)
    assert not [name for name in listed if name.startswith("res_gone")]
    assert "res_partner_category_search" in listed
    result = client.ok("odoo_capabilities")
    (model,) = result.structured["schema_drift"]["models"]
    assert (model["model"], model["model_gone"]) == ("res.gone", True)
    assert "res.gone is gone" in result.text


def test_much_drift_is_told_briefly(
    start_server: StartServer, admin: Person, schemas: Path, tmp_path: Path
) -> None:
    """However much moved, what is told stays small."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    for path in schemas.glob("*.json"):
        file = json.loads(path.read_text("utf-8"))
        fields = file["schema"]["fields"]
        fields |= {f"x_gone_{number}": {"type": "char"} for number in range(40)}
        (folder / path.name).write_text(json.dumps(file), "utf-8")
    client = start_server(admin, "--profile", "all", env={"ODOO_SCHEMAS": str(folder)})
    result = client.ok("odoo_capabilities")
    drift = result.structured["schema_drift"]
    assert len(drift["models"]) <= 10
    assert drift["more_models"] > 0
    assert len(json.dumps(drift)) < 10_000
    (line,) = [line for line in result.text.splitlines() if "Odoo moved" in line]
    assert len(line) < 2_000
    assert len(client.stderr()) < 4_000


def test_files_that_odoo_vouches_for_cost_no_request(
    start_server: StartServer,
    start_process: StartProcess,
    admin: Person,
    gateway: Gateway,
    tmp_path: Path,
) -> None:
    """While the fingerprint is that of the files, none of their models is asked for."""

    def asked() -> list[str]:
        bodies = [json.loads(seen.body) for seen in gateway.requests("/mcp/schemas")]
        return [model for body in bodies for model in body["params"]["models"]]

    through = {"ODOO_URL": gateway.open().url, "ODOO_DATA_DIR": str(tmp_path)}
    process = start_process(admin.env | through, "gen")
    assert process.wait(GEN_SECONDS) == 0, process.stderr
    assert asked().count(PARTNER) == 1
    client = start_server(admin, env=through | {"ODOO_SCHEMAS": None})
    listed = names(client)
    assert "res_partner_search" in listed
    assert client.ok("odoo_capabilities").structured["schema_drift"] is None
    assert asked().count(PARTNER) == 1
    assert asked().count("sale.order") <= 1
    (path,) = tmp_path.glob("butopea-mcp/*/schemas/res.partner.json")
    file = json.loads(path.read_text("utf-8"))
    file["schema"]["label"] = "Edited"
    path.write_text(json.dumps(file), "utf-8")
    edited = start_server(admin, env=through | {"ODOO_SCHEMAS": None})
    assert names(edited) == listed
    assert asked().count(PARTNER) == 2
    assert asked().count("sale.order") <= 1


# ------------------------------------------------------------------ other users


@pytest.mark.users
def test_what_a_user_does_not_see_is_withheld_from_them_alone(
    start_server: StartServer,
    start_process: StartProcess,
    admin: Person,
    people: People,
    odoo: Odoo,
    tmp_path: Path,
) -> None:
    """Files of one user, served to another: a field hidden by a group withholds the form."""
    agent = people.make("agent", ["base.group_user", "base.group_partner_manager"])
    seen = agent.odoo.fields(PARTNER)
    simple = ("char", "float", "integer", "boolean", "many2one")
    hidden = sorted(
        name
        for name, field in odoo.fields(PARTNER).items()
        if name not in seen and field["type"] in simple and not field.get("readonly")
    )
    if not hidden:
        pytest.skip("no field of contacts is hidden from a user without groups")
    data = {"ODOO_DATA_DIR": str(tmp_path)}
    generated = start_process(admin.env | data, "gen", "--models", PARTNER)
    assert generated.wait(GEN_SECONDS) == 0, generated.stderr
    (folder,) = (tmp_path / "butopea-mcp").iterdir()
    text = f'[fields]\n"res.partner" = ["name", "{hidden[0]}"]\n'
    (folder / "models.toml").write_text(text, "utf-8")
    env = data | {"ODOO_SCHEMAS": None}
    theirs = start_server(agent, "--profile", "all", env=env)
    ours = start_server(admin, "--profile", "all", env=env)
    assert names(ours) - names(theirs) >= {"res_partner_create", "res_partner_update"}
    assert "res_partner_search" in names(theirs)
    assert ours.ok("odoo_capabilities").structured["schema_drift"] is None
    result = theirs.ok("odoo_capabilities")
    drift = result.structured["schema_drift"]
    assert drift["written_for"] == admin.login
    assert drift["models"][0]["fields_gone"] == [hidden[0]]
    assert "Odoo moved" not in result.text + theirs.stderr()
    error = theirs.call_with("res_partner_create", {"values": {"name": "x"}}).error
    assert "may not see it" in error["message"]


@pytest.mark.demo
@pytest.mark.parametrize("login", ["demo", "portal"])
def test_fewer_rights_are_no_drift(
    start_server: StartServer, demo_users: dict[str, Person], login: str
) -> None:
    """A user who sees less than whoever generated the files hears of nothing that is gone."""
    client = start_server(demo_users[login])
    result = client.ok("odoo_capabilities")
    assert "Odoo moved" not in result.text + client.stderr()


# ------------------------------------------------------------------ Odoo itself


@pytest.fixture
def custom_field(odoo: Odoo, mark: str) -> Iterator[tuple[str, int]]:
    """A field of contact tags that a person added, and its id; gone afterwards."""
    if not odoo.has_access("ir.model.fields", "create"):
        pytest.skip(f"the user {odoo.login} may not add fields")
    name = f"x_{mark.replace('-', '_')}"
    (model,) = odoo.ids("ir.model", [["model", "=", TAG]])
    values = {
        "name": name,
        "model_id": model,
        "field_description": "Made by a test",
        "ttype": "char",
    }
    made = odoo.create("ir.model.fields", values)
    yield name, made
    if odoo.exists("ir.model.fields", made):
        odoo.unlink("ir.model.fields", [made])


def test_a_field_that_comes_and_goes(
    start_server: StartServer,
    start_process: StartProcess,
    admin: Person,
    odoo: Odoo,
    custom_field: tuple[str, int],
    tmp_path: Path,
) -> None:
    """Generated with a custom field, served, and then the field is removed from Odoo."""
    name, made = custom_field
    data = {"ODOO_DATA_DIR": str(tmp_path)}

    def generate() -> None:
        process = start_process(admin.env | data, "gen", "--models", f"{TAG},{COUNTRY}")
        assert process.wait(GEN_SECONDS) == 0, process.stderr

    generate()
    (folder,) = (tmp_path / "butopea-mcp").iterdir()
    (folder / "models.toml").write_text(f'[fields]\n"{TAG}" = ["name", "{name}"]\n', "utf-8")
    env = data | {"ODOO_SCHEMAS": None}
    writers = {"res_partner_category_create", "res_partner_category_update"}
    client = start_server(admin, "--profile", "all", env=env)
    assert writers <= names(client)
    values = client.tool("res_partner_category_create").arguments["values"]["properties"]
    assert list(values)[:2] == ["name", name]
    assert client.ok("odoo_capabilities").structured["schema_drift"] is None

    odoo.unlink("ir.model.fields", [made])

    # A server that runs learns of it when it connects anew, another one at its start.
    client.ok("odoo_reconnect")
    for now in (client, start_server(admin, "--profile", "all", env=env)):
        assert not names(now) & writers
        assert "res_partner_category_search" in names(now)
        assert "res_country_create" in names(now)
        result = now.ok("odoo_capabilities")
        drift = result.structured["schema_drift"]
        (model,) = drift["models"]
        assert model["model"] == TAG
        assert model["fields_gone"] == [name]
        assert set(model["withheld_tools"]) == writers
        assert drift["mend"] == f"butopea-mcp-server gen --models {TAG},{COUNTRY}"
        assert drift["mend"] in result.text
        assert name in now.stderr()
        error = now.call_with("res_partner_category_create", {"values": {"name": "x"}}).error
        assert "odoo_create" in "".join(error["hints"])
    generate()
    mended = start_server(admin, "--profile", "all", env=env)
    assert writers <= names(mended)
    assert mended.ok("odoo_capabilities").structured["schema_drift"] is None


def test_an_addition_withholds_nothing(
    start_server: StartServer,
    start_process: StartProcess,
    admin: Person,
    odoo: Odoo,
    mark: str,
    tmp_path: Path,
) -> None:
    """A field that somebody adds to Odoo makes no typed tool wrong."""
    if not odoo.has_access("ir.model.fields", "create"):
        pytest.skip(f"the user {odoo.login} may not add fields")
    data = {"ODOO_DATA_DIR": str(tmp_path)}
    process = start_process(admin.env | data, "gen", "--models", TAG)
    assert process.wait(GEN_SECONDS) == 0, process.stderr
    env = data | {"ODOO_SCHEMAS": None}
    before = names(start_server(admin, "--profile", "all", env=env))
    (model,) = odoo.ids("ir.model", [["model", "=", TAG]])
    values = {"name": f"x_{mark[4:]}", "model_id": model, "ttype": "integer"}
    made = odoo.create("ir.model.fields", values | {"field_description": "Made by a test"})
    try:
        client = start_server(admin, "--profile", "all", env=env)
        assert names(client) == before
        assert client.ok("odoo_capabilities").structured["schema_drift"] is None
        check = start_process(admin.env | data, "gen", "--models", TAG, "--check")
        assert check.wait(GEN_SECONDS) == 1
        assert check.stdout == f"{TAG}: + field x_{mark[4:]} (integer)\n"
    finally:
        odoo.unlink("ir.model.fields", [made])
