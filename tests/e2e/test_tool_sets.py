"""Which tools are served, and which fields come first: profiles, options, variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import StartProcess, StartServer
from support.gateway import Gateway, Reply, Rule, Seen
from support.mcp_client import McpClient, ProtocolError
from support.people import Person
from support.profile import key_fields, profile_tools

GENERIC = 13


def names(client: McpClient) -> list[str]:
    """The names of the list, in order."""
    return [tool.name for tool in client.tools()]


# ------------------------------------------------------------------ profiles


def test_several_profiles_are_served_together(
    start_server: StartServer, admin: Person, schemas: Path
) -> None:
    """`--profile sales,accounting` is the union of both, the same in either order."""
    both = start_server(admin, "--profile", "sales,accounting").tools()
    assert both == start_server(admin, "--profile", "accounting,sales").tools()
    assert both == start_server(admin, env={"ODOO_PROFILE": "sales,accounting"}).tools()
    promised = {
        tool
        for profile in ("sales", "accounting")
        for tool, _model, _operation in profile_tools(schemas, profile)
    }
    listed = [tool.name for tool in both]
    assert set(listed[GENERIC:]) <= promised
    for profile in ("sales", "accounting"):
        assert set(names(start_server(admin, "--profile", profile))) <= set(listed)
    assert len(set(listed)) == len(listed)


def test_an_empty_variable_is_none(start_server: StartServer, admin: Person) -> None:
    """A client that sets all variables, some to nothing, gets the default list."""
    blank = dict.fromkeys(("ODOO_MODELS", "ODOO_TOOLS", "ODOO_EXCLUDE", "ODOO_READ_ONLY"), "")
    assert names(start_server(admin, env=blank)) == names(start_server(admin))


def schemas_rule(answer: Reply) -> Rule:
    """Answers in Odoo's place whoever asks for many schemas."""
    return lambda seen: answer if seen.path == "/mcp/schemas" else None


def test_everything_is_listed_though_odoo_describes_nothing(
    start_server: StartServer, admin: Person, gateway: Gateway, schemas: Path
) -> None:
    """An Odoo that describes no model: the list follows the rights alone, and calls work."""
    gateway.rule = schemas_rule(Reply(500, b"<h1>Internal Server Error</h1>"))
    env = {"ODOO_URL": gateway.open().url, "ODOO_SCHEMAS": str(schemas)}
    client = start_server(admin, "--profile", "all", env=env)
    listed = names(client)
    assert set(names(start_server(admin))) <= set(listed)
    assert {"res_country_search", "res_country_create"} <= set(listed)
    client.ok("res_country_count", domain=[])
    client.ok("odoo_capabilities")


def test_models_that_cannot_be_described_are_left_out(
    start_server: StartServer, admin: Person, gateway: Gateway, schemas: Path
) -> None:
    """A model whose views are broken costs its own tools, with a word in the log, and no others."""

    def break_country(seen: Seen) -> Reply | None:
        if seen.path != "/mcp/schemas":
            return None
        models = json.loads(seen.body)["params"]["models"]
        error = {"kind": "odoo.exceptions.ValidationError", "message": "a broken view"}
        answer = admin.odoo.post("/mcp/schemas", {"models": models}).result
        if answer["schemas"].pop("res.country", None):
            answer["errors"]["res.country"] = error
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": answer})
        return Reply(200, body.encode(), "application/json")

    gateway.rule = break_country
    env = {
        "ODOO_URL": gateway.open().url,
        "ODOO_SCHEMAS": str(schemas),
        "RUST_LOG": "butopea_runtime=debug",
    }
    client = start_server(admin, "--profile", "all", env=env)
    listed = names(client)
    assert not [name for name in listed if name.startswith("res_country_") and "state" not in name]
    assert {"res_country_state_search", "res_partner_search"} <= set(listed)
    assert "a broken view" in client.stderr()
    assert "WARN" not in client.stderr()


# ------------------------------------------------------------------ single tools


def test_named_tools_are_served_exactly(start_server: StartServer, admin: Person) -> None:
    """`--tools` takes from everything there is, in the order of the list, and nothing else."""
    tools = "sale_order_delete,odoo_search,res_country_*,odoo_read"
    listed = names(start_server(admin, "--tools", tools))
    assert listed[:2] == ["odoo_search", "odoo_read"]
    assert "sale_order_delete" in listed
    assert {"res_country_search", "res_country_read", "res_country_count"} <= set(listed)
    rest = set(listed[2:]) - {"sale_order_delete"}
    assert all(name.startswith("res_country_") for name in rest)
    assert listed == names(start_server(admin, env={"ODOO_TOOLS": tools}))


def test_a_tool_that_is_not_served_cannot_be_called(
    start_server: StartServer, admin: Person
) -> None:
    """What was left out is no tool of this server."""
    client = start_server(admin, "--tools", "odoo_*", "--exclude", "odoo_delete")
    for name in ("odoo_delete", "res_partner_search"):
        with pytest.raises(ProtocolError, match=f"there is no tool {name}"):
            client.call_with(name, {"model": "res.partner", "id": 1})
    client.ok("odoo_count", model="res.partner")


def test_exclusion_and_reading_win(start_server: StartServer, admin: Person) -> None:
    """Whatever is chosen: `--exclude` takes away, and `--read-only` over all."""
    args = ("--tools", "odoo_*,res_country_*", "--exclude", "*_count")
    writable = start_server(admin, *args).tools()
    assert not [tool.name for tool in writable if tool.name.endswith("_count")]
    assert [tool.name for tool in writable if not tool.read_only]
    readers = [tool for tool in writable if tool.read_only]
    assert start_server(admin, *args, "--read-only").tools() == readers
    variables = {
        "ODOO_TOOLS": "odoo_*,res_country_*",
        "ODOO_EXCLUDE": "*_count",
        "ODOO_READ_ONLY": "1",
    }
    assert start_server(admin, env=variables).tools() == readers


def test_models_by_variable(start_server: StartServer, admin: Person) -> None:
    """`ODOO_MODELS` adds the tools of models, by pattern, to those of the profile."""
    listed = names(start_server(admin, env={"ODOO_MODELS": "res.country*"}))
    assert set(names(start_server(admin))) <= set(listed)
    assert {"res_country_search", "res_country_state_search"} <= set(listed)


@pytest.mark.parametrize("off", ["", "0", "false", "no"])
def test_reading_is_not_switched_on_by_a_no(
    start_server: StartServer, admin: Person, off: str
) -> None:
    """`ODOO_READ_ONLY=false` means what it says; anything that is no "no" restricts."""
    assert "odoo_delete" in names(start_server(admin, env={"ODOO_READ_ONLY": off}))


def test_nothing_left_is_a_list_all_the_same(start_server: StartServer, admin: Person) -> None:
    """Tools that exist and that `--read-only` takes away are no mistake of whoever named them."""
    client = start_server(admin, "--tools", "odoo_delete", "--read-only")
    assert client.tools() == []
    result = client.call("odoo_delete", model="res.partner", id=1)
    assert result.error["kind"] == "access_denied"
    assert "--read-only" in result.text


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (["--tools", "sale_ordr_*"], {}, ["`sale_ordr_*`", "did you mean sale_order_*"]),
        (["--exclude", "odoo_delet"], {}, ["--exclude", "did you mean odoo_delete"]),
        (["--models", "res.countri"], {}, ["--models", "did you mean res.country"]),
        ([], {"ODOO_TOOLS": "odoo_serch"}, ["did you mean odoo_search"]),
        (["--profile", "sales,acounting"], {}, ['Did you mean "accounting"?']),
        (["--tools", "odoo_{"], {}, ["`odoo_{`"]),
    ],
    ids=["tools", "exclude", "models", "variable", "profile", "pattern"],
)
def test_what_matches_nothing_ends_with_the_nearest(
    start_process: StartProcess,
    admin: Person,
    arguments: list[str],
    variables: dict[str, str],
    says: list[str],
) -> None:
    """A name that means nothing ends the program at once, with the nearest ones, off stdout."""
    server = start_process(admin.env | variables, *arguments)
    assert server.wait(20) == 1
    for part in says:
        assert part in server.stderr
    assert server.stdout == ""
    assert "panicked" not in server.stderr


def test_help_teaches(start_process: StartProcess) -> None:
    """`--help` names every option, its variable and an example, and the subcommand."""
    server = start_process({}, "--help")
    assert server.wait(20) == 0
    for part in (
        "--profile",
        "ODOO_PROFILE",
        "--models",
        "ODOO_MODELS",
        "--tools",
        "ODOO_TOOLS",
        "odoo_*,sale_order_*",
        "--exclude",
        "ODOO_EXCLUDE",
        "--read-only",
        "ODOO_READ_ONLY",
        "ODOO_API_KEY",
        "butopea-mcp-server gen",
    ):
        assert part in server.stdout, part


# ------------------------------------------------------------------ fields first

ORDER = "sale.order"


def models_file(folder: Path, schemas: Path, text: str) -> Path:
    """A folder of schema files with a `models.toml` of its own."""
    (folder / "schemas").symlink_to(schemas)
    (folder / "models.toml").write_text(text, "utf-8")
    return folder / "schemas"


@pytest.mark.needs(ORDER)
def test_chosen_fields_are_the_default_of_answers(
    server: McpClient, schemas: Path, odoo: object
) -> None:
    """Without `fields` a search returns exactly the chosen ones, and a read begins with them."""
    assert odoo
    chosen = key_fields(schemas, "default", ORDER)
    found = server.ok("sale_order_search", limit=1).structured["records"]
    if not found:
        pytest.skip("this Odoo has no sale order that the user may see")
    assert list(found[0]) == ["id", *chosen]
    generic = server.ok("odoo_search", model=ORDER, limit=1).structured["records"]
    assert list(generic[0]) == ["id", *chosen]
    record = server.ok("sale_order_read", id=found[0]["id"]).structured["record"]
    assert list(record)[: 1 + len(chosen)] == ["id", *chosen]
    assert len(record) > 1 + len(chosen)


@pytest.mark.needs("res.country")
def test_a_profile_has_fields_of_its_own(
    start_server: StartServer, admin: Person, schemas: Path, tmp_path: Path
) -> None:
    """They stand first in its tools and make up its answers; other profiles keep theirs."""
    text = """
        [fields]
        "res.country" = ["code", "name"]
        [profiles.default]
        tools = ["res.country:*"]
        [profiles.phones]
        tools = ["res.country:*"]
        [profiles.phones.fields]
        "res.country" = ["phone_code", "name", "no_such_field"]
    """
    folder = models_file(tmp_path, schemas, text)
    for profile, chosen in (
        ("default", ["code", "name"]),
        ("phones", ["phone_code", "name"]),
        ("all", ["code", "name"]),
    ):
        client = start_server(admin, "--profile", profile, env={"ODOO_SCHEMAS": str(folder)})
        search = client.tool("res_country_search")
        assert f"Fields: {chosen[0]} " in search.description
        for name in ("res_country_create", "res_country_update"):
            values = client.tool(name).arguments["values"]["properties"]
            assert list(values)[:2] == chosen
        (record,) = client.ok("res_country_search", limit=1).structured["records"]
        assert list(record) == ["id", *chosen]
        assert ("no_such_field" in client.stderr()) is (profile == "phones")


def test_a_misspelt_key_of_the_file_is_named(
    start_process: StartProcess, admin: Person, schemas: Path, tmp_path: Path
) -> None:
    """A key that means nothing ends the program with its name: ignoring it would help nobody."""
    folder = models_file(tmp_path, schemas, '[profile.default]\ntools = ["res.country:read"]\n')
    server = start_process(admin.env | {"ODOO_SCHEMAS": str(folder)})
    assert server.wait(20) == 1
    assert "`profile`" in server.stderr
    assert "profiles" in server.stderr
