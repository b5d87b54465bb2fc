"""The shape of an English question: what it asks, its helping verb, and the clause that is left.

Enough grammar to ask the same of something else ("And Rome?"), to ask something else of the same
("Why?"), and to name a question's subject in a few words. Never reads more than the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.followups.english import BE, GRAMMAR, HELPERS, PAST, TITLES
from qa.followups.mentions import Mention

_LEAD = re.compile(r"^(?:(?:and|but|so|ok|okay|well|or|also|then)\b[,\s]*)+", re.IGNORECASE)
_ASKING = (
    r"(?:(?:in|at|on|for|to|with|from|by|since|until) )?"
    r"(?:what|which|who|whom|whose|when|where|why|how)\b"
)
_QUESTION = re.compile(
    rf"^(?P<asking>{_ASKING}(?: [^\s?]+){{0,5}}?)??\s*\b"
    rf"(?P<helper>{'|'.join(sorted(HELPERS, key=len, reverse=True))})\s+(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_SUBJECT_ASKED = re.compile(r"(who|what|which)\s+(?=\w)", re.IGNORECASE)
_TITLED = re.compile(rf"(?:(?:{'|'.join(sorted(TITLES))}) )+", re.IGNORECASE)
_PLURAL = re.compile(
    r"(?!(?:the|a|an|this|his|its|their|was|is)\b)(?:[a-z-]+ )??[a-z-]+(?<![su])s\b(?= )"
)
_WORD_ASKING = re.compile(
    r"^(?:\w+ )??(?:how (?:many|much)|what|which|whose|whom?|how)\b\s*", re.IGNORECASE
)
_BEFORE_NOUNS = "in|at|on|of|for|with|from|to|by|during|after|before|per|under|over"
_NAMELESS = re.compile(
    rf"^(?:(?:the|an?|most) )?[\w-]+(?: (?:{_BEFORE_NOUNS}) (?:(?:the|an?) )?[\w-]+)*"
    r"(?: have\b)?\s*",
    re.IGNORECASE,
)
_WHERE_OR_WHEN = re.compile(rf"\b(?:{_BEFORE_NOUNS}) .*", re.DOTALL)
_SHORT_IS = re.compile(r"^(what|who|where|when|why|how)['’]s\b", re.IGNORECASE)
_ABOUT = re.compile(
    r"^(?:(?:please|can you|could you)\s+)*(?:tell me(?: more)?(?: about)?|explain|describe"
    r"|what about|how about|give me (?:an )?(?:overview|summary) of)\s+",
    re.IGNORECASE,
)
_CLAUSE_WHOLE = re.compile(
    r"^(?:why|when|where|how|how (?:come|long|often)|(?:\w+ )?(?:what|which) "
    r"(?:year|day|date|month|time|place|city|town|country|reason))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A question taken apart: "Why" + "did" + "Kim visit Russia".

    `asking` is "" for a yes-or-no question and what is no question; `helper` is "" where there is
    none ("Who" + "" + "won the match").
    """

    asking: str
    helper: str
    rest: str

    @property
    def is_whole(self) -> bool:
        """Whether `helper` and `rest` are a clause without a gap, so that anything may ask it."""
        return bool(self.helper) and (
            not self.asking or _CLAUSE_WHOLE.match(self.asking) is not None
        )

    @property
    def asks(self) -> str:
        """The question word alone, in lower case; "" for a yes-or-no question."""
        return self.asking.lower().split()[0] if self.asking else ""

    def ask(self, asking: str) -> str:
        """The same clause, asked with another question word."""
        return f"{asking} {self.helper.lower()} {self.rest}?"


def clause_of(question: str) -> Clause:
    """Take a question apart; what is no question comes back whole in `rest`."""
    text = _SHORT_IS.sub(r"\1 is", _LEAD.sub("", question.strip())).rstrip(" ?!.")
    found = _QUESTION.match(text)
    if found is None:
        subject = _SUBJECT_ASKED.match(text)
        return Clause(subject[1], "", text[subject.end() :]) if subject else Clause("", "", text)
    return Clause((found["asking"] or "").strip(), found["helper"], found["rest"])


def without_lead(question: str) -> str:
    """The question without "And", "But", "So" before it and without its closing marks."""
    return _LEAD.sub("", question.strip()).rstrip(" ?!.").strip()


def noun_asked(question: str) -> str:
    """The noun phrase that "What is …?" or "Tell me about …" is about, or ""."""
    about = _ABOUT.match(question.strip())
    if about:
        return question.strip()[about.end() :].rstrip(" ?!.")
    clause = clause_of(question)
    if clause.asks in {"what", "who"} and " " not in clause.asking and clause.helper in BE:
        words = clause.rest.split()
        if len(words) <= 7 and (words[0] in {"the", "a", "an"} or len(words) <= 3):
            known_verb = re.search(r"(?:ed|ing)$", words[-1]) and words[0] not in {"a", "an"}
            return "" if known_verb or words[0] in {"in", "at", "on", "with"} else clause.rest
    return ""


def content_words(text: str) -> list[str]:
    """The words of a text, in lower case, that are not grammar alone."""
    words = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", text.lower())
    return [word for word in words if word not in GRAMMAR]


def plural_subject(clause: Clause) -> str:
    """The bare plural that a clause is about ("How do solar panels work?"), or ""."""
    found = _PLURAL.match(clause.rest) if clause.helper else None
    return found.group() if found else ""


def statement(question: str, mentions: Sequence[Mention]) -> str:
    """A question's subject in a few words: "Kim travels by train", "present Kim asked for".

    `mentions` are those of the question: a name at the clause's head is its subject.
    """
    noun, clause = noun_asked(question), clause_of(question)
    if noun or not clause.helper:
        return noun or _lower(f"{_asked_for(clause)} {clause.rest}".strip())
    declared = _declared(clause, mentions)
    if clause.is_whole:
        return declared or clause.rest
    return f"{_asked_for(clause)} {declared or clause.rest}".strip()


def still_asked(question: str, mentions: Sequence[Mention]) -> str:
    """What a question asks of a subject without a name: "eggs lay" in "How many eggs does a hen …".

    Of another subject the same is asked, but not where and when; "" for any other question.
    """
    clause = clause_of(question)
    wanted = _asked_for(clause)
    acting = clause.helper.lower() in {"do", "does", "did"}
    if mentions or not (wanted and acting):
        return ""
    doing = _NAMELESS.sub("", clause.rest)
    return f"{wanted} {_WHERE_OR_WHEN.sub('', doing)}".strip()


def _asked_for(clause: Clause) -> str:
    """What a question word asks for: "dose" in "what dose", "miles" in "how many miles"."""
    return "" if clause.is_whole else _lower(_WORD_ASKING.sub("", clause.asking))


def _declared(clause: Clause, mentions: Sequence[Mention]) -> str:
    """The clause with its helper where a statement has it, or "" where its subject is unsure."""
    subject = _subject(clause.rest, mentions)
    after = clause.rest[len(subject) :].strip()
    if not subject:
        return ""
    helper = clause.helper.lower()
    verb, _, object_ = after.partition(" ")
    if helper in {"do", "does", "did"} and verb.islower():
        plural = " and " in subject or helper == "do"
        after = f"{_inflected(verb, helper, plural)} {object_}"
        return f"{subject} {after}".strip()
    return f"{subject} {clause.helper.lower()} {after}".strip()


def _subject(rest: str, mentions: Sequence[Mention]) -> str:
    """The names at the head of a clause, joined by "and" or not."""
    titled = _TITLED.match(rest)
    end = begin = titled.end() if titled else 0
    for text in sorted({mention.text for mention in mentions}, key=len, reverse=True):
        after = rest[begin + len(text) :]
        if rest[begin:].lower().startswith(text.lower()) and not after.startswith(("'", "’")):
            end = begin + len(text)
            break
    else:
        return ""
    while joint := re.match(r",? and ", rest[end:]):
        following = rest[end + joint.end() :]
        names = [mention.text for mention in mentions if following.startswith(mention.text)]
        if not names:
            return ""
        end += joint.end() + len(max(names, key=len))
    return rest[:end]


def _inflected(verb: str, helper: str, plural: bool) -> str:
    if helper == "did":
        if verb in PAST:
            return PAST[verb]
        if verb.endswith("e"):
            return verb + "d"
        if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", verb):
            return verb + verb[-1] + "ed"
        return re.sub(r"(?<=[^aeiou])y$", "i", verb) + "ed"
    if plural:
        return verb
    if verb in {"have", "do", "go"}:
        return {"have": "has", "do": "does", "go": "goes"}[verb]
    if verb.endswith(("s", "sh", "ch", "x", "z")):
        return verb + "es"
    return re.sub(r"(?<=[^aeiou])y$", "ie", verb) + "s"


def _lower(text: str) -> str:
    """The text with a small first letter, unless a name begins it."""
    first = text.split(" ", 1)[0].lower()
    return text[:1].lower() + text[1:] if first in GRAMMAR else text
