"""The folder of articles, read for an index: scanned, hashed and parsed, and what is left out told.

It writes nothing but what it remembers of hashes, and never reads an index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from index.article import Article, parse_article
from index.errors import CorpusError, OtherCorpusError, RemovalError
from index.readers import Skipped, UnreadableError, read_bytes, text_of
from index.scanning import compare, scan

SEEN = "seen.json"
MANY = 10
"""Of so many articles or more, a sync removes most only when it is told to."""

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Folder:
    """One look at the folder `path`, for one sync.

    `hashes` maps the ids of the articles that were read to the SHA-256 of their files' bytes.
    """

    path: Path
    progress: Progress | None = None
    allow_removals: bool = False
    hashes: dict[str, str] = field(default_factory=dict, init=False)
    _skipped: dict[str, Skipped] = field(default_factory=dict, init=False)

    def scan(self, index: Path) -> Mapping[str, str]:
        """Article ids and hashes of what is there; hashes are remembered in the folder `index`.

        Raises `CorpusError` where it is no folder that can be read.
        """
        found = scan(self.path, index / SEEN)
        self._skipped |= {skipped.path: skipped for skipped in found.skipped}
        return found.hashes

    def read(self, names: Iterable[str]) -> Iterator[Article]:
        """Read and parse; what cannot be read is noted, and is not in the index then.

        The hash that counts is of the very bytes read: the file may have changed since the scan.
        """
        todo = list(names)
        for done, name in enumerate(todo, start=1):
            try:
                article, self.hashes[name] = read_article(self.path, name)
                yield article
            except UnreadableError as error:
                self._skipped[name] = Skipped(name, str(error))
            self.tell("reading", done, len(todo))

    def leave_out(self, skipped: Iterable[Skipped]) -> None:
        """Note what somebody else could not read."""
        self._skipped |= {each.path: each for each in skipped}

    def check_removals(self, before: Mapping[str, str], files: Mapping[str, str]) -> None:
        """Raise if the folder is gone, or so much of it that it may be a mistake."""
        if not self.path.is_dir():
            raise CorpusError(f"{self.path} went away while it was read: nothing was changed")
        if self.allow_removals or len(before) < MANY:
            return
        if 2 * len(before.keys() - files.keys()) <= len(before):
            return  # not so many, even if none of them was renamed
        gone = compare(before, files).removed
        if 2 * len(gone) > len(before):
            raise RemovalError(
                f"{len(gone)} of {len(before)} articles are gone from {self.path}: bring them "
                "back, or call `cited index --yes` to remove them from the index, too"
            )

    def check_same(self, corpus: str, before: Mapping[str, str], files: Mapping[str, str]) -> None:
        """Raise if `before` is of another folder, `corpus`, and nothing of it is in this one.

        A folder that was moved or copied has the same articles.
        """
        if self.allow_removals or corpus in ("", self.name):
            return
        changes = compare(before, files)
        if changes.unchanged or changes.renamed:
            return
        raise OtherCorpusError(
            f"the index is of {corpus}: name another folder for that of {self.name} (--index-dir "
            "or QA_INDEX_DIR), or call `cited index --yes` to put the one in the other's place"
        )

    @property
    def name(self) -> str:
        """The whole path of the folder."""
        return str(self.path.resolve())

    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out, by path, each with the reason."""
        return tuple(sorted(self._skipped.values(), key=lambda each: each.path))

    def nothing(self) -> CorpusError:
        """The error where there is no article to index."""
        skipped = self.skipped()
        why = (
            f" ({len(skipped)} left out, {skipped[0].path}: {skipped[0].reason})" if skipped else ""
        )
        return CorpusError(
            f"no article in {self.path}{why}: put .txt, .md, .html, .pdf or .docx files there"
        )

    def tell(self, step: str, done: int, of: int) -> None:
        """Say how far a step is, where somebody listens."""
        if self.progress:
            self.progress(step, done, of)


def read_article(folder: Path, name: str) -> tuple[Article, str]:
    """The article in a file of a folder, and the SHA-256 of its bytes; raises `UnreadableError`."""
    path = folder / name
    data = read_bytes(path)
    return parse_article(name, text_of(path, data)), hashlib.sha256(data).hexdigest()
