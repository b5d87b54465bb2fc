"""Ask a question about a folder of articles; get an answer that carries its quotes.

>>> from qa import Assistant, Settings
>>> bot = Assistant.open(Settings(corpus="corpus", index_dir=".index"))
>>> print(bot.ask("Why does Kim travel by train?").text)

Nothing is loaded until it is asked for: `import qa` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.answer import Answer, AnswerSentence, Citation, Turn
    from qa.assistant import Assistant
    from qa.errors import (
        BusyError,
        CitedError,
        CorpusError,
        LanguageModelError,
        ModelError,
        NoIndexError,
        QuestionError,
        SettingsError,
        StoreError,
    )
    from qa.settings import Settings

__all__ = [
    "Answer",
    "AnswerSentence",
    "Assistant",
    "BusyError",
    "Citation",
    "CitedError",
    "CorpusError",
    "LanguageModelError",
    "ModelError",
    "NoIndexError",
    "QuestionError",
    "Settings",
    "SettingsError",
    "StoreError",
    "Turn",
]

_ROOMS = {
    "qa.answer": ("Answer", "AnswerSentence", "Citation", "Turn"),
    "qa.assistant": ("Assistant",),
    "qa.settings": ("Settings",),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = next((room for room, names in _ROOMS.items() if name in names), "qa.errors")
    value = getattr(import_module(room), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
