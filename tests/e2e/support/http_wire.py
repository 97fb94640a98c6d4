"""Raw HTTP requests to the server: what a client library hides, and what none would send."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

ENDPOINT = "/mcp"
MODERN = "2026-07-28"
LEGACY = "2025-06-18"
REQUEST_SECONDS = 120.0
_META = "io.modelcontextprotocol"


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def message(self) -> dict[str, Any]:
        """The JSON-RPC message: the body, or the last event of a stream."""
        if not self.headers["content-type"].startswith("text/event-stream"):
            return json.loads(self.body)
        data = [line[5:].strip() for line in self.text.splitlines() if line.startswith("data:")]
        return json.loads([event for event in data if event][-1])

    @property
    def result(self) -> dict[str, Any]:
        """The result; the request must have succeeded."""
        assert self.status == 200, f"{self.status}: {self.text}"
        assert "result" in self.message, self.text
        return self.message["result"]

    def ok(self) -> HttpAnswer:
        """This answer, which is no error."""
        assert not self.result.get("isError"), self.text
        return self

    @property
    def error(self) -> str:
        """The message of the JSON-RPC error; there must be one."""
        return self.message["error"]["message"]

    @property
    def structured(self) -> dict[str, Any]:
        """The structured content of a tool's result, which is no error."""
        return self.ok().result["structuredContent"]

    @property
    def tool_error(self) -> dict[str, Any]:
        """The structured error of a tool's result."""
        assert self.result["isError"], self.text
        return self.result["structuredContent"]["error"]


class HttpWire:
    """Requests to one server with one user's credentials (or none)."""

    def __init__(self, url: str, authorization: str | None = None) -> None:
        self._address = urllib.parse.urlsplit(url).netloc
        self._authorization = authorization

    def get(self, path: str, headers: dict[str, str] | None = None) -> HttpAnswer:
        """A plain GET."""
        return self.send("GET", path, headers=headers)

    def send(
        self,
        method: str,
        path: str = ENDPOINT,
        body: bytes | list[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> HttpAnswer:
        """Any request; the user's credentials are added."""
        with self.open(method, path, body, headers) as response:
            return HttpAnswer(response.status, _headers(response), response.read())

    @contextmanager
    def open(
        self,
        method: str,
        path: str = ENDPOINT,
        body: bytes | list[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """An answer that is still being given: its head is there, its body is not read."""
        connection = http.client.HTTPConnection(self._address, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, body, self._complete(headers))
            yield connection.getresponse()
        finally:
            connection.close()

    def _complete(self, headers: dict[str, str] | None) -> dict[str, str]:
        own = {"Authorization": self._authorization} if self._authorization else {}
        return own | (headers or {})

    def rpc(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        version: str = MODERN,
        headers: dict[str, str] | None = None,
    ) -> HttpAnswer:
        """A JSON-RPC request, in the manner of one protocol version."""
        body, head = rpc_request(method, params, version)
        return self.send("POST", ENDPOINT, body, head | (headers or {}))

    def call(self, name: str, /, **arguments: Any) -> HttpAnswer:
        """A `tools/call`."""
        return self.rpc("tools/call", {"name": name, "arguments": arguments})

    def tools(self) -> list[str]:
        """The names of all tools, over all pages."""
        names: list[str] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.rpc("tools/list", cursor).result
            names += [tool["name"] for tool in page["tools"]]
            if not page.get("nextCursor"):
                return names
            cursor = {"cursor": page["nextCursor"]}


def rpc_request(
    method: str, params: dict[str, Any] | None = None, version: str = MODERN
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a JSON-RPC request."""
    params = dict(params or {})
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    if version == MODERN:
        headers |= {"MCP-Protocol-Version": version, "Mcp-Method": method}
        for named in ("name", "uri"):
            if named in params:
                headers["Mcp-Name"] = params[named]
        params["_meta"] = {
            f"{_META}/protocolVersion": version,
            f"{_META}/clientInfo": {"name": "tests", "version": "1"},
            f"{_META}/clientCapabilities": {},
        }
    elif method != "initialize":
        headers["MCP-Protocol-Version"] = version
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.dumps(message).encode(), headers


def initialize(capabilities: dict[str, Any] | None = None) -> dict[str, Any]:
    """The parameters of an `initialize` request."""
    return {
        "protocolVersion": LEGACY,
        "capabilities": capabilities or {},
        "clientInfo": {"name": "tests", "version": "1"},
    }


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
