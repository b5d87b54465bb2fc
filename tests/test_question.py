"""Odd questions get a clean question or one clear line."""

import pytest

from qa.errors import QuestionError
from qa.question import clean_question


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("  Who\n met\twhom? ", "Who met whom?"),
        ("Wh\u200bo?", "Wh o?"),
        ("Who\x00 met \ud800Kim?", "Who met Kim?"),
        ('NEAR("a" OR b*) AND -c:^d', 'NEAR("a" OR b*) AND -c:^d'),
        ("何時ですか", "何時ですか"),
        ("أين القطار؟", "أين القطار؟"),
        ("2019", "2019"),
        ("\U000e0041hidden", "hidden"),
    ],
)
def test_a_question_is_cleaned(given: str, clean: str) -> None:
    assert clean_question(given, 100) == clean


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "no words"),
        ("   \n ", "no words"),
        ("?!… —", "no words"),
        ("\u200b\u200b", "no words"),
        ("🚂🚂", "no words"),
        ("x" * 101, "101 characters"),
        (None, "must be text, not NoneType"),
        (["Who?"], "must be text, not list"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_one_line(
    given: object, says: str
) -> None:
    with pytest.raises(QuestionError, match=says) as error:
        clean_question(given, 100)
    assert "\n" not in str(error.value)
