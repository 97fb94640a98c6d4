"""Odoo as a browser talks to it: the tests' own view of what really is in the database.

It uses Odoo's JSON-RPC routes (`/web/session/authenticate`, `/web/dataset/call_kw`) and none
of the code under test. `Odoo.post` sends anything to any route, for the tests of the module's
wire format.
"""

from __future__ import annotations

import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from support.waiting import wait_until

# An Odoo that is being restarted refuses connections for a while.
RESTART_SECONDS = 60.0
REQUEST_SECONDS = 120.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        return None


class OdooError(Exception):
    """The `error` of an Odoo answer."""

    def __init__(self, error: dict[str, Any], status: int) -> None:
        data = error.get("data") or {}
        self.status = status
        self.code: int = error.get("code", 0)
        self.name: str = data.get("name", "")
        self.message: str = data.get("message", "") or error.get("message", "")
        super().__init__(f"{self.name}: {self.message}")


@dataclass
class Answer:
    """An HTTP answer with a JSON-RPC body."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def result(self) -> Any:
        """The `result`, or `OdooError`."""
        if "error" in self.body:
            raise OdooError(self.body["error"], self.status)
        return self.body.get("result")

    @property
    def error(self) -> OdooError:
        """The `error`; there must be one."""
        assert "error" in self.body, f"no error in {self.body}"
        return OdooError(self.body["error"], self.status)


@dataclass
class Odoo:
    """One user's session in one Odoo; `sign_in` first."""

    url: str
    database: str | None = None
    uid: int = 0
    login: str = ""
    password: str = field(default="", repr=False)
    series: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.url = self.url.rstrip("/")
        self.cookies = http.cookiejar.CookieJar()
        self._rights: dict[tuple[str, str], bool] = {}
        # No proxy and no redirect to a login page: an answer is what this address says.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            _NoRedirect(),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )

    # ------------------------------------------------------------------ requests

    def post(
        self,
        path: str,
        params: dict[str, Any] | None = None,
        *,
        key: str | None = None,
        cookie: str | None = None,
    ) -> Answer:
        """Sends a JSON-RPC envelope to a route, as the old clients do; with a key, or in a
        session that somebody else opened.
        """
        envelope = {"jsonrpc": "2.0", "method": "call", "params": params or {}, "id": 1}
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        if cookie is not None:
            headers["Cookie"] = f"session_id={cookie}"
        request = urllib.request.Request(
            self.url + path, json.dumps(envelope).encode(), headers, method="POST"
        )
        return self._send(request)

    def page(self, address: str) -> tuple[int, str]:
        """Opens a page in this user's browser session: its status and what it is."""
        request = urllib.request.Request(urllib.parse.urljoin(self.url, address))
        try:
            with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("Location") or ""

    def _send(self, request: urllib.request.Request) -> Answer:
        def attempt() -> Answer | None:
            try:
                with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
                    return _answer(response.status, response.headers, response.read())
            except urllib.error.HTTPError as error:
                with error:
                    return _answer(error.code, error.headers, error.read())
            except urllib.error.URLError as error:
                # Refused: nothing was sent, so nothing is done twice.
                if isinstance(error.reason, ConnectionRefusedError):
                    return None
                raise

        return wait_until(attempt, f"{self.url} to accept connections", RESTART_SECONDS)

    # ------------------------------------------------------------------ session

    def databases(self) -> list[str]:
        """The databases that this address serves."""
        return self.post("/web/database/list").result

    def sign_in(self, login: str, password: str) -> Odoo:
        """Opens a session; `OdooError` when Odoo refuses."""
        if not self.database:
            (self.database,) = self.databases()
        params = {"db": self.database, "login": login, "password": password}
        result = self.post("/web/session/authenticate", params).result
        self.uid, self.login, self.password = result["uid"], login, password
        major, minor = result["server_version_info"][:2]
        # Odoo Online calls 17.2 "saas~17", 2.
        self.series = (int(str(major).rpartition("~")[2]), int(minor))
        return self

    def as_user(self, login: str, password: str) -> Odoo:
        """A session of another user in the same database."""
        return Odoo(self.url, self.database).sign_in(login, password)

    def anonymous(self) -> Odoo:
        """The same address without a session."""
        return Odoo(self.url, self.database)

    # ------------------------------------------------------------------ ORM

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Calls a public method as the web client does."""
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return self.post(f"/web/dataset/call_kw/{model}/{method}", params).result

    def create(self, model: str, values: dict[str, Any], **kwargs: Any) -> int:
        """Creates a record and returns its id."""
        created = self.call(model, "create", [values], **kwargs)
        return created[0] if isinstance(created, list) else created

    def write(self, model: str, ids: list[int], values: dict[str, Any]) -> None:
        """Changes records."""
        self.call(model, "write", ids, values)

    def unlink(self, model: str, ids: list[int]) -> None:
        """Deletes records."""
        self.call(model, "unlink", ids)

    def read(self, model: str, record_id: int, *fields: str) -> dict[str, Any]:
        """The fields of one record."""
        (record,) = self.call(model, "read", [record_id], list(fields))
        return record

    def ids(self, model: str, domain: list[Any], **kwargs: Any) -> list[int]:
        """The ids that a domain finds, archived records too."""
        kwargs.setdefault("context", {"active_test": False})
        return self.call(model, "search", domain, **kwargs)

    def count(self, model: str, domain: list[Any] | None = None) -> int:
        """How many records a domain finds, as the user sees them (no archived ones)."""
        return self.call(model, "search_count", domain or [])

    def exists(self, model: str, record_id: int) -> bool:
        """Whether a record is there, archived or not."""
        return bool(self.ids(model, [["id", "=", record_id]]))

    def fields(self, model: str) -> dict[str, dict[str, Any]]:
        """Odoo's own description of a model's fields."""
        return self.call(model, "fields_get")

    def makes_pdf(self) -> bool:
        """Whether its PDF engine (wkhtmltopdf) is there."""
        return self.call("ir.actions.report", "get_wkhtmltopdf_state") == "ok"

    def has_access(self, model: str, operation: str) -> bool:
        """Whether this user has the right (`read`, `write`, `create`, `unlink`) on a model.

        Asked once: the rights of a user who is signed in for long do not change here.
        """
        asked = (model, operation)
        if asked not in self._rights:
            self._rights[asked] = self._ask_access(model, operation)
        return self._rights[asked]

    def _ask_access(self, model: str, operation: str) -> bool:
        try:
            if self.series >= (18, 0):
                return self.call(model, "has_access", [], operation)
            return self.call(model, "check_access_rights", operation, raise_exception=False)
        except OdooError:
            return False

    def xml_id(self, name: str) -> int:
        """The record id behind an external id such as `base.group_user`."""
        module, _, key = name.partition(".")
        domain = [["module", "=", module], ["name", "=", key]]
        (found,) = self.call("ir.model.data", "search_read", domain, ["res_id"])
        return found["res_id"]

    # ------------------------------------------------------------------ API keys

    def make_api_key(self, name: str) -> str:
        """A new API key of this user, made as the user does it in the preferences.

        Odoo asks for the password first (`check_identity` in `base/models/res_users.py`) and
        answers with a wizard: up to 18.0 the wizard stores the password, in 19.0 it reads it
        from the context. The key is in the context of the last action.
        """
        wizard = "res.users.apikeys.description"
        values = {"name": name}
        if self.series >= (18, 0):
            values["duration"] = "1"
        if self.series >= (17, 0):
            # What the web client calls; in 18.0 this model's own `create` cannot be called.
            (saved,) = self.call(wizard, "web_save", [], values, {"id": {}})
            made = saved["id"]
        else:
            made = self.create(wizard, values)
        action = self.call(wizard, "make_key", [made])
        return self._confirm_identity(action)["context"]["default_key"]

    def remove_api_keys(self) -> None:
        """Removes all API keys of this user, as the user does it in the preferences."""
        keys = self.ids("res.users.apikeys", [["user_id", "=", self.uid]])
        self._confirm_identity(self.call("res.users.apikeys", "remove", keys))

    def _confirm_identity(self, action: dict[str, Any]) -> dict[str, Any]:
        wizard = "res.users.identitycheck"
        if action.get("res_model") != wizard:
            return action
        check = action["res_id"]
        self.write(wizard, [check], {"password": self.password})
        return self.call(wizard, "run_check", [check], context={"password": self.password})


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    try:
        decoded = json.loads(body)
    except ValueError:
        decoded = {"error": {"message": f"HTTP {status} without JSON", "data": {}}}
    return Answer(status, {name.lower(): value for name, value in headers.items()}, decoded)
