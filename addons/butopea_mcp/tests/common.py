"""Requests as a client sends them, users of different rights, API keys."""

from __future__ import annotations

import contextlib
import datetime
import inspect
import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from odoo import api, http, models
from odoo.tests.common import HttpCase, new_test_user

BAD_KEY = "0123456789abcdef0123456789abcdef01234567"


def clear_caches(env: api.Environment) -> None:
    """Forget everything that Odoo caches: 17.0 split the caches into groups."""
    registry = env.registry
    getattr(registry, "clear_all_caches", getattr(registry, "clear_caches", None))()


def make_key(user: models.BaseModel, scope: str | None = None) -> str:
    """A new API key of `user`; 18.0 and later want to know when it expires."""
    generate = user.env["res.users.apikeys"].with_user(user)._generate
    arguments: list[Any] = [scope, "test"]
    if "expiration_date" in inspect.signature(generate).parameters:
        arguments.append(datetime.datetime.now() + datetime.timedelta(hours=12))
    return generate(*arguments)


@contextlib.contextmanager
def saved_sessions() -> Iterator[list[str]]:
    """The ids of the sessions that the server writes meanwhile.

    Not the files themselves: other servers may share their folder.
    """
    store = type(http.root.session_store)
    saved: list[str] = []
    save = store.save

    def recorded(self: Any, session: Any) -> None:
        saved.append(session.sid)
        save(self, session)

    with patch.object(store, "save", recorded):
        yield saved


class McpError(Exception):
    """The `error` of an answer."""

    def __init__(self, error: dict[str, Any]):
        super().__init__(error["data"]["message"])
        self.code = error["code"]
        self.name = error["data"]["name"]
        self.message = error["data"]["message"]
        self.data = error["data"]


class McpCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # May read partners, but not change them.
        cls.clerk = new_test_user(cls.env, "mcp_clerk", "base.group_user")
        cls.boss = new_test_user(
            cls.env,
            "mcp_boss",
            "base.group_user,base.group_system,base.group_partner_manager",
        )
        cls.partner = cls.env["res.partner"].create({"name": "Ada"})
        cls.child = cls.env["res.partner"].create(
            {"name": "Byron", "parent_id": cls.partner.id}
        )

    def login(self, user: models.BaseModel) -> None:
        self.authenticate(user.login, user.login)

    def logout(self) -> None:
        self.opener.cookies.clear()

    def post(self, path: str, key: str | None = None, **params: Any):
        """The HTTP answer to a call; `key` goes into the header."""
        self.env.flush_all()
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
        response = self.url_open(
            path, data=json.dumps(body).encode(), headers=headers, timeout=120
        )
        self.env.invalidate_all()
        return response

    def mcp(self, path: str, key: str | None = None, **params: Any) -> Any:
        """The result of a call; `McpError` if there is none."""
        answer = self.post(path, key, **params).json()
        if "error" in answer:
            raise McpError(answer["error"])
        return answer["result"]

    def execute(self, model: str, method: str, **params: Any) -> Any:
        return self.mcp("/mcp/execute", model=model, method=method, **params)

    def assertRefused(self, name: str, path: str, **params: Any) -> McpError:
        """The call fails with the Python exception `name`.

        Not by `assertRaises`: Odoo's own rolls back what happens in it, and then
        no test could see what a failed call leaves behind.
        """
        try:
            answer = self.mcp(path, **params)
        except McpError as error:
            self.assertEqual(error.name, name, error.message)
            return error
        raise self.failureException(f"The call was not refused: {answer!r}")
