"""A working day in short: callers who come and go, and what the server takes up meanwhile."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any

from support.crowd import Member
from support.http_server import HttpServer, bearer
from support.http_wire import LEGACY, HttpAnswer, HttpWire, initialize
from support.openmetrics import parse

PARTNER, LEAD, USER = "res.partner", "crm.lead", "res.users"
# What a way to Odoo that is cut may be called, at a tool and as the status of a request.
CUT = {"unreachable", "uncertain", "timeout", "session_expired", "conflict", "503", "408"}
# Python 3.11 itself fails so once in some ten thousand calls of several threads (gh-106905); the
# process of Odoo is what it is.
_PYTHON_FAILED = "AST constructor recursion depth mismatch"
_ACCEPTS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


@dataclass(frozen=True)
class Sample:
    """What the process takes up at one moment."""

    at: float
    resident: int
    threads: int
    files: int
    odoo_sessions: int


@dataclass
class Watch:
    """Looks at the process from time to time. `at` counts seconds from the start."""

    server: HttpServer
    samples: list[Sample] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def look(self) -> Sample:
        """One more sample."""
        process = Path(f"/proc/{self.server.process.pid}")
        lines = (line.split(":", 1) for line in (process / "status").read_text().splitlines())
        status = dict(lines)
        metrics = parse(HttpWire(self.server.url).get("/metrics").text)
        sessions = next(
            family for name, family in metrics.items() if name.endswith("odoo_sessions")
        )
        sample = Sample(
            at=time.monotonic() - self.started,
            resident=int(status["VmRSS"].split()[0]),
            threads=int(status["Threads"]),
            files=len(list((process / "fd").iterdir())),
            odoo_sessions=int(sessions.value()),
        )
        self.samples.append(sample)
        return sample

    def run(self, stop: Event, every: float) -> None:
        """Looks until `stop`."""
        while not stop.wait(every):
            self.look()

    def between(self, begin: float, end: float) -> list[Sample]:
        """The samples of a span of time."""
        return [sample for sample in self.samples if begin <= sample.at < end]


@dataclass
class Cuts:
    """When Odoo was away. Calls that touch such a span may fail as cut off, others may not."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    # An Odoo that did not answer is left alone for up to 15 seconds.
    settle: float = 20.0
    _open: float | None = None

    def during(self, cut: Callable[[], None]) -> None:
        """Cuts, and remembers from when to when."""
        self._open = time.monotonic()
        cut()
        self.spans.append((self._open, time.monotonic() + self.settle))
        self._open = None

    def touch(self, begin: float, end: float) -> bool:
        """Whether Odoo was away at any time between."""
        now_open = self._open is not None and end >= self._open
        return now_open or any(begin <= last and end >= first for first, last in self.spans)


class Tally:
    """What was answered. `strange` has each answer that nothing explains."""

    def __init__(self, cuts: Cuts) -> None:
        self.outcomes: Counter[str] = Counter()
        self.strange: list[str] = []
        self._cuts = cuts
        self._lock = Lock()
        self._is_cut = False

    def note(self, what: str, outcome: str, begin: float, detail: str = "") -> None:
        """Counts an answer: `ok`, `refused` as it should be, or the kind of a failure."""
        if outcome == "server" and _PYTHON_FAILED in detail:
            outcome = "python"
        is_cut = outcome in CUT and self._cuts.touch(begin, time.monotonic())
        with self._lock:
            self._is_cut = is_cut
            self.outcomes["cut off" if is_cut else outcome] += 1
            if not is_cut and outcome not in {"ok", "refused", "python"}:
                self.strange.append(f"{what}: {outcome}: {detail[:300]}")

    def is_cut_now(self) -> bool:
        """Whether the last answer was cut off."""
        return self._is_cut

    @property
    def calls(self) -> int:
        """How many there were."""
        return self.outcomes.total()


class Caller:
    """One of those who call, in the name of one user after the other."""

    def __init__(self, server: HttpServer, tally: Tally, users: list[Member], seed: str) -> None:
        self._server = server
        self._tally = tally
        self._users = users
        self._dice = random.Random(seed)
        self._pause = 0.0

    def run(self, stop: Event, pause: float, stay: float) -> None:
        """Works until `stop`, `stay` seconds as each user, with `pause` seconds between calls on
        average."""
        self._pause = 2 * pause
        while not stop.is_set():
            member = self._dice.choice(self._users)
            leaves = time.monotonic() + self._dice.uniform(0.5, 1.5) * stay
            work = self._work_in_session if self._dice.random() < 0.3 else self._work
            work(member, stop, leaves)

    def _wait(self, stop: Event) -> None:
        stop.wait(self._dice.uniform(0, self._pause))

    # -------------------------------------------------------------- clients of today

    def _work(self, member: Member, stop: Event, leaves: float) -> None:
        wire = HttpWire(self._server.url, bearer(member.key))
        jobs = [self._list, self._search, self._typed, self._sum, self._wrong, self._read]
        jobs += [self._change, self._resource, self._change_lead if member.lead else self._read]
        while not stop.is_set() and time.monotonic() < leaves:
            self._dice.choice(jobs)(wire, member)
            self._wait(stop)
            # While Odoo is away, nobody asks ever faster.
            while self._tally.is_cut_now() and not stop.wait(0.5):
                self._read(wire, member)

    def _ask(
        self, what: str, ask: Callable[[], HttpAnswer], refused: str = ""
    ) -> HttpAnswer | None:
        """An answer, counted; none unless it is a result without error."""
        begin = time.monotonic()
        try:
            answer = ask()
        except OSError as error:
            self._tally.note(what, "lost", begin, repr(error))
            return None
        if answer.status != 200:
            self._tally.note(what, str(answer.status), begin, answer.text)
            return None
        message = answer.message
        if "error" in message:
            kind = message["error"].get("data", {}).get("kind", str(message["error"]["code"]))
            self._tally.note(what, kind, begin, answer.text)
            return None
        if message["result"].get("isError"):
            kind = message["result"]["structuredContent"]["error"]["kind"]
            self._tally.note(what, "refused" if kind == refused else kind, begin, answer.text)
            return answer if kind == refused else None
        self._tally.note(what, "ok", begin)
        return answer

    def _call(
        self, wire: HttpWire, tool: str, refused: str = "", **arguments: Any
    ) -> HttpAnswer | None:
        return self._ask(tool, lambda: wire.call(tool, **arguments), refused)

    def _list(self, wire: HttpWire, _member: Member) -> None:
        self._ask("tools/list", lambda: wire.rpc("tools/list"))

    def _search(self, wire: HttpWire, _member: Member) -> None:
        domain = [["name", "ilike", self._dice.choice("aeiou")]]
        self._call(wire, "odoo_search", model=PARTNER, domain=domain, limit=20)

    def _typed(self, wire: HttpWire, _member: Member) -> None:
        self._call(wire, "res_partner_search", domain=[["is_company", "=", True]], limit=10)

    def _sum(self, wire: HttpWire, _member: Member) -> None:
        self._call(wire, "odoo_search", model=PARTNER, group_by=["country_id"])

    def _read(self, wire: HttpWire, member: Member) -> None:
        self._call(wire, "odoo_read", model=USER, id=member.uid, fields=["name", "login"])

    def _wrong(self, wire: HttpWire, _member: Member) -> None:
        domain = [["no_such_field", "=", 1]]
        self._call(wire, "odoo_search", "invalid_call", model=PARTNER, domain=domain)

    def _resource(self, wire: HttpWire, member: Member) -> None:
        uri = {"uri": f"odoo://{USER}/{member.uid}"}
        self._ask("resources/read", lambda: wire.rpc("resources/read", uri))

    def _change(self, wire: HttpWire, member: Member) -> None:
        values = {"signature": f"<p>{member.name} {self._dice.random()}</p>"}
        self._agreed(wire, "odoo_update", model=USER, id=member.uid, values=values)

    def _change_lead(self, wire: HttpWire, member: Member) -> None:
        name = f"{member.name} {self._dice.random()}"
        made = self._agreed(wire, "odoo_create", model=LEAD, values={"name": name})
        if made:
            # Sellers make leads and may not delete them.
            self._call(wire, "odoo_delete", "access_denied", model=LEAD, id=made.structured["id"])

    def _agreed(self, wire: HttpWire, tool: str, **change: Any) -> HttpAnswer | None:
        """A change after its preview, as an assistant makes it whose client cannot ask."""
        preview = self._call(wire, tool, **change)
        if not preview:
            return None
        token = preview.structured["confirm"]
        return self._call(wire, tool, **change, confirm=token)

    # -------------------------------------------------------------- clients of yesterday

    def _work_in_session(self, member: Member, stop: Event, leaves: float) -> None:
        wire = HttpWire(self._server.url, bearer(member.key))
        opened = self._ask(
            "initialize", lambda: wire.rpc("initialize", initialize(), version=LEGACY)
        )
        if not opened:
            stop.wait(1)
            return
        head = {
            "mcp-session-id": opened.headers["mcp-session-id"],
            "MCP-Protocol-Version": LEGACY,
        }
        told = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
        wire.send("POST", body=told, headers=head | _ACCEPTS)
        search = {"model": PARTNER, "domain": [["is_company", "=", True]], "limit": 5}
        requests = [
            ("tools/list", {}),
            ("tools/call", {"name": "odoo_search", "arguments": search}),
            ("prompts/list", {}),
            ("resources/templates/list", {}),
        ]
        while not stop.is_set() and time.monotonic() < leaves:
            method, params = self._dice.choice(requests)
            self._ask(
                f"{method} in a session",
                lambda method=method, params=params: wire.rpc(
                    method, params, version=LEGACY, headers=head
                ),
            )
            self._wait(stop)
        # Some leave without a word, as when a laptop is closed.
        if self._dice.random() < 0.8:
            wire.send("DELETE", headers=head)
