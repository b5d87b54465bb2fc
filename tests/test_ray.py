"""Indexing on a Ray cluster of this machine: what comes of it is what comes of one process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from uuid import uuid4

import fakes
import pytest
from chromas import Chroma
from fakes import FakeEncoder
from faults import first_state, on_disk, write_articles
from stores import check

from index.article import parse_article
from index.cutting import Cutter
from index.distributed import ARTICLES, RayCluster
from index.embedding import EncodedText
from index.errors import CorpusError, ModelError, StoreError
from index.folder import Folder
from index.following import Replica
from index.published import Published, key
from index.publishing import Publisher, Stored
from index.remote import ChromaServer
from qa.settings import quiet_ray

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    """A server, and Ray on two processors; its workers have the fakes by value."""
    made = Chroma(tmp_path_factory.mktemp("chroma"))
    made.start()
    quiet_ray()
    for module in (fakes, sys.modules[__name__]):
        ray.cloudpickle.register_pickle_by_value(module)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.stop()


@pytest.fixture
def published(chroma: Chroma) -> Published:
    return Published(ChromaServer(chroma.url), f"test-{uuid4().hex}")


@pytest.fixture
def by_ray(tmp_path: Path, published: Published) -> Publisher:
    return Publisher(tmp_path / "ray", published, Cutter(FakeEncoder()), RayCluster(FakeEncoder))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """So many articles that there are several batches, some with an FAQ, and one unreadable."""
    write_articles(tmp_path / "corpus", first_state(8 * ARTICLES))
    (tmp_path / "corpus" / "damaged.pdf").write_bytes(b"no pdf")
    return tmp_path / "corpus"


def everything(published: Published) -> dict[str, tuple[object, ...]]:
    """All rows with their texts, and all passages with what the server has of them."""
    rows = sorted(published.rows(), key=lambda row: row.article)
    texts = {row.article: text for row, text in published.texts(rows)}
    stored = published.passages.find({"article": {"$ne": ""}})
    vectors = published.passages.get(stored.ids, vectors=True)
    vector = dict(zip(vectors.ids, vectors.vectors, strict=True))
    return {row.article: (row, texts[row.article]) for row in rows} | {
        name: (metadata, vector[name].tobytes())
        for name, metadata in zip(stored.ids, stored.metadatas, strict=True)
    }


def test_the_same_to_the_byte_as_in_one_process(
    by_ray: Publisher, published: Published, corpus: Path, town: Path, tmp_path: Path
) -> None:
    for file in town.rglob("*.txt"):
        file.rename(corpus / file.name)
    alone = Published(published.server, f"{published.name}-alone")
    wanted = Publisher(tmp_path / "alone", alone, Cutter(FakeEncoder())).sync(corpus)
    steps: list[tuple[str, int, int]] = []
    report = by_ray.sync(corpus, lambda *step: steps.append(step))
    assert everything(published) == everything(alone)
    assert report.added == wanted.added
    assert report.skipped == wanted.skipped and len(report.skipped) == 1
    assert (report.passages, report.generation) == (wanted.passages, wanted.generation)
    assert published.pointer().articles == len(report.added)  # type: ignore[union-attr]
    assert steps[-3:] == [("embedding", 132, 132), ("verifying", 0, 1), ("verifying", 1, 1)]


def test_a_replica_answers_from_it_and_what_is_there_is_not_embedded_again(
    by_ray: Publisher, published: Published, corpus: Path, tmp_path: Path
) -> None:
    (corpus / "damaged.pdf").unlink()
    first, again = by_ray.sync(corpus), by_ray.sync(corpus)
    assert (again.embedded, again.generation) == (0, first.generation)
    name = "article-7.txt"
    before = (corpus / name).read_text()
    (corpus / name).write_text(after := before + "\nMore\n\n" + "A new sentence stands here. " * 60)
    changed = by_ray.sync(corpus)
    assert changed.changed == (name,)
    assert changed.embedded == len(keys(name, after) - keys(name, before))
    assert keys(name, after) & keys(name, before)
    replica = Replica(tmp_path / "replica", published, Cutter(FakeEncoder()), seconds=3_600)
    replica.sync(corpus)
    assert check(replica.reader()) == on_disk(corpus)
    replica.close()


def keys(name: str, text: str) -> set[str]:
    """What the server calls the passages of an article."""
    return {key(passage) for passage in Cutter(FakeEncoder()).cut(parse_article(name, text))}


class Stopped(BaseException):
    """What a driver dies of here."""


class Mortal(RayCluster):
    """Dies when the first actor has told of its articles."""

    def store(
        self,
        published: Published,
        articles: Folder,
        cutter: Cutter,
        names: Sequence[str],
        version: int,
    ) -> Iterator[Stored]:
        yield next(super().store(published, articles, cutter, names, version))
        raise Stopped


def test_a_killed_driver_goes_on_where_it_was(
    by_ray: Publisher, published: Published, corpus: Path, tmp_path: Path
) -> None:
    mortal = Publisher(tmp_path / "ray", published, Cutter(FakeEncoder()), Mortal(FakeEncoder))
    with pytest.raises(Stopped):
        mortal.sync(corpus)
    assert published.pointer() is None
    done = len(published.rows())
    assert done >= ARTICLES
    report = by_ray.sync(corpus)
    assert len(report.added) == report.passages == 8 * ARTICLES
    assert report.embedded <= 8 * ARTICLES - done


class Dying(FakeEncoder):
    """Takes its process down when it is first used, on whatever actor."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self._mark = mark

    def encode_passages(self, texts: Sequence[str]) -> list[EncodedText]:
        try:
            self._mark.touch(exist_ok=False)
        except FileExistsError:
            return super().encode_passages(texts)
        os._exit(1)


def test_the_work_of_an_actor_that_dies_is_done_again(
    published: Published, corpus: Path, tmp_path: Path
) -> None:
    engine = RayCluster(partial(Dying, tmp_path / "died"))
    report = Publisher(tmp_path / "ray", published, Cutter(FakeEncoder()), engine).sync(corpus)
    assert (tmp_path / "died").exists()
    assert len(report.added) == report.passages == 8 * ARTICLES
    assert published.passages.count() == 8 * ARTICLES


def test_a_machine_with_another_model_is_told_in_one_line(
    published: Published, corpus: Path, tmp_path: Path
) -> None:
    engine = RayCluster(partial(FakeEncoder, "other"))
    with pytest.raises(ModelError, match="has other@0, not fake@0") as refusal:
        Publisher(tmp_path / "ray", published, Cutter(FakeEncoder()), engine).sync(corpus)
    assert "\n" not in str(refusal.value)
    assert published.pointer() is None


def test_what_nobody_foresaw_is_told_in_one_line(
    published: Published, corpus: Path, tmp_path: Path
) -> None:
    engine = RayCluster(partial(int, "no number"))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"the Ray cluster failed.*no number") as refusal:
        Publisher(tmp_path / "ray", published, Cutter(FakeEncoder()), engine).sync(corpus)
    assert "\n" not in str(refusal.value)


def test_a_machine_without_the_folder_is_told_in_one_line(
    published: Published, tmp_path: Path
) -> None:
    published.create()
    nowhere = Folder(tmp_path / "nowhere")
    engine = RayCluster(FakeEncoder)
    with pytest.raises(CorpusError, match="is not on every machine"):
        [*engine.store(published, nowhere, Cutter(FakeEncoder()), ["a.txt"], 1)]


def test_without_ray_it_says_what_to_install(
    published: Published, corpus: Path, by_ray: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(StoreError, match=r"install cited\[distributed\]"):
        by_ray.sync(corpus)
