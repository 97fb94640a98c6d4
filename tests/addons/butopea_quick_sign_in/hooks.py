"""What the module does once, when it is installed."""

from odoo import api


def hash_known_passwords(env: api.Environment) -> None:
    """Hashes the passwords of the demo data's users anew: they are the logins.

    Odoo does it at a user's next sign-in otherwise, and ends the sessions that were
    opened meanwhile: the hash is a part of a session's token.
    """
    users = env["res.users"].search([("login", "in", ["admin", "demo", "portal"])])
    for user in users:
        user.password = user.login
