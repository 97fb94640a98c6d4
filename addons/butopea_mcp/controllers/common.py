"""What all routes share: how they are declared, and the user's environment."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from odoo import api, http, models
from odoo.exceptions import UserError
from odoo.http import request

from .. import compat
from ..lib.context_policy import caller_context
from ..lib.current_call import Call, current
from .guard import guard


def mcp_route(path: str) -> Callable:
    """Declare a JSON-RPC route that takes a session or an API key.

    What an administrator has set holds for each of them: see `guard.py`.

    There is no CSRF token, as on all JSON routes of Odoo: a page of another
    site cannot send JSON without the preflight request that Odoo refuses.
    """
    route = http.route(
        path, type=compat.JSON_ROUTE, auth="butopea_mcp", methods=["POST"]
    )

    def decorate(endpoint: Callable) -> Callable:
        # Odoo asks the wrapped method for its parameters.
        @functools.wraps(endpoint)
        def guarded(controller: http.Controller, **params: Any) -> dict[str, Any]:
            return guard(path, lambda: endpoint(controller, **params))

        return route(guarded)

    return decorate


class McpController(http.Controller):
    def _mcp_env(self, request_token: Any = None) -> api.Environment:
        """The user's environment: own context, then the one of the request.

        With a token, the user can cancel what this request does from here on.

        Companies that are not the user's are refused by Odoo as soon as they
        are used. They are used here, so that no call goes on without them.
        """
        if request_token is not None:
            request.env["butopea.mcp.cancellation"]._name_transaction(request_token)
        own = request.env["res.users"].context_get()
        return self._mcp_with_context(own, compat.request_context(request))

    def _mcp_with_context(self, own: dict, sent: dict) -> api.Environment:
        """The environment with the context `own`, and what is taken of `sent`."""
        context = {**own, **caller_context(sent)}
        request.update_env(context=context)
        if context.get("allowed_company_ids"):
            request.env.companies  # noqa: B018
        lang = sent.get("lang")
        if lang and lang != own.get("lang"):
            self._mcp_check_lang(request.env, lang)
        return request.env

    def _mcp_check_lang(self, env: api.Environment, lang: Any) -> None:
        """Refuse a language that is not installed, as late series of Odoo do."""
        installed = [
            code for code, _name in env(context={})["res.lang"].get_installed()
        ]
        if lang not in installed and lang != "en_US":
            raise UserError(f"Invalid language code: {lang}")

    def _mcp_call(self) -> Call:
        """What is known of the request, for its policy and the audit log."""
        call = current()
        assert call is not None  # noqa: S101
        return call

    def _mcp_model(self, env: api.Environment, name: Any) -> models.BaseModel:
        if not isinstance(name, str) or name not in env:
            raise NotFound(f"The model {name!r} does not exist.")
        return env[name]


def checked(value: Any, types: type | tuple[type, ...], what: str, default: Any) -> Any:
    """`value` if it is of `types`, `default` if it was not sent, else an error."""
    if value is None:
        return default
    # JSON's true is no number, but Python's is.
    if not isinstance(value, types) or (isinstance(value, bool) and types is int):
        raise UserError(f"{what}, but got {value!r}.")
    return value
