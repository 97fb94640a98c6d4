"""Fixtures: the Odoo under test, the server's binary, clients, users, and cleaning up.

The suite takes its Odoo from `ODOO_URL`, `ODOO_DB`, `ODOO_USERNAME` and `ODOO_PASSWORD` (of an
administrator: it makes and deletes users and records), and the program from
`BUTOPEA_MCP_SERVER`. What a test needs beyond that it says with a marker
(`demo`, `needs`, `users`); where it is absent, the test is skipped and the reason names it.
"""

from __future__ import annotations

import filecmp
import importlib.util
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.answers import TokenCounter
from support.gateway import Gateway
from support.http_server import HttpServer
from support.mcp_client import IS_LINE_1, MCP_VERSION, McpClient, User
from support.odoo import Odoo, OdooError
from support.people import People, Person
from support.records import Records
from support.stdio import StdioServer
from support.transports import HttpMcpClient, StdioMcpClient
from support.watch import Watch

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "generated" / "schemas"
_TAG = "res.partner.category"
# Generating asks Odoo for many models; a busy machine gets more.
GEN_SECONDS = 120.0

# One client library has an environment of its own; its tests are collected there alone.
collect_ignore = [] if importlib.util.find_spec("fastmcp") else ["test_fastmcp.py"]
# It restarts its Odoo for as long as it is told to: a step of its own.
if not os.environ.get("BUTOPEA_SOAK_SECONDS"):
    collect_ignore.append("test_soak.py")
# It needs an Odoo with the module `butopea_nasty`: a step of its own, too.
if not os.environ.get("BUTOPEA_NASTY"):
    collect_ignore.append("test_nasty.py")
# Where nothing depends on the library (raw requests, many calls of one kind), the tests run
# beside its current line alone.
_OF_ONE_LINE = [
    "stories",
    "trust",
    "test_administration.py",
    "test_aggregate.py",
    "test_answer*.py",
    "test_buttons.py",
    "test_chatter.py",
    "test_conversation.py",
    "test_corpus.py",
    "test_dates.py",
    "test_domains.py",
    "test_drift.py",
    "test_everyday_answers.py",
    "test_gen.py",
    "test_http_*.py",
    "test_legacy_wire.py",
    "test_lines.py",
    "test_names.py",
    "test_natural_arguments.py",
    "test_process.py",
    "test_properties.py",
    "test_secrets.py",
    "test_values_of_every_type.py",
    "test_wizards.py",
    "test_wrong_calls.py",
    "test_wrong_connections.py",
]
collect_ignore_glob = _OF_ONE_LINE if IS_LINE_1 else []

# Starts a server and a client; the test's end closes both.
StartServer = Callable[..., McpClient]
StartProcess = Callable[..., StdioServer]
StartHttp = Callable[..., HttpServer]

# For tests and modules that hold whichever way the client reaches the server.
both_transports = pytest.mark.parametrize(
    "transport", ["stdio", "http"], indirect=True, scope="session"
)
over_http = pytest.mark.parametrize("transport", ["http"], indirect=True, scope="session")


def pytest_report_header() -> list[str]:
    """Says what is tested against what."""
    return [
        f"mcp {MCP_VERSION}",
        f"Odoo at {os.environ.get('ODOO_URL', '(ODOO_URL is not set)')}",
        f"server {os.environ.get('BUTOPEA_MCP_SERVER', '(of the checkout)')}",
    ]


# ------------------------------------------------------------------ what is tested


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    named = os.environ.get("BUTOPEA_MCP_SERVER")
    path = Path(named) if named else ROOT / "target" / "debug" / "butopea-mcp-server"
    if not path.is_file():
        pytest.exit(f"there is no server at {path}: set BUTOPEA_MCP_SERVER", returncode=2)
    return path


@pytest.fixture(scope="session")
def tokens(binary: Path) -> Iterator[TokenCounter]:
    """Counts tokens; the program stands beside the server."""
    program = binary.with_name("count-tokens")
    if not program.is_file():
        pytest.exit(f"there is no {program}: run `cargo build -p tool-tests`", returncode=2)
    counter = TokenCounter(program)
    yield counter
    counter.close()


@pytest.fixture(scope="session")
def schemas() -> Path:
    """The schema files of this checkout, which the typed tools are made from."""
    assert any(SCHEMAS.glob("*.json")), f"{SCHEMAS} is empty: run `cargo xtask gen`"
    return SCHEMAS


@pytest.fixture(scope="session")
def odoo() -> Odoo:
    """The user that the environment names, signed in past the code under test."""
    names = ("ODOO_URL", "ODOO_USERNAME", "ODOO_PASSWORD")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.exit(f"not set in the environment: {', '.join(missing)}", returncode=2)
    url, login, password = (os.environ[name] for name in names)
    return Odoo(url, os.environ.get("ODOO_DB") or None).sign_in(login, password)


@pytest.fixture(scope="session")
def admin(odoo: Odoo) -> Person:
    """The user that the environment names."""
    return Person(odoo, odoo.login, odoo.password)


# ------------------------------------------------------------------ what a test needs


def _find_models(odoo: Odoo, names: tuple[str, ...]) -> list[str]:
    missing = []
    for name in names:
        try:
            odoo.count(name, [["id", "=", 0]])
        except OdooError:
            missing.append(name)
    return missing


@pytest.fixture(autouse=True)
def _needs(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("needs")
    if marker and (missing := _find_models(request.getfixturevalue("odoo"), marker.args)):
        pytest.skip(f"this Odoo lacks the models {', '.join(missing)}")
    if request.node.get_closest_marker("demo"):
        request.getfixturevalue("demo_users")
    if request.node.get_closest_marker("users"):
        request.getfixturevalue("people")


@pytest.fixture(scope="session")
def demo_users(odoo: Odoo) -> dict[str, Person]:
    """The users `demo` (internal, few rights) and `portal` of Odoo's demo data."""
    found = {}
    for login in ("demo", "portal"):
        try:
            found[login] = Person(odoo.as_user(login, login), login, login)
        except OdooError:
            pytest.skip(f"this Odoo lacks the demo data: no login {login}")
    return found


@pytest.fixture(scope="session")
def people(odoo: Odoo) -> Iterator[People]:
    """Makes users; they are gone after the run."""
    if not odoo.has_access("res.users", "create"):
        pytest.skip(f"the user {odoo.login} may not make users")
    made = People(odoo)
    yield made
    made.remove_all()


@pytest.fixture(scope="session")
def boss(people: People, odoo: Odoo) -> Person:
    """A user of our own with all groups of the environment's user."""
    return people.make("boss", people.groups_of(odoo))


@pytest.fixture(scope="session")
def clerk(people: People) -> Person:
    """An internal user of our own without any right to sales, stock or settings."""
    return people.make("clerk", ["base.group_user"])


# ------------------------------------------------------------------ servers and clients


@pytest.fixture(scope="session")
def transport(request: pytest.FixtureRequest) -> str:
    """How clients reach the server: `stdio`, unless `both_transports` says otherwise."""
    return getattr(request, "param", "stdio")


@pytest.fixture(scope="session")
def served_schemas(
    binary: Path, admin: Person, tmp_path_factory: pytest.TempPathFactory
) -> Path | None:
    """The checkout's schema files with the manifest of `gen`, as people serve theirs.

    A server that starts without it asks Odoo for all models of its typed tools, a second of work
    for both. Where Odoo describes them in another way, the files of the checkout are served.
    """
    if not SCHEMAS.is_dir():
        return None
    folder = tmp_path_factory.mktemp("served")
    with StdioServer(binary, admin.env, ["gen", "--out", str(folder)]) as gen:
        code = gen.wait(GEN_SECONDS)
    names = {path.name for at in (SCHEMAS, folder / "schemas") for path in at.glob("*.json")}
    _, *other = filecmp.cmpfiles(SCHEMAS, folder / "schemas", names, shallow=False)
    return SCHEMAS if code or any(other) else folder


@pytest.fixture(scope="session")
def base_env(
    served_schemas: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The variables of every server: the checkout's schema files, and no others on this machine."""
    empty = tmp_path_factory.mktemp("data")
    # Consent has tests of its own; the others have nobody to ask.
    variables = {"ODOO_DATA_DIR": str(empty), "CONFIRM": "off"}
    return variables | ({"ODOO_SCHEMAS": str(served_schemas)} if served_schemas else {})


def _variables(
    base: dict[str, str], own: dict[str, str], changes: dict[str, str | None] | None
) -> dict[str, str]:
    changed = base | own | (changes or {})
    return {name: value for name, value in changed.items() if value is not None}


@pytest.fixture(scope="session")
def _start_server(
    binary: Path, transport: str, base_env: dict[str, str]
) -> Callable[..., McpClient]:
    def start(
        person: Person | None,
        *args: str,
        env: dict[str, str | None] | None = None,
        mode: str | None = None,
        user: User | None = None,
    ) -> McpClient:
        if transport == "stdio":
            variables = _variables(base_env, person.env if person else {}, env)
            return StdioMcpClient(binary, variables, args, mode=mode, user=user)
        site = person.site if person else {}
        server = HttpServer(binary, _variables(base_env, site, env), args)
        authorization = person.authorization if person else None
        return HttpMcpClient(server, authorization, mode=mode, user=user, is_own=True)

    return start


@pytest.fixture
def start_server(_start_server: StartServer) -> Iterator[StartServer]:
    """Starts servers of the test's own: `start_server(person, "--flag", env={…})`."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(_start_server(*args, **options))


@pytest.fixture
def start_process(binary: Path, base_env: dict[str, str]) -> Iterator[StartProcess]:
    """Starts bare processes of the test's own, with exactly the variables given."""
    with ExitStack() as stack:

        def start(env: dict[str, str], *args: str) -> StdioServer:
            return stack.enter_context(StdioServer(binary, base_env | env, args))

        yield start


@pytest.fixture
def start_http(binary: Path, admin: Person, base_env: dict[str, str]) -> Iterator[StartHttp]:
    """Starts servers over HTTP of the test's own: `start_http("--flag", env={…})`."""
    with ExitStack() as stack:

        def start(*args: str, env: dict[str, str | None] | None = None) -> HttpServer:
            server = HttpServer(binary, _variables(base_env, admin.site, env), args)
            return stack.enter_context(server).wait_ready()

        yield start


@pytest.fixture(scope="session")
def http_server(binary: Path, admin: Person, base_env: dict[str, str]) -> Iterator[HttpServer]:
    """A server over HTTP, shared by all tests; each request brings its own user."""
    with HttpServer(binary, _variables(base_env, admin.site, None)) as server:
        yield server.wait_ready()


@pytest.fixture(scope="session")
def server(_start_server: StartServer, admin: Person) -> Iterator[McpClient]:
    """A server for the environment's user, shared by all tests."""
    with _start_server(admin) as client:
        yield client


@pytest.fixture(scope="session")
def boss_server(_start_server: StartServer, boss: Person) -> Iterator[McpClient]:
    """A server for our own user with all rights, shared by all tests."""
    with _start_server(boss) as client:
        # Sign in now: a login leaves traces in the user's record, and calls are watched for any.
        client.ok("odoo_capabilities")
        yield client


@pytest.fixture(scope="session")
def clerk_server(_start_server: StartServer, clerk: Person) -> Iterator[McpClient]:
    """A server for our own user without rights, shared by all tests."""
    with _start_server(clerk) as client:
        client.ok("odoo_capabilities")
        yield client


@pytest.fixture(scope="module", params=[None] if IS_LINE_1 else [None, "legacy"])
def reader(
    request: pytest.FixtureRequest, _start_server: StartServer, admin: Person
) -> Iterator[McpClient]:
    """A server for the environment's user, in each protocol that the client line speaks."""
    with _start_server(admin, mode=request.param) as client:
        yield client


@pytest.fixture
def gateway(odoo: Odoo) -> Iterator[Gateway]:
    """A way to Odoo that can be closed; it starts closed."""
    with Gateway(odoo.url) as made:
        yield made


# ------------------------------------------------------------------ records


@pytest.fixture
def records(odoo: Odoo) -> Iterator[Records]:
    """Records of the test's own."""
    made = Records(odoo)
    yield made
    made.clean()


@pytest.fixture(scope="session")
def shared_records(odoo: Odoo) -> Iterator[Records]:
    """Records that many tests look at and none changes."""
    made = Records(odoo)
    yield made
    made.clean()


@pytest.fixture(scope="session")
def boss_watch(odoo: Odoo, boss: Person) -> Watch:
    """Sees what the user `boss` changes."""
    return Watch(odoo, boss.uid)


@pytest.fixture(scope="session")
def clerk_watch(odoo: Odoo, clerk: Person) -> Watch:
    """Sees what the user `clerk` changes."""
    return Watch(odoo, clerk.uid)


@pytest.fixture
def mark() -> str:
    """A text that no other record has."""
    return f"e2e-{secrets.token_hex(5)}"


@pytest.fixture
def five_tags(records: Records, mark: str) -> list[int]:
    """Five contact tags named `<mark> 0` to `<mark> 4`, the others below the first."""
    first = records.make(_TAG, name=f"{mark} 0", color=0)
    return [first] + [
        records.make(_TAG, name=f"{mark} {number}", color=number, parent_id=first)
        for number in range(1, 5)
    ]


# ------------------------------------------------------------------ records of the apps


@pytest.fixture
def invoice(odoo: Odoo, records: Records, mark: str) -> int:
    """A posted invoice over 100."""
    partner = records.make("res.partner", name=mark, email=f"{mark}@e2e.test")
    line = {"name": mark, "quantity": 1, "price_unit": 100.0, "tax_ids": [[5]]}
    move = records.make(
        "account.move", move_type="out_invoice", partner_id=partner, invoice_line_ids=[[0, 0, line]]
    )
    odoo.call("account.move", "action_post", [move])
    return move


@pytest.fixture
def lead(records: Records, mark: str) -> int:
    """A lead of a company that Odoo does not know yet."""
    return records.make(
        "crm.lead",
        name=mark,
        type="lead",
        partner_name=f"{mark} Inc",
        email_from=f"{mark}@e2e.test",
    )


@pytest.fixture
def chance(odoo: Odoo, lead: int) -> int:
    """What may be lost with a reason: up to 16.0 the form asks for it at opportunities alone."""
    if odoo.series < (17, 0):
        odoo.write("crm.lead", [lead], {"type": "opportunity"})
    return lead


@pytest.fixture
def layout(odoo: Odoo) -> Iterator[None]:
    """The company has a layout of documents; without one, Odoo asks for it before anything."""
    company = odoo.read("res.users", odoo.uid, "company_id")["company_id"][0]
    before = odoo.read("res.company", company, "external_report_layout_id")
    view = odoo.xml_id("web.external_layout_standard")
    odoo.write("res.company", [company], {"external_report_layout_id": view})
    yield
    old = before["external_report_layout_id"]
    odoo.write("res.company", [company], {"external_report_layout_id": old and old[0]})
