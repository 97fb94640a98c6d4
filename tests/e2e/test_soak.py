"""Sixteen callers for a long time, over HTTP: nothing grows, nothing is left over, nothing fails
but what is cut off.

`cargo xtask test` runs it for ten minutes beside other steps, on an Odoo of its own, as it
restarts that; `BUTOPEA_SOAK_SECONDS` says for how long, `BUTOPEA_SOAK_PAUSE` how many seconds a
caller waits between two calls on average.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from statistics import median
from threading import Event

import pytest
from conftest import StartHttp
from support.crowd import Crowd, CrowdMaker
from support.http_wire import HttpWire
from support.odoo import Odoo
from support.people import People
from support.restarts import restart, session_folder, sessions_of
from support.soak import Caller, Cuts, Sample, Tally, Watch
from support.waiting import wait_until

SECONDS = float(os.environ.get("BUTOPEA_SOAK_SECONDS", "600"))
SEED = os.environ.get("BUTOPEA_SOAK_SEED", "20261128")
CALLERS = 16
# Three for each caller, so that one who comes back was signed out meanwhile.
USERS = 3 * CALLERS
PAUSE = float(os.environ.get("BUTOPEA_SOAK_PAUSE", "0.3"))
# Seconds for which a caller works as the same user, and after which that one is signed out.
STAY = 20.0
IDLE = 15
WARM_UP = 0.3
SPANS = 7
# How far memory may be from its middle after the warm-up.
FLAT = 0.10


@pytest.fixture
def crowd(odoo: Odoo) -> Iterator[Crowd]:
    """The users who come and go."""
    maker = CrowdMaker(odoo)
    try:
        yield maker.make(USERS)
    finally:
        maker.remove()


def _joins_and_leaves(url: str, odoo: Odoo, people: People, cuts: Cuts) -> None:
    """Somebody starts to work here, and is archived: from then on nothing is theirs."""
    begin = time.monotonic()
    person = people.make("joiner", ["base.group_user"])
    wire = HttpWire(url, person.authorization)
    count = {"model": "res.users", "domain": [["id", "=", person.uid]]}
    came = wire.call("odoo_count", **count)
    assert came.status == 200 or cuts.touch(begin, time.monotonic()), came.text
    odoo.write("res.users", [person.uid], {"active": False})
    left = wire.call("odoo_count", **count)
    is_out = left.status == 401 or bool(left.message.get("result", {}).get("isError"))
    assert is_out or cuts.touch(begin, time.monotonic()), left.text


def _curve(watch: Watch, begin: float) -> list[tuple[float, Sample]]:
    """The middle of each span of the time after the warm-up."""
    length = (SECONDS - begin) / SPANS
    spans = [begin + number * length for number in range(SPANS + 1)]
    return [
        (start, sorted(watch.between(start, end), key=lambda sample: sample.resident)[n // 2])
        for start, end in pairwise(spans)
        if (n := len(watch.between(start, end)))
    ]


def _report(watch: Watch, tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    step = max(1, len(watch.samples) // 20)
    with capsys.disabled():
        print(f"\n  {tally.calls} calls: {dict(tally.outcomes.most_common())}")
        print("      s   MiB  threads  files  sessions in Odoo")
        for sample in watch.samples[::step]:
            print(
                f"  {sample.at:5.0f} {sample.resident / 1024:5.1f}  {sample.threads:7}"
                f"  {sample.files:5}  {sample.odoo_sessions:5}"
            )


def test_a_long_day(
    start_http: StartHttp,
    odoo: Odoo,
    crowd: Crowd,
    people: People,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Mixed calls of users who come and go, while Odoo is restarted twice."""
    sessions, uids = session_folder(), {member.uid for member in crowd.members}
    server = start_http(
        *("--http-sessions", "--user-idle", str(IDLE), "--max-users", str(USERS // 2)),
        *("--rate-limit", "100000", "--failed-sign-ins", "100000"),
        env={"CONFIRM": "auto"},
    )
    stop, cuts, watch = Event(), Cuts(), Watch(server)
    tally = Tally(cuts)
    idle = watch.look()
    with ThreadPoolExecutor(CALLERS + 1) as threads:
        work = [
            threads.submit(
                Caller(server, tally, crowd.members[number::CALLERS], f"{SEED} {number}").run,
                *(stop, PAUSE, STAY),
            )
            for number in range(CALLERS)
        ]
        work.append(threads.submit(watch.run, stop, max(0.5, SECONDS / 600)))
        try:
            restarts = [SECONDS * 0.45, SECONDS * 0.75]
            while (now := time.monotonic() - watch.started) < SECONDS:
                if restarts and now >= restarts[0]:
                    restarts.pop(0)
                    cuts.during(restart)
                else:
                    _joins_and_leaves(server.url, odoo, people, cuts)
                stop.wait(min(10.0, SECONDS / 60))
                assert server.process.poll() is None, server.log
        finally:
            stop.set()
        for done in work:
            done.result()
    _report(watch, tally, capsys)
    assert not tally.strange, f"{len(tally.strange)}: " + "\n".join(tally.strange[:10])
    assert len(cuts.spans) == 2
    assert tally.outcomes["cut off"] > 0, "the restarts were not noticed"
    assert "a call ended with a fault" not in server.log
    assert "panicked" not in server.log

    # Everybody is gone: what was held for them is given back, here and in Odoo.
    wait_until(lambda: watch.look().odoo_sessions == 0, "the end of all sessions", 4 * IDLE)
    wait_until(lambda: not sessions_of(sessions, uids), "their end in Odoo", 4 * IDLE)
    wait_until(lambda: watch.look().files <= idle.files + 10, "the files to be closed", 60)

    curve = _curve(watch, WARM_UP * SECONDS)
    assert len(curve) == SPANS
    middle = median(sample.resident for _, sample in curve)
    for start, sample in curve:
        assert abs(sample.resident - middle) <= FLAT * middle, (
            f"{sample.resident} KiB from {start:.0f} s on, {middle:.0f} KiB in the middle"
        )
