"""Killed at each step of a sync, by name: the old generation before the swap, the new one after."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes import FakeEncoder
from faults import first_state, on_disk, start, sync, whole, write_articles

from index.errors import NoIndexError
from index.store import Index

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL, and names of open files")

OLD = first_state(24)
NEW = {n: (1 + (n == 5), "moved" if n == 7 else ".") for n in range(1, 25)}
"""One article removed, one changed, one renamed, one added."""


@dataclass(frozen=True, slots=True)
class Trap:
    """The `nth` time that `event` happens with `part` in what it is told of, just before it does.

    Events are Python's own audit events, and "progress" and "fsync", which it has none for.
    """

    event: str
    part: str = ""
    nth: int = 1


BEFORE_THE_SWAP = {
    "scanning": Trap("os.rename", "seen.json"),
    "beginning": Trap("os.mkdir", "{new}"),
    "opening the passages": Trap("sqlite3.connect", "{new}/passages.sqlite3?mode=rw"),
    "opening the cache": Trap("sqlite3.connect", "vectors.sqlite3"),
    "reading": Trap("progress", "reading"),
    "embedding": Trap("progress", "embedding"),
    "compacting": Trap("sqlite3.connect", "{new}/chroma/chroma.sqlite3"),
    "writing the manifest": Trap("open", "{new}/manifest.json w"),
    "verifying": Trap("progress", "verifying 0"),
    "the first fsync": Trap("fsync"),
    "an fsync halfway": Trap("fsync", nth=5),
    "writing CURRENT": Trap("open", "CURRENT.next w"),
    "the fsync of CURRENT": Trap("fsync", "CURRENT.next"),
    "swapping": Trap("os.rename", "CURRENT.next"),
}
ONLY_WHERE_THERE_WAS_ONE = {
    "cleaning up": Trap("shutil.rmtree", "generation-000001"),
    "halfway through cleaning up": Trap("os.rmdir"),
    "copying": Trap("shutil.copyfile", "{new}/chroma"),
    "halfway through copying": Trap("shutil.copyfile", "{new}/passages.sqlite3"),
}
AFTER_THE_SWAP = {
    "the last fsync": Trap("open", "/index None", nth=2),
    "telling that it is done": Trap("progress", "verifying 1"),
}


def sync_until(folder: Path, corpus: Path, trap: Trap) -> None:
    """What the child does: a sync, up to the trap."""
    (folder.parent / "tmp").mkdir(exist_ok=True)
    tempfile.tempdir = str(folder.parent / "tmp")
    left = trap.nth

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event == trap.event and trap.part in " ".join(map(str, arguments)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    flush = os.fsync

    def told_flush(handle: int) -> None:
        sys.audit("fsync", os.readlink(f"/proc/self/fd/{handle}"))
        flush(handle)

    os.fsync = told_flush  # type: ignore[assignment]
    sys.addaudithook(hook)
    Index.open(folder, FakeEncoder()).sync(corpus, lambda *step: sys.audit("progress", *step))


def kill(folder: Path, corpus: Path, trap: Trap, new: str) -> None:
    """Sync in a process of its own that is killed at the trap, whatever its name of the folder."""
    child = start(
        sync_until, folder, corpus, Trap(trap.event, trap.part.replace("{new}", new), trap.nth)
    )
    child.join(60)
    assert child.exitcode == -signal.SIGKILL, "the step was never reached"


@pytest.fixture(scope="module")
def synced_twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two generations, the second serving the articles of `OLD`."""
    home = tmp_path_factory.mktemp("steps")
    for state in (first_state(23), OLD):
        write_articles(home / "corpus", state)
        sync(home / "index", home / "corpus")
    return home / "index"


@pytest.mark.parametrize("step", [*BEFORE_THE_SWAP, *ONLY_WHERE_THERE_WAS_ONE, *AFTER_THE_SWAP])
def test_killed_in_a_later_sync(tmp_path: Path, synced_twice: Path, step: str) -> None:
    folder, corpus = tmp_path / "index", tmp_path / "corpus"
    shutil.copytree(synced_twice, folder)
    # A scan that finds nothing worth remembering writes no file: whether it did depended on the
    # seconds between writing the articles and hashing them.
    (folder / "seen.json").unlink()
    write_articles(corpus, OLD)
    old = on_disk(corpus)
    write_articles(corpus, NEW)
    traps = BEFORE_THE_SWAP | ONLY_WHERE_THERE_WAS_ONE | AFTER_THE_SWAP
    kill(folder, corpus, traps[step], "generation-000003")
    assert whole(folder) == (on_disk(corpus) if step in AFTER_THE_SWAP else old)
    report = Index.open(folder, FakeEncoder()).sync(corpus)
    assert whole(folder) == on_disk(corpus)
    assert bool(report.changed) == (step not in AFTER_THE_SWAP)
    assert len(list(folder.glob("generation-*"))) <= 2
    assert not (folder / "CURRENT.next").exists()


@pytest.mark.parametrize("step", [*BEFORE_THE_SWAP, *AFTER_THE_SWAP])
def test_killed_in_the_first_build(tmp_path: Path, step: str) -> None:
    folder, corpus = tmp_path / "index", tmp_path / "corpus"
    write_articles(corpus, OLD)
    kill(folder, corpus, (BEFORE_THE_SWAP | AFTER_THE_SWAP)[step], "generation-000001")
    index = Index.open(folder, FakeEncoder())
    if step in BEFORE_THE_SWAP:
        with pytest.raises(NoIndexError, match="no index yet"):
            index.reader()
    else:
        assert whole(folder) == on_disk(corpus)
    index.sync(corpus)
    assert whole(folder) == on_disk(corpus)
    assert len(list(folder.glob("generation-*"))) == 1
