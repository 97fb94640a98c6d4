"""A client that we did not write: the library `fastmcp`, over both transports.

It brings its own dependencies, so it has an environment and a step of its own
(`cargo xtask test --only e2e-fastmcp`); in the others this file is not collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from conftest import SCHEMAS
from fastmcp import Client
from fastmcp.client.transports import ClientTransport, StdioTransport, StreamableHttpTransport
from support.http_server import HttpServer
from support.mcp_client import CALL_SECONDS, Result
from support.people import Person
from support.records import Records
from support.rounds import work_through

MODES = {"auto": "2026-07-28", "legacy": "2025-11-25"}


class FastClient:
    """A connected client, for tests that are plain functions."""

    def __init__(self, portal: BlockingPortal, client: Client[Any]) -> None:
        self._portal = portal
        self._client = client

    @property
    def protocol_version(self) -> str:
        """The version that both speak."""
        return str(self._client.session.protocol_version)

    def tool_names(self) -> list[str]:
        """The names of the tools that it was shown."""
        return [tool.name for tool in self._portal.call(self._client.list_tools)]

    def call(self, name: str, /, **arguments: Any) -> Result:
        """Calls a tool."""

        async def run() -> Any:
            return await self._client.call_tool(name, arguments, raise_on_error=False)

        answer = self._portal.call(run)
        texts = [block.text for block in answer.content if block.type == "text"]
        return Result("\n".join(texts), answer.structured_content or {}, answer.is_error)


@pytest.fixture
def connect() -> Iterator[Any]:
    """Connects clients; the test's end closes them."""
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())

        def run(transport: ClientTransport, mode: str, auth: str | None = None) -> FastClient:
            client = Client(transport, mode=mode, auth=auth, timeout=CALL_SECONDS)
            stack.enter_context(portal.wrap_async_context_manager(client))
            return FastClient(portal, client)

        yield run


@pytest.mark.parametrize("mode", MODES)
def test_over_stdio(
    connect: Any, binary: Path, boss: Person, records: Records, mark: str, mode: str
) -> None:
    """A server process of the client's own."""
    env = boss.env | {"ODOO_SCHEMAS": str(SCHEMAS), "CONFIRM": "off"}
    client = connect(StdioTransport(str(binary), [], env=env, keep_alive=False), mode)
    assert client.protocol_version == MODES[mode]
    work_through(client, boss, records, mark)


@pytest.mark.parametrize("mode", MODES)
def test_over_http(
    connect: Any, http_server: HttpServer, boss: Person, records: Records, mark: str, mode: str
) -> None:
    """A server for many, with login and password in the client's headers."""
    headers = {"Authorization": boss.authorization}
    client = connect(StreamableHttpTransport(http_server.url, headers=headers), mode)
    assert client.protocol_version == MODES[mode]
    work_through(client, boss, records, mark)


def test_over_http_with_a_key(
    connect: Any, http_server: HttpServer, boss: Person, records: Records, mark: str
) -> None:
    """A key as the client's own `auth` sends it."""
    key = boss.odoo.make_api_key("e2e fastmcp")
    try:
        client = connect(StreamableHttpTransport(http_server.url, auth=key), "auto")
        work_through(client, boss, records, mark)
    finally:
        boss.odoo.remove_api_keys()
