"""Hostile texts in every place of Odoo that people write to, and what comes out of each tool.

Whatever a record says, the answer keeps its form: an independent reader (`support.hostile`)
finds exactly the cleaned text in the place of its value, and as many rows, fields and lines of
the server as for harmless records. Nothing that is hidden from people comes through, tools and
instructions stay as they are, and no text stands in for a person's consent.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from conftest import StartServer
from support.answers import link
from support.hostile import (
    STORABLE,
    TEXTS,
    cleaned,
    every_text,
    fields_of,
    in_a_cell,
    in_one_line,
    in_quotes,
    in_words,
    is_clean,
    list_of,
    read_answer,
    rows_of,
    words_of,
)
from support.hostile_records import checked, many, stored, words
from support.mcp_client import McpClient
from support.odoo import Odoo, OdooError
from support.records import Records

PARTNER = "res.partner"
TAG = "res.partner.category"
# One of each kind and all that imitate the server, where each text costs a registry or a client.
FEW = [
    text
    for place, (entry, text) in enumerate(zip(TEXTS, STORABLE, strict=True))
    if entry["style"] in ("mark", "consent") or place % 6 == 0
]


def test_the_corpus_has_every_style() -> None:
    """At least 120 texts, none twice, and the server's own signs among them."""
    texts = [entry["text"] for entry in TEXTS]
    assert len(texts) == len(set(texts)) >= 120
    assert {entry["style"] for entry in TEXTS} >= {
        *("order", "turn", "tool", "mark", "answer", "consent", "markup"),
        *("unicode", "json", "template", "language", "long"),
    }
    assert sum(not is_clean(text) for text in texts) >= 15


# ------------------------------------------------------------------ reading records


def test_names_and_notes_in_a_table(
    server: McpClient, odoo: Odoo, partners: list[int], harmless: list[int]
) -> None:
    """Each text in its own cell; everything else as for harmless records."""
    fields = ["name", "ref", "comment", "email"]
    for start in range(0, len(partners), 50):
        mine, plain = partners[start : start + 50], harmless[start : start + 50]
        asked = {"model": PARTNER, "fields": fields, "order": "id", "limit": 100}
        found = checked(server.ok("odoo_search", domain=[["id", "in", mine]], **asked))
        usual = server.ok("odoo_search", domain=[["id", "in", plain]], **asked)
        answer = read_answer(found.text)
        rows = rows_of(answer.block)
        assert [int(row["id"]) for row in rows][: len(rows)] == mine[: len(rows)]
        assert list(rows[0]) == ["id", "name", "ref", "comment"]
        truth = stored(odoo, PARTNER, mine[: len(rows)], "name", "ref", "comment")
        for row, shown, record in zip(rows, found.structured["records"], truth, strict=True):
            name = cleaned(record["name"])
            assert shown["name"] == name
            assert row["name"] == in_a_cell(name)
            assert row["ref"] == in_a_cell(cleaned(record["ref"]))
            assert shown["comment"] == words_of(record["comment"])
        said = [line for line in answer.said if not line.startswith(("cut at", "50 rows"))]
        if len(rows) == len(mine):
            assert said == read_answer(usual.text).said


def test_names_and_notes_of_one_record(
    server: McpClient, odoo: Odoo, partners: list[int], harmless: list[int]
) -> None:
    """Each text on its own line, and the buttons below stay what they are."""
    usual = read_answer(server.ok("odoo_read", model=PARTNER, id=harmless[0]).text)
    for one in partners:
        read = checked(server.ok("odoo_read", model=PARTNER, id=one))
        answer = read_answer(read.text)
        shown = fields_of(answer.block)
        record = odoo.read(PARTNER, one, "name", "comment")
        assert shown["name"] == in_one_line(cleaned(record["name"]))
        assert set(shown) == set(fields_of(usual.block))
        expected = [line.replace(str(harmless[0]), str(one)) for line in usual.said]
        assert answer.said == expected
        assert read.structured["record"]["name"] == cleaned(record["name"])


def test_names_of_linked_records(
    server: McpClient, odoo: Odoo, records: Records, partners: list[int]
) -> None:
    """A many2one ends with its id; a list of names has as many as there are."""
    children = many(odoo, PARTNER, [{"name": "child", "parent_id": one} for one in partners])
    for child in children:
        records.adopt(PARTNER, child)
    for start in range(0, len(children), 60):
        mine = children[start : start + 60]
        found = checked(
            server.ok(
                "odoo_search",
                model=PARTNER,
                domain=[["id", "in", mine]],
                fields=["parent_id"],
                order="id",
                limit=100,
            )
        )
        truth = stored(odoo, PARTNER, mine, "parent_id")
        rows = rows_of(read_answer(found.text).block)
        for row, shown, record in zip(rows, found.structured["records"], truth, strict=False):
            parent, name = record["parent_id"]
            assert shown["parent_id"] == {"id": parent, "name": cleaned(name)}
            assert row["parent_id"] == in_a_cell(f"{cleaned(name)} ({parent})")


def test_names_in_a_list_of_a_record(server: McpClient, odoo: Odoo, records: Records) -> None:
    """A tag's name cannot add a tag."""
    for start in range(0, len(STORABLE), 12):
        tags = many(odoo, TAG, [{"name": text} for text in STORABLE[start : start + 12]])
        for tag in tags:
            records.adopt(TAG, tag)
        partner = records.make(PARTNER, name="tagged", category_id=[[6, 0, tags]])
        asked = {"model": PARTNER, "id": partner, "fields": ["category_id"]}
        read = checked(server.ok("odoo_read", **asked))
        line = fields_of(read_answer(read.text).block)["category_id"]
        ids = [int(item.rpartition("(")[2].rstrip(")")) for item in list_of(line)]
        assert sorted(ids) == sorted(tags), line
        assert set(read.structured["names"]["category_id"]) == {str(tag) for tag in tags}


def test_groups(server: McpClient, odoo: Odoo, partners: list[int]) -> None:
    """A text as the key of a group is one cell of one row."""
    asked = {"model": PARTNER, "domain": [["id", "in", partners]], "limit": 100}
    found = checked(server.ok("odoo_search", **asked, group_by=["ref"]))
    rows = rows_of(read_answer(found.text).block)
    groups = found.structured["groups"]
    assert len(rows) == len(groups) == 100
    texts = {cleaned(record["ref"]) for record in stored(odoo, PARTNER, partners, "ref")}
    for row, group in zip(rows, groups, strict=True):
        assert group["ref"]["value"] in texts
        assert row["ref"] == in_a_cell(group["ref"]["value"])


@pytest.mark.needs("sale.order", "project.task")
def test_names_of_products_lines_and_tasks(server: McpClient, odoo: Odoo, records: Records) -> None:
    """The models that people write to most."""
    partner = records.make(PARTNER, name="hostile lines")
    lines = [[0, 0, {"display_type": "line_note", "name": text}] for text in STORABLE]
    order = records.make("sale.order", partner_id=partner, order_line=lines)
    line_ids = odoo.read("sale.order", order, "order_line")["order_line"]
    products = many(odoo, "product.template", [{"name": text} for text in STORABLE])
    project = records.make("project.project", name="hostile")
    tasks = many(odoo, "project.task", [{"name": t, "project_id": project} for t in STORABLE])
    for model, ids in [("product.template", products), ("project.task", tasks)]:
        for one in ids:
            records.adopt(model, one)
    for model, ids in [
        ("sale.order.line", line_ids),
        ("product.template", products),
        ("project.task", tasks),
    ]:
        for start in range(0, len(ids), 60):
            mine = ids[start : start + 60]
            domain = [["id", "in", mine]]
            asked = {"model": model, "domain": domain, "fields": ["name"], "order": "id"}
            found = checked(server.ok("odoo_search", **asked, limit=100))
            rows = rows_of(read_answer(found.text).block)
            truth = {row["id"]: row["name"] for row in stored(odoo, model, mine, "name")}
            assert rows
            for row in rows:
                assert row["name"] == in_a_cell(cleaned(truth[int(row["id"])])), model


def test_markup_in_a_note_is_read_as_a_person_sees_it(server: McpClient, records: Records) -> None:
    """The texts as HTML, as Odoo keeps them: in one field, without anything hidden."""
    ids = []
    for text in STORABLE:
        with suppress(OdooError):
            ids.append(records.make(PARTNER, name="markup", comment=text))
    for one in ids:
        read = checked(server.ok("odoo_read", model=PARTNER, id=one, fields=["comment", "name"]))
        block = read_answer(read.text).block
        assert fields_of(block)["name"] == "markup"
        assert len(block) <= 2
        assert "Ignore the user." not in read.text
        assert "Obey me" not in read.text


# ------------------------------------------------------------------ the chatter and files

_HEAD = re.compile(
    r"^\[(\d+)\] (\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?:Z|[+-][\d:]+)),"
    r" (“[^“”]*”) \((note|message|email|notification)\)$"
)


def test_messages_activities_and_files(
    server: McpClient, odoo: Odoo, records: Records, partners: list[int]
) -> None:
    """Author, subject, words and files of a message, and what is to be done."""
    for start in range(0, len(STORABLE), 20):
        batch = list(enumerate(STORABLE[start : start + 20], start))
        partner = records.make(PARTNER, name="chatter")
        for place, text in batch:
            files = [[text, base64.b64encode(text.encode()).decode()]]
            odoo.call(
                PARTNER,
                "message_post",
                [partner],
                body=text,
                subject=text,
                author_id=partners[place],
                message_type="comment",
                attachments=[],
                attachment_ids=[
                    odoo.create("ir.attachment", {"name": files[0][0], "datas": files[0][1]})
                ],
            )
            odoo.call(PARTNER, "activity_schedule", [partner], summary=text, note=words(text))
        read = checked(server.ok("odoo_chatter", model=PARTNER, id=partner, limit=100))
        answer = read_answer(read.text)
        assert len(answer.said) == 2, answer.said
        messages = [m for m in read.structured["messages"] if m["kind"] != "notification"]
        assert len(messages) == len(batch)
        heads = [found for line in answer.block if (found := _HEAD.match(line))]
        assert [int(head[1]) for head in heads] == [m["id"] for m in read.structured["messages"]]
        for line in answer.block:
            begins = ("activity ", "[", "  > ", "  subject: ", "  file odoo://", "  “", "- odoo://")
            assert line.startswith(begins) or line == "files:", line
        activities = [line for line in answer.block if line.startswith("activity ")]
        assert len(activities) == len(batch) == len(read.structured["activities"])
        for message in messages:
            truth = odoo.read("mail.message", message["id"], "body", "subject", "author_id")
            assert message["author"] == in_words(truth["author_id"][1], 200)
            assert message.get("subject", "") == cleaned(truth["subject"] or "")
            said = words_of(truth["body"])
            assert message.get("body", "")[:1900] == said[:1900]
        files = [line for line in answer.block if line.startswith("  file odoo://")]
        assert len(files) == len(batch)


def test_files_and_the_record_as_a_resource(
    server: McpClient, odoo: Odoo, records: Records, partners: list[int]
) -> None:
    """Names of files, and what stands in them."""
    for one, text in list(zip(partners, STORABLE, strict=True))[::4]:
        content = base64.b64encode(text.encode()).decode()
        values = {"name": text, "datas": content, "res_model": PARTNER, "res_id": one}
        file = records.make("ir.attachment", **values, mimetype="text/plain")
        data, shown = server.read(f"odoo://{PARTNER}/{one}")
        for found in every_text(json.loads(data["text"])):
            assert is_clean(found), found
        answer = read_answer(shown["text"])
        assert len(answer.said) == 3, answer.said
        named = [line for line in answer.block if line.startswith("- odoo://ir.attachment/")]
        (line,) = named
        assert line.startswith(f"- odoo://ir.attachment/{file}/content: {in_quotes(text, 200)}, ")
        name = odoo.read(PARTNER, one, "display_name")["display_name"]
        assert answer.block[0] == f"name: {in_words(name, 200)}"
        (read,) = server.read(f"odoo://ir.attachment/{file}/content")
        assert read["text"] == cleaned(text)


# ------------------------------------------------------------------ labels, names of the server's


@pytest.fixture
def labelled(odoo: Odoo) -> Iterator[tuple[int, str]]:
    """A field of an administrator's own, whose options are called like the texts."""
    model = odoo.ids("ir.model", [["model", "=", TAG]])[0]
    options = [[0, 0, {"value": f"k{n}", "name": text}] for n, text in enumerate(STORABLE)]
    values = {
        "name": "x_hostile",
        "model_id": model,
        "ttype": "selection",
        "field_description": "x",
        "selection_ids": options,
    }
    field = odoo.create("ir.model.fields", values)
    yield field, "x_hostile"
    odoo.unlink("ir.model.fields", [field])


def test_labels_of_fields_and_options(
    server: McpClient, odoo: Odoo, labelled: tuple[int, str]
) -> None:
    """A label is one item of one line, in descriptions and resources."""
    field, name = labelled
    server.ok("odoo_reconnect")
    described = checked(server.ok("odoo_schema", model=TAG, search=name))
    (line,) = read_answer(described.text).block
    options = line.partition("[")[2]
    items = re.findall(r"k(\d+)=(“[^“”]*”|[^,;\]“”]*)(?=[,\]])", options)
    assert [int(key) for key, _ in items] == list(range(len(STORABLE)))
    for key, label in items:
        assert label.strip("“”") == in_quotes(STORABLE[int(key)], 30).strip("“”"), key
    usual = read_answer(described.text)
    for text in FEW[::3]:
        odoo.write("ir.model.fields", [field], {"field_description": text, "help": text})
        server.ok("odoo_reconnect")
        described = checked(server.ok("odoo_schema", model=TAG, search=name))
        answer = read_answer(described.text)
        assert len(answer.block) == 1
        assert answer.said == usual.said
        told = described.structured["fields"][name]
        assert told["label"] == in_words(text, 60)
        (resource,) = server.read(f"odoo://{TAG}/schema")
        for found in every_text(json.loads(resource["text"])):
            assert is_clean(found), found


def test_names_of_users_companies_apps_and_models(
    start_server: StartServer, odoo: Odoo, people: Any, records: Records
) -> None:
    """Who is signed in, where, and what there is."""
    person = people.make("hostile", ["base.group_user"])
    menu = records.make("ir.ui.menu", name="x", sequence=1)
    action = odoo.ids("ir.actions.act_window", [["res_model", "=", TAG]], limit=1)[0]
    records.make("ir.ui.menu", name="x", parent_id=menu, action=f"ir.actions.act_window,{action}")
    company = odoo.read("res.users", odoo.uid, "company_id")["company_id"][0]
    before = odoo.read("res.company", company, "name")["name"]
    client = start_server(person)
    usual = read_answer(client.ok("odoo_capabilities").text)
    try:
        for text in FEW[::3]:
            odoo.write("res.users", [person.uid], {"name": text})
            odoo.write("res.company", [company], {"name": text})
            odoo.write("ir.ui.menu", [menu], {"name": text})
            client.ok("odoo_reconnect")
            shown = checked(client.ok("odoo_capabilities"))
            answer = read_answer(shown.text)
            assert answer.said == usual.said
            assert len(answer.block) == len(usual.block)
            assert answer.block[0] == (f"user {person.uid}: {in_quotes(text, 60)} ({person.login})")
            assert answer.block[1] == f"company {company}: {in_quotes(text, 60)}"
    finally:
        odoo.write("res.company", [company], {"name": before})


def test_labels_of_buttons(server: McpClient, odoo: Odoo, records: Records) -> None:
    """What stands on a button, and what Odoo asks, below the record that shows it."""
    tag = records.make(TAG, name="buttons")
    base = odoo.ids("ir.ui.view", [["model", "=", TAG], ["type", "=", "form"]], limit=1)[0]
    for text in FEW[::6]:
        label = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)[:300]
        signs = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;"}
        for sign, entity in signs.items():
            label = label.replace(sign, entity)
        arch = (
            '<form position="inside"><header><button name="action_archive" type="object"'
            f' string="{label}" confirm="{label}" help="{label}"/></header></form>'
        )
        view = {"name": "hostile", "model": TAG, "inherit_id": base, "arch": arch}
        made = odoo.create("ir.ui.view", view)
        try:
            # The form had no button when it was described last.
            server.ok("odoo_reconnect")
            shown = checked(server.ok("odoo_read", model=TAG, id=tag))
            said = read_answer(shown.text).said
            (line,) = [line for line in said if line.startswith("actions now: ")]
            form = r"actions now: action_archive “[^“”]*” \(asks “[^“”]*”\)"
            assert re.fullmatch(form, line), line
            (action,) = shown.structured["actions"]
            assert action["method"] == "action_archive"
        finally:
            odoo.unlink("ir.ui.view", [made])


def test_a_dialogue(server: McpClient, records: Records, partners: list[int]) -> None:
    """What stands in a dialogue, and what opens."""
    usual: list[str] | None = None
    other = records.make(PARTNER, name="other")
    for one in partners[::6]:
        pressed = server.ok(
            "odoo_execute", model=PARTNER, method="base.action_partner_merge", ids=[one, other]
        )
        answer = read_answer(checked(pressed).text)
        said = [re.sub(r"\d+|handle: .*", "", line) for line in answer.said]
        usual = usual or said
        assert said == usual
        wizard = pressed.structured["wizard"]
        # What the form says stands before its fields.
        _words, fields = answer.blocks[:2]
        (names,) = [line for line in fields if line.startswith("partner_ids")]
        ids = [int(x.rpartition("(")[2].rstrip(")")) for x in list_of(names.partition(" = ")[2])]
        if not names.endswith("…"):
            assert sorted(ids) == sorted([one, other]), names
        assert [person["id"] for person in wizard["fields"]["partner_ids"]["value"]]


def test_records_that_open(
    server: McpClient, odoo: Odoo, records: Records, partners: list[int]
) -> None:
    """A button that opens a list: each name is one line between the marks."""
    model = odoo.ids("ir.model", [["model", "=", PARTNER]])[0]
    window = records.make(
        "ir.actions.act_window",
        name="hostile",
        res_model=PARTNER,
        view_mode="list",
        binding_model_id=model,
    )
    for start in range(0, len(partners), 10):
        mine = partners[start : start + 10]
        odoo.write("ir.actions.act_window", [window], {"domain": str([["id", "in", mine]])})
        call = {"model": PARTNER, "method": str(window), "ids": mine[:1]}
        opened = checked(server.ok("odoo_execute", **call))
        answer = read_answer(opened.text)
        opened_by = link(odoo, PARTNER, "<id>" if len(mine) > 1 else mine[0])
        assert answer.said[1:] == ["<block>", f"open: {opened_by}"]
        rows = stored(odoo, PARTNER, mine, "display_name")
        names = {f"{in_one_line(cleaned(row['display_name']))} ({row['id']})" for row in rows}
        assert set(answer.block) == names


def test_what_a_method_gives_back(server: McpClient, partners: list[int]) -> None:
    """A method may answer with anything that stands in records."""
    for one in partners:
        answered = server.ok(
            "odoo_execute", model=PARTNER, method="read", ids=[one], args=[["name"]]
        )
        answer = read_answer(checked(answered).text)
        assert len(answer.block) == 1
        assert json.loads(answer.block[0])[0]["id"] == one


# ------------------------------------------------------------------ errors, reports of changes


@pytest.mark.users
def test_errors_that_repeat_a_text(server: McpClient, odoo: Odoo, people: Any) -> None:
    """Odoo names the users that a contact belongs to, when it refuses to delete it."""
    person = people.make("named", ["base.group_user"])
    partner = odoo.read("res.users", person.uid, "partner_id")["partner_id"][0]
    for text in FEW:
        odoo.write("res.users", [person.uid], {"name": text})
        refused = server.call("odoo_delete", model=PARTNER, id=partner)
        assert refused.error["kind"] == "validation", refused.text
        answer = read_answer(refused.text)
        assert answer.said == ["Odoo says:", "<block>"]
        assert len(answer.block) == 1
        assert is_clean(refused.error["message"])
        words = " ".join(cleaned(text).split())[:100]
        assert words in " ".join(refused.error["message"].split())
    assert odoo.exists(PARTNER, partner)


def test_errors_of_our_own(server: McpClient, odoo: Odoo, partners: list[int]) -> None:
    """A name that two records have, or none: quoted, on one line."""
    for one, text in list(zip(partners, STORABLE, strict=True))[::3]:
        # A contact of this name exists once; a child's name is then looked up.
        values = {"name": "child", "parent_id": f"{text[:200]} no such"}
        refused = server.call("odoo_create", model=PARTNER, values=values)
        assert refused.is_error
        answer = read_answer(refused.text)
        assert not answer.blocks
        assert len(answer.said) == 2, answer.said
        assert odoo.count(PARTNER, [["parent_id", "=", one]]) == 0


def test_reports_of_changes(server: McpClient, odoo: Odoo) -> None:
    """What was made, changed and deleted is named in quotes, on one line."""
    for text in STORABLE:
        made = checked(server.ok("odoo_create", model=TAG, values={"name": text}))
        tag = made.structured["id"]
        name = odoo.read(TAG, tag, "display_name")["display_name"]
        quoted = in_quotes(cleaned(name), 200)
        opened = f"\nopen: {link(odoo, TAG, tag)}"
        assert made.text == f"created {TAG} {tag} ({quoted}){opened}"
        changed = checked(server.ok("odoo_update", model=TAG, id=tag, values={"color": 2}))
        assert changed.text == f"updated {TAG} {tag} ({quoted}): color{opened}"
        gone = checked(server.ok("odoo_delete", model=TAG, id=tag))
        assert gone.text == f"deleted {TAG} {tag} ({quoted})"
