"""What a yes holds for, on the real Odoo: rounds of questions, and tokens."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from conftest import StartProcess, StartServer
from support.gateway import Gateway
from support.human import ASK, token_of
from support.odoo import Odoo
from support.people import People, Person
from support.records import Records
from support.refusal import assert_refused
from support.stdio import StdioServer

TAG = "res.partner.category"
ELICITATION = {"elicitation": {}}


# ------------------------------------------------------------------ by rounds, as they travel


class Rounds:
    """Raw calls of the protocol of 2026, with answers of a test's own making."""

    def __init__(self, server: StdioServer) -> None:
        self._server = server

    def call(self, arguments: dict[str, Any], **further: Any) -> dict[str, Any]:
        """An `odoo_update`, with `requestState` and `inputResponses` where given."""
        params = {"name": "odoo_update", "arguments": arguments} | further
        meta = {"io.modelcontextprotocol/clientCapabilities": ELICITATION}
        answer = self._server.answer(self._server.modern("tools/call", params, **meta))
        return answer.get("result") or answer["error"]

    def ask(self, arguments: dict[str, Any]) -> str:
        """The state of the question that the call is answered with."""
        asked = self.call(arguments)
        assert asked["resultType"] == "input_required", asked
        return asked["requestState"]

    def agree(self, arguments: dict[str, Any], state: str) -> dict[str, Any]:
        """The call again, with a yes."""
        return self.call(arguments, requestState=state, inputResponses=YES)


YES = {"consent": {"action": "accept", "content": {}}}


@pytest.fixture
def rounds(start_process: StartProcess, admin: Person) -> Rounds:
    """A server that asks in rounds."""
    return Rounds(start_process(admin.env | ASK))


def _kind(answer: dict[str, Any]) -> str:
    return answer["structuredContent"]["error"]["kind"]


def test_a_state_holds_for_its_call_alone(
    rounds: Rounds, odoo: Odoo, records: Records, mark: str
) -> None:
    """Changed arguments, a changed or foreign state and a replay are refused."""
    tag = records.make(TAG, name=mark, color=3)
    arguments = {"model": TAG, "id": tag, "values": {"color": 1}}
    state = rounds.ask(arguments)
    swapped = "A" if state[-1] != "A" else "B"
    for wrong_arguments, wrong_state in [
        (arguments | {"values": {"color": 2}}, state),
        (arguments | {"id": records.make(TAG, name=f"{mark} 2")}, state),
        (arguments, state[:-1] + swapped),
        (arguments, "rs1.e30.x"),
        (arguments, ""),
    ]:
        assert _kind(rounds.agree(wrong_arguments, wrong_state)) == "invalid_call"
    assert odoo.read(TAG, tag, "color")["color"] == 3
    assert not rounds.agree(arguments, state)["isError"]
    assert odoo.read(TAG, tag, "color")["color"] == 1
    odoo.write(TAG, [tag], {"color": 5})
    again = rounds.agree(arguments, state)
    assert again.get("resultType") == "input_required" or _kind(again) == "invalid_call"
    assert odoo.read(TAG, tag, "color")["color"] == 5


def test_a_yes_without_its_state_is_asked_again(
    rounds: Rounds, odoo: Odoo, records: Records, mark: str
) -> None:
    """Who answers a question that was never asked is asked."""
    tag = records.make(TAG, name=mark)
    arguments = {"model": TAG, "id": tag, "values": {"name": f"{mark} x"}}
    answer = rounds.call(arguments, inputResponses=YES)
    assert answer["resultType"] == "input_required"
    assert odoo.read(TAG, tag, "name")["name"] == mark


# ------------------------------------------------------------------ by a token


def test_a_client_that_cannot_ask_gets_a_preview_and_a_token(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """The token makes exactly that change, once."""
    partner = records.make("res.partner", name=mark, email="old@e2e.test")
    client = start_server(admin, env=ASK)
    change = {"model": "res.partner", "id": partner, "values": {"email": "new@e2e.test"}}
    preview = client.call("odoo_update", **change)
    token = token_of(preview)
    assert "“old@e2e.test” → “new@e2e.test”" in preview.text
    assert odoo.read("res.partner", partner, "email")["email"] == "old@e2e.test"

    other = change | {"values": {"email": "evil@e2e.test"}}
    for wrong in [other, change | {"confirm": token[:-2]}, change | {"confirm": "yes"}]:
        refused = client.call("odoo_update", **({"confirm": token} | wrong))
        assert_refused(refused, "invalid_call", "another call")
    deleted = client.call("odoo_delete", model="res.partner", id=partner, confirm=token)
    assert_refused(deleted, "invalid_call", "another call")

    client.ok("odoo_update", **change, confirm=token)
    assert odoo.read("res.partner", partner, "email")["email"] == "new@e2e.test"
    records_before = odoo.read("res.partner", partner, "write_date")
    again = client.call("odoo_update", **change, confirm=token)
    assert again.is_error or again.structured.get("confirmation_required")
    assert odoo.read("res.partner", partner, "write_date") == records_before


def test_a_token_holds_for_five_minutes(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """It has its end in it, in front of what is sealed; and the offer says so."""
    tag = records.make(TAG, name=mark)
    offer = start_server(admin, env=ASK).call("odoo_delete", model=TAG, id=tag)
    sealed = token_of(offer).split(".")[1]
    body = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    left = int.from_bytes(body[:8], "big") / 1000 - time.time()
    assert 200 < left <= 300
    assert offer.structured["expires_in_seconds"] == 300


def test_a_create_is_not_repeated_by_its_token(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """Nothing moves between two creates, so only the use of the token can stop the second."""
    client = start_server(admin, env=ASK)
    change = {"model": TAG, "values": {"name": mark}}
    token = token_of(client.call("odoo_create", **change))
    records.adopt(TAG, client.ok("odoo_create", **change, confirm=token).structured["id"])
    assert_refused(
        client.call("odoo_create", **change, confirm=token), "invalid_call", "used before"
    )
    assert odoo.count(TAG, [["name", "=", mark]]) == 1


def test_a_token_that_two_processes_take_changes_something_once(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """With one key, both processes take the token; Odoo remembers that it was done."""
    shared = ASK | {"ODOO_MCP_STATE_KEY": "0123456789abcdef" * 4}
    first, second = start_server(admin, env=shared), start_server(admin, env=shared)
    change = {"model": TAG, "values": {"name": mark}}
    token = token_of(first.call("odoo_create", **change))
    made = [client.ok("odoo_create", **change, confirm=token) for client in (second, first)]
    ids = {result.structured["id"] for result in made}
    assert len(ids) == 1
    records.adopt(TAG, ids.pop())
    assert odoo.count(TAG, [["name", "=", mark]]) == 1


def test_a_token_of_another_user_or_process_is_refused(
    start_server: StartServer,
    people: People,
    admin: Person,
    odoo: Odoo,
    records: Records,
    mark: str,
) -> None:
    """A process of its own has a key of its own; with a shared one, the user counts."""
    other = people.make("second_admin", people.groups_of(odoo))
    shared = ASK | {"ODOO_MCP_STATE_KEY": "0123456789abcdef" * 4}
    tag = records.make(TAG, name=mark)
    change = {"model": TAG, "id": tag, "values": {"name": f"{mark} x"}}
    token = token_of(start_server(admin, env=shared).call("odoo_update", **change))
    for client in (start_server(other, env=shared), start_server(admin, env=ASK)):
        refused = client.call("odoo_update", **change, confirm=token)
        assert_refused(refused, "invalid_call", "another call, user or server")
    assert odoo.read(TAG, tag, "name")["name"] == mark


def test_a_token_of_another_odoo_is_refused(
    start_server: StartServer, admin: Person, gateway: Gateway, records: Records, mark: str
) -> None:
    """Another address or database, also with one key: who shows ids shows them of one Odoo."""
    shared: dict[str, str | None] = ASK | {"ODOO_MCP_STATE_KEY": "0123456789abcdef" * 4}
    change = {"model": TAG, "id": records.make(TAG, name=mark), "values": {"name": f"{mark} x"}}
    token = token_of(start_server(admin, env=shared).call("odoo_update", **change))
    for other in ({"ODOO_URL": gateway.open().url}, {"ODOO_DB": None}):
        client = start_server(admin, env=shared | other)
        refused = client.call("odoo_update", **change, confirm=token)
        assert_refused(refused, "invalid_call", "another call, user or server")


@pytest.mark.needs("sale.order")
def test_a_token_of_another_tool_is_refused(
    start_server: StartServer, admin: Person, odoo: Odoo, records: Records, mark: str
) -> None:
    """Two buttons take the same arguments; the yes was to one of them."""
    partner = records.make("res.partner", name=mark)
    order = records.make("sale.order", partner_id=partner)
    client = start_server(admin, env=ASK)
    token = token_of(client.call("sale_order_action_confirm", id=order))
    refused = client.call("sale_order_action_cancel", id=order, confirm=token)
    assert_refused(refused, "invalid_call", "another call")
    assert odoo.read("sale.order", order, "state")["state"] == "draft"


def test_relative_dates_and_names_are_shown_as_understood(
    start_server: StartServer, admin: Person, records: Records, mark: str
) -> None:
    """What was said in other words than Odoo's is echoed with the preview."""
    partner = records.make("res.partner", name=mark)
    client = start_server(admin, env=ASK)
    values = {"parent_id": mark, "name": f"{mark} child"}
    preview = client.call("odoo_create", model="res.partner", values=values)
    token_of(preview)
    assert f"“{mark}” ({partner})" in preview.text
