from __future__ import annotations

from lxml.builder import E

from odoo import api, models

from .. import compat


class McpDefaultViews(models.AbstractModel):
    """The list view of the module's models, made by code.

    A file could not hold it for all series: 18.0 renamed its element.
    """

    _name = "butopea.mcp.default.views"
    _description = "MCP Default Views"

    def _list_fields(self) -> list[str]:
        raise NotImplementedError

    @api.model
    def _butopea_mcp_list(self):
        columns = [
            E.field(name=name, widget="handle") if name == "sequence"
            else E.field(name=name)
            for name in self._list_fields()
        ]  # fmt: skip
        return E(compat.LIST_VIEW, *columns, string=self._description)

    @api.model
    def _get_default_list_view(self):
        return self._butopea_mcp_list()

    # The name up to 17.0.
    @api.model
    def _get_default_tree_view(self):
        return self._butopea_mcp_list()
