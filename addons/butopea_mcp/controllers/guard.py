"""What comes before and after each call: who may come, how often, what is kept.

The order is that of what it costs and of what it gives away: the user's rate,
whether the user is let in at all, what the request is made of. The call itself
then asks the rules, for it knows what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import TooManyRequests

from odoo.http import request

from ..lib.current_call import Call, running
from ..lib.input_guard import check_params

# It ends work, and makes none.
_FREE = ("/mcp/cancel",)


def guard(route: str, endpoint: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of `endpoint`, if the administrator's policy lets it be called."""
    env = request.env
    policy = env["butopea.mcp.policy"]
    settings = policy._settings()
    call = Call(route, env.uid, request.httprequest.remote_addr or "")
    call.audit = settings.audit
    # For `ir.http`, which writes down that a call failed.
    request.butopea_mcp_call = call
    if settings.calls_per_minute and route not in _FREE:
        _check_rate(settings.calls_per_minute)
    policy._check_user()
    check_params(request.dispatcher.jsonrequest.get("params"))
    call.rules = policy._rules()
    with running(call):
        answer = endpoint()
        env["butopea.mcp.audit"]._record(call)
    return answer


def _check_rate(calls_per_minute: int) -> None:
    wait = request.env["butopea.mcp.rate"]._seconds_to_wait(calls_per_minute)
    if wait:
        raise TooManyRequests(
            f"The administrator of this Odoo lets each user make {calls_per_minute}"
            f" calls a minute. Call again in {wait} seconds.",
            retry_after=wait,
        )
