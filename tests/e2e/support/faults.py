"""Faults of the way to Odoo, drawn from a seed."""

from __future__ import annotations

import json
import random
from collections import Counter
from threading import Lock

from support.gateway import (
    Delay,
    Drip,
    Fault,
    LoseAnswer,
    Refuse,
    Reply,
    Seen,
    Truncate,
)

SESSION_EXPIRED = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": None,
        "error": {
            "code": 100,
            "message": "Odoo Session Expired",
            "data": {"name": "odoo.http.SessionExpiredException", "message": "Session expired"},
        },
    }
).encode()


class Faults:
    """A rule for a gateway: some requests meet a fault, and each kind is counted.

    Requests come in any order, so the kinds are drawn by their number: a run with the same
    seed and the same number of requests has the same faults.
    """

    def __init__(self, seed: int, share: float, too_late: float) -> None:
        """`share` of the requests meet a fault; after `too_late` seconds nobody waits any more."""
        self._random = random.Random(seed)
        self._share = share
        self._lock = Lock()
        self.met: Counter[str] = Counter()
        self._kinds: list[tuple[str, int, Fault]] = [
            ("reset before", 20, Refuse()),
            ("reset after", 20, LoseAnswer()),
            ("truncated", 15, Truncate()),
            ("delayed", 10, Delay(0.3)),
            ("slow bytes", 10, Drip(0.05)),
            ("502", 8, Reply(502, b"<html>Bad Gateway</html>")),
            ("503", 8, Reply(503, b"<html>Busy</html>", retry_after="1")),
            ("429", 4, Reply(429, b"<html>Too many</html>", retry_after="1")),
            ("504", 3, Reply(504, b"<html>Gateway Timeout</html>")),
            ("session expired", 10, Reply(200, SESSION_EXPIRED, "application/json")),
            ("never answered", 1, Delay(too_late)),
        ]

    def __call__(self, seen: Seen) -> Fault | None:
        """The fault of the next request, if it meets one."""
        if not seen.path.startswith("/mcp/"):
            return None
        with self._lock:
            if self._random.random() >= self._share:
                return None
            weights = [weight for _, weight, _ in self._kinds]
            name, _, fault = self._random.choices(self._kinds, weights)[0]
            self.met[name] += 1
            return fault
