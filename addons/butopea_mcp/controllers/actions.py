from __future__ import annotations

from typing import Any

from odoo.exceptions import UserError

from ..lib.current_call import Call
from .common import McpController, checked, mcp_route

_MAX_RECORDS = 100


class ActionsController(McpController):
    @mcp_route("/mcp/model/<string:model>/actions")
    def mcp_actions(
        self,
        model: str,
        ids: list[int] | None = None,
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """Which buttons of the form the records show now."""
        env = self._mcp_env(request_token)
        records = self._mcp_records(env, model, ids)
        self._admit(records, "read")
        return env["butopea.mcp.form"]._actions_now(records)

    @mcp_route("/mcp/action")
    def mcp_action(
        self,
        action: str,
        model: str,
        ids: list[int] | None = None,
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """What a button or menu entry opens that is an action and no method."""
        env = self._mcp_env(request_token)
        name = checked(action, str, "action must be a text", "")
        records = self._mcp_records(env, model, ids, may_be_none=True)
        self._admit(records, "execute", name)
        return {"action": env["butopea.mcp.action"]._load(name, records)}

    @mcp_route("/mcp/model/<string:model>/form")
    def mcp_form(
        self,
        model: str,
        view_id: int | None = None,
        record_id: int | None = None,
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """A form as it opens, with its fields' values."""
        env = self._mcp_env(request_token)
        view_id = checked(view_id, int, "view_id must be a number", None)
        record_id = checked(record_id, int, "record_id must be a number", None)
        records = self._mcp_model(env, model)
        self._admit(records.browse([record_id] if record_id else []), "read")
        return env["butopea.mcp.dialogue"]._open(records, view_id, record_id)

    @mcp_route("/mcp/model/<string:model>/save")
    def mcp_save(
        self,
        model: str,
        values: dict | None = None,
        view_id: int | None = None,
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """Create the record of a form that opened, with these values filled in."""
        env = self._mcp_env(request_token)
        values = checked(values, dict, "values must be an object", {})
        view_id = checked(view_id, int, "view_id must be a number", None)
        records = self._mcp_model(env, model)
        self._admit(records, "create", "create").fields = list(values)
        env["butopea.mcp.policy"]._check_execute(records, "create", [], {}, values)
        return {"id": env["butopea.mcp.dialogue"]._save(records, view_id, values)}

    @mcp_route("/mcp/tracking")
    def mcp_tracking(
        self,
        message_ids: list[int] | None = None,
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """The changed fields that messages of the chatter tell of."""
        env = self._mcp_env(request_token)
        ids = checked(message_ids, list, "message_ids must be a list of numbers", [])
        for message_id in ids:
            checked(message_id, int, "message_ids must be a list of numbers", None)
        self._admit(self._mcp_model(env, "mail.message"), "read")
        return {"changes": env["butopea.mcp.tracking"]._of_messages(ids)}

    def _admit(self, records: Any, operation: str, method: str | None = None) -> Call:
        """The call, told to the audit log, if the administrator allows it."""
        call = self._mcp_call()
        call.model, call.operation, call.method = records._name, operation, method
        call.ids = records.ids
        records.env["butopea.mcp.policy"]._check(records._name, operation, method)
        return call

    def _mcp_records(
        self, env: Any, model: Any, ids: Any, may_be_none: bool = False
    ) -> Any:
        ids = checked(ids, list, "ids must be a list of numbers", [])
        for record_id in ids:
            checked(record_id, int, "ids must be a list of numbers", None)
        if len(ids) > _MAX_RECORDS:
            raise UserError(f"At most {_MAX_RECORDS} records at once.")
        records_of = self._mcp_model(env, model)
        return env["butopea.mcp.action"]._check_records(records_of, ids, may_be_none)
