"""What a conversation has said so far, and who or what its next pronoun most likely stands for.

The user's turns come before the answers and the newest before the older. An antecedent that is
not clear enough is none: the topic in a few words is then the better help.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from qa.followups.clauses import clause_of, content_words, noun_asked, plural_subject, statement
from qa.followups.english import HER_KIN, HIS_KIN, INSIDE, MOTION, PLACE_HEADS, THING_HEADS
from qa.followups.mentions import Names
from qa.followups.said import (
    Said,
    acts,
    has_content,
    is_gap_open,
    is_likely,
    is_somebody,
    is_subject,
    joined,
    names_one,
    people_in,
    relative,
)

_LONGEST_TOPIC = 160
_SHORT_ANSWER = 14
_WITHOUT_NAME = re.compile(r"(?:it|they|he|she|yes|no|the articles)\b", re.IGNORECASE)
_LINK = re.compile(
    r"(?:\b(?:of|to|by|for|with|in|at|on|from|about|and|or) )?(?:\b(?:the|an?) )?$", re.IGNORECASE
)
_OWNER = re.compile(r"^['’]s?\b")
_EDGE = re.compile(r"^(?:(?:and|or)\b|[\s,;:.])+|[\s,;:]+(?:and|or)?$")
_STAYING = frozenset({"in", "at", "on", "near", "aboard", "inside", "outside"})


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A question as it was rewritten; `topic` is what should stand beside it, "" for nothing."""

    text: str
    topic: str = ""
    guessed: bool = False
    """Whether nothing in the question's own words asks for the topic."""


class Talk:
    """The turns so far, oldest first, and the names of the whole conversation."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.said: list[Said] = []

    def hear(self, role: Literal["user", "assistant"], turn: Rewritten, own: bool) -> None:
        """Take in a turn, with every short name spelt out where the full one is known."""
        text, uncased = turn.text, turn.text.islower()
        for mention in reversed(self.names.find(text)):
            full = self.names.full(mention.text)
            if full != mention.text or uncased:
                text = f"{text[: mention.start]}{full}{text[mention.end :]}"
        mentions = self.names.find(text)
        own = own and any(mention.kind != "date" for mention in mentions)
        self.said.append(Said(role, text, mentions, turn.topic, own))

    def asked(self) -> Said | None:
        """The newest turn of the user that says anything."""
        return next((turn for turn in self._users() if has_content(turn.text)), None)

    def answer(self) -> Said | None:
        """The answer to the newest question of the user."""
        return self.said[-1] if self.said and self.said[-1].role == "assistant" else None

    def topic(self, answered: bool = False) -> str:
        """What was talked of last, in a few words; "" where nothing was.

        With `answered`, a short answer to the last question is part of it.
        """
        turn = self.asked()
        if turn is None:
            names = [m.text for said in reversed(self.said) for m in said.mentions]
            return ", ".join(dict.fromkeys(names[:3]))
        told = self._gap_filled(turn, answered) or statement(turn.text, turn.mentions)
        if not has_content(told):
            return turn.topic
        both = f"{told}; {turn.topic}" if turn.topic else told
        return both if len(both) <= _LONGEST_TOPIC else told[:_LONGEST_TOPIC].rsplit(" ", 1)[0]

    def lacking(self, topic: str, question: str) -> str:
        """A topic without the names and words that the question has itself; "" if all are there."""
        own, named = content_words(question), self.names.find(topic)
        words = [word.span() for word in re.finditer(r"[^\W_]+(?:[-'’][^\W_]+)*", topic)]
        spans = [
            (m.start, m.end) for m in named if re.search(rf"\b{re.escape(m.text)}\b", question)
        ]
        spans += [
            (start, end)
            for start, end in words
            if topic[start:end].lower() in own
            and not any(m.start < end and start < m.end for m in named)
        ]
        for start, end in sorted(spans, reverse=True):
            before = _LINK.sub("", topic[:start])
            topic = f"{before} {_OWNER.sub('', topic[end:])}"
        topic = _EDGE.sub("", " ".join(topic.split()))
        return topic if has_content(topic) else ""

    def person(self, to: str, taken: Collection[str] = ()) -> str:
        """Whom "he" or "she" (`to`) stands for, none of `taken`; "" if nobody fits.

        A bare name that nothing shows to be a person's ("Kim") must be what its turn is about, and
        gives way to a person in the answer.
        """
        other, doubtful = {"he": "f", "she": "m"}.get(to, ""), ""
        for turn in self._in_order({"who"}):
            if doubtful and turn is not self.answer():
                break
            if kin := relative(turn, HER_KIN if to == "she" else HIS_KIN):
                return kin
            fitting = [
                mention
                for mention in people_in(turn)
                if mention.text not in taken and self.names.genders.get(mention.text) != other
            ]
            sure = [m for m in fitting if is_somebody(m) and (m.kind == "person" or not doubtful)]
            if sure:
                return sure[0].text
            bare = [m.text for m in fitting if m.human == 0 and is_subject(m, turn)]
            doubtful = doubtful or next(iter(bare), "")
        return doubtful

    def people(self) -> str:
        """The two or more whom "they" or "the two leaders" stands for: "A and B", or ""."""
        asked, answer = self.asked(), self.answer()
        named = asked and clause_of(asked.text).asks == "who" and is_gap_open(asked)
        if named and answer and (both := joined(answer)):
            return both
        for turn in self._users():
            both = joined(turn)
            people = [m.text for m in people_in(turn) if is_likely(m)]
            if len(people) == 1 and turn is asked and answer and names_one(turn, answer):
                people += [m.text for m in people_in(answer) if is_likely(m)]
            people = list(dict.fromkeys(people))
            if both or len(people) > 1:
                return both or f"{people[0]} and {people[1]}"
            if turn.own and turn.mentions:
                break
        return next((both for turn in reversed(self.said) if (both := joined(turn))), "")

    def many(self) -> str:
        """What "they" stands for: several people, else what "it" would, else the one named."""
        turn = self.asked()
        noun = self._plain_noun(turn) if turn else ""
        if turn and not turn.mentions and (subject := plural_subject(clause_of(turn.text))):
            return subject
        if not noun and (several := self.people()):
            return several
        if turn and noun and not noun.endswith("s") and noun not in {m.text for m in turn.mentions}:
            return ""
        named = turn.mentions if turn else ()
        if turn and len(named) == 1 and named[0].text == noun_asked(turn.text):
            return named[0].text
        return self.thing(owning=True)

    def thing(self, owning: bool = False) -> str:
        """What "it" (or "its": `owning`) stands for where that is clear, or "".

        A firm that did something to something is clear only for "its".
        """
        turn = self.asked()
        if turn is None:
            return ""
        if noun := self._plain_noun(turn):
            return "" if owning and re.search(r"['’]s ", noun) else noun
        for turn in self._users():
            named = [m for m in turn.mentions if m.kind not in {"date", "adjective"}]
            things = [m for m in named if m.human <= 0 and m.kind in {"thing", "place", "name"}]
            firm = [m for m in things if m.kind != "place"]
            if things and things[0] is named[0] and not owning and acts(things[0], turn):
                made = [m for m in firm[1:] if m.kind == "thing"]
                return made[0].text if len(made) == 1 else ""
            if joined(turn):
                return ""
            if len(firm) == 1:
                return firm[0].text
            if things and things[0] is named[0]:
                return things[0].text
            if turn.own and named:
                break
        return ""

    def ship(self) -> str:
        """What "she" stands for that is no woman: "the Vasa", and no town or council; or ""."""
        name = self.thing()
        heads = (PLACE_HEADS | THING_HEADS).intersection(name.lower().split())
        return name if name.startswith("the ") and name[4:5].isupper() and not heads else ""

    def place(self, taken: Collection[str] = ()) -> str:
        """Where "there" is, with its preposition ("in Rome", "at the port"), or ""."""
        for turn in self._in_order({"where"}):
            places = [m for m in turn.mentions if m.kind == "place"] or [
                m
                for m in turn.mentions
                if m.kind in {"thing", "name"} and m.human <= 0 and m.preposition in INSIDE | MOTION
            ]
            places = [m for m in places if m.text not in taken]
            if places:
                at = places[-1] if turn.role == "user" else places[0]
                usual = "at" if at.kind == "thing" else "in"
                return f"{at.preposition if at.preposition in _STAYING else usual} {at.text}"
        return ""

    def date(self) -> str:
        """When "then" is, with its preposition ("in 2019"), or ""."""
        for turn in self._in_order({"when"}):
            for mention in turn.mentions:
                if mention.kind == "date":
                    day = re.match(r"\d{1,2}\b|\w+ \d{1,2}\b(?!\d)|\d{4}-", mention.text)
                    return f"{'on' if day else 'in'} {mention.text}"
        return ""

    def two(self) -> tuple[str, ...]:
        """The two that "the former" and "the latter" tell apart, or nothing."""
        for turn in self._in_order(set()):
            named = [m.text for m in turn.mentions if m.kind not in {"date", "adjective"}]
            if len(dict.fromkeys(named)) == 2:
                return tuple(dict.fromkeys(named))
        return ()

    def other(self) -> str:
        """Of two that were named together, the one that was not taken up since, or ""."""
        two = self.two()
        since: set[str] = set()
        for turn in reversed(self.said):
            named = {m.text for m in turn.mentions} & set(two)
            if len(named) == 2:
                break
            since |= named
        left = [name for name in two if name not in since]
        return left[0] if len(left) == 1 else ""

    def _users(self) -> Iterator[Said]:
        return (turn for turn in reversed(self.said) if turn.role == "user")

    def _in_order(self, gap: set[str]) -> Iterator[Said]:
        """The turns, the likeliest to hold an antecedent first.

        An answer that fills the gap of its question ("who" in `gap`) comes before all others.
        """
        asked, answer = self.asked(), self.answer()
        if asked and answer and clause_of(asked.text).asks in gap and is_gap_open(asked):
            yield answer
        for at in range(len(self.said) - 1, -1, -1):
            if self.said[at].role == "user":
                yield self.said[at]
                if self.said[at].own and at + 1 < len(self.said):
                    yield self.said[at + 1]
        yield from (turn for turn in reversed(self.said) if turn.role == "assistant")

    def _plain_noun(self, turn: Said) -> str:
        """The noun that the turn asks about, if it is not a person's name."""
        noun = noun_asked(turn.text)
        if clause_of(turn.text).asks == "who" or any(m.kind == "person" for m in turn.mentions):
            return ""
        return noun

    def _gap_filled(self, turn: Said, answered: bool) -> str:
        """A question with its short answer in place: "Bell invented the telephone", or ""."""
        clause, answer = clause_of(turn.text), self.answer()
        if answer is None or turn is not self.asked():
            return ""
        words = answer.text.split()
        people = [m for m in people_in(answer) if is_somebody(m) or is_subject(m, answer)]
        if clause.asks == "who" and not clause.helper and people:
            return f"{people[0].text} {clause.rest}"
        if answered and clause.asks in {"what", "which"} and clause.helper and not clause.is_whole:
            told = statement(turn.text, turn.mentions)
            if 0 < len(words) <= 5 and not _WITHOUT_NAME.match(answer.text):
                return told if noun_asked(turn.text) else f"{told}: {answer.text.rstrip(' .!?')}"
            named = {m.text for m in turn.mentions} & {m.text for m in answer.mentions}
            if named and len(words) <= _SHORT_ANSWER:
                return answer.text.rstrip(" .!?")
        return ""
