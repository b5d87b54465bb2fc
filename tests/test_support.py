"""What counts as supported: whole quotes at once, other words by their meaning, facts exactly."""

from __future__ import annotations

import pytest

from index.embedding import EncodedText, Encoder
from qa.support import SupportScorer

TRAIN = "The harbour railway opened on 3 May 1921, and its first train carried salted herring."
LINE = "The line is eleven kilometres long."
MAYOR = "Mayor Ada Moss invited Ben Thorne to the opening, but he did not come."
TUNNEL = "The tunnel may be closed in winter, according to the engineers."


class NoModel:
    """An encoder that must not be asked."""

    def encode_passages(self, texts: list[str]) -> list[EncodedText]:
        """Fails the test."""
        raise AssertionError(f"the model was asked about {texts}")


@pytest.fixture(scope="module")
def scorer(encoder: Encoder) -> SupportScorer:
    """One with the default model."""
    return SupportScorer(encoder)


@pytest.mark.parametrize(
    "sentence",
    [
        LINE,
        "The line is eleven\n  kilometres long. [1]",
        f"According to “The Harbour Railway” (3 May 2021): {LINE}",
        f'According to “The "Harbour" Railway…”: {LINE}',
        f"According to “The “Harbour” Railway” (3 May 2021): {LINE}",
        f"{LINE} {TRAIN}",
        f"{TRAIN} [2] {LINE} [1]",
    ],
)
def test_whole_quotes_are_supported_without_asking_the_model(sentence: str) -> None:
    scorer = SupportScorer(NoModel())  # type: ignore[arg-type]
    assert scorer.check(sentence, [LINE, TRAIN]).score == 1.0


@pytest.mark.parametrize(
    "sentence",
    ["The line is", "According to Ada Moss, the line is eleven kilometres long", f"Not so: {LINE}"],
)
def test_a_part_of_a_quote_or_more_than_it_is_looked_at(sentence: str) -> None:
    with pytest.raises(AssertionError, match="the model was asked"):
        SupportScorer(NoModel()).score(sentence, [LINE])  # type: ignore[arg-type]


@pytest.mark.parametrize("quotes", [[], ["  "]])
def test_nothing_supports_without_quotes(quotes: list[str]) -> None:
    scorer = SupportScorer(NoModel())  # type: ignore[arg-type]
    support = scorer.check(LINE, quotes, [LINE])
    assert (support.score, support.supported, support.problems) == (
        0,
        False,
        ("there is no quote",),
    )


SUPPORTED = [
    ("The line is 11 kilometres long.", [LINE], []),
    ("The line is 11 kilometres long. [12]", [LINE], []),
    ("The first train of the railway transported salted herring.", [TRAIN], []),
    ("The railway was opened in May 1921.", [TRAIN], []),
    ("The harbour railway, which is eleven kilometres long, opened in 1921.", [TRAIN, LINE], []),
    ("Ben Thorne was invited by Ada Moss.", [MAYOR], []),
    ("Thorne didn't come to the opening.", [MAYOR], []),
    ("Ms Moss invited Mr Thorne to the opening.", [MAYOR], []),
    ("In winter the tunnel could be closed.", [TUNNEL], []),
    ("The engineers say that the tunnel may be closed in winter.", [TUNNEL], []),
    ("About a quarter of the ships were late.", ["One in four ships was late."], []),
    ("The US and North Korea talked.", ["Talks were held by the United States and the DPRK."], []),
    ("French trains were late.", ["In France, the trains were late."], []),
    ("Over 5,500 people came.", ["5,512 people came."], []),
    ("The museum opened on Friday, 5 May 2023.", ["The museum opened on Friday."], ["7 May 2023"]),
    ("Ada Moss opened the line.", ["She opened the line."], ["Ada Moss, Mayor"]),
]


@pytest.mark.parametrize(("sentence", "quotes", "context"), SUPPORTED)
def test_other_words_for_the_same_are_supported(
    scorer: SupportScorer, sentence: str, quotes: list[str], context: list[str]
) -> None:
    support = scorer.check(sentence, quotes, context)
    assert support.supported, support
    assert not support.problems
    assert scorer.score(sentence, quotes, context) == support.score <= 1


UNSUPPORTED = [
    ("The line is twelve kilometres long.", [LINE], "the number 12 "),
    ("The railway opened in June 1921.", [TRAIN], "the month Jun "),
    ("The railway opened on 3 May 1931.", [TRAIN], "the year 1931 "),
    ("The railway opened on 4 May 1921.", [TRAIN], "the day 4 "),
    ("Mayor Cleo Moss invited Ben Thorne.", [MAYOR], "the name Cleo Moss "),
    ("Ben Thorne was invited to Lisbon.", [MAYOR], "the name Lisbon "),
    ("Ben Thorne came to the opening.", [MAYOR], "the negation: the quotes say “not … come”"),
    ("Ada Moss did not invite Ben Thorne.", [MAYOR], "the negation “not” is not in the quotes"),
    ("Ben Thorne invited Ada Moss to the opening.", [MAYOR], "who does what to whom"),
    ("The tunnel is closed in winter.", [TUNNEL], "it is stated as a fact"),
    ("The tunnel may be closed in summer.", [TUNNEL], "“summer” where the quotes say “winter”"),
    ("All ships were late.", ["Some ships were late."], "“all” where the quotes say “some”"),
    ("62 guests came from 7 towns.", ["7 guests came from 62 towns."], "another number than"),
    ("It was the third ship.", ["It was the second ship."], "the number 3rd"),
    ("The line is eleven kilometres long and was built by convicts.", [LINE], "do not speak of"),
    ("Herring is the town's most important export.", [LINE], "do not speak of"),
]


@pytest.mark.parametrize(("sentence", "quotes", "problem"), UNSUPPORTED)
def test_what_the_quotes_do_not_say_is_told(
    scorer: SupportScorer, sentence: str, quotes: list[str], problem: str
) -> None:
    support = scorer.check(sentence, quotes)
    assert not support.supported
    assert any(problem in found for found in support.problems), support


def test_context_alone_supports_nothing(scorer: SupportScorer) -> None:
    assert scorer.score("The railway opened on 3 May 1921.", [LINE], [TRAIN]) < 0.5


def test_the_same_gives_the_same(scorer: SupportScorer) -> None:
    first, again = (scorer.check("The line is long.", [LINE, TRAIN]) for _ in range(2))
    assert first == again
