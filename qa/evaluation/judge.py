"""A chat model's opinion of an answer, where one is configured. It is shown, and counts nothing.

A judge's verdict stands beside the measures, never in them: models judge differently from day to
day, and like long answers and their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from prompts import load
from qa.answer import ABSTENTION
from qa.evaluation.case import Case

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from qa.answer import Answer

LONGEST = 2_000
"""Characters of each text that are shown to the judge."""
_LINE = re.compile(r"^\W*(correct|faithful|why)\W*:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_VERDICT = re.compile(r"\W*(yes|partly|no)\b", re.IGNORECASE)


class Judge:
    """Asks a LangChain chat model whether an answer is correct and faithful to its quotes."""

    def __init__(self, model: BaseChatModel) -> None:
        self._model = model
        self._prompt = load("judge", "question", "reference", "answer", "quotes")

    def verdict(self, case: Case, answer: Answer) -> Mapping[str, str]:
        """Of "correct" and "faithful" each "yes", "partly" or "no", and "why".

        A judge that fails, or whose reply cannot be understood, gives "error" alone. A case without
        a reference cannot be judged, and gives nothing.
        """
        reference = expected(case)
        if not reference:
            return {}
        quotes = "\n".join(f"[{cited.number}] {cited.quote}" for cited in answer.citations)
        prompt = self._prompt.fill(
            question=answer.question[:LONGEST],
            reference=reference[:LONGEST],
            answer=answer.text[:LONGEST],
            quotes=quotes[:LONGEST] or "(none)",
        )
        try:
            reply = str(self._model.invoke(prompt).text)
        except Exception as error:  # any provider's own: the run goes on without its opinion
            return {"error": f"the chat model failed: {error}".splitlines()[0]}
        return _read(reply)


def expected(case: Case) -> str:
    """What the judge is told to expect: the reference, or the facts, or that nothing is said."""
    if case.answerable is False:
        return ABSTENTION
    return case.reference or "; ".join(wordings[0] for wordings in case.facts)


def _read(reply: str) -> Mapping[str, str]:
    said = {key.lower(): value for key, value in _LINE.findall(reply)}
    found = {
        key: match[1].lower()
        for key in ("correct", "faithful")
        if (match := _VERDICT.match(said.get(key, "")))
    }
    if len(found) < 2:
        return {"error": f"the chat model's verdict is none: {reply.strip()[:80]!r}"}
    return found | {"why": said.get("why", "")}
