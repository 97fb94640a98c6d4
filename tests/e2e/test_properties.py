"""Properties: fields that a project defines for its tasks, by name or label, one at a time.

Odoo takes what is written for all there is, and erases the others; it keeps what is unknown or
wrong where nobody sees it. Odoo itself says what is stored.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Records, StartServer
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import Person
from support.refusal import assert_refused

pytestmark = pytest.mark.needs("project.task", "crm.lead")

TASK = "project.task"
FIELD = "task_properties"


def definition(prefix: str) -> list[dict[str, Any]]:
    """Properties whose names are one project's own, and whose labels both projects have."""
    return [
        {
            "name": f"{prefix}stage",
            "string": "Phase",
            "type": "selection",
            "selection": [[f"{prefix}early", "Early"], [f"{prefix}late", "Late"]],
        },
        {
            "name": f"{prefix}tags",
            "string": "Marks",
            "type": "tags",
            "tags": [[f"{prefix}hot", "Hot", 1], [f"{prefix}cold", "Cold", 2]],
        },
        {"name": f"{prefix}due", "string": "Due", "type": "date"},
        {"name": f"{prefix}count", "string": "Count", "type": "integer", "default": 7},
        {
            "name": f"{prefix}friend",
            "string": "Friend",
            "type": "many2one",
            "comodel": "res.partner",
        },
        {"name": f"{prefix}text", "string": "Text", "type": "char"},
    ]


class Projects:
    """Two projects with properties and a task each, one without, and a contact."""

    def __init__(self, odoo: Odoo, records: Records, mark: str) -> None:
        """Makes them."""
        self.odoo = odoo

        def project(name: str, **values: Any) -> int:
            return records.make("project.project", name=f"{mark} {name}", **values)

        self.first = project("first", task_properties_definition=definition("a"))
        self.second = project("second", task_properties_definition=definition("b"))
        self.bare = project("bare")
        self.task, self.other, self.plain = (
            records.make(TASK, name=f"{mark} task", project_id=project)
            for project in (self.first, self.second, self.bare)
        )
        self.friend = records.make("res.partner", name=f"{mark} friend")

    def values(self, task: int) -> dict[str, Any]:
        """What a task has, by name."""
        listed = self.odoo.read(TASK, task, FIELD)[FIELD]
        found = {item["name"]: item.get("value") for item in listed}
        return {
            name: value[0] if name.endswith("friend") else value
            for name, value in found.items()
            if value
        }


@pytest.fixture
def projects(odoo: Odoo, records: Records, mark: str) -> Projects:
    """Projects with properties."""
    return Projects(odoo, records, mark)


def write(client: McpClient, task: int, values: Any) -> None:
    """Writes properties of a task."""
    client.ok("odoo_update", model=TASK, id=task, values={FIELD: values})


def test_one_property_leaves_the_others(server: McpClient, projects: Projects, mark: str) -> None:
    """By label or by name, values as people know them; what is not named stays."""
    task = projects.task
    write(server, task, {"Phase": "Late", "atext": "hello"})
    write(server, task, {"Marks": ["Hot", "acold"]})
    write(server, task, {"due": "2026-12-24", "Count": "12"})
    write(server, task, {"Friend": f"{mark} friend"})
    write(server, task, {"Text": None, "Marks": "Cold"})
    assert projects.values(task) == {
        "astage": "alate",
        "atags": ["acold"],
        "adue": "2026-12-24",
        "acount": 12,
        "afriend": projects.friend,
    }


def test_a_read_shows_labels_and_can_be_written_back(
    server: McpClient, projects: Projects, mark: str
) -> None:
    """The answer has labels and values, in a form that an update takes."""
    task = projects.task
    write(server, task, {"Phase": "Late", "Marks": ["Hot"], "Friend": projects.friend})
    read = server.ok("odoo_read", model=TASK, id=task, fields=[FIELD])
    assert f"Phase: Late; Marks: Hot; Count: 7; Friend: {mark} friend ({projects.friend})" in (
        read.text
    )
    assert "empty: Due, Text" in read.text
    shown = read.structured["record"][FIELD]
    assert shown == {
        "Phase": "Late",
        "Marks": ["Hot"],
        "Due": None,
        "Count": 7,
        "Friend": {"id": projects.friend, "name": f"{mark} friend"},
        "Text": None,
    }
    before = projects.values(task)
    write(server, task, shown)
    assert projects.values(task) == before


def test_tasks_of_several_projects_in_one_call(server: McpClient, projects: Projects) -> None:
    """Each task gets the property that its own project defines, and keeps its others."""
    tasks = [projects.task, projects.other]
    write(server, projects.task, {"Text": "one"})
    write(server, projects.other, {"Text": "two"})
    values = {FIELD: {"Phase": "Early", "Due": "2026-12-24"}, "priority": "1"}
    server.ok("odoo_update", model=TASK, ids=tasks, values=values)
    for task, prefix, text in zip(tasks, "ab", ("one", "two"), strict=True):
        assert projects.values(task) == {
            f"{prefix}stage": f"{prefix}early",
            f"{prefix}due": "2026-12-24",
            f"{prefix}count": 7,
            f"{prefix}text": text,
        }
        assert projects.odoo.read(TASK, task, "priority")["priority"] == "1"


def test_one_that_cannot_have_it_changes_none(server: McpClient, projects: Projects) -> None:
    """A task whose project defines nothing is named, and no other is changed."""
    before = projects.values(projects.task)
    refused = server.call(
        "odoo_update",
        model=TASK,
        ids=[projects.task, projects.plain],
        values={FIELD: {"Phase": "Early"}},
    )
    assert_refused(
        refused,
        "invalid_call",
        f"({projects.bare}) defines no properties (of {TASK} {projects.plain})",
        "Nothing was sent to Odoo",
    )
    assert projects.values(projects.task) == before


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"Phas": "Late"}, "values.task_properties.Phas: no such property; did you mean “Phase”?"),
        ({"weight": 3}, "“Phase” (astage, selection), “Marks” (atags, tags)"),
        ({"Phase": "Middle"}, 'expected one of "aearly" (Early), "alate" (Late)'),
        ({"Marks": ["Warm"]}, 'values.task_properties.Marks[0]: expected one of "ahot" (Hot)'),
        ({"Due": "soon"}, "values.task_properties.Due: expected a date"),
        ({"Count": "many"}, "values.task_properties.Count: expected a whole number"),
        ({"Friend": "nobody of this name"}, "no record of res.partner is named"),
        ({"Friend": 999_999_999}, "res.partner 999999999 does not exist"),
        ({"Phase": "Late", "astage": "Early"}, "the property “Phase” is there twice"),
        ("Late", "values.task_properties: expected an object such as"),
        (
            [{"name": "astage", "type": "char", "definition_changed": True}],
            "write its field task_properties_definition",
        ),
    ],
)
def test_what_is_wrong_is_refused(
    server: McpClient, projects: Projects, odoo: Odoo, values: Any, says: str
) -> None:
    """Nothing is stored, and the project's definitions stay."""
    project = ("project.project", projects.first, "task_properties_definition")
    before, defined = projects.values(projects.task), odoo.read(*project)
    refused = server.call("odoo_update", model=TASK, id=projects.task, values={FIELD: values})
    assert_refused(refused, ("invalid_call", "missing_record"), says)
    assert projects.values(projects.task) == before
    assert odoo.read(*project) == defined


def test_the_list_of_a_read_is_taken(server: McpClient, projects: Projects) -> None:
    """Odoo's own form is a list of definitions with values; it changes what it has a value for."""
    write(server, projects.task, {"Text": "kept"})
    listed = [item for item in definition("a") if item["name"] == "astage"]
    listed[0]["value"] = "alate"
    write(server, projects.task, listed)
    assert projects.values(projects.task) == {"astage": "alate", "acount": 7, "atext": "kept"}


def test_a_new_task_has_what_its_project_defines(
    server: McpClient, records: Records, projects: Projects, mark: str
) -> None:
    """Values and defaults; without a project there is nothing to go by."""
    values = {"name": mark, "project_id": projects.second, FIELD: {"Phase": "Late"}}
    made = server.ok("odoo_create", model=TASK, values=values).structured["id"]
    records.adopt(TASK, made)
    assert projects.values(made) == {"bstage": "blate", "bcount": 7}
    for project, says in (
        ({}, "values.task_properties: properties are defined by “Project” (project_id); give"),
        ({"project_id": projects.bare}, "defines no properties"),
        ({"project_id": projects.first, FIELD: {"nothing": 1}}, "no such property; there are"),
    ):
        values = {"name": mark, FIELD: {"Phase": "Late"}} | project
        refused = server.call("odoo_create", model=TASK, values=values)
        assert_refused(refused, "invalid_call", says)
    assert projects.odoo.ids(TASK, [["name", "=", mark]]) == [made]


def test_a_task_moves_with_its_properties(server: McpClient, projects: Projects) -> None:
    """With another project, its definitions hold."""
    write(server, projects.task, {"Phase": "Late", "Text": "old"})
    values = {"project_id": projects.second, FIELD: {"Phase": "Early"}}
    server.ok("odoo_update", model=TASK, id=projects.task, values=values)
    assert projects.values(projects.task) == {"bstage": "bearly", "bcount": 7}


def test_write_as_a_method_merges_too(server: McpClient, projects: Projects) -> None:
    """`write` through `odoo_execute`; the web client's own method is refused."""
    write(server, projects.task, {"Text": "kept"})
    call = {"model": TASK, "ids": [projects.task]}
    values = {FIELD: {"Phase": "Late"}}
    server.ok("odoo_execute", method="write", args=[values], **call)
    expected = {"astage": "alate", "acount": 7, "atext": "kept"}
    assert projects.values(projects.task) == expected
    refused = server.call("odoo_execute", method="web_save", args=[values, {}], **call)
    assert_refused(refused, "invalid_call", "use odoo_update")
    assert projects.values(projects.task) == expected


def test_leads_have_properties_of_their_team(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Another model, another parent."""
    team = records.make("crm.team", name=mark, lead_properties_definition=definition("c"))
    lead = records.make("crm.lead", name=mark, team_id=team)
    for values in ({"Phase": "Late"}, {"Count": 3}):
        update = {"lead_properties": values}
        server.ok("odoo_update", model="crm.lead", id=lead, values=update)
    listed = odoo.read("crm.lead", lead, "lead_properties")["lead_properties"]
    found = {item["name"]: item.get("value") for item in listed}
    assert (found["cstage"], found["ccount"]) == ("clate", 3)


def test_the_properties_of_a_line_are_its_own(server: McpClient, projects: Projects) -> None:
    """Definitions are looked up for the records of the call alone."""
    line = {"id": projects.task, FIELD: {"Phase": "Late"}}
    values = {"task_ids": {"update": [line]}}
    refused = server.call("odoo_update", model="project.project", id=projects.first, values=values)
    assert_refused(refused, "invalid_call", "properties are not written through a line")


def test_the_question_names_labels(
    start_server: StartServer, admin: Person, projects: Projects
) -> None:
    """What the user is asked has labels, old values and new ones, and nothing that stays."""
    client = start_server(admin, env={"CONFIRM": "token"})
    values = {FIELD: {"Phase": "Late", "Friend": projects.friend}}
    preview = client.call("odoo_update", model=TASK, id=projects.task, values=values)
    said = json.dumps(preview.structured, ensure_ascii=False) + preview.text
    assert "Phase: “Late” (alate); Friend: “" in said
    assert "Count" not in said
    assert projects.values(projects.task) == {"acount": 7}
