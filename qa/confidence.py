"""How likely the evidence answers the question: a calibrated probability.

It reads numbers only, never text; where the line is drawn is a setting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from qa.evidence import Evidence

DEFAULT_MIN_CONFIDENCE = 0.28
"""Below it the answer is that the articles don't say.

Chosen on the five development articles: the broad questions of their FAQ sections, with the
answers held out, are answered, and most questions about things they do not say are refused.
"""

INTERCEPT = -8.89
COEFFICIENTS: Mapping[str, float] = {"around": 5.27, "cosine": 4.81, "own": 6.6}
"""Fitted by `benchmarks/calibrate.py`, which prints them."""


def features(evidence: Sequence[Evidence]) -> dict[str, float]:
    """What the confidence is computed from, of the article that holds the best sentence.

    How well its passage covers the question ("around"), its nearest sentence ("cosine"), and how
    far all of its sentences are about what is asked ("own", the mean).
    """
    best = evidence[0]
    article = [e for e in evidence if e.passage.article_id == best.passage.article_id]
    return {
        "around": best.around,
        "cosine": max(piece.cosine for piece in article),
        "own": fmean(piece.own for piece in article),
    }


def confidence(evidence: Sequence[Evidence]) -> float:
    """Probability in 0..1 that evidence, best first, answers the question; 0 without any.

    A logistic model (Platt 1999) over `features`.
    """
    if not evidence:
        return 0.0
    values = features(evidence)
    logit = INTERCEPT + sum(weight * values[name] for name, weight in COEFFICIENTS.items())
    return 1 / (1 + math.exp(-logit))
