"""Requests that their client can cancel while they run.

A client that wants to be able to cancel a request gives it a token that nobody
can guess. The transaction of the request then bears a name: an advisory lock of
PostgreSQL whose key is a hash of user and token. Every worker process can find
the holder of a name, the name ends with the transaction, whatever happens to
it, and nothing is stored.

Who cancels a request gives user and token again. PostgreSQL then ends the
statement that the holder of their name runs; Odoo does not try such a failure
again but rolls the transaction back, and the request is answered by the error
`QueryCanceled`.

A user can do no more with it than to end requests of their own: the user is a
part of the name, and is the one who is logged in. To hit the name of somebody
else, a token would have to be found for one of 2^64 names, of which none is
shown anywhere. The SQL names no table and reads nothing of other users.

A method that commits on its own loses its name by that: what can be cancelled
has saved nothing yet.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from typing import Any

from odoo import models
from odoo.exceptions import UserError

from ..lib.transaction_end import guard_end

_logger = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")

# PostgreSQL takes no notice of a cancellation between two statements, while
# Python computes. So it is sent again for a while, in the hope of a statement.
_PATIENCE_SECONDS = 0.5
_PAUSE_SECONDS = 0.02

# Between the look at the locks and the cancellation the holder may end, and its
# connection may serve another request. So it is asked once more at the last
# moment whether the name is held at all: only who holds it hinders others from
# taking it alone. What remains is the way from that answer to the signal within
# the process of the database; a signal that comes too late for a transaction
# and too early for the next statement is dropped by PostgreSQL.
_CANCEL = """
    SELECT CASE
           WHEN pg_try_advisory_lock(%(key)s) THEN NOT pg_advisory_unlock(%(key)s)
           ELSE pg_cancel_backend(pid)
           END
      FROM pg_locks
     WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND classid::bigint = %(high)s
       AND objid::bigint = %(low)s
       AND objsubid = 1
       AND mode = 'ShareLock'
       AND granted
       AND pid <> pg_backend_pid()
"""


class McpCancellation(models.AbstractModel):
    _name = "butopea.mcp.cancellation"
    _description = "MCP Cancellation"

    def _name_transaction(self, token: Any) -> None:
        """Let this transaction be cancelled by who knows `token`.

        It waits for nothing. Requests of the same user and token share the name,
        as a client may send one again whose answer was lost.
        """
        key = self._key(token)
        guard_end(self.env.cr)
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [key])

    def _cancel(self, token: Any) -> bool:
        """Cancel the user's running requests with this token.

        False if none runs. True says that one was told to end; how it ended is
        in its own answer.
        """
        key = self._key(token)
        # As `pg_locks` shows it: two halves without a sign.
        high, low = divmod(key % 2**64, 2**32)
        params = {"key": key, "high": high, "low": low}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        is_told = False
        while True:
            self.env.cr.execute(_CANCEL, params)
            if not any(row[0] for row in self.env.cr.fetchall()):
                return is_told
            if not is_told:
                _logger.info("User %s cancels a running request", self.env.uid)
            is_told = True
            if time.monotonic() > deadline:
                return True
            time.sleep(_PAUSE_SECONDS)

    def _key(self, token: Any) -> int:
        """The key of the lock: a number of 64 bits with a sign."""
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            # The token is not repeated: errors are logged.
            raise UserError(
                "request_token must be a text of 16 to 64 of the characters"
                " A-Z, a-z, 0-9, _ and -."
            )
        name = f"butopea_mcp request {self.env.uid} {token}"
        return int.from_bytes(
            hashlib.sha256(name.encode()).digest()[:8], "big", signed=True
        )
