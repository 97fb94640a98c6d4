"""An employee, the days that they may be away, and a leave."""

from __future__ import annotations

import datetime

import pytest
from conftest import Records
from support.desk import Desk
from support.odoo import Odoo

pytestmark = pytest.mark.needs("hr.employee", "hr.leave")

# How a request comes to its approval: 16.0 and 17.0 have more steps.
_STEPS = {"draft": "action_confirm", "confirm": "action_approve", "validate1": "action_validate"}


def test_a_leave_is_granted_and_counted(
    desk: Desk, odoo: Odoo, records: Records, mark: str
) -> None:
    """Ten days are granted and three taken, so seven remain."""
    employee = records.adopt("hr.employee", desk.create("hr.employee", name=f"{mark} Grace"))
    kind = desk.create(
        "hr.leave.type",
        name=f"{mark} holidays",
        requires_allocation="yes",
        leave_validation_type="hr",
    )
    records.adopt("hr.leave.type", kind)
    monday = _monday_in_a_year_without_end()
    allocation = desk.create(
        "hr.leave.allocation",
        name=f"{mark} this year",
        employee_id=employee,
        holiday_status_id=kind,
        number_of_days=10,
        date_from=str(monday.replace(month=1, day=1)),
        date_to=str(monday.replace(month=12, day=31)),
    )
    _approve(desk, "hr.leave.allocation", allocation)
    wednesday = monday + datetime.timedelta(days=2)
    # In 16.0, the default of the exact times (today) goes before the days that are asked for.
    times = {"date_from": f"{monday} 06:00:00", "date_to": f"{wednesday} 18:00:00"}
    leave = desk.create(
        "hr.leave",
        name=f"{mark} sea",
        employee_id=employee,
        holiday_status_id=kind,
        request_date_from=str(monday),
        request_date_to=str(wednesday),
        **(times if odoo.series < (17, 0) else {}),
    )
    assert _balance(odoo, kind, employee, monday)["leaves_taken"] == 0.0
    _approve(desk, "hr.leave", leave)

    away = odoo.read("hr.leave", leave, "state", "number_of_days", "employee_id")
    assert (away["state"], away["number_of_days"]) == ("validate", 3.0)
    assert away["employee_id"][0] == employee
    assert odoo.read("hr.leave.allocation", allocation, "state")["state"] == "validate"
    balance = _balance(odoo, kind, employee, monday)
    assert (balance["max_leaves"], balance["leaves_taken"]) == (10.0, 3.0)
    assert balance["virtual_remaining_leaves"] == 7.0


def _monday_in_a_year_without_end() -> datetime.date:
    """A Monday in the middle of the next June, away from the ends of a year and from today."""
    june = datetime.date(datetime.datetime.now(datetime.UTC).year + 1, 6, 8)
    return june - datetime.timedelta(days=june.weekday())


def _approve(desk: Desk, model: str, request: int) -> None:
    for _ in _STEPS:
        state = desk.read(model, request, "state")["state"]
        if state in _STEPS:
            desk.press(model, request, _STEPS[state])


def _balance(odoo: Odoo, kind: int, employee: int, day: datetime.date) -> dict[str, float]:
    context = {"employee_id": employee, "default_date_from": str(day)}
    fields = ["max_leaves", "leaves_taken", "virtual_remaining_leaves"]
    (balance,) = odoo.call("hr.leave.type", "read", [kind], fields, context=context)
    return balance
