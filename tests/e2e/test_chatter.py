"""The chatter: read, written into, and what is to be done; Odoo itself confirms each step."""

from __future__ import annotations

import base64
import datetime
from typing import Any

import pytest
from conftest import Records, StartServer, both_transports
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import Person

pytestmark = [pytest.mark.needs("mail.activity"), both_transports]

PARTNER = "res.partner"
NOTE = base64.b64encode(b"hello").decode()


@pytest.fixture
def partner(records: Records, mark: str) -> int:
    """A contact that nobody has written about."""
    return records.make(PARTNER, name=mark, email=f"{mark}@e2e.test")


def last_message(odoo: Odoo, partner: int) -> dict[str, Any]:
    """The newest message of a contact, from the database."""
    domain = [["model", "=", PARTNER], ["res_id", "=", partner]]
    newest = odoo.ids("mail.message", domain, order="id desc", limit=1)[0]
    return odoo.read(
        "mail.message",
        newest,
        "body",
        "subject",
        "subtype_id",
        "partner_ids",
        "attachment_ids",
        "message_type",
    )


# ------------------------------------------------------------------ writing


def test_a_note_is_for_colleagues(server: McpClient, odoo: Odoo, partner: int) -> None:
    """By default, and everything in it is text: no element of the user's own comes through."""
    wrote = server.ok(
        "odoo_post", model=PARTNER, id=partner, body="Call **Ada** <img src=x>\n\n- one\n- two"
    )
    message = last_message(odoo, partner)
    assert wrote.structured["message_id"] == message["id"]
    assert wrote.structured["kind"] == "note"
    assert message["subtype_id"][0] == odoo.xml_id("mail.mt_note")
    assert message["message_type"] == "comment"
    assert message["body"] == (
        "<p>Call <strong>Ada</strong> &lt;img src=x&gt;</p><ul><li>one</li><li>two</li></ul>"
    )
    assert message["partner_ids"] == []


def test_a_message_reaches_who_is_named(
    server: McpClient, odoo: Odoo, records: Records, partner: int, mark: str
) -> None:
    """Contacts by exact name or id, with subject and file."""
    other = records.make(PARTNER, name=f"{mark} other", email=f"{mark}.other@e2e.test")
    wrote = server.ok(
        "odoo_post",
        model=PARTNER,
        id=partner,
        kind="message",
        subject=f"{mark} subject",
        body="Please see the file.",
        partner_ids=[f"{mark} other", partner],
        attachments=[{"name": "hello.txt", "content": NOTE}],
    )
    message = last_message(odoo, partner)
    assert message["subject"] == f"{mark} subject"
    assert message["subtype_id"][0] == odoo.xml_id("mail.mt_comment")
    assert set(message["partner_ids"]) == {partner, other}
    (file,) = message["attachment_ids"]
    assert wrote.structured["attachments"] == [f"odoo://ir.attachment/{file}/content"]
    stored = odoo.read("ir.attachment", file, "res_model", "res_id", "raw")
    assert (stored["res_model"], stored["res_id"]) == (PARTNER, partner)
    assert server.read(wrote.structured["attachments"][0])[0]["text"] == "hello"
    assert wrote.structured["resolved"][0]["value"] == other


def test_a_file_without_words(server: McpClient, odoo: Odoo, partner: int) -> None:
    """The file is attached to the record, and nothing is said."""
    before = last_message(odoo, partner)["id"]
    server.ok(
        "odoo_post",
        model=PARTNER,
        id=partner,
        attachments=[{"name": "a.txt", "content": NOTE}],
    )
    assert last_message(odoo, partner)["id"] == before
    domain = [["res_model", "=", PARTNER], ["res_id", "=", partner], ["name", "=", "a.txt"]]
    assert len(odoo.ids("ir.attachment", domain)) == 1


def test_a_message_that_odoo_refuses_leaves_no_file(
    server: McpClient, odoo: Odoo, partner: int
) -> None:
    """The file goes when the message does not come."""
    refused = server.call(
        "odoo_post",
        model=PARTNER,
        id=partner,
        body="x",
        partner_ids=[2147483647],
        attachments=[{"name": "b.txt", "content": NOTE}],
    )
    assert refused.is_error
    domain = [["res_model", "=", PARTNER], ["res_id", "=", partner], ["name", "=", "b.txt"]]
    assert odoo.ids("ir.attachment", domain) == []


# ------------------------------------------------------------------ reading


def test_what_stands_in_the_chatter(server: McpClient, odoo: Odoo, partner: int, mark: str) -> None:
    """Newest first, HTML as text, files by URI, activities, and how many follow."""
    odoo.call(PARTNER, "message_post", [partner], body="first", message_type="comment")
    server.ok(
        "odoo_post",
        model=PARTNER,
        id=partner,
        body="second **one**",
        attachments=[{"name": "c.txt", "content": NOTE}],
    )
    odoo.call(PARTNER, "activity_schedule", [partner], summary=f"{mark} to do")
    read = server.ok("odoo_chatter", model=PARTNER, id=partner)
    newest, older = read.structured["messages"][:2]
    assert newest["body"] == "second one"
    assert newest["kind"] == "note"
    assert newest["author"] == odoo.read("res.users", odoo.uid, "partner_id")["partner_id"][1]
    (file,) = newest["attachments"]
    assert file["name"] == "c.txt"
    assert file["uri"].startswith("odoo://ir.attachment/")
    assert older["body"] == "first"
    (activity,) = read.structured["activities"]
    assert activity["summary"] == f"{mark} to do"
    assert activity["state"] == "today"
    assert read.structured["attachments"][0]["name"] == "c.txt"
    followers = [["res_model", "=", PARTNER], ["res_id", "=", partner]]
    assert read.structured["followers"] == odoo.count("mail.followers", followers)
    assert "second one" in read.text
    assert "<" not in newest["body"]


def test_pages(server: McpClient, odoo: Odoo, partner: int) -> None:
    """Page by page every message comes once."""
    for number in range(5):
        odoo.call(PARTNER, "message_post", [partner], body=f"m{number}", message_type="comment")
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        page = server.ok("odoo_chatter", model=PARTNER, id=partner, limit=2, offset=offset)
        seen += [message["id"] for message in page.structured["messages"]]
        offset = page.structured["next_offset"]
    domain = [["model", "=", PARTNER], ["res_id", "=", partner]]
    assert seen == odoo.ids("mail.message", domain, order="date desc, id desc")


@pytest.mark.needs("crm.lead")
def test_tracked_changes(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """What was changed, from what to what."""
    stages = odoo.ids("crm.stage", [], limit=2, order="sequence, id")
    lead = records.make("crm.lead", name=mark, type="opportunity", stage_id=stages[0])
    odoo.write("crm.lead", [lead], {"stage_id": stages[1]})
    old, new = (odoo.read("crm.stage", stage, "name")["name"] for stage in stages)
    read = server.ok("odoo_chatter", model="crm.lead", id=lead)
    changes = [c for m in read.structured["messages"] for c in m.get("changes", [])]
    expected = {"field": "stage_id", "label": "Stage", "old": old, "new": new}
    assert expected in changes
    assert f"“Stage”: “{old}” → “{new}”" in read.text


def test_moments_are_those_of_the_user(
    start_server: StartServer, odoo: Odoo, partner: int, boss: Person
) -> None:
    """The same message, for a user in Tokyo."""
    odoo.call(PARTNER, "message_post", [partner], body="now", message_type="comment")
    odoo.write("res.users", [boss.uid], {"tz": "Asia/Tokyo"})
    read = start_server(boss).ok("odoo_chatter", model=PARTNER, id=partner)
    odoo.write("res.users", [boss.uid], {"tz": False})
    shown = read.structured["messages"][0]
    truth = odoo.read("mail.message", shown["id"], "date")["date"]
    utc = datetime.datetime.fromisoformat(truth)
    there = utc + datetime.timedelta(hours=9)
    assert shown["date"] == f"{there:%Y-%m-%dT%H:%M:%S}+09:00"
    assert f"] {there:%Y-%m-%d %H:%M}" in read.text


# ------------------------------------------------------------------ activities


def test_an_activity_from_beginning_to_end(
    server: McpClient, odoo: Odoo, partner: int, mark: str
) -> None:
    """Scheduled by names and a relative date, completed with feedback."""
    made = server.ok(
        "odoo_activity",
        operation="schedule",
        model=PARTNER,
        id=partner,
        activity_type_id="Call",
        summary=f"{mark} call",
        note="Ask **twice**",
        date_deadline="+3d",
        user_id=odoo.read("res.users", odoo.uid, "name")["name"],
    )
    activity = made.structured["activity"]
    truth = odoo.read(
        "mail.activity",
        activity,
        "activity_type_id",
        "summary",
        "note",
        "date_deadline",
        "user_id",
        "res_id",
        "automated",
    )
    assert truth["activity_type_id"][1] == "Call"
    assert truth["summary"] == f"{mark} call"
    assert truth["note"] == "<p>Ask <strong>twice</strong></p>"
    assert truth["user_id"][0] == odoo.uid
    assert (truth["res_id"], truth["automated"]) == (partner, False)
    assert made.structured["deadline"] == truth["date_deadline"]
    assert f"“Call” “{mark} call”" in made.text

    done = server.ok(
        "odoo_activity", operation="complete", activity=activity, feedback=f"{mark} agreed"
    )
    assert done.structured["id"] == partner
    assert odoo.count("mail.activity", [["id", "=", activity]]) == 0
    assert f"{mark} agreed" in last_message(odoo, partner)["body"]


def test_an_activity_is_cancelled(server: McpClient, odoo: Odoo, partner: int) -> None:
    """It is gone, and nothing is said about it."""
    made = server.ok("odoo_activity", operation="schedule", model=PARTNER, id=partner)
    activity = made.structured["activity"]
    before = last_message(odoo, partner)["id"]
    wrong = server.call(
        "odoo_activity", operation="cancel", activity=activity, model=PARTNER, id=partner + 1
    )
    assert "belongs to" in wrong.error["message"]
    assert odoo.exists("mail.activity", activity)
    server.ok("odoo_activity", operation="cancel", activity=activity, model=PARTNER, id=partner)
    assert not odoo.exists("mail.activity", activity)
    assert last_message(odoo, partner)["id"] == before


# ------------------------------------------------------------------ what goes wrong


@pytest.mark.needs("sale.order.line")
def test_models_without_a_chatter(server: McpClient, odoo: Odoo) -> None:
    """The record that it belongs to is named."""
    line = odoo.ids("sale.order.line", [], limit=1)[0]
    for tool, more in (
        ("odoo_chatter", {}),
        ("odoo_post", {"body": "x"}),
        ("odoo_activity", {"operation": "schedule"}),
    ):
        refused = server.call(tool, model="sale.order.line", id=line, **more)
        assert refused.error["kind"] == "invalid_call", refused.text
        assert "sale.order.line has no " in refused.error["message"]
        assert "order_id (sale.order)" in refused.error["hints"][0]
    missing = server.call("odoo_chatter", model="res.country", id=1)
    assert "has no chatter" in missing.error["message"]


def test_all_mistakes_at_once(server: McpClient, odoo: Odoo, partner: int) -> None:
    """Nothing is sent, and each mistake is named with its mend."""
    before = last_message(odoo, partner)["id"]
    refused = server.call(
        "odoo_post",
        model=PARTNER,
        id=0,
        kind="mail",
        partner_ids=7.5,
        attachments=[{"name": "a", "content": "?"}, {"nam": "b"}],
    )
    message = refused.error["message"]
    for part in ('"id" must be', "note or message", "attachments[0]", "attachments[1]"):
        assert part in message, message
    assert last_message(odoo, partner)["id"] == before
    refused = server.call(
        "odoo_activity",
        operation="schedule",
        model=PARTNER,
        id=partner,
        date_deadline="soon",
        feedback="x",
    )
    assert "date_deadline" in refused.error["message"]
    assert '"feedback"' in refused.error["message"]
    refused = server.call(
        "odoo_activity", operation="schedule", model=PARTNER, id=partner, activity_type_id="Cal"
    )
    assert "Call" in refused.text
    assert odoo.count("mail.activity", [["res_model", "=", PARTNER], ["res_id", "=", partner]]) == 0


@pytest.mark.users
def test_rights_are_the_users(clerk_server: McpClient, odoo: Odoo, partner: int) -> None:
    """Who may not see a record neither reads nor writes about it."""
    if odoo.has_access("sale.order", "read"):
        order = odoo.ids("sale.order", [], limit=1)[0]
        for tool, more in (
            ("odoo_chatter", {}),
            ("odoo_post", {"body": "x"}),
            ("odoo_activity", {"operation": "schedule"}),
        ):
            refused = clerk_server.call(tool, model="sale.order", id=order, **more)
            kind = refused.error["kind"]
            assert kind in ("access_denied", "missing_record", "unknown_model"), refused.text
    # A contact may be read by every colleague, and what is said about it, too.
    clerk_server.ok("odoo_chatter", model=PARTNER, id=partner)


@pytest.mark.demo
def test_who_has_no_activities_has_none_of_the_tools(
    start_server: StartServer, demo_users: dict[str, Person]
) -> None:
    """A portal user may not read activities: the tools are not listed."""
    names = start_server(demo_users["portal"]).tool_names()
    assert not {"odoo_chatter", "odoo_post", "odoo_activity"} & set(names)
    assert "odoo_read" in names


def test_a_read_only_server_reads_alone(
    start_server: StartServer, admin: Person, odoo: Odoo, partner: int
) -> None:
    """The chatter is read; nothing is written or scheduled."""
    reader = start_server(admin, "--read-only")
    names = set(reader.tool_names())
    assert "odoo_chatter" in names
    assert not {"odoo_post", "odoo_activity"} & names
    reader.ok("odoo_chatter", model=PARTNER, id=partner)
    before = last_message(odoo, partner)["id"]
    for tool, more in (("odoo_post", {"body": "x"}), ("odoo_activity", {"operation": "schedule"})):
        refused = reader.call(tool, model=PARTNER, id=partner, **more)
        assert refused.error["kind"] == "access_denied"
    assert last_message(odoo, partner)["id"] == before
