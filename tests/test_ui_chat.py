"""The conversation's handlers: what becomes of questions, votes and errors, and what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from servers import PATIENCE, until
from speakers import Speaker

import ui.chat
from index.embedding import Encoder
from index.filters import Filter
from qa import Assistant, LanguageModelError, QuestionError, Settings
from qa.answer import Answer, Found, Searching, Token, Turn
from qa.models import Choice
from ui.answerers import Answerers
from ui.chat import HISTORY, LONGEST_SHOWN, Chat, in_threads, whole
from ui.conversations import Conversations
from ui.exchange import Conversation, Exchange
from ui.feedback import FILE, Feedback
from ui.limits import Desk, Limits
from ui.session import Session, in_words
from ui.suggestions import EXAMPLES, NEXT, examples, follow_ups

ME = "a" * 22
LONG = "How long is the harbour line?"
ANSWER = Answer("So it is.", "Who?", False, 0.8)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Assistant:
    from conftest import LIGHTHOUSE, RAILWAY

    corpus = tmp_path_factory.mktemp("chat") / "town"
    corpus.mkdir()
    (corpus / "railway.txt").write_text(RAILWAY, encoding="utf-8")
    (corpus / "lighthouse.txt").write_text(LIGHTHOUSE, encoding="utf-8")
    return Assistant.open(Settings(corpus=corpus, index_dir=corpus.parent / "index"))


class Script:
    """Answers with the same events every time, and notes what it was asked."""

    def __init__(self, *events: Any) -> None:
        self.events = events
        self.asked: list[tuple[str, Sequence[Turn], Filter | None]] = []

    async def __call__(self, work: Any) -> AsyncGenerator[Any]:
        self.asked.append(work.args)
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event


@pytest.fixture
def script() -> Script:
    return Script(Searching("Who?"), Found(()), Token("So"), Token(" it is."), ANSWER)


@pytest.fixture
def chat(bot: Assistant, script: Script, tmp_path: Path) -> Chat:
    kept, votes = Conversations(tmp_path / "kept"), Feedback(tmp_path, {})
    return Chat(bot, Answerers(bot), script, kept, votes)


def states(chat: Chat, session: Session, question: str, at: int | None = None) -> list[Session]:
    async def all_of_them() -> list[Session]:
        return [state async for state in chat.answer(session, ME, question, at)]

    return asyncio.run(all_of_them())


def after(chat: Chat, session: Session, *questions: str) -> Session:
    for question in questions:
        session = states(chat, session, question)[-1]
    return session


def test_the_states_lead_from_the_question_to_the_answer(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.chat, "FRAME", -1)  # each token is shown, however fast they come
    found = [state.conversation.exchanges[-1] for state in states(chat, Session(), "Who?")]
    assert found[0] == Exchange("Who?")
    assert [each.step for each in found[1:3]] == [
        "Searching the articles …",
        "Reading 0 passages …",
    ]
    assert found[-1].answer == ANSWER and found[-1].said == ""
    assert [each.said for each in found[3:5]] == ["So", "So it is."]


SENTENCES = (
    "The line is eleven kilometres long [1]. ",
    "It opened in spring [1]. ",
    "Its first train carried herring [1]. ",
    "So it was. ",
    "And so it is. ",
    "And so it will be.",
)


def slow(chat: Chat, *held: int) -> tuple[Chat, Speaker]:
    """The chat with a chat model that is chosen by the name "slow"."""
    model = Speaker(reply=SENTENCES, held=held)
    choice = Choice("slow", "Slow 1B", ready=True)
    answerers = Answerers(
        chat.bot, lambda _settings: (choice,), lambda _name: chat.bot.with_model(model)
    )
    answerers.look()
    return replace(chat, answerers=answerers, run=in_threads), model


def test_a_model_that_is_chosen_writes_and_is_named(chat: Chat) -> None:
    writing, _ = slow(chat)
    session = writing.choose(Session(), "slow")
    steps = [state.conversation.exchanges[-1] for state in states(writing, session, LONG)]
    assert any(each.step.startswith("Writing from the best of") for each in steps)
    last = steps[-1]
    assert last.answer and last.answer.usage and last.writer == "Slow 1B"
    assert last.answer.text.startswith("The line is eleven kilometres long. [1]")
    assert writing.begin(session).writer == "slow"
    quoting = states(writing, writing.choose(session, ""), LONG)[-1].conversation.exchanges[-1]
    assert quoting.answer and quoting.answer.usage is None and quoting.writer == ""


@pytest.mark.parametrize("name", ["fast", "gguf:/etc/passwd", "ollama:llama3.2"])
def test_what_is_not_offered_cannot_be_chosen(chat: Chat, name: str) -> None:
    writing, _ = slow(chat)
    with pytest.raises(LanguageModelError, match="cannot be chosen"):
        writing.choose(Session(), name)


@pytest.mark.parametrize("guarded", [False, True])
def test_who_stops_or_leaves_in_the_middle_stops_the_model(chat: Chat, guarded: bool) -> None:
    writing, model = slow(chat, 2, 4)
    desk = Desk(Limits(running=1, waiting=0))
    if guarded:
        writing = replace(writing, run=desk.events)

    async def stopped() -> None:
        session = writing.choose(Session(), "slow")
        async with aclosing(writing.answer(session, ME, LONG)) as found:
            async for state in found:
                if state.conversation.exchanges[-1].said:
                    break  # the first sentence is there, and the model still at work

    asyncio.run(stopped())
    model.go_on()  # the next sentence is the next event, at which the work is left
    until(lambda: desk.taken == 0)
    model.go_on()
    assert model.closed.wait(PATIENCE) and model.said < len(SENTENCES)


def test_the_assistant_itself_answers_in_threads(bot: Assistant, chat: Chat) -> None:
    real = replace(chat, run=in_threads)
    last = states(real, Session(), LONG)[-1].conversation.exchanges[-1]
    assert last.answer and last.answer.citations and not last.error
    article = bot.article(last.answer.citations[0].article_id)
    citation = last.answer.citations[0]
    assert article.text[citation.start : citation.end] == citation.quote


def test_what_was_said_is_history_and_only_the_last_of_it(chat: Chat, script: Script) -> None:
    session = after(chat, Session(), *(str(number) for number in range(6)))
    assert script.asked[1][1] == [Turn("user", "0"), Turn("assistant", "So it is.")]
    assert len(script.asked[-1][1]) == HISTORY
    assert [each.asked for each in session.conversation.exchanges] == list("012345")


def test_a_question_asked_anew_takes_the_place_of_the_old_one(chat: Chat, script: Script) -> None:
    session = after(chat, Session(), "1", "2", "3")
    session = states(chat, replace(session, editing=1), "two", at=1)[-1]
    assert [each.asked for each in session.conversation.exchanges] == ["1", "two"]
    assert session.editing is None
    assert script.asked[-1][1] == [Turn("user", "1"), Turn("assistant", "So it is.")]


def test_an_answered_question_is_kept_and_a_session_can_go_back_to_it(chat: Chat) -> None:
    session = after(chat, Session(), "1")
    opened = chat.open(Session(), ME, session.conversation.id)
    assert opened.conversation == session.conversation
    for odd in (None, "../x", 7, ["x"], "0" * 16):
        assert chat.open(Session(), ME, odd).conversation.exchanges == ()
    assert chat.open(Session(), "b" * 22, session.conversation.id).conversation.exchanges == ()
    assert chat.delete(session, ME).conversation.exchanges == ()
    assert chat.kept.list(ME) == []


def test_without_a_secret_nothing_is_kept(chat: Chat, tmp_path: Path) -> None:
    session = after(chat, Session(), "1")
    chat.delete(session, ME)
    assert chat.keep(session, None) == session
    assert list((tmp_path / "kept").rglob("*.jsonl")) == []


def test_a_users_error_is_told_in_its_line(chat: Chat) -> None:
    failing = replace(chat, run=Script(Searching("x"), QuestionError("the question has no words")))
    last = states(failing, Session(), "?!")[-1].conversation.exchanges[-1]
    assert (last.error, last.answer) == ("the question has no words", None)


def test_what_nobody_foresaw_is_logged_and_only_its_id_told(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    failing = replace(chat, run=Script(RuntimeError("secret path /root")))
    last = states(failing, Session(), "Who?")[-1].conversation.exchanges[-1]
    assert last.error and "secret" not in last.error
    assert "secret path" in caplog.text
    assert caplog.records[-1].getMessage().split()[1].rstrip(":") in last.error


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        "?!",
        "x" * 100_000,
        "a\x00b",
        "\ud800?",
        "\u202eabc",
        "a\u200bb",
        "🙂",
        '"*:^ NEAR(',
    ],
)
def test_every_bad_question_ends_in_an_answer_or_a_line(
    bot: Assistant, chat: Chat, question: str
) -> None:
    real = replace(chat, run=in_threads)
    session = states(real, Session(), question)[-1]
    last = session.conversation.exchanges[-1]
    assert bool(last.answer) != bool(last.error)
    assert "\n" not in last.error and len(last.asked) <= LONGEST_SHOWN
    assert chat.open(Session(), ME, session.conversation.id).conversation == session.conversation


def test_stopping_keeps_what_was_said(chat: Chat) -> None:
    half = Session(Conversation(exchanges=(Exchange("Who?", said="So"),)))
    kept = chat.stop(half, ME)
    loaded = chat.kept.load(ME, kept.conversation.id)
    assert loaded and loaded.exchanges[0].said == "So"
    assert chat.stop(Session(), ME).conversation.exchanges == ()
    assert len(chat.kept.list(ME)) == 1


def votes(folder: Path) -> Iterator[dict[str, Any]]:
    for line in (folder / FILE).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def test_a_vote_and_its_comment_are_recorded_and_kept(chat: Chat, tmp_path: Path) -> None:
    session = after(chat, Session(), "1", "2")
    session = chat.vote(session, ME, "1", liked=False)
    session = chat.vote(session, ME, "1", liked=False)
    session = chat.comment(session, ME, "1", "  Wrong  ")
    first, second = votes(tmp_path)
    assert (first["liked"], first["comment"], first["question"]) == (False, "", "2")
    assert second == first | {"comment": "Wrong"}
    assert [turn["text"] for turn in first["history"]] == ["1", "So it is."]
    loaded = chat.kept.load(ME, session.conversation.id)
    assert loaded and (loaded.exchanges[1].liked, loaded.exchanges[1].comment) == (False, "Wrong")


@pytest.mark.parametrize("turn", [None, "", "x", "-1", "7", 1.0, "9" * 30, {"a": 1}, True])
def test_a_vote_on_nothing_is_passed_over(chat: Chat, tmp_path: Path, turn: object) -> None:
    session = after(chat, Session(), "1")
    assert chat.vote(session, ME, turn, liked=True) == session
    assert chat.comment(session, ME, turn, "x") == session
    assert chat.comment(session, ME, "0", {"no": "text"}) == session
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [("0", 0), (3, 3), ("12", 12), ("-1", None), ("٣", None), ("", None), (None, None),
     ("1e9", None), ("9" * 10, None), ([], None)],
)  # fmt: skip
def test_whole_numbers_from_a_browser(given: object, expected: int | None) -> None:
    assert whole(given) == expected


def test_a_title_is_one_line_and_can_be_taken_back(chat: Chat) -> None:
    session = chat.rename(after(chat, Session(), "1"), ME, "  A\n title  " + "x" * 200)
    assert session.conversation.name.startswith("A title") and len(session.conversation.name) == 80
    assert chat.rename(session, ME, " ").conversation.name == "1"


def test_a_new_conversation_keeps_the_limits_of_the_last(chat: Chat, script: Script) -> None:
    scope = Filter(articles=frozenset({"railway.txt"}))
    session = chat.begin(after(chat, Session(scope=scope), "1"))
    assert (session.scope, session.conversation.exchanges) == (scope, ())
    assert script.asked[-1][2] == scope
    assert after(chat, session, "2").conversation.exchanges[0].scope == "“The Harbour Railway”"


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Filter(), ""),
        (Filter(articles=frozenset({"a"})), "“A”"),
        (Filter(articles=frozenset({"a", "gone"})), "“A” and “gone”"),
        (Filter(articles=frozenset("abc")), "3 of 4 articles"),
        (Filter(since=date(2023, 9, 1)), "articles from 1 September 2023 on"),
        (Filter(until=date(2023, 9, 2)), "articles up to 2 September 2023"),
        (
            Filter(frozenset("abc"), date(2023, 9, 1), date(2023, 9, 2)),
            "3 of 4 articles from 1 September 2023 to 2 September 2023",
        ),
    ],
)
def test_a_limit_is_said_in_words(scope: Filter, words: str) -> None:
    assert in_words(scope, {"a": "A", "b": "B", "c": "C", "d": "D"}) == words


def test_examples_and_follow_ups_are_the_articles_own_and_not_asked_yet(bot: Assistant) -> None:
    own = {pair.question for each in bot.articles() for pair in bot.article(each.id).faq}
    assert 0 < len(examples(bot)) <= EXAMPLES and set(examples(bot)) <= own
    answer = bot.ask("How long is the line?")
    suggested = follow_ups(bot, answer, ["How long is the line?"])
    assert 0 < len(suggested) <= NEXT and set(suggested) <= own
    assert not set(follow_ups(bot, answer, list(own))) & own
