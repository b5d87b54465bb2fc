"""Disliked answers become questions of the file, and nothing else in it changes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answer import Turn
from qa.evaluation.errors import QuestionFileError
from qa.evaluation.feedback import Added, Feedback, add_feedback, feedback_questions, read_feedback
from qa.evaluation.questions import load_faq_labels, load_questions, questions_in

HISTORY = [{"role": "user", "text": "Where is it?"}, {"role": "assistant", "text": "In the east."}]


def line(asked: object, **other: object) -> str:
    rated = {
        "time": "2024-01-02T03:04:05+00:00",
        "liked": False,
        "comment": "",
        "question": asked,
        "stand_alone": asked,
        "history": [],
        "answer": {"text": "No.", "citations": []},
        "settings": {"top_k": 10},
    }
    return json.dumps(rated | other)


def rated(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "feedback.jsonl"
    whole = [each if isinstance(each, bytes) else each.encode() for each in lines]
    path.write_bytes(b"\n".join(whole) + b"\n")
    return path


# ---- Reading


def test_a_verdict_is_read(tmp_path: Path) -> None:
    path = rated(tmp_path, line("Why?", liked=True, comment="Good.", history=HISTORY), "", "  ")
    turns = (Turn("user", "Where is it?"), Turn("assistant", "In the east."))
    verdict = Feedback("2024-01-02T03:04:05+00:00", True, "Why?", "Good.", "Why?", turns)
    assert read_feedback(path) == ([verdict], [])


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("{", "EOF while parsing"),
        ("[]", "Input should be an object"),
        ('{"liked": false}', "time: Field required"),
        (line("Why?", liked="no"), "liked: Input should be a valid boolean"),
        (line(3), "question: Input should be a valid string"),
        (line(" \u200b"), "its question is empty"),
        (line("Why?", history=[{"role": "system", "text": "x"}]), "history.0.role: Input should"),
        (line("Why?", history="x"), "history: Input should be a valid"),
        (b"\xff\xfe", "expected value"),
        (line("\ud800"), "Invalid JSON: unexpected end of hex escape at column"),
        (line("Why?")[:40], "EOF while parsing"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(
    tmp_path: Path, broken: str | bytes, reason: str
) -> None:
    path = rated(tmp_path, line("Who?"), "", broken, line("When?"))
    found, [unreadable] = read_feedback(path)
    assert [verdict.question for verdict in found] == ["Who?", "When?"]
    assert unreadable.line == 3 and reason in unreadable.reason and "\n" not in unreadable.reason
    added = add_feedback(path, tmp_path / "questions.yaml")
    assert added == Added(2, 0, (unreadable,))


def test_no_feedback_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match=r"feedback\.jsonl cannot be read .*: the chat"):
        add_feedback(tmp_path / "feedback.jsonl", tmp_path / "questions.yaml")


# ---- Adding


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "questions.yaml"
    feedback = rated(
        tmp_path,
        line("Why by train?", comment="Wrong:\nit was # the *wheels*"),
        line("Who came?", liked=True),
        line("And there?", stand_alone="What is in the east?", history=HISTORY),
    )
    assert add_feedback(feedback, path) == Added(2, 0, ())
    assert path.read_text(encoding="utf-8") == (
        "# Questions for `cited evaluate`; docs/questions.md explains the format.\n"
        "questions:\n"
        "  # Disliked by a user on 2024-01-02, who said: Wrong: it was # the *wheels*\n"
        "  # To do: what the answer has to say (`answer`, `facts`) and where the articles say it\n"
        "  # (`support`), or `answerable: false`.\n"
        "  - question: Why by train?\n"
        "    tags: [feedback]\n"
        "  # Disliked by a user on 2024-01-02\n"
        "  # To do: what the answer has to say (`answer`, `facts`) and where the articles say it\n"
        "  # (`support`), or `answerable: false`.\n"
        "  - question: And there?\n"
        "    history:\n"
        "    - {user: 'Where is it?'}\n"
        "    - {assistant: In the east.}\n"
        "    stand_alone: What is in the east?\n"
        "    tags: [feedback]\n"
    )
    first, second = load_questions(path)
    assert (first.source, first.answerable, first.tags) == ("feedback", None, ("feedback",))
    assert second.history == (Turn("user", "Where is it?"), Turn("assistant", "In the east."))


def test_nothing_is_added_twice(tmp_path: Path) -> None:
    path = tmp_path / "questions.yaml"
    path.write_text("questions: # mine\n- question: Who came?\n  answer: Kim.\n", encoding="utf-8")
    feedback = rated(
        tmp_path,
        line("Who came?"),
        line("Why?", comment="First."),
        line("Why?", comment="Second.", time="2024-01-02T05:04:05+00:00"),
        line("Why?", history=HISTORY),
    )
    assert add_feedback(feedback, path) == Added(2, 1, ())
    once = path.read_bytes()
    assert b"First." in once and b"Second." in once
    assert [case.question for case in load_questions(path)] == ["Who came?", "Why?", "Why?"]
    assert add_feedback(feedback, path) == Added(0, 3, ())
    assert path.read_bytes() == once


@pytest.mark.parametrize(
    ("before", "after", "indent"),
    [
        ("questions:\n  - question: Who?\n", "", 2),
        ("questions:\n- question: Who?\n", "", 0),
        ("questions:\n     -   question: Who?\n", "", 5),
        ("# a\nquestions:  # b\n  - question: Who?  # c\n", "\n  # d\n\n# e\n", 2),
        ("questions:\n  - question: Who?\n    tags: [a,\n      b\n    ]  # c\n", "\n", 2),
        ('questions:\n  - {question: "Who?"}\n', "# end\n", 2),
        ("questions:\n  - question: |\n      Who?\n\n", "# end\n", 2),
        ("questions:\n  - question: >-\n      Who\n      came?\n", "...\n", 2),
        ('questions:\n  - question: "Who\n\n      came?"\n', "", 2),
        ("questions:\n  - question: Who?\n    answerable:\n", "", 2),
        (
            "questions:\n  - question: Who?\n    facts:\n      - a\n      - [b]\n",
            "\nfaq:\n  - {article: a, question: b, in_articles: true}\n",
            2,
        ),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_is_there_stays_byte_for_byte(
    tmp_path: Path, before: str, after: str, indent: int, line_end: str, mark: str
) -> None:
    path = tmp_path / "questions.yaml"
    path.write_bytes((mark + before + after).replace("\n", line_end).encode())
    cases = load_questions(path)
    assert add_feedback(rated(tmp_path, line("Why?")), path) == Added(1, 0, ())
    new = feedback_questions([[Feedback("2024-01-02", False, "Why?")]], indent)
    assert path.read_bytes().decode() == (mark + before + new + after).replace("\n", line_end)
    assert load_questions(path)[: len(cases)] == cases


def test_a_file_without_a_last_line_end_or_without_questions(tmp_path: Path) -> None:
    path = tmp_path / "questions.yaml"
    path.write_text("questions:\n- question: Who?", encoding="utf-8")
    add_feedback(rated(tmp_path, line("Why?")), path)
    assert path.read_text(encoding="utf-8").startswith("questions:\n- question: Who?\n# Disliked")
    only_faq = "faq:\n- {article: a, question: b, in_articles: true}"
    path.write_text(only_faq, encoding="utf-8")
    add_feedback(rated(tmp_path, line("Why?")), path)
    assert path.read_text(encoding="utf-8").startswith(only_faq + "\nquestions:\n  # Disliked")
    assert len(load_questions(path)) == len(load_faq_labels(path)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("questions: [{question: Who}]\n", "line 1: a list in brackets cannot be added to"),
        ("questions: []\n", "line 1: 'questions' is an empty list"),
        ("", "is empty: begin it with a line `questions:`"),
        ("questions:\n  - answer: a\n", "line 2: 'question' is missing"),
        ("{faq: [{article: a, question: b, in_articles: true}]}\n", "line 2: not YAML"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_left_alone(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "questions.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(QuestionFileError) as caught:
        add_feedback(rated(tmp_path, line("Why?")), path)
    assert said in str(caught.value)
    assert path.read_text(encoding="utf-8") == content
    assert sorted(each.name for each in tmp_path.iterdir()) == ["feedback.jsonl", "questions.yaml"]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "questions.yaml"
    real.write_text("questions:\n- question: Who?\n", encoding="utf-8")
    real.chmod(0o640)
    os.symlink(real, link)
    add_feedback(rated(tmp_path, line("Why?")), link)
    assert link.is_symlink() and len(load_questions(real)) == 2
    assert real.stat().st_mode & 0o777 == 0o640


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ODD = st.sampled_from(
    ["a: b", "- x", "'", '"', "#", "*a", "&a", "!!x", "|", "{", "\u2028- question: x", "yes", "~"]
)


@given(question=TEXT | ODD, comment=TEXT | ODD, alone=TEXT | ODD, said=TEXT | ODD)
@settings(deadline=None, max_examples=300)
def test_whatever_is_said_ends_up_as_one_question(
    question: str, comment: str, alone: str, said: str
) -> None:
    turn = Turn("user", said)
    verdict = Feedback("2024-01-02", False, question or "?", comment, alone, (turn,))
    if not verdict.turns or not verdict.asked:
        return
    text = "questions:\n" + feedback_questions([[verdict]])
    [case] = questions_in(text.encode(), Path("questions.yaml"))
    assert case.id == verdict.id and case.question == verdict.asked
    assert case.history == verdict.turns
    assert len(yaml.safe_load(text)["questions"]) == 1


def test_a_vote_and_its_comment_are_one_verdict(tmp_path: Path) -> None:
    feedback, questions = tmp_path / "feedback.jsonl", tmp_path / "questions.yaml"
    vote = {"time": "2026-11-21T10:00:00", "liked": False, "question": "Why?", "comment": ""}
    lines = [vote, vote | {"comment": "too short"}]
    feedback.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert add_feedback(feedback, questions).added == 1
    text = questions.read_text(encoding="utf-8")
    assert text.count("Disliked by a user") == 1 and "too short" in text
