"""What a question wants to be told: one fact, or a reason, an aim, a result; and what signals it.

It reads words alone, and judges no sentence: `qa.evidence` and `qa.quoting` do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.passages import Span


def _words(*alternatives: str) -> re.Pattern[str]:
    """Any of some words; a hyphen at the end stands for whatever ending."""
    forms = "|".join(word.replace("-", r"\w*") for word in " ".join(alternatives).split())
    return re.compile(rf"\b(?:{forms.replace('_', ' ')})\b", re.IGNORECASE)


_FACT = re.compile(
    r"\b(?:who|whom|whose|when|where|which"
    r"|how (?:many|much|long|old|far|big|large|often|tall|high)"
    r"|what (?:year|date|day|month|time|age|name|city|country|state|number|share|type|kind))\b",
    re.IGNORECASE,
)


def asks_fact(question: str) -> bool:
    """Whether a question asks for one fact: who, when, how many."""
    return bool(_FACT.search(question))


@dataclass(frozen=True, slots=True)
class Relation:
    """How a question asks for it, and the words by which a sentence signals that it tells it."""

    asked: re.Pattern[str]
    signals: re.Pattern[str]


REASON = Relation(
    _words("why reason reasons cause causes"),
    _words("because owing_to thanks_to on_account_of due_to(?!_be)"),  # "it is due to be built"
)
AIM = Relation(
    _words(
        "purpose purposes aim aims goal goals objective objectives intention intentions motive",
        "motives",
    ),
    _words(
        "aim aims aimed aiming seek seeks seeking sought hope hopes hoped hoping want wants wanted",
        "wanting intend- intention- plan plans planned planning wish- desire- goal- purpose-",
        "objective- motive- motivat- ambition- need needs needed keen eager agenda in_order_to",
        "so_that in_an_effort_to in_a_bid_to designed_to meant_to",
    ),
)
RESULT = Relation(
    _words(
        "consequence consequences implication implications effect effects impact impacts",
        "repercussion repercussions ramification ramifications",
    ),
    _words(
        # not "implications", "repercussions": a sentence that names them tells none
        "consequen- implies imply- effect effects affect- impact- result_in results_in resulted_in",
        "resulting_in as_a_result lead_to leads_to led_to leading_to caus- threaten- risk-",
        "escalat- violat- breach- alter- chang- strengthen- weaken- spark- trigger- undermin-",
        "jeopardi- therefore prompt- forc- allow- enabl-",
    ),
)
BENEFIT = Relation(
    _words("benefit benefits gain gains advantage advantages"),
    _words(
        "gain- obtain- receiv- secur- acquir- bolster- boost- improv- replenish- need needs needed",
        "access help helps helped in_exchange_for in_return offer- provid- suppl- save saves saved",
    ),
)
SIGNIFICANCE = Relation(
    _words("significance importance"),  # not "significant": that says so, and not why
    _words(
        "mark marks marked marking signal- underscor- underlin- reflect- symbol- represent-",
        "signify signifies signified shift shifts turning_point milestone opportunity first",
        "unprecedented end_of new_era because",
    ),
)
_ALL = REASON, AIM, RESULT, BENEFIT, SIGNIFICANCE

_SUMS_UP = re.compile(
    r"\W*(?:in (?:summary|conclusion|essence|short|sum|brief|closing)|overall|all in all"
    r"|to (?:sum up|conclude|summari[sz]e)|summing up)\b",
    re.IGNORECASE,
)


def sums_up(sentence: str) -> bool:
    """Whether a sentence says that it only sums up what stands before it."""
    return bool(_SUMS_UP.match(sentence))


def relations(question: str) -> Iterator[tuple[Span, Relation]]:
    """What a question asks for that is no fact, and where in it the word for that stands.

    The vector of "why" or "purpose" is near to no "because" and no "hopes to". That such signals
    tell an answer from an echo: Verberne, Boves, Oostdijk and Coppen, "What Is Not in the Bag of
    Words for Why-QA?", Computational Linguistics, 2010.
    """
    if asks_fact(question):  # "How many goals", "who gave the reason"
        return
    for relation in _ALL:
        for match in relation.asked.finditer(question):
            yield match.span(), relation
