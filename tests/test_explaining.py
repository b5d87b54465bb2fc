"""What became of every passage: those that are cited were quoted, and the others have a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa import Assistant, Settings
from qa.answer import Answer, Explained

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    index = tmp_path_factory.mktemp("explaining") / "index"
    return Assistant.open(Settings(corpus=ROOT / "corpus", index_dir=index))


@pytest.mark.parametrize(
    ("question", "fate"),
    [
        ("How long did the handshake last?", "quoted as [1]"),
        ("When did Kim's train leave Pyongyang?", "not a side of the disagreement"),
        ("Who won the football world cup?", "among the nearest, but not sure enough"),
    ],
)
def test_every_passage_has_its_scores_and_its_fate(
    bot: Assistant, question: str, fate: str
) -> None:
    events = list(bot.stream(question, explained=True))
    (explained,) = [event for event in events if isinstance(event, Explained)]
    answer = events[-1]
    assert isinstance(answer, Answer)
    found = explained.passages
    assert len(found) == len(answer.passages)
    assert [each.fused for each in found] == sorted((each.fused for each in found), reverse=True)
    assert fate in [each.fate for each in found] and all(each.fate for each in found)
    quoted = {
        each.article_id for each in found if each.fate.startswith(("quoted", "among the nearest"))
    }
    cited = answer.near_misses if answer.abstained else answer.citations
    assert {citation.article_id for citation in cited} <= quoted


HANDSHAKE = "How long did the handshake last?"


def written(bot: Assistant, *replies: str, ungrounded: str = "drop") -> tuple[Answer, list[str]]:
    """An answer that a chat model wrote, and the fates of what was found for it."""
    settings = bot.settings.model_copy(update={"ungrounded": ungrounded})
    model = GenericFakeChatModel(messages=map(AIMessage, replies))
    writer = Assistant.open(settings, model=model, encoder=bot.encoder)
    *_, explained, answer = writer.stream(HANDSHAKE, explained=True)
    assert isinstance(explained, Explained) and isinstance(answer, Answer)
    return answer, [each.fate for each in explained.passages]


def test_a_written_answer_tells_what_the_model_was_shown_and_used(bot: Assistant) -> None:
    answer, fates = written(bot, "It lasted 40 seconds [1].")
    assert answer.text == "It lasted 40 seconds. [1]"
    assert fates[0] == "cited as [1]"
    assert "shown to the model, which did not use it" in fates
    assert not any("quoted" in fate or "behind" in fate for fate in fates)


def test_what_did_not_fit_into_the_prompt_is_told(bot: Assistant) -> None:
    settings = bot.settings.model_copy(update={"llm_prompt": "short"})
    short = Assistant.open(settings, encoder=bot.encoder)
    _, fates = written(short, "It lasted 40 seconds [1].")
    assert "not among the best that fit into the prompt" in fates
    assert "shown to the model, which did not use it" in fates


@pytest.mark.parametrize(
    ("replies", "ungrounded", "fates"),
    [
        (["The articles don't say."], "drop", {"the model found no answer in it"}),
        (["Nobody likes herring soup."], "quote", {"quoted as [1]"}),
        ([""], "drop", {"quoted as [1]"}),  # a model that fails
    ],
)
def test_where_nothing_was_written_it_is_as_with_quotes_or_the_model_found_nothing(
    bot: Assistant, replies: list[str], ungrounded: str, fates: set[str]
) -> None:
    answer, found = written(bot, *replies, ungrounded=ungrounded)
    assert answer.usage and fates <= set(found)
    assert answer.abstained or not any("model" in fate for fate in found)


def test_without_asking_nothing_is_explained(bot: Assistant) -> None:
    assert not [event for event in bot.stream("Who met whom?") if isinstance(event, Explained)]
