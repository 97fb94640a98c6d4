"""A model with more fields than anybody looks at."""

from odoo import fields, models


def _options(group: int) -> list:
    return [(f"o{group}_{number}", f"Option {number}") for number in range(5)]


class NastyWide(models.Model):
    _name = "nasty.wide"
    _description = "Nasty Wide"

    name = fields.Char()
    for _index in range(150):
        locals()[f"text_{_index:03}"] = fields.Char(
            help=f"The text number {_index}, which is explained at length, as all are."
        )
        locals()[f"number_{_index:03}"] = fields.Integer()
        locals()[f"option_{_index:03}"] = fields.Selection(_options(_index % 7))
        locals()[f"one_{_index:03}_id"] = fields.Many2one("nasty.one")
    del _index
