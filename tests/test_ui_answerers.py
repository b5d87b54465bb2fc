"""Who may answer on the page: those of the list and nobody else, each made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import open_town
from speakers import Speaker

from qa import Assistant, LanguageModelError, Settings
from qa.models import Choice
from ui.answerers import QUOTES, Answerers

QUESTION = "How long is the harbour line?"
READY = Choice("gguf:m/one.gguf", "one.gguf", ready=True)
ALSO = Choice("ollama:two", "two in Ollama", ready=True)
NOT_READY = Choice("openai:MODEL", "OpenAI", ready=False)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return open_town(tmp_path_factory.mktemp("answerers"))


class Workbench:
    """Makes assistants whose model says one sentence, and notes which; some it cannot make."""

    def __init__(self, bot: Assistant, *choices: Choice) -> None:
        self.bot = bot
        self.choices = choices
        self.made: list[str] = []

    def available(self, _settings: Settings) -> tuple[Choice, ...]:
        return self.choices

    def make(self, name: str) -> Assistant:
        self.made.append(name)
        if name == ALSO.name:
            raise LanguageModelError(f"llm {name!r}: Ollama does not run here")
        return self.bot.with_model(Speaker(reply=("The line is eleven kilometres long [1].",)))

    def answerers(self) -> Answerers:
        made = Answerers(self.bot, self.available, self.make)
        made.look()
        return made


def test_quotes_and_what_is_ready_can_be_chosen(bot: Assistant) -> None:
    answerers = Workbench(bot, READY, NOT_READY, ALSO).answerers()
    assert list(answerers.options) == [QUOTES, READY.name, ALSO.name]
    assert answerers.options[READY.name] == "one.gguf"
    assert (answerers.name(None), answerers.label(None)) == (QUOTES, "")
    assert answerers.label(READY.name) == "one.gguf"
    assert answerers.assistant(None) is answerers.assistant(QUOTES) is bot


def test_where_nothing_is_ready_there_is_no_choice(bot: Assistant) -> None:
    assert not Workbench(bot, NOT_READY).answerers().options
    assert not Answerers(bot).options  # nobody has looked yet


def test_a_model_is_made_once_and_writes(bot: Assistant) -> None:
    bench = Workbench(bot, READY)
    answerers = bench.answerers()
    writing = answerers.assistant(READY.name)
    assert writing is answerers.assistant(READY.name) and bench.made == [READY.name]
    assert writing.ask(QUESTION).usage and bot.ask(QUESTION).usage is None
    bench.choices = ()  # what was made stays, whatever is ready now
    answerers.look()
    assert answerers.assistant(READY.name) is writing


@pytest.mark.parametrize("name", [NOT_READY.name, "openai:gpt-x", "gguf:/etc/passwd", "x" * 9_999])
def test_no_other_name_is_made_into_a_model(bot: Assistant, name: str) -> None:
    bench = Workbench(bot, READY, NOT_READY)
    with pytest.raises(LanguageModelError, match="cannot be chosen") as error:
        bench.answerers().assistant(name)
    assert bench.made == [] and len(str(error.value)) < 200


def test_one_that_cannot_be_made_is_told_and_tried_again(bot: Assistant) -> None:
    bench = Workbench(bot, ALSO)
    answerers = bench.answerers()
    for _ in range(2):
        with pytest.raises(LanguageModelError, match="does not run here"):
            answerers.assistant(ALSO.name)
    assert bench.made == [ALSO.name] * 2


def test_the_configured_one_is_the_assistant_itself(bot: Assistant, tmp_path: Path) -> None:
    settings = Settings(**{**bot.settings.model_dump(), "llm": "gguf:m/one.gguf"})
    model = Speaker(reply=("The line is eleven kilometres long [1].",))
    written = Assistant.open(settings, model=model, encoder=bot.encoder)
    configured = Choice("gguf:m/one.gguf", "one.gguf", ready=False, configured=True)
    bench = Workbench(written, configured)
    answerers = bench.answerers()
    assert (answerers.name(None), answerers.label(None)) == (configured.name, "one.gguf")
    assert answerers.assistant(configured.name) is written and bench.made == []
    quoting = Answerers(written, bench.available)  # with the real way to make one
    quoting.look()
    assert quoting.assistant(QUOTES).ask(QUESTION).usage is None
    assert written.ask(QUESTION).usage


def test_models_are_made_by_their_names(bot: Assistant) -> None:
    odd = Choice("nobody:model", "Nobody's", ready=True)
    answerers = Answerers(bot, lambda _settings: (odd,))
    answerers.look()
    with pytest.raises(LanguageModelError, match="nobody:model"):
        answerers.assistant(odd.name)
