"""Articles that are brought in through the page: kept in one folder below the corpus, under safe
names; only what lies in that folder can be removed again.

The index is not touched here: a sync follows.
"""

from __future__ import annotations

import filecmp
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Lock

from index.errors import CitedError
from index.readers import MAX_BYTES, Skipped, UnreadableError, read_text

FOLDER = "uploads"
SUFFIXES = (".txt", ".md", ".html", ".htm", ".pdf", ".docx")
MOST_AT_ONCE, MOST = 20, 1_000
"""Files in one upload, and in the folder."""
LONGEST_NAME = 80


class UploadError(CitedError):
    """Nothing of this kind can be uploaded or removed; the message says why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the files of an upload: ids of new articles, and files left out with why."""

    added: tuple[str, ...]
    skipped: tuple[Skipped, ...]


class Uploads:
    """The folder of uploads of one corpus; safe to share between threads."""

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus
        self._folder = corpus / FOLDER
        self._lock = Lock()

    def take(self, files: Sequence[Path]) -> Taken:
        """Copy files that were uploaded, each under the safe form of its own name.

        What cannot be read as an article is left out, with the reason. Raises `UploadError` for
        too many files, or where there is no place for them.
        """
        if len(files) > MOST_AT_ONCE:
            raise UploadError(f"{len(files)} files at once: upload at most {MOST_AT_ONCE}")
        added: list[str] = []
        skipped: list[Skipped] = []
        with self._lock:
            self._prepare()
            for file in files:
                try:
                    added.append(self._take(file))
                except (UploadError, UnreadableError) as error:
                    skipped.append(Skipped(file.name, str(error)))
                except OSError as error:
                    skipped.append(Skipped(file.name, f"cannot be kept: {error.strerror}"))
        return Taken(tuple(added), tuple(skipped))

    def holds(self, article_id: str) -> bool:
        """Whether an article was uploaded, and so can be removed."""
        parts = PurePosixPath(article_id).parts
        if len(parts) != 2 or parts[0] != FOLDER or parts[1] != _safe(parts[1]):
            return False
        file = self._folder / parts[1]
        return file.is_file() and not file.is_symlink() and not self._folder.is_symlink()

    def remove(self, article_id: str) -> None:
        """Delete the file of an article that was uploaded. Raises `UploadError` for any other."""
        with self._lock:
            if not self.holds(article_id):
                raise UploadError(f"{article_id[:80]!r} was not uploaded here: it stays")
            try:
                (self._corpus / article_id).unlink()
            except OSError as error:
                raise UploadError(f"{article_id}: cannot be removed: {error.strerror}") from error

    def _prepare(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise UploadError(f"{self._folder} cannot be made: {error.strerror}") from error
        if self._folder.is_symlink():
            raise UploadError(f"{self._folder} leads elsewhere: make it a folder")

    def _take(self, file: Path) -> str:
        if file.suffix.lower() not in SUFFIXES:
            raise UploadError(f"not an article format ({', '.join(SUFFIXES)})")
        if file.stat().st_size > MAX_BYTES:
            raise UploadError(f"larger than {MAX_BYTES:,} bytes: no article is")
        if sum(1 for _ in self._folder.iterdir()) >= MOST:
            raise UploadError(f"there are {MOST:,} uploads already: remove some")
        read_text(file)
        target = self._free(file)
        # A hidden name until it is whole: no sync reads half a file.
        waiting = self._folder / f".{secrets.token_hex(8)}"
        try:
            shutil.copyfile(file, waiting)
            os.replace(waiting, target)
        finally:
            waiting.unlink(missing_ok=True)
        return f"{FOLDER}/{target.name}"

    def _free(self, file: Path) -> Path:
        """A name that no other upload has. Raises `UploadError` where the very file is there."""
        safe = Path(_safe(file.name))
        for number in range(1, MOST + 2):
            name = safe.name if number == 1 else f"{safe.stem}-{number}{safe.suffix}"
            target = self._folder / name
            if not target.exists():
                return target
            if filecmp.cmp(file, target, shallow=False):
                raise UploadError(f"is there already, as {FOLDER}/{name}")
        raise AssertionError("unreachable: there are fewer uploads than names")


def _safe(name: str) -> str:
    """A file's name of letters, digits, hyphens and underscores, with its suffix; never hidden."""
    path = PurePosixPath(name.replace("\\", "/")).name
    stem, dot, suffix = path.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem if dot else suffix).encode("ascii", "ignore")
    kept = re.sub(r"[^A-Za-z0-9_]+", "-", plain.decode()).strip("-_")[:LONGEST_NAME].strip("-_")
    ending = re.sub(r"[^a-z0-9]", "", suffix.lower()) if dot else ""
    return f"{kept or 'article'}{f'.{ending}' if ending else ''}"
