"""The buttons that the form of given records shows now."""

from __future__ import annotations

from typing import Any

from odoo import models

from .. import compat
from ..lib.form_values import evaluate, form_values, surroundings
from ..lib.json_value import json_value
from ..lib.view_arch import Element, ViewArch, button_label, needs_records

_KINDS = ("object", "action")


class McpForm(models.AbstractModel):
    _name = "butopea.mcp.form"
    _description = "MCP Forms"

    # ------------------------------------------------------------------
    # The buttons that records show now
    # ------------------------------------------------------------------

    def _actions_now(self, records: models.BaseModel) -> dict[str, Any]:
        """The buttons of the user's form, and which of `records` show each of them."""
        model = records.browse()
        view = ViewArch(model.get_view(None, "form")["arch"])
        header = ViewArch(model.get_view(None, compat.LIST_VIEW)["arch"])
        elements = view.buttons(types=_KINDS)
        in_list = _only_in_list(header, elements)
        state = view.status_field()
        names = self._names_of(model, elements + in_list)
        by_record = [
            (record, {**surroundings(record), **form_values(record, names)})
            for record in records
        ]
        return {
            "model": records._name,
            "records": [self._record_state(record, state) for record in records],
            "actions": self._shown_buttons(model, elements, by_record),
            "list_actions": self._shown_buttons(model, in_list, by_record),
            # A list's header has its buttons for all of its records.
            "list_methods": sorted(
                {element.node.get("name") for element in header.buttons(in_header=True)}
            ),
            "menu": self._menu(records._name),
            "reports": self.env["butopea.mcp.action"]._reports(records._name),
        }

    def _shown_buttons(
        self,
        model: models.BaseModel,
        elements: list[Element],
        by_record: list[tuple[models.BaseModel, dict[str, Any]]],
    ) -> list[dict[str, Any]]:
        """One entry for each button; one that stands twice with its label is one."""
        windows = self.env["butopea.mcp.action"]._rows(_window_ids(elements))
        schema = self.env["butopea.mcp.schema"]
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for element in elements:
            node = element.node
            opens = None
            if node.get("type") == "action":
                opens = windows.get(_window_id(node))
                if opens is None:
                    continue
            label = (
                schema._button_label(model, node)
                if opens is None
                else button_label(node) or opens["name"]
            )
            entry = found.setdefault(
                (node.get("name"), label),
                {
                    "method": _method(node, opens),
                    "label": label,
                    "type": node.get("type"),
                    "confirm": node.get("confirm"),
                    "help": node.get("help"),
                    "opens": opens and opens["name"],
                    "action_type": opens and opens["type"],
                    "statistic": "oe_stat_button" in (node.get("class") or ""),
                    "shown_for": [],
                    "undecided_for": [],
                    "contexts": {},
                },
            )
            for record, values in by_record:
                self._add_record(entry, element, record, values)
        return [_without_nothing(entry) for entry in found.values()]

    def _add_record(
        self,
        entry: dict[str, Any],
        element: Element,
        record: models.BaseModel,
        values: dict[str, Any],
    ) -> None:
        hidden = compat.condition_holds(element.hidden, values)
        if hidden or record.id in entry["shown_for"]:
            return
        # What cannot be told is shown: Odoo decides.
        entry["shown_for"].append(record.id)
        if hidden is None:
            entry["undecided_for"].append(record.id)
        context = _evaluated_context(element.node.get("context"), values)
        if context:
            entry["contexts"][str(record.id)] = json_value(context, self.env)

    def _names_of(self, model: models.BaseModel, elements: list[Element]) -> set[str]:
        """The fields that conditions and contexts of these elements read."""
        names: set[str] = set()
        for element in elements:
            names |= compat.condition_names(element.hidden)
            names |= compat.expression_names(element.node.get("context") or "{}")
        # Binary fields say in a form whether there is something; their size does, too.
        return names & set(model.fields_get(attributes=["type"]))

    def _record_state(
        self, record: models.BaseModel, state: str | None
    ) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": record.id, "name": record.display_name}
        if state not in record.fields_get([state] if state else [], ["string"]):
            return entry
        field = record._fields[state]
        value = record[state]
        if field.type == "selection":
            options = dict(field._description_selection(self.env))
            entry["state"] = {
                "field": state,
                "value": value,
                "label": options.get(value),
            }
        elif field.type == "many2one":
            entry["state"] = {
                "field": state,
                "value": value.id or False,
                "label": value.display_name or None,
            }
        return entry

    def _menu(self, model_name: str) -> list[dict[str, Any]]:
        bound = self.env["butopea.mcp.action"]._bound(model_name)
        return [
            {
                "method": entry.get("xml_id") or str(entry["id"]),
                "label": entry["name"],
                "views": entry["views"],
                "action_type": entry["type"],
            }
            for entry in bound
        ]

    def _window_ids_without_records(self, model: models.BaseModel) -> set[int]:
        """The actions behind the buttons that a list shows without a selection."""
        listed = ViewArch(model.get_view(None, compat.LIST_VIEW)["arch"])
        buttons = listed.buttons(in_header=True, types=("action",))
        return _window_ids([e for e in buttons if not needs_records(e.node)])

    def _window_button_ids(self, records: models.BaseModel) -> set[int]:
        """The actions behind the form's buttons that all of `records` show."""
        view = ViewArch(records.browse().get_view(None, "form")["arch"])
        listed = ViewArch(records.browse().get_view(None, compat.LIST_VIEW)["arch"])
        elements = view.buttons(types=("action",))
        elements += _only_in_list(listed, elements)
        names = self._names_of(records, elements)
        shown = _window_ids(listed.buttons(in_header=True, types=("action",)))
        by_record = []
        for record in records:
            values = {**surroundings(record), **form_values(record, names)}
            visible = [
                element
                for element in elements
                if not compat.condition_holds(element.hidden, values)
            ]
            by_record.append(_window_ids(visible))
        return shown | (set.intersection(*by_record) if by_record else set())


def _only_in_list(listed: ViewArch, in_form: list[Element]) -> list[Element]:
    """The buttons for records that stand in their list and not in their form."""
    known = {element.node.get("name") for element in in_form}
    return [
        element
        for element in listed.buttons(types=_KINDS)
        if element.node.get("name") not in known
        and needs_records(element.node)
        and compat.view_condition(element.node, "column_invisible") is not True
    ]


def _window_id(node: Any) -> int:
    name = node.get("name") or ""
    return int(name) if name.isdigit() else 0


def _window_ids(elements: list[Element]) -> set[int]:
    ids = {_window_id(e.node) for e in elements if e.node.get("type") == "action"}
    return ids - {0}


def _method(node: Any, opens: dict[str, Any] | None) -> str:
    """What a client calls: a method, or an action by its external id or its id."""
    if opens is None:
        return node.get("name")
    return opens.get("xml_id") or str(opens["id"])


def _evaluated_context(text: str | None, values: dict[str, Any]) -> dict[str, Any]:
    """The context of a button; empty where it cannot be told."""
    if not text:
        return {}
    try:
        context = evaluate(text, values)
    except ValueError:
        return {}
    return context if isinstance(context, dict) else {}


def _without_nothing(entry: dict[str, Any]) -> dict[str, Any]:
    always = ("method", "label", "type", "shown_for")
    return {key: value for key, value in entry.items() if value or key in always}
