"""The folder of articles against what is indexed: which files are new, changed, renamed or gone.

Files are told apart by the SHA-256 of their bytes; this room parses nothing and writes no index.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from index.readers import Skipped, find_articles

_SETTLED = 2 * 10**9
"""Nanoseconds: the coarsest clock of a file system that is in use (FAT's)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What is in the folder: `hashes` maps article ids to content hashes."""

    hashes: Mapping[str, str]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Article ids by what became of them; a renamed one is in `renamed` alone, as (old, new)."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]

    @property
    def incoming(self) -> tuple[str, ...]:
        """What must be read."""
        return (*self.added, *self.changed, *(new for _old, new in self.renamed))

    @property
    def outgoing(self) -> tuple[str, ...]:
        """What must leave the index."""
        return (*self.changed, *self.removed, *(old for old, _new in self.renamed))


def scan(corpus: Path, seen: Path) -> Scan:
    """Find and hash the files of `corpus`; `CorpusError` where it is no folder that can be read.

    `seen` remembers hashes: a file is read again only when its size, times or inode differ from
    what they were, or when it was last modified within two seconds of being hashed (then its times
    cannot tell a later change).
    """
    names, skipped = find_articles(corpus)
    known, fresh = _load(seen), dict[str, list[str]]()
    below = os.path.join(corpus, "")
    for name in names:
        try:
            fresh[name] = _hash(below + name, known.get(name))
        except OSError as error:
            skipped.append(Skipped(name, f"cannot be read: {error.strerror}"))
    remembered = {name: entry for name, entry in fresh.items() if entry[0]}
    if remembered != known or not seen.exists():
        _save(seen, remembered)
    return Scan({name: digest for name, (_touched, digest) in fresh.items()}, tuple(skipped))


def compare(indexed: Mapping[str, str], found: Mapping[str, str]) -> Changes:
    """What happened between two maps of article ids to content hashes."""
    gone = {name: digest for name, digest in sorted(indexed.items()) if name not in found}
    added = [name for name in sorted(found) if name not in indexed]
    renamed = []
    by_hash: dict[str, list[str]] = {}
    for name, digest in gone.items():
        by_hash.setdefault(digest, []).append(name)
    for name in added:
        if olds := by_hash.get(found[name]):
            renamed.append((olds.pop(0), name))
    moved = {name for pair in renamed for name in pair}
    both = [name for name in sorted(found) if name in indexed]
    return Changes(
        added=tuple(name for name in added if name not in moved),
        changed=tuple(name for name in both if indexed[name] != found[name]),
        removed=tuple(name for name in gone if name not in moved),
        unchanged=tuple(name for name in both if indexed[name] == found[name]),
        renamed=tuple(renamed),
    )


def _hash(path: str, known: list[str] | None) -> list[str]:
    """What tells whether a file was touched ("" when nothing can), and the hash of its bytes."""
    now = time.time_ns()
    stat = os.stat(path)
    touched = f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"
    if known and known[0] == touched:
        return known
    with open(path, "rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    settled = max(stat.st_mtime_ns, stat.st_ctime_ns) < now - _SETTLED
    return [touched if settled else "", digest]


def _load(seen: Path) -> dict[str, list[str]]:
    """The remembered hashes; a missing or damaged file only means hashing everything again."""
    try:
        data = json.loads(seen.read_text(encoding="utf-8"))
        return {str(name): [str(touched), str(digest)] for name, (touched, digest) in data.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _save(seen: Path, entries: Mapping[str, list[str]]) -> None:
    waiting = seen.with_name(seen.name + ".next")
    waiting.write_text(json.dumps(entries), encoding="utf-8")
    os.replace(waiting, seen)
