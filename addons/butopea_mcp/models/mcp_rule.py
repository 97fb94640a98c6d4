from __future__ import annotations

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import compat
from ..lib.rules import patterns

_MODEL_PATTERN = re.compile(r"[A-Za-z0-9_.*]+")
_METHOD_PATTERN = re.compile(r"[A-Za-z0-9_*]+")


class McpRule(models.Model):
    _name = "butopea.mcp.rule"
    _inherit = "butopea.mcp.default.views"
    _description = "MCP Rule"
    _order = "sequence, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    effect = fields.Selection(
        [("deny", "Deny"), ("allow", "Allow")],
        required=True,
        default="deny",
        help="What a rule denies is refused, whatever others allow. As soon as one rule"
        " allows something, what no rule allows is refused.",
    )
    models = fields.Text(
        required=True,
        help="Technical names, such as res.partner, with commas, spaces or new lines"
        " between them. * stands for any text: sale.*",
    )
    on_read = fields.Boolean("Read", default=True)
    on_create = fields.Boolean("Create", default=True)
    on_write = fields.Boolean("Change", default=True)
    on_unlink = fields.Boolean("Delete", default=True)
    on_execute = fields.Boolean("Other methods", default=True)
    methods = fields.Text(
        help="Only calls of these methods, such as action_confirm or button_*. Empty"
        " for all of them."
    )

    def _list_fields(self) -> list[str]:
        return [
            "sequence", "name", "effect", "models", "on_read", "on_create", "on_write",
            "on_unlink", "on_execute", "methods",
        ]  # fmt: skip

    @api.constrains("models", "methods")
    def _check_patterns(self):
        for rule in self:
            for text, form in (
                (rule.models, _MODEL_PATTERN),
                (rule.methods, _METHOD_PATTERN),
            ):
                for pattern in patterns(text):
                    if not form.fullmatch(pattern):
                        raise ValidationError(
                            f"{pattern!r} is no name and no pattern of names."
                        )
            if not patterns(rule.models):
                raise ValidationError("The rule names no model. * names all of them.")

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        compat.clear_cache(self.env)
        return rules

    def write(self, vals):
        result = super().write(vals)
        compat.clear_cache(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        compat.clear_cache(self.env)
        return result
