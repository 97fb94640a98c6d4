from __future__ import annotations

from odoo import models
from odoo.http import request

from ..lib.current_call import current


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        """Without the names of the records and of the rules that hide them.

        Odoo adds them in the developer mode, which everybody can switch on by
        the address of a request.
        """
        session = request.session if current() is not None else None
        if not session or not session.debug:
            return super()._make_access_error(operation, records)
        debug, session.debug = session.debug, ""
        try:
            return super()._make_access_error(operation, records)
        finally:
            session.debug = debug
