"""The table that is searched: as exact as comparing one by one, and in step with the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from stores import passage_ids

from index import vectors as store
from index.store import Filter, Index
from index.table import FEW, FILE, RoughTable, Table

RANDOM = np.random.default_rng(3)
NAMES = ["b", "a", "line\nbreak", "emoji 🚢", "…/x:0", "c", "d"]


def unit(number: int) -> NDArray[np.float32]:
    rows = RANDOM.standard_normal((number, 8))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@given(st.integers(1, 40), st.integers(1, 50), st.booleans())
def test_nearest_is_what_sorting_all_gives(number: int, k: int, some: bool) -> None:
    vectors, (vector,) = unit(number), unit(1)
    names = [f"p{row}" for row in range(number)]
    among = names[::2] if some else None
    found = Table.of(names, vectors).nearest(vector, k, among)
    cosines = {name: float(row @ vector) for name, row in zip(names, vectors, strict=True)}
    wanted = sorted(among or names, key=lambda name: -cosines[name])[:k]
    assert [name for name, _cosine in found] == wanted
    assert [cosine for _name, cosine in found] == pytest.approx(
        [cosines[n] for n in wanted], abs=1e-6
    )


def test_those_that_are_alike_come_in_their_order() -> None:
    vectors = np.repeat(unit(1), 6, axis=0)
    found = Table.of(list("fedcba"), vectors).nearest(vectors[0], 6)
    assert [name for name, _cosine in found] == list("fedcba")


def test_a_vector_of_another_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="dimension 3, not 8"):
        Table.of(["a"], unit(1)).nearest(np.zeros(3, np.float32), 1)


def test_saved_and_loaded(tmp_path: Path) -> None:
    assert Table.load(tmp_path) is None
    table = Table.of(NAMES, unit(len(NAMES)))
    table.save(tmp_path)
    loaded = Table.load(tmp_path)
    assert loaded and loaded.ids == NAMES and loaded.rows == table.rows
    assert np.array_equal(loaded.vectors, table.vectors)


def test_renewed_fetches_what_is_new_or_changed_alone() -> None:
    table = Table.of(["a", "b", "c"], unit(3))
    fresh = dict(zip("bde", unit(3), strict=True))
    asked: list[str] = []

    def fetch(ids: object) -> NDArray[np.float32]:
        assert isinstance(ids, list)
        asked.extend(ids)
        return np.stack([fresh[name] for name in ids])

    renewed = table.renewed(["a", "b", "d", "e"], {"b", "c"}, fetch)
    assert sorted(asked) == ["b", "d", "e"] and set(renewed.ids) == set("abde")
    assert np.array_equal(renewed.vectors[renewed.rows["a"]], table.vectors[0])
    for name, vector in fresh.items():
        assert np.array_equal(renewed.vectors[renewed.rows[name]], vector)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index.open(tmp_path / "index", FakeEncoder())


def write(corpus: Path, name: str, text: str) -> None:
    corpus.mkdir(exist_ok=True)
    (corpus / name).write_text(f"{name}\n\n{text}\n")


def table_of(index: Index) -> Table | None:
    return Table.load(index.reader().files.folder)


def test_a_table_stays_in_step_with_the_store(index: Index, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    for name in ("one", "two", "three"):
        write(corpus, f"{name}.txt", f"The ferry {name} leaves at nine.")
    index.sync(corpus)
    write(corpus, "one.txt", "The ferry one does not leave any more.")
    (corpus / "two.txt").unlink()
    write(corpus, "four.txt", "Sheep graze beside the school.")
    index.sync(corpus)
    generation, table = index.reader(), table_of(index)
    ids = passage_ids(generation)
    assert table and sorted(table.ids) == sorted(ids) and len(ids) == 3
    assert np.array_equal(
        table.vectors[[table.rows[name] for name in ids]], generation.vectors(ids)
    )
    for name, vector in zip(ids, generation.vectors(ids), strict=True):
        assert generation.search_dense(vector, 1)[0][0] == name
        only = Filter(articles=frozenset({generation.passages([name])[0].article_id}))
        assert generation.search_dense(-vector, 5, only)[0][0] == name


def test_too_many_passages_are_searched_by_the_graph(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = tmp_path / "corpus"
    for number in range(4):
        write(corpus, f"{number}.txt", f"Ship {number} leaves at nine.")
    index.sync(corpus)
    assert table_of(index)
    monkeypatch.setattr(store, "MOST", 4)
    write(corpus, "4.txt", "Ship 4 leaves at ten.")
    index.sync(corpus)
    assert table_of(index) is None and FILE not in index.reader().manifest.sealed
    ids = passage_ids(index.reader())
    for name, vector in zip(ids, index.reader().vectors(ids), strict=True):
        assert index.reader().search_dense(vector, 1)[0][0] == name
    (corpus / "0.txt").unlink()
    index.sync(corpus)
    table = table_of(index)
    assert table and sorted(table.ids) == sorted(passage_ids(index.reader()))


@pytest.mark.parametrize("alike", [0.0, 3.0, 100.0])
def test_of_many_none_of_the_nearest_is_missed(alike: float) -> None:
    """The more alike vectors are, the more of them rounding can change places with one another."""
    rows = RANDOM.standard_normal((FEW + 500, 24)) + alike
    rows[::7] /= np.linalg.norm(rows[::7], axis=1, keepdims=True)  # of whatever length
    vectors = np.asarray(rows, np.float32)
    table = Table.of([str(row) for row in range(len(rows))], vectors)
    questions = np.asarray(RANDOM.standard_normal((30, 24)) + alike * RANDOM.integers(-1, 2), "f4")
    rough = RoughTable(vectors)
    for question in questions:
        for k in (1, 50):
            near = set(rough.near(question, k).tolist())
            wanted = np.argsort(-(vectors @ question), kind="stable")[:k]
            assert near >= set(wanted.tolist())
            found = [int(name) for name, _cosine in table.nearest(question, k)]
            # Fewer rows are multiplied in another order: what is equal but for that may change
            # places (27 times in 3,600 of other random numbers).
            exact = vectors.astype(np.float64) @ question
            rounding = 24 * np.finfo(np.float32).eps * (abs(vectors) @ abs(question)).max()
            np.testing.assert_allclose(exact[found], exact[wanted], rtol=0, atol=rounding)
            assert len(set(found)) == k


def test_of_many_few_are_looked_at_again() -> None:
    vectors = unit(FEW + 500)
    near = RoughTable(vectors).near(vectors[7], 10)
    assert 7 in near and len(near) < 200


def test_a_vector_of_nothing_is_as_near_to_all() -> None:
    table = Table.of([str(row) for row in range(FEW + 500)], unit(FEW + 500))
    found = table.nearest(np.zeros(8, np.float32), 3)
    assert [cosine for _name, cosine in found] == [0.0, 0.0, 0.0]
