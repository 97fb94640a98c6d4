"""Calls that came with an idempotency key, and what was answered to them.

A client that lost an answer cannot know whether its call was done. With a key
it may send the call again: it is done once, and every later one is answered by
what the first one was.

The key is written in the transaction of the call, before the call. So a call
that fails leaves no key, and the next try runs anew. Of two calls at the same
time the second one waits at the unique index for the end of the first one's
transaction. If that is rolled back, the second one runs. If it is committed,
PostgreSQL refuses the second insertion by a serialization failure, for Odoo's
transactions are REPEATABLE READ and this one's snapshot is older than the key.
Odoo then runs the whole request again, in a new transaction that sees the key.

The table has no access rights for anybody. It is read and written by SQL that
names the user of the request in each statement: a user reaches the own rows
only, and of these nothing but the answers that were given to this user before,
to the same calls. So this gives no right that the user does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from odoo import api, fields, models
from odoo.exceptions import UserError

from .mcp_fingerprint import digest

# As long as a client may take to come back. Older ones go at the next daily
# clean-up of Odoo.
_KEPT_HOURS = 24

# Of longer answers only the fact is kept that they were given.
_LONGEST_ANSWER = 1_000_000

_KEY = re.compile(r"[\x20-\x7e]{1,128}")


class McpIdempotency(models.Model):
    _name = "butopea.mcp.idempotency"
    _description = "MCP Idempotency Key"
    _rec_name = "key"
    # By whom and when is in fields of its own.
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    key = fields.Char(required=True)
    payload_digest = fields.Char(required=True)
    # False in a committed row: the method has committed on its own, and failed
    # later or still runs.
    is_done = fields.Boolean()
    # JSON; nothing where it is too long.
    answer = fields.Text()
    date = fields.Datetime(required=True, index=True)

    def init(self):
        # By SQL, for 19.0 declares constraints in another way than 16.0 to 18.0.
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS butopea_mcp_idempotency_user_key
                ON butopea_mcp_idempotency (user_id, key)
            """
        )

    def _once(
        self,
        key: str,
        payload: dict[str, Any],
        call: Callable[[], dict[str, Any]],
    ) -> dict[str, Any]:
        """The answer of `call`, or the one that was given to `key` before.

        `payload` is all that makes the call what it is, as JSON values.
        """
        if not _KEY.fullmatch(key):
            raise UserError(
                "idempotency_key must be 1 to 128 printable ASCII characters,"
                f" but got {key!r}."
            )
        payload_digest = digest([json.dumps(payload, sort_keys=True)])
        if not self._claim(key, payload_digest):
            return self._replay(key, payload_digest)
        answer = call()
        self._remember(key, payload_digest, answer)
        return answer

    def _claim(self, key: str, payload_digest: str) -> bool:
        """Write the key down; False if it was there already.

        Raises a serialization failure if it came after this transaction began.
        That is no error of the server, so it is not logged as one.
        """
        self.env.cr.execute(
            """
            INSERT INTO butopea_mcp_idempotency
                        (user_id, key, payload_digest, is_done, date)
                 VALUES (%s, %s, %s, false, now() AT TIME ZONE 'UTC')
            ON CONFLICT (user_id, key) DO NOTHING
            """,
            [self.env.uid, key, payload_digest],
            log_exceptions=False,
        )
        return bool(self.env.cr.rowcount)

    def _replay(self, key: str, payload_digest: str) -> dict[str, Any]:
        self.env.cr.execute(
            """
            SELECT payload_digest, is_done, answer
              FROM butopea_mcp_idempotency
             WHERE user_id = %s AND key = %s
            """,
            [self.env.uid, key],
        )
        first_digest, is_done, answer = self.env.cr.fetchone()
        if first_digest != payload_digest:
            raise UserError(
                f"The idempotency key {key!r} was used for another call. Nothing was"
                " done. Take a new key for each call."
            )
        if not is_done:
            raise UserError(
                f"The call with the idempotency key {key!r} has saved a part of its"
                " work, but has not come to its end. Nothing was done now. Look at the"
                " records before you call again with a new key."
            )
        if answer is None:
            raise UserError(
                f"The call with the idempotency key {key!r} was done before. Nothing"
                " was done now. Its answer was too long to be kept: read the records."
            )
        return {**json.loads(answer), "replayed": True}

    def _remember(self, key: str, payload_digest: str, answer: dict[str, Any]) -> None:
        text = json.dumps(answer)
        # The row is not there any more if the method has rolled back on its own.
        self.env.cr.execute(
            """
            INSERT INTO butopea_mcp_idempotency
                        (user_id, key, payload_digest, is_done, answer, date)
                 VALUES (%s, %s, %s, true, %s, now() AT TIME ZONE 'UTC')
            ON CONFLICT (user_id, key)
              DO UPDATE SET is_done = true, answer = EXCLUDED.answer
            """,
            [
                self.env.uid,
                key,
                payload_digest,
                text if len(text) <= _LONGEST_ANSWER else None,
            ],
        )

    @api.autovacuum
    def _gc_keys(self):
        """Forget old keys of all users; nothing but their age is looked at."""
        self.env.cr.execute(
            """
            DELETE FROM butopea_mcp_idempotency
                  WHERE date < now() AT TIME ZONE 'UTC' - %s * interval '1 hour'
            """,
            [_KEPT_HOURS],
        )
