"""Odoo names the place for another hash: `_crypt_context` of `res.users` in `base`.

Its parameter `password.hashing.rounds` does not do: it can only raise the number.
"""

from passlib.context import CryptContext

from odoo import models, tools

_ROUNDS = 100


class ResUsers(models.Model):
    _inherit = "res.users"

    @tools.ormcache(cache="stable")
    def _crypt_context(self) -> CryptContext:
        return CryptContext(
            ["pbkdf2_sha512", "plaintext"],
            deprecated=["auto"],
            pbkdf2_sha512__rounds=_ROUNDS,
        )
