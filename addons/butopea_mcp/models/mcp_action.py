"""Odoo's actions: what a button or an entry of the action menu opens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from odoo import models
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError

from .. import compat
from ..lib.form_values import evaluate, surroundings
from ..lib.json_value import json_value

# What a client goes on with, of each kind of action.
_KEYS = (
    "type", "id", "xml_id", "name", "res_model", "res_id", "target", "view_mode",
    "report_name", "report_type", "data", "tag", "params", "url",
)  # fmt: skip

_ROW = """
    SELECT id, type, COALESCE(name->>%s, name->>'en_US') AS name
      FROM ir_actions
     WHERE id = ANY(%s)
"""
_REPORTS = """
    SELECT id, report_name, COALESCE(name->>%s, name->>'en_US') AS name
      FROM ir_act_report_xml
     WHERE id = ANY(%s) AND report_type = 'qweb-pdf'
"""
_XML_IDS = """
    SELECT model, res_id, min(module || '.' || name)
      FROM ir_model_data
     WHERE model LIKE 'ir.actions.%%' AND res_id = ANY(%s)
  GROUP BY model, res_id
"""
_BINDING = """
    SELECT m.model FROM ir_actions a JOIN ir_model m ON m.id = a.binding_model_id
     WHERE a.id = %s
"""
_SERVER_MODEL = """
    SELECT m.model FROM ir_act_server a JOIN ir_model m ON m.id = a.model_id
     WHERE a.id = %s
"""
_WINDOW_MODEL = "SELECT res_model FROM ir_act_window WHERE id = %s"
# A view has the id of an action that a button opens; its text is JSON, with a
# translation for each language.
_MODELS_OF_BUTTON = """
    SELECT DISTINCT model FROM ir_ui_view
     WHERE active AND model IS NOT NULL AND position(%s IN arch_db::text) > 0
  ORDER BY model
"""


class McpAction(models.AbstractModel):
    _name = "butopea.mcp.action"
    _description = "MCP Actions"

    # ------------------------------------------------------------------
    # Actions by name
    # ------------------------------------------------------------------

    def _rows(self, action_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """`id`, `type`, `name`, `xml_id` of actions.

        By SQL: a user may not read the tables of actions, but Odoo shows the user what
        stands on a button of a form that the user may see.
        """
        ids = list(action_ids)
        self.env.flush_all()
        self.env.cr.execute(_ROW, [self.env.lang or "en_US", ids])
        rows = {row["id"]: row for row in self.env.cr.dictfetchall()}
        self.env.cr.execute(_XML_IDS, [ids])
        for model, action_id, xml_id in self.env.cr.fetchall():
            # Ids are shared by all kinds of actions, but not by other models.
            if action_id in rows and rows[action_id]["type"] == model:
                rows[action_id]["xml_id"] = xml_id
        return rows

    def _find(self, name: str) -> dict[str, Any]:
        """The action that is named by its external id, or by its id."""
        if name.isdigit():
            action_id = int(name)
        else:
            action = self.env.ref(name, raise_if_not_found=False)
            known = action is not None and action._name.startswith("ir.actions.")
            action_id = action.id if known else 0
        row = self._rows([action_id]).get(action_id)
        if row is None:
            raise MissingError(f"The action {name!r} does not exist.")
        return row

    def _bound(self, model_name: str) -> list[dict[str, Any]]:
        """The entries of a model's action menu that the user sees, without *Print*."""
        bindings = self.env["ir.actions.actions"].get_bindings(model_name)
        found = [dict(action) for action in bindings.get("action", ())]
        rows = self._rows(action["id"] for action in found)
        return [
            {**rows[action["id"]], "views": action.get("binding_view_types") or ""}
            for action in found
            if action["id"] in rows
        ]

    def _reports(self, model_name: str) -> list[dict[str, str]]:
        """The PDF reports of a model's menu *Print*, as far as the user sees it."""
        bindings = self.env["ir.actions.actions"].get_bindings(model_name)
        ids = [action["id"] for action in bindings.get("report", ())]
        self.env.cr.execute(_REPORTS, [self.env.lang or "en_US", ids])
        rows = {row["id"]: row for row in self.env.cr.dictfetchall()}
        return [
            {"report_name": rows[i]["report_name"], "label": rows[i]["name"]}
            for i in ids
            if i in rows
        ]

    # ------------------------------------------------------------------
    # What an action opens
    # ------------------------------------------------------------------

    def _load(self, name: str, records: models.BaseModel) -> dict[str, Any]:
        """What the action `name` opens for `records`; an action of the server is run.

        Only what the user finds on the form or in the action menu of the model: Odoo
        itself would load any action.
        """
        row = self._find(name)
        self._check_offered(name, row, records)
        records = records.with_context(
            active_model=records._name,
            active_id=records[:1].id or False,
            active_ids=records.ids,
        )
        action = self.env[row["type"]].with_context(records.env.context)
        if row["type"] == "ir.actions.server":
            opened = action.browse(row["id"]).run() or {}
            self.env.flush_all()
        else:
            opened = action.browse(row["id"])._get_action_dict()
        return self._resolve(opened, records) or {}

    def _check_offered(
        self, name: str, row: dict[str, Any], records: models.BaseModel
    ) -> None:
        """Refuse an action that the user does not find at these records.

        Web client and server only offer what the groups allow; a server action checks
        them again when it runs, a window action does not.
        """
        form = self.env["butopea.mcp.form"]
        if not records:
            if row["id"] not in form._window_ids_without_records(records):
                raise UserError(
                    f"{name} opens for records of {records._name}: name them by ids."
                )
            return
        offered = {entry["id"] for entry in self._bound(records._name)}
        if row["id"] not in offered:
            offered |= form._window_button_ids(records)
        if row["id"] in offered:
            return
        owners = self._owners(row)
        if owners and records._name not in owners:
            raise ValidationError(
                f"The action {name} ({row['name']}) belongs to {', '.join(owners)}, not"
                f" to {records._name}: call it with records of {owners[0]}."
            )
        raise AccessError(
            f"This user finds no action {name} at {records._description}."
        )

    def _owners(self, row: dict[str, Any]) -> list[str]:
        """The models in whose menu or views the action stands; without any, the one
        that it opens or runs on. By SQL, for the same reason as `_rows`.
        """
        cr = self.env.cr
        queries = [
            (_BINDING, row["id"]),
            (_MODELS_OF_BUTTON, f'name=\\"{row["id"]}\\"'),
        ]
        if row["type"] == "ir.actions.server":
            queries.append((_SERVER_MODEL, row["id"]))
        elif row["type"] == "ir.actions.act_window":
            queries.append((_WINDOW_MODEL, row["id"]))
        for query, parameter in queries:
            cr.execute(query, [parameter])
            owners = [model for (model,) in cr.fetchall() if model in self.env]
            owners = [model for model in owners if not self.env[model]._transient]
            if owners:
                return owners
        return []

    def _resolve(self, action: Any, records: models.BaseModel) -> dict[str, Any] | None:
        """What a method returned, if it is an action; `None` if it is none.

        Context and domain are values, evaluated where they are texts. `view_id` is the
        form that opens, `transient` says whether it is one of a wizard.
        """
        if not isinstance(action, dict):
            return None
        kind = action.get("type")
        if not isinstance(kind, str) or not kind.startswith("ir.actions."):
            return None
        known = {**surroundings(records), **records.env.context}
        context = self._evaluated(action.get("context"), known)
        resolved = {key: action[key] for key in _KEYS if action.get(key)}
        resolved["context"] = context if isinstance(context, dict) else {}
        if action.get("domain"):
            known.update(resolved["context"])
            resolved["domain"] = self._evaluated(action["domain"], known)
        model = action.get("res_model")
        if kind == "ir.actions.report":
            resolved["model"] = self._report_model(action.get("report_name"))
        if kind == "ir.actions.act_window" and model in self.env:
            resolved["view_id"] = self._form_view(action)
            resolved["transient"] = self.env[model]._transient
            resolved["title"] = (
                self.env["butopea.mcp.capabilities"]._labels([model]).get(model)
            )
        return json_value(resolved, records.env)

    def _report_model(self, report_name: Any) -> str | None:
        """The model whose records a report prints."""
        self.env.cr.execute(
            "SELECT model FROM ir_act_report_xml WHERE report_name = %s LIMIT 1",
            [str(report_name)],
        )
        row = self.env.cr.fetchone()
        return row and row[0]

    def _evaluated(self, value: Any, known: dict[str, Any]) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return evaluate(value, known)
        except ValueError:
            # The web client fails, too. What was done is done: it is not opened.
            return None

    def _form_view(self, action: dict[str, Any]) -> int | None:
        """The form of a window action; `None` stands for the model's default one."""
        for view_id, kind in action.get("views") or ():
            if kind == "form":
                return view_id or None
        view = action.get("view_id")
        is_form = (action.get("view_mode") or "form").split(",")[0] == "form"
        if not view or not is_form:
            return None
        return view[0] if isinstance(view, (list, tuple)) else view

    def _check_records(
        self, model: models.BaseModel, ids: list[int], may_be_none: bool = False
    ) -> Any:
        records = model.browse(ids)
        missing = records - records.exists()
        if missing:
            raise MissingError(f"There is no record {missing!s}.")
        if not records and not may_be_none:
            raise UserError("There are no records.")
        compat.check_readable(records)
        return records
