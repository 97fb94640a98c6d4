"""Rights and records: for models that share external ids, no data file can say them."""

from __future__ import annotations

import base64
from typing import Any

from odoo import api, models

# The models of this module whose names do not say so.
BARE = (
    "option", "vec", "string", "box", "field", "id", "self", "crate", "some", "send",
    "debug",
)  # fmt: skip

_LOG = ("id", "create_uid", "create_date", "write_uid", "write_date")

_PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    b"awAAAABJRU5ErkJggg=="
)


class NastySetup(models.AbstractModel):
    _name = "nasty.setup"
    _description = "Nasty Setup"

    @api.model
    def _fill(self) -> None:
        """Rights for every user, and some records of each model, once."""
        names = [n for n in self.env if n.startswith("nasty.") or n in BARE]
        for name in names:
            model = self.env[name]
            if not model._abstract and name != "nasty.secret":
                self._allow(name, model._auto)
                self._show(name)
        if not self.env["nasty.one"].search_count([]):
            self._fill_related()
            self._fill_kinds()
        self._fill_rest(names)

    def _allow(self, name: str, is_table: bool) -> None:
        access = self.env["ir.model.access"]
        model = self.env["ir.model"]._get(name)
        if not access.search_count([("model_id", "=", model.id)]):
            access.create(
                {
                    "name": name,
                    "model_id": model.id,
                    "group_id": self.env.ref("base.group_user").id,
                    "perm_read": True,
                    "perm_write": is_table,
                    "perm_create": is_table,
                    "perm_unlink": is_table,
                }
            )

    def _show(self, name: str) -> None:
        """A menu, without which a model is nobody's to look for."""
        actions = self.env["ir.actions.act_window"]
        if actions.search_count([("res_model", "=", name)]):
            return
        menus = self.env["ir.ui.menu"]
        app = menus.search([("name", "=", "Nasty"), ("parent_id", "=", False)])
        app = app or menus.create({"name": "Nasty"})
        action = actions.create({"name": f"{name} */ {{}}", "res_model": name})
        menus.create(
            {
                "name": f"{name} \u202e `|`",
                "parent_id": app.id,
                "action": f"ir.actions.act_window,{action.id}",
            }
        )

    def _fill_related(self) -> None:
        top = self.env["nasty.one"].create({"name": "Top | ⏎ \u202epot"})
        below = self.env["nasty.one"].create({"name": "Below", "parent_id": top.id})
        three = self.env["nasty.three"].create({"name": "Three", "one_id": below.id})
        two = self.env["nasty.two"].create(
            {"name": "Two", "one_id": top.id, "three_id": three.id, "mixed": "mixed"}
        )
        top.write({"two_id": two.id, "self_ids": [(6, 0, [top.id, below.id])]})
        opened = self.env["nasty.open"].create({"name": "Open"})
        secret = self.env["nasty.secret"].create(
            {"name": "Secret", "open_id": opened.id}
        )
        opened.write({"secret_id": secret.id, "secret_tag_ids": [(6, 0, secret.ids)]})
        self.env["nasty.inherits.twice"].create({"own": "Twice", "name": "Inherited"})
        self.env["nasty.active"].create({"name": "Active", "active": True})
        self.env["nasty.active"].create({"name": "Inactive"})
        self.env["nasty.fault"].create(
            [{"name": "Good"}, {"name": "Bad", "state": "bad"}]
        )
        self.env["nasty.stubborn"].create(
            {"name": "Stubborn", "required_readonly": "read", "for_admins_required": 1}
        )
        refuses = self.env["nasty.refuses"].with_context(nasty_please=True)
        refuses.create({"name": "Made all the same"})

    def _fill_kinds(self) -> None:
        one = self.env["nasty.one"].search([], limit=1)
        parent = self.env["nasty.kind.parent"].create(
            {
                "name": "Parent",
                "definition": _definition("definition"),
                "type": _definition("type"),
            }
        )
        self.env["nasty.kind"].create(
            {
                "name": "Kind",
                "text": "a\nb|c\x7f\u202e",
                "html": "<p>One <b>two</b></p>",
                "integer": -(2**31),
                "float_plain": 1e100,
                "float_digits": 0.0005,
                "date": "0001-01-01",
                "datetime": "9999-12-31 23:59:59",
                "binary": base64.b64encode(b"\x00\xff"),
                "binary_column": base64.b64encode(b"text"),
                "image": _PIXEL,
                "json": {"a": [1, None, {"b": "\u202e"}]},
                "currency_id": self.env.ref("base.EUR").id,
                "monetary": 1.005,
                "monetary_alone": 12.34,
                "reference": f"nasty.one,{one.id}",
                "res_model": "nasty.one",
                "res_id": one.id,
                "parent_id": parent.id,
                "company_char": "of the company",
                "company_many2one_id": one.id,
                "properties": {"definition_char": "text", "definition_integer": 7},
            }
        )

    def _fill_rest(self, names: list[str]) -> None:
        """Two records of whatever has none."""
        for name in sorted(names):
            model = self.env[name]
            if model._abstract or not model._auto or model._transient:
                continue
            if not model.with_context(active_test=False).search_count([]):
                model.create([_values(model, number) for number in (1, 2)])


def _definition(prefix: str) -> list[dict[str, Any]]:
    kinds = ("char", "integer", "boolean", "date", "datetime", "float")
    plain = [
        {"name": f"{prefix}_{kind}", "type": kind, "string": f"{kind} */ \u202e"}
        for kind in kinds
    ]
    return [
        *plain,
        {
            "name": f"{prefix}_selection",
            "type": "selection",
            "string": "Selection",
            "selection": [["a-b", "A"], ["a_b", "A"], ["self", "{}"]],
        },
        {
            "name": f"{prefix}_many2one",
            "type": "many2one",
            "string": "Many2one",
            "comodel": "nasty.one",
        },
        {
            "name": f"{prefix}_tags",
            "type": "tags",
            "string": "Tags",
            "tags": [["self", "Self", 1], ["a-b", "A", 2]],
        },
    ]


def _values(model: models.BaseModel, number: int) -> dict[str, Any]:
    """A value for each field that simply keeps one."""
    values: dict[str, Any] = {}
    for name, field in model._fields.items():
        is_plain = field.store and not field.compute and not field.related
        if not is_plain or name in _LOG:
            continue
        if field.type in ("char", "text"):
            values[name] = f"{name} {number}"
        elif field.type == "integer":
            values[name] = number
        elif field.type == "selection" and isinstance(field.selection, list):
            keys = [key for key, _label in field.selection]
            if keys:
                values[name] = keys[number % len(keys)]
    return values
