"""`butopea-mcp-server gen`: the files of an instance, and a server that finds them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import GEN_SECONDS, StartProcess, StartServer
from support.gateway import Gateway
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import Person

COUNTRY = "res.country"


@dataclass(frozen=True)
class Run:
    """How a run of `gen` ended."""

    code: int
    stdout: str
    stderr: str


RunGen = Callable[..., Run]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    return tmp_path / "data"


@pytest.fixture
def run_gen(start_process: StartProcess, admin: Person, data_dir: Path) -> RunGen:
    """Runs `gen` with options, for the environment's user or with other variables."""

    def run(*args: str, env: dict[str, str] | None = None) -> Run:
        variables = admin.env | {"ODOO_DATA_DIR": str(data_dir)} if env is None else env
        process = start_process(variables, "gen", *args)
        code = process.wait(GEN_SECONDS)
        return Run(code, process.stdout, process.stderr)

    return run


def instance(data_dir: Path) -> Path:
    """The only instance's folder."""
    (folder,) = (data_dir / "butopea-mcp").iterdir()
    return folder


def texts(folder: Path) -> dict[str, str]:
    """The files of a folder, by path within it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


def models_of(folder: Path) -> set[str]:
    """The models that a folder has a schema file of."""
    return {path.name.removesuffix(".json") for path in (folder / "schemas").iterdir()}


def names(client: McpClient) -> list[str]:
    """The names of the list, in order."""
    return [tool.name for tool in client.tools()]


def edit_json(path: Path, edit: Callable[[Any], None]) -> None:
    """Changes a JSON file."""
    content = json.loads(path.read_text("utf-8"))
    edit(content)
    path.write_text(json.dumps(content), "utf-8")


# ------------------------------------------------------------------ writing


def test_it_writes_the_folder_of_the_instance(
    run_gen: RunGen, data_dir: Path, odoo: Odoo, schemas: Path
) -> None:
    """Schema files, `models.toml` and the facts that shaped them; again, and nothing changes."""
    run = run_gen()
    assert run.code == 0, run.stderr
    folder = instance(data_dir)
    assert str(folder) in run.stdout
    assert "describing models" in run.stderr
    assert folder.name.endswith(f"_{odoo.database}")
    reference = (schemas.parent / "models.toml").read_text("utf-8")
    assert (folder / "models.toml").read_text("utf-8") == reference
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    context = {"context": {"lang": "en_US"}}
    capabilities = odoo.post("/mcp/capabilities", context).result
    assert manifest["database"] == odoo.database
    assert manifest["user"] == odoo.login
    assert manifest["language"] == "en_US"
    assert manifest["schema_fingerprint"] == capabilities["schema_fingerprint"]
    for fact in ("odoo_version", "odoo_series", "module_version"):
        assert manifest[fact] == capabilities[fact]
    assert set(manifest["models"]) == models_of(folder)
    wanted = set(tomllib.loads(reference)["models"]["include"])
    assert models_of(folder) <= wanted
    before = texts(folder)
    again = run_gen()
    assert again.code == 0, again.stderr
    assert "0 new, 0 changed, 0 removed" in again.stdout
    assert texts(folder) == before


def test_models_toml_says_which_models(run_gen: RunGen, data_dir: Path) -> None:
    """A person edits it; the next run describes what it says, and the others' files go."""
    assert run_gen("--models", "res.country,res.lang,res.country.state").code == 0
    folder = instance(data_dir)
    assert models_of(folder) == {COUNTRY, "res.lang", "res.country.state"}
    own = '[models]\ninclude = ["res.country*"]\nexclude = ["res.country.group"]\n'
    (folder / "models.toml").write_text(own, "utf-8")
    run = run_gen()
    assert run.code == 0, run.stderr
    assert "1 removed" in run.stdout
    assert "removed: res.lang" in run.stdout
    found = models_of(folder)
    assert COUNTRY in found
    assert all(model.startswith("res.country") for model in found)
    assert (folder / "models.toml").read_text("utf-8") == own


def test_all_models_are_described_and_served(
    run_gen: RunGen, start_server: StartServer, admin: Person, data_dir: Path, odoo: Odoo
) -> None:
    """`--all` has every model of the menus; `--profile all` serves their tools, in pages."""
    run = run_gen("--all")
    assert run.code == 0, run.stderr
    folder = instance(data_dir)
    reached = {model["model"] for model in odoo.post("/mcp/capabilities").result["models"]}
    assert reached <= models_of(folder) or "not for this user" in run.stdout
    env = {"ODOO_SCHEMAS": None, "ODOO_DATA_DIR": str(data_dir)}
    listed = names(start_server(admin, "--profile", "all", env=env))
    assert len(listed) > len(reached)
    assert len(set(listed)) == len(listed)


def test_what_this_odoo_lacks_is_no_failure(run_gen: RunGen, data_dir: Path) -> None:
    """Models of apps that are not installed are named and left out."""
    run = run_gen("--models", "res.country,no.such.model")
    assert run.code == 0, run.stderr
    assert "not in this Odoo, or not for this user: no.such.model" in run.stdout
    assert models_of(instance(data_dir)) == {COUNTRY}


def test_another_folder(
    run_gen: RunGen, start_server: StartServer, admin: Person, data_dir: Path, tmp_path: Path
) -> None:
    """`--out` writes there and nowhere else, and `--schemas` serves it."""
    out = tmp_path / "my files"
    assert run_gen("--models", COUNTRY, "--out", str(out)).code == 0
    assert not data_dir.exists()
    listed = names(start_server(admin, "--profile", "all", env={"ODOO_SCHEMAS": str(out)}))
    assert [name for name in listed if name.startswith("res_country_")] == listed[13:]
    assert "res_country_search" in listed


# ------------------------------------------------------------------ finding


def test_a_server_finds_its_instance(
    run_gen: RunGen, start_server: StartServer, admin: Person, data_dir: Path
) -> None:
    """By address and database, without a word about where the files are."""
    assert run_gen("--models", "res.country,res.lang").code == 0
    served = {"ODOO_SCHEMAS": None, "ODOO_DATA_DIR": str(data_dir)}
    args = ("--profile", "all")
    expected = names(start_server(admin, *args, env={"ODOO_SCHEMAS": str(instance(data_dir))}))
    assert "res_lang_search" in expected
    client = start_server(admin, *args, env=served)
    assert names(client) == expected
    assert client.ok("res_country_count", domain=[]).structured["count"] > 0
    by_option = {"ODOO_SCHEMAS": None, "ODOO_DATA_DIR": "/no/such/folder"}
    options = (*args, "--data-dir", str(data_dir))
    assert names(start_server(admin, *options, env=by_option)) == expected


def test_the_only_database_of_a_host_needs_no_name(
    run_gen: RunGen, start_server: StartServer, admin: Person, data_dir: Path, odoo: Odoo
) -> None:
    """Without `ODOO_DB` the only folder of the host is served; with two it is not guessed."""
    if odoo.databases() != [odoo.database]:
        pytest.skip("this address serves several databases")
    unnamed = admin.env | {"ODOO_DATA_DIR": str(data_dir)}
    del unnamed["ODOO_DB"]
    assert run_gen("--models", "res.lang", env=unnamed).code == 0
    folder = instance(data_dir)
    env = {"ODOO_SCHEMAS": None, "ODOO_DATA_DIR": str(data_dir), "ODOO_DB": None}
    assert "res_lang_search" in names(start_server(admin, "--profile", "all", env=env))
    other = folder.with_name(folder.name + "-other")
    (other / "schemas").mkdir(parents=True)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (other / "manifest.json").write_text(json.dumps(manifest | {"database": "other"}), "utf-8")
    client = start_server(admin, "--profile", "all", env=env)
    assert "res_lang_search" not in names(client)
    assert "set ODOO_DB" in client.stderr()


# ------------------------------------------------------------------ checking


def test_a_check_of_what_is_right_is_clean(run_gen: RunGen, data_dir: Path) -> None:
    """Code 0, nothing said about models, nothing written."""
    assert run_gen("--models", "res.country,res.lang").code == 0
    before = texts(instance(data_dir))
    run = run_gen("--models", "res.country,res.lang", "--check")
    assert run.code == 0, run.stdout
    assert run.stdout == ""
    assert "2 models are as in" in run.stderr
    assert texts(instance(data_dir)) == before


def test_a_check_tells_what_differs(run_gen: RunGen, data_dir: Path) -> None:
    """Code 1, and each difference in words; nothing is written."""
    args = ("--models", "res.country,res.lang,res.country.state")
    assert run_gen(*args).code == 0
    folder = instance(data_dir)

    def edit(file: dict[str, Any]) -> None:
        fields = file["schema"]["fields"]
        fields["kode"] = fields.pop("code")
        fields["phone_code"]["type"] = "char"
        fields["name_position"]["selection"].append(["middle", "In the middle"])

    edit_json(folder / "schemas" / "res.country.json", edit)
    (folder / "schemas" / "res.lang.json").unlink()
    before = texts(folder)
    run = run_gen(*args, "--check")
    assert run.code == 1
    for line in (
        "res.country: + field code (char)",
        "res.country: - field kode (char)",
        "res.country: ~ phone_code: char → integer",
        "res.country: ~ name_position: - middle",
        "res.lang: + the model",
    ):
        assert line in run.stdout.splitlines()
    assert "res.country.state" not in run.stdout
    assert "2 models differ" in run.stderr
    assert "without --check" in run.stderr
    assert texts(folder) == before
    mended = run_gen(*args)
    assert "1 new, 1 changed, 0 removed" in mended.stdout
    assert run_gen(*args, "--check").code == 0


def test_a_check_of_nothing_says_so(run_gen: RunGen, data_dir: Path) -> None:
    """Before the first run there is nothing to compare; nothing is written either."""
    run = run_gen("--check")
    assert run.code == 1
    assert "no schema files yet" in run.stdout
    assert "butopea-mcp-server gen" in run.stderr
    assert not data_dir.exists()


# ------------------------------------------------------------------ failures


def test_failures_are_explained(
    run_gen: RunGen, admin: Person, gateway: Gateway, data_dir: Path
) -> None:
    """What is missing or wrong is said on standard error, without secrets; nothing is written."""
    wrong = "a-wrong-password"
    to = {"ODOO_DATA_DIR": str(data_dir)}
    for env, says in (
        (to, "ODOO_URL"),
        (admin.env | to | {"ODOO_URL": gateway.url}, gateway.url),
        (admin.env | to | {"ODOO_PASSWORD": wrong}, "ODOO_PASSWORD"),
    ):
        run = run_gen(env=env)
        assert run.code == 1
        assert run.stdout == ""
        assert run.stderr.splitlines()[-1]
        assert "error: " in run.stderr
        assert says in run.stderr
        assert wrong not in run.stderr
        assert "panicked" not in run.stderr
    assert not data_dir.exists()


def test_models_that_nobody_has_are_an_error(run_gen: RunGen, data_dir: Path) -> None:
    """Nothing to write is no success, and what was there stays."""
    assert run_gen("--models", COUNTRY).code == 0
    before = texts(instance(data_dir))
    run = run_gen("--models", "no.such.*")
    assert run.code == 1
    assert "no model was described" in run.stderr
    assert texts(instance(data_dir)) == before


@pytest.mark.users
def test_another_user_describes_what_they_see(
    run_gen: RunGen, clerk: Person, data_dir: Path, odoo: Odoo
) -> None:
    """The files are those of the user who asks: their fields, their rights, not their password."""
    run = run_gen("--models", "res.partner", env=clerk.env | {"ODOO_DATA_DIR": str(data_dir)})
    assert run.code == 0, run.stderr
    written = "".join(texts(instance(data_dir)).values())
    assert clerk.login in written
    assert clerk.password not in written + run.stdout + run.stderr
    file = json.loads((instance(data_dir) / "schemas" / "res.partner.json").read_text("utf-8"))
    assert set(file["schema"]["fields"]) == set(clerk.odoo.fields("res.partner"))
    assert set(file["schema"]["fields"]) <= set(odoo.fields("res.partner"))
    access = file["schema"]["access"]
    assert access["unlink"] is clerk.odoo.has_access("res.partner", "unlink")
