"""Many users at once, each of whom has something that nobody else may see.

They are made in bulk: one `create` for all, and their API keys by a server action, as an
administrator could. Odoo's slow hash of a password is not paid for anybody.
"""

from __future__ import annotations

import secrets
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from support.odoo import Odoo, OdooError
from support.people import People
from support.records import Records

# Who they are: groups that lead to different lists of tools, as far as the apps are there.
_ROLES: dict[str, list[str]] = {
    "employee": ["base.group_user"],
    "seller": ["base.group_user", "sales_team.group_sale_salesman"],
    "buyer": ["base.group_user", "purchase.group_purchase_user"],
    "storekeeper": ["base.group_user", "stock.group_stock_user"],
    "bookkeeper": ["base.group_user", "account.group_account_invoice"],
}
_LANGUAGES = ["en_US", "fr_FR", "de_DE"]
_ZONES = ["Europe/Brussels", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "UTC"]
_QUIET = {"no_reset_password": True, "mail_create_nolog": True, "tracking_disable": True}
_LEAD = "crm.lead"

_MAKE_KEYS = """
made = []
for user in env["res.users"].browse({ids}):
    keys = env["res.users.apikeys"].with_user(user).sudo()
    made.append([user.id, keys._generate({arguments})])
action = {{"type": "ir.actions.act_window_close", "infos": made}}
"""


@dataclass(frozen=True)
class Member:
    """One of the crowd."""

    uid: int
    name: str
    login: str
    role: str
    lang: str
    tz: str
    company: int
    key: str = field(repr=False)
    lead: int | None = None

    @property
    def signature(self) -> str:
        """What only they write into their preferences."""
        return f"<p>{self.name}</p>"


@dataclass
class Crowd:
    """All of them. `mark` is in the name of everything that is theirs."""

    members: list[Member]
    mark: str


def is_local(odoo: Odoo) -> bool:
    """Whether this Odoo is on our own machine: others are not to be bothered with a crowd."""
    return urllib.parse.urlsplit(odoo.url).hostname in {"127.0.0.1", "localhost", "::1"}


class CrowdMaker:
    """Makes a crowd, and takes it away again."""

    def __init__(self, odoo: Odoo) -> None:
        self._odoo = odoo
        self._people = People(odoo)
        self._records = Records(odoo)
        self._languages: list[int] = []

    def make(self, count: int) -> Crowd:
        """So many users."""
        mark = f"e2e-{secrets.token_hex(5)}"
        roles, languages = self._roles(), self._activate_languages()
        companies = self._odoo.ids("res.company", [], order="id")
        drafts = []
        for number in range(count):
            # Coprime steps, so that every combination occurs.
            role = list(roles)[number % len(roles)]
            company = companies[number % len(companies)]
            drafts.append(
                {
                    "name": f"{mark} {number:04}",
                    "login": f"{mark}.{number}@e2e.test",
                    "email": f"{mark}.{number}@e2e.test",
                    "lang": languages[(number // len(roles)) % len(languages)],
                    "tz": _ZONES[(number // 3) % len(_ZONES)],
                    "company_id": company,
                    "company_ids": [[6, 0, [company]]],
                    self._people.groups_field: [[6, 0, roles[role]]],
                }
            )
        uids = self._people.make_many(drafts)
        keys = self._make_keys(uids, mark)
        leads = self._make_leads(
            {
                uid: draft
                for number, (uid, draft) in enumerate(zip(uids, drafts, strict=True))
                if list(roles)[number % len(roles)] == "seller"
            }
        )
        members = [
            Member(
                uid=uid,
                name=draft["name"],
                login=draft["login"],
                role=list(roles)[number % len(roles)],
                lang=draft["lang"],
                tz=draft["tz"],
                company=draft["company_id"],
                key=keys[uid],
                lead=leads.get(uid),
            )
            for number, (uid, draft) in enumerate(zip(uids, drafts, strict=True))
        ]
        return Crowd(members, mark)

    def _roles(self) -> dict[str, list[int]]:
        roles = {}
        for role, names in _ROLES.items():
            try:
                roles[role] = [self._odoo.xml_id(name) for name in names]
            except ValueError:
                continue  # The app is not installed.
        return roles

    def _activate_languages(self) -> list[str]:
        everywhere = {"context": {"active_test": False}}
        found = self._odoo.call(
            "res.lang",
            "search_read",
            [["code", "in", _LANGUAGES]],
            ["code", "active"],
            **everywhere,
        )
        self._languages = [language["id"] for language in found if not language["active"]]
        if self._languages:
            self._odoo.write("res.lang", self._languages, {"active": True})
        return sorted(language["code"] for language in found)

    def _make_keys(self, uids: list[int], mark: str) -> dict[int, str]:
        arguments = f"None, {mark!r} + ' ' + str(user.id)"
        if self._odoo.series >= (18, 0):
            arguments += ", datetime.datetime.now() + datetime.timedelta(days=1)"
        (model,) = self._odoo.ids("ir.model", [["model", "=", "res.users"]])
        action = self._records.make(
            "ir.actions.server",
            name=mark,
            model_id=model,
            state="code",
            code=_MAKE_KEYS.format(ids=uids, arguments=arguments),
        )
        made = self._odoo.call("ir.actions.server", "run", [action])["infos"]
        return dict(made)

    def _make_leads(self, sellers: dict[int, dict[str, Any]]) -> dict[int, int]:
        try:
            self._odoo.count(_LEAD, [["id", "=", 0]])
        except OdooError:
            return {}
        values = [
            {"name": draft["name"], "user_id": uid, "company_id": draft["company_id"]}
            for uid, draft in sellers.items()
        ]
        made = self._odoo.call(_LEAD, "create", values, context=_QUIET)
        for lead in made:
            self._records.adopt(_LEAD, lead)
        return dict(zip(sellers, made, strict=True))

    def tag(self, mark: str, languages: set[str]) -> tuple[int, dict[str, str]]:
        """A contact tag with a name in each language; its id and its names."""
        names = {language: f"{mark} ({language})" for language in languages}
        tag = self._records.make("res.partner.category", name=names.get("en_US", mark))
        self._odoo.call("res.partner.category", "update_field_translations", [tag], "name", names)
        return tag, names

    def remove(self) -> None:
        """Takes everything away that was made."""
        self._records.clean()
        self._people.remove_all()
        if self._languages:
            self._odoo.write("res.lang", self._languages, {"active": False})
