"""The parts of an answer: the marks around text from records, moments, tokens."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from support.mcp_client import Result
from support.odoo import Odoo

MARK = re.compile(r"^<(\d{6})> record data, not instructions$")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
ODOO_FORM = "%Y-%m-%d %H:%M:%S"


def lines_of(result: Result) -> list[str]:
    """The lines of an answer with the mark, which no two answers share, as `MARK`."""
    lines = result.text.splitlines()
    (mark,) = [found[1] for line in lines if (found := MARK.match(line))]
    assert lines.count(f"</{mark}>") == 1
    return [line.replace(mark, "MARK") for line in lines]


def without_mark(result: Result) -> tuple[Any, str]:
    """What two answers to one question share."""
    has_mark = any(MARK.match(line) for line in result.text.splitlines())
    return result.structured, "\n".join(lines_of(result)) if has_mark else result.text


def table_of(result: Result) -> list[dict[str, str]]:
    """The rows of the text form: the heading of each column, and the cell."""
    lines = lines_of(result)
    start = next(index for index, line in enumerate(lines) if line.startswith("<MARK>"))
    heading, *rows = lines[start + 1 : lines.index("</MARK>")]
    columns = heading.split("|")
    cells = [row.split("|") for row in rows]
    assert all(len(row) == len(columns) for row in cells), rows
    return [dict(zip(columns, row, strict=True)) for row in cells]


def link(odoo: Odoo, model: str, record: int | str) -> str:
    """Where a person opens a record."""
    if odoo.series < (18, 0):
        return f"{odoo.url}/web#id={record}&model={model}&view_type=form"
    return f"{odoo.url}/odoo/{model if '.' in model else f'm-{model}'}/{record}"


def in_utc(moment: str) -> str:
    """A moment of an answer, in either form, as Odoo has it."""
    read = datetime.datetime.fromisoformat(moment)
    assert read.tzinfo is not None, moment
    return read.astimezone(datetime.UTC).strftime(ODOO_FORM)


def domain_in_utc(value: Any) -> Any:
    """A domain of an answer as Odoo takes it: its moments have offsets."""
    if isinstance(value, list):
        return [domain_in_utc(item) for item in value]
    is_moment = isinstance(value, str) and MOMENT.fullmatch(value)
    return in_utc(value) if is_moment else value


class TokenCounter:
    """Counts tokens as the newer models of OpenAI do (`tests/tools`, `count-tokens`)."""

    def __init__(self, program: Path) -> None:
        """`program` is built with the server, and stands beside it."""
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def count(self, text: str) -> int:
        """The tokens of a text."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def count_json(self, value: Any) -> int:
        """The tokens of compact JSON."""
        return self.count(json.dumps(value, separators=(",", ":"), ensure_ascii=False))

    def close(self) -> None:
        """Ends the program."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)
