"""The sentence-transformers model: found without a network first, for one question or in bulk.

It turns text into vectors and token vectors. It stores nothing and knows nothing of articles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from index.weights import DEFAULT_MODEL, PACKAGED, find_model, weights_digest

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

    from index.bert import OneText

Vectors = NDArray[np.float32]

BATCH_SIZE = 32
FEW = 32
"""Texts at once that are encoded one by one, as many as a question or the check of a written answer
needs: importing the library takes seconds."""


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
    the model hub's local cache, and the hub itself only if `allow_download`. Weights run in
    bfloat16 where the processor multiplies it, else in float32. A question goes the short way
    through it where there is one (`index.bert`). Raises `ModelError`.
    """

    def __init__(self, name: str = DEFAULT_MODEL, *, allow_download: bool = False) -> None:
        self.name = name
        self.folder = find_model(name, allow_download=allow_download)
        self._lock = Lock()
        self._loaded: SentenceTransformer | None = None
        self._short: OneText | None = None
        self._looked = False
        self._threads = 0

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
        return self._short is not None or self._loaded is not None

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        if one := self._one:
            return one.dimension
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
        import torch

        one = self._one
        if one is None:
            _ = self._model  # loaded, and threads counted, before they are changed
        # A dozen tokens are done before a second thread has woken up: on a busy machine the median
        # was 8 ms with one thread and 20 ms with two, and the slowest a quarter.
        torch.set_num_threads(1)
        try:
            if one:
                return self._encode_alone(one, question, "query")
            return self._encode_batch([question], "query")[0]
        finally:
            torch.set_num_threads(self._threads)

    def encode_passages(self, texts: Sequence[str]) -> list[EncodedText]:
        """Documents with their token vectors, for late interaction; about 15 ms a passage.

        Of many, those of like length are read together, so that a batch holds little padding.
        """
        if len(texts) <= FEW and (one := self._one):
            return [self._encode_alone(one, text, "document") for text in texts]
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        encoded: dict[int, EncodedText] = {}
        for start in range(0, len(order), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            chosen = [texts[number] for number in batch]
            results = self._encode_batch(chosen, "document")
            encoded.update(zip(batch, results, strict=True))
        return [encoded[number] for number in range(len(texts))]

    def _encode_alone(self, one: OneText, text: str, role: str) -> EncodedText:
        import torch

        encodings, ids, _mask = self._read([text], role)
        with torch.inference_mode():
            tokens = one(ids[0])[None].float().numpy()
        return self._told(encodings, role, tokens.mean(axis=1), tokens)[0]

    def _encode_batch(self, texts: Sequence[str], role: str) -> list[EncodedText]:
        import torch

        model = self._model
        encodings, ids, mask = self._read(texts, role)
        with torch.inference_mode():
            output = model({"input_ids": ids, "attention_mask": mask})
            vectors = output["sentence_embedding"].float().numpy()
            tokens = output["token_embeddings"].float().numpy()
        return self._told(encodings, role, vectors, tokens)

    def _read(self, texts: Sequence[str], role: str) -> tuple[list[Encoding], Tensor, Tensor]:
        """Texts as token ids and mask, int64 [n, t]."""
        import torch

        prompt = self._prompt(role)
        encodings = self._batch_tokenizer.encode_batch([prompt + text for text in texts])
        ids = torch.tensor([encoding.ids for encoding in encodings])
        return encodings, ids, torch.tensor([encoding.attention_mask for encoding in encodings])

    def _told(
        self, encodings: Sequence[Encoding], role: str, vectors: Vectors, tokens: Vectors
    ) -> list[EncodedText]:
        """What the model made of texts, [n, d] and [n, t, d], as it is told."""
        vectors, tokens = unit(vectors), unit(tokens)
        special = np.array([encoding.special_tokens_mask for encoding in encodings], np.int64)
        spans = np.array([encoding.offsets for encoding in encodings], np.int64)
        spans = spans - len(self._prompt(role))
        kept = (special == 0) & (spans[:, :, 0] >= 0)
        return [
            EncodedText(vectors[row], tokens[row][kept[row]], spans[row][kept[row]])
            for row in range(len(encodings))
        ]

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
    def _one(self) -> OneText | None:
        """The short way for one text, if there is one through this model."""
        with self._lock:  # two first questions at once load it once
            if not self._looked:
                from index.bert import read_bert
                from index.packing import fast_dtype

                self._short = read_bert(self.folder, fast_dtype())
                self._looked = True
                self._count_threads()
            return self._short

    @property
    def _model(self) -> SentenceTransformer:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self.folder)
                self._count_threads()
            return self._loaded

    def _count_threads(self) -> None:
        """Note how many threads torch would take, the first time: a question changes that."""
        import torch

        self._threads = self._threads or torch.get_num_threads()

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
        tokenizer.enable_padding()
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


def unit(vectors: Vectors) -> Vectors:
    """The vectors at length 1, along the last axis; zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _load(folder: Path) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    from index.packing import can_pack, fast_dtype, pack_weights

    # A bar for 0.1 s of loading, on every program's stderr.
    logging.disable_progress_bar()
    dtype = fast_dtype()
    try:
        model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"torch_dtype": dtype}
        )
        if dtype == torch.bfloat16 and can_pack():
            pack_weights(model)
        return model
    except Exception as error:  # whatever is wrong with its files, each library says it its own way
        raise ModelError(_damaged(folder, error)) from error


def _damaged(path: Path, error: Exception) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"the model in {path} cannot be loaded ({reason}): install or copy it again"
