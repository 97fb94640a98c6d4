"""The two ways in which a client of the library reaches the server."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from support.http_server import HttpServer
from support.mcp_client import McpClient, User


class StdioMcpClient(McpClient):
    """A server process of the client's own, reached by its standard input and output."""

    def __init__(
        self,
        binary: Path,
        env: Mapping[str, str],
        args: Sequence[str] = (),
        *,
        mode: str | None = None,
        user: User | None = None,
    ) -> None:
        super().__init__(mode=mode, user=user)
        self._parameters = StdioServerParameters(
            command=str(binary), args=list(args), env=dict(env)
        )

    def _prepare(self, stack: ExitStack) -> None:
        with ExitStack() as own:
            self._errors = own.enter_context(
                tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
            )
            stack.push(own.pop_all())

    def _transport(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        return stdio_client(self._parameters, errlog=self._errors)

    def stderr(self) -> str:
        """Everything that the server wrote to standard error so far."""
        self._errors.flush()
        self._errors.seek(0)
        return self._errors.read()


class HttpMcpClient(McpClient):
    """A server that is reached over HTTP: one that runs already, or the client's own."""

    def __init__(
        self,
        server: HttpServer,
        authorization: str | None,
        *,
        mode: str | None = None,
        user: User | None = None,
        is_own: bool = False,
    ) -> None:
        super().__init__(mode=mode, user=user)
        self._server = server
        self._headers = {"Authorization": authorization} if authorization else {}
        self._is_own = is_own

    def _prepare(self, stack: ExitStack) -> None:
        if self._is_own:
            stack.enter_context(self._server).wait_ready()

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[tuple[Any, Any]]:
        http_client = create_mcp_http_client(headers=self._headers)
        async with (
            http_client,
            streamable_http_client(self._server.url, http_client=http_client) as streams,
        ):
            # Line 1 gives the session's id as a third.
            yield streams[0], streams[1]

    def stderr(self) -> str:
        """Everything that the server wrote to standard error so far."""
        return self._server.log
