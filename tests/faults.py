"""What the tests of faults share: a corpus that changes, syncs in processes that can be killed."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from fakes import FakeEncoder
from stores import check

from index.checking import examine
from index.generations import Generations
from index.store import Index

State = Mapping[int, tuple[int, str]]
"""Article number -> its version, and the folder its file is in."""


def start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A process of its own, with everything imported already, that runs `target`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "index.store", "fakes"])
    child = context.Process(target=target, args=arguments)
    child.start()
    return child


def sync(folder: Path, corpus: Path, seconds_each: float = 0.0) -> None:
    """What a child does: one sync, or as much of it as it lives to do."""
    (folder.parent / "tmp").mkdir(exist_ok=True)
    tempfile.tempdir = str(folder.parent / "tmp")  # what it leaves when it is killed goes with it
    Index.open(folder, FakeEncoder(seconds_each=seconds_each)).sync(corpus)


def first_state(articles: int) -> dict[int, tuple[int, str]]:
    return {n: (1, ".") for n in range(articles)}


def next_state(random_: random.Random, state: State) -> dict[int, tuple[int, str]]:
    """Two articles changed (now and then so many that all is built anew), two renamed, three
    removed, three added.
    """
    kept = random_.sample(sorted(state), len(state) - 3)
    changed = set(random_.sample(kept, random_.choice([2, 4, 15])))
    moved = set(random_.sample(kept, 2))
    fresh = max(state) + 1
    new = {
        n: (state[n][0] + (n in changed), f"moved-{fresh}" if n in moved else state[n][1])
        for n in kept
    }
    return new | {fresh + at: (1, ".") for at in range(3)}


def write_articles(corpus: Path, state: State) -> None:
    """Make the corpus hold these articles and nothing else."""
    shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir()
    for n, (version, folder) in state.items():
        words = " ".join(f"word{(n * 7 + at * version) % 97}" for at in range(40))
        text = f"Article {n} in version {version}\n\nIt begins here. {words.capitalize()}.\n"
        (corpus / folder).mkdir(exist_ok=True)
        (corpus / folder / f"article-{n}.txt").write_text(text)


def on_disk(corpus: Path) -> dict[str, str]:
    """The articles' texts by their ids."""
    files = corpus.rglob("*.txt")
    return {path.relative_to(corpus).as_posix(): path.read_text().strip() for path in files}


def whole(folder: Path) -> dict[str, str]:
    """The texts that a new process would answer from, after everything about them was checked.

    What `cited index --check` does in a process of its own is done in this one.
    """
    examine(Generations(folder).serving())
    return check(Index.open(folder, FakeEncoder()).reader())
