"""An article cut as the settings say: the one way to passages, on whatever machine they are made.

Nothing is read, embedded or stored here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.article import Article
from index.cache import Embedder
from index.generations import FORMAT, Fingerprint
from index.passages import Passage, cut

PASSAGE_TOKENS, LIMIT = 200, 256
"""Tokens: what a passage grows to unless told, and what it never passes."""
_AT_ONCE = 4_096
"""Passages that are embedded and stored together: enough to sort by length, few enough to hold."""

Batch = list[tuple[Article, list[Passage]]]


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts for one model: `index_faq=False` leaves FAQ sections out."""

    encoder: Embedder
    index_faq: bool = True
    passage_tokens: int = PASSAGE_TOKENS

    @property
    def fingerprint(self) -> Fingerprint:
        """What an index must have been built with to serve beside what is cut here."""
        low, high = self._target
        passages = f"{low}-{high}/{LIMIT} tokens"
        return Fingerprint(FORMAT, self.encoder.fingerprint, passages, self.index_faq)

    def cut(self, article: Article) -> list[Passage]:
        """The article's passages, in the order of its text; no model is loaded for it."""
        return cut(
            article,
            self.encoder.count_tokens,
            target=self._target,
            limit=min(LIMIT, self.encoder.max_tokens),
            faq=self.index_faq,
        )

    def batches(self, articles: Iterable[Article]) -> Iterator[Batch]:
        """Articles with their passages, in batches of about `_AT_ONCE` passages."""
        batch: Batch = []
        size = 0
        for article in articles:
            passages = self.cut(article)
            batch.append((article, passages))
            size += len(passages)
            if size >= _AT_ONCE:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    @property
    def _target(self) -> tuple[int, int]:
        """The least and the most tokens that a passage grows to, where its section has as many."""
        return self.passage_tokens * 3 // 5, self.passage_tokens
