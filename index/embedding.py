"""The sentence-transformers model: found without a network first, for one question or in bulk.

It turns text into vectors and token vectors. It stores nothing and knows nothing of articles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.bert import Bert, read_bert
from index.errors import ModelError
from index.onnx_bert import OnnxBert
from index.processor import count_threads, has_bfloat16
from index.weights import DEFAULT_MODEL, PACKAGED, find_model, weights_digest

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

Vectors = NDArray[np.float32]

BATCH_SIZE = 32
"""Texts that the library reads at once."""

FEW = 512
"""Tokens of one call that count as none: those of questions."""
MANY = 20_000
"""Tokens of passages after which torch is imported, where the processor multiplies bfloat16."""


@dataclass(frozen=True, slots=True)
class EncodedText:
    """One text as the model sees it.

    `vector` is the unit-length embedding, float32 [d]; `tokens` the unit-length vectors of its
    tokens, float32 [t, d], and `spans` int [t, 2] each token's character range in the text.
    Special tokens and those of a prompt are left out; what the model does not read is missing.
    """

    vector: Vectors
    tokens: Vectors
    spans: NDArray[np.int64]


class Encoder:
    """A sentence-transformers model; it is loaded when it is first needed.

    Looked for in this order: an installed package that carries it, a local folder of that name,
    the model hub's local cache, and the hub itself only if `allow_download`. A BERT is read from
    its files and runs in int8 by ONNX Runtime; after `MANY` tokens of passages in bfloat16 by torch
    where the processor multiplies it. Other models run by sentence-transformers.
    Raises `ModelError`.
    """

    def __init__(self, name: str = DEFAULT_MODEL, *, allow_download: bool = False) -> None:
        self.name = name
        self.folder = find_model(name, allow_download=allow_download)
        self._lock = Lock()
        self._loaded: SentenceTransformer | None = None
        self._few: Bert | None = None
        self._many: Bert | None = None
        self._looked = False
        self._read = 0

    @cached_property
    def fingerprint(self) -> str:
        """Name and digest of the weights: vectors of different fingerprints never mix."""
        digest = weights_digest(self.folder)
        expected = PACKAGED.get(self.name, ("", ""))[1]
        if expected and digest != expected:
            raise ModelError(
                f"the weights of {self.name} in {self.folder} have SHA-256 {digest[:12]}…, "
                f"expected {expected[:12]}…: install the package again"
            )
        return f"{self.name}@{digest[:16]}"

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory, so that the next question need not wait for it."""
        return self._few is not None or self._loaded is not None

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        if self._bert:
            return self._bert.dimension
        return int(self._model.get_embedding_dimension() or 0)

    @cached_property
    def max_tokens(self) -> int:
        """The most tokens the model reads of one text, special tokens and prompt included."""
        try:
            configuration = json.loads((self.folder / "sentence_bert_config.json").read_text())
            return int(configuration["max_seq_length"])
        except (OSError, KeyError, TypeError, ValueError):
            return int(self._model.max_seq_length or 512)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without special tokens and without truncation."""
        if not texts:
            return []
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of documents, unit length, float32 [len(texts), dimension]."""
        encoded = self.encode_passages(texts)
        vectors = [text.vector for text in encoded]
        return np.stack(vectors) if vectors else np.zeros((0, self.dimension), np.float32)

    def encode_question(self, question: str) -> EncodedText:
        """The question as the model sees it, with its vector and token vectors."""
        return self._encode([question], "query")[0]

    def encode_passages(self, texts: Sequence[str]) -> list[EncodedText]:
        """Documents with their token vectors, for late interaction; about 15 ms a passage."""
        return self._encode(texts, "document")

    def _encode(self, texts: Sequence[str], role: str) -> list[EncodedText]:
        """Texts in the order of their length, so that those read together are alike in it."""
        prompt = self._prompt(role)
        encodings = self._tokenized([prompt + text for text in texts])
        order = sorted(range(len(texts)), key=lambda number: len(encodings[number].ids))
        ordered = [encodings[number] for number in order]
        vectors = self._short_way(ordered) if self._bert else self._long_way(ordered)
        told = {
            number: _told(encodings[number], tokens, vector, len(prompt))
            for number, (tokens, vector) in zip(order, vectors, strict=True)
        }
        return [told[number] for number in range(len(texts))]

    def _tokenized(self, texts: Sequence[str]) -> list[Encoding]:
        if len(texts) == 1:  # a batch wakes threads for it
            return [self._batch_tokenizer.encode(texts[0])]
        return self._batch_tokenizer.encode_batch(list(texts))

    def _short_way(self, encodings: Sequence[Encoding]) -> Iterator[tuple[Vectors, Vectors]]:
        """Each text's token vectors [t, d] and their mean [d], not yet of length 1."""
        texts = [encoding.ids for encoding in encodings]
        bert = self._bert_of_many if self._are_many(texts) else self._bert
        assert bert
        for tokens in bert.read(texts, count_threads()):
            yield tokens, tokens.mean(axis=0)

    def _are_many(self, texts: Sequence[Sequence[int]]) -> bool:
        """Whether these are read in bulk and so many were, with them, that more are to come."""
        tokens = sum(map(len, texts))
        if tokens <= FEW or not has_bfloat16():
            return False
        self._read += tokens
        return self._read > MANY

    def _long_way(self, encodings: Sequence[Encoding]) -> Iterator[tuple[Vectors, Vectors]]:
        """The same by the library, which has models of other kinds."""
        import torch

        from index.torch_bert import one_thread

        # A dozen tokens are done before a second thread has woken up: on a busy machine the median
        # was 8 ms with one thread and 20 ms with two, and the slowest a quarter of a second.
        limited = one_thread if len(encodings) == 1 else nullcontext
        for start in range(0, len(encodings), BATCH_SIZE):
            batch = encodings[start : start + BATCH_SIZE]
            ids = _padded([encoding.ids for encoding in batch])
            mask = _padded([encoding.attention_mask for encoding in batch])
            with torch.inference_mode(), limited():
                output = self._model({"input_ids": ids, "attention_mask": mask})
                vectors = output["sentence_embedding"].float().numpy()
                tokens = output["token_embeddings"].float().numpy()
            for row, encoding in enumerate(batch):
                yield tokens[row, : len(encoding.ids)], vectors[row]

    def _prompt(self, role: str) -> str:
        return str(self._prompts.get(role) or "")

    @cached_property
    def _prompts(self) -> Mapping[str, str]:
        """What the model wants before a "query" or a "document"."""
        file = self.folder / "config_sentence_transformers.json"
        try:
            return dict(json.loads(file.read_text(encoding="utf-8")).get("prompts") or {})
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    @property
    def _bert(self) -> Bert | None:
        """The model for few tokens, if it is one that is read from its files."""
        with self._lock:  # two first questions at once load it once
            if not self._looked:
                self._few = read_bert(self.folder, OnnxBert)
                self._looked = True
            return self._few

    @property
    def _bert_of_many(self) -> Bert | None:
        """The same model for many tokens."""
        from index.torch_bert import TorchBert

        with self._lock:
            self._many = self._many or read_bert(self.folder, TorchBert)
            return self._many

    @property
    def _model(self) -> SentenceTransformer:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self.folder)
            return self._loaded

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = self._load_tokenizer()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _batch_tokenizer(self) -> Tokenizer:
        tokenizer = self._load_tokenizer()
        tokenizer.enable_truncation(self.max_tokens)
        tokenizer.no_padding()
        return tokenizer

    def _load_tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        file = self.folder / "tokenizer.json"
        if not file.is_file():
            raise ModelError(f"{self.folder} has no tokenizer.json: use a model with one")
        try:
            return Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(_damaged(file, error)) from error


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of numbers as int64 [n, t], short ones filled with zeros."""
    import torch

    return torch.nn.utils.rnn.pad_sequence([*map(torch.tensor, rows)], batch_first=True)


def _told(encoding: Encoding, tokens: Vectors, vector: Vectors, prompt: int) -> EncodedText:
    """What the model made of a text, [t, d] and [d], as it is told; `prompt` characters precede."""
    special = np.array(encoding.special_tokens_mask, np.int64)
    spans = np.array(encoding.offsets, np.int64).reshape(-1, 2) - prompt
    kept = (special == 0) & (spans[:, 0] >= 0)
    return EncodedText(unit(vector), unit(tokens[kept]), spans[kept])


def unit(vectors: Vectors) -> Vectors:
    """The vectors at length 1, along the last axis; zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _load(folder: Path) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    # A bar for 0.1 s of loading, on every program's stderr.
    logging.disable_progress_bar()
    dtype = {"torch_dtype": torch.bfloat16 if has_bfloat16() else torch.float32}
    try:
        return SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs=dtype
        )
    except Exception as error:  # whatever is wrong with its files, each library says it its own way
        raise ModelError(_damaged(folder, error)) from error


def _damaged(path: Path, error: Exception) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"the model in {path} cannot be loaded ({reason}): install or copy it again"
