"""Reading resources, and the ways in which that ends."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from support.mcp_client import McpClient, ProtocolError
from support.records import Records

ATTACHMENT = "ir.attachment"
# The most bytes of a file or a document that come in one answer.
MAX_BYTES = 10 * 1024 * 1024
# The first version of the protocol that has one code for what is not there.
MODERN = "2026-07-28"


def read_json(client: McpClient, uri: str) -> dict[str, Any]:
    """The JSON of a record or a schema."""
    first = client.read(uri)[0]
    assert first["mimeType"] == "application/json"
    return json.loads(first["text"])


def refused(client: McpClient, uri: str) -> ProtocolError:
    """The error that reading a resource ends with."""
    with pytest.raises(ProtocolError) as caught:
        client.read(uri)
    assert caught.value.data["uri"] == uri
    return caught.value


def not_found(client: McpClient, uri: str) -> ProtocolError:
    """Like `refused`, for what is not there: the code depends on the protocol."""
    error = refused(client, uri)
    assert error.code == (-32602 if client.protocol_version >= MODERN else -32002)
    return error


def attach(records: Records, **values: Any) -> int:
    """Makes an attachment; `content` are its bytes."""
    content: bytes = values.pop("content", b"")
    datas = base64.b64encode(content).decode()
    return records.make(ATTACHMENT, **({"datas": datas} if content else {}), **values)
