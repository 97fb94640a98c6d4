"""The server's log of changes: complete, without values, and no change without a line."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import StartHttp, StartProcess, StartServer
from support.gateway import Gateway, Hold, LoseAnswer, Refuse, Seen
from support.http_wire import HttpWire
from support.mcp_client import IS_LINE_1
from support.odoo import Odoo
from support.people import Person
from support.records import Records
from support.refusal import assert_refused

TAG = "res.partner.category"
PARTNER = "res.partner"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the log is to be."""
    return tmp_path / "audit.jsonl"


def lines(log: Path) -> list[dict[str, Any]]:
    """What it says."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def ended(log: Path) -> list[tuple[str, str, str]]:
    """Model, method and outcome of every call that is over."""
    return [
        (line["model"], line["method"], line["outcome"])
        for line in lines(log)
        if line["event"] == "ended"
    ]


def test_every_kind_of_change_has_its_lines(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str, log: Path
) -> None:
    """Generic and typed tools, methods, the chatter; asked before and ended after."""
    client = start_server(admin, "--audit-log", str(log))
    made = client.ok("odoo_create", model=TAG, values={"name": mark}).structured["id"]
    records.adopt(TAG, made)
    client.ok("odoo_update", model=TAG, id=made, values={"name": f"{mark} 2", "color": 3})
    client.ok("odoo_execute", model=TAG, method="action_archive", ids=[made])
    client.ok("odoo_execute", model=TAG, method="write", ids=[made], args=[{"active": True}])
    partner = client.ok("res_partner_create", values={"name": mark}).structured["id"]
    records.adopt(PARTNER, partner)
    posted = client.ok("odoo_post", model=PARTNER, id=partner, body=f"{mark} secret").structured
    copied = client.ok("odoo_execute", model=TAG, method="copy", ids=[made]).structured["result"]
    client.ok("odoo_delete", model=TAG, id=made)
    for copy in copied["ids"]:
        records.adopt(TAG, copy)
    expected = [
        (TAG, "create"),
        (TAG, "write"),
        (TAG, "action_archive"),
        (TAG, "write"),
        (PARTNER, "create"),
        (PARTNER, "message_post"),
        (TAG, "copy"),
        (TAG, "unlink"),
    ]
    said = lines(log)
    assert [line["event"] for line in said] == ["asked", "ended"] * len(expected)
    assert ended(log) == [(*change, "ok") for change in expected]
    for before, after in zip(said[::2], said[1::2], strict=True):
        for line in (before, after):
            assert MOMENT.fullmatch(line["time"])
            assert (line["login"], line["uid"]) == (admin.login, odoo.uid)
            assert line["host"] == urlsplit(odoo.url).netloc
            assert line["database"] == odoo.database
            assert line["consent"] == "off"
        assert before["idempotency_key"] == after["idempotency_key"]
        assert after["duration_ms"] >= 0
    create, update, _archive, write, _, post, copy, delete = said[1::2]
    assert create["created"] == {"model": TAG, "ids": [made]}
    assert create["fields"] == ["name"]
    assert (update["ids"], update["fields"]) == ([made], ["color", "name"])
    assert write["fields"] == ["active"]
    assert post["created"] == {"model": "mail.message", "ids": [posted["message_id"]]}
    assert post["ids"] == [partner]
    assert copy["created"] == {"model": TAG, "ids": copied["ids"]}
    assert delete["ids"] == [made]
    assert mark not in log.read_text()


def test_reads_have_no_lines(
    start_server: StartServer, admin: Person, odoo: Odoo, log: Path
) -> None:
    """Neither tools that read nor methods that do, also when they fail."""
    client = start_server(admin, "--audit-log", str(log))
    client.ok("odoo_search", model=TAG)
    client.ok("odoo_execute", model=TAG, method="search_count", args=[[]])
    assert client.call("odoo_execute", model=TAG, method="read", args=[["nmae"]]).is_error
    assert client.call("odoo_read", model=TAG, id=99_999_999).is_error
    assert lines(log) == []
    assert odoo.uid


def test_what_never_reaches_odoo_is_logged_as_refused(
    start_server: StartServer, admin: Person, log: Path
) -> None:
    """Wrong, closed, read-only: one line, with the kind."""
    args = ("--audit-log", str(log), "--deny-models", "res.country")
    client = start_server(admin, *args)
    confidential = secrets.token_hex(8)
    # What stands in the place of a name may be a value, too.
    values = {"nmae": confidential, f"Note: {confidential}": 1}
    assert client.call("odoo_create", model=TAG, values=values).is_error
    assert client.call("odoo_update", model="res.country", id=1, values={"name": "x"}).is_error
    assert client.call("odoo_delete", model=TAG, id=99_999_999).is_error
    client = start_server(admin, "--audit-log", str(log), "--read-only")
    assert client.call("odoo_delete", model=TAG, ids=[1, 2]).is_error
    assert client.call("res_partner_update", id=7, values={"name": confidential}).is_error
    assert [line["event"] for line in lines(log)] == ["ended"] * 5
    said = [(line["model"], line["method"], line["error"]) for line in lines(log)]
    assert said == [
        (TAG, "create", "invalid_call"),
        ("res.country", "write", "access_denied"),
        (TAG, "unlink", "missing_record"),
        (TAG, "unlink", "access_denied"),
        (PARTNER, "write", "access_denied"),
    ]
    assert {line["outcome"] for line in lines(log)} == {"refused"}
    assert {line["login"] for line in lines(log)} == {admin.login}
    assert lines(log)[3]["ids"] == [1, 2]
    assert confidential not in log.read_text()


def test_what_odoo_refuses_has_failed(
    start_server: StartServer, admin: Person, records: Records, mark: str, log: Path
) -> None:
    """It was sent, and both lines say so."""
    parent = records.make(TAG, name=mark)
    child = records.make(TAG, name=f"{mark} child", parent_id=parent)
    client = start_server(admin, "--audit-log", str(log))
    values = {"parent_id": child}
    assert client.call("odoo_update", model=TAG, id=parent, values=values).is_error
    before, after = lines(log)
    assert before["event"] == "asked"
    assert (after["outcome"], after["error"]) == ("failed", "validation")


@pytest.mark.skipif(IS_LINE_1, reason="the client library of this line cannot choose")
def test_consent_is_logged(
    start_server: StartServer, admin: Person, records: Records, mark: str, log: Path
) -> None:
    """A question that is declined, one that is accepted, and a token."""
    tag = records.make(TAG, name=mark, color=0)
    answers = ["decline", "accept"]
    env: dict[str, str | None] = {"CONFIRM": "auto", "AUDIT_LOG": str(log)}
    client = start_server(admin, env=env, mode="legacy", user=lambda _question: answers.pop(0))
    change = {"model": TAG, "id": tag, "values": {"color": 5}}
    assert_refused(client.call("odoo_update", **change), "declined")
    client.ok("odoo_update", **change)
    client = start_server(admin, env=env | {"CONFIRM": "token"})
    offer = client.ok("odoo_update", **change | {"values": {"color": 6}}).structured
    client.ok("odoo_update", **change | {"values": {"color": 6}, "confirm": offer["confirm"]})
    said = [(line["event"], line["consent"], line.get("outcome")) for line in lines(log)]
    assert said == [
        ("ended", "elicitation", "declined"),
        ("asked", "elicitation", None),
        ("ended", "elicitation", "ok"),
        ("ended", "token", "confirmation_required"),
        ("asked", "token", None),
        ("ended", "token", "ok"),
    ]
    assert offer["confirm"] not in log.read_text()


@pytest.mark.demo
@pytest.mark.needs("crm.lead")
def test_a_dialogue_is_logged(
    start_server: StartServer, admin: Person, records: Records, mark: str, log: Path
) -> None:
    """The button in it; the one that opens it changes nothing."""
    lead = records.make("crm.lead", name=mark, type="opportunity")
    client = start_server(admin, "--audit-log", str(log))
    press = {"model": "crm.lead", "ids": [lead], "method": "crm.crm_lead_lost_action"}
    handle = client.ok("odoo_execute", **press).structured["wizard"]["handle"]
    lost = {"model": "crm.lead.lost", "method": "action_lost_reason_apply", "wizard": handle}
    client.ok("odoo_execute", **lost)
    assert ended(log) == [("crm.lead.lost", "action_lost_reason_apply", "ok")]
    # The context of the dialogue names what it is about.
    assert "active_ids" in lines(log)[-1]["fields"]


# ------------------------------------------------------------------ the promise


def test_no_change_is_made_without_a_line(
    start_server: StartServer,
    admin: Person,
    odoo: Odoo,
    records: Records,
    gateway: Gateway,
    mark: str,
    log: Path,
) -> None:
    """The log breaks while the server runs: nothing reaches Odoo; mended, it goes on."""
    tag = records.make(TAG, name=mark, color=0)
    url = gateway.open().url
    client = start_server(admin, "--audit-log", str(log), env={"ODOO_URL": url})
    client.ok("odoo_capabilities")
    log.unlink()
    log.mkdir()
    change = {"model": TAG, "id": tag, "values": {"color": 7}}
    for name, arguments in {
        "odoo_update": change,
        "odoo_delete": {"model": TAG, "id": tag},
        "odoo_create": {"model": TAG, "values": {"name": f"{mark} none"}},
        "odoo_execute": {"model": TAG, "method": "action_archive", "ids": [tag]},
        "odoo_post": {
            "model": PARTNER,
            "id": odoo.read("res.users", odoo.uid, "partner_id")["partner_id"][0],
            "body": f"{mark} none",
        },
    }.items():
        refused = client.call(name, **arguments)
        assert_refused(refused, "configuration", "nothing was sent", "--audit-log")
    sent = [json.loads(seen.body)["params"] for seen in gateway.requests("/mcp/execute")]
    changes = {"write", "unlink", "create", "action_archive", "message_post"}
    assert not changes & {params["method"] for params in sent}
    client.ok("odoo_read", model=TAG, id=tag)
    assert odoo.read(TAG, tag, "color", "active") == {"id": tag, "color": 0, "active": True}
    log.rmdir()
    client.ok("odoo_update", **change)
    assert ended(log) == [(TAG, "write", "ok")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_stops_changes(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """A log that can be opened and takes nothing."""
    tag = records.make(TAG, name=mark, color=0)
    client = start_server(admin, "--audit-log", "/dev/full")
    refused = client.call("odoo_update", model=TAG, id=tag, values={"color": 7})
    assert_refused(refused, "configuration", "nothing was sent")
    assert odoo.read(TAG, tag, "color")["color"] == 0


def test_a_log_that_cannot_be_written_ends_the_start(
    start_process: StartProcess, admin: Person, tmp_path: Path
) -> None:
    """With a message that names the option."""
    os.mkfifo(tmp_path / "pipe")
    for wrong in (tmp_path, tmp_path / "none" / "audit.jsonl", tmp_path / "pipe"):
        server = start_process(admin.env, "--audit-log", str(wrong))
        assert server.wait(10) == 1
        assert str(wrong) in server.stderr
        assert "--audit-log" in server.stderr


@pytest.mark.parametrize("fault", [LoseAnswer(), Refuse()], ids=["lost", "refused"])
def test_a_change_whose_answer_is_lost_is_uncertain(
    start_server: StartServer,
    admin: Person,
    records: Records,
    gateway: Gateway,
    mark: str,
    log: Path,
    fault: Any,
) -> None:
    """Each time that it is sent."""
    tag = records.make(TAG, name=mark, color=0)

    def rule(seen: Seen) -> Any:
        return fault if b'"method":"write"' in seen.body else None

    gateway.rule = rule
    url = gateway.open().url
    client = start_server(admin, "--audit-log", str(log), env={"ODOO_URL": url})
    assert client.call("odoo_update", model=TAG, id=tag, values={"color": 7}).is_error
    before, after = lines(log)
    assert before["event"] == "asked"
    assert (after["outcome"], after["error"]) == ("uncertain", "uncertain")


def test_a_killed_server_leaves_the_line_that_it_asked(
    start_process: StartProcess, admin: Person, records: Records, gateway: Gateway, mark: str,
    log: Path,
) -> None:  # fmt: skip
    """So nothing that was sent is missing."""
    tag = records.make(TAG, name=mark, color=0)
    server = start_process(admin.env | {"ODOO_URL": gateway.open().url}, "--audit-log", str(log))
    server.handshake()
    server.answer(server.call("odoo_capabilities", {}))

    def rule(seen: Seen) -> None:
        if b'"method":"write"' in seen.body:
            server.process.kill()

    gateway.rule = rule
    server.call("odoo_update", {"model": TAG, "id": tag, "values": {"color": 7}})
    server.process.wait(20)
    (line,) = lines(log)
    assert (line["event"], line["method"], line["ids"]) == ("asked", "write", [tag])


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_a_server_that_ends_says_what_it_does_not_know(
    start_process: StartProcess, start_http: StartHttp, admin: Person, records: Records,
    gateway: Gateway, mark: str, log: Path, transport: str,
) -> None:  # fmt: skip
    """A change that is still with Odoo when the server has to stop has an end, too."""
    tag = records.make(TAG, name=mark, color=0)
    url, option = {"ODOO_URL": gateway.open().url}, ("--audit-log", str(log))
    sent, go_on = Event(), Event()

    def rule(seen: Seen) -> Hold | None:
        if b'"method":"write"' not in seen.body:
            return None
        sent.set()
        return Hold(go_on)

    gateway.rule = rule
    change = {"model": TAG, "id": tag, "values": {"color": 7}}
    with ThreadPoolExecutor(1) as threads:
        if transport == "stdio":
            process = start_process(admin.env | url, *option)
            process.handshake()
            process.call("odoo_update", change)
        else:
            process = start_http(*option, env=url)
            wire = HttpWire(process.url, admin.authorization)
            threads.submit(wire.call, "odoo_update", **change)
        assert sent.wait(20)
        process.process.terminate()
        process.process.wait(30)
        go_on.set()
    asked, ended = lines(log)
    assert (asked["event"], asked["method"], asked["ids"]) == ("asked", "write", [tag])
    assert (ended["event"], ended["outcome"]) == ("ended", "uncertain")
    assert ended["idempotency_key"] == asked["idempotency_key"]


# ------------------------------------------------------------------ the file


def test_the_file_is_its_owners_and_may_be_moved_away(
    start_server: StartServer, admin: Person, records: Records, mark: str, log: Path
) -> None:
    """As `logrotate` does it; one that was there is appended to and keeps its rights."""
    tag = records.make(TAG, name=mark, color=0)
    client = start_server(admin, "--audit-log", str(log))
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    client.ok("odoo_update", model=TAG, id=tag, values={"color": 1})
    old = log.with_suffix(".1")
    log.rename(old)
    client.ok("odoo_update", model=TAG, id=tag, values={"color": 2})
    assert (len(lines(old)), len(lines(log))) == (2, 2)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    log.chmod(0o640)
    client = start_server(admin, "--audit-log", str(log))
    client.ok("odoo_update", model=TAG, id=tag, values={"color": 3})
    assert len(lines(log)) == 4
    assert stat.S_IMODE(log.stat().st_mode) == 0o640


def test_standard_error_is_a_log_too(
    start_process: StartProcess, admin: Person, records: Records, mark: str
) -> None:
    """`--audit-log -`."""
    tag = records.make(TAG, name=mark, color=0)
    server = start_process(admin.env | {"AUDIT_LOG": "-"})
    server.handshake()
    server.answer(server.call("odoo_update", {"model": TAG, "id": tag, "values": {"color": 1}}))
    server.close_stdin()
    assert server.wait(20) == 0
    said = [json.loads(line) for line in server.stderr.splitlines() if line.startswith("{")]
    assert [line["event"] for line in said] == ["asked", "ended"]


@pytest.mark.users
def test_lines_of_many_users_and_processes_do_not_mix(
    start_http: StartHttp,
    admin: Person,
    boss: Person,
    records: Records,
    mark: str,
    log: Path,
) -> None:
    """Two servers, two users, one file: every line is whole and names its user."""
    tag = records.make(TAG, name=mark, color=0)
    args = ("--audit-log", str(log), "--rate-limit", "100000")
    servers = [start_http(*args) for _ in range(2)]
    clients = [
        HttpWire(server.url, person.authorization) for server in servers for person in (admin, boss)
    ]

    def work(number: int) -> None:
        client = clients[number % len(clients)]
        client.call("odoo_update", model=TAG, id=tag, values={"color": number % 10})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(48)))
    said = lines(log)
    assert len(said) == 96
    for event in ("asked", "ended"):
        for person in (admin, boss):
            mine = [line for line in said if line["login"] == person.login]
            assert sum(line["event"] == event for line in mine) == 24
