from __future__ import annotations

from typing import Any

from odoo import api, fields, models

from ..lib.settings_view import add_settings
from .mcp_policy import PARAMETERS


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    butopea_mcp_restrict_users = fields.Boolean(
        "Restrict who may use MCP",
        config_parameter=f"{PARAMETERS}restrict_users",
        help='Only members of the group "MCP / User".',
    )
    butopea_mcp_audit = fields.Selection(
        [("changes", "Changes and refusals"), ("all", "All calls")],
        "Audit log of MCP",
        config_parameter=f"{PARAMETERS}audit",
        help="Who called what, when and from where. Names of fields, never values.",
    )
    butopea_mcp_audit_days = fields.Integer(
        "Days to keep it",
        config_parameter=f"{PARAMETERS}audit_days",
        default=90,
    )
    butopea_mcp_calls_per_minute = fields.Integer(
        "Calls of MCP a minute",
        config_parameter=f"{PARAMETERS}calls_per_minute",
        help="Of each user; 0 for no limit.",
    )
    butopea_mcp_max_body = fields.Integer(
        "Largest request of MCP (MiB)",
        config_parameter=f"{PARAMETERS}max_body",
        default=32,
    )

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options: Any):
        """The section of the module in the settings.

        By code, for each series has other elements for it, and refuses or
        ignores those of the others.
        """
        arch, view = super()._get_view(view_id, view_type, **options)
        base = self.env.ref("base.res_config_settings_view_form", False)
        if view_type == "form" and base and view == base:
            add_settings(arch)
        return arch, view
