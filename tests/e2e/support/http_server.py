"""The server as a process that serves many users over HTTP."""

from __future__ import annotations

import base64
import signal
import subprocess
import tempfile
import urllib.parse
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from support.waiting import wait_until

START_SECONDS = 30.0


def basic(login: str, password: str) -> str:
    """The `Authorization` header of a login with its password."""
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def bearer(key: str) -> str:
    """The `Authorization` header of an API key."""
    return f"Bearer {key}"


class HttpServer:
    """A process that listens on a free port of the loopback address. Use it as a context manager.

    Standard error goes to a file, so a loud log never holds the process up.
    """

    def __init__(
        self,
        binary: Path,
        env: Mapping[str, str],
        args: Sequence[str] = (),
        address: str = "127.0.0.1:0",
    ) -> None:
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._address_file = folder / "address"
        self._log_file = folder / "log"
        log = self._stack.enter_context(self._log_file.open("wb"))
        where = ["--http", address, "--http-address-file", str(self._address_file)]
        self.process = subprocess.Popen(
            [str(binary), *where, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(env),
        )

    def wait_ready(self) -> HttpServer:
        """Waits until it listens.

        Raises:
            RuntimeError: It ended instead.
        """

        def listens() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at its start: {self.log}")
            return self._address_file.exists()

        wait_until(listens, "the server to listen", START_SECONDS)
        return self

    def __enter__(self) -> HttpServer:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()
        self._stack.close()

    @property
    def url(self) -> str:
        """The MCP endpoint."""
        return self._address_file.read_text("utf-8")

    @property
    def port(self) -> int:
        """The port that was chosen."""
        port = urllib.parse.urlsplit(self.url).port
        assert port
        return port

    @property
    def log(self) -> str:
        """All of standard error so far."""
        return self._log_file.read_text("utf-8", "replace")

    def ask_to_stop(self, name: str = "SIGTERM") -> None:
        """Sends a signal."""
        self.process.send_signal(signal.Signals[name])

    def wait(self, seconds: float) -> int:
        """The exit code, when the process ends within `seconds`."""
        return self.process.wait(seconds)
