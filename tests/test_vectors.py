"""Chroma's half of a generation: what is nearest, under which filters, and what damage shows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import RebuildError, StoreError
from index.filters import Filter
from index.passages import Kind, Passage
from index.sealing import check_seal, seal
from index.vectors import VectorStore

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


def test_an_exact_store_finds_what_exact_search_finds(tmp_path: Path) -> None:
    """Two hundred are alike: a graph search would lose others."""
    store = VectorStore.create(tmp_path)
    alike = np.repeat(VECTORS[-1:], 200, axis=0)
    store.add([passage(n) for n in range(500)], np.concatenate([VECTORS[:300], alike]))
    store.close()
    store = VectorStore.open(tmp_path, exact=True)
    assert store.lost([f"p{n}" for n in range(500)]) == []
    question = unit_vectors(1, seed=4)[0]
    for where, numbers in (
        (None, range(300)),
        (Filter(articles=frozenset({"a2"})), range(2, 300, 7)),
    ):
        cosines = sorted((float(VECTORS[n] @ question) for n in numbers), reverse=True)
        best = [
            cosine for name, cosine in store.search(question, 500, where) if int(name[1:]) < 300
        ]
        assert best == pytest.approx(cosines, abs=1e-5)
    assert store.search(question, 5, Filter(articles=frozenset({"other"}))) == []
    with pytest.raises(StoreError, match="dimension"):
        store.search(unit_vectors(1, 16)[0], 3)


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
    store = VectorStore.open(tmp_path)
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
def test_reading_does_not_break_the_seal_and_leaves_nothing(
    tmp_path: Path, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "generation", n).close()
    VectorStore.compact(tmp_path / "generation")
    sealed = seal(tmp_path / "generation")
    (temporary := tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for _ in range(3):
        store = VectorStore.open(tmp_path / "generation")
        assert store.search(VECTORS[0], 1)[0][0] == "p0"
        assert [*temporary.iterdir()]
        store.close()
        assert not [*temporary.iterdir()]
    check_seal(tmp_path / "generation", sealed)


def test_no_room_for_temporary_files_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, 3).close()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(StoreError, match="temporary copy") as refusal:
        VectorStore.open(tmp_path)
    assert not isinstance(refusal.value, RebuildError)


def test_compacting_gives_back_room_and_loses_nothing(tmp_path: Path) -> None:
    filled(tmp_path, 1_000).close()
    database = tmp_path / "chroma" / "chroma.sqlite3"
    before = database.stat().st_size
    VectorStore.compact(tmp_path)
    assert database.stat().st_size < 0.7 * before
    store = VectorStore.edit(tmp_path)
    store.remove(["p0"])
    store.close()
    store = VectorStore.open(tmp_path)
    assert store.count() == 999
    assert store.lost([f"p{n}" for n in range(1, 1_000)]) == []


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


@pytest.mark.parametrize("harm", [no_database, empty_database, garbled_header, half_a_database])
def test_a_database_that_cannot_be_opened_is_named_in_one_line(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    filled(tmp_path, 300).close()
    harm(tmp_path / "chroma")
    for _ in range(2):
        with pytest.raises(StoreError, match=str(tmp_path / "chroma")) as refusal:
            VectorStore.open(tmp_path)
        assert "\n" not in str(refusal.value)
