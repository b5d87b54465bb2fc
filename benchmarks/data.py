"""The development data (see `../shared/bench/README.md`) as folders of articles and questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.embedding import Encoder
from qa.assistant import Assistant
from qa.settings import Settings

SHARED = Path(__file__).parents[2] / "shared"
BENCH = SHARED / "bench"


@dataclass(frozen=True, slots=True)
class Question:
    """A question; the article and the texts that answer it, if any do; the article's subject."""

    text: str
    article_id: str
    answers: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] = ()
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Articles by file name, and questions about them."""

    articles: Mapping[str, str]
    questions: tuple[Question, ...] = field(default=())


def squad(folder: Path = BENCH) -> Dataset:
    """472 Wikipedia paragraphs, an article each, and 3,767 questions, 2,219 of them answerable."""
    articles, questions = {}, []
    for number, row in enumerate(_rows(folder / "squad.jsonl")):
        name = f"{number:03}.txt"
        articles[name] = row["text"]
        for asked in row["questions"]:
            answers = asked["answers"]
            spans = tuple((one["start"], one["start"] + len(one["text"])) for one in answers)
            texts = tuple(one["text"] for one in answers)
            questions.append(Question(asked["question"], name, texts, spans, row["article"]))
    return Dataset(articles, tuple(questions))


def clapnq() -> list[Dataset]:
    """300 web questions, each with one passage as its corpus; half have no answer in it."""
    return [
        Dataset(
            {"passage.txt": row["text"]},
            (Question(row["question"], "passage.txt", tuple(row["answers"]), (), row["title"]),),
        )
        for row in _rows(BENCH / "clapnq.jsonl")
    ]


def assistant(
    dataset: Mapping[str, str], folder: Path, encoder: Encoder, **settings: Any
) -> Assistant:
    """An assistant over articles written into `folder`; the encoder is shared between several."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, text in dataset.items():
        (corpus / name).write_text(text, encoding="utf-8")
    return over(corpus, folder / "index", encoder, **settings)


def over(corpus: Path, index_dir: Path, encoder: Encoder, **settings: Any) -> Assistant:
    """An assistant over a folder of articles, its index brought up to date."""
    chosen = Settings(corpus=corpus, index_dir=index_dir, **settings)
    return Assistant.open(chosen, encoder=encoder)


def _rows(file: Path) -> Iterable[Any]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
