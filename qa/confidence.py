"""How likely the evidence answers the question: a calibrated probability.

It reads numbers only, never text; where the line is drawn is a setting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qa.evidence import Evidence

DEFAULT_MIN_CONFIDENCE = 0.27
"""Below it the answer is that the articles don't say.

Chosen on the five development articles and those that ship: at 0.27 the broad questions of their
FAQ sections, with the answers held out, are answered, and most questions about things that they do
not say are refused.
"""

INTERCEPT = -11.34
COEFFICIENTS: Mapping[str, float] = {"covered": 15.57, "cosine": 7.25}
"""Fitted by `benchmarks/calibrate.py`, which prints them."""


def features(evidence: Sequence[Evidence]) -> dict[str, float]:
    """What the confidence is computed from.

    How far the best sentence meets every word of the question ("covered"): what is not said
    anywhere mostly has a word that nothing meets. And the nearest sentence of its article
    ("cosine").
    """
    best = evidence[0]
    article = [e for e in evidence if e.passage.article_id == best.passage.article_id]
    return {"covered": best.covered, "cosine": max(piece.cosine for piece in article)}


def confidence(evidence: Sequence[Evidence]) -> float:
    """Probability in 0..1 that evidence, best first, answers the question; 0 without any.

    A logistic model (Platt 1999) over `features`.
    """
    if not evidence:
        return 0.0
    values = features(evidence)
    logit = INTERCEPT + sum(weight * values[name] for name, weight in COEFFICIENTS.items())
    return 1 / (1 + math.exp(-logit))
