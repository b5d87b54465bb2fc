"""Writes the README's table of the shipped articles from a run of `cited evaluate`.

Run it from the project's folder, after `make evaluate`:

    .venv/bin/python docs/make_evaluation.py .index/evaluation/last
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from qa.evaluation import Figure, Report

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- evaluation: begin -->\n", "<!-- evaluation: end -->\n"
SHOWN = {
    "right": "right, over all",
    "facts": "expected facts that are said",
    "rouge_l": "ROUGE-L F1 against a person's answer",
    "length": "mean length of an answer, characters",
    "recall@1": "labelled quotes in the first passage (recall@1)",
    "recall@5": "labelled quotes in the first five (recall@5)",
    "MRR@10": "MRR@10",
    "nDCG@10": "nDCG@10",
    "content_recall@5": "recall@5 by content, where nothing is labelled",
    "verbatim": "citations that are verbatim at their offsets",
    "citation_recall": "citation recall",
    "citation_precision": "citation precision",
    "label_cited_first": "answers whose quote [1] is a labelled one",
    "abstention_precision": "refusals that were right",
    "abstention_recall": "unanswerable questions that were refused",
    "brier": "Brier score of `confidence`",
    "ece": "expected calibration error",
    "follow_up": "follow-ups answered as well as alone",
}


def main(run: Path) -> None:
    """Replace what stands between the two marks."""
    text = README.read_text(encoding="utf-8")
    table = between(Report.load(run))
    marks = re.escape(BEGIN) + ".*?" + re.escape(END)
    if not re.search(marks, text, re.DOTALL):
        sys.exit(
            f"{README} has no place for the table: put {BEGIN.strip()} and {END.strip()} there"
        )
    README.write_text(re.sub(marks, lambda _match: table, text, flags=re.DOTALL), encoding="utf-8")


def between(report: Report) -> str:
    """The marks with the table between them."""
    rows = [
        f"| {SHOWN[figure.name]} | {_number(figure.value)} | "
        f"{_number(figure.low)} to {_number(figure.high)} | {figure.n} |\n"
        for figure in sorted(report.figures, key=_place)
        if figure.name in SHOWN
    ]
    head = "| what | measured | 95 % interval | cases |\n| --- | --- | --- | --- |\n"
    return f"{BEGIN}{head}{''.join(rows)}{END}"


def _place(figure: Figure) -> int:
    names = list(SHOWN)
    return names.index(figure.name) if figure.name in names else len(names)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 10 else f"{value:.3f}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
