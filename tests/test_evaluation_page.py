"""The page of a run: it loads nothing, what articles say stays text, passages are marked."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import reports

from qa.evaluation.comparing import Comparison, Flip
from qa.evaluation.errors import RunError
from qa.evaluation.page import marks, write_page
from qa.evaluation.report import Quoted, Report, Retrieved

RUN = reports.report()


class Reader(HTMLParser):
    """The tags of a page with their attributes, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._within = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._within = tag if tag in self.raw else ""

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within:
            self.raw[self._within].append(data)


def page_of(report: Report, folder: Path, compared: Comparison | None = None) -> Path:
    path = folder / "report.html"
    write_page(report, path, compared)
    return path


def data_of(path: Path) -> Any:
    return json.loads(Reader(path.read_text(encoding="utf-8")).raw["script"][0])


def passage(relevant: tuple[tuple[int, int], ...]) -> Retrieved:
    return Retrieved("a.md", "A", "", "0123456789", 100, 0.5, relevant)


def quoted(number: int, start: int, end: int, article: str = "a.md") -> Quoted:
    return Quoted(number, article, "A", None, "", start, end)


def test_the_page_asks_nothing_of_anybody(tmp_path: Path) -> None:
    page = Reader(page_of(RUN, tmp_path, reports.comparison()).read_text(encoding="utf-8"))
    loading = {"src", "srcset", "action", "formaction", "poster", "background", "ping", "style"}
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "image", "use"}
        assert not loading & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    style, script = page.raw["style"][0], page.raw["script"][1]
    assert not re.search(r"url\(|@import|@font-face", style)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|fetch\(", script)
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv"))
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_hostile_text_makes_no_tag_and_comes_back_whole(tmp_path: Path) -> None:
    plain = [tag for tag, _ in Reader(page_of(RUN, tmp_path).read_text(encoding="utf-8")).tags]
    case = reports.hostile(reports.HOSTILE)
    figure = replace(
        RUN.figures[0], name=reports.HOSTILE, group=reports.HOSTILE, definition=reports.HOSTILE
    )
    curve = replace(
        RUN.curves[0], name=reports.HOSTILE, x_label=reports.HOSTILE, y_label=reports.HOSTILE
    )
    flips = (Flip(reports.HOSTILE, reports.HOSTILE, reports.HOSTILE, reports.HOSTILE),)
    report = Report(
        {reports.HOSTILE: {reports.HOSTILE: reports.HOSTILE}},
        (figure,),
        (curve,),
        (case,),
        (reports.HOSTILE,),
    )
    path = page_of(
        report, tmp_path, replace(reports.comparison(), before=reports.HOSTILE, fixed=flips)
    )
    page = Reader(path.read_text(encoding="utf-8"))
    assert {tag for tag, _ in page.tags} <= set(plain) | {"a"}
    assert len(page.raw["script"]) == 2 and len(page.raw["style"]) == 1
    data = data_of(path)
    assert data["cases"][0]["question"] == data["passages"][0]["text"] == reports.HOSTILE
    source = path.read_text(encoding="utf-8")
    assert "<img" not in source and "\u2028&amp;" not in "".join(page.raw["script"])


def test_a_passage_that_many_cases_retrieved_is_written_once(tmp_path: Path) -> None:
    data = data_of(page_of(RUN, tmp_path))
    assert len(data["passages"]) == len(reports.ARTICLES)
    assert sum(len(case["passages"]) for case in data["cases"]) > 200


def test_a_run_without_anything_has_a_page(tmp_path: Path) -> None:
    path = page_of(Report({}, (), (), ()), tmp_path)
    assert "No question was asked." in path.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot be written to .*: No such file or directory"):
        write_page(RUN, tmp_path / "missing" / "report.html")


@pytest.mark.parametrize(
    ("relevant", "cited", "expected"),
    [
        ((), [], []),
        (((2, 5),), [], [(2, 5, True, [])]),
        ((), [quoted(1, 102, 105)], [(2, 5, False, [1])]),
        ((), [quoted(1, 102, 105, "b.md")], []),
        (((2, 5),), [quoted(1, 102, 105)], [(2, 5, True, [1])]),
        (
            ((0, 6),),
            [quoted(1, 104, 108), quoted(2, 106, 108)],
            [(0, 4, True, []), (4, 6, True, [1]), (6, 8, False, [1, 2])],
        ),
        ((), [quoted(1, 90, 103), quoted(2, 108, 300)], [(0, 3, False, [1]), (8, 10, False, [2])]),
        ((), [quoted(1, 10, 20), quoted(2, 110, 120)], []),
    ],
)
def test_marks_do_not_overlap_and_stay_within_the_passage(
    relevant: tuple[tuple[int, int], ...],
    cited: list[Quoted],
    expected: list[tuple[int, int, bool, list[int]]],
) -> None:
    found = marks(passage(relevant), cited)
    assert [tuple(mark.values()) for mark in found] == expected


def test_a_fact_is_said_as_the_measures_have_it(tmp_path: Path) -> None:
    plain = next(each for each in RUN.outcomes if each.right and not each.abstained)
    said = replace(plain.sentences[0], text="It weighs 5,500 tons.")
    outcome = replace(plain, sentences=(said,), facts=(("5500 tons",), ("5 tons", "five tons")))
    facts = data_of(page_of(replace(RUN, outcomes=(outcome,)), tmp_path))["cases"][0]["facts"]
    assert [fact["said"] for fact in facts] == [True, False]
