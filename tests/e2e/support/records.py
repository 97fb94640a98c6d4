"""Records that the tests make for themselves."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from support.odoo import Odoo, OdooError


class Records:
    """Makes records for a test and deletes them afterwards, last first."""

    # What must come before Odoo lets a record go.
    _UNDO = {  # noqa: RUF012
        "sale.order": ("action_unlock", "action_cancel"),
        "purchase.order": ("button_cancel",),
    }

    def __init__(self, odoo: Odoo) -> None:
        """`odoo` is who makes and deletes."""
        self.odoo = odoo
        self._made: list[tuple[str, int]] = []

    def make(self, model: str, /, **values: Any) -> int:
        """Creates a record."""
        return self.adopt(model, self.odoo.create(model, values))

    def adopt(self, model: str, record_id: int) -> int:
        """Takes over a record that the code under test created."""
        self._made.append((model, record_id))
        return record_id

    def clean(self) -> None:
        """Deletes everything; what Odoo keeps is cancelled or archived."""
        for model, record_id in reversed(self._made):
            if not self.odoo.exists(model, record_id):
                continue
            for method in self._UNDO.get(model, ()):
                with suppress(OdooError):
                    self.odoo.call(
                        model, method, [record_id], context={"disable_cancel_warning": True}
                    )
            try:
                self.odoo.unlink(model, [record_id])
            except OdooError:
                with suppress(OdooError):
                    self.odoo.write(model, [record_id], {"active": False})
        self._made.clear()
