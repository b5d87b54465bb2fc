"""Reports of runs that never were, over invented articles: what the page and the terminal show."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from qa.evaluation.comparing import Comparison, Delta, Flip
from qa.evaluation.figures import curves, figures
from qa.evaluation.report import Cause, Outcome, Quoted, Report, Retrieved, Said

ARTICLES: Mapping[str, tuple[str, str, str]] = {
    "2024-03-02-the-glass-ferry.txt": (
        "The Glass Ferry Sails Again",
        "2024-03-02",
        "The glass ferry of Ormsund sailed again on Saturday after eleven months in the dock. "
        "Its hull was patched with 340 panes, each as thick as a thumb. "
        "Captain Ilse Varga took forty passengers to the island of Hask and back. "
        "The crossing lasts twenty-five minutes when the tide is kind. "
        "A ticket costs nine crowns, and children under six sail free.",
    ),
    "2024-03-09-who-pays-for-the-ferry.txt": (
        "Who Pays for the Ferry?",
        "2024-03-09",
        "The town council of Ormsund paid 1.2 million crowns for the repairs. "
        "Mayor Teodor Lind says that the island of Hask owes a third of that sum. "
        "The islanders answer that the ferry was broken by the town's own harbour crane. "
        "A court in Vell will hear both sides in September.",
    ),
    "2024-04-17-night-bakers.md": (
        "The Night Bakers of Tallow Lane",
        "2024-04-17",
        "Nine bakers work on Tallow Lane between midnight and six. "
        "Their oldest oven was lit in 1911 and has never been allowed to go cold. "
        "Marta Okonjo, who bakes the rye, walks four kilometres to her shift. "
        "On Fridays the bakers give away what is left at the corner of Mill Street.",
    ),
    "2024-05-01-counting-swifts.txt": (
        "Counting Swifts over the Old Gasworks",
        "2024-05-01",
        "Volunteers counted 212 swifts over the old gasworks on Sunday, 30 fewer than a year ago. "
        "The birds nest in the ventilation bricks of the northern wall. "
        "Dr Anselm Rook of the natural history museum blames the cold spring. "
        "The wall is to be pulled down in autumn, once the young have flown.",
    ),
    "2024-05-20-a-bridge-of-rope.txt": (
        "A Bridge of Rope for the Quarry School",
        "2024-05-20",
        "The pupils of the quarry school now cross the Lenne on a rope bridge of 62 metres. "
        "Soldiers of the 4th engineers hung it in two days. "
        "Before, the way to school led down 318 steps and up again. "
        "Headmistress Noor Castellan crossed first, carrying the school's cat.",
    ),
}
ASKED: tuple[tuple[str, str, tuple[str, ...], str, int], ...] = (
    ("How many panes patch the ferry's hull?", "340 panes.", ("340",), "ferry", 1),
    ("Who is the captain of the glass ferry?", "Ilse Varga.", ("Ilse Varga",), "ferry", 2),
    ("How long does the crossing last?", "Twenty-five minutes.", ("twenty-five",), "ferry", 3),
    ("What does a ticket cost?", "Nine crowns.", ("nine crowns", "9 crowns"), "ferry", 4),
    ("What did the repairs cost?", "1.2 million crowns.", ("1.2 million",), "pays", 0),
    ("Who hears the case?", "A court in Vell, in September.", ("Vell",), "pays", 3),
    ("How many bakers work at night?", "Nine.", ("nine",), "bakers", 0),
    ("When was the oldest oven lit?", "In 1911.", ("1911",), "bakers", 1),
    ("How far does Marta Okonjo walk?", "Four kilometres.", ("four",), "bakers", 2),
    ("How many swifts were counted?", "212, 30 fewer than last year.", ("212",), "swifts", 0),
    ("Why are there fewer swifts?", "The cold spring is blamed.", ("cold spring",), "swifts", 2),
    ("How long is the rope bridge?", "62 metres.", ("62 metres",), "rope", 0),
    ("Who hung the rope bridge?", "The 4th engineers.", ("4th engineers",), "rope", 1),
)
UNKNOWN = (
    "How old is Captain Varga?",
    "What does Mayor Lind earn?",
    "Which flour do the bakers use?",
    "What is the school's cat called?",
    "Who built the gasworks?",
)
CAUSES: tuple[Cause, ...] = (
    "not retrieved",
    "retrieved but not chosen",
    "chosen but said wrongly",
    "cited wrongly",
    "wrongly abstained",
)
HOSTILE = "</script></style>\"'><img src=x onerror=alert(1)>{{ 7*7 }}<!--\u2028&amp; 🦜\ud800"
REFUSAL = "The articles don't say."


@cache
def report(seed: int = 0) -> Report:
    """A run of 60 cases with its figures: most are right, each cause occurs, two are undecided."""
    cases = outcomes(60, seed)
    about = {
        "time": "2024-06-01T12:00:00+00:00",
        "name": "invented",
        "settings": {"passage_tokens": 160, "top_k": 10},
        "versions": {"python": "3.11.2"},
    }
    note = "2 FAQ pairs have an answer that no article's body supports: not judged."
    return Report(about, figures(cases), curves(cases), cases, (note,))


def comparison() -> Comparison:
    """The run of `report` after another one, with intervals that nobody computed."""
    deltas = []
    for old, new in zip(report(3).figures, report().figures, strict=True):
        if old.value is not None and new.value is not None:
            value = new.value - old.value
            ends = (value - 0.155, value + 0.155)
            sure = value != 0 and old.name in ("right", "similarity")
            deltas.append(
                Delta(old.name, old.group, old.value, new.value, value, *ends, sure, old.better)
            )
    flips = [
        Flip(new.id, new.question, old.cause or "right", new.cause or "right")
        for old, new in zip(report(3).outcomes, report().outcomes, strict=True)
        if None not in (old.right, new.right) and old.right != new.right
    ]
    fixed = tuple(flip for flip in flips if flip.after == "right")
    broken = tuple(flip for flip in flips if flip.before == "right")
    return Comparison("Monday", "Tuesday", tuple(deltas), fixed, broken)


def outcomes(cases: int, seed: int = 0) -> tuple[Outcome, ...]:
    """So many cases."""
    chance = random.Random(seed)
    return tuple(outcome(number, chance) for number in range(cases))


def outcome(number: int, chance: random.Random) -> Outcome:
    """A case of the given number, right or wrong as chance has it."""
    if number % 6 == 5:
        return _unanswerable(number, chance)
    asked = ASKED[(number * 7) % len(ASKED)]
    return _answerable(number, chance, *asked)


def hostile(text: str) -> Outcome:
    """A case that says `text` wherever a case can say something."""
    plain = outcome(0, random.Random(1))
    passage = replace(plain.passages[0], title=text, heading=text, text=text, relevant=((0, 9),))
    return replace(
        plain,
        id=text,
        question=text,
        asked=f"{text}?",
        reference=text,
        facts=((text,),),
        tags=(text,),
        history=((text, text),),
        text=f"{text} [1]",
        abstained=False,
        sentences=(Said(text, (1,), 0.5),),
        citations=(Quoted(1, text, text, text, text, 0, len(text)),),
        passages=(replace(passage, article_id=text, start=0),),
        scores={text: 0.5},
        timings={text: 0.1},
        right=False,
        cause="cited wrongly",
        judge={"correct": text, "why": text},
    )


def _answerable(
    number: int,
    chance: random.Random,
    question: str,
    reference: str,
    wordings: tuple[str, ...],
    article: str,
    sentence: int,
) -> Outcome:
    cause: Cause = "" if chance.random() < 0.72 else chance.choice(CAUSES)
    right = None if number % 29 == 28 else not cause
    abstained = cause == "wrongly abstained"
    follows = number % 7 == 3
    place, quotes = _sentences(article)
    chosen = sentence if not cause or abstained else (sentence + 1) % len(quotes)
    confidence = chance.uniform(0.45, 0.97) if not cause else chance.uniform(0.2, 0.8)
    passages = _passages(chance, place, None if cause == "not retrieved" else sentence)
    if cause == "not retrieved":
        place, quotes = _sentences(passages[0].article_id)
        chosen = min(chosen, len(quotes) - 1)
    quoted = (_quoted(1, place, chosen),)
    said = () if abstained else (Said(quotes[chosen], (1,), 1.0),)
    found = next((rank for rank, one in enumerate(passages) if one.relevant), None)
    scores = {f"recall@{k}": float(found is not None and found < k) for k in (1, 3, 5, 10)}
    scores |= {f"content_{name}": min(1.0, value + 0.1) for name, value in scores.items()}
    scores |= {"mrr@10": 0.0 if found is None else 1 / (found + 1), "verbatim": 1.0}
    scores |= {"facts": float(not cause), "token_f1": chance.uniform(0.1, 0.5)}
    scores |= {"similarity": chance.uniform(0.4, 0.9), "confidence_right": float(not cause)}
    if not abstained:
        scores |= {
            "citation_recall": float(cause != "cited wrongly"),
            "length": float(len(quotes[chosen])),
        }
    return Outcome(
        id=f"{'follow-up' if follows else 'factual'}-{number}",
        question=question if not follows else "And " + question[0].lower() + question[1:],
        asked=question,
        source="faq" if number % 3 else "file",
        answerable=None if right is None else True,
        reference=reference,
        facts=(wordings,),
        tags=("follow-up",) if follows else ("factual", "numbers") if number % 2 else ("factual",),
        history=(("user", "Tell me about it."), ("assistant", quotes[0])) if follows else (),
        text=REFUSAL if abstained else f"{quotes[chosen]} [1]",
        abstained=abstained,
        confidence=confidence,
        sentences=said,
        citations=() if abstained else quoted,
        near_misses=quoted if abstained else (),
        passages=passages,
        timings=_timings(chance),
        scores=scores,
        right=right,
        cause="" if right is None else cause,
    )


def _unanswerable(number: int, chance: random.Random) -> Outcome:
    abstained = chance.random() < 0.7
    plain = _answerable(number, random.Random(number), *ASKED[number % len(ASKED)])
    quoted = plain.citations or plain.near_misses
    return replace(
        plain,
        id=f"unanswerable-{number}",
        question=UNKNOWN[number % len(UNKNOWN)],
        asked=UNKNOWN[number % len(UNKNOWN)],
        answerable=False,
        reference="",
        facts=(),
        tags=("unanswerable",),
        history=(),
        text=REFUSAL if abstained else f"{quoted[0].quote} [1]",
        abstained=abstained,
        confidence=chance.uniform(0.05, 0.27) if abstained else chance.uniform(0.3, 0.6),
        sentences=() if abstained else (Said(quoted[0].quote, (1,), 1.0),),
        citations=() if abstained else quoted,
        near_misses=quoted if abstained else (),
        passages=tuple(replace(passage, relevant=()) for passage in plain.passages),
        scores={"verbatim": 1.0, "confidence_right": 0.0},
        right=abstained,
        cause="" if abstained else "should have abstained",
    )


def _sentences(part: str) -> tuple[str, list[str]]:
    """The article whose name has `part`, and its sentences."""
    place = next(name for name in ARTICLES if part in name)
    text = ARTICLES[place][2].replace("Dr ", "Dr\u00a0").replace("1.2", "1\u2024 2")
    cut = [piece.strip(".") + "." for piece in text.split(". ")]
    return place, [piece.replace("Dr\u00a0", "Dr ").replace("1\u2024 2", "1.2") for piece in cut]


def _span(place: str, sentence: int) -> tuple[int, int]:
    quote = _sentences(place)[1][sentence]
    start = ARTICLES[place][2].index(quote)
    return start, start + len(quote)


def _quoted(number: int, place: str, sentence: int) -> Quoted:
    title, day, text = ARTICLES[place]
    start, end = _span(place, sentence)
    return Quoted(number, place, title, day, text[start:end], start, end)


def _passages(chance: random.Random, place: str, sentence: int | None) -> tuple[Retrieved, ...]:
    """Every article as one passage, the one asked about first as a rule, or not at all."""
    others = [name for name in ARTICLES if name != place]
    chance.shuffle(others)
    order = others if sentence is None else [place, *others]
    if sentence is not None and chance.random() < 0.3:
        order.insert(chance.randrange(1, 4), order.pop(0))
    return tuple(
        Retrieved(
            article_id=name,
            title=ARTICLES[name][0],
            heading="",
            text=ARTICLES[name][2],
            start=0,
            score=0.93 - 0.11 * rank,
            relevant=(_span(name, sentence),) if name == place and sentence is not None else (),
        )
        for rank, name in enumerate(order)
    )


def _timings(chance: random.Random) -> dict[str, float]:
    steps = {"understand": 0.0004, "search": 0.012, "evidence": 0.034, "answer": 0.0011}
    taken = {step: usual * chance.uniform(0.6, 2.4) for step, usual in steps.items()}
    return taken | {"total": sum(taken.values())}
