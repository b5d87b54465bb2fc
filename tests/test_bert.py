"""A model read from its files gives what the library's gives, and is read only where it does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from index import embedding
from index.bert import GROUP, Bert, Ops, read_bert
from index.embedding import Encoder
from index.numpy_ops import NumpyOps
from index.torch_ops import TorchOps
from index.weights import DEFAULT_MODEL, find_model

MODULES = [
    {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
MEAN = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False}
MEAN |= {"pooling_mode_mean_tokens": True}


def small_bert(folder: Path) -> Any:
    """A BERT of nobody's making, and the folder that sentence-transformers would have of it."""
    from transformers import BertConfig, BertModel  # seconds, in every worker that collects tests

    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=48,
    )  # fmt: skip
    model: Any = BertModel(config, add_pooling_layer=False).eval()
    for part in model.modules():  # biases and norms begin as nothing, which hides mistakes
        if isinstance(part, nn.Linear | nn.LayerNorm):
            nn.init.normal_(part.bias, std=0.5)
    model.save_pretrained(folder)
    write(folder / "modules.json", MODULES)
    write(folder / "1_Pooling" / "config.json", MEAN)
    return model


def write(file: Path, content: object) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("lengths", [[1], [2], [17], [64], [5, 5], [1, 40, 3], [400, 200]])
@pytest.mark.parametrize(
    ("ops", "dtype", "apart"),
    [
        (NumpyOps(), torch.float32, 1e-5),
        (TorchOps(torch.float32), torch.float32, 1e-5),
        (TorchOps(torch.bfloat16), torch.bfloat16, 0.05),
    ],
)
def test_texts_side_by_side_come_to_the_end_that_each_comes_to_alone(
    tmp_path: Path, lengths: list[int], ops: Ops, dtype: torch.dtype, apart: float
) -> None:
    model = small_bert(tmp_path)
    short = read_bert(tmp_path, ops)
    assert isinstance(short, Bert)
    assert short.dimension == 32
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
    short = read_bert(tmp_path, NumpyOps())
    assert isinstance(short, Bert)
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
    assert read_bert(tmp_path, NumpyOps())
    write(tmp_path / file, json.loads((tmp_path / file).read_text()) | change)
    assert read_bert(tmp_path, NumpyOps()) is None


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
    assert read_bert(tmp_path, NumpyOps()) is None


def test_what_is_missing_or_damaged_is_left_to_the_library(tmp_path: Path) -> None:
    small_bert(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5_000])
    assert read_bert(tmp_path, NumpyOps()) is None
    weights.unlink()
    assert read_bert(tmp_path, NumpyOps()) is None
    assert read_bert(tmp_path / "nowhere", NumpyOps()) is None


TEXTS = ["Who?", "", "When does the ferry to Oban leave, and who may board it?"]
TEXTS += [f"Sheep graze beside school {n}. " * n for n in range(1, 20)]


@pytest.fixture(scope="module")
def library() -> Any:
    """The default model as the library has it."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(find_model(DEFAULT_MODEL)), device="cpu", local_files_only=True)


def test_questions_and_passages_are_encoded_as_the_library_does(library: Any) -> None:
    encoder = Encoder()
    assert sum(encoder.count_tokens(TEXTS)) > GROUP  # by more than one thread
    tokens = library.encode(TEXTS, output_value="token_embeddings")
    expected = library.encode(TEXTS, normalize_embeddings=True)
    passages = encoder.encode_passages(TEXTS)
    for number, passage in enumerate(passages):
        question = encoder.encode_question(TEXTS[number])
        own = tokens[number].float().numpy()[1 : 1 + len(passage.tokens)]
        own = own / np.linalg.norm(own, axis=1, keepdims=True)
        for encoded in (passage, question):
            assert float(encoded.vector @ expected[number]) > 0.995
            assert encoded.tokens.shape == own.shape and len(encoded.spans) == len(own)
            assert ((encoded.tokens * own).sum(axis=1) > 0.99).all()


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


def test_a_text_has_the_same_vectors_alone_and_among_many(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one is read by numpy, the others by torch, on some processors in bfloat16."""
    text = "The ferry leaves Oban at nine."
    (alone,) = encoder.encode_passages([text])
    monkeypatch.setattr(embedding, "MANY", 1)
    together, *_others = encoder.encode_passages([text, "Sheep graze. " * 80] * 3)
    assert encoder._many
    assert float(alone.vector @ together.vector) > 0.9995
    assert (alone.tokens * together.tokens).sum(axis=1).min() > 0.995


def test_nothing_waits_for_libraries_that_it_does_not_need() -> None:
    code = (
        "import sys; from index import embedding; encoder = embedding.Encoder();"
        "loaded = lambda: {'torch', 'transformers', 'sentence_transformers'} & {*sys.modules};"
        "embedding.MANY = 1500; passages = ['It was Ada. ' * 40] * 8;"
        "[encoder.encode_question('Who was it?') for _ in range(300)]; questions = loaded();"
        "encoder.encode_passages(passages); few = loaded();"
        "encoder.encode_passages(passages); print(questions, few, loaded())"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout == "set() set() {'torch'}\n"
