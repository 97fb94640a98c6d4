"""Conditions and contexts of a form, evaluated on its values as the web client does.

The web client evaluates in the browser: Python expressions by an interpreter of its
own, up to 16.0 domains by `Domain.contains`. What it reads from a record is what stands
in the form: a many2one is its id, the records of an x2many are their ids, a date is its
text, and what is empty is `False`. This file knows nothing of Odoo's series: `compat`
chooses.
"""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Mapping
from typing import Any

from odoo import fields, models
from odoo.tools.safe_eval import datetime as safe_datetime
from odoo.tools.safe_eval import dateutil as safe_dateutil
from odoo.tools.safe_eval import safe_eval
from odoo.tools.safe_eval import time as safe_time


class _NoDate(str):
    """An empty date: `False` in the web client, where it comes before all texts.

    Python would not compare `False` with the text of a date.
    """

    __slots__ = ()

    def __eq__(self, other: Any) -> bool:
        return other is False or str.__eq__(self, other) is True

    def __ne__(self, other: Any) -> bool:
        return not self == other

    __hash__ = str.__hash__


_NO_DATE = _NoDate()


def form_values(record: models.BaseModel, names: set[str]) -> dict[str, Any]:
    """The values of a record's fields as expressions read them, with `id`.

    Also for a record that is not saved: its new lines have an id that is a text.
    """
    values = {name: _form_value(record, name) for name in sorted(names)}
    values["id"] = record.id or False
    return values


def _form_value(record: models.BaseModel, name: str) -> Any:
    field, value = record._fields[name], record[name]
    if field.type in ("one2many", "many2many"):
        return [
            line._origin.id or f"virtual_{number}" for number, line in enumerate(value)
        ]
    if field.type == "many2one":
        return value._origin.id or False
    if field.type == "reference":
        return f"{value._name},{value.id}" if value else False
    if isinstance(value, datetime.datetime):
        return fields.Datetime.to_string(value)
    if isinstance(value, datetime.date):
        return fields.Date.to_string(value)
    if value is False and field.type in ("date", "datetime"):
        return _NO_DATE
    return value


def surroundings(record: models.BaseModel) -> dict[str, Any]:
    """What expressions may read beside the form's own fields.

    For several records it is what those of a list's header may read.
    """
    env = record.env
    today = fields.Date.context_today(record)
    return {
        "context": dict(env.context),
        "uid": env.uid,
        "allowed_company_ids": env.companies.ids,
        "current_company_id": env.company.id,
        "companies": {"active_id": env.company.id, "active_ids": env.companies.ids},
        "active_id": record[:1].id or False,
        "active_ids": record.ids,
        "active_model": record._name,
        "today": fields.Date.to_string(today),
        "current_date": fields.Date.to_string(today),
        "now": fields.Datetime.to_string(fields.Datetime.now()),
        "context_today": lambda: today,
        "datetime": safe_datetime,
        "relativedelta": safe_dateutil.relativedelta.relativedelta,
        "time": safe_time,
    }


def expression_names(expression: str) -> set[str]:
    """The names that a Python expression reads; none where it is no expression."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The value of a Python expression; `ValueError` where it has none."""
    try:
        return safe_eval(expression.strip(), dict(values))
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from error


# ---------------------------------------------------------------------------
# Domains
# ---------------------------------------------------------------------------


def domain_holds(domain: list[Any], values: Mapping[str, Any]) -> bool:
    """Whether a record with these values is in the domain.

    `KeyError` for a field that is not among them, `ValueError` for an operator that the
    web client does not know either.
    """
    stack: list[bool] = []
    for item in reversed(domain):
        if item == "!":
            stack.append(not stack.pop())
        elif item in ("&", "|"):
            left, right = stack.pop(), stack.pop()
            stack.append((left and right) if item == "&" else (left or right))
        else:
            stack.append(_leaf_holds(item, values))
    # Conditions without an operator between them must all hold.
    return all(stack)


def _leaf_holds(leaf: Any, values: Mapping[str, Any]) -> bool:
    if isinstance(leaf, bool):
        return leaf
    name, operator, wanted = leaf
    value = name if isinstance(name, int) else values[name]
    if operator in ("!=", "<>", "not in", "not like", "not ilike"):
        opposite = {"!=": "=", "<>": "="}.get(operator, operator[4:])
        return not _leaf_holds((name, opposite, wanted), values)
    if operator == "=?" and not wanted:
        return True
    if operator in ("=", "==", "=?"):
        return _is_same(value, wanted)
    if operator == "in":
        options = wanted if isinstance(wanted, (list, tuple)) else [wanted]
        held = value if isinstance(value, list) else [value]
        return any(one in options for one in held)
    if operator in ("<", ">", "<=", ">="):
        return _compare(value, operator, wanted)
    if operator in ("like", "ilike", "=like", "=ilike"):
        return _is_like(value, operator, wanted)
    raise ValueError(f"Unknown operator {operator!r}")


def _is_same(value: Any, wanted: Any) -> bool:
    # In the web client 0 is not `false`, as it is in Python.
    if isinstance(value, bool) != isinstance(wanted, bool):
        return isinstance(value, _NoDate) and wanted is False
    return value == wanted


def _compare(value: Any, operator: str, wanted: Any) -> bool:
    return {
        "<": value < wanted,
        ">": value > wanted,
        "<=": value <= wanted,
        ">=": value >= wanted,
    }[operator]


def _is_like(value: Any, operator: str, wanted: str) -> bool:
    if not isinstance(value, str):
        return False
    pattern = re.escape(wanted).replace("%", ".*")
    if not operator.startswith("="):
        pattern = f".*{pattern}.*"
    flags = re.DOTALL | (re.IGNORECASE if "ilike" in operator else 0)
    return re.fullmatch(pattern, value, flags) is not None
