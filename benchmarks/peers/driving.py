"""The driver's end of the protocol: a system in a child process, asked one thing at a time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.peers.protocol import MARK, Row

ROOT = Path(__file__).parents[2]
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "true",
}
"""No system waits for a network, and none warns that it was forked."""


class ChildError(RuntimeError):
    """A system's process ended, or said something else than it should."""


class Child:
    """A system that runs and waits. `versions` are those of its libraries."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        """Start it; `ready` waits until it is loaded. Its stderr goes to `log`."""
        self.name = name
        self.versions: Mapping[str, str] = {}
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | QUIET,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def ready(self) -> None:
        """Wait until it is loaded."""
        self.versions = self._hear()["versions"]

    def index(self, file: Path, work: Path) -> tuple[float, int]:
        """Seconds to index the articles in `file`, and how many pieces they became."""
        said = self._ask(do="index", file=str(file), work=str(work))
        return said["seconds"], said["result"]

    def search(self, questions: list[str], k: int) -> tuple[list[float], list[list[str]]]:
        """Seconds of each question, and the articles that were found for it, best first."""
        said = self._ask(do="search", questions=questions, k=k)
        return [one["seconds"] for one in said], [one["result"] for one in said]

    def ask(self, questions: list[str]) -> list[float]:
        """Seconds of each answer."""
        return [one["seconds"] for one in self._ask(do="ask", questions=questions)]

    def megabytes(self) -> float:
        """Memory that its process holds now (RSS)."""
        return float(self._ask(do="memory")["result"])

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _ask(self, **command: Any) -> Any:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        return self._hear()

    def _hear(self) -> Any:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        raise self._ended()

    def _ended(self) -> ChildError:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = said[-1] if said else "it said nothing"
        return ChildError(f"{self.name} ended: {why} (all of it is in {self._log})")


def write_rows(file: Path, rows: Iterable[Row]) -> None:
    """Articles as a file that a child reads."""
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
