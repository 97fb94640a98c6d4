"""An HTTP gateway between the server and Odoo that can be closed, and that can misbehave.

It has its port from the start but refuses connections until it is opened, so a test can
begin with an Odoo that is down. It records every request, and a rule can answer in Odoo's
place, lose an answer or hold one back.
"""

from __future__ import annotations

import http.client
import socket
import time
import urllib.parse
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

from support.waiting import wait_until

_HOP_HEADERS = {"connection", "transfer-encoding", "content-length", "host", "keep-alive"}
UPSTREAM_SECONDS = 120.0
RESTART_SECONDS = 30.0


@dataclass(frozen=True)
class Seen:
    """A request that came through."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer in Odoo's place; Odoo does not see the request."""

    status: int
    body: bytes = b""
    content_type: str = "text/html"
    location: str | None = None
    retry_after: str | None = None


@dataclass(frozen=True)
class LoseAnswer:
    """Odoo sees the request and acts; the connection ends before the answer comes back."""


@dataclass(frozen=True)
class Hold:
    """Odoo sees the request and acts; the answer waits for the event."""

    until: Event


@dataclass(frozen=True)
class Refuse:
    """The connection ends before Odoo sees the request."""


@dataclass(frozen=True)
class Truncate:
    """Odoo sees the request and acts; the connection ends in the middle of the answer."""


@dataclass(frozen=True)
class Drip:
    """Odoo sees the request and acts; the answer comes in small parts."""

    pause: float
    parts: int = 8


@dataclass(frozen=True)
class Delay:
    """Odoo sees the request, acts, and the answer comes late."""

    seconds: float


Fault = Reply | LoseAnswer | Hold | Refuse | Truncate | Drip | Delay
Rule = Callable[[Seen], "Fault | None"]


class Gateway:
    """See the module. Use it as a context manager; it starts closed."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urllib.parse.urlsplit(upstream)
        self._lock = Lock()
        self._connections: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None
        self.seen: list[Seen] = []
        self.rule: Rule | None = None
        # Bound but not listening: the port is ours, and connections are refused.
        self._server = self._bind(0)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def _bind(self, port: int) -> ThreadingHTTPServer:
        gateway = self

        class Handler(_Handler):
            owner = gateway

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler, bind_and_activate=False)
        server.daemon_threads = True
        server.allow_reuse_address = True
        server.server_bind()
        return server

    def open(self) -> Gateway:
        """Accepts connections from now on."""
        if self._thread is None:
            server = self._server or self._bind(self.port)
            self._server = server
            server.server_activate()
            self._thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()
        return self

    def close(self) -> None:
        """Refuses connections from now on and breaks those that are open."""
        if self._server is None:
            return
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.socket.close()
        self._server = None
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def requests(self, path: str) -> list[Seen]:
        """The requests to a path so far."""
        with self._lock:
            return [seen for seen in self.seen if seen.path == path]

    def note(self, seen: Seen) -> None:
        """Records a request."""
        with self._lock:
            self.seen.append(seen)

    def connected(self, connection: socket.socket) -> None:
        """Records a connection, so that `close` can break it."""
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        """Forgets a connection."""
        with self._lock:
            self._connections.discard(connection)

    def forward(self, method: str, seen: Seen) -> tuple[int, list[tuple[str, str]], bytes]:
        """Odoo's own answer."""
        kind = (
            http.client.HTTPSConnection
            if self._upstream.scheme == "https"
            else http.client.HTTPConnection
        )
        upstream = kind(self._upstream.netloc, timeout=UPSTREAM_SECONDS)

        def connect() -> bool:
            try:
                upstream.connect()
            except ConnectionRefusedError:
                return False  # Odoo is being restarted; the gateway is not what is down.
            return True

        try:
            wait_until(connect, "Odoo behind the gateway", RESTART_SECONDS)
            upstream.request(method, seen.path, seen.body, seen.headers)
            response = upstream.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            upstream.close()


class _Handler(BaseHTTPRequestHandler):
    owner: Gateway
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.owner.connected(self.connection)

    def finish(self) -> None:
        self.owner.disconnected(self.connection)
        with suppress(OSError, ValueError):
            super().finish()

    def handle(self) -> None:
        # A connection that the test or the client breaks off is no error here.
        with suppress(OSError):
            super().handle()

    def do_POST(self) -> None:
        self._pass_on()

    def do_GET(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {
            name.title(): value
            for name, value in self.headers.items()
            if name.lower() not in _HOP_HEADERS
        }
        # Uncompressed, so that what was said can be read here.
        headers["Accept-Encoding"] = "identity"
        seen = Seen(self.path, headers, body)
        self.owner.note(seen)
        rule = self.owner.rule
        verdict = rule(seen) if rule else None
        if isinstance(verdict, Reply):
            headers = [("Content-Type", verdict.content_type)]
            if verdict.location:
                headers.append(("Location", verdict.location))
            if verdict.retry_after:
                headers.append(("Retry-After", verdict.retry_after))
            self._answer(verdict.status, headers, verdict.body)
            return
        if isinstance(verdict, Refuse):
            self._break_off()
            return
        try:
            status, answered, content = self.owner.forward(self.command, seen)
        except (OSError, http.client.HTTPException):
            # Odoo itself ended while it worked.
            self._break_off()
            return
        if isinstance(verdict, LoseAnswer):
            self._break_off()
            return
        if isinstance(verdict, Delay):
            time.sleep(verdict.seconds)
        if isinstance(verdict, Truncate):
            self._head(status, answered, len(content))
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self._break_off()
            return
        if isinstance(verdict, Drip):
            self._head(status, answered, len(content))
            step = max(1, -(-len(content) // verdict.parts))
            for start in range(0, len(content), step):
                time.sleep(verdict.pause)
                self.wfile.write(content[start : start + step])
                self.wfile.flush()
            return
        if isinstance(verdict, Hold):
            verdict.until.wait(UPSTREAM_SECONDS)
        self._answer(status, answered, content)

    def _break_off(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self._head(status, headers, len(content))
        self.wfile.write(content)

    def _head(self, status: int, headers: list[tuple[str, str]], length: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
