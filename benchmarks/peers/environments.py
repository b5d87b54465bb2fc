"""The peers' environments: one each, for their libraries want different versions of the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COMMON = ("torch==2.13.0", "sentence-transformers==6.2.0", "transformers==5.23.0", "numpy==2.4.6")
CHROMA = "chromadb==1.5.9"
STAMP = "installed"


@dataclass(frozen=True, slots=True)
class Peer:
    """A system: how it is called, its module here, its environment and what is installed there.

    `dtype` is that of its weights, "" for its usual one.
    """

    name: str
    module: str
    environment: str
    packages: tuple[str, ...]
    dtype: str = ""

    def python(self, environments: Path) -> Path:
        """The Python of its environment, which may not be there."""
        return environments / self.environment / "bin" / "python"


_LANGCHAIN = (
    CHROMA,
    "langchain-core==1.7.2",
    "langchain-text-splitters==1.1.3",
    "langchain-huggingface==1.2.3",
    "langchain-chroma==1.1.0",
)
PEERS = (
    Peer("LangChain recipe", "langchain_recipe", "langchain", _LANGCHAIN),
    Peer(
        "LlamaIndex",
        "llamaindex_chroma",
        "llamaindex",
        (
            CHROMA,
            "llama-index-core==0.14.25",
            "llama-index-embeddings-huggingface==0.8.0",
            "llama-index-vector-stores-chroma==0.6.0",
        ),
    ),
    Peer(
        "Haystack",
        "haystack_chroma",
        "haystack",
        (
            CHROMA,
            "haystack-ai==3.4.0",
            "chroma-haystack==5.0.0",
            "sentence-transformers-haystack==2.0.0",
        ),
    ),
    Peer("txtai hybrid", "txtai_hybrid", "txtai", ("txtai==9.14.0", "faiss-cpu==1.15.1")),
)
BFLOAT16 = Peer(
    "LangChain recipe, bfloat16", "langchain_recipe", "langchain", _LANGCHAIN, "bfloat16"
)
"""Not how anybody uses it: it shows how much of a difference is the dtype's."""


def make_environments(folder: Path) -> None:
    """Make what is missing in `folder`, a gigabyte or more each; raises `CalledProcessError`."""
    for peer in PEERS:
        place = folder / peer.environment
        if (place / STAMP).exists():
            print(f"{place} is there already")
            continue
        print(f"making {place} for {peer.name} (minutes)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(peer.python(folder)), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *COMMON, *peer.packages], check=True)
        (place / STAMP).touch()
