"""How many calls a user may make in a minute, counted for all worker processes.

A row for each user says until when the calls that were made fill the minute.
Each call moves that moment by the time that one call stands for, and is refused
where it would lie more than a minute ahead (the "generic cell rate algorithm").
So a user may make all calls of a minute at once, and then one after the other
as time goes by; there is no full minute that begins anew for everybody.

It is counted on a connection of its own, for a call that is rolled back is a
call. The user's row is locked for that one statement only.
"""

from __future__ import annotations

import math

from odoo import api, fields, models, sql_db

_MINUTE = 60.0

_COUNT = """
    INSERT INTO butopea_mcp_rate AS rate (uid, full_at)
         VALUES (%(uid)s, EXTRACT(epoch FROM clock_timestamp()) + %(step)s)
    ON CONFLICT (uid)
      DO UPDATE SET full_at = GREATEST(
                        rate.full_at, EXTRACT(epoch FROM clock_timestamp())
                    ) + %(step)s
              WHERE rate.full_at + %(step)s
                    <= EXTRACT(epoch FROM clock_timestamp()) + %(minute)s
"""

_WAIT = """
    SELECT full_at + %(step)s - %(minute)s - EXTRACT(epoch FROM clock_timestamp())
      FROM butopea_mcp_rate
     WHERE uid = %(uid)s
"""


class McpRate(models.Model):
    _name = "butopea.mcp.rate"
    _description = "MCP Rate"
    _log_access = False
    _rec_name = "uid"

    # A number and no relation: it shall lock no row of another table.
    uid = fields.Integer(required=True)
    # Seconds since 1970.
    full_at = fields.Float(required=True)

    def init(self):
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS butopea_mcp_rate_uid
                ON butopea_mcp_rate (uid)
            """
        )

    def _seconds_to_wait(self, calls_per_minute: int) -> int:
        """Count a call of the user; 0 if it may go on, otherwise when to come back."""
        params = {
            "uid": self.env.uid,
            "step": _MINUTE / calls_per_minute,
            "minute": _MINUTE,
        }
        with self.env.registry.cursor() as cr:
            # Odoo's own level would let one of two calls at the same time fail. The
            # cursor of Odoo's tests is in the middle of the test's transaction.
            if isinstance(cr, sql_db.Cursor):
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute(_COUNT, params)
            if cr.rowcount:
                return 0
            cr.execute(_WAIT, params)
            row = cr.fetchone()
        return max(1, math.ceil(row[0])) if row else 1

    @api.autovacuum
    def _gc_rates(self):
        """Forget users who have made no call in the last minute."""
        self.env.cr.execute(
            "DELETE FROM butopea_mcp_rate"
            " WHERE full_at < EXTRACT(epoch FROM clock_timestamp())"
        )
