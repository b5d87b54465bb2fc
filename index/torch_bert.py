"""A BERT in torch, for passages in bulk where the processor multiplies bfloat16."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain

import torch
from torch import Tensor
from torch.nn import functional

from index.bert import BertFiles, Floats, Ids

GROUP = 512
"""Tokens that a thread reads at once: enough to be multiplied at full speed, few enough to stay in
the processor's caches (measured from 128 to 2,048)."""

_ROWS = 16
"""For how many tokens at a time the layout of weights is chosen; it serves any number of them."""

Layer = Callable[[Tensor], Tensor]


class TorchBert:
    """A BERT encoder (Devlin et al., 2019) for texts side by side: no padding, so no mask."""

    def __init__(self, files: BertFiles, dtype: torch.dtype = torch.bfloat16) -> None:
        """Raises `KeyError` where a weight is missing."""
        self.dimension = files.dimension
        self._words, self._places = (
            torch.from_numpy(table).to(dtype) for table in (files.words, files.places)
        )
        self._norm = _norm(files, "embeddings", dtype)
        self._layers = [_Layer(files, f"encoder.layer.{n}", dtype) for n in range(files.layers)]

    def read(self, texts: Sequence[Ids], threads: int) -> Iterator[Floats]:
        """Token embeddings [t, d] of each text, given as token ids.

        Each thread reads some of its own: where threads share each product, and wait for each
        other, it takes half as long again.
        """
        with one_thread(), ThreadPoolExecutor(threads) as pool:
            yield from chain.from_iterable(pool.map(self._read, _groups(texts)))

    def _read(self, texts: Sequence[Ids]) -> list[Floats]:
        lengths = [len(ids) for ids in texts]
        with one_thread(), torch.inference_mode():
            words = self._words[torch.tensor([*chain.from_iterable(texts)])]
            states = self._norm(words + torch.cat([self._places[:length] for length in lengths]))
            for layer in self._layers:
                states = layer(states, lengths)
            return [text.float().numpy() for text in torch.split(states, lengths)]


class _Layer:
    """One layer of attention and what follows it."""

    def __init__(self, files: BertFiles, name: str, dtype: torch.dtype) -> None:
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        self._heads = files.heads
        self._project = _linear(files, parts, dtype)
        self._attended = _linear(files, [f"{name}.attention.output.dense"], dtype)
        self._first_norm = _norm(files, f"{name}.attention.output", dtype)
        self._widen = _linear(files, [f"{name}.intermediate.dense"], dtype)
        self._narrow = _linear(files, [f"{name}.output.dense"], dtype)
        self._second_norm = _norm(files, f"{name}.output", dtype)

    def __call__(self, states: Tensor, lengths: list[int]) -> Tensor:
        # A token attends to those of its own text.
        seen = [_attend(text, self._heads) for text in torch.split(self._project(states), lengths)]
        states = self._first_norm(self._attended(torch.cat(seen)) + states)
        return self._second_norm(self._narrow(functional.gelu(self._widen(states))) + states)


def _attend(projected: Tensor, heads: int) -> Tensor:
    """What the tokens of one text see [t, d], by their queries, keys and values [t, 3 d].

    In a batch of one: without it there is no fast kernel.
    """
    parts = projected.view(len(projected), 3, heads, -1)
    query, key, value = parts.permute(1, 2, 0, 3)[:, None]
    seen = functional.scaled_dot_product_attention(query, key, value)
    return seen[0].transpose(0, 1).flatten(1)


def _linear(files: BertFiles, names: Sequence[str], dtype: torch.dtype) -> Layer:
    """Linear layers of the same input; in bfloat16 the weight is laid out as the processor wants.

    The same numbers, sooner: oneDNN lays it out anew for each product otherwise.
    """
    weight, bias = (
        torch.from_numpy(array).to(dtype) for array in (files.weight(*names), files.bias(*names))
    )
    if not can_pack(dtype):
        return lambda states: functional.linear(states, weight, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS)

    def layer(states: Tensor) -> Tensor:
        product: Tensor = torch.ops.mkldnn._linear_pointwise(states, packed, bias, "none", [], "")
        return product

    return layer


def _norm(files: BertFiles, name: str, dtype: torch.dtype) -> Layer:
    """To mean 0 and variance 1."""
    weight, bias = (torch.from_numpy(array).to(dtype) for array in files.norm(name))
    return lambda states: functional.layer_norm(states, weight.shape, weight, bias, files.epsilon)


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


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch's products on one thread: in this one, and in those that begin meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this torch, on this processor, has operators that gain by laying weights out."""
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if dtype != torch.bfloat16 or not (there and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
