"""Login of the module's routes: a session cookie or an API key.

Odoo 16.0 and 17.0 have no login by key on routes; the one of 18.0 and later
(`auth="bearer"`) refuses a session cookie that does not come from a browser's
navigation. So the module brings its own, for routes with
`auth="butopea_mcp"`.
"""

from __future__ import annotations

import logging
import re

from psycopg2 import Error as DatabaseError
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge

from odoo import api, models
from odoo.exceptions import AccessDenied
from odoo.http import request

from .. import compat
from ..lib.answers import clear_error, clear_response, drain

_logger = logging.getLogger(__name__)

_BEARER = re.compile(r"^bearer(?:\s+(.*))?$", re.IGNORECASE)

# Where a session that was opened by an API key keeps the ids of that key.
SESSION_KEY_IDS = "butopea_mcp_key_ids"


def bearer_token() -> str | None:
    """The API key of the request; empty if the header has none, `None` without."""
    match = _BEARER.match(request.httprequest.headers.get("Authorization", "").strip())
    return (match.group(1) or "").strip() if match else None


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_butopea_mcp(cls):
        token = bearer_token()
        if token is not None:
            cls._butopea_mcp_login_by_key(token)
        cls._auth_method_user()

    @classmethod
    def _butopea_mcp_login_by_key(cls, key: str) -> None:
        # First of all, so that a refused key leaves no session file either.
        cls._butopea_mcp_forbid_session()
        # The scope "rpc" does not exist: it asks for a key without any scope.
        uid = key and request.env["res.users.apikeys"]._check_credentials(
            scope="rpc", key=key
        )
        if not uid:
            _logger.info(
                "API key refused for %s from %s",
                request.httprequest.path,
                request.httprequest.remote_addr,
            )
            error = AccessDenied()
            error.butopea_mcp_unauthorized = True
            raise error
        if request.session.uid and request.session.uid != uid:
            raise AccessDenied()
        request.update_env(user=uid)

    @classmethod
    def _butopea_mcp_forbid_session(cls) -> None:
        request.butopea_mcp_stateless = True
        request.session.can_save = False

    @classmethod
    def _butopea_mcp_key_ids(cls, env: api.Environment, key: str) -> list[int]:
        """The ids of the user's API keys that `key` may be.

        The index is what Odoo itself stores in clear text to find a key. It is
        used on a key that was verified before, so another key of the same user
        with the same index (one in 2^32) is the worst that can be found.
        """
        env.cr.execute(
            "SELECT id FROM res_users_apikeys WHERE user_id = %s AND index = %s",
            [env.uid, key[:8]],
        )
        return [row[0] for row in env.cr.fetchall()]

    @classmethod
    def _authenticate(cls, endpoint):
        """End a session when the API key that opened it is gone.

        Otherwise removing a key would not take away the access it gave.
        """
        session = request.session
        key_ids = session.get(SESSION_KEY_IDS)
        if key_ids and not compat.is_key_left(request.env, key_ids, session.uid):
            session.logout(keep_db=True)
            request.env = api.Environment(request.env.cr, None, session.context)
        return super()._authenticate(endpoint)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        super()._pre_dispatch(rule, args)
        if rule.endpoint.routing.get("auth") == "butopea_mcp":
            cls._butopea_mcp_check_request()
        # Up to 18.0, Odoo sets `can_save` here, after the login has cleared it.
        if getattr(request, "butopea_mcp_stateless", False):
            request.session.can_save = False

    @classmethod
    def _butopea_mcp_check_request(cls) -> None:
        """Refuse what is no POST, and a body that is too long, before it is read."""
        httprequest = request.httprequest
        # Odoo lets OPTIONS through to all routes.
        if httprequest.method != "POST":
            raise MethodNotAllowed(["POST"])
        longest = request.env["butopea.mcp.policy"]._settings().max_body
        if (httprequest.content_length or 0) > longest:
            drain(compat.body_stream(request))
            raise RequestEntityTooLarge(
                f"The request is larger than {longest // 2**20} MiB, which is what the"
                " administrator of this Odoo lets through."
            )
        # Of a body that comes without its length, not more than this is read.
        httprequest.max_content_length = longest

    @classmethod
    def _handle_error(cls, exception):
        if not request.httprequest.path.startswith("/mcp/"):
            return super()._handle_error(exception)
        cls._butopea_mcp_name_failed(exception)
        exception = clear_error(exception)
        response = clear_response(super()._handle_error(exception), exception)
        if getattr(exception, "butopea_mcp_unauthorized", False):
            response.status_code = 401
            response.headers["WWW-Authenticate"] = "Bearer"
        cls._butopea_mcp_audit(exception)
        return response

    @classmethod
    def _butopea_mcp_audit(cls, exception: BaseException) -> None:
        """Write down that the call failed.

        Its transaction is rolled back first, and the next one committed: what a
        failed call did is gone, and that it was made stays.
        """
        call = getattr(request, "butopea_mcp_call", None)
        cr = request.env.cr
        if call is None or not call.audit or cr.closed:
            return
        try:
            cr.rollback()
            request.env["butopea.mcp.audit"]._record(call, exception)
            cr.commit()
        except DatabaseError:
            # The database may be what failed: the caller gets to know that.
            _logger.exception("A failed call is not in the audit log: %s", vars(call))

    @classmethod
    def _butopea_mcp_name_failed(cls, exception: Exception) -> None:
        """Send along for which of several records a call failed.

        Odoo makes a `ValidationError` of an error of the database, which is
        its cause then.
        """
        for error in (exception, exception.__cause__):
            failed = getattr(error, "butopea_mcp_failed", None)
            if failed:
                context = getattr(exception, "context", None) or {}
                exception.context = {**context, "butopea_mcp_failed": failed}
                return
