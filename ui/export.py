"""A conversation as a Markdown file: every question, every answer, and the quotes it rests on.

Text of articles and questions is escaped: the file shows it as it is and runs nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.answer import Answer, Citation
from qa.printing import long_date, printable
from ui.exchange import Conversation

_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&-])")


def file_name(conversation: Conversation) -> str:
    """A name for the file, of letters, digits and hyphens."""
    words = re.sub(r"[^a-z0-9]+", "-", conversation.name.lower()).strip("-")
    return f"{words[:60].strip('-') or 'conversation'}.md"


def to_markdown(conversation: Conversation) -> str:
    """The conversation, each answer followed by its numbered quotes and where they stand."""
    parts = [f"# {plain(conversation.name)}"]
    for exchange in conversation.exchanges:
        parts.append(f"## {plain(exchange.asked)}")
        if exchange.scope:
            parts.append(f"Asked of {plain(exchange.scope)}.")
        if exchange.answer:
            parts += _answer(exchange.answer, exchange.asked)
        else:
            parts.append(plain(exchange.error or exchange.said) or "Stopped.")
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """Text on one line in which Markdown sees no sign of its own."""
    return _SIGNS.sub(r"\\\1", printable(text))


def _answer(answer: Answer, asked: str) -> Iterator[str]:
    if answer.question.strip() != " ".join(asked.split()):
        yield f"Understood as: {plain(answer.question)}"
    yield plain(answer.text)
    if any(not sentence.citations for sentence in answer.sentences):
        yield plain(
            "[unsupported]: the language model wrote this, and no article was found to say it."
        )
    yield from map(plain, answer.notes)
    cited = answer.citations or answer.near_misses
    if cited and not answer.citations:
        yield "Related, but not an answer:"
    if cited:
        yield "\n".join(_quote(citation) for citation in cited)


def _quote(citation: Citation) -> str:
    day = f", {long_date(citation.date)}" if citation.date else ""
    where = f"{plain(citation.title)}{day} ({plain(citation.article_id)}"
    return (
        f"{citation.number}. “{plain(citation.quote)}” — {where}, "
        f"characters {citation.start} to {citation.end})"
    )
