"""An index on a real Chroma server: published in versions, followed by replicas, always whole."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from chromas import Chroma
from fakes import FakeEncoder
from faults import first_state, next_state, on_disk, start, write_articles
from stores import check, passage_ids

from index import generations, lease
from index.article import parse_article
from index.cutting import Cutter
from index.errors import BusyError, NoIndexError, RebuildError, ServerError, StoreError
from index.filters import Filter
from index.following import Replica
from index.generations import Fingerprint, Generations
from index.published import KEPT, Pointer, Published, key
from index.publishing import Publisher
from index.remote import ChromaServer, _batches
from index.store import Index

NEVER_LOOKS = 3_600.0


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    """A server for all tests of this file, each of which has an index of its own name there."""
    made = Chroma(tmp_path_factory.mktemp("chroma"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def published(chroma: Chroma) -> Published:
    return Published(ChromaServer(chroma.url), f"test-{uuid4().hex}")


@pytest.fixture
def publisher(tmp_path: Path, published: Published, fake: FakeEncoder) -> Publisher:
    return Publisher(tmp_path / "publisher", published, Cutter(fake))


@pytest.fixture
def replica(tmp_path: Path, published: Published) -> Iterator[Replica]:
    """A replica that looks only when it is told to."""
    made = Replica(tmp_path / "replica", published, Cutter(FakeEncoder()), seconds=NEVER_LOOKS)
    yield made
    made.close()


def texts(replica: Replica) -> dict[str, str]:
    """What a replica answers from, once it has taken over what is published."""
    replica.move()
    assert replica.condition().reason is None
    return check(replica.reader(), each=4)


# ---- What is found


@pytest.mark.parametrize(
    "where",
    [
        None,
        Filter(kinds=frozenset({"faq"})),
        Filter(articles=frozenset({"railway.txt", "other"})),
        Filter(since=date(2022, 1, 1)),
        Filter(articles=frozenset()),
        Filter(articles=frozenset({"\ud800"})),
    ],
)
def test_a_replica_finds_what_the_local_index_finds(
    publisher: Publisher, replica: Replica, index: Index, town: Path, where: Filter | None
) -> None:
    index.sync(town)
    publisher.sync(town)
    replica.sync(town)
    here, there = index.reader(), replica.reader()
    assert check(there) == check(here)
    for question in ("Why was the tunnel closed?", "rye bread", "lamp"):
        vector = FakeEncoder().vector(question)
        wanted = here.search_dense(vector, 4, where)
        found = there.search_dense(vector, 4, where)
        assert [name for name, _ in found] == [name for name, _ in wanted]
        assert [score for _, score in found] == pytest.approx(
            [score for _, score in wanted], abs=1e-5
        )
        assert there.search_lexical(question, 4, where) == here.search_lexical(question, 4, where)
    ids = passage_ids(here)
    assert there.passages(ids) == here.passages(ids)
    assert np.allclose(there.vectors(ids), here.vectors(ids), atol=1e-6)
    assert there.manifest.files == here.manifest.files
    assert there.manifest.digest == here.manifest.digest
    assert there.search_dense(FakeEncoder().vector("?"), 0) == []


def test_a_vector_that_is_not_on_the_server_is_named(
    publisher: Publisher, replica: Replica, published: Published, town: Path
) -> None:
    publisher.sync(town)
    replica.sync(town)
    generation = replica.reader()
    lost, *_ = passage_ids(generation)
    published.passages.remove([key(passage) for passage in generation.passages([lost])])
    with pytest.raises(StoreError, match="no vector of passage") as refusal:
        generation.vectors([lost])
    assert repr(lost) in str(refusal.value)
    with pytest.raises(RebuildError, match="do not find themselves"):
        generation.verify()


# ---- Versions


def test_nothing_new_is_no_new_version_and_nothing_is_embedded_twice(
    publisher: Publisher, replica: Replica, town: Path, fake: FakeEncoder
) -> None:
    first, again = publisher.sync(town), publisher.sync(town)
    assert (first.generation, first.passages, first.embedded) == ("version-000001", 5, 5)
    assert (again.generation, again.passages, again.embedded) == ("version-000001", 5, 0)
    assert again.unchanged == first.added
    assert len(fake.encoded) == 5
    taken, same = replica.sync(town), replica.sync(town)
    assert (taken.added, taken.embedded) == (first.added, 0)
    assert (same.unchanged, same.generation) == (first.added, taken.generation)


def test_a_replica_embeds_a_passage_that_a_question_needs_once(
    publisher: Publisher, published: Published, town: Path, tmp_path: Path
) -> None:
    publisher.sync(town)
    encoder = FakeEncoder()
    for times in (1, 2):
        replica = Replica(tmp_path, published, Cutter(encoder), seconds=NEVER_LOOKS)
        replica.sync(town)
        generation = replica.reader()
        wanted = [each.embedded for each in generation.passages(passage_ids(generation))]
        assert replica.token_vectors(wanted[: 2 * times]).keys() == set(wanted[: 2 * times])
        assert sorted(encoder.encoded) == sorted(wanted[: 2 * times])
        replica.close()


def test_what_another_version_of_cited_serves_is_one_line(
    publisher: Publisher, replica: Replica, published: Published, town: Path
) -> None:
    publisher.sync(town)
    found = published.articles.look()
    assert found
    told = json.loads(str(found[1]["serves"]))
    published.articles.label({"serves": json.dumps(told | {"news": 1})})
    replica.sync(town)
    assert published.pointer() == Pointer(
        **told | {"fingerprint": Fingerprint(**told["fingerprint"])}
    )
    del told["passages"]
    published.articles.label({"serves": json.dumps(told)})
    with pytest.raises(StoreError, match="of another version of Cited"):
        replica.sync(town)


def test_replicas_go_from_version_to_version_and_readers_keep_theirs(
    publisher: Publisher, replica: Replica, published: Published, tmp_path: Path
) -> None:
    random_ = random.Random(3)
    corpus = tmp_path / "corpus"
    state = first_state(24)
    readers = []
    for _ in range(KEPT + 3):
        write_articles(corpus, state)
        publisher.sync(corpus)
        assert texts(replica) == on_disk(corpus)
        readers.append((replica.reader(), on_disk(corpus)))
        for reader, wanted in readers[-KEPT - 1 :]:
            assert check(reader) == wanted
        state = next_state(random_, state)
    assert published.passages.count() < KEPT * 24, "what nobody can be reading is cleared away"
    publisher.sync(corpus)
    oldest, _ = readers[0]
    assert len(passage_ids(oldest)) < oldest.manifest.passages


@pytest.mark.parametrize("versions", [1, KEPT, KEPT + 1, KEPT + 4])
def test_a_replica_that_slept_catches_up(
    publisher: Publisher, replica: Replica, tmp_path: Path, versions: int
) -> None:
    random_ = random.Random(versions)
    corpus, state = tmp_path / "corpus", first_state(20)
    write_articles(corpus, state)
    publisher.sync(corpus)
    texts(replica)
    for _ in range(versions):
        state = next_state(random_, state)
        write_articles(corpus, state)
        publisher.sync(corpus)
    assert texts(replica) == on_disk(corpus)


def test_a_replica_whose_own_articles_are_not_what_they_should_be_takes_all_anew(
    publisher: Publisher, replica: Replica, published: Published, town: Path
) -> None:
    """The difference does not add up: a row of its version was taken away meanwhile."""
    publisher.sync(town)
    texts(replica)
    (row,) = (row for row in published.rows() if row.article == "bakery.txt")
    published.remove([row], {})
    (town / "bakery.txt").unlink()
    (town / "new.txt").write_text("New\n\nA zebra eats hay.\n")
    publisher.sync(town)
    assert texts(replica) == on_disk(town)


def test_too_far_behind_a_replica_says_so_and_does_not_answer(
    publisher: Publisher,
    replica: Replica,
    town: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generations, "LOCK_SECONDS", 0)
    publisher.sync(town)
    replica.sync(town)
    with Generations(tmp_path / "replica").writing():  # so that it cannot take anything over
        for n in range(KEPT + 1):
            replica.move()
            assert len(passage_ids(replica.reader())) == 5
            (town / "bakery.txt").write_text(f"Bakery {n}\n\nIt sells bread number {n}.\n")
            publisher.sync(town)
        replica.move()
        with pytest.raises(ServerError, match=f"is {KEPT + 1} versions behind"):
            replica.reader()
    assert texts(replica) == on_disk(town)


def test_an_article_that_changes_and_changes_back(
    publisher: Publisher, replica: Replica, town: Path
) -> None:
    original = (town / "bakery.txt").read_text()
    for text in (original, original.replace("rye", "oat"), original) * 3:
        (town / "bakery.txt").write_text(text)
        publisher.sync(town)
        assert texts(replica) == on_disk(town)


def test_what_filters_need_follows_a_change_that_leaves_the_passage_as_it_was(
    publisher: Publisher, replica: Replica, town: Path
) -> None:
    """Same offsets, same embedded text; another date."""
    publisher.sync(town)
    path = town / "sub" / "lighthouse.txt"
    path.write_text(path.read_text().replace("2022-11-20", "2001-11-20"))
    publisher.sync(town)
    texts(replica)
    old, vector = Filter(until=date(2002, 1, 1)), FakeEncoder().vector("?")
    assert len(replica.reader().search_dense(vector, 5, old)) == 1


def vector_of(article_id: str, text: str) -> np.ndarray:
    """The vector of an article that is one passage."""
    (passage,) = Cutter(FakeEncoder()).cut(parse_article(article_id, text))
    return FakeEncoder().vector(passage.embedded)


def test_vectors_of_other_versions_do_not_crowd_out_this_ones(
    publisher: Publisher, replica: Replica, town: Path
) -> None:
    """A hundred passages nearer than any of its own are published after it."""
    publisher.sync(town)
    replica.sync(town)
    generation = replica.reader()
    text = "The same\n\nIs said here.\n"
    vector = vector_of("same-0.txt", text)
    wanted = generation.search_dense(vector, 5)
    for n in range(100):
        (town / f"same-{n}.txt").write_text(text)
    publisher.sync(town)
    assert len(wanted) == 5
    assert [name for name, _ in generation.search_dense(vector, 5)] == [name for name, _ in wanted]


def test_a_passage_of_another_version_is_not_taken_for_one_at_the_same_place(
    publisher: Publisher, replica: Replica, town: Path
) -> None:
    publisher.sync(town)
    replica.sync(town)
    old = replica.reader()
    path = town / "bakery.txt"
    path.write_text(path.read_text().replace("rye", "oat"))
    publisher.sync(town)
    vector = vector_of("bakery.txt", path.read_text())
    found = old.search_dense(vector, 10)
    assert len(found) == 5
    assert max(cosine for _, cosine in found) < 0.9
    replica.move()
    (best, cosine), *others = replica.reader().search_dense(vector, 10)
    assert best.startswith("bakery.txt#") and cosine > 0.999
    assert len(others) == 4


# ---- Publishers that are killed, or are two


class Killed(BaseException):
    """What a publisher dies of here: nothing catches it."""


class Mortal(Published):
    """Dies just before its `nth` change to the server, or just after it."""

    def __init__(self, published: Published, nth: int, *, after: bool) -> None:
        super().__init__(published.server, published.name)
        self.left = nth
        for name in ("add", "add_rows", "remove", "end", "flip"):
            setattr(self, name, self._trapped(getattr(self, name), after))

    def _trapped(self, change: Callable[..., None], after: bool) -> Callable[..., None]:
        def changing(*arguments: Any) -> None:
            self.left -= 1
            if self.left == 0:
                if after:
                    change(*arguments)
                raise Killed
            change(*arguments)

        return changing


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("again", ["the same", "something else", "the old"])
def test_killed_at_each_step_it_leaves_the_old_or_the_new_version(
    publisher: Publisher,
    replica: Replica,
    published: Published,
    tmp_path: Path,
    again: str,
    after: bool,
) -> None:
    """Whatever the folder holds when it is published again."""
    random_ = random.Random(5)
    corpus, state = tmp_path / "corpus", first_state(20)
    for _ in range(KEPT + 2):  # from now on every publication removes something
        write_articles(corpus, state)
        publisher.sync(corpus)
        state = next_state(random_, state)
    nth, alive = 0, True
    while alive:
        nth += 1
        old, old_state = texts(replica), state
        state = next_state(random_, state)
        write_articles(corpus, state)
        mortal = Publisher(
            tmp_path / "publisher", Mortal(published, nth, after=after), Cutter(FakeEncoder())
        )
        try:
            mortal.sync(corpus, allow_removals=True)
            alive = False
            assert texts(replica) == on_disk(corpus)
        except Killed:
            assert texts(replica) in (old, on_disk(corpus))
        state = {"the same": state, "something else": next_state(random_, state)}.get(
            again, old_state
        )
        write_articles(corpus, state)
        publisher.sync(corpus, allow_removals=True)
        assert texts(replica) == on_disk(corpus)
    assert nth > 5


def publish(folder: Path, url: str, name: str, corpus: Path, seconds_each: float) -> None:
    """What a child does: one publication, or as much of it as it lives to do."""
    published = Published(ChromaServer(url), name)
    Publisher(folder, published, Cutter(FakeEncoder(seconds_each=seconds_each))).sync(corpus)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_publisher_goes_on_at_once_and_embeds_little_again(
    chroma: Chroma, publisher: Publisher, replica: Replica, published: Published, tmp_path: Path
) -> None:
    corpus, folder = tmp_path / "corpus", tmp_path / "publisher"
    write_articles(corpus, first_state(30))
    publisher.sync(corpus)
    old = texts(replica)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        write_articles(corpus, {n: (int(share * 100), ".") for n in range(30)})
        child = start(publish, folder, chroma.url, published.name, corpus, 0.03)
        child.join(share)
        assert child.pid
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert texts(replica) in (old, on_disk(corpus))
        publisher.sync(corpus)
        old = texts(replica)
        assert old == on_disk(corpus)


@contextmanager
def at_work(publisher: Publisher, town: Path) -> Iterator[threading.Event]:
    """A publication that waits until it is let go; one that lost its right meanwhile says so."""
    begun, go = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        begun.set()
        go.wait(30)

    def work() -> None:
        with suppress(BusyError):
            publisher.sync(town, wait)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(30)
    try:
        yield go
    finally:
        go.set()
        thread.join(30)


def test_one_publisher_at_a_time(
    publisher: Publisher, published: Published, town: Path, tmp_path: Path
) -> None:
    other = Publisher(tmp_path / "other", published, Cutter(FakeEncoder()))
    with at_work(publisher, town), pytest.raises(BusyError, match="another publisher"):
        other.sync(town)
    assert other.sync(town).generation == "version-000001"


def test_a_publisher_that_was_silent_for_too_long_loses_its_right(
    publisher: Publisher,
    published: Published,
    town: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Publisher(tmp_path / "other", published, Cutter(FakeEncoder()))
    monkeypatch.setattr(lease, "SECONDS", 0)
    with at_work(publisher, town):
        assert other.sync(town).generation == "version-000001"
        (town / "new.txt").write_text("New\n\nA zebra eats hay.\n")
        assert other.sync(town).generation == "version-000002"
    one, two = lease.leased(published, "one"), lease.leased(published, "two")
    with one as first, two, pytest.raises(BusyError):
        first.check()


class Overtaken(Published):
    """Lets another publisher take over when all is stored and nothing serves yet."""

    def __init__(self, published: Published, other: Callable[[], object]) -> None:
        super().__init__(published.server, published.name)
        self._other = other

    def lost(self, keys: Sequence[str]) -> list[str]:
        self._other()
        return super().lost(keys)


def test_a_publisher_that_was_overtaken_lets_nothing_serve(
    replica: Replica,
    published: Published,
    town: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lease, "SECONDS", 0)
    cutter = Cutter(FakeEncoder())

    def other() -> None:
        (town / "new.txt").write_text("New\n\nA zebra eats hay.\n")
        assert Publisher(tmp_path / "other", published, cutter).sync(town).passages == 6

    with pytest.raises(BusyError):
        Publisher(tmp_path / "publisher", Overtaken(published, other), cutter).sync(town)
    assert texts(replica) == on_disk(town)


def test_of_many_who_want_to_publish_one_may(published: Published) -> None:
    published.create()
    wins, barrier = [], threading.Barrier(8)

    def contend(n: int) -> None:
        mine = Published(ChromaServer(published.server.url), published.name)
        mine.pointer()
        barrier.wait()
        try:
            with lease.leased(mine, f"publisher {n}"):
                wins.append(n)
                ended.wait(30)
        except BusyError:
            lost.release()

    for _ in range(5):
        wins.clear()
        ended, lost = threading.Event(), threading.Semaphore(0)
        threads = [threading.Thread(target=contend, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(7):
            assert lost.acquire(timeout=30)
        ended.set()
        for thread in threads:
            thread.join(30)
        assert len(wins) == 1


# ---- Servers that are away, empty, of other settings, or wiped


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path: Path, town: Path) -> None:
    away = Published(ChromaServer("http://127.0.0.1:9"), "cited")
    for one in (
        Publisher(tmp_path / "one", away, Cutter(FakeEncoder())),
        Replica(tmp_path / "two", away, Cutter(FakeEncoder()), seconds=NEVER_LOOKS),
    ):
        with pytest.raises(ServerError, match=r"http://127\.0\.0\.1:9 does not answer") as refusal:
            one.sync(town)
        assert "\n" not in str(refusal.value)


def test_a_replica_starts_without_its_server_and_heals_when_that_comes(
    tmp_path: Path, town: Path
) -> None:
    server = Chroma(tmp_path / "chroma")
    cutter = Cutter(FakeEncoder())
    server.start()
    try:
        Publisher(
            tmp_path / "publisher", Published(ChromaServer(server.url), "cited"), cutter
        ).sync(town)
        Replica(
            tmp_path / "replica",
            Published(ChromaServer(server.url), "cited"),
            cutter,
            seconds=NEVER_LOOKS,
        ).sync(town)
        server.stop()
        replica = Replica(
            tmp_path / "replica",
            Published(ChromaServer(server.url, seconds=1), "cited"),
            cutter,
            seconds=NEVER_LOOKS,
        )
        with pytest.raises(ServerError):
            replica.sync(town)
        assert replica.needs_rebuild is None
        condition = replica.condition()
        assert condition.version == 1 and condition.since
        assert "does not answer" in (condition.reason or "")
        vector = FakeEncoder().vector("?")
        with pytest.raises(ServerError):
            replica.reader().search_dense(vector, 3)
        server.start()
        replica.move()
        assert replica.condition().reason is None
        assert len(replica.reader().search_dense(vector, 3)) == 3
        server.freeze()
        with pytest.raises(ServerError, match="timed out"):
            replica.reader().search_dense(vector, 3)
        assert "timed out" in (replica.condition().reason or "")
        server.thaw()
        assert len(replica.reader().search_dense(vector, 3)) == 3
        assert replica.condition().reason is None
    finally:
        server.stop()


def test_an_empty_server_has_no_index_yet(replica: Replica, town: Path) -> None:
    with pytest.raises(NoIndexError, match=r"holds no index called test-.* yet: run `cited"):
        replica.sync(town)
    assert "no index yet" in (replica.needs_rebuild or "")


def test_an_index_of_other_settings_is_neither_followed_nor_changed(
    publisher: Publisher, replica: Replica, published: Published, town: Path, tmp_path: Path
) -> None:
    publisher.sync(town)
    replica.sync(town)
    other = Cutter(FakeEncoder("other", dimension=16))
    with pytest.raises(StoreError, match="its vectors are from fake@0, and other@0 is set"):
        Replica(tmp_path / "one", published, other, seconds=NEVER_LOOKS).sync(town)
    with pytest.raises(StoreError, match="with another QA_CHROMA_NAME"):
        Publisher(tmp_path / "two", published, other).sync(town)
    assert texts(replica) == on_disk(town)
    beside = Published(published.server, f"{published.name}-2")
    assert Publisher(tmp_path / "two", beside, other).sync(town).generation == "version-000001"


def test_a_server_that_was_wiped_and_filled_again_is_followed_anew(
    publisher: Publisher, replica: Replica, published: Published, town: Path
) -> None:
    for text in ("Of rye.", "Of oat.", "Of corn."):
        (town / "bakery.txt").write_text(f"A bakery\n\n{text}\n")
        publisher.sync(town)
    texts(replica)
    before = replica.reader()
    with published.server.calling() as client:
        client.delete_collection(f"{published.name}-articles")
        client.delete_collection(f"{published.name}-passages")
    replica.move()
    assert "holds no index" in (replica.condition().reason or "")
    shutil.rmtree(town / "sub")
    publisher.sync(town)
    for reason in ("does not exist", "another collection has that name"):
        with pytest.raises(ServerError, match=reason):
            before.search_dense(FakeEncoder().vector("?"), 3)
    assert texts(replica) == on_disk(town)
    assert replica.condition().reason is None


def test_articles_without_their_vectors_are_not_published_to(
    publisher: Publisher, published: Published, town: Path
) -> None:
    publisher.sync(town)
    with published.server.calling() as client:
        client.delete_collection(f"{published.name}-passages")
    with pytest.raises(StoreError, match="its vectors are gone"):
        publisher.sync(town)


# ---- The folder of a replica


def test_replicas_may_share_a_folder(
    publisher: Publisher, replica: Replica, published: Published, town: Path, tmp_path: Path
) -> None:
    publisher.sync(town)
    replica.sync(town)
    second = Replica(tmp_path / "replica", published, Cutter(FakeEncoder()), seconds=NEVER_LOOKS)
    assert second.sync(town).generation == "generation-000001"
    (town / "new.txt").write_text("New\n\nA zebra eats hay.\n")
    publisher.sync(town)
    replica.move()
    assert second.reader().name == "generation-000002"
    assert texts(second) == on_disk(town)


def test_damage_is_mended_from_the_server(
    publisher: Publisher, replica: Replica, published: Published, town: Path, tmp_path: Path
) -> None:
    publisher.sync(town)
    replica.sync(town)
    file = tmp_path / "replica" / "generation-000001" / "passages.sqlite3"
    file.write_bytes(file.read_bytes()[:-500])
    anew = Replica(tmp_path / "replica", published, Cutter(FakeEncoder()), seconds=NEVER_LOOKS)
    assert "damaged" in (anew.needs_rebuild or "")
    assert texts(anew) == on_disk(town)


def test_a_folder_may_change_from_one_kind_of_index_to_the_other(
    publisher: Publisher, published: Published, town: Path, tmp_path: Path
) -> None:
    publisher.sync(town)
    local = Index.open(tmp_path / "both", FakeEncoder())
    local.sync(town)
    replica = Replica(tmp_path / "both", published, Cutter(FakeEncoder()), seconds=NEVER_LOOKS)
    assert texts(replica) == on_disk(town)
    assert "on a Chroma server" in (
        Index.open(tmp_path / "both", FakeEncoder()).needs_rebuild or ""
    )
    local.sync(town)
    assert check(local.reader()) == on_disk(town)


def test_it_follows_by_itself_until_it_is_closed(
    publisher: Publisher, published: Published, town: Path, tmp_path: Path
) -> None:
    publisher.sync(town)
    replica = Replica(tmp_path / "replica", published, Cutter(FakeEncoder()), seconds=0.05)
    replica.sync(town)
    (town / "new.txt").write_text("New\n\nA zebra eats hay.\n")
    publisher.sync(town)
    thread = replica._follower
    assert thread
    waited = threading.Event()
    for _ in range(600):
        if replica.reader().manifest.version == 2:
            break
        waited.wait(0.05)
    assert check(replica.reader()) == on_disk(town)
    replica.close()
    thread.join(30)
    assert not thread.is_alive()


# ---- Requests


@pytest.mark.parametrize(
    ("lengths", "batches"),
    [
        ([], []),
        ([1], [(0, 1)]),
        ([1] * 2_500, [(0, 1_000), (1_000, 2_000), (2_000, 2_500)]),
        ([3_000_000, 3_000_000, 900_000], [(0, 1), (1, 3)]),
        ([9_000_000, 1], [(0, 1), (1, 2)]),
    ],
)
def test_requests_are_of_a_size_that_a_server_takes(
    lengths: list[int], batches: list[tuple[int, int]]
) -> None:
    assert [*_batches(["x" * length for length in lengths])] == batches
