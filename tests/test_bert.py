"""A model read from its files gives what the library's gives, and is read only where it does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from berts import MODULES, small_bert, write

from index import embedding
from index.bert import Bert, BertFiles, read_bert
from index.embedding import Encoder, unit
from index.onnx_bert import OnnxBert
from index.torch_bert import GROUP, TorchBert
from index.weights import DEFAULT_MODEL, find_model

Make = Callable[[BertFiles], Bert]


def in_float32(files: BertFiles) -> Bert:
    return TorchBert(files, torch.float32)


@pytest.mark.parametrize("lengths", [[1], [2], [17], [64], [5, 5], [1, 40, 3], [400, 200]])
@pytest.mark.parametrize(
    ("make", "dtype", "apart"),
    [
        (OnnxBert, torch.float32, 0.01),
        (in_float32, torch.float32, 1e-5),
        (TorchBert, torch.bfloat16, 0.05),
    ],
)
def test_texts_side_by_side_come_to_the_end_that_each_comes_to_alone(
    tmp_path: Path, lengths: list[int], make: Make, dtype: torch.dtype, apart: float
) -> None:
    model = small_bert(tmp_path)
    short = read_bert(tmp_path, make)
    assert short and short.dimension == 32
    texts = torch.split(torch.randint(0, 50, (sum(lengths),)), lengths)
    found = [*short.read([text.tolist() for text in texts], threads=2)]
    assert [each.dtype for each in found] == [np.float32] * len(lengths)
    model.to(dtype)
    for text, tokens in zip(texts, found, strict=True):
        with torch.inference_mode():
            expected = model(input_ids=text[None]).last_hidden_state[0].float()
        assert np.allclose(tokens, expected.numpy(), atol=apart)


def test_weights_of_half_the_width_are_widened(tmp_path: Path) -> None:
    small_bert(tmp_path).half().save_pretrained(tmp_path)
    for make in (OnnxBert, in_float32):
        short = read_bert(tmp_path, make)
        assert short
        (tokens,) = short.read([[1, 2, 3]], threads=1)
        assert tokens.dtype == np.float32


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"model_type": "roberta"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("config.json", {"is_decoder": True}),
        ("config.json", {"num_hidden_layers": 4}),
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True}),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": False}),
        ("1_Pooling/config.json", {"include_prompt": False}),
    ],
)
def test_models_of_another_kind_go_the_long_way(
    tmp_path: Path, file: str, change: dict[str, Any]
) -> None:
    small_bert(tmp_path)
    assert read_bert(tmp_path, OnnxBert)
    write(tmp_path / file, json.loads((tmp_path / file).read_text()) | change)
    assert read_bert(tmp_path, OnnxBert) is None


@pytest.mark.parametrize(
    "modules",
    [
        MODULES[:1],
        [*MODULES[:2], {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}],
        [MODULES[0] | {"path": "0_Transformer"}, *MODULES[1:]],
        [],
        {},
        ["Transformer"],
    ],
)
def test_other_modules_go_the_long_way(tmp_path: Path, modules: object) -> None:
    small_bert(tmp_path)
    write(tmp_path / "modules.json", modules)
    assert read_bert(tmp_path, OnnxBert) is None


def test_what_is_missing_or_damaged_is_left_to_the_library(tmp_path: Path) -> None:
    small_bert(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5_000])
    assert read_bert(tmp_path, OnnxBert) is None
    weights.unlink()
    assert read_bert(tmp_path, OnnxBert) is None
    assert read_bert(tmp_path / "nowhere", OnnxBert) is None


TEXTS = ["Who?", "", "When does the ferry to Oban leave, and who may board it?"]
TEXTS += [f"Sheep graze beside school {n}. " * n for n in range(1, 20)]


@pytest.fixture(scope="module")
def library() -> Any:
    """The default model as the library has it."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(find_model(DEFAULT_MODEL)), device="cpu", local_files_only=True)


def test_questions_and_passages_are_encoded_nearly_as_the_library_does(library: Any) -> None:
    """In 8-bit integers: bfloat16's vectors are as far from float32's."""
    encoder = Encoder()
    tokens = library.encode(TEXTS, output_value="token_embeddings")
    expected = library.encode(TEXTS, normalize_embeddings=True)
    passages = encoder.encode_passages(TEXTS)
    near = np.array([passages[number].vector @ expected[number] for number in range(len(TEXTS))])
    assert near.min() > 0.985 and near.mean() > 0.995
    for number, passage in enumerate(passages):
        question = encoder.encode_question(TEXTS[number])
        own = unit(tokens[number].float().numpy()[1 : 1 + len(passage.tokens)])
        for encoded in (passage, question):
            assert encoded.tokens.shape == own.shape and len(encoded.spans) == len(own)
            assert ((encoded.tokens * own).sum(axis=1) > 0.98).all()
        assert np.array_equal(passage.vector, question.vector)
        assert np.array_equal(passage.tokens, question.tokens)


def test_a_model_of_another_kind_goes_through_the_library(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(find_model(DEFAULT_MODEL), folder)
    pooling = {"pooling_mode": "cls", "embedding_dimension": 384}
    write(folder / "1_Pooling" / "config.json", pooling)
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(folder), device="cpu").encode(
        TEXTS, normalize_embeddings=True
    )
    other, usual = Encoder(str(folder)), Encoder()
    for number, encoded in enumerate(other.encode_passages(TEXTS)):
        assert float(encoded.vector @ expected[number]) > 0.995
        (same,) = usual.encode_passages([TEXTS[number]])
        assert np.array_equal(encoded.spans, same.spans)
        if len(same.tokens):
            assert ((encoded.tokens * same.tokens).sum(axis=1) > 0.99).all()
    assert float(other.encode_question(TEXTS[2]).vector @ expected[2]) > 0.995


@pytest.fixture
def in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor that multiplies bfloat16, after many passages."""
    monkeypatch.setattr(embedding, "has_bfloat16", lambda: True)
    monkeypatch.setattr(embedding, "MANY", GROUP)


@pytest.mark.usefixtures("in_bulk")
def test_a_text_has_much_the_same_vectors_alone_and_among_many() -> None:
    encoder = Encoder()
    text = "The ferry leaves Oban at nine."
    (alone,) = encoder.encode_passages([text])
    assert encoder._many is None
    passages = [text, *(f"Sheep graze by {n} schools. " * 9 for n in range(9))]
    together, *_others = encoder.encode_passages(passages)  # by more than one thread
    assert isinstance(encoder._many, TorchBert)
    assert float(alone.vector @ together.vector) > 0.99
    assert (alone.tokens * together.tokens).sum(axis=1).min() > 0.98


IMPORTED = """
import sys
from index import embedding
embedding.MANY = 1500
encoder = embedding.Encoder()
passages = ["It was Ada. " * 40] * 8
loaded = lambda: {"torch", "transformers", "sentence_transformers"} & {*sys.modules}
for _ in range(300):
    encoder.encode_question("Who was it?")
questions = loaded()
for bfloat16 in (False, True, True):
    embedding.has_bfloat16 = lambda: bfloat16
    encoder.encode_passages(passages)
    print(questions, loaded())
"""


def test_nothing_waits_for_libraries_that_it_does_not_need() -> None:
    run = [sys.executable, "-c", IMPORTED]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout == "set() set()\nset() set()\nset() {'torch'}\n"
