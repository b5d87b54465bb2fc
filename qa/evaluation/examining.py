"""One case and the answer it was given -> its `Outcome`: scores, whether it is right, and why not.

First every case is asked (`Asked`), then all are judged: what a library computes over many cases
is computed once. No figure of a run is made here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qa.answer import Answer, Citation
from qa.evaluation.answers import coverage, facts_present, rouge_l, token_f1
from qa.evaluation.case import Case
from qa.evaluation.citations import (
    Supports,
    citation_precision,
    citation_recall,
    verbatim,
)
from qa.evaluation.report import Outcome, Quoted, Retrieved, Said
from qa.evaluation.retrieval import ArticleText, Judged
from qa.evaluation.verdict import Findings, verdict

CLOSE_WORDS, CLOSE_MEANING = 0.3, 0.75
"""Coverage of the reference's content words, or similarity to it, from which an answer is close to
the reference, where no facts and no quotes are listed that would tell better. FAQ answers are
broad: on 23 of five real articles this agrees with a reader in 17."""
_MARKER = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A case, its answer, and the passages retrieved for it, judged by label and by content.

    `places` are the `(article_id, start, end)` of what supports the expected answer: the labelled
    quotes, or else sentences of like content among what was retrieved. `alone` is the same
    question without its history, asked where it has one.
    """

    case: Case
    answer: Answer
    labelled: Judged
    by_content: Judged
    places: tuple[tuple[str, int, float], ...] = ()
    alone: Asked | None = None

    @property
    def said(self) -> str:
        """The answer without its markers; "" when it refuses."""
        if self.answer.abstained:
            return ""
        sentences = " ".join(sentence.text for sentence in self.answer.sentences)
        return sentences or _MARKER.sub("", self.answer.text).strip()

    @property
    def nearest(self) -> str:
        """What a refusal would have said: its nearest miss."""
        return self.answer.near_misses[0].quote if self.answer.near_misses else ""

    @property
    def compared(self) -> str:
        """What is compared with the reference to tell whether `confidence` is deserved."""
        return self.nearest if self.answer.abstained else self.said


def examine(
    asked: Asked,
    supports: Supports,
    article_text: ArticleText | None,
    retrieval: Mapping[str, float],
    similarity: float | None,
    judged: Mapping[str, str],
) -> Outcome:
    """Judge one answer.

    `retrieval` holds its scores of retrieval; `similarity` is that of `asked.compared` and the
    reference, None without one; `judged` is what a chat model said of it.
    """
    case, answer = asked.case, asked.answer
    support = {
        sentence.text: supports(sentence.text, quotes)
        for sentence in answer.sentences
        if (quotes := _quotes(answer, sentence.citations))
    }
    scores = dict(retrieval)
    scores |= _citation_scores(asked, supports, article_text)
    scores |= _answer_scores(asked, similarity)
    scores |= _usage_scores(answer)
    said = _says(asked, asked.said, answer.citations, similarity)
    holds = scores.get("verbatim", 1.0) == 1.0 and scores.get("citation_recall", 1.0) == 1.0
    findings = Findings(
        answerable=case.answerable,
        abstained=answer.abstained,
        said=said,
        retrieved=_retrieved(asked),
        cited=_cites(asked, answer.citations),
        holds=holds,
    )
    right, cause = verdict(findings)
    if (
        case.answerable is not None
        and (deserved := _deserved(asked, findings, similarity)) is not None
    ):
        scores["confidence_right"] = float(deserved)
    return Outcome(
        id=case.id,
        question=case.question,
        asked=answer.question,
        source=case.source,
        answerable=case.answerable,
        reference=case.reference,
        facts=case.facts,
        tags=case.tags,
        history=tuple((turn.role, turn.text) for turn in case.history),
        text=answer.text,
        abstained=answer.abstained,
        confidence=answer.confidence,
        sentences=tuple(
            Said(sentence.text, sentence.citations, support.get(sentence.text, 0.0))
            for sentence in answer.sentences
        ),
        citations=tuple(map(_quoted, answer.citations)),
        near_misses=tuple(map(_quoted, answer.near_misses)),
        passages=_passages(asked),
        timings=dict(answer.timings),
        scores=scores,
        right=right,
        cause=cause,
        judge=dict(judged),
    )


def _citation_scores(
    asked: Asked, supports: Supports, article_text: ArticleText | None
) -> dict[str, float]:
    """Of an answer that says something; a refusal has no citations to judge."""
    answer = asked.answer
    scores: dict[str, float] = {}
    if article_text and (cited := (*answer.citations, *answer.near_misses)):
        scores["verbatim"] = sum(verbatim(one, article_text) for one in cited) / len(cited)
    if answer.abstained:
        return scores
    scores["citation_recall"] = citation_recall(answer.sentences, answer.citations, supports)
    precision = citation_precision(answer.sentences, answer.citations, supports)
    if precision is not None:
        scores["citation_precision"] = precision
    if asked.case.support:
        scores["label_cited"] = float(bool(_cites(asked, answer.citations)))
        first = [citation for citation in answer.citations if citation.number == 1]
        scores["label_cited_first"] = float(bool(_cites(asked, first)))
    return scores


def _answer_scores(asked: Asked, similarity: float | None) -> dict[str, float]:
    """Of an answer to a question that has one, a refusal as an answer that says nothing."""
    case, answer = asked.case, asked.answer
    scores = {} if answer.abstained else {"length": float(len(asked.said))}
    if not case.answerable:
        return scores
    if case.facts:
        scores["facts"] = facts_present(asked.said, case.facts)
    if case.reference:
        scores["rouge_l"] = rouge_l(asked.said, [case.reference])
        scores["token_f1"] = token_f1(asked.said, [case.reference])
        scores["similarity"] = (similarity or 0.0) if asked.said else 0.0
    return scores


def _usage_scores(answer: Answer) -> dict[str, float]:
    """What a chat model was used, where one was; tokens where it tells them."""
    used = answer.usage
    if used is None:
        return {}
    scores = {"calls": float(used.calls)}
    if used.input_tokens or used.output_tokens or not used.calls:
        scores["input_tokens"] = float(used.input_tokens)
        scores["output_tokens"] = float(used.output_tokens)
    return scores


def _says(
    asked: Asked, text: str, cited: Sequence[Citation], similarity: float | None
) -> bool | None:
    """Whether a text says what is expected, by the best that the case gives to go by."""
    case = asked.case
    if case.facts:
        return facts_present(text, case.facts) == 1.0
    if case.support:
        return bool(_cites(asked, cited))
    if case.reference:
        covered = coverage(case.reference, text, besides=case.question)
        return covered >= CLOSE_WORDS or (similarity or 0.0) >= CLOSE_MEANING
    return None


def _deserved(asked: Asked, found: Findings, similarity: float | None) -> bool | None:
    """Whether the answer that `confidence` is about is right: of a refusal, its nearest miss."""
    if not found.answerable:
        return False
    if not found.abstained:
        return None if found.said is None else found.said and found.holds
    return _says(asked, asked.nearest, asked.answer.near_misses[:1], similarity)


def _retrieved(asked: Asked) -> bool | None:
    judged = asked.labelled if asked.labelled.relevant else asked.by_content
    return any(judged.spans) if judged.relevant else None


def _cites(asked: Asked, citations: Sequence[Citation]) -> bool | None:
    """Whether a citation overlaps a place that supports the answer; None where none is known."""
    if not asked.places:
        return None
    return any(
        one.article_id == article_id and one.start < end and start < one.end
        for one in citations
        for article_id, start, end in asked.places
    )


def _quotes(answer: Answer, numbers: Sequence[int]) -> list[str]:
    quotes = {one.number: one.quote for one in answer.citations}
    return [quotes[number] for number in numbers if number in quotes]


def _quoted(one: Citation) -> Quoted:
    day = one.date.isoformat() if one.date else None
    return Quoted(one.number, one.article_id, one.title, day, one.quote, one.start, one.end)


def _passages(asked: Asked) -> tuple[Retrieved, ...]:
    judged = asked.labelled if asked.labelled.relevant else asked.by_content
    return tuple(
        Retrieved(
            article_id=scored.passage.article_id,
            title=scored.passage.title,
            heading=scored.passage.heading,
            text=scored.passage.text,
            start=scored.passage.start,
            score=scored.score,
            relevant=spans,
        )
        for scored, spans in zip(asked.answer.passages, judged.spans, strict=True)
    )
