"""A BERT's operations in numpy, in float32: a question is answered without importing torch.

That would take as long as all else from the start of `cited ask` to its answer, and twice the
memory; and a question's few tokens are multiplied as fast here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.threads import one_blas_thread

Floats = NDArray[np.float32]

ROWS = 32
"""Tokens whose activation is worked out at once: a dozen passes over what stays in a near cache."""

_SCALE = 0.3275911 / 2**0.5
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


class NumpyOps:
    """The operations of `index.bert.Ops` on numpy's arrays."""

    def one_thread(self) -> AbstractContextManager[Any]:
        """Products on one thread, in the whole process."""
        return one_blas_thread()

    def table(self, weight: Floats) -> Floats:
        """The weight itself."""
        return weight

    def linear(self, weight: Floats, bias: Floats) -> Callable[[Floats], Floats]:
        """The product with the weight, which is turned once: a quarter faster for few rows."""
        turned = np.ascontiguousarray(weight.T)

        def layer(states: Floats) -> Floats:
            product: Floats = states @ turned
            product += bias
            return product

        return layer

    def norm(self, weight: Floats, bias: Floats, eps: float) -> Callable[[Floats], Floats]:
        """To mean 0 and variance 1, in place."""
        share = np.float32(1 / len(weight))

        def layer(states: Floats) -> Floats:
            states -= np.add.reduce(states, axis=1, keepdims=True) * share
            variance = np.einsum("td,td->t", states, states)[:, None] * share
            states /= np.sqrt(variance + np.float32(eps))
            states *= weight
            states += bias
            return states

        return layer

    def gelu(self, states: Floats) -> Floats:
        """In place; numpy has no error function, so it is approximated to 1.5e-7.

        Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.1.26.
        """
        for start in range(0, len(states), ROWS):
            _gelu(states[start : start + ROWS])
        return states

    def attend(self, projected: Floats, heads: int) -> Floats:
        """Scaled dot-product attention."""
        tokens, width = len(projected), projected.shape[1] // 3
        query, key, value = projected.reshape(tokens, 3, heads, -1).transpose(1, 2, 0, 3)
        weights: Floats = query @ key.transpose(0, 2, 1)
        weights -= np.maximum.reduce(weights, axis=2, keepdims=True)
        weights *= np.float32((width // heads) ** -0.5)
        np.exp(weights, out=weights)
        seen: Floats = weights @ value
        seen /= np.add.reduce(weights, axis=2, keepdims=True)
        return seen.transpose(1, 0, 2).reshape(tokens, width)

    def join(self, parts: Sequence[Floats]) -> Floats:
        """One below the other."""
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def floats(self, states: Floats) -> Floats:
        """The same."""
        return states


def _gelu(states: Floats) -> None:
    """Each x times Φ(x): max(x, 0) - |x| Φ(-|x|), whose Φ is half a polynomial times exp(-x²/2)."""
    size = np.abs(states)
    t = size * np.float32(_SCALE)
    t += 1
    np.reciprocal(t, out=t)
    tail = t * np.float32(_ERF[-1])
    for coefficient in _ERF[-2::-1]:
        tail += np.float32(coefficient)
        tail *= t
    np.multiply(states, states, out=t)
    t *= np.float32(-0.5)
    tail *= np.exp(t, out=t)
    tail *= size
    tail *= np.float32(0.5)
    np.maximum(states, 0, out=states)
    states -= tail
