"""The wire format of the existing clients, sent to the module as they send it.

Four JSON-RPC routes, with a session from `/web/session/authenticate` and with an API key in
`Authorization: Bearer`. What an old client sends and reads must keep its meaning; new keys
beside the old ones do no harm.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Records, StartServer
from support.odoo import Answer, Odoo, OdooError
from support.people import People, Person
from support.watch import Watch

PARTNER = "res.partner"
TAG = "res.partner.category"
OLD_FIELD_KEYS = {"type", "string", "required", "readonly", "selection", "relation", "help"}

Post = Callable[..., Answer]


@pytest.fixture(scope="session")
def old_user(people: People, odoo: Odoo) -> Person:
    """The user of an old client, with all rights."""
    return people.make("oldclient", people.groups_of(odoo))


@pytest.fixture(scope="session")
def old_key(old_user: Person) -> str:
    """An API key of that user, made as users make theirs."""
    return old_user.odoo.make_api_key("e2e old client")


@pytest.fixture(params=["session", "key"])
def post(request: pytest.FixtureRequest, old_user: Person) -> Post:
    """Sends to a route as an old client: with its session cookie, or with its API key."""
    if request.param == "session":
        return old_user.odoo.post
    key = request.getfixturevalue("old_key")
    stranger = old_user.odoo.anonymous()
    return lambda path, params=None: stranger.post(path, params, key=key)


def execute(post: Post, model: str, method: str, **params: Any) -> Any:
    """The result of `/mcp/execute`."""
    return post("/mcp/execute", {"model": model, "method": method, **params}).result


pytestmark = pytest.mark.users


# ------------------------------------------------------------------ /mcp/capabilities


def test_capabilities(post: Post, old_user: Person) -> None:
    """`user`, `menus` and `models` with their old keys, of this user."""
    result = post("/mcp/capabilities").result
    assert {"user", "menus", "models"} <= result.keys()
    user = result["user"]
    assert {"id": user["id"], "name": user["name"], "login": user["login"]} == {
        "id": old_user.uid,
        "name": "E2E oldclient",
        "login": old_user.login,
    }
    ids = {menu["id"] for menu in result["menus"]}
    assert ids
    for menu in result["menus"]:
        assert {"id", "name", "parent_id", "action", "model"} <= menu.keys()
        assert menu["parent_id"] is False or menu["parent_id"] in ids
    for model in result["models"]:
        assert {"model", "name", "description"} <= model.keys()
        assert isinstance(model["name"], str)
    assert PARTNER in {model["model"] for model in result["models"]}


def test_capabilities_without_params(post: Post, old_user: Person) -> None:
    """Old clients send empty params."""
    assert post("/mcp/capabilities", {}).result["user"]["id"] == old_user.uid


# ------------------------------------------------------------------ /mcp/model/<model>/schema


@pytest.mark.parametrize("view_type", [None, "form", "tree", "list", "search"])
def test_schema(post: Post, odoo: Odoo, view_type: str | None) -> None:
    """`fields` with the old keys for each view, either name of the list; never empty."""
    params = {} if view_type is None else {"view_type": view_type}
    result = post(f"/mcp/model/{PARTNER}/schema", params).result
    assert result["model"] == PARTNER
    listed = "list" if odoo.series >= (18, 0) else "tree"
    names = {None: "form", "tree": listed, "list": listed}
    assert result["view_type"] == names.get(view_type, view_type)
    truth = odoo.fields(PARTNER)
    assert {"name", "email", "country_id"} <= result["fields"].keys()
    for name, field in result["fields"].items():
        assert {"type", "string", "required", "readonly"} <= field.keys(), name
        assert field["type"] == truth[name]["type"], name
        assert field["string"] == truth[name]["string"], name
        assert bool(field["required"]) == bool(truth[name].get("required")), name
        if "relation" in truth[name]:
            assert field["relation"] == truth[name]["relation"], name
    kinds = [list(option) for option in truth["type"]["selection"]]
    form = post(f"/mcp/model/{PARTNER}/schema", {}).result
    assert [list(option) for option in form["fields"]["type"]["selection"]] == kinds


def test_schema_has_every_old_key(post: Post) -> None:
    """A field that has everything shows everything: nothing that a client reads is missing."""
    fields = post(f"/mcp/model/{PARTNER}/schema", {}).result["fields"]
    seen = {key for field in fields.values() for key in field}
    assert seen >= OLD_FIELD_KEYS


def test_schema_of_an_absent_model(post: Post) -> None:
    """A model that does not exist is a JSON-RPC error that names it."""
    error = post("/mcp/model/no.such.model/schema", {}).error
    assert "no.such.model" in error.message


# ------------------------------------------------------------------ /mcp/search


def test_search(post: Post, odoo: Odoo, records: Records, mark: str) -> None:
    """`count` and `records` as Odoo reads them: many2one as pairs, empty values as false."""
    parent = records.make(TAG, name=f"{mark} 0")
    child = records.make(TAG, name=f"{mark} 1", parent_id=parent)
    params = {
        "model": TAG,
        "domain": [["name", "ilike", mark]],
        "fields": ["name", "parent_id"],
        "limit": 80,
        "offset": 0,
        "order": "id",
    }
    result = post("/mcp/search", params).result
    name = odoo.read(TAG, parent, "display_name")["display_name"]
    assert result["model"] == TAG
    assert result["count"] == 2
    assert result["records"] == [
        {"id": parent, "name": f"{mark} 0", "parent_id": False},
        {"id": child, "name": f"{mark} 1", "parent_id": [parent, name]},
    ]


def test_search_defaults(post: Post, odoo: Odoo) -> None:
    """Only the model is required: all records, 80 at most, from the first, in Odoo's order."""
    result = post("/mcp/search", {"model": "res.country"}).result
    assert len(result["records"]) == 80
    truth = odoo.ids("res.country", [], limit=80)
    assert [record["id"] for record in result["records"]] == truth


def test_search_without_fields_is_bounded(post: Post) -> None:
    """Without `fields` no images and no bodies come along: two contacts are a few kB."""
    result = post("/mcp/search", {"model": PARTNER, "limit": 2}).result
    assert result["records"]
    assert len(str(result["records"])) < 10_000


def test_search_pages(post: Post, odoo: Odoo) -> None:
    """`limit` and `offset` cut the same page as in Odoo."""
    params = {"model": "res.country", "fields": ["code"], "limit": 5, "offset": 10, "order": "code"}
    result = post("/mcp/search", params).result
    truth = odoo.ids("res.country", [], limit=5, offset=10, order="code")
    assert [record["id"] for record in result["records"]] == truth


def test_search_by_null_and_false(post: Post) -> None:
    """Old clients send null for what they leave open."""
    params = {
        "model": "res.country",
        "domain": None,
        "fields": ["code"],
        "limit": 3,
        "offset": 0,
        "order": None,
    }
    assert len(post("/mcp/search", params).result["records"]) == 3


def test_search_in_a_language(post: Post, odoo: Odoo) -> None:
    """`params.context.lang` sets the language; one that is not installed is refused or ignored."""
    installed = odoo.call("res.lang", "search_read", [["active", "=", True]], ["code"])
    for language in installed:
        params = {
            "model": "res.country",
            "domain": [["code", "=", "BE"]],
            "fields": ["name"],
            "context": {"lang": language["code"]},
        }
        truth = odoo.call(
            "res.country",
            "search_read",
            [["code", "=", "BE"]],
            ["name"],
            context={"lang": language["code"]},
        )
        assert post("/mcp/search", params).result["records"] == truth


# ------------------------------------------------------------------ /mcp/execute


def test_execute_create_write_unlink(post: Post, odoo: Odoo, records: Records, mark: str) -> None:
    """`create` → `{success, id}`, `write` and `unlink` → `{success, ids}`; Odoo confirms each."""
    created = execute(post, TAG, "create", values={"name": mark})
    assert created["success"] is True
    tag = records.adopt(TAG, created["id"])
    assert odoo.read(TAG, tag, "name")["name"] == mark
    written = execute(post, TAG, "write", ids=[tag], values={"name": f"{mark} new"})
    assert (written["success"], written["ids"]) == (True, [tag])
    assert odoo.read(TAG, tag, "name")["name"] == f"{mark} new"
    deleted = execute(post, TAG, "unlink", ids=[tag])
    assert (deleted["success"], deleted["ids"]) == (True, [tag])
    assert not odoo.exists(TAG, tag)


def test_execute_in_the_full_shape_of_an_old_client(
    post: Post, odoo: Odoo, records: Records, mark: str
) -> None:
    """Old clients send all six keys, with nulls and empty lists for what is not used."""
    empty: dict[str, Any] = {"ids": None, "args": [], "kwargs": {}, "values": None}
    created = execute(post, TAG, "create", **empty | {"values": {"name": mark}})
    tag = records.adopt(TAG, created["id"])
    counted = execute(post, TAG, "search_count", **empty | {"args": [[["id", "=", tag]]]})
    assert counted == {"success": True, "result": 1}
    read = execute(post, TAG, "read", **empty | {"ids": [tag], "args": [["name"]]})
    assert read["result"] == odoo.call(TAG, "read", [tag], ["name"])


def test_execute_keeps_kinds(post: Post, odoo: Odoo, records: Records, mark: str) -> None:
    """Numbers, lists, objects, recordsets and None come back as what they are, never as text."""
    tag = records.make(TAG, name=mark)
    assert execute(post, TAG, "search_count", args=[[["id", "=", tag]]])["result"] == 1
    found = execute(post, TAG, "search", args=[[["id", "=", tag]]])["result"]
    assert (found["model"], found["ids"]) == (TAG, [tag])
    assert found["display_names"] == [odoo.read(TAG, tag, "display_name")["display_name"]]
    names = execute(post, TAG, "name_search", kwargs={"name": mark})["result"]
    assert names == odoo.call(TAG, "name_search", name=mark)
    fields = execute(post, TAG, "fields_get", args=[["name"], ["type"]])["result"]
    assert fields == odoo.call(TAG, "fields_get", ["name"], ["type"])
    read = execute(post, TAG, "read", ids=[tag], args=[["create_date"]])["result"]
    assert read == odoo.call(TAG, "read", [tag], ["create_date"])


@pytest.mark.needs("sale.order")
def test_execute_an_action(post: Post, odoo: Odoo, records: Records, mark: str) -> None:
    """`action_confirm` works on an order as the button does."""
    partner = records.make(PARTNER, name=mark)
    product = records.make("product.product", name=mark, type="service")
    line = {"product_id": product, "product_uom_qty": 1}
    order = records.make("sale.order", partner_id=partner, order_line=[[0, 0, line]])
    answer = execute(post, "sale.order", "action_confirm", ids=[order])
    assert answer == {"success": True, "result": True}
    assert odoo.read("sale.order", order, "state")["state"] == "sale"


# ------------------------------------------------------------------ failures


FAILURES: dict[str, tuple[str, dict[str, Any], str]] = {
    "recursion": (
        "/mcp/execute",
        {
            "model": PARTNER,
            "method": "write",
            "ids": "{parent}",
            "values": {"parent_id": "{child}"},
        },
        "ecursi",
    ),
    "unknown field": (
        "/mcp/execute",
        {"model": PARTNER, "method": "write", "ids": "{parent}", "values": {"nmae": "x"}},
        "nmae",
    ),
    "private method": (
        "/mcp/execute",
        {"model": PARTNER, "method": "_write", "ids": "{parent}", "args": [{"name": "x"}]},
        "rivate",
    ),
    "absent method": (
        "/mcp/execute",
        {"model": PARTNER, "method": "no_such_method", "ids": "{parent}"},
        "no_such_method",
    ),
    "absent record": (
        "/mcp/execute",
        {"model": PARTNER, "method": "write", "ids": [99_999_999], "values": {"name": "x"}},
        "does not exist",
    ),
    "absent model": (
        "/mcp/execute",
        {"model": "no.such.model", "method": "copy", "ids": [1]},
        "no.such.model",
    ),
    "search in an absent model": ("/mcp/search", {"model": "no.such.model"}, "no.such.model"),
    "search by an unknown field": (
        "/mcp/search",
        {"model": PARTNER, "domain": [["nmae", "=", "x"]]},
        "nmae",
    ),
}


@pytest.mark.parametrize(("path", "params", "says"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_is_an_error_and_changes_nothing(
    post: Post,
    odoo: Odoo,
    old_user: Person,
    records: Records,
    mark: str,
    path: str,
    params: dict[str, Any],
    says: str,
) -> None:
    """The answer's top level has `error`, as old clients look for it; Odoo is as it was."""
    parent = records.make(PARTNER, name=f"{mark} parent", is_company=True)
    child = records.make(PARTNER, name=f"{mark} child", parent_id=parent)
    sent = dict(params)
    if sent.get("ids") == "{parent}":
        sent["ids"] = [parent]
    if sent.get("values", {}).get("parent_id") == "{child}":
        sent["values"] = {"parent_id": child}
    with Watch(odoo, old_user.uid).unchanged([PARTNER], {PARTNER: [parent, child]}):
        answer = post(path, sent)
    assert "result" not in answer.body
    assert says in answer.error.message


# ------------------------------------------------------------------ logins


ROUTES = [
    "/mcp/capabilities",
    f"/mcp/model/{PARTNER}/schema",
    "/mcp/search",
    "/mcp/execute",
    "/mcp/schemas",
]


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_is_refused(odoo: Odoo, route: str) -> None:
    """Without session and key every route says that the session has expired, as Odoo does."""
    error = odoo.anonymous().post(route, {"model": PARTNER, "method": "search_count"}).error
    assert error.name == "odoo.http.SessionExpiredException"


@pytest.mark.parametrize("route", [*ROUTES, "/mcp/session"])
def test_wrong_key_is_refused(odoo: Odoo, route: str) -> None:
    """A wrong key is `AccessDenied`, with the key nowhere in the answer."""
    key = secrets.token_hex(20)
    answer = odoo.anonymous().post(
        route, {"model": PARTNER, "method": "search_count", "args": [[]]}, key=key
    )
    assert answer.error.name == "odoo.exceptions.AccessDenied"
    assert answer.status in {200, 401}
    assert key not in str(answer.body)


def test_a_key_leaves_no_session(old_user: Person, old_key: str) -> None:
    """A request with a key sets no cookie, except where a session is what was asked for."""
    stranger = old_user.odoo.anonymous()
    answer = stranger.post("/mcp/capabilities", {}, key=old_key)
    assert answer.result["user"]["id"] == old_user.uid
    assert "session_id" not in answer.headers.get("set-cookie", "")
    with pytest.raises(OdooError):
        assert stranger.post("/mcp/capabilities").result


def test_a_key_opens_a_session(old_user: Person, old_key: str) -> None:
    """`/mcp/session` gives a session that works without the key."""
    stranger = old_user.odoo.anonymous()
    answer = stranger.post("/mcp/session", {}, key=old_key)
    assert answer.result == {"uid": old_user.uid, "login": old_user.login, "session": True}
    assert stranger.post("/mcp/capabilities").result["user"]["id"] == old_user.uid


# ------------------------------------------------------------------ the server itself with a key


@pytest.fixture
def key_env(old_user: Person, old_key: str) -> dict[str, str | None]:
    """The variables of a server that signs in by key alone."""
    return {
        "ODOO_URL": old_user.odoo.url,
        "ODOO_DB": old_user.odoo.database,
        "ODOO_API_KEY": old_key,
        "ODOO_USERNAME": None,
        "ODOO_PASSWORD": None,
    }


def test_server_with_a_key(
    start_server: StartServer,
    key_env: dict[str, str | None],
    old_user: Person,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """With `ODOO_API_KEY` the server reads and writes as the key's user."""
    client = start_server(None, env=key_env)
    assert client.ok("odoo_capabilities").structured["user"]["login"] == old_user.login
    created = client.ok("odoo_create", model=TAG, values={"name": mark})
    tag = records.adopt(TAG, created.structured["id"])
    assert odoo.read(TAG, tag, "create_uid")["create_uid"][0] == old_user.uid
    client.ok("odoo_reconnect")
    assert client.ok("odoo_count", model=TAG, domain=[["id", "=", tag]]).structured["count"] == 1


def test_server_with_a_key_lists_what_a_password_lists(
    start_server: StartServer, key_env: dict[str, str | None], old_user: Person
) -> None:
    """Key and password of one user show the same tools."""
    assert start_server(None, env=key_env).tools() == start_server(old_user).tools()


def test_a_key_wins_over_a_password(
    start_server: StartServer, key_env: dict[str, str | None], old_user: Person, admin: Person
) -> None:
    """Where both are set, the key is used."""
    both = key_env | {"ODOO_USERNAME": admin.login, "ODOO_PASSWORD": admin.password}
    client = start_server(None, env=both)
    assert client.ok("odoo_capabilities").structured["user"]["login"] == old_user.login
