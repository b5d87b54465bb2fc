"""The command line end to end: a real process, the shipped corpus, the real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from index.article import Article, parse_article
from index.readers import find_files, read_text

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
OFF_TOPIC = "At how many degrees does tungsten melt?"
CITED = [sys.executable, "-m", "qa.cli"]

Cited = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment here, without settings and colours, and with an index of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
    index_dir = tmp_path_factory.mktemp("cli") / "index"
    return kept | {"QA_INDEX_DIR": str(index_dir), "COLUMNS": "80"}


@pytest.fixture(scope="module")
def cited(environment: dict[str, str]) -> Cited:
    def run(*arguments: str | bytes, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CITED, *arguments],
            cwd=ROOT,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
        )

    return run


@pytest.fixture(scope="module")
def first_index(cited: Cited) -> subprocess.CompletedProcess[str]:
    return cited("index")


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    files, _ = find_files(CORPUS)
    names = {file.relative_to(CORPUS).as_posix(): file for file in files}
    return {name: parse_article(name, read_text(file)) for name, file in names.items()}


@pytest.fixture(scope="module")
def faq_question(articles: dict[str, Article]) -> str:
    return next(article.faq[0].question for article in articles.values() if article.faq)


def test_index_reports_what_it_did_and_a_second_time_does_nothing(
    cited: Cited, first_index: subprocess.CompletedProcess[str], articles: dict[str, Article]
) -> None:
    assert first_index.returncode == 0
    assert first_index.stdout.startswith(f"Articles: {len(articles)} added.\nPassages: ")
    steps = first_index.stderr.splitlines()
    assert steps
    assert all(line.endswith(" …") for line in steps)
    again = cited("index")
    assert again.stdout.startswith(f"Articles: {len(articles)} unchanged.\n")
    assert ", 0 of them embedded anew." in again.stdout


def test_ask_prints_the_answer_and_numbered_quotes_within_80_columns(
    cited: Cited, first_index: object, faq_question: str
) -> None:
    done = cited("ask", faq_question)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert any(line.startswith("[1] “") for line in lines)
    assert any(line.startswith("confidence ") for line in lines)
    assert all(len(line) <= 80 for line in lines)
    assert "\x1b" not in done.stdout


def test_json_is_the_whole_answer_and_its_quotes_are_verbatim(
    cited: Cited, first_index: object, faq_question: str, articles: dict[str, Article]
) -> None:
    done = cited("ask", faq_question, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["citations"]
    assert not answer["abstained"]
    for cite in answer["citations"]:
        text = articles[cite["article_id"]].text
        assert text[cite["start"] : cite["end"]] == cite["quote"]


def test_only_the_named_articles_are_quoted(
    cited: Cited, first_index: object, articles: dict[str, Article]
) -> None:
    wanted = sorted(articles)[-1]
    question = articles[wanted].title
    done = cited("ask", question, "--json", "--min-confidence", "0", "--article", wanted)
    assert {cite["article_id"] for cite in json.loads(done.stdout)["citations"]} == {wanted}


def test_what_the_articles_do_not_say_exits_3(cited: Cited, first_index: object) -> None:
    done = cited("ask", OFF_TOPIC)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("The articles don't say")
    assert "[1]" not in done.stdout


def test_search_gives_passages_best_first(
    cited: Cited, first_index: object, faq_question: str
) -> None:
    found = json.loads(cited("search", faq_question, "-k", "3", "--json").stdout)
    scores = [scored["score"] for scored in found]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ask", ""], "cited: "),
        (["ask", "Why?", "--corpus", "no/such/folder"], "no/such/folder"),
        (["index", "--corpus", "README.md"], "README.md"),
        (["ask", "Why?", "--index-dir", "README.md"], "README.md"),
        (["ask", "Why?", "--min-confidence", "2"], "QA_MIN_CONFIDENCE"),
    ],
)
def test_a_user_error_is_one_line_and_exits_2(
    cited: Cited, first_index: object, arguments: list[str], told: str
) -> None:
    done = cited(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.startswith("cited: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["ask"], ["ask", "Why?", "--since", "yesterday"], ["nothing"], ["ask", "--no"]]
)
def test_wrong_usage_exits_2_and_says_where_help_is(cited: Cited, arguments: list[str]) -> None:
    done = cited(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--help" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_question_that_is_no_text_leaves_no_traceback(cited: Cited, first_index: object) -> None:
    done = cited("ask", b"what \xff is this")
    assert done.returncode in (0, 2, 3)
    assert "Traceback" not in done.stderr


def test_chat_outlives_odd_questions(cited: Cited, first_index: object) -> None:
    refused = ["?!…", "x" * 100_000]
    odd = ['"train" OR (NEAR *', "為什麼坐火車?", "\x07\x1b[2J train", "\u202eniart", "don't -- ;"]
    done = cited("chat", typed="\n".join([*refused, *odd]))
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == len(refused)
    assert all(line.startswith("cited: ") for line in done.stderr.splitlines())
    assert done.stdout.count("\nconfidence ") == len(odd)
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)


def test_chat_keeps_the_conversation_and_its_commands_work(
    cited: Cited, first_index: object, faq_question: str
) -> None:
    done = cited("chat", typed=f"{faq_question}\n\n/help\n/new\n{OFF_TOPIC}\n/quit\nnever\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\nconfidence ") == 2
    assert "A new conversation." in done.stdout


def test_ctrl_c_leaves_quietly_with_130(first_index: object, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*CITED, "chat"],
        cwd=ROOT,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert "/quit" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == ""


def test_while_another_process_writes_the_index_answers_as_it_is(
    cited: Cited, first_index: object, environment: dict[str, str], faq_question: str
) -> None:
    with FileLock(Path(environment["QA_INDEX_DIR"]) / "lock"):
        answered, refused = cited("ask", faq_question), cited("index")
    assert (answered.returncode, refused.returncode) == (0, 2)
    for done in (answered, refused):
        assert done.stderr.splitlines()[-1].startswith("cited: ")
        assert len([line for line in done.stderr.splitlines() if "…" not in line]) == 1


def test_version_and_help(cited: Cited) -> None:
    assert cited("--version").stdout.startswith("cited 0.")
    shown = cited("--help").stdout
    assert all(f"  {command} " in shown for command in ("index", "ask", "search", "chat", "serve"))


@pytest.mark.usefixtures("first_index")
def test_json_is_valid_where_the_terminal_knows_only_ascii(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*CITED, "ask", "Which ballet did Kim watch in Vladivostok?", "--json"],
        cwd=ROOT,
        env=environment | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=300,
        check=True,
    )
    assert json.loads(done.stdout.decode("ascii"))["citations"]


@pytest.mark.usefixtures("first_index")
def test_an_unknown_article_is_one_line(cited: Cited) -> None:
    done = cited("ask", "Why?", "--article", "typo.txt")
    assert done.returncode == 2
    assert "no article 'typo.txt'" in done.stderr and done.stderr.count("\n") == 1
