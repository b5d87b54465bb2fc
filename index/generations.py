"""The index folder: numbered generations, the `CURRENT` that names the serving one, and the lock.

It knows how a generation is made to last and how the next one takes over, never what is in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from index.errors import BusyError, NoIndexError, RebuildError, StoreError

FORMAT = 5
"""Raise it whenever what is stored, or what parsing and cutting make of a text, changes."""

LOCK_SECONDS = 3.0
CURRENT, LOCK, MANIFEST = "CURRENT", "lock", "manifest.json"
_NAME = re.compile(r"generation-(\d{6,})")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a generation was built with: two that differ in anything cannot be searched alike."""

    format: int
    encoder: str
    passages: str
    index_faq: bool

    def difference(self, wanted: Fingerprint) -> str | None:
        """Why a generation of this fingerprint cannot serve where `wanted` is asked for, if so.

        Both are of this version's format: a manifest of another is not read.
        """
        if self.encoder != wanted.encoder:
            return f"its vectors are from {self.encoder}, and {wanted.encoder} is set"
        if self.passages != wanted.passages:
            return f"its passages were cut as {self.passages}, and {wanted.passages} is set"
        if self.index_faq != wanted.index_faq:
            return f"it was built with index_faq={self.index_faq}, and {wanted.index_faq} is set"
        return None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds. `files` maps article ids to the SHA-256 of their files' bytes.

    `sealed` maps all other files of the generation, by path below it, to their SHA-256.
    `exact` says that the vectors are not for a graph search: too many are alike.
    `churn` counts the passages that came or went since the generation was last built from nothing:
    vectors that are deleted from a copy still burden its search graph.
    `corpus` is the folder of articles that it was made from, as it was called then.
    `version` and `collection` are of the server that has the vectors; of a local index 0 and "".
    """

    fingerprint: Fingerprint
    files: Mapping[str, str]
    passages: int
    sealed: Mapping[str, str]
    churn: int
    exact: bool = False
    corpus: str = ""
    version: int = 0
    collection: str = ""

    def write(self, generation: Path) -> None:
        """Write `manifest.json`; the generation counts as finished only when `CURRENT` names it."""
        # `asdict` of the whole would copy the name of every file.
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        written = json.dumps(values, default=asdict, indent=1)
        (generation / MANIFEST).write_text(written, encoding="utf-8")

    @property
    def digest(self) -> str:
        """Names what is indexed and how: the same for the same files, 16 hex digits."""
        named = json.dumps([asdict(self.fingerprint), sorted(self.files.items())])
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    @classmethod
    def read(cls, generation: Path) -> Manifest:
        """The manifest of a generation.

        Raises `RebuildError` for one damaged or of an older format, `StoreError` for a newer one.
        """
        path = generation / MANIFEST
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            _check_format(generation, int(data["fingerprint"]["format"]))
            fingerprint = Fingerprint(**known(Fingerprint, data["fingerprint"]))
            return cls(**known(cls, data) | {"fingerprint": fingerprint})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RebuildError(f"{path} cannot be read ({error}): run `cited index`") from error


class Generations:
    """The folder that holds the generations of one index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._highest = 0

    def current(self) -> str | None:
        """The name of the serving generation; None when no build has finished yet."""
        try:
            name = (self.folder / CURRENT).read_bytes().decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.folder / CURRENT} cannot be read: {error}") from error
        if not _NAME.fullmatch(name):
            raise RebuildError(
                f"{self.folder / CURRENT} names no generation: delete it and run `cited index`"
            )
        return name

    def serving(self) -> Path:
        """The folder of the serving generation, or `NoIndexError`."""
        name = self.current()
        if name is None:
            raise NoIndexError(f"{self.folder} holds no index yet: run `cited index`")
        return self.folder / name

    def next(self) -> Path:
        """A new, empty folder for the next generation; its name was never used before."""
        self._note_highest(self._named() or "", *(path.name for path in self._all()))
        path = self.folder / f"generation-{self._highest + 1:06d}"
        path.mkdir()
        return path

    def swap(self, generation: Path) -> None:
        """Make a whole and verified `generation` the serving one, in one step that lasts.

        The generation before it stays until the next sync, which begins with `remove_leftovers`.
        """
        make_durable(generation)
        waiting = self.folder / f"{CURRENT}.next"
        with waiting.open("w", encoding="utf-8") as handle:
            handle.write(generation.name + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(waiting, self.folder / CURRENT)
        _fsync(self.folder)

    @contextmanager
    def building(self) -> Iterator[Path]:
        """A folder for the next generation; it goes again where the build fails."""
        folder = self.next()
        try:
            yield folder
        except BaseException:
            self.discard(folder)
            raise

    def discard(self, generation: Path) -> None:
        """Remove a generation whose build failed, unless it came to serve all the same."""
        if self._named() != generation.name:
            shutil.rmtree(generation, ignore_errors=True)

    def remove_leftovers(self) -> None:
        """Leave only the serving generation: what a killed build left behind goes, too.

        Where `CURRENT` is garbled, all stay until another serves: one of them was the serving one.
        """
        (self.folder / f"{CURRENT}.next").unlink(missing_ok=True)
        serving = self._named()
        for path in self._all():
            self._note_highest(path.name)
            if serving is not None and path.name != serving:
                _remove_unless_held(path)

    def _named(self) -> str | None:
        """What `CURRENT` names: "" before the first generation, None where it is garbled."""
        try:
            return self.current() or ""
        except RebuildError:
            return None

    def _note_highest(self, *names: str) -> None:
        """Chroma keeps what it opened by its path: a name that was in use must not come back."""
        numbers = [int(match[1]) for name in names if (match := _NAME.fullmatch(name))]
        self._highest = max([self._highest, *numbers])

    def _all(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder's only write lock; a killed holder's lock is free at once.

        Raises `BusyError` after five seconds, and `StoreError` for a folder that takes no files.
        """
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / LOCK, timeout=LOCK_SECONDS)
            lock.acquire()
        except Timeout as error:
            raise BusyError(
                f"another process is writing to {self.folder}: try again when it has finished"
            ) from error
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written to: {error}") from error
        try:
            yield
        finally:
            lock.release()


def _check_format(generation: Path, found: int) -> None:
    """Other formats are told apart before anything else of a manifest is read."""
    if found > FORMAT:
        raise StoreError(
            f"{generation} has format {found}, newer than this version's {FORMAT}: "
            "update Cited, or choose another index folder"
        )
    if found < FORMAT:
        raise RebuildError(
            f"{generation} has format {found}, older than this version's {FORMAT}: "
            "run `cited index`"
        )


def hold(generation: Path) -> int:
    """Keep a finished generation from being removed until the descriptor returned is closed.

    Raises `RebuildError` where it is being removed already. A killed process holds nothing.
    """
    try:
        handle = os.open(generation / MANIFEST, os.O_RDONLY)
    except OSError as error:
        raise RebuildError(f"{generation} is gone ({error}): run `cited index`") from error
    if _lock(handle, shared=True):
        return handle
    os.close(handle)
    raise RebuildError(f"{generation} is being removed: run `cited index`")


def _remove_unless_held(generation: Path) -> None:
    """Remove a generation; one that a question is being answered from goes at a later sync."""
    try:
        handle = os.open(generation / MANIFEST, os.O_RDONLY)
    except FileNotFoundError:  # never finished: nobody reads it
        shutil.rmtree(generation)
        return
    try:
        if _lock(handle, shared=False):
            shutil.rmtree(generation)
    finally:
        os.close(handle)


def _lock(handle: int, *, shared: bool) -> bool:
    """Lock an open file, unless others have; Windows has no such locks, nor removes open files."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make_durable(folder: Path) -> None:
    """Flush every file and folder below `folder`, and the entry that names it, to the disk."""
    for root, _folders, names in os.walk(folder):
        for name in names:
            _fsync(Path(root, name))
        _fsync(Path(root))
    _fsync(folder.parent)


def _fsync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder, and keeps its entries by itself
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of `data` that `kind` has; one that is missing raises when it is made."""
    return {field.name: data[field.name] for field in fields(kind) if field.name in data}
