"""A follow-up and its conversation -> a question that stands alone, by rules, without a model.

A pronoun whose antecedent is clear gives way to it; otherwise the topic is added in brackets. A
question that stands alone comes back as it was, character for character. English only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from qa.answer import ABSTENTION, Turn
from qa.followups.ellipsis import completed
from qa.followups.mentions import Names
from qa.followups.pointing import explained
from qa.followups.talk import Rewritten, Talk

_TURNS = 10
_LONGEST_QUESTION = 1000
_LONGEST_TURN = 320
_LONGEST_OLD_ANSWER = 80  # its head names who was asked for; more costs time
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ud800-\udfff]+"
)
_FURNITURE = re.compile(r"\s*\[\d+\]|\baccording to [^,:]{1,80}[,:]\s*", re.IGNORECASE)
_QUOTED = re.compile(r"[^\[]++(?:\[\d+\])+")
_POINTS_BACK = re.compile(r"\W*(?:he|she|it|they|his|her|its|their|this|that)\b", re.IGNORECASE)
_COURTESY = re.compile(
    r"\W*(?:(?:ok|okay|thanks?|thank you|great|good|cool|nice|hi|hello|hey|bye|goodbye|yes|no"
    r"|please|very much|a lot|morning|evening|so much|perfect|fine|got it|i see)\b\W*)+",
    re.IGNORECASE,
)


def stand_alone(question: str, history: Sequence[Turn]) -> str:
    """A question that says by itself what the follow-up `question` asks in its conversation.

    `history` is oldest first, without the question; only its last ten turns count, the user's
    before the answers. Antecedents follow the centering idea of Grosz, Joshi and Weinstein (1995):
    the subject of the newest question first. Where no antecedent is clear, the topic follows the
    question in brackets: "Why not? (Kim Jong Un travels by train)". Never raises.
    """
    if not (history and len(question) <= _LONGEST_QUESTION and re.search(r"\w", question)):
        return question
    recent = _heads(history[-_TURNS:])
    plain = _UNPRINTABLE.sub(" ", question)
    talk = Talk(Names([*(text for _, text in recent), plain]))
    for role, text in recent:
        now = _rewritten(text, talk) if role == "user" else Rewritten(text)
        talk.hear(role, now, own=role == "user" and now == Rewritten(text))
    now = _rewritten(plain, talk)
    if now == Rewritten(plain):
        return question
    text = " ".join(now.text.split())
    # What the articles could not answer would spoil the search for what does not ask for it.
    refused = history[-1].role == "assistant" and history[-1].text.strip() == ABSTENTION
    topic = "" if refused and now.guessed else talk.lacking(now.topic, text)
    return f"{text} ({topic})" if topic else text


def _heads(turns: Sequence[Turn]) -> list[tuple[Literal["user", "assistant"], str]]:
    """The head of each turn without control characters, citation markers, "According to …"."""
    heads = []
    for back, turn in enumerate(reversed(turns)):
        longest = _LONGEST_OLD_ANSWER if back > 3 and turn.role != "user" else _LONGEST_TURN
        text = _best_first(turn.text[: 2 * longest]) if turn.role != "user" else turn.text
        text = _FURNITURE.sub("", _UNPRINTABLE.sub(" ", text[: 2 * longest])).strip()
        heads.append((turn.role, text[:longest]))
    return heads[::-1]


def _best_first(answer: str) -> str:
    """An answer with the sentence that [1] marks, the best, before those it does not point to."""
    for quoted in _QUOTED.finditer(answer):
        if "[1]" in quoted[0] and not _POINTS_BACK.match(quoted[0]):
            return f"{quoted[0].strip()} {answer[: quoted.start()]}{answer[quoted.end() :]}"
    return answer


def _rewritten(text: str, talk: Talk) -> Rewritten:
    """A turn of the user, made to stand alone in the conversation before it."""
    if not talk.said or _COURTESY.fullmatch(text):
        return Rewritten(text)
    return completed(text, talk) or explained(text, talk)
