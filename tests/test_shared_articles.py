"""The five real articles, where they lie beside the project: found, quoted, and refused."""

from pathlib import Path

import pytest
import yaml

from qa import Assistant, Settings

ROOT = Path(__file__).parents[1]
ARTICLES = ROOT.parent / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not ARTICLES.is_dir(), reason="needs ../shared/corpus")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return Assistant.open(Settings(corpus=ARTICLES, index_dir=tmp_path_factory.mktemp("all")))


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("held-out")
    return Assistant.open(Settings(corpus=ARTICLES, index_dir=folder, index_faq=False))


def test_every_faq_question_finds_its_own_answer(indexed: Assistant) -> None:
    total = 0
    for summary in indexed.articles():
        for pair in indexed.article(summary.id).faq:
            first = indexed.ask(pair.question).citations[0]
            assert first.article_id == summary.id
            assert pair.answer_start <= first.start < first.end <= pair.end
            total += 1
    assert total == 23


def test_held_out_faq_questions_are_answered_from_the_body(
    indexed: Assistant, held_out: Assistant
) -> None:
    abstained = 0
    for summary in indexed.articles():
        faq = indexed.article(summary.id).faq
        for pair in faq:
            answer = held_out.ask(pair.question)
            abstained += answer.abstained
            assert all(scored.passage.kind == "body" for scored in answer.passages)
            for citation in (*answer.citations, *answer.near_misses):
                text = held_out.article(citation.article_id).text
                assert text[citation.start : citation.end] == citation.quote
    assert abstained <= 1


def test_what_the_articles_do_not_say_is_refused(held_out: Assistant) -> None:
    file = ROOT / "tests" / "data" / "unanswerable.yaml"
    questions = [item["question"] for item in yaml.safe_load(file.read_text(encoding="utf-8"))]
    assert len(questions) == 40
    assert sum(held_out.ask(question).abstained for question in questions) >= 34


def test_comments_are_never_cited(indexed: Assistant) -> None:
    for summary in indexed.articles():
        article = indexed.article(summary.id)
        for start, end in article.dropped:
            text = article.text[start:end]
            if len(text) < 40:
                continue
            answer = indexed.ask(text[:1000])
            for citation in (*answer.citations, *answer.near_misses):
                inside = start <= citation.start < end and citation.article_id == summary.id
                assert not inside
