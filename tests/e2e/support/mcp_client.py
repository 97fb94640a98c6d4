"""One interface over both lines of the PyPI package `mcp`, for tests that are plain functions.

Line 2 has `Client`, which negotiates the stateless protocol of 2026 (or, on request, the
older handshake); line 1 has `ClientSession` alone. Both are asynchronous: each client here
runs its event loop in a thread of its own, so tests stay synchronous.
"""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from anyio import to_thread
from anyio.from_thread import start_blocking_portal
from mcp import ClientSession
from mcp.types import ElicitResult

MCP_VERSION = importlib.metadata.version("mcp")
IS_LINE_1 = MCP_VERSION.startswith("1.")
CALL_SECONDS = 120.0

if IS_LINE_1:
    from mcp.shared.exceptions import McpError as _SdkError
else:
    from mcp import Client
    from mcp.shared.exceptions import MCPError as _SdkError


class ProtocolError(Exception):
    """A JSON-RPC error, in place of a result."""

    def __init__(self, error: Any) -> None:
        """`error` is the SDK's exception."""
        super().__init__(error.error.message)
        self.code: int = error.error.code
        self.message: str = error.error.message
        self.data: Any = error.error.data


@dataclass(frozen=True)
class Tool:
    """A tool as it was listed."""

    name: str
    title: str | None
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
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


@dataclass(frozen=True)
class Completion:
    """What completes an argument."""

    values: list[str]
    total: int | None
    has_more: bool | None


# Takes a question and says `accept`, `decline` or `cancel`.
User = Callable[[str], str]


class McpClient(ABC):
    """A client that is connected to a server. Use it as a context manager.

    `support.transports` has one for each way to reach a server.
    """

    def __init__(self, *, mode: str | None = None, user: User | None = None) -> None:
        """`mode` is line 2's `legacy` or a protocol version; line 1 has no choice.

        `user` answers the questions of the server; without one, the client can ask nobody.
        """
        self._mode = mode
        self._user = user
        self._stack = ExitStack()
        self._session: Any = None

    def __enter__(self) -> McpClient:
        with ExitStack() as stack:
            self._prepare(stack)
            self._portal = stack.enter_context(start_blocking_portal())
            connecting = self._portal.wrap_async_context_manager(self._connect())
            self._session = stack.enter_context(connecting)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def close(self) -> None:
        """Leaves the server, and ends it if it is the client's own."""
        self._stack.close()

    @abstractmethod
    def _prepare(self, stack: ExitStack) -> None:
        """Opens what the transport needs for as long as the client is connected."""

    @abstractmethod
    def _transport(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """What the client reads from and writes to."""

    @abstractmethod
    def stderr(self) -> str:
        """Everything that the server wrote to standard error so far."""

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Any]:
        transport = self._transport()
        if IS_LINE_1:
            timeout = timedelta(seconds=CALL_SECONDS)
            async with (
                transport as (reader, writer),
                ClientSession(
                    reader, writer, read_timeout_seconds=timeout, **self._callbacks()
                ) as session,
            ):
                handshake = await session.initialize()
                self.protocol_version = str(handshake.protocolVersion)
                self.server_info = _dump(handshake.serverInfo)
                self.capabilities = _dump(handshake.capabilities)
                self.instructions = handshake.instructions or ""
                yield session
        else:
            options: dict[str, Any] = {"mode": self._mode} if self._mode else {}
            options |= self._callbacks()
            client = Client(transport, read_timeout_seconds=CALL_SECONDS, cache=None, **options)
            async with client:
                self.protocol_version = str(client.session.protocol_version)
                self.server_info = _dump(client.server_info)
                self.capabilities = _dump(client.server_capabilities)
                self.instructions = client.instructions or ""
                yield client

    def _callbacks(self) -> dict[str, Any]:
        user = self._user
        if user is None:
            return {}

        async def answer(_context: Any, question: Any) -> ElicitResult:
            action = await to_thread.run_sync(user, question.message)
            return ElicitResult(action=action, content={} if action == "accept" else None)

        return {"elicitation_callback": answer}

    def tools(self) -> list[Tool]:
        """All tools, in the order of the server's list."""
        return [_tool(tool) for page in self._pages("list_tools") for tool in page["tools"]]

    def tool_names(self) -> list[str]:
        """The names of all tools, in the order of the server's list."""
        return [tool.name for tool in self.tools()]

    def resources(self) -> list[dict[str, Any]]:
        """All resources, in the order of the server's list."""
        return [item for page in self._pages("list_resources") for item in page["resources"]]

    def resource_templates(self) -> list[dict[str, Any]]:
        """All templates of resources, in the order of the server's list."""
        pages = self._pages("list_resource_templates")
        return [item for page in pages for item in page["resourceTemplates"]]

    def prompts(self) -> list[dict[str, Any]]:
        """All prompts, in the order of the server's list."""
        return [item for page in self._pages("list_prompts") for item in page["prompts"]]

    def list_page(self, method: str, cursor: str | None = None) -> dict[str, Any]:
        """One page of a list: `list_tools`, `list_resources` and so on."""
        return _dump(self._send(self._list_page, method, cursor))

    def _pages(self, method: str) -> list[dict[str, Any]]:
        pages = [self.list_page(method)]
        while cursor := pages[-1].get("nextCursor"):
            pages.append(self.list_page(method, cursor))
        return pages

    async def _list_page(self, method: str, cursor: str | None) -> Any:
        ask = getattr(self._session, method)
        if cursor is None:
            return await ask()
        if IS_LINE_1:
            from mcp.types import PaginatedRequestParams

            return await ask(params=PaginatedRequestParams(cursor=cursor))
        return await ask(cursor=cursor)

    def read(self, uri: str) -> list[dict[str, Any]]:
        """The contents of a resource."""
        return self.read_whole(uri)["contents"]

    def read_whole(self, uri: str) -> dict[str, Any]:
        """The whole result of reading a resource."""
        if IS_LINE_1:
            from pydantic import AnyUrl

            return _dump(self._send(self._session.read_resource, AnyUrl(uri)))
        return _dump(self._send(self._session.read_resource, uri))

    def prompt(self, name: str, /, **arguments: str) -> str:
        """The text of a prompt, which is one message of the user."""
        answer = _dump(self._send(self._session.get_prompt, name, arguments or None))
        (message,) = answer["messages"]
        assert message["role"] == "user"
        assert answer["description"]
        return message["content"]["text"]

    def complete_resource(
        self, template: str, argument: str, typed: str, **given: str
    ) -> Completion:
        """What completes an argument of a resource template."""
        reference = {"type": "ref/resource", "uri": template}
        return self._complete(reference, argument, typed, given)

    def complete_prompt(self, prompt: str, argument: str, typed: str, **given: str) -> Completion:
        """What completes an argument of a prompt."""
        return self._complete({"type": "ref/prompt", "name": prompt}, argument, typed, given)

    def _complete(
        self, reference: dict[str, str], argument: str, typed: str, given: dict[str, str]
    ) -> Completion:
        from mcp import types

        kind = (
            types.PromptReference
            if reference["type"] == "ref/prompt"
            else types.ResourceTemplateReference
        )
        answer = self._send(
            self._session.complete,
            kind.model_validate(reference),
            {"name": argument, "value": typed},
            given or None,
        )
        found = _dump(answer)["completion"]
        return Completion(found["values"], found.get("total"), found.get("hasMore"))

    def _send(self, ask: Any, *args: Any) -> Any:
        try:
            return self._portal.call(ask, *args)
        except _SdkError as error:
            raise ProtocolError(error) from error

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
        dumped = _dump(self._send(self._session.call_tool, name, arguments))
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


def _dump(answer: Any) -> dict[str, Any]:
    return answer.model_dump(by_alias=True, mode="json")


def _tool(raw: dict[str, Any]) -> Tool:
    hints = raw.get("annotations") or {}
    return Tool(
        name=raw["name"],
        title=raw.get("title"),
        description=raw.get("description") or "",
        input_schema=raw["inputSchema"],
        output_schema=raw.get("outputSchema"),
        read_only=hints.get("readOnlyHint"),
        destructive=hints.get("destructiveHint"),
        idempotent=hints.get("idempotentHint"),
        open_world=hints.get("openWorldHint"),
    )
