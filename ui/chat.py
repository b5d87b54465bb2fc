"""The conversation on the page: what happens when someone asks, retries, edits, votes or reads on.

The assistant answers; here its events become what the page shows, and the conversation is kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from index.filters import Filter
from qa.answer import Answer, Event, Explained, Found, Searching, Token, Turn
from ui.answerers import Answerers
from ui.conversations import Conversations
from ui.exchange import LONGEST_TITLE, Conversation, Exchange, now
from ui.problems import problem_of
from ui.session import Session, in_words
from ui.suggestions import follow_ups

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from ui.feedback import Feedback

Run = Callable[[Callable[[], Iterator[Event]]], AsyncGenerator[Event]]
"""Gives the events of a question off the event loop, within whatever limits there are; closing it
ends the work after its next event."""

HISTORY = 8
"""Turns that are given as history: what a follow-up can mean is said in the last ones."""
LONGEST_SHOWN = 2_000
"""Characters of a question that are kept and shown; longer ones are refused anyway."""
FRAME = 0.05
"""Seconds between two states of the page while an answer is being written."""


@dataclass(frozen=True, slots=True)
class Chat:
    """The conversations of all pages. Its methods take a page's `Session` and return the next.

    `owner` is the browser's secret, None where there is none: then nothing is kept.
    """

    bot: Assistant
    answerers: Answerers
    run: Run
    kept: Conversations
    feedback: Feedback

    async def answer(
        self, session: Session, owner: str | None, asked: str, at: int | None = None
    ) -> AsyncGenerator[Session]:
        """Ask, and give the session's states until the answer is there and kept.

        `at` is the exchange that the question takes the place of; all after it go.
        """
        conversation = session.conversation
        if at is not None:
            conversation = conversation.before(at)
        history = conversation.turns()[-HISTORY:]
        number = len(conversation.exchanges)
        writer = self.answerers.label(session.writer)
        pending = Exchange(
            asked[:LONGEST_SHOWN],
            scope=self.scope_in_words(session.scope),
            writer=writer,
            # A chat model may be asked what a follow-up means, and take its time.
            step="Understanding the question …" if writer and history else "",
        )
        session = replace(session, editing=None, turn=number)
        shown = 0.0
        yield replace(session, conversation=conversation.plus(pending))
        try:
            work = self._work(session.writer, asked, history, session.where)
            async with aclosing(self.run(work)) as events:
                async for event in events:
                    if event == Token(""):
                        continue
                    pending = self._after(pending, event, conversation)
                    if not isinstance(event, Token) or time.monotonic() - shown > FRAME:
                        shown = time.monotonic()
                        yield replace(session, conversation=conversation.plus(pending))
        except Exception as error:  # told in a line; what nobody foresaw is in the log
            pending = replace(pending, error=problem_of(error).detail)
        yield self.keep(replace(session, conversation=conversation.plus(pending)), owner)

    def stop(self, session: Session, owner: str | None) -> Session:
        """The session once its answer was broken off, what had been said of it kept."""
        last = session.conversation.exchanges[-1:]
        broken = any(not (exchange.answer or exchange.error) for exchange in last)
        return self.keep(session, owner) if broken else session

    def vote(self, session: Session, owner: str | None, turn: object, *, liked: bool) -> Session:
        """Note that somebody likes or dislikes an answer; the same vote twice is one."""
        found = self._exchange(session, turn)
        if not found or not found[1].answer or found[1].liked is liked:
            return session
        number, exchange = found
        voted = replace(exchange, liked=liked, comment="", voted=now())
        return self._voted(session, owner, number, voted)

    def comment(
        self, session: Session, owner: str | None, turn: object, comment: object
    ) -> Session:
        """Add a comment to a vote."""
        found = self._exchange(session, turn)
        if not found or found[1].liked is None or not isinstance(comment, str):
            return session
        number, exchange = found
        if not comment.strip():
            return session
        return self._voted(session, owner, number, replace(exchange, comment=comment.strip()))

    def rename(self, session: Session, owner: str | None, title: str) -> Session:
        """Give the conversation a title; an empty one makes it its first question again."""
        named = replace(session.conversation, title=" ".join(title.split())[:LONGEST_TITLE])
        return self.keep(replace(session, conversation=named), owner)

    def delete(self, session: Session, owner: str | None) -> Session:
        """Forget the conversation, and begin a new one."""
        if owner:
            self.kept.delete(owner, session.conversation.id)
        return self.begin(session)

    def begin(self, session: Session) -> Session:
        """A new conversation, limited to what the last one was."""
        return Session(scope=session.scope, writer=session.writer)

    def choose(self, session: Session, writer: object) -> Session:
        """Let a chat model answer from now on, or quotes. Raises `LanguageModelError`."""
        name = writer if isinstance(writer, str) else ""
        self.answerers.assistant(name)
        return replace(session, writer=name)

    def open(self, session: Session, owner: str | None, conversation_id: object) -> Session:
        """A conversation that was kept; the session as it is where there is none of that id."""
        found = (
            self.kept.load(owner, conversation_id)
            if owner and isinstance(conversation_id, str)
            else None
        )
        if found is None:
            return session
        last = max(0, len(found.exchanges) - 1)
        return replace(session, conversation=found, editing=None, turn=last)

    def keep(self, session: Session, owner: str | None) -> Session:
        """Keep the conversation on the server, if the browser can be told from others."""
        if owner is None or not session.conversation.exchanges:
            return session
        return replace(session, conversation=self.kept.save(owner, session.conversation))

    def scope_in_words(self, scope: Filter) -> str:
        """What a search is limited to, "" if to nothing."""
        named = self.bot.articles() if scope.articles is not None else []
        return in_words(scope, {summary.id: summary.title for summary in named})

    def _work(
        self, writer: str | None, asked: str, history: Sequence[Turn], where: Filter | None
    ) -> Callable[[], Iterator[Event]]:
        stream = self.answerers.assistant(writer).stream
        return partial(stream, asked, history, where, explained=True)

    def _after(self, exchange: Exchange, event: Event, before: Conversation) -> Exchange:
        """The exchange after one event more."""
        match event:
            case Searching():
                return replace(exchange, step="Searching the articles …")
            case Found():
                count = len(event.passages)
                passages = f"{count} passage{'s' * (count != 1)}"
                doing = "Writing from the best of" if exchange.writer else "Reading"
                return replace(exchange, step=f"{doing} {passages} …")
            case Token():
                return replace(exchange, said=exchange.said + event.text)
            case Explained():
                return replace(exchange, considered=event.passages)
            case Answer():
                asked = [each.asked for each in (*before.exchanges, exchange)]
                suggested = follow_ups(self.bot, event, asked)
                return replace(exchange, answer=event, said="", step="", suggestions=suggested)

    def _voted(
        self, session: Session, owner: str | None, number: int, exchange: Exchange
    ) -> Session:
        assert exchange.answer is not None and exchange.liked is not None
        conversation = session.conversation
        self.feedback.add(
            exchange.voted,
            exchange.asked,
            conversation.before(number).turns()[-HISTORY:],
            exchange.answer,
            liked=exchange.liked,
            comment=exchange.comment,
            writer=exchange.writer,
        )
        changed = conversation.having(number, exchange)
        return self.keep(replace(session, conversation=changed), owner)

    @staticmethod
    def _exchange(session: Session, turn: object) -> tuple[int, Exchange] | None:
        """The exchange that a browser names by its number, if there is one."""
        number = whole(turn)
        exchanges = session.conversation.exchanges
        if number is None or not 0 <= number < len(exchanges):
            return None
        return number, exchanges[number]


def whole(given: object) -> int | None:
    """A whole number of at most nine digits, from what a browser sends; None for anything else."""
    text = str(given) if isinstance(given, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


async def in_threads(work: Callable[[], Iterator[Event]]) -> AsyncGenerator[Event]:
    """The events of `work` for the event loop: each is made in a thread."""
    events = work()
    while (event := await asyncio.to_thread(next, events, None)) is not None:
        yield event
