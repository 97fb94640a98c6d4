"""Calls that pass the checks and fail in Odoo."""

from __future__ import annotations

from cases import NOBODY, ORDER, PARTNER, TAG, case, new_partner

REFUSED = [
    case(
        "recursive hierarchy",
        "odoo_update",
        {"model": PARTNER, "id": "{partner}", "values": {"parent_id": "{child}", "city": "x"}},
        "validation",
        "recursive",
    ),
    case(
        "recursive hierarchy by a typed tool",
        "res_partner_update",
        {"id": "{partner}", "values": {"parent_id": "{child}"}},
        "validation",
        "recursive",
    ),
    case(
        "recursive hierarchy by execute",
        "odoo_execute",
        {
            "model": TAG,
            "method": "write",
            "ids": ["{tag}"],
            "args": [{"parent_id": "{subtag}", "name": "changed"}],
        },
        "validation",
        "ecursi",
    ),
    case(
        "check constraint",
        "odoo_create",
        {"model": PARTNER, "values": {"email": "nobody@e2e.test"}},
        "validation",
        "name",
    ),
    case(
        "unique constraint",
        "odoo_create",
        {"model": "res.country", "values": {"name": "e2e", "code": "BE"}},
        "validation",
        "must be unique",
    ),
    case(
        "relation to a record that does not exist",
        "odoo_create",
        new_partner(country_id=NOBODY),
        ("validation", "missing_record"),
        "country_id",
    ),
    case(
        "line that fails after the order was made",
        "sale_order_create",
        {
            "values": {
                "partner_id": "{partner}",
                "order_line": [
                    {"product_id": "{product}", "product_uom_qty": 1},
                    {"product_id": NOBODY, "product_uom_qty": 1},
                ],
            }
        },
        ("validation", "missing_record"),
        watched=[ORDER, "sale.order.line"],
        needs=[ORDER],
    ),
    case(
        "record that others need",
        "odoo_delete",
        {"model": "res.country", "id": "{country}"},
        "validation",
        "res.country.state",
        watched=["res.country.state"],
    ),
    case(
        "contact of an active user",
        "odoo_delete",
        {"model": PARTNER, "id": "{boss_partner}"},
        ("validation",),
        "user",
        watched=["res.users"],
    ),
    case(
        "confirmed order",
        "odoo_delete",
        {"model": ORDER, "id": "{confirmed}"},
        "validation",
        "cancel",
        needs=[ORDER],
    ),
    case(
        "report that cannot be written",
        "odoo_create",
        {"model": "sale.report", "values": {"name": "x"}},
        "access_denied",
        "not allowed to create",
        needs=["sale.report"],
    ),
]
