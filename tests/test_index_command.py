"""`cited index` and its options: real processes, a small corpus, the real model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import BAKERY, LIGHTHOUSE

from index.embedding import Encoder
from index.store import Index

ROOT = Path(__file__).parent.parent
CITED = [sys.executable, "-m", "qa.cli", "index"]

Cited = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """A folder with twelve articles and their index; take copies."""
    home = tmp_path_factory.mktemp("synced")
    (home / "corpus").mkdir()
    for n in range(11):
        text = BAKERY.replace("Mill Street", f"Street {n}")
        (home / "corpus" / f"bakery-{n}.txt").write_text(text)
    (home / "corpus" / "lighthouse.txt").write_text(LIGHTHOUSE)
    Index.open(home / "index", encoder).sync(home / "corpus")
    return home


@pytest.fixture
def home(synced: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(synced, tmp_path / "home"))


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
    ours = {"QA_INDEX_DIR": str(home / "index"), "QA_CORPUS": str(home / "corpus")}
    return kept | ours | {"COLUMNS": "80", "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def cited(environment: dict[str, str]) -> Cited:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CITED, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def garble(home: Path) -> None:
    """Overwrite some bytes in the middle of the articles as they are indexed."""
    with next(home.glob("index/generation-*/passages.sqlite3")).open("r+b") as handle:
        handle.seek(20_000)
        handle.write(os.urandom(100))


def test_a_check_says_that_all_is_whole(cited: Cited) -> None:
    done = cited("--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("generation-000001 is whole")
    assert done.stdout.count("\n") == 1


def test_a_check_names_damage_and_mends_it_without_embedding(cited: Cited, home: Path) -> None:
    garble(home)
    done = cited("--check")
    assert done.returncode == 1
    first, *steps = done.stderr.splitlines()
    assert first.startswith("cited: ") and "passages.sqlite3 is damaged" in first
    assert all(line.endswith("…") for line in steps)
    assert ", 0 of them embedded anew." in done.stdout
    assert (home / "index" / "generation-000001").exists()
    assert cited("--check").returncode == 0


def test_a_check_that_cannot_mend_exits_2(cited: Cited, home: Path) -> None:
    garble(home)
    shutil.rmtree(home / "corpus")
    done = cited("--check")
    assert (done.returncode, done.stdout) == (2, "")
    damage, missing = (line for line in done.stderr.splitlines() if not line.endswith("…"))
    assert "damaged" in damage
    assert "is not a folder" in missing


@pytest.mark.parametrize("option", ["--check", "--stats"])
def test_without_an_index_it_says_so(cited: Cited, home: Path, option: str) -> None:
    shutil.rmtree(home / "index")
    done = cited(option)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no index yet" in done.stderr and done.stderr.count("\n") == 1


def test_statistics(cited: Cited, home: Path) -> None:
    shown = cited("--stats")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = {line[:22].strip(): line[22:].strip() for line in shown.stdout.splitlines()}
    assert lines["generation"].startswith("generation-000001, built 2")
    assert lines["articles"] == "12"
    assert lines["passages"] == "12 (12 body)"
    found = json.loads(cited("--stats", "--json").stdout)
    assert (found["articles"], found["passages"], found["kinds"]) == (12, 12, {"body": 12})
    assert found["cached_vectors"] == 12
    assert found["model"].startswith("sentence-transformers/all-MiniLM-L6-v2@")
    files = [path for path in (home / "index").rglob("*") if path.is_file()]
    assert sum(found["disk"].values()) == sum(path.stat().st_size for path in files)


def test_most_articles_go_only_with_yes(cited: Cited, home: Path) -> None:
    for n in range(8):
        (home / "corpus" / f"bakery-{n}.txt").unlink()
    refused = cited()
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "8 of 12 articles are gone" in refused.stderr and "--yes" in refused.stderr
    allowed = cited("--yes")
    assert allowed.returncode == 0
    assert allowed.stdout.startswith("Articles: 8 removed, 4 unchanged.")


@pytest.mark.parametrize("options", [["--check", "--watch"], ["--json"], ["--stats", "--check"]])
def test_options_that_do_not_go_together_are_wrong_usage(cited: Cited, options: list[str]) -> None:
    done = cited(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--help" in done.stderr


def test_ray_without_a_server_is_refused_in_one_line(cited: Cited) -> None:
    done = cited("--engine", "ray")
    assert (done.returncode, done.stdout) == (2, "")
    assert "QA_CHROMA_URL" in done.stderr and done.stderr.count("\n") == 1


@pytest.fixture
def watching(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*CITED, "--watch"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_it_watches_until_ctrl_c(watching: subprocess.Popen[str], home: Path) -> None:
    assert watching.stdout and watching.stderr
    assert "following" in watching.stderr.readline()
    assert "12 unchanged; 12 passages" in watching.stdout.readline()
    (home / "corpus" / "new.txt").write_text("The zoo\n\nA zebra eats hay in the zoo.\n")
    assert "1 added, 12 unchanged; 13 passages" in watching.stdout.readline()
    for path in (home / "corpus").glob("bakery-*"):
        path.unlink()
    assert "11 of 13 articles are gone" in watching.stderr.readline()
    for n in range(11):
        text = BAKERY.replace("Mill Street", f"Street {n}")
        (home / "corpus" / f"bakery-{n}.txt").write_text(text)
    assert "13 unchanged" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    out, errors = watching.communicate(timeout=60)
    assert (watching.returncode, out, errors.strip()) == (130, "", "")
