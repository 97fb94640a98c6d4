"""What every refused call must look like: an error that teaches and gives nothing away."""

from __future__ import annotations

from support.mcp_client import Result

MAX_TEXT = 3000
# Parts of stack traces, in Python and in Rust.
_TRACES = ("Traceback", 'File "', "site-packages", "panicked at", "RUST_BACKTRACE")


def _on_one_line(text: str) -> str:
    """Odoo's own words are one line in the text; the structured form has their lines."""
    return " ".join(text.replace("⏎", " ").split())


def assert_refused(result: Result, kind: str | tuple[str, ...], *says: str) -> None:
    """The call failed with this kind of error, and its text has these parts."""
    assert result.is_error, f"the call went through: {result.text}"
    kinds = (kind,) if isinstance(kind, str) else kind
    assert result.error["kind"] in kinds, result.text
    assert result.error["message"].strip()
    assert _on_one_line(result.error["message"]) in _on_one_line(result.text)
    for hint in result.error["hints"]:
        assert hint in result.text
    for part in says:
        assert part in result.text, f"{part!r} is not in {result.text!r}"
    for trace in _TRACES:
        assert trace not in result.text
    assert len(result.text) < MAX_TEXT
