"""The same customer twice: merged, and out of the way at last."""

from __future__ import annotations

import pytest
from conftest import Records
from support.desk import Desk
from support.odoo import Odoo

pytestmark = pytest.mark.needs("base.partner.merge.automatic.wizard", "sale.order")


def test_a_customer_who_is_there_twice_is_merged(
    desk: Desk, odoo: Odoo, records: Records, goods: int, mark: str
) -> None:
    """The documents of both belong to the one who stays, also when that one is archived."""
    email = f"{mark}@e2e.test"
    stays, goes = (
        records.adopt("res.partner", desk.create("res.partner", name=name, email=email))
        for name in (f"{mark} Ltd", f"{mark} Limited")
    )
    child = desk.create("res.partner", name=f"{mark} clerk", parent_id=goes)
    records.adopt("res.partner", child)
    line = {"product_id": goods, "product_uom_qty": 1}
    order = desk.create("sale.order", partner_id=goes, order_line=[line])
    records.adopt("sale.order", order)

    merging = desk.press("res.partner", [stays, goes], "base.action_partner_merge")
    desk.go_on(merging, "action_merge", dst_partner_id=stays)
    desk.update("res.partner", stays, active=False)

    assert not odoo.exists("res.partner", goes)
    assert odoo.read("res.partner", stays, "name", "active") == {
        "id": stays,
        "name": f"{mark} Ltd",
        "active": False,
    }
    customers = odoo.read("sale.order", order, "partner_id", "partner_invoice_id")
    assert customers["partner_id"][0] == stays
    assert customers["partner_invoice_id"][0] == stays
    assert odoo.read("res.partner", child, "parent_id")["parent_id"][0] == stays
    assert odoo.ids("sale.order", [["partner_id", "=", stays]]) == [order]
