"""What the benchmarks of speed and growth measured, as files that figures are drawn from."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from index.processor import has_bfloat16

WORK = Path(__file__).parents[1] / ".index" / "benchmarks"
"""Where results lie unless told."""
SPEED, GROWTH = "speed.json", "growth.json"

Kind = Literal["cited", "peer", "peer of another dtype", "library"]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and how it was measured; `load` is that of the minute before, in processes."""

    date: str
    command: str
    processor: str
    cores: int
    gigabytes: float
    load: float
    python: str
    torch: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What one system did. Times are in seconds; a list has an entry a round.

    `pieces` are what it made of each round's articles; `big` is what indexing the articles of the
    questions took, once. `found` is the share of questions whose article is among those of the
    first five pieces. `megabytes` its process held at the end.
    """

    name: str
    kind: Kind
    versions: Mapping[str, str]
    indexing: list[float]
    pieces: list[int]
    big: float
    big_pieces: int
    searching: list[list[float]]
    asking: list[list[float]]
    found: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Speed:
    """Systems side by side; `articles` are a round's, `big_articles` those of the questions."""

    setting: Setting
    articles: int
    big_articles: int
    systems: list[Measured]
    absent: list[str]

    def of(self, kind: Kind) -> list[Measured]:
        """The systems of a kind."""
        return [system for system in self.systems if system.kind == kind]


@dataclass(frozen=True, slots=True)
class Size:
    """Cited at one size. Times are in seconds; a list has an entry a question, or a round.

    `embedded` texts had to be embedded: fewer than `passages` where vectors were known. `recall` is
    the share of questions whose article is among those of the first five passages, `exact` the same
    where every vector is compared with the question. The times of syncs are beyond start-up.
    """

    articles: int
    passages: int
    indexing: float
    embedded: int
    searching: list[float]
    asking: list[float]
    recall: float
    exact: float
    questions: int
    unchanged: list[float]
    one_changed: list[float]


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes that a process held after so many questions."""

    questions: int
    rss: float
    pss: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Cited at several sizes. Memory and starts are those of the largest.

    `start` is from the start of a process to its first answer, `loading` to the model's being
    loaded with nothing else done; both in seconds, an entry a round. `importing` is `import qa`.
    """

    setting: Setting
    sizes: list[Size]
    memory: list[Memory]
    start: list[float]
    loading: list[float]
    importing: list[float]


def setting(dtype: str) -> Setting:
    """The machine as it is now, and how this program was called."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    module = sys.modules["__main__"].__spec__
    name = module.name if module else Path(sys.argv[0]).name
    # Paths are the machine's own affair.
    given = [part if not os.path.isabs(part) else "…" for part in sys.argv[1:]]
    return Setting(
        date=datetime.now(UTC).date().isoformat(),
        command=f"python -m {name} {shlex.join(given)}".replace("'…'", "…").strip(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        gigabytes=round(memory / 1e9, 1),
        load=round(os.getloadavg()[0], 2),
        python=platform.python_version(),
        torch=version("torch"),
        dtype=dtype,
    )


def absolute(text: str) -> Path:
    """A folder as an option names it, for children that work in another one."""
    return Path(text).absolute()


def fast_dtype() -> str:
    """What a processor is fastest in by torch: "bfloat16" where it has it, else "float32"."""
    return "bfloat16" if has_bfloat16() else "float32"


def save(result: Speed | Growth, folder: Path) -> Path:
    """Write a result beside the others; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / (SPEED if isinstance(result, Speed) else GROWTH)
    file.write_bytes(TypeAdapter(type(result)).dump_json(result))
    return file


def load_speed(folder: Path) -> Speed | None:
    """The last side by side in `folder`, if any."""
    file = folder / SPEED
    return TypeAdapter(Speed).validate_json(file.read_bytes()) if file.exists() else None


def load_growth(folder: Path) -> Growth | None:
    """The last growth in `folder`, if any."""
    file = folder / GROWTH
    return TypeAdapter(Growth).validate_json(file.read_bytes()) if file.exists() else None


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(field: str) -> str:
    """What Linux says of the first processor; "" elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    found = [line.split(":", 1)[1].strip() for line in lines if line.split("\t")[0] == field]
    return found[0] if found else ""
