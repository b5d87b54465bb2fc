"""What every system under comparison does: a line of JSON in, a line of JSON out.

It runs in each system's own environment and imports nothing but Python. Time is taken here, around
the system's own call, so that the pipe counts for nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypedDict

MARK = "\x1e"
"""Libraries print what they like: our lines begin with this."""


class Row(TypedDict):
    """An article."""

    id: str
    text: str


class System(Protocol):
    """A system that indexes articles and finds passages. One that answers has `ask`, too."""

    def prepare(self, articles: list[Row], work: Path) -> None:
        """What must be there before indexing begins and is no part of it; it is not timed."""

    def index(self, articles: list[Row], work: Path) -> int:
        """Index the articles afresh in the empty folder `work`; returns how many pieces they are.

        It has come back when the pieces can be searched and are on the disk.
        """

    def search(self, question: str, k: int) -> list[str]:
        """The ids of the articles that the `k` best pieces are from, best first."""


def serve(
    make: Callable[[Path, str], System],
    libraries: Sequence[str],
    arguments: Sequence[str] | None = None,
) -> None:
    """Answer commands until the input ends: `index`, `search`, `ask`, `memory`.

    The process is given the model's folder and the dtype of its weights ("" for the system's usual
    one), and `make` both. `libraries` are the distributions whose versions are told at the start.
    """
    model, dtype = arguments or sys.argv[1:3]
    started = time.perf_counter()
    system: Any = make(Path(model), dtype)
    versions = {name: version(name) for name in libraries}
    _say({"seconds": time.perf_counter() - started, "versions": versions})
    for line in sys.stdin:
        _say(_obey(system, json.loads(line)))


def _obey(system: Any, command: dict[str, Any]) -> Any:
    match command.pop("do"):
        case "index":
            rows, work = _rows(Path(command["file"])), Path(command["work"])
            system.prepare(rows, work)
            return _timed(system.index, rows, work)
        case "search":
            return [_timed(system.search, each, command["k"]) for each in command["questions"]]
        case "ask":
            return [_timed(system.ask, each) for each in command["questions"]]
        case "memory":
            return {"result": memory()["rss"]}
        case other:
            raise ValueError(f"there is no command {other!r}")


def _timed(do: Callable[..., Any], *values: Any) -> dict[str, Any]:
    started = time.perf_counter()
    result = do(*values)
    return {"seconds": time.perf_counter() - started, "result": result}


def memory() -> dict[str, float]:
    """Megabytes (10^6 bytes) that this process holds now, as Linux counts them.

    "rss" counts what it shares with other processes in full, "pss" by its part.
    """
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0].lower(): int(line.split()[1]) * 1024 / 1e6 for line in lines}
    return {name: sizes[name] for name in ("rss", "pss")}


def _rows(file: Path) -> list[Row]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _say(value: Any) -> None:
    # To the pipe itself: some libraries replace `sys.stdout`.
    os.write(1, f"{MARK}{json.dumps(value)}\n".encode())
