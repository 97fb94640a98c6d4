from __future__ import annotations

import logging
from typing import Any

from psycopg2.extensions import QueryCanceledError

from odoo import api

from .common import McpController, checked, mcp_route

_logger = logging.getLogger(__name__)


class SchemaController(McpController):
    @mcp_route("/mcp/model/<string:model>/schema")
    def mcp_schema(
        self,
        model: str,
        view_type: str = "form",
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """The schema of one model."""
        env = self._mcp_env(request_token)
        self._mcp_call().model = model
        return self._schema_of(env, model, view_type or "form")

    @mcp_route("/mcp/schemas")
    def mcp_schemas(
        self,
        models: list[str] | None = None,
        view_type: str = "form",
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """The schemas of many models, by default of all in the capabilities."""
        env = self._mcp_env(request_token)
        names = checked(models, list, "models must be a list of names", None)
        if names is None:
            names = env["butopea.mcp.capabilities"]._model_names()
        # At once: it is kept, and what another thread changes meanwhile has it
        # forgotten then, not afterwards.
        fingerprint = env["butopea.mcp.fingerprint"]._get()
        schemas, errors = {}, {}
        for name in names:
            try:
                # Each in its own savepoint: a failure spoils no other model.
                with env.cr.savepoint(flush=False):
                    schemas[name] = self._schema_of(env, name, view_type or "form")
            except QueryCanceledError:
                # This is about the request, not about the model.
                raise
            except Exception as error:
                _logger.info("No schema of %s for user %s: %s", name, env.uid, error)
                errors[str(name)] = {
                    "kind": f"{type(error).__module__}.{type(error).__name__}",
                    "message": str(error),
                }
        return {
            "schemas": schemas,
            "errors": errors,
            "schema_fingerprint": fingerprint,
        }

    def _schema_of(self, env: api.Environment, name: str, view_type: str) -> dict:
        self._mcp_model(env, name)
        env["butopea.mcp.policy"]._check(name, "read")
        return env["butopea.mcp.schema"]._get(name, view_type)
