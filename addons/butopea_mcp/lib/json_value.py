"""Results of methods as JSON values: of the same kind, never a `str()` of them."""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from odoo import api, fields, models
from odoo.tools import lazy

from .. import compat


def json_value(value: Any, env: api.Environment) -> Any:
    """`value` as what a JSON document can hold.

    Numbers, texts, booleans and `None` stay. Sequences, sets and iterators
    become lists, mappings objects. Dates and datetimes become the text that
    Odoo writes (`2026-01-31`, `2026-01-31 12:00:00`, UTC), bytes base64, a
    recordset `{model, ids, display_names}`, its names read in `env`. What no
    JSON value can stand for becomes `{"unrepresentable": <its Python type>}`:
    the method has done its work, so that is no failure.
    """
    if isinstance(value, lazy):
        value = value._value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        # Also for subclasses such as Markup.
        return str(value)
    if type(value).__name__ in _LAZY_TEXTS:
        return str(value)
    if isinstance(value, models.BaseModel):
        return _recordset(value, env)
    if isinstance(value, Mapping):
        return {_key(key): json_value(item, env) for key, item in value.items()}
    for types, convert in _CONVERTERS:
        if isinstance(value, types):
            return convert(value)
    if isinstance(value, Iterable):
        return [json_value(item, env) for item in value]
    return {"unrepresentable": f"{type(value).__module__}.{type(value).__qualname__}"}


def _recordset(records: models.BaseModel, env: api.Environment) -> dict[str, Any]:
    """The records, and the names of those that the user of `env` may read.

    `env` and not the records' own one: a method may return records of another
    user or of the superuser (`sudo` itself is such a method), and their names
    are not for everybody. Names that stay unknown do not fail the call.
    """
    ids = [record.id or None for record in records]
    own = env[records._name].browse(record_id for record_id in ids if record_id)
    names = {
        record.id: record.display_name or "" for record in compat.filter_readable(own)
    }
    return {
        "model": records._name,
        "ids": ids,
        "display_names": [names.get(record_id) for record_id in ids],
    }


def _number(value: float | decimal.Decimal) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


# What Odoo writes for a binary field under `bin_size` (`odoo.tools.human_size`).
_SIZE = re.compile(rb"[0-9]+(\.[0-9]+)? ([bB]ytes|[KMGT]b)")


def _base64(value: bytes | bytearray | memoryview) -> str:
    """`value` in base64.

    Binary fields hold base64 already, or under `bin_size` the size of their
    contents as text: both stay as they are.
    """
    data = bytes(value)
    if _SIZE.fullmatch(data):
        return data.decode()
    try:
        base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        return base64.b64encode(data).decode()
    return data.decode()


def _key(key: Any) -> str:
    """`key` as JSON itself writes the keys of objects."""
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, datetime.datetime):
        return fields.Datetime.to_string(key)
    return str(key)


# Translations that are looked up when they are read: up to 17.0, and later.
_LAZY_TEXTS = ("_lt", "LazyGettext")

_CONVERTERS = (
    ((float, decimal.Decimal), _number),
    # A datetime is a date too: it goes first.
    (datetime.datetime, fields.Datetime.to_string),
    (datetime.date, fields.Date.to_string),
    ((bytes, bytearray, memoryview), _base64),
)
