"""The local Odoo as its owner has it: restarts of it and of its PostgreSQL, and its files."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest

SECONDS = 120.0


def _xtask(*arguments: str) -> str:
    """Runs `cargo xtask odoo …`; skips where the Odoo under test is not ours."""
    program = os.environ.get("BUTOPEA_XTASK")
    if not program:
        pytest.skip("this Odoo is not ours to restart")
    done = subprocess.run(
        [program, "odoo", *arguments],
        check=True,
        timeout=SECONDS,
        capture_output=True,
    )
    return done.stdout.decode()


def restart(*, postgres: bool = False) -> None:
    """Stops Odoo, or PostgreSQL under it, and starts it again."""
    _xtask("restart", *(["--postgres"] if postgres else []))


def session_folder() -> Path:
    """Where Odoo keeps its sessions, a file for each (`odoo/http.py`, FilesystemSessionStore)."""
    return Path(json.loads(_xtask("status", "--json"))["folder"]) / "data" / "sessions"


def sessions_of(folder: Path, uids: Collection[int]) -> int:
    """How many sessions are of these users."""
    found = 0
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        try:
            session = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue  # Odoo removes or writes it right now.
        found += session.get("uid") in uids
    return found
