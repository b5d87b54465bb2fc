"""The real model: its vectors, its token spans, and where it is found."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index import bert, embedding, weights
from index.embedding import Encoder, unit
from index.errors import ModelError
from index.weights import DEFAULT_MODEL, find_model


def test_bulk_and_token_encoding_give_the_same_vector(encoder: Encoder) -> None:
    texts = ["The ferry leaves at nine.", "", "Sheep graze. " * 200]
    bulk = encoder.encode(texts)
    assert bulk.shape == (3, 384) and bulk.dtype == np.float32
    assert np.allclose(np.linalg.norm(bulk, axis=1), 1, atol=1e-3)
    for vector, encoded in zip(bulk, encoder.encode_passages(texts), strict=True):
        assert float(vector @ encoded.vector) > 0.995


def test_token_spans_cut_the_words(encoder: Encoder) -> None:
    text = "Zürich’s ferry, 9:30"
    encoded = encoder.encode_question(text)
    assert [text[start:end] for start, end in encoded.spans][-4:] == [",", "9", ":", "30"]
    assert encoded.tokens.shape == (len(encoded.spans), 384)
    assert np.allclose(np.linalg.norm(encoded.tokens, axis=1), 1, atol=1e-5)


def test_a_text_longer_than_the_model_reads_is_cut(encoder: Encoder) -> None:
    (encoded,) = encoder.encode_passages(["word " * 5000])
    assert len(encoded.tokens) == encoder.max_tokens - 2


def test_tokens_are_counted_without_special_ones_or_truncation(encoder: Encoder) -> None:
    assert encoder.count_tokens(["", "word", "word " * 5000]) == [0, 1, 5000]
    assert encoder.count_tokens([]) == []


def test_nothing_gives_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_the_packaged_weights_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Encoder().fingerprint.startswith(f"{DEFAULT_MODEL}@53aa51172d142c89")
    package = weights.PACKAGED[DEFAULT_MODEL][0]
    monkeypatch.setitem(weights.PACKAGED, DEFAULT_MODEL, (package, "0" * 64))
    with pytest.raises(ModelError, match="install the package again"):
        _ = Encoder().fingerprint


def test_prompts_of_another_model_are_honoured(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(find_model(DEFAULT_MODEL), folder)
    file = folder / "config_sentence_transformers.json"
    configuration = json.loads(file.read_text())
    configuration["prompts"] = {"query": "query: ", "document": "passage: "}
    file.write_text(json.dumps(configuration))
    prompted, plain = Encoder(str(folder)), Encoder()
    asked = prompted.encode_question("Who?")
    assert np.allclose(asked.vector, plain.encode_question("query: Who?").vector, atol=1e-3)
    assert ["Who?"[start:end] for start, end in asked.spans] == ["Who", "?"]
    (bulk,) = prompted.encode(["It was Ada."])
    (tokens,) = prompted.encode_passages(["It was Ada."])
    (expected,) = plain.encode(["passage: It was Ada."])
    assert float(bulk @ expected) > 0.995
    assert float(tokens.vector @ expected) > 0.995


def test_a_model_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'nobody/nothing' is not on this machine"):
        Encoder("nobody/nothing")
    with pytest.raises(ModelError, match="no model weights"):
        _ = Encoder(str(tmp_path)).fingerprint


def test_a_damaged_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="install or copy it again") as error:
        Encoder(str(tmp_path)).encode(["text"])
    assert "\n" not in str(error.value)
    with pytest.raises(ModelError, match="install or copy it again"):
        Encoder(str(tmp_path)).count_tokens(["text"])


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_two_first_texts_at_once_load_the_model_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pooling: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(find_model(DEFAULT_MODEL), folder)
    configuration = {"pooling_mode": pooling, "embedding_dimension": 384}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(configuration))
    loads: list[str] = []
    load, read = embedding._load, bert.read_bert

    def loaded(folder: Path) -> object:
        loads.append("library")
        return load(folder)

    def was_read(folder: Path, make: Callable[[bert.BertFiles], bert.Bert]) -> object:
        loads.append("files")
        return read(folder, make)

    monkeypatch.setattr(embedding, "_load", loaded)
    monkeypatch.setattr(embedding, "read_bert", was_read)
    encoder = Encoder(str(folder))
    assert not encoder.loaded
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(encoder.encode_question, ["a", "b", "c", "d"]))
    assert encoder.loaded
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(encoder.encode_passages, [["a"], ["b"] * 40, ["c"] * 3, []]))
    assert loads == (["files"] if pooling == "mean" else ["files", "library"])


def test_unit_keeps_zero() -> None:
    assert unit(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]
