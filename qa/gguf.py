"""GGUF files: found here or fetched, and known by their headers, without loading a weight.

What is written with a model is not for here: a header is read in milliseconds, a model loads in
seconds. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import LanguageModelError

if TYPE_CHECKING:
    from tqdm import tqdm

Progress = Callable[[str, int, int], None]
Value = int | float | bool | str | None

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MEGABYTE = 1_000_000
_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LENGTH = struct.Struct("<Q")
_DAMAGE = (struct.error, KeyError, ValueError, IndexError, OverflowError, RecursionError)
"""What comes of believing lengths, kinds and numbers that are not what they were."""
# fmt: off
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 40), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36),
    41: (128, 18),
}
# fmt: on
"""How many weights a block of each tensor type holds, and in how many bytes; others: not known."""


@dataclass(frozen=True, slots=True)
class GgufFile:
    """What a model's header says of it.

    `context_tokens` is what it was trained to read, `parameters` the number of its weights (None
    for one of several files of a model) and `size` the file's bytes.
    """

    path: Path
    name: str
    context_tokens: int
    parameters: int | None
    size: int


def read_gguf(path: Path) -> GgufFile:
    """The header of a model that can write.

    Raises `LanguageModelError` if there is no such file, if it is a folder, not GGUF, damaged, cut
    off (shorter than its header says), or a model that does not write.
    """
    if path.is_dir():
        raise LanguageModelError(f"{path} is a folder: name a .gguf file in it")
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
            if start != MAGIC:
                raise LanguageModelError(
                    f"{path} is not a GGUF file (it begins with {start!r}): name another file"
                )
            with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                return _Header(path, data).read()
    except FileNotFoundError as error:
        raise LanguageModelError(f"there is no file {path}: check the path") from error
    except OSError as error:
        raise LanguageModelError(f"{path} cannot be read: {error.strerror}") from error
    except _DAMAGE as error:
        raise LanguageModelError(
            f"{path} is damaged or cut off in its header: fetch it again"
        ) from error


def find_gguf(name: str, *, allow_download: bool = False, progress: Progress | None = None) -> Path:
    """The file of a path, or of a hub name "owner/repo/file.gguf".

    The hub's local cache is looked into first; the hub itself only if `allow_download`: what was
    fetched in part goes on from there. `progress` is called with the step, the megabytes that are
    done and their total. Raises `LanguageModelError`.
    """
    path = Path(name).expanduser()
    parts = name.split("/")
    hub_name = len(parts) > 2 and all(part.strip(".~") for part in parts)
    if path.exists() or not hub_name:
        return path
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository, file = "/".join(parts[:2]), "/".join(parts[2:])
    if not allow_download:
        # Not `local_files_only`: that asks the hub about other things nevertheless.
        cached = try_to_load_from_cache(repository, file)
        if isinstance(cached, str):
            return Path(cached)
        raise LanguageModelError(
            f"there is no file {name} on this machine: check the path, or set "
            "QA_ALLOW_DOWNLOAD=true to fetch it from the model hub"
        )
    bar = _bar(progress) if progress else None
    try:
        return Path(hf_hub_download(repository, file, tqdm_class=bar))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise LanguageModelError(
            f"{name} cannot be fetched from the model hub: check the name and the network"
        ) from error


class _Header:
    """Reads a header from its beginning; every method takes what comes next."""

    def __init__(self, path: Path, data: mmap) -> None:
        self._path = path
        self._data = data
        self._at = len(MAGIC)

    def read(self) -> GgufFile:
        version = self._fixed("I")
        if version not in VERSIONS:
            raise LanguageModelError(
                f"{self._path} is GGUF of version {version}, which cannot be read: fetch it anew"
            )
        tensors, pairs = self._fixed("Q"), self._fixed("Q")
        facts = dict(self._pair() for _ in range(pairs))
        kind = facts.get("general.architecture")
        context = facts.get(f"{kind}.context_length")
        if not isinstance(context, int) or context < 1 or f"{kind}.pooling_type" in facts:
            raise LanguageModelError(
                f"{self._path} holds no model that writes text ({kind}): name another file"
            )
        weights, end = self._tensors(tensors, int(facts.get("general.alignment") or 32))
        if end > len(self._data):
            raise LanguageModelError(
                f"{self._path} is cut off: it has {len(self._data):,} of {end:,} bytes: "
                "fetch it again"
            )
        whole = int(facts.get("split.count") or 1) == 1
        return GgufFile(
            path=self._path,
            name=str(facts.get("general.name") or self._path.stem),
            context_tokens=context,
            parameters=weights if whole else None,
            size=len(self._data),
        )

    def _tensors(self, number: int, alignment: int) -> tuple[int, int]:
        """How many weights there are, and where the last tensor ends."""
        weights, last = 0, 0
        for _ in range(number):
            self._text()
            size = prod(self._fixed("Q") for _ in range(self._fixed("I")))
            kind, offset = self._fixed("I"), self._fixed("Q")
            held, taken = BLOCKS.get(kind, (1, 0))
            weights += size
            last = max(last, offset + size // held * taken)
        return weights, -(-self._at // alignment) * alignment + last

    def _pair(self) -> tuple[str, Value]:
        name = self._text()
        return name, self._value(self._fixed("I"))

    def _value(self, kind: int) -> Value:
        """The value, or None for an array: vocabularies are passed over."""
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            return self._fixed(_FIXED[kind])
        inner, number = self._fixed("I"), self._fixed("Q")
        if inner in _FIXED:
            self._at += struct.calcsize(_FIXED[inner]) * number
        elif inner == _STRING:
            for _ in range(number):
                self._at += _LENGTH.size + _LENGTH.unpack_from(self._data, self._at)[0]
        else:
            for _ in range(number):
                self._value(inner)
        return None

    def _text(self) -> str:
        length = self._fixed("Q")
        start, self._at = self._at, self._at + length
        return self._data[start : self._at].decode()

    def _fixed(self, code: str) -> int:
        value: int
        (value,) = struct.unpack_from(f"<{code}", self._data, self._at)
        self._at += struct.calcsize(code)
        return value


def _bar(progress: Progress) -> type[tqdm]:
    """The hub's progress bar, which calls `progress` instead of drawing."""
    from tqdm import tqdm

    class Told(tqdm):  # type: ignore[misc]
        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            progress("fetching the model (MB)", self.n // MEGABYTE, (self.total or 0) // MEGABYTE)

    return Told
