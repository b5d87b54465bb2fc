"""A damaged generation is named when it is opened, kept aside, and mended without embedding."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from faults import first_state, on_disk, sync, whole, write_articles

from index.checking import examine
from index.errors import RebuildError
from index.generations import FORMAT, Manifest
from index.passages import Passage
from index.records import Records
from index.sealing import seal
from index.store import Index
from index.vectors import VectorStore

ARTICLES = 90
"""More than Chroma keeps out of its search graph (see `sync_threshold`)."""

Harm = Callable[[Path], None]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus and its index; take copies."""
    home = tmp_path_factory.mktemp("damage")
    write_articles(home / "corpus", first_state(ARTICLES))
    sync(home / "index", home / "corpus")
    return home


@pytest.fixture
def home(synced: Path, tmp_path: Path) -> Path:
    """A corpus and its index, to be damaged; `generation-000001` serves."""
    return Path(shutil.copytree(synced, tmp_path / "home"))


def opened(home: Path) -> Index:
    return Index.open(home / "index", FakeEncoder())


def missing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def garbled_at_its_head(file: Path) -> None:
    with file.open("r+b") as handle:
        handle.write(b"x" * 200)


def garbled(file: Path) -> None:
    file.write_bytes(random.Random(3).randbytes(file.stat().st_size))


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def one_bit_flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 4
    file.write_bytes(data)


def without_its_folder(file: Path) -> None:
    shutil.rmtree(file.parent)


FILES = ("passages.sqlite3", "chroma/chroma.sqlite3", "chroma/*/data_level0.bin")
HARMS = (missing, empty, garbled_at_its_head, garbled, truncated, one_bit_flipped)
CASES = [(name, harm) for name in FILES for harm in HARMS]
CASES += [(FILES[2], without_its_folder), (FILES[1], without_its_folder)]
CASES += [("manifest.json", harm) for harm in (missing, empty, garbled, truncated)]
CASES += [("chroma/*/index_metadata.pickle", garbled), ("chroma/*/link_lists.bin", truncated)]


@pytest.mark.parametrize(("name", "harm"), CASES)
def test_damage_is_refused_kept_aside_and_mended(home: Path, name: str, harm: Harm) -> None:
    damaged = home / "index" / "generation-000001"
    (file,) = damaged.glob(name)
    harm(file)
    index = opened(home)
    with pytest.raises(RebuildError, match="cited index") as refusal:
        index.reader()
    assert "\n" not in str(refusal.value)
    report = index.sync(home / "corpus")
    assert (len(report.added), report.embedded) == (ARTICLES, 0)
    assert whole(home / "index") == on_disk(home / "corpus")
    assert damaged.exists()
    index.sync(home / "corpus")
    assert not damaged.exists()


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_damage_to_what_is_open_is_mended_by_the_next_sync(
    home: Path, name: str, changed: bool
) -> None:
    index = opened(home)
    assert len(index.reader().articles()) == ARTICLES
    (file,) = (home / "index" / "generation-000001").glob(name)
    garbled(file)
    if changed:
        (home / "corpus" / "article-1.txt").write_text("A bakery\n\nIt sells otters now.\n")
    assert index.sync(home / "corpus").generation == "generation-000002"
    assert whole(home / "index") == on_disk(home / "corpus")


def test_damage_found_by_a_question_is_told_as_damage(home: Path) -> None:
    generation = opened(home).reader()
    garbled(home / "index" / "generation-000001" / "passages.sqlite3")
    with pytest.raises(RebuildError, match="damaged") as refusal:
        generation.search_lexical("word3", 5)
    assert "\n" not in str(refusal.value)


def test_a_garbled_current_is_mended_and_what_it_named_is_kept_aside(home: Path) -> None:
    (home / "index" / "CURRENT").write_bytes(b"\xff\x00")
    report = opened(home).sync(home / "corpus")
    assert (report.generation, report.embedded) == ("generation-000002", 0)
    assert (home / "index" / "generation-000001").exists()
    assert whole(home / "index") == on_disk(home / "corpus")


def sealed_again(generation: Path) -> None:
    """As if it had been built so: only a look at everything in it can tell."""
    manifest = Manifest.read(generation)
    (generation / "manifest.json").unlink()
    replace(manifest, sealed=seal(generation)).write(generation)


def change_an_article(generation: Path) -> None:
    with Records.open(generation, write=True)._db as db:
        db.execute("UPDATE articles SET text = 'Other' || text WHERE id = 'article-7.txt'")


def change_a_vector(generation: Path) -> None:
    store = VectorStore.edit(generation)
    (passage,) = (each for each in all_passages(generation) if each.article_id == "article-7.txt")
    store.remove([passage.id])
    store.add([passage], np.full((1, 32), 0.5, np.float32))
    store.close()


def all_passages(generation: Path) -> list[Passage]:
    records = Records.open(generation)
    return records.passages(records.sample(1_000))


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (change_an_article, "'article-7.txt#.*' is not what its article has there"),
        (change_a_vector, "do not find themselves, as that of 'article-7.txt#"),
    ],
)
def test_a_check_compares_everything(home: Path, harm: Harm, reason: str) -> None:
    generation = home / "index" / "generation-000001"
    examine(generation)
    harm(generation)
    sealed_again(generation)
    opened(home).reader()
    with pytest.raises(RebuildError, match=reason):
        examine(generation)


def lead_astray(graph: Path) -> None:
    """Let every vector's neighbours be far behind the end of the graph."""
    links, dimension = 48, 32
    each = 4 * (1 + links + dimension) + 8  # a count, links, floats, a label
    data = np.frombuffer(graph.read_bytes(), np.uint8).copy().reshape(-1, each)
    data[:, : 4 * (1 + links)] = np.array([links] + links * [2**30], "<u4").view(np.uint8)
    graph.write_bytes(data.tobytes())


def test_a_check_outlives_what_crashes_it(home: Path) -> None:
    """Chroma reads a garbled graph, and the process gets SIGSEGV."""
    generation = home / "index" / "generation-000001"
    assert opened(home).check() is None
    (file,) = generation.glob("chroma/*/data_level0.bin")
    lead_astray(file)
    assert "data_level0.bin is damaged" in (opened(home).check() or "")
    sealed_again(generation)
    assert "whoever reads it crashes" in (opened(home).check() or "")
    report = opened(home).sync(home / "corpus", anew=True)
    assert (report.generation, report.embedded) == ("generation-000002", 0)
    assert opened(home).check() is None


def test_an_index_of_an_older_format_is_rebuilt_without_embedding(home: Path) -> None:
    manifest = home / "index" / "generation-000001" / "manifest.json"
    data = json.loads(manifest.read_text())
    data["fingerprint"]["format"] = FORMAT - 1
    data["graph"] = data.pop("sealed")
    manifest.write_text(json.dumps(data))
    index = opened(home)
    assert "older than" in (index.needs_rebuild or "")
    assert index.sync(home / "corpus").embedded == 0
    assert whole(home / "index") == on_disk(home / "corpus")
