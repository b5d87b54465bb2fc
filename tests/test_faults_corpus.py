"""A folder of articles that goes away, changes while it is read, or is full of what is no article.

What is not there any more is never cited again, and its text leaves the disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import first_state, on_disk, write_articles
from stores import TOWN, article_ids, check

from index.checking import examine
from index.errors import CorpusError, OtherCorpusError, RemovalError
from index.store import Index, SyncReport

# ---- Gone


def many(tmp_path: Path, articles: int) -> Path:
    write_articles(tmp_path / "corpus", first_state(articles))
    return tmp_path / "corpus"


def remove(corpus: Path, articles: int) -> None:
    for n in range(articles):
        (corpus / f"article-{n}.txt").unlink()


@pytest.mark.parametrize(
    ("articles", "gone", "refused"), [(10, 5, False), (10, 6, True), (30, 29, True), (9, 8, False)]
)
def test_most_articles_are_removed_only_when_that_is_allowed(
    index: Index, tmp_path: Path, articles: int, gone: int, refused: bool
) -> None:
    corpus = many(tmp_path, articles)
    index.sync(corpus)
    remove(corpus, gone)
    if refused:
        with pytest.raises(RemovalError, match=f"{gone} of {articles} .*--yes") as refusal:
            index.sync(corpus)
        assert "\n" not in str(refusal.value)
        assert len(index.reader().articles()) == articles
    report = index.sync(corpus, allow_removals=refused)
    assert len(report.removed) == gone
    assert check(index.reader()) == on_disk(corpus)


def test_articles_that_can_no_longer_be_read_count_as_gone(index: Index, tmp_path: Path) -> None:
    corpus = many(tmp_path, 12)
    index.sync(corpus)
    for n in range(7):
        (corpus / f"article-{n}.txt").write_bytes(b"\x00" * 100)
    with pytest.raises(RemovalError, match="7 of 12"):
        index.sync(corpus)
    assert len(check(index.reader())) == 12
    assert len(index.sync(corpus, allow_removals=True).skipped) == 7


def test_an_index_is_not_handed_to_another_folder_unasked(index: Index, tmp_path: Path) -> None:
    corpus = many(tmp_path, 3)
    index.sync(corpus)
    other = tmp_path / "second"
    other.mkdir()
    (other / "news.txt").write_text("The Other Story\n\nSheep graze beside the school.\n")
    with pytest.raises(OtherCorpusError, match=f"is of {corpus}: .*--index-dir .*--yes") as refusal:
        index.sync(other)
    assert "\n" not in str(refusal.value)
    assert check(index.reader()) == on_disk(corpus)
    assert index.sync(other, allow_removals=True).added == ("news.txt",)
    with pytest.raises(OtherCorpusError, match=f"is of {other}"):
        index.sync(corpus)


def test_a_folder_that_was_moved_is_the_same(index: Index, tmp_path: Path) -> None:
    corpus = many(tmp_path, 3)
    index.sync(corpus)
    moved = corpus.rename(tmp_path / "moved")
    assert len(index.sync(moved).unchanged) == 3
    (moved / "article-0.txt").unlink()
    assert index.sync(moved).removed == ("article-0.txt",)


def test_renaming_all_is_not_removing(index: Index, tmp_path: Path) -> None:
    corpus = many(tmp_path, 12)
    index.sync(corpus)
    for path in [*corpus.iterdir()]:
        path.rename(corpus / f"moved-{path.name}")
    assert len(index.sync(corpus).renamed) == 12


@pytest.mark.parametrize("step", ["reading", "embedding"])
def test_a_folder_that_goes_away_during_a_sync_is_an_error(
    index: Index, town: Path, step: str
) -> None:
    index.sync(town)
    (town / "bakery.txt").write_text("A bakery\n\nIt sells otters now.\n")
    (town / "zoo.txt").write_text("The zoo\n\nIt has otters, too.\n")

    def unmount(told: str, _done: int, _of: int) -> None:
        if told == step:
            shutil.rmtree(town, ignore_errors=True)

    with pytest.raises(CorpusError, match="went away"):
        index.sync(town, unmount)
    assert set(check(index.reader())) == set(TOWN)


# ---- Changing


def test_a_file_that_changes_while_it_is_read_is_read_again(index: Index, town: Path) -> None:
    """Between the scan and the reading it says something else, and then what it said before."""
    railway = town / "railway.txt"
    first = railway.read_text()

    def interfere(step: str, done: int, _of: int) -> None:
        if (step, done) == ("reading", 1):
            railway.write_text("The railway\n\nIt was closed by zebras.\n")

    index.sync(town, interfere)
    assert article_ids(index.reader(), "zebras") == ["railway.txt"]
    railway.write_text(first)
    assert index.sync(town).changed == ("railway.txt",)
    assert article_ids(index.reader(), "zebras") == []
    assert check(index.reader())["railway.txt"] == first.strip()


# ---- Never cited again


def holders(folder: Path, word: str) -> set[str]:
    """The parts of an index folder in whose bytes a word occurs."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    hits = [path for path in files if word.encode() in path.read_bytes().lower()]
    return {path.relative_to(folder).parts[0] for path in hits}


def delete(article: Path) -> None:
    article.unlink()


def rename(article: Path) -> None:
    article.rename(article.with_name("renamed.txt"))


def rewrite(article: Path) -> None:
    article.write_text("A title\n\nNothing of it is left.\n")


@pytest.mark.parametrize("change", [delete, rename, rewrite])
@pytest.mark.parametrize("others", [2, 80])
def test_what_went_is_never_cited_and_its_text_leaves_the_disk(
    index: Index, tmp_path: Path, others: int, change: Callable[[Path], None]
) -> None:
    corpus, folder = many(tmp_path, others), tmp_path / "index"
    secret = corpus / "secret.txt"
    secret.write_text("A title\n\nThe Quetzalcoatlus marmalade was never to be published.\n")
    first = index.sync(corpus).generation
    assert holders(folder, "marmalade") == {first}
    change(secret)
    last = index.sync(corpus).generation
    cited = article_ids(index.reader(), "Quetzalcoatlus marmalade")
    assert cited == (["renamed.txt"] if change is rename else [])
    ids = {article.id for article in index.reader().articles()}
    assert ("secret.txt" in ids) == (change is rewrite)
    index.sync(corpus)
    kept = {last} if change is rename else set()
    assert holders(folder, "marmalade") == holders(folder, "quetzalcoatl") == kept


# ---- Hostile


def write_hostile(corpus: Path) -> dict[str, str]:
    """A corpus of everything that is none; returns what is left out, and a word of why."""
    corpus.mkdir()
    (corpus / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (corpus / "huge.txt").write_bytes(b"A sentence that goes on. " * 2_000_000)
    (corpus / "photo.png").write_bytes(b"\x89PNG\r\n")
    (corpus / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (corpus / "broken.docx").write_bytes(b"PK\x03\x04 and nothing more")
    (corpus / "half.txt").write_bytes(b"\xff\xfeA")
    os.mkfifo(corpus / "pipe.txt")
    (corpus / "outside.txt").symlink_to("/etc/hostname")
    (corpus / "loop.txt").symlink_to(corpus / "loop.txt")
    (corpus / "dead.txt").symlink_to(corpus / "nowhere.txt")
    (corpus / "round").mkdir()
    (corpus / "round" / "again").symlink_to(corpus)
    (corpus / os.fsdecode(b"bad-\xff.txt")).write_text("A title\n\nIts name is not text.\n")
    return {
        "binary.txt": "binary",
        "huge.txt": "too large",
        "photo.png": "not an article format",
        "broken.pdf": "damaged",
        "broken.docx": "damaged",
        "half.txt": "damaged",
        "pipe.txt": "not a regular file",
        "outside.txt": "leaves the folder",
        "loop.txt": "loops",
        "dead.txt": "link to nothing",
        "round/again": "link",
        "bad-\\xff.txt": "not valid UTF-8",
    }


def write_odd(corpus: Path) -> set[str]:
    """Articles that are odd, but articles; returns their ids."""
    corpus.mkdir()
    deep = corpus
    for _ in range(1_000):
        deep = deep / "d"
        deep.mkdir()
    (deep / "deep.txt").write_text("Deep\n\nIt lies deep down.\n")
    (corpus / "latin-1.txt").write_bytes(
        "Café\n\nDas Café schließt früh am Abend.\n".encode("latin-1")
    )
    (corpus / "utf-16.txt").write_text("Wide\n\nIt is as wide as the sea.\n", encoding="utf-16")
    (corpus / "new\nline.txt").write_text("New\n\nIts name has two lines.\n")
    (corpus / "otter 🦦.txt").write_text("Otter 🦦\n\nThe otter 🦦 sleeps on its back.\n")
    (corpus / ("long" * 50 + ".txt")).write_text("Long\n\nIts name is long.\n")
    (corpus / "lines.txt").write_text("\n" * 50_000 + "Late\n\nIt begins late.\n")
    (corpus / "line.txt").write_text("word " * 100_000)
    found = {path.relative_to(corpus).as_posix() for path in corpus.glob("*.txt")}
    return found | {"d/" * 1_000 + "deep.txt"}


def sync_all(index: Index, corpus: Path) -> tuple[SyncReport, dict[str, str]]:
    report = index.sync(corpus)
    return report, {skipped.path: skipped.reason for skipped in report.skipped}


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Path]:
    """A folder for what even `shutil.rmtree` cannot take away, removed by a program that can."""
    folder = tmp_path / "odd"
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="names and pipes as Linux has them")
def test_a_hostile_corpus_is_read_to_its_end(index: Index, tmp_path: Path, odd: Path) -> None:
    articles = write_odd(odd)
    report, left_out = sync_all(index, odd)
    assert set(report.added) == articles
    assert not left_out
    assert {article.id for article in index.reader().articles()} == articles
    examine(tmp_path / "index" / report.generation)
    hostile = write_hostile(odd / "hostile")
    report, left_out = sync_all(index, odd)
    assert set(left_out) == {f"hostile/{name}" for name in hostile}
    for name, reason in hostile.items():
        assert reason in left_out[f"hostile/{name}"]
        assert "\n" not in left_out[f"hostile/{name}"]
    assert set(report.unchanged) == articles


def test_the_same_page_many_times_hides_no_other(index: Index, tmp_path: Path) -> None:
    """As a crawler leaves it that was turned away: whatever is alike may be found for another."""
    corpus = many(tmp_path, 60)
    for n in range(400):
        (corpus / f"denied-{n}.txt").write_text("Access denied\n\nThis page cannot be shown.\n")
    assert len(index.sync(corpus).added) == 460
    assert index.reader().manifest.exact
    examine(tmp_path / "index" / "generation-000001")
    for n in range(400):
        (corpus / f"denied-{n}.txt").unlink()
    index.sync(corpus, allow_removals=True)
    assert not index.reader().manifest.exact
    assert check(index.reader()) == on_disk(corpus)


def test_ten_thousand_empty_files_are_each_told(index: Index, tmp_path: Path) -> None:
    corpus = many(tmp_path, 3)
    for n in range(10_000):
        (corpus / f"empty-{n}.txt").touch()
    report, left_out = sync_all(index, corpus)
    assert len(report.added) == 3
    assert left_out == {f"empty-{n}.txt": "empty" for n in range(10_000)}
