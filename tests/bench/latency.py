"""What the server adds to a call, and what it weighs: figures, not tests.

    python tests/bench/latency.py SERVER [CALLS]

SERVER is the binary; the Odoo is that of ODOO_URL, ODOO_DB, ODOO_USERNAME and
ODOO_PASSWORD. Each round makes the same request once directly (one HTTP
connection, kept alive as far as Odoo allows) and once through the server, so
both see the same Odoo.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

READ_FIELDS = ["name", "email"]


class Direct:
    """Odoo's routes over one HTTP connection."""

    def __init__(self) -> None:
        url = urlsplit(os.environ["ODOO_URL"])
        self._http = http.client.HTTPConnection(url.hostname or "localhost", url.port)
        self._cookie = ""
        login = {
            "db": os.environ["ODOO_DB"],
            "login": os.environ["ODOO_USERNAME"],
            "password": os.environ["ODOO_PASSWORD"],
        }
        self.post("/web/session/authenticate", login)

    def post(self, path: str, params: dict[str, Any]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params, "id": 1})
        headers = {"Content-Type": "application/json", "Cookie": self._cookie}
        self._http.request("POST", path, body, headers)
        answer = self._http.getresponse()
        cookie = answer.headers.get("Set-Cookie", "")
        if cookie.startswith("session_id="):
            self._cookie = cookie.split(";")[0]
        return json.loads(answer.read())["result"]


class Server:
    """The server over standard input and output, without a client library in between."""

    def __init__(self, program: str) -> None:
        self._id = 0
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.request(
            "initialize",
            {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1"},
            },
        )
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def request(self, method: str, params: dict[str, Any]) -> Any:
        assert self.process.stdout
        self._id += 1
        self._send({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        while True:
            message = json.loads(self.process.stdout.readline())
            if message.get("id") == self._id:
                return message["result"]

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        result = self.request("tools/call", {"name": name, "arguments": arguments})
        if result.get("isError"):
            raise SystemExit(result["content"][0]["text"])
        return result

    def memory_kb(self) -> int:
        with open(f"/proc/{self.process.pid}/status") as status:
            lines = dict(line.split(":", 1) for line in status if ":" in line)
        return int(lines["VmRSS"].split()[0])

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


def timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def spread(times: list[float]) -> str:
    ordered = sorted(times)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"p50 {statistics.median(ordered):6.2f} ms, p99 {p99:6.2f} ms"


def main() -> None:
    program = sys.argv[1]
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    starts = []
    for _ in range(5):
        begin = time.perf_counter()
        server = Server(program)
        tools = server.request("tools/list", {})["tools"]
        starts.append((time.perf_counter() - begin) * 1000)
        server.stop()
    size = len(json.dumps(tools, separators=(",", ":"), ensure_ascii=False).encode())
    print(f"tools/list: {len(tools)} tools, {size} bytes")
    print(f"spawn to tools/list: {statistics.median(starts):.0f} ms (login and rights included)")

    direct, server = Direct(), Server(program)
    partner = direct.post(
        "/mcp/search", {"model": "res.partner", "domain": [], "fields": ["id"], "limit": 1}
    )["records"][0]["id"]
    read_direct = {
        "model": "res.partner", "method": "read", "ids": [partner], "args": [READ_FIELDS],
        "kwargs": {},
    }  # fmt: skip
    read_tool = {"model": "res.partner", "id": partner, "fields": READ_FIELDS}
    search = {"model": "res.partner", "domain": [], "fields": READ_FIELDS, "limit": 80}
    rounds = {
        "read 1 partner": (
            lambda: direct.post("/mcp/execute", read_direct),
            lambda: server.call("odoo_read", read_tool),
        ),
        "search 80 partners": (
            lambda: direct.post("/mcp/search", search),
            lambda: server.call("odoo_search", search),
        ),
    }
    for name, (straight, through) in rounds.items():
        straight(), through()
        pairs = [(timed(straight), timed(through)) for _ in range(calls)]
        print(f"{name}, direct:  {spread([pair[0] for pair in pairs])}")
        print(f"{name}, server:  {spread([pair[1] for pair in pairs])}")
    print(f"resident memory after {2 * calls} calls: {server.memory_kb() / 1024:.1f} MiB")
    server.stop()


if __name__ == "__main__":
    main()
