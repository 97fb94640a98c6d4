"""A form as it opens, with its values, and the record that is saved from it.

It is done as the web client does it: the defaults of the context, what Odoo computes
from them, the methods that run when a field changes; and what is saved is what stands
in the form then, not only what was typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from odoo import models

from .. import compat
from ..lib.form_values import form_values, surroundings
from ..lib.json_value import json_value
from ..lib.view_arch import Element, ViewArch


class McpDialogue(models.AbstractModel):
    _name = "butopea.mcp.dialogue"
    _description = "MCP Dialogues"

    def _open(
        self, model: models.BaseModel, view_id: int | None, record_id: int | None
    ) -> dict[str, Any]:
        """The fields and buttons of a form with the values that it opens with.

        Without `record_id` these are those of a record that is not saved.
        """
        view = ViewArch(model.get_view(view_id, "form")["arch"])
        standing, described = self._fields_of(model, view)
        if record_id:
            record = model.browse(record_id)
            compat.check_readable(record)
        else:
            record = self._new(model, list(standing))
        buttons = view.buttons(types=("object", "action"))
        values = self._values(record, view, standing, buttons)
        form = self.env["butopea.mcp.form"]
        shown = []
        for entry in form._shown_buttons(model, buttons, [(record, values)]):
            contexts = entry.pop("contexts", {})
            entry.pop("undecided_for", None)
            if entry.pop("shown_for"):
                context = next(iter(contexts.values()), None)
                shown.append({**entry, "context": context} if context else entry)
        labels = self.env["butopea.mcp.capabilities"]._labels([model._name])
        return {
            "model": model._name,
            "label": labels.get(model._name) or model._description,
            "transient": model._transient,
            "fields": {
                name: self._opened_field(
                    record, name, described[name], places, view, values
                )
                for name, places in standing.items()
            },
            "actions": shown,
        }

    def _save(
        self, model: models.BaseModel, view_id: int | None, given: dict[str, Any]
    ) -> int:
        """Create what stands in the form after `given` was filled in."""
        view = ViewArch(model.get_view(view_id, "form")["arch"])
        standing, _described = self._fields_of(model, view)
        record = self._new(model, list(standing))
        self._fill_in(record, given, standing)
        values = self._values(record, view, standing, [])
        saved = dict(given)
        for name, places in standing.items():
            if name not in given and self._is_saved(record, view, places, values):
                field = record._fields[name]
                saved[name] = field.convert_to_write(record[name], record)
        # What was typed is saved as it was typed: a method may have changed the form.
        created = model.create(saved)
        self.env.flush_all()
        return created.id

    # ------------------------------------------------------------------
    # A record that is not saved
    # ------------------------------------------------------------------

    def _new(self, model: models.BaseModel, names: list[str]) -> models.BaseModel:
        compat.check_creatable(model)
        record = model.new(model.default_get(names))
        self._run_onchange(record, names, names)
        return record

    def _fill_in(
        self, record: models.BaseModel, given: dict[str, Any], names: Iterable[str]
    ) -> None:
        for name, value in given.items():
            record[name] = value
        self._run_onchange(record, list(given), names)

    def _run_onchange(
        self, record: models.BaseModel, changed: list[str], names: Iterable[str]
    ) -> None:
        """Run the methods of changed fields and of those they change, once each."""
        waiting, done = list(changed), set()
        methods = record._onchange_methods
        while waiting:
            name = waiting.pop(0)
            if name in done or not methods.get(name):
                continue
            done.add(name)
            before = {other: record[other] for other in names}
            for method in methods[name]:
                method(record)
            waiting += [other for other in names if record[other] != before[other]]

    # ------------------------------------------------------------------
    # The fields of a form
    # ------------------------------------------------------------------

    def _fields_of(
        self, model: models.BaseModel, view: ViewArch
    ) -> tuple[dict[str, list[Element]], dict[str, dict[str, Any]]]:
        described = model.fields_get()
        standing = {
            name: places for name, places in view.fields().items() if name in described
        }
        return standing, described

    def _values(
        self,
        record: models.BaseModel,
        view: ViewArch,
        standing: dict[str, list[Element]],
        buttons: list[Element],
    ) -> dict[str, Any]:
        """What the conditions of the form may read."""
        read = self.env["butopea.mcp.form"]._names_of(record.browse(), buttons)
        for places in standing.values():
            for condition in view.field_conditions(places).values():
                read |= compat.condition_names(condition)
        known = set(record.fields_get(attributes=["type"]))
        return {**surroundings(record), **form_values(record, read & known)}

    def _is_saved(
        self,
        record: models.BaseModel,
        view: ViewArch,
        places: list[Element],
        values: dict[str, Any],
    ) -> bool:
        """Whether the web client sends the field: not where it cannot be changed."""
        node = places[0].node
        if node.get("force_save") in ("1", "True", "true"):
            return True
        field = record._fields[node.get("name")]
        condition = view.field_conditions(places)["readonly"]
        if node.get("readonly") is None and condition is None:
            return not field.readonly
        return not compat.condition_holds(condition, values)

    def _opened_field(
        self,
        record: models.BaseModel,
        name: str,
        described: dict[str, Any],
        places: list[Element],
        view: ViewArch,
        values: dict[str, Any],
    ) -> dict[str, Any]:
        conditions = view.field_conditions(places)
        columns = view.columns_of(places[0].node)
        schema = self.env["butopea.mcp.schema"]
        entry = schema._described(described)
        entry = {
            key: value for key, value in entry.items() if value not in (None, False)
        }
        for key in ("required", "readonly", "invisible"):
            condition = conditions[key]
            if compat.condition_holds(condition, values):
                entry[key] = True
            if condition is not None and condition is not True:
                entry[f"{key}_expr"] = compat.condition_text(condition)
        value = record[name]
        if isinstance(value, models.BaseModel):
            found = self._opened_records(value, columns)
            is_one = (
                described["type"] != "one2many" and described["type"] != "many2many"
            )
            value = (found[0] if found else None) if is_one else found
        elif described["type"] == "binary":
            value = bool(value)
        entry["value"] = json_value(value, self.env)
        return entry

    def _opened_records(
        self, records: models.BaseModel, columns: list[str]
    ) -> list[dict[str, Any]]:
        """Records that stand in a form. New ones have no id, but the values of the
        columns that the form has for them.
        """
        readable = compat.filter_readable(records._origin)
        found = []
        for one in records:
            if one._origin:
                name = one.display_name if one._origin in readable else None
                found.append({"id": one._origin.id, "name": name})
                continue
            known = one.fields_get(columns, ["type"])
            values = {
                column: self._column_value(one, column)
                for column in columns
                if column in known
            }
            found.append({"id": None, "name": one.display_name, "values": values})
        return found

    def _column_value(self, line: models.BaseModel, column: str) -> Any:
        value = line[column]
        if not isinstance(value, models.BaseModel):
            return json_value(value, self.env)
        found = self._opened_records(value, [])
        if line._fields[column].type == "many2one":
            return found[0] if found else None
        return found
