"""How well Cited finds, quotes and abstains, on the development data: prints a table.

    python -m benchmarks.quality [squad] [clapnq] [articles] [speed]

Each measure is defined where it is computed. Needs the folder `../shared` beside the project. The
coefficients of `confidence` were fitted on part of this data: `benchmarks/calibrate.py` gives the
AUROC on held-out folds, which is the figure to quote.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rouge_score.rouge_scorer import RougeScorer

from benchmarks.data import SHARED, Question, assistant, clapnq, over, squad
from index.embedding import Encoder
from qa.answer import Answer
from qa.assistant import Assistant

CONSOLE = Console()
Row = tuple[str, str, str]


def main(chosen: Sequence[str]) -> None:
    """Measure what was chosen, or everything."""
    parts = {
        "squad": measure_squad,
        "clapnq": measure_clapnq,
        "articles": measure_articles,
        "speed": measure_speed,
    }
    if unknown := set(chosen) - set(parts):
        sys.exit(f"there is no part {', '.join(sorted(unknown))}: choose of {', '.join(parts)}")
    encoder = Encoder()
    table = Table("what", "measured", "at least", title="quality on the development data")
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in parts.items():
            if not chosen or name in chosen:
                for row in measure(Path(folder) / name, encoder):
                    table.add_row(*row)
    CONSOLE.print(table)


def measure_squad(folder: Path, encoder: Encoder) -> list[Row]:
    """Answerable questions over all 472 paragraphs, never abstaining.

    recall@k: the share of questions whose paragraph is among the first k articles of
    `answer.passages`. First cited sentence: the first citation is of the right paragraph and
    covers a gold answer's characters.
    """
    data = squad()
    questions = [question for question in data.questions if question.answers]
    rows: list[Row] = []
    for fusion in ("ranks", "scores"):
        bot = assistant(data.articles, folder, encoder, min_confidence=0, fusion=fusion)
        answers = [bot.ask(question.text) for question in track(questions, f"squad, {fusion}")]
        pairs = list(zip(questions, answers, strict=True))
        rows += [
            (
                f"paragraph recall@1, fused by {fusion}",
                _share(recalled(*p, 1) for p in pairs),
                "0.94",
            ),
            (
                f"paragraph recall@5, fused by {fusion}",
                _share(recalled(*p, 5) for p in pairs),
                "0.985",
            ),
            (
                f"first cited sentence right, {fusion}",
                _share(first_right(*p) for p in pairs),
                "0.83",
            ),
            ("citations verbatim", verbatim(bot, answers), "1.000"),
        ]
    return rows


def measure_clapnq(folder: Path, encoder: Encoder) -> list[Row]:
    """Each question over its own passage alone.

    ROUGE-L F1 (stemmed) of the answer's text without markers against the best human answer, over
    answerable questions, never abstaining; AUROC of `confidence` over all.
    """
    from sklearn.metrics import roc_auc_score

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    rouge, lengths, confidences, answerable, exact = [], [], [], [], []
    for number, data in enumerate(track(clapnq(), "clapnq")):
        (question,) = data.questions
        bot = assistant(data.articles, folder / str(number), encoder, min_confidence=0)
        answer = bot.ask(question.text)
        exact.append(verbatim(bot, [answer]))
        confidences.append(answer.confidence)
        answerable.append(bool(question.answers))
        if question.answers:
            text = plain(answer)
            lengths.append(len(text))
            scores = [scorer.score(gold, text)["rougeL"].fmeasure for gold in question.answers]
            rouge.append(max(scores))
    auroc = roc_auc_score(answerable, confidences)
    return [
        ("answer in quotes, ROUGE-L F1", f"{np.mean(rouge):.3f}", "0.56"),
        ("its mean length in characters", f"{np.mean(lengths):.0f}", "at most 350"),
        ("answerable or not, AUROC (in sample)", f"{auroc:.3f}", "0.91"),
        ("citations verbatim", min(exact), "1.000"),
    ]


def measure_articles(folder: Path, encoder: Encoder) -> list[Row]:
    """The five articles: FAQ questions held out and indexed, and questions nothing answers."""
    import yaml

    corpus = SHARED / "corpus"
    indexed = over(corpus, folder / "indexed", encoder)
    held_out = over(corpus, folder / "held-out", encoder, index_faq=False)
    own = answered = total = 0
    answers: list[Answer] = []
    held_answers: list[Answer] = []
    for summary in indexed.articles():
        for pair in indexed.article(summary.id).faq:
            total += 1
            answer = indexed.ask(pair.question)
            answers.append(answer)
            first = answer.citations[0] if answer.citations else None
            inside = first and pair.answer_start <= first.start and first.end <= pair.end
            own += bool(inside and first and first.article_id == summary.id)
            held = held_out.ask(pair.question)
            held_answers.append(held)
            answered += not held.abstained
            CONSOLE.print(f"\n[bold]{pair.question}[/] {held.confidence:.2f}", highlight=False)
            CONSOLE.print(f"[dim]{pair.answer}[/]", highlight=False)
            for citation in held.citations[:3] or held.near_misses[:1]:
                mark = "" if held.citations else "ABSTAINED "
                CONSOLE.print(f"  {mark}{citation.number}. {citation.quote}", highlight=False)
    file = Path(__file__).parents[1] / "tests" / "data" / "unanswerable.yaml"
    unanswerable = yaml.safe_load(file.read_text(encoding="utf-8"))
    refused = {kind: 0 for kind in ("off_topic", "near_miss")}
    for item in unanswerable:
        answer = held_out.ask(item["question"])
        held_answers.append(answer)
        refused[item["kind"]] += answer.abstained
        if not answer.abstained:
            said = answer.citations[0].quote
            CONSOLE.print(f"not refused ({answer.confidence:.2f}): {item['question']} — {said}")
    return [
        ("FAQ indexed: own answer is the first citation", f"{own} of {total}", "23 of 23"),
        ("FAQ held out: does not abstain", f"{answered} of {total}", "22 of 23"),
        ("unanswerable: abstains", f"{sum(refused.values())} of {len(unanswerable)}", "34 of 40"),
        ("  of these, near misses", f"{refused['near_miss']} of 20", ""),
        ("citations verbatim, FAQ indexed", verbatim(indexed, answers), "1.000"),
        ("citations verbatim, held out", verbatim(held_out, held_answers), "1.000"),
    ]


def measure_speed(folder: Path, encoder: Encoder) -> list[Row]:
    """Milliseconds over the five articles: `ask` when warm, beside embedding the question alone;
    and seconds from a process's start to its first answer, beside loading the model alone.
    """
    bot = over(SHARED / "corpus", folder / "index", encoder)
    faq = [pair.question for each in bot.articles() for pair in bot.article(each.id).faq]
    questions = [faq[number % len(faq)] for number in range(200)]
    for question in faq:
        bot.ask(question)
    embedding = [_seconds(partial(encoder.encode_question, question)) for question in questions]
    asking = [_seconds(partial(bot.ask, question)) for question in questions]
    rows = [
        ("embedding a question, median of 200", f"{1e3 * np.median(embedding):.1f} ms", ""),
        ("ask, warm, median of 200", f"{1e3 * np.median(asking):.1f} ms", ""),
        ("ask, warm, 95th percentile", f"{1e3 * np.percentile(asking, 95):.1f} ms", ""),
    ]
    alone, first = [], []
    for _ in track(range(5), "starts"):  # by turns: the machine's drift falls on both
        alone.append(_start(f"{LOADING}SentenceTransformer({str(encoder.folder)!r}, device='cpu')"))
        first.append(
            _start(ANSWERING.format(*map(str, (SHARED / "corpus", folder / "index", faq[0]))))
        )
    return [
        *rows,
        ("imports and model alone, median of 5", f"{np.median(alone):.2f} s", ""),
        ("start to first answer, median of 5", f"{np.median(first):.2f} s", ""),
        ("  their ratio", f"{np.median(first) / np.median(alone):.2f}", "at most 1.3"),
    ]


LOADING = "import torch; from sentence_transformers import SentenceTransformer; "
ANSWERING = (
    "from qa import Assistant, Settings; "
    "Assistant.open(Settings(corpus={!r}, index_dir={!r})).ask({!r})"
)


def _seconds(call: Callable[[], object]) -> float:
    started = perf_counter()
    call()
    return perf_counter() - started


def _start(code: str) -> float:
    """Seconds that a new Python takes for some code, start and end included."""
    run = [sys.executable, "-c", code]
    root = Path(__file__).parents[1]
    return _seconds(lambda: subprocess.run(run, check=True, cwd=root, capture_output=True))


def plain(answer: Answer) -> str:
    """The answer's text without citation markers."""
    return " ".join(sentence.text for sentence in answer.sentences)


def recalled(question: Question, answer: Answer, k: int) -> bool:
    """Whether the question's article is among the first `k` that the answer ranks."""
    ranked = dict.fromkeys(scored.passage.article_id for scored in answer.passages)
    return question.article_id in list(ranked)[:k]


def first_right(question: Question, answer: Answer) -> bool:
    """Whether the first citation covers a gold answer."""
    if not answer.citations or answer.citations[0].article_id != question.article_id:
        return False
    first = answer.citations[0]
    return any(first.start <= start and end <= first.end for start, end in question.spans)


def verbatim(bot: Assistant, answers: Sequence[Answer]) -> str:
    """The share of citations that are what their article says at their offsets."""
    citations = [citation for answer in answers for citation in answer.citations]
    right = [bot.article(c.article_id).text[c.start : c.end] == c.quote for c in citations]
    return f"{np.mean(right):.3f}"


def _share(right: object) -> str:
    return f"{np.mean(list(right)):.4f}"  # type: ignore[call-overload]


if __name__ == "__main__":
    started = perf_counter()
    main(sys.argv[1:])
    CONSOLE.print(f"{perf_counter() - started:.0f} s")
