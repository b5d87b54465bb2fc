"""What counts as supported: whole quotes at once, other words by their meaning, facts exactly."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from index.embedding import EncodedText, Encoder
from qa.support import SupportScorer

DATA = Path(__file__).parent / "data"
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


PAIRS = yaml.safe_load((DATA / "grounding.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("supported", [True, False])
def test_it_judges_as_a_person_does(scorer: SupportScorer, *, supported: bool) -> None:
    """27 of 30 of each kind. They were looked at while it was made: `unseen.yaml` was not."""
    pairs = [pair for pair in PAIRS if pair["supported"] is supported]
    right = [
        scorer.check(pair["sentence"], pair["quotes"], pair.get("context", ())).supported
        for pair in pairs
    ].count(supported)
    assert len(pairs) == 30 and right >= 27


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
    ("Lisbon has two bridges.", ["The city has two bridges."], "the name Lisbon"),
    ("Tokyo protested at the launch.", ["Seoul protested at the launch."], "Tokyo"),
    ("The mayor was arrested.", [LINE, TRAIN], "do not speak of"),
    ("The line has 1 stops.", [LINE, TRAIN], "“stops”"),
    (
        "The guest brought a carbine and a sword.",
        ["The guest brought a carbine and other gifts that were not described."],
        "“sword” is not in the quotes",
    ),
    (
        "They will talk alone first and then dine with the guests.",
        ["They will dine with the guests, then talk alone."],
        "the other way round",
    ),
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


SUMMIT = ("Kim and Putin Talk Rockets", "13 September 2023")
"""An article's title and date, a Wednesday: it names two men."""

BY_CONTEXT = [
    ("Kim Jong Un thanked the crew.", "Kim thanked the crew.", ["Kim Jong Un in Vladivostok"]),
    ("Ada Moss thanked the crew.", "She thanked the crew.", ["Ada Moss arrived at noon."]),
    ("Ada Moss thanked the crew.", "The mayor thanked the crew.", ["Ada Moss, Mayor of Lisbon"]),
    ("Moss thanked him for the bridge.", "She thanked him for the bridge.", ["Ms Moss spoke."]),
    ("Ben Thorne was met by Ada Moss.", "Ada Moss met him.", ["Ben Thorne arrived at noon."]),
    ("Lisbon has two bridges.", "The city has two bridges.", ["A Day in Lisbon"]),
    ("Lisbon has two bridges.", "It has two bridges.", ["We saw more of Lisbon the next day."]),
    ("Kim and Putin met at noon.", "The two men met at noon.", [*SUMMIT]),
    ("They met on 13 September 2023.", "They met on Wednesday.", [*SUMMIT]),
    ("They met on 12 September.", "They met yesterday.", [*SUMMIT]),
    ("They met on 11 September 2023.", "They met on Monday.", [*SUMMIT]),
    ("They will meet on 15 September.", "They will meet on Friday.", [*SUMMIT]),
    ("They met in May 2023.", "They met in May.", [*SUMMIT]),
    ("She died in December 2011.", "She died that December.", ["In August 2011 she was in Rome."]),
]


@pytest.mark.parametrize(("sentence", "quote", "context"), BY_CONTEXT)
def test_the_context_says_who_and_when_where_the_quote_refers_to_it(
    scorer: SupportScorer, sentence: str, quote: str, context: list[str]
) -> None:
    support = scorer.check(sentence, [quote], context)
    assert support.supported, support


NOT_BY_CONTEXT = [
    ("Putin thanked the crew.", "Kim thanked the crew.", [*SUMMIT], "the name Putin"),
    ("The crew was thanked by Putin.", "Kim thanked the crew.", [*SUMMIT], "the name Putin"),
    ("Kim Jong Il thanked the crew.", "Kim thanked the crew.", ["A visit of Kim Jong Un"], "Kim"),
    ("The museum in Lisbon opened.", "The museum opened.", ["A Day in Lisbon"], "the name Lisbon"),
    ("Ada Moss opened the line.", "It opened the line.", ["Ada Moss, Mayor"], "the name Ada Moss"),
    ("Ada Moss met Lee.", "He met Lee.", ["Ms Ada Moss spoke first."], "the name Ada Moss"),
    (
        "Putin was tired when he left.",
        "He was tired when he left.",
        [*SUMMIT, "Ben Thorne arrived at noon."],
        "the name Putin",
    ),
    ("Shoigu walked Kim round.", "Kim walked him round.", ["Shoigu came."], "who does what"),
    ("They met on 13 September 2023.", "They met in the hall.", [*SUMMIT], "the day 13"),
    ("They met on 13 September 2023.", "They met on Monday.", [*SUMMIT], "the day 13"),
    ("They met on 18 September.", "They met on Monday.", [*SUMMIT], "the day 18"),
    ("They met in 2023.", "They met in the hall.", [*SUMMIT], "the year 2023"),
]


@pytest.mark.parametrize(("sentence", "quote", "context", "problem"), NOT_BY_CONTEXT)
def test_a_name_or_date_that_is_only_in_the_context_is_not_known(
    scorer: SupportScorer, sentence: str, quote: str, context: list[str], problem: str
) -> None:
    support = scorer.check(sentence, [quote], context)
    assert not support.supported
    assert any(problem in found for found in support.problems), support


WORKED_OUT = [
    ("The tracks differ by 85 millimetres.", ["Tracks of 1,435 and 1,520 millimetres meet here."]),
    ("The trip took two and a half days.", ["The trip took 60 hours."]),
    (
        "The probe was lost on 19 August.",
        ["The probe, launched on 11 August, was lost 8 days later."],
    ),
    ("It rose four years after work began.", ["Work began in 2012, and it rose in 2016."]),
    (
        "They fired five times as many shells.",
        ["They fired 10 million shells, and make two million."],
    ),
]


@pytest.mark.parametrize(("sentence", "quotes"), WORKED_OUT)
def test_a_number_may_be_worked_out(
    scorer: SupportScorer, sentence: str, quotes: list[str]
) -> None:
    assert not any(
        "number" in told or "day" in told for told in scorer.check(sentence, quotes).problems
    )
    wrong = re.sub("85|two and a half|19|four|five", "33", sentence)
    problems = scorer.check(wrong, quotes).problems
    assert any("33" in problem for problem in problems), (wrong, problems)


BEYOND = [
    ("They fire 10,000 rounds a month.", "They fire 10,000 rounds a day.", "“a month”"),
    ("The trip took 900 hours.", "The trip was 900 kilometres long.", "another number"),
    ("Only two ships were late.", "Two ships were late.", "“only”"),
    ("All the ships were late.", "The ships were late.", "“all”"),
    ("The ship sank because it was old.", "The ship, an old one, sank.", "“because”"),
    ("Not a single guest came.", "Few guests came.", "“not a single” where"),
    ("It makes a fifth more shells.", "It makes a fifth of the shells.", "a part"),
    (
        "The mayor thinks that it is ugly.",
        "The judge thinks that it is ugly.",
        "the quotes have it",
    ),
    ("The train left Rome on Monday.", "The train left Lyon on Monday.", "“Rome” where"),
    (
        "Ada Moss, the governor, met Ben Thorne, the mayor.",
        "Ada Moss, the mayor, met Ben Thorne, the governor.",
        "somebody else",
    ),
]


@pytest.mark.parametrize(("sentence", "quote", "problem"), BEYOND)
def test_one_small_word_or_name_is_enough(
    scorer: SupportScorer, sentence: str, quote: str, problem: str
) -> None:
    more = ["Rome is large."] if "Rome" in sentence else []
    support = scorer.check(sentence, [quote, *more])
    assert not support.supported
    assert any(problem in found for found in support.problems), support
    assert scorer.check(quote.replace("Lyon", "Lyon at last"), [quote]).score > support.score


def test_texts_are_encoded_once(encoder: Encoder) -> None:
    asked: list[str] = []

    class Counting:
        def encode_passages(self, texts: list[str]) -> list[EncodedText]:
            asked.extend(texts)
            return encoder.encode_passages(texts)

    scorer = SupportScorer(Counting())  # type: ignore[arg-type]
    for quote in (LINE, TRAIN, LINE):
        scorer.check("The line is 11 kilometres long.", [quote])
    assert sorted(asked) == sorted(["The line is 11 kilometres long.", LINE, TRAIN])


def test_threads_get_what_one_gets(scorer: SupportScorer) -> None:
    def judge(_: int) -> list[float]:
        return [scorer.score(sentence, quotes, context) for sentence, quotes, context in SUPPORTED]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(judge, range(4))) == [judge(0)] * 4


def test_context_alone_supports_nothing(scorer: SupportScorer) -> None:
    assert scorer.score("The railway opened on 3 May 1921.", [LINE], [TRAIN]) < 0.5


def test_the_same_gives_the_same(scorer: SupportScorer) -> None:
    first, again = (scorer.check("The line is long.", [LINE, TRAIN]) for _ in range(2))
    assert first == again
