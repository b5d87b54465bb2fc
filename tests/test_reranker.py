"""A real cross-encoder, tiny and untrained, from a local folder."""

from pathlib import Path

import pytest

from index.errors import ModelError
from index.weights import DEFAULT_MODEL, find_model
from qa import Assistant, Settings
from qa.reranker import Reranker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Seconds, in every worker that collects tests.
    from sentence_transformers import CrossEncoder
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross-encoder")
    tokenizer = AutoTokenizer.from_pretrained(find_model(DEFAULT_MODEL))
    configuration = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    configuration.num_labels = 1
    BertForSequenceClassification(configuration).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    CrossEncoder(str(folder), device="cpu").save_pretrained(str(folder))
    return folder


def test_scores_are_probabilities_one_a_text(folder: Path) -> None:
    reranker = Reranker(str(folder))
    scores = reranker.score("Who?", ["It was Ada.", "It rained for nine days."])
    assert len(scores) == 2 and all(0 <= score <= 1 for score in scores)
    assert scores[0] != scores[1]
    assert reranker.score("Who?", []) == []


def test_it_is_one_setting_away(folder: Path, tmp_path: Path) -> None:
    corpus = Path(__file__).parents[1] / "corpus"
    plain = Settings(corpus=corpus, index_dir=tmp_path, min_confidence=0)
    reranked = Settings(corpus=corpus, index_dir=tmp_path, min_confidence=0, reranker=str(folder))
    question = "How long did the handshake last?"
    answer = Assistant.open(reranked).ask(question)
    assert answer.citations
    usual = Assistant.open(plain).ask(question)
    assert [each.score for each in answer.passages] != [each.score for each in usual.passages]


def test_a_reranker_that_is_nowhere_is_named() -> None:
    with pytest.raises(ModelError, match="'nobody/nothing' is not on this machine"):
        Reranker("nobody/nothing")
