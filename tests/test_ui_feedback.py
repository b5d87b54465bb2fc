"""Votes in their file: whole lines that the harness reads, whoever writes at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from qa.answer import Answer, Turn
from qa.evaluation.feedback import read_feedback
from ui.feedback import FILE, LONGEST_COMMENT, Feedback

ANSWER = Answer("So it is. [1]", "Who met whom?", False, 0.8)


def test_a_vote_is_a_line_of_all_that_was_said(tmp_path: Path) -> None:
    history = [Turn("user", "Hello?"), Turn("assistant", "Hello.")]
    feedback = Feedback(tmp_path / "index", {"top_k": 10})
    feedback.add("2026-01-02T03:04:05+00:00", "Who?", history, ANSWER, liked=True, comment="ü\n!")
    (line,) = (tmp_path / "index" / FILE).read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "time": "2026-01-02T03:04:05+00:00",
        "liked": True,
        "comment": "ü\n!",
        "question": "Who?",
        "stand_alone": "Who met whom?",
        "history": [
            {"role": "user", "text": "Hello?"},
            {"role": "assistant", "text": "Hello."},
        ],
        "answer": ANSWER.to_dict() | {key: [] for key in EMPTY},
        "settings": {"top_k": 10},
        "writer": "",
    }


EMPTY = ("sentences", "citations", "near_misses", "passages", "notes")


def test_the_harness_reads_what_is_written(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path, {})
    feedback.add("2026-01-02", "Who?", [Turn("user", "Hello?")], ANSWER, liked=False, comment="No")
    (read,), unreadable = read_feedback(tmp_path / FILE)
    assert unreadable == []
    assert (read.liked, read.comment, read.stand_alone) == (False, "No", "Who met whom?")
    assert read.history == (Turn("user", "Hello?"),)


def test_votes_at_once_are_whole_lines(tmp_path: Path) -> None:
    files = [Feedback(tmp_path, {}) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for number in range(200):
            pool.submit(files[number % 4].add, str(number), "x" * 9_000, [], ANSWER, liked=True)
    lines = (tmp_path / FILE).read_text(encoding="utf-8").splitlines()
    assert sorted(int(json.loads(line)["time"]) for line in lines) == list(range(200))


def test_a_long_comment_is_cut(tmp_path: Path) -> None:
    Feedback(tmp_path, {}).add("t", "Who?", [], ANSWER, liked=True, comment="x" * 99_999)
    line = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert len(line["comment"]) == LONGEST_COMMENT
