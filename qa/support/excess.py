"""What a sentence says beyond its quotes in one small word: "all", "only", "because", "a month".

Lists of such words and what answers them; what turns a sentence round is for
`qa.support.opposition`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.support.claims import digits
from qa.support.names import Known, names, unify
from qa.support.wording import stems, words_of


def _any(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


_NEEDS = (
    (
        _any("all|every(?:one|body|thing|where)?|whole|entire|entirely|always|completely"),
        _any(
            r"all|every\w*|whole|entire\w*|always|each|both|any\w*|complete\w*|full\w*|no|none|never"
            r"|nothing|nobody|throughout|without exception|\d+|two|three|four"
        ),
    ),
    (
        _any("only|solely|exclusively|nothing but"),
        _any(
            r"only|sole\w*|exclusive\w*|just|alone|single|nothing (?:but|else)|merely|no more"
            r"|no other|nobody else|none|no \w+"
        ),
    ),
    (
        _any(r"because(?: of)?|due to|owing to|as a result(?: of)?|therefore|caused?|thanks to"),
        _any(
            r"because|due|owing|result\w*|therefore|caus\w+|thanks|since|so|as|for|reason\w*|why"
            r"|thus|hence|led|leads|leading|brought|made|make|makes|explain\w*|means|blam\w+"
            r"|after|when|with"
        ),
    ),
)
"""Words that need another in the quotes: what they state is else the sentence's own."""

_NONE = _any("none|not one|not a single|no|nobody")
_FEW = _any("few|hardly any|little|rarely|seldom")
_NOTHING = _any(r"no|none|not|never|nothing|nobody|\w+n['’]t|without")

_SAYING = (
    "sa(?:id|ys?)|think|thinks|thought|believe[sd]?|promise[sd]?|warn(?:s|ed)|claim(?:s|ed)"
    "|report(?:s|ed)|announce[sd]|calls?|called|describe[sd]?|tells?|told|wr[io]tes?|maintains?"
    "|maintained|confirm(?:s|ed)|estimate[sd]?|suggest(?:s|ed)|finds?|found|argue[sd]?"
)
_SAYS = re.compile(rf"((?:[\w'’-]+ ){{1,5}})(?:has |have |had )?(?:{_SAYING})\b")
_ACCORDING = re.compile(r"\b[Aa]ccording to ((?:[\w'’-]+ ?){1,5})")
_PRONOUN = _any("he|she|it|they|who|which|that|i|we|you|there")

_PERIOD = "second|minute|hour|day|week|month|year|decade"
_RATE = re.compile(
    rf"(\d[\d,.]*(?: (?:million|billion|thousand))?)((?: [a-z-]+){{0,4}}?) (?:an?|per|each|every)"
    rf" ({_PERIOD})\b"
)
_PART = re.compile(r"\b(?:0\.\d+|half) (more|less|fewer|larger|smaller|higher|lower|longer)\b")


def said_beyond(sentence: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """What the sentence adds that the quotes have no word for, in a few words each."""
    quoted = "\n".join(quotes)
    return (
        *_unanswered(sentence, quoted),
        *_said_by_another(sentence, quoted),
        *_none_for_few(sentence, quoted),
        *_rates(sentence, quoted),
    )


def _unanswered(sentence: str, quoted: str) -> Iterator[str]:
    for needy, answers in _NEEDS:
        if (match := needy.search(sentence)) and not answers.search(quoted):
            yield f"“{match[0].lower()}” is not in the quotes"


def _said_by_another(sentence: str, quoted: str) -> Iterator[str]:
    """Who says it, where the quotes have it only from others."""
    speaker = _SAYS.match(sentence)
    others = [match[1] for pattern in (_SAYS, _ACCORDING) for match in pattern.finditer(quoted)]
    if not speaker or not others or _PRONOUN.search(f"{speaker[1]} {' '.join(others)}"):
        return
    told = words_of(" ".join(others))
    ours = [word for word in words_of(speaker[1]) if word.telling]
    named = names(unify(speaker[1]))
    if any(word.stem in stems(told) for word in ours) or not ours:
        return
    if any(Known(others).states(name) for name in named):
        return
    yield f"the quotes have it from {others[0].strip()}, not from {speaker[1].strip()}"


def _none_for_few(sentence: str, quoted: str) -> Iterator[str]:
    """Of "no guest came" where "few guests came", which is said of the same noun."""
    for match in _NONE.finditer(sentence):
        after = re.match(r"\s+(?:of\s+)?(?:the\s+)?([a-z]{3,})", sentence[match.end() :])
        if not after:
            continue
        noun = re.escape(after[1].rstrip("s"))
        few = re.search(rf"{_FEW.pattern} (?:of (?:the )?)?{noun}", quoted, re.IGNORECASE)
        if few and not re.search(rf"{_NOTHING.pattern} {noun}", quoted, re.IGNORECASE):
            yield f"“{match[0].lower()}” where the quotes say “{few[0].split()[0].lower()}”"


def _rates(sentence: str, quoted: str) -> Iterator[str]:
    """Of "a month" where the quotes count by the day, and "a fifth more" where "a fifth of"."""
    ours, theirs = digits(sentence), digits(quoted)
    known = {(match[1], match[3]) for match in _RATE.finditer(theirs)}
    for match in _RATE.finditer(ours):
        others = {period for number, period in known if number == match[1]}
        if others and match[3] not in others:
            yield f"“a {match[3]}” where the quotes say “a {min(others)}”"
    if (part := _PART.search(ours)) and not _PART.search(theirs):
        share = part[0].split()[0]
        if re.search(rf"\b{re.escape(share)} of\b", theirs):
            yield f"“{part[1]}” where the quotes speak of a part"
