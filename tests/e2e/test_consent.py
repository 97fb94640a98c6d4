"""Nothing is changed without consent, on the real Odoo: questions, and the modes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from conftest import StartProcess, StartServer
from support.human import ASK, Human, asking, token_of
from support.mcp_client import IS_LINE_1, Result
from support.odoo import Odoo
from support.people import Person
from support.records import Records
from support.refusal import assert_refused
from support.waiting import wait_until

TAG = "res.partner.category"
ELICITATION = {"elicitation": {}}

# The protocol before 2026 asks while the call waits, the later one in rounds.
both_eras = pytest.mark.parametrize("mode", ["legacy"] if IS_LINE_1 else ["legacy", "auto"])


# ------------------------------------------------------------------ by a question


@both_eras
def test_a_change_happens_once_the_user_has_agreed(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str, mode: str
) -> None:
    """The question says what changes from what to what; then it is done."""
    partner = records.make("res.partner", name=mark, email="old@e2e.test")
    human = Human("accept")
    client = asking(start_server, admin, human, mode)
    values = {"email": "new@e2e.test", "type": "other"}
    client.ok("odoo_update", model="res.partner", id=partner, values=values)
    (question,) = human.questions
    assert f"Change Contact (res.partner) “{mark}” ({partner}):" in question
    assert "Email (email): “old@e2e.test” → “new@e2e.test”" in question
    assert "“Contact” (contact) → “Other”" in question or "(type): " in question
    assert odoo.read("res.partner", partner, "email")["email"] == "new@e2e.test"


@both_eras
@pytest.mark.parametrize("answer", ["decline", "cancel"])
def test_without_a_yes_nothing_changes(
    start_server: StartServer,
    admin: Person,
    odoo: Odoo,
    records: Records,
    mark: str,
    mode: str,
    answer: str,
) -> None:
    """Declined and closed are clear results, for every kind of change."""
    tag = records.make(TAG, name=mark)
    human = Human(*[answer] * 4)
    client = asking(start_server, admin, human, mode)
    said = "declined" if answer == "decline" else "closed the question"
    for name, arguments in {
        "odoo_create": {"values": {"name": f"{mark} new"}},
        "odoo_update": {"id": tag, "values": {"name": f"{mark} new"}},
        "odoo_delete": {"id": tag},
        "odoo_execute": {"method": "action_archive", "ids": [tag]},
    }.items():
        assert_refused(client.call(name, model=TAG, **arguments), "declined", said)
    assert odoo.count(TAG, [["name", "=", f"{mark} new"]]) == 0
    assert odoo.read(TAG, tag, "name", "active") == {"id": tag, "name": mark, "active": True}


@both_eras
def test_what_moved_meanwhile_is_asked_again(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str, mode: str
) -> None:
    """The record is read once more before it is changed."""
    partner = records.make("res.partner", name=mark, email="one@e2e.test")

    def yes_but_late() -> str:
        odoo.write("res.partner", [partner], {"email": "two@e2e.test"})
        return "accept"

    human = Human(yes_but_late, "decline")
    client = asking(start_server, admin, human, mode)
    values = {"email": "three@e2e.test"}
    refused = client.call("odoo_update", model="res.partner", id=partner, values=values)
    assert_refused(refused, "declined")
    first, second = human.questions
    assert "“one@e2e.test” → “three@e2e.test”" in first
    assert "has changed in Odoo meanwhile" in second
    assert "“two@e2e.test” → “three@e2e.test”" in second
    assert odoo.read("res.partner", partner, "email")["email"] == "two@e2e.test"


@both_eras
def test_what_moved_out_of_sight_is_asked_again_too(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str, mode: str
) -> None:
    """A field that the question does not show is a part of the record all the same."""
    partner = records.make("res.partner", name=mark, email="one@e2e.test")
    # Odoo tells the second in which a record was changed.
    time.sleep(1.1)

    def yes_but_late() -> str:
        odoo.write("res.partner", [partner], {"comment": "moved"})
        return "accept"

    human = Human(yes_but_late, "decline")
    client = asking(start_server, admin, human, mode)
    change = {"model": "res.partner", "id": partner, "values": {"email": "two@e2e.test"}}
    assert_refused(client.call("odoo_update", **change), "declined")
    assert "has changed in Odoo meanwhile" in human.questions[1]
    assert odoo.read("res.partner", partner, "email")["email"] == "one@e2e.test"


def test_a_change_says_what_happens_to_each_line(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """Made, changed, deleted and removed, in the order of the call; and how many there are."""
    partner = records.make("res.partner", name=mark)
    made = {
        name: records.make("res.partner", name=f"{mark} {name}", parent_id=partner)
        for name in ("changed", "deleted", "removed")
    }
    human = Human("decline")
    client = asking(start_server, admin, human, "legacy")
    lines = [
        [0, 0, {"name": "made"}],
        [1, made["changed"], {"name": "else"}],
        [2, made["deleted"], 0],
        [3, made["removed"], 0],
    ]
    values = {"child_ids": lines}
    refused = client.call("odoo_update", model="res.partner", id=partner, values=values)
    assert_refused(refused, "declined")
    (question,) = human.questions
    said = question.partition(" → ")[2].split("\n")
    begins = ["add {Name: “made”}", "change “", "delete “", "remove “"]
    parts = said[0].split("; ")
    assert [part.startswith(one) for part, one in zip(parts, begins, strict=True)] == [True] * 4
    for part, (name, one) in zip(parts[1:], made.items(), strict=True):
        assert f"{mark} {name}” ({one})" in part
    assert "also res.partner: 1 created, 2 changed, 1 deleted" in said


def test_a_call_says_all_that_the_method_is_given(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """Arguments by place and by name, and the context, whose keys change what is written."""
    tag = records.make(TAG, name=mark)
    human = Human("decline", "decline")
    client = asking(start_server, admin, human, "legacy")
    named = {"default": {"name": f"{mark} b"}, "context": {"default_color": 7, "lang": "en_US"}}
    call = {"model": TAG, "method": "copy", "ids": [tag]}
    assert_refused(client.call("odoo_execute", **call, kwargs=named), "declined")
    assert_refused(client.call("odoo_execute", **call, args=[{"name": f"{mark} c"}]), "declined")
    first, second = human.questions
    for part in (f'"name":"{mark} b"', '"default_color":7', '"lang":"en_US"'):
        assert part in first, first
    assert f'"name":"{mark} c"' in second


def test_a_button_is_shown_with_what_odoo_asks(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """The form's own question is a part of ours."""
    tag = records.make(TAG, name=mark)
    base = odoo.ids("ir.ui.view", [["model", "=", TAG], ["type", "=", "form"]], limit=1)[0]
    arch = (
        '<form position="inside"><header><button name="action_archive" type="object"'
        ' string="Put away" confirm="Really?"/></header></form>'
    )
    records.make("ir.ui.view", name=mark, model=TAG, inherit_id=base, arch=arch)
    human = Human("decline")
    client = asking(start_server, admin, human, "legacy")
    press = {"model": TAG, "method": "action_archive", "ids": [tag]}
    assert_refused(client.call("odoo_execute", **press), "declined")
    (question,) = human.questions
    assert question.startswith("Press “Put away” (action_archive) of ")
    assert "Odoo asks: “Really?”" in question


def test_a_delete_says_what_goes_with_it_and_that_it_is_permanent(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """Records that Odoo deletes along are counted."""
    parent = records.make(TAG, name=mark)
    for number in range(3):
        records.make(TAG, name=f"{mark} {number}", parent_id=parent)
    human = Human("accept")
    client = asking(start_server, admin, human, "legacy")
    client.ok("odoo_delete", model=TAG, id=parent)
    (question,) = human.questions
    assert f"“{mark}” ({parent})" in question
    assert f"with it: 3 of {TAG} (parent_id)" in question
    assert "permanent" in question
    assert odoo.count(TAG, [["name", "=like", f"{mark}%"]]) == 0


@pytest.mark.needs("sale.order")
def test_a_create_says_lines_and_names_in_words(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """Ids are said by name, and lines count as changes of their model."""
    partner = records.make("res.partner", name=mark)
    product = odoo.ids("product.product", [["sale_ok", "=", True]], limit=1)[0]
    human = Human("decline")
    client = asking(start_server, admin, human, "legacy")
    lines = [{"product_id": product, "product_uom_qty": 3}]
    values = {"partner_id": mark, "order_line": lines}
    assert_refused(client.call("sale_order_create", values=values), "declined")
    (question,) = human.questions
    name = odoo.read("product.product", product, "display_name")["display_name"]
    assert f"Customer (partner_id): “{mark}” ({partner})" in question
    assert f"Product: “{name}” ({product})" in question
    assert "also sale.order.line: 1 created" in question


@pytest.mark.needs("sale.order")
def test_a_button_is_shown_with_its_label_and_records(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """A typed action and the generic call of its method show the same."""
    partner = records.make("res.partner", name=mark)
    order = records.make("sale.order", partner_id=partner)
    human = Human("decline", "decline")
    client = asking(start_server, admin, human, "legacy")
    client.call("sale_order_action_confirm", id=order)
    client.call("odoo_execute", model="sale.order", method="action_confirm", ids=[order])
    first, second = human.questions
    assert first == second
    assert "Press “Confirm” (action_confirm) of Sales Order (sale.order)" in first
    assert f"({order})" in first


def test_methods_that_only_read_ask_nobody(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """And those that write are not taken for reads, whatever they are called."""
    tag = records.make(TAG, name=mark)
    human = Human(*["decline"] * 20)
    client = asking(start_server, admin, human, "legacy")

    def execute(method: str, ids: list[int], *args: Any, **kwargs: Any) -> Result:
        given = {"args": list(args), "kwargs": kwargs}
        return client.call("odoo_execute", model=TAG, method=method, ids=ids, **given)

    assert not execute("read", [tag], ["name"]).is_error
    assert not execute("search_count", [], [["id", "=", tag]]).is_error
    assert not execute("fields_get", [], ["name"], ["type"]).is_error
    assert human.questions == []
    writing: dict[str, tuple[list[int], list[Any]]] = {
        "create": ([], [{"name": f"{mark} x"}]),
        "write": ([tag], [{"name": f"{mark} x"}]),
        "unlink": ([tag], []),
        "copy": ([tag], []),
        "name_create": ([], [f"{mark} x"]),
        "load": ([], [["name"], [[f"{mark} x"]]]),
        "action_archive": ([tag], []),
        "web_save": ([tag], [{"name": f"{mark} x"}, {}]),
    }
    for method, (ids, args) in writing.items():
        assert_refused(execute(method, ids, *args), "declined")
    assert len(human.questions) == len(writing)


def test_a_question_holds_up_nobody_else(
    start_process: StartProcess, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """More questions than there are places for calls are open, and reads are still answered."""
    tag = records.make(TAG, name=mark)
    server = start_process(admin.env | ASK)
    server.handshake(ELICITATION)
    changes = [
        server.call("odoo_update", {"model": TAG, "id": tag, "values": {"name": f"{mark} {n}"}})
        for n in range(40)
    ]
    wait_until(lambda: len(server.asked("elicitation/create")) == 40 or None, "all questions")
    read = server.call("odoo_read", {"model": TAG, "id": tag})
    assert server.answer(read)["result"]["structuredContent"]["record"]["name"] == mark
    for question in server.asked("elicitation/create"):
        answer = {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}}
        server.send(answer)
    for answer in server.answers(changes):
        assert answer["result"]["structuredContent"]["error"]["kind"] == "declined"
    assert odoo.read(TAG, tag, "name")["name"] == mark


def test_a_cancelled_call_changes_nothing_when_the_answer_comes_late(
    start_process: StartProcess, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """The client gives up while its user thinks; their yes comes to nothing."""
    tag = records.make(TAG, name=mark)
    server = start_process(admin.env | ASK)
    server.handshake(ELICITATION)
    change = server.call("odoo_update", {"model": TAG, "id": tag, "values": {"name": f"{mark} x"}})
    wait_until(lambda: server.asked("elicitation/create") or None, "the question")
    cancelled = {"requestId": change}
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})
    (question,) = server.asked("elicitation/create")
    server.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept"}})
    read = server.call("odoo_read", {"model": TAG, "id": tag})
    assert server.answer(read)["result"]["structuredContent"]["record"]["name"] == mark
    server.close_stdin()
    server.wait(10)
    assert odoo.read(TAG, tag, "name")["name"] == mark


# ------------------------------------------------------------------ the modes


def test_elicit_takes_no_change_from_a_client_that_cannot_ask(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """And says whose decision that is."""
    tag = records.make(TAG, name=mark)
    client = start_server(admin, env={"CONFIRM": "elicit"})
    refused = client.call("odoo_delete", model=TAG, id=tag)
    assert_refused(refused, "access_denied", "cannot ask", "CONFIRM=auto")
    assert odoo.exists(TAG, tag)


def test_token_asks_by_token_even_where_a_question_is_possible(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """For clients whose questions do not work well."""
    tag = records.make(TAG, name=mark)
    human = Human()
    client = start_server(admin, env={"CONFIRM": "token"}, user=human)
    token_of(client.call("odoo_delete", model=TAG, id=tag))
    assert human.questions == []


def test_off_asks_nobody(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """For trusted automation."""
    tag = records.make(TAG, name=mark)
    human = Human()
    client = start_server(admin, env={"CONFIRM": "off"}, user=human)
    client.ok("odoo_delete", model=TAG, id=tag)
    assert human.questions == []
    assert not odoo.exists(TAG, tag)


def test_mistakes_are_told_before_anybody_is_asked(
    start_server: StartServer, admin: Person
) -> None:
    """A person is not asked about what cannot be done."""
    human = Human()
    client = start_server(admin, env=ASK, user=human)
    refused = client.call("odoo_create", model="res.partner", values={"nam": "x"})
    assert_refused(refused, "invalid_call", "did you mean name")
    missing = client.call("odoo_delete", model="res.partner", id=2**30)
    assert_refused(missing, "missing_record")
    assert human.questions == []
