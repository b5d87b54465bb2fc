"""How a run is told, in words and numbers, alike in the terminal and on the page.

Nothing is measured here: what a figure is, and whether an answer is right, is in the report.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, get_args

from qa.evaluation.measures import TIMES
from qa.evaluation.report import Cause, Figure, Outcome, Report
from qa.printing import long_date

if TYPE_CHECKING:
    from qa.evaluation.comparing import Delta


class _Grouped(Protocol):
    @property
    def group(self) -> str: ...


G = TypeVar("G", bound=_Grouped)
Verdict = Literal["right", "wrong", "undecided"]
CAUSES: tuple[Cause, ...] = tuple(cause for cause in get_args(Cause) if cause)
READ: Mapping[str, str] = {"p95": "95th percentile"}
"""How what a time is of its step is read, where it is not read as it stands."""
DASH = "–"
NONE = "—"
NOT_SAID = "The articles don't say."
"""What is expected where the articles have no answer."""
_MARKER = re.compile(r"\s*\[\d+\]")


def verdict(outcome: Outcome) -> Verdict:
    """Whether the answer was right, as a word."""
    if outcome.right is None:
        return "undecided"
    return "right" if outcome.right else "wrong"


def headline(report: Report) -> str:
    """How the run went, in one sentence."""
    counts = Counter(map(verdict, report.outcomes))
    judged = counts["right"] + counts["wrong"]
    if not report.outcomes:
        return "No question was asked."
    if not judged:
        return f"{_questions(len(report.outcomes))} asked, and none has a decided answer."
    if counts["right"] == judged:
        return (
            "The one question came out right." if judged == 1 else f"All {judged} came out right."
        )
    return f"{counts['right']} of {_questions(judged)} came out right."


def remarks(report: Report) -> list[str]:
    """What goes with the headline: the commonest cause, and how many cases nobody has decided."""
    counts = Counter(map(verdict, report.outcomes))
    found = []
    if common := tally(report.outcomes):
        cause, number = max(common.items(), key=lambda item: item[1])
        wrong = counts["wrong"]
        if wrong == number:
            found.append(f"{wrong} came out wrong, with one cause: “{cause}”.")
        else:
            found.append(f"{wrong} came out wrong, the commonest cause being “{cause}” ({number}).")
    if counts["undecided"] and len(report.outcomes) > counts["undecided"]:
        are = "is" if counts["undecided"] == 1 else "are"
        found.append(
            f"{counts['undecided']} more {are} not judged, since nobody has decided what is right."
        )
    return found


def tally(outcomes: Iterable[Outcome]) -> dict[Cause, int]:
    """The causes that occur and their cases, in the order of the path that an answer takes."""
    counts = Counter(outcome.cause for outcome in outcomes if outcome.right is False)
    return {cause: counts[cause] for cause in CAUSES if counts[cause]}


def said(outcome: Outcome) -> str:
    """What was answered, without the markers of its citations; "" where it was refused."""
    if outcome.abstained:
        return ""
    sentences = " ".join(sentence.text for sentence in outcome.sentences)
    return sentences or _MARKER.sub("", outcome.text)


def worst_first(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The wrong ones, then those not judged, then the right ones.

    Among the wrong ones an answer comes before a refusal, since it misleads, and the surer one
    before the less sure: of answers the more confident, of refusals the less confident.
    """
    order: Sequence[Verdict] = ("wrong", "undecided", "right")

    def key(outcome: Outcome) -> tuple[int, bool, float]:
        sure = outcome.confidence if outcome.abstained else -outcome.confidence
        return order.index(verdict(outcome)), outcome.abstained, sure

    return sorted(outcomes, key=key)


def grouped(items: Iterable[G]) -> dict[str, list[G]]:
    """Figures or differences by group, both as they come."""
    groups: dict[str, list[G]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    return groups


def steps(figures: Iterable[Figure]) -> dict[str, dict[str, Figure]]:
    """The figures of time by step, and there by what they are of it, "median" or "p95"."""
    found: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        if figure.group == TIMES:
            step, _, what = named(figure.name).rpartition(" ")
            found.setdefault(step or what, {})[what] = figure
    return found


def number(value: float | None, group: str = "") -> str:
    """A figure's value as it is read: three decimals, or a time, or "—".

    A value that is short of 1 by less than that is never shown as 1, nor one above 0 as 0.
    """
    if value is None:
        return NONE
    if group == TIMES:
        return seconds(value)
    if abs(value) >= 10:
        return f"{value:,.1f}"
    text = f"{value:.3f}"
    return text if float(text) not in (0.0, 1.0) or value in (0.0, 1.0) else f"{value:.6f}"


def signed(value: float | None, group: str = "") -> str:
    """A difference: as `number`, with its sign."""
    if value is None:
        return NONE
    mark = "+" if value > 0 else "−" if value < 0 else ""  # noqa: RUF001 (a true minus)
    return mark + number(abs(value), group)


def interval(low: float | None, high: float | None, group: str = "") -> str:
    """Both ends, or nothing where there is no interval."""
    if low is None or high is None:
        return ""
    if group == TIMES:
        return f"{seconds(low)} {DASH} {seconds(high)}"
    return f"{number(low)}{DASH}{number(high)}"


def seconds(value: float) -> str:
    """A time with its unit: "0.4 ms", "12 ms", "1.25 s", "3.1 min"."""
    if value >= 100:
        return f"{value / 60:.1f} min"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.{0 if value >= 0.01 else 1}f} ms"


def judgement(delta: Delta) -> str:
    """What a difference comes to: "better", "worse", "within chance", or "more" and "less".

    Times are "not judged": they differ by what else the machine does.
    """
    if delta.group == TIMES:
        return "not judged"
    if not delta.more_than_chance or not delta.value:
        return "within chance"
    if not delta.better:
        return "more" if delta.value > 0 else "less"
    return "better" if (delta.value > 0) == (delta.better == "higher") else "worse"


def summary(deltas: Iterable[Delta]) -> str:
    """How many figures got better and worse by more than chance, in one sentence."""
    counts = Counter(map(judgement, deltas))
    if not counts["better"] and not counts["worse"]:
        return "No figure got better or worse by more than chance."
    parts = [f"{counts[word]} {word}" for word in ("better", "worse") if counts[word]]
    return f"By more than chance: {' and '.join(parts)}."


def named(name: str) -> str:
    """The name of a figure or a score as it is read."""
    return name.replace("_", " ")


def read_date(text: str | None) -> str:
    """A date of ISO 8601 as it is read; anything else as it stands."""
    try:
        return long_date(date.fromisoformat(text)) if text else ""
    except ValueError:
        return text or ""


def moment(text: str) -> str:
    """A time of ISO 8601 as it is read, "2 May 2024, 14:05 UTC"; anything else as it stands."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{long_date(when)}, {when:%H:%M} {when.tzname() or ''}".strip()


def facts(about: Mapping[str, object], path: str = "") -> list[tuple[str, str]]:
    """What a run says about itself, flat: `{"settings": {"k": 5}}` becomes ("settings k", "5")."""
    found: list[tuple[str, str]] = []
    for key, value in about.items():
        name = f"{path} {named(str(key))}".strip()
        if isinstance(value, Mapping):
            found += facts(value, name)
        elif isinstance(value, (list, tuple)):
            found.append((name, ", ".join(map(str, value)) or NONE))
        else:
            found.append((name, NONE if value is None else str(value)))
    return found


def _questions(count: int) -> str:
    return "1 question" if count == 1 else f"{count:,} questions"
