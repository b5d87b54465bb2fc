"""A run as one page to read in a browser: `report.html`, which loads nothing from anywhere.

Nothing is measured here. What articles and questions say is untrusted: the template escapes it,
and the page's script makes text of it, never HTML.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qa.evaluation import drawing, telling
from qa.evaluation.answers import facts_present
from qa.evaluation.errors import RunError
from qa.evaluation.measures import TIMES
from qa.evaluation.report import Outcome, Quoted, Report, Retrieved

if TYPE_CHECKING:
    from qa.evaluation.comparing import Comparison, Delta

HERE = Path(__file__).parent
Span = tuple[int, int]


def write_page(report: Report, path: Path, compared: Comparison | None = None) -> None:
    """Write the page of a run, and of how it differs from another one, to the file `path`.

    Raises `RunError` where it cannot be written.
    """
    rooms = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rooms.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    style, script = (_own(name) for name in ("report.css", "report.js"))
    page = rooms.get_template("report.html").render(
        report=report,
        compared=compared,
        style=style,
        script=script,
        allowed=_allowed(style, script),
        data=_data(report.outcomes),
        counts=Counter(map(telling.verdict, report.outcomes)),
        bar=_bar(report.outcomes),
        widest=_widest(compared.differences if compared else ()),
        words=telling,
        drawing=drawing,
    )
    # Half a surrogate pair cannot be written as UTF-8; as an entity it is read as U+FFFD.
    try:
        path.write_text(page, encoding="utf-8", errors="xmlcharrefreplace")
    except OSError as error:
        raise RunError(f"the page cannot be written to {path}: {error.strerror}") from error


def _own(name: str) -> Markup:
    """A file of this room, as it stands: no part of it comes from a run."""
    return Markup((HERE / name).read_text(encoding="utf-8"))


def _allowed(style: str, script: str) -> str:
    """The page's Content-Security-Policy: its own style and script by their digests, and no more.

    Even text that came to be read as HTML could then load nothing and run nothing.
    """

    def digest(text: str) -> str:
        made = hashlib.sha256(text.encode("utf-8")).digest()
        return f"'sha256-{base64.b64encode(made).decode('ascii')}'"

    return (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _bar(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """The stretches of the bar of verdicts and causes, in percent of all cases."""
    counts = Counter(map(telling.verdict, outcomes))
    parts: list[tuple[str, str, int]] = [("verdict", "right", counts["right"])]
    parts += [("cause", cause, count) for cause, count in telling.tally(outcomes).items()]
    parts += [("verdict", "undecided", counts["undecided"])]
    found: list[dict[str, Any]] = []
    done = 0
    for facet, value, count in parts:
        if count:
            start, width = (100 * part / len(outcomes) for part in (done, count))
            found.append(
                {"facet": facet, "value": value, "count": count, "start": start, "width": width}
            )
            done += count
    return found


def _widest(differences: Iterable[Delta]) -> float:
    """The end of the axis on which differences of shares are drawn, at least 0.05."""
    shares = [d for d in differences if d.group != TIMES and drawing.is_share(d.before, d.after)]
    ends = [abs(end) for d in shares for end in (d.value, d.low, d.high) if end is not None]
    return max([0.05, *ends])


def _data(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """What the script shows: the cases, worst first, and every passage once for all of them."""
    numbers: dict[tuple[str, int, str], int] = {}
    passages: list[dict[str, str]] = []

    def number(passage: Retrieved) -> int:
        key = (passage.article_id, passage.start, passage.text)
        if key not in numbers:
            numbers[key] = len(passages)
            passages.append(
                {
                    "article": passage.article_id,
                    "title": passage.title,
                    "heading": passage.heading,
                    "text": passage.text,
                }
            )
        return numbers[key]

    cases = [
        _case(outcome)
        | {
            "passages": [
                {"number": number(passage), "score": passage.score, "marks": marks(passage, cited)}
                for cited in [outcome.citations or outcome.near_misses]
                for passage in outcome.passages
            ]
        }
        for outcome in telling.worst_first(outcomes)
    ]
    return {"cases": cases, "passages": passages, "causes": list(telling.CAUSES)}


def _case(outcome: Outcome) -> dict[str, Any]:
    """A case as JSON types, with everything but its passages."""
    said = telling.said(outcome)
    expected = telling.NOT_SAID if outcome.answerable is False else ""
    return {
        "id": outcome.id,
        "question": outcome.question,
        "asked": outcome.asked if outcome.asked.strip() != outcome.question.strip() else "",
        "source": outcome.source,
        "answerable": {True: "yes", False: "no", None: "undecided"}[outcome.answerable],
        "reference": outcome.reference or expected,
        "facts": [
            {"wordings": list(wordings), "said": facts_present(said, [wordings]) == 1}
            for wordings in outcome.facts
        ],
        "tags": list(outcome.tags),
        "history": [list(turn) for turn in outcome.history],
        "text": outcome.text,
        "abstained": outcome.abstained,
        "confidence": outcome.confidence,
        "sentences": [
            {"text": said.text, "citations": list(said.citations), "support": said.support}
            for said in outcome.sentences
        ],
        "citations": [_quoted(quoted) for quoted in outcome.citations],
        "near": [_quoted(quoted) for quoted in outcome.near_misses],
        "scores": {
            telling.named(name): telling.number(value) for name, value in outcome.scores.items()
        },
        "seconds": outcome.timings.get("total", sum(outcome.timings.values())),
        "timings": {step: telling.seconds(taken) for step, taken in outcome.timings.items()},
        "verdict": telling.verdict(outcome),
        "cause": outcome.cause,
        "judge": dict(outcome.judge),
    }


def _quoted(quoted: Quoted) -> dict[str, Any]:
    return {
        "number": quoted.number,
        "article": quoted.article_id,
        "title": quoted.title,
        "date": telling.read_date(quoted.date),
        "quote": quoted.quote,
    }


def marks(passage: Retrieved, cited: Iterable[Quoted]) -> list[dict[str, Any]]:
    """What is marked in a passage: stretches of its text that do not overlap, in their order.

    Each has its `start` and `end` in characters (not in JavaScript's units), whether it supports
    the expected answer, and the numbers of the citations that quote it.
    """
    length = len(passage.text)
    quotes = [
        (quoted.number, _within(quoted.start - passage.start, quoted.end - passage.start, length))
        for quoted in cited
        if quoted.article_id == passage.article_id
    ]
    relevant = [_within(start, end, length) for start, end in passage.relevant]
    spans = [*relevant, *(span for _, span in quotes)]
    edges = sorted({edge for start, end in spans if start < end for edge in (start, end)})
    found = []
    for start, end in pairwise(edges):
        supports = any(_holds(span, start, end) for span in relevant)
        numbers = [number for number, span in quotes if _holds(span, start, end)]
        if supports or numbers:
            found.append({"start": start, "end": end, "supports": supports, "numbers": numbers})
    return found


def _within(start: int, end: int, length: int) -> Span:
    return max(start, 0), min(end, length)


def _holds(span: Span, start: int, end: int) -> bool:
    return span[0] <= start and end <= span[1]
