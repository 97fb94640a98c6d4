"""The end of a transaction that may be cancelled until then.

PostgreSQL cancels whatever statement runs, also a ROLLBACK or COMMIT. Odoo is
not made for these to fail:

* A ROLLBACK that fails while a cursor is closed leaves the transaction open,
  with all its locks, and its connection is lost for the pool.
* After a COMMIT that fails the database waits for a ROLLBACK. The driver takes
  the transaction for ended and sends none, and the connection goes back into
  the pool, where it fails for whoever takes it next.

So a ROLLBACK is tried again, and a connection whose transaction is not over
after it is closed. The pool of Odoo replaces closed connections.
"""

from __future__ import annotations

import time

from psycopg2.extensions import TRANSACTION_STATUS_IDLE, QueryCanceledError

from odoo import sql_db

# A cancellation is sent again, but not as fast as a ROLLBACK can be.
_PATIENCE_SECONDS = 5.0


def guard_end(cr: sql_db.BaseCursor) -> None:
    """Let the transaction of `cr` end in good order when it is cancelled late.

    It holds until the transaction is committed or rolled back.
    """
    # The cursor of Odoo's tests is another one: its transaction is the test's.
    if isinstance(cr, sql_db.Cursor):
        cr.prerollback.add(lambda: _roll_back(cr))
        cr.postrollback.add(lambda: _close_unless_idle(cr))


def _roll_back(cr: sql_db.Cursor) -> None:
    # Odoo's own ROLLBACK after this one finds nothing to do.
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            cr._cnx.rollback()
        except QueryCanceledError:
            if time.monotonic() > deadline:
                raise
        else:
            return


def _close_unless_idle(cr: sql_db.Cursor) -> None:
    if cr._cnx.get_transaction_status() != TRANSACTION_STATUS_IDLE:
        cr._cnx.close()
