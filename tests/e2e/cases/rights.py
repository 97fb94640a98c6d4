"""Calls of a user who may not do what they ask for."""

from __future__ import annotations

from cases import ORDER, PARTNER, case, changed_partner, new_order, new_partner

NO_RIGHT = "has no right to do this"
RIGHTS = [
    case("create", "odoo_create", new_partner(), "access_denied", "not allowed", NO_RIGHT),
    case("update", "odoo_update", changed_partner(name="x"), "access_denied", NO_RIGHT),
    case(
        "delete",
        "odoo_delete",
        {"model": PARTNER, "id": "{partner}"},
        "access_denied",
        "not allowed",
        NO_RIGHT,
    ),
    case(
        "write by execute",
        "odoo_execute",
        {"model": PARTNER, "method": "write", "ids": ["{partner}"], "args": [{"name": "x"}]},
        "access_denied",
        NO_RIGHT,
    ),
    case(
        "copy by execute",
        "odoo_execute",
        {"model": PARTNER, "method": "copy", "ids": ["{partner}"]},
        "access_denied",
        NO_RIGHT,
    ),
    case(
        "private write, which checks no rights",
        "odoo_execute",
        {"model": PARTNER, "method": "_write", "ids": ["{partner}"], "args": [{"name": "x"}]},
        "unknown_method",
        "private",
    ),
    case(
        "make a user",
        "odoo_create",
        {"model": "res.users", "values": {"name": "x", "login": "never.made@e2e.test"}},
        "access_denied",
        NO_RIGHT,
    ),
    case(
        "give a user a password",
        "odoo_update",
        {"model": "res.users", "id": "{boss}", "values": {"password": "taken-over"}},
        "access_denied",
        NO_RIGHT,
    ),
    case(
        "read the system's parameters",
        "odoo_search",
        {"model": "ir.config_parameter"},
        "access_denied",
        "ir.config_parameter",
        "ODOO_ALLOW_MODELS",
    ),
    case(
        "count orders",
        "odoo_count",
        {"model": ORDER},
        "access_denied",
        "sale.order",
        NO_RIGHT,
        needs=[ORDER],
    ),
    case(
        "read an order",
        "odoo_read",
        {"model": ORDER, "id": "{order}"},
        "access_denied",
        NO_RIGHT,
        needs=[ORDER],
    ),
    case(
        "make an order",
        "odoo_create",
        new_order(),
        "access_denied",
        NO_RIGHT,
        needs=[ORDER],
    ),
    case(
        "confirm an order",
        "odoo_execute",
        {"model": ORDER, "method": "action_confirm", "ids": ["{order}"]},
        "access_denied",
        NO_RIGHT,
        needs=[ORDER],
    ),
    case(
        "call a typed tool that is not listed",
        "sale_order_create",
        {"values": {"partner_id": "{partner}"}},
        "access_denied",
        NO_RIGHT,
        watched=[ORDER],
        needs=[ORDER],
    ),
    case(
        "describe a model without access",
        "odoo_schema",
        {"model": ORDER},
        "access_denied",
        NO_RIGHT,
        needs=[ORDER],
    ),
]
