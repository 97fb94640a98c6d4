"""Every type of field that Odoo has, with the properties of either side."""

from __future__ import annotations

from odoo import fields, models


class NastyKindParent(models.Model):
    _name = "nasty.kind.parent"
    _description = "Nasty Kind Parent"

    name = fields.Char()
    definition = fields.PropertiesDefinition()
    type = fields.PropertiesDefinition(string="A second one")


class NastyKind(models.Model):
    _name = "nasty.kind"
    _description = "Nasty Kind"

    name = fields.Char(size=12, translate=True)
    text = fields.Text(translate=True)
    html = fields.Html()
    html_translated = fields.Html(translate=True, sanitize=False)
    integer = fields.Integer()
    float_plain = fields.Float()
    float_digits = fields.Float(digits=(16, 3))
    boolean = fields.Boolean(default=True)
    date = fields.Date()
    datetime = fields.Datetime()
    binary = fields.Binary()
    binary_column = fields.Binary(attachment=False)
    image = fields.Image(max_width=64, max_height=64)
    json = fields.Json()
    currency_id = fields.Many2one("res.currency")
    no_currency_id = fields.Many2one("res.currency", string="Never set")
    monetary = fields.Monetary()
    monetary_alone = fields.Monetary(currency_field="no_currency_id")
    reference = fields.Reference("_select_models")
    reference_none = fields.Reference(selection=[])
    res_model = fields.Char()
    res_id = fields.Many2oneReference(model_field="res_model")
    parent_id = fields.Many2one("nasty.kind.parent")
    properties = fields.Properties(definition="parent_id.definition")
    match = fields.Properties(definition="parent_id.type", string="More properties")
    company_char = fields.Char(company_dependent=True)
    company_many2one_id = fields.Many2one("nasty.one", company_dependent=True)
    company_boolean = fields.Boolean(company_dependent=True)
    company_date = fields.Date(company_dependent=True)
    company_float = fields.Float(company_dependent=True)

    def _select_models(self) -> list[tuple[str, str]]:
        names = ("nasty.one", "nasty.keyword", "self", "res.partner")
        return [(name, name) for name in names]
