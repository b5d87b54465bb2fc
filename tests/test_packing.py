"""Packed layers multiply as those they replace, however many rows there are."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from index.embedding import Encoder
from index.packing import PackedLinear


@pytest.mark.parametrize("rows", [1, 16, 32, 33, 500])
@pytest.mark.parametrize(("dtype", "apart"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_packed_layers_multiply_as_before(rows: int, dtype: torch.dtype, apart: float) -> None:
    torch.manual_seed(1)
    weight, bias = torch.randn(48, 32) / 6, torch.randn(48)
    weight, bias, inputs = (part.to(dtype) for part in (weight, bias, torch.randn(rows, 32)))
    with torch.inference_mode():
        product = PackedLinear(weight, bias)(inputs)
        assert torch.allclose(product, functional.linear(inputs, weight, bias), atol=apart)


def test_the_real_model_gives_a_text_the_same_vectors_alone_and_in_company(
    encoder: Encoder,
) -> None:
    text = "The ferry leaves Oban at nine."
    (alone,) = encoder.encode_passages([text])
    others = ["Sheep graze beside the island's school."] * 200
    together, *_others = encoder.encode_passages([text, *others])
    assert float(alone.vector @ together.vector) > 0.9995
    assert (alone.tokens * together.tokens).sum(axis=1).min() > 0.995
