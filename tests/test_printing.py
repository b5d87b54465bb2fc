"""What a terminal shows: untrusted text stays text, lines fit, and every quote names its place."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
from rich.console import Console

from index.passages import Passage, ScoredPassage
from qa.answer import Answer, AnswerSentence, Citation, Usage
from qa.printing import long_date, print_answer, print_passages, printable

HOSTILE = "A [bold]title[/bold] \x1b[31mred\x1b[0m :smile:\r\nnext\u202eturned\x07"


def shown(write: Callable[[Console], None], *, width: int = 80, terminal: bool = False) -> str:
    stream = io.StringIO()
    out = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        markup=False,
        emoji=False,
        highlight=False,
    )
    write(out)
    return stream.getvalue()


def citation(number: int, *, title: str = "A title", quote: str = "A quote.") -> Citation:
    return Citation(number, "folder/a.md", title, quote, 0, len(quote), date(2023, 9, 3))


def answer(*, abstained: bool = False, **parts: object) -> Answer:
    values: dict[str, object] = {
        "text": "It did [1].",
        "question": "Did it?",
        "abstained": abstained,
        "confidence": 0.8,
        "timings": {"search": 0.1, "total": 0.25},
        "citations": () if abstained else (citation(1), citation(2)),
        "near_misses": (citation(1, quote="Nearly."),) if abstained else (),
    }
    return Answer(**(values | parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("\x1b]0;title\x07bell", "]0;titlebell"),
        ("\x9b31mred", "31mred"),
        ("left\u202eright\u2069", "leftright"),
        ("half \ud800", "half \ufffd"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
        ("Владивосток 平壌 é", "Владивосток 平壌 é"),
        ("", ""),
    ],
)
def test_printable_keeps_the_words_and_drops_what_moves_the_cursor(text: str, line: str) -> None:
    assert printable(text) == line


def test_an_answer_comes_before_its_quotes_and_each_quote_names_its_place() -> None:
    lines = shown(lambda out: print_answer(out, answer(), "Did it?")).splitlines()
    assert lines == [
        "It did [1].",
        "",
        "Quotes:",
        "[1] “A quote.”",
        "    A title · 3 September 2023 · folder/a.md",
        "",
        "[2] “A quote.”",
        "    A title · 3 September 2023 · folder/a.md",
        "",
        "confidence 0.80 · 0.25 s",
    ]


def test_what_no_article_supports_is_dim_up_to_its_mark() -> None:
    sentences = (
        AnswerSentence("It did.", (1,), 1.0),
        AnswerSentence("It\x1b was fun.", (), 0.2),
        AnswerSentence("So it was.", (2,), 0.9),
    )
    text = "It did. [1] It\x1b was fun. [unsupported] So it was. [2]"
    told = answer(text=text, sentences=sentences)
    plain = shown(lambda out: print_answer(out, told, "Did it?")).splitlines()
    assert plain[0] == "It did. [1] It was fun. [unsupported] So it was. [2]"
    coloured = shown(lambda out: print_answer(out, told, "Did it?"), terminal=True).splitlines()[0]
    assert "\x1b[1mIt did. [1] \x1b[0m" in coloured
    assert "\x1b[2mIt was fun. [unsupported]\x1b[0m" in coloured
    assert "\x1b[1m So it was. [2]\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("usage", "line"),
    [
        (None, "confidence 0.80 · 0.25 s"),
        (Usage(), "confidence 0.80 · 0.25 s"),
        (Usage(calls=1), "confidence 0.80 · 0.25 s"),
        (Usage(1, 1512, 38), "confidence 0.80 · 0.25 s · 1,512 + 38 tokens"),
    ],
)
def test_tokens_are_told_where_the_model_tells_them(usage: Usage | None, line: str) -> None:
    assert shown(lambda out: print_answer(out, answer(usage=usage), "Did it?")).endswith(
        line + "\n"
    )


def test_an_abstention_shows_near_misses_without_numbers() -> None:
    text = "The articles don't say."
    lines = shown(
        lambda out: print_answer(out, answer(abstained=True, text=text), "Did it?")
    ).splitlines()
    assert lines[:4] == [text, "", "Related, but not an answer:", "  - “Nearly.”"]
    assert not any("[1]" in line for line in lines)


def test_the_stand_alone_question_and_the_notes_are_shown() -> None:
    told = answer(question="Did the train?", notes=("the articles disagree",))
    text = shown(lambda out: print_answer(out, told, "Did it?"))
    assert "Understood as: Did the train?" in text
    assert "Note: the articles disagree" in text
    assert "Understood as" not in shown(lambda out: print_answer(out, answer(), "Did it? "))


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_text_stays_text_and_lines_fit(width: int, terminal: bool) -> None:
    told = answer(
        text=HOSTILE,
        question=HOSTILE,
        notes=(HOSTILE,),
        citations=(citation(1, title=HOSTILE, quote=(HOSTILE + " ") * 9),),
    )
    passage = Passage("i", HOSTILE, "body", HOSTILE, HOSTILE, HOSTILE * 5, 0, 9, ((0, 9),))

    def write(out: Console) -> None:
        print_answer(out, told, "")
        print_passages(out, [ScoredPassage(passage, 0.5)])

    plain = shown(write, width=width)
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(plain)
    assert "[bold]" in plain.replace("\n", " ")
    assert all(len(line) <= width and line == line.rstrip() for line in plain.splitlines())
    coloured = shown(write, width=width, terminal=terminal)
    assert ("\x1b[1" in coloured) is terminal
    assert ("\x1b[1;36m[1] \x1b[0m“" in coloured) is terminal  # the number alone is coloured
    assert "\x1b[31m" not in coloured  # the article's own colour


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(2023, 9, 3), "3 September 2023"), (date(1999, 12, 31), "31 December 1999")],
)
def test_long_date(day: date, text: str) -> None:
    assert long_date(day) == text
