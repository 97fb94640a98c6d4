"""Waiting for something to become true, with a deadline: the one place where tests wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

_T = TypeVar("_T")
_INTERVAL_SECONDS = 0.02


def wait_until(probe: Callable[[], _T | None], what: str, seconds: float = 20.0) -> _T:
    """The first answer of `probe` that is true (not `None`, `False` or empty).

    Raises:
        TimeoutError: There was none within `seconds`.
    """
    deadline = time.monotonic() + seconds
    pause = Event()
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        pause.wait(_INTERVAL_SECONDS)
