"""Which sentences are quoted and in which order, on evidence made by hand."""

from datetime import date

from index.passages import Passage
from qa.answer import Citation
from qa.evidence import Evidence
from qa.quoting import MARGIN, MOST_CHARACTERS, SIDE_MARGIN, TIE, Quote, choose, compose, same


def evidence(text: str, score: float, article: str = "a.txt", start: int = 0) -> Evidence:
    """A sentence that is all of its passage."""
    span = (start, start + len(text))
    passage = Passage(f"{article}#{start}", article, "body", article, "", text, *span, (span,))
    return Evidence(passage, span, score, score, score, score, score)


def chosen(question: str, *pieces: Evidence) -> list[str]:
    """The quotes chosen from evidence, sorted as a scorer sorts it."""
    ranked = sorted(pieces, key=lambda piece: -piece.score)
    return [quote.evidence.quote for quote in choose(question, ranked).quotes]


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose("Why?", []).quotes == ()


def test_the_best_opens_and_what_is_near_it_follows_in_the_articles_order() -> None:
    best = evidence("The dam broke.", 0.8, start=50)
    later = evidence("The village drowned.", 0.8 - MARGIN / 2, start=200)
    next_one = evidence("Water came down.", 0.8 - MARGIN * 0.9, start=100)
    far = evidence("Sheep eat grass.", 0.8 - MARGIN * 1.1, start=300)
    assert chosen("Why?", best, later, next_one, far) == [
        "The dam broke.",
        "Water came down.",
        "The village drowned.",
    ]


def test_what_stands_before_the_best_comes_first_in_a_tie_and_else_not_at_all() -> None:
    best = evidence("It broke at night.", 0.8, start=50)
    tied = evidence("The dam was old.", 0.8 - TIE / 2, start=10)
    behind = evidence("Rain had fallen.", 0.8 - TIE * 2, start=30)
    assert chosen("Why?", best, tied, behind) == ["The dam was old.", "It broke at night."]


def test_an_answer_stays_short() -> None:
    best = evidence("The dam broke.", 0.8)
    long = evidence("Then " + "water " * (MOST_CHARACTERS // 6) + "came.", 0.79, start=100)
    short = evidence("The village drowned.", 0.78, start=9000)
    assert chosen("Why?", best, long, short) == ["The dam broke.", "The village drowned."]


def test_what_two_articles_say_alike_is_one_sentence_with_two_citations() -> None:
    one = evidence("The dam broke on the night of 3 May.", 0.8, "a.txt")
    two = evidence("On the night of 3 May the dam broke.", 0.79, "b.txt")
    (quote,) = choose("Why?", [one, two]).quotes
    assert quote == Quote(one, (two,))


def test_another_number_or_a_negation_is_not_the_same() -> None:
    one = evidence("The dam broke on the night of 3 May.", 0.8)
    assert not same(one, evidence("The dam broke on the night of 4 May.", 0.8))
    assert not same(one, evidence("The dam never broke on the night of 3 May.", 0.8))


def test_where_articles_disagree_the_answer_is_the_sides() -> None:
    best = evidence("The dam broke on 3 May.", 0.8, "a.txt")
    more = evidence("It rained that day.", 0.79, "a.txt", start=100)
    other = evidence("The dam broke on 5 June.", 0.8 - SIDE_MARGIN / 2, "b.txt")
    third = evidence("A dam was built on 9 July.", 0.8 - SIDE_MARGIN * 1.1, "c.txt")
    quotation = choose("When did the dam break?", [best, more, other, third])
    assert [quote.evidence for quote in quotation.quotes] == [best, other]
    assert quotation.disagreement == "date"


def test_one_article_cannot_disagree_with_itself() -> None:
    best = evidence("The dam broke on 3 May.", 0.8)
    other = evidence("It was mended on 5 June.", 0.79, start=100)
    assert choose("When did the dam break?", [best, other]).disagreement is None


def test_the_answer_is_numbered_marked_and_attributed() -> None:
    one = evidence("The dam\nbroke.", 0.8, "a.txt")
    two = evidence("The dam broke!", 0.8, "b.txt")
    three = evidence("Sheep drowned.", 0.7, "b.txt", start=50)
    sources = [
        Citation(0, "a.txt", "Flood", one.quote, 0, 14, date(2001, 5, 3)),
        Citation(0, "b.txt", "Dam", two.quote, 0, 14),
        Citation(0, "b.txt", "Dam", three.quote, 50, 64),
    ]
    text, sentences, citations = compose([Quote(one, (two,)), Quote(three)], sources)
    assert text == (
        "According to “Flood” (3 May 2001): The dam broke. [1][2] "
        "According to “Dam”: Sheep drowned. [3]"
    )
    assert [sentence.citations for sentence in sentences] == [(1, 2), (3,)]
    assert [citation.number for citation in citations] == [1, 2, 3]
    assert citations[0].quote == "The dam\nbroke."


def test_a_single_article_needs_no_attribution() -> None:
    one = evidence("The dam broke.", 0.8)
    text, _, _ = compose([Quote(one)], [Citation(0, "a.txt", "Flood", one.quote, 0, 14)])
    assert text == "The dam broke. [1]"
