"""Wrong calls as data: tool, arguments, and what the refusal must say.

Placeholders such as `{partner}` stand for ids of the records of the fixture `stage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PARTNER = "res.partner"
TAG = "res.partner.category"
ORDER = "sale.order"
NOBODY = 99_999_999
NOT_SENT = "Nothing was sent to Odoo"


@dataclass(frozen=True)
class Case:
    """A wrong call: the tool and its arguments, the kind of the error, parts of its text."""

    name: str
    tool: str
    arguments: dict[str, Any]
    kind: str | tuple[str, ...]
    says: tuple[str, ...]
    watched: tuple[str, ...] = (PARTNER,)
    needs: tuple[str, ...] = field(default=())


def case(
    name: str,
    tool: str,
    arguments: dict[str, Any],
    kind: str | tuple[str, ...],
    *says: str,
    watched: Iterable[str] = (),
    needs: Iterable[str] = (),
) -> Case:
    """A case that also watches the model that the call names."""
    models = {PARTNER, *watched}
    if isinstance(model := arguments.get("model"), str) and "{" not in model:
        models.add(model)
    return Case(name, tool, arguments, kind, says, tuple(sorted(models)), tuple(needs))


def new_partner(**values: Any) -> dict[str, Any]:
    """Arguments that would create a contact, if it were not for a mistake."""
    return {"model": PARTNER, "values": {"name": "e2e never made", **values}}


def changed_partner(**values: Any) -> dict[str, Any]:
    """Arguments that would change a contact."""
    return {"model": PARTNER, "id": "{partner}", "values": values}


def new_order(**values: Any) -> dict[str, Any]:
    """Arguments that would create an order."""
    return {"model": ORDER, "values": {"partner_id": "{partner}", **values}}
