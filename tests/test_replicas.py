"""Three `cited serve` that follow one real Chroma server: the same answers, and they heal."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from chromas import Chroma
from conftest import BAKERY, LIGHTHOUSE, RAILWAY
from servers import fetch, until

from index.embedding import Encoder
from qa import Assistant, Settings
from qa.opening import open_publisher

ROOT = Path(__file__).parent.parent
CITED = [sys.executable, "-m", "qa.cli"]
pytestmark = pytest.mark.slow
QUESTIONS = (
    "Why was the tunnel closed?",
    "How long is the harbour line?",
    "Who built the oven of the bakery?",
    "What colour is the lighthouse?",
    "Who won the election in the capital?",
)


@dataclass
class Served:
    """One `cited serve` in a process of its own."""

    folder: Path
    environment: Mapping[str, str]
    url: str = ""
    process: subprocess.Popen[str] | None = field(default=None)

    def start(self) -> None:
        """Begin; `wait` until it answers."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [*CITED, "serve", "--port", str(port), "--index-dir", str(self.folder)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder.parent / f"{self.folder.name}.log").open("a"),
            text=True,
        )

    def wait(self) -> None:
        def up() -> bool:
            assert self.process and self.process.poll() is None
            try:
                return fetch(f"{self.url}/api/health").status == 200
            except OSError:
                return False

        until(up)

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self.process
        self.process.kill()
        self.process.wait()

    @property
    def health(self) -> Any:
        return fetch(f"{self.url}/api/health").json

    def stands(self, **wanted: object) -> bool:
        """Whether its health is so."""
        health = self.health
        found = health["following"] | {"status": health["status"]}
        return all(found[name] == value for name, value in wanted.items())

    def ask(self, question: str) -> Any:
        return fetch(f"{self.url}/api/ask", {"question": question})

    def told(self) -> str:
        """What it wrote on standard error."""
        return (self.folder.parent / f"{self.folder.name}.log").read_text()


@dataclass
class Town:
    """A server, its publisher's folder, and three replicas."""

    chroma: Chroma
    corpus: Path
    replicas: list[Served]
    cited: Callable[..., subprocess.CompletedProcess[str]]
    environment: dict[str, str]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Town]:
    home = tmp_path_factory.mktemp("town")
    corpus = home / "corpus"
    corpus.mkdir()
    for name, text in (("railway", RAILWAY), ("lighthouse", LIGHTHOUSE), ("bakery", BAKERY)):
        (corpus / f"{name}.txt").write_text(text)
    chroma = Chroma(home / "chroma")
    chroma.start()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
    ours = {"QA_CHROMA_URL": chroma.url, "QA_FOLLOW_SECONDS": "0.2"}
    # A replica has no folder of articles.
    environment = kept | ours | {"QA_CORPUS": str(home / "none"), "OMP_NUM_THREADS": "1"}

    def cited(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CITED, *arguments],
            cwd=ROOT,
            env=environment | {"COLUMNS": "80"},
            capture_output=True,
            text=True,
            timeout=60,
        )

    settings = Settings(corpus=corpus, index_dir=home / "publisher", chroma_url=chroma.url)
    open_publisher(settings, encoder).sync(corpus)
    replicas = [Served(home / f"replica-{n}", environment) for n in range(3)]
    try:
        for replica in replicas:
            replica.start()
        for replica in replicas:
            replica.wait()
        yield Town(chroma, corpus, replicas, cited, environment)
    finally:
        for replica in replicas:
            replica.kill()
        chroma.stop()


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "timings"}


def rounded(value: Any) -> Any:
    """Scores to two digits: half-precision vectors differ with the threads that made them."""
    if isinstance(value, float):
        return pytest.approx(value, abs=1e-2)
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return value


def local(town: Town, folder: Path, encoder: Encoder) -> list[dict[str, Any]]:
    """The answers of an index of this machine alone."""
    bot = Assistant.open(Settings(corpus=town.corpus, index_dir=folder), encoder=encoder)
    return [json.loads(json.dumps(bot.ask(question).to_dict())) for question in QUESTIONS]


def all_answer(town: Town, wanted: list[dict[str, Any]]) -> None:
    for replica in town.replicas:
        answers = [replica.ask(question).json for question in QUESTIONS]
        assert [without_times(answer) for answer in answers] == [
            rounded(without_times(answer)) for answer in wanted
        ]


def test_replicas_answer_as_the_local_index_does(
    town: Town, tmp_path: Path, encoder: Encoder
) -> None:
    wanted = local(town, tmp_path / "index", encoder)
    assert any(answer["abstained"] for answer in wanted)
    assert not all(answer["abstained"] for answer in wanted)
    all_answer(town, wanted)
    for replica in town.replicas:
        health = replica.health
        assert (health["status"], health["articles"]) == ("ok", 3)
        following = {"version": 1, "published": 1, "reason": None, "since": None}
        assert health["following"] == following


def test_one_is_killed_and_the_server_too_and_all_heal(
    town: Town, tmp_path: Path, encoder: Encoder
) -> None:
    first, *others = town.replicas
    first.kill()
    assert all(other.ask(QUESTIONS[0]).status == 200 for other in others)
    (town.corpus / "zoo.txt").write_text("The zoo\n\nThe zebra of the zoo eats hay at night.\n")
    folder = str(tmp_path / "elsewhere")  # any machine may publish: it has no cache, that is all
    assert town.cited("index", "--corpus", str(town.corpus), "--index-dir", folder).returncode == 0
    until(lambda: all(other.stands(version=2) for other in others))

    town.chroma.stop()
    refused = others[0].ask(QUESTIONS[0])
    assert refused.status == 503
    assert "does not answer" in refused.json["detail"] and "\n" not in refused.json["detail"]
    first.start()  # with what it has on its disk
    first.wait()
    for replica, version in zip(town.replicas, (1, 2, 2), strict=True):
        until(partial(replica.stands, status="degraded"))
        following = replica.health["following"]
        assert following["version"] == version
        assert "does not answer" in following["reason"]
        assert following["since"].startswith("2")
        assert fetch(f"{replica.url}/api/articles/bakery.txt").status == 200
    assert "does not answer" in first.told() and "Traceback" not in first.told()

    town.chroma.start()
    for replica in town.replicas:
        until(partial(replica.stands, version=2))
        until(partial(replica.stands, status="ok"))
        assert "hay" in replica.ask("What does the zebra eat?").json["text"]
    all_answer(town, local(town, tmp_path / "index", encoder))


def test_one_that_has_nothing_and_finds_no_server_ends_in_one_line(
    town: Town, tmp_path: Path
) -> None:
    nowhere = {"QA_CHROMA_URL": "http://127.0.0.1:9"}
    done = subprocess.run(
        [*CITED, "ask", "Why?", "--index-dir", str(tmp_path / "new")],
        cwd=ROOT,
        env=town.environment | nowhere,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    lines = [line for line in done.stderr.splitlines() if not line.endswith("…")]
    assert len(lines) == 1 and "http://127.0.0.1:9 does not answer" in lines[0]


def test_asking_needs_no_folder_of_articles(town: Town, tmp_path: Path, encoder: Encoder) -> None:
    settings = Settings(
        corpus=tmp_path / "none", index_dir=tmp_path / "new", chroma_url=town.chroma.url
    )
    bot = Assistant.open(settings, encoder=encoder)
    assert "nine days" in bot.ask("How long did engineers pump water?").text
    assert bot.condition() is not None


@pytest.mark.parametrize("option", ["--check", "--stats"])
def test_what_looks_at_a_disk_says_that_there_is_none(town: Town, option: str) -> None:
    done = town.cited("index", option)
    assert (done.returncode, done.stdout) == (2, "")
    assert "QA_CHROMA_URL" in done.stderr and done.stderr.count("\n") == 1


def test_uploads_are_refused_in_one_line(town: Town, tmp_path: Path) -> None:
    done = town.cited("serve", "--uploads", "--index-dir", str(tmp_path / "new"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "QA_UPLOADS" in done.stderr and done.stderr.count("\n") == 1
