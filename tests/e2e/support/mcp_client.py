"""One interface over both lines of the PyPI package `mcp`, for tests that are plain functions.

Line 2 has `Client`, which negotiates the stateless protocol of 2026 (or, on request, the
older handshake); line 1 has `ClientSession` alone. Both are asynchronous: each client here
runs its event loop in a thread of its own, so tests stay synchronous.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

MCP_VERSION = importlib.metadata.version("mcp")
IS_LINE_1 = MCP_VERSION.startswith("1.")
CALL_SECONDS = 120.0

if IS_LINE_1:
    from mcp.shared.exceptions import McpError as _SdkError
else:
    from mcp import Client
    from mcp.shared.exceptions import MCPError as _SdkError


class ProtocolError(Exception):
    """A JSON-RPC error, in place of a tool's result."""


@dataclass(frozen=True)
class Tool:
    """A tool as it was listed."""

    name: str
    title: str | None
    description: str
    input_schema: dict[str, Any]
    read_only: bool | None
    destructive: bool | None
    idempotent: bool | None
    open_world: bool | None

    @property
    def arguments(self) -> dict[str, Any]:
        """The schemas of the arguments, by name."""
        return self.input_schema["properties"]

    @property
    def required(self) -> list[str]:
        """The names of the arguments that must be given."""
        return self.input_schema.get("required", [])

    def as_json(self) -> dict[str, Any]:
        """Everything of the tool, for comparisons."""
        return dict(vars(self))


@dataclass(frozen=True)
class Result:
    """What a call of a tool answered."""

    text: str
    structured: dict[str, Any]
    is_error: bool

    @property
    def error(self) -> dict[str, Any]:
        """The structured error; the call must have failed."""
        assert self.is_error, f"no error, but {self.text!r}"
        return self.structured["error"]


class McpClient:
    """A running server and a client that is connected to it. Use it as a context manager."""

    def __init__(
        self,
        binary: Path,
        env: Mapping[str, str],
        args: Sequence[str] = (),
        *,
        mode: str | None = None,
    ) -> None:
        """`mode` is line 2's `legacy` or a protocol version; line 1 has no choice."""
        self._parameters = StdioServerParameters(
            command=str(binary), args=list(args), env=dict(env)
        )
        self._mode = mode
        self._stack = ExitStack()
        self._session: Any = None

    def __enter__(self) -> McpClient:
        with ExitStack() as stack:
            self._errors = stack.enter_context(
                tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
            )
            self._portal = stack.enter_context(start_blocking_portal())
            connecting = self._portal.wrap_async_context_manager(self._connect())
            self._session = stack.enter_context(connecting)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def close(self) -> None:
        """Ends the server."""
        self._stack.close()

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Any]:
        transport = stdio_client(self._parameters, errlog=self._errors)
        if IS_LINE_1:
            timeout = timedelta(seconds=CALL_SECONDS)
            async with (
                transport as (reader, writer),
                ClientSession(reader, writer, read_timeout_seconds=timeout) as session,
            ):
                handshake = await session.initialize()
                self.protocol_version = str(handshake.protocolVersion)
                yield session
        else:
            options: dict[str, Any] = {"mode": self._mode} if self._mode else {}
            client = Client(transport, read_timeout_seconds=CALL_SECONDS, cache=None, **options)
            async with client:
                self.protocol_version = str(client.session.protocol_version)
                yield client

    def tools(self) -> list[Tool]:
        """All tools, in the order of the server's list."""
        listed: list[Tool] = []
        cursor: str | None = None
        while True:
            page = self._portal.call(self._list_tools, cursor)
            listed += [_tool(tool.model_dump(by_alias=True)) for tool in page.tools]
            cursor = page.nextCursor if IS_LINE_1 else page.next_cursor
            if not cursor:
                return listed

    async def _list_tools(self, cursor: str | None) -> Any:
        if cursor is None:
            return await self._session.list_tools()
        if IS_LINE_1:
            from mcp.types import PaginatedRequestParams

            return await self._session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        return await self._session.list_tools(cursor=cursor)

    def tool(self, name: str) -> Tool:
        """The tool of this name; it must be listed."""
        (found,) = [tool for tool in self.tools() if tool.name == name]
        return found

    def call(self, name: str, /, **arguments: Any) -> Result:
        """Calls a tool. Argument names are the tool's own.

        Raises:
            ProtocolError: The server answered with a JSON-RPC error.
        """
        return self.call_with(name, arguments)

    def call_with(self, name: str, arguments: dict[str, Any]) -> Result:
        """Calls a tool with arguments of any name."""
        try:
            answer = self._portal.call(self._session.call_tool, name, arguments)
        except _SdkError as error:
            raise ProtocolError(str(error)) from error
        dumped = answer.model_dump(by_alias=True)
        texts = [block["text"] for block in dumped["content"] if block["type"] == "text"]
        return Result(
            text="\n".join(texts),
            structured=dumped.get("structuredContent") or {},
            is_error=bool(dumped.get("isError")),
        )

    def ok(self, name: str, /, **arguments: Any) -> Result:
        """Calls a tool that must succeed."""
        result = self.call_with(name, arguments)
        assert not result.is_error, f"{name} {arguments} failed: {result.text}"
        return result

    def stderr(self) -> str:
        """Everything that the server wrote to standard error so far."""
        self._errors.flush()
        self._errors.seek(0)
        return self._errors.read()


def _tool(raw: dict[str, Any]) -> Tool:
    hints = raw.get("annotations") or {}
    return Tool(
        name=raw["name"],
        title=raw.get("title"),
        description=raw.get("description") or "",
        input_schema=raw["inputSchema"],
        read_only=hints.get("readOnlyHint"),
        destructive=hints.get("destructiveHint"),
        idempotent=hints.get("idempotentHint"),
        open_world=hints.get("openWorldHint"),
    )
