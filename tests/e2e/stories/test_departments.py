"""The same work by people who may only do their own part of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from conftest import Records, StartServer
from support.desk import Desk
from support.odoo import Odoo
from support.people import People

from stories.stock import move_goods, put_in_stock

pytestmark = pytest.mark.users

PROFILES = "sales,accounting,inventory,people"


@pytest.fixture
def desk_of(_start_server: StartServer, people: People) -> Iterator[Callable[..., Desk]]:
    """The place of a new user with these groups: `desk_of("seller", "sales_team.…")`."""
    with ExitStack() as stack:

        def make(name: str, *groups: str) -> Desk:
            person = people.make(name, ["base.group_user", *groups])
            session = stack.enter_context(_start_server(person, "--profile", PROFILES))
            return Desk(session, person.uid)

        yield make


@pytest.mark.needs("sale.order", "stock.picking", "account.move")
def test_three_people_sell_a_desk(
    desk: Desk,
    desk_of: Callable[..., Desk],
    odoo: Odoo,
    records: Records,
    goods: int,
    mark: str,
) -> None:
    """One sells, one delivers, one invoices and collects; nobody does another's part."""
    put_in_stock(desk, goods, 1)
    customer = records.adopt("res.partner", desk.create("res.partner", name=f"{mark} Ltd"))
    seller = desk_of("seller", "sales_team.group_sale_salesman")
    storekeeper = desk_of("storekeeper", "stock.group_stock_user")
    bookkeeper = desk_of(
        "bookkeeper", "account.group_account_invoice", "sales_team.group_sale_salesman_all_leads"
    )

    line = {"product_id": f"{mark} desk", "product_uom_qty": 1}
    order = seller.create("sale.order", partner_id=f"{mark} Ltd", order_line=[line])
    seller.press("sale.order", order, "action_confirm")
    delivery = storekeeper.find_id("stock.picking", ["sale_id", "=", order])
    move_goods(storekeeper, delivery)
    invoicing = bookkeeper.press("sale.order", order, "sale.action_view_sale_advance_payment_inv")
    bookkeeper.go_on(invoicing, "create_invoices", advance_payment_method="delivered")
    (invoice,) = bookkeeper.read("sale.order", order, "invoice_ids")["invoice_ids"]
    assert seller.refusal("account.move", "action_post", invoice)["kind"] == "access_denied"
    assert odoo.read("account.move", invoice, "state")["state"] == "draft"
    bookkeeper.press("account.move", invoice, "action_post")
    paying = bookkeeper.press("account.move", invoice, "action_register_payment")
    bookkeeper.go_on(paying, "action_create_payments")

    sold = odoo.read("sale.order", order, "user_id", "amount_total", "invoice_status")
    assert sold["user_id"][0] == seller.uid
    assert (sold["amount_total"], sold["invoice_status"]) == (100.0, "invoiced")
    assert odoo.read("stock.picking", delivery, "state")["state"] == "done"
    paid = odoo.read("account.move", invoice, "partner_id", "amount_residual", "payment_state")
    assert (paid["partner_id"][0], paid["amount_residual"]) == (customer, 0.0)
    assert paid["payment_state"] in {"paid", "in_payment"}


@pytest.mark.needs("hr.leave")
def test_an_employee_asks_and_an_officer_grants(
    desk: Desk, desk_of: Callable[..., Desk], odoo: Odoo, records: Records, mark: str
) -> None:
    """A leave that needs no allocation: asked for by the employee, granted by the officer."""
    officer = desk_of("officer", "hr_holidays.group_hr_holidays_user")
    worker = desk_of("worker")
    kind = desk.create(
        "hr.leave.type",
        name=f"{mark} moving house",
        requires_allocation="no",
        leave_validation_type="hr",
    )
    records.adopt("hr.leave.type", kind)
    employee = desk.create("hr.employee", name=f"{mark} worker", user_id=worker.uid)
    records.adopt("hr.employee", employee)
    day = datetime.date(datetime.datetime.now(datetime.UTC).year + 1, 6, 8)
    day -= datetime.timedelta(days=day.weekday())
    times = {"date_from": f"{day} 06:00:00", "date_to": f"{day} 18:00:00"}
    leave = worker.create(
        "hr.leave",
        name=f"{mark} boxes",
        employee_id=employee,
        holiday_status_id=f"{mark} moving house",
        request_date_from=str(day),
        request_date_to=str(day),
        **(times if odoo.series < (17, 0) else {}),
    )
    refused = worker.refusal("hr.leave", "action_approve", leave)
    # Until 17.0, only an officer's form and list have the button.
    kinds = {"invalid_call"} if odoo.series < (18, 0) else {"access_denied", "validation"}
    assert refused["kind"] in kinds, refused
    assert odoo.read("hr.leave", leave, "state")["state"] == "confirm"
    officer.press("hr.leave", leave, "action_approve")

    granted = odoo.read("hr.leave", leave, "state", "number_of_days", "employee_id")
    assert (granted["state"], granted["number_of_days"]) == ("validate", 1.0)
    assert granted["employee_id"][0] == employee
