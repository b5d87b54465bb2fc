"""How often `qa.support` judges as a person does: sentences with quotes, labelled by hand.

    python -m benchmarks.support [FILE ...]

Prints, for each file of pairs (by default those in tests/data), how many of the supported and of
the unsupported sentences it judges rightly, the misses with their reasons, and the time a pair.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from index.embedding import Encoder
from qa.support import Support, SupportScorer

CONSOLE = Console()
DATA = Path(__file__).parents[1] / "tests" / "data"
FILES = (DATA / "support.yaml", DATA / "grounding.yaml", DATA / "unseen.yaml")
"""The first is what the scorer was fitted to, the second what it was checked on; the third was
written before it, and its misses were not read."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, its quotes, and whether they support it; `kind` says what was changed."""

    sentence: str
    quotes: tuple[str, ...]
    supported: bool
    context: tuple[str, ...] = ()
    kind: str = ""


def read(file: Path) -> list[Pair]:
    """The pairs of a YAML file: a list of `sentence`, `quotes`, `supported`."""
    rows = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [
        Pair(
            row["sentence"],
            tuple(row["quotes"]),
            row["supported"],
            tuple(row.get("context", ())),
            row.get("kind", row.get("why", "")),
        )
        for row in rows
    ]


def judge(scorer: SupportScorer, pairs: Sequence[Pair]) -> tuple[list[Support], float]:
    """What the scorer says of each pair, and the milliseconds each took."""
    start = time.perf_counter()
    found = [scorer.check(pair.sentence, pair.quotes, pair.context) for pair in pairs]
    return found, 1000 * (time.perf_counter() - start) / max(1, len(pairs))


def show(file: Path, pairs: Sequence[Pair], found: Sequence[Support], each: float) -> None:
    """The agreement, then the misses."""
    table = Table(title=f"{file.name}: {len(pairs)} pairs, {each:.0f} ms each")
    for heading in ("by hand", "pairs", "judged so", "share"):
        table.add_column(heading, justify="left" if heading == "by hand" else "right")
    for label in (True, False):
        chosen = [
            judged for pair, judged in zip(pairs, found, strict=True) if pair.supported == label
        ]
        right = sum(judged.supported == label for judged in chosen)
        name = "supported" if label else "not supported"
        table.add_row(name, str(len(chosen)), str(right), f"{right / max(1, len(chosen)):.0%}")
    CONSOLE.print(table)
    misses = Table("by hand", "kind", "score", "sentence", "reasons", title="Misses")
    for pair, judged in zip(pairs, found, strict=True):
        if pair.supported != judged.supported:
            by_hand = "supported" if pair.supported else "not"
            reasons = "; ".join(judged.problems)
            misses.add_row(by_hand, pair.kind, f"{judged.score:.2f}", pair.sentence, reasons)
    if misses.row_count:
        CONSOLE.print(misses)


def main() -> None:
    """Judges the files that are given, or those of the tests."""
    scorer = SupportScorer(Encoder())
    scorer.score("The model is loaded once.", ["It is not loaded twice."])
    for file in [Path(name) for name in sys.argv[1:]] or FILES:
        pairs = read(file)
        show(file, pairs, *judge(scorer, pairs))


if __name__ == "__main__":
    main()
