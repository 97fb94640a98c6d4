"""The server as a bare process: what it reads and writes, byte by byte, and how it ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from support.waiting import wait_until

PROTOCOL_VERSION = "2025-06-18"
# The first version without a handshake: each request says what its client is.
MODERN_VERSION = "2026-07-28"


class StdioServer:
    """A server process that is spoken to in raw JSON-RPC lines."""

    def __init__(self, binary: Path, env: Mapping[str, str], args: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [str(binary), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
        )
        self.stdout_lines: list[str] = []
        self.stderr_lines: list[str] = []
        self.notifications: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self._messages: Queue[dict[str, Any]] = Queue()
        self._answered: dict[Any, dict[str, Any]] = {}
        self._next_id = 0
        self._readers = [
            self._read(self.process.stdout, self._on_stdout),
            self._read(self.process.stderr, self.stderr_lines.append),
        ]

    def _read(self, pipe: IO[bytes] | None, take: Any) -> Thread:
        assert pipe is not None

        def run() -> None:
            with pipe:
                for line in pipe:
                    take(line.decode("utf-8", "replace"))

        thread = Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _on_stdout(self, line: str) -> None:
        self.stdout_lines.append(line)
        # What is no JSON stays in `stdout_lines`, and the tests look there.
        with suppress(ValueError):
            message = json.loads(line)
            if "method" in message:
                (self.requests if "id" in message else self.notifications).append(message)
            else:
                self._messages.put(message)

    def __enter__(self) -> StdioServer:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for reader in self._readers:
            reader.join(10)
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()

    def send(self, message: dict[str, Any]) -> None:
        """Writes one message."""
        self.write(json.dumps(message) + "\n")

    def write(self, text: str) -> None:
        """Writes any text."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def request(self, method: str, params: dict[str, Any] | None = None) -> int:
        """Sends a request and returns its id."""
        self._next_id += 1
        self.send({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params or {}})
        return self._next_id

    def answer(self, request_id: int, seconds: float = 60.0) -> dict[str, Any]:
        """The answer to a request."""
        (answer,) = self.answers([request_id], seconds)
        return answer

    def answers(self, request_ids: Sequence[int], seconds: float = 60.0) -> list[dict[str, Any]]:
        """The answers to several requests, in the order of the requests."""

        def probe() -> bool:
            with suppress(Empty):
                while True:
                    message = self._messages.get_nowait()
                    self._answered[message.get("id")] = message
            return set(request_ids) <= self._answered.keys()

        wait_until(probe, f"the answers to requests {list(request_ids)}", seconds)
        return [self._answered[request_id] for request_id in request_ids]

    def notified(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the notifications of this method so far."""
        return [
            notification.get("params") or {}
            for notification in list(self.notifications)
            if notification["method"] == method
        ]

    def asked(self, method: str) -> list[dict[str, Any]]:
        """The server's own requests of this method so far."""
        return [request for request in list(self.requests) if request["method"] == method]

    def modern(self, method: str, params: dict[str, Any] | None = None, **meta: Any) -> int:
        """Sends a request of the stateless protocol of 2026 and returns its id."""
        prefix = "io.modelcontextprotocol/"
        described = {
            f"{prefix}protocolVersion": MODERN_VERSION,
            f"{prefix}clientInfo": {"name": "tests", "version": "1"},
            f"{prefix}clientCapabilities": {},
        }
        return self.request(method, {**(params or {}), "_meta": described | meta})

    def handshake(self, capabilities: dict[str, Any] | None = None) -> dict[str, Any]:
        """The `initialize` exchange of a client that can do this; returns its result."""
        params = {
            "protocolVersion": PROTOCOL_VERSION,
            "capabilities": capabilities or {},
            "clientInfo": {"name": "tests", "version": "1"},
        }
        result = self.answer(self.request("initialize", params))["result"]
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return result

    def call(self, name: str, arguments: dict[str, Any] | None = None) -> int:
        """Sends a `tools/call` and returns its id."""
        return self.request("tools/call", {"name": name, "arguments": arguments or {}})

    def close_stdin(self) -> None:
        """Leaves, as a client does that ends."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self, seconds: float) -> int:
        """The exit code, when the process ends within `seconds`."""
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(10)
        return code

    @property
    def stdout(self) -> str:
        """All of standard output so far."""
        return "".join(self.stdout_lines)

    @property
    def stderr(self) -> str:
        """All of standard error so far."""
        return "".join(self.stderr_lines)
