from __future__ import annotations

from collections.abc import Iterable

from odoo import api, models
from odoo.exceptions import AccessError

from ..lib.current_call import current
from .mcp_policy import PARAMETERS


class IrConfigParameter(models.Model):
    """The module's own parameters are not changed by calls of MCP.

    Whatever rules there are, and also where Odoo's code writes parameters with
    all rights, as the settings do: otherwise a call could open its own cage.
    """

    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        self._butopea_mcp_protect(vals.get("key") for vals in vals_list)
        return super().create(vals_list)

    def write(self, vals):
        if current() is not None:
            self._butopea_mcp_protect([*self.mapped("key"), vals.get("key")])
        return super().write(vals)

    def unlink(self):
        if current() is not None:
            self._butopea_mcp_protect(self.mapped("key"))
        return super().unlink()

    def _butopea_mcp_protect(self, keys: Iterable[str | None]) -> None:
        if current() is not None and any(
            (key or "").startswith(PARAMETERS) for key in keys
        ):
            raise AccessError("The settings of MCP cannot be changed by MCP.")
