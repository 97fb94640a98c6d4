"""Somebody who is asked for consent, and the token that stands for a yes."""

from __future__ import annotations

from collections.abc import Callable

from support.mcp_client import IS_LINE_1, McpClient, Result
from support.people import Person

# The server asks, whichever way the client knows.
ASK: dict[str, str | None] = {"CONFIRM": "auto"}


class Human:
    """Answers questions as it was told to, and remembers them."""

    def __init__(self, *answers: str | Callable[[], str]) -> None:
        self._answers = list(answers)
        self.questions: list[str] = []

    def __call__(self, question: str) -> str:
        """Answers the next question."""
        self.questions.append(question)
        answer = self._answers.pop(0)
        return answer() if callable(answer) else answer


def asking(
    start_server: Callable[..., McpClient], person: Person, human: Human, mode: str
) -> McpClient:
    """A client whose user is asked."""
    return start_server(person, env=ASK, mode=None if IS_LINE_1 else mode, user=human)


def token_of(result: Result) -> str:
    """The token of a preview."""
    assert not result.is_error, result.text
    assert result.structured["confirmation_required"] is True
    assert result.structured["confirm"] in result.text
    return result.structured["confirm"]
