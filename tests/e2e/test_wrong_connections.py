"""Wrong settings, refused logins, expired sessions, and an Odoo that is down or misbehaves.

The gateway stands between the server and Odoo: it counts logins and requests, and breaks what
a test wants broken. Writes are watched in Odoo itself.
"""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from conftest import Records, StartServer
from support.gateway import Gateway, Hold, LoseAnswer, Reply, Seen
from support.mcp_client import McpClient
from support.odoo import Odoo, OdooError
from support.people import People, Person
from support.refusal import assert_refused
from support.watch import Watch

TAG = "res.partner.category"
LOGIN = "/web/session/authenticate"
EXECUTE = "/mcp/execute"
MAY_HAVE_HAPPENED = "may or may not have happened"


def on(path: str, verdict: object, times: int = 1_000_000) -> Callable[[Seen], Any]:
    """A rule for one path, for so many requests."""
    left = [times]

    def rule(seen: Seen) -> object | None:
        if seen.path != path or left[0] <= 0:
            return None
        left[0] -= 1
        return verdict

    return rule


def session_cookie(gateway: Gateway) -> str:
    """The session that the server used last."""
    cookies = [seen.headers["Cookie"] for seen in gateway.seen if "Cookie" in seen.headers]
    return cookies[-1].partition("session_id=")[2]


# ------------------------------------------------------------------ settings and logins

WRONG_SETTINGS: dict[str, tuple[dict[str, str | None], str, tuple[str, ...]]] = {
    "no address": ({"ODOO_URL": None}, "configuration", ("ODOO_URL", "not set")),
    "no password": ({"ODOO_PASSWORD": None}, "configuration", ("ODOO_PASSWORD",)),
    "no login": ({"ODOO_USERNAME": None}, "configuration", ("ODOO_USERNAME",)),
    "address of another scheme": (
        {"ODOO_URL": "ftp://odoo.example"},
        "configuration",
        ("ftp", "http://localhost:8069"),
    ),
    "address that is none": (
        {"ODOO_URL": "http://"},
        "configuration",
        ("is not the address of an Odoo",),
    ),
    "password in the address": (
        {"ODOO_URL": "http://admin:s3cr3t-pw@odoo.example"},
        "configuration",
        ("ODOO_USERNAME and ODOO_PASSWORD",),
    ),
    "time limit in words": ({"ODOO_TIMEOUT": "soon"}, "configuration", ("ODOO_TIMEOUT", '"soon"')),
    "wrong password": (
        {"ODOO_PASSWORD": "not-the-pass-word"},
        "authentication",
        ("refused this login and password", "ODOO_USERNAME, ODOO_PASSWORD and ODOO_DB"),
    ),
    "wrong login": (
        {"ODOO_USERNAME": "nobody.at.all@e2e.test"},
        "authentication",
        ("refused this login and password", "ODOO_USERNAME"),
    ),
    "wrong database": (
        {"ODOO_DB": "no_such_database_e2e"},
        ("configuration", "authentication"),
        ("no_such_database_e2e", "ODOO_DB"),
    ),
    "wrong key": (
        {"ODOO_API_KEY": "0123456789abcdef0123456789abcdef01234567"},
        "authentication",
        ("ODOO_API_KEY",),
    ),
}


@pytest.mark.parametrize(
    ("settings", "kind", "says"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys()
)
def test_wrong_settings(
    start_server: StartServer,
    admin: Person,
    odoo: Odoo,
    mark: str,
    settings: dict[str, str | None],
    kind: str,
    says: tuple[str, ...],
) -> None:
    """Each is refused at the call, names the variable to mend and repeats no secret."""
    client = start_server(admin, env=settings)
    result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, kind, *says)
    for secret in ("not-the-pass-word", "s3cr3t-pw", "0123456789abcdef"):
        assert secret not in result.text
    assert odoo.ids(TAG, [["name", "=", mark]]) == []


def test_language_that_is_not_installed(
    start_server: StartServer, admin: Person, odoo: Odoo, mark: str
) -> None:
    """Where Odoo refuses a language, the message names it and the variable that sets it."""
    unknown = {"context": {"lang": "xx_XX"}}
    try:
        odoo.call("res.country", "search_read", [], ["name"], limit=1, **unknown)
    except OdooError:
        pass
    else:
        pytest.skip("this Odoo takes any language")
    client = start_server(admin, env={"PREFERRED_LANG": "xx_XX"})
    result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, ("validation", "configuration"), "xx_XX", "PREFERRED_LANG")
    assert odoo.ids(TAG, [["name", "=", mark]]) == []


def test_database_may_be_left_out(start_server: StartServer, admin: Person, odoo: Odoo) -> None:
    """Where the address serves one database, it need not be named; else the variable is."""
    result = start_server(admin, env={"ODOO_DB": None}).call("odoo_capabilities")
    try:
        is_only_one = len(odoo.databases()) == 1
    except Exception:
        is_only_one = False
    if is_only_one:
        assert result.structured["database"] == odoo.database
    else:
        assert_refused(result, "configuration", "ODOO_DB")


@pytest.mark.users
def test_user_who_was_archived(
    start_server: StartServer, people: People, odoo: Odoo, mark: str
) -> None:
    """An account that is switched off in the middle of a session ends it, with a clear reason."""
    person = people.make("leaver", people.groups_of(odoo))
    client = start_server(person)
    client.ok("odoo_count", model=TAG)
    odoo.write("res.users", [person.uid], {"active": False})
    result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, ("authentication", "session_expired"), "ODOO_USERNAME")
    assert odoo.ids(TAG, [["name", "=", mark]]) == []


# ------------------------------------------------------------------ sessions


@pytest.mark.users
def test_expired_session_is_renewed_once(
    start_server: StartServer,
    boss: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """A session that ends in Odoo is replaced unseen; the write behind it is done exactly once."""
    client = start_server(boss, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_count", model=TAG)
    stranger = odoo.anonymous()
    old = session_cookie(gateway)
    end_session(stranger, old)
    created = client.ok("odoo_create", model=TAG, values={"name": mark})
    assert odoo.ids(TAG, [["name", "=", mark]]) == [records.adopt(TAG, created.structured["id"])]
    assert len(gateway.requests(LOGIN)) == 2
    assert session_cookie(gateway) != old


def end_session(stranger: Odoo, session_id: str) -> None:
    """Logs a session out, as if its user had done so elsewhere."""
    request = urllib.request.Request(
        f"{stranger.url}/web/session/destroy",
        json.dumps({"jsonrpc": "2.0", "method": "call", "params": {}}).encode(),
        {"Content-Type": "application/json", "Cookie": f"session_id={session_id}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        assert "error" not in json.loads(response.read())


@pytest.mark.users
def test_many_calls_renew_an_expired_session_together(
    start_process: Any, boss: Person, gateway: Gateway, odoo: Odoo
) -> None:
    """Calls that find the session expired at the same time log in once, and all are answered."""
    server = start_process(boss.env | {"ODOO_URL": gateway.open().url})
    server.handshake()
    server.answer(server.call("odoo_count", {"model": TAG}))
    end_session(odoo.anonymous(), session_cookie(gateway))
    pending = [server.call("odoo_count", {"model": TAG}) for _ in range(8)]
    answers = server.answers(pending)
    assert not [answer for answer in answers if answer["result"].get("isError")]
    assert len(gateway.requests(LOGIN)) == 2


@pytest.mark.users
def test_changed_password_ends_the_session(
    start_server: StartServer, people: People, gateway: Gateway, odoo: Odoo, mark: str
) -> None:
    """After a change of password the old one is tried once more and no further."""
    person = people.make("changer", people.groups_of(odoo))
    client = start_server(person, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_count", model=TAG)
    odoo.write("res.users", [person.uid], {"password": f"Pw-{secrets.token_urlsafe(18)}"})
    with Watch(odoo, person.uid).unchanged([TAG], {}):
        result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, "authentication", "refused this login and password", "ODOO_PASSWORD")
    assert person.password not in result.text
    assert len(gateway.requests(LOGIN)) == 2


@pytest.mark.users
def test_removed_key_ends_the_session(
    start_server: StartServer, people: People, gateway: Gateway, odoo: Odoo, mark: str
) -> None:
    """A key that is removed in Odoo opens nothing more, and the session it opened is over."""
    person = people.make("keyholder", people.groups_of(odoo))
    env = {
        "ODOO_API_KEY": person.odoo.make_api_key("e2e"),
        "ODOO_USERNAME": None,
        "ODOO_PASSWORD": None,
        "ODOO_URL": gateway.open().url,
    }
    client = start_server(person, env=env)
    assert client.ok("odoo_capabilities").structured["user"]["login"] == person.login
    person.odoo.remove_api_keys()
    with Watch(odoo, person.uid).unchanged([TAG], {}):
        result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, "authentication", "ODOO_API_KEY")
    assert len(gateway.requests("/mcp/session")) == 2


@pytest.mark.users
def test_the_slow_check_of_a_key_is_paid_once(
    start_server: StartServer, people: People, gateway: Gateway, odoo: Odoo
) -> None:
    """The key is sent to open a session, and never again; all else goes by the session."""
    person = people.make("keyholder", people.groups_of(odoo))
    key = person.odoo.make_api_key("e2e")
    env = {"ODOO_API_KEY": key, "ODOO_URL": gateway.open().url}
    client = start_server(person, env=env)
    for _ in range(3):
        client.ok("odoo_count", model=TAG)
    with_key = [seen.path for seen in gateway.seen if key in str(seen.headers)]
    assert with_key == ["/mcp/session"]
    assert gateway.requests(LOGIN) == []


# ------------------------------------------------------------------ an Odoo that is down


@pytest.mark.users
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("odoo_search", {"model": TAG}),
        ("odoo_create", {"model": TAG, "values": {"name": "e2e never made"}}),
        ("odoo_update", {"model": TAG, "id": 1, "values": {"name": "e2e"}}),
        ("odoo_delete", {"model": TAG, "id": 1}),
        ("odoo_execute", {"model": TAG, "method": "copy", "ids": [1]}),
        ("odoo_schema", {"model": TAG}),
        ("odoo_reconnect", {}),
        ("res_partner_search", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_odoo_is_down(
    start_server: StartServer,
    boss: Person,
    boss_watch: Watch,
    gateway: Gateway,
    tool: str,
    arguments: dict[str, Any],
) -> None:
    """Every tool says that Odoo cannot be reached, where it was looked for, and what to do."""
    client = start_server(boss, env={"ODOO_URL": gateway.url})
    with boss_watch.unchanged([TAG], {TAG: [1]}):
        result = client.call_with(tool, arguments)
    assert_refused(result, "unreachable", gateway.url, "cannot be reached", "ODOO_URL")
    assert result.error["retry_may_help"] is True


@pytest.mark.users
def test_odoo_goes_down_before_a_write(
    start_server: StartServer, boss: Person, boss_watch: Watch, gateway: Gateway, mark: str
) -> None:
    """A write to an Odoo that has just gone away was not sent, and the message says no more."""
    client = start_server(boss, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_schema", model=TAG)
    client.ok("odoo_count", model=TAG, domain=[["name", "=", mark]])
    gateway.close()
    with boss_watch.unchanged([TAG], {}):
        result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, ("unreachable", "uncertain"), gateway.url)


# ------------------------------------------------------------------ lost and late answers

# How often the server sends a request that may be sent again.
TRIES = 5


@pytest.mark.users
def test_write_whose_answer_is_lost_once(
    start_server: StartServer,
    boss: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """It is sent again under the same key, happens once, and nobody notices."""
    client = start_server(boss, env={"ODOO_URL": gateway.open().url})
    gateway.rule = on(EXECUTE, LoseAnswer(), times=1)
    made = client.ok("odoo_create", model=TAG, values={"name": mark}).structured["id"]
    records.adopt(TAG, made)
    assert odoo.ids(TAG, [["name", "=", mark]]) == [made]
    assert len(gateway.requests(EXECUTE)) == 2


@pytest.mark.users
def test_write_whose_answers_are_lost(
    start_server: StartServer,
    boss: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """It happens once; the message says that it may have happened."""
    client = start_server(boss, env={"ODOO_URL": gateway.open().url})
    gateway.rule = on(EXECUTE, LoseAnswer())
    result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, "uncertain", MAY_HAVE_HAPPENED, "read the record before trying again")
    made = odoo.ids(TAG, [["name", "=", mark]])
    assert len(made) == 1
    records.adopt(TAG, made[0])
    assert len(gateway.requests(EXECUTE)) == TRIES


@pytest.mark.users
def test_read_whose_answer_is_lost(
    start_server: StartServer, boss: Person, gateway: Gateway, odoo: Odoo
) -> None:
    """It is sent once more, and nobody notices."""
    client = start_server(boss, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_schema", model="res.country")
    gateway.rule = on("/mcp/search", LoseAnswer(), times=1)
    result = client.ok("odoo_search", model="res.country", limit=1)
    assert result.structured["total"] == odoo.count("res.country")
    assert len(gateway.requests("/mcp/search")) == 2


@pytest.mark.users
def test_read_that_is_always_lost(
    start_server: StartServer, boss: Person, gateway: Gateway
) -> None:
    """A read is repeated some times, not for ever."""
    client = start_server(boss, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_schema", model="res.country")
    gateway.rule = on("/mcp/search", LoseAnswer())
    result = client.call("odoo_search", model="res.country", limit=1)
    assert_refused(result, "uncertain", "broke off the connection")
    assert len(gateway.requests("/mcp/search")) == TRIES


@pytest.mark.users
def test_write_that_takes_too_long(
    start_server: StartServer,
    boss: Person,
    gateway: Gateway,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """After the time limit the call ends: it may have happened, and it is not repeated."""
    env = {"ODOO_URL": gateway.open().url, "ODOO_TIMEOUT": "3"}
    client = start_server(boss, env=env)
    client.ok("odoo_schema", model=TAG)
    released = Event()
    gateway.rule = on(EXECUTE, Hold(released))
    try:
        result = client.call("odoo_create", model=TAG, values={"name": mark})
    finally:
        released.set()
    assert_refused(result, "timeout", "did not answer within 3 s", MAY_HAVE_HAPPENED)
    made = odoo.ids(TAG, [["name", "=", mark]])
    assert len(made) == 1
    records.adopt(TAG, made[0])
    assert len(gateway.requests(EXECUTE)) == 1


# ------------------------------------------------------------------ answers that are not Odoo's

TRACE_PAGE = b'<pre>Traceback (most recent call last):\n  File "x.py"</pre>'
TRACE_JSON = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {
            "code": 200,
            "message": "Odoo Server Error",
            "data": {
                "name": "builtins.ZeroDivisionError",
                "message": "division by zero",
                "debug": 'Traceback (most recent call last):\n  File "x.py", line 1',
            },
        },
    }
).encode()
STRANGE_ANSWERS: dict[str, tuple[Reply, str | tuple[str, ...], tuple[str, ...]]] = {
    "a page": (
        Reply(200, b"<html>Welcome</html>"),
        "uncertain",
        ("does not answer like an Odoo", "ODOO_URL"),
    ),
    "other JSON": (
        Reply(200, b'{"hello": 1}', "application/json"),
        "uncertain",
        ("does not answer like an Odoo",),
    ),
    "no module": (
        Reply(404, b"<h1>Not Found</h1>"),
        "unreachable",
        ("cannot open its database", "odoo_reconnect"),
    ),
    "being restarted": (Reply(502, TRACE_PAGE), "uncertain", ("502", "Wait a moment")),
    "overloaded": (Reply(503), "uncertain", ("503", "Wait a moment")),
    "too many requests": (Reply(429), "unreachable", ("429",)),
    "forbidden": (Reply(403, TRACE_PAGE), "access_denied", ("403",)),
    "broken": (Reply(500, TRACE_PAGE), "uncertain", ("500",)),
    "an exception": (
        Reply(200, TRACE_JSON, "application/json"),
        "server",
        ("ZeroDivisionError", "division by zero"),
    ),
}


@pytest.mark.users
@pytest.mark.parametrize(
    ("reply", "kind", "says"), STRANGE_ANSWERS.values(), ids=STRANGE_ANSWERS.keys()
)
def test_strange_answers(
    start_server: StartServer,
    boss: Person,
    boss_watch: Watch,
    gateway: Gateway,
    mark: str,
    reply: Reply,
    kind: str,
    says: tuple[str, ...],
) -> None:
    """What answers a change in Odoo's place is named as such; no page and no stack trace is
    passed on. Where Odoo may have received it, that is said."""
    client = start_server(boss, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_schema", model=TAG)
    gateway.rule = on(EXECUTE, reply)
    with boss_watch.unchanged([TAG], {}):
        result = client.call("odoo_create", model=TAG, values={"name": mark})
    assert_refused(result, kind, *says)


def test_redirect_is_not_followed(
    start_server: StartServer, admin: Person, gateway: Gateway
) -> None:
    """A redirect would hand password and session to another address: it is reported instead."""
    with Gateway("http://127.0.0.1:9") as elsewhere:
        elsewhere.open().rule = lambda _: Reply(200, b"{}", "application/json")
        gateway.rule = lambda seen: Reply(301, location=f"{elsewhere.url}{seen.path}")
        client = start_server(admin, env={"ODOO_URL": gateway.open().url})
        result = client.call("odoo_count", model=TAG)
        assert_refused(result, "configuration", "redirects to", elsewhere.url, "ODOO_URL")
        assert elsewhere.seen == []


def test_password_never_travels_but_to_the_login(
    start_server: StartServer, admin: Person, gateway: Gateway
) -> None:
    """Only the login request holds the password; all others go by the session."""
    client: McpClient = start_server(admin, env={"ODOO_URL": gateway.open().url})
    client.ok("odoo_count", model=TAG)
    client.ok("odoo_schema", model=TAG)
    with_password = [
        seen.path
        for seen in gateway.seen
        if admin.password == json.loads(seen.body)["params"].get("password")
    ]
    assert with_password == [LOGIN]
    assert not [seen for seen in gateway.seen if admin.password in str(seen.headers.values())]
