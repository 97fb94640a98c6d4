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

    def _state(self, model: str, ids: list[int]) -> list[dict[str, Any]]:
        mine = ["|", ["create_uid", "=", self._uid], ["write_uid", "=", self._uid]]
        domain: list[Any] = ["|", ["id", "in", ids], *mine]
        try:
            return self._read(model, domain)
        except OdooError:
            # A report has neither column, and nobody writes it.
            return self._read(model, [["id", "in", ids]])

    def _read(self, model: str, domain: list[Any]) -> list[dict[str, Any]]:
        fields = self._stored_fields(model)
        archived_too = {"context": {"active_test": False}}
        return self._observer.call(model, "search_read", domain, fields, order="id", **archived_too)

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
