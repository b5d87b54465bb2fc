"""`cited evaluate` as it is called: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from speakers import Speaker
from typer.testing import CliRunner, Result

import qa.evaluation.setups
from qa import Assistant, Settings, SettingsError
from qa.cli import app
from qa.evaluation import Report, RunError
from qa.evaluation.runs import check_faq
from qa.evaluation.setups import index_folder, pairs, settings_with

BEES = """The Bees of Mill Hill

The bees of Mill Hill made forty jars of honey this year. Their keeper gave half of them to the \
school. The hives stand behind the old mill, which has no roof.

Frequently Asked Questions

Q: How many jars of honey did the bees make?
A: They made forty jars of honey this year.

Q: Who got half of the honey?
A: The school got half of it from the keeper.
"""
QUESTIONS = """questions:
  - question: Where do the hives stand?
    answer: Behind the old mill.
    facts: [behind the old mill]
    support: [{article: bees.txt, quote: "The hives stand behind the old mill, which has no roof."}]
  - question: Which king reigned over Bohemia in 1310?
    answerable: false
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "bees.txt").write_text(BEES, encoding="utf-8")
    (folder / "questions.yaml").write_text(QUESTIONS, encoding="utf-8")
    return folder


def cited(corpus: Path, *options: str) -> Result:
    index = corpus.parent / "index"
    given = ["evaluate", "--corpus", str(corpus), "--index-dir", str(index), *options]
    return CliRunner().invoke(app, given)


def test_a_run_is_shown_and_written(corpus: Path) -> None:
    done = cited(corpus)
    assert done.exit_code == 0, done.output
    for text in ("recall@5", "citation recall", "abstention", "right", "report.html"):
        assert text in done.stdout
    assert max(map(len, done.stdout.splitlines()[:-1])) <= 100
    folder = corpus.parent / "index" / "evaluation" / "last"
    report = Report.load(folder)
    assert [outcome.source for outcome in report.outcomes] == ["faq", "faq", "file", "file"]
    assert [outcome.right for outcome in report.outcomes] == [True] * 4
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "How many jars of honey did the bees make?" in page
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))["about"]
    assert about["faq"] == "held-out" and about["settings"]["index_faq"] is False
    assert about["versions"]["chromadb"] and len(about["fingerprint"]) == 16


def test_floors_hold_or_fail_with_their_line(corpus: Path) -> None:
    held = cited(corpus, "--fail-under", "recall@5=0.9,facts=1", "--fail-under", "brier=0.9")
    assert held.exit_code == 0, held.output
    fell = cited(corpus, "--fail-under", "recall@5=0.9,brier=0.0001")
    assert fell.exit_code == 4
    (line,) = [line for line in fell.stderr.splitlines() if "demanded" in line]
    assert line.startswith("cited: brier is 0.") and line.endswith("above the demanded 0.0001")


def test_runs_are_compared(corpus: Path) -> None:
    out = corpus.parent / "out"
    assert cited(corpus, "--out", str(out / "a")).exit_code == 0
    changed = cited(
        corpus,
        "--settings",
        "min_confidence=1",
        "--out",
        str(out / "b"),
        "--compare",
        str(out / "a"),
    )
    assert changed.exit_code == 0, changed.output
    assert "wrongly abstained" in changed.stdout
    assert "Where do the hives stand?" in changed.stdout
    assert "compar" in (out / "b" / "report.html").read_text(encoding="utf-8").lower()


def test_a_sweep_puts_settings_side_by_side(corpus: Path) -> None:
    done = cited(
        corpus, "--sweep", "min_confidence=0,1", "--sweep", "passage_tokens=40,200", "--faq", "none"
    )
    assert done.exit_code == 0, done.output
    runs = list((corpus.parent / "index" / "evaluation").glob("run-*/*/run.json"))
    assert len(runs) == 4
    settings = [json.loads(run.read_text(encoding="utf-8"))["about"]["settings"] for run in runs]
    assert {(each["min_confidence"], each["passage_tokens"]) for each in settings} == {
        (0.0, 40),
        (0.0, 200),
        (1.0, 40),
        (1.0, 200),
    }
    assert all(word in done.stdout for word in ("confidence", "tokens", "200", "quicker"))


class Judging(Speaker):
    """Writes to whoever asks it a question, and judges where it is asked to judge."""

    judged: list[str] = []  # noqa: RUF012 (a field of a pydantic model)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.judged.append(messages[0].text)
        message = AIMessage("correct: yes\nfaithful: yes\nwhy: so")
        return ChatResult(generations=[ChatGeneration(message=message)])


@pytest.mark.parametrize(("options", "judged"), [([], 4), (["--no-judge"], 0)])
def test_a_chat_model_writes_and_judges_unless_it_is_not_to(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], judged: int
) -> None:
    model = Judging(reply=("Forty", " jars", " of", " honey", " [1]."))
    made: list[str] = []

    def make(name: str, **_more: object) -> Judging:
        made.append(name)
        return model

    monkeypatch.setattr(qa.evaluation.setups, "chat_model", make)
    done = cited(corpus, "--settings", "llm=some:model", *options)
    assert done.exit_code == 0, done.output
    assert made == ["some:model"]  # the judge is the one that writes, and made once
    assert len(model.judged) == judged
    for name in ("Chat model", "input tokens", "output tokens", "calls", "first token"):
        assert name in done.stdout
    folder = corpus.parent / "index" / "evaluation" / "last"
    report = Report.load(folder)
    assert report["calls"] is not None
    assert sum(bool(outcome.judge) for outcome in report.outcomes) == judged
    assert "input tokens" in (folder / "report.html").read_text(encoding="utf-8")


def test_the_check_of_the_chat_page_leaves_its_report(corpus: Path) -> None:
    index = corpus.parent / "index"
    bot = Assistant.open(Settings(corpus=corpus, index_dir=index))
    steps: list[str] = []
    report = check_faq(bot, lambda step, _done, _of: steps.append(step))
    assert Report.load(index / "evaluation" / "last") == report
    assert [outcome.source for outcome in report.outcomes] == ["faq", "faq", "file", "file"]
    assert {"asking", "judging"} <= set(steps)


def test_disliked_answers_become_questions(corpus: Path) -> None:
    index = corpus.parent / "index"
    index.mkdir()
    line = {"time": "2026-11-21T10:00:00", "liked": False, "comment": "", "question": "Why bees?"}
    (index / "feedback.jsonl").write_text(json.dumps(line) + "\n{\n", encoding="utf-8")
    done = cited(corpus, "--add-feedback")
    assert done.exit_code == 0, done.output
    assert "1 questions added" in done.stdout
    assert "line 2 cannot be read" in done.stderr
    assert "Why bees?" in (corpus / "questions.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--settings", "top_k"], "'top_k' sets nothing"),
        (["--settings", "colour=red"], "'colour' cannot be set"),
        (["--settings", "index_dir=x"], "'index_dir' cannot be set"),
        (["--settings", "top_k=many"], "setting top_k"),
        (["--sweep", "top_k=5,many"], "setting top_k"),
        (["--sweep", "top_k"], "a sweep over 'top_k'"),
        (["--fail-under", "facts=high"], "the floor of facts is 'high'"),
        (["--fail-under", "beauty=1"], "no figure 'beauty'"),
        (["--compare", "nowhere"], "nowhere cannot be read"),
        (["--questions", "missing.yaml"], "missing.yaml"),
        (["--add-feedback"], "feedback.jsonl cannot be read"),
    ],
)
def test_a_users_error_is_one_line(corpus: Path, options: list[str], said: str) -> None:
    done = cited(corpus, *options)
    assert done.exit_code == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("cited: ")]
    assert said in lines[-1] and "Traceback" not in done.output


def test_nothing_to_ask_is_told(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("A plain text about a plain thing.", "utf-8")
    done = cited(tmp_path / "corpus")
    assert done.exit_code == 2 and "nothing to ask" in done.stderr


def test_settings_from_text() -> None:
    settings = settings_with(Settings(), {"top_k": "7", "reranker": "none", "fusion": "ranks"})
    assert (settings.top_k, settings.reranker, settings.fusion) == (7, None, "ranks")
    assert pairs(["a=1", "b = x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(RunError):
        pairs(["a"])
    with pytest.raises(SettingsError):
        settings_with(Settings(), {"top_k": "0"})


@pytest.mark.parametrize("change", [{"passage_tokens": 100}, {"embedding_model": "x"}])
def test_an_index_for_each_way_of_making_it(tmp_path: Path, change: dict[str, object]) -> None:
    plain = Settings(corpus=tmp_path, index_dir=tmp_path / "index")
    other = Settings(**{**plain.model_dump(), **change})
    same = Settings(**{**plain.model_dump(), "top_k": 3})
    assert index_folder(plain, other) != index_folder(plain, plain)
    assert index_folder(plain, same) == index_folder(plain, plain)
    assert index_folder(plain, plain).is_relative_to(tmp_path / "index")
