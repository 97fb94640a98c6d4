"""Errors as clients get them: what happened, without how Odoo is made inside.

Odoo answers with the stack trace and with the text of the failed statement.
Both stay in Odoo's own log.
"""

from __future__ import annotations

import json
from typing import Any

from psycopg2 import DataError
from psycopg2 import Error as DatabaseError
from werkzeug.exceptions import HTTPException

from odoo.exceptions import UserError, ValidationError

# Statuses that say more than Odoo's 200; others stay what they are.
_STATUSES = (405, 413, 429)


def drain(stream: Any) -> None:
    """Read a body that is refused, and forget it.

    So the client gets to read the answer: a connection that is closed in the
    middle of a body looks like a failure. Odoo's own limit holds for it.
    """
    while stream.read(65_536):
        pass


def clear_error(error: BaseException) -> BaseException:
    """`error`, or one that says the same in words for who called."""
    if isinstance(error, RecursionError):
        clear = UserError("The call is nested too deeply to be worked on.")
    elif isinstance(error, DataError):
        clear = ValidationError(_first_line(error))
    else:
        return error
    clear.__cause__ = error
    return clear


def clear_response(response: Any, error: BaseException) -> Any:
    """The answer to a failed call, without stack trace and SQL."""
    if isinstance(response, HTTPException) or response.mimetype != "application/json":
        return response
    body = json.loads(response.get_data())
    data = body.get("error", {}).get("data")
    if isinstance(data, dict):
        # The names of what led to it are no trace: a client can tell by them
        # that the database has ended the call.
        data["debug"] = "\n".join(_causes(error))
        if isinstance(error, DatabaseError):
            data["message"] = _first_line(error)
            data["arguments"] = [data["message"]]
        elif _has_status(error):
            data["message"] = error.description
            data["arguments"] = []
    response.set_data(json.dumps(body))
    if _has_status(error):
        response.status_code = error.code
        for name, value in error.get_headers():
            if name in ("Retry-After", "Allow"):
                response.headers[name] = value
    return response


def _has_status(error: BaseException) -> bool:
    return isinstance(error, HTTPException) and error.code in _STATUSES


def _first_line(error: DatabaseError) -> str:
    """What the database says: its next lines are of the statement."""
    primary = error.diag.message_primary
    return primary or next(iter(str(error).splitlines()), type(error).__name__)


def _causes(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None and len(names) < 20:
        names.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or error.__context__
    return names
