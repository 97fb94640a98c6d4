"""Values of properties: what a call does not name stays as it is.

The properties of a task are defined by its project, and their values are one JSON
object in one field. Odoo's `write` takes that object for all there is: to write one
value erases the others (`Properties.convert_to_cache`, since 19.0 in
`odoo/orm/fields_properties.py`, before in `odoo/fields.py`). The web client therefore
sends all of them.
A caller that wants one value changed would have to read the others first, and would
write back what somebody else has changed meanwhile.

So an object is merged here into what each record has, in the transaction of the call.
A list, which is the web client's form, and an empty value are Odoo's own matter. A new
record has nothing to merge with.
"""

from __future__ import annotations

from typing import Any

from odoo import models
from odoo.exceptions import UserError

_UPDATE = 1


def write_values(records: models.BaseModel, values: dict[str, Any]) -> None:
    """`records.write(values)`, with objects of properties merged."""
    values = _with_merged_lines(records, values)
    given = {
        name: value
        for name, value in values.items()
        if isinstance(value, dict) and _is_properties(records, name)
    }
    if not given:
        records.write(values)
        return
    parents = {records._fields[name].definition_record for name in given}
    if len(records) == 1 and parents.isdisjoint(values):
        records.write(values | _merged(records, given)[0])
        return
    # With another parent come other properties, and each record has values of its own:
    # Odoo writes those of one parent at a time.
    rest = {name: value for name, value in values.items() if name not in given}
    if rest:
        records.write(rest)
    for record, merged in zip(records, _merged(records, given)):
        record.write(merged)


def _is_properties(records: models.BaseModel, name: str) -> bool:
    field = records._fields.get(name)
    return field is not None and field.type == "properties" and field.definition_record


def _with_merged_lines(
    records: models.BaseModel, values: dict[str, Any]
) -> dict[str, Any]:
    """The same values, with objects of properties merged in the lines that change."""
    result = dict(values)
    for name, commands in values.items():
        field = records._fields.get(name)
        if (
            field is not None
            and field.type in ("one2many", "many2many")
            and isinstance(commands, list)
        ):
            lines = records.env[field.comodel_name]
            result[name] = [_merged_command(lines, command) for command in commands]
    return result


def _merged_command(lines: models.BaseModel, command: Any) -> Any:
    if not (
        isinstance(command, (list, tuple))
        and len(command) == 3
        and command[0] == _UPDATE
        and isinstance(command[1], int)
        and isinstance(command[2], dict)
    ):
        return command
    line = lines.browse(command[1])
    values = _with_merged_lines(line, command[2])
    given = {
        name: value
        for name, value in values.items()
        if isinstance(value, dict) and _is_properties(line, name)
    }
    if given:
        values |= _merged(line, given)[0]
    return [_UPDATE, command[1], values]


def _merged(
    records: models.BaseModel, given: dict[str, dict[str, Any]]
) -> list[dict[str, dict[str, Any]]]:
    """For each record the whole objects to write.

    Records of several parents may be given values of each of these: a record takes
    those that its own parent defines. What no parent defines is refused, for Odoo
    would keep it where nobody sees it.
    """
    rows = records.read(list(given), load=None)
    by_id = {row["id"]: row for row in rows}
    for name, value in given.items():
        defined = {item["name"] for row in rows for item in row[name] or []}
        unknown = [key for key in value if key not in defined]
        if unknown:
            raise UserError(
                f"{records._name} has no property {', '.join(map(repr, unknown))} in"
                f" {name}. It has: {', '.join(sorted(defined)) or 'none'}."
            )
    return [
        {
            name: _present(by_id[record.id][name] or [])
            | {
                key: one
                for key, one in value.items()
                if key in {item["name"] for item in by_id[record.id][name] or []}
            }
            for name, value in given.items()
        }
        for record in records
    ]


def _present(properties: list[dict[str, Any]]) -> dict[str, Any]:
    """What a record has, in the form that is stored."""
    return {
        item["name"]: _without_names(item.get("type"), item["value"])
        for item in properties
        if item.get("value") is not None
    }


def _without_names(kind: str | None, value: Any) -> Any:
    """Ids for records: series differ in whether a read without names has them."""
    if kind == "many2one" and isinstance(value, (list, tuple)):
        return value[0] if value else False
    if kind == "many2many" and isinstance(value, (list, tuple)):
        return [one[0] if isinstance(one, (list, tuple)) else one for one in value]
    return value
