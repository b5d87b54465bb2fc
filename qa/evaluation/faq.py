"""The articles' own FAQ pairs as cases: the question, and its answer as the reference.

Asked over an index that leaves the FAQ sections out: a system that has read the answer proves
nothing. Whether the articles' bodies say at all what an FAQ answer says is judged by evidence here,
and by a person where one has decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qa.evaluation.case import Case, Place
from qa.evaluation.errors import RunError
from qa.evaluation.retrieval import contains

if TYPE_CHECKING:
    from index.article import Article, FaqPair
    from qa.assistant import Assistant

Mode = Literal["held-out", "indexed"]

MATCH = 0.57
"""How well a passage matches an FAQ answer by late interaction, from which it may say the same.

Of the 58 pairs of two corpora whose articles were read for it, this and `CONTENT` mark 12 as not in
the articles: 7 of the 12 that no sentence supports, and 5 of the 46 that some sentence does.
"""


def faq_cases(
    bot: Assistant,
    mode: Mode = "held-out",
    labels: Mapping[tuple[str, str], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Case]:
    """The FAQ pairs of all articles of `bot`, in the order of the articles.

    Held out, `answerable` is what `labels` says of (article id, question); else True where some
    passage contains the answer's content, and None ("not in the articles", to be confirmed) where
    none does. Indexed, the pair itself is the labelled support.
    """
    pairs = [(article, pair) for article in _articles(bot) for pair in article.faq]
    _check(labels or {}, pairs)
    cases = []
    for done, (article, pair) in enumerate(pairs, start=1):
        cases.append(_case(bot, article, pair, mode, labels or {}))
        if progress:
            progress(done, len(pairs))
    return cases


def write_unconfirmed(cases: Sequence[Case], path: Path) -> int:
    """Write the pairs that nobody has decided, as lines to confirm in a question file.

    Returns how many there are; without any, no file is written.
    """
    import yaml

    open_cases = [case for case in cases if case.source == "faq" and case.answerable is None]
    if not open_cases:
        path.unlink(missing_ok=True)
        return 0
    entries = [
        {"article": case.article_id, "question": case.question, "in_articles": False}
        for case in open_cases
    ]
    head = (
        "# FAQ pairs whose answer no article's body seems to give: read each, set\n"
        "# `in_articles` to true where an article says it, and put them into the question file.\n"
    )
    text = yaml.safe_dump({"faq": entries}, allow_unicode=True, sort_keys=False, width=100)
    path.write_text(head + text, encoding="utf-8")
    return len(open_cases)


def _articles(bot: Assistant) -> Iterator[Article]:
    return (bot.article(summary.id) for summary in bot.articles())


def _check(
    labels: Mapping[tuple[str, str], bool], pairs: Sequence[tuple[Article, FaqPair]]
) -> None:
    known = {(article.id, pair.question) for article, pair in pairs}
    if unknown := sorted(labels.keys() - known):
        article, question = unknown[0]
        raise RunError(
            f"the question file decides on an FAQ pair that no article has: {question!r} in "
            f"{article}: copy it from the article"
        )


def _case(
    bot: Assistant,
    article: Article,
    pair: FaqPair,
    mode: Mode,
    labels: Mapping[tuple[str, str], bool],
) -> Case:
    answer = article.text[pair.answer_start : pair.end].strip()
    digest = hashlib.sha256(f"{article.id}\n{pair.question}".encode()).hexdigest()[:8]
    support: tuple[tuple[Place, ...], ...] = ()
    answerable: bool | None = True
    if mode == "indexed":
        support = ((Place(article.id, answer),),)
    elif (article.id, pair.question) in labels:
        answerable = labels[article.id, pair.question]
    elif not _in_articles(bot, pair.question, answer):
        answerable = None
    return Case(
        id=f"faq-{digest}",
        question=pair.question,
        source="faq",
        answerable=answerable,
        reference=" ".join(answer.split()),
        support=support,
        article_id=article.id,
    )


def _in_articles(bot: Assistant, question: str, answer: str) -> bool:
    """Whether one of the passages nearest to the answer has its content, or all but says it."""
    text = " ".join(answer.split())[: bot.settings.max_question_chars]
    return any(
        piece.around >= MATCH or contains(piece.passage, text, question)
        for piece in bot.evidence(text)
    )
