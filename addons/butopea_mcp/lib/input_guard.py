"""What no call may carry, and how much of it: looked at before anything is done.

PostgreSQL refuses some texts, Python's JSON knows numbers that JSON does not
have, and a domain can be so deep that Odoo fails in the middle of it. All of
that would end as an error of the server; here it is an error of the call, which
says where the value stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from odoo.exceptions import UserError

# A call of people and programs has less than ten levels.
MAX_DEPTH = 100
MAX_IDS = 10_000
MAX_RECORDS = 10_000
MAX_DOMAIN_TERMS = 2_000
# Changes from "and" to "or" and back, one inside of the other. Odoo 19.0 fails at
# about 300.
MAX_DOMAIN_DEPTH = 100

# Record ids are integers of PostgreSQL.
_MAX_ID = 2**31 - 1
_MAX_INTEGER = 2**63 - 1

_OPERATORS = {"&": 2, "|": 2, "!": 1}


def check_params(params: Any) -> None:
    """Refuse values that JSON, Python or PostgreSQL cannot take.

    A loop and not a recursion: what is checked may be as deep as it wants.
    """
    waiting: list[tuple[str, Any, int]] = [("", {"params": params}, 0)]
    while waiting:
        path, container, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise UserError(f"The call is nested more than {MAX_DEPTH} levels deep.")
        for key, item in _items(container):
            if isinstance(key, str) and (wrong := _what_is_wrong(key)):
                raise UserError(f"A name in {path} {wrong}.")
            if isinstance(item, (dict, list)):
                waiting.append((_child(path, key), item, depth + 1))
            elif wrong := _what_is_wrong(item):
                raise UserError(f"{_child(path, key)} {wrong}.")


def _items(container: dict | list) -> Iterable[tuple[Any, Any]]:
    return container.items() if isinstance(container, dict) else enumerate(container)


def _child(path: str, key: Any) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _what_is_wrong(value: Any) -> str | None:
    if isinstance(value, str):
        return _what_is_wrong_with_text(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else f"is not a finite number ({value})"
    if isinstance(value, int) and not -_MAX_INTEGER <= value <= _MAX_INTEGER:
        return "is a number beyond 64 bits"
    return None


def _what_is_wrong_with_text(text: str) -> str | None:
    if "\0" in text:
        return "has a NUL character, which the database cannot hold"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            # The text itself is not repeated: it could not be sent.
            return (
                f"has a half of a surrogate pair at position {error.start}, which is no"
                " character"
            )
    return None


def check_ids(ids: list[int]) -> None:
    """Refuse more ids than a call may have, and ids that no record can have."""
    if len(ids) > MAX_IDS:
        raise UserError(
            f"A call may name {MAX_IDS} records at most, but this one names {len(ids)}."
        )
    for record_id in ids:
        if not 0 <= record_id <= _MAX_ID:
            raise UserError(f"{record_id} is not the id of a record.")


def check_records(values: Any) -> None:
    """Refuse to create more records than a call may."""
    if isinstance(values, list) and len(values) > MAX_RECORDS:
        raise UserError(
            f"A call may create {MAX_RECORDS} records at most, but this one has"
            f" {len(values)}."
        )


def check_domain(domain: Any) -> None:
    """Refuse a domain that is too wide or too deep to be worked on.

    Whether it is a right one is for Odoo to say.
    """
    if not isinstance(domain, list):
        return
    if len(domain) > MAX_DOMAIN_TERMS:
        raise UserError(
            f"The domain has {len(domain)} terms and operators, but"
            f' {MAX_DOMAIN_TERMS} at most are worked on. Use the operator "in" for'
            " many values of one field."
        )
    # From the end, as prefix notation is read by a stack: each entry is an
    # operator and how deep the operators below it change.
    stack: list[tuple[str, int]] = []
    for term in reversed(domain):
        if not isinstance(term, str) or term not in _OPERATORS:
            stack.append(("", 0))
            continue
        operands = [stack.pop() for _ in range(_OPERATORS[term]) if stack]
        depth = max(
            (inner + (operator not in ("", term)) for operator, inner in operands),
            default=0,
        )
        if depth > MAX_DOMAIN_DEPTH:
            raise UserError(
                f"The domain is nested more than {MAX_DOMAIN_DEPTH} levels deep."
            )
        stack.append((term, depth))
