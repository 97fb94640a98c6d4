from __future__ import annotations

from typing import Any

from .common import McpController, mcp_route


class CapabilitiesController(McpController):
    @mcp_route("/mcp/capabilities")
    def mcp_capabilities(
        self, context: dict | None = None, request_token: str | None = None
    ) -> dict[str, Any]:
        """Who the user is, and the menus and models that the user reaches."""
        return self._mcp_env(request_token)["butopea.mcp.capabilities"]._get()
