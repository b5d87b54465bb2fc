"""The index as a whole: what readers see, what is refused, what is mended."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from fakes import FakeEncoder
from stores import TOWN, article_ids, check, passage_ids

from index import cutting, generations, passages
from index.article import parse_article
from index.embedding import Encoder
from index.errors import NoIndexError, RebuildError, StoreError
from index.readers import read_text
from index.store import Filter, Index


def test_before_the_first_sync(index: Index) -> None:
    assert index.generation() == ""
    assert "no index yet" in (index.needs_rebuild or "")
    with pytest.raises(NoIndexError, match="cited index"):
        index.reader()


def test_from_articles_to_passages(index: Index, town: Path) -> None:
    report = index.sync(town)
    assert (report.added, report.changed, report.removed, report.unchanged) == (TOWN, (), (), ())
    assert report.embedded == report.passages == 5
    assert report.generation == index.generation() == "generation-000001"
    generation = index.reader()
    check(generation)
    assert set(article_ids(generation, "Why was the tunnel closed?")) == {"railway.txt"}
    assert generation.sentence_frequencies(["tunnel", "kilometre"])[0] == [1, 2]
    assert generation.sentence_frequencies([])[1] == sum(
        len(passage.sentences) for passage in generation.passages(passage_ids(generation))
    )


def test_articles_are_listed_and_come_back_whole(index: Index, town: Path) -> None:
    index.sync(town)
    generation = index.reader()
    bakery, railway, lighthouse = generation.articles()
    assert [bakery.id, railway.id, lighthouse.id] == list(TOWN)
    assert (railway.title, railway.byline, railway.date) == (
        "The Harbour Railway",
        "Ada Example",
        date(2021, 5, 3),
    )
    assert (railway.faq_pairs, bakery.faq_pairs, bakery.date) == (2, 0, None)
    assert bakery.warnings == ("no date was found",)
    assert railway.warnings == ()
    for summary in generation.articles():
        path = town / summary.id
        article = generation.article(summary.id)
        assert article == parse_article(summary.id, read_text(path))
        assert len(article.text) == summary.characters
    with pytest.raises(StoreError, match="no article"):
        generation.article("nobody\ud800")
    with pytest.raises(StoreError, match="no passage"):
        generation.passages(["railway.txt#0-1"])


@pytest.mark.parametrize(
    ("where", "articles"),
    [
        (Filter(since=date(2021, 5, 4)), {"sub/lighthouse.txt"}),
        (Filter(until=date(2021, 5, 3)), {"railway.txt"}),
        (Filter(kinds=frozenset({"faq"})), {"railway.txt"}),
        (Filter(articles=frozenset({"bakery.txt"})), {"bakery.txt"}),
    ],
)
def test_both_searches_obey_a_filter(
    index: Index, town: Path, where: Filter, articles: set[str]
) -> None:
    index.sync(town)
    generation = index.reader()
    names = [name for name, _ in generation.search_dense(np.ones(32, np.float32), 50, where)]
    assert {passage.article_id for passage in generation.passages(names)} == articles
    assert set(article_ids(generation, "railway lighthouse bakery tunnel", where)) == articles


def test_a_generation_stays_as_long_as_somebody_has_it(index: Index, town: Path) -> None:
    index.sync(town)
    held = index.reader()
    for n in range(3):
        (town / "bakery.txt").write_text(f"A bakery\n\nToday it sells cake number {n}.\n")
        index.sync(town)
    assert generation_names(index) == [f"generation-00000{n}" for n in (1, 3, 4)]
    check(held)
    assert article_ids(held, "rye bread") == ["bakery.txt"]
    assert article_ids(index.reader(), "rye bread") == []
    del held
    index.sync(town)
    assert generation_names(index) == ["generation-000004"]


def generation_names(index: Index) -> list[str]:
    return sorted(path.name for path in index._generations.folder.glob("generation-*"))


READER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from fakes import FakeEncoder
from index.store import Index

def answer(generation, question):
    found = generation.passages([name for name, _ in generation.search_lexical(question, 5)])
    near = generation.search_dense(FakeEncoder().vector(question), 100)
    print(generation.name, len(near), *sorted({each.article_id for each in found}), flush=True)

index = Index.open(Path(sys.argv[1]), FakeEncoder())
oldest = index.reader()
print("open", flush=True)
for question in sys.stdin:
    answer(oldest if question.startswith("oldest: ") else index.reader(), question)
"""


def test_a_reader_elsewhere_moves_on_at_its_next_question(index: Index, town: Path) -> None:
    index.sync(town)
    command = [sys.executable, "-c", READER]
    command += [str(index._generations.folder), str(Path(__file__).parent)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin and reader.stdout

        def ask(question: str) -> list[str]:
            assert reader.stdin and reader.stdout
            reader.stdin.write(question + "\n")
            reader.stdin.flush()
            return reader.stdout.readline().split()

        assert reader.stdout.readline() == "open\n"
        (town / "zoo.txt").write_text("The zoo\n\nA zebra eats bread in the zoo.\n")
        index.sync(town)
        assert ask("bread") == ["generation-000002", "6", "bakery.txt", "zoo.txt"]
        (town / "bakery.txt").unlink()
        index.sync(town)
        (town / "zoo.txt").write_text("The zoo\n\nA zebra eats bread and hay in the zoo.\n")
        index.sync(town)
        assert ask("bread") == ["generation-000004", "5", "zoo.txt"]
        assert ask("oldest: bread") == ["generation-000001", "5", "bakery.txt"]
        assert generation_names(index) == [f"generation-00000{n}" for n in (1, 3, 4)]
        reader.kill()
        reader.wait()
        index.sync(town)
        assert generation_names(index) == ["generation-000004"]


def test_questions_of_many_threads_during_syncs(index: Index, town: Path) -> None:
    index.sync(town)
    done = Event()

    def ask() -> set[str]:
        seen = set()
        while not done.is_set():
            generation = index.reader()
            check(generation)
            seen.add(generation.name)
        return seen

    with ThreadPoolExecutor() as pool:
        askers = [pool.submit(ask) for _ in range(4)]
        for n in range(4):
            (town / "bakery.txt").write_text(f"A bakery\n\nToday it sells cake number {n}.\n")
            index.sync(town)
        done.set()
        seen = set().union(*(asker.result() for asker in askers))
    assert seen <= {f"generation-00000{n}" for n in range(1, 6)}
    assert index.reader().name == "generation-000005"


def other_model(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Index:
    return Index.open(folder, FakeEncoder("other"))


def other_cutting(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Index:
    return Index.open(folder, FakeEncoder(), passage_tokens=40)


def no_faq(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Index:
    return Index.open(folder, FakeEncoder(), index_faq=False)


def newer_version(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Index:
    monkeypatch.setattr(generations, "FORMAT", generations.FORMAT + 1)
    monkeypatch.setattr(cutting, "FORMAT", generations.FORMAT)
    return Index.open(folder, FakeEncoder())


@pytest.mark.parametrize(
    ("change", "reason", "embeds"),
    [
        (other_model, "vectors are from fake", True),
        (other_cutting, "passages were cut", None),
        (no_faq, "index_faq", False),
        (newer_version, "has format", False),
    ],
)
def test_other_settings_never_search_and_are_rebuilt(
    index: Index,
    town: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pytest.MonkeyPatch, Path], Index],
    reason: str,
    embeds: bool | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    index.sync(town)
    assert not caplog.records
    other = change(monkeypatch, index._generations.folder)
    assert reason in (other.needs_rebuild or "")
    with pytest.raises(RebuildError, match=reason) as refusal:
        other.reader()
    assert "\n" not in str(refusal.value)
    report = other.sync(town)
    assert reason in caplog.text and "building it anew" in caplog.text
    assert other.needs_rebuild is None
    assert report.generation == "generation-000002"
    other.reader().verify()
    assert embeds is None or bool(report.embedded) == embeds
    if change is no_faq:
        kinds = {passage.kind for passage in other.reader().passages(passage_ids(other.reader()))}
        assert kinds == {"body"}


def test_a_newer_index_is_refused_and_left_alone(
    index: Index, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.sync(town)
    monkeypatch.setattr(generations, "FORMAT", 0)
    monkeypatch.setattr(cutting, "FORMAT", 0)
    older = Index.open(index._generations.folder, FakeEncoder())
    for attempt in (older.reader, lambda: older.sync(town)):
        with pytest.raises(StoreError, match="newer"):
            attempt()
    assert older.generation() == "generation-000001"


def remove_database(generation: Path) -> None:
    (generation / "passages.sqlite3").unlink()


def empty_database(generation: Path) -> None:
    (generation / "passages.sqlite3").write_bytes(b"")


def garble_database(generation: Path) -> None:
    with (generation / "passages.sqlite3").open("r+b") as handle:
        handle.write(b"x" * 100)


def halve_database(generation: Path) -> None:
    data = (generation / "passages.sqlite3").read_bytes()
    (generation / "passages.sqlite3").write_bytes(data[: len(data) // 2])


def lose_a_passage(generation: Path) -> None:
    with sqlite3.connect(generation / "passages.sqlite3") as db:
        db.execute("DELETE FROM passages WHERE row = 1")


def remove_chroma(generation: Path) -> None:
    shutil.rmtree(generation / "chroma")


def remove_manifest(generation: Path) -> None:
    (generation / "manifest.json").unlink()


def remove_generation(generation: Path) -> None:
    shutil.rmtree(generation)


def garble_current(generation: Path) -> None:
    (generation.parent / "CURRENT").write_bytes(b"\xff\x00")


@pytest.mark.parametrize(
    "harm",
    [
        *(remove_database, empty_database, garble_database, halve_database, lose_a_passage),
        *(remove_chroma, remove_manifest, remove_generation, garble_current),
    ],
)
def test_damage_is_refused_and_mended_without_embedding(
    index: Index, town: Path, harm: Callable[[Path], None]
) -> None:
    index.sync(town)
    index.close()
    harm(index._generations.folder / "generation-000001")
    with pytest.raises(RebuildError, match="cited index") as refusal:
        index.reader()
    assert "\n" not in str(refusal.value)
    report = index.sync(town)
    assert (report.passages, report.embedded) == (5, 0)
    check(index.reader())


def test_with_the_real_model(tmp_path: Path, town: Path, encoder: Encoder) -> None:
    index = Index.open(tmp_path / "index", encoder)
    report = index.sync(town)
    assert report.passages == 5
    generation = index.reader()
    generation.verify()
    questions = {
        "Who looks after the lamp by the sea?": "sub/lighthouse.txt",
        "Where can I buy a loaf?": "bakery.txt",
        "Why could nobody go through the tunnel?": "railway.txt",
    }
    for question, article in questions.items():
        (best, cosine), *_ = generation.search_dense(encoder.encode([question])[0], 3)
        assert generation.passages([best])[0].article_id == article
        assert 0.2 < cosine < 1.0
    names = [name for name, _ in generation.search_dense(encoder.encode(["all"])[0], 50)]
    sizes = encoder.count_tokens([each.embedded for each in generation.passages(names)])
    assert max(sizes) <= cutting.LIMIT - passages.SPECIAL_TOKENS
