from __future__ import annotations

from typing import Any

from odoo.exceptions import AccessDenied
from odoo.http import request

from ..models.ir_http import SESSION_KEY_IDS, bearer_token
from .common import McpController, mcp_route


class SessionController(McpController):
    @mcp_route("/mcp/session")
    def mcp_session(self, context: dict | None = None) -> dict[str, Any]:
        """Open a session for the user of the API key.

        A key is checked by a hash that is slow by design. With the session's
        cookie a client pays it once, not for each request.
        """
        key = bearer_token()
        if key is None:
            raise AccessDenied()
        self._mcp_call().operation = "session"
        # The login by key made this request stateless: here the session is wanted.
        request.butopea_mcp_stateless = False
        session = request.session
        session.can_save = True
        user = request.env.user
        session["pre_login"] = user.login
        session["pre_uid"] = user.id
        session.finalize(request.env)
        session[SESSION_KEY_IDS] = request.env["ir.http"]._butopea_mcp_key_ids(
            request.env, key
        )
        return {"uid": user.id, "login": user.login, "session": True}
