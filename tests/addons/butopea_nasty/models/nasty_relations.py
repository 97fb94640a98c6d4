"""Relations: to itself, in circles, to what the user may not read, and inheritance."""

from odoo import api, fields, models


class NastyMixin(models.AbstractModel):
    _name = "nasty.mixin"
    _description = "Nasty Mixin"

    mixed = fields.Char()
    mixed_in_ids = fields.Many2many("nasty.one", string="Of whoever mixes it in")


class NastyOne(models.Model):
    _name = "nasty.one"
    _description = "Nasty One"
    _parent_store = True
    _order = "complete_name"
    _rec_name = "complete_name"

    name = fields.Char(required=True)
    complete_name = fields.Char(
        compute="_compute_complete_name", store=True, recursive=True
    )
    parent_id = fields.Many2one("nasty.one", index=True, ondelete="cascade")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("nasty.one", "parent_id")
    self_ids = fields.Many2many(
        "nasty.one", "nasty_one_self_rel", "left_id", "right_id"
    )
    sibling_ids = fields.Many2many(
        "nasty.one", "nasty_one_self_rel", "right_id", "left_id"
    )
    two_id = fields.Many2one("nasty.two")
    two_ids = fields.One2many("nasty.two", "one_id")

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self) -> None:
        for record in self:
            above = record.parent_id.complete_name
            record.complete_name = f"{above} / {record.name}" if above else record.name


class NastyTwo(models.Model):
    _name = "nasty.two"
    _description = "Nasty Two"
    _inherit = ["nasty.mixin"]
    _order = "one_id, three_name desc, id"

    name = fields.Char()
    one_id = fields.Many2one("nasty.one")
    three_id = fields.Many2one("nasty.three")
    three_name = fields.Char(related="three_id.name", store=True)


class NastyTwoExtended(models.Model):
    """An extension in place: more options, and a field of another label."""

    _inherit = "nasty.two"

    name = fields.Char(string="Name in the extension", translate=True)
    added = fields.Integer()


class NastyThree(models.Model):
    _name = "nasty.three"
    _description = "Nasty Three"

    name = fields.Char()
    one_id = fields.Many2one("nasty.one", required=True, ondelete="restrict")
    one_name = fields.Char(related="one_id.two_id.three_id.name", string="Round")


class NastyInherits(models.Model):
    """Two records behind one, with fields that both have."""

    _name = "nasty.inherits"
    _description = "Nasty Inherits"
    _inherits = {"nasty.keyword": "keyword_id", "nasty.one": "one_id"}

    keyword_id = fields.Many2one("nasty.keyword", required=True, ondelete="cascade")
    one_id = fields.Many2one("nasty.one", required=True, ondelete="cascade")
    own = fields.Char()


class NastyInheritsTwice(models.Model):
    _name = "nasty.inherits.twice"
    _description = "Nasty Inherits Twice"
    _inherits = {"nasty.inherits": "inherits_id"}

    inherits_id = fields.Many2one("nasty.inherits", required=True, ondelete="cascade")


class NastyThread(models.Model):
    _name = "nasty.thread"
    _description = "Nasty Thread"
    _inherit = ["mail.thread", "mail.activity.mixin", "nasty.mixin"]

    name = fields.Char(tracking=True)
    kind = fields.Selection([("one", "One")], tracking=True)


class NastySecret(models.Model):
    """Nobody has rights to it, not even the administrator's group."""

    _name = "nasty.secret"
    _description = "Nasty Secret"

    name = fields.Char()
    open_id = fields.Many2one("nasty.open")


class NastyOpen(models.Model):
    """Points to what its readers may not read."""

    _name = "nasty.open"
    _description = "Nasty Open"

    name = fields.Char()
    secret_id = fields.Many2one("nasty.secret")
    secret_ids = fields.One2many("nasty.secret", "open_id")
    secret_tag_ids = fields.Many2many("nasty.secret")
    secret_name = fields.Char(related="secret_id.name", related_sudo=False)
    secret_count = fields.Integer(compute="_compute_secret_count")

    @api.depends_context("uid")
    def _compute_secret_count(self) -> None:
        for record in self:
            domain = [("open_id", "=", record.id)]
            record.secret_count = self.env["nasty.secret"].search_count(domain)
