"""A strict reader of the text format of OpenMetrics 1.0, as far as counters, gauges and
histograms go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CONTENT_TYPE = "application/openmetrics-text"

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_VALUE = r'"((?:[^"\\\n]|\\["\\n])*)"'
_LABEL = re.compile(rf"({_NAME})={_VALUE}(,|$)")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_SUFFIXES = {
    "counter": {"_total", "_created"},
    "gauge": {""},
    "histogram": {"_bucket", "_count", "_sum", "_created"},
}


@dataclass
class Family:
    """What is said about one metric."""

    kind: str = ""
    help: str = ""
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)

    def value(self, suffix: str = "", **labels: str) -> float:
        """One sample; 0 when it was never counted."""
        return self.samples.get((suffix, frozenset(labels.items())), 0.0)


def parse(text: str) -> dict[str, Family]:
    """The metrics by name.

    Raises:
        AssertionError: The text is no OpenMetrics.
    """
    assert text.endswith("# EOF\n"), "the end is missing"
    families: dict[str, Family] = {}
    for line in text.splitlines()[:-1]:
        if line.startswith("# "):
            kind, name, rest = line[2:].split(" ", 2)
            about = families.setdefault(name, Family())
            if kind == "TYPE":
                assert rest in _SUFFIXES, line
                about.kind = rest
            else:
                assert kind == "HELP", line
                about.help = rest
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample, f"no sample: {line!r}"
        # The samples of a family stand below its head.
        name, owner = sample[1], next(reversed(families))
        assert name.startswith(owner), line
        suffix = name.removeprefix(owner)
        assert suffix in _SUFFIXES[families[owner].kind], line
        key = (suffix, frozenset(_labels(sample[2] or "")))
        assert key not in families[owner].samples, f"twice: {line}"
        families[owner].samples[key] = float(sample[3])
    return families


def _labels(text: str) -> list[tuple[str, str]]:
    labels, at = [], 0
    while at < len(text):
        label = _LABEL.match(text, at)
        assert label, f"no labels: {text!r}"
        labels.append((label[1], label[2]))
        at = label.end()
    return labels
