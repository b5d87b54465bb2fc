"""Which answers contradict each other, and which only say it in other words."""

import pytest

from qa.disagreement import Asked, asked_for, date_parts, disagree, numbers, places


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("When did the ferry sink?", "date"),
        ("In which year was the mill built?", "date"),
        ("On what exact date was it sold?", "date"),
        ("How many sheep were lost?", "number"),
        ("How long did it take?", "number"),
        ("What percentage of the votes did she get?", "number"),
        ("What was the price of the mill?", "number"),
        ("What distance did the ferry sail?", "number"),
        ("Where was the treaty signed?", "place"),
        ("Which city has the larger port?", "place"),
        ("Was a treaty signed?", "yes or no"),
        ("Did the ferry sink?", "yes or no"),
        ("Why did the ferry sink?", None),
        ("Why did they cheer when it sank?", None),
        ("Since when is it a museum?", "date"),
        ("Who built the mill?", None),
    ],
)
def test_what_a_question_asks_for(question: str, asked: Asked | None) -> None:
    assert asked_for(question) == asked


@pytest.mark.parametrize(
    ("asked", "question", "one", "other", "expected"),
    [
        ("date", "When?", "It sank on 3 May 1902.", "It sank on 4 May 1902.", True),
        ("date", "When?", "It sank on 3 May 1902.", "It sank in 1902.", False),
        ("date", "When?", "It sank in 1902.", "It sank in 1903.", True),
        ("date", "When?", "It sank on Sunday.", "It sank on Monday morning.", True),
        ("date", "When?", "It sank on Sunday, 3 May.", "It sank on May 3rd.", False),
        ("date", "When?", "It sank on Sunday.", "It sank in 1902.", False),
        ("date", "When?", "It sank in 1902.", "It sank in a storm.", False),
        ("date", "When?", "They may come in 1902.", "They came in March 1902.", False),
        ("date", "When?", "It lasted from 12–17 September.", "It began on 12 September.", False),
        ("date", "When?", "From 25 to 27 July.", "On 26 July.", False),
        (
            "number",
            "How many?",
            "It was one of them in 2022 and later.",
            "Two of them in 2023 and on.",
            False,
        ),
        ("number", "How many sheep?", "It has five masts.", "It has two masts.", False),
        ("number", "How many?", "It took five hours.", "It took two hours.", True),
        ("number", "How many?", "It took five hours.", "It took 5 hours.", False),
        ("number", "How many?", "It took five hours.", "It has three masts.", False),
        (
            "number",
            "How many shells?",
            "About 10 million shells.",
            "No more than three million shells.",
            True,
        ),
        (
            "number",
            "How many shells?",
            "About 10 million shells.",
            "10,000,000 shells were lost.",
            False,
        ),
        ("place", "Where?", "They met in Lisbon.", "They met at the port of Cadiz.", False),
        ("place", "Where?", "They met in Lisbon.", "They met near Old Cadiz.", True),
        ("place", "Where?", "They met in Cadiz, and not in Lisbon.", "In Lisbon.", True),
        ("place", "Where in Spain?", "They met in Cadiz, in Spain.", "They met in Spain.", False),
        (
            "yes or no",
            "Was it signed?",
            "The treaty was signed.",
            "The treaty was not signed.",
            True,
        ),
        ("place", "Where?", "They met in September.", "They met in Lisbon.", False),
        ("place", "Where did Ann meet Bo?", "To Ann it was new.", "They met in Lisbon.", False),
        (
            "yes or no",
            "Did he go?",
            "He went by train, and not by plane.",
            "He went by train.",
            True,
        ),
        (
            "yes or no",
            "Did he go?",
            "He did not say why it rained all day.",
            "He went by train.",
            False,
        ),
        ("yes or no", "Was it signed?", "No treaty was signed.", "Nothing was signed.", False),
        (
            "yes or no",
            "Were the lifeboat drills of 1907 skipped?",
            "A court found no sign that the lifeboat drills had been skipped in 1907.",
            "The mate, who had served on four ships before, said in Leith that two drills of the "
            "lifeboat crew were skipped in 1907.",
            True,
        ),
        (
            "yes or no",
            "Were the lifeboat drills of 1907 skipped?",
            "A court found no sign that the lifeboat drills had been skipped in 1907.",
            "The lifeboat was painted white in 1907 by the mate, who had served on four ships.",
            False,
        ),
        ("yes or no", "Was it sold?", "It was sold without a mast.", "It was sold there.", False),
        ("number", "How much was it?", "It went for £3.2 million and a boat.", "£4 million.", True),
        (
            "number",
            "How much was it?",
            "It went for £3.2 million and a boat.",
            "$4 million.",
            False,
        ),
    ],
)
def test_whether_two_sentences_disagree(
    asked: Asked, question: str, one: str, other: str, expected: bool
) -> None:
    assert disagree(asked, question, one, other) is expected
    assert disagree(asked, question, other, one) is expected


def test_the_parts_of_a_date() -> None:
    parts = date_parts("On Sunday, 10 September 2023, and again on Sept. 12th.")
    assert parts == {
        "year": {"2023"},
        "month": {"sep"},
        "day": {"10", "12"},
        "weekday": {"sun"},
    }


def test_numbers_carry_their_units() -> None:
    assert numbers("It fired 1.5 million shells and twenty rockets in 2022") >= {
        (1_500_000.0, "shell"),
        (20.0, "rocket"),
    }


def test_places_follow_prepositions() -> None:
    assert places("They met at the Vostochny Cosmodrome near Tsiolkovsky, said Peskov") == {
        "Vostochny Cosmodrome",
        "Tsiolkovsky",
    }
