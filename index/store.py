"""`Index`: the index of one folder of articles, on disk. Hands out what serves, and syncs.

It keeps no articles: every search is a method of the `Generation` that `reader()` gives.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from index.cache import Embedder, StoredTokens
from index.checking import fault
from index.cutting import PASSAGE_TOKENS, Cutter
from index.errors import NoIndexError, RebuildError, StoreError
from index.filters import Filter
from index.folder import Folder
from index.generations import Generations
from index.reader import Generation, OpenFiles
from index.records import ArticleSummary
from index.syncing import CACHE, Sync, SyncReport
from index.tokens import TokenVectors

__all__ = [
    "PASSAGE_TOKENS",
    "ArticleSummary",
    "Condition",
    "Filter",
    "Generation",
    "Index",
    "SyncReport",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """How an index that follows a server stands: the version it answers from, and what is wrong.

    `published` is the version that the server had when it last answered, 0 before; `reason` is a
    line, and `since` when it began, both None where all is well.
    """

    version: int
    published: int
    reason: str | None
    since: datetime | None


_TRIES = 5
_LOG = logging.getLogger(__name__)


class Index:
    """One index folder; safe to share between threads, and between processes.

    A question takes one `Generation` and asks it everything, so that it is answered from one
    state of the articles even when a sync finishes meanwhile:

        index = Index.open(Path(".index"), Encoder())
        index.sync(Path("corpus"))
        generation = index.reader()
        generation.passages([passage for passage, _score in generation.search_lexical("train", 5)])
    """

    def __init__(
        self,
        folder: Path,
        encoder: Embedder,
        *,
        index_faq: bool = True,
        passage_tokens: int = PASSAGE_TOKENS,
    ) -> None:
        self._generations = Generations(folder)
        self._cutter = Cutter(encoder, index_faq, passage_tokens)
        self._files: OpenFiles | None = None
        self._tokens = StoredTokens(folder / CACHE, encoder)
        self._lock = Lock()

    @classmethod
    def open(
        cls,
        folder: Path,
        encoder: Embedder,
        *,
        index_faq: bool = True,
        passage_tokens: int = PASSAGE_TOKENS,
    ) -> Index:
        """The index in `folder`, which need not exist yet; nothing is read before it is used.

        Its passages grow to `passage_tokens`; `index_faq=False` leaves FAQ sections out.
        """
        return cls(folder, encoder, index_faq=index_faq, passage_tokens=passage_tokens)

    def sync(
        self,
        corpus: Path,
        progress: Callable[[str, int, int], None] | None = None,
        *,
        allow_removals: bool = False,
        anew: bool = False,
    ) -> SyncReport:
        """Bring the index up to date with the articles in `corpus`.

        `progress` is called with a step ("reading", "embedding", "verifying"), how much of it is
        done, and of how much. `anew` builds everything again, beside what serves. Raises
        `BusyError` when another process is writing, `CorpusError` when there are no articles,
        `RemovalError` when more than half of ten or more are gone and not `allow_removals`,
        `StoreError` when the disk refuses; what served goes on then.
        """
        with self._generations.writing():
            sync = Sync(
                self._generations,
                Folder(corpus, progress, allow_removals),
                self._cutter,
                None if anew else self._base(),
            )
            report, serving = sync.run()
            with self._lock:
                self._files = serving.files
            return report

    def check(self) -> str | None:
        """One line on what is wrong with the generation that serves; None when it is whole.

        Everything in it is read and compared, in a process of its own, which damage may crash: some
        milliseconds a passage. Raises `NoIndexError`, and `StoreError` for one of a newer version.
        """
        for _ in range(_TRIES):
            try:
                folder = self._generations.serving()
            except RebuildError as error:
                return str(error)
            why = fault(folder)
            if why is None or self.generation() == folder.name:
                return why
        raise StoreError(f"{self._generations.folder} changes all the time: ask again")

    def reader(self) -> Generation:
        """The generation that serves now.

        Raises `NoIndexError` before the first sync, `RebuildError` when it is damaged or was built
        with other settings (a sync mends both), `StoreError` when it is of a newer version.
        """
        return self._whole()

    def token_vectors(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        """The token vectors of texts as they were embedded, by text; not all need be there."""
        return self._tokens.get(texts)

    @property
    def needs_rebuild(self) -> str | None:
        """One line on why the next sync will build everything anew; None when it will not."""
        try:
            self._whole()
        except (NoIndexError, RebuildError) as error:
            return str(error)
        return None

    def generation(self) -> str:
        """The name of the generation that serves, "" when there is none yet."""
        return self._generations.current() or ""

    def condition(self) -> Condition | None:
        """How it stands to the server it follows; None for an index that follows none."""
        return None

    def close(self) -> None:
        """Let go of the files in use; the index can be used again all the same."""
        self._tokens.close()
        with self._lock:
            self._files = None

    def _whole(self) -> Generation:
        for _ in range(_TRIES):
            name = self._generations.serving().name
            try:
                return Generation(self._open(name))
            except RebuildError:
                # It may have been replaced and removed just now; then the next one serves.
                if self._generations.current() == name:
                    raise
        raise StoreError(f"{self._generations.folder} changes all the time: ask again")

    def _base(self) -> Generation | None:
        """What serves, for a sync to start from; None where it cannot be used."""
        known = self._files
        try:
            base = self._whole()
            if base.files is known:
                base.files.check_seal()  # damage since it was opened
        except NoIndexError:
            return None
        except RebuildError as error:
            _LOG.warning("%s: building it anew, beside what there is", error)
            self.close()
            return None
        return base

    def _open(self, name: str) -> OpenFiles:
        """The open files of a generation; those of the last one asked for are kept."""
        with self._lock:
            if not self._files or self._files.folder.name != name:
                folder = self._generations.folder / name
                self._files = self._opened(folder)
            return self._files

    def _opened(self, folder: Path) -> OpenFiles:
        return OpenFiles(folder, self._cutter.fingerprint)
