"""Thousands of calls over a way to Odoo that fails in every manner: nothing twice, nothing lost.

Each write is remembered with what was answered to it, and Odoo is asked in the end. A write
that was acknowledged is there, once; one that surely failed is not; one whose outcome was
called uncertain is there once or not at all. The faults are drawn from a seed
(`BUTOPEA_FAULT_SEED`), so a run can be repeated.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest
from conftest import StartHttp
from support.faults import Faults
from support.gateway import Gateway
from support.http_server import HttpServer
from support.http_wire import HttpWire
from support.odoo import Odoo
from support.people import Person
from support.restarts import restart

TAG = "res.partner.category"
CALLS = int(os.environ.get("BUTOPEA_FAULT_CALLS", "2400"))
SEED = int(os.environ.get("BUTOPEA_FAULT_SEED", "20261124"))
CALLERS = 8
# How long one request of the server may take, all tries together.
DEADLINE = 6.0
# A call makes several requests (names before and after a change), and may wait for a sign-in.
PATIENCE = 5 * DEADLINE

# The kinds that a fault of the way may be called; everything else would mislead.
SURE = {"unreachable", "session_expired", "conflict"}
UNSURE = {"uncertain", "timeout"}


@dataclass
class Ledger:
    """What was asked for and what was answered."""

    mark: str
    outcomes: Counter[str] = field(default_factory=Counter)
    created: dict[str, str] = field(default_factory=dict)
    updated: dict[int, tuple[str, str]] = field(default_factory=dict)
    deleted: dict[int, str] = field(default_factory=dict)
    longest: float = 0.0
    strange: list[str] = field(default_factory=list)

    def note(self, operation: str, outcome: str, took: float) -> None:
        """Counts an answer."""
        self.outcomes[f"{operation}: {outcome}"] += 1
        self.longest = max(self.longest, took)


@pytest.fixture
def faulty(start_http: StartHttp, gateway: Gateway) -> Iterator[tuple[HttpServer, Faults]]:
    """A server whose way to Odoo fails."""
    faults = Faults(SEED, share=0.12, too_late=DEADLINE + 1)
    gateway.open()
    server = start_http(
        "--rate-limit", "100000", env={"ODOO_URL": gateway.url, "ODOO_TIMEOUT": str(int(DEADLINE))}
    )
    gateway.rule = faults
    yield server, faults
    gateway.rule = None


def _call(ledger: Ledger, wire: HttpWire, operation: str, arguments: dict[str, object]) -> str:
    started = time.monotonic()
    answer = wire.call(f"odoo_{operation}", model=TAG, **arguments)
    took = time.monotonic() - started
    result = answer.result
    outcome = "ok"
    if result.get("isError"):
        error = result["structuredContent"]["error"]
        outcome = error["kind"]
        if outcome not in SURE | UNSURE:
            ledger.strange.append(f"{operation}: {json.dumps(error)}")
    ledger.note(operation, outcome, took)
    return outcome


def _work(ledger: Ledger, wire: HttpWire, number: int, victims: dict[str, list[int]]) -> None:
    choice = random.Random(f"{SEED}-{number}").random()
    name = f"{ledger.mark} {number}"
    if choice < 0.35:
        ledger.created[name] = _call(ledger, wire, "create", {"values": {"name": name}})
    elif choice < 0.55:
        victim = victims["update"].pop()
        outcome = _call(ledger, wire, "update", {"id": victim, "values": {"name": name}})
        ledger.updated[victim] = (name, outcome)
    elif choice < 0.65:
        victim = victims["delete"].pop()
        ledger.deleted[victim] = _call(ledger, wire, "delete", {"id": victim})
    elif choice < 0.85:
        _call(ledger, wire, "search", {"domain": [["name", "like", ledger.mark]], "limit": 20})
    else:
        _call(ledger, wire, "count", {"domain": [["name", "like", ledger.mark]]})


def _check(ledger: Ledger, odoo: Odoo) -> None:
    """Compares what was answered with what is in Odoo."""
    rows = odoo.call(TAG, "search_read", [["name", "like", ledger.mark]], ["name"])
    found = Counter(row["name"] for row in rows)
    names = {row["id"]: row["name"] for row in rows}
    twice = {name: count for name, count in found.items() if count > 1}
    assert not twice, f"done twice: {twice}"
    for name, outcome in ledger.created.items():
        if outcome == "ok":
            assert found[name] == 1, f"lost: the creation of {name}"
        elif outcome in SURE:
            assert found[name] == 0, f"{name} was created, though it was said to have failed"
    for record, (name, outcome) in ledger.updated.items():
        if outcome == "ok":
            assert names[record] == name, f"lost: the change of {record}"
        elif outcome in SURE:
            assert names[record] != name, f"{record} was changed, though it was said to have failed"
    for record, outcome in ledger.deleted.items():
        if outcome == "ok":
            assert record not in names, f"lost: the end of {record}"
        elif outcome in SURE:
            assert record in names, f"{record} is gone, though that was said to have failed"


def _clean(ledger: Ledger, odoo: Odoo) -> None:
    left = odoo.ids(TAG, [["name", "like", ledger.mark]])
    if left:
        odoo.unlink(TAG, left)


def _victims(ledger: Ledger, odoo: Odoo, count: int) -> dict[str, list[int]]:
    def make(kind: str) -> list[int]:
        values = [{"name": f"{ledger.mark} {kind} {number}"} for number in range(count)]
        return odoo.call(TAG, "create", values)

    return {"update": make("to change"), "delete": make("to delete")}


def _run(ledger: Ledger, wires: list[HttpWire], calls: int, victims: dict[str, list[int]]) -> None:
    with ThreadPoolExecutor(CALLERS) as callers:
        work = [
            callers.submit(_work, ledger, wires[number % len(wires)], number, victims)
            for number in range(calls)
        ]
        for done in work:
            done.result()


def _report(ledger: Ledger, faults: Faults, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n  faults: {dict(faults.met.most_common())}")
        print(f"  outcomes: {dict(sorted(ledger.outcomes.items()))}")
        print(f"  longest call: {ledger.longest:.1f} s")


def test_nothing_twice_nothing_lost(
    faulty: tuple[HttpServer, Faults],
    boss: Person,
    odoo: Odoo,
    mark: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Mixed calls of several callers over a way that fails for every eighth request."""
    server, faults = faulty
    ledger = Ledger(mark)
    victims = _victims(ledger, odoo, CALLS // 3)
    try:
        _run(ledger, [HttpWire(server.url, boss.authorization)], CALLS, victims)
        _report(ledger, faults, capsys)
        assert not ledger.strange, "\n".join(ledger.strange[:10])
        assert ledger.longest < PATIENCE, "a call hung past its deadline"
        assert sum(ledger.outcomes.values()) == CALLS
        assert len(faults.met) >= 10, "not every kind of fault was met"
        assert server.process.poll() is None, server.log
        assert "a call ended with a fault" not in server.log
        _check(ledger, odoo)
    finally:
        _clean(ledger, odoo)


def test_restarts_in_the_middle_lose_and_repeat_nothing(
    faulty: tuple[HttpServer, Faults],
    boss: Person,
    odoo: Odoo,
    mark: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Odoo and its PostgreSQL are restarted while calls come in."""
    server, faults = faulty
    ledger = Ledger(mark)
    victims = _victims(ledger, odoo, CALLS // 6)
    failed: list[BaseException] = []
    begun = Event()

    def restarts() -> None:
        try:
            begun.wait(30)
            restart(postgres=True)
            restart()
        except BaseException as error:  # reported by the test's own thread
            failed.append(error)

    restarting = Thread(target=restarts)
    restarting.start()
    try:
        wire = HttpWire(server.url, boss.authorization)
        wire.call("odoo_count", model=TAG).ok()
        begun.set()
        number = 0
        while restarting.is_alive() or number < CALLS // 6:
            with ThreadPoolExecutor(CALLERS) as callers:
                list(
                    callers.map(
                        lambda n: _work(ledger, wire, n, victims),
                        range(number, number + CALLERS * 4),
                    )
                )
            number += CALLERS * 4
            if not victims["update"] or not victims["delete"]:
                break
        restarting.join(120)
        if failed:
            raise failed[0]
        _report(ledger, faults, capsys)
        assert not ledger.strange, "\n".join(ledger.strange[:10])
        assert ledger.longest < PATIENCE
        assert server.process.poll() is None, server.log
        assert wire.call("odoo_count", model=TAG).structured["count"] > 0, "it is back by itself"
        _check(ledger, odoo)
    finally:
        restarting.join(120)
        with suppress(Exception):
            _clean(ledger, odoo)
