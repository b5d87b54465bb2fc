"""What was asked and what came of it: an `Exchange`, and a `Conversation` of them.

Plain data, kept by `ui.conversations` and shown by `ui.render`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from qa.answer import Answer, Considered, Turn

LONGEST_TITLE = 80


def now() -> str:
    """The time in UTC, to the microsecond, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it: an answer, an error, or what had been said when it stopped.

    `asked` is the question as it was typed, and `scope` what the search was limited to, in words;
    `step` is what is being done until the answer is there. `writer` names the chat model that was
    to write it, "" for quotes.
    `liked` is None until somebody voted, `voted` the time of that vote.
    """

    asked: str
    answer: Answer | None = None
    said: str = ""
    step: str = ""
    error: str = ""
    scope: str = ""
    considered: tuple[Considered, ...] = ()
    suggestions: tuple[str, ...] = ()
    liked: bool | None = None
    comment: str = ""
    voted: str = ""
    writer: str = ""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The exchange as the assistant takes it for history."""
        reply = self.answer.text if self.answer else self.said
        return (Turn("user", self.asked), *((Turn("assistant", reply),) if reply else ()))


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked and answered, oldest first. `touched` is when it last changed."""

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    title: str = ""
    touched: str = field(default_factory=now)
    exchanges: tuple[Exchange, ...] = ()

    @property
    def name(self) -> str:
        """What it is called: the title it was given, or its first question."""
        first = self.exchanges[0].asked if self.exchanges else "New conversation"
        return " ".join((self.title or first).split())[:LONGEST_TITLE]

    def turns(self) -> list[Turn]:
        """All of it, as the assistant takes it for history."""
        return [turn for exchange in self.exchanges for turn in exchange.turns]

    def before(self, number: int) -> Conversation:
        """The conversation as it was before exchange `number`, counted from 0."""
        return replace(self, exchanges=self.exchanges[:number])

    def plus(self, exchange: Exchange) -> Conversation:
        """The conversation with one exchange more."""
        return replace(self, exchanges=(*self.exchanges, exchange))

    def having(self, number: int, exchange: Exchange) -> Conversation:
        """The conversation with another exchange in the place of number `number`."""
        exchanges = list(self.exchanges)
        exchanges[number] = exchange
        return replace(self, exchanges=tuple(exchanges))
