"""The writer: a folder of articles becomes the next generation, which serves once it is verified.

One sync at a time; whatever happens to it, the generation that serves is whole.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from index.article import Article
from index.cache import VectorCache
from index.cutting import Batch, Cutter
from index.errors import StoreError
from index.folder import Folder
from index.generations import Generations, Manifest
from index.reader import Generation, OpenFiles
from index.readers import Skipped
from index.records import Records
from index.scanning import Changes, compare
from index.sealing import seal
from index.vectors import VectorStore

CACHE = "vectors.sqlite3"
DISK_ERRORS = OSError, sqlite3.DatabaseError
ALIKE = 50
"""How often the same text may be embedded before the others get lost in a graph search. Measured:
of 300 vectors none beside 100 that are alike, a quarter beside 400."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. All but `skipped` are article ids; `renamed` holds (old, new).

    `passages` is how many the index has now, `embedded` how many texts had to be embedded for it,
    `generation` the name of the one that serves.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    skipped: tuple[Skipped, ...]
    passages: int
    embedded: int
    generation: str
    seconds: float

    @property
    def left_out(self) -> str:
        """What was skipped, in a line that names the first; "" where nothing was."""
        if not self.skipped:
            return ""
        more = f", and {len(self.skipped) - 1} more" if len(self.skipped) > 1 else ""
        return f"{self.skipped[0].path!r} ({self.skipped[0].reason}){more}"

    @classmethod
    def between(
        cls,
        before: Mapping[str, str],
        after: Mapping[str, str],
        skipped: tuple[Skipped, ...],
        **figures: Any,
    ) -> SyncReport:
        """The report of a sync from one map of article ids to hashes to another."""
        changes = compare(before, after)
        return cls(
            added=changes.added,
            changed=changes.changed,
            removed=changes.removed,
            unchanged=changes.unchanged,
            renamed=changes.renamed,
            skipped=skipped,
            **figures,
        )


@contextmanager
def told_of_the_disk(
    folder: Path, kinds: tuple[type[Exception], ...] = DISK_ERRORS
) -> Iterator[None]:
    """What keeps the index in `folder` from being written comes out as one `StoreError`."""
    try:
        yield
    except kinds as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        free = shutil.disk_usage(folder).free / 1e6
        raise StoreError(
            f"the index in {folder} could not be written ({reason}; {free:.1f} MB are free "
            "there): what served goes on serving"
        ) from error


@dataclass(slots=True)
class Sync:
    """One run over `corpus`, for a caller that holds the write lock. `base` is what serves now."""

    generations: Generations
    articles: Folder
    cutter: Cutter
    base: Generation | None
    _found: Mapping[str, str] = field(init=False)
    _embedded: int = field(default=0, init=False)

    def run(self) -> tuple[SyncReport, Generation]:
        """Bring the index up to date; returns what was done, and what serves from now on.

        Raises `CorpusError` where there is no article to read, `RemovalError` where most of them
        are gone, `OtherCorpusError` where it is another's index, and `StoreError` where the index
        cannot be written; what served before goes on serving then.
        """
        started = time.perf_counter()
        with told_of_the_disk(self.generations.folder, (*DISK_ERRORS, StoreError)):
            self.generations.remove_leftovers()
            self._found = self.articles.scan(self.generations.folder)
            serving = self._next() or self.base
        if serving is None:
            raise self.articles.nothing()
        # Compared anew, since some of what was to be read could not be.
        report = SyncReport.between(
            self._before(),
            serving.manifest.files,
            self.articles.skipped(),
            passages=serving.manifest.passages,
            embedded=self._embedded,
            generation=serving.name,
            seconds=time.perf_counter() - started,
        )
        return report, serving

    def _next(self) -> Generation | None:
        """The next generation, serving; None when nothing has changed."""
        indexed = self.base.manifest.corpus if self.base else ""
        self.articles.check_same(indexed, self._before(), self._found)
        self.articles.check_removals(self._before(), self._found)
        changes = compare(self._before(), self._found)
        incoming = self.articles.read(changes.incoming)
        first = next(incoming, None)
        if first is None and not changes.outgoing:
            return None
        articles: Iterator[Article] = chain([first] if first else [], incoming)
        if self.base and self._is_small(changes):
            try:
                return self._build(articles, changes.outgoing)
            except (StoreError, sqlite3.DatabaseError):
                # The copy does not hold: from nothing.
                articles = self.articles.read(changes.incoming)
        return self._build(chain(articles, self.articles.read(changes.unchanged)), None)

    def _is_small(self, changes: Changes) -> bool:
        """Whether a copy with changes is better than a new build: at most half of it is new."""
        assert self.base
        manifest = self.base.manifest
        moved = max(len(changes.incoming), len(changes.outgoing))
        return 2 * moved <= len(manifest.files) and 2 * manifest.churn <= manifest.passages

    def _build(self, articles: Iterable[Article], outgoing: Iterable[str] | None) -> Generation:
        """Make the next generation serve: a copy of `base` without `outgoing`, or an empty one."""
        with self.generations.building() as folder:
            base = self.base if outgoing is not None else None
            manifest = self._write(folder, articles, base, outgoing or ())
            manifest.write(folder)
            generation = Generation(OpenFiles(folder, manifest.fingerprint))
            self._tell("verifying", 0, 1)
            generation.verify()
            self.generations.swap(folder)
        self._tell("verifying", 1, 1)
        return generation

    def _write(
        self,
        folder: Path,
        articles: Iterable[Article],
        base: Generation | None,
        outgoing: Iterable[str],
    ) -> Manifest:
        """Fill the folder of a new generation and close its files."""
        if base:
            base.copy_to(folder)
        files = dict(base.manifest.files) if base else {}
        churn = base.manifest.churn if base else 0
        with (
            closing(
                Records.open(folder, write=True) if base else Records.create(folder)
            ) as records,
            closing(
                VectorStore.edit(folder, base.files.folder) if base else VectorStore.create(folder)
            ) as vectors,
            closing(VectorCache(self.generations.folder / CACHE, self.cutter.encoder)) as cache,
        ):
            for name in outgoing:
                gone = records.remove(name)
                vectors.remove(gone)
                churn += len(gone)
                del files[name]
            for batch in self.cutter.batches(articles):
                self._embed_and_add(batch, records, vectors, cache)
                files |= {article.id: self.articles.hashes[article.id] for article, _cut in batch}
            if not files:
                raise self.articles.nothing()
            self.articles.check_removals(self._before(), files)
            records.finish()
            vectors.finish()
            _articles, passages = records.counts()
            exact = records.most_alike() > ALIKE
            cache.prune(records.embedded_texts(), passages)
        VectorStore.compact(folder)
        return Manifest(
            self.cutter.fingerprint,
            files,
            passages,
            seal(folder),
            churn,
            exact,
            corpus=self.articles.name,
        )

    def _embed_and_add(
        self, batch: Batch, records: Records, vectors: VectorStore, cache: VectorCache
    ) -> None:
        passages = [passage for _article, some in batch for passage in some]
        before = self._embedded
        embeddings, embedded = cache.embed(
            [passage.embedded for passage in passages],
            lambda done, todo: self._tell("embedding", before + done, before + todo),
        )
        self._embedded += embedded
        vectors.add(passages, embeddings)
        for article, some in batch:
            records.add(article, some)

    def _before(self) -> Mapping[str, str]:
        return self.base.manifest.files if self.base else {}

    def _tell(self, step: str, done: int, of: int) -> None:
        self.articles.tell(step, done, of)
