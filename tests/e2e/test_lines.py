"""Lines belong to one record: none is taken from another, changed or deleted through another.

Odoo itself lets all of it happen. Also values whose rule their type does not say, and the
arguments of Odoo's own methods; Odoo confirms what was and what was not done.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Records
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import People
from support.refusal import assert_refused

pytestmark = pytest.mark.needs("sale.order", "account.analytic.account")

LINE = "sale.order.line"


class Orders:
    """Two orders with a line each, and a product for more."""

    def __init__(self, odoo: Odoo, records: Records, mark: str) -> None:
        """Makes them."""
        self.odoo = odoo
        self.partner = records.make("res.partner", name=mark)
        self.product = records.make("product.product", name=mark, type="service")
        self.own, self.other = (
            records.make(
                "sale.order", partner_id=self.partner, order_line=[[0, 0, self.new(quantity)]]
            )
            for quantity in (1, 2)
        )
        (self.own_line,) = self.lines(self.own)
        (self.other_line,) = self.lines(self.other)

    def new(self, quantity: int) -> dict[str, Any]:
        """The values of a line."""
        return {"product_id": self.product, "product_uom_qty": quantity}

    def lines(self, order: int) -> list[int]:
        """The lines of an order."""
        return self.odoo.read("sale.order", order, "order_line")["order_line"]


@pytest.fixture
def orders(odoo: Odoo, records: Records, mark: str) -> Orders:
    """Two orders."""
    return Orders(odoo, records, mark)


TAKEN = {
    "ids": lambda line: [line],
    "set": lambda line: {"set": [line]},
    "link": lambda line: {"link": [line]},
    "raw link": lambda line: [[4, line]],
    "raw set": lambda line: [[6, 0, [line]]],
}
TOUCHED = {
    "update": lambda line: {"update": [{"id": line, "product_uom_qty": 9}]},
    "object": lambda line: [{"id": line, "product_uom_qty": 9}],
    "raw update": lambda line: [[1, line, {"product_uom_qty": 9}]],
    "delete": lambda line: {"delete": [line]},
    "remove": lambda line: {"remove": line},
    "unlink": lambda line: {"unlink": line},
    "raw delete": lambda line: [[2, line]],
    "raw unlink": lambda line: [[3, line]],
}


@pytest.mark.parametrize("way", TAKEN)
def test_a_line_of_another_order_is_not_taken(server: McpClient, orders: Orders, way: str) -> None:
    """By no way of writing a list does an order lose a line to another."""
    values = {"order_line": TAKEN[way](orders.other_line)}
    refused = server.call("odoo_update", model="sale.order", id=orders.own, values=values)
    assert_refused(
        refused,
        "invalid_call",
        f"values.order_line: {LINE} {orders.other_line} belongs to sale.order {orders.other} (“S",
        "which would lose it",
        '{"create": [{…}]}',
        '{"update": [{"id": …}]}',
        '{"delete": [id]}',
        "Nothing was sent to Odoo",
    )
    assert orders.lines(orders.own) == [orders.own_line]
    assert orders.lines(orders.other) == [orders.other_line]


@pytest.mark.parametrize("way", TOUCHED)
def test_a_line_of_another_order_is_not_touched(
    server: McpClient, orders: Orders, odoo: Odoo, way: str
) -> None:
    """A line is not changed or deleted through an order that is not its own."""
    values = {"order_line": TOUCHED[way](orders.other_line)}
    refused = server.call("odoo_update", model="sale.order", id=orders.own, values=values)
    assert_refused(
        refused,
        "invalid_call",
        f"{LINE} {orders.other_line} is a line of sale.order {orders.other} (“S",
        "not of this record",
    )
    assert orders.lines(orders.other) == [orders.other_line]
    assert odoo.read(LINE, orders.other_line, "product_uom_qty")["product_uom_qty"] == 2


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [(True, False), (False, True)],
    ids=["positional", "named"],
)
def test_write_as_a_method_takes_no_line(
    server: McpClient, orders: Orders, args: bool, kwargs: bool
) -> None:
    """`write` through `odoo_execute` is held against the same rule."""
    values = {"order_line": [[4, orders.other_line]]}
    call: dict[str, Any] = {"model": "sale.order", "method": "write", "ids": [orders.own]}
    call |= {"args": [values]} if args else {}
    call |= {"kwargs": {"vals": values}} if kwargs else {}
    refused = server.call("odoo_execute", **call)
    path = "args[0]" if args else "kwargs.vals"
    assert_refused(refused, "invalid_call", f"{path}.order_line: ", "which would lose it")
    assert orders.lines(orders.other) == [orders.other_line]


def test_own_lines_stay_change_and_go(server: McpClient, orders: Orders, odoo: Odoo) -> None:
    """What an order's own lines may do."""

    def update(lines: Any) -> None:
        server.ok("odoo_update", model="sale.order", id=orders.own, values={"order_line": lines})

    update({"create": [orders.new(5)], "update": [{"id": orders.own_line, "product_uom_qty": 7}]})
    first, second = sorted(orders.lines(orders.own))
    assert odoo.read(LINE, first, "product_uom_qty")["product_uom_qty"] == 7
    update([first, second])
    assert sorted(orders.lines(orders.own)) == [first, second]
    update({"set": [second]})
    assert orders.lines(orders.own) == [second]
    update({"delete": [second]})
    assert orders.lines(orders.own) == []


def test_a_new_order_has_no_lines_yet(server: McpClient, orders: Orders, odoo: Odoo) -> None:
    """A new order takes no line either, and changes none."""
    before = odoo.count("sale.order")
    for lines, says in (
        ([orders.other_line], "belongs to another record, which would lose it"),
        ({"delete": [orders.other_line]}, "a new record has no lines yet"),
    ):
        values = {"partner_id": orders.partner, "order_line": lines}
        refused = server.call("odoo_create", model="sale.order", values=values)
        assert_refused(refused, "invalid_call", "values.order_line", says)
    assert odoo.count("sale.order") == before


def test_a_line_that_is_not_there(server: McpClient, orders: Orders) -> None:
    """Odoo would answer with the database's own words, or with nothing."""
    values = {"order_line": {"update": [{"id": 999_999_999, "product_uom_qty": 1}]}}
    refused = server.call("odoo_update", model="sale.order", id=orders.own, values=values)
    assert_refused(refused, "invalid_call", f"there is no {LINE} 999999999 that this user may see")


def test_several_records_share_no_line(server: McpClient, orders: Orders) -> None:
    """A line is kept by one record, so not given to two; the own line of one may change."""
    ids = [orders.own, orders.other]
    refused = server.call(
        "odoo_update", model="sale.order", ids=ids, values={"order_line": [orders.own_line]}
    )
    assert_refused(refused, "invalid_call", "can belong to one record, and the call is for 2")
    assert orders.lines(orders.other) == [orders.other_line]


def test_a_contact_without_a_company_may_be_linked(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """What need not belong to anybody can be given to somebody, and moves by its own field."""
    first, second, loose = (records.make("res.partner", name=f"{mark} {n}") for n in range(3))
    link = {"child_ids": {"link": [loose]}}
    server.ok("odoo_update", model="res.partner", id=first, values=link)
    assert odoo.read("res.partner", loose, "parent_id")["parent_id"][0] == first
    refused = server.call("odoo_update", model="res.partner", id=second, values=link)
    assert_refused(
        refused,
        "invalid_call",
        f"belongs to res.partner {first} (“{mark} 0”)",
        "write parent_id of res.partner itself",
    )
    moved = {"parent_id": second}
    server.ok("odoo_update", model="res.partner", id=loose, values=moved)
    assert odoo.read("res.partner", loose, "parent_id")["parent_id"][0] == second


def test_inherited_lines_belong_to_the_record_behind(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """The contacts of a user are those of the user's own contact."""
    user = records.make("res.users", name=mark, login=mark)
    partner = odoo.read("res.users", user, "partner_id")["partner_id"][0]
    child = records.make("res.partner", name=f"{mark} child", parent_id=partner)
    values = {"child_ids": {"update": [{"id": child, "name": f"{mark} changed"}]}}
    server.ok("odoo_update", model="res.users", id=user, values=values)
    assert odoo.read("res.partner", child, "name")["name"] == f"{mark} changed"


# ------------------------------------------------------------------ values of a rule of their own


def test_the_bytes_of_a_file_are_written_as_base64(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """`raw` would store the text that is sent; `datas` stores what it stands for."""
    content = base64.b64encode(b"hello").decode()
    values = {"name": mark, "raw": content}
    refused = server.call("odoo_create", model="ir.attachment", values=values)
    assert_refused(refused, "invalid_call", "values.raw: ", "use datas (base64)")
    assert odoo.ids("ir.attachment", [["name", "=", mark]]) == []
    values = {"name": mark, "datas": content}
    made = server.ok("odoo_create", model="ir.attachment", values=values).structured["id"]
    records.adopt("ir.attachment", made)
    assert odoo.read("ir.attachment", made, "file_size")["file_size"] == len(b"hello")


@pytest.fixture
def accounts(people: People, odoo: Odoo, mark: str) -> Iterator[list[int]]:
    """Two analytic accounts, of two plans."""
    groups = [*people.groups_of(odoo), "analytic.group_analytic_accounting"]
    made = Records(people.make("analyst", groups).odoo)
    plans = [made.make("account.analytic.plan", name=f"{mark} {n}") for n in range(2)]
    yield [
        made.make("account.analytic.account", name=f"{mark} account {n}", plan_id=plan)
        for n, plan in enumerate(plans)
    ]
    made.clean()


def test_an_analytic_distribution_takes_names_and_ids(
    server: McpClient, odoo: Odoo, orders: Orders, accounts: list[int], mark: str
) -> None:
    """Accounts by name, by id, or several together; the shares are the caller's."""
    first, second = accounts
    for given, stored in (
        ({f"{mark} account 0": 60}, {str(first): 60}),
        ({str(first): "30", f"{first}, {second}": 40}, {str(first): 30, f"{first},{second}": 40}),
        ({}, False),
    ):
        values = {"analytic_distribution": given}
        server.ok("odoo_update", model=LINE, id=orders.own_line, values=values)
        truth = odoo.read(LINE, orders.own_line, "analytic_distribution")["analytic_distribution"]
        assert truth == stored


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (5, "expected {"),
        ([{"account": 5, "percent": 100}], "expected {"),
        ({"5": "much"}, "expected a number of percent"),
        ({"no account of this name": 50}, "no record of account.analytic.account is named"),
        ({"999999999": 50}, "account.analytic.account 999999999 does not exist"),
    ],
)
def test_a_wrong_distribution_is_refused(
    server: McpClient, odoo: Odoo, orders: Orders, given: Any, says: str
) -> None:
    """Odoo stores whatever it is sent, and fails when the entry is posted."""
    values = {"analytic_distribution": given}
    refused = server.call("odoo_update", model=LINE, id=orders.own_line, values=values)
    assert_refused(refused, ("invalid_call", "missing_record"), says)
    truth = odoo.read(LINE, orders.own_line, "analytic_distribution")["analytic_distribution"]
    assert not truth


# ------------------------------------------------------------------ methods


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"method": "action_archive"}, "ids: action_archive does nothing without the ids"),
        ({"method": "name_create"}, "kwargs.name: name_create does not go without"),
        ({"method": "name_create", "args": [{"name": "x"}]}, "args[0]: expected text"),
        ({"method": "create"}, "kwargs.vals_list: create does not go without"),
        ({"method": "write", "ids": [1]}, "kwargs.vals: write does not go without"),
        ({"method": "read_group", "args": [[]]}, "kwargs.groupby: read_group does not go without"),
        ({"method": "name_search", "args": ["x", [["nmae", "=", "x"]]]}, 'no field "nmae"'),
        ({"method": "name_search", "kwargs": {"limt": 3}}, "did you mean limit?"),
        ({"method": "message_post", "ids": [1], "args": ["hi"]}, "name them in kwargs: body"),
        ({"method": "message_post", "kwargs": {"body": "hi"}}, "ids: message_post does nothing"),
        ({"method": "search", "args": [[]], "kwargs": {"domain": []}}, "it is args[0]"),
        ({"method": "_write", "args": [{}]}, "_write is private"),
    ],
    ids=lambda value: value["method"] if isinstance(value, dict) else "",
)
def test_a_method_that_is_called_wrongly(
    server: McpClient, call: dict[str, Any], says: str
) -> None:
    """The methods of every model are checked before Odoo is asked."""
    refused = server.call("odoo_execute", model="res.partner", **call)
    assert_refused(refused, ("invalid_call", "unknown_method"), says)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"method": "serach_read"}, "did you mean search_read?"),
        ({"method": "address_get", "ids": [1], "args": [1, 2]}, "takes 1 positional arguments"),
        ({"method": "get_formview_action", "ids": [1], "kwargs": {"x": 3}}, "no argument “x”"),
        ({"method": "web_read", "ids": [1]}, "does not go without: specification"),
        ({"method": "schedule_meeting", "ids": [1, 3]}, "works on one record at a time"),
    ],
    ids=lambda value: value["method"] if isinstance(value, dict) else "",
)
def test_what_does_not_fit_a_method_is_said_in_plain_words(
    server: McpClient, odoo: Odoo, call: dict[str, Any], says: str
) -> None:
    """Python's own sentences count `self`, and speak of no ids."""
    if call["method"] == "web_read" and odoo.series < (17, 0):
        pytest.skip("up to 16.0 there is no web_read")
    refused = server.call("odoo_execute", model="res.partner", **call)
    assert_refused(refused, ("validation", "unknown_method"), says)


def test_a_message_names_its_partners(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Whom a message reaches may be said by name, as one or as a list."""
    partner, other = (records.make("res.partner", name=f"{mark} {n}") for n in range(2))
    for given in (f"{mark} 1", [f"{mark} 1"], [other]):
        kwargs = {"body": "hi", "partner_ids": given}
        call = {"model": "res.partner", "method": "message_post", "ids": [partner]}
        server.ok("odoo_execute", **call, kwargs=kwargs)
        newest = odoo.ids(
            "mail.message",
            [["model", "=", "res.partner"], ["res_id", "=", partner]],
            order="id desc",
            limit=1,
        )
        assert odoo.read("mail.message", newest[0], "partner_ids")["partner_ids"] == [other]
