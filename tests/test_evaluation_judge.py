"""The judge: a chat model's verdict is read, shown, and never counted."""

from __future__ import annotations

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from qa.answer import Answer, Citation
from qa.evaluation import Case, Judge

CASE = Case(id="1", question="How long?", source="file", reference="Forty seconds.")
ANSWER = Answer(
    "It lasted 40 seconds. [1]",
    "How long?",
    abstained=False,
    confidence=0.9,
    citations=(Citation(1, "a.txt", "A", "It lasted 40 seconds.", 0, 21),),
)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (
            "correct: yes\nfaithful: partly\nwhy: It says so.",
            {"correct": "yes", "faithful": "partly", "why": "It says so."},
        ),
        (
            "**Correct:** No, not at all.\n- Faithful: YES",
            {"correct": "no", "faithful": "yes", "why": ""},
        ),
        (
            "I think it is fine.",
            {"error": "the chat model's verdict is none: 'I think it is fine.'"},
        ),
        ("correct: perhaps\nfaithful: yes", None),
        ("", {"error": "the chat model's verdict is none: ''"}),
    ],
)
def test_a_verdict_is_read(reply: str, verdict: dict[str, str] | None) -> None:
    found = Judge(FakeListChatModel(responses=[reply])).verdict(CASE, ANSWER)
    assert found == verdict or (verdict is None and set(found) == {"error"})


def test_a_model_that_fails_is_an_error_and_no_end() -> None:
    failing = FakeListChatModel(responses=["correct: yes"], error_on_chunk_number=0)
    broken = failing.model_copy(update={"responses": []})
    assert set(Judge(broken).verdict(CASE, ANSWER)) == {"error"}


class Recording(FakeListChatModel):
    """Keeps what it was asked."""

    asked: list[str] = []  # noqa: RUF012 (a field of a pydantic model)

    def _call(self, messages: list[object], *args: object, **kwargs: object) -> str:  # type: ignore[override]
        self.asked.append(str(getattr(messages[0], "content", "")))
        return "correct: yes\nfaithful: yes\nwhy: so"


def test_it_sees_question_reference_answer_and_quotes() -> None:
    model = Recording(responses=["-"])
    Judge(model).verdict(CASE, ANSWER)
    for text in ("How long?", "Forty seconds.", "It lasted 40 seconds. [1]", "[1] It lasted"):
        assert text in model.asked[0]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (Case(id="1", question="?", source="file", answerable=False), "The articles don't say."),
        (Case(id="1", question="?", source="file", facts=(("nine", "9"), ("ten",))), "nine; ten"),
    ],
)
def test_what_is_expected_is_told(case: Case, expected: str) -> None:
    model = Recording(responses=["-"])
    Judge(model).verdict(case, ANSWER)
    assert expected in model.asked[-1]


def test_a_case_without_a_reference_is_not_judged() -> None:
    model = Recording(responses=["-"])
    count = len(model.asked)
    assert Judge(model).verdict(Case(id="1", question="?", source="file"), ANSWER) == {}
    assert len(model.asked) == count
