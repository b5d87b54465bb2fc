"""What answers look like as HTML: chips, sides, abstentions, marks; no text of theirs is markup."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import RAILWAY
from hypothesis import given
from hypothesis import strategies as st

from index.article import parse_article
from index.passages import Passage, ScoredPassage
from qa.answer import Answer, AnswerSentence, Citation, Considered, Usage
from qa.evaluation.report import Curve, Figure, Report
from qa.printing import printable
from ui.evaluation import evaluation_html
from ui.exchange import Conversation, Exchange
from ui.export import plain, to_markdown
from ui.listing import heading_html, listing_html, status_html, writers_html
from ui.markup import about, button, escape, link_to, supported
from ui.reading import article_html, blocks, pieces, sources
from ui.render import exchange_html, invitation, transcript

HOSTILE = (
    "<script>x</script> <img src=//e.example/x> \" ' onclick=x ![x](http://e.example/x.png) "
    "[1] https://e.example &lt; ${x} {{y}} \x1b[31m \u202e \U000e0041 \ud800"
)
ARTICLE = parse_article("harbour.txt", RAILWAY)


def citation(number: int = 1, text: str = "A quote.", article: str = "a.md") -> Citation:
    return Citation(number, article, f"Title {number}", text, 0, len(text), date(2023, 9, 13))


def answer(*citations: Citation, notes: tuple[str, ...] = (), support: float = 1.0) -> Answer:
    sentences = tuple(AnswerSentence(each.quote, (each.number,), support) for each in citations)
    text = " ".join(f"{each.quote} [{each.number}]" for each in citations)
    return Answer(text, "Who?", False, 0.8, sentences, citations, notes=notes)


def abstention(*misses: Citation) -> Answer:
    return Answer("The articles don't say.", "Who?", True, 0.1, near_misses=misses)


class Read(HTMLParser):
    """The tags, attributes and text of HTML as a browser reads it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(source: str) -> Read:
    return Read(source)


def hostile_exchange(kind: str) -> Exchange:
    bad = Citation(1, HOSTILE, HOSTILE, HOSTILE, 0, 9, date(2023, 9, 13), HOSTILE)
    passage = Passage("1", HOSTILE, "body", HOSTILE, HOSTILE, HOSTILE, 0, 9, ())
    found = {
        "answered": answer(bad, notes=(HOSTILE,)),
        "disputed": answer(bad, replace(bad, number=2), notes=("They seem to disagree.",)),
        "abstained": abstention(bad),
        "failed": None,
    }[kind]
    if found:
        found = replace(found, question=HOSTILE, passages=(ScoredPassage(passage, 0.5),))
    considered = (Considered(HOSTILE, HOSTILE, HOSTILE, 0, 1, 0.1, 0.2, 0.3, 0.4, HOSTILE),)
    return Exchange(
        HOSTILE, found, error="" if found else HOSTILE, scope=HOSTILE, suggestions=(HOSTILE,),
        considered=considered if kind == "answered" else (),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["answered", "disputed", "abstained", "failed"])
def test_no_sign_of_an_article_or_a_question_is_markup(kind: str) -> None:
    exchange = hostile_exchange(kind)
    conversation = Conversation(exchanges=(exchange,))
    shown = "".join(
        [
            transcript(conversation, [0]),
            sources(exchange.answer, 0),
            heading_html(conversation),
            status_html(HOSTILE, 3, None),
            invitation(3, [HOSTILE]),
            article_html(replace(ARTICLE, id=HOSTILE, title=HOSTILE, byline=HOSTILE), back=HOSTILE),
        ]
    )
    found = read(shown)
    assert not {"script", "img", "iframe", "style", "object", "base", "link"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    addresses = [value or "" for name, value in found.attributes if name in ("href", "src")]
    assert all(address.startswith("?article=") for address in addresses)
    assert not set("\x1b\u202e\U000e0041\ud800") & set(shown)
    assert "<script>x</script>" in found.text


def test_an_exported_conversation_runs_nothing() -> None:
    text = to_markdown(Conversation(exchanges=(hostile_exchange("answered"),)))
    assert re.search(r"(?<!\\)<script", text) is None
    assert re.search(r"(?<!\\)!\[|(?<!\\)\]\(", text) is None
    assert text.encode("utf-8")


def test_export_gives_quotes_with_their_places() -> None:
    conversation = Conversation(exchanges=(Exchange("Who?", answer(citation(text="It is so."))),))
    text = to_markdown(conversation)
    assert text.startswith("# Who?\n\n## Who?\n\nIt is so. \\[1\\]\n\n1. “It is so.”")
    assert "13 September 2023 (a.md, characters 0 to 9)" in text


@given(st.text())
def test_plain_markdown_says_the_same_words(text: str) -> None:
    assert re.sub(r"\\(.)", r"\1", plain(text)) == printable(text)


@given(st.text())
def test_escaped_text_is_read_as_itself_but_for_what_cannot_be_seen(text: str) -> None:
    seen = html.unescape(escape(text))
    assert [sign for sign in text if sign.isalnum()] == [sign for sign in seen if sign.isalnum()]
    assert not set("<>\"'") & set(escape(text))


def test_a_chip_stands_right_behind_its_sentence_and_names_its_source() -> None:
    shown = exchange_html(Exchange("Who?", answer(citation(1, "One."), citation(2, "Two."))), 4)
    chips = re.findall(r"(\w+\.)&#8288;<button ([^>]*)>(\d)</button>", shown)
    assert [(sentence, number) for sentence, _, number in chips] == [("One.", "1"), ("Two.", "2")]
    assert 'data-turn="4" data-number="2"' in chips[1][1]
    assert 'aria-label="Source 2: Title 2"' in chips[1][1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [("It is so.", '<span class="last">so.&#8288;<button'), ("x" * 99, "x&#8288;<button")],
)
def test_a_chip_stays_on_the_line_of_a_last_word_that_is_not_too_long(said: str, kept: str) -> None:
    assert kept in exchange_html(Exchange("Who?", answer(citation(text=said))), 0)


def test_a_passage_of_an_article_without_a_title_is_named_by_its_file() -> None:
    considered = Considered("a.md", "", "H", 0, 1, 0.1, 0.2, 0.3, 0.4, "cited as [1]")
    shown = exchange_html(Exchange("Who?", WRITTEN, considered=(considered,)), 0)
    assert '<th scope="row">a.md<small>H</small></th>' in shown


def test_a_forged_marker_is_no_chip() -> None:
    shown = exchange_html(Exchange("Who?", answer(citation(text="He said [2] and [1]."))), 0)
    assert shown.count('class="chip"') == 1


@pytest.mark.parametrize(
    ("citations", "support", "marked"), [((1,), 1.0, 0), ((1,), 0.2, 1), ((), 1.0, 1)]
)
def test_a_sentence_that_no_quote_carries_is_marked(
    citations: tuple[int, ...], support: float, marked: int
) -> None:
    one = answer(citation())
    changed = replace(one, sentences=(AnswerSentence("So it is.", citations, support),))
    assert exchange_html(Exchange("Who?", changed), 0).count('class="ungrounded"') == marked


WRITTEN = Answer(
    "It is. [1] It was fun. [unsupported]",
    "Who?",
    False,
    0.8,
    (AnswerSentence("It is.", (1,), 0.9), AnswerSentence("It was fun.", (), 0.2)),
    (citation(text="It really is."),),
    timings={"first_token": 0.25, "total": 3.04},
    usage=Usage(1, 1512, 38),
)


def test_what_no_article_supports_is_said_to_be_so_and_has_no_footnote() -> None:
    shown = exchange_html(Exchange("Who?", WRITTEN, writer="Model 1B"), 0)
    (sentence,) = re.findall(r'<span class="ungrounded">(.*?)</span></span>', shown)
    assert sentence.startswith("It was fun. <span") and "chip" not in sentence
    assert sentence.endswith(">not supported") and 'title="The language model wrote' in sentence
    exported = to_markdown(Conversation(exchanges=(Exchange("Who?", WRITTEN),)))
    assert "It was fun. \\[unsupported\\]" in exported
    assert "\\[unsupported\\]: the language model wrote this" in exported
    assert "unsupported" not in to_markdown(
        Conversation(exchanges=(Exchange("Who?", answer(citation())),))
    )


@pytest.mark.parametrize(
    ("usage", "timings", "line"),
    [
        (
            Usage(1, 1512, 38),
            {"first_token": 0.25, "total": 3.04},
            "Model &lt;1B&gt; · 1,512 tokens in, 38 out · first word after 0.2 s · 3.0 s in all",
        ),
        (Usage(2), {"total": 3.04}, "Model &lt;1B&gt; · 3.0 s in all"),
        (Usage(), {}, "Model &lt;1B&gt; · kept from when it was asked before"),
        (None, {"total": 3.04}, None),
    ],
)
def test_a_written_answer_says_who_wrote_it_and_what_it_took(
    usage: Usage | None, timings: dict[str, float], line: str | None
) -> None:
    told = replace(WRITTEN, usage=usage, timings=timings)
    shown = exchange_html(Exchange("Who?", told, writer="Model <1B>"), 0)
    found = re.findall(r'<p class="wrote">(.*?)</p>', shown)
    assert found == ([line] if line else [])
    assert ('class="took"' in shown) is (usage is None)


def test_while_a_model_writes_it_is_said_below_what_there_is() -> None:
    step = "Writing from the best of 10 passages …"
    for writer, steps in (("Model", 1), ("", 0)):
        half = Exchange("Who?", said="It is. [1]", step=step, writer=writer)
        shown = exchange_html(half, 0, busy=True)
        assert shown.count('class="step"') == steps and "It is. [1]" in shown


def test_a_written_answer_with_two_sides_keeps_its_sentences() -> None:
    told = replace(WRITTEN, notes=("The articles seem to disagree on the date.",))
    shown = exchange_html(Exchange("Who?", told), 0)
    assert 'class="side"' not in shown and "It was fun." in shown and "seem to disagree" in shown


def test_who_answers_can_be_chosen_where_there_is_a_choice() -> None:
    options = {"": "Quotes", "gguf:a.gguf": HOSTILE}
    shown = read(writers_html(options, "gguf:a.gguf", failed=HOSTILE))
    assert shown.tags == ["form", "label", "select", "option", "option", "p"]
    assert ("value", "gguf:a.gguf") in shown.attributes and ("selected", None) in shown.attributes
    assert ("disabled", None) not in shown.attributes
    assert ("disabled", None) in read(writers_html(options, "", busy=True)).attributes
    assert writers_html({}, "", busy=True, failed="x") == ""
    assert "QA_LLM" in invitation(3, [], can_write=False)
    assert "QA_LLM" not in invitation(3, [])


def test_sides_stand_beside_each_other_only_where_the_answer_says_they_disagree() -> None:
    two = answer(citation(1), citation(2, article="b.md"))
    assert exchange_html(Exchange("Who?", two), 0).count('class="side"') == 0
    told = replace(two, notes=("The articles seem to disagree on the date.",))
    assert exchange_html(Exchange("Who?", told), 0).count('class="side"') == 2


def test_an_abstention_has_near_misses_and_no_sources() -> None:
    shown = exchange_html(Exchange("Who?", abstention(citation(), citation(2))), 0)
    assert 'class="answer abstained"' in shown and "chip" not in shown
    assert shown.count('class="miss"') == 2
    assert "Related, but not an answer" in shown
    assert "No sources" in sources(abstention(citation()), 0)


@pytest.mark.parametrize(
    ("confidence", "words", "figure"),
    [
        (0.97, "Probably answers it", "about 95 %"), (0.7, "Probably answers it", "about 70 %"),
        (0.5, "May answer it", "about 50 %"), (0.3, "Unsure if it answers", "about 30 %"),
        (0.0, "Unsure if it answers", "under 5 %"), (0.99, "Probably answers it", "over 95 %"),
    ],
)  # fmt: skip
def test_a_confidence_is_words_and_its_figure_a_hint(
    confidence: float, words: str, figure: str
) -> None:
    assert (supported(confidence), about(confidence)) == (words, figure)
    shown = exchange_html(Exchange("Who?", replace(answer(citation()), confidence=confidence)), 0)
    assert f">{words}</span>" in shown and f"{figure}" in shown
    assert figure not in read(shown).text


@pytest.mark.parametrize("confidence", [0.9, 0.5, 0.1])
def test_each_level_of_confidence_fills_its_bar(confidence: float) -> None:
    shown = exchange_html(Exchange("Who?", replace(answer(citation()), confidence=confidence)), 0)
    (level,) = re.findall(r'<p class="sure (\w+)">', shown)
    style = (Path(__file__).parents[1] / "ui" / "style.css").read_text(encoding="utf-8")
    assert re.search(rf"\.{level} \.words {{ --full: [1-9]\d*%", style)


def test_only_the_last_question_can_be_asked_again_and_has_suggestions() -> None:
    exchange = Exchange("Who?", answer(citation()), suggestions=("Why?",))
    shown = transcript(Conversation(exchanges=(exchange, exchange)), [0, 1])
    assert shown.count('data-do="retry"') == shown.count('class="suggested"') == 1
    assert shown.count('data-do="edit"') == 2


@pytest.mark.parametrize(
    ("exchange", "said"),
    [
        (Exchange("Who?", step="Searching …"), "Searching …"),
        (Exchange("Who?", said="It is"), "It is"),
    ],
)
def test_what_is_being_written_is_busy_and_has_no_tools(exchange: Exchange, said: str) -> None:
    shown = exchange_html(exchange, 0, busy=True)
    assert 'aria-busy="true"' in shown and said in shown and 'data-do="retry"' not in shown


def test_an_understood_question_is_shown_where_it_differs() -> None:
    one = answer(citation())
    assert "Understood as" not in exchange_html(Exchange(" Who? ", one), 0)
    assert "Understood as: Who?" in read(exchange_html(Exchange("he?", one), 0)).text


@pytest.mark.parametrize("liked", [True, False])
def test_a_vote_is_pressed_and_asks_for_a_comment_once(liked: bool) -> None:
    exchange = Exchange("Who?", answer(citation()), liked=liked)
    shown = exchange_html(exchange, 0)
    assert shown.count('aria-pressed="true"') == 1
    assert f'data-liked="{int(liked)}" aria-label' in shown.split('aria-pressed="true"')[0]
    assert "<form" in shown
    assert "<form" not in exchange_html(replace(exchange, comment="Fine"), 0)


def test_marks_cover_exactly_what_the_offsets_say() -> None:
    sentence = "Its first train carried salted herring to the market hall."
    start = RAILWAY.index(sentence)
    shown = article_html(ARTICLE, [(start, start + len(sentence))])
    assert re.findall("<mark>(.*?)</mark>", shown) == [sentence]


def test_a_mark_over_two_paragraphs_is_two_marks_of_the_same_text() -> None:
    start, end = RAILWAY.index("The line is"), RAILWAY.index(" was closed after")
    marks = re.findall("<mark>(.*?)</mark>", article_html(ARTICLE, [(start, end)]))
    assert marks == ["The line is eleven kilometres long.", "The old tunnel"]


def test_an_articles_parts_are_all_there_in_the_order_of_the_text() -> None:
    found = blocks(ARTICLE)
    assert [block.start for block in found] == sorted(block.start for block in found)
    assert [block.kind for block in found].count("answer") == len(ARTICLE.faq) == 2
    assert [block.heading for block in found if block.kind == "heading"] == [
        "Questions and answers"
    ]


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50))))
def test_pieces_are_the_text_again(text: str, marked: list[tuple[int, int]]) -> None:
    spans = [(a, b) for a, b in marked if a < b]
    found = list(pieces(text, (0, len(text)), spans))
    assert "".join(piece for piece, _ in found) == text
    covered = {at for a, b in spans for at in range(max(a, 0), min(b, len(text)))}
    assert sum(len(piece) for piece, is_marked in found if is_marked) == len(covered)


@pytest.mark.parametrize("name", ["a b.txt", "ä/ö?.md", 'x"&<.txt', "\udcff.txt"])
def test_a_link_names_an_article_and_nothing_else(name: str) -> None:
    address = link_to(name, (3, 9))
    assert re.fullmatch(r"\?article=[\w.%+-]*&amp;start=3&amp;end=9", address)


def test_a_button_carries_its_data_escaped() -> None:
    made = button("select", "x", label='say "hi"', name='"><b>', pressed=1)
    assert read(made).tags == ["button"]
    assert dict(read(made).attributes)["data-name"] == '"><b>'
    assert dict(read(made).attributes)["aria-pressed"] == "true"


@pytest.mark.parametrize(
    ("remembers", "said"), [(True, "for this browser alone"), (False, "Without cookies")]
)
def test_an_empty_list_says_why(remembers: bool, said: str) -> None:
    assert said in listing_html([], "", remembers=remembers)


def test_a_report_shows_its_figures_curves_and_notes() -> None:
    report = Report(
        about={"articles": 9, "faq": "held-out", "time": "2026-01-02T03:04:05"},
        figures=(
            Figure("recall@5", "retrieval", 0.857, 0.765, 0.939, 49, "higher", "Share <found>."),
            Figure("length", "answer", 359.4, None, None, 1, "", "Characters."),
            Figure("precision", "abstention", None, None, None, 0, "higher", "Of refusals."),
        ),
        curves=(Curve("reliability", "confidence", "share right", (0.1, 0.9), (0.2, 1), (3, 5)),),
        outcomes=(),
        notes=("<note>",),
    )
    shown = read(evaluation_html(report))
    for said in ("0.86", "0.77 to 0.94 · 49 cases", "359", "1 case", "not known", "<note>"):
        assert said in shown.text
    assert "0 questions · 9 articles · FAQ sections held-out · 2026-01-02 03:04" in shown.text
    assert shown.tags.count("circle") == 2 and shown.tags.count("svg") == 1
    assert "Not evaluated yet" in evaluation_html(None)
