"""Fixtures: records that say hostile texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.hostile import STORABLE
from support.hostile_records import many, words
from support.odoo import Odoo

PARTNER = "res.partner"


@pytest.fixture(scope="module")
def partners(odoo: Odoo) -> Iterator[list[int]]:
    """A contact for each text: its name, and its notes, are the text."""
    texts = STORABLE
    made = many(odoo, PARTNER, [{"name": t, "comment": words(t), "ref": t} for t in texts])
    yield made
    odoo.unlink(PARTNER, made)


@pytest.fixture(scope="module")
def harmless(odoo: Odoo) -> Iterator[list[int]]:
    """As many contacts with nothing about them."""
    values = [{"name": f"n{n}", "comment": "<p>x</p>", "ref": "x"} for n in range(len(STORABLE))]
    made = many(odoo, PARTNER, values)
    yield made
    odoo.unlink(PARTNER, made)
