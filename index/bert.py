"""A BERT from its files alone: token embeddings of texts, without the library around the model.

Importing that library takes longer than torch, and of the time that it takes for a text a third is
not the model's arithmetic. Models of another kind go through it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from index.packing import PackedLinear

WEIGHTS = "model.safetensors"
GROUP = 512
"""Tokens that a thread reads at once: enough to be multiplied at full speed, few enough to stay in
the processor's caches (measured from 128 to 2,048)."""

Ids = Sequence[int]


class Bert:
    """A BERT encoder (Devlin et al., 2019) for texts side by side: no padding, so no mask."""

    def __init__(
        self, weights: Mapping[str, Tensor], config: Mapping[str, Any], dtype: torch.dtype
    ) -> None:
        """Raises `KeyError` where a weight is missing."""
        given = {name: weight.to(dtype) for name, weight in weights.items()}
        self.dimension: int = config["hidden_size"]
        self._words = given["embeddings.word_embeddings.weight"]
        # A text that is no pair is all of the first kind.
        self._kind = given["embeddings.token_type_embeddings.weight"][0]
        self._places = given["embeddings.position_embeddings.weight"]
        self._norm = _Norm(given, "embeddings", config)
        count: int = config["num_hidden_layers"]
        self._layers = [_Layer(given, f"encoder.layer.{n}", config) for n in range(count)]

    def __call__(self, ids: Tensor, lengths: Sequence[int]) -> Tensor:
        """Token embeddings [t, d] of token ids [t]: those of texts of such `lengths`, in a row."""
        places = torch.cat([self._places[:length] for length in lengths])
        states = self._norm(self._words[ids] + self._kind + places)
        for layer in self._layers:
            states = layer(states, lengths)
        return states

    def read(self, texts: Sequence[Ids], threads: int) -> Iterator[NDArray[np.float32]]:
        """Token embeddings [t, d] of each text, given as token ids.

        Several texts are best sorted by length. Each thread reads some of its own: where threads
        share each product, and wait for each other, it takes half as long again. They leave torch
        with `threads` threads for whoever comes next.
        """
        groups = [*_groups(texts)]
        if len(groups) == 1:
            yield from self._read_group(groups[0])
            return
        try:
            with ThreadPoolExecutor(
                threads, initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                yield from chain.from_iterable(pool.map(self._read_group, groups))
        finally:
            torch.set_num_threads(threads)

    def _read_group(self, texts: Sequence[Ids]) -> list[NDArray[np.float32]]:
        lengths = [len(ids) for ids in texts]
        with torch.inference_mode():
            tokens = self(torch.tensor([*chain.from_iterable(texts)]), lengths)
        return np.split(tokens.float().numpy(), np.cumsum(lengths)[:-1])


class _Layer:
    """One layer of attention and what follows it."""

    def __init__(self, weights: Mapping[str, Tensor], name: str, config: Mapping[str, Any]) -> None:
        inputs = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        self._heads: int = config["num_attention_heads"]
        self._project = _linear(weights, *inputs)
        self._attended = _linear(weights, f"{name}.attention.output.dense")
        self._first_norm = _Norm(weights, f"{name}.attention.output", config)
        self._widen = _linear(weights, f"{name}.intermediate.dense")
        self._narrow = _linear(weights, f"{name}.output.dense")
        self._second_norm = _Norm(weights, f"{name}.output", config)

    def __call__(self, states: Tensor, lengths: Sequence[int]) -> Tensor:
        projected = self._project(states).view(len(states), 3, self._heads, -1)
        # A token attends to those of its own text.
        seen = torch.cat([_attend(text) for text in torch.split(projected, list(lengths))])
        states = self._first_norm(self._attended(seen) + states)
        return self._second_norm(self._narrow(functional.gelu(self._widen(states))) + states)


def _attend(projected: Tensor) -> Tensor:
    """What the tokens of one text see [t, d], by its queries, keys and values [t, 3, heads, size].

    The first of the four dimensions is a batch of one: without it there is no fast kernel.
    """
    query, key, value = projected.permute(1, 2, 0, 3)[:, None]
    seen = functional.scaled_dot_product_attention(query, key, value)
    return seen[0].transpose(0, 1).flatten(1)


class _Norm:
    def __init__(self, weights: Mapping[str, Tensor], name: str, config: Mapping[str, Any]) -> None:
        self._weight = weights[f"{name}.LayerNorm.weight"]
        self._bias = weights[f"{name}.LayerNorm.bias"]
        self._eps: float = config["layer_norm_eps"]

    def __call__(self, states: Tensor) -> Tensor:
        size = self._weight.shape
        return functional.layer_norm(states, size, self._weight, self._bias, self._eps)


def _groups(texts: Sequence[Ids]) -> Iterator[list[Ids]]:
    """Texts that have `GROUP` tokens together, or one that has more."""
    group: list[Ids] = []
    tokens = 0
    for ids in texts:
        if group and tokens + len(ids) > GROUP:
            yield group
            group, tokens = [], 0
        group.append(ids)
        tokens += len(ids)
    if group:
        yield group


def read_bert(folder: Path, dtype: torch.dtype) -> Bert | None:
    """The sentence-transformers model in a folder, where it is a BERT whose tokens' mean counts.

    None where it is of another kind or damaged: the library knows the one, and tells of the other.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        modules = _json(folder / "modules.json")
        config = _json(folder / "config.json")
        pooling = _json(folder / modules[1]["path"] / "config.json")
        if not (_in_a_row(modules) and _is_plain(config) and _is_mean(pooling)):
            return None
        return Bert(load_file(folder / WEIGHTS), config, dtype)
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


def _linear(weights: Mapping[str, Tensor], *names: str) -> PackedLinear:
    """Linear layers of the same input, side by side."""
    return PackedLinear(
        torch.cat([weights[f"{name}.weight"] for name in names]),
        torch.cat([weights[f"{name}.bias"] for name in names]),
    )


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
