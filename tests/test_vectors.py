"""Chroma's half of a generation: what is nearest, under which filters, and what damage shows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import RebuildError, StoreError
from index.filters import Filter
from index.passages import Kind, Passage
from index.vectors import VectorStore, seal

FIRST = date(2023, 9, 1)
COUNT, DIMENSION = 3_000, 64


def passage(n: int) -> Passage:
    """Passage `n`: of article n % 7, an FAQ entry every third, a date every second."""
    day = FIRST + timedelta(days=n) if n % 2 else None
    kind: Kind = "body" if n % 3 else "faq"
    return Passage(f"p{n}", f"a{n % 7}", kind, "", "", "x", 0, 1, ((0, 1),), day)


def unit_vectors(n: int, dimension: int = DIMENSION, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(n, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


VECTORS = unit_vectors(COUNT)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> VectorStore:
    return filled(tmp_path_factory.mktemp("generation"), COUNT)


def filled(generation: Path, n: int) -> VectorStore:
    store = VectorStore.create(generation)
    store.add([passage(at) for at in range(n)], VECTORS[:n])
    return store


def exact(vector: NDArray[np.float32], k: int, numbers: list[int]) -> list[str]:
    cosines = VECTORS[numbers] @ vector
    return [f"p{numbers[at]}" for at in np.argsort(-cosines)[:k]]


def test_nearly_always_what_exact_search_finds(store: VectorStore) -> None:
    questions = unit_vectors(100, seed=1)
    hits = 0
    for question in questions:
        results = store.search(question, 10)
        hits += len({name for name, _ in results} & set(exact(question, 10, [*range(COUNT)])))
        cosines = [cosine for _, cosine in results]
        assert cosines == sorted(cosines, reverse=True)
        wanted = [float(VECTORS[int(name[1:])] @ question) for name, _ in results]
        assert cosines == pytest.approx(wanted, abs=1e-5)
    assert hits / 1000 >= 0.99


@pytest.mark.parametrize(
    ("where", "passes"),
    [
        (Filter(), lambda n: True),
        (Filter(articles=frozenset({"a1", "a4", "other"})), lambda n: n % 7 in (1, 4)),
        (Filter(kinds=frozenset({"faq"})), lambda n: n % 3 == 0),
        (Filter(since=FIRST + timedelta(days=2961)), lambda n: n % 2 and n >= 2961),
        (Filter(until=FIRST + timedelta(days=39)), lambda n: n % 2 and n <= 39),
        (
            Filter(frozenset({"a2"}), FIRST, FIRST + timedelta(days=300), frozenset({"body"})),
            lambda n: n % 7 == 2 and n % 2 and n <= 300 and n % 3,
        ),
        (Filter(since=FIRST + timedelta(days=9_000)), lambda n: False),
        (Filter(articles=frozenset({"\ud800"})), lambda n: False),
    ],
)
def test_filters(store: VectorStore, where: Filter, passes: Callable[[int], bool]) -> None:
    question = unit_vectors(1, seed=2)[0]
    wanted = exact(question, 20, [n for n in range(COUNT) if passes(n)])
    names = [name for name, _ in store.search(question, 20, where)]
    assert len(names) == len(wanted)
    assert len(set(names) & set(wanted)) >= 0.95 * len(wanted)
    assert all(passes(int(name[1:])) for name in names)


@pytest.mark.parametrize(
    "where",
    [Filter(articles=frozenset()), Filter(kinds=frozenset()), Filter(since=FIRST, until=date.min)],
)
def test_filters_that_let_nothing_through(store: VectorStore, where: Filter) -> None:
    assert store.search(VECTORS[0], 5, where) == []


@pytest.mark.parametrize(("k", "count"), [(0, 0), (1, 1), (COUNT, COUNT), (50_000, COUNT)])
def test_as_many_as_there_are(store: VectorStore, k: int, count: int) -> None:
    assert len(store.search(VECTORS[0], k)) == count


def test_vectors_come_in_the_order_asked(store: VectorStore) -> None:
    numbers = [5, 3, 2_999, 0, 3]
    got = store.vectors([f"p{n}" for n in numbers])
    assert got.dtype == np.float32
    assert np.allclose(got, VECTORS[numbers], atol=1e-6)
    assert len(store.vectors([])) == 0
    with pytest.raises(StoreError, match="'nobody'"):
        store.vectors(["p1", "nobody"])


def test_a_question_of_another_dimension_is_refused_in_one_line(store: VectorStore) -> None:
    with pytest.raises(StoreError, match="dimension") as refusal:
        store.search(unit_vectors(1, 16)[0], 3)
    assert "\n" not in str(refusal.value)


def test_more_than_one_batch_holds_and_every_vector_finds_itself(tmp_path: Path) -> None:
    n = 6_000
    store = VectorStore.create(tmp_path)
    store.add([passage(at) for at in range(n)], unit_vectors(n, 32))
    store.close()
    store = VectorStore.open(tmp_path, seal(tmp_path))
    assert store.count() == n
    assert store.lost([f"p{at}" for at in range(n)]) == []


def test_an_empty_store(tmp_path: Path) -> None:
    store = VectorStore.create(tmp_path)
    assert store.count() == 0
    assert store.search(VECTORS[0], 5) == []
    assert store.lost([]) == []


def test_what_is_removed_is_not_found(tmp_path: Path) -> None:
    store = filled(tmp_path, 200)
    store.remove([f"p{n}" for n in range(100)])
    store.close()
    store = VectorStore.open(tmp_path)
    assert store.count() == 100
    assert {name for name, _ in store.search(VECTORS[0], 200)} == {f"p{n}" for n in range(100, 200)}
    assert store.lost([f"p{n}" for n in range(100, 200)]) == []


def test_vectors_that_are_alike_count_as_found(tmp_path: Path) -> None:
    store = VectorStore.create(tmp_path)
    store.add([passage(n) for n in range(100)], np.repeat(VECTORS[:1], 100, axis=0))
    assert store.lost([f"p{n}" for n in range(100)]) == []


@pytest.mark.parametrize("n", [1, 63, 64, 65, 500])
def test_reading_does_not_break_the_seal(tmp_path: Path, n: int) -> None:
    filled(tmp_path, n).close()
    sealed = seal(tmp_path)
    assert bool(sealed) == (n >= 64)
    for _ in range(3):
        store = VectorStore.open(tmp_path, sealed)
        assert store.search(VECTORS[0], 1)[0][0] == "p0"
        store.close()


def test_a_copy_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "old").mkdir()
    old = filled(tmp_path / "old", 300)
    VectorStore.copy(tmp_path / "old", tmp_path / "copy")
    copy = VectorStore.open(tmp_path / "copy")
    copy.remove(["p0"])
    assert (old.count(), copy.count()) == (300, 299)
    assert old.search(VECTORS[0], 1)[0][0] == "p0"


def no_database(chroma: Path) -> None:
    (chroma / "chroma.sqlite3").unlink()


def empty_database(chroma: Path) -> None:
    (chroma / "chroma.sqlite3").write_bytes(b"")


def garbled_header(chroma: Path) -> None:
    with (chroma / "chroma.sqlite3").open("r+b") as handle:
        handle.write(b"x" * 200)


def half_a_database(chroma: Path) -> None:
    data = (chroma / "chroma.sqlite3").read_bytes()
    (chroma / "chroma.sqlite3").write_bytes(data[: len(data) // 2])


def no_graph(chroma: Path) -> None:
    for file in chroma.glob("*/*.bin"):
        shutil.rmtree(file.parent, ignore_errors=True)


def garbled_graph(chroma: Path) -> None:
    for file in chroma.glob("*/data_level0.bin"):
        file.write_bytes(np.random.default_rng(0).bytes(file.stat().st_size))


def half_a_graph(chroma: Path) -> None:
    for file in chroma.glob("*/data_level0.bin"):
        file.write_bytes(file.read_bytes()[:1000])


@pytest.mark.parametrize(
    "harm",
    [
        *(no_database, empty_database, garbled_header, half_a_database),
        *(no_graph, garbled_graph, half_a_graph),
    ],
)
def test_damage_is_named_in_one_line(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    filled(tmp_path, 300).close()
    sealed = seal(tmp_path)
    harm(tmp_path / "chroma")
    for _ in range(2):
        with pytest.raises(RebuildError, match="cited index") as refusal:
            VectorStore.open(tmp_path, sealed)
        assert "\n" not in str(refusal.value)
