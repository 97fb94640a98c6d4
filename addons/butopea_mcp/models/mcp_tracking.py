"""What messages of the chatter say about changed fields."""

from __future__ import annotations

from typing import Any

from odoo import fields, models

from .. import compat

# Where a tracked value stands, by the type of its field: the others are texts.
_COLUMNS = {
    "integer": "integer",
    "boolean": "integer",
    "float": "float",
    "monetary": "float",
    "date": "datetime",
    "datetime": "datetime",
    "text": "text",
    "html": "text",
}
_VALUES = ("integer", "float", "datetime", "text", "char")


class McpTracking(models.AbstractModel):
    _name = "butopea.mcp.tracking"
    _description = "MCP Tracked Changes"

    def _of_messages(self, message_ids: list[int]) -> dict[str, list[dict[str, Any]]]:
        """The changes that each message tells of, as far as the user may see them.

        By SQL: only administrators may read the table, but Odoo shows these values in
        the chatter to everybody who may read the message and the field.
        """
        messages = compat.filter_readable(self.env["mail.message"].browse(message_ids))
        if not messages:
            return {}
        self.env.flush_all()
        self.env.cr.execute(self._query(), [messages.ids])
        described: dict[str, dict[str, Any]] = {}
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.env.cr.dictfetchall():
            model = row["model"]
            if model not in described:
                known = model in self.env
                described[model] = self.env[model].fields_get() if known else {}
            field = described[model].get(row["name"])
            if field is None:
                continue
            found.setdefault(str(row["message_id"]), []).append(
                {
                    "field": row["name"],
                    "label": field["string"],
                    "old": _value(row, "old", field["type"]),
                    "new": _value(row, "new", field["type"]),
                }
            )
        return found

    def _query(self) -> str:
        columns = ", ".join(
            f"t.{age}_value_{kind}" for age in ("old", "new") for kind in _VALUES
        )
        tracked = self.env["mail.tracking.value"]._fields
        field = compat.tracked_field(tracked)
        # 16.0 has amounts in a column of their own.
        if "old_value_monetary" in tracked:
            columns += ", t.old_value_monetary, t.new_value_monetary"
        # Names of columns alone, which stand in this file.
        return f"""
            SELECT t.mail_message_id AS message_id, f.model, f.name, {columns}
              FROM mail_tracking_value t
              JOIN ir_model_fields f ON f.id = t.{field}
             WHERE t.mail_message_id = ANY(%s)
          ORDER BY t.id
        """  # noqa: S608


def _value(row: dict[str, Any], age: str, kind: str) -> Any:
    value = row[f"{age}_value_{_COLUMNS.get(kind, 'char')}"]
    if kind == "monetary" and row.get(f"{age}_value_monetary"):
        value = row[f"{age}_value_monetary"]
    if kind == "boolean":
        return bool(value)
    if value and kind == "date":
        return fields.Date.to_string(value)
    if value and kind == "datetime":
        return fields.Datetime.to_string(value)
    return value
