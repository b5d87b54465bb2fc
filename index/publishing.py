"""The publisher: a folder of articles becomes the next version of an index on a Chroma server.

One publication at a time; wherever it stops, the version that serves is whole, and the next one
goes on from there. Nothing is searched here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from index.article import parse_article
from index.cache import VectorCache
from index.cutting import Batch, Cutter
from index.errors import StoreError
from index.folder import Folder
from index.generations import Generations
from index.lease import Lease, leased, renewing
from index.published import KEPT, NEVER, Pointer, Published, Row, key
from index.readers import Skipped
from index.scanning import Changes, compare
from index.syncing import CACHE, SyncReport

IDENTITY = "publisher"
"""The file of an index folder that names it to the server."""
_SAMPLE = 100

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of some articles: `rows` of those that are stored whole, and the others.

    `embedded` counts the texts that were embedded; `sample` are keys of some of their passages.
    """

    rows: tuple[Row, ...]
    embedded: int
    sample: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


class Engine(Protocol):
    """Who does the work of a publication: one process, or many machines (`index.distributed`)."""

    def store(
        self,
        published: Published,
        articles: Folder,
        cutter: Cutter,
        names: Sequence[str],
        version: int,
    ) -> Iterator[Stored]:
        """Read, cut, embed and store articles as new in a version; some at a time.

        What was read in this process is noted in `articles`, as is how far it is.
        """


class Publisher:
    """Publishes from one machine: `folder` keeps its lock, its cache of vectors and hashes."""

    def __init__(
        self, folder: Path, published: Published, cutter: Cutter, engine: Engine | None = None
    ) -> None:
        self._generations = Generations(folder)
        self._published = published
        self._cutter = cutter
        self._engine = engine or OneProcess(folder)

    def sync(
        self, corpus: Path, progress: Progress | None = None, *, allow_removals: bool = False
    ) -> SyncReport:
        """Bring the server up to date with the articles in `corpus`, as `Index.sync` does.

        Raises `ServerError` where it does not answer, `BusyError` while another publisher writes,
        `StoreError` where it holds an index of other settings, and what `Index.sync` raises.
        """
        published = self._published
        with self._generations.writing():
            collection = published.create()
            with leased(published, self._who()) as lease:
                articles = Folder(corpus, renewing(lease, progress), allow_removals)
                found = articles.scan(self._generations.folder)
                publication = Publication(
                    published, articles, self._cutter, self._engine, lease, collection, found
                )
                return publication.run()

    def _who(self) -> str:
        path = self._generations.folder / IDENTITY
        if not path.exists():
            path.write_text(uuid4().hex, encoding="ascii")
        return path.read_text(encoding="ascii")


class OneProcess:
    """The usual engine: it works here, and embeds nothing twice, for `folder` has a cache."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def store(
        self,
        published: Published,
        articles: Folder,
        cutter: Cutter,
        names: Sequence[str],
        version: int,
    ) -> Iterator[Stored]:
        """See `Engine.store`."""
        total = 0
        with closing(VectorCache(self._folder / CACHE, cutter.encoder)) as cache:
            for batch in cutter.batches(articles.read(names)):
                passages = [passage for _article, some in batch for passage in some]
                vectors, embedded = cache.embed(
                    [passage.embedded for passage in passages],
                    partial(_tell, articles, total),
                )
                total += embedded
                published.add(passages, vectors)
                yield stored(published, batch, articles.hashes, version, embedded)


def _tell(articles: Folder, before: int, done: int, of: int) -> None:
    articles.tell("embedding", before + done, before + of)


def stored(
    published: Published, batch: Batch, hashes: Mapping[str, str], version: int, embedded: int
) -> Stored:
    """Note that all passages of some articles are stored, as new in a version."""
    rows = [Row(article.id, hashes[article.id], len(some), version) for article, some in batch]
    published.add_rows(rows, [article.text for article, _some in batch])
    passages = [passage for _article, some in batch for passage in some]
    sample = passages[:: len(passages) // 10 + 1]
    return Stored(tuple(rows), embedded, tuple(map(key, sample)))


@dataclass(slots=True)
class Publication:
    """One version in the making, for a caller that holds the lease."""

    published: Published
    articles: Folder
    cutter: Cutter
    engine: Engine
    lease: Lease
    collection: str
    found: Mapping[str, str]
    _version: int = field(default=0, init=False)
    _rows: list[Row] = field(default_factory=list, init=False)
    _embedded: int = field(default=0, init=False)
    _sample: list[str] = field(default_factory=list, init=False)

    def run(self) -> SyncReport:
        """Publish what has changed; returns what was done."""
        started = time.perf_counter()
        pointer = self._begin()
        before = {row.article: row.sha256 for row in self._rows if row.alive(self._version)}
        self.articles.check_removals(before, self.found)
        changes = compare(before, self.found)
        files = {name: self.found[name] for name in changes.unchanged} | self._add(changes)
        if not files:
            raise self.articles.nothing()
        self.articles.check_removals(before, files)
        if files != before:
            pointer = self._finish(files)
        return SyncReport.between(
            before,
            files,
            self.articles.skipped(),
            passages=pointer.passages if pointer else 0,
            embedded=self._embedded,
            generation=f"version-{pointer.version if pointer else 0:06d}",
            seconds=time.perf_counter() - started,
        )

    # The steps, in their order.

    def _begin(self) -> Pointer | None:
        """Look at what there is, and clear away what nobody can be reading any more."""
        pointer = self.published.pointer()
        why = pointer.difference(self.cutter.fingerprint) if pointer else None
        if pointer and pointer.collection != self.collection:
            why = "its vectors are gone"
        if why:
            raise StoreError(
                f"{self.published.name} on {self.published.server.url} cannot be changed: {why}; "
                "publish beside it, with another QA_CHROMA_NAME"
            )
        self._version = pointer.version if pointer else 0
        self._rows = self.published.rows()
        self._remove([row for row in self._rows if row.until <= self._version - KEPT])
        return pointer

    def _add(self, changes: Changes) -> dict[str, str]:
        """Store what is new, but for what a publication that was killed has stored already."""
        drafts = {(row.article, row.sha256) for row in self._rows if row.since > self._version}
        added = {
            name: self.found[name]
            for name in changes.incoming
            if (name, self.found[name]) in drafts
        }
        todo = [name for name in changes.incoming if name not in added]
        new = self._version + 1
        for some in self.engine.store(self.published, self.articles, self.cutter, todo, new):
            self._rows += some.rows
            self._embedded += some.embedded
            self._sample += some.sample
            self.articles.leave_out(some.skipped)
            added |= {row.article: row.sha256 for row in some.rows}
        return added

    def _finish(self, files: Mapping[str, str]) -> Pointer:
        """Sort out which rows are of the new version, see that it is whole, and let it serve."""
        new = self._version + 1
        wanted = {row for row in self._rows if files.get(row.article) == row.sha256}
        self._remove([row for row in self._rows if row.since == new and row not in wanted])
        serving = {row for row in self._rows if row.alive(self._version)}
        self.published.end([row for row in serving - wanted if row.until != new], new)
        self.published.end([row for row in serving & wanted if row.until != NEVER], NEVER)
        rows = [row for row in wanted if row.since == new or row in serving]
        self.articles.tell("verifying", 0, 1)
        self._verify()
        pointer = Pointer(
            version=new,
            fingerprint=self.cutter.fingerprint,
            articles=len(rows),
            passages=sum(row.passages for row in rows),
            collection=self.collection,
        )
        self.lease.check()
        self.published.flip(pointer)
        self.articles.tell("verifying", 1, 1)
        return pointer

    def _remove(self, rows: Sequence[Row]) -> None:
        """Remove rows, and those of their vectors that no other row has."""
        if not rows:
            return
        going = set(rows)
        names = {row.article for row in rows}
        self._rows, others = (
            [row for row in self._rows if row not in going],
            [row for row in self._rows if row.article in names and row not in going],
        )
        kept: dict[str, set[str]] = {}
        for row, text in self.published.texts(others):
            passages = self.cutter.cut(parse_article(row.article, text))
            kept.setdefault(row.article, set()).update(map(key, passages))
        self.published.remove(rows, kept)

    def _verify(self) -> None:
        """Raise `StoreError` unless the server finds what was stored by its own vector."""
        step = len(self._sample) // _SAMPLE + 1
        if lost := self.published.lost(self._sample[::step]):
            raise StoreError(
                f"the server at {self.published.server.url} does not find {len(lost)} vectors that "
                f"were stored, as {lost[0]!r}: what served goes on serving, publish again"
            )
