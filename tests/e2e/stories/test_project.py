"""A project: tasks, who does them, the time they take, and that they are done."""

from __future__ import annotations

import pytest
from conftest import Records
from support.desk import Desk
from support.odoo import Odoo

pytestmark = pytest.mark.needs("project.task", "hr.employee")


def test_a_task_is_worked_on_until_it_is_done(
    desk: Desk, odoo: Odoo, records: Records, mark: str
) -> None:
    """Two tasks; one is assigned, worked on twice, and moved to the last stage."""
    if "timesheet_ids" not in odoo.fields("project.task"):
        pytest.skip("this Odoo lacks timesheets")
    stages = [
        records.adopt("project.task.type", desk.create("project.task.type", name=f"{mark} {name}"))
        for name in ("to do", "finished")
    ]
    project = desk.create(
        "project.project", name=f"{mark} move", type_ids=stages, allow_timesheets=True
    )
    records.adopt("project.project", project)
    packing, driving = (
        records.adopt(
            "project.task",
            desk.create("project.task", name=f"{mark} {name}", project_id=project),
        )
        for name in ("packing", "driving")
    )
    worker = records.adopt("hr.employee", desk.create("hr.employee", name=f"{mark} worker"))
    hours = "allocated_hours"
    if not desk.has_field("project.task", hours):
        hours = "planned_hours"
    desk.update("project.task", packing, user_ids=[desk.uid], date_deadline="+1w", **{hours: 4})
    for name, time in (("boxes", 1.5), ("labels", 0.75)):
        desk.create(
            "account.analytic.line",
            name=f"{mark} {name}",
            project_id=project,
            task_id=packing,
            employee_id=worker,
            unit_amount=time,
        )
    desk.update("project.task", packing, stage_id=f"{mark} finished")
    # Until 16.0, the state is that of the board.
    state = (
        {"state": "1_done"} if desk.has_field("project.task", "state") else {"kanban_state": "done"}
    )
    desk.update("project.task", packing, **state)

    done = odoo.read(
        "project.task",
        packing,
        "stage_id",
        "user_ids",
        "effective_hours",
        "remaining_hours",
        *state,
    )
    assert done["stage_id"][0] == stages[1]
    assert done["user_ids"] == [desk.uid]
    assert (done["effective_hours"], done["remaining_hours"]) == (2.25, 1.75)
    assert {name: done[name] for name in state} == state
    logged = odoo.call(
        "account.analytic.line",
        "search_read",
        [["task_id", "=", packing]],
        ["employee_id", "unit_amount", "project_id"],
    )
    assert {line["employee_id"][0] for line in logged} == {worker}
    assert {line["project_id"][0] for line in logged} == {project}
    assert odoo.read("project.task", driving, "stage_id")["stage_id"][0] == stages[0]
    for line in logged:
        records.adopt("account.analytic.line", line["id"])
