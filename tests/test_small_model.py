"""A real language model, and a bad one: what it invents never reaches the user as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from qa import Answer, Assistant, Settings
from qa.answer import ABSTENTION, Event, Token
from qa.local import LocalModel

pytest_plugins = ("models",)

ROOT = Path(__file__).parents[1]
QUESTIONS = [
    "How long did the handshake last?",
    "When did Kim's train leave Pyongyang?",
    "Where did Kim and Putin meet?",
    "Who welcomed Kim on the platform at Khasan?",
    "Why does Kim travel by train?",
    "What does Russia want from North Korea?",
    "What did Kim promise Putin?",
    "Which animals came on the first freight train?",
    "At how many degrees does tungsten melt?",
    "What did the United States say about the meeting?",
]


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory, smollm2: Path) -> Assistant:
    folder = tmp_path_factory.mktemp("index")
    settings = Settings(corpus=ROOT / "corpus", index_dir=folder)
    # One thread: other tests have the other processors, and threads wait for one another.
    return Assistant.open(settings, model=LocalModel(path=smollm2, threads=1, max_tokens=200))


@pytest.fixture(scope="module")
def told(bot: Assistant) -> Mapping[str, list[Event]]:
    """What arrived for each question, which takes seconds."""
    return {question: list(bot.stream(question)) for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_arrives_stands_or_there_is_no_answer(
    bot: Assistant, told: Mapping[str, list[Event]], question: str
) -> None:
    events = told[question]
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert "".join(event.text for event in events if isinstance(event, Token)) == answer.text
    for citation in (*answer.citations, *answer.near_misses):
        text = bot.article(citation.article_id).text
        assert text[citation.start : citation.end] == citation.quote
    if answer.abstained:
        assert answer.text == ABSTENTION and not answer.citations and not answer.sentences
        return
    assert not any("failed" in note for note in answer.notes)
    for sentence in answer.sentences:
        assert sentence.citations and sentence.support >= 0.5


def test_it_was_asked(told: Mapping[str, list[Event]]) -> None:
    """Not all is refused by the evidence before the model is asked, nor told in quotes."""
    answers = {question: events[-1] for question, events in told.items()}
    used = {
        question
        for question, answer in answers.items()
        if isinstance(answer, Answer) and answer.usage is not None
    }
    assert len(used) >= 5
    assert QUESTIONS[8] not in used
