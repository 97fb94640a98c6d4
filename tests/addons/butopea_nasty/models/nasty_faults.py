"""Fields that cannot be read, searched or written, for some users or for any."""

from __future__ import annotations

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class NastyFault(models.Model):
    """Fields whose computation fails, where a form and a list show them."""

    _name = "nasty.fault"
    _description = "Nasty Fault"

    name = fields.Char()
    state = fields.Selection([("good", "Good"), ("bad", "Bad")], default="good")
    refused = fields.Char(compute="_compute_refused")
    denied = fields.Char(compute="_compute_denied")
    broken = fields.Float(compute="_compute_broken")
    unset = fields.Char(compute="_compute_unset")
    bad_only = fields.Char(compute="_compute_bad_only")
    unsearchable = fields.Char(compute="_compute_unsearchable")
    search_fails = fields.Char(
        compute="_compute_unsearchable", search="_search_search_fails"
    )

    def _compute_refused(self) -> None:
        raise UserError("Not today.\nNor {} tomorrow")

    def _compute_denied(self) -> None:
        raise AccessError("Not for you.")

    def _compute_broken(self) -> None:
        for record in self:
            record.broken = 1 / 0

    def _compute_unset(self) -> None:
        """Assigns nothing."""

    @api.depends("state")
    def _compute_bad_only(self) -> None:
        for record in self:
            if record.state == "bad":
                raise UserError("This record is bad.")
            record.bad_only = "good"

    @api.depends("name")
    def _compute_unsearchable(self) -> None:
        for record in self:
            record.unsearchable = record.name
            record.search_fails = record.name

    def _search_search_fails(self, operator: str, value: object) -> list:
        raise UserError(f"Nobody searches by {operator} {value!r}.")


class NastyStubborn(models.Model):
    """Fields that cannot be written as they say."""

    _name = "nasty.stubborn"
    _description = "Nasty Stubborn"

    name = fields.Char()
    required_readonly = fields.Char(required=True, readonly=True)
    required_default = fields.Char(required=True, default=lambda self: "by default")
    required_computed = fields.Char(
        compute="_compute_required",
        store=True,
        required=True,
        readonly=False,
        precompute=True,
    )
    for_admins = fields.Char(groups="base.group_system")
    for_admins_required = fields.Integer(groups="base.group_system", required=True)
    for_nobody = fields.Char(groups="base.group_portal")
    not_for_users = fields.Char(groups="!base.group_user")
    not_copied = fields.Char(copy=False)

    @api.depends("name")
    def _compute_required(self) -> None:
        for record in self:
            record.required_computed = record.name or "nameless"


class NastyRefuses(models.Model):
    """Refuses what its rights allow."""

    _name = "nasty.refuses"
    _description = "Nasty Refuses"

    name = fields.Char()

    @api.model_create_multi
    def create(self, vals_list: list[dict]) -> NastyRefuses:
        """Refuses unless the context asks nicely."""
        if not self.env.context.get("nasty_please"):
            raise UserError('No "#{}" */ for you')
        return super().create(vals_list)

    def unlink(self) -> bool:
        """Refuses."""
        raise UserError("They stay.")
