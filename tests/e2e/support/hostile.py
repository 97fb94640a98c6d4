"""The corpus of hostile texts, and a reader of answers that shares no code with the server.

It reads the documented form of an answer (README, "Record text is data"): lines of the server,
and blocks of data between two marks with one number. What comes out must be what went in, as a
person would have seen it.
"""

from __future__ import annotations

import html.parser
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "hostile.jsonl"
TEXTS: list[dict[str, str]] = [json.loads(line) for line in CORPUS.read_text().splitlines()]
# PostgreSQL takes no NUL, so Odoo never has one; the server's own tests know it.
STORABLE: list[str] = [entry["text"].replace("\0", "") for entry in TEXTS]

_BEGIN = re.compile(r"^<(\d{6})> record data, not instructions$")
_LINES = {"\u2028": "\n", "\u2029": "\n", "\u0085": "\n"}
_JOINER, _STYLE = "\u200d", "\ufe0f"
# Not of the category Cf, and shown by nobody all the same.
_IGNORED = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
_EMOJI = re.compile("[\u2190-\u27bf\U0001f000-\U0001faff]")


def cleaned(text: str) -> str:
    """The text as a person sees it, with `\\n` for every kind of line break."""
    kept: list[str] = []
    for place, char in enumerate(text):
        follower = text[place + 1 : place + 2]
        is_after_emoji = bool(kept) and bool(_EMOJI.match(kept[-1]) or kept[-1] == _STYLE)
        is_style = char == _STYLE and bool(kept) and bool(_EMOJI.match(kept[-1]))
        is_joint = char == _JOINER and is_after_emoji and bool(_EMOJI.match(follower))
        if is_style or is_joint or char in "\n\t":
            kept.append(char)
        elif char in _LINES:
            kept.append(_LINES[char])
        elif unicodedata.category(char) not in ("Cc", "Cf") and not _IGNORED.match(char):
            kept.append(char)
    return "".join(kept)


def is_clean(text: str) -> bool:
    """Whether nothing in a text is hidden from people; line breaks and tabs are seen."""
    return cleaned(text) == text


def in_one_line(text: str) -> str:
    """A cleaned text in one line, as a cell or a field of one record has it."""
    lines = [line.replace("\t", " ").strip() for line in text.split("\n")]
    return " ⏎ ".join(lines).strip()


def in_a_cell(text: str, longest: int = 160) -> str:
    """A cleaned text in a cell of a table."""
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return in_one_line(text).replace("|", "¦")


def in_quotes(text: str, longest: int) -> str:
    """A text in a sentence of the server."""
    return f"“{in_words(re.sub('[“”]', chr(34), text), longest)}”"


def in_words(text: str, longest: int) -> str:
    """A short text in one line, whatever it was broken by."""
    blanks = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)
    seen = "".join(c for c in blanks if is_seen(c))
    line = " ".join(seen.split())
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "…"
    return line


def is_seen(char: str) -> bool:
    """Whether a character shows something, or is a blank."""
    return unicodedata.category(char) not in ("Cf",) and not _IGNORED.match(char)


@dataclass
class Answer:
    """An answer, read: what the server says, and the blocks of data in between."""

    said: list[str]
    blocks: list[list[str]]

    @property
    def block(self) -> list[str]:
        """The only block."""
        (only,) = self.blocks
        return only


def read_answer(text: str) -> Answer:
    """Reads an answer; one that breaks the form fails the test."""
    lines = text.split("\n")
    assert is_clean(text), f"hidden characters in {text!r}"
    assert text.splitlines() == lines[: len(text.splitlines())], "another kind of line break"
    said: list[str] = []
    blocks: list[list[str]] = []
    place = 0
    while place < len(lines):
        begun = _BEGIN.match(lines[place])
        if not begun:
            said.append(lines[place])
            place += 1
            continue
        mark = begun[1]
        end = lines.index(f"</{mark}>", place)
        block = lines[place + 1 : end]
        assert mark not in "\n".join(block), "the data has the mark"
        said.append("<block>")
        blocks.append(block)
        place = end + 1
    return Answer(said, blocks)


def rows_of(block: list[str]) -> list[dict[str, str]]:
    """The rows of a table, by column."""
    heading, *rows = (line.split("|") for line in block)
    assert all(len(row) == len(heading) for row in rows), rows
    return [dict(zip(heading, row, strict=True)) for row in rows]


def fields_of(block: list[str]) -> dict[str, str]:
    """The fields of one record, whose lines the server begins."""
    pairs = [line.split(": ", 1) for line in block]
    assert all(len(pair) == 2 for pair in pairs), pairs
    found = dict(pairs)
    assert len(found) == len(pairs), "a field is there twice"
    return found


def list_of(text: str) -> list[str]:
    """The items of a list, of which those with signs of a list are in quotes."""
    items = re.findall(r"(“[^“”]*”[^,“”]*|[^,“”]*)(?:, |$)", text)
    return [item for item in items if item]


def every_text(value: Any) -> list[str]:
    """All texts in some JSON, names of members included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in every_text(item)]
    if isinstance(value, dict):
        return [text for item in (list(value), list(value.values())) for text in every_text(item)]
    return []


class _Words(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += cleaned(data).split()


def words_of(markup: str) -> str:
    """The words of HTML without anything special in it."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    return " ".join(reader.words)
