"""GGUF files that say of themselves what a test wants, and hold no weights."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter


def write_gguf(
    path: Path,
    *,
    architecture: str = "llama",
    name: str | None = "A Small One",
    context: int | None = 2048,
    rows: int = 2,
    facts: dict[str, int] | None = None,
) -> Path:
    """A file that has a header and one tensor of `rows` times 32 weights, and cannot be loaded.

    As large as its header says, with a hole where the weights would be.
    """
    writer = GGUFWriter(None, architecture)
    if name:
        writer.add_name(name)
    if context is not None:
        writer.add_context_length(context)
    writer.add_array("tokenizer.ggml.tokens", ["a", "bc", "def"])
    writer.add_array("tokenizer.ggml.scores", [0.5, 1.5, 2.5])
    for key, value in (facts or {}).items():
        writer.add_uint32(key, value)
    kind, size = GGMLQuantizationType.Q4_0, rows * 18
    writer.add_tensor_info("token_embd.weight", [rows, 18], np.dtype(np.uint8), size, kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer.write_header_to_file(path)
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    os.truncate(path, -(-path.stat().st_size // 32) * 32 + size)
    return path
