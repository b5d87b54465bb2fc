"""Following a folder: every burst of changes is one call, failures are tried again."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from faults import start

from index import watching

SECONDS = 20.0
"""How long a call may take to come."""
QUIET_SECONDS = 2.5
"""How long none must come for there to be none."""


def tell(folder: Path, ignore: Path, fails: int, told: Connection) -> None:
    """What the child does: say how many files there are at each call; the first calls fail."""
    watching.RETRY_SECONDS = 0.5
    calls = 0

    def sync() -> bool:
        nonlocal calls
        calls += 1
        told.send(len([*folder.rglob("*.txt")]))
        return calls > fails

    try:
        watching.follow(folder, sync, ignore)
    except KeyboardInterrupt:
        told.send("ended")


class Follower:
    """A process that follows a folder."""

    def __init__(self, folder: Path, ignore: Path, fails: int = 0) -> None:
        self._hear, told = get_context("forkserver").Pipe(duplex=False)
        self._child = start(tell, folder, ignore, fails, told)

    def call(self) -> object:
        """What the next call found."""
        assert self._hear.poll(SECONDS), "there was no call"
        return self._hear.recv()

    def is_quiet(self) -> bool:
        return not self._hear.poll(QUIET_SECONDS)

    def end(self) -> None:
        assert self._child.pid
        os.kill(self._child.pid, signal.SIGINT)
        while self.call() != "ended":
            pass
        self._child.join(SECONDS)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus" / "index").mkdir(parents=True)
    (tmp_path / "corpus" / "a.txt").write_text("A")
    return tmp_path / "corpus"


@pytest.fixture
def follower(corpus: Path) -> Iterator[Follower]:
    made = Follower(corpus, corpus / "index")
    yield made
    made.end()


def test_every_burst_is_one_call(corpus: Path, follower: Follower) -> None:
    assert follower.call() == 1
    for n in range(20):
        (corpus / f"more-{n}.txt").write_text("More")
        time.sleep(0.02)
    assert follower.call() == 21
    (corpus / "a.txt").unlink()
    assert follower.call() == 20
    assert follower.is_quiet()


def test_hidden_files_and_the_index_do_not_count(corpus: Path, follower: Follower) -> None:
    assert follower.call() == 1
    (corpus / ".hidden.txt").write_text("Hidden")
    (corpus / "index" / "seen.json").write_text("{}")
    assert follower.is_quiet()


def test_a_folder_that_goes_and_comes_back_is_followed_again(
    corpus: Path, follower: Follower, tmp_path: Path
) -> None:
    assert follower.call() == 1
    corpus.rename(tmp_path / "away")
    assert follower.call() == 0
    shutil.copytree(tmp_path / "away", corpus)
    assert follower.call() == 1
    (corpus / "b.txt").write_text("B")
    while follower.call() != 2:  # the copying itself may be a burst
        pass


def test_what_failed_is_tried_again(corpus: Path) -> None:
    follower = Follower(corpus, corpus / "index", fails=2)
    assert [follower.call() for _ in range(3)] == [1, 1, 1]
    assert follower.is_quiet()
    follower.end()
