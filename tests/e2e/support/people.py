"""Users that the tests make for themselves, so that rights and passwords are known."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from support.http_server import basic
from support.odoo import Odoo, OdooError

# From here on, users are removed together.
_MANY = 20
_QUIET = {"no_reset_password": True, "mail_create_nolog": True, "tracking_disable": True}


@dataclass
class Person:
    """A user of Odoo, with a session of their own."""

    odoo: Odoo
    login: str
    password: str = field(repr=False)

    @property
    def uid(self) -> int:
        """The id in `res.users`."""
        return self.odoo.uid

    @property
    def site(self) -> dict[str, str]:
        """The server's variables for this user's Odoo, without the user."""
        return {"ODOO_URL": self.odoo.url, "ODOO_DB": self.odoo.database or ""}

    @property
    def env(self) -> dict[str, str]:
        """The server's variables for this user."""
        return self.site | {"ODOO_USERNAME": self.login, "ODOO_PASSWORD": self.password}

    @property
    def authorization(self) -> str:
        """The header with which this user's requests come over HTTP."""
        return basic(self.login, self.password)


class People:
    """Makes users and takes them away again."""

    def __init__(self, admin: Odoo) -> None:
        self._admin = admin
        self._made: list[int] = []

    @property
    def groups_field(self) -> str:
        """The groups of a user; 19.0 renamed the field."""
        return "group_ids" if self._admin.series >= (19, 0) else "groups_id"

    def groups_of(self, odoo: Odoo) -> list[int]:
        """The groups of a user who is signed in."""
        return self._admin.read("res.users", odoo.uid, self.groups_field)[self.groups_field]

    def make(self, name: str, groups: Iterable[str | int]) -> Person:
        """A new user with these groups (external ids or ids), signed in."""
        login = f"{name}.{secrets.token_hex(4)}@e2e.test"
        password = f"Pw-{secrets.token_urlsafe(18)}"
        ids = [self._admin.xml_id(group) if isinstance(group, str) else group for group in groups]
        values = {
            "name": f"E2E {name}",
            "login": login,
            "email": login,
            "password": password,
            self.groups_field: [[6, 0, ids]],
        }
        self._made.append(self._admin.create("res.users", values, context=_QUIET))
        return Person(self._admin.as_user(login, password), login, password)

    def make_many(self, values: list[dict[str, Any]]) -> list[int]:
        """New users of these values, by one request; nobody signs in."""
        made = self._admin.call("res.users", "create", values, context=_QUIET)
        self._made += made
        return made

    def remove(self, uid: int) -> None:
        """Deletes a user and their contact; what Odoo still needs is archived."""
        self._made = [made for made in self._made if made != uid]
        if not self._admin.exists("res.users", uid):
            return
        (partner, _name) = self._admin.read("res.users", uid, "partner_id")["partner_id"]
        for model, record in (("res.users", uid), ("res.partner", partner)):
            try:
                self._admin.unlink(model, [record])
            except OdooError:
                self._admin.write(model, [record], {"active": False})

    def remove_all(self) -> None:
        """Deletes everybody who was made here."""
        if len(self._made) > _MANY:
            self._remove_together()
        for uid in reversed(self._made.copy()):
            self.remove(uid)

    def _remove_together(self) -> None:
        fields = ["partner_id"]
        users = self._admin.call("res.users", "read", self._made, fields)
        partners = [user["partner_id"][0] for user in users]
        # When some must stay, each is looked at by itself.
        with suppress(OdooError):
            self._admin.unlink("res.users", self._made)
            self._made.clear()
            self._admin.unlink("res.partner", partners)
