"""Fits the logistic of `qa.support`: prints the coefficients and what thresholds would do.

    python -m benchmarks.support_fit

Supported: the pairs of tests/data/support.yaml, and ClapNQ's human answers with the two sentences
of the passage that share the most words. Not supported: those answers with two other sentences, and
with a clause of another sentence added; and the pairs of support.yaml that no hard condition stops.
Needs the folder `../shared` beside the project.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table
from rouge_score.rouge_scorer import RougeScorer
from sklearn.linear_model import LogisticRegression

from benchmarks.data import clapnq
from benchmarks.support import DATA, Pair, read
from index.embedding import Encoder
from index.sentences import sentences as spans_of
from qa.support import SupportScorer

CONSOLE = Console()
WEIGHTS = {"by hand": 3.0, "answer": 0.4, "others": 1.0, "added": 0.5}
"""So that the few free wordings count as much as the many answers near their sources."""


def main() -> None:
    """Fit, and show what part of each kind would be taken for supported by their words alone."""
    scorer = SupportScorer(Encoder())
    pairs = [*_answers(), *_by_hand(scorer)]
    names = sorted(scorer.features(pairs[0].sentence, pairs[0].quotes))
    rows = [scorer.features(pair.sentence, pair.quotes, pair.context) for pair in pairs]
    features = np.array([[row[name] for name in names] for row in rows])
    labels = np.array([pair.supported for pair in pairs])
    weights = [WEIGHTS[pair.kind] for pair in pairs]
    model = LogisticRegression(C=30, max_iter=2000).fit(features, labels, sample_weight=weights)
    fitted = dict(zip(names, model.coef_[0].round(2).tolist(), strict=True))
    CONSOLE.print(f"COEFFICIENTS = {fitted}, INTERCEPT = {model.intercept_[0]:.2f}")
    logits = model.decision_function(features)
    table = Table("raised by", "by hand, right", *WEIGHTS, title="taken for supported")
    for raised in (0.0, 0.5, 0.7, 0.9, 1.1):
        taken = logits > -raised
        kinds = np.array([pair.kind for pair in pairs])
        right = taken[(kinds == "by hand") & labels].mean()
        shares = [f"{taken[kinds == kind].mean():.0%}" for kind in WEIGHTS]
        table.add_row(f"{raised}", f"{right:.0%}", *shares)
    CONSOLE.print(table)


def _by_hand(scorer: SupportScorer) -> Iterator[Pair]:
    for pair in read(DATA / "support.yaml"):
        judged = scorer.check(pair.sentence, pair.quotes, pair.context)
        if pair.supported or judged.supported:  # what a condition stops needs no words
            yield Pair(pair.sentence, pair.quotes, pair.supported, pair.context, "by hand")


def _answers() -> Iterator[Pair]:
    chance = random.Random(0)
    rouge = RougeScorer(["rouge1"], use_stemmer=True)
    for data in clapnq():
        (question,) = data.questions
        (text,) = data.articles.values()
        sentences = [text[start:end] for start, end in spans_of(text)]
        if not question.answers or len(sentences) < 4:
            continue
        answer = question.answers[0]
        for start, end in spans_of(answer)[:2]:
            said = answer[start:end]
            scores = [rouge.score(said, each)["rouge1"].recall for each in sentences]
            order = sorted(range(len(sentences)), key=lambda at, s=scores: -s[at])  # type: ignore[misc]
            quotes = tuple(sentences[at] for at in sorted(order[:2]))
            if any(said in quote for quote in quotes) and chance.random() < 0.6:
                continue  # most answers are copied, and tell little
            context = (question.topic,)
            yield Pair(said, quotes, True, context, "answer")
            others = tuple(sentences[at] for at in sorted(order[2:4]))
            yield Pair(said, others, False, context, "others")
            clause = re.split(r"[,;] ", sentences[order[-1]].rstrip("."))[0]
            added = f"{said.rstrip('.')}, and {clause}."
            yield Pair(added, quotes, False, context, "added")


if __name__ == "__main__":
    main()
