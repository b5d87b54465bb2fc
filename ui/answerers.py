"""Who may answer on the page: quotes, or a chat model of those that are ready.

Only a name of that list is ever made into a model; what is written is for `qa` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from qa.errors import LanguageModelError
from qa.llm import chat_model
from qa.models import available

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.models import Choice
    from qa.settings import Settings

QUOTES = ""
"""The name of the choice that no language model answers."""
_QUOTES_LABEL = "Quotes (no language model)"

Available = Callable[["Settings"], tuple["Choice", ...]]
Make = Callable[[str], "Assistant"]


class Answerers:
    """The assistants of one page, one a chat model, over one index; threads may share them.

    A model is made when it is first chosen, and kept: a file of gigabytes is loaded once. None, in
    the place of a name, is the assistant as it was configured.
    """

    def __init__(
        self, bot: Assistant, available: Available = available, make: Make | None = None
    ) -> None:
        self._bot = bot
        self._available = available
        self._make = make or partial(_made, bot)
        self._lock = Lock()
        self._made: dict[str, Assistant] = {}
        self._configured = bot.settings.llm or QUOTES
        self._options: Mapping[str, str] = {}

    @property
    def options(self) -> Mapping[str, str]:
        """The labels of what there is to choose from, by name; empty where that is quotes alone."""
        return self._options

    def look(self) -> None:
        """See anew which models are ready. Takes a second or two where a server does not answer."""
        found = [
            each for each in self._available(self._bot.settings) if each.ready or each.configured
        ]
        self._configured = next((each.name for each in found if each.configured), self._configured)
        labels = {each.name: each.label for each in found}
        self._options = {QUOTES: _QUOTES_LABEL, **labels} if labels else {}

    def name(self, chosen: str | None) -> str:
        """The name of what is chosen."""
        return self._configured if chosen is None else chosen

    def label(self, chosen: str | None) -> str:
        """How the chat model is called that is chosen; "" for quotes."""
        name = self.name(chosen)
        return self._options.get(name, name) if name != QUOTES else ""

    def assistant(self, chosen: str | None) -> Assistant:
        """The assistant that answers; it waits for nothing where it was there before.

        Raises `LanguageModelError` for a name that is none of the options, and where the model
        cannot be made.
        """
        if chosen is None or chosen == self._configured:
            return self._bot
        if known := self._made.get(chosen):
            return known
        if chosen not in self._options:
            raise LanguageModelError(
                f"{chosen[:60]!r} cannot be chosen: it is none of the models that are ready"
            )
        with self._lock:
            if chosen not in self._made:
                self._made[chosen] = self._make(chosen)
            return self._made[chosen]


def _made(bot: Assistant, name: str) -> Assistant:
    if name == QUOTES:
        return bot.with_model(None)
    settings = bot.settings
    model = chat_model(
        name,
        base_url=settings.llm_base_url,
        timeout=settings.llm_timeout,
        allow_download=settings.allow_download,
    )
    return bot.with_model(model)
