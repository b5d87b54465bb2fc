"""What a language model says, as it comes, cut into sentences with the sources each one names.

It reads form only: whether a sentence is true to its sources is for `qa.grounding`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.sentences import sentences

_OPEN, _CLOSE = r"[\[【［〔]", r"[\]】］〕]"
_WORDS = r"(?:sources?|quotes?|evidence|citations?|ref(?:erence)?s?|nos?\.?|numbers?)"
_LIST = r"\d{1,3}(?:\s*(?:,|;|&|and|–|-|/)\s*(?:\^|#)?\d{1,3})*"
# [1], [1, 2], [1-3], [source 1], [^1], 【1†source】, ［1］; not [1987], no source's number.
_BRACKETED = re.compile(
    rf"{_OPEN}\s*(?:\^|#|{_WORDS}\s*[:#]?)?\s*({_LIST})\s*(?:†[^\]】\n]{{0,40}})?\s*{_CLOSE}",
    re.IGNORECASE,
)
# (1) and (sources 1, 3) are markers only at the end of a clause or where they say so: "(1) first".
_ROUND = re.compile(
    rf"\(\s*{_WORDS}\s*[:#]?\s*({_LIST})\s*\)|(?<=\w\s)\(\s*({_LIST})\s*\)(?=\s*(?:[.!?,;]|$))",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(\d+)\s*[–-]\s*(\d+)")
_AFTER_END = re.compile(rf"([.!?…][\"”’')]*)((?:\s*{_OPEN}[^\[\]【】\n]{{1,40}}{_CLOSE})+)")
_UNCLOSED = re.compile(rf"{_OPEN}[^\[\]【】\n]{{0,40}}$|\]\([^()\n]*$|https?://\S*$")
_BULLET = re.compile(r"^\s*(?:[-*•–]\s+|\d{1,2}[.)]\s+|#{1,6}\s+|>\s+)+")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"!\[[^\]\n]*\]\([^()\n]*\)|\[([^\]\n]*)\]\([^()\n]*\)|<?https?://\S+>?")
_LABEL = re.compile(
    r"^\s*(?:\*\*)?(?:final )?(?:answer|response|assistant)\s*:?(?:\*\*)?\s*:\s*", re.IGNORECASE
)
_POLAR = re.compile(r"^\s*(?:yes|no)(?:[.,;:!]+\s*|\s+[—–-]\s+|\s*$)", re.IGNORECASE)
_OVER = re.compile(
    r"^\s*(?:\*\*|#+\s*)?(?:sources?|references?|citations?|question|user|human|notes?)\b[^:\n]{0,20}:"
    r"|<\|?/?(?:im_|eot|end|assistant|user|system|s>|sources|quotes)",
    re.IGNORECASE | re.MULTILINE,
)
_MATERIAL = (
    r"(?:sources?|articles?|texts?|passages?|evidence|context|documents?|quotes?|information)"
)
_NOT = r"(?:(?:do|does|did|can|could|is|are|was|were)(?:\s+not|n['’]t)|cannot|no|nothing|not)"
_REFUSAL = re.compile(
    rf"\b{_MATERIAL}\b[^.]{{0,60}}\b{_NOT}\b[^.]{{0,30}}\b(?:say|state|mention|provide|contain"
    r"|include|specif|answer|address|discuss|tell|give|explain|describe|indicate|cover|found"
    r"|available|enough|information)"
    rf"|\b{_NOT}\b[^.]{{0,30}}\b(?:mentioned|stated|specified|provided|found|given|available"
    r"|explained|answered|described|information|details?|answer)\b[^.]{0,30}\b(?:in|by|from|about"
    rf"|on)\b[^.]{{0,20}}\b(?:{_MATERIAL}|this|that|question)\b"
    r"|\bI\s*(?:am|['’]m)?\s*(?:cannot|can['’]?t|could(?: not|n['’]t)|do(?: not|n['’]t)|not"
    r"|unable)\b|\bthere(?: is|['’]s) (?:no|not enough|insufficient) (?:information|evidence"
    r"|mention|answer)\b"
    r"|\bas an? (?:AI|language) (?:language )?(?:model|assistant)\b",
    re.IGNORECASE,
)
_SETTLED = 15
"""Characters of the next sentence that must be there before a boundary is believed."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as the model wrote it, without its markers, and the numbers that these gave."""

    text: str
    markers: tuple[int, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether it says that the sources don't say, in whatever words."""
        return bool(_REFUSAL.search(self.text))


class Drafts:
    """Text in pieces of any size becomes sentences, each given out as soon as it has ended.

    What follows the answer, a list of sources or the next turn of a play that the model writes by
    itself, ends it: `over` is True then, and nothing more comes.
    """

    def __init__(self) -> None:
        self.over = False
        self._rest = ""

    def feed(self, text: str) -> Iterator[Draft]:
        """The sentences that have ended with this piece."""
        if self.over:
            return
        self._rest += text
        if (end := _OVER.search(self._rest)) and (end.start() or self._rest.strip()):
            self._rest, self.over = self._rest[: end.start()], True
            yield from self._cut(final=True)
        else:
            yield from self._cut(final=False)

    def close(self) -> Iterator[Draft]:
        """The last sentence, which nothing follows."""
        yield from self._cut(final=True)
        self.over = True

    @property
    def waiting(self) -> int:
        """Characters of the sentence that has not ended."""
        return len(self._rest)

    def _cut(self, *, final: bool) -> Iterator[Draft]:
        while "\n" in self._rest.lstrip("\n"):
            line, _, self._rest = self._rest.lstrip("\n").partition("\n")
            yield from map(_draft, filter(_says, _sentences(line)))
        if final:
            line, self._rest = self._rest, ""
            yield from map(_draft, filter(_says, _sentences(line)))
        elif not _UNCLOSED.search(self._rest):
            *ended, last = _sentences(self._rest) or [""]
            if ended and len(_bare(last)) >= _SETTLED:
                # Space at its end parts the last word from the next piece's.
                self._rest = last + self._rest[len(self._rest.rstrip()) :]
                yield from map(_draft, filter(_says, ended))


def _sentences(line: str) -> list[str]:
    """The sentences of a line, the markers that follow each drawn into it."""
    plain = _LINK.sub(lambda match: match[1] or "", line)
    inside = _AFTER_END.sub(lambda match: f"{match[2].rstrip()}{match[1]}", plain)
    inside = re.sub(r"(?<=[^\s\[【［〔])(?=[\[【［〔]\d)", " ", inside)
    return [inside[start:end] for start, end in sentences(inside)]


def _draft(sentence: str) -> Draft:
    text = _LABEL.sub("", _BULLET.sub("", sentence))
    numbers: dict[int, None] = {}

    def take(match: re.Match[str]) -> str:
        listed = next(group for group in match.groups() if group)
        for first, last in _RANGE.findall(listed):
            numbers.update(dict.fromkeys(range(int(first), min(int(last), int(first) + 20) + 1)))
        numbers.update((int(number), None) for number in re.findall(r"\d+", listed))
        return ""

    text = _ROUND.sub(take, _BRACKETED.sub(take, text))
    text = _EMPHASIS.sub(r"\2", text)
    return Draft(_tidy(_POLAR.sub("", text)), tuple(sorted(numbers)))


def _tidy(text: str) -> str:
    """The text without what a marker left behind: "(, 1987)", " .", double spaces."""
    text = re.sub(r"([(\[])\s*[,;]+\s*", r"\1", text)
    text = re.sub(r"\s*[,;]+\s*([)\]])", r"\1", text)
    text = re.sub(r"[(\[]\s*[)\]]", "", text)
    text = re.sub(r"\s+([.,;:!?)\]])", r"\1", " ".join(text.split()))
    text = re.sub(r"([,;])(?=[.!?]$)", "", text).strip()
    return text[:1].upper() + text[1:] if re.match(r"[a-z]+\b[^.@]", text) else text


def _bare(sentence: str) -> str:
    return _BRACKETED.sub("", sentence).strip()


def _says(sentence: str) -> bool:
    """Whether anything is said: "Yes." alone cannot be held to a quote, nor can "[1]."."""
    return bool(re.search(r"\w", _POLAR.sub("", _bare(_LABEL.sub("", _BULLET.sub("", sentence))))))
