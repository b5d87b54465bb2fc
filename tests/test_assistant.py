"""The whole path over the articles that ship, with the real model."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from index.embedding import Encoder
from index.store import Filter
from qa import Answer, Assistant, QuestionError, Settings, Turn
from qa.answer import ABSTENTION, Found, Searching, Token
from qa.errors import OtherCorpusError

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
GOLDEN = yaml.safe_load((DATA / "golden.yaml").read_text(encoding="utf-8"))
UNANSWERABLE = yaml.safe_load((DATA / "unanswerable.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    settings = Settings(corpus=ROOT / "corpus", index_dir=tmp_path_factory.mktemp("index"))
    return Assistant.open(settings)


def check(bot: Assistant, answer: Answer) -> None:
    """What must hold of every answer."""
    assert 0 <= answer.confidence <= 1
    assert {"understand", "search", "evidence", "answer", "total"} == set(answer.timings)
    for citation in (*answer.citations, *answer.near_misses):
        text = bot.article(citation.article_id).text
        assert text[citation.start : citation.end] == citation.quote
    if answer.abstained:
        assert answer.text == ABSTENTION
        assert not answer.citations and not answer.sentences
        return
    assert [citation.number for citation in answer.citations] == list(
        range(1, len(answer.citations) + 1)
    )
    assert all(sentence.citations for sentence in answer.sentences)
    for sentence in answer.sentences:
        quote = answer.citations[sentence.citations[0] - 1].quote
        assert " ".join(quote.split()) in sentence.text
        assert sentence.text + " " + "".join(f"[{n}]" for n in sentence.citations) in answer.text


@pytest.mark.parametrize("case", [case for case in GOLDEN if "article" in case], ids=str)
def test_golden_answers(bot: Assistant, case: dict[str, Any]) -> None:
    answer = bot.ask(case["question"])
    check(bot, answer)
    assert not answer.abstained
    numbers = {1, *answer.sentences[0].citations}
    first = [answer.citations[number - 1] for number in numbers]
    assert case["article"] in {citation.article_id for citation in first}
    assert any(text in citation.quote for text in case["contains"] for citation in first)


@pytest.mark.parametrize("case", [case for case in GOLDEN if "sides" in case], ids=str)
def test_both_sides_show_where_the_articles_disagree(bot: Assistant, case: dict[str, Any]) -> None:
    answer = bot.ask(case["question"])
    check(bot, answer)
    for side in case["sides"]:
        quotes = [c.quote for c in answer.citations if c.article_id == side["article"]]
        assert any(text in quote for text in side["contains"] for quote in quotes), side


def test_it_abstains_from_what_the_articles_do_not_say(bot: Assistant) -> None:
    answers = [bot.ask(item["question"]) for item in UNANSWERABLE]
    for answer in answers:
        check(bot, answer)
    # Half of them are near misses written against these very articles.
    assert sum(answer.abstained for answer in answers) >= 27
    refused = next(answer for answer in answers if answer.abstained)
    assert 1 <= len(refused.near_misses) <= 3


def test_it_can_be_told_never_to_abstain(tmp_path: Path) -> None:
    settings = Settings(corpus=ROOT / "corpus", index_dir=tmp_path, min_confidence=0)
    answer = Assistant.open(settings).ask(UNANSWERABLE[0]["question"])
    assert not answer.abstained and answer.citations


def test_every_faq_question_is_answered_by_its_own_answer(bot: Assistant) -> None:
    total = right = 0
    for summary in bot.articles():
        for pair in bot.article(summary.id).faq:
            answer = bot.ask(pair.question)
            check(bot, answer)
            first = answer.citations[0]
            total += 1
            right += first.article_id == summary.id and pair.answer_start <= first.start < pair.end
    assert total == 35
    assert right == 35


def test_a_follow_up_is_answered_as_what_it_means(bot: Assistant) -> None:
    history = [Turn("user", "Who welcomed Kim on the platform at Khasan?")]
    history.append(Turn("assistant", bot.ask(history[0].text).text))
    answer = bot.ask("Which ballet did he watch in Vladivostok?", history)
    check(bot, answer)
    assert "Kim" in answer.question
    assert any("Sleeping Beauty" in citation.quote for citation in answer.citations)


def test_a_stream_is_the_answer_in_pieces(bot: Assistant) -> None:
    events = list(bot.stream(GOLDEN[0]["question"]))
    assert isinstance(events[0], Searching) and events[0].question == GOLDEN[0]["question"]
    assert isinstance(events[1], Found) and events[1].passages
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert "".join(event.text for event in events if isinstance(event, Token)) == answer.text
    assert answer.text == bot.ask(GOLDEN[0]["question"]).text


def test_the_chain_takes_questions_and_conversations(bot: Assistant) -> None:
    chain = bot.as_runnable()
    question = GOLDEN[0]["question"]
    expected = bot.ask(question).text
    assert chain.invoke(question).text == expected
    turns = [("user", "Who is Kim Jong Un?"), Turn("assistant", "The leader of North Korea.")]
    assert (
        "Kim Jong Un" in chain.invoke({"question": "Why was he late?", "history": turns}).question
    )
    answers = chain.batch([question, {"question": question}])
    assert [answer.text for answer in answers] == [expected, expected]
    assert asyncio.run(chain.ainvoke(question)).text == expected
    assert asyncio.run(bot.aask(question)).text == expected


@pytest.mark.parametrize(
    "turn",
    [
        Turn("user", "Who is Kim Jong Un?"),
        ("user", "Who is Kim Jong Un?"),
        ("human", "Who is Kim Jong Un?"),
        {"role": "user", "content": "Who is Kim Jong Un?"},
    ],
)
def test_history_may_be_written_as_people_write_it(bot: Assistant, turn: Any) -> None:
    assert "Kim Jong Un" in bot.ask("Why was he late?", [turn]).question
    asked = {"question": "Why was he late?", "history": [turn]}
    assert "Kim Jong Un" in bot.as_runnable().invoke(asked).question


@pytest.mark.parametrize("turn", ["Who?", ("robot", "Who?"), {"text": "Who?"}, 7])
def test_a_history_that_is_none_is_a_clear_error(bot: Assistant, turn: Any) -> None:
    with pytest.raises(QuestionError, match="give Turn"):
        bot.ask("Why was he late?", [turn])


def test_a_chain_without_a_question_is_a_clear_error(bot: Assistant) -> None:
    with pytest.raises(QuestionError, match="the chain takes a question"):
        bot.as_runnable().invoke({"history": []})


@pytest.mark.parametrize(
    "question",
    [
        "Did Putin visit North Korea?",
        "Is North Korea selling shells to Russia?",
        "How long did the talks last?",
        "Why did Putin smile when Kim arrived?",
    ],
)
def test_articles_that_agree_are_not_said_to_disagree(bot: Assistant, question: str) -> None:
    assert bot.ask(question).notes == ()


def test_the_retriever_is_langchains(bot: Assistant) -> None:
    only = "2023-09-13-cosmodrome-summit.md"
    retriever = bot.as_retriever(k=3, where=Filter(articles=frozenset({only})))
    assert {each.metadata["article_id"] for each in retriever.invoke("ballet")} == {only}
    (document, *_) = bot.as_retriever(k=3).invoke("handshake")
    metadata = document.metadata
    text = bot.article(metadata["article_id"]).text
    assert text[metadata["start"] : metadata["end"]] == document.page_content


def test_search_gives_passages_best_first(bot: Assistant) -> None:
    found = bot.search("Which ballet did Kim watch?", k=4)
    assert len(found) == 4
    assert [scored.score for scored in found] == sorted((s.score for s in found), reverse=True)
    assert "Sleeping Beauty" in found[0].passage.text
    assert len(bot.search("Kim", k=25)) == 25
    with pytest.raises(QuestionError, match="at least one"):
        bot.search("Kim", k=0)


def test_filters_keep_to_their_articles(bot: Assistant) -> None:
    only = "2023-09-12-the-train-at-khasan.txt"
    answer = bot.ask("How long did the talks last?", where=Filter(articles=frozenset({only})))
    check(bot, answer)
    assert {scored.passage.article_id for scored in answer.passages} == {only}


def test_a_filter_that_nothing_passes_is_a_clear_error(bot: Assistant) -> None:
    with pytest.raises(QuestionError, match=r"no article 'typo\.txt'"):
        bot.ask("Why?", where=Filter(articles=frozenset({"typo.txt"})))
    with pytest.raises(QuestionError, match="from 2024-01-01 on"):
        bot.ask("Why?", where=Filter(since=date(2024, 1, 1), until=date(2023, 1, 1)))


def test_a_question_no_one_can_answer_is_a_clear_error(bot: Assistant) -> None:
    with pytest.raises(QuestionError, match="no words"):
        bot.ask("?!")
    with pytest.raises(QuestionError, match="100,000 characters"):
        bot.ask("x" * 100_000)


@pytest.mark.parametrize(
    "question",
    ['"', "a AND -b:^c* NEAR(", "Kim\x00\x07 Putin", "何時ですか", "أين القطار؟", "kim " * 900],
)
def test_odd_questions_get_an_answer_or_an_abstention(bot: Assistant, question: str) -> None:
    if question == '"':
        with pytest.raises(QuestionError):
            bot.ask(question)
    else:
        check(bot, bot.ask(question))


def test_a_chat_model_condenses_follow_ups(tmp_path: Path) -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("Which ballet did Kim watch?")]))
    settings = Settings(corpus=ROOT / "corpus", index_dir=tmp_path)
    answer = Assistant.open(settings, model=model).ask("Which one?", [Turn("user", "Ballets?")])
    assert answer.question == "Which ballet did Kim watch?"


def test_the_model_is_loaded_when_it_is_needed_and_not_before(bot: Assistant) -> None:
    fresh = Assistant.open(bot.settings)  # nothing to embed: the index is up to date
    assert not fresh.encoder.loaded
    fresh.warm_up()
    assert fresh.encoder.loaded


def test_an_answer_is_json(bot: Assistant) -> None:
    import json

    data = json.loads(json.dumps(bot.ask(GOLDEN[0]["question"]).to_dict()))
    assert data["citations"][0]["quote"] and data["passages"][0]["passage"]["article_id"]


def test_what_is_left_out_is_told_when_it_is_opened(
    tmp_path: Path, encoder: Encoder, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "ferry.txt").write_text("The Ferry\n\nThe ferry leaves Oban at nine.\n")
    settings = Settings(corpus=corpus, index_dir=tmp_path / "index")
    Assistant.open(settings, encoder=encoder)
    assert caplog.messages == []
    for name in ("a.txt", "b.txt"):
        (corpus / name).write_text("")
    Assistant.open(settings, encoder=encoder)
    (told,) = caplog.messages
    assert told.startswith("left out 'a.txt' (empty") and "and 1 more" in told


def test_no_question_is_answered_from_the_index_of_another_folder(
    tmp_path: Path, encoder: Encoder
) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    for folder, count in ((mine, 12), (other, 1)):
        folder.mkdir()
        for n in range(count):
            text = f"The {folder.name} {n}\n\nFerry {n} of {folder.name} leaves Oban at nine.\n"
            (folder / f"{folder.name}-{n}.txt").write_text(text)
    Assistant.open(Settings(corpus=mine, index_dir=tmp_path / "index"), encoder=encoder)
    with pytest.raises(OtherCorpusError, match="--index-dir"):
        Assistant.open(Settings(corpus=other, index_dir=tmp_path / "index"), encoder=encoder)
