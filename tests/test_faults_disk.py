"""Disks that are full, and folders that cannot be written: what served goes on, in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import first_state, write_articles

MEGABYTES = 12
ARTICLES = 150
NOBODY = 65_534
CHILD = """
import os
import sys
import tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fakes import FakeEncoder
from index.errors import CitedError
from index.store import Index
from stores import check

if user := int(sys.argv[4]):
    with tempfile.TemporaryDirectory() as home:  # imports what is needed, while it may be read
        index = Index.open(Path(home), FakeEncoder(dimension=384))
        index.sync(Path(sys.argv[3]))
        index.close()
    os.setuid(user)
index = Index.open(Path(sys.argv[2]), FakeEncoder(dimension=384))
try:
    print(index.sync(Path(sys.argv[3])).generation)
except CitedError as error:
    print(type(error).__name__, error)
generation = index.reader()
print(generation.name, len(generation.search_dense(FakeEncoder(dimension=384).vector("?"), 1_000)))
generation.verify()
"""


def sync_and_ask(folder: Path, corpus: Path, user: int = 0) -> list[str]:
    """What became of a sync, then how many passages a search finds; each a line.

    Done by a new process, as another user unless that is 0, within 30 seconds.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            CHILD,
            str(Path(__file__).parent),
            str(folder),
            str(corpus),
            str(user),
        ],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.splitlines()


def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A folder with something mounted on it, for as long as a test lasts."""
    folder.mkdir(exist_ok=True)
    if (
        not shutil.which("mount")
        or subprocess.run(["mount", *options, str(folder)], check=False).returncode
    ):
        pytest.skip("this needs the permission to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB."""
    yield from mounted(tmp_path / "disk", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_articles(tmp_path / "corpus", first_state(ARTICLES))
    return tmp_path / "corpus"


def leave_free(disk: Path, size: int) -> None:
    """Fill a disk up to some bytes."""
    (disk / "filler").unlink(missing_ok=True)
    (disk / "filler").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - size)))


def test_a_disk_that_fills_up_leaves_what_served(small_disk: Path, corpus: Path) -> None:
    folder = small_disk / "index"
    assert sync_and_ask(folder, corpus)[0] == "generation-000001"
    (corpus / "article-3.txt").write_text("Otters\n\nThere are otters in the river again.\n")
    files = (folder / "generation-000001").rglob("*")
    needed = sum(file.stat().st_size for file in files)
    for share in (0, 0.05, 0.3, 0.6, 0.9):
        leave_free(small_disk, int(share * needed))
        told, asked = sync_and_ask(folder, corpus)
        assert told.startswith("StoreError") and "could not be written" in told
        assert "MB are free" in told
        assert asked == f"generation-000001 {ARTICLES}"
        assert [path.name for path in folder.glob("generation-*")] == ["generation-000001"]
    (small_disk / "filler").unlink()
    assert sync_and_ask(folder, corpus) == ["generation-000002", f"generation-000002 {ARTICLES}"]


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that shows what is in `tmp_path / "index"`, and takes no writing."""
    (tmp_path / "index").mkdir()
    for folder in mounted(tmp_path / "read-only", "--bind", str(tmp_path / "index")):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield folder


def test_a_read_only_index_answers(tmp_path: Path, read_only: Path, corpus: Path) -> None:
    assert sync_and_ask(tmp_path / "index", corpus)[0] == "generation-000001"
    (corpus / "article-3.txt").write_text("Otters\n\nThere are otters in the river again.\n")
    told, asked = sync_and_ask(read_only, corpus)
    assert told.startswith(f"StoreError {read_only} cannot be written to")
    assert asked == f"generation-000001 {ARTICLES}"
    assert sync_and_ask(tmp_path / "index", corpus)[0] == "generation-000002"


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="only root can change user")
@pytest.mark.skipif(
    not all(folder.stat().st_mode & 0o001 for folder in Path(sys.base_prefix).resolve().parents),
    reason="nobody else may read this Python, which imports some of itself late",
)
def test_somebody_elses_index_answers(corpus: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        shutil.copytree(corpus, Path(home) / "corpus")
        folder = Path(home) / "index"
        assert sync_and_ask(folder, corpus)[0] == "generation-000001"
        told, asked = sync_and_ask(folder, Path(home) / "corpus", NOBODY)
        assert told.startswith(f"StoreError {folder} cannot be written to")
        assert asked == f"generation-000001 {ARTICLES}"
