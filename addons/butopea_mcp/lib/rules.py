"""The administrator's rules, ready to be asked: which calls they let through.

A rule names models by patterns (`*` stands for any text), operations and, if it
wants to, methods. What an active "deny" names is refused. As soon as there is an
active "allow", what no "allow" names is refused, too. A "deny" goes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import NamedTuple

# The module's own models. They are closed without any rule: who can change the
# rules by a call has none.
OWN_MODELS = "butopea.mcp."

_SEPARATORS = re.compile(r"[\s,;]+")


def patterns(text: str | None) -> list[str]:
    """The patterns of a text: between commas, spaces or ends of lines."""
    return [part for part in _SEPARATORS.split(text or "") if part]


def _matcher(names: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, names)))


class Rule(NamedTuple):
    """One rule of `butopea.mcp.rule`."""

    is_allow: bool
    models: re.Pattern[str]
    operations: frozenset[str]
    # None: all of them.
    methods: re.Pattern[str] | None

    @classmethod
    def of(
        cls, is_allow: bool, models: str, operations: Iterable[str], methods: str | None
    ) -> Rule:
        names = patterns(methods)
        return cls(
            is_allow,
            _matcher(patterns(models)),
            frozenset(operations),
            _matcher(names) if names else None,
        )

    def names(self, model: str, operation: str, method: str | None) -> bool:
        """Whether the rule names this. Without a method only if it names all."""
        return bool(
            operation in self.operations
            and self.models.match(model)
            and (
                self.methods is None
                or (method is not None and self.methods.match(method))
            )
        )


class CompiledRules:
    """All active rules. What was decided once is known from then on."""

    # There are not more than some hundred models, but a caller chooses the methods.
    _MAX_KNOWN = 20_000

    def __init__(self, rules: Iterable[Rule]) -> None:
        found = list(rules)
        self._denials = [rule for rule in found if not rule.is_allow]
        self._permissions = [rule for rule in found if rule.is_allow]
        self._known: dict[tuple[str, str, str | None], bool] = {}
        self._known_denials: dict[tuple[str, str], bool] = {}

    def lets(self, model: str, operation: str, method: str | None = None) -> bool:
        """Whether a call may do this to a model that it names."""
        key = (model, operation, method)
        decision = self._known.get(key)
        if decision is None:
            decision = self._decide(*key)
            if len(self._known) < self._MAX_KNOWN:
                self._known[key] = decision
        return decision

    def _decide(self, model: str, operation: str, method: str | None) -> bool:
        if model.startswith(OWN_MODELS) or any(
            rule.names(model, operation, method) for rule in self._denials
        ):
            return False
        return not self._permissions or any(
            rule.names(model, operation, method) for rule in self._permissions
        )

    def denies(self, model: str, operation: str) -> bool:
        """Whether a "deny" closes the operation, whoever asks for it.

        Also for what a call does without naming it: a button of a model that is
        open may not change one that is closed. Lists of what is allowed are not
        asked here: no model works without others that nobody thinks of.
        """
        key = (model, operation)
        decision = self._known_denials.get(key)
        if decision is None:
            decision = model.startswith(OWN_MODELS) or any(
                rule.names(model, operation, None) for rule in self._denials
            )
            self._known_denials[key] = decision
        return decision
