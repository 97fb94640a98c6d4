"""What must not be seen, and calls after which it could be."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from support.gateway import Gateway

_TAG = "res.partner.category"
LOUD = {"RUST_LOG": "trace", "RUST_BACKTRACE": "full"}


def spellings(secret: str) -> list[str]:
    """The ways in which a secret could be written."""
    raw = secret.encode()
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    # As the second half of `login:password`, too, whatever the length of the login.
    for before in range(3):
        inner = base64.b64encode(b"x" * before + raw).decode()
        encoded.add(inner[4 * (before > 0) : -4])
    return sorted({secret, quote(secret, safe=""), json.dumps(secret)[1:-1]} | encoded)


def assert_secret(text: str, *hidden: str) -> None:
    """None of the secrets is in the text, in any spelling."""
    for secret in hidden:
        for spelling in spellings(secret):
            assert spelling not in text, f"a secret is shown: …{around(text, spelling)}…"


def around(text: str, part: str) -> str:
    """Where it stands, without the secret itself."""
    at = text.index(part)
    return text[max(0, at - 120) : at] + "<HERE>"


def session_cookies(gateway: Gateway) -> set[str]:
    """The session ids with which the server came to Odoo."""
    cookies = {
        seen.headers["Cookie"].partition("session_id=")[2]
        for seen in gateway.seen
        if "session_id=" in seen.headers.get("Cookie", "")
    }
    assert cookies
    return cookies


# Right and wrong ones, so that each way through the server is gone.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("odoo_capabilities", {}),
    ("odoo_search", {"model": "res.users", "limit": 3}),
    ("odoo_schema", {"model": "res.users", "search": "pass"}),
    ("odoo_read", {"model": "res.users", "id": 99_999_999}),
    ("odoo_search", {"model": "no.such.model"}),
    ("odoo_create", {"model": _TAG, "values": {"nmae": "x"}}),
    ("odoo_execute", {"model": _TAG, "method": "_private"}),
    ("odoo_execute", {"model": _TAG, "method": "no_such_method"}),
    ("odoo_reconnect", {}),
]
