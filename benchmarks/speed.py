"""Cited beside its peers: indexing, retrieval and answering, with the same model and articles.

    python -m benchmarks.speed --make-environments FOLDER       once, to install the peers
    python -m benchmarks.speed --environments FOLDER            half an hour on two cores
    python -m benchmarks.speed --environments FOLDER --short    minutes

Each system is a process of its own. In each round all do the same, one after the other, and each
round begins with another one: what the machine does meanwhile falls on all alike, and ratios are
taken within a round. A peer without an environment is left out, with a line that says so. The
results go to `--work`; `python -m benchmarks.figures` draws them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.corpora import articles, hiding, leads
from benchmarks.data import BENCH, Question, squad
from benchmarks.peers.driving import Child, write_rows
from benchmarks.peers.environments import BFLOAT16, PEERS, Peer, make_environments
from benchmarks.results import WORK, Kind, Measured, Speed, absolute, fast_dtype, save, setting
from benchmarks.tables import speed_table
from index.weights import DEFAULT_MODEL, find_model

T = TypeVar("T")
K = 10
"""Passages that are asked for; the question's own article should be among those of the first 5."""
EACH = 20
"""Questions a round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds of indexing so many articles, rounds of questions."""

    rounds: int
    articles: int
    question_rounds: int
    big: int


FULL = Plan(rounds=5, articles=1500, question_rounds=10, big=10_000)
SHORT = Plan(rounds=3, articles=150, question_rounds=5, big=1_000)


@dataclass(slots=True)
class Contender:
    """A system while it is measured."""

    child: Child
    kind: Kind
    indexing: list[float] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    big: tuple[float, int] = (0.0, 0)
    searching: list[list[float]] = field(default_factory=list)
    asking: list[list[float]] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)

    def measured(self) -> Measured:
        """What it did."""
        return Measured(
            self.child.name,
            self.kind,
            self.child.versions,
            self.indexing,
            self.pieces,
            *self.big,
            self.searching,
            self.asking,
            sum(self.found) / max(len(self.found), 1),
            self.child.megabytes(),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, keep the results."""
    given = _parser().parse_args(arguments)
    if given.make_environments:
        make_environments(given.make_environments)
        return
    plan = SHORT if given.short else FULL
    plan = replace(plan, articles=given.articles or plan.articles, big=given.big or plan.big)
    console = Console(width=150)
    here, dtype = setting(fast_dtype()), fast_dtype()
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="cited-speed-") as work:
        contenders, absent = started(stack, Path(work), given.environments, dtype)
        for name in absent:
            console.print(f"{name} is left out: it has no environment (--make-environments FOLDER)")
        index_rounds(contenders, Path(work), given.shared, plan)
        question_rounds(contenders, Path(work), given.shared, plan)
        systems = [contender.measured() for contender in contenders]
    speed = Speed(here, plan.articles, plan.big, systems, absent)
    file = save(speed, given.work)
    head, rows = speed_table(speed)
    table = Table(*head, title=f"{plan.big:,} articles, {here.cores} cores, {here.processor}")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"Ratios are those within a round: median (least to greatest). Kept in {file}")


def started(
    stack: ExitStack, work: Path, environments: Path | None, dtype: str
) -> tuple[list[Contender], list[str]]:
    """All systems that there are, loaded, and the names of those that are missing."""
    model = str(find_model(DEFAULT_MODEL))
    known: list[tuple[Peer, Kind]] = [(peer, "peer") for peer in PEERS]
    if dtype == BFLOAT16.dtype:
        known.append((BFLOAT16, "peer of another dtype"))
    commands: list[tuple[str, Kind, list[str]]] = [
        ("Cited", "cited", [sys.executable, "-m", "benchmarks.peers.cited", model, ""]),
        (
            "embedding alone",
            "library",
            [sys.executable, "-m", "benchmarks.peers.bulk", model, dtype],
        ),
    ]
    absent = []
    for peer, kind in known:
        python = peer.python(environments) if environments else None
        if python and python.exists():
            module = f"benchmarks.peers.{peer.module}"
            commands.append((peer.name, kind, [str(python), "-m", module, model, peer.dtype]))
        else:
            absent.append(peer.name)
    contenders = []
    for name, kind, command in commands:
        child = Child(name, command, work / f"{name}.log")
        stack.callback(child.close)
        contenders.append(Contender(child, kind))
    for contender in contenders:
        contender.child.ready()
    return contenders, absent


def index_rounds(contenders: list[Contender], work: Path, shared: Path, plan: Plan) -> None:
    """Each round, all index the same articles afresh; those of another round are others."""
    rows = articles(leads(shared))
    warm = work / "warm.jsonl"
    write_rows(warm, islice(rows, 20))  # the first batch of each process is slow
    for contender in contenders:
        _index(contender.child, warm, work)
    for number in range(plan.rounds):
        file = work / "rows.jsonl"
        write_rows(file, islice(rows, plan.articles))
        for contender in turn(contenders, number):
            _say(f"indexing, round {number + 1} of {plan.rounds}: {contender.child.name}")
            seconds, pieces = _index(contender.child, file, work)
            contender.indexing.append(seconds)
            contender.pieces.append(pieces)


def question_rounds(contenders: list[Contender], work: Path, shared: Path, plan: Plan) -> None:
    """All index the same articles, with SQuAD's hidden among them, and are asked the same.

    No question is asked twice: what one answer leaves in memory is no help to the next.
    """
    data = squad(shared)
    file = work / "rows.jsonl"
    write_rows(file, hiding(data, leads(shared), plan.big))
    searchers = [contender for contender in contenders if contender.kind != "library"]
    for contender in contenders:
        _say(f"indexing {plan.big:,} articles: {contender.child.name}")
        contender.big = _index(contender.child, file, work, keep=True)
    asked = batches([question for question in data.questions if question.answers])
    warm = [question.text for question in next(asked)]  # the first ones load what others find
    for contender in searchers:
        contender.child.search(warm, K)
        if contender.kind == "cited":
            contender.child.ask(warm)
    for number in range(plan.question_rounds):
        _say(f"questions, round {number + 1} of {plan.question_rounds}")
        questions, others = next(asked), next(asked)
        for contender in turn(searchers, number):
            _search(contender, questions)
            if contender.kind == "cited":
                texts = [question.text for question in others]
                contender.asking.append(contender.child.ask(texts))


def batches(questions: Sequence[T]) -> Iterator[list[T]]:
    """`EACH` questions at once, of as many articles: neighbours in the data are about one."""
    step = len(questions) // EACH
    for start in range(step):
        yield list(questions[start::step][:EACH])


def turn(contenders: Sequence[T], number: int) -> list[T]:
    """The same, another one first in each round."""
    first = number % len(contenders)
    return [*contenders[first:], *contenders[:first]]


def _search(contender: Contender, questions: Sequence[Question]) -> None:
    seconds, found = contender.child.search([question.text for question in questions], K)
    contender.searching.append(seconds)
    for question, names in zip(questions, found, strict=True):
        contender.found.append(question.article_id.removesuffix(".txt") in names[:5])


def _index(child: Child, file: Path, work: Path, *, keep: bool = False) -> tuple[float, int]:
    """Into a folder of its own, so that nothing is known already."""
    folder = Path(tempfile.mkdtemp(dir=work))
    try:
        return child.index(file, folder)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _say(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Cited beside its peers, on this machine.")
    parser.add_argument("--shared", type=absolute, default=BENCH, help="the development data")
    parser.add_argument("--environments", type=absolute, help="where the peers' environments are")
    parser.add_argument("--make-environments", type=Path, metavar="FOLDER", help="make them")
    parser.add_argument("--short", action="store_true", help="minutes instead of half an hour")
    parser.add_argument("--articles", type=int, help="articles that a round indexes")
    parser.add_argument("--big", type=int, help="articles that questions are asked of")
    parser.add_argument("--work", type=absolute, default=WORK, help="where the results go")
    return parser


if __name__ == "__main__":
    main()
