"""Consent for everything that is no plain change of a record: messages, files, activities,
buttons, dialogues, documents. Nothing happens in Odoo before the yes, in each way to give it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from conftest import StartServer
from support.gateway import Gateway
from support.mcp_client import IS_LINE_1, McpClient, Result
from support.odoo import Odoo
from support.people import People, Person
from support.records import Records
from support.refusal import assert_refused

ASK = {"CONFIRM": "auto"}
PARTNER = "res.partner"
TAG = "res.partner.category"
LEAD = "crm.lead"
LOST = "crm.crm_lead_lost_action"
FILE = {"name": "plan.txt", "content": base64.b64encode(b"x").decode()}

pytestmark = pytest.mark.needs("mail.activity", LEAD)
both_eras = pytest.mark.parametrize("mode", ["legacy"] if IS_LINE_1 else ["legacy", "auto"])


@dataclass
class Case:
    """A call that needs consent, made on a lead of its own."""

    odoo: Odoo
    records: Records
    mark: str
    lead: int
    # Of an activity that is open on the lead.
    activity: int
    # The handle of a dialogue, once it is open.
    handle: str = ""
    answers: list[str | Callable[[], str]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def human(self, question: str) -> str:
        """Answers as the test wants it."""
        self.questions.append(question)
        answer = self.answers.pop(0)
        return answer() if callable(answer) else answer

    def state(self) -> dict[str, Any]:
        """What stands in Odoo that a call of these could change."""
        of_lead = [["model", "=", LEAD], ["res_id", "=", self.lead]]
        files = [["res_model", "=", LEAD], ["res_id", "=", self.lead]]
        lead = self.odoo.read(LEAD, self.lead, "active", "type", "lost_reason_id", "probability")
        return {
            "lead": lead,
            "messages": len(self.odoo.ids("mail.message", of_lead)),
            "files": len(self.odoo.ids("ir.attachment", files)),
            "activities": self.odoo.ids("mail.activity", [*files, ["active", "=", True]]),
        }

    def move(self) -> str:
        """Somebody else changes the lead while the person thinks; then the person agrees."""
        self.odoo.write(LEAD, [self.lead], {"name": f"{self.mark} moved"})
        return "accept"


Call = tuple[str, dict[str, Any]]


def note(case: Case) -> Call:
    """An internal note."""
    return "odoo_post", {"model": LEAD, "id": case.lead, "body": f"{case.mark} note"}


def message(case: Case) -> Call:
    """A message, with whom it reaches."""
    return "odoo_post", {
        "model": LEAD,
        "id": case.lead,
        "kind": "message",
        "subject": "About it",
        "body": f"{case.mark} says “yes”",
        "partner_ids": [case.mark],
    }


def attach(case: Case) -> Call:
    """A file."""
    return "odoo_post", {"model": LEAD, "id": case.lead, "attachments": [FILE]}


def schedule(case: Case) -> Call:
    """An activity."""
    return "odoo_activity", {
        "operation": "schedule",
        "model": LEAD,
        "id": case.lead,
        "activity_type_id": "Call",
        "summary": f"{case.mark} call",
        "note": "<b>Ask</b>",
    }


def complete(case: Case) -> Call:
    """The end of an activity."""
    return "odoo_activity", {
        "operation": "complete",
        "activity": case.activity,
        "feedback": "went well",
    }


def cancel(case: Case) -> Call:
    """An activity that is not done after all."""
    return "odoo_activity", {"operation": "cancel", "activity": case.activity}


def press(case: Case) -> Call:
    """A button of the form."""
    return "odoo_execute", {
        "model": LEAD,
        "method": "action_set_won_rainbowman",
        "ids": [case.lead],
    }


def archive(case: Case) -> Call:
    """What the list offers for any record."""
    return "odoo_execute", {"model": LEAD, "method": "action_archive", "ids": [case.lead]}


def lose(case: Case) -> Call:
    """The button of a dialogue that is open."""
    return "odoo_execute", {
        "model": "crm.lead.lost",
        "method": "action_lost_reason_apply",
        "wizard": case.handle,
        "values": {"lost_reason_id": "Too expensive", "lost_feedback": "<p>dear</p>"},
    }


WAYS = [note, message, attach, schedule, complete, cancel, press, archive, lose]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
# What the question has to say, besides the lead's name.
SAYS = {
    note: ["note: “{mark} note”"],
    message: [
        'message: “{mark} says "yes"”',
        "Subject (subject): “About it”",
        "“{mark}” (",
    ],
    attach: ["plan.txt"],
    schedule: [
        "Activity Type (activity_type_id): “Call” (",
        "Summary (summary): “{mark} call”",
        "(note): “<b>Ask</b>”",
    ],
    complete: ["feedback: “went well”"],
    cancel: ["permanent", "(crm.lead) “{mark}” ({lead})"],
    press: ["Press “Won” (action_set_won_rainbowman)"],
    archive: ["Call action_archive of Lead"],
    lose: [
        "(action_lost_reason_apply)",
        "(crm.lead) “{mark}” ({lead})",
        "Lost Reason (lost_reason_id): “Too expensive” (",
        "(lost_feedback): “<p>dear</p>”",
    ],
}


@pytest.fixture
def case(odoo: Odoo, records: Records, mark: str) -> Case:
    """A lead with an activity, and a contact of the same name."""
    records.make(PARTNER, name=mark, email=f"{mark}@e2e.test")
    if not odoo.ids("crm.lost.reason", [["name", "=", "Too expensive"]]):
        records.make("crm.lost.reason", name="Too expensive")
    lead = records.make(LEAD, name=mark, type="opportunity")
    model = odoo.ids("ir.model", [["model", "=", LEAD]])[0]
    kind = odoo.ids("mail.activity.type", [["name", "=", "Call"]], limit=1)[0]
    values = {"res_model_id": model, "res_id": lead, "activity_type_id": kind, "summary": "do"}
    return Case(odoo, records, mark, lead, odoo.create("mail.activity", values))


def call_of(client: McpClient, way: Callable[[Case], Call], case: Case) -> Call:
    """The call, after the dialogue was opened that it presses a button of."""
    if way is lose:
        opened = client.ok("odoo_execute", model=LEAD, method=LOST, ids=[case.lead])
        case.handle = opened.structured["wizard"]["handle"]
    return way(case)


def agreed(case: Case, before: dict[str, Any]) -> bool:
    """Whether something happened."""
    return case.state() != before


# ------------------------------------------------------------------ by a question


@both_eras
@each_way
def test_nothing_happens_before_the_yes(
    start_server: StartServer, admin: Person, case: Case, way: Callable[[Case], Call], mode: str
) -> None:
    """While the person reads the question, Odoo is as it was; afterwards it is done."""
    client = start_server(admin, env=ASK, mode=None if IS_LINE_1 else mode, user=case.human)
    tool, arguments = call_of(client, way, case)
    before = case.state()
    seen = []

    def look() -> str:
        seen.append(case.state())
        return "accept"

    case.answers = [look]
    result = client.call_with(tool, arguments)
    assert not result.is_error, result.text
    assert seen == [before]
    assert agreed(case, before)
    (question,) = case.questions
    for part in SAYS[way]:
        assert part.format(mark=case.mark, lead=case.lead) in question, question
    assert f"“{case.mark}” ({case.lead})" in question, question


@both_eras
@each_way
def test_without_a_yes_nothing_happens(
    start_server: StartServer,
    admin: Person,
    case: Case,
    way: Callable[[Case], Call],
    mode: str,
) -> None:
    """Declined and closed are clear results."""
    client = start_server(admin, env=ASK, mode=None if IS_LINE_1 else mode, user=case.human)
    tool, arguments = call_of(client, way, case)
    before = case.state()
    for answer, said in [("decline", "the user declined"), ("cancel", "closed the question")]:
        case.answers = [answer]
        refused = client.call_with(tool, arguments)
        assert_refused(refused, "declined", said, "nothing was changed")
    assert not agreed(case, before)


@both_eras
@each_way
def test_a_record_that_moves_is_asked_about_again(
    start_server: StartServer, admin: Person, case: Case, way: Callable[[Case], Call], mode: str
) -> None:
    """The lead gets another name between the question and the yes."""
    client = start_server(admin, env=ASK, mode=None if IS_LINE_1 else mode, user=case.human)
    tool, arguments = call_of(client, way, case)
    before = case.state()
    case.answers = [case.move, "decline"]
    assert_refused(client.call_with(tool, arguments), "declined")
    first, second = case.questions
    assert "has changed in Odoo meanwhile" in second
    assert f"“{case.mark}” (" in first
    assert f"“{case.mark} moved” (" in second
    after = case.state()
    # The move itself may be tracked.
    assert after["lead"] == before["lead"]
    assert after["files"] == before["files"]
    assert after["activities"] == before["activities"]


# ------------------------------------------------------------------ by a token


def token_of(result: Result) -> str:
    """The token of a preview."""
    assert not result.is_error, result.text
    assert result.structured["confirmation_required"] is True
    return result.structured["confirm"]


@each_way
def test_a_token_makes_exactly_that_change_once(
    start_server: StartServer,
    people: People,
    admin: Person,
    odoo: Odoo,
    case: Case,
    way: Callable[[Case], Call],
) -> None:
    """A changed call, another user and a second use are refused; nothing happens by them."""
    shared = ASK | {"ODOO_MCP_STATE_KEY": "0123456789abcdef" * 4}
    client = start_server(admin, env=shared)
    tool, arguments = call_of(client, way, case)
    before = case.state()
    token = token_of(client.call_with(tool, arguments))
    assert not agreed(case, before)

    changed = arguments | (
        {"values": {"lost_reason_id": "Too expensive"}}
        if way is lose
        else {"kwargs": {"context": {}}}
        if tool == "odoo_execute"
        else {"feedback": "other"}
        if way is complete
        else {"operation": "complete"}
        if way is cancel
        else {"summary": "other"}
        if way is schedule
        else {"body": "other"}
    )
    for wrong in [changed | {"confirm": token}, arguments | {"confirm": token[:-3] + "AAA"}]:
        assert_refused(client.call_with(tool, wrong), "invalid_call")
    colleague = people.make("colleague", people.groups_of(odoo))
    other = start_server(colleague, env=shared)
    foreign = other.call_with(tool, arguments | {"confirm": token})
    assert foreign.error["kind"] == "invalid_call"
    assert not agreed(case, before)

    done = client.call_with(tool, arguments | {"confirm": token})
    assert not done.is_error, done.text
    assert "confirmation_required" not in done.structured
    after = case.state()
    assert after != before
    again = client.call_with(tool, arguments | {"confirm": token})
    assert again.is_error or again.structured.get("confirmation_required"), again.text
    assert case.state() == after


@each_way
def test_a_token_does_not_hold_for_a_record_that_moved(
    start_server: StartServer, admin: Person, case: Case, way: Callable[[Case], Call]
) -> None:
    """The new preview has a token of its own."""
    client = start_server(admin, env=ASK)
    tool, arguments = call_of(client, way, case)
    token = token_of(client.call_with(tool, arguments))
    case.move()
    before = case.state()
    shown = client.call_with(tool, arguments | {"confirm": token})
    assert token_of(shown) != token
    assert "has changed in Odoo meanwhile" in shown.text
    assert case.state() == before


# ------------------------------------------------------------------ what it costs


@pytest.mark.parametrize(
    ("tool", "further"),
    [("odoo_update", {"values": {"color": 3}}), ("odoo_delete", {})],
    ids=["update", "delete"],
)
def test_a_change_reads_its_records_twice(
    start_server: StartServer,
    admin: Person,
    gateway: Gateway,
    records: Records,
    case: Case,
    tool: str,
    further: dict[str, Any],
) -> None:
    """For the question, and once more before the change is sent; by token once a call."""
    tag = records.make(TAG, name=case.mark)
    gateway.open()

    def reads() -> int:
        """How often the record's own row was asked for."""
        bodies = [json.loads(seen.body).get("params", {}) for seen in gateway.seen if seen.body]
        of_tag = [body for body in bodies if body.get("model") == TAG]
        by_id = [body for body in of_tag if body.get("domain") == [["id", "=", tag]]]
        assert not [body for body in of_tag if body.get("method") == "read"]
        return len(by_id)

    call = {"model": TAG, "id": tag} | further
    client = start_server(admin, env=ASK | {"ODOO_URL": gateway.url})
    client.ok("odoo_schema", model=TAG)
    gateway.seen.clear()
    token = token_of(client.call_with(tool, call))
    assert reads() == 1
    asking = start_server(admin, env=ASK | {"ODOO_URL": gateway.url}, user=case.human)
    case.answers = ["decline"]
    gateway.seen.clear()
    assert_refused(asking.call_with(tool, call), "declined")
    assert reads() == 1
    case.answers = ["accept"]
    gateway.seen.clear()
    asking.ok(tool, **call)
    # A report of what was changed reads the name that the record has then.
    assert reads() == 2 + (tool == "odoo_update")
    assert token


# ------------------------------------------------------------------ what need not be asked twice


@both_eras
def test_a_window_opens_without_a_question_and_its_button_asks(
    start_server: StartServer, admin: Person, case: Case, mode: str
) -> None:
    """Nothing is written by it: not even the record of the dialogue."""
    client = start_server(admin, env=ASK, mode=None if IS_LINE_1 else mode, user=case.human)
    before = case.state()
    wizards = case.odoo.count("crm.lead.lost")
    call_of(client, lose, case)
    assert case.questions == []
    assert case.state() == before
    assert case.odoo.count("crm.lead.lost") == wizards
    case.answers = ["decline"]
    tool, arguments = lose(case)
    assert_refused(client.call_with(tool, arguments), "declined")
    assert case.odoo.count("crm.lead.lost") == wizards


def test_what_may_run_code_asks(
    start_server: StartServer, admin: Person, odoo: Odoo, case: Case
) -> None:
    """A server action of the menu, a method that opens a dialogue, and a window's other uses."""
    model = odoo.ids("ir.model", [["model", "=", LEAD]])[0]
    values = {
        "name": "e2e",
        "model_id": model,
        "binding_model_id": model,
        "state": "code",
        "code": "records.write({'probability': 1})",
    }
    action = case.records.make("ir.actions.server", **values)
    client = start_server(admin, env=ASK, user=case.human)
    before = case.state()
    for method in (str(action), "action_set_won_rainbowman"):
        case.answers = ["decline"]
        pressed = client.call("odoo_execute", model=LEAD, method=method, ids=[case.lead])
        assert_refused(pressed, "declined")
    assert len(case.questions) == 2
    assert case.state() == before


def test_a_read_only_server_opens_no_window(
    start_server: StartServer, admin: Person, case: Case
) -> None:
    """Not even what needs no consent."""
    client = start_server(admin, "--read-only", env=ASK)
    pressed = client.call("odoo_execute", model=LEAD, method=LOST, ids=[case.lead])
    assert pressed.error["kind"] == "access_denied"


@pytest.mark.needs("sale.order")
def test_printing_asks_nobody(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, case: Case
) -> None:
    """A document is read, and nothing is kept of it."""
    partner = records.make(PARTNER, name=case.mark)
    order = records.make("sale.order", partner_id=partner)
    client = start_server(admin, env=ASK, user=case.human)
    files = [["res_model", "=", "sale.order"], ["res_id", "=", order]]
    before = odoo.ids("ir.attachment", files)
    read = client.ok("odoo_read", model="sale.order", id=order)
    assert read.structured["reports"]
    assert case.questions == []
    assert odoo.ids("ir.attachment", files) == before
