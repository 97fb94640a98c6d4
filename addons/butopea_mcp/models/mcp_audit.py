"""Who did what by MCP: written by the module, read by administrators.

Callers have no rights on the log. It is written by SQL that says nothing but
what the request itself says, so that nobody can write it otherwise and no
rights are lent. A call that succeeds is written in its own transaction: it is
there exactly if what it did is. A call that fails is written after its
transaction was rolled back, in the next one on the same connection.

Names of fields are kept, values never.
"""

from __future__ import annotations

from typing import Any

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib.current_call import Call
from ..lib.error_kind import error_kind

# Of longer lists only the beginning is kept, and the number.
_KEPT_IDS = 200
_KEPT_FIELDS = 200

_CHANGES = ("create", "write", "unlink", "execute", "session")
_REFUSALS = ("access_denied", "authentication")


class McpAudit(models.Model):
    _name = "butopea.mcp.audit"
    _inherit = "butopea.mcp.default.views"
    _description = "MCP Audit Log"
    _order = "id desc"
    _rec_name = "operation"
    # By whom and when is in fields of its own.
    _log_access = False

    date = fields.Datetime(required=True, readonly=True, index=True)
    # The log outlives the user; the login stays.
    user_id = fields.Many2one(
        "res.users", readonly=True, index=True, ondelete="set null"
    )
    login = fields.Char(readonly=True)
    address = fields.Char("IP address", readonly=True)
    route = fields.Char(required=True, readonly=True)
    operation = fields.Selection(
        [
            ("read", "Read"),
            ("create", "Create"),
            ("write", "Change"),
            ("unlink", "Delete"),
            ("execute", "Call a method"),
            ("describe", "Describe"),
            ("session", "Open a session"),
            ("cancel", "Cancel"),
        ],
        required=True,
        readonly=True,
    )
    model = fields.Char(readonly=True, index=True)
    method = fields.Char(readonly=True)
    record_ids = fields.Text(readonly=True)
    record_count = fields.Integer(readonly=True)
    field_names = fields.Text("Fields", readonly=True)
    is_done = fields.Boolean("Done", readonly=True)
    # A word of the taxonomy of `lib/error_kind.py`.
    error_kind = fields.Char("Failure", readonly=True)
    duration = fields.Integer("Duration (ms)", readonly=True)

    def _list_fields(self) -> list[str]:
        return [
            "date", "user_id", "login", "operation", "model", "method", "record_ids",
            "field_names", "is_done", "error_kind", "duration", "address",
        ]  # fmt: skip

    def _record(self, call: Call, error: BaseException | None = None) -> None:
        """Write the call down, if the administrator wants to know of it."""
        kind = None if error is None else error_kind(error)
        if not self._is_wanted(call, kind):
            return
        ids = call.ids[:_KEPT_IDS]
        self.env.cr.execute(
            """
            INSERT INTO butopea_mcp_audit
                        (date, user_id, login, address, route, operation, model,
                         method, record_ids, record_count, field_names, is_done,
                         error_kind, duration)
                 SELECT clock_timestamp() AT TIME ZONE 'UTC', id, login, %(address)s,
                        %(route)s, %(operation)s, %(model)s, %(method)s, %(ids)s,
                        %(count)s, %(fields)s, %(is_done)s, %(kind)s, %(duration)s
                   FROM res_users
                  WHERE id = %(uid)s
            """,
            {
                "uid": call.uid,
                "address": call.address,
                "route": call.route,
                "operation": call.operation or "describe",
                "model": call.model,
                "method": call.method,
                "ids": ", ".join(map(str, ids)) or None,
                "count": len(call.ids),
                "fields": ", ".join(sorted(call.fields)[:_KEPT_FIELDS]) or None,
                "is_done": error is None,
                "kind": kind,
                "duration": call.milliseconds,
            },
        )

    def _is_wanted(self, call: Call, kind: str | None) -> bool:
        # A flood that is refused shall not flood the log.
        if not call.audit or kind == "rate_limited":
            return False
        return call.audit == "all" or call.operation in _CHANGES or kind in _REFUSALS

    @api.autovacuum
    def _gc_audit(self):
        """Forget what is older than the administrator wants to keep."""
        days = self.env["butopea.mcp.policy"]._settings().audit_days
        if days:
            self.env.cr.execute(
                """
                DELETE FROM butopea_mcp_audit
                      WHERE date < now() AT TIME ZONE 'UTC' - %s * interval '1 day'
                """,
                [days],
            )

    # ------------------------------------------------------------------
    # Nobody changes the log, not even with all rights.
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        raise self._unchangeable()

    def write(self, vals):
        raise self._unchangeable()

    def unlink(self):
        raise self._unchangeable()

    def _unchangeable(self) -> Any:
        return UserError("The audit log cannot be changed.")
