"""Restarts of the local Odoo and of its PostgreSQL, where it is ours."""

from __future__ import annotations

import os
import subprocess

import pytest

SECONDS = 120.0


def restart(*, postgres: bool = False) -> None:
    """Stops Odoo, or PostgreSQL under it, and starts it again; skips where it is not ours."""
    program = os.environ.get("BUTOPEA_XTASK")
    if not program:
        pytest.skip("this Odoo is not ours to restart")
    options = ["--postgres"] if postgres else []
    subprocess.run(
        [program, "odoo", "restart", *options],
        check=True,
        timeout=SECONDS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
