"""The last evaluation as HTML: its figures with their intervals, and its curves.

What is drawn where is `qa.evaluation.drawing`'s to say; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.evaluation.drawing import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, plot, track
from qa.evaluation.report import Curve, Figure, Report
from ui.markup import escape

if TYPE_CHECKING:
    from qa.evaluation.drawing import Plot

LAST = Path("evaluation", "last")
"""Where the last run is, below the index folder."""


def last_report(index_dir: Path) -> Report | None:
    """The last run; None where there has been none. Raises `RunError` where it cannot be read."""
    folder = index_dir / LAST
    return Report.load(folder) if (folder / "run.json").is_file() else None


def evaluation_html(report: Report | None) -> str:
    """A report as a page: figures by group, curves, and notes."""
    if report is None:
        return (
            '<section class="report none"><h2>Not evaluated yet</h2><p>The check asks every '
            "question of the articles’ FAQ sections, with those sections left out of the index, "
            "and compares the answers with the articles’ own.</p></section>"
        )
    groups = "".join(
        _group(name, list(figures))
        for name, figures in groupby(report.figures, key=lambda figure: figure.group)
    )
    curves = "".join(curve_svg(curve) for curve in report.curves if curve.x)
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return (
        f'<section class="report"><p class="about">{_about(report.about, report)}</p>'
        f'<div class="groups">{groups}</div>'
        + (f'<div class="curves">{curves}</div>' if curves else "")
        + (f"<h3>Notes</h3><ul>{notes}</ul>" if notes else "")
        + "</section>"
    )


def curve_svg(curve: Curve) -> str:
    """A curve as a picture, and its points as text for those who do not see it."""
    drawn = plot(curve)
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM
    told = "; ".join(point.label for point in drawn.points[:12])
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(curve.name)}: {escape(told)}">{"".join(_grid(drawn))}'
        f'<text class="label" x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{escape(curve.x_label)}</text>"
        f'<text class="label" transform="translate(14 {(TOP + floor) / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(curve.y_label)}</text>{_marks(drawn)}</svg>'
        f"<figcaption>{escape(curve.name.capitalize())}</figcaption></figure>"
    )


def _grid(drawn: Plot) -> Iterable[str]:
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick in drawn.y_ticks:
        yield f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{tick.at}" y2="{tick.at}"/>'
        yield (
            f'<text x="{LEFT - 8}" y="{tick.at + 4}" text-anchor="end">{escape(tick.label)}</text>'
        )
    for tick in drawn.x_ticks:
        yield (
            f'<text x="{tick.at}" y="{floor + 18}" text-anchor="middle">{escape(tick.label)}</text>'
        )
    if drawn.diagonal:
        yield f'<line class="diagonal" x1="{LEFT}" y1="{floor}" x2="{right}" y2="{TOP}"/>'


def _marks(drawn: Plot) -> str:
    dots = "".join(
        f'<circle cx="{point.x}" cy="{point.y}" r="{point.radius:.1f}">'
        f"<title>{escape(point.label)}</title></circle>"
        for point in drawn.points
    )
    return dots if drawn.diagonal else f'<polyline points="{escape(drawn.line)}"/>{dots}'


def _group(name: str, figures: Iterable[Figure]) -> str:
    rows = "".join(map(_figure, figures))
    return f'<section><h3>{escape(name.capitalize())}</h3><dl class="figures">{rows}</dl></section>'


def _figure(figure: Figure) -> str:
    value = "not known" if figure.value is None else _number(figure.value)
    spread = (
        f"{_number(figure.low)} to {_number(figure.high)} · "
        if figure.low is not None and figure.high is not None
        else ""
    )
    lower = " Lower is better." if figure.better == "lower" else ""
    bar = ""
    if drawn := track(figure):
        whisker = (
            f'<i style="left:{drawn.low:.1f}%;width:{drawn.width:.1f}%"></i>'
            if drawn.low is not None
            else ""
        )
        bar = f'<div class="track">{whisker}<b style="left:{drawn.value:.1f}%"></b></div>'
    cases = f"{figure.n} case{'s' * (figure.n != 1)}"
    return (
        f"<div><dt>{escape(figure.name)}<small>{escape(figure.definition)}{lower}</small></dt>"
        f"<dd><strong>{value}</strong>{bar}<small>{spread}{cases}</small></dd></div>"
    )


def _number(value: float) -> str:
    """Two places for a share, fewer for what is large."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"


def _about(about: Mapping[str, Any], report: Report) -> str:
    """What was asked, of what, and when, as far as the report says."""
    parts = [f"{len(report.outcomes)} questions"]
    if isinstance(articles := about.get("articles"), int):
        parts.append(f"{articles} articles")
    if isinstance(faq := about.get("faq"), str):
        parts.append(f"FAQ sections {faq}")
    if isinstance(when := about.get("time"), str):
        parts.append(when[:16].replace("T", " "))
    return escape(" · ".join(parts))
