"""One turn of a conversation as understood, and what its own words say of those it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from qa.followups.clauses import clause_of, content_words, noun_asked
from qa.followups.english import BE
from qa.followups.mentions import Mention


@dataclass(frozen=True, slots=True)
class Said:
    """One turn as understood: `text` stands alone, `topic` is what had to be added to it."""

    role: Literal["user", "assistant"]
    text: str
    mentions: tuple[Mention, ...]
    topic: str = ""
    own: bool = False
    """Whether the turn named its subject itself, as at a change of topic."""


def has_content(text: str) -> bool:
    """Whether a text says more than grammar and praise."""
    return not {"okay", "great", "good", "cool", "nice"}.issuperset(content_words(text))


def _alone(mention: Mention) -> bool:
    return not mention.text.startswith("the ") and mention.preposition not in {"of", "for"}


def acts(mention: Mention, turn: Said) -> bool:
    """Whether a bare name is the subject of a clause with an object: "did Apple buy Beats"."""
    clause = clause_of(turn.text)
    acting = clause.helper.lower() in {"do", "does", "did"} and mention.kind == "name"
    return acting and clause.rest.startswith(mention.text)


def relative(turn: Said, called: Collection[str]) -> str:
    """A person known by another's name ("Kim Jong Un's sister"), or ""."""
    relatives = "|".join(sorted(called))
    for mention in turn.mentions:
        if kin := re.match(rf"['’]s? (?:\w+ )?(?:{relatives})\b", turn.text[mention.end :]):
            return mention.text + kin.group()
    return ""


def names_one(asked: Said, answer: Said) -> bool:
    """Whether the answer is there to name somebody: short, or to a question with "who"."""
    return clause_of(asked.text).asks in {"who", "whom"} or len(answer.text.split()) <= 8


def people_in(turn: Said) -> list[Mention]:
    """Who may be a person in a turn, the surest first, each as often as it stands there."""
    able = [m for m in turn.mentions if m.kind == "person" or (m.kind == "name" and _alone(m))]
    return sorted(
        able,
        key=lambda m: (m.kind != "person", m.human <= 0 and " " not in m.text, m.start),
    )


def is_somebody(mention: Mention) -> bool:
    """Whether a name is a person's by a sign, or by its length if no sign is against it."""
    return mention.human > 0 or (mention.human == 0 and " " in mention.text)


def is_subject(mention: Mention, turn: Said) -> bool:
    """Whether a turn is about a name: its clause, or its first sentence, begins with it."""
    if turn.role == "assistant":
        return mention.start == 0 and not turn.text[mention.end :].startswith(("'s", "’s"))
    named = {clause_of(turn.text).rest, noun_asked(turn.text)}
    return mention.preposition == "about" or any(text.startswith(mention.text) for text in named)


def is_likely(mention: Mention) -> bool:
    """Whether a name is a person's by a sign, or by its length."""
    return mention.human > 0 or " " in mention.text


def is_gap_open(asked: Said) -> bool:
    """Whether the answer, not the question's own subject, is what comes to mind first."""
    clause = clause_of(asked.text)
    being = clause.helper.lower() in BE
    if clause.asks == "where" and being:  # "Where is Rome?" is about Rome, not about Italy
        return not any(clause.rest == mention.text for mention in asked.mentions)
    return clause.asks != "who" or being or not clause.helper


def joined(turn: Said) -> str:
    """The names that a turn joins by "and", or ""."""
    named: Sequence[Mention] = [m for m in turn.mentions if m.kind not in {"date", "adjective"}]
    for first, second in pairwise(named):
        if re.fullmatch(r",? (?:and|&) |-|–", turn.text[first.end : second.start]):
            return f"{first.text} and {second.text}"
    return ""
