"""What a run comes to: an `Outcome` a case, a `Figure` a measure, and the `Report` of both.

All of it is JSON types or built of them, so that `run.json` is the report and nothing is lost
between two runs. Nothing is computed here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qa.evaluation.errors import RunError

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import TypeAdapter

FORMAT = 1
"""Of `run.json`; raised when a file of the former kind can no longer be read."""

Faq = Literal["held-out", "indexed", "none"]
"""How a run asks FAQ pairs: their sections left out of the index, or in it, or not at all."""

Cause = Literal[
    "",
    "not retrieved",
    "retrieved but not chosen",
    "chosen but said wrongly",
    "cited wrongly",
    "wrongly abstained",
    "should have abstained",
]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A citation or a near miss: its number, its place, and what it quotes."""

    number: int
    article_id: str
    title: str
    date: str | None
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A passage that was retrieved; `relevant` are the `(start, end)` offsets, into its own text,
    of what supports the expected answer: a labelled quote, or sentences of like content.
    """

    article_id: str
    title: str
    heading: str
    text: str
    start: int
    score: float
    relevant: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the answer, the numbers of its citations, and whether they support it."""

    text: str
    citations: tuple[int, ...]
    support: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case, what was answered, and how that was judged.

    `scores` holds a value for each measure that applies to the case (see
    `qa.evaluation.figures`). `right` is None where nothing says what the right answer is. `cause`
    is "" unless the answer is wrong. `judge` is what a chat model said of it, if one was asked.
    """

    id: str
    question: str
    asked: str
    source: str
    answerable: bool | None
    reference: str
    facts: tuple[tuple[str, ...], ...]
    tags: tuple[str, ...]
    history: tuple[tuple[str, str], ...]
    text: str
    abstained: bool
    confidence: float
    sentences: tuple[Said, ...]
    citations: tuple[Quoted, ...]
    near_misses: tuple[Quoted, ...]
    passages: tuple[Retrieved, ...]
    timings: Mapping[str, float]
    scores: Mapping[str, float]
    right: bool | None
    cause: Cause
    judge: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure over all cases it applies to, with its 95 % bootstrap interval.

    `n` is the number of those cases. `value`, `low` and `high` are None where it cannot be
    computed, as the precision of refusing where nothing was refused. `better` says which way it
    should go; "" is for what is only shown, such as the answers' length.
    """

    name: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    better: Literal["higher", "lower", ""]
    definition: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve, such as the reliability of `confidence`; `weights` are cases a point."""

    name: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    weights: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A run: what was judged (`about`: settings, versions, fingerprint, when), and how it went.

    `notes` are lines a reader should know, such as that cases were left out and why.
    """

    about: Mapping[str, Any]
    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...]
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float | None:
        """The value of a figure by its name; `KeyError` where there is none of it."""
        for figure in self.figures:
            if figure.name == name:
                return figure.value
        raise KeyError(name)

    def to_frame(self) -> pd.DataFrame:
        """One row a case: question, answer, verdict, and a column for every score."""
        import pandas as pd

        plain = ("id", "source", "question", "asked", "answerable", "reference", "text")
        rows = [
            {name: getattr(outcome, name) for name in plain}
            | {"abstained": outcome.abstained, "confidence": outcome.confidence}
            | {"right": outcome.right, "cause": outcome.cause, "tags": ", ".join(outcome.tags)}
            | dict(outcome.scores)
            | {f"seconds {step}": taken for step, taken in outcome.timings.items()}
            for outcome in self.outcomes
        ]
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON types."""
        return {"format": FORMAT, **_reports().dump_python(self, mode="json")}

    def save(self, path: Path) -> None:
        """Write `run.json`."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Report:
        """Read `run.json`, or the one in the folder `path`. Raises `RunError` where it is none."""
        file = path / "run.json" if path.is_dir() else path
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            found = data.pop("format")
            if found == FORMAT:
                return _reports().validate_python(data)
        except OSError as error:
            raise RunError(f"{file} cannot be read ({error.strerror}): name a run") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = str(error).splitlines()[0]
            raise RunError(f"{file} is not a run of `cited evaluate`: {reason}") from error
        raise RunError(
            f"{file} is a run of format {found}, and this version reads {FORMAT}: evaluate anew"
        )


def _reports() -> TypeAdapter[Report]:
    from pydantic import TypeAdapter

    return TypeAdapter(Report)
