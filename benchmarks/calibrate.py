"""Fits the coefficients of `qa.confidence`, and draws how far its probabilities can be trusted.

    python -m benchmarks.calibrate

Questions with and without an answer: ClapNQ's over their own passage, with and without its title
above it; SQuAD's over all 472 paragraphs, then without their own paragraph (near misses), then
without any of its article (off topic). "Right" is an answerable question of ClapNQ, or a best
sentence that holds SQuAD's answer. Prints the coefficients, and by 5-fold cross-validation AUROC,
Brier score and expected calibration error; writes docs/reliability.svg. Takes minutes.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from benchmarks.data import Dataset, Question, assistant, clapnq, squad
from index.embedding import Encoder
from index.store import Filter
from qa.assistant import Assistant
from qa.confidence import COEFFICIENTS, features
from qa.evidence import Evidence

CONSOLE = Console()
SAMPLES = {"squad": 700, "squad without its paragraph": 350, "squad without its article": 350}
SQUAD_WEIGHT = 0.3
"""What all of SQuAD counts, beside all of ClapNQ at twice 1: its questions are near copies of
sentences, which users' questions are not."""
FIGURE = Path(__file__).parents[1] / "docs" / "reliability.svg"


@dataclass(slots=True)
class Cases:
    """Features [n, f], whether right [n], weights [n], and a group for cross-validation."""

    rows: list[list[float]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(
        self, evidence: tuple[Evidence, ...], right: bool, weight: float, group: str, source: str
    ) -> None:
        """One question; without any evidence nothing is to be learned from it."""
        if evidence:
            self.rows.append(list(features(evidence).values()))
            self.right.append(right)
            self.weights.append(weight)
            self.groups.append(group)
            self.sources.append(source)


def main() -> None:
    """Fit, print and draw."""
    encoder, cases = Encoder(), Cases()
    with tempfile.TemporaryDirectory() as folder:
        add_clapnq(cases, encoder, Path(folder))
        add_squad(cases, encoder, Path(folder))
    rows, right = np.array(cases.rows), np.array(cases.right)
    weights, groups = np.array(cases.weights), np.array(cases.groups)
    model = fit(rows, right, weights)
    CONSOLE.print(f"INTERCEPT = {model.intercept_[0]:.2f}")
    CONSOLE.print(dict(zip(COEFFICIENTS, model.coef_[0].round(2).tolist(), strict=True)))
    predicted = np.zeros(len(right))
    for train, test in GroupKFold(5, shuffle=True, random_state=0).split(rows, right, groups):
        part = fit(rows[train], right[train], weights[train])
        predicted[test] = part.predict_proba(rows[test])[:, 1]
    for source in dict.fromkeys(cases.sources):
        mine = np.array(cases.sources) == source
        if len(set(right[mine])) == 2:
            auroc = roc_auc_score(right[mine], predicted[mine])
            CONSOLE.print(f"{source}: AUROC {auroc:.3f} of {mine.sum()} questions")
        else:
            CONSOLE.print(f"{source}: mean confidence {predicted[mine].mean():.2f}")
    CONSOLE.print(f"Brier score {brier_score_loss(right, predicted, sample_weight=weights):.3f}")
    bins = reliability(predicted, right, weights)
    error = sum(share * abs(said - true) for said, true, share in bins)
    CONSOLE.print(f"expected calibration error {error:.3f}")
    draw(bins)


def fit(rows: NDArray[Any], right: NDArray[Any], weights: NDArray[Any]) -> LogisticRegression:
    """A logistic model on features as they are: they all lie in about 0..1."""
    return LogisticRegression(C=100).fit(rows, right, sample_weight=weights)


def reliability(
    predicted: NDArray[Any], right: NDArray[Any], weights: NDArray[Any], bins: int = 10
) -> list[tuple[float, float, float]]:
    """(mean confidence, share right, share of all) of each tenth of 0..1 that has questions."""
    places = np.minimum((predicted * bins).astype(int), bins - 1)
    found = []
    for place in range(bins):
        mine = places == place
        if weight := float(weights[mine].sum()):
            said = float(np.average(predicted[mine], weights=weights[mine]))
            true = float(np.average(right[mine], weights=weights[mine]))
            found.append((said, true, weight / float(weights.sum())))
    return found


def draw(bins: list[tuple[float, float, float]]) -> None:
    """The reliability curve as an SVG; the dots' areas are the shares of questions."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(4, 4))
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    said, true, shares = zip(*bins, strict=True)
    axes.plot(said, true, color="#2b6cb0", linewidth=1)
    axes.scatter(said, true, s=[900 * share for share in shares], color="#2b6cb0", alpha=0.8)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share right", aspect="equal")
    figure.savefig(FIGURE, bbox_inches="tight", metadata={"Date": None})


def add_clapnq(cases: Cases, encoder: Encoder, folder: Path) -> None:
    """Every question twice: over the passage alone, and with its title above it."""
    for number, data in enumerate(track(clapnq(), "clapnq")):
        (question,) = data.questions
        titled = {name: f"{question.topic}\n\n{text}" for name, text in data.articles.items()}
        for kind, articles in (("clapnq", data.articles), ("clapnq, titled", titled)):
            bot = assistant(articles, folder / kind / str(number), encoder)
            right = bool(question.answers)
            cases.add(bot.evidence(question.text), right, 1.0, f"clapnq {number}", kind)


def add_squad(cases: Cases, encoder: Encoder, folder: Path) -> None:
    """A sample of answerable questions, with and without what answers them."""
    data = squad()
    bot = assistant(data.articles, folder / "squad", encoder)
    topics = {question.article_id: question.topic for question in data.questions}
    hidden: dict[str, Callable[[Question, str], bool]] = {
        "squad": lambda _question, _article: False,
        "squad without its paragraph": lambda question, article: article == question.article_id,
        "squad without its article": lambda question, article: (
            topics.get(article) == question.topic
        ),
    }
    for source, hides in hidden.items():
        add_sample(cases, bot, data, source, hides)


def add_sample(
    cases: Cases,
    bot: Assistant,
    data: Dataset,
    source: str,
    hides: Callable[[Question, str], bool],
) -> None:
    """Some questions of one kind; `hides` says which articles they may not see."""
    answerable = [question for question in data.questions if question.answers]
    chosen = random.Random(0).sample(answerable, SAMPLES[source])
    weight = SQUAD_WEIGHT * 600 / sum(SAMPLES.values())
    for question in track(chosen, source):
        seen = frozenset(name for name in data.articles if not hides(question, name))
        evidence = bot.evidence(question.text, Filter(articles=seen))
        cases.add(evidence, holds(question, evidence), weight, question.topic, source)


def holds(question: Question, evidence: tuple[Evidence, ...]) -> bool:
    """Whether the best sentence holds a gold answer."""
    if not evidence or evidence[0].passage.article_id != question.article_id:
        return False
    start, end = evidence[0].span
    return any(start <= a and b <= end for a, b in question.spans)


if __name__ == "__main__":
    main()
