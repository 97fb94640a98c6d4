"""Records that say hostile texts, and answers about them that hide nothing."""

from __future__ import annotations

import re
from typing import Any

from support.hostile import every_text, is_clean, read_answer
from support.mcp_client import Result
from support.odoo import Odoo

QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_notrack": True}


def checked(result: Result) -> Result:
    """An answer in which nothing is hidden."""
    read_answer(result.text)
    for text in every_text(result.structured):
        assert is_clean(text), f"{text!r} in {result.structured}"
    return result


def many(odoo: Odoo, model: str, values: list[dict[str, Any]]) -> list[int]:
    """Records that are made by one request."""
    return odoo.call(model, "create", values, context=QUIET)


def words(text: str) -> str:
    """A text as HTML that says it."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    # What XML cannot have, Odoo's editor cannot write.
    return "<p>" + re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text) + "</p>"


def stored(odoo: Odoo, model: str, ids: list[int], *fields: str) -> list[dict[str, Any]]:
    """The records as Odoo has them, in this order."""
    rows = {row["id"]: row for row in odoo.call(model, "read", ids, list(fields))}
    return [rows[one] for one in ids]
