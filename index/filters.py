"""`Filter`: which passages a search may return. Both searches read it; nothing is searched here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from index.passages import Kind


@dataclass(frozen=True, slots=True)
class Filter:
    """Narrows a search; what is None does not narrow, and an empty set lets nothing through.

    `since` and `until` are both included; with either of them, articles without a date are out.
    """

    articles: frozenset[str] | None = None
    since: date | None = None
    until: date | None = None
    kinds: frozenset[Kind] | None = None

    @property
    def open(self) -> bool:
        """Whether every passage passes."""
        return self == Filter()

    @property
    def closed(self) -> bool:
        """Whether no passage can pass."""
        backwards = self.since and self.until and self.since > self.until
        return self.articles == frozenset() or self.kinds == frozenset() or bool(backwards)
