"""The seal: whatever happens to a byte, a file or a folder of a generation breaks it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from index.errors import RebuildError
from index.sealing import check_seal, copy_sealed, seal


@pytest.fixture
def generation(tmp_path: Path) -> Path:
    folder = tmp_path / "generation"
    (folder / "chroma" / "graph").mkdir(parents=True)
    (folder / "passages.sqlite3").write_bytes(bytes(range(256)) * 64)
    (folder / "chroma" / "graph" / "links.bin").write_bytes(b"links")
    return folder


def flip_a_bit(folder: Path) -> None:
    data = bytearray((folder / "passages.sqlite3").read_bytes())
    data[7_000] ^= 1
    (folder / "passages.sqlite3").write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (flip_a_bit, "passages.sqlite3 is damaged"),
        (lambda folder: (folder / "passages.sqlite3").write_bytes(b""), "passages.sqlite3"),
        (lambda folder: (folder / "passages.sqlite3").unlink(), "passages.sqlite3 cannot be read"),
        (lambda folder: shutil.rmtree(folder / "chroma" / "graph"), "graph/links.bin cannot"),
    ],
)
def test_damage_is_named(generation: Path, harm: Callable[[Path], object], named: str) -> None:
    sealed = seal(generation)
    check_seal(generation, sealed)
    harm(generation)
    with pytest.raises(RebuildError, match=named):
        check_seal(generation, sealed)


def test_a_copy_is_sealed_alike_and_holds_nothing_else(generation: Path, tmp_path: Path) -> None:
    sealed = seal(generation)
    (generation / "stray").write_text("no part of it")
    copy_sealed(generation, tmp_path / "copy", sealed)
    assert seal(tmp_path / "copy") == sealed
