"""A BERT's files, read without the library around it, which takes longer to import than torch.

What multiplies its weights is another's affair: `index.onnx_bert`, or `index.torch_bert` for many
texts where the processor has bfloat16. Models of another kind go through the library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

WEIGHTS = "model.safetensors"

Ids = Sequence[int]
Floats = NDArray[np.float32]


class Bert(Protocol):
    """The seam: a BERT that reads texts, each as if it were alone."""

    dimension: int

    def read(self, texts: Sequence[Ids], threads: int) -> Iterator[Floats]:
        """Token embeddings [t, d] of each text, given as token ids, by so many threads.

        Several texts are best sorted by length.
        """


@dataclass(frozen=True)
class BertFiles:
    """Weights and configuration; a weight that is missing is a `KeyError` once it is asked for."""

    weights: Mapping[str, Floats]
    config: Mapping[str, Any]

    @property
    def dimension(self) -> int:
        """Length of a token's vector."""
        return int(self.config["hidden_size"])

    @property
    def layers(self) -> int:
        """How many layers follow the embeddings."""
        return int(self.config["num_hidden_layers"])

    @property
    def heads(self) -> int:
        """How many heads attention has."""
        return int(self.config["num_attention_heads"])

    @property
    def epsilon(self) -> float:
        """What keeps a norm from dividing by nothing."""
        return float(self.config["layer_norm_eps"])

    @cached_property
    def words(self) -> Floats:
        """The embedding of each token [n, d]."""
        return self.weights["embeddings.word_embeddings.weight"]

    @cached_property
    def places(self) -> Floats:
        """The embedding of each place [p, d], in a text that is no pair: all of the first kind."""
        kind = self.weights["embeddings.token_type_embeddings.weight"][0]
        return np.asarray(self.weights["embeddings.position_embeddings.weight"] + kind)

    def weight(self, *layers: str) -> Floats:
        """The weight [out, in] of linear layers of the same input, one below the other."""
        return np.concatenate([self.weights[f"{layer}.weight"] for layer in layers])

    def bias(self, *layers: str) -> Floats:
        """Their biases [out]."""
        return np.concatenate([self.weights[f"{layer}.bias"] for layer in layers])

    def norm(self, name: str) -> tuple[Floats, Floats]:
        """Weight [d] and bias [d] of a layer's normalisation."""
        weight, bias = (self.weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return weight, bias


def read_bert(folder: Path, make: Callable[[BertFiles], Bert]) -> Bert | None:
    """What is made of a sentence-transformers model: a BERT whose tokens' mean counts.

    None where it is of another kind or damaged: the library knows the one, and tells of the other.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        modules = _json(folder / "modules.json")
        config = _json(folder / "config.json")
        pooling = _json(folder / modules[1]["path"] / "config.json")
        if not (_in_a_row(modules) and _is_plain(config) and _is_mean(pooling)):
            return None
        weights = load_file(folder / WEIGHTS)
        floats = {name: weight.astype(np.float32, copy=False) for name, weight in weights.items()}
        return make(BertFiles(floats, config))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, SafetensorError):
        return None


def _in_a_row(modules: Any) -> bool:
    """Whether the model is a transformer, its pooling, and at most the scaling to length 1."""
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    return modules[0]["path"] == "" and kinds in (
        ["Transformer", "Pooling"],
        ["Transformer", "Pooling", "Normalize"],
    )


def _is_plain(config: Any) -> bool:
    return (
        config["model_type"] == "bert"
        and config["hidden_act"] == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
    )


def _is_mean(pooling: Any) -> bool:
    modes = {name for name, chosen in pooling.items() if "pooling_mode_" in name and chosen}
    mean = pooling.get("pooling_mode") == "mean" or modes == {"pooling_mode_mean_tokens"}
    return mean and pooling.get("include_prompt", True)


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
