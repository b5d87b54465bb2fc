"""What became of every passage: those that are cited were quoted, and the others have a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa import Assistant, Settings
from qa.answer import Answer, Explained

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    index = tmp_path_factory.mktemp("explaining") / "index"
    return Assistant.open(Settings(corpus=ROOT / "corpus", index_dir=index))


@pytest.mark.parametrize(
    ("question", "fate"),
    [
        ("How long did the handshake last?", "quoted as [1]"),
        ("When did Kim's train leave Pyongyang?", "not a side of the disagreement"),
        ("Who won the football world cup?", "among the nearest, but not sure enough"),
    ],
)
def test_every_passage_has_its_scores_and_its_fate(
    bot: Assistant, question: str, fate: str
) -> None:
    events = list(bot.stream(question, explained=True))
    (explained,) = [event for event in events if isinstance(event, Explained)]
    answer = events[-1]
    assert isinstance(answer, Answer)
    found = explained.passages
    assert len(found) == len(answer.passages)
    assert [each.fused for each in found] == sorted((each.fused for each in found), reverse=True)
    assert fate in [each.fate for each in found] and all(each.fate for each in found)
    quoted = {
        each.article_id for each in found if each.fate.startswith(("quoted", "among the nearest"))
    }
    cited = answer.near_misses if answer.abstained else answer.citations
    assert {citation.article_id for citation in cited} <= quoted


def test_without_asking_nothing_is_explained(bot: Assistant) -> None:
    assert not [event for event in bot.stream("Who met whom?") if isinstance(event, Explained)]
