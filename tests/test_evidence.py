"""Late interaction over real token vectors."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from index.embedding import EncodedText, Encoder
from index.store import Generation, Index
from index.tokens import TokenVectors
from qa.asked import token_weights
from qa.evidence import ENOUGH, SUMMED_UP, TOLD, WEIGHTS, Evidence, LateInteraction
from qa.retriever import HybridSearch

FERRY = """The Ferry to Mull

The ferry leaves Oban at nine. Its captain is Morag Example. She has steered it for eleven years. \
Who else would take the night watch? The cook bakes bread on board.

The island has one school. Sheep graze beside it.
"""


@pytest.fixture(scope="module")
def ferry(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Generation:
    corpus = tmp_path_factory.mktemp("ferry")
    (corpus / "ferry.txt").write_text(FERRY)
    index = Index.open(tmp_path_factory.mktemp("index"), encoder)
    index.sync(corpus)
    return index.reader()


def weigh(generation: Generation, encoder: Encoder, question: str) -> list[Evidence]:
    encoded = encoder.encode_question(question)
    hits = HybridSearch().search(generation, question, lambda: encoded, 5)
    return LateInteraction(encoder).score(generation, question, encoded, hits)


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("When does the ferry leave Oban?", "The ferry leaves Oban at nine."),
        ("Who is the captain of the ferry?", "Its captain is Morag Example."),
        ("What grazes beside the school?", "Sheep graze beside it."),
        ("How long has the captain steered the ferry?", "She has steered it for eleven years."),
    ],
)
def test_the_sentence_that_answers_comes_first(
    ferry: Generation, encoder: Encoder, question: str, quote: str
) -> None:
    evidence = weigh(ferry, encoder, question)
    assert evidence[0].quote == quote
    assert [piece.score for piece in evidence] == sorted(
        (piece.score for piece in evidence), reverse=True
    )


def test_what_is_read_ahead_is_not_asked_for_again(ferry: Generation, encoder: Encoder) -> None:
    asked: list[str] = []

    def stored(texts: Sequence[str]) -> Mapping[str, TokenVectors]:
        asked.extend(texts)
        return dict(zip(texts, map(TokenVectors.of, encoder.encode_passages(texts)), strict=True))

    question = "When does the ferry leave Oban?"
    encoded = encoder.encode_question(question)
    scorer = LateInteraction(encoder, stored)
    hits = HybridSearch(ahead=scorer.read_ahead).search(ferry, question, lambda: encoded, 5)
    assert asked, "words find them before they are scored"
    scored = scorer.score(ferry, question, encoded, hits)
    assert len(asked) == len(set(asked)) == len(hits)
    assert [piece.quote for piece in scored] == [
        piece.quote for piece in weigh(ferry, encoder, question)
    ]


def test_evidence_is_verbatim_and_in_range(ferry: Generation, encoder: Encoder) -> None:
    text = ferry.article("ferry.txt").text
    evidence = weigh(ferry, encoder, "Who bakes?")
    assert len(evidence) == 6
    for piece in evidence:
        assert text[slice(*piece.span)] == piece.quote
        assert -1 <= piece.own <= piece.window <= 1 + 1e-6


def test_a_sentence_is_read_with_the_one_before_it(ferry: Generation, encoder: Encoder) -> None:
    evidence = sorted(weigh(ferry, encoder, "Who is the captain?"), key=lambda e: e.span)
    captain, she = (e for e in evidence if e.quote.startswith(("Its captain", "She has")))
    assert she.window >= captain.own - 1e-6
    assert she.window > she.own


def test_a_part_of_the_question_that_nothing_meets_is_seen(
    ferry: Generation, encoder: Encoder
) -> None:
    said = weigh(ferry, encoder, "When does the ferry leave Oban?")[0]
    unsaid = weigh(ferry, encoder, "When does the ferry leave Oban for Reykjavik?")[0]
    assert 0.95 * ENOUGH < said.covered <= ENOUGH + 1e-6
    assert unsaid.quote == said.quote and unsaid.covered < 0.9 * ENOUGH


def test_the_answer_to_an_faq_question_is_read_from_its_first_sentence_on(
    tmp_path: Path, encoder: Encoder
) -> None:
    answer = "It is not certain. The ferry may go to Iona one day. Its captain has asked for it."
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "ferry.txt").write_text(
        f"{FERRY}\nFrequently Asked Questions\n\nQ: Will the ferry go to Iona?\nA: {answer}\n\n"
        "Q: Is there a shop?\nA: No. The school sells milk.\n"
    )
    index = Index.open(tmp_path / "index", encoder)
    index.sync(tmp_path / "corpus")
    evidence = weigh(index.reader(), encoder, "Will the ferry go to Iona?")
    assert " ".join(piece.quote for piece in evidence[:3]) == answer
    near = weigh(index.reader(), encoder, "Will the captain go to Iona or to Oban one day?")
    assert near[0].quote != "It is not certain."
    assert evidence[0].cosine == pytest.approx(1)


def test_a_sentence_that_signals_the_reason_beats_one_that_repeats_the_question(
    tmp_path: Path, encoder: Encoder
) -> None:
    echo = "The ferry to Iona was cancelled on Monday morning."
    reason = "Monday's ferry was cancelled because its captain had lost her keys."
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "keys.txt").write_text(
        f"News from Mull\n\nGoats were fed late because of the rain.\n\n{echo}\n\n{reason}\n"
    )
    index = Index.open(tmp_path / "index", encoder)
    index.sync(tmp_path / "corpus")
    repeated = weigh(index.reader(), encoder, "Was the ferry to Iona cancelled on Monday?")
    assert repeated[0].quote == echo
    why = weigh(index.reader(), encoder, "Why was the ferry to Iona cancelled on Monday?")
    assert why[0].quote == reason
    goats = next(piece for piece in why if "Goats" in piece.quote)
    assert gained(why[0]) >= TOLD
    assert gained(goats) < TOLD, "it tells the reason of something else"
    assert why[0].covered <= ENOUGH + 1e-6


def test_a_sentence_that_sums_up_loses_where_a_result_is_asked_for(
    tmp_path: Path, encoder: Encoder
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "ferry.txt").write_text(
        "News from Mull\n\nThe strike of the ferry led to empty shops in Iona.\n\n"
        "In summary, the strike of the ferry had implications for Iona.\n"
    )
    index = Index.open(tmp_path / "index", encoder)
    index.sync(tmp_path / "corpus")
    asked = "What implications did the strike of the ferry have for Iona?"
    told, summed = weigh(index.reader(), encoder, asked)
    assert told.quote.startswith("The strike")
    same = next(
        piece
        for piece in weigh(index.reader(), encoder, "Who had a strike?")
        if piece.quote.startswith("In summary")
    )
    assert gained(summed) == pytest.approx(gained(same) - SUMMED_UP, abs=0.01)


def gained(piece: Evidence) -> float:
    """What a score has beyond its parts: up to 0.05 for retrieval, and `TOLD` for a signal."""
    parts = zip(
        WEIGHTS.values(), (piece.own, piece.window, piece.around, piece.cosine), strict=False
    )
    return piece.score - sum(weight * value for weight, value in parts)


def test_of_another_year_a_sentence_meets_nothing(tmp_path: Path, encoder: Encoder) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "fire.txt").write_text(
        "A Fire in Oban\nPublished: 3 May 2021\n\nTwo barns burnt down in the fire at Oban.\n\n"
        "In the fire of 1968 nine barns had burnt down at Oban.\n"
    )
    (tmp_path / "corpus" / "later.txt").write_text(
        "Looking Back\nPublished: 3 May 2024\n\nIt was in June 1937. "
        f"{'Nobody has forgotten that summer on the island. ' * 40}\n\nSix barns burnt at Iona.\n"
    )
    (tmp_path / "corpus" / "undated.txt").write_text("A Note\n\nFive barns burnt at Mull.\n")
    index = Index.open(tmp_path / "index", encoder)
    index.sync(tmp_path / "corpus")

    def covered(question: str) -> dict[str, float]:
        evidence = weigh(index.reader(), encoder, question)
        return {piece.quote.split()[0]: piece.covered for piece in evidence}

    assert min(covered("How many barns burnt down in the fire at Oban?").values()) > 0
    for asked in ("the fire of 2021 at Oban", "1968 or 2021"):
        of_both = covered(f"How many barns burnt down in {asked}?")
        assert min(of_both["Two"], of_both["In"], of_both["Five"]) > 0 == of_both["Six"]
    of_1937 = covered("How many barns burnt down in the fire of 1937 at Oban?")
    assert of_1937["Two"] == of_1937["In"] == 0 < of_1937["Five"]
    assert of_1937["Six"] > 0, "its article begins with the year"


def test_a_question_in_the_text_answers_nothing(ferry: Generation, encoder: Encoder) -> None:
    quotes = [
        piece.quote for piece in weigh(ferry, encoder, "Who else would take the night watch?")
    ]
    assert "Who else would take the night watch?" not in quotes


def test_rare_words_weigh_more_and_weights_sum_to_one(ferry: Generation, encoder: Encoder) -> None:
    question = "the sheep?"
    encoded = encoder.encode_question(question)
    weights = token_weights(ferry, question, encoded)
    words = [question[start:end] for start, end in encoded.spans]
    assert words == ["the", "sheep", "?"]
    assert weights[words.index("sheep")] > weights[words.index("the")] > 0
    assert weights[words.index("?")] == 0
    assert float(weights.sum()) == pytest.approx(1)


def test_a_name_in_pieces_weighs_as_a_word(ferry: Generation, encoder: Encoder) -> None:
    """Of two words that no article has, the model knows one whole and the other in pieces."""
    question = "volcano velatrin?"
    encoded = encoder.encode_question(question)
    weights = token_weights(ferry, question, encoded)
    words = [question[start:end] for start, end in encoded.spans]
    assert words[0] == "volcano" and len(words) > 4
    assert float(weights[1:-1].sum()) == pytest.approx(float(weights[0]))
    assert weights[1:-1] == pytest.approx(weights[1])


def test_the_weights_of_a_score_sum_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_passages_are_encoded_once(ferry: Generation) -> None:
    class Counting(Encoder):
        encoded = 0

        def encode_passages(self, texts: list[str]) -> list[EncodedText]:  # type: ignore[override]
            self.encoded += len(texts)
            return super().encode_passages(texts)

    encoder = Counting()
    scorer = LateInteraction(encoder)
    encoded = encoder.encode_question("Who bakes bread?")
    hits = HybridSearch().search(ferry, "Who bakes bread?", lambda: encoded, 5)
    first = scorer.score(ferry, "Who bakes bread?", encoded, hits)
    assert encoder.encoded == len(hits)
    assert scorer.score(ferry, "Who bakes bread?", encoded, hits) == first
    assert encoder.encoded == len(hits)


def test_no_passages_no_evidence(ferry: Generation, encoder: Encoder) -> None:
    encoded = encoder.encode_question("Who?")
    assert LateInteraction(encoder).score(ferry, "Who?", encoded, []) == []
    assert np.isfinite(token_weights(ferry, "!", encoder.encode_question("!"))).all()
