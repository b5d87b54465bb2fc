"""The benchmarks of speed and growth: their articles, their protocol, their sums and their pages.

What they measure is no test's affair.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks import figures
from benchmarks.corpora import LEADS, Lead, articles, hiding, leads, varied, write_articles
from benchmarks.data import Dataset
from benchmarks.growth import forget_all_but_vectors
from benchmarks.growth_process import ExactGeneration
from benchmarks.peers.driving import Child, ChildError, write_rows
from benchmarks.peers.environments import BFLOAT16, PEERS
from benchmarks.results import (
    Growth,
    Measured,
    Memory,
    Setting,
    Size,
    Speed,
    load_growth,
    load_speed,
    save,
)
from benchmarks.speed import EACH, batches, turn
from benchmarks.spread import Spread, percentile, ratios, slope
from benchmarks.tables import (
    fastest,
    growth_goals,
    growth_table,
    markdown,
    rates,
    speed_goals,
    speed_table,
)

SOURCE = [
    Lead("The Weir", "The weir at Norwell was built in 1874. Stones came from Kester. It holds."),
    Lead("The Mill", "The mill of Kester grinds rye. Its owner lives in Norwell."),
    Lead("Flint", "Flint is hard."),
    Lead("The Ferry", "Sailors of Thornby feared the ferry; 12 drowned in 1902. It was sold."),
]


def test_articles_are_the_same_at_every_call_and_none_is_there_twice() -> None:
    rows = list(islice(articles(SOURCE), 300))
    assert rows == list(islice(articles(SOURCE), 300))
    assert len({row["text"] for row in rows}) == len({row["id"] for row in rows}) == 300


def test_the_leads_come_first_as_they_are() -> None:
    first = list(islice(articles(SOURCE), len(SOURCE)))
    assert [row["text"] for row in first] == [f"{one.title}\n\n{one.text}" for one in SOURCE]


def test_a_varied_lead_keeps_its_shape_and_changes_names_and_numbers() -> None:
    weir = next(varied(SOURCE, 1))
    assert weir.title == "The Weir"
    assert weir.text.startswith("The weir at ") and " was built in 18" in weir.text
    assert "1874" not in weir.text
    assert len(weir.text.split(". ")) == 3
    assert not any(
        lead.text == other.text for lead, other in zip(SOURCE, varied(SOURCE, 1), strict=True)
    )


def test_hidden_articles_are_all_there_among_as_many_as_wanted() -> None:
    hidden = Dataset({"000.txt": "Hidden.", "001.txt": "Hidden, too."})
    rows = hiding(hidden, SOURCE, 9)
    assert len(rows) == 9 and {"000", "001"} < {row["id"] for row in rows}
    assert rows == hiding(hidden, SOURCE, 9)
    with pytest.raises(ValueError, match="2 articles cannot be hidden among 1"):
        hiding(hidden, SOURCE, 1)


def test_leads_are_read_and_articles_written(tmp_path: Path) -> None:
    with gzip.open(tmp_path / LEADS, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps({"title": o.title, "text": o.text}) + "\n" for o in SOURCE)
    assert leads(tmp_path) == SOURCE
    write_articles(tmp_path / "corpus", islice(articles(SOURCE), 4))
    texts = {file.read_text(encoding="utf-8") for file in (tmp_path / "corpus").iterdir()}
    assert texts == {f"{one.title}\n\n{one.text}" for one in SOURCE}


SYSTEM = """
from benchmarks.peers.protocol import serve

class Words:
    def __init__(self, model, dtype):
        print("libraries print what they like")
        self.model = model

    def prepare(self, articles, work):
        (work / "prepared").touch()

    def index(self, articles, work):
        assert (work / "prepared").exists()
        self.rows = articles
        return len(articles)

    def search(self, question, k):
        return [row["id"] for row in self.rows if question in row["text"]][:k]

    def ask(self, question):
        raise ValueError("it has no answer")

serve(Words, ["numpy"])
"""


def words(folder: Path) -> Child:
    return Child("words", [sys.executable, "-c", SYSTEM, "model", ""], folder / "words.log")


def test_a_system_in_a_process_indexes_and_finds(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", islice(articles(SOURCE), 4))
    child = words(tmp_path)
    try:
        child.ready()
        assert dict(child.versions) == {"numpy": np.__version__}
        seconds, pieces = child.index(tmp_path / "rows.jsonl", tmp_path)
        assert pieces == 4 and seconds > 0
        seconds_each, found = child.search(["Kester", "tungsten"], 1)
        assert len(seconds_each) == 2 and found == [["lead-00-00000"], []]
        assert child.megabytes() > 1
    finally:
        child.close()


def test_a_system_that_fails_says_why(tmp_path: Path) -> None:
    child = words(tmp_path)
    child.ready()
    with pytest.raises(ChildError, match=r"words ended: ValueError: it has no answer \(all of"):
        child.ask(["why?"])
    child.close()


def test_every_peer_has_a_module_and_pinned_packages() -> None:
    folder = Path(figures.__file__).parent / "peers"
    for peer in (*PEERS, BFLOAT16):
        assert (folder / f"{peer.module}.py").is_file()
        assert all("==" in package for package in peer.packages)


@pytest.mark.parametrize("power", [0.0, 1.0, 1.5])
def test_the_slope_is_the_power_that_time_grows_with(power: float) -> None:
    sizes = [1e3, 3e3, 1e4, 1e5]
    assert math.isclose(slope(sizes, [7 * size**power for size in sizes]), power, abs_tol=1e-9)


def test_a_slope_takes_two_sizes() -> None:
    with pytest.raises(ValueError, match="two sizes"):
        slope([1000], [1.0])


def test_ratios_are_taken_within_a_round() -> None:
    # A round in which everything took ten times as long changes no ratio.
    assert ratios([3.0, 30.0, 4.0], [1.0, 10.0, 1.0]) == Spread(3.0, 3.0, 4.0)
    assert fastest([[3.0, 1.0], [2.0, 5.0]]) == [2.0, 1.0]


@pytest.mark.parametrize(
    ("spread", "told"),
    [
        (Spread(2.984, 2.5, 3.126), "2.98 (2.50 to 3.13)"),
        (Spread(1234.5, 99.96, 2000.0), "1,234 (100 to 2,000)"),
        (Spread(0.05, 0.05, 0.05), "0.0500"),
    ],
)
def test_a_spread_is_told_in_three_digits(spread: Spread, told: str) -> None:
    assert spread.told() == told


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0, 5.0], 95) == pytest.approx(4.8)
    with pytest.raises(ValueError, match="nothing was measured"):
        Spread.of([])


def test_each_round_begins_with_another() -> None:
    assert [turn(["a", "b", "c"], number)[0] for number in range(4)] == ["a", "b", "c", "a"]
    assert sorted(turn(["a", "b", "c"], 1)) == ["a", "b", "c"]


def test_no_question_is_asked_twice() -> None:
    questions = list(range(95))
    asked = [question for batch in batches(questions) for question in batch]
    assert len(asked) == len(set(asked)) == 4 * EACH


def test_only_vectors_are_kept_of_an_index(tmp_path: Path) -> None:
    (tmp_path / "generation-000001").mkdir()
    (tmp_path / "generation-000001" / "manifest.json").touch()
    for name in ("CURRENT", "seen.json", "vectors.sqlite3", "vectors.sqlite3-wal"):
        (tmp_path / name).touch()
    forget_all_but_vectors(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"vectors.sqlite3", "vectors.sqlite3-wal"}


class Half:
    """A generation and a store in one, which tell which of them was asked."""

    def search_dense(self, *_values: object) -> str:
        return "graph"

    def search(self, *_values: object) -> str:
        return "every vector"

    def search_lexical(self) -> str:
        return "words"


def test_an_exact_generation_differs_in_its_dense_search_alone() -> None:
    exact = ExactGeneration(Half(), Half())  # type: ignore[arg-type]
    assert exact.search_dense(np.zeros(3, np.float32), 1) == "every vector"  # type: ignore[comparison-overlap]
    assert exact.search_lexical() == "words"


SETTING = Setting("2024-01-02", "python -m x", "a processor", 2, 8.0, 0.1, "3.11", "2", "bfloat16")


def measured(name: str, kind: str, seconds: float, question: float) -> Measured:
    return Measured(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        versions={"torch": "2"},
        indexing=[seconds, 2 * seconds],
        pieces=[100, 200],
        big=10 * seconds,
        big_pieces=1000,
        searching=[] if kind == "library" else [[question, question, 3 * question]] * 2,
        asking=[[0.03, 0.04, 0.05]] * 2 if kind == "cited" else [],
        found=0.9,
        megabytes=700,
    )


SPEED = Speed(
    SETTING,
    100,
    1000,
    [
        measured("Cited", "cited", 1.0, 0.010),
        measured("alone", "library", 0.9, 0.0),
        measured("slow", "peer", 6.0, 0.025),
        measured("quick", "peer", 3.0, 0.030),
        measured("slow, bfloat16", "peer of another dtype", 1.5, 0.015),
    ],
    ["absent"],
)


def size(passages: int, indexing: float, question: float) -> Size:
    times = [question] * 10
    return Size(
        passages, passages, indexing, passages, times, times, 0.96, 0.97, 50, [0.4] * 3, [0.9] * 3
    )


GROWTH = Growth(
    SETTING,
    [size(1_000, 5, 0.02), size(10_000, 50, 0.025), size(100_000, 500, 0.05)],
    [Memory(100 * tenth, 800 + tenth, 790 + tenth) for tenth in range(1, 11)],
    [4.0, 4.2],
    [3.9, 4.0],
    [0.1, 0.12],
)


def test_passages_are_counted_alike_for_all() -> None:
    cited, alone = SPEED.systems[:2]
    other = replace(alone, pieces=[1, 1])
    assert rates(cited, cited) == [100.0, 100.0]
    assert rates(other, cited) == [100 / 0.9, 200 / 1.8]


def test_goals_are_against_the_fastest_peer_of_the_usual_dtype() -> None:
    goals = {goal.what: goal for goal in speed_goals(SPEED)}
    indexing = goals["indexing, against the fastest peer of each round"]
    assert (indexing.measured, indexing.met) == ("3.00", True)
    retrieval = goals["retrieval, against the fastest peer of each round"]
    assert (retrieval.measured, retrieval.met) == ("0.400", True)
    assert goals["`ask` beyond retrieval, median"].measured == "30.0"
    assert goals["indexing, against alone"].measured == "0.900"


def test_without_peers_nothing_is_said_of_them() -> None:
    alone = replace(SPEED, systems=SPEED.systems[:2])
    assert not any("peer" in goal.what for goal in speed_goals(alone))


def test_a_goal_that_is_missed_is_told() -> None:
    goals = growth_goals(GROWTH)
    assert [goal.what for goal in goals if not goal.met] == ["retrieval, 1,000 to 100,000 passages"]
    slow = replace(GROWTH, start=[6.0, 6.0])
    missed = [goal.what for goal in growth_goals(slow) if not goal.met]
    assert "start to first answer, against loading the model" in missed


@pytest.mark.parametrize("table", [speed_table(SPEED), growth_table(GROWTH)], ids=["peers", "size"])
def test_tables_are_whole(table: tuple[list[str], list[list[str]]]) -> None:
    head, rows = table
    assert rows and all(len(row) == len(head) for row in rows)
    assert len(markdown(table).splitlines()) == len(rows) + 2


def test_what_was_known_already_is_told() -> None:
    again = replace(GROWTH, sizes=[replace(GROWTH.sizes[0], embedded=400)])
    assert growth_table(again)[1][0][1] == "5.0 s, 600 vectors known"


def test_results_are_kept_whole(tmp_path: Path) -> None:
    assert (load_speed(tmp_path), load_growth(tmp_path)) == (None, None)
    save(SPEED, tmp_path)
    save(GROWTH, tmp_path)
    assert (load_speed(tmp_path), load_growth(tmp_path)) == (SPEED, GROWTH)


def test_figures_and_a_page_are_made_of_results(tmp_path: Path) -> None:
    save(SPEED, tmp_path)
    save(GROWTH, tmp_path)
    figures.main([str(tmp_path), "--to", str(tmp_path / "docs")])
    drawn = {file.name for file in (tmp_path / "docs" / "figures").iterdir()}
    assert drawn == {
        f"{name}-{theme}.png" for name in ("speed", "growth") for theme in ("light", "dark")
    }
    page = (tmp_path / "docs" / "speed.md").read_text(encoding="utf-8")
    assert "Left out, for want of an environment: absent." in page
    assert all(f"figures/{name}" in page for name in drawn)


def test_goals_are_put_between_their_marks_alone() -> None:
    page = f"before\n{figures.BEGIN}old\n{figures.END}after\n"
    new = figures.placed(page, speed_goals(SPEED))
    assert new.startswith("before\n") and new.endswith("after\n") and "old" not in new
    assert "| indexing, against alone |" in new
    assert figures.placed("no place for it\n", speed_goals(SPEED)) == "no place for it\n"
