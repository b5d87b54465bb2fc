"""What a question wants to be told, and what signals it."""

import pytest

from qa.wanted import (
    AIM,
    BENEFIT,
    REASON,
    RESULT,
    SIGNIFICANCE,
    Relation,
    asks_fact,
    relations,
    sums_up,
)


@pytest.mark.parametrize(
    ("question", "word", "relation"),
    [
        ("Why did the ferry stay in port?", "Why", REASON),
        ("What are the reasons for the delay?", "reasons", REASON),
        ("What is the purpose of the visit?", "purpose", AIM),
        ("What were its main objectives there?", "objectives", AIM),
        ("Are there any consequences for Oban?", "consequences", RESULT),
        ("What are the benefits of the new pier?", "benefits", BENEFIT),
        ("What is the significance of the bell?", "significance", SIGNIFICANCE),
        ("What impact will the strike have?", "impact", RESULT),
    ],
)
def test_a_question_asks_for_a_relation_by_a_word(
    question: str, word: str, relation: Relation
) -> None:
    ((start, end), found), *more = relations(question)
    assert not more and found is relation
    assert question[start:end] == word


@pytest.mark.parametrize(
    "question",
    [
        "What does the ferry carry?",
        "How many goals did Oban score?",
        "Who gave the reason for the delay?",
        "What is aimless about it?",
        "What was purposely left out?",
    ],
)
def test_other_questions_ask_for_none(question: str) -> None:
    assert not [*relations(question)]


@pytest.mark.parametrize(
    ("relation", "tells", "does_not"),
    [
        (REASON, "It stayed in port because of a storm.", "It is due to be mended in May."),
        (REASON, "It stayed there, due to a storm.", "It was overdue to all."),
        (AIM, "She hopes to sell bread on Iona.", "The hopeless crew slept."),
        (AIM, "He went there in order to buy sheep.", "The order to sail came late."),
        (RESULT, "The strike led to higher fares.", "The cook led the choir."),
        (BENEFIT, "The island gained a doctor.", "It is against the rules."),
        (SIGNIFICANCE, "The bell marks the hour of the flood.", "Its market is significant."),
        (RESULT, "As a result, nobody sailed.", "The results come on Monday."),
        (RESULT, "The strike weakened the port.", "The strike has grave implications."),
    ],
)
def test_a_sentence_signals_what_it_tells(relation: Relation, tells: str, does_not: str) -> None:
    assert relation.signals.search(tells)
    assert not relation.signals.search(does_not)


def test_a_fact_is_asked_for_by_its_word() -> None:
    assert asks_fact("In what year did it sink?") and asks_fact("How many came?")
    assert not asks_fact("What is the purpose of the visit?")


def test_what_sums_up_says_so_first() -> None:
    assert sums_up("In summary, nobody sailed.") and sums_up("“Overall, nobody sailed.”")
    assert not sums_up("In summer, nobody sailed.") and not sums_up("Nobody sailed overall.")
