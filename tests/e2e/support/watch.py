"""Proof that a call changed nothing: what a user created and wrote, and the records at stake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from support.odoo import Odoo, OdooError

# Read as bytes, or computed anew on each read.
_VOLATILE_TYPES = {"binary", "image", "html", "json", "properties", "properties_definition"}


class Watch:
    """Compares models before and after, as an observer who may see everything.

    Only what `uid` did counts, so that an Odoo that others use meanwhile disturbs nothing.
    """

    def __init__(self, observer: Odoo, uid: int) -> None:
        self._observer = observer
        self._uid = uid
        self._stored: dict[str, list[str]] = {}

    def _stored_fields(self, model: str) -> list[str]:
        if model not in self._stored:
            self._stored[model] = [
                name
                for name, field in self._observer.fields(model).items()
                if field.get("store") and field["type"] not in _VOLATILE_TYPES
            ]
        return self._stored[model]

    def _state(self, model: str, ids: list[int]) -> dict[str, Any]:
        odoo = self._observer
        archived_too = {"context": {"active_test": False}}
        mine = ["|", ["create_uid", "=", self._uid], ["write_uid", "=", self._uid]]
        try:
            touched = odoo.call(
                model, "search_read", mine, ["write_date"], order="id", **archived_too
            )
        except OdooError:
            touched = []  # An abstract model, or one without these columns.
        alive = odoo.ids(model, [["id", "in", ids]], order="id") if ids else []
        values = odoo.call(model, "read", alive, self._stored_fields(model)) if alive else []
        return {"touched": touched, "values": values}

    @contextmanager
    def unchanged(self, models: Iterable[str], records: dict[str, list[int]]) -> Iterator[None]:
        """Fails when the block created, changed or deleted anything.

        `models` are looked through for what the user touched; `records` are compared by value.
        """
        names = sorted({*models, *records})
        before = {name: self._state(name, records.get(name, [])) for name in names}
        yield
        after = {name: self._state(name, records.get(name, [])) for name in names}
        assert after == before, "the call changed something in Odoo"
