"""Buttons and wizards: names that meet each other's, and methods that take anything."""

from __future__ import annotations

from typing import Any

from odoo import fields, models

BUTTONS = (
    "action_", "action_self", "button_self", "action_type", "button_type", "action",
    "type_", "action_x_y", "action_xY", "action_x__y", "button_x_y", "action_Action",
    "action_This", "action_2", "action_2nd", "action_delete", "delete", "count",
    "aggregate", "action_search", "action_read", "été", "action_été", "action_ete",
)  # fmt: skip


def _press(self: models.BaseModel) -> bool:
    return True


class NastyAction(models.Model):
    _name = "nasty.action"
    _description = "Nasty Action"

    name = fields.Char()
    pressed = fields.Integer()
    for _button in BUTTONS:
        locals()[_button] = _press
    del _button

    def action_press(self) -> bool:
        """Counts."""
        for record in self:
            record.pressed += 1
        return True

    def action_args(self, *args: Any, **kwargs: Any) -> Any:
        """Anything goes."""
        return {"args": list(args), "kwargs": kwargs}

    def action_named(self, domain: Any = None, model: Any = None) -> Any:
        """Arguments that are called as the call's own are."""
        return [domain, model]

    def action_fails(self) -> None:
        """Fails as no method should."""
        raise RuntimeError("{} \u202e */")

    def action_odd(self) -> Any:
        """Answers with what is no JSON."""
        return {1: {2, 3}, (4,): b"\xff\x00", None: self, "nan": float("nan")}

    def action_open(self) -> dict[str, Any]:
        """Opens the wizard."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "nasty.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_action_id": self[:1].id, "default_type": "self"},
        }


class NastyWizard(models.TransientModel):
    _name = "nasty.wizard"
    _description = "Nasty Wizard"

    action_id = fields.Many2one("nasty.action")
    type = fields.Selection(
        [("self", "Self"), ("", "None"), ("a-b", "A"), ("a_b", "A")]
    )
    values = fields.Char()
    wizard = fields.Char()
    self = fields.Text(help="*/ {} \u202e")
    line_ids = fields.One2many("nasty.wizard.line", "wizard_id")

    def action_apply(self) -> dict[str, Any]:
        """Writes, and closes."""
        for wizard in self:
            wizard.action_id.name = f"{wizard.type}: {wizard.values}"
        return {"type": "ir.actions.act_window_close"}

    def crate(self) -> dict[str, Any]:
        """Opens itself anew."""
        return self.env["nasty.action"].action_open()


class NastyWizardLine(models.TransientModel):
    _name = "nasty.wizard.line"
    _description = "Nasty Wizard Line"

    wizard_id = fields.Many2one("nasty.wizard", required=True, ondelete="cascade")
    name = fields.Char(required=True)
    move = fields.Integer()
