"""Cited alone as its corpus grows: indexing, questions, recall, memory, starts and syncs.

    python -m benchmarks.growth                       1,000 to 100,000 articles: an hour or so
    python -m benchmarks.growth --short               to 3,000: minutes
    python -m benchmarks.growth --work FOLDER --keep  keeps the indexes
    python -m benchmarks.growth --work FOLDER --reuse builds none that is there: its time stands

Each measurement has a process of its own. SQuAD's paragraphs are hidden among the articles, about
one passage each. Where vectors are known from an earlier run, the time of indexing is that of
everything else, and the table says so. The results go to `--work`; `benchmarks.figures` draws them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks import corpora
from benchmarks.data import BENCH, squad
from benchmarks.peers.driving import QUIET, ROOT
from benchmarks.results import WORK, Growth, Memory, Size, absolute, fast_dtype, save, setting
from benchmarks.tables import growth_goals, growth_table
from index.weights import DEFAULT_MODEL, find_model

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
SHORT: dict[str, Any] = {"sizes": [600, 3_000], "questions": 40, "memory": 300, "rounds": 2}
LOAD = """
import sys, torch, sentence_transformers
sentence_transformers.SentenceTransformer(
    sys.argv[1], device="cpu", model_kwargs={"torch_dtype": getattr(torch, sys.argv[2])}
)
print("loaded", flush=True)
"""
IMPORT = """
import time
started = time.perf_counter()
import qa
print(time.perf_counter() - started)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print tables, keep the results."""
    parser = _parser()
    if parser.parse_args(arguments).short:
        parser.set_defaults(**SHORT)
    given = parser.parse_args(arguments)
    here = setting(fast_dtype())
    sizes = [measure(given, size) for size in given.sizes]
    largest = given.work / str(given.sizes[-1])
    memory = [Memory(**row) for row in _run("memory", given, largest, given.memory)]
    start, loading = starts(given, largest)
    growth = Growth(here, sizes, memory, start, loading, imports())
    file = save(growth, given.work)
    show(Console(width=150), growth)
    print(f"Kept in {file}")
    if not (given.keep or given.reuse):
        for size in given.sizes:
            shutil.rmtree(given.work / str(size))


def measure(given: argparse.Namespace, size: int) -> Size:
    """Everything at one size."""
    folder = given.work / str(size)
    write(given.shared, folder, size)
    built = build(given, folder)
    _say(f"{size:,} articles: questions")
    asked = _run("questions", given, folder, given.questions)
    _say(f"{size:,} articles: syncs")
    unchanged, one_changed = syncs(given, folder)
    return Size(articles=size, **built, **asked, unchanged=unchanged, one_changed=one_changed)


def build(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Index the articles and keep what that took, or give what it took when it was done."""
    kept = folder / "built.json"
    if given.reuse and kept.exists():
        return json.loads(kept.read_text())  # type: ignore[no-any-return]
    forget_all_but_vectors(folder / "index")
    _say(f"{folder.name} articles: indexing")
    built: dict[str, Any] = _run("build", given, folder)
    kept.write_text(json.dumps(built))
    return built


def write(shared: Path, folder: Path, size: int) -> None:
    """The articles as files, unless an earlier run has written all of these."""
    stamp, wanted = folder / "written", sha256(Path(corpora.__file__).read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        _say(f"{size:,} articles: writing them")
        stamp.unlink(missing_ok=True)
        (folder / "built.json").unlink(missing_ok=True)
        shutil.rmtree(folder / "corpus", ignore_errors=True)
        source = corpora.leads(shared)
        corpora.write_articles(folder / "corpus", corpora.hiding(squad(shared), source, size))
        stamp.write_text(wanted)


def forget_all_but_vectors(index: Path) -> None:
    """Leave nothing of an index but what it has embedded."""
    for path in index.glob("*"):
        if path.is_dir():
            shutil.rmtree(path)
        elif not path.name.startswith("vectors.sqlite3"):
            path.unlink()


def syncs(given: argparse.Namespace, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds with nothing new and with one article changed, in turn."""
    article = min((folder / "corpus").iterdir())
    text = article.read_text(encoding="utf-8")
    unchanged, one_changed = [], []
    try:
        for number in range(given.rounds):
            unchanged.append(float(_run("sync", given, folder)))
            article.write_text(f"{text} This is change {number + 1}.", encoding="utf-8")
            one_changed.append(float(_run("sync", given, folder)))
    finally:
        article.write_text(text, encoding="utf-8")
    _run("sync", given, folder)
    return unchanged, one_changed


def starts(given: argparse.Namespace, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds from the start of `cited ask` to its answer, and those of loading the model, in turn.

    The first of each only warms the disk's cache.
    """
    model = str(find_model(DEFAULT_MODEL))
    load = [sys.executable, "-c", LOAD, model, fast_dtype()]
    ask = [sys.executable, "-m", "qa.cli", "ask", "Who was the first of them?"]
    ask += ["--min-confidence", "0", "--corpus", str(folder / "corpus")]
    ask += ["--index-dir", str(folder / "index")]
    start, loading = [], []
    for _ in range(given.rounds + 1):
        _say("start to first answer")
        loading.append(until_it_speaks(load))
        start.append(until_it_speaks(ask))
    return start[1:], loading[1:]


def until_it_speaks(command: list[str]) -> float:
    """Seconds from the start of a process to its first line."""
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        process.stdout.read()
    if not line:
        raise RuntimeError(f"{' '.join(command[1:4])} … said nothing, exit code {process.poll()}")
    return seconds


def imports() -> list[float]:
    """Seconds of `import qa` in fresh processes, but for the first."""
    command = [sys.executable, "-c", IMPORT]
    done = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(6)
    ]
    return [float(one.stdout) for one in done[1:]]


def show(console: Console, growth: Growth) -> None:
    """Two tables: what was measured, and what it is held to."""
    head, rows = growth_table(growth)
    table = RichTable(*head, title="Cited as its corpus grows")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for goal in growth_goals(growth):
        met = "met" if goal.met else "NOT MET"
        console.print(f"{goal.what}: {goal.measured} ({goal.wanted}: {met})", highlight=False)


def _run(what: str, given: argparse.Namespace, folder: Path, number: int = 0) -> Any:
    """What a fresh process measured."""
    module = "benchmarks.growth_process"
    command = [sys.executable, "-m", module, what, str(given.shared), str(folder), str(number)]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
    return kept | QUIET


def _say(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def _sizes(text: str) -> list[int]:
    return sorted(int(size) for size in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Cited alone, as its corpus grows.")
    parser.add_argument("--shared", type=absolute, default=BENCH, help="the development data")
    parser.add_argument("--short", action="store_true", help="minutes instead of an hour")
    parser.add_argument("--sizes", type=_sizes, default=list(SIZES), help="articles, 1000,3000,…")
    parser.add_argument("--questions", type=int, default=200, help="searches and answers, a size")
    parser.add_argument("--memory", type=int, default=1_000, help="questions while memory is taken")
    parser.add_argument("--rounds", type=int, default=3, help="of syncs and of starts")
    parser.add_argument("--work", type=absolute, default=WORK, help="where articles and results go")
    parser.add_argument("--keep", action="store_true", help="keep the articles and their indexes")
    parser.add_argument("--reuse", action="store_true", help="take the kept ones as they are")
    return parser


if __name__ == "__main__":
    main()
