"""The graph that runs in int8: no weight that overflows, no text that feels its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from berts import small_bert
from onnx import numpy_helper

from index.bert import Bert, BertFiles, read_bert
from index.embedding import unit
from index.int8 import MOST
from index.onnx_bert import OnnxBert, write_graph
from index.torch_bert import TorchBert
from index.weights import DEFAULT_MODEL, find_model

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> BertFiles:
    folder = tmp_path_factory.mktemp("bert")
    small_bert(folder)
    given: list[BertFiles] = []

    def make(files: BertFiles) -> Bert:
        given.append(files)
        return OnnxBert(files)

    assert read_bert(folder, make)
    return given[0]


def read(files: BertFiles, *texts: list[int]) -> list[Any]:
    return [*OnnxBert(files).read(texts, threads=2)]


def test_weights_stay_within_what_two_products_may_add_up_to(files: BertFiles) -> None:
    weights = list(integers(files))
    assert len(weights) == 4 * files.layers
    for weight in weights:
        largest = np.abs(weight.astype(int)).max(axis=0)
        assert (largest == MOST).all()
    assert np.iinfo(np.int16).max >= 2 * MOST * 255


def integers(files: BertFiles) -> Iterator[Any]:
    graph = onnx.load_from_string(write_graph(files)).graph
    arrays = map(numpy_helper.to_array, graph.initializer)
    return (array for array in arrays if array.dtype == np.int8 and array.ndim == 2)


def test_a_column_without_weights_gives_its_bias(files: BertFiles) -> None:
    weights = dict(files.weights)
    for name in (name for name in weights if name.endswith("intermediate.dense.weight")):
        weights[name] = np.zeros_like(weights[name])
    silent = replace(files, weights=weights)
    (expected,) = TorchBert(silent, torch.float32).read([IDS], threads=1)
    (tokens,) = read(silent, IDS)
    assert np.allclose(tokens, expected, atol=0.01)


def test_a_text_is_read_as_if_it_were_alone(files: BertFiles) -> None:
    texts = [IDS, [7], IDS[::-1], IDS * 30]
    together = read(files, *texts)
    for text, tokens in zip(texts, together, strict=True):
        assert np.array_equal(tokens, read(files, text)[0])


def test_vectors_of_the_default_model_are_near_those_of_float32() -> None:
    """Its first token has states far larger than any other's, and its values errors that add up."""
    folder = find_model(DEFAULT_MODEL)
    texts = [[101, *range(2000, 2000 + length), 102] for length in (3, 12, 40, 150)]
    exact = read_bert(folder, lambda files: TorchBert(files, torch.float32))
    quantised = read_bert(folder, OnnxBert)
    assert exact and quantised
    for expected, tokens in zip(exact.read(texts, 1), quantised.read(texts, 1), strict=True):
        assert distance(tokens, expected) < 0.0055


def distance(tokens: Any, exact: Any) -> float:
    """How far the tokens after the first are from what they should be, in cosine."""
    return float(1 - (unit(tokens) * unit(exact))[1:].sum(axis=1).mean())
