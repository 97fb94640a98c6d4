"""Clients that we did not write: the library `mcp` in its versions, over both transports.

`test_fastmcp.py` has another one, in an environment of its own.
"""

from __future__ import annotations

import secrets
import traceback

import pytest
from conftest import StartServer, both_transports, over_http
from support.http_server import HttpServer, basic, bearer
from support.mcp_client import IS_LINE_1, ProtocolError
from support.people import Person
from support.records import Records
from support.rounds import work_through
from support.transports import HttpMcpClient

# How the library finds the protocol version, and which it finds; line 1 has one way.
VERSIONS = {None: "2025-11-25"} if IS_LINE_1 else {None: "2026-07-28", "legacy": "2025-11-25"}


@both_transports
@pytest.mark.parametrize("mode", VERSIONS)
def test_a_client_gets_its_work_done(
    start_server: StartServer, boss: Person, records: Records, mark: str, mode: str | None
) -> None:
    """It finds the protocol version that both speak, and all that the tools promise."""
    client = start_server(boss, mode=mode)
    assert client.protocol_version == VERSIONS[mode]
    work_through(client, boss, records, mark)


@over_http
@pytest.mark.parametrize("mode", VERSIONS)
def test_a_client_with_a_session(
    start_server: StartServer, boss: Person, records: Records, mark: str, mode: str | None
) -> None:
    """The same where the server keeps sessions for older versions."""
    client = start_server(boss, "--http-sessions", mode=mode)
    work_through(client, boss, records, mark)


def test_a_client_with_a_key(
    http_server: HttpServer, boss: Person, records: Records, mark: str
) -> None:
    """A user's API key, as a client's configuration holds it."""
    key = boss.odoo.make_api_key("e2e clients")
    try:
        with HttpMcpClient(http_server, bearer(key)) as client:
            work_through(client, boss, records, mark)
    finally:
        boss.odoo.remove_api_keys()


@pytest.mark.parametrize("mode", VERSIONS)
def test_a_client_with_a_wrong_key(http_server: HttpServer, mode: str | None) -> None:
    """A client that is refused fails at its start, and where it shows the reason, it helps."""
    for authorization in (None, bearer(secrets.token_hex(20)), basic("nobody@e2e.test", "x")):
        with pytest.raises(Exception) as refused:  # noqa: PT011 (line 1 raises groups of errors)
            HttpMcpClient(http_server, authorization, mode=mode).__enter__()
        said = "".join(traceback.format_exception(refused.value))
        assert ("401" if IS_LINE_1 else "Authorization: Bearer <Odoo API key>") in said


def test_two_clients_are_two_users(http_server: HttpServer, boss: Person, clerk: Person) -> None:
    """Clients of one server at one time, each with what its own user may see."""
    with (
        HttpMcpClient(http_server, boss.authorization) as one,
        HttpMcpClient(http_server, clerk.authorization) as other,
    ):
        for client, person in ((one, boss), (other, clerk), (one, boss)):
            assert client.ok("odoo_capabilities").structured["user"]["id"] == person.uid
        assert set(other.tool_names()) < set(one.tool_names())
        with pytest.raises(ProtocolError, match="did you mean odoo_read"):
            other.call("odoo_raed")
