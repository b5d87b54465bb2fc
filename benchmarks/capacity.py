"""What many passages cost, worked out from what few of them were measured to cost.

    python -m benchmarks.capacity

Prints the tables of docs/scaling.md. It measures nothing: after measuring anew, change a constant
here and print them again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SIZES = (1, 100, 10_000)
"""Millions of passages."""
MEMORIES = (4, 16, 64, 256, 1024)
"""GB of memory of a Chroma server."""

# Measured on two cores of an AMD EPYC with AVX512-BF16, chromadb 1.5.9, all-MiniLM-L6-v2, passages
# of 200 tokens at most.

# Mean of the English news passages of `python -m benchmarks.speed`.
TOKENS = 150
# `python -m benchmarks.speed`: 57 passages a second on two cores in bfloat16, reading, cutting and
# storing included; `python -m benchmarks.growth`: 53 over 101,370 passages.
PASSAGES_PER_CORE_SECOND = 28
# `du` of vectors.sqlite3 after `cited index`: token vectors of 102 bytes a token, with their rows.
TOKEN_VECTOR_BYTES = 14_000
# 384 dimensions, float32.
VECTOR_BYTES = 384 * 4
# `du` of passages.sqlite3 after `cited index`, 568 passages: text, sentences, BM25.
RECORD_BYTES = 2_600
# `du` of `chroma run`'s folder after 20,000 vectors of 384 dimensions with 24 neighbours and what
# filters need; random vectors, for their values take no room.
SERVER_DISK_BYTES = 2_400
# Growth of the resident memory of the same server, started anew, with the first search.
SERVER_MEMORY_BYTES = 2_800
# Publishing 9,000 passages to `chroma run` on the same machine, their vectors known.
PUBLISHED_PER_SECOND = 427
# The first version of a replica of that index: 199 articles of 3 passages a second.
PULLED_PER_SECOND = 600

# Published.

# docs.trychroma.com, "Single-Node Performance": N = R * 0.245 million vectors of 1,024 dimensions
# in R GB of memory, tried up to 7 million; at least 1 GB more for the system. Memory grows with
# the dimensions.
CHROMA_MEMORY_BYTES = 1e9 / 0.245e6 * 384 / 1024
# The same page: 1.7 GB of SQLite for 40,000 documents of 1,000 words. A word is 1.3 tokens.
CHROMA_TEXT_BYTES_PER_TOKEN = 1.7e9 / 40_000 / 1_000 / 1.3

# Assumed: no GPU was measured. It is what Infinity's documentation ("Benchmarking details", 0.54
# requests of 115,000 tokens a second) has for one NVIDIA L4 and bge-large-en-v1.5, a model of some
# thirty times the arithmetic, so a GPU should do more than this; reading and cutting may not.
GPU_TOKENS_PER_SECOND = 62_000

RESERVED = 1e9
SERVER_GB = 64
CORES = 16
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Cost:
    """A row: what it is, how it is worked out, and its cells, told from a number of passages."""

    what: str
    how: str
    told: Callable[[float], str]


COSTS = (
    Cost("tokens to embed", f"{TOKENS} a passage", lambda n: count(n * TOKENS)),
    Cost(
        "embedding, one core",
        f"{PASSAGES_PER_CORE_SECOND} passages/s",
        lambda n: time(n / PASSAGES_PER_CORE_SECOND),
    ),
    Cost(
        f"machines of {CORES} cores to embed in a day",
        "the same, if cores add up",
        lambda n: whole(n / PASSAGES_PER_CORE_SECOND / CORES / DAY),
    ),
    Cost(
        "embedding, one GPU (**assumed**)",
        f"{GPU_TOKENS_PER_SECOND:,} tokens/s",
        lambda n: time(n * TOKENS / GPU_TOKENS_PER_SECOND),
    ),
    Cost(
        "storing on one server",
        f"{PUBLISHED_PER_SECOND} passages/s",
        lambda n: time(n / PUBLISHED_PER_SECOND),
    ),
    Cost(
        "first version of a replica",
        f"{PULLED_PER_SECOND} passages/s",
        lambda n: time(n / PULLED_PER_SECOND),
    ),
    Cost("vectors alone", f"{VECTOR_BYTES:,} bytes", lambda n: size(n * VECTOR_BYTES)),
    Cost(
        "memory of the server",
        f"{SERVER_MEMORY_BYTES:,} bytes",
        lambda n: size(n * SERVER_MEMORY_BYTES),
    ),
    Cost(
        "the same by Chroma's own rule",
        f"{CHROMA_MEMORY_BYTES:,.0f} bytes",
        lambda n: size(n * CHROMA_MEMORY_BYTES),
    ),
    Cost(
        f"servers of {SERVER_GB} GB",
        f"{SERVER_GB - 1} GB of each",
        lambda n: whole(n * SERVER_MEMORY_BYTES / (SERVER_GB * 1e9 - RESERVED)),
    ),
    Cost(
        "disk of the server, vectors",
        f"{SERVER_DISK_BYTES:,} bytes",
        lambda n: size(n * SERVER_DISK_BYTES),
    ),
    Cost(
        "disk of the server, articles",
        f"{CHROMA_TEXT_BYTES_PER_TOKEN:.0f} bytes a token",
        lambda n: size(n * TOKENS * CHROMA_TEXT_BYTES_PER_TOKEN),
    ),
    Cost(
        "disk of a replica, two versions",
        f"2 x {RECORD_BYTES:,} bytes",
        lambda n: size(2 * n * RECORD_BYTES),
    ),
    Cost(
        "disk of the publisher's cache",
        f"{VECTOR_BYTES + TOKEN_VECTOR_BYTES:,} bytes",
        lambda n: size(n * (VECTOR_BYTES + TOKEN_VECTOR_BYTES)),
    ),
    Cost(
        "disk of one machine without a server",
        f"2 x {RECORD_BYTES + SERVER_DISK_BYTES:,} bytes, and the cache",
        lambda n: size(
            n * (2 * (RECORD_BYTES + SERVER_DISK_BYTES) + VECTOR_BYTES + TOKEN_VECTOR_BYTES)
        ),
    ),
)


def count(number: float) -> str:
    """A number of many, in millions: 15,000 million."""
    return f"{number / 1e6:,.0f} million"


def whole(number: float) -> str:
    """How many are needed: one at least."""
    return f"{math.ceil(number):,}"


def size(number: float) -> str:
    """Bytes in GB or TB, two digits."""
    return _scaled(number, [(1e9, "GB"), (1e12, "TB")])


def time(seconds: float) -> str:
    """Seconds in minutes, hours, days or years, two digits."""
    return _scaled(seconds, [(60, "min"), (3_600, "h"), (DAY, "days"), (365 * DAY, "years")])


def held(memory: int, each: float) -> str:
    """How many millions of passages of `each` bytes a server with `memory` GB has room for."""
    return f"{_short((memory * 1e9 - RESERVED) / each / 1e6)} million"


def costs() -> str:
    """The table of what many passages cost, in Markdown."""
    head = ["", *(f"{millions:,} million" for millions in SIZES), "worked out from"]
    return _table(
        head, ([cost.what, *(cost.told(n * 1e6) for n in SIZES), cost.how] for cost in COSTS)
    )


def servers() -> str:
    """The table of what a Chroma server has room for, in Markdown."""
    head = ["memory of the server", "passages, as measured", "by Chroma's own rule"]
    return _table(
        head,
        (
            [f"{gb:,} GB", held(gb, SERVER_MEMORY_BYTES), held(gb, CHROMA_MEMORY_BYTES)]
            for gb in MEMORIES
        ),
    )


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _scaled(number: float, units: list[tuple[float, str]]) -> str:
    """In the largest unit of which there is one whole, else in the smallest."""
    step, unit = max((pair for pair in units if pair[0] <= number), default=units[0])
    return f"{_short(number / step)} {unit}"


def _short(number: float) -> str:
    """Two digits: more would claim what nobody measured."""
    digits = 1 - math.floor(math.log10(number))
    return f"{round(number, digits):,.{max(0, digits)}f}"


if __name__ == "__main__":
    print(costs(), servers(), sep="\n\n")
