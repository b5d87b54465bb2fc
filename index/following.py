"""`Replica`: an index that follows one on a Chroma server, with articles and BM25 on this disk.

It makes each version the server publishes into a generation here and moves to it. It embeds a
passage only when a question first needs its token vectors, and never reads the folder of articles
nor changes what is published.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from index.article import parse_article
from index.cache import VectorCache
from index.cutting import Cutter
from index.errors import BusyError, CitedError, NoIndexError, RebuildError, ServerError, StoreError
from index.folder import Progress
from index.generations import Manifest
from index.published import KEPT, Pointer, Published, RemoteVectors, Row
from index.reader import Generation, OpenFiles
from index.records import Records
from index.remote import Trouble
from index.scanning import compare
from index.sealing import seal
from index.store import Condition, Index
from index.syncing import CACHE, DISK_ERRORS, SyncReport, told_of_the_disk
from index.tokens import TokenVectors

SECONDS = 2.0
"""How often the server is asked what serves."""
_LOG = logging.getLogger(__name__)


class Replica(Index):
    """The index in `folder`, which follows `published`; used as any other `Index`.

    Replicas on one machine may share a folder. The vectors stay on the server, so that no question
    is answered while it is away; it is noticed when it comes back.
    """

    def __init__(
        self, folder: Path, published: Published, cutter: Cutter, *, seconds: float = SECONDS
    ) -> None:
        super().__init__(
            folder,
            cutter.encoder,
            index_faq=cutter.index_faq,
            passage_tokens=cutter.passage_tokens,
        )
        self._published = published
        self._seconds = seconds
        self._pointer: Pointer | None = None
        self._trouble: Trouble | None = None
        self._told = ""
        self._stopped = threading.Event()
        self._follower: threading.Thread | None = None

    def sync(
        self,
        corpus: Path,
        progress: Progress | None = None,
        *,
        allow_removals: bool = False,
        anew: bool = False,
    ) -> SyncReport:
        """Take over what the server serves, and follow it from now on; `corpus` is not looked at.

        Raises `NoIndexError` where nothing is published yet, `ServerError` where there is no
        answer, `BusyError` while another process fills this folder, and `StoreError` where the
        server's index is of other settings, or the disk refuses; what served goes on then.
        """
        self._follow()
        with self._noted():
            return self._pull(progress, anew=anew)

    def reader(self) -> Generation:
        """As `Index.reader`; `ServerError` too where so much was published since that it misses."""
        generation = self._whole()
        behind = self._pointer.version - generation.manifest.version if self._pointer else 0
        if behind > KEPT and self._same(generation.manifest):
            raise ServerError(
                f"this replica is {behind} versions behind {self._published.server.url}: "
                "wait until it has caught up"
            )
        return generation

    def check(self) -> str | None:
        """Not for a replica: raises `StoreError`."""
        raise StoreError("a replica checks itself whenever it moves: --check is for a local index")

    def condition(self) -> Condition:
        """How it stands now."""
        trouble = self._trouble or self._published.server.trouble
        return Condition(
            version=self._whole().manifest.version,
            published=self._pointer.version if self._pointer else 0,
            reason=trouble.reason if trouble else None,
            since=trouble.since if trouble else None,
        )

    def token_vectors(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        """As `Index.token_vectors`; what only the publisher has embedded is embedded here, once."""
        found = super().token_vectors(texts)
        if missing := [text for text in texts if text not in found]:
            with suppress(*DISK_ERRORS), self._cache() as cache:
                cache.embed(missing)
            found |= super().token_vectors(missing)
        return found

    def close(self) -> None:
        """Follow no longer, and let go of the files."""
        self._stopped.set()
        super().close()

    # Following.

    def _follow(self) -> None:
        if self._follower is None:
            arguments = weakref.ref(self), self._stopped, self._seconds
            self._follower = threading.Thread(
                target=_follow, args=arguments, name="following", daemon=True
            )
            self._follower.start()

    def move(self) -> None:
        """Take over what is published, if it is new; what goes wrong shows in `condition`."""
        try:
            with self._noted():
                self._look()
                if self._is_new():
                    self._pull(None, anew=False)
        except BusyError:
            pass  # another process fills the same folder: it is looked at again
        except CitedError as error:
            if self._told != str(error):
                _LOG.warning("%s", error)
            self._told = str(error)
        else:
            self._told = ""

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note what goes wrong, and since when; or that nothing does."""
        try:
            yield
        except BusyError:
            raise
        except CitedError as error:
            begun = (self._trouble or Trouble.now("")).since
            self._trouble = Trouble(str(error), begun)
            raise
        self._trouble = None

    def _look(self) -> Pointer:
        pointer = self._published.pointer()
        if pointer is None:
            raise NoIndexError(
                f"the Chroma server at {self._published.server.url} holds no index called "
                f"{self._published.name} yet: run `cited index` with QA_CHROMA_URL"
            )
        self._pointer = pointer
        if why := pointer.difference(self._cutter.fingerprint):
            raise StoreError(
                f"{self._published.name} on {self._published.server.url} cannot be followed: {why}"
            )
        return pointer

    def _is_new(self) -> bool:
        try:
            return not self._up_to_date(self._whole().manifest)
        except (NoIndexError, RebuildError):
            return True

    def _up_to_date(self, manifest: Manifest) -> bool:
        assert self._pointer
        return self._same(manifest) and manifest.version == self._pointer.version

    def _same(self, manifest: Manifest) -> bool:
        """Whether a generation is of the index that the server holds now."""
        return self._pointer is not None and manifest.collection == self._pointer.collection

    def _opened(self, folder: Path) -> OpenFiles:
        return OpenFiles(folder, self._cutter.fingerprint, self._nearest)

    def _nearest(self, _folder: Path, manifest: Manifest, records: Records) -> RemoteVectors:
        return RemoteVectors(self._published.vectors_of(manifest.collection), records)

    # Taking over.

    def _pull(self, progress: Progress | None, *, anew: bool) -> SyncReport:
        started = time.perf_counter()
        with self._generations.writing(), told_of_the_disk(self._generations.folder):
            self._generations.remove_leftovers()
            pointer = self._look()
            base = None if anew else self._base()
            before: Mapping[str, str] = base.manifest.files if base else {}
            if base is None or not self._up_to_date(base.manifest):
                base = self._next_or_anew(pointer, base, progress)
            with self._lock:
                self._files = base.files
        return SyncReport.between(
            before,
            base.manifest.files,
            (),
            passages=base.manifest.passages,
            embedded=0,
            generation=base.name,
            seconds=time.perf_counter() - started,
        )

    def _next_or_anew(
        self, pointer: Pointer, base: Generation | None, progress: Progress | None
    ) -> Generation:
        """The next generation, from nothing where what is here does not lead to it."""
        try:
            return self._next(pointer, base, progress)
        except ServerError:
            raise
        except (StoreError, sqlite3.DatabaseError):
            if base is None:
                raise
            return self._next(pointer, None, progress)

    def _next(
        self, pointer: Pointer, base: Generation | None, progress: Progress | None
    ) -> Generation:
        """Make the published version the next generation here, and let it serve."""
        after, files = 0, dict[str, str]()
        behind = pointer.version - base.manifest.version if base else 0
        if base and self._same(base.manifest) and 0 <= behind <= KEPT:
            after, files = base.manifest.version, dict(base.manifest.files)
        rows = self._published.rows(after)
        for row in rows:
            if after and row.alive(after) and files.get(row.article) == row.sha256:
                del files[row.article]
        alive = {row.article: row for row in rows if row.alive(pointer.version)}
        files |= {row.article: row.sha256 for row in alive.values()}
        with self._generations.building() as folder:
            manifest = self._write(folder, pointer, base, files, alive, progress)
            manifest.write(folder)
            generation = Generation(self._opened(folder))
            generation.verify()
            now = self._published.pointer()
            if not now or not self._same(manifest) or now.version > pointer.version + KEPT:
                raise ServerError(f"{self._published.name} changed all the time: trying again")
            self._generations.swap(folder)
        return generation

    def _cache(self) -> closing[VectorCache]:
        return closing(VectorCache(self._generations.folder / CACHE, self._cutter.encoder))

    def _write(
        self,
        folder: Path,
        pointer: Pointer,
        base: Generation | None,
        files: Mapping[str, str],
        alive: Mapping[str, Row],
        progress: Progress | None,
    ) -> Manifest:
        """Fill the folder of a generation: what of `base` stays is copied, the rest is fetched."""
        base = base if base and base.manifest.version else None
        changes = compare(base.manifest.files if base else {}, files)
        if base:
            base.copy_to(folder)
        with closing(
            Records.open(folder, write=True) if base else Records.create(folder)
        ) as records:
            for name in changes.outgoing:
                records.remove(name)
            wanted = [alive[name] for name in changes.incoming]
            for done, (row, text) in enumerate(self._published.texts(wanted), 1):
                article = parse_article(row.article, text)
                records.add(article, self._cutter.cut(article))
                if progress:
                    progress("fetching", done, len(wanted))
            records.finish()
            found = records.counts()
            with self._cache() as cache:
                cache.prune(records.embedded_texts(), pointer.passages)
        if found != (pointer.articles, pointer.passages):
            raise StoreError(
                f"version {pointer.version} has (articles, passages) {found} here, and "
                f"{(pointer.articles, pointer.passages)} on the server"
            )
        return Manifest(
            self._cutter.fingerprint,
            files,
            pointer.passages,
            seal(folder),
            churn=0,
            version=pointer.version,
            collection=pointer.collection,
        )


def _follow(
    replica: Callable[[], Replica | None], stopped: threading.Event, seconds: float
) -> None:
    """Move a replica, now and then, until it is closed or nobody has it any more."""
    while not stopped.wait(seconds):
        if (following := replica()) is None:
            return
        try:
            following.move()
        except Exception:  # nobody foresaw it: it is told, and the next look may go well
            _LOG.exception("following failed")
        del following
