"""Who, where and when a conversation names, each name with the kind that its texts show.

Rules of English alone: no list of known people or places, no model. It reads nothing but the texts
it is given, and where they say nothing the kind stays "name".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qa.followups.english import INSIDE, MOTION
from qa.followups.runs import DATE, Run, runs

Kind = Literal["person", "place", "thing", "date", "name", "adjective"]

_HE_OR_SHE = re.compile(r"\b(?:(he|him|his|himself)|she|her|hers|herself)\b", re.IGNORECASE)
_OWNER = ("'s", "’s")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
_WHO_IS = re.compile(
    r"^\W*who(?:['’]s| is| was| are| were) ((?!the\b|a\b|an\b|it\b|that\b|this\b|h[ei]\w*\b|she\b)"
    r"[^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*){0,3})\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One name or date in a text: `source[start:end] == text`, a leading "the" included.

    `human` counts the signs that it is a person; `preposition` is the word before it, if it is one.
    """

    text: str
    start: int
    end: int
    kind: Kind
    human: int = 0
    preposition: str = ""


class Names:
    """The names of one conversation, weighed over all its texts.

    `genders` maps a full name to "m" or "f" where a pronoun has shown it; readers may add to it.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._read: dict[str, tuple[Mention, ...]] = {}
        found = {text: list(runs(text)) for text in texts}
        self._seen = dict.fromkeys(run.text for row in found.values() for run in row if run.certain)
        self._runs = {text: [run for run in row if self._holds(run)] for text, row in found.items()}
        named = [run for text in texts for run in self._runs[text]]
        self._fuller = _fuller_names(named)
        self._signs: dict[str, Counter[str]] = {}
        for run in named:
            self._signs.setdefault(self.full(run.text), Counter()).update(run.signs)
        self.genders = {
            name: "f" if signs["woman"] else "m"
            for name, signs in self._signs.items()
            if signs["man"] or signs["woman"]
        }
        for text in texts:
            self._hear_pronouns(text)
        self._spelt = {name.lower(): name for name in (*self._fuller, *self._seen) if len(name) > 2}

    def find(self, text: str) -> tuple[Mention, ...]:
        """The names and dates of a text, in order; in a text of one case, known ones."""
        if text not in self._read:
            self._read[text] = tuple(sorted(self._found(text), key=lambda mention: mention.start))
        return self._read[text]

    def _found(self, text: str) -> list[Mention]:
        if text not in self._runs:
            self._runs[text] = [run for run in runs(text) if self._holds(run)]
        found = [self._mention(run) for run in self._runs[text]]
        if not found and (text.islower() or text.isupper()):
            found = self._known(text)
        if not found and (asked := _WHO_IS.match(text)):
            found.append(Mention(asked[1], asked.start(1), asked.end(1), "person", 3))
        for date in DATE.finditer(text):
            before = text[: date.start()].rsplit(maxsplit=1)
            preposition = before[-1].lower() if before else ""
            found.append(Mention(date.group(), *date.span(), "date", 0, preposition))
        return found

    def _known(self, text: str) -> list[Mention]:
        """The names that the conversation spells with capitals, in a text that does not."""
        words, found, at = list(re.finditer(r"[\w’'.-]*\w", text)), list[Mention](), 0
        while at < len(words):
            for end in range(min(at + 4, len(words)), at, -1):
                start, stop = words[at].start(), words[end - 1].end()
                if spelt := self._spelt.get(text[start:stop].lower()):
                    name = self.full(spelt)
                    found.append(Mention(name, start, stop, *self.kind(name)))
                    at = end - 1
                    break
            at += 1
        return found

    def full(self, name: str) -> str:
        """The one longer name that the conversation has for a short one, else the name itself."""
        longer = self._fuller.get(name, set())
        return next(iter(longer)) if len(longer) == 1 else name

    def kind(self, name: str) -> tuple[Kind, int]:
        """The kind that most signs speak for, and the signs for a person less those against."""
        signs = self._signs.get(self.full(name), Counter())
        human = signs["person"] - max(signs["place"], signs["thing"])
        if signs["adjective"]:
            return "adjective", 0
        if human >= 2:
            return "person", human
        if signs["thing"] > signs["place"]:
            return "thing", human
        if signs["place"] >= max(2, signs["person"]) or (signs["place"] and human < 0):
            return "place", human
        return "name", human

    def _holds(self, run: Run) -> bool:
        return run.certain or run.text in self._seen

    def _mention(self, run: Run) -> Mention:
        kind, human = self.kind(run.text)
        text = f"the {run.text}" if run.article else run.text
        return Mention(text, run.start, run.end, kind, human, run.preposition)

    def _hear_pronouns(self, text: str) -> None:
        """He or she after a name tells that it is a person's, and which."""
        for pronoun in _HE_OR_SHE.finditer(text):
            before = [
                run
                for run in self._runs[text]
                if run.end < pronoun.start()
                and self.kind(run.text)[0] in {"person", "name"}
                and _may_be_meant(run, pronoun.start(), text)
            ]
            if before:
                name = self.full(before[-1].text)
                self.genders.setdefault(name, "m" if pronoun[1] else "f")
                self._signs[name]["person"] += 2


def _may_be_meant(run: Run, at: int, text: str) -> bool:
    """Whether "he" at a place in a text may mean a name: none of a place, an owner or a quotation.

    In '"Etna is restless," he said' it means the speaker.
    """
    if run.preposition in INSIDE | MOTION | {"of", "for"} or text[run.end :].startswith(_OWNER):
        return False
    quoted = (quote.span() for quote in _QUOTED.finditer(text))
    return not any(start < run.start < end <= at for start, end in quoted)


def _fuller_names(named: Sequence[Run]) -> dict[str, set[str]]:
    """One-word names -> the longer names that begin or end with them (no places, no things)."""
    fuller: dict[str, set[str]] = {}
    for run in named:
        words = run.text.split()
        person = not run.article and not {"place", "thing", "adjective"} & set(run.signs)
        if len(words) > 1 and person:
            for short in (words[0], words[-1]):
                fuller.setdefault(short, set()).add(run.text)
    return fuller
