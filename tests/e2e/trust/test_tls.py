"""TLS to Odoo: what is verified, whose authorities count, and the way through a proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import StartProcess
from support.odoo import Odoo
from support.people import Person
from support.stdio import StdioServer
from support.tls import Authority, ConnectProxy, TlsFront

HOST = "odoo.e2e.test"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority of the company's own."""
    return Authority(tmp_path, "company")


def connect(
    start_process: StartProcess, person: Person, url: str, *args: str, **env: str
) -> tuple[StdioServer, dict]:
    """Starts a server for this address and asks for something."""
    server = start_process(person.env | {"ODOO_URL": url} | env, *args)
    server.handshake()
    return server, server.answer(server.call("odoo_capabilities", {}), 30)["result"]


def refusal(answer: dict) -> str:
    """Why it was refused."""
    assert answer.get("isError"), answer
    error = answer["structuredContent"]["error"]
    assert error["kind"] == "unreachable"
    return " ".join([error["message"], *error["hints"]])


def test_an_authority_of_the_company_is_trusted_when_it_is_named(
    start_process: StartProcess, admin: Person, odoo: Odoo, authority: Authority
) -> None:
    """By option or by variable; a session works over it."""
    with TlsFront(odoo.url, authority.sign("localhost")) as front:
        url = f"https://localhost:{front.port}"
        server, answer = connect(start_process, admin, url, "--ca-file", str(authority.file))
        assert answer["structuredContent"]["user"]["login"] == admin.login
        found = server.answer(server.call("odoo_count", {"model": "res.users"}))
        assert found["result"]["structuredContent"]["count"] > 0
        _, answer = connect(start_process, admin, url, ODOO_CA_FILE=str(authority.file))
        assert not answer.get("isError"), answer


def test_an_unknown_authority_is_refused(
    start_process: StartProcess, admin: Person, odoo: Odoo, authority: Authority, tmp_path: Path
) -> None:
    """The error names the option; not a byte of a request went out."""
    other = Authority(tmp_path, "other")
    with TlsFront(odoo.url, authority.sign("localhost")) as front:
        url = f"https://localhost:{front.port}"
        _, answer = connect(start_process, admin, url)
        said = refusal(answer)
        assert "ODOO_CA_FILE (--ca-file)" in said
        assert "authority" in said
        _, answer = connect(start_process, admin, url, "--ca-file", str(other.file))
        assert "ODOO_CA_FILE (--ca-file)" in refusal(answer)
        assert front.trusted_by == 0


def test_who_names_an_authority_trusts_no_other(
    start_process: StartProcess, admin: Person, odoo: Odoo, authority: Authority, tmp_path: Path
) -> None:
    """Those of the system count where none is named, and do not beside one that is."""
    other = Authority(tmp_path, "other")
    system = {"SSL_CERT_FILE": str(authority.file)}
    with TlsFront(odoo.url, authority.sign("localhost")) as front:
        url = f"https://localhost:{front.port}"
        _, answer = connect(start_process, admin, url, "--ca-file", str(other.file), **system)
        assert "ODOO_CA_FILE (--ca-file)" in refusal(answer)
        assert front.trusted_by == 0
        _, answer = connect(start_process, admin, url, **system)
        assert not answer.get("isError"), answer


@pytest.mark.parametrize(
    ("host", "since", "until", "why"),
    [
        (HOST, -1, 30, "not valid for name"),
        ("localhost", -30, -1, "expired"),
        ("localhost", 1, 30, "not valid yet"),
    ],
    ids=["wrong-host", "expired", "too-early"],
)
def test_a_wrong_certificate_is_refused(
    start_process: StartProcess,
    admin: Person,
    odoo: Odoo,
    authority: Authority,
    host: str,
    since: int,
    until: int,
    why: str,
) -> None:
    """Also one that a trusted authority has signed."""
    certificate = authority.sign(host, since=since, until=until)
    with TlsFront(odoo.url, certificate) as front:
        url = f"https://localhost:{front.port}"
        _, answer = connect(start_process, admin, url, "--ca-file", str(authority.file))
        said = refusal(answer)
        assert why in said
        assert "Certificates are always verified" in said
        assert front.trusted_by == 0


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\x00\xff"])
def test_a_file_of_no_certificates_is_an_error(
    start_process: StartProcess, admin: Person, tmp_path: Path, content: bytes | None
) -> None:
    """Nothing is sent with the system's authorities instead."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    server = start_process(admin.env, "--ca-file", str(file))
    server.handshake()
    answer = server.answer(server.call("odoo_capabilities", {}))["result"]
    error = answer["structuredContent"]["error"]
    assert error["kind"] == "configuration"
    assert str(file) in error["message"]
    assert "--ca-file" in " ".join(error["hints"])


def test_plain_http_to_another_machine_is_warned_about(
    start_process: StartProcess, admin: Person
) -> None:
    """Once, at the start; loopback addresses are not."""
    for url, is_warned in (("http://odoo.e2e.invalid", True), (admin.env["ODOO_URL"], False)):
        server = start_process(admin.env | {"ODOO_URL": url})
        server.handshake()
        server.close_stdin()
        assert server.wait(20) == 0
        assert server.stderr.count("without TLS") == int(is_warned)


def test_a_proxy_is_used_where_it_is_wanted(
    start_process: StartProcess, admin: Person, odoo: Odoo, authority: Authority
) -> None:
    """The proxy resolves the name and sees a tunnel alone: neither cookie nor password."""
    with (
        TlsFront(odoo.url, authority.sign(HOST, "localhost")) as front,
        ConnectProxy(front.port) as proxy,
    ):
        env = {
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
            "ODOO_CA_FILE": str(authority.file),
        }
        _, answer = connect(start_process, admin, f"https://{HOST}", **env)
        assert answer["structuredContent"]["user"]["login"] == admin.login
        assert set(proxy.asked_for) == {f"{HOST}:443"}
        seen = b"".join(proxy.heads)
        assert b"session_id" not in seen
        assert b"authorization" not in seen.lower()
        # A host that needs none: the name that only the proxy knows is not found then.
        tunnels = len(proxy.asked_for)
        _, answer = connect(start_process, admin, f"https://{HOST}", NO_PROXY=HOST, **env)
        assert "cannot be reached" in refusal(answer)
        url = f"https://localhost:{front.port}"
        _, answer = connect(start_process, admin, url, NO_PROXY="localhost", **env)
        assert not answer.get("isError"), answer
        assert len(proxy.asked_for) == tunnels


def test_a_proxy_that_is_gone_is_not_passed_by(
    start_process: StartProcess, admin: Person, odoo: Odoo, authority: Authority
) -> None:
    """No direct connection takes its place."""
    with TlsFront(odoo.url, authority.sign("localhost")) as front:
        with ConnectProxy(front.port) as proxy:
            port = proxy.port
        env = {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "ODOO_CA_FILE": str(authority.file)}
        _, answer = connect(start_process, admin, f"https://localhost:{front.port}", **env)
        assert "cannot be reached" in refusal(answer)
        assert front.trusted_by == 0
