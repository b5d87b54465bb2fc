"""Killed at any moment, a sync leaves the old or the new generation, and the next completes it."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes import FakeEncoder
from stores import check

from index.cache import BATCH
from index.store import Index

KILLS = 20
ARTICLES = 24
SECONDS_EACH = 0.004
"""What embedding a text takes: as much of a sync as everything else together."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")


def sync(folder: Path, corpus: Path) -> None:
    """What the child does: one sync, or as much of it as it lives to do."""
    Index.open(folder, FakeEncoder(seconds_each=SECONDS_EACH)).sync(corpus)


def run(folder: Path, corpus: Path, seconds: float | None) -> float:
    """Sync in a process of its own, killed after `seconds` if need be; returns how long it ran."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "index.store", "fakes"])
    child = context.Process(target=sync, args=(folder, corpus))
    child.start()
    started = time.perf_counter()
    child.join(seconds)
    if child.is_alive():
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return time.perf_counter() - started


def write_articles(corpus: Path, numbers: Mapping[int, int]) -> None:
    """Make the corpus hold article `n` in version `numbers[n]`, and nothing else."""
    shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir()
    for n, version in numbers.items():
        words = " ".join(f"word{(n * 7 + at * version) % 97}" for at in range(40))
        text = f"Article {n} in version {version}\n\nIt begins here. {words.capitalize()}.\n"
        (corpus / f"article-{n}.txt").write_text(text)


def next_state(random_: random.Random, state: Mapping[int, int]) -> dict[int, int]:
    """Some articles changed, some removed, some added."""
    fresh = max(state) + 1
    kept = random_.sample(sorted(state), len(state) - 3)
    changed = set(random_.sample(kept, random_.choice([2, 4, 15])))
    state = {n: state[n] + (n in changed) for n in kept}
    return state | {fresh + at: 1 for at in range(3)}


def on_disk(corpus: Path) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in corpus.iterdir()}


def whole(folder: Path) -> dict[str, str]:
    """The texts that a new process would answer from, after everything about them was checked."""
    return check(Index.open(folder, FakeEncoder()).reader())


def test_killed_at_random_moments(tmp_path: Path) -> None:
    random_ = random.Random(7)
    folder, corpus = tmp_path / "index", tmp_path / "corpus"
    state = dict.fromkeys(range(ARTICLES), 1)
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
    write_articles(corpus, dict.fromkeys(range(ARTICLES), 1))
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
    write_articles(corpus, dict.fromkeys(range(count), 1))
    context = multiprocessing.get_context("forkserver")
    child = context.Process(target=sync, args=(folder, corpus))
    child.start()
    cache = folder / "vectors.sqlite3-wal"
    while child.is_alive() and not (cache.exists() and cache.stat().st_size > BATCH * 128):
        time.sleep(0.01)
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    report = Index.open(folder, FakeEncoder()).sync(corpus)
    assert report.embedded == count - BATCH
