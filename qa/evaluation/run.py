"""`evaluate`: every case asked, then judged, then put together. The rooms it calls say how.

What it is given is asked as anybody would ask it: nothing of its inside is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from math import inf
from typing import TYPE_CHECKING, Any

from index.embedding import Encoder
from index.passages import Passage
from qa.answer import Answer, Citation
from qa.assistant import Assistant
from qa.errors import QuestionError, StoreError
from qa.evaluation.answers import similarity
from qa.evaluation.asking import Answerer, Target, answerer
from qa.evaluation.case import Case, Place
from qa.evaluation.citations import Supports
from qa.evaluation.errors import RunError
from qa.evaluation.examining import Asked, examine
from qa.evaluation.figures import curves, figures
from qa.evaluation.questions import find_quote
from qa.evaluation.report import Outcome, Report
from qa.evaluation.retrieval import (
    ArticleText,
    Judged,
    judge_by_content,
    judge_by_labels,
    retrieval_scores,
)
from qa.grounding import Quotable, context
from qa.support import SupportScorer

if TYPE_CHECKING:
    from qa.evaluation.judge import Judge

POOL = 10
"""Passages retrieved for the reference itself, to judge what could have been found."""

Progress = Callable[[str, int, int], None]


def evaluate(
    target: Target,
    cases: Sequence[Case],
    *,
    articles: Assistant | None = None,
    encoder: Encoder | None = None,
    judge: Judge | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Ask `target` every question and report how well it was answered.

    `target` is an `Assistant`, or a function `question -> Answer` (or of question and history);
    for a function, `articles` is an assistant over the articles that it answers from, without
    which citations cannot be checked and recall by content is of what it retrieved alone.
    `encoder` compares answers with references: the assistant's own unless given. `judge` adds a
    chat model's opinion. `about` goes into the report as it is; `progress` is called with a step,
    how many questions are done, and of how many.

    The same target, cases and settings give the same figures, those of time apart. Raises
    `RunError` without cases, `QuestionFileError` where a labelled quote is in no article. A
    question that the target refuses with a `QuestionError` counts as not answered, and is named.
    """
    _require_libraries()
    if not cases:
        raise RunError("there is nothing to ask: give a question file, or articles with FAQ pairs")
    asks = answerer(target, articles)
    known = target if isinstance(target, Assistant) else articles
    encoder = encoder or (known.encoder if known else Encoder())
    asking = _Asking(asks, progress)
    asked = list(asking.ask(_aligned(cases, asks.article_text)))
    outcomes = _judge(asked, asks.article_text, encoder, judge, progress)
    return Report(
        about=dict(about or {}),
        figures=figures(outcomes),
        curves=curves(outcomes),
        outcomes=tuple(outcomes),
        notes=(*asking.notes, *_undecided(cases)),
    )


def _require_libraries() -> None:
    """Told before the first question, not after the last."""
    for name in ("ir_measures", "rouge_score"):
        if find_spec(name) is None:
            raise RunError(f'the harness needs {name}: pip install "cited[evaluation]"')


@dataclass(slots=True)
class _Asking:
    """Asks the cases one after the other, and notes what could not be asked."""

    asks: Answerer
    progress: Progress | None
    notes: tuple[str, ...] = ()

    def ask(self, cases: Sequence[Case]) -> Iterator[Asked]:
        """Each case that can be asked, with its answer."""
        possible = [case for case in cases if self.asks.takes_history or not case.history]
        if left := len(cases) - len(possible):
            self.notes += (f"{left} follow-ups were not asked: what is judged takes no history.",)
        for done, case in enumerate(possible, start=1):
            asked = self._one(case)
            if case.history and case.stand_alone:
                alone = replace(case, question=case.stand_alone, history=())
                asked = replace(asked, alone=self._one(alone))
            yield asked
            if self.progress:
                self.progress("asking", done, len(possible))

    def _one(self, case: Case) -> Asked:
        answer = self._answer(case)
        text = self.asks.article_text
        labelled = judge_by_labels(answer.passages, case.support, text)
        # What is not in the articles has no passages that should have been found.
        reference = case.reference if case.answerable else ""
        question = case.stand_alone or case.question
        pool = self.asks.search(reference, POOL)
        by_content = judge_by_content(answer.passages, pool, reference, question)
        asked = Asked(case, answer, labelled, by_content)
        return replace(asked, places=_places(asked, text))

    def _answer(self, case: Case) -> Answer:
        try:
            return self.asks.ask(case.question, case.history)
        except QuestionError as error:
            self.notes += (f"“{case.question[:60]}” could not be asked: {error}",)
            return Answer(str(error), case.question, abstained=True, confidence=0.0)


def _aligned(cases: Sequence[Case], text: ArticleText | None) -> list[Case]:
    """The cases, their labelled quotes as the articles have them: space may differ in the file."""
    if text is None:
        return list(cases)
    return [
        replace(
            case, support=tuple(tuple(_exact(each, text) for each in one) for one in case.support)
        )
        for case in cases
    ]


def _exact(place: Place, text: ArticleText) -> Place:
    try:
        article = text(place.article_id)
    except StoreError:
        return place  # `judge_by_labels` says so, with the question's other places
    found = find_quote(article, place.quote)
    return Place(place.article_id, article[found[0] : found[1]]) if found else place


def _places(asked: Asked, text: ArticleText | None) -> tuple[tuple[str, int, float], ...]:
    """Where the articles say what is expected: as labelled, else as found to be of like content."""
    labelled = [place for group in asked.case.support for place in group]
    if labelled and text:
        return tuple(
            (place.article_id, at, at + len(place.quote) if place.quote else inf)
            for place in labelled
            for at in [text(place.article_id).find(place.quote)]
        )
    judged = asked.labelled if labelled else asked.by_content
    return tuple(
        (scored.passage.article_id, scored.passage.start + start, scored.passage.start + end)
        for scored, spans in zip(asked.answer.passages, judged.spans, strict=True)
        for start, end in spans
    )


def _judge(
    asked: Sequence[Asked],
    text: ArticleText | None,
    encoder: Encoder,
    judge: Judge | None,
    progress: Progress | None,
) -> list[Outcome]:
    """All outcomes; a follow-up's says whether it was answered as well as without its history."""
    alone = [each.alone for each in asked if each.alone]
    every = [*asked, *alone]
    similar = _similarities(every, encoder)
    labelled = _retrieval([each.labelled for each in every])
    by_content = _retrieval([each.by_content for each in every])
    scorer = SupportScorer(encoder)
    outcomes = []
    for at, each in enumerate(every):
        retrieval = labelled[at] | {
            f"content_{name}": value for name, value in by_content[at].items()
        }
        said = judge.verdict(each.case, each.answer) if judge and at < len(asked) else {}
        outcomes.append(examine(each, _supports(scorer, each), text, retrieval, similar[at], said))
        if progress:
            progress("judging", at + 1, len(every))
    versions = iter(outcomes[len(asked) :])
    return [
        _beside(outcome, next(versions)) if each.alone else outcome
        for each, outcome in zip(asked, outcomes, strict=False)
    ]


def _similarities(asked: Sequence[Asked], encoder: Encoder) -> list[float | None]:
    """How similar each answer is to its reference, None where there is none or nothing is said."""
    pairs = {
        at: (each.compared, each.case.reference)
        for at, each in enumerate(asked)
        if each.compared and each.case.reference
    }
    found = dict(zip(pairs, similarity(encoder, list(pairs.values())), strict=True))
    return [found.get(at) for at in range(len(asked))]


def _retrieval(judged: Sequence[Judged]) -> list[dict[str, float]]:
    """The scores of retrieval of each, none where nothing says what should have been found."""
    ranked = {str(at): each.ranked for at, each in enumerate(judged)}
    relevant = {str(at): each.relevant for at, each in enumerate(judged)}
    scores = retrieval_scores(ranked, relevant)
    return [scores.get(str(at), {}) for at in range(len(judged))]


def _supports(scorer: SupportScorer, asked: Asked) -> Supports:
    """How well quotes support a statement, in the context that an answer is written in, too."""
    cited = [_quotable(citation, asked.answer) for citation in asked.answer.citations]
    known: dict[tuple[str, tuple[str, ...]], float] = {}

    def supports(statement: str, quotes: Sequence[str]) -> float:
        key = (statement, tuple(quotes))
        if key not in known:
            there = context(one for one in cited if one.text in quotes)
            known[key] = scorer.score(statement, quotes, context=there)
        return known[key]

    return supports


def _quotable(citation: Citation, answer: Answer) -> Quotable:
    """The sentence that a citation quotes, in its passage where the answer tells which it is."""
    span = (citation.start, citation.end)
    for scored in answer.passages:
        passage = scored.passage
        if passage.article_id == citation.article_id and span in passage.sentences:
            return Quotable(passage, span)
    alone = Passage(
        id="",
        article_id=citation.article_id,
        kind="body",
        title=citation.title,
        heading="",
        text=citation.quote,
        start=citation.start,
        end=citation.end,
        sentences=(span,),
        date=citation.date,
    )
    return Quotable(alone, span)


def _beside(outcome: Outcome, alone: Outcome) -> Outcome:
    """The outcome of a follow-up with how it compares to that of its stand-alone version."""
    if outcome.right is None or alone.right is None:
        return outcome
    as_well = float(outcome.right or not alone.right)
    return replace(outcome, scores={**outcome.scores, "follow_up": as_well})


def _undecided(cases: Sequence[Case]) -> tuple[str, ...]:
    """A line on the cases that are asked and shown, but neither right nor wrong."""
    pairs = sum(case.source == "faq" and case.answerable is None for case in cases)
    if not pairs:
        return ()
    return (
        f"{pairs} FAQ pairs seem not to be answered outside the FAQ sections: they are shown and "
        "count nothing until a question file says which are.",
    )
