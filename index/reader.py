"""`Generation`: one whole, finished generation of the index, as a question sees it.

It never changes and never writes: a question that holds one is answered wholly from it.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from index import table
from index.article import Article
from index.errors import RebuildError, StoreError
from index.filters import Filter
from index.generations import Fingerprint, Manifest, hold
from index.passages import Passage
from index.records import ArticleSummary, Records
from index.sealing import check_seal, copy_sealed
from index.vectors import Vectors, VectorStore

SAMPLE = 100
MOST_LOST = 0.02
"""The share of sampled vectors that the approximate search may miss before it counts as damage."""


class Nearest(Protocol):
    """The vectors of a generation, wherever they are: `index.vectors`, or on a server.

    Safe to call from many threads. See `VectorStore` for the methods.
    """

    def search(
        self, vector: Vectors, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The `k` passages nearest to `vector` [d], ids and cosines in -1..1, best first."""

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The stored vectors of `ids`, in that order, float32 [n, d]."""

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Those of `ids` that cannot be found."""

    def close(self) -> None:
        """Let go of files and memory."""


def on_disk(folder: Path, manifest: Manifest, _records: Records) -> Nearest:
    """The vectors in the folder of a generation, as many as there should be."""
    if manifest.version:
        raise RebuildError(
            f"the vectors of {folder} are on a Chroma server: set QA_CHROMA_URL again, or run "
            "`cited index` to have them here"
        )
    vectors = VectorStore.open(folder, exact=manifest.exact)
    if (count := vectors.count()) != manifest.passages:
        vectors.close()
        raise RebuildError(
            f"{folder} is damaged: it has {count} vectors, not {manifest.passages}: "
            "run `cited index`"
        )
    return vectors


class OpenFiles:
    """The open files of a finished generation; let go of when the last reference to it goes."""

    def __init__(
        self,
        folder: Path,
        fingerprint: Fingerprint,
        nearest: Callable[[Path, Manifest, Records], Nearest] = on_disk,
    ) -> None:
        """Open the generation in `folder`, which must be of this `fingerprint`.

        `nearest` opens its vectors. Raises `RebuildError` where it is of another or damaged,
        `StoreError` where it is newer.
        """
        self.folder = folder
        held = hold(folder)
        try:
            self._open(fingerprint, nearest)
        finally:
            os.close(held)

    def _open(
        self, fingerprint: Fingerprint, nearest: Callable[[Path, Manifest, Records], Nearest]
    ) -> None:
        folder = self.folder
        self.manifest = Manifest.read(folder)
        if why := self.manifest.fingerprint.difference(fingerprint):
            raise RebuildError(f"the index in {folder.parent} must be built anew: {why}")
        self.check_seal()
        self.records = Records.open(folder)
        try:
            self._check_counts()
            self.vectors = nearest(folder, self.manifest, self.records)
        except StoreError:
            self.records.close()
            raise
        self._close = weakref.finalize(self, _close, self.records, self.vectors)

    def check_seal(self) -> None:
        """Raise `RebuildError` where a file is not what it was when the generation was made."""
        check_seal(self.folder, self.manifest.sealed)

    def _check_counts(self) -> None:
        found = self.records.counts()
        wanted = (len(self.manifest.files), self.manifest.passages)
        if found != wanted:
            raise RebuildError(
                f"{self.folder} is damaged: (articles, passages) are {found}, not {wanted}: "
                "run `cited index`"
            )


class Generation:
    """The search methods of one generation; safe to share between threads.

    As long as one is referred to, no sync removes its files, in whatever process: keep it for a
    question, not for longer.
    """

    def __init__(self, files: OpenFiles) -> None:
        """Raises `RebuildError` where a sync is removing the generation just now."""
        self.name = files.folder.name
        self.manifest = files.manifest
        self.files = files
        self._records = files.records
        self._vectors = files.vectors
        weakref.finalize(self, os.close, hold(files.folder))

    def search_dense(
        self, vector: Vectors, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The `k` passages nearest to `vector` [d]: ids and cosines in -1..1, best first."""
        return self._vectors.search(vector, k, where)

    def search_lexical(
        self, question: str, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The `k` passages best by BM25: ids and scores above 0, best first. Takes any text."""
        return self._records.search(question, k, where)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of `ids`, in that order; `StoreError` for one that is not there."""
        return self._records.passages(ids)

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The stored vectors of `ids`, in that order, float32 [n, d], unit length."""
        return self._vectors.vectors(ids)

    def article(self, article_id: str) -> Article:
        """The article as it was indexed: what its passages' offsets count in."""
        return self._records.article(article_id)

    def articles(self) -> list[ArticleSummary]:
        """All articles, by id."""
        return self._records.articles()

    def sentence_frequencies(self, words: Sequence[str]) -> tuple[list[int], int]:
        """In how many sentences of the corpus each word occurs, and how many sentences it has.

        Words are stemmed (Porter) and compared without case and diacritics.
        """
        return self._records.sentence_frequencies(words)

    def verify(self) -> None:
        """Raise `RebuildError` unless both files are sound and vectors find themselves."""
        self._records.check()
        lost = self._vectors.lost(sample := self._records.sample(SAMPLE))
        if len(lost) > MOST_LOST * len(sample):
            raise RebuildError(
                f"{self.name}: {len(lost)} of {len(sample)} vectors do not find themselves, "
                f"as that of {lost[0]!r}: run `cited index`"
            )

    def copy_to(self, folder: Path) -> None:
        """Copy its files into the empty folder of another generation.

        The manifest and the table of vectors are not copied: those are made anew. Raises
        `RebuildError` where files are damaged.
        """
        sealed = {name: its for name, its in self.manifest.sealed.items() if name != table.FILE}
        copy_sealed(self.files.folder, folder, sealed)
        check_seal(folder, sealed)


def _close(records: Records, vectors: Nearest) -> None:
    records.close()
    vectors.close()
