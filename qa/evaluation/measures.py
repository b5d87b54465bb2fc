"""The measures of a run: what each is called, what it means, and of which scores it is made.

A measure of one answer stands in the outcome's `scores`; `figures` takes them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qa.evaluation import abstention
from qa.evaluation.report import Outcome
from qa.inquiry import FIRST_TOKEN

Columns = Mapping[str, NDArray[np.float64]]
Statistic = Callable[[Columns], float]
Better = Literal["higher", "lower", ""]

TIMES = "time"
"""The group of figures that differ from run to run."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a run: `statistic` of the columns that it `needs`, a value a case each."""

    name: str
    group: str
    definition: str
    needs: tuple[str, ...]
    statistic: Statistic
    better: Better = "higher"


def measures(outcomes: Sequence[Outcome]) -> list[Measure]:
    """Every measure there is; for time, one for each step that some outcome has."""
    steps = dict.fromkeys(step for outcome in outcomes for step in outcome.timings)
    timed = [
        Measure(
            f"{step} {label}",
            TIMES,
            f"{_SECONDS.get(step, 'Seconds a question takes in this step')}, the {meaning}.",
            (f"seconds {step}",),
            _quantile(f"seconds {step}", quantile),
            "lower",
        )
        for step in steps
        for label, meaning, quantile in (
            ("median", "median", 0.5),
            ("p95", "95th percentile", 0.95),
        )
    ]
    return [*MEASURES, *timed]


_SECONDS = {FIRST_TOKEN: "Seconds from when a chat model is asked until its first word"}


def _mean(name: str) -> Statistic:
    return lambda columns: float(columns[name].mean())


def _quantile(name: str, quantile: float) -> Statistic:
    return lambda columns: float(np.quantile(columns[name], quantile))


def _over(function: Callable[..., float], *names: str) -> Statistic:
    return lambda columns: float(function(*(columns[name] for name in names)))


def _means(group: str, rows: Iterable[tuple[str, str]], better: Better = "higher") -> list[Measure]:
    """Measures that are the mean of a score of their own name."""
    return [Measure(name, group, text, (name,), _mean(name), better) for name, text in rows]


_RANKED = "passages in the order in which the answer ranks them"
MEASURES: tuple[Measure, ...] = tuple(
    [
        *_means(
            "answer",
            [
                (
                    "right",
                    "Share of answers that are right: every expected fact is said (where none is "
                    "listed, a labelled quote is cited; where none is labelled, the answer is "
                    "close to the reference) with citations that hold; and what the articles "
                    "don't answer is refused.",
                ),
                ("facts", "Share of the expected facts that the answer says, in any wording."),
                ("rouge_l", "ROUGE-L F1 of the answer against the reference, stemmed (Lin, 2004)."),
                (
                    "token_f1",
                    "F1 of the answer's words against the reference's (Rajpurkar et al., 2016).",
                ),
                ("similarity", "Cosine of the embeddings of answer and reference."),
            ],
        ),
        *_means(
            "answer",
            [("length", "Characters of the answer: overlap with a reference grows with it.")],
            "",
        ),
        *_means(
            "retrieval by label",
            [
                *(
                    (f"recall@{k}", f"Share of the labelled quotes in the first {k} {_RANKED}.")
                    for k in (1, 3, 5, 10)
                ),
                ("MRR@10", "One over the rank of the first passage that holds a labelled quote."),
                (
                    "nDCG@10",
                    "Discounted gain of the labelled quotes over the best possible "
                    "(Järvelin and Kekäläinen, 2002).",
                ),
            ],
        ),
        *_means(
            "retrieval by content",
            [
                *(
                    (
                        f"content_recall@{k}",
                        "Share of the passages that have at least half of the reference's content "
                        "words (or, where none has, the one with most of them), found in the "
                        f"first {k}; judged among the passages retrieved for the question and for "
                        "the reference (pooling, as in TREC).",
                    )
                    for k in (1, 3, 5, 10)
                ),
                ("content_MRR@10", "One over the rank of the first such passage."),
                ("content_nDCG@10", "Discounted gain of such passages over the best possible."),
            ],
        ),
        *_means(
            "citations",
            [
                ("verbatim", "Share of citations whose quote is the article's text at its place."),
                (
                    "citation_recall",
                    "Share of sentences that their citations support (ALCE, Gao et al., 2023), by "
                    "the support score.",
                ),
                (
                    "citation_precision",
                    "Share of citations that are needed: without them the sentence would not be "
                    "supported, or they support it alone (ALCE).",
                ),
                ("label_cited", "Share of answers that cite a labelled quote."),
                ("label_cited_first", "Share of answers whose citation [1] is a labelled quote."),
            ],
        ),
        Measure(
            "abstention_precision",
            "abstention",
            "Share of refusals that were right: the articles do not answer.",
            ("abstained", "unanswerable"),
            _over(abstention.abstention_precision, "abstained", "unanswerable"),
        ),
        Measure(
            "abstention_recall",
            "abstention",
            "Share of the questions the articles do not answer that were refused.",
            ("abstained", "unanswerable"),
            _over(abstention.abstention_recall, "abstained", "unanswerable"),
        ),
        Measure(
            "abstention_f1",
            "abstention",
            "Harmonic mean of the two.",
            ("abstained", "unanswerable"),
            _over(abstention.abstention_f1, "abstained", "unanswerable"),
        ),
        Measure(
            "brier",
            "calibration",
            "Mean square of confidence less 1 for right and 0 for wrong (Brier, 1950).",
            ("confidence", "confidence_right"),
            _over(abstention.brier_score, "confidence", "confidence_right"),
            "lower",
        ),
        Measure(
            "ece",
            "calibration",
            "Expected calibration error: the gap between confidence and the share right, over ten "
            "bins of confidence (Guo et al., 2017).",
            ("confidence", "confidence_right"),
            _over(abstention.expected_calibration_error, "confidence", "confidence_right"),
            "lower",
        ),
        Measure(
            "risk_area",
            "calibration",
            "Area under the risk–coverage curve (El-Yaniv and Wiener, 2010): the share of wrong "
            "answers, averaged over how many of the surest are given.",
            ("confidence", "confidence_right"),
            _over(abstention.risk_coverage_area, "confidence", "confidence_right"),
            "lower",
        ),
        *_means(
            "chat model",
            [
                ("input_tokens", "Tokens that the chat model read for a question, as it tells."),
                ("output_tokens", "Tokens that it wrote, those of sentences left out included."),
            ],
            "lower",
        ),
        *_means("chat model", [("calls", "How often it was asked for a question.")], "lower"),
        *_means(
            "follow-ups",
            [
                (
                    "follow_up",
                    "Share of last turns of a conversation answered as well as their stand-alone "
                    "version.",
                )
            ],
        ),
    ]
)
