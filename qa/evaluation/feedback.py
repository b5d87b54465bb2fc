"""What users said of answers in the chat -> new questions at the end of a file of questions.

What the file holds already stays as it is, byte for byte; what is expected is for a person to say.
"""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from index.readers import clean
from qa.answer import Turn
from qa.evaluation.errors import QuestionFileError
from qa.evaluation.marked import decode, parse, read_bytes
from qa.evaluation.questions import FEEDBACK_TAG, case_id, questions_in

if TYPE_CHECKING:
    from qa.evaluation.case import Case

_WIDTH = 96
_HEADER = "# Questions for `cited evaluate`; docs/questions.md explains the format.\nquestions:\n"
_TO_DO = (
    "To do: what the answer has to say (`answer`, `facts`) and where the articles say it "
    "(`support`), or `answerable: false`."
)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A user's verdict on one answer, a line of `feedback.jsonl`; other keys are passed over.

    `time` is in ISO format. `history` holds the turns before the question.
    """

    __pydantic_config__ = ConfigDict(strict=True)

    time: str
    liked: bool
    question: str
    comment: str = ""
    stand_alone: str = ""
    history: tuple[Turn, ...] = ()

    @property
    def id(self) -> str:
        """Of the question that it becomes."""
        return case_id(self.asked, self.turns)

    @property
    def asked(self) -> str:
        """The question as a file of questions holds it."""
        return clean(self.question)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The history as a file of questions holds it."""
        cleaned = (Turn(turn.role, clean(turn.text)) for turn in self.history)
        return tuple(turn for turn in cleaned if turn.text)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line, from 1, that could not be read, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the feedback: how many questions were added, how many were there already.

    `unreadable` names the lines that could not be read.
    """

    added: int
    known: int
    unreadable: tuple[Unreadable, ...]


def read_feedback(path: Path) -> tuple[list[Feedback], list[Unreadable]]:
    """The verdicts in a file, oldest first, and the lines of it that could not be read.

    Raises `QuestionFileError` where there is no file that can be read.
    """
    found: list[Feedback] = []
    unreadable: list[Unreadable] = []
    verdicts = TypeAdapter(Feedback)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    found.append(_verdict(line, verdicts))
                except ValueError as error:
                    unreadable.append(Unreadable(number, _reason(error)))
    except OSError as error:
        raise QuestionFileError(
            f"{path} cannot be read ({error.strerror}): the chat writes it when an answer is rated"
        ) from error
    return found, unreadable


def add_feedback(feedback: Path, questions: Path) -> Added:
    """Add the questions of disliked answers to a file of questions; it is made if there is none.

    A question that is there already, in the same conversation, is not added again. The new ones
    follow the last one, tagged "feedback", with the user's words as a comment and nothing
    expected. The file is replaced in one step, and only by one that `load_questions` reads.

    Raises `QuestionFileError` where either file cannot be read.
    """
    found, unreadable = read_feedback(feedback)
    disliked: dict[str, list[Feedback]] = {}
    # A comment comes after the vote, as the same verdict again with words in it.
    for verdict in {(verdict.time, verdict.id): verdict for verdict in found}.values():
        if not verdict.liked:
            disliked.setdefault(verdict.id, []).append(verdict)
    before = read_bytes(questions) if questions.exists() else None
    cases = [] if before is None else questions_in(before, questions)
    known = disliked.keys() & {case.id for case in cases}
    new = [verdicts for key, verdicts in disliked.items() if key not in known]
    if new:
        after = _extended(before, new, questions)
        _check(questions_in(after, questions), cases, new, questions)
        _replace(questions, after)
    return Added(len(new), len(known), tuple(unreadable))


def feedback_questions(disliked: Sequence[Sequence[Feedback]], indent: int = 2) -> str:
    """The YAML of new questions, each from the verdicts on it (one or more), as lines of a list."""
    lines: list[str] = []
    for verdicts in disliked:
        remarks = [*map(_remark, verdicts), _TO_DO]
        lines += [line for remark in remarks for line in _comment(remark, indent)]
        entry = yaml.safe_dump(
            [_entry(verdicts[0])],
            allow_unicode=True,
            default_flow_style=None,
            sort_keys=False,
            width=_WIDTH,
        )
        lines += textwrap.indent(entry, " " * indent).splitlines()
    return "\n".join(lines) + "\n"


# ---- Reading


def _verdict(line: bytes, verdicts: TypeAdapter[Feedback]) -> Feedback:
    verdict = verdicts.validate_json(line.strip())
    if not verdict.asked:
        raise ValueError("its question is empty")
    return verdict


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    message = first["msg"].replace(" at line 1 column", " at column")  # of a file of one line
    return f"{place}: {message}" if place else message


# ---- Writing


def _entry(verdict: Feedback) -> dict[str, object]:
    entry: dict[str, object] = {"question": verdict.asked}
    if verdict.turns:
        entry["history"] = [{turn.role: turn.text} for turn in verdict.turns]
        if alone := clean(verdict.stand_alone):
            entry["stand_alone"] = alone
    return entry | {"tags": [FEEDBACK_TAG]}


def _remark(verdict: Feedback) -> str:
    comment = f", who said: {verdict.comment}" if verdict.comment.strip() else ""
    return f"Disliked by a user on {verdict.time[:10]}{comment}"


def _comment(text: str, indent: int) -> list[str]:
    """The text as comment lines: whatever ends a line in it must not end the comment."""
    prefix = " " * indent + "# "
    return textwrap.wrap(
        " ".join(clean(text).split()), _WIDTH, initial_indent=prefix, subsequent_indent=prefix
    )


def _extended(before: bytes | None, new: Sequence[Sequence[Feedback]], path: Path) -> bytes:
    """The file with the new questions after its last one."""
    if before is None:
        return (_HEADER + feedback_questions(new)).encode()
    text = decode(before, path)
    marked = parse(text, path)
    has_list = isinstance(marked.data, dict) and "questions" in marked.data
    end = marked.end_of("questions")
    if has_list and end is None:
        raise QuestionFileError(
            f"{path}, line {marked.line(['questions'])}: a list in brackets cannot be added to: "
            "begin each question with `- `"
        )
    lines = text.splitlines(keepends=True)
    at, indent = end or (len(lines), 2)
    head, tail = "".join(lines[:at]), "".join(lines[at:])
    added = ("" if has_list else "questions:\n") + feedback_questions(new, indent)
    if not head.endswith(("\n", "\r")):
        added = "\n" + added
    line_end = "\r\n" if "\r\n" in text else "\n"
    mark = before[: len(before) - len(text.encode())]
    return mark + (head + added.replace("\n", line_end) + tail).encode()


def _check(
    after: Sequence[Case],
    before: Sequence[Case],
    new: Sequence[Sequence[Feedback]],
    path: Path,
) -> None:
    """That the extended file holds what it held and what was added, and nothing else."""
    wanted = [verdicts[0].id for verdicts in new]
    if [*before] != [*after][: len(before)] or [case.id for case in after][len(before) :] != wanted:
        raise QuestionFileError(
            f"{path} cannot be added to without changing what it says: end it with a plain question"
        )


def _replace(path: Path, data: bytes) -> None:
    """Write the file in one step, through a link to where it really is."""
    path = path.resolve()
    waiting = path.with_name(f".{path.name}.next")  # hidden: no article
    try:
        with waiting.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if path.exists():
            shutil.copymode(path, waiting)
        os.replace(waiting, path)
    except OSError as error:
        raise QuestionFileError(f"{path} cannot be written ({error.strerror})") from error
