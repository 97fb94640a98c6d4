from __future__ import annotations

from typing import Any

from .common import McpController, mcp_route


class CancelController(McpController):
    @mcp_route("/mcp/cancel")
    def mcp_cancel(
        self, request_token: str | None = None, context: dict | None = None
    ) -> dict[str, Any]:
        """Cancel the user's requests that run with this token.

        `cancelled` is false where none runs: it has ended, or has not begun.
        """
        env = self._mcp_env()
        self._mcp_call().operation = "cancel"
        return {"cancelled": env["butopea.mcp.cancellation"]._cancel(request_token)}
