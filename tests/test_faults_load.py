"""Several processes at once, and one process for long: no mixture, no error, no leak."""

from __future__ import annotations

import os
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from fakes import FakeEncoder
from faults import first_state, on_disk, start, sync, whole, write_articles

from index.errors import BusyError
from index.generations import LOCK_SECONDS
from index.store import Index

QUESTIONS, ASKERS = 500, 3
REINDEXINGS = 20


def write_version(corpus: Path, version: int, articles: int = 20) -> None:
    """All articles in this version: two generations have nothing in common."""
    write_articles(corpus, {n: (version, ".") for n in range(articles)})


def ask(folder: Path, questions: int, told: Connection) -> None:
    """What an asking process does; tells how often it was answered from each generation."""
    index, encoder = Index.open(folder, FakeEncoder()), FakeEncoder()
    seen: dict[str, int] = {}
    for n in range(questions):
        generation = index.reader()
        ids = [name for name, _ in generation.search_lexical(f"article {n % 20} version", 8)]
        ids += [name for name, _ in generation.search_dense(encoder.vector(str(n)), 8)]
        passages = generation.passages(ids)
        assert len(ids) == 16 and len(generation.vectors(ids)) == 16
        versions = {passage.title.split()[-1] for passage in passages}
        versions |= {generation.article(each.article_id).title.split()[-1] for each in passages}
        assert len(versions) == 1, f"answered from versions {versions}"
        seen[generation.name] = seen.get(generation.name, 0) + 1
    told.send(seen)


def test_questions_from_three_processes_during_reindexing(tmp_path: Path) -> None:
    folder, corpus = tmp_path / "index", tmp_path / "corpus"
    write_version(corpus, 1)
    index = Index.open(folder, FakeEncoder())
    index.sync(corpus)
    ends = [get_context("forkserver").Pipe(duplex=False) for _ in range(ASKERS)]
    share = QUESTIONS // ASKERS + 1
    askers = [start(ask, folder, share, told) for _hear, told in ends]
    version = 1
    while any(asker.is_alive() for asker in askers):
        version += 1
        write_version(corpus, version)
        index.sync(corpus)
    assert [asker.exitcode for asker in askers] == [0] * ASKERS
    seen = [hear.recv() for hear, _told in ends]
    assert sum(count for each in seen for count in each.values()) >= QUESTIONS
    assert len(set().union(*seen)) > 1, "nothing was indexed meanwhile"


def sync_or_say_busy(folder: Path, corpus: Path) -> None:
    try:
        sync(folder, corpus, seconds_each=0.05)
    except BusyError:
        sys.exit(3)


@pytest.mark.parametrize(("articles", "busy"), [(10, 0), (120, 1)])
def test_of_two_syncs_at_once_one_waits_or_is_refused(
    tmp_path: Path, articles: int, busy: int
) -> None:
    """The longer one takes six seconds, and the other does not wait for so long."""
    assert LOCK_SECONDS < 5
    folder, corpus = tmp_path / "index", tmp_path / "corpus"
    write_articles(corpus, first_state(articles))
    children = [start(sync_or_say_busy, folder, corpus) for _ in range(2)]
    for child in children:
        child.join(60)
    assert sorted(child.exitcode or 0 for child in children) == [0, 3 * busy]
    assert whole(folder) == on_disk(corpus)
    assert len(list(folder.glob("generation-*"))) == 1


def reindex(home: Path, told: Connection) -> None:
    """Index again and again, with questions between; tell descriptors and memory each time."""
    encoder = FakeEncoder(dimension=256)
    index = Index.open(home / "index", encoder)
    for version in range(1, REINDEXINGS + 1):
        write_version(home / "corpus", version, articles=200)
        index.sync(home / "corpus")
        generation = index.reader()
        assert len(generation.search_dense(encoder.vector("?"), 5)) == 5
        folders = len(list((home / "index").glob("generation-*")))
        del generation
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        descriptors = len(os.listdir("/proc/self/fd"))
        told.send((descriptors, pages * os.sysconf("SC_PAGE_SIZE") / 1e6, folders))


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_reindexing_leaks_nothing(tmp_path: Path) -> None:
    hear, told = get_context("forkserver").Pipe(duplex=False)
    child = start(reindex, tmp_path, told)
    told.close()
    figures = [hear.recv() for _ in range(REINDEXINGS)]
    child.join(60)
    assert child.exitcode == 0
    descriptors, megabytes, folders = zip(*figures, strict=True)
    assert max(folders) == 2
    assert max(descriptors[-5:]) <= max(descriptors[3:8]) + 2
    # A leaked collection would be some 9 MB each time.
    assert megabytes[-1] - megabytes[REINDEXINGS // 2] < 30, megabytes
