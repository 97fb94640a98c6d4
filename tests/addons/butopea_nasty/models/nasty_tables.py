"""Tables: without access log, without columns, views, odd names and orders."""

from odoo import fields, models, tools


class NastyBare(models.Model):
    """Nothing but an id."""

    _name = "nasty.bare"
    _description = "Nasty Bare"
    _log_access = False


class NastyNoLog(models.Model):
    _name = "nasty.nolog"
    _description = "Nasty without Log"
    _log_access = False

    name = fields.Char()
    create_date = fields.Date(string="A date of its own")
    write_uid = fields.Char(string="A text of its own")


class NastyView(models.Model):
    """A view of SQL: nothing can be written."""

    _name = "nasty.view"
    _description = "Nasty View"
    _auto = False
    _log_access = False
    _order = "two_count desc, id"

    name = fields.Char(readonly=True)
    one_id = fields.Many2one("nasty.one", readonly=True)
    two_count = fields.Integer(readonly=True)
    share = fields.Float(readonly=True)

    def init(self) -> None:
        """Makes the view."""
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            """
            CREATE VIEW nasty_view AS
            SELECT o.id, o.name, o.id AS one_id, count(t.id)::integer AS two_count,
                   count(t.id) / 3.0 AS share
              FROM nasty_one o LEFT JOIN nasty_two t ON t.one_id = o.id
             GROUP BY o.id
            """
        )


class NastyNoName(models.Model):
    """No field names its records."""

    _name = "nasty.noname"
    _description = "Nasty without Name"

    number = fields.Integer()


class NastyComputedName(models.Model):
    _name = "nasty.computedname"
    _description = "Nasty Computed Name"
    _rec_name = "computed"

    number = fields.Integer()
    computed = fields.Char(compute="_compute_computed")

    def _compute_computed(self) -> None:
        for record in self:
            record.computed = f"№ {record.number}\n\u202e"


class NastySelectedName(models.Model):
    _name = "nasty.selectedname"
    _description = "Nasty Selected Name"
    _rec_name = "option"

    option = fields.Selection([("", "Nothing"), ("a", "Option A"), ("b", "Option B")])


class NastyManyName(models.Model):
    _name = "nasty.manyname"
    _description = "Nasty Name of a Relation"
    _rec_name = "one_id"
    _order = "one_id desc"

    one_id = fields.Many2one("nasty.one")


class NastyNumberName(models.Model):
    _name = "nasty.numbername"
    _description = "Nasty Number for a Name"
    _rec_name = "number"

    number = fields.Integer()


class NastyActive(models.Model):
    """What is active is the exception."""

    _name = "nasty.active"
    _description = "Nasty Active"

    name = fields.Char()
    active = fields.Boolean(default=False, string="Not really")


class NastyActiveNumber(models.Model):
    _name = "nasty.activenumber"
    _description = "Nasty Active Number"

    name = fields.Char()
    active = fields.Integer(default=1)


class NastyActiveComputed(models.Model):
    _name = "nasty.activecomputed"
    _description = "Nasty Active Computed"

    name = fields.Char()
    one_id = fields.Many2one("nasty.one")
    active = fields.Boolean(related="mirrored_id.active", store=True, readonly=False)
    mirrored_id = fields.Many2one("nasty.active")
