"""Draws what `benchmarks.speed` and `benchmarks.growth` measured, and writes docs/speed.md.

    python -m benchmarks.figures [FOLDER] [--to FOLDER]

The first folder holds their results (`--work`). Figures go to docs/figures, each for light and dark
pages, and where README.md has a place for them (`<!-- speed: begin -->`, `<!-- speed: end -->`),
the goals go there; `--to` writes elsewhere, and leaves the README alone. It measures nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.results import WORK, Growth, Kind, Setting, Size, Speed, load_growth, load_speed
from benchmarks.spread import percentile
from benchmarks.tables import (
    Goal,
    goals_table,
    growth_goals,
    growth_table,
    markdown,
    medians,
    rates,
    speed_goals,
    speed_table,
)

DOCS = Path(__file__).parents[1] / "docs"
README = DOCS.parent / "README.md"
BEGIN, END = "<!-- speed: begin -->\n", "<!-- speed: end -->\n"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a page: its ground, its text, lines that are there to guide, and the series."""

    name: str
    ground: str
    text: str
    guide: str
    cited: str
    peer: str
    other: str


LIGHT = Theme("light", "#ffffff", "#1f2328", "#d1d9e0", "#2b6cb0", "#6e7781", "#bc4c00")
DARK = Theme("dark", "#0d1117", "#e6edf3", "#3d444d", "#63b3ed", "#9198a1", "#f0883e")


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw and write what there is."""
    given = _parser().parse_args(arguments)
    speed, growth = load_speed(given.folder), load_growth(given.folder)
    if speed is None and growth is None:
        sys.exit(f"{given.folder} holds no results: run python -m benchmarks.speed first")
    figures = given.to / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    for theme in (LIGHT, DARK):
        if speed:
            draw_speed(speed, theme, figures / f"speed-{theme.name}.png")
        if growth:
            draw_growth(growth, theme, figures / f"growth-{theme.name}.png")
    parts = [beside(speed)] if speed else []
    parts += [grown(growth)] if growth else []
    (given.to / "speed.md").write_text("# Speed\n\n" + "\n".join(parts), encoding="utf-8")
    if given.to == DOCS:
        goals = [*(speed_goals(speed) if speed else []), *(growth_goals(growth) if growth else [])]
        README.write_text(placed(README.read_text(encoding="utf-8"), goals), encoding="utf-8")
    print(f"Drawn into {figures}, written into {given.to / 'speed.md'}")


def placed(page: str, goals: Sequence[Goal]) -> str:
    """The page with the goals in their place; as it is where it has none."""
    marks = re.escape(BEGIN) + ".*?" + re.escape(END)
    content = BEGIN + markdown(goals_table(goals)) + END
    return re.sub(marks, lambda _match: content, page, flags=re.DOTALL)


def beside(speed: Speed) -> str:
    """The part of the page about the peers."""
    left = ""
    if speed.absent:
        left = f" Left out, for want of an environment: {', '.join(speed.absent)}."
    versions = [
        f"{system.name}: {', '.join(f'{name} {one}' for name, one in system.versions.items())}"
        for system in speed.systems
    ]
    return f"""## Beside other systems

{picture("speed", "Passages indexed a second and milliseconds a question, each system")}
{markdown(speed_table(speed))}
{_setting(speed.setting)}{left}

All have the same weights (all-MiniLM-L6-v2), the same articles (leads of Wikipedia, a title and a
paragraph each) and the same questions (SQuAD's, whose paragraphs are among the articles), and run
in processes of their own, each as its documentation has it. In each round all do the same, one
after the other, each round beginning with another. A ratio is taken within a round, and given as
the median over the rounds (least to greatest).

- *passages a second*: {speed.articles:,} articles a round, into an empty index on the disk. They
  are counted as Cited cuts them, for all alike, however many pieces a system makes of them.
- *embedding alone*: `SentenceTransformer.encode` of the passages that Cited cuts, sorted by length,
  in batches of 32, in {speed.setting.dtype}. It is no system, but the least that all take who embed
  by that library. Cited reads a BERT from its files: each text without padding, each thread its
  own.
- *retrieval*: question in, ten ranked passages out, warm. Cited's and txtai's is hybrid; Cited also
  ranks the passages by their sentences, which the others do not.
- *found in 5*: the share of questions whose own paragraph is among the articles of the first five.
- *memory*: of the process at the end (RSS).
- Cited runs the model in 8-bit integers, many passages in bfloat16 where the processor has it
  (here torch is fastest in {speed.setting.dtype}); the others' usual is float32. LangChain in
  bfloat16, where it has a row, shows what of the difference that is.

Versions. {"; ".join(versions)}.

{markdown(goals_table(speed_goals(speed)))}"""


def grown(growth: Growth) -> str:
    """The part of the page about Cited's growth."""
    large = growth.sizes[-1]
    return f"""## As the corpus grows

{picture("growth", "Indexing, questions, syncs and memory against the number of passages")}
{markdown(growth_table(growth))}
{_setting(growth.setting)}

Cited alone, each measurement in a process of its own. The articles are Wikipedia's leads, then the
same leads with other names, other numbers and half of another lead, so that none is there twice;
SQuAD's 472 paragraphs are hidden among them.

- *indexing*: everything from the files to an index that is sealed, verified and on the disk, the
  model loaded. Where it says that vectors were known, an earlier run had embedded them.
- *retrieval* and *`ask`*: {len(large.searching)} questions each, every one asked once, in turn.
- *recall@5*: the share of {large.questions:,} questions whose own paragraph is among those of the
  first five passages; *exactly*: the same where every vector is compared with the question, and
  no passage is passed over for having common words alone.
- *sync*: opening the index and bringing it up to date, beyond the start of Python and the loading
  of libraries and model.
- *start to first answer*: of `cited ask`, from the start of its process, over {large.passages:,}
  passages; *loading the model*: importing torch and sentence-transformers and loading it, likewise.

{markdown(goals_table(growth_goals(growth)))}"""


def picture(name: str, what: str) -> str:
    """A figure in the page's own colours."""
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="figures/{name}-dark.png">'
    return f'<picture>\n{dark}\n<img alt="{what}" src="figures/{name}-light.png">\n</picture>\n'


def draw_speed(speed: Speed, theme: Theme, file: Path) -> None:
    """A dot a round, a bar at the median: passages a second, and milliseconds a question."""
    (cited,) = speed.of("cited")
    colours: dict[Kind, str] = {
        "cited": theme.cited,
        "peer": theme.peer,
        "peer of another dtype": theme.peer,
        "library": theme.other,
    }
    indexing = [
        (system.name, rates(system, cited), colours[system.kind]) for system in speed.systems
    ]
    searching = [
        (system.name, [1e3 * value for value in medians(system.searching)], colours[system.kind])
        for system in speed.systems
        if system.searching
    ]
    with _figure(theme, file, 2, (10, 0.42 * len(speed.systems) + 1.1)) as (left, right):
        _rows(left, indexing, "passages indexed a second")
        _rows(right, searching, "milliseconds a question")


def _rows(axes: Any, rows: Sequence[tuple[str, Sequence[float], str]], what: str) -> None:
    for place, (_name, values, colour) in enumerate(rows):
        axes.barh(place, percentile(values, 50), height=0.55, color=colour, alpha=0.35)
        axes.plot(values, [place] * len(values), "o", color=colour, markersize=3.5)
    axes.set_yticks(range(len(rows)), [name for name, _values, _colour in rows])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_title(what)
    axes.grid(axis="y", visible=False)


def draw_growth(growth: Growth, theme: Theme, file: Path) -> None:
    """Four curves over the number of passages; memory over the number of questions."""
    sizes = growth.sizes
    passages = [size.passages for size in sizes]

    def line(axes: Any, values: Callable[[Size], float], colour: str, name: str, way: str) -> None:
        axes.plot(passages, [values(size) for size in sizes], way, color=colour, label=name, ms=4)

    with _figure(theme, file, 4, (10, 6)) as (indexing, asking, syncing, memory):
        line(indexing, lambda size: size.indexing, theme.cited, "measured", "o-")
        first = sizes[0].indexing / sizes[0].passages
        line(indexing, lambda size: first * size.passages, theme.peer, "linear", ":")
        indexing.set(title="indexing, seconds", xscale="log", yscale="log")
        for values, colour, name in (
            (lambda size: size.searching, theme.cited, "retrieval"),
            (lambda size: size.asking, theme.other, "ask"),
        ):
            line(asking, lambda s, v=values: 1e3 * percentile(v(s), 50), colour, name, "o-")  # type: ignore[misc]
            line(asking, lambda s, v=values: 1e3 * percentile(v(s), 95), colour, "95 %", "o:")  # type: ignore[misc]
        asking.set(title="a question, milliseconds", xscale="log")
        line(syncing, lambda size: percentile(size.unchanged, 50), theme.cited, "unchanged", "o-")
        line(
            syncing, lambda size: percentile(size.one_changed, 50), theme.other, "one changed", "o-"
        )
        syncing.set(title="sync, seconds", xscale="log")
        for name, colour in (("rss", theme.cited), ("pss", theme.other)):
            taken = [getattr(row, name) for row in growth.memory]
            asked = [row.questions for row in growth.memory]
            memory.plot(asked, taken, "o-", color=colour, label=name.upper(), ms=4)
        memory.set(title=f"memory, MB, {passages[-1]:,} passages", xlabel="questions")
        for axes in (asking, syncing, memory):
            axes.set_ylim(0, 1.15 * axes.dataLim.y1)
            axes.yaxis.set_major_formatter("{x:,g}")
        for axes in (indexing, asking, syncing):
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.set_xlabel("passages")
        indexing.yaxis.set_major_formatter("{x:,g}")
        for axes in (indexing, asking, syncing, memory):
            axes.legend(frameon=False, labelcolor=theme.text)


@contextmanager
def _figure(theme: Theme, file: Path, panels: int, inches: tuple[float, float]) -> Iterator[Any]:
    """Panels, two beside each other, in a theme's colours; saved at the end."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    colours: dict[Any, Any] = {
        "figure.facecolor": theme.ground,
        "axes.facecolor": theme.ground,
        "axes.edgecolor": theme.guide,
        "axes.labelcolor": theme.text,
        "axes.titlecolor": theme.text,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": theme.guide,
        "grid.linewidth": 0.6,
        "text.color": theme.text,
        "xtick.color": theme.text,
        "ytick.color": theme.text,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with pyplot.rc_context(colours):
        figure, grid = pyplot.subplots(
            panels // 2, 2, figsize=inches, layout="constrained", squeeze=False
        )
        yield list(chain.from_iterable(grid))
        figure.savefig(file, dpi=160, metadata={"Software": None})
        pyplot.close(figure)


def _setting(setting: Setting) -> str:
    return (
        f"Measured {setting.date} with `{setting.command}` on {setting.cores} cores "
        f"({setting.processor}, {setting.gigabytes:.0f} GB), Python {setting.python}, "
        f"torch {setting.torch}; load of the minute before: {setting.load:g}."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Figures and a page of what was measured.")
    parser.add_argument("folder", type=Path, nargs="?", default=WORK, help="of the results")
    parser.add_argument("--to", type=Path, default=DOCS, help="where figures and page go")
    return parser


if __name__ == "__main__":
    main()
