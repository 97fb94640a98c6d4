"""The memory of the server, which holds passwords and keys, stays with it (Linux)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import StartHttp, StartProcess
from support.people import Person

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone")

NOBODY = 65534


def limits_of(pid: int) -> list[str]:
    """The line of `/proc/PID/limits` about core dumps, in words."""
    text = Path(f"/proc/{pid}/limits").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("Max core file size")]
    return line.split()


def assert_protected(pid: int) -> None:
    """No dump is written; what shows the memory belongs to root, whoever runs the server."""
    assert limits_of(pid)[4:6] == ["0", "0"]
    for name in ("mem", "environ", "maps"):
        assert Path(f"/proc/{pid}/{name}").stat().st_uid == 0


def test_no_core_dump_is_written(
    start_process: StartProcess, start_http: StartHttp, admin: Person
) -> None:
    """In both kinds of server."""
    server = start_process(admin.env)
    server.handshake()
    assert limits_of(server.process.pid)[4:6] == ["0", "0"]
    assert limits_of(start_http().process.pid)[4:6] == ["0", "0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be another user")
def test_other_programs_of_the_user_cannot_read_the_memory(
    binary: Path, admin: Person, tmp_path: Path
) -> None:
    """As nobody: another program of nobody can read neither memory nor variables."""
    program = tmp_path / "server"
    program.write_bytes(binary.read_bytes())
    program.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    server = subprocess.Popen(
        [str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=admin.env | {"ODOO_DATA_DIR": "/nonexistent"},
        user=NOBODY,
        group=NOBODY,
        cwd="/",
    )
    try:
        assert server.stdin
        assert server.stdout
        server.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        server.stdin.flush()
        assert server.stdout.readline()
        assert_protected(server.pid)
        for name in ("mem", "environ"):
            seen = subprocess.run(
                ["head", "-c1", f"/proc/{server.pid}/{name}"],
                user=NOBODY,
                group=NOBODY,
                capture_output=True,
                check=False,
            )
            assert seen.returncode != 0
            assert b"Permission denied" in seen.stderr
    finally:
        server.kill()
        server.wait()
