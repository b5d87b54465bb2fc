"""Conversations and where they are kept: a folder for each browser, a file for each conversation.

Who may read one is decided by the folder alone, whose name is a hash of the browser's secret; no
secret is ever written. Nothing is answered or shown here.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ui.exchange import Conversation, now
from ui.jsons import from_data, to_data

MOST = 100
"""Conversations kept of one browser; the ones not touched for longest go first."""
_ID = re.compile(r"[0-9a-f]{16}")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in a list."""

    id: str
    name: str
    touched: str


class Conversations:
    """The conversations of all browsers, in files below `folder`; `owner` is a browser's secret.

    A file holds two lines of JSON: the entry for the list, and the conversation. It is replaced in
    one step, so that it is whole whenever it is read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self, owner: str) -> list[Listed]:
        """The conversations of a browser, the one that was touched last first."""
        return sorted(self._listed(owner), key=lambda each: each.touched, reverse=True)

    def load(self, owner: str, conversation_id: str) -> Conversation | None:
        """A conversation of this browser; None where it has none of that name."""
        file = self._file(owner, conversation_id)
        try:
            return from_data(json.loads(file.read_bytes().splitlines()[1])) if file else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            _LOG.warning("%s: a conversation cannot be read (%s)", file, error)
            return None

    def save(self, owner: str, conversation: Conversation) -> Conversation:
        """Keep a conversation as it is now, and forget the oldest beyond `MOST`."""
        kept = replace(conversation, touched=now())
        file = self._file(owner, kept.id)
        assert file is not None
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        entry = {"id": kept.id, "name": kept.name, "touched": kept.touched}
        waiting = file.with_suffix(f".{secrets.token_hex(4)}")
        waiting.write_text(f"{json.dumps(entry)}\n{json.dumps(to_data(kept))}\n", encoding="ascii")
        os.replace(waiting, file)
        for old in self.list(owner)[MOST:]:
            self.delete(owner, old.id)
        return kept

    def delete(self, owner: str, conversation_id: str) -> None:
        """Forget a conversation of this browser."""
        if file := self._file(owner, conversation_id):
            file.unlink(missing_ok=True)

    def _listed(self, owner: str) -> Iterator[Listed]:
        for file in self._of(owner).glob("*.jsonl"):
            try:
                with file.open("rb") as lines:
                    entry = json.loads(lines.readline())
                yield Listed(str(entry["id"]), str(entry["name"]), str(entry["touched"]))
            except FileNotFoundError:
                continue  # deleted just now
            except (OSError, ValueError, KeyError, TypeError) as error:
                _LOG.warning("%s: a conversation cannot be listed (%s)", file, error)

    def _of(self, owner: str) -> Path:
        return self._folder / hashlib.sha256(owner.encode()).hexdigest()

    def _file(self, owner: str, conversation_id: str) -> Path | None:
        """Where a conversation is kept; None for what cannot be the name of one."""
        if not _ID.fullmatch(conversation_id):
            return None
        return self._of(owner) / f"{conversation_id}.jsonl"
