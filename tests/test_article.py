"""Parsing: heads, headings, FAQ layouts, furniture and comments, and five real articles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.article import Article, parse_article, stand_in_title
from index.readers import read_text

SHARED = Path(__file__).parents[2] / "shared" / "corpus"

FIRST = (
    "The delegation left the capital on Sunday evening and crossed the border river two days "
    "later, railway officials in the region said."
)
SECOND = (
    "Nobody would say what was agreed. Analysts in Seoul and Tokyo expect food to go one way and "
    "shells the other, though neither side has confirmed it."
)
THIRD = (
    "The carriages are heavy, and the bridges on the eastern line are old, so the train seldom "
    "goes faster than sixty kilometres an hour."
)
PAIRS = (
    ("Why does he travel by train?", "It is armoured, and it can be guarded along the whole line."),
    (
        "Did the U.S. object?",
        "Yes. The U.S. Treasury warned of sanctions on Tuesday, September 12, 2023. So did others.",
    ),
    ("What did the two sides want?", "One side wanted shells. The other asked for grain and fuel."),
)


def parse(text: str, article_id: str = "some-file.txt") -> Article:
    return parse_article(article_id, text)


def body(article: Article) -> list[str]:
    return [article.text[a:b] for section in article.sections for a, b in section.paragraphs]


def dropped(article: Article) -> list[str]:
    return [article.text[a:b] for a, b in article.dropped]


def pairs(article: Article) -> list[tuple[str, str]]:
    return [(pair.question, pair.answer) for pair in article.faq]


# ---- Heads


@pytest.mark.parametrize(
    ("head", "title", "byline", "day"),
    [
        ("A Train Crosses the River", "A Train Crosses the River", "", None),
        ("# A Train Crosses the River #", "A Train Crosses the River", "", None),
        ("**A train crosses the river**", "A train crosses the river", "", None),
        (
            "Who waits at the border, and why now?",
            "Who waits at the border, and why now?",
            "",
            None,
        ),
        ("Leader Leaves for the U.S.", "Leader Leaves for the U.S.", "", None),
        ("A Train\n\nby Ann Lee", "A Train", "Ann Lee", None),
        ("A Train\nBy ANN LEE and BO DE WIT", "A Train", "ANN LEE and BO DE WIT", None),
        ("A Train\n\nWritten by Ann Lee, Daily Example", "A Train", "Ann Lee, Daily Example", None),
        (
            "A Train\n\nby Jane May, example | 13 September 2023",
            "A Train",
            "Jane May, example",
            date(2023, 9, 13),
        ),
        ("A Train\n\nAuthor: Ann Lee", "A Train", "Ann Lee", None),
        (
            "A Train\n\nBy Ann Lee. This is an example written for a test.",
            "A Train",
            "Ann Lee. This is an example written for a test.",
            None,
        ),
        ("A Train\n\nBy Ann Lee | September 12, 2023", "A Train", "Ann Lee", date(2023, 9, 12)),
        ("A Train\n\nAnn Lee, 13 September 2023", "A Train", "Ann Lee", date(2023, 9, 13)),
        ("A Train\n\nPublished: 2023-09-13", "A Train", "", date(2023, 9, 13)),
        ("A Train\n\n2023-09-13T08:30:00Z", "A Train", "", date(2023, 9, 13)),
        ("A Train\n\nTuesday, Sept. 12, 2023 at 4:15 pm EDT", "A Train", "", date(2023, 9, 12)),
        ("A Train\n\nPosted on September 12th, 2023", "A Train", "", date(2023, 9, 12)),
        ("A Train\n\nUpdated 10:32 GMT, 13 Sep 2023", "A Train", "", date(2023, 9, 13)),
        (
            "A Train\n\nPublished Sept 12, 2023; updated Sept 14, 2023",
            "A Train",
            "",
            date(2023, 9, 12),
        ),
        ("A Train\n\nVladivostok, 12 September 2023", "A Train", "", date(2023, 9, 12)),
        ("A Train\n\n13.09.2023", "A Train", "", date(2023, 9, 13)),
        ("A Train\n\n09/13/2023", "A Train", "", date(2023, 9, 13)),
        ("A Train\n\n09/12/2023", "A Train", "", None),
        ("A Train\n\nMay 2, 2023\n\nUpdated: May 3, 2023", "A Train", "", date(2023, 5, 2)),
        ("September 13, 2023\n\nA Train\n\nBy Ann Lee", "A Train", "Ann Lee", date(2023, 9, 13)),
        ("Home\n\nA Train\n\n0 comment\n\n5 min read", "A Train", "", None),
        ("A Train\n\nby Ann Lee\n0 comment\nNorthern Affairs", "A Train", "Ann Lee", None),
        ("A Train\n\nby Ann Lee\n\nWorld News", "A Train", "Ann Lee", None),
        ("World\nA Train\nBy Ann Lee and Bo De Wit", "A Train", "Ann Lee and Bo De Wit", None),
        ("Words: A History\n\nBy Ann Lee", "Words: A History", "Ann Lee", None),
        ("Home | News | Blogs | About\n\nA Train\n\nBy Ann Lee", "A Train", "Ann Lee", None),
        ("News › Rail › East\n\nCan it cross the river?", "Can it cross the river?", "", None),
        ("Home > News > Rail\n\nBy Ann Lee\n\nA Train", "A Train", "Ann Lee", None),
        ("# A Train\n\nBy Ann Lee\n\nHome » Rail\n\n# A Train", "A Train", "Ann Lee", None),
        ("Rivers | Bridges | Trains\n\nBy Ann Lee", "Rivers | Bridges | Trains", "Ann Lee", None),
    ],
)
def test_head(head: str, title: str, byline: str, day: date | None) -> None:
    article = parse(f"{head}\n\n{FIRST}\n\n{SECOND}")
    assert (article.title, article.byline, article.date) == (title, byline, day)
    assert body(article) == [FIRST, SECOND]
    assert article.sections[0].heading == ""


NAMES = {
    "Reporter: Ann Lee": "Ann Lee",
    "Words: Ann Lee. Photos: Bo De Wit": "Ann Lee",
    "Story by Ann Lee": "Ann Lee",
    "Posted on 3 June 2024 by Dr Ann Leeson-Lee\nReading time: 4 minutes": "Dr Ann Leeson-Lee",
    "Ann Lee | Monday 3 June 2024 | 5 min read": "Ann Lee",
    "Ann Lee | Health | 3 June 2024": "Ann Lee",
    "Opinion | Letters | 3 June 2024": "",
    "Daily Example, 3 June 2024": "",
    "Published by The Example on 3 June 2024": "",
    "By Dr. Ann Lee · Example Notes · Last updated: 3 June 2024": "Dr. Ann Lee",
    "By Ann Lee, updated 3 June 2024": "Ann Lee",
    "By Ann Lee\nPublished in Example Life, June 3, 2024": "Ann Lee",
    "Ann Lee\n3 June 2024": "Ann Lee",
    "Ann Lee and Bo de Wit\n\n3 June 2024": "Ann Lee and Bo de Wit",
    "Ann Lee, health editor\n3 June 2024": "Ann Lee",
    "3 June 2024\nAnn Lee": "Ann Lee",
    "Published: 2024-06-03\n\nBy Ann Lee\n\nAnn Lee": "Ann Lee",
    "Example Radio News\n3 June 2024\nReporter: Ann Lee": "Ann Lee",
    "Home > News > Rail\n\nBy Ann Lee": "Ann Lee",
    "Ann Lee, 3 June 2024\n\nShare: Facebook | X | Copy link": "Ann Lee",
}


@pytest.mark.parametrize("mark", ["", "# "])
@pytest.mark.parametrize("lines", NAMES)
def test_lines_under_the_title(lines: str, mark: str) -> None:
    article = parse(f"{mark}A Train\n\n{lines}\n\n{FIRST}\n\n{SECOND}")
    assert (article.title, article.byline) == ("A Train", NAMES[lines])
    assert article.date == (date(2024, 6, 3) if "2024" in lines else None)
    assert article.sections[0].heading == ""
    assert body(article) == [FIRST, SECOND]


def test_a_name_below_the_date_is_a_byline_where_headings_are_marked() -> None:
    article = parse(f"# A Train\n\n3 June 2024\n\nAnn Lee\n\n{FIRST}\n\n## Why\n\n{SECOND}")
    assert (article.byline, article.sections[0].heading) == ("Ann Lee", "")
    article = parse(f"A Train\n\n3 June 2024\n\nEarly Days\n\n{FIRST}\n\nWhy\n\n{SECOND}")
    assert (article.byline, article.sections[0].heading) == ("", "Early Days")


@pytest.mark.parametrize(
    ("line", "section"),
    [
        ("Early Days", "Early Days"),
        ("Key Points", "Key Points"),
        ("By Train", "By Train"),
        ("September 11, 2001", "September 11, 2001"),
    ],
)
def test_a_heading_is_no_byline(line: str, section: str) -> None:
    head = "# A Train\n\nPublished: 2024-06-03"
    for between in (FIRST, f"{FIRST}\n\nThe Way There\n\n{THIRD}"):
        article = parse(f"{head}\n\n{between}\n\n{line}\n\n{SECOND}")
        assert (article.byline, article.sections[-1].heading) == ("", section)
    # Headings without a mark: so may the first line below the date be one.
    article = parse(f"{head}\n\nKey Points\n\n{FIRST}\n\nThe Way There\n\n{SECOND}")
    assert [each.heading for each in article.sections] == ["Key Points", "The Way There"]


def test_a_deck_above_a_bare_name() -> None:
    deck = "The journey took two days; the meeting, five hours."
    article = parse(f"A Train\n\n{deck}\n\nAnn Lee\n3 June 2024\n\n{FIRST}")
    assert (article.byline, article.date) == ("Ann Lee", date(2024, 6, 3))
    assert body(article) == [deck, FIRST]


def test_a_byline_that_the_page_repeats_below_the_deck() -> None:
    head = "# A Train\n\nBy Ann Lee\n\nPublished: 2024-06-03"
    article = parse(f"{head}\n\n{FIRST}\n\nBy Ann Lee in Khasan, June 4, 2024\n\n{SECOND}")
    assert (article.byline, article.date) == ("Ann Lee", date(2024, 6, 3))
    assert [section.heading for section in article.sections] == [""]
    assert body(article) == [FIRST, SECOND]


def test_a_signed_line_heads_nothing() -> None:
    line = "By Ann Lee in Khasan, June 4, 2024"
    article = parse(f"A Train\n\n{FIRST}\n\n{SECOND}\n\n{line}\n\n{THIRD}")
    assert [section.heading for section in article.sections] == [""]
    assert body(article) == [FIRST, SECOND, line, THIRD]


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("PORT DENHAM, 21 August 2022 (Example Press) -- ", date(2022, 8, 21)),
        ("KHASAN, Russia, Aug. 21, 2022 (EP) \N{EM DASH} ", date(2022, 8, 21)),
        ("London (Example), 21 August 2022 - ", date(2022, 8, 21)),
        ("LONDON, Sunday, August 21, 2022 \N{EN DASH} ", date(2022, 8, 21)),
        ("LONDON, Aug 21 (Example) - ", date(2024, 8, 21)),
        ("Paris, 3 May 1968 - ", date(2024, 1, 2)),
        ("On 21 August 2022 - ", date(2024, 1, 2)),
        ("Sunday, 21 August 2022 (a holiday) - ", date(2024, 1, 2)),
        ("The LEADER, who left on 21 August 2022 (a Sunday) -- ", date(2024, 1, 2)),
    ],
)
def test_an_agency_dates_its_first_paragraph(start: str, day: date) -> None:
    article = parse(f"A Train\n\n{start}{FIRST}\n\n{SECOND}", "2024-01-02-train.txt")
    assert (article.title, article.date) == ("A Train", day)
    assert body(article) == [start + FIRST, SECOND]
    dated = parse(f"A Train\n\n3 June 2023\n\n{start}{FIRST}\n\n{SECOND}")
    assert dated.date == date(2023, 6, 3)


def test_a_table_is_no_menu() -> None:
    rows = ["Line | Opened | Gauge", "East | 1952 | Broad", "West | 1961 | Broad"]
    article = parse("\n\n".join(["A Train", *rows, FIRST]))
    headings = [section.heading for section in article.sections]
    assert not article.dropped
    assert sorted([*filter(None, headings), *body(article)]) == sorted([*rows, FIRST])


@pytest.mark.parametrize(
    ("article_id", "line", "day"),
    [
        ("2023-09-12-train.txt", "", date(2023, 9, 12)),
        ("2023/09/12/train.md", "", date(2023, 9, 12)),
        ("2023-09-12-train.txt", "September 13, 2023", date(2023, 9, 13)),
        ("2023-09-12-train.txt", "Sept. 14", date(2023, 9, 14)),
        ("2023-09-12-train.txt", "09/11/2023", date(2023, 9, 12)),
        ("train.txt", "Sept. 14", None),
        ("2023-13-45-train.txt", "", None),
        ("train-1234567890.txt", "", None),
    ],
)
def test_date_and_file_name(article_id: str, line: str, day: date | None) -> None:
    article = parse(f"A Train\n\n{line}\n\n{FIRST}", article_id)
    assert article.date == day
    assert body(article) == [FIRST]


def test_source_line() -> None:
    article = parse(f"# A Train\n\nSource: https://example.org/train\n\n{FIRST}")
    assert article.source == "https://example.org/train"
    assert body(article) == [FIRST]


def test_line_between_title_and_byline_is_text() -> None:
    deck = "The journey took two days; the meeting, five hours."
    article = parse(f"A Train\n\n{deck}\n\nBy Ann Lee\n\n{FIRST}")
    assert (article.byline, body(article)) == ("Ann Lee", [deck, FIRST])


@pytest.mark.parametrize(
    "text",
    [
        FIRST,
        "One line without an end",
        "A sentence. Another one.",
        f"{FIRST}\n{SECOND}",
        f"{FIRST}\n\n{SECOND}",
        "He was born in the north.\nHe died in the south.",
        "By September, the train had gone. Nobody saw it leave.",
        "By Seoul and Tokyo, it was seen as a threat.\n\nThey said so on the same evening.",
        "By Tuesday, the train had gone.\n\nNobody saw it leave, they said.",
        "On September 13, 2023 the train came. It left on September 14, 2023.",
        "The two met on 13 September 2023 at the spaceport.\n\nThey met again later that year.",
        "In mathematics, an equation is said to be in the standard form\n\nwhere nothing is left.",
        "The copyright law was passed in 2023. Comments were few. Related laws followed.",
        "It was the first trip since 2019\nand the longest that anyone could remember.",
    ],
)
def test_prose_without_title_stays_whole(text: str) -> None:
    article = parse(text, "news/why-kim_travels.txt")
    assert "".join("".join(body(article)).split()) == "".join(text.split())
    assert article.title == "why kim travels"
    assert not article.dropped
    assert not article.faq


def test_title_and_paragraph() -> None:
    article = parse(f"Sapper\n\n{FIRST}")
    assert (article.title, body(article)) == ("Sapper", [FIRST])


# ---- Paragraphs and headings


def wrap(text: str, width: int = 72) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n \n\n"])
@pytest.mark.parametrize(
    "heading", ["## The Way There", "The Way There", "What Does He Want?", "**The way there**"]
)
def test_headings(heading: str, gap: str) -> None:
    article = parse(gap.join(["A Train", FIRST, heading, SECOND, THIRD]))
    assert [section.heading for section in article.sections] == ["", heading.strip("#* ")]
    assert body(article) == [FIRST, SECOND, THIRD]
    assert not article.faq


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_hard_wrapped_paragraphs_are_one(gap: str) -> None:
    wrapped = [wrap(paragraph) for paragraph in (FIRST, SECOND, THIRD)]
    article = parse(gap.join(["A Train", wrapped[0], "The Way There", *wrapped[1:]]))
    assert article.title == "A Train"
    assert [section.heading for section in article.sections] == ["", "The Way There"]
    if gap == "\n\n":
        assert body(article) == wrapped
    assert "".join(body(article)).split() == "".join(wrapped).split()


@pytest.mark.parametrize("mark", ["- ", "* ", "• ", "1. ", "2) ", "> "])
def test_marks_are_no_text(mark: str) -> None:
    article = parse(f"A Train\n\n{FIRST}\n\n{mark}{SECOND}\n{mark}{THIRD}")
    assert body(article) == [FIRST, SECOND, THIRD]


def test_numbered_headings() -> None:
    article = parse(f"A Train\n\n1. It is slow\n\n{FIRST}\n\n2. It is heavy\n\n{SECOND}")
    assert [section.heading for section in article.sections] == ["It is slow", "It is heavy"]
    assert body(article) == [FIRST, SECOND]


def test_key_points_under_the_byline_are_text() -> None:
    points = ["Leaders meet for five hours", "Nothing is signed"]
    article = parse("\n".join(["A Train", "By Ann Lee", *points]) + f"\n\n{FIRST}")
    assert points[0] in body(article)


def test_a_list_without_marks_has_no_heading() -> None:
    lines = [
        "It carries three things:",
        "Grain and maize",
        "Shells that fit the guns of the south.",
    ]
    assert body(parse("\n".join([FIRST, *lines]))) == [FIRST, *lines]


def test_lines_in_a_row_are_a_list() -> None:
    lines = ["Wheat and maize", "Shells for guns", "Fuel for the winter"]
    article = parse("\n\n".join([FIRST, "\n".join(lines), SECOND]))
    assert body(article) == [FIRST, *lines, SECOND]


# ---- FAQ

LAYOUTS: dict[str, Callable[[int, str, str], str]] = {
    "numbered": lambda n, q, a: f"{n}. {q}\n\n{a}\n\n",
    "numbered, no blank lines": lambda n, q, a: f"{n}) {q}\n{a}\n",
    "numbered, one paragraph": lambda n, q, a: f"{n}. {q} {a}\n\n",
    "lines": lambda n, q, a: f"{q}\n\n{a}\n\n",
    "lines, no blank lines": lambda n, q, a: f"{q}\n{a}\n",
    "Q and A": lambda n, q, a: f"Q: {q}\nA: {a}\n\n",
    "Q and A apart": lambda n, q, a: f"Q. {q}\n\nA. {a}\n\n",
    "Q and A in one line": lambda n, q, a: f"Q{n}: {q} A{n}: {a}\n",
    "Question and Answer": lambda n, q, a: f"Question: {q}\n\nAnswer: {a}\n\n",
    "Question on a line": lambda n, q, a: f"Question {n}:\u0020{q}\nAnswer:\u0020{a}\n",
    "headings": lambda n, q, a: f"### {q}\n\n{a}\n\n",
    "numbered headings": lambda n, q, a: f"### {n}. {q}\n{a}\n",
    "bold": lambda n, q, a: f"**{q}**\n\n{a}\n\n",
    "bold, no blank line": lambda n, q, a: f"**{q}**\n{a}\n\n",
    "bold in the paragraph": lambda n, q, a: f"**{q}** {a}\n\n",
    "bold Q": lambda n, q, a: f"**Q: {q}**\n\nA: {a}\n\n",
    "bold mark": lambda n, q, a: f"**Q:** {q}\n\n**A:** {a}\n\n",
    "bullets": lambda n, q, a: f"- {q}\n\n{a}\n\n",
    "hard-wrapped": lambda n, q, a: f"{wrap(q)}\n\n{wrap(a)}\n\n",
}
HEADINGS = [
    "Frequently Asked Questions",
    "Frequently Asked Questions (FAQ)",
    "Frequently Asked Questions (FAQs) about Eastern Railways",
    "FAQ",
    "FAQs about the train",
    "## FAQ: the train",
    "Questions and Answers",
    "**Q&A**",
    "The Train: Frequently Asked Questions",
]


def faq(layout: str) -> str:
    write = LAYOUTS[layout]
    return "".join(write(n, q, a) for n, (q, a) in enumerate(PAIRS, 1)).strip()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_faq_layout(layout: str) -> None:
    article = parse(f"A Train\n\n{FIRST}\n\nWhat now?\n\n{SECOND}\n\n## FAQ\n\n{faq(layout)}")
    assert [(q, " ".join(a.split())) for q, a in pairs(article)] == list(PAIRS)
    assert body(article) == [FIRST, SECOND]
    for pair in article.faq:
        assert article.text[pair.answer_start : pair.end] == pair.answer
        assert article.text[pair.start :].startswith(pair.question)


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("layout", ["lines", "numbered", "Q and A"])
def test_faq_heading(heading: str, layout: str) -> None:
    article = parse(f"A Train\n\n{FIRST}\n\n{heading}\n\n{faq(layout)}")
    assert pairs(article) == list(PAIRS)
    assert body(article) == [FIRST]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_follows_an_faq_is_body(layout: str) -> None:
    text = f"A Train\n\n{FIRST}\n\nFAQ\n\n{faq(layout)}\n\n{SECOND}"
    article = parse(text)
    assert len(article.faq) == 3
    assert article.faq[-1].answer == " ".join(PAIRS[-1][1].split())
    assert body(article) == [FIRST, SECOND]


@pytest.mark.parametrize("layout", ["numbered", "lines", "headings", "Q and A apart", "bold"])
def test_answers_of_several_paragraphs(layout: str) -> None:
    write = LAYOUTS[layout]
    answer = f"{FIRST}\n\n- Grain\n- Fuel\n\n{SECOND}"
    text = "".join(write(n, f"Is this question {n}?", answer) for n in (1, 2, 3))
    article = parse(f"A Train\n\n{THIRD}\n\nFAQ\n\n{text}In conclusion, nobody knows.")
    assert pairs(article) == [(f"Is this question {n}?", answer) for n in (1, 2, 3)]
    assert body(article) == [THIRD, "In conclusion, nobody knows."]


@pytest.mark.parametrize("heading", ["## The way back", "The Way Back"])
def test_a_heading_ends_an_faq(heading: str) -> None:
    article = parse(f"A Train\n\n{FIRST}\n\n## FAQ\n\n{faq('lines')}\n\n{heading}\n\n{SECOND}")
    assert pairs(article) == list(PAIRS)
    assert article.sections[-1].heading == heading.strip("# ")
    assert body(article) == [FIRST, SECOND]


def test_rhetorical_question_in_an_answer() -> None:
    answer = f"{THIRD}\n\n{FIRST} And who would have thought so a year ago? Not us. Or did they?"
    text = f"{PAIRS[0][0]}\n\n{answer}\n\n{PAIRS[1][0]}\n\n{PAIRS[1][1]}"
    assert pairs(parse(f"A Train\n\n{SECOND}\n\nFAQ\n\n{text}")) == [
        (PAIRS[0][0], answer),
        PAIRS[1],
    ]


def test_introduction_of_an_faq_is_body() -> None:
    intro = "Readers have written to us. Here is what they asked."
    article = parse(f"A Train\n\n{FIRST}\n\nFAQ\n\n{intro}\n\n{faq('lines')}")
    assert pairs(article) == list(PAIRS)
    assert body(article) == [FIRST, intro]


def test_article_that_is_an_faq() -> None:
    article = parse(f"# FAQ: The Train\n\n{faq('headings')}")
    assert article.title == "FAQ: The Train"
    assert pairs(article) == list(PAIRS)


def test_marked_questions_need_no_heading() -> None:
    article = parse(f"A Train\n\n{FIRST}\n\n{faq('Q and A')}")
    assert pairs(article) == list(PAIRS)
    assert body(article) == [FIRST]


def test_question_headings_of_the_body_are_no_faq() -> None:
    article = parse(f"A Train\n\n{FIRST}\n\nWhat Is It For?\n\n{SECOND}\n\nWhy Now?\n\n{THIRD}")
    assert not article.faq
    assert [section.heading for section in article.sections] == ["", "What Is It For?", "Why Now?"]


CONTENTS = {
    "bullets": "- {}\n- {}\n- {}",
    "bullets apart": "- {}\n\n- {}\n\n- {}",
    "numbers": "1. {}\n2. {}\n3. {}",
    "lines": "{}\n{}\n{}",
}


@pytest.mark.parametrize("mark", ["## ", ""])
@pytest.mark.parametrize("label", ["## Contents", "Contents", "In this article:", "## The Train"])
@pytest.mark.parametrize("layout", CONTENTS)
@pytest.mark.parametrize("entry", ["FAQ", "Frequently asked questions"])
def test_contents_announce_no_faq(layout: str, label: str, mark: str, entry: str) -> None:
    if layout == "lines" and label == "## The Train":
        return
    items = ("What is it for?", "Why now?", entry)
    text = f"A Train\n\nBy Ann Lee\n\n{label}\n\n{CONTENTS[layout].format(*items)}"
    text += f"\n\n{mark}{items[0]}\n\n{FIRST}\n\n{mark}{items[1]}\n\n{SECOND}"
    article = parse(f"{text}\n\n## FAQ\n\n{faq('headings')}")
    assert pairs(article) == list(PAIRS)
    assert [section.heading for section in article.sections] == list(items[:2])
    assert body(article) == [FIRST, SECOND]
    assert [line for line in dropped(article) if line in items] == list(items)


def test_a_list_that_heads_nothing_is_body() -> None:
    items = ["The way there", "The way back", "FAQ"]
    text = "\n".join(f"- {item}" for item in items)
    article = parse(f"A Train\n\n{FIRST}\n\n{text}\n\n## Why now?\n\n{SECOND}")
    assert body(article) == [FIRST, *items, SECOND]
    assert not article.faq


def test_a_list_that_a_sentence_needs_is_body() -> None:
    items = ["By the river", "By the bridge", "By the lake"]
    ways = "\n".join(f"- {item}" for item in items)
    parts = "\n\n".join(f"## {item}\n\n{SECOND}" for item in items)
    article = parse(f"A Train\n\nThere are three ways to get there:\n\n{ways}\n\n{parts}")
    assert body(article)[1:4] == items
    assert not article.dropped
    article = parse(f"A Train\n\n{FIRST}\n\n{ways}\n\n{parts}")
    assert dropped(article) == items


def test_the_heading_below_contents_is_none_of_them() -> None:
    lines = ["Contents", "Why now?", "What next?", "The Beginning"]
    text = "\n\n".join([*lines, FIRST, "Why now?", SECOND, "What next?", THIRD])
    article = parse(f"A Train\n\nBy Ann Lee\n\n{text}")
    headings = [section.heading for section in article.sections]
    assert headings == ["The Beginning", "Why now?", "What next?"]
    assert (body(article), dropped(article)) == ([FIRST, SECOND, THIRD], lines[:3])


# ---- Comments and furniture

COMMENTS = {
    "name, date and time": "Rail_fan September 13, 2023 - 3:05 pm\n\nWhat about us?\n\n"
    "mara_k September 13, 2023 - 6:44 pm\n\nThey will do it again. I am sure of it.",
    "two lines": "Rail_fan\nSeptember 13, 2023 at 4:15 pm\nWhat about us?\nReply\n\n"
    "Mara K.\nSeptember 14, 2023 at 4:15 pm\nThey will do it again.\nReply",
    "ago": "Rail_fan • 2 days ago\n\nWhat about us?\n\nMara K, 3 hours ago\n\nNot again.",
    "headed": "3 comments\n\nrailfan: What about us?\n\nmara: They will do it again. I am sure.",
    "markdown": "## Comments (2)\n\n**Rail_fan** – 13 Sept 2023, 10:12\n\nWhat about us?\n\n"
    "**mara_k** – 13 Sept 2023, 11:40\n\nThey will do it again.",
    "handles and days": "kim_fan99, 13 September 2023\n\nWhat about us?\n\n"
    "mara, 14 September 2023\n\nNo way.",
    "form": "Leave a Reply\n\nYour email address will not be published. Required fields: *",
    "what readers say": "What readers say\n\nAlex from Busan: What about us?",
}


@pytest.mark.parametrize("comments", COMMENTS)
@pytest.mark.parametrize("with_faq", [False, True])
def test_comments_are_dropped(comments: str, with_faq: bool) -> None:
    story = f"A Train\n\n{FIRST}\n\n{SECOND}" + f"\n\nFAQ\n\n{faq('lines')}" * with_faq
    article = parse(f"{story}\n\n{COMMENTS[comments]}")
    assert body(article) == [FIRST, SECOND]
    assert pairs(article) == list(PAIRS) * with_faq
    assert (
        "".join("".join(dropped(article)).split())
        == "".join(COMMENTS[comments].replace("**", "").replace("## ", "").split())
        or "*" in COMMENTS[comments]
    )


@pytest.mark.parametrize(
    "furniture",
    [
        "Advertisement",
        "Share this:",
        "Facebook Twitter WhatsApp Email",
        "Related articles\n\nA bridge is built\n\nGrain prices rise again",
        "You may also like",
        "More about Northern Affairs\n\nYou may also like\n\nLeave a Comment",
        "READ MORE: A bridge is built",
        "Tags: trains, borders",
        "Sign up for our newsletter and get the news in your inbox every morning.",
        "Photo: Ann Lee / Example Pictures",
        "© 2023 Daily Example",
        "Copyright 2023 Daily Example. All rights reserved.",
        "Editors' Picks\n\nLatest News",
        "You may also be interested in:\n\nWho is on the train?\n\nWhat does the driver know?",
        "Image source, Example Pictures",
        "About the author\n\nAnn Lee writes for our website about railways.",
        "Reporting by Ann Lee; editing by Bo de Wit",
        "(Reporting by Ann Lee in Khasan and Bo Wit; Editing by Al de Wit)",
        "You may also like: Ten bridges, The wage table",
        "Enjoyed this? Subscribe to The Example for one long read every Friday.",
        "Example Life newsletter: gardens and walks, every other Thursday. Sign up here.",
        "Licence: CC BY 4.0. Cite as: Lee, A. (2022). Example Notes 41.",
        "This is a developing story and will be updated.",
        "This is a breaking news story.",
        "Listen to Radio Example on 96.2 FM or on your smart speaker.",
        "Share: Facebook | X | WhatsApp | Copy link",
        "Home > News > Rail",
    ],
)
@pytest.mark.parametrize("with_faq", [False, True])
def test_furniture_is_dropped(furniture: str, with_faq: bool) -> None:
    story = f"A Train\n\n{FIRST}\n\n{SECOND}" + f"\n\nFAQ\n\n{faq('lines')}" * with_faq
    article = parse(f"{story}\n\n{furniture}")
    assert body(article) == [FIRST, SECOND]
    assert pairs(article) == list(PAIRS) * with_faq
    assert "\n\n".join(dropped(article)) == furniture


def test_site_blurb_under_furniture_is_dropped() -> None:
    blurb = "The Example is a place for news of the railway, its people and what they carry."
    tail = f"You may also like\n\nLatest news\n\n{blurb}\n\n© 2023 The Example"
    article = parse(f"A Train\n\n{FIRST}\n\n{SECOND}\n\n{tail}")
    assert body(article) == [FIRST, SECOND]
    assert blurb in dropped(article)


@pytest.mark.parametrize(
    "furniture",
    [
        "Advertisement",
        "Related: A bridge is built",
        "Related stories\n\nA bridge is built",
        "Share",
    ],
)
def test_the_article_goes_on_after_furniture(furniture: str) -> None:
    article = parse(f"A Train\n\n{FIRST}\n\n{furniture}\n\n{SECOND}\n\n{THIRD}")
    assert body(article) == [FIRST, SECOND, THIRD]
    assert "\n\n".join(dropped(article)) == furniture


def test_an_faq_below_the_comments_button_is_kept() -> None:
    story = "\n\n".join([FIRST, SECOND, THIRD])
    article = parse(f"A Train\n\n{story}\n\nLeave a comment\n\nFAQ\n\n{faq('lines')}")
    assert pairs(article) == list(PAIRS)
    assert body(article) == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("line", ["Leave a comment", "12 Comments", "Share this", "Print"])
def test_a_toolbar_above_the_text_drops_nothing_else(line: str) -> None:
    article = parse(f"A Train\n\nBy Ann Lee\n\n{line}\n\n{FIRST}\n\n{SECOND}")
    assert (body(article), dropped(article)) == ([FIRST, SECOND], [line])


@pytest.mark.parametrize(
    "paragraph",
    [
        "Comments by the minister were brief.",
        "Related talks were held in March, and they failed.",
        "The last meeting was on April 25, 2019 at 2:05 pm.",
        "Share prices fell on Tuesday after the news.",
        "More about the deal became known on Friday, when an official spoke to reporters.",
        "Subscribers to the theory are few.",
        "Print runs of the state newspaper were doubled.",
        "Reporting by local journalists showed that the bill had been too low.",
        "You may also like the train that goes to the west, an official said.",
        "Enjoyed this is what they said, and they subscribed to the paper.",
        "The newsletter of the club said that members could sign up here.",
        "Licence fees pay for the line, which is old.",
        "This is a developing story of greed, and the town has heard of it before.",
        "They listen to the news on 96.2 FM every evening, she said.",
        "Listen to the people on the platform, he said, and you will hear it.",
        "Home is where the train goes, and it goes there slowly.",
        "He left.",
        "\u201cNo,\u201d he said.",
    ],
)
def test_prose_that_sounds_like_furniture_is_body(paragraph: str) -> None:
    article = parse(f"A Train\n\n{FIRST}\n\n{paragraph}\n\n{SECOND}")
    assert body(article) == [FIRST, paragraph, SECOND]
    assert not article.dropped


def test_furniture_inside_an_answer_is_never_part_of_it() -> None:
    text = faq("lines").replace(PAIRS[2][0], f"Advertisement\n\n{PAIRS[2][0]}")
    article = parse(f"A Train\n\n{FIRST}\n\nFAQ\n\n{text}\n\nAdvertisement\n\n{SECOND}")
    assert pairs(article) == list(PAIRS)
    assert body(article) == [FIRST, SECOND]


# ---- Any text

LINES = st.sampled_from(
    [
        *(
            FIRST,
            SECOND,
            "A Train",
            "# A Train",
            "FAQ",
            "### Why?",
            "Why now?",
            "1. Why?",
            "Q: Why?",
        ),
        *(
            "A: So.",
            "By Ann Lee",
            "Ann Lee",
            "Home > News > Rail",
            "- A Train",
            "- FAQ",
            "Contents",
            "September 13, 2023",
            "Rail_fan September 13, 2023 - 3:05 pm",
        ),
        *(
            "Leave a comment",
            "Related",
            "You may also like",
            "© 2023",
            "- item",
            "**bold**",
            "",
            "",
        ),
    ]
)
TEXTS = st.one_of(
    st.lists(LINES | st.text(max_size=40), max_size=14).map("\n".join), st.text(max_size=200)
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_every_range_is_exact(text: str) -> None:
    article = parse(text)
    spans = sorted(
        [span for section in article.sections for span in section.paragraphs]
        + [(pair.start, pair.end) for pair in article.faq]
        + list(article.dropped)
    )
    for start, end in spans:
        assert text[start:end] == text[start:end].strip() != ""
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start
    for pair in article.faq:
        assert pair.start < pair.answer_start < pair.end
        assert text[pair.answer_start : pair.end] == pair.answer
    assert article.title


# ---- The five real articles: what is expected of them is counts, offsets and digests


def digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared articles are not here")
@pytest.mark.parametrize(
    ("article_id", "title", "byline", "paragraphs", "headings", "ends", "text"),
    [
        (
            "000_2745f0869d1d7d17.txt",
            "dc3cbd1e4953f3cf",
            0,
            [2, 1],
            [0, 0],
            (0, 3916),
            "0ec0ec3cac3ab123",
        ),
        (
            "001_3b96f0cd09c9574e.txt",
            "e5973666d815d68a",
            14,
            [14],
            [0],
            (143, 4134),
            "ae7774519928e425",
        ),
        (
            *("002_8deb2fa40982c21c.txt", "b93afd90247cb8db", 12, [4, 2, 2, 3], [0, 27, 37, 42]),
            *((130, 4062), "698fc186d5727123"),
        ),
        (
            *("003_9c2222ef2acf77fe.txt", "fa36bab1c3773262", 0, [3, 3, 3], [0, 38, 29]),
            *((0, 2800), "562942bd87d1fc37"),
        ),
        (
            "004_a068e6ad01634e10.txt",
            "7743249efbf85db5",
            0,
            [11],
            [0],
            (72, 3939),
            "719318f4f3f78b5e",
        ),
    ],
)
def test_body_of_a_real_article(
    article_id: str,
    title: str,
    byline: int,
    paragraphs: list[int],
    headings: list[int],
    ends: tuple[int, int],
    text: str,
) -> None:
    article = parse(read_text(SHARED / article_id), article_id)
    assert (digest(article.title), len(article.byline), article.date) == (title, byline, None)
    assert [len(section.paragraphs) for section in article.sections] == paragraphs
    assert [len(section.heading) for section in article.sections] == headings
    spans = [span for section in article.sections for span in section.paragraphs]
    assert (spans[0][0], spans[-1][1]) == ends
    assert digest(*body(article)) == text


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared articles are not here")
@pytest.mark.parametrize(
    ("article_id", "count", "ends", "text"),
    [
        ("000_2745f0869d1d7d17.txt", 7, (818, 3609), "7d6d9b73976400ae"),
        ("001_3b96f0cd09c9574e.txt", 6, (4198, 6577), "1e713dbffe30dc83"),
        ("002_8deb2fa40982c21c.txt", 10, (4131, 7414), "4cff38e4bae5258e"),
        ("003_9c2222ef2acf77fe.txt", 0, None, "e3b0c44298fc1c14"),
        ("004_a068e6ad01634e10.txt", 0, None, "e3b0c44298fc1c14"),
    ],
)
def test_faq_of_a_real_article(
    article_id: str, count: int, ends: tuple[int, int] | None, text: str
) -> None:
    article = parse(read_text(SHARED / article_id), article_id)
    assert len(article.faq) == count
    if ends:
        assert (article.faq[0].start, article.faq[-1].end) == ends
    assert digest(*(f"{pair.question}\n{pair.answer}" for pair in article.faq)) == text


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared articles are not here")
@pytest.mark.parametrize(
    ("article_id", "count", "ends", "text"),
    [
        ("000_2745f0869d1d7d17.txt", 0, None, "e3b0c44298fc1c14"),
        ("001_3b96f0cd09c9574e.txt", 9, (111, 7006), "ce32d245e0af3d42"),
        ("002_8deb2fa40982c21c.txt", 15, (103, 8523), "d84f8e6a3eaa3ef7"),
        ("003_9c2222ef2acf77fe.txt", 0, None, "e3b0c44298fc1c14"),
        ("004_a068e6ad01634e10.txt", 0, None, "e3b0c44298fc1c14"),
    ],
)
def test_furniture_of_a_real_article(
    article_id: str, count: int, ends: tuple[int, int] | None, text: str
) -> None:
    article = parse(read_text(SHARED / article_id), article_id)
    assert len(article.dropped) == count
    if ends:
        assert (article.dropped[0][0], article.dropped[-1][1]) == ends
    assert digest(*dropped(article)) == text


@pytest.mark.parametrize(
    ("article_id", "text", "title"),
    [
        ("sub/why-kim_travels.txt", "It rains.", "why kim travels"),
        ("000_2745f0.txt", "It rains.", "It rains…"),
        (
            "17.txt",
            "It has rained on the town for nine days and nights.",
            "It has rained on the town for nine…",
        ),
        ("17.txt", "x" * 200, "x" * 80 + "…"),
        ("17.txt", "", "17"),
    ],
)
def test_what_an_article_without_a_title_is_called(article_id: str, text: str, title: str) -> None:
    assert stand_in_title(article_id, text) == title


def test_a_line_broken_at_a_subscript_is_no_title() -> None:
    text = "Special chambers raise the partial pressure of O\n2 around the patient. It helps."
    paragraphs = [span for part in parse(text, "17.txt").sections for span in part.paragraphs]
    assert paragraphs == [(0, len(text))]
