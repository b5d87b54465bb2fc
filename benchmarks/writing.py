"""Answers in quotes beside written ones, with and without grounding, by the evaluation harness.

    python -m benchmarks.writing gguf:MODEL.gguf [provider:model …] [--limit N]

Asks the questions of `corpus/` and, where it is there, of `../shared/corpus`, with their FAQ pairs
held out: once in quotes; then with each model as it comes, its markers taken at their word; then
the same drafts held to their sources, dropping what they do not support, and again giving way to
quotes where nothing is left. Prints a table and, as a second one, what it cost. It stands in no
test: a model of a size that is of use takes hours on a processor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr
from rich.console import Console
from rich.table import Table

from qa import Answer, Assistant, Settings
from qa.answer import AnswerSentence
from qa.evaluation import Case, evaluate, faq_cases, load_questions
from qa.evaluation.report import Report
from qa.grounding import Quotable
from qa.llm import chat_model
from qa.sources import Source
from qa.writing import Cite, Writer, Written, writer_of

ROOT = Path(__file__).parents[1]
CORPORA = (ROOT / "corpus", ROOT.parent / "shared" / "corpus")
SHOWN = (
    "right",
    "facts",
    "rouge_l",
    "citation_recall",
    "citation_precision",
    "verbatim",
    "abstention_precision",
    "abstention_recall",
)


class Once(BaseChatModel):
    """A chat model that is asked each prompt once; then its reply comes again, at once."""

    real: BaseChatModel
    _replies: dict[str, list[AIMessageChunk]] = PrivateAttr(default_factory=dict)

    @property
    def _llm_type(self) -> str:
        return "once"

    def _generate(self, *args: Any, **values: Any) -> ChatResult:
        raise NotImplementedError("it is only streamed")

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **values: Any
    ) -> Iterator[ChatGenerationChunk]:
        prompt = messages[-1].text
        if prompt not in self._replies:
            # To the end, whoever reads it: the next reader may want more of it.
            self._replies[prompt] = list(self.real.stream(prompt))
        for chunk in self._replies[prompt]:
            yield ChatGenerationChunk(message=chunk)


class Timed(Once):
    """The same on its first reading: as it comes, so that the wait for it can be measured."""

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **values: Any
    ) -> Iterator[ChatGenerationChunk]:
        prompt = messages[-1].text
        chunks: list[AIMessageChunk] = []
        for chunk in self.real.stream(prompt):
            chunks.append(chunk)
            yield ChatGenerationChunk(message=chunk)
        self._replies[prompt] = chunks


@dataclass(frozen=True, slots=True)
class Believing(Writer):
    """Holds nothing to anything: every sentence stays, and rests on the sources that it names."""

    def write(
        self, question: str, sources: Sequence[Source], cite: Cite
    ) -> Generator[str, None, Written]:
        """The draft as it is."""
        written = Written()
        numbers: dict[tuple[int, int], int] = {}
        for draft in filter(None, self._drafts(question, sources, written.meter)):
            named = [source for source in sources if source.number in draft.markers]
            for source in named:
                for span in source.spans:
                    if (key := (source.number, span[0])) not in numbers:
                        numbers[key] = len(numbers) + 1
                        quote = Quotable(source.passage, span)
                        written.citations.append(cite(quote, numbers[key]))
            rests_on = tuple(
                numbers[source.number, span[0]] for source in named for span in source.spans
            )
            written.sentences.append(AnswerSentence(draft.text, rests_on, float(bool(rests_on))))
            yield draft.text + " "
        return written


@dataclass(slots=True)
class Way:
    """A way of answering, what it answered, and how that was judged."""

    name: str
    report: Report
    answers: list[Answer]


def ways(bot: Assistant, cases: Sequence[Case], models: Sequence[str]) -> Iterator[Way]:
    """Every way of answering the same questions, one after the other."""
    yield judged("in quotes", bot, bot, cases)
    for name in models:
        real = chat_model(name)
        writer = writer_of(real, bot.encoder, bot.settings)
        first = Timed(real=real)
        believing = Believing(
            first,
            bot.encoder,
            writer.scorer,
            writer.short,
            600.0,
            writer.tokens,
            writer.most,
            "mark",
        )
        short = name.rsplit("/", 1)[-1].removesuffix(".gguf")
        yield judged(f"{short}, as it writes", bot, bot.with_writer(believing), cases)
        again = Once(real=real)
        again._replies = first._replies
        for ungrounded in ("drop", "quote"):
            held = replace(writer, model=again, timeout=600.0, ungrounded=ungrounded)
            yield judged(f"{short}, grounded ({ungrounded})", bot, bot.with_writer(held), cases)


def judged(name: str, bot: Assistant, asked: Assistant, cases: Sequence[Case]) -> Way:
    """What the harness says of it."""
    answers: list[Answer] = []
    started = time.perf_counter()

    def ask(question: str, history: Any = ()) -> Answer:
        answer = asked.ask(question, history)
        answers.append(answer)
        print(
            f"\r{name}: {len(answers)} answers, {time.perf_counter() - started:.0f} s",
            end="",
            file=sys.stderr,
            flush=True,
        )
        return answer

    report = evaluate(ask, cases, articles=bot, encoder=bot.encoder)
    print(file=sys.stderr)
    return Way(name, report, answers)


def show(console: Console, title: str, found: Sequence[Way]) -> None:
    """Two tables: how good, at what cost."""
    table = Table("", *SHOWN, "abstained", title=title)
    costs = Table(
        "", "calls", "tokens in", "tokens out", "first token", "seconds", "characters", "dropped",
        title=f"{title}: what it costs, an answer (medians)",
    )  # fmt: skip
    for way in found:
        figures = {
            figure.name: figure.value for figure in way.report.figures if figure.value is not None
        }
        said = [answer for answer in way.answers if not answer.abstained]
        table.add_row(
            way.name,
            *(f"{figures[name]:.3f}" if name in figures else "–" for name in SHOWN),
            f"{1 - len(said) / len(way.answers):.3f}",
        )
        used = [answer for answer in way.answers if answer.usage and answer.usage.calls]
        costs.add_row(
            way.name,
            _mean([answer.usage.calls for answer in used if answer.usage]),
            _median([answer.usage.input_tokens for answer in used if answer.usage]),
            _median([answer.usage.output_tokens for answer in used if answer.usage]),
            _median([answer.timings.get("first_token", np.nan) for answer in used]),
            _median([answer.timings["total"] for answer in used or said]),
            _median([len(answer.text) for answer in said]),
            str(sum("left out" in note for answer in way.answers for note in answer.notes)),
        )
    console.print(table)
    console.print(costs)


def _median(values: Sequence[float]) -> str:
    return f"{np.nanmedian(values):.3g}" if values else "–"


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f}" if values else "–"


def main() -> None:
    """Measure the models that are named."""
    parser = argparse.ArgumentParser(description="Answers in quotes beside written ones.")
    parser.add_argument("models", nargs="+", help='"gguf:PATH" or "provider:model"')
    parser.add_argument("--limit", type=int, default=None, help="questions of each corpus")
    parser.add_argument("--corpus", type=Path, action="append", help="folders of articles")
    given = parser.parse_args()
    console = Console(width=160)
    for folder in given.corpus or [folder for folder in CORPORA if folder.exists()]:
        with tempfile.TemporaryDirectory() as index:
            bot = Assistant.open(
                Settings(corpus=folder, index_dir=Path(index), index_faq=False, answer_cache=0)
            )
            listed = folder / "questions.yaml"
            cases = [*faq_cases(bot), *(load_questions(listed) if listed.exists() else [])]
            if given.limit:
                step = max(1, len(cases) // given.limit)
                cases = cases[::step][: given.limit]
            show(
                console,
                f"{folder.name}, {len(cases)} questions",
                list(ways(bot, cases, given.models)),
            )


if __name__ == "__main__":
    main()
