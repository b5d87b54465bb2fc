"""The index folder: what `CURRENT` names, who may write, and what is left lying about."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from index import generations
from index.errors import BusyError, NoIndexError, RebuildError, StoreError
from index.generations import FORMAT, Fingerprint, Generations, Manifest

FINGERPRINT = Fingerprint(FORMAT, "model@1", "120-200", True)
MANIFEST = Manifest(FINGERPRINT, {"a.txt": "00", "é/b.md": "11"}, 7, {"chroma/x/y.bin": "22"}, 3)
HOLD_THE_LOCK = """
import sys, time
from pathlib import Path
from index.generations import Generations
with Generations(Path(sys.argv[1])).writing():
    print("held", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_before_the_first(tmp_path: Path) -> None:
    folder = Generations(tmp_path / "none")
    assert folder.current() is None
    with pytest.raises(NoIndexError, match="cited index"):
        folder.serving()


def test_two_generations_at_most_and_no_name_twice(tmp_path: Path) -> None:
    folder = Generations(tmp_path)
    for number in range(1, 5):
        folder.remove_leftovers()
        new = folder.next()
        assert new.name == f"generation-{number:06d}"
        folder.swap(new)
        assert folder.serving() == new
    assert names(tmp_path) == ["CURRENT", "generation-000003", "generation-000004"]


def test_a_garbled_current_removes_nothing_until_another_serves(tmp_path: Path) -> None:
    folder = Generations(tmp_path)
    for _ in range(2):
        folder.swap(folder.next())
    (tmp_path / "CURRENT").write_text("../../etc")
    folder.remove_leftovers()
    folder.discard(failed := folder.next())
    assert failed.name == "generation-000003"
    assert names(tmp_path) == ["CURRENT", "generation-000001", "generation-000002"]
    folder.swap(new := folder.next())
    folder.remove_leftovers()
    assert names(tmp_path) == ["CURRENT", new.name]


def test_a_generation_that_is_held_stays(tmp_path: Path) -> None:
    folder = Generations(tmp_path)
    for _ in range(2):
        MANIFEST.write(new := folder.next())
        folder.swap(new)
    old = tmp_path / "generation-000001"
    handles = [generations.hold(old), generations.hold(old)]
    folder.remove_leftovers()
    os.close(handles[0])
    folder.remove_leftovers()
    assert old.exists()
    os.close(handles[1])
    folder.remove_leftovers()
    assert not old.exists()
    with pytest.raises(RebuildError, match="gone"):
        generations.hold(old)


def test_only_what_does_not_serve_is_discarded(tmp_path: Path) -> None:
    folder = Generations(tmp_path)
    folder.swap(serving := folder.next())
    failed = folder.next()
    folder.discard(failed)
    folder.discard(serving)
    assert (failed.exists(), serving.exists()) == (False, True)


def test_leftovers_go_and_all_else_stays(tmp_path: Path) -> None:
    folder = Generations(tmp_path)
    folder.swap(folder.next())
    (folder.next() / "half").write_text("half")
    (tmp_path / "CURRENT.next").write_text("generation-0000")
    (tmp_path / "feedback.jsonl").write_text("{}")
    folder.remove_leftovers()
    assert names(tmp_path) == ["CURRENT", "feedback.jsonl", "generation-000001"]


@pytest.mark.parametrize("content", ["", "generation-1", "../generation-000001", "x\ny", "\x00"])
def test_a_garbled_current_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "CURRENT").write_text(content)
    with pytest.raises(RebuildError, match="CURRENT"):
        Generations(tmp_path).serving()


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    assert Manifest.read(tmp_path) == MANIFEST


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace('"passages": 7', '"pages": 7'),
        lambda text: text.replace('"encoder"', '"encodes"'),
        lambda text: None,
    ],
)
def test_a_damaged_manifest_is_named(tmp_path: Path, harm: Callable[[str], str | None]) -> None:
    MANIFEST.write(tmp_path)
    file = tmp_path / "manifest.json"
    harmed = harm(file.read_text())
    file.unlink()
    if harmed is not None:
        file.write_text(harmed)
    with pytest.raises(RebuildError, match="cited index") as refusal:
        Manifest.read(tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("distance", "reason"), [(1, "newer than"), (-1, "older than")])
def test_an_older_format_is_rebuilt_and_a_newer_one_refused(
    tmp_path: Path, distance: int, reason: str
) -> None:
    data = {"fingerprint": {"format": FORMAT + distance, "unheard": "of"}}
    (tmp_path / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(StoreError, match=reason) as refusal:
        Manifest.read(tmp_path)
    assert isinstance(refusal.value, RebuildError) == (reason == "older than")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (replace(FINGERPRINT, encoder="other@2"), "other@2"),
        (replace(FINGERPRINT, passages="50-90"), "50-90"),
        (replace(FINGERPRINT, index_faq=False), "index_faq=False"),
    ],
)
def test_every_part_of_a_fingerprint_counts(other: Fingerprint, reason: str) -> None:
    assert FINGERPRINT.difference(FINGERPRINT) is None
    assert reason in (other.difference(FINGERPRINT) or "")


def test_a_second_writer_is_refused_until_the_first_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert generations.LOCK_SECONDS <= 5
    monkeypatch.setattr(generations, "LOCK_SECONDS", 0.1)
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="another process") as refusal:  # noqa: SIM117
            with Generations(tmp_path).writing():
                pass
        assert "\n" not in str(refusal.value)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with Generations(tmp_path).writing():
            pass


def test_two_writers_of_one_process_exclude_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "LOCK_SECONDS", 0.1)
    folder = Generations(tmp_path)
    with folder.writing(), pytest.raises(BusyError), folder.writing():
        pass
    with folder.writing():
        pass


def test_a_folder_that_takes_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match="cannot be written"),
        Generations(tmp_path / "file" / "index").writing(),
    ):
        pass
