"""The call of `/mcp` that this thread works on, for code of the ORM that has to know.

Odoo's own request would do, too, but asking its proxy costs more, and the ORM
asks at each check of rights.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

_local = threading.local()


class Call:
    """One request: what the audit log says of it, and the policy that holds for it."""

    def __init__(self, route: str, uid: int, address: str) -> None:
        self.route = route
        self.uid = uid
        self.address = address
        self.started = time.monotonic()
        self.model: str | None = None
        self.operation: str | None = None
        self.method: str | None = None
        self.ids: list[int] = []
        self.fields: list[str] = []
        # The `CompiledRules`; none before the caller is let in.
        self.rules: Any = None
        # Which calls are written down: "changes", "all" or nothing.
        self.audit: str | None = None

    @property
    def milliseconds(self) -> int:
        return round((time.monotonic() - self.started) * 1000)


def current() -> Call | None:
    """The call that runs in this thread."""
    return getattr(_local, "call", None)


@contextlib.contextmanager
def running(call: Call) -> Iterator[None]:
    """`call` runs in this thread."""
    _local.call = call
    try:
        yield
    finally:
        _local.call = None


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """What runs inside describes models, and is not what the call asks for.

    To make a view, Odoo reads records that no caller gets to see.
    """
    call = current()
    _local.call = None
    try:
        yield
    finally:
        _local.call = call
