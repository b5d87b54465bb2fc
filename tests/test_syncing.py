"""What a sync does with files that come, change, move and go; and when it fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fakes import FakeEncoder
from stores import TOWN, article_ids, check, passage_ids

from index import generations
from index.errors import CorpusError, NoIndexError, RebuildError, StoreError
from index.store import Generation, Index


def test_nothing_new_is_no_new_generation(index: Index, town: Path, fake: FakeEncoder) -> None:
    index.sync(town)
    again = index.sync(town)
    assert (again.unchanged, again.embedded, again.generation) == (TOWN, 0, "generation-000001")
    (town / "railway.txt").touch()
    assert index.sync(town).generation == "generation-000001"
    assert len(fake.encoded) == 5


def test_what_a_killed_build_left_goes_even_when_nothing_is_new(index: Index, town: Path) -> None:
    index.sync(town)
    left = index._generations.next()
    (left / "half.bin").write_bytes(b"half")
    assert index.sync(town).generation == "generation-000001"
    assert not left.exists()


def test_added_changed_removed_and_renamed(index: Index, town: Path, fake: FakeEncoder) -> None:
    for n in range(8):  # so many that the changes are few
        (town / f"more{n}.txt").write_text(f"More number {n}\n\nA sentence about thing{n} here.\n")
    index.sync(town)
    check(index.reader())
    fake.encoded.clear()
    (town / "new.txt").write_text("A new one\n\nSomething about zebras is said here.\n")
    (town / "more0.txt").write_text("More number 0\n\nNow it is about giraffes instead.\n")
    (town / "bakery.txt").unlink()
    (town / "railway.txt").rename(town / "sub" / "trains.txt")
    report = index.sync(town)
    assert (report.added, report.changed, report.removed) == (
        ("new.txt",),
        ("more0.txt",),
        ("bakery.txt",),
    )
    assert report.renamed == (("railway.txt", "sub/trains.txt"),)
    assert len(report.unchanged) == 8
    assert report.embedded == len(fake.encoded) == 2
    generation = index.reader()
    assert generation.manifest.churn == 1 + 1 + 3  # copied, not built anew
    check(generation)
    hits = set(article_ids(generation, "zebras giraffes tunnel"))
    assert hits == {"new.txt", "more0.txt", "sub/trains.txt"}
    assert article_ids(generation, "rye bread thing0") == []


def test_what_a_copy_gives_is_what_a_new_build_gives(
    index: Index, town: Path, tmp_path: Path
) -> None:
    for n in range(6):
        (town / f"more{n}.txt").write_text(f"More number {n}\n\nA sentence about thing{n} here.\n")
    index.sync(town)
    (town / "more3.txt").unlink()
    (town / "railway.txt").write_text((town / "railway.txt").read_text().replace("flood", "storm"))
    index.sync(town)
    anew = Index.open(tmp_path / "anew", FakeEncoder())
    anew.sync(town)
    copied, built = index.reader(), anew.reader()
    assert copied.manifest.churn
    assert not built.manifest.churn
    assert copied.articles() == built.articles()
    words = ["the", "storm", "flood", "tunnel", "thing3", "thing4", "sentence", "kilometres"]
    assert copied.sentence_frequencies(words) == built.sentence_frequencies(words)
    for question in (*words, "the closed tunnel of the railway"):
        assert dict(copied.search_lexical(question, 50)) == pytest.approx(
            dict(built.search_lexical(question, 50))
        )
    vector = FakeEncoder().vector("?")
    assert dict(copied.search_dense(vector, 50)) == pytest.approx(
        dict(built.search_dense(vector, 50)), abs=1e-5
    )


def test_much_change_builds_anew_and_embeds_nothing_known(index: Index, town: Path) -> None:
    index.sync(town)
    for name in ("railway.txt", "bakery.txt"):
        path = town / name
        path.rename(town / f"moved-{name}")
    report = index.sync(town)
    assert len(report.renamed) == 2
    assert report.embedded == 0
    assert index.reader().manifest.churn == 0
    check(index.reader())


def test_churn_leads_to_a_new_build(index: Index, town: Path) -> None:
    churns = []
    for n in range(8):
        (town / "bakery.txt").write_text(f"A bakery\n\nToday it sells bread number {n}.\n")
        index.sync(town)
        churns.append(index.reader().manifest.churn)
    assert churns == [0, 1, 2, 3, 0, 1, 2, 3]


def test_removed_text_is_gone_from_the_bytes(index: Index, town: Path, tmp_path: Path) -> None:
    secret = "Quetzalcoatlus marmalade"
    for n in range(6):
        (town / f"more{n}.txt").write_text(f"More number {n}\n\nA sentence about thing{n} here.\n")
    (town / "secret.txt").write_text(f"A title\n\nThe {secret} was never meant to be published.\n")
    first = index.sync(town).generation
    (town / "secret.txt").unlink()
    last = index.sync(town).generation

    def holders(word: str) -> set[str]:
        folder = tmp_path / "index"
        files = [path for path in folder.rglob("*") if path.is_file()]
        hits = [path for path in files if word.encode() in path.read_bytes().lower()]
        return {path.relative_to(folder).parts[0] for path in hits}

    assert index.reader().manifest.churn == 1
    assert holders("uetzalcoatl") == {first}  # of its stem, too
    assert last not in holders("marmalade")
    assert "vectors.sqlite3" not in holders("marmalade")


def test_an_unreadable_file_is_reported_and_the_rest_is_indexed(index: Index, town: Path) -> None:
    (town / "empty.txt").write_text("")
    (town / "page.xyz").write_text("?")
    report = index.sync(town)
    assert report.added == TOWN
    assert [skipped.path for skipped in report.skipped] == ["empty.txt", "page.xyz"]
    again = index.sync(town)
    assert again.skipped == report.skipped
    assert again.generation == report.generation
    (town / "bakery.txt").write_text("")
    report = index.sync(town)
    assert report.removed == ("bakery.txt",)
    assert len(report.skipped) == 3
    (town / "empty.txt").write_text("Not empty\n\nIt has a sentence about otters now.\n")
    assert index.sync(town).added == ("empty.txt",)
    assert article_ids(index.reader(), "otters") == ["empty.txt"]


@pytest.mark.parametrize("indexed", [False, True])
def test_no_articles_is_an_error_and_wipes_nothing(index: Index, town: Path, indexed: bool) -> None:
    if indexed:
        index.sync(town)
    for name in TOWN:
        (town / name).unlink()
    with pytest.raises(CorpusError, match=r"town.*\.txt"):
        index.sync(town)
    (town / "empty.txt").write_text("")
    with pytest.raises(CorpusError, match=r"empty\.txt"):
        index.sync(town)
    shutil.rmtree(town)
    with pytest.raises(CorpusError, match="town"):
        index.sync(town)
    if indexed:
        check(index.reader())
    else:
        with pytest.raises(NoIndexError):
            index.reader()
        assert index.generation() == ""


def test_an_article_without_a_sentence_to_cite_is_listed(index: Index, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "faq.txt").write_text("Frequently Asked Questions\n\nQ: Why?\nA: Because of it.\n")
    without_faq = Index.open(tmp_path / "index", FakeEncoder(), index_faq=False)
    report = without_faq.sync(corpus)
    generation = without_faq.reader()
    assert len(generation.articles()) == 1
    assert len(passage_ids(generation)) == report.passages
    generation.verify()


def test_a_build_that_fails_leaves_what_served(
    index: Index, town: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index.sync(town)

    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generations, "make_durable", full)
    (town / "bakery.txt").write_text("A bakery\n\nIt sells otters now.\n")
    with pytest.raises(StoreError, match="No space left"):
        index.sync(town)
    check(index.reader())
    assert article_ids(index.reader(), "otters") == []
    assert [path.name for path in (tmp_path / "index").glob("gen*")] == ["generation-000001"]
    monkeypatch.undo()
    assert index.sync(town).changed == ("bakery.txt",)


def test_a_copy_that_does_not_verify_is_built_anew(
    index: Index, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.sync(town)
    whole = Generation.verify

    def strict(generation: Generation) -> None:
        whole(generation)
        if generation.manifest.churn:
            raise RebuildError("not this one")

    monkeypatch.setattr(Generation, "verify", strict)
    (town / "bakery.txt").write_text("A bakery\n\nIt sells otters now.\n")
    assert index.sync(town).changed == ("bakery.txt",)
    assert index.reader().manifest.churn == 0
    check(index.reader())


def test_progress_counts_up_to_the_whole(index: Index, town: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    index.sync(town, lambda step, done, of: calls.append((step, done, of)))
    assert [step for step in dict.fromkeys(step for step, _, _ in calls)] == [
        "reading",
        "embedding",
        "verifying",
    ]
    for step in ("reading", "embedding", "verifying"):
        done = [(done, of) for name, done, of in calls if name == step]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]
