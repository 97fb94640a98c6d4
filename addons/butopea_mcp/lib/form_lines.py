"""Lines that a form proposes and that are not saved yet: named, changed, left out.

A dialogue often opens with lines that Odoo made (`stock.return.picking` has one for
each product that was delivered), and what a line is about stands in fields that nobody
types (`move_id`). So a change of such a line must find it again, and keep the rest.

The web client gives each new line a virtual id and sends it back (`[1, "virtual_12",
{…}]`, `web/static/src/model/relational_model/static_list.js`). Here nothing is kept
between two requests: the form is opened anew when it is saved, so the name of a line is
made of what it is, `new-<place>-<check>`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

# Instead of the id in `[0, "new", {…}]`: a line that is none of those proposed.
NEW = "new"


def line_names(lines: models.BaseModel, columns: list[str]) -> dict[str, Any]:
    """The unsaved ones among `lines` by the names that a caller gives back."""
    return {
        f"{NEW}-{place}-{_check(line, columns)}": line
        for place, line in enumerate(lines, 1)
        if not line._origin
    }


def _check(line: models.BaseModel, columns: list[str]) -> str:
    """Four letters for the records that a line names, which quantities are not."""
    named = [
        f"{name}={line[name]._origin.id}"
        for name in sorted(set(columns))
        if _is_reference(line, name)
    ]
    return hashlib.sha256(",".join(named).encode()).hexdigest()[:4]


def _is_reference(line: models.BaseModel, name: str) -> bool:
    field = line._fields.get(name)
    return field is not None and field.type == "many2one" and bool(field.store)


class FormLines:
    """The lines of one x2many field of a record that is not saved."""

    def __init__(self, record: models.BaseModel, name: str, columns: list[str]) -> None:
        self.record, self.name, self.columns = record, name, columns
        self.named = line_names(record[name], columns)
        self.taken: list[Any] = []

    @property
    def lines(self) -> models.BaseModel:
        return self.record[self.name]

    def apply(self, commands: Any) -> list[tuple[models.BaseModel, list[str]]]:
        """Do what `commands` say; answers the changed lines, and in which fields."""
        if not isinstance(commands, (list, tuple)):
            self.record[self.name] = commands
            return []
        self._follow_changes()
        changed = []
        for command in commands:
            code, key, values = [*command, None, None, None][:3]
            if code == Command.CREATE and key != NEW and isinstance(values, dict):
                line = self._meant(values)
            elif code == Command.UPDATE and isinstance(key, str):
                line = self._line(key)
            elif code in (Command.DELETE, Command.UNLINK) and isinstance(key, str):
                self.record[self.name] = self.lines - self._line(key)
                continue
            elif code == Command.LINK and isinstance(key, str):
                self._line(key)
                continue
            elif code == Command.SET:
                self._set(values or [])
                continue
            else:
                line = None
            if line is None:
                key = 0 if key == NEW else key
                self.record[self.name] = [(code, key or 0, values)]
                continue
            self.taken.append(line)
            for field, value in values.items():
                line[field] = value
            changed.append((line, list(values)))
        return changed

    def _set(self, keys: list[Any]) -> None:
        kept = [self._line(key) for key in keys if isinstance(key, str)]
        ids = [key for key in keys if not isinstance(key, str)]
        self.record[self.name] = [Command.set(ids)]
        for line in kept:
            self.record[self.name] = self.lines | line

    def _follow_changes(self) -> None:
        """Find the lines again where another value of the form made them anew."""
        lines = self.lines
        if all(line in lines for line in self.named.values()):
            return
        anew = line_names(lines, self.columns)
        self.named = {key: anew[key] for key in self.named if key in anew}

    def _line(self, key: str) -> models.BaseModel:
        line = self.named.get(key)
        if line is None or line not in self.lines:
            raise UserError(
                f"{self.name}: the form has no line {key!r} with these values."
                f" Its lines are {self._listed(self.named)}."
            )
        return line

    def _meant(self, values: dict[str, Any]) -> models.BaseModel | None:
        """The proposed line of the records that `values` name, if there is one.

        Who writes the product of a line that stands there already means that line.
        """
        named = {
            name: value
            for name, value in values.items()
            if _is_reference(self.lines, name) and isinstance(value, int) and value
        }
        if not named:
            return None
        meant = {
            key: line
            for key, line in self.named.items()
            if line in self.lines
            and line not in self.taken
            and all(line[name]._origin.id == value for name, value in named.items())
        }
        if len(meant) > 1:
            raise UserError(
                f"{self.name}: {len(meant)} lines of the form may be meant:"
                f" {self._listed(meant)}. Say which one by its id."
            )
        return next(iter(meant.values()), None)

    def _listed(self, named: dict[str, Any]) -> str:
        return ", ".join(f"{k} ({line.display_name})" for k, line in named.items())


def saved_lines(record: models.BaseModel, name: str) -> Any:
    """The lines as `create` takes them, with all that stands in the new ones.

    Without what Odoo computes anew and does not store.
    """
    field = record._fields[name]
    comodel = record.env[field.comodel_name]
    commands = field.convert_to_write(record[name], record)
    for command in commands or []:
        if command[0] == Command.CREATE:
            for column in list(command[2]):
                known = comodel._fields[column]
                if not known.store and not known.inverse:
                    del command[2][column]
    return commands
