"""What the server remembers of one open page: its conversation, and what it is limited to.

It lives as long as the page; what outlives it is kept by `ui.conversations`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from index.filters import Filter
from qa.printing import long_date
from ui.exchange import Conversation

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_NAMED = 2


@dataclass(frozen=True, slots=True)
class Session:
    """One open page. `editing` is the exchange whose question is being changed, if one is.

    `turn` is the exchange whose sources are shown, `writer` the name of the chat model that was
    chosen to write, "" for quotes, None while nobody has chosen.
    """

    conversation: Conversation = field(default_factory=Conversation)
    scope: Filter = field(default_factory=Filter)
    editing: int | None = None
    turn: int = 0
    writer: str | None = None

    @property
    def where(self) -> Filter | None:
        """What the assistant limits its search to."""
        return None if self.scope.open else self.scope


def in_words(scope: Filter, titles: Mapping[str, str]) -> str:
    """What a search is limited to, "" if to nothing; `titles` are those of the articles."""
    parts = []
    if scope.articles is not None:
        named = [f"“{titles.get(name, name)}”" for name in sorted(scope.articles)]
        parts.append(
            " and ".join(named)
            if len(named) <= MOST_NAMED
            else f"{len(named)} of {len(titles)} articles"
        )
    if dates := _dates(scope.since, scope.until):
        parts.append(dates if parts else f"articles {dates}")
    return " ".join(parts)


def _dates(since: date | None, until: date | None) -> str:
    match since, until:
        case None, None:
            return ""
        case date(), None:
            return f"from {long_date(since)} on"
        case None, date():
            return f"up to {long_date(until)}"
    assert since is not None and until is not None
    return f"from {long_date(since)} to {long_date(until)}"
