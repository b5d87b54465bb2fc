"""The harness over the shipped articles: deliberate damage is seen, and named after its cause."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from speakers import Speaker

from index.embedding import EncodedText, Encoder
from index.store import Filter, Generation, Index
from qa import Answer, Assistant, QuestionError, Settings, Turn
from qa.answer import Usage
from qa.evaluation import Case, QuestionFileError, Report, RunError, evaluate, load_questions
from qa.evaluation.case import Place
from qa.evaluation.faq import faq_cases, write_unconfirmed
from qa.evaluation.questions import load_faq_labels
from qa.evaluation.setups import Workshop
from qa.evidence import Evidence, LateInteraction
from qa.retriever import Hit, HybridSearch

CORPUS = Path(__file__).parent.parent / "corpus"


def nothing(_step: str, _done: int, _of: int) -> None:
    """No progress shown."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluation") / "index"


@pytest.fixture(scope="module")
def bot(folder: Path, encoder: Encoder) -> Assistant:
    """An assistant over the shipped articles, their FAQ sections left out."""
    settings = Settings(corpus=CORPUS, index_dir=folder, index_faq=False)
    return Assistant.open(settings, encoder=encoder)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Questions on facts, half of which the articles answer."""
    every = load_questions(CORPUS / "questions.yaml")
    factual = [case for case in every if "factual" in case.tags and not case.history]
    return factual[:12] + [case for case in every if case.answerable is False][:12]


@pytest.fixture(scope="module")
def sound(bot: Assistant, cases: Sequence[Case]) -> Report:
    return evaluate(bot, cases)


def figure(report: Report, name: str) -> float:
    value = report[name]
    assert value is not None
    return value


def causes(report: Report) -> Counter[str]:
    return Counter(outcome.cause for outcome in report.outcomes if outcome.cause)


def rewired(bot: Assistant, **parts: Any) -> Assistant:
    """The assistant with some of its parts replaced, over the same index."""
    settings = bot.settings
    known = {
        "settings": settings,
        "encoder": bot.encoder,
        "index": Index.open(settings.index_dir, bot.encoder, index_faq=False),
        "search": HybridSearch(),
        "scorer": LateInteraction(bot.encoder),
    }
    return Assistant(**{**known, **parts})


class RandomSearch(HybridSearch):
    """Retrieves passages whatever is asked."""

    def search(
        self,
        generation: Generation,
        question: str,
        encode: Callable[[], EncodedText],
        k: int,
        where: Filter | None = None,
    ) -> list[Hit]:
        """Passages drawn by lot; the same ones for the same question."""
        hits = super().search(generation, "the", encode, 100, where)
        return random.Random(question).sample(hits, 3)


class WorstSentence(LateInteraction):
    """Takes the sentence that fits least for the one that fits best."""

    def score(
        self, generation: Generation, question: str, encoded: EncodedText, hits: Sequence[Hit]
    ) -> list[Evidence]:
        """The same sentences, their scores turned round."""
        found = super().score(generation, question, encoded, hits)
        return sorted((replace(one, score=-one.score) for one in found), key=lambda one: -one.score)


def citing_elsewhere(bot: Assistant) -> Callable[[str], Answer]:
    """Says what the assistant says, and names another article for it."""
    names = sorted(article.id for article in bot.articles())

    def ask(question: str) -> Answer:
        answer = bot.ask(question)
        moved = tuple(
            replace(one, article_id=names[names.index(one.article_id) - 1])
            for one in answer.citations
        )
        return replace(answer, citations=moved)

    return ask


def test_random_passages_are_seen(bot: Assistant, cases: Sequence[Case], sound: Report) -> None:
    damaged = evaluate(rewired(bot, search=RandomSearch()), cases)
    for name in ("recall@5", "MRR@10", "nDCG@10", "content_recall@5", "facts"):
        assert figure(damaged, name) < figure(sound, name) - 0.2, name
    assert figure(damaged, "right") < figure(sound, "right")
    assert causes(damaged).most_common(1)[0][0] == "not retrieved"
    assert causes(damaged)["not retrieved"] > causes(sound)["not retrieved"] + 4


def test_the_wrong_sentence_is_seen(bot: Assistant, cases: Sequence[Case], sound: Report) -> None:
    never = Settings(**{**bot.settings.model_dump(), "min_confidence": 0})
    answerable = [case for case in cases if case.answerable]
    damaged = evaluate(rewired(bot, settings=never, scorer=WorstSentence(bot.encoder)), answerable)
    whole = evaluate(rewired(bot, settings=never), answerable)
    for name in ("facts", "label_cited", "label_cited_first", "similarity", "right"):
        assert figure(damaged, name) < figure(whole, name) - 0.2, name
    assert figure(damaged, "recall@10") == figure(whole, "recall@10")
    assert figure(damaged, "citation_recall") == 1  # each sentence is still its own quote
    assert causes(damaged).most_common(1)[0][0] == "retrieved but not chosen"


def test_never_abstaining_is_seen(bot: Assistant, cases: Sequence[Case], sound: Report) -> None:
    never = Settings(**{**bot.settings.model_dump(), "min_confidence": 0})
    damaged = evaluate(rewired(bot, settings=never), cases)
    assert figure(damaged, "abstention_recall") == 0 < figure(sound, "abstention_recall")
    assert figure(damaged, "abstention_f1") == 0 < figure(sound, "abstention_f1")
    assert damaged["abstention_precision"] is None  # nothing was refused
    unanswerable = sum(case.answerable is False for case in cases)
    assert causes(damaged)["should have abstained"] == unanswerable
    assert causes(damaged)["wrongly abstained"] == 0


def test_the_wrong_article_is_seen(bot: Assistant, cases: Sequence[Case], sound: Report) -> None:
    damaged = evaluate(citing_elsewhere(bot), cases, articles=bot)
    assert figure(sound, "verbatim") == 1
    assert figure(damaged, "verbatim") < 0.75  # near misses are as they were
    assert figure(damaged, "facts") == figure(sound, "facts")
    assert figure(damaged, "right") < figure(sound, "right")
    assert causes(damaged)["cited wrongly"] >= 5
    assert causes(sound)["cited wrongly"] == 0


def test_two_runs_give_the_same_figures(
    bot: Assistant, cases: Sequence[Case], sound: Report
) -> None:
    again = evaluate(bot, cases)
    both = [[each for each in run.figures if each.group != "time"] for run in (sound, again)]
    assert both[0] == both[1]
    assert [one.cause for one in again.outcomes] == [one.cause for one in sound.outcomes]


def test_a_report_survives_its_file(sound: Report, tmp_path: Path) -> None:
    sound.save(tmp_path / "run.json")
    assert Report.load(tmp_path) == sound
    frame = sound.to_frame()
    assert len(frame) == len(sound.outcomes)
    assert frame["right"].mean() == pytest.approx(figure(sound, "right"))
    assert frame["recall@5"].mean() == pytest.approx(figure(sound, "recall@5"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not a run"),
        ("[]", "is not a run"),
        ('{"format": 99}', "format 99"),
        ('{"format": 1, "figures": 3}', "is not a run"),
    ],
)
def test_what_is_no_run_is_told(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "run.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=said) as error:
        Report.load(file)
    assert "\n" not in str(error.value)


def test_a_function_is_judged_like_an_assistant(
    bot: Assistant, cases: Sequence[Case], sound: Report
) -> None:
    judged = evaluate(bot.ask, cases, articles=bot)
    timeless = [[each for each in run.figures if each.group != "time"] for run in (sound, judged)]
    assert timeless[0] == timeless[1]


def test_without_articles_citations_are_not_checked(
    bot: Assistant, cases: Sequence[Case], encoder: Encoder
) -> None:
    judged = evaluate(lambda question: bot.ask(question), cases[:3], encoder=encoder)
    assert {"recall@5", "facts", "citation_recall"} <= {each.name for each in judged.figures}
    assert "verbatim" not in {each.name for each in judged.figures}


def test_follow_ups_are_held_against_their_stand_alone_version(bot: Assistant) -> None:
    def forgetful(question: str, history: Sequence[Turn]) -> Answer:
        return bot.ask("What is the weather on Mars?" if history else question)

    follow_up = next(case for case in load_questions(CORPUS / "questions.yaml") if case.history)
    assert evaluate(bot.ask, [follow_up], articles=bot)["follow_up"] == 1
    assert evaluate(forgetful, [follow_up], articles=bot)["follow_up"] == 0
    report = evaluate(lambda question: bot.ask(question), [follow_up, *SIMPLE], articles=bot)
    assert len(report.outcomes) == 1
    assert report.notes == ("1 follow-ups were not asked: what is judged takes no history.",)


SIMPLE = (Case(id="simple", question="Did Kim take the train?", source="file", reference="Yes."),)


def test_a_question_that_is_refused_is_named(bot: Assistant) -> None:
    long = replace(SIMPLE[0], id="long", question="why " * 2000)
    report = evaluate(bot, [long, *SIMPLE])
    assert report.outcomes[0].right is False
    assert len(report.notes) == 1 and "could not be asked" in report.notes[0]

    def failing(question: str) -> Answer:
        raise QuestionError("not this one")

    assert evaluate(failing, SIMPLE, articles=bot).outcomes[0].abstained


def test_a_label_that_no_article_has_is_told(bot: Assistant) -> None:
    for place in (Place("no.txt"), Place("2023-09-12-the-train-at-khasan.txt", "It flew.")):
        with pytest.raises(QuestionFileError, match=r"no\.txt|It flew"):
            evaluate(bot, [replace(SIMPLE[0], support=((place,),))])


def test_nothing_to_ask_is_told(bot: Assistant) -> None:
    with pytest.raises(RunError, match="nothing to ask"):
        evaluate(bot, [])


# ---- Written answers

HANDSHAKE = Case("1", "How long did the handshake last?", "file", facts=(("40 seconds",),))
BALLET = Case("2", "Which ballet did Kim watch?", "file", facts=(("Sleeping Beauty",),))


def writing(bot: Assistant, *replies: str) -> Callable[[str], Answer]:
    """Answers by a chat model that says one reply after the other, what is unsupported marked."""
    settings = Settings(**{**bot.settings.model_dump(), "ungrounded": "mark"})
    models = iter([Speaker(reply=tuple(re.findall(r"\s*\S+", reply))) for reply in replies])
    marking = rewired(bot, settings=settings)
    return lambda question: marking.with_model(next(models)).ask(question)


def test_a_written_sentence_is_judged_as_it_was_when_it_was_written(bot: Assistant) -> None:
    replies = [
        # The date is the article's, and who "he" is, the sentence before the quote says.
        "The handshake of 13 September 2023 lasted 40 seconds [1].",
        "Kim watched The Sleeping Beauty [2]. He left after the first act, staff said [2].",
    ]
    write = writing(bot, *replies)
    answers = {each.question: write(each.question) for each in (HANDSHAKE, BALLET)}
    report = evaluate(lambda asked: answers[asked], [HANDSHAKE, BALLET], articles=bot)
    for outcome in report.outcomes:
        said = answers[outcome.question].sentences
        assert [round(each.support, 3) for each in outcome.sentences] == [s.support for s in said]
        assert any(0.5 <= each.support < 1 for each in said)
        assert outcome.right and outcome.scores["verbatim"] == 1
    assert report["citation_recall"] == 1
    bare = {name: replace(answer, passages=()) for name, answer in answers.items()}
    alone = evaluate(lambda asked: bare[asked], [HANDSHAKE], articles=bot)
    assert alone["citation_recall"] == 1  # title and date are the citation's, too


def test_a_marked_sentence_counts_against_recall(bot: Assistant) -> None:
    write = writing(bot, "The handshake lasted 40 seconds [1]. Everybody loved the soup there.")
    report = evaluate(write, [HANDSHAKE], articles=bot)
    (outcome,) = report.outcomes
    assert [each.citations for each in outcome.sentences] == [(1,), ()]
    assert (report["citation_recall"], report["citation_precision"]) == (0.5, 1)
    assert (outcome.right, outcome.cause, report["facts"]) == (False, "cited wrongly", 1)


def test_what_a_chat_model_was_used_is_reported(bot: Assistant, tmp_path: Path) -> None:
    write = writing(bot, "The handshake lasted 40 seconds [1].", "The articles don't say.")
    report = evaluate(write, [HANDSHAKE, BALLET], articles=bot)
    assert (report["calls"], report["output_tokens"]) == (1, 5)
    assert figure(report, "input_tokens") > 100 and figure(report, "first_token median") > 0
    report.save(tmp_path / "run.json")
    assert Report.load(tmp_path) == report
    silent = evaluate(lambda _asked: replace(write_nothing(), usage=Usage(1)), [HANDSHAKE])
    assert silent["calls"] == 1 and "input_tokens" not in {each.name for each in silent.figures}


def write_nothing() -> Answer:
    return Answer("The articles don't say.", "?", abstained=True, confidence=0.0)


def test_without_a_chat_model_there_is_nothing_of_it(sound: Report) -> None:
    names = {each.name for each in sound.figures}
    assert not {"calls", "input_tokens", "first_token median"} & names


# ---- The FAQ pairs


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, what the harness keeps there excepted, and its SHA-256."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if "evaluation" not in file.relative_to(folder).parts
    }


def test_a_held_out_run_leaves_the_users_index_alone(tmp_path: Path, encoder: Encoder) -> None:
    settings = Settings(corpus=CORPUS, index_dir=tmp_path / "index")
    user = Assistant.open(settings, encoder=encoder)
    assert any(hit.passage.kind == "faq" for hit in user.search("Why by train?", 20))
    before = digests(tmp_path / "index")
    held_out = Workshop(nothing).open(settings, "held-out")
    pairs = faq_cases(held_out)
    report = evaluate(held_out, pairs)
    assert digests(tmp_path / "index") == before
    assert len(report.outcomes) == len(pairs) == 35
    retrieved = [hit for case in pairs for hit in held_out.search(case.question, 20)]
    assert {hit.passage.kind for hit in retrieved} == {"body"}
    assert {hit.passage.kind for hit in user.search("Why by train?", 20)} == {"body", "faq"}


def test_the_second_run_finds_its_index(bot: Assistant, folder: Path) -> None:
    steps: list[str] = []
    workshop = Workshop(lambda step, _done, _of: steps.append(step))
    workshop.open(bot.settings, "held-out")
    assert "embedding" in steps
    steps.clear()
    workshop.open(bot.settings, "held-out")
    assert "embedding" not in steps


def test_an_indexed_pair_is_its_own_support(bot: Assistant) -> None:
    workshop = Workshop(nothing)
    indexed = workshop.open(bot.settings, "indexed")
    report = evaluate(indexed, faq_cases(indexed, "indexed"))
    assert figure(report, "label_cited_first") >= 0.97
    assert figure(report, "recall@1") >= 0.97


def test_what_no_body_says_is_marked_and_can_be_decided(tmp_path: Path, encoder: Encoder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "bees.txt").write_text(
        "The Bees of Mill Hill\n\nThe bees of Mill Hill made forty jars of honey this year. "
        "Their keeper gave half of them to the school.\n\nFrequently Asked Questions\n\n"
        "Q: How much honey did the bees make?\nA: They made forty jars of honey.\n\n"
        "Q: Who painted the town hall?\nA: A sailor called Otto, in green.\n",
        encoding="utf-8",
    )
    settings = Settings(corpus=corpus, index_dir=tmp_path / "index", index_faq=False)
    bot = Assistant.open(settings, encoder=encoder)
    made, painted = faq_cases(bot)
    assert (made.answerable, painted.answerable) == (True, None)

    unconfirmed = tmp_path / "not-in-articles.yaml"
    assert write_unconfirmed([made, painted], unconfirmed) == 1
    labels = load_faq_labels(unconfirmed)
    assert labels == {("bees.txt", "Who painted the town hall?"): False}
    assert [case.answerable for case in faq_cases(bot, labels=labels)] == [True, False]

    report = evaluate(bot, [made, painted])
    assert [outcome.right for outcome in report.outcomes] == [True, None]
    assert "1 FAQ pairs" in report.notes[0]
    with pytest.raises(RunError, match="no article has"):
        faq_cases(bot, labels={("bees.txt", "Who?"): True})
