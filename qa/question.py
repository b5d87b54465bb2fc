"""A question as it comes -> a question that can be searched for, or one line that says why not."""

from __future__ import annotations

import re

from qa.errors import QuestionError

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]+"
)
"""Control, zero-width, direction and tag characters, and lone surrogates: none can be seen."""


def clean_question(question: object, longest: int) -> str:
    """The question without invisible characters, its spaces collapsed.

    Raises `QuestionError` when it is no string, has no letter or digit, or has more than `longest`
    characters.
    """
    if not isinstance(question, str):
        raise QuestionError(f"a question must be text, not {type(question).__name__}")
    if len(question) > longest:
        raise QuestionError(
            f"the question has {len(question):,} characters: shorten it to {longest:,}"
        )
    clean = " ".join(_INVISIBLE.sub(" ", question).split())
    if not any(character.isalnum() for character in clean):
        raise QuestionError("the question has no words: type one, such as “Who met whom?”")
    return clean
