"""Models that are called as those of the other module are once dots are underscores."""

from odoo import fields, models


class NastyADotB(models.Model):
    _name = "nasty.a.b"
    _description = "Nasty A.B"
    _table = "nasty_clash_a_dot_b"

    name = fields.Char()
    state = fields.Selection([("done", "Done"), ("draft", "Draft"), ("new", "New")])


class NastyADotDotB(models.Model):
    _name = "nasty.a..b"
    _description = "Nasty A..B"
    _table = "nasty_clash_a_dots_b"

    name = fields.Char()
    a_id = fields.Many2one("nasty.a.b")
    b_id = fields.Many2one("nasty.a_b")
    c_id = fields.Many2one("nasty.ab")
