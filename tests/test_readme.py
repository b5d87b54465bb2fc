"""The README keeps its word: its examples run, its settings are the settings, its links lead on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qa import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def sessions() -> list[tuple[str, list[str]]]:
    """Each command of the console blocks with the lines that the README shows below it."""
    found: list[tuple[str, list[str]]] = []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a fresh clone's, with a `cited` that runs this Python."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    cited = folder / "cited"
    cited.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m qa.cli "$@"\n')
    cited.chmod(0o755)
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
    path = f"{folder}{os.pathsep}{kept['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env=kept | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("code", blocks("python"))
def test_its_python_runs(folder: Path, code: str) -> None:
    done = run([sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", code], folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize(("command", "shown"), sessions())
def test_its_commands_run_and_print_what_it_shows(
    folder: Path, command: str, shown: list[str]
) -> None:
    done = run(["sh", "-c", command], folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert set(shown) <= set(done.stdout.splitlines())


def settings_table() -> list[str]:
    rows = []
    for name, field in Settings.model_fields.items():
        default = "calibrated" if name == "min_confidence" else f"`{field.default}`"
        what = f"`{name}` | `QA_{name.upper()}` | {default} | {field.description}"
        rows.append(f"| {what} |")
    return rows


def test_its_table_is_the_settings() -> None:
    (section,) = re.findall(r"^## Settings\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| `.*\|$", section, re.MULTILINE)
    assert rows == settings_table()


def test_its_links_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert all((ROOT / link).is_file() for link in links)


@pytest.mark.parametrize("target", ["chat", "test", "check", "bench", "clean"])
def test_make_help_names_every_target(target: str) -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith(f"# make {target} ") for line in lines)
    assert any(line.startswith(f"{target}:") for line in lines)
