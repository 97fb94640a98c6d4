from __future__ import annotations

from typing import Any

from ..lib.input_guard import check_domain
from ..lib.json_value import json_value
from .common import McpController, checked, mcp_route


class SearchController(McpController):
    @mcp_route("/mcp/search")
    def mcp_search(
        self,
        model: str,
        domain: list | None = None,
        fields: list[str] | None = None,
        limit: int | None = 80,
        offset: int | None = 0,
        order: str | None = None,
        context: dict | None = None,
        request_token: str | None = None,
    ) -> dict[str, Any]:
        """Read the records of a domain.

        `count` is the number of `records`, `total` that of all records of the
        domain. Without `fields` the columns of the user's list are read.
        """
        env = self._mcp_env(request_token)
        records_of = self._mcp_model(env, model)
        domain = checked(domain, list, "domain must be a list", [])
        fields = checked(fields, list, "fields must be a list of names", [])
        limit = checked(limit, int, "limit must be a number", None) or None
        offset = checked(offset, int, "offset must be a number", 0)
        order = checked(order, str, "order must be a text", None) or None
        call = self._mcp_call()
        call.model, call.operation = model, "read"
        check_domain(domain)
        env["butopea.mcp.policy"]._check_read(
            records_of, "search_read", domain, fields, order
        )
        if not fields:
            fields = env["butopea.mcp.schema"]._default_fields(records_of)
        records = records_of.search_read(
            domain, fields, offset=offset, limit=limit, order=order
        )
        call.ids = [record["id"] for record in records]
        is_last_page = limit is None or len(records) < limit
        if is_last_page and (records or not offset):
            total = offset + len(records)
        else:
            total = records_of.search_count(domain)
        return {
            "model": model,
            "count": len(records),
            "total": total,
            "records": json_value(records, env),
        }
