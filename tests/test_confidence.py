"""The confidence is a probability that grows with the evidence."""

from dataclasses import replace

import pytest

from index.passages import Passage
from qa.confidence import COEFFICIENTS, DEFAULT_MIN_CONFIDENCE, confidence, features
from qa.evidence import Evidence

PASSAGE = Passage("a#0-3", "a", "body", "", "", "Yes", 0, 3, ((0, 3),))


def evidence(match: float) -> Evidence:
    return Evidence(PASSAGE, (0, 3), match, match, match, match, match)


def test_no_evidence_no_confidence() -> None:
    assert confidence([]) == 0.0


def test_better_evidence_makes_more_confident() -> None:
    levels = [confidence([evidence(match)]) for match in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert levels == sorted(levels)
    assert 0 <= levels[0] < 0.05 and 0.95 < levels[-1] <= 1
    assert levels[2] < DEFAULT_MIN_CONFIDENCE < levels[4]


def test_every_coefficient_has_its_feature() -> None:
    assert set(COEFFICIENTS) == set(features([evidence(0.5)]))


def test_features_are_of_the_best_sentences_article() -> None:
    elsewhere = replace(PASSAGE, article_id="b")
    other = replace(evidence(0.9), passage=elsewhere)
    worse = replace(evidence(0.3), cosine=0.6)
    assert features([evidence(0.5), worse, other]) == {
        "around": 0.5,
        "cosine": 0.6,
        "own": pytest.approx(0.4),
    }
