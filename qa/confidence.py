"""How likely the evidence answers the question: a calibrated probability.

It reads numbers only, never text; where the line is drawn is a setting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qa.evidence import Evidence
from qa.retriever import Hit, best_cosine

DEFAULT_MIN_CONFIDENCE = 0.5
"""Below it the answer is that the articles don't say."""

INTERCEPT = 0.0
COEFFICIENTS: Mapping[str, float] = {}


def features(evidence: Sequence[Evidence], hits: Sequence[Hit]) -> dict[str, float]:
    """What the confidence is computed from: the best sentence's match, and the passages' cosine."""
    best = evidence[0]
    return {
        "own": best.own,
        "window": best.window,
        "around": best.around,
        "sentence_cosine": best.cosine,
        "best_around": max(piece.around for piece in evidence),
        "best_cosine": best_cosine(hits),
        "best_sentence_cosine": max(piece.cosine for piece in evidence),
    }


def confidence(evidence: Sequence[Evidence], hits: Sequence[Hit]) -> float:
    """Probability in 0..1 that the best evidence answers the question; 0 without any.

    Platt's logistic model (1999) over `features`.
    """
    if not evidence:
        return 0.0
    values = features(evidence, hits)
    logit = INTERCEPT + sum(weight * values[name] for name, weight in COEFFICIENTS.items())
    return 1 / (1 + math.exp(-logit))
