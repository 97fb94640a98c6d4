"""Which typed tools the checked-in files promise, read without the code under test."""

from __future__ import annotations

import json
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from support.odoo import Odoo, OdooError

# Odoo's right that an operation needs.
RIGHT = {
    "search": "read",
    "read": "read",
    "count": "read",
    "aggregate": "read",
    "create": "create",
    "update": "write",
    "delete": "unlink",
}


def operation_name(operation: Any) -> str:
    """`search`, or the method of an action (`{"action": "action_confirm"}`)."""
    return operation if isinstance(operation, str) else operation["action"]


def models_file(schemas: Path) -> dict[str, Any]:
    """The `models.toml` beside a folder of schema files."""
    return tomllib.loads((schemas.parent / "models.toml").read_text("utf-8"))


def key_fields(schemas: Path, profile: str, model: str) -> list[str]:
    """The fields of a model that come first in a profile."""
    file = models_file(schemas)
    own = file["profiles"][profile].get("fields", {})
    return own.get(model) or file["fields"][model]


def default_tools(schemas: Path) -> list[tuple[str, str, str]]:
    """`(tool, model, operation)` of the default profile, in the order of the list."""
    return profile_tools(schemas, "default")


def profile_tools(schemas: Path, profile: str) -> list[tuple[str, str, str]]:
    """`(tool, model, operation)` of a profile, in the order of the list."""
    tools = []
    for line in models_file(schemas)["profiles"][profile]["tools"]:
        model, _, chosen = line.partition(":")
        wanted = {name.strip() for name in chosen.split(",")}
        file = json.loads((schemas / f"{model.strip()}.json").read_text("utf-8"))
        for tool in file["tools"]:
            operation = operation_name(tool["operation"])
            if "*" in wanted or operation in wanted:
                tools.append((tool["name"], model.strip(), operation))
    return tools


def reachable(odoo: Odoo, tools: list[tuple[str, str, str]]) -> list[str]:
    """Those of the tools that Odoo itself leaves this user: rights, and buttons of the form."""
    rights: dict[tuple[str, str], bool] = {}
    buttons: dict[str, set[str]] = {}

    def has_right(model: str, right: str) -> bool:
        if (model, right) not in rights:
            rights[model, right] = odoo.has_access(model, right)
        return rights[model, right]

    def sees_button(model: str, method: str) -> bool:
        if model not in buttons:
            buttons[model] = visible_buttons(odoo, model)
        return method in buttons[model]

    return [
        tool
        for tool, model, operation in tools
        if has_right(model, RIGHT.get(operation, "read"))
        and (operation in RIGHT or sees_button(model, operation))
    ]


def visible_buttons(odoo: Odoo, model: str) -> set[str]:
    """The methods behind the buttons that this user's form view of a model has."""
    try:
        views = odoo.call(model, "get_views", [[False, "form"]], {})
    except OdooError:
        return set()
    form = ET.fromstring(views["views"]["form"]["arch"])
    return {
        button.get("name", "") for button in form.iter("button") if button.get("type") == "object"
    }
