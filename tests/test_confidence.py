"""The confidence is a probability that grows with the evidence."""

from dataclasses import replace

from index.passages import Passage
from qa.confidence import COEFFICIENTS, DEFAULT_MIN_CONFIDENCE, confidence, features
from qa.evidence import ENOUGH, Evidence

PASSAGE = Passage("a#0-3", "a", "body", "", "", "Yes", 0, 3, ((0, 3),))


def evidence(match: float) -> Evidence:
    met = min(match, ENOUGH)
    return Evidence(PASSAGE, (0, 3), match, match, match, match, match, met)


def test_no_evidence_no_confidence() -> None:
    assert confidence([]) == 0.0


def test_better_evidence_makes_more_confident() -> None:
    levels = [confidence([evidence(match)]) for match in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert levels == sorted(levels)
    assert 0 <= levels[0] < 0.05 and 0.95 < levels[-1] <= 1
    assert levels[2] < DEFAULT_MIN_CONFIDENCE < levels[4]


def test_every_coefficient_has_its_feature() -> None:
    assert set(COEFFICIENTS) == set(features([evidence(0.5)]))


def test_features_are_of_the_best_sentence_and_its_article() -> None:
    elsewhere = replace(PASSAGE, article_id="b")
    other = replace(evidence(0.9), passage=elsewhere)
    nearer = replace(evidence(0.3), cosine=0.6)
    assert features([evidence(0.5), nearer, other]) == {"covered": 0.5, "cosine": 0.6}


def test_a_word_that_nothing_meets_is_made_up_for_by_no_other() -> None:
    assert confidence([replace(evidence(0.8), covered=0.4)]) < confidence([evidence(0.6)])
