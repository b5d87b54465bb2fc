"""Articles for measuring speed and scale: Wikipedia's leads, as many as wanted, none twice.

Beyond the first 10,033 the leads come again with other names, other numbers and half of another
lead, so that word frequencies and the distances of vectors stay like those of real articles.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count, islice
from pathlib import Path

from benchmarks.data import Dataset
from benchmarks.peers.protocol import Row

LEADS = "wikipedia_leads.jsonl.gz"
_NAME = re.compile(r"\b[A-Z][a-z]{3,}\b")
_INSIDE = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b")
"""A capitalised word that no sentence begins with."""
_NUMBER = re.compile(r"\d+")
_SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_LIKE = 40
"""Names are exchanged among so many of about the same frequency."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The first paragraph or so of an encyclopedia's article."""

    title: str
    text: str


def leads(folder: Path) -> list[Lead]:
    """All leads of the development data in `folder`."""
    with gzip.open(folder / LEADS, "rt", encoding="utf-8") as lines:
        return [Lead(row["title"], row["text"]) for row in map(json.loads, lines)]


def articles(source: Sequence[Lead]) -> Iterator[Row]:
    """Articles without end, the leads first; the same at every call, and no text twice."""
    seen: set[bytes] = set()
    rows = (
        Row(id=f"lead-{copy:02}-{place:05}", text=f"{lead.title}\n\n{lead.text}")
        for copy in count()
        for place, lead in enumerate(varied(source, copy) if copy else source)
    )
    for row in rows:
        digest = sha256(row["text"].encode()).digest()
        if digest not in seen:
            seen.add(digest)
            yield row


def hiding(dataset: Dataset, source: Sequence[Lead], size: int) -> list[Row]:
    """`size` articles in a random order, those of `dataset` among them; the same at every call."""
    hidden = [
        Row(id=name.removesuffix(".txt"), text=text) for name, text in dataset.articles.items()
    ]
    if size < len(hidden):
        raise ValueError(f"{len(hidden)} articles cannot be hidden among {size}")
    rows = [*hidden, *islice(articles(source), size - len(hidden))]
    random.Random(0).shuffle(rows)
    return rows


def varied(source: Sequence[Lead], copy: int) -> Iterator[Lead]:
    """The leads in another world, where everything is called otherwise; `copy` says in which."""
    names = _renaming(source, copy)
    # Another offset in each copy, and never 0: the guest is never from the article itself.
    shift = 1 + copy * 997 % (len(source) - 1)
    for place, lead in enumerate(source):
        guests = _SENTENCE.split(source[(place + shift) % len(source)].text)
        sentences = _SENTENCE.split(lead.text)
        # Half of it is the guest's, so that no copy lies close to the lead, nor to other copies.
        kept = sentences[: (len(sentences) + 1) // 2]
        text = " ".join([*kept, *guests[-max(len(sentences) - len(kept), 1) :]])
        yield Lead(_changed(lead.title, names, copy), _changed(text, names, copy))


def write_articles(folder: Path, rows: Iterable[Row]) -> None:
    """A file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        (folder / f"{row['id']}.txt").write_text(row["text"], encoding="utf-8")


def _renaming(source: Sequence[Lead], copy: int) -> Mapping[str, str]:
    """Each name's new one: a name of about the same frequency."""
    found = Counter(name for lead in source for name in _INSIDE.findall(lead.text))
    names = [name for name, _times in found.most_common()]
    chance, renaming = random.Random(copy), dict[str, str]()
    for start in range(0, len(names), _LIKE):
        old = names[start : start + _LIKE]
        renaming |= zip(old, chance.sample(old, len(old)), strict=True)
    return renaming


def _changed(text: str, names: Mapping[str, str], copy: int) -> str:
    text = _NAME.sub(lambda found: names.get(found[0], found[0]), text)
    return _NUMBER.sub(lambda found: _other(found[0], copy), text)


def _other(number: str, copy: int) -> str:
    """A number of as many digits, the last two of which are others (a year stays in its age)."""
    kept, last = number[:-2], number[-2:]
    low, size = (0, 10 ** len(last)) if kept else (10 ** (len(last) - 1), 9 * 10 ** (len(last) - 1))
    return f"{kept}{low + (int(last) - low + 7 * copy) % size:0{len(last)}}"
