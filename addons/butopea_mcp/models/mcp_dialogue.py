"""A form as it opens, with its values, and the record that is saved from it.

It is done as the web client does it: the defaults of the context, what Odoo computes
from them, the methods that run when a field changes; and what is saved is what stands
in the form then, not only what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from odoo import models
from odoo.exceptions import UserError

from .. import compat
from ..lib.form_lines import FormLines, line_names, saved_lines
from ..lib.form_values import form_values, surroundings
from ..lib.json_value import json_value
from ..lib.view_arch import Element, StaticText, ViewArch

_LISTS = ("one2many", "many2many")


def _elements(text: StaticText) -> list[Element]:
    return [piece for piece in text.pieces if isinstance(piece, Element)]


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
            "texts": self._texts(record, view, values),
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
        self._fill_in(record, given, standing, view)
        values = self._values(record, view, standing, [])
        saved = dict(given)
        for name, places in standing.items():
            if name not in given and self._is_saved(record, view, places, values):
                saved[name] = self._saved_value(record, name)
        # What is said of lines is said of those that the form proposes.
        for name in given:
            if record._fields[name].type in _LISTS:
                saved[name] = self._saved_value(record, name)
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
        self,
        record: models.BaseModel,
        given: dict[str, Any],
        standing: dict[str, list[Element]],
        view: ViewArch,
    ) -> None:
        """Fill in what was typed: the lines last, for the rest may change them."""
        lists = {}
        for name in given:
            if name not in record._fields:
                raise UserError(f"{record._name} has no field {name!r}.")
            if record._fields[name].type in _LISTS:
                columns = self._columns(record, view, standing.get(name))
                lists[name] = FormLines(record, name, columns)
        plain = [name for name in given if name not in lists]
        for name in plain:
            record[name] = given[name]
        self._run_onchange(record, plain, standing)
        for name, lines in lists.items():
            for line, changed in lines.apply(given[name]):
                self._run_onchange(line, changed, lines.columns)
        self._run_onchange(record, list(lists), standing)

    def _columns(
        self, record: models.BaseModel, view: ViewArch, places: list[Element] | None
    ) -> list[str]:
        """The columns of the list that stands in an x2many field."""
        if not places:
            return []
        node = places[0].node
        lines = record[node.get("name")]
        return [name for name in view.columns_of(node) if name in lines._fields]

    def _saved_value(self, record: models.BaseModel, name: str) -> Any:
        field = record._fields[name]
        if field.type in _LISTS:
            return saved_lines(record, name)
        return field.convert_to_write(record[name], record)

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
        for text in view.texts():
            for condition in [text.hidden, *(e.hidden for e in _elements(text))]:
                read |= compat.condition_names(condition)
        for places in standing.values():
            for condition in view.field_conditions(places).values():
                read |= compat.condition_names(condition)
        known = set(record.fields_get(attributes=["type"]))
        return {**surroundings(record), **form_values(record, read & known)}

    def _texts(
        self, record: models.BaseModel, view: ViewArch, values: dict[str, Any]
    ) -> list[str]:
        """What the form says besides its fields, as it is for these values."""
        described = record.fields_get(attributes=["type"])
        found = []
        for text in view.texts():
            if compat.condition_holds(text.hidden, values):
                continue
            words = [
                piece
                if isinstance(piece, str)
                else f" {self._field_text(record, piece, described, values)} "
                for piece in text.pieces
            ]
            said = "\n".join(
                re.sub(r" +([.,;:!?)])", r"\1", " ".join(line.split()))
                for line in "".join(words).replace("&nbsp;", " ").strip().split("\n\n")
            )
            if said and said not in found:
                found.append(said)
        return found

    def _field_text(
        self,
        record: models.BaseModel,
        element: Element,
        described: dict[str, Any],
        values: dict[str, Any],
    ) -> str:
        """A field's value within a text; nothing for what cannot stand in one."""
        name = element.node.get("name")
        if name not in described or compat.condition_holds(element.hidden, values):
            return ""
        kind, value = described[name]["type"], record[name]
        if kind == "many2one":
            readable = compat.filter_readable(value._origin)
            return value.display_name if value._origin in readable else ""
        if kind == "selection":
            options = record._fields[name]._description_selection(self.env)
            return dict(options).get(value, "")
        if kind in ("char", "text", "integer", "float", "monetary", "date"):
            return "" if value is False else str(json_value(value, self.env))
        return ""

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
        if described["type"] in _LISTS:
            columns = self._columns(record, view, places)
            names = {line: key for key, line in line_names(value, columns).items()}
            value = self._opened_records(value, columns, names)
            if columns:
                entry["columns"] = self._described_columns(record[name], columns)
        elif isinstance(value, models.BaseModel):
            found = self._opened_records(value, [], {})
            value = found[0] if found else None
        elif described["type"] == "binary":
            value = bool(value)
        elif described["type"] == "monetary":
            entry["currency"] = self._currency(record, described)
        entry["value"] = json_value(value, self.env)
        return entry

    def _opened_records(
        self,
        records: models.BaseModel,
        columns: list[str],
        names: dict[models.BaseModel, str],
    ) -> list[dict[str, Any]]:
        """Records that stand in a form. New ones have a name (`names`) instead of an
        id, and the values of the columns that the form has for them.
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
            found.append(
                {"id": names.get(one), "name": one.display_name, "values": values}
            )
        return found

    def _described_columns(
        self, lines: models.BaseModel, columns: list[str]
    ) -> dict[str, dict[str, Any]]:
        """What is said of the columns of lines; the currency where it is one."""
        described = lines.fields_get(columns, ["type", "string", "currency_field"])
        found = {}
        for name in columns:
            if name not in described:
                continue
            entry = {
                "type": described[name]["type"],
                "string": described[name]["string"],
            }
            if described[name]["type"] == "monetary":
                currencies = [self._currency(line, described[name]) for line in lines]
                if currencies and currencies.count(currencies[0]) == len(currencies):
                    entry["currency"] = currencies[0]
            found[name] = entry
        return found

    def _currency(
        self, record: models.BaseModel, described: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The currency of an amount: its `code` and its `decimals`."""
        name = described.get("currency_field") or "currency_id"
        field = record._fields.get(name)
        if field is None or field.type != "many2one" or not record[name]:
            return None
        currency = record[name]
        return {"code": currency.name, "decimals": currency.decimal_places}

    def _column_value(self, line: models.BaseModel, column: str) -> Any:
        value = line[column]
        if not isinstance(value, models.BaseModel):
            return json_value(value, self.env)
        found = self._opened_records(value, [], {})
        if line._fields[column].type == "many2one":
            return found[0] if found else None
        return found
