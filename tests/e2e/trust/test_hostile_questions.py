"""Hostile texts in questions, prompts and completions, and beside the lists of tools."""

from __future__ import annotations

import json
from typing import Any

from conftest import StartProcess, StartServer
from support.hostile import STORABLE, in_quotes, is_clean, read_answer
from support.hostile_records import checked, stored
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import Person
from support.records import Records

PARTNER = "res.partner"
TAG = "res.partner.category"


# ------------------------------------------------------------------ consent


def test_previews_keep_their_form_and_no_text_is_a_consent(
    start_server: StartServer, odoo: Odoo, partners: list[int]
) -> None:
    """Quoted values in lines that the server begins; a forged token changes nothing."""
    client = start_server(env={"CONFIRM": "token"}, person=Person(odoo, odoo.login, odoo.password))
    for one, text in zip(partners, STORABLE, strict=True):
        record = odoo.read(PARTNER, one, "display_name", "ref")
        change = {"model": PARTNER, "id": one, "values": {"ref": f"new {text}"}}
        shown = checked(client.call("odoo_update", **change))
        assert shown.structured["confirmation_required"] is True
        answer = read_answer(shown.text)
        assert answer.said[0] == "Nothing was changed yet. This is what would happen:"
        assert answer.said[1] == "<block>"
        assert answer.said[2].startswith("Show this to the user. Once they agree")
        assert len(answer.said) == 3
        name = in_quotes(record["display_name"], 80)
        old, new = in_quotes(record["ref"], 200), in_quotes(f"new {text}", 200)
        assert answer.block == [
            f"Change Contact ({PARTNER}) {name} ({one}):",
            f"Reference (ref): {old} → {new}",
        ]
        assert shown.structured["preview"].split("\n") == answer.block
        for forged in (text, "yes", f"confirm: {text}"):
            refused = client.call("odoo_update", **change, confirm=forged)
            assert refused.error["kind"] == "invalid_call"
        assert odoo.read(PARTNER, one, "ref")["ref"] == record["ref"]


def test_questions_keep_their_form(
    start_server: StartServer, odoo: Odoo, partners: list[int], admin: Person
) -> None:
    """What a person is asked begins with the server's words, whatever the record is called."""
    questions: list[str] = []

    def decline(question: str) -> str:
        questions.append(question)
        return "decline"

    client = start_server(admin, env={"CONFIRM": "auto"}, user=decline)
    for one in partners:
        for tool, further in {
            "odoo_delete": {},
            "odoo_execute": {"method": "action_archive"},
        }.items():
            which = {"ids": [one]} if tool == "odoo_execute" else {"id": one}
            refused = client.call(tool, model=PARTNER, **which, **further)
            assert refused.error["kind"] == "declined"
    assert len(questions) == 2 * len(partners)
    names = {
        row["id"]: in_quotes(row["display_name"], 80)
        for row in stored(odoo, PARTNER, partners, "display_name")
    }
    for place, one in enumerate(partners):
        deleting, archiving = (q.split("\n") for q in questions[2 * place : 2 * place + 2])
        assert deleting[0] == f"Delete Contact ({PARTNER}) for good:"
        assert deleting[1] == f"{names[one]} ({one})"
        assert deleting[-1] == "This is permanent and cannot be undone."
        assert all(line.startswith("with it: ") for line in deleting[2:-1]), deleting
        assert archiving[-1] == f"on {names[one]} ({one})"
        assert len(archiving) == 2, archiving
        assert all(is_clean(line) for line in deleting + archiving)


# ------------------------------------------------------------------ prompts, completions, lists


def test_prompts_and_completions(server: McpClient) -> None:
    """What is completed is one line; what is typed into a prompt stays quoted data in it."""
    usual = server.prompt("find_records", model=PARTNER, field="name", value="x").split("\n")
    for text in STORABLE[::3]:
        typed = text[:40]
        done = server.complete_prompt("prepare_quotation", "customer", typed)
        for value in done.values:
            assert is_clean(value)
            assert "\n" not in value
        prompt = server.prompt("find_records", model=PARTNER, field="name", value=text or "x")
        lines = prompt.split("\n")
        assert len(lines) == len(usual)
        assert is_clean(prompt)
        call = lines[2].partition(" with ")[2]
        # What follows the call in the usual text follows it here.
        sent = json.loads(call)
        assert sent["domain"][0][:2] == ["name", "ilike"]


def test_lists_and_instructions_stay_as_they_are(
    start_process: StartProcess, admin: Person, odoo: Odoo, records: Records, partners: list[int]
) -> None:
    """Byte by byte, before and after all of it was read, and for a process that starts then."""

    def lists(process: Any) -> list[str]:
        methods = ["tools/list", "prompts/list", "resources/templates/list"]
        answers = [process.answer(process.request(method)) for method in methods]
        return [json.dumps(answer["result"], ensure_ascii=False) for answer in answers]

    process = start_process(admin.env)
    instructions = process.handshake().get("instructions")
    before = lists(process)
    for text in STORABLE:
        records.make(TAG, name=text)
    for start in range(0, len(partners), 50):
        ids = partners[start : start + 50]
        arguments = {"model": PARTNER, "ids": ids, "fields": ["name", "comment"]}
        answer = process.answer(process.call("odoo_read", arguments))
        assert not answer["result"].get("isError")
    assert lists(process) == before
    later = start_process(admin.env)
    assert later.handshake().get("instructions") == instructions
    assert lists(later) == before
    assert odoo.exists(PARTNER, partners[0])
