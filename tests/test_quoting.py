"""Which sentences are quoted and in which order, on evidence made by hand."""

from dataclasses import replace
from datetime import date

from index.passages import Passage
from qa.answer import Citation
from qa.evidence import Evidence
from qa.quoting import (
    FACT_TIE,
    LIFTED,
    MARGIN,
    MOST_CHARACTERS,
    MOST_QUOTES,
    MOST_SIDES,
    OPPOSITE_COVERED,
    OPPOSITE_MARGIN,
    SIDE_GAP,
    SIDE_MARGIN,
    WITNESS_MARGIN,
    Quote,
    choose,
    compose,
    same,
)


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


def test_what_is_near_the_best_completes_it_in_the_articles_order() -> None:
    best = evidence("The dam broke.", 0.8, start=50)
    before = evidence("It was old.", 0.8 - MARGIN / 2, start=10)
    later = evidence("The village drowned.", 0.8 - MARGIN * 0.9, start=200)
    fourth = evidence("Water came down.", 0.8 - MARGIN * 0.95, start=100)
    far = evidence("Sheep eat grass.", 0.8 - MARGIN * 1.1, start=300)
    assert chosen("How was it?", best, before, far) == ["It was old.", "The dam broke."]
    assert chosen("How was it?", best, before, later, fourth, far) == [
        "It was old.",
        "The dam broke.",
        "The village drowned.",
    ]


def test_where_a_fact_is_asked_for_it_opens() -> None:
    best = evidence("It broke on 3 May.", 0.8, start=50)
    before = evidence("Rain had fallen.", 0.8 - FACT_TIE * 1.1, start=30)
    near = evidence("The village drowned.", 0.8 - MARGIN * 0.9, start=100)
    far = evidence("Sheep eat grass.", 0.8 - MARGIN * 1.1, start=300)
    assert chosen("When did the dam break?", best, before, near, far) == [
        "It broke on 3 May.",
        "The village drowned.",
    ]
    tied = evidence("The dam was old.", 0.8 - FACT_TIE / 2, start=10)
    assert chosen("When did the dam break?", best, tied)[0] == "The dam was old."


def test_the_articles_of_others_follow_by_score() -> None:
    best = evidence("The dam broke.", 0.8, "b.txt")
    other = evidence("Water came down.", 0.75, "a.txt")
    third = evidence("Many sheep drowned.", 0.76, "c.txt")
    assert chosen("Why?", best, other, third) == [
        "The dam broke.",
        "Many sheep drowned.",
        "Water came down.",
    ]


def test_a_broad_question_hears_other_articles_up_to_three_quotes() -> None:
    best = evidence("The dam broke.", 0.8, "a.txt")
    again = evidence("Rain had fallen.", 0.8 - MARGIN * 1.1, "a.txt", start=50)
    second = evidence("Many sheep drowned.", 0.8 - WITNESS_MARGIN * 0.8, "b.txt")
    more = evidence("Cattle fled uphill.", 0.8 - WITNESS_MARGIN * 0.9, "b.txt", start=50)
    far = evidence("Nobody knew.", 0.8 - WITNESS_MARGIN * 1.1, "c.txt")
    third = evidence("The mayor wept.", 0.8 - WITNESS_MARGIN * 0.95, "d.txt")
    fourth = evidence("The school closed.", 0.8 - WITNESS_MARGIN * 0.97, "e.txt")
    pieces = best, again, second, more, far, third, fourth
    assert chosen("What came of it?", *pieces) == [best.quote, second.quote, third.quote]
    assert chosen("When was it?", *pieces) == [best.quote]
    full = replace(again, score=0.79), evidence("It was old.", 0.785, "a.txt", start=90)
    assert second.quote not in chosen("What came of it?", best, *full, second)


def test_where_a_reason_is_asked_for_the_margins_are_wider() -> None:
    best = evidence("The dam broke because of rain.", 0.8, "a.txt")
    near = evidence("Nobody had mended it.", 0.8 - MARGIN - LIFTED * 0.9, "a.txt", start=50)
    there = evidence("Rain had fallen.", 0.8 - WITNESS_MARGIN - LIFTED * 0.9, "b.txt")
    far = evidence("It was old.", 0.8 - WITNESS_MARGIN - LIFTED * 1.1, "c.txt")
    assert chosen("Why did it break?", best, near, there) == [best.quote, near.quote, there.quote]
    assert chosen("Why did it break?", best, far) == [best.quote]
    assert chosen("How did it break?", best, near, there) == [best.quote]


def test_an_article_that_says_the_same_is_heard_already() -> None:
    best = evidence("The dam broke on the night of 3 May.", 0.8, "a.txt")
    same_there = evidence("On the night of 3 May the dam broke.", 0.79, "b.txt")
    more_there = evidence("Many sheep drowned.", 0.8 - WITNESS_MARGIN * 0.9, "b.txt", start=50)
    assert chosen("What came of it?", best, same_there, more_there) == [best.quote]


def test_a_fragment_completes_nothing() -> None:
    best = evidence("In Lisbon.", 0.8, "a.txt")
    fragment = evidence("Six days.", 0.79, "a.txt", start=50)
    elsewhere = evidence("By train.", 0.79, "b.txt")
    assert chosen("What came of it?", best, fragment, elsewhere) == [best.quote]


def test_a_witness_is_short() -> None:
    best = evidence("The dam broke.", 0.8, "a.txt")
    long = evidence("Then " + "water " * (MOST_CHARACTERS // 6) + "came.", 0.72, "b.txt")
    short = evidence("Many sheep drowned.", 0.71, "c.txt")
    assert chosen("What came of it?", best, long, short) == [best.quote, short.quote]


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


def test_a_bare_no_is_not_the_same_as_another() -> None:
    assert not same(evidence("No.", 0.8), evidence("No.", 0.7, "b.txt"))


def test_another_number_or_a_negation_is_not_the_same() -> None:
    one = evidence("The dam broke on the night of 3 May.", 0.8)
    assert not same(one, evidence("The dam broke on the night of 4 May.", 0.8))
    assert not same(one, evidence("The dam never broke on the night of 3 May.", 0.8))
    sunday = evidence("Kim's train left Pyongyang on Sunday evening.", 0.8)
    assert not same(sunday, evidence("Kim's train left Pyongyang on Monday evening.", 0.8))
    opening = evidence("Sunday evening the train left Pyongyang.", 0.8)
    assert not same(opening, evidence("Monday evening the train left Pyongyang.", 0.8))
    five = evidence("They met for five hours in Lisbon.", 0.8)
    assert not same(five, evidence("They met for two hours in Lisbon.", 0.8))
    assert not same(five, evidence("They met for five hours in Cadiz.", 0.8))
    united = evidence("The United States warned the North again.", 0.8)
    assert same(united, evidence("Again the United States warned the North.", 0.8))


def test_where_articles_disagree_the_answer_is_the_sides() -> None:
    best = evidence("The dam broke on 3 May.", 0.8, "a.txt")
    more = evidence("It rained that day.", 0.79, "a.txt", start=100)
    other = evidence("The dam broke on 5 June.", 0.8 - SIDE_MARGIN / 2, "b.txt")
    third = evidence("A dam was built on 9 July.", 0.8 - SIDE_MARGIN * 1.1, "c.txt")
    quotation = choose("When did the dam break?", [best, more, other, third])
    assert [quote.evidence for quote in quotation.quotes] == [best, other]
    assert quotation.disagreement == "date"


def test_asked_for_yes_or_no_the_answer_has_the_opposite_too() -> None:
    asked = "Was a treaty signed?"
    yes = replace(evidence("A clerk says that he saw the treaty signed.", 0.8), covered=0.8)
    no = replace(
        evidence("The palace knows of no such paper.", 0.8 - OPPOSITE_MARGIN * 0.9, start=50),
        covered=0.8 - OPPOSITE_COVERED / 2,
    )
    assert chosen(asked, yes, no) == [yes.quote, no.quote]
    assert chosen("Who signed the treaty?", yes, no) == [yes.quote]
    other = replace(no, covered=0.8 - OPPOSITE_COVERED * 2)
    assert chosen(asked, yes, other) == [yes.quote]
    far = replace(no, score=0.8 - OPPOSITE_MARGIN * 1.1)
    assert chosen(asked, yes, far) == [yes.quote]
    heard = evidence("Nobody signed it, says the other.", 0.79, start=90)
    assert chosen(asked, yes, heard, no) == [yes.quote, heard.quote]


def test_more_sides_are_shown_than_an_answer_has_quotes() -> None:
    pieces = [evidence(f"The dam broke on {3 + n} May.", 0.8, f"{n}.txt") for n in range(6)]
    quotation = choose("When did the dam break?", pieces)
    assert [quote.evidence for quote in quotation.quotes] == pieces[:MOST_SIDES]
    assert MOST_SIDES > MOST_QUOTES


def test_a_sentence_about_something_else_is_no_side() -> None:
    best = replace(evidence("It left on 3 May.", 0.8, "a.txt"), match=(0.9, 0.8))
    other = replace(
        evidence("It came on 5 June.", 0.79, "b.txt"), match=(0.9, 0.8 - SIDE_GAP - 0.01)
    )
    assert choose("When did it leave?", [best, other]).disagreement is None
    closer = replace(other, match=(0.9, 0.8 - SIDE_GAP + 0.01))
    assert choose("When did it leave?", [best, closer]).disagreement == "date"


def test_a_side_is_no_citation_of_the_other_side() -> None:
    best = evidence("The dam broke on 3 May.", 0.8, "a.txt")
    side = evidence("The dam broke on 5 June.", 0.79, "b.txt")
    again = evidence("On 3 May the dam broke.", 0.7, "b.txt", start=90)
    (quote, other) = choose("When did the dam break?", [best, side, again]).quotes
    assert quote.also == () and other.evidence == side


def test_one_article_cannot_disagree_with_itself() -> None:
    best = evidence("The dam broke on 3 May.", 0.8)
    other = evidence("It was mended on 5 June.", 0.79, start=100)
    assert choose("When did the dam break?", [best, other]).disagreement is None


def cite(piece: Evidence, number: int) -> Citation:
    day = date(2001, 5, 3) if piece.passage.article_id == "a.txt" else None
    title = {"a.txt": "Flood", "b.txt": "Dam"}[piece.passage.article_id]
    return Citation(number, piece.passage.article_id, title, piece.quote, *piece.span, day)


def test_the_answer_is_numbered_marked_and_attributed() -> None:
    one = evidence("The dam\nbroke.", 0.8, "a.txt")
    two = evidence("The dam broke!", 0.8, "b.txt")
    three = evidence("Many sheep drowned.", 0.7, "b.txt", start=50)
    text, sentences, citations = compose([Quote(one, (two,)), Quote(three)], cite)
    assert text == (
        "According to “Flood” (3 May 2001): The dam broke. [1][2] "
        "According to “Dam”: Many sheep drowned. [3]"
    )
    assert [sentence.citations for sentence in sentences] == [(1, 2), (3,)]
    assert [citation.number for citation in citations] == [1, 2, 3]
    assert citations[0].quote == "The dam\nbroke."


def test_the_best_citation_is_number_one_wherever_it_stands() -> None:
    before = evidence("The dam was old.", 0.7)
    best = evidence("It broke.", 0.8, start=50)
    text, sentences, citations = compose([Quote(before), Quote(best)], cite)
    assert text == "The dam was old. [2] It broke. [1]"
    assert [citation.quote for citation in citations] == ["It broke.", "The dam was old."]
    assert [sentence.citations for sentence in sentences] == [(2,), (1,)]


def test_a_single_article_needs_no_attribution() -> None:
    text, _, _ = compose([Quote(evidence("The dam broke.", 0.8))], cite)
    assert text == "The dam broke. [1]"
