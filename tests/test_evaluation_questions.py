"""Files of questions: what is read, what is refused and at which line, and the one that ships."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from index.article import Article, parse_article
from index.readers import find_files, read_text
from qa.answer import Turn
from qa.errors import CitedError
from qa.evaluation.case import Case, Place
from qa.evaluation.errors import QuestionFileError
from qa.evaluation.questions import (
    case_id,
    check_support,
    find_quote,
    load_faq_labels,
    load_questions,
)

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "corpus" / "questions.yaml"

WHOLE = """\
# A comment.
questions:
  - question: How long did it last?
    answer: About
      forty seconds.
    facts: [forty seconds, [five articles, 5 articles]]
    support:
      - article: summit.md
        quote: "The handshake lasted."
      - any:
          - {article: a.txt, quote: "It was early."}
          - {article: sub/b.md}
    answerable: true
    history:
      - user: Where did they meet?
      - assistant: At the cosmodrome.
    stand_alone: How long did the handshake last?
    tags: [factual, 2023]
  - question: Who paid?
    answerable: no
  - question: And who came?
    tags: [feedback]
faq:
  - article: train.txt
    question: Why by
      train?
    in_articles: false
  - {article: train.txt, question: "Why not?", in_articles: true}
"""


def write(folder: Path, content: str | bytes, name: str = "questions.yaml") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ---- Reading


def test_everything_that_can_be_said_of_a_question_is_read(tmp_path: Path) -> None:
    history = (Turn("user", "Where did they meet?"), Turn("assistant", "At the cosmodrome."))
    whole, unanswerable, undecided = load_questions(write(tmp_path, WHOLE))
    assert whole == Case(
        id=case_id("How long did it last?", history),
        question="How long did it last?",
        source="file",
        answerable=True,
        reference="About forty seconds.",
        facts=(("forty seconds",), ("five articles", "5 articles")),
        support=(
            (Place("summit.md", "The handshake lasted."),),
            (Place("a.txt", "It was early."), Place("sub/b.md")),
        ),
        history=history,
        stand_alone="How long did the handshake last?",
        tags=("factual", "2023"),
    )
    assert (unanswerable.answerable, unanswerable.source) == (False, "file")
    assert (undecided.answerable, undecided.source) == (None, "feedback")


def test_faq_labels_are_by_article_and_question(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    assert load_faq_labels(path) == {
        ("train.txt", "Why by train?"): False,
        ("train.txt", "Why not?"): True,
    }
    only = write(tmp_path, WHOLE[WHOLE.index("faq:") :])
    assert load_questions(only) == [] and len(load_faq_labels(only)) == 2


def one(entry: str) -> str:
    return "questions:\n  - question: Who?\n" + "".join(
        f"    {line}\n" for line in entry.split("\n")
    )


@pytest.mark.parametrize(
    ("entry", "answerable"),
    [
        ("tags: [x]", None),
        ("answerable:", None),
        ("answer: Kim.", True),
        ("facts: [Kim]", True),
        ("support: [{article: a.txt}]", True),
        ("answerable: true", True),
        ("answer: The articles don't say.\nanswerable: false", False),
    ],
)
def test_a_question_is_answerable_as_soon_as_anything_is_expected(
    tmp_path: Path, entry: str, answerable: bool | None
) -> None:
    assert [case.answerable for case in load_questions(write(tmp_path, one(entry)))] == [answerable]


@pytest.mark.parametrize(
    ("written", "wording"),
    [
        ("2015", "2015"),
        ("2023-09-13", "2023-09-13"),
        ("yes", "yes"),
        ("1_000", "1_000"),
        ('"He said: \\u200byes"', "He said: yes"),
        ('"x\\0"', "x"),
        ("! tagged", "tagged"),
    ],
)
def test_a_text_is_as_it_is_written(tmp_path: Path, written: str, wording: str) -> None:
    [case] = load_questions(write(tmp_path, one(f"facts: [{written}]")))
    assert case.facts == ((wording,),)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_windows_files_are_read(tmp_path: Path, mark: bytes, line_end: str) -> None:
    path = write(tmp_path, mark + WHOLE.replace("\n", line_end).encode())
    assert load_questions(path) == load_questions(write(tmp_path, WHOLE, "plain.yaml"))


def test_an_id_depends_on_question_and_history_alone() -> None:
    turns = (Turn("user", "Where?"), Turn("assistant", "There."))
    assert re.fullmatch("file-[0-9a-f]{8}", case_id("Who?"))
    assert case_id("Who  is\nit?") == case_id("Who is it?")
    histories = [(), turns, turns[:1], (Turn("assistant", "Where?"),)]
    ids = {case_id("Who?", history) for history in histories}
    assert len(ids) == 4 and case_id("Why?") not in ids


# ---- Refusing

BOMB = "a: &a [x, x]\n" + "".join(
    f"{to}: &{to} [*{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}]\n"
    for of, to in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("", None, "is empty: begin it with a line `questions:`"),
        ("# only this\n", None, "is empty"),
        ("{}\n", 1, "no questions: begin the file with a line `questions:`"),
        ("\n- question: Who?\n", 2, "no questions: begin the file with a line `questions:`"),
        ("questions: []\n", 1, "'questions' is an empty list: fill it in"),
        ("questions:\n", 1, "'questions' must be a list: begin each of its entries with `- `"),
        ("questions:\n  question: Who?\n", 1, "'questions' must be a list"),
        ("question:\n  - question: Who?\n", 1, "unknown key 'question': did you mean 'questions'?"),
        ("questions:\n  - Who?\n", 2, "must be a mapping of keys and values"),
        ("questions:\n  - answer: Kim.\n", 2, "'question' is missing: add it"),
        ("questions:\n  - question:\n", 2, "'question' is empty: fill it in"),
        ('questions:\n  - question: "\\u200b "\n', 2, "'question' is empty"),
        (one("answr: Kim."), 3, "unknown key 'answr': did you mean 'answer'?"),
        (one("zzz: Kim."), 3, "unknown key 'zzz': known are question, answer, facts"),
        (one("answer: [Kim]"), 3, "'answer' must be a text: put one"),
        (one("facts:\n  - a\n  - He said: no"), 5, "'facts' must be a text: put one"),
        (one("facts: Kim"), 3, "'facts' must be a list"),
        (one("facts: [[]]"), 3, "'facts' is an empty list"),
        (one("facts:\n  -\n"), 4, "'facts' is empty"),
        (one("support:\n  - quote: yes"), 4, "'article' is missing"),
        (one("support:\n  - article: a\n    qoute: b"), 5, "'qoute': did you mean 'quote'?"),
        (one("support:\n  - any:\n    - article: a\n      qoute: b"), 6, "did you mean 'quote'?"),
        (one("support:\n  - any: []"), 4, "'any' is an empty list"),
        (one("support:\n  - any: [{article: a}]\n    article: b"), 5, "unknown key 'article'"),
        (one("answerable: maybe"), 3, "'answerable' must be true or false"),
        (one("answerable: [true]"), 3, "'answerable' must be true or false"),
        (one("facts: [a]\nanswerable: false"), 3, "has 'facts' but `answerable: false`"),
        (one("answerable: false\nsupport:\n  - article: a"), 4, "has 'support' but `answerable"),
        (one("stand_alone: Who is it?"), 3, "has 'stand_alone' but no 'history': remove it"),
        (one("history:\n  - user: a\n    assistant: b"), 4, "a turn is either `user:` or `assis"),
        (one("history:\n  - role: user"), 4, "unknown key 'role': known are user, assistant"),
        (one("answer: a\nanswer: b"), 4, "'answer' is given twice"),
        (one("? [a]\n: b"), 3, "a key must be a word"),
        (one("answer: Kim") + "  - question: Why?\n  - question: Who?\n", 5, "of line 2 again"),
        (one("answer: a: b"), 3, "not YAML (mapping values are not allowed"),
        (one('answer: "open'), 4, "while scanning a quoted scalar begun in line 3"),
        (one("answer: *x"), 3, "aliases (*x) are not read"),
        (BOMB, 2, "aliases (*a) are not read"),
        (one("answer: !!python/name:os.system x"), 3, "tags (tag:yaml.org,2002:python/name:os"),
        (one("answer: !!binary eA=="), 3, "tags (tag:yaml.org,2002:binary) are not read"),
        (one("answer: x") + "---\nquestions:\n", 4, "not YAML"),
        ("questions:\n - " + "[" * 100_000, 2, "more than 20 lists within each other"),
        ("questions:\n  - question: \x07\n", 2, "a character that YAML does not allow (U+0007)"),
        (b"questions:\n  - question: caf\xe9\n", 2, "not UTF-8: save the file as UTF-8"),
        (b"# " + b"x" * 10_000_000, None, "is too large, more than 10 MB"),
        ("faq:\n  - {article: a, question: b}\n", 2, "'in_articles' is missing"),
        ("faq:\n  - {article: a, question: b, in_articles: 3}\n", 2, "must be true or false"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, content: str | bytes, line: int | None, said: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(QuestionFileError) as caught:
        load_questions(path)
    message = str(caught.value)
    place = f"{path}, line {line}: " if line else f"{path}"
    assert message.startswith(place) and said in message
    assert "\n" not in message and isinstance(caught.value, CitedError)


def test_the_first_of_several_mistakes_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, one("tags: x\nanswr: a") + "  - questoin: b\n")
    with pytest.raises(QuestionFileError, match="line 4: unknown key 'answr'"):
        load_questions(path)


def test_a_pair_is_decided_once(tmp_path: Path) -> None:
    pair = '  - {article: a, question: "Why?", in_articles: true}\n'
    with pytest.raises(QuestionFileError, match=r"line 3: a pair for the second time: remove it"):
        load_faq_labels(write(tmp_path, "faq:\n" + pair + pair.replace("true", "false")))


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_what_is_no_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(QuestionFileError, match=r"cannot be read .*: name a file of questions"):
        load_questions(tmp_path / name)


# ---- Against the articles


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("It was early.", (4, 17)),
        ("It\n   was early.", (4, 17)),
        ("It was", (4, 10)),
        ("it was", None),
        ("Itwas early", None),
        ("It.was", None),
        ("", None),
    ],
)
def test_a_quote_is_found_whatever_the_space_in_it(
    quote: str, found: tuple[int, int] | None
) -> None:
    assert find_quote("Yes.It was\nearly. And late."[:3] + "!It was\nearly.", quote) == found


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place("a.txt", "It was late."), "article 'a.txt' does not say 'It was late.': copy"),
        (Place("b.txt", "It was early."), "article 'b.txt' is not there: name it by its file's"),
        (Place("b.txt"), "article 'b.txt' is not there"),
    ],
)
def test_a_label_that_the_articles_do_not_bear_out_is_told(place: Place, said: str) -> None:
    articles = {"a.txt": "It was early."}
    right = Case("1", "Was it?", "file", support=((Place("a.txt", "It was early."),),))
    check_support([right], articles.get)
    wrong = Case("2", "Was it not?", "file", support=((right.support[0][0], place),))
    with pytest.raises(QuestionFileError) as caught:
        check_support([right, wrong], articles.get)
    assert f"question 'Was it not?': {said}" in str(caught.value)


# ---- The files that ship


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    files, _skipped = find_files(ROOT / "corpus")
    return {path.name: parse_article(path.name, read_text(path)) for path in files}


@pytest.fixture(scope="module")
def shipped() -> list[Case]:
    return load_questions(SHIPPED)


def tagged(cases: list[Case], tag: str) -> list[Case]:
    return [case for case in cases if tag in case.tags]


def test_the_example_of_the_documentation_is_valid(
    tmp_path: Path, articles: dict[str, Article]
) -> None:
    page = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    path = write(tmp_path, example)
    cases = load_questions(path)
    texts = {name: article.text for name, article in articles.items()}
    check_support(cases, texts.get)
    for article_id, question in load_faq_labels(path):
        assert question in [pair.question for pair in articles[article_id].faq]
    keys = {key for entry in yaml.safe_load(example)["questions"] for key in entry}
    assert {key for key in keys if f"| `{key}` |" not in page} == {"question"}


def test_the_example_in_the_module_is_valid(tmp_path: Path) -> None:
    from qa.evaluation import questions

    example = (questions.__doc__ or "").split("explains:\n")[1]
    path = write(tmp_path, re.sub("^    ", "", example, flags=re.MULTILINE))
    assert len(load_questions(path)) == 1 and len(load_faq_labels(path)) == 1


def test_the_shipped_questions_are_of_every_kind(shipped: list[Case]) -> None:
    counts = Counter(tag for case in shipped for tag in case.tags)
    assert counts == {
        "factual": 29,
        "broad": 5,
        "disagreement": 8,
        "unanswerable": 18,
        "off-topic": 9,
        "near-miss": 9,
        "follow-up": 12,
    }
    assert len(shipped) == 29 + 8 + 18 + 12
    for case in shipped:
        assert case.answerable == ("unanswerable" not in case.tags)
        if case.answerable:
            assert case.reference and case.facts and case.support
        assert bool(case.history) == bool(case.stand_alone) == ("follow-up" in case.tags)
    assert all(len(case.support) == 2 for case in tagged(shipped, "disagreement"))


def test_every_article_is_asked_about(shipped: list[Case], articles: dict[str, Article]) -> None:
    asked = Counter(
        choice[0].article_id for case in tagged(shipped, "factual") for choice in case.support
    )
    assert asked.keys() == articles.keys() and min(asked.values()) >= 3


def in_body(article: Article, span: tuple[int, int]) -> bool:
    paragraphs = [part for section in article.sections for part in section.paragraphs]
    return any(start <= span[0] and span[1] <= end for start, end in paragraphs)


def test_every_shipped_quote_is_in_the_body_of_its_article(
    shipped: list[Case], articles: dict[str, Article]
) -> None:
    texts = {name: article.text for name, article in articles.items()}
    check_support(shipped, texts.get)
    for case in shipped:
        for place in (place for choice in case.support for place in choice):
            span = find_quote(texts[place.article_id], place.quote)
            assert span and place.quote and in_body(articles[place.article_id], span), place


def has(text: str, wordings: tuple[str, ...]) -> bool:
    words = " ".join(text.casefold().split())
    return any(re.search(rf"(?<!\w){re.escape(each.casefold())}(?!\w)", words) for each in wordings)


def test_every_fact_is_in_the_reference_and_in_the_quotes(shipped: list[Case]) -> None:
    for case in shipped:
        quotes = " … ".join(place.quote for choice in case.support for place in choice)
        for wordings in case.facts:
            assert has(case.reference, wordings), (case.question, wordings)
            assert has(quotes, wordings), (case.question, wordings)


def test_no_question_repeats_an_articles_sentence(
    shipped: list[Case], articles: dict[str, Article]
) -> None:
    asked_there = {pair.question for article in articles.values() for pair in article.faq}
    for case in shipped:
        assert case.question not in asked_there
        words = case.question.split()
        runs = [" ".join(words[at : at + 6]) for at in range(len(words) - 5)]
        assert not [run for run in runs for each in articles.values() if run in each.text], case


# ---- The labelled sentences


def labelled(name: str) -> list[dict[str, Any]]:
    file = ROOT / "tests" / "data" / name
    return list(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("name", "of_each"), [("support.yaml", 50), ("grounding.yaml", 30)])
def test_labelled_sentences_quote_the_articles(
    name: str, of_each: int, articles: dict[str, Article]
) -> None:
    pairs = labelled(name)
    assert Counter(pair["supported"] for pair in pairs) == {True: of_each, False: of_each}
    assert len({pair["sentence"] for pair in pairs}) == len(pairs)
    for pair in pairs:
        assert 1 <= len(pair["quotes"]) <= 3
        for quote in pair["quotes"]:
            assert any(quote in article.text for article in articles.values()), quote
            assert pair["sentence"] != quote
        assert ("why" in pair) != pair["supported"]


def test_the_two_sets_of_labelled_sentences_share_no_quote() -> None:
    first, second = (
        {quote for pair in labelled(name) for quote in pair["quotes"]}
        for name in ("support.yaml", "grounding.yaml")
    )
    assert not first & second
