"""The writer: a folder of articles becomes the next generation, which serves once it is verified.

One sync at a time; whatever happens to it, the generation that serves is whole.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from index.article import Article, parse_article
from index.cache import Embedder, VectorCache
from index.errors import CorpusError, RemovalError, StoreError
from index.generations import FORMAT, Fingerprint, Generations, Manifest
from index.passages import Passage, cut
from index.reader import Generation, OpenFiles
from index.readers import Skipped, UnreadableError, read_bytes, text_of
from index.records import Records
from index.scanning import Changes, Scan, compare, scan
from index.sealing import seal
from index.vectors import VectorStore

PASSAGE_TOKENS, LIMIT = 200, 256
"""Tokens: what a passage grows to unless told, and what it never passes."""
CACHE, SEEN = "vectors.sqlite3", "seen.json"
_AT_ONCE = 4_096
"""Passages that are embedded and stored together: enough to sort by length, few enough to hold."""

ALIKE = 50
"""How often the same text may be embedded before the others get lost in a graph search. Measured:
of 300 vectors none beside 100 that are alike, a quarter beside 400."""
MANY = 10
"""Of so many articles or more, a sync removes most only when it is told to."""

Progress = Callable[[str, int, int], None]
Batch = list[tuple[Article, list[Passage]]]


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


def target(passage_tokens: int) -> tuple[int, int]:
    """The least and the most tokens that a passage grows to, where its section has as many."""
    return passage_tokens * 3 // 5, passage_tokens


def fingerprint(encoder: Embedder, index_faq: bool, passage_tokens: int) -> Fingerprint:
    """What a generation must have been built with to serve under these settings."""
    low, high = target(passage_tokens)
    return Fingerprint(FORMAT, encoder.fingerprint, f"{low}-{high}/{LIMIT} tokens", index_faq)


@dataclass(slots=True)
class Sync:
    """One run over `corpus`, for a caller that holds the write lock. `base` is what serves now."""

    generations: Generations
    corpus: Path
    encoder: Embedder
    index_faq: bool
    passage_tokens: int
    base: Generation | None
    progress: Progress | None = None
    allow_removals: bool = False
    _found: Scan = field(init=False)
    _hashes: dict[str, str] = field(default_factory=dict, init=False)
    _unreadable: dict[str, Skipped] = field(default_factory=dict, init=False)
    _embedded: int = field(default=0, init=False)

    def run(self) -> tuple[SyncReport, Generation]:
        """Bring the index up to date; returns what was done, and what serves from now on.

        Raises `CorpusError` where there is no article to read, `RemovalError` where most of them
        are gone, and `StoreError` where the index cannot be written; what served before goes on
        serving then.
        """
        started = time.perf_counter()
        folder = self.generations.folder
        try:
            self.generations.remove_leftovers()
            self._found = scan(self.corpus, folder / SEEN)
            serving = self._next() or self.base
        except (OSError, sqlite3.DatabaseError, StoreError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            free = shutil.disk_usage(folder).free / 1e6
            raise StoreError(
                f"the index in {folder} could not be written ({reason}; {free:.1f} MB are free "
                "there): what served goes on serving"
            ) from error
        if serving is None:
            raise CorpusError(self._nothing())
        return self._report(serving, time.perf_counter() - started), serving

    def _next(self) -> Generation | None:
        """The next generation, serving; None when nothing has changed."""
        self._distrust(self._found.hashes)
        changes = compare(self._before(), self._found.hashes)
        incoming = self._read(changes.incoming)
        first = next(incoming, None)
        if first is None and not changes.outgoing:
            return None
        articles: Iterator[Article] = chain([first] if first else [], incoming)
        if self.base and self._is_small(changes):
            try:
                return self._build(articles, changes.outgoing)
            except (StoreError, sqlite3.DatabaseError):
                articles = self._read(changes.incoming)  # the copy does not hold: from nothing
        return self._build(chain(articles, self._read(changes.unchanged)), None)

    def _is_small(self, changes: Changes) -> bool:
        """Whether a copy with changes is better than a new build: at most half of it is new."""
        assert self.base
        manifest = self.base.manifest
        moved = max(len(changes.incoming), len(changes.outgoing))
        return 2 * moved <= len(manifest.files) and 2 * manifest.churn <= manifest.passages

    def _build(self, articles: Iterable[Article], outgoing: Iterable[str] | None) -> Generation:
        """Make the next generation serve: a copy of `base` without `outgoing`, or an empty one."""
        folder = self.generations.next()
        try:
            base = self.base if outgoing is not None else None
            manifest = self._write(folder, articles, base, outgoing or ())
            manifest.write(folder)
            files = OpenFiles(folder, manifest.fingerprint)
            generation = Generation(files)
            self._tell("verifying", 0, 1)
            generation.verify()
            self.generations.swap(folder)
        except BaseException:
            self.generations.discard(folder)
            raise
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
            closing(VectorStore.edit(folder) if base else VectorStore.create(folder)) as vectors,
            closing(VectorCache(self.generations.folder / CACHE, self.encoder)) as cache,
        ):
            for name in outgoing:
                gone = records.remove(name)
                vectors.remove(gone)
                churn += len(gone)
                del files[name]
            for batch in self._cut(articles):
                self._embed_and_add(batch, records, vectors, cache)
                files |= {article.id: self._hashes[article.id] for article, _cut in batch}
            if not files:
                raise CorpusError(self._nothing())
            self._distrust(files)
            records.finish()
            _articles, passages = records.counts()
            exact = records.most_alike() > ALIKE
            cache.prune(records.embedded_texts(), passages)
        VectorStore.compact(folder)
        wanted = fingerprint(self.encoder, self.index_faq, self.passage_tokens)
        return Manifest(wanted, files, passages, seal(folder), churn, exact)

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

    def _cut(self, articles: Iterable[Article]) -> Iterator[Batch]:
        """Articles with their passages, in batches of about `_AT_ONCE` passages."""
        batch: Batch = []
        limit, size = 0, 0
        for article in articles:
            limit = limit or min(LIMIT, self.encoder.max_tokens)
            passages = cut(
                article,
                self.encoder.count_tokens,
                target=target(self.passage_tokens),
                limit=limit,
                faq=self.index_faq,
            )
            batch.append((article, passages))
            size += len(passages)
            if size >= _AT_ONCE:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _read(self, names: Iterable[str]) -> Iterator[Article]:
        """Read and parse; what cannot be read is noted, and is not in the index then.

        The hash that counts is of the very bytes read: the file may have changed since the scan.
        """
        todo = list(names)
        for done, name in enumerate(todo, start=1):
            path = self.corpus / name
            try:
                data = read_bytes(path)
                self._hashes[name] = hashlib.sha256(data).hexdigest()
                yield parse_article(name, text_of(path, data))
            except UnreadableError as error:
                self._unreadable[name] = Skipped(name, str(error))
            self._tell("reading", done, len(todo))

    def _before(self) -> Mapping[str, str]:
        return self.base.manifest.files if self.base else {}

    def _distrust(self, files: Mapping[str, str]) -> None:
        """Raise if the folder is gone, or so much of it that it may be a mistake."""
        if not self.corpus.is_dir():
            raise CorpusError(f"{self.corpus} went away while it was read: nothing was changed")
        gone = compare(before := self._before(), files).removed
        if not self.allow_removals and len(before) >= MANY and 2 * len(gone) > len(before):
            raise RemovalError(
                f"{len(gone)} of {len(before)} articles are gone from {self.corpus}: bring them "
                "back, or call `cited index --yes` to remove them from the index, too"
            )

    def _report(self, serving: Generation, seconds: float) -> SyncReport:
        """Compared anew, since some of what was to be read could not be."""
        changes = compare(self._before(), serving.manifest.files)
        return SyncReport(
            added=changes.added,
            changed=changes.changed,
            removed=changes.removed,
            unchanged=changes.unchanged,
            renamed=changes.renamed,
            skipped=self._skipped(),
            passages=serving.manifest.passages,
            embedded=self._embedded,
            generation=serving.name,
            seconds=seconds,
        )

    def _skipped(self) -> tuple[Skipped, ...]:
        return tuple(
            sorted((*self._found.skipped, *self._unreadable.values()), key=lambda each: each.path)
        )

    def _nothing(self) -> str:
        skipped = self._skipped()
        why = (
            f" ({len(skipped)} left out, {skipped[0].path}: {skipped[0].reason})" if skipped else ""
        )
        return f"no article in {self.corpus}{why}: put .txt, .md, .html, .pdf or .docx files there"

    def _tell(self, step: str, done: int, of: int) -> None:
        if self.progress:
            self.progress(step, done, of)
