"""What the user can reach: the answer of `/mcp/capabilities`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from odoo import models

from .. import compat

ACCESS_OPERATIONS = ("read", "write", "create", "unlink")
ROUTES = [
    "capabilities",
    "schema",
    "schemas",
    "search",
    "execute",
    "actions",
    "action",
    "form",
    "save",
    "tracking",
    "session",
    "cancel",
]
# What a route does beyond its first version: a client asks for it here.
FEATURES = ["idempotency", "cancel", "policy", "actions", "properties"]

# Where each kind of action that has a model keeps its name.
_ACTION_MODEL = {
    "ir.actions.act_window": """
        SELECT id, res_model FROM ir_act_window WHERE id = ANY(%s)
    """,
    "ir.actions.report": """
        SELECT id, model FROM ir_act_report_xml WHERE id = ANY(%s)
    """,
    "ir.actions.server": """
        SELECT a.id, m.model
          FROM ir_act_server a
          JOIN ir_model m ON m.id = a.model_id
         WHERE a.id = ANY(%s)
    """,
}


class McpCapabilities(models.AbstractModel):
    _name = "butopea.mcp.capabilities"
    _description = "MCP Capabilities"

    def _get(self) -> dict[str, Any]:
        menus, apps = self._menus()
        return {
            "user": self._user(),
            "menus": menus,
            "models": self._models(apps),
            "odoo_version": compat.VERSION,
            "odoo_series": compat.SERIES,
            "module_version": compat.module_version("butopea_mcp"),
            "database": self.env.cr.dbname,
            "lang": self.env.lang or "en_US",
            "schema_fingerprint": self.env["butopea.mcp.fingerprint"]._get(),
            "modules": self._modules(),
            "routes": ROUTES,
            "features": FEATURES,
            "policy": self.env["butopea.mcp.policy"]._features(),
        }

    def _user(self) -> dict[str, Any]:
        user = self.env.user
        return {
            "id": user.id,
            "name": user.name,
            "login": user.login,
            "lang": user.lang or None,
            "tz": user.tz or None,
            "company_id": {"id": user.company_id.id, "name": user.company_id.name},
            "company_ids": [
                {"id": company.id, "name": company.name} for company in user.company_ids
            ],
            "is_admin": self.env.is_admin(),
            "is_system": self.env.is_system(),
        }

    def _modules(self) -> list[str] | None:
        """Technical names of the installed modules, for who may read modules."""
        module = self.env["ir.module.module"]
        if not compat.has_access(module, "read"):
            return None
        return sorted(module._installed())

    # ------------------------------------------------------------------
    # Menus and models
    # ------------------------------------------------------------------

    def _menus(self) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
        """The user's menus, and for each model the apps whose menus lead to it."""
        rows = self._visible_menu_rows()
        models_by_action = self._action_models(row["action"] for row in rows.values())
        menus = []
        apps: dict[str, list[str]] = {}
        for menu_id, row in rows.items():
            app = self._root_of(menu_id, rows)
            if app is None:
                continue
            model = models_by_action.get(row["action"])
            menus.append(
                {
                    "id": menu_id,
                    "name": row["name"],
                    "parent_id": row["parent_id"] or False,
                    "action": row["action"] or False,
                    "model": model or False,
                }
            )
            if model and app["name"] not in apps.setdefault(model, []):
                apps[model].append(app["name"])
        return menus, apps

    def _visible_menu_rows(self) -> dict[int, dict[str, Any]]:
        """The menus that Odoo shows the user, technical ones included, in order.

        Odoo hides technical menus until a user switches the developer mode on,
        which every user whose groups have them can do. They are read by SQL in
        one go: the ORM would read the same rows, and the actions one by one.
        """
        menu = self.env["ir.ui.menu"]
        if not compat.has_access(menu, "read"):
            return {}
        visible = set(menu._visible_menu_ids(True)) - set(menu._load_menus_blacklist())
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT id, COALESCE(name->>%s, name->>'en_US') AS name, parent_id, action
              FROM ir_ui_menu
             WHERE id = ANY(%s)
          ORDER BY sequence, id
            """,
            [self.env.lang or "en_US", list(visible)],
        )
        return {row["id"]: row for row in self.env.cr.dictfetchall()}

    def _root_of(
        self, menu_id: int, rows: dict[int, dict[str, Any]]
    ) -> dict[str, Any] | None:
        """The app of a menu; `None` if a menu on the way to it is not visible."""
        row = rows[menu_id]
        while row and row["parent_id"]:
            row = rows.get(row["parent_id"])
        return row

    def _action_models(self, actions: Iterable[str | None]) -> dict[str, str]:
        """`{"ir.actions.act_window,12": "res.partner"}` of the user's menus.

        By SQL: a user may not read the tables of actions, but Odoo gives the
        user the action of each visible menu.
        """
        wanted: dict[str, list[int]] = {}
        for action in actions:
            if action:
                kind, action_id = action.split(",")
                wanted.setdefault(kind, []).append(int(action_id))
        found = {}
        for kind, action_ids in wanted.items():
            if kind in _ACTION_MODEL:
                self.env.cr.execute(_ACTION_MODEL[kind], [action_ids])
                for action_id, model in self.env.cr.fetchall():
                    found[f"{kind},{action_id}"] = model
        return found

    def _model_names(self) -> list[str]:
        """Names of the models that the user reaches through menus, sorted."""
        return self._readable(self._menus()[1])

    def _readable(self, names: Iterable[str]) -> list[str]:
        return [
            name
            for name in sorted(names)
            if name in self.env
            and self.env["butopea.mcp.policy"]._may_access(self.env[name], "read")
        ]

    def _models(self, apps: dict[str, list[str]]) -> list[dict[str, Any]]:
        names = self._readable(apps)
        labels = self._labels(names)
        return [
            {
                "model": name,
                "name": labels.get(name) or self.env[name]._description,
                "description": self.env[name]._description,
                "access": self._access(self.env[name]),
                "apps": apps[name],
                "transient": self.env[name]._transient,
            }
            for name in names
        ]

    def _access(self, model: models.BaseModel) -> dict[str, bool]:
        return {
            operation: self.env["butopea.mcp.policy"]._may_access(model, operation)
            for operation in ACCESS_OPERATIONS
        }

    def _labels(self, names: list[str]) -> dict[str, str]:
        """The models' names in the language of the request.

        By SQL: only some users may read `ir.model`, but Odoo shows these names
        to everybody, as titles and in messages.
        """
        self.env.cr.execute(
            "SELECT model, COALESCE(name->>%s, name->>'en_US')"
            " FROM ir_model WHERE model = ANY(%s)",
            [self.env.lang or "en_US", names],
        )
        return dict(self.env.cr.fetchall())
