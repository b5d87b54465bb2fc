"""What is free goes back to the system."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import pytest

from index.memory import give_back


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to")
def test_freed_memory_leaves_the_process() -> None:
    blocks = [np.ones(12_000, np.uint8) for _ in range(10_000)]  # too small to be mapped alone
    last = np.ones(12_000, np.uint8)  # holds the end of the heap
    before = resident()
    del blocks
    give_back()
    assert resident() < before - 100_000_000
    assert last.all()


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
