"""Memory that is free in this process, given back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Hand back what the C library keeps for later; elsewhere than on Linux, nothing is done.

    Texts of every length leave holes of every size: without it, embedding 15,000 passages took
    2.7 GB, with it 0.7. It takes 16 ms.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own, musl has none
    if trim:
        trim(0)
