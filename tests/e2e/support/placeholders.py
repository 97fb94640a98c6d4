"""Values that are only known at run time, in cases that are data: `{partner}` is an id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """The value with its placeholders replaced."""
    if isinstance(value, dict):
        return {key: filled(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, known) for item in value]
    if isinstance(value, str) and value.startswith("{") and value[1:-1] in known:
        return known[value[1:-1]]
    return value
