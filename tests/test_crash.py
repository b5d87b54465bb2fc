"""Killed at any moment, a sync leaves the old or the new generation, and the next completes it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from fakes import FakeEncoder
from faults import first_state, next_state, on_disk, start, sync, whole, write_articles

from index.cache import BATCH
from index.store import Index

KILLS = 50
ARTICLES = 24
SECONDS_EACH = 0.002
"""What embedding a text takes: as much of a sync as everything else together."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")


def run(folder: Path, corpus: Path, seconds: float | None) -> float:
    """Sync in a process of its own, killed after `seconds` if need be; returns how long it ran."""
    child = start(sync, folder, corpus, SECONDS_EACH)
    started = time.perf_counter()
    child.join(seconds)
    if child.is_alive():
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return time.perf_counter() - started


def test_killed_at_random_moments(tmp_path: Path) -> None:
    random_ = random.Random(7)
    folder, corpus = tmp_path / "index", tmp_path / "corpus"
    state = first_state(ARTICLES)
    write_articles(corpus, state)
    run(folder, corpus, None)
    lasts = []
    for _ in range(3):
        state = next_state(random_, state)
        write_articles(corpus, state)
        lasts.append(run(folder, corpus, None))
    assert whole(folder) == on_disk(corpus)
    for kill in range(KILLS):
        old = on_disk(corpus)
        state = next_state(random_, state)
        write_articles(corpus, state)
        run(folder, corpus, max(lasts) * (kill + random_.random()) / KILLS)
        served = whole(folder)
        assert served in (old, on_disk(corpus)), f"a mixture after kill {kill}"
        report = Index.open(folder, FakeEncoder()).sync(corpus)
        assert (report.unchanged == tuple(sorted(served))) == (served == on_disk(corpus))
        assert whole(folder) == on_disk(corpus)
        assert len(list(folder.glob("generation-*"))) <= 2
        assert not (folder / "CURRENT.next").exists()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_killed_in_the_first_build(tmp_path: Path, share: float) -> None:
    corpus = tmp_path / "corpus"
    write_articles(corpus, first_state(ARTICLES))
    lasts = run(tmp_path / "other", corpus, None)
    folder = tmp_path / "index"
    run(folder, corpus, lasts * share)
    index = Index.open(folder, FakeEncoder())
    assert index.needs_rebuild is None or "no index yet" in index.needs_rebuild
    report = index.sync(corpus)
    assert whole(folder) == on_disk(corpus)
    assert report.embedded <= ARTICLES


def test_what_a_killed_sync_embedded_is_not_embedded_again(tmp_path: Path) -> None:
    """The kill comes once the first batch of vectors is on the disk."""
    corpus, folder = tmp_path / "corpus", tmp_path / "index"
    count = 2 * BATCH
    write_articles(corpus, first_state(count))
    child = start(sync, folder, corpus, SECONDS_EACH)
    while child.is_alive() and not embedded(folder / "vectors.sqlite3"):
        time.sleep(0.01)
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    report = Index.open(folder, FakeEncoder()).sync(corpus)
    assert report.embedded == count - BATCH


def embedded(cache: Path) -> int:
    """How many texts are in the cache that another process writes to."""
    try:
        with closing(sqlite3.connect(f"{cache.resolve().as_uri()}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM texts").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # not there yet
