"""What kind of operation a method is, and which models a call names.

The rules of the administrator speak of five operations: `read`, `create`,
`write`, `unlink` and `execute`. The methods that every model has are told here
by name; each other method is `execute`, for what it does is its own matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from odoo import models

OPERATIONS = ("read", "create", "write", "unlink", "execute")

# Methods of all models that change nothing.
_READ = frozenset(
    {
        "check_access_rights",
        "copy_data",
        "default_get",
        "export_data",
        "fields_get",
        "formatted_read_group",
        "formatted_read_grouping_sets",
        "get_formview_action",
        "get_formview_id",
        "get_metadata",
        "get_property_definition",
        "get_view",
        "get_views",
        "get_external_id",
        "has_access",
        "name_get",
        "name_search",
        "onchange",
        "read",
        "read_group",
        "read_progress_bar",
        "search",
        "search_count",
        "search_fetch",
        "search_panel_select_multi_range",
        "search_panel_select_range",
        "search_read",
        "web_name_search",
        "web_read",
        "web_read_group",
        "web_read_group_unity_values",
        "web_search_read",
    }
)
# Of all series.
_OPERATORS = (
    "=", "!=", "<>", "<", "<=", ">", ">=", "=?", "==", "like", "not like", "ilike",
    "not ilike", "=like", "=ilike", "not =like", "not =ilike", "in", "not in",
    "child_of", "parent_of", "any", "not any", "any!", "not any!",
)  # fmt: skip
_CHANGES = {
    "create": ("create",),
    "name_create": ("create",),
    "copy": ("create",),
    "write": ("write",),
    "web_override_translations": ("write",),
    "update_field_translations": ("write",),
    "web_resequence": ("write",),
    "toggle_active": ("write",),
    "action_archive": ("write",),
    "action_unarchive": ("write",),
    "unlink": ("unlink",),
    "load": ("create", "write"),
    "web_save_multi": ("write",),
}


def operations_of(method: str, has_records: bool) -> tuple[str, ...]:
    """The operations that a call of `method` is."""
    if method in _READ:
        return ("read",)
    if method == "web_save":
        return ("write",) if has_records else ("create",)
    return _CHANGES.get(method, ("execute",))


def models_of_values(model: models.BaseModel, values: Any) -> Iterator[tuple[str, str]]:
    """The models that commands for x2many fields change, each with the operation."""
    for one in values if isinstance(values, list) else [values]:
        if not isinstance(one, dict):
            continue
        for name, value in one.items():
            field = model._fields.get(name)
            if (
                field is not None
                and field.comodel_name in model.env
                and isinstance(value, list)
            ):
                for command in value:
                    yield from _models_of_command(model, field, command)


def _models_of_command(
    model: models.BaseModel, field: Any, command: Any
) -> Iterator[tuple[str, str]]:
    comodel = model.env[field.comodel_name]
    if isinstance(command, dict):
        # Odoo takes values alone for a creation.
        command = [0, 0, command]
    if not isinstance(command, list) or not command:
        return
    code = command[0]
    if code in (0, 1, 2) or field.type == "one2many":
        # To take the lines of a one2many field on or off changes these lines.
        yield comodel._name, {0: "create", 2: "unlink"}.get(code, "write")
    if code in (0, 1) and len(command) > 2:
        yield from models_of_values(comodel, command[2])


def models_of_paths(model: models.BaseModel, value: Any) -> Iterator[str]:
    """The models that are read through relations by what `value` names.

    `value` is any argument of a method that reads: a domain, names of fields with
    dots or slashes, a specification of nested fields. What may be a path is taken
    for one, so that no form of these has to be known.
    """
    if isinstance(value, str):
        yield from _models_of_path(model, value)
    elif isinstance(value, dict):
        for name, item in value.items():
            comodel = _comodel(model, name) if isinstance(name, str) else None
            if comodel is not None and isinstance(item, dict):
                if item.get("fields"):
                    yield comodel._name
                yield from models_of_paths(comodel, item)
            else:
                yield from models_of_paths(model, item)
    elif isinstance(value, list):
        yield from _models_of_list(model, value)


def _models_of_list(model: models.BaseModel, value: list) -> Iterator[str]:
    is_condition = (
        len(value) == 3 and isinstance(value[0], str) and value[1] in _OPERATORS
    )
    if not is_condition:
        for item in value:
            yield from models_of_paths(model, item)
        return
    path, _operator, operand = value
    yield from _models_of_path(model, path)
    comodel = model
    for name in path.split("."):
        comodel = _comodel(comodel, name) if comodel is not None else None
    if comodel is None:
        return
    items = operand if isinstance(operand, list) else [operand]
    if any(isinstance(item, (str, list)) for item in items):
        # A text is searched for in the names, a list may be a domain of its own.
        yield comodel._name
        if isinstance(operand, list):
            yield from models_of_paths(comodel, operand)


def _models_of_path(model: models.BaseModel, path: str) -> Iterator[str]:
    """The models behind the relations of `a.b` or `a/b`, the last field's not."""
    # "field:sum(a.b)", "a.b desc, c", "date:month"
    for part in path.split(","):
        names = part.strip().split(" ")[0].split(":")[0].replace("/", ".").split(".")
        current: Any = model
        for name in names[:-1]:
            current = _comodel(current, name)
            if current is None:
                break
            yield current._name


def _comodel(model: models.BaseModel, name: str) -> models.BaseModel | None:
    field = model._fields.get(name)
    if field is None or not field.comodel_name:
        return None
    return model.env.get(field.comodel_name)
