"""What people think of the answers: one line of JSON a vote, added to a file and never changed.

Nothing is judged here; `cited evaluate --add-feedback` reads the file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.answer import Answer, Turn

FILE = "feedback.jsonl"
LONGEST_COMMENT = 2_000


class Feedback:
    """The file of votes in the index folder; safe to share between threads and processes."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """`settings` are JSON types: those that the answers came about with."""
        self._file = folder / FILE
        self._settings = dict(settings)
        self._lock = Lock()

    def add(
        self,
        time: str,
        asked: str,
        history: Sequence[Turn],
        answer: Answer,
        *,
        liked: bool,
        comment: str = "",
        writer: str = "",
    ) -> None:
        """Add a vote. A later line of the same `time` is the same vote, now with its comment.

        `writer` names the chat model that was chosen on the page, "" for quotes.
        """
        entry = {
            "time": time,
            "liked": liked,
            "comment": comment[:LONGEST_COMMENT],
            "question": asked,
            "stand_alone": answer.question,
            "history": [{"role": turn.role, "text": turn.text} for turn in history],
            "answer": answer.to_dict(),
            "settings": self._settings,
            "writer": writer,
        }
        line = json.dumps(entry).encode() + b"\n"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            # One write in append mode: lines of two processes do not mix.
            handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)
