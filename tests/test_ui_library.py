"""The library and its uploads: what is listed, what narrows, and what no file name can do."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest

import ui.uploads
from index.embedding import Encoder
from index.filters import Filter
from index.readers import MAX_BYTES
from index.store import ArticleSummary
from qa import Assistant, Settings
from qa.errors import QuestionError
from ui.library import PAGE, chosen, dated, library_html, narrowed_html, toggled
from ui.page import build_page
from ui.uploads import FOLDER, MOST_AT_ONCE, SUFFIXES, UploadError, Uploads

TEXT = "The Ferry of Ullapool\n\nThe ferry carries forty goats every Tuesday.\n"


def summary(name: str, title: str, day: date | None = None, passages: int = 3) -> ArticleSummary:
    return ArticleSummary(name, title, "Ada Example", day, "wire", 100, passages, 2, ("odd <b>",))


ARTICLES = [
    summary("a.txt", "beta", date(2023, 9, 1), 9),
    summary("b.txt", "Alpha", None, 1),
    summary("c.txt", "gamma", date(2023, 9, 3), 5),
]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("Newest first", "cab"), ("Oldest first", "acb"), ("By title", "bac"),
        ("Longest first", "acb"), ("nonsense", "cab"),
    ],
)  # fmt: skip
def test_articles_are_sorted(order: str, ids: str) -> None:
    assert "".join(each.id[0] for each in chosen(ARTICLES, "", order)) == ids


@pytest.mark.parametrize(
    ("words", "ids"), [("ALPHA", "b"), ("ada wire", "cab"), ("c.txt", "c"), ("ada nobody", "")]
)
def test_all_words_must_occur_somewhere(words: str, ids: str) -> None:
    assert "".join(each.id[0] for each in chosen(ARTICLES, words, "Newest first")) == ids


def test_the_list_ticks_what_the_chat_is_limited_to() -> None:
    scope = Filter(articles=frozenset({"a.txt"}))
    shown = library_html(ARTICLES, ARTICLES, scope, removable=lambda name: name == "c.txt")
    rows = re.findall("<tr>(.*?)</tr>", shown)[1:]
    assert ['aria-pressed="true"' in row for row in rows] == [True, False, False]
    assert ['data-do="delete"' in row for row in rows] == [False, False, True]
    assert "odd &lt;b&gt;" in rows[0] and "<b>" not in shown
    assert "3 articles" in shown


def test_a_long_list_is_shown_by_pages() -> None:
    many = [summary(f"{number}.txt", str(number)) for number in range(PAGE + 7)]
    shown = library_html(many, many, Filter())
    assert shown.count("<tr>") == PAGE + 1 and "Show 7 more" in shown
    assert "Show" not in library_html(many, many, Filter(), shown=2 * PAGE)
    assert "2 of 3 articles" in library_html(ARTICLES, ARTICLES[:2], Filter())


def test_an_article_is_chosen_and_let_go_again() -> None:
    since = Filter(since=date(2023, 9, 1))
    one = toggled(since, "a.txt", ["a.txt", "b.txt"])
    assert one == Filter(frozenset({"a.txt"}), date(2023, 9, 1))
    assert toggled(one, "a.txt", ["a.txt"]) == since
    with pytest.raises(QuestionError, match="no article 'x'"):
        toggled(one, "x", ["a.txt"])


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2023-09-01", "", Filter(since=date(2023, 9, 1))),
        (None, "2023-09-02", Filter(until=date(2023, 9, 2))),
        ("", None, Filter()),
        ("2023-09-01", "2023-09-01", Filter(since=date(2023, 9, 1), until=date(2023, 9, 1))),
    ],
)
def test_dates_narrow(since: str | None, until: str | None, expected: Filter) -> None:
    assert dated(Filter(), since, until) == expected
    assert dated(Filter(frozenset("a")), since, until).articles == frozenset("a")


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [("yesterday", "", "is no date"), ("2023-13-40", "", "is no date"),
     ("2023-09-02", "2023-09-01", "turn them round")],
)  # fmt: skip
def test_odd_dates_are_told_in_a_line(since: str, until: str, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        dated(Filter(), since, until)


def test_the_limits_are_shown_with_a_way_out() -> None:
    shown = narrowed_html(Filter(since=date(2023, 9, 1)), "articles <b>")
    assert 'value="2023-09-01"' in shown and 'data-do="clear"' in shown
    assert "articles &lt;b&gt;" in shown
    assert 'data-do="clear"' not in narrowed_html(Filter(), "")


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    (tmp_path / "corpus").mkdir()
    return Uploads(tmp_path / "corpus")


def sent(tmp_path: Path, name: str, text: str | bytes = TEXT) -> Path:
    file = tmp_path / "sent" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a ferry!.txt", "a-ferry.txt"),
        (".hidden.md", "hidden.md"),
        ("..txt", "article.txt"),
        ("2023-09-13_Träume.TXT", "2023-09-13_Traume.txt"),
        ("..\\..\\evil.txt", "evil.txt"),
        ("-rf.txt", "rf.txt"),
        ("шут.txt", "article.txt"),
        ("<img src=x>.txt", "img-src-x.txt"),
        ("x" * 200 + ".txt", "x" * 80 + ".txt"),
    ],
)
def test_files_are_kept_under_safe_names(
    uploads: Uploads, tmp_path: Path, name: str, kept: str
) -> None:
    taken = uploads.take([sent(tmp_path, name)])
    assert (taken.added, taken.skipped) == ((f"{FOLDER}/{kept}",), ())
    assert (tmp_path / "corpus" / FOLDER / kept).read_text(encoding="utf-8") == TEXT
    assert uploads.holds(f"{FOLDER}/{kept}")
    uploads.remove(f"{FOLDER}/{kept}")
    assert list((tmp_path / "corpus" / FOLDER).iterdir()) == []


def test_a_name_that_is_taken_gets_a_number_and_the_same_file_is_told(
    uploads: Uploads, tmp_path: Path
) -> None:
    uploads.take([sent(tmp_path, "a.txt")])
    again = uploads.take([sent(tmp_path, "a.txt")])
    assert "is there already, as uploads/a.txt" in again.skipped[0].reason
    other = uploads.take([sent(tmp_path, "a.txt", TEXT + "And more of it.\n")])
    assert other.added == (f"{FOLDER}/a-2.txt",)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.exe", TEXT, "not an article format"),
        ("a", TEXT, "not an article format"),
        ("a.txt.sh", TEXT, "not an article format"),
        ("a.txt", " \n", "empty|no text"),
        ("a.txt", b"\x00\x01\x02" * 100, "."),
        ("a.pdf", b"%PDF-1.4 broken", "."),
        ("a.txt", b"x" * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_article_is_left_out_with_the_reason(
    uploads: Uploads, tmp_path: Path, name: str, text: str | bytes, reason: str
) -> None:
    taken = uploads.take([sent(tmp_path, name, text)])
    assert taken.added == ()
    assert taken.skipped[0].path == name and re.search(reason, taken.skipped[0].reason)
    assert list((tmp_path / "corpus" / FOLDER).iterdir()) == []


def test_too_many_at_once_and_too_many_in_all_are_refused(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UploadError, match=f"at most {MOST_AT_ONCE}"):
        uploads.take([sent(tmp_path, "a.txt")] * (MOST_AT_ONCE + 1))
    monkeypatch.setattr(ui.uploads, "MOST", 1)
    taken = uploads.take([sent(tmp_path, "a.txt"), sent(tmp_path, "b.txt", TEXT + "More.\n")])
    assert len(taken.added) == len(taken.skipped) == 1


@pytest.mark.parametrize(
    "name",
    ["railway.txt", "uploads/../railway.txt", "../secret.txt", "/etc/passwd", "uploads", "",
     "uploads/", "uploads/sub/a.txt", "uploads/none.txt", "uploads/link.txt", "uploads/.hidden"],
)  # fmt: skip
def test_only_uploads_can_be_removed(uploads: Uploads, tmp_path: Path, name: str) -> None:
    corpus = tmp_path / "corpus"
    for other in ("corpus/railway.txt", "secret.txt"):
        (tmp_path / other).write_text(TEXT, encoding="utf-8")
    (corpus / FOLDER / "sub").mkdir(parents=True)
    (corpus / FOLDER / "sub" / "a.txt").write_text(TEXT, encoding="utf-8")
    (corpus / FOLDER / ".hidden").write_text(TEXT, encoding="utf-8")
    os.symlink(tmp_path / "secret.txt", corpus / FOLDER / "link.txt")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UploadError, match="it stays"):
        uploads.remove(name)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_leads_elsewhere_takes_nothing(uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "corpus" / FOLDER)
    with pytest.raises(UploadError, match="leads elsewhere"):
        uploads.take([sent(tmp_path, "a.txt")])
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("allowed", [True, False])
def test_files_can_be_brought_in_only_where_that_is_allowed(
    tmp_path: Path, town: Path, encoder: Encoder, allowed: bool
) -> None:
    bot = Assistant.open(Settings(corpus=town, index_dir=tmp_path / "index"))
    config = build_page(bot, uploads=allowed).get_config_file()
    kinds = [component["type"] for component in config["components"]]
    targets = [event for each in config["dependencies"] for _, event in each["targets"]]
    assert ("file" in kinds) == ("upload" in targets) == allowed


def test_only_ask_is_an_address_for_programs(tmp_path: Path, town: Path, encoder: Encoder) -> None:
    bot = Assistant.open(Settings(corpus=town, index_dir=tmp_path / "index"))
    config = build_page(bot, uploads=True, evaluate=lambda _tell: None).get_config_file()
    assert len(config["dependencies"]) > 20
    shown = [each for each in config["dependencies"] if each["api_visibility"] != "private"]
    assert [each["api_name"] for each in shown] == ["ask"]


def test_what_can_be_uploaded_is_what_can_be_read(tmp_path: Path) -> None:
    from index.readers import _READERS

    assert set(SUFFIXES) == set(_READERS)
