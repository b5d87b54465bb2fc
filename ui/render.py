"""A conversation as HTML of our own: questions, answers with their chips, and why they say it.

It shows what the assistant returned and decides nothing; all text in it comes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qa.answer import Answer, AnswerSentence, Citation
from qa.inquiry import FIRST_TOKEN
from ui.exchange import Conversation, Exchange
from ui.explanation import why_html
from ui.markup import about, button, escape, icon, place, supported

GROUNDED = 0.5
"""Below this support a sentence counts as one that no quote carries."""
LONGEST_WORD = 24
"""Characters of a last word that is kept on one line with the chips behind it."""
_UNSUPPORTED = (
    '<span class="unsupported" title="The language model wrote this, and no article was found to '
    'say it.">not supported</span>'
)
_WRITING = (
    '<p class="aside">Answers are quotes. QA_LLM names a language model that writes them: see '
    "“With a language model” in the README.</p>"
)


def transcript(conversation: Conversation, numbers: Iterable[int], *, busy: bool = False) -> str:
    """Some exchanges of a conversation, by their numbers; `busy` while the last is being answered.

    The root names the conversation, so that the page's address can.
    """
    last = len(conversation.exchanges) - 1
    numbers = list(numbers)
    parts = [
        exchange_html(conversation.exchanges[number], number, last=number == last, busy=busy)
        for number in numbers
    ]
    name = conversation.id if conversation.exchanges else ""
    role = ' role="log" aria-label="Conversation"' if last in numbers else ""
    return f'<div class="exchanges"{role} data-conversation="{name}">{"".join(parts)}</div>'


def exchange_html(exchange: Exchange, number: int, *, last: bool = True, busy: bool = False) -> str:
    """A question and what came of it, `number` counted from 0."""
    answer = exchange.answer
    if busy and last and not answer and not exchange.error:
        body = _pending(exchange)
    elif exchange.error:
        told = f"{exchange.error[:1].upper()}{exchange.error[1:]}"
        body = f'<div class="answer failed" role="alert"><p>{escape(told)}</p></div>'
    elif answer is None:
        body = f'<div class="answer stopped">{_paragraph(exchange.said)}<p>Stopped.</p></div>'
    else:
        body = _answered(exchange, answer, number)
    tools = _tools(exchange, number, last=last) if not (busy and last) else ""
    return (
        f'<article class="exchange" data-key="{number}" aria-label="Question {number + 1}">'
        f"{_question(exchange, number, busy=busy and last)}{body}{tools}"
        f"{why_html(answer, exchange.considered) if answer else ''}"
        f"{_suggested(exchange.suggestions) if last and not busy else ''}</article>"
    )


def invitation(articles: int, examples: Sequence[str], *, can_write: bool = True) -> str:
    """What an empty conversation shows: what this is, and questions to begin with.

    Where no chat model can write, one line says how to get one.
    """
    counted = f"{articles} article{'' if articles == 1 else 's'}"
    offered = "".join(
        f"<li>{button('example_select', escape(question), text=question)}</li>"
        for question in examples
    )
    listed = (
        '<h3 id="examples">Questions that the articles themselves ask</h3>'
        f'<ul class="examples" aria-labelledby="examples">{offered}</ul>'
        if offered
        else ""
    )
    return (
        '<div class="exchanges" data-conversation=""><section class="invitation">'
        f"<h2>Ask {counted}.</h2><p>Every sentence of an answer comes with the quote it rests on, "
        "and you can read on from there. What the articles do not say is not answered.</p>"
        f"{listed}{_WRITING if not can_write else ''}</section></div>"
    )


def ungrounded(sentence: AnswerSentence) -> bool:
    """Whether no quote carries a sentence of an answer."""
    return not sentence.citations or sentence.support < GROUNDED


def sides(answer: Answer) -> tuple[AnswerSentence, ...]:
    """The quotes that contradict one another, where an answer in quotes says that they do."""
    told = any("disagree" in note for note in answer.notes) and answer.usage is None
    return answer.sentences if told and len(answer.sentences) > 1 else ()


def _question(exchange: Exchange, number: int, *, busy: bool) -> str:
    change = button("edit", icon("edit"), label="Edit this question", css="tool", turn=number)
    change = "" if busy else change
    scope = f'<p class="aside">Asked of {escape(exchange.scope)}</p>' if exchange.scope else ""
    answer = exchange.answer
    if answer and answer.question.strip() != " ".join(exchange.asked.split()):
        scope += f'<p class="aside">Understood as: {escape(answer.question)}</p>'
    return (
        f'<header class="question"><h3 dir="auto">{escape(exchange.asked)}</h3>{change}'
        f"</header>{scope}"
    )


def _pending(exchange: Exchange) -> str:
    said = _paragraph(exchange.said)
    # A chat model may take its time for the next sentence; quotes are there at once.
    waits = not said or exchange.writer
    step = f'<p class="step">{escape(exchange.step)}</p>' if waits else ""
    return f'<div class="answer pending" aria-busy="true">{said}{step}</div>'


def _paragraph(text: str) -> str:
    return f'<p dir="auto">{escape(text)}</p>' if text.strip() else ""


def _answered(exchange: Exchange, answer: Answer, number: int) -> str:
    if answer.abstained:
        return _abstained(answer, number)
    by_number = {citation.number: citation for citation in answer.citations}
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in answer.notes)
    if disputed := sides(answer):
        columns = "".join(_side(sentence, by_number, number) for sentence in disputed)
        return f'<div class="answer disputed">{notes}<div class="sides">{columns}</div></div>'
    said = " ".join(_sentence(sentence, by_number, number) for sentence in answer.sentences)
    return f'<div class="answer"><p dir="auto">{said}</p>{notes}</div>'


def _sentence(sentence: AnswerSentence, by_number: dict[int, Citation], turn: int) -> str:
    said = _with_chips(sentence.text, _chips(sentence, by_number, turn))
    if not ungrounded(sentence):
        return f"<span>{said}</span>"
    return f'<span class="ungrounded">{said} {_UNSUPPORTED}</span>'


def _with_chips(text: str, chips: str) -> str:
    """A text and its chips, the first of which no line break parts from the last word."""
    before, space, last = text.rpartition(" ")
    if not chips or len(last) > LONGEST_WORD:
        return f"{escape(text)}{chips}"
    return f'{escape(before + space)}<span class="last">{escape(last)}{chips}</span>'


def _chips(sentence: AnswerSentence, by_number: dict[int, Citation], turn: int) -> str:
    """The sentence's citations as buttons, held to its last word by a no-break space."""
    return "".join(
        "&#8288;"
        + button(
            "select",
            str(number),
            label=f"Source {number}: {by_number[number].title}",
            css="chip",
            turn=turn,
            number=number,
        )
        for number in sentence.citations
        if number in by_number
    )


def _side(sentence: AnswerSentence, by_number: dict[int, Citation], turn: int) -> str:
    first = by_number[sentence.citations[0]]
    quote = " ".join(first.quote.split())
    return (
        f'<section class="side"><h4>{escape(first.title)}</h4>'
        f'<p class="place">{place("", first.date, first.source)}</p>'
        f'<p dir="auto">{_with_chips(quote, _chips(sentence, by_number, turn))}</p></section>'
    )


def _abstained(answer: Answer, turn: int) -> str:
    near = "".join(
        f'<li><q dir="auto">{escape(miss.quote)}</q>'
        + button(
            "select",
            f"{escape(miss.title)}",
            css="miss",
            turn=turn,
            number=miss.number,
        )
        + "</li>"
        for miss in answer.near_misses
    )
    related = f"<h4>Related, but not an answer</h4><ul>{near}</ul>" if near else ""
    return f'<div class="answer abstained"><p>{escape(answer.text)}</p>{related}</div>'


def _tools(exchange: Exchange, number: int, *, last: bool) -> str:
    """What stands below an answer: how sure it is, and what one can do with it."""
    answer = exchange.answer
    tools = []
    if answer:
        tools.append(button("copy", icon("copy"), label="Copy the answer", css="tool", turn=number))
    if last:
        tools.append(button("retry", icon("retry"), label="Ask again", css="tool", turn=number))
    if answer:
        for name, liked, label in (
            ("like", True, "Good answer"),
            ("dislike", False, "Bad answer"),
        ):
            pressed = int(exchange.liked is liked)
            tools.append(
                button(
                    "like", icon(name), label=label, css="tool", turn=number,
                    liked=int(liked), pressed=pressed,
                )
            )  # fmt: skip
    sure = _sure(answer) if answer else ""
    wrote = _wrote(answer, exchange.writer) if answer else ""
    bar = f'<div class="tools">{sure}<div>{"".join(tools)}</div></div>'
    return f"{wrote}{bar}{_comment(exchange, number)}"


def _sure(answer: Answer) -> str:
    """How sure the answer is: in words, with the figure for those who point at them."""
    words = "Not answered" if answer.abstained else supported(answer.confidence)
    what = (
        "that its nearest quotes answer" if answer.abstained else "that it is supported and right"
    )
    told = f"The chance {what}: {about(answer.confidence)}"
    took = None if answer.usage else answer.timings.get("total")
    time = f'<span class="took">{_seconds(took)}</span>' if took is not None else ""
    level = "none" if answer.abstained else words.split()[0].lower()
    return (
        f'<p class="sure {level}"><span class="words" tabindex="0" data-tip="{told}" '
        f'aria-label="{words}. {told}">{words}</span>{time}</p>'
    )


def _wrote(answer: Answer, writer: str) -> str:
    """Which chat model was asked, what it was used and how long it took; "" for quotes."""
    used, timings = answer.usage, answer.timings
    if used is None:
        return ""
    parts = [escape(writer or "A language model")]
    if not used.calls:
        parts.append("kept from when it was asked before")
    if used.input_tokens or used.output_tokens:
        parts.append(f"{used.input_tokens:,} tokens in, {used.output_tokens:,} out")
    if FIRST_TOKEN in timings:
        parts.append(f"first word after {_seconds(timings[FIRST_TOKEN])}")
    if "total" in timings:
        parts.append(f"{_seconds(timings['total'])} in all")
    return f'<p class="wrote">{" · ".join(parts)}</p>'


def _seconds(took: float) -> str:
    return f"{took:.1f} s" if took >= 0.1 else f"{took * 1000:.0f} ms"


def _comment(exchange: Exchange, number: int) -> str:
    """The field for a comment, once somebody has voted."""
    if exchange.liked is None:
        return ""
    if exchange.comment:
        return '<p class="thanks" role="status">Thank you: your comment is noted.</p>'
    asked = "What was good about it?" if exchange.liked else "What is wrong with it?"
    return (
        f'<form class="comment" data-do="submit" data-turn="{number}">'
        f'<label>{asked} <input name="comment" maxlength="2000" autocomplete="off" '
        'placeholder="Your vote is noted. A comment helps, but need not be."></label>'
        "<button>Send</button></form>"
    )


def _suggested(questions: Sequence[str]) -> str:
    if not questions:
        return ""
    offered = "".join(
        f"<li>{button('example_select', escape(question), text=question)}</li>"
        for question in questions
    )
    return f'<nav class="suggested" aria-label="Ask next"><h4>Ask next</h4><ul>{offered}</ul></nav>'
