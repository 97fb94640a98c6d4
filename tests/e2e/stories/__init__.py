"""Acceptance: what people do in Odoo every day, by tools alone, confirmed by Odoo's own data."""
