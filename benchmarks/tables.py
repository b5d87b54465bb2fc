"""Tables of what the benchmarks of speed and growth measured, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from benchmarks.results import Growth, Measured, Size, Speed
from benchmarks.spread import Spread, percentile, ratios, slope

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""A head, and rows of as many cells."""
NONE = "–"
FLAT = 2.0
"""Percent that memory may grow in the second half and still count as flat."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted, what was measured, and whether the one meets the other."""

    what: str
    wanted: str
    measured: str
    met: bool


def speed_table(speed: Speed) -> Table:
    """A row a system; Cited's ratio to each is taken within the rounds."""
    (cited,) = speed.of("cited")
    head = (
        "",
        "passages a second",
        "Cited is … times as fast",
        f"{speed.big_articles:,} articles, once",
        "retrieval, median (95 %)",
        "Cited is … times as fast",
        "found in 5",
        "memory",
    )
    return head, [_system(system, cited) for system in speed.systems]


def _system(system: Measured, cited: Measured) -> Sequence[str]:
    searching = list(chain.from_iterable(system.searching))
    other = system is not cited
    return (
        f"{system.name} ({system.kind})" if system.kind == "library" else system.name,
        Spread.of(rates(system, cited)).told(),
        ratios(system.indexing, cited.indexing).told() if other else NONE,
        f"{system.big:.0f} s",
        f"{milliseconds(searching)} ms" if searching else NONE,
        ratios(medians(system.searching), medians(cited.searching)).told()
        if searching and other
        else NONE,
        f"{system.found:.3f}" if searching else NONE,
        f"{system.megabytes:,.0f} MB",
    )


def growth_table(growth: Growth) -> Table:
    """A row a size."""
    head = (
        "passages",
        "indexing",
        "passages a second",
        "retrieval, median (95 %)",
        "`ask`, median (95 %)",
        "recall@5",
        "… exactly",
        "sync, unchanged",
        "… one changed",
    )
    return head, [_size(size) for size in growth.sizes]


def _size(size: Size) -> Sequence[str]:
    known = size.passages - size.embedded
    return (
        f"{size.passages:,}",
        f"{size.indexing:.1f} s" + (f", {known:,} vectors known" if known else ""),
        f"{size.passages / size.indexing:.0f}",
        f"{milliseconds(size.searching)} ms",
        f"{milliseconds(size.asking)} ms",
        f"{size.recall:.3f}",
        f"{size.exact:.3f}",
        f"{Spread.of(size.unchanged).told()} s",
        f"{Spread.of(size.one_changed).told()} s",
    )


def speed_goals(speed: Speed) -> list[Goal]:
    """What Cited is held to beside its peers; without peers only what needs none."""
    (cited,) = speed.of("cited")
    goals = []
    if peers := speed.of("peer"):
        indexing = ratios(fastest([peer.indexing for peer in peers]), cited.indexing)
        goals.append(
            _at_least(
                "indexing, against the fastest peer of each round", 2.5, indexing, "times as fast"
            )
        )
        searching = ratios(
            medians(cited.searching), fastest([medians(peer.searching) for peer in peers])
        )
        goals.append(
            _at_most(
                "retrieval, against the fastest peer of each round", 0.5, searching, "times as long"
            )
        )
    for library in speed.of("library"):
        share = ratios(library.indexing, cited.indexing)
        goals.append(_at_least(f"indexing, against {library.name}", 0.85, share, "times as fast"))
    beyond = [
        1e3 * (ask - search)
        for ask, search in zip(medians(cited.asking), medians(cited.searching), strict=True)
    ]
    goals.append(_at_most("`ask` beyond retrieval, median", 60, Spread.of(beyond), "ms"))
    asking = list(chain.from_iterable(cited.asking))
    tail = percentile(asking, 95) / percentile(asking, 50)
    goals.append(_at_most("`ask`, 95th percentile", 2, Spread.of([tail]), "times its median"))
    return goals


def growth_goals(growth: Growth) -> list[Goal]:
    """What Cited is held to as it grows; the sizes measured are those that count."""
    small, large = growth.sizes[0], growth.sizes[-1]
    span = f"{small.passages:,} to {large.passages:,} passages"
    goals = []
    if len(growth.sizes) > 1:
        exponent = slope(
            [size.passages for size in growth.sizes], [size.indexing for size in growth.sizes]
        )
        goals.append(_at_most(f"indexing, log-log slope, {span}", 1.05, Spread.of([exponent]), ""))
        grown = percentile(large.searching, 50) / percentile(small.searching, 50)
        goals.append(_at_most(f"retrieval, {span}", 2, Spread.of([grown]), "times the median"))
    fall = Spread.of([large.exact - large.recall])
    goals.append(_at_most(f"recall@5 below an exact search's, {large.passages:,}", 0.02, fall, ""))
    tens = min(growth.sizes, key=lambda size: abs(size.articles - 10_000))
    among = f"sync, {tens.articles:,} articles"
    last, middle = growth.memory[-1], growth.memory[len(growth.memory) // 2 - 1]
    more = Spread.of([100 * (last.pss / middle.pss - 1)])
    start = ratios(growth.start, growth.loading)
    return [
        *goals,
        _at_most(f"{among}, unchanged", 1.0, Spread.of(tens.unchanged), "s"),
        _at_most(f"{among}, one changed", 1.5, Spread.of(tens.one_changed), "s"),
        _at_most(f"memory after {last.questions:,} questions", 1200, Spread.of([last.rss]), "MB"),
        _at_most(f"… its growth since {middle.questions:,}", FLAT, more, "%"),
        _at_most("start to first answer, against loading the model", 1.3, start, "times as long"),
        _at_most("`import qa`", 0.3, Spread.of(growth.importing), "s"),
    ]


def goals_table(goals: Sequence[Goal]) -> Table:
    """A row a goal."""
    head = ("what", "goal", "measured", "met")
    rows = [(goal.what, goal.wanted, goal.measured, "yes" if goal.met else "no") for goal in goals]
    return head, rows


def markdown(table: Table) -> str:
    """A table as Markdown has it, its lines ended."""
    head, rows = table
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def rates(system: Measured, cited: Measured) -> list[float]:
    """Passages a second in each round: of Cited's passages, into however many it cut them."""
    return [pieces / seconds for pieces, seconds in zip(cited.pieces, system.indexing, strict=True)]


def medians(rounds: Sequence[Sequence[float]]) -> list[float]:
    """The median of each round."""
    return [float(np.median(values)) for values in rounds]


def fastest(systems: Sequence[Sequence[float]]) -> list[float]:
    """The least time of each round, whichever system's it is."""
    return [min(times) for times in zip(*systems, strict=True)]


def milliseconds(seconds: Sequence[float]) -> str:
    """The median and, in brackets, the 95th percentile."""
    return f"{1e3 * percentile(seconds, 50):.1f} ({1e3 * percentile(seconds, 95):.1f})"


def _at_least(what: str, wanted: float, measured: Spread, unit: str) -> Goal:
    return Goal(
        what, f"at least {wanted:g} {unit}".strip(), measured.told(), measured.middle >= wanted
    )


def _at_most(what: str, wanted: float, measured: Spread, unit: str) -> Goal:
    return Goal(
        what, f"at most {wanted:g} {unit}".strip(), measured.told(), measured.middle <= wanted
    )
