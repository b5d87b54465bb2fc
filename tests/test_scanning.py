"""What changed in a folder: by content, and without reading again what nobody touched."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from index.errors import CorpusError
from index.scanning import Changes, compare, scan

LONG_AGO = time.time_ns() - 10**12


@pytest.mark.parametrize(
    ("indexed", "found", "changes"),
    [
        ({}, {"a": "1"}, Changes(("a",), (), (), (), ())),
        ({"a": "1"}, {"a": "1"}, Changes((), (), (), ("a",), ())),
        ({"a": "1"}, {"a": "2"}, Changes((), ("a",), (), (), ())),
        ({"a": "1"}, {}, Changes((), (), ("a",), (), ())),
        ({"a": "1"}, {"b": "1"}, Changes((), (), (), (), (("a", "b"),))),
        ({"a": "1"}, {"a": "1", "b": "1"}, Changes(("b",), (), (), ("a",), ())),
        ({"a": "1"}, {"a": "2", "b": "1"}, Changes(("b",), ("a",), (), (), ())),
        (
            {"a": "1", "b": "1", "c": "3"},
            {"d": "1", "e": "1", "f": "1", "c": "4"},
            Changes(("f",), ("c",), (), (), (("a", "d"), ("b", "e"))),
        ),
        ({"a": "1", "b": "1"}, {"c": "1"}, Changes((), (), ("b",), (), (("a", "c"),))),
    ],
)
def test_compare(indexed: dict[str, str], found: dict[str, str], changes: Changes) -> None:
    assert compare(indexed, found) == changes


def test_what_comes_and_goes() -> None:
    changes = Changes(("new",), ("other",), ("gone",), ("same",), (("old", "renamed"),))
    assert set(changes.incoming) == {"new", "other", "renamed"}
    assert set(changes.outgoing) == {"other", "gone", "old"}


def test_ids_hashes_and_what_was_left_out(tmp_path: Path, town: Path) -> None:
    (town / "photo.jpg").write_bytes(b"\xff\xd8")
    os.mkdir(os.fsencode(town) + b"/bad\xff")
    (town / os.fsdecode(b"bad\xff") / "x.txt").write_text("text")
    found = scan(town, tmp_path / "seen.json")
    assert sorted(found.hashes) == ["bakery.txt", "railway.txt", "sub/lighthouse.txt"]
    assert len(set(found.hashes.values())) == 3
    assert len(found.skipped) == 2
    assert all(skipped.path.isprintable() and skipped.reason for skipped in found.skipped)


def test_an_untouched_file_is_not_read_again(
    tmp_path: Path, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.scanning._SETTLED", -(10**9))  # a touch just now counts as old
    seen = tmp_path / "seen.json"
    first = scan(town, seen)
    known = json.loads(seen.read_text())
    seen.write_text(json.dumps({name: [touched, "known"] for name, (touched, _) in known.items()}))
    assert set(scan(town, seen).hashes.values()) == {"known"}
    (town / "bakery.txt").write_text("Changed.")
    hashes = scan(town, seen).hashes
    assert hashes["railway.txt"] == "known"
    assert hashes["bakery.txt"] not in {"known", first.hashes["bakery.txt"]}


def test_a_change_that_keeps_size_and_modification_time_is_seen(
    tmp_path: Path, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.scanning._SETTLED", -(10**9))
    bakery, seen = town / "bakery.txt", tmp_path / "seen.json"
    os.utime(bakery, ns=(LONG_AGO, LONG_AGO))
    before = scan(town, seen).hashes
    bakery.write_text(bakery.read_text().swapcase())
    os.utime(bakery, ns=(LONG_AGO, LONG_AGO))
    after = scan(town, seen).hashes
    assert after["bakery.txt"] != before["bakery.txt"]
    assert after["railway.txt"] == before["railway.txt"]


def test_a_file_touched_just_now_is_not_remembered(tmp_path: Path, town: Path) -> None:
    scan(town, tmp_path / "seen.json")
    assert json.loads((tmp_path / "seen.json").read_text()) == {}


@pytest.mark.parametrize("content", ["", "[1]", '{"bakery.txt": 3}', '{"bakery.txt": ["a"]}', "\0"])
def test_a_damaged_memory_only_costs_time(tmp_path: Path, town: Path, content: str) -> None:
    seen = tmp_path / "seen.json"
    wanted = scan(town, seen).hashes
    seen.write_text(content)
    assert scan(town, seen).hashes == wanted


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="nowhere"):
        scan(tmp_path / "nowhere", tmp_path / "seen.json")
