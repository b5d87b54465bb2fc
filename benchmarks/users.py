"""Many users at once: how long `POST /api/ask` takes for one, and for twenty, for a minute each.

    python -m benchmarks.users [SECONDS]

It starts `cited serve` over the shipped articles on a port of its own, asks their questions without
a pause, and prints a table. What it measures includes the client, on the same machine.
"""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from qa.evaluation import load_questions

ROOT = Path(__file__).parents[1]
STARTING = 120.0
"""Seconds that the server may take until it answers."""


def main(seconds: float) -> None:
    """Measure one user, then twenty."""
    questions = [case.question for case in load_questions(ROOT / "corpus" / "questions.yaml")]
    table = Table("users", "answers", "other", "median", "95th percentile", "health, median, worst")
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (process, address):
        for users in (1, 20):
            statuses, asked, health = asyncio.run(_crowd(address, questions, users, seconds))
            good = statuses.pop(200, 0)
            other = ", ".join(f"{number} of {status}" for status, number in statuses.items())
            table.add_row(
                str(users),
                str(good),
                other or "none",
                f"{1e3 * np.median(asked):.0f} ms",
                f"{1e3 * np.percentile(asked, 95):.0f} ms",
                f"{1e3 * np.median(health):.0f} ms, {1e3 * max(health):.0f} ms",
            )
        assert process.poll() is None, "the server ended"
    Console().print(table)


async def _crowd(
    address: str, questions: list[str], users: int, seconds: float
) -> tuple[Counter[int], list[float], list[float]]:
    """What so many users got: the statuses, the seconds of each answer, those of health."""
    statuses: Counter[int] = Counter()
    asked: list[float] = []
    health: list[float] = []
    end = time.monotonic() + seconds

    async def ask(client: httpx.AsyncClient, user: int) -> None:
        chance = random.Random(user)
        while time.monotonic() < end:
            started = time.perf_counter()
            got = await client.post("/api/ask", json={"question": chance.choice(questions)})
            asked.append(time.perf_counter() - started)
            statuses[got.status_code] += 1

    async def look(client: httpx.AsyncClient) -> None:
        while time.monotonic() < end:
            started = time.perf_counter()
            (await client.get("/api/health")).raise_for_status()
            health.append(time.perf_counter() - started)
            await asyncio.sleep(0.25)

    async with httpx.AsyncClient(base_url=address, timeout=120) as client:
        await asyncio.gather(look(client), *(ask(client, user) for user in range(users)))
    return statuses, asked, health


class _server:
    """`cited serve` in a process of its own; entered when it answers, with its address."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._address = f"http://127.0.0.1:{port}"
        options = [
            "--corpus",
            str(ROOT / "corpus"),
            "--index-dir",
            str(folder),
            "--port",
            str(port),
        ]
        command = [sys.executable, "-m", "qa.cli", "serve", *options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def __enter__(self) -> tuple[subprocess.Popen[bytes], str]:
        started = time.monotonic()
        while time.monotonic() < started + STARTING:
            try:
                if httpx.get(f"{self._address}/api/health", timeout=5).json()["model_loaded"]:
                    return self._process, self._address
            except (httpx.HTTPError, KeyError, ValueError):
                pass
            time.sleep(0.5)
        self._process.terminate()
        raise TimeoutError("the server does not answer")

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
