"""The subset of JSON Schema that every big client takes, as a lint of tool schemas.

Root object; one `type` each; no combinators and no references; arrays with `items`; string
enums of at most 50 values, none empty; `required` within `properties`; bounded descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from support.mcp_client import Tool

MAX_NAME = 40
MAX_DESCRIPTION = 1024
MAX_ENUM = 50
MAX_DEPTH = 6

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TYPES = {"object", "array", "string", "integer", "number", "boolean"}
_FORBIDDEN = {
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
    "const",
    "$ref",
    "$defs",
    "definitions",
    "$schema",
    "$id",
    "patternProperties",
    "prefixItems",
}


def problems_of(tool: Tool) -> list[str]:
    """Everything about a tool that some client refuses, with its place."""
    return [f"{tool.name}: {problem}" for problem in _tool_problems(tool)]


def _tool_problems(tool: Tool) -> Iterator[str]:
    if not _NAME.fullmatch(tool.name) or len(tool.name) > MAX_NAME:
        yield "the name is too long or has other characters than [a-z0-9_]"
    if not tool.description.strip() or len(tool.description) > MAX_DESCRIPTION:
        yield f"the description has {len(tool.description)} characters"
    if tool.input_schema.get("type") != "object" or "properties" not in tool.input_schema:
        yield "the root is no object with properties"
    yield from _schema_problems(tool.input_schema, "inputSchema", 1)


def _schema_problems(schema: Any, path: str, depth: int) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"{path} is no schema but {schema!r}"
        return
    if depth > MAX_DEPTH:
        yield f"{path} is deeper than {MAX_DEPTH}"
    yield from (f"{path} uses {key}" for key in sorted(_FORBIDDEN & schema.keys()))
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        yield f"{path} has the type {kind!r}"
    if len(schema.get("description", "")) > MAX_DESCRIPTION:
        yield f"{path} has too long a description"
    if "enum" in schema:
        yield from _enum_problems(schema, path)
    if kind == "array":
        if "items" not in schema:
            yield f"{path} is an array without items"
        else:
            yield from _schema_problems(schema["items"], f"{path}.items", depth + 1)
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in properties:
            yield f"{path} requires {name}, which is no property"
    for name, child in properties.items():
        yield from _schema_problems(child, f"{path}.{name}", depth + 1)


def _enum_problems(schema: dict[str, Any], path: str) -> Iterator[str]:
    values = schema["enum"]
    if schema.get("type") != "string" or not all(isinstance(value, str) for value in values):
        yield f"{path} is an enum of other things than strings"
    elif not values or len(values) > MAX_ENUM or "" in values or len(set(values)) < len(values):
        yield f"{path} is an enum with {len(values)} values, or with empty or equal ones"
