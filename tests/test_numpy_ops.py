"""Numpy's operations are torch's, for states far from 0 too; one text's attention is its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from index.numpy_ops import ROWS, NumpyOps
from index.torch_ops import TorchOps

RANDOM = np.random.default_rng(1)


def floats(*shape: int, spread: float = 1.0) -> NDArray[np.float32]:
    return (RANDOM.standard_normal(shape) * spread).astype(np.float32)


@pytest.mark.parametrize("rows", [1, ROWS - 1, ROWS, 3 * ROWS + 1])
def test_the_activation_is_that_of_the_error_function(rows: int) -> None:
    states = np.concatenate([floats(rows, 30), floats(rows, 30, spread=20)], axis=1)
    states[0, :3] = 0, -1e4, 1e4
    expected = functional.gelu(torch.from_numpy(states)).numpy()
    # The approximation is of a factor: its error grows with what is multiplied.
    assert np.allclose(NumpyOps().gelu(states.copy()), expected, atol=4e-7, rtol=2e-7)


def test_a_norm_of_large_and_of_equal_states() -> None:
    weight, bias = floats(64), floats(64)
    states = np.stack([floats(64, spread=1e4), np.full(64, 7, np.float32), floats(64) / 1e4])
    expected = functional.layer_norm(torch.from_numpy(states), (64,)).numpy()
    found = NumpyOps().norm(weight, bias, 1e-5)(states.copy())
    assert np.allclose(found, expected * weight + bias, atol=1e-5)


@pytest.mark.parametrize("spread", [1.0, 60.0])
def test_attention_of_sharp_and_of_even_weights(spread: float) -> None:
    projected = floats(9, 3 * 24, spread=spread)
    torch_ops = TorchOps(torch.float32)
    expected = torch_ops.attend(torch.from_numpy(projected), 4).numpy()
    found = NumpyOps().attend(projected, 4)
    assert np.isfinite(found).all()
    assert np.allclose(found, expected, atol=1e-5 * spread)


@pytest.mark.parametrize("rows", [1, 16, 500])
@pytest.mark.parametrize(("dtype", "apart"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_linear_layers_of_both_kinds(rows: int, dtype: torch.dtype, apart: float) -> None:
    weight, bias, states = floats(48, 32, spread=0.2), floats(48), floats(rows, 32)
    expected = states @ weight.T + bias
    assert np.allclose(NumpyOps().linear(weight, bias)(states), expected, atol=1e-5)
    ops = TorchOps(dtype)
    found = ops.floats(ops.linear(weight, bias)(ops.table(states)))
    assert np.allclose(found, expected, atol=apart)
