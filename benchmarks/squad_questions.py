"""SQuAD as a folder of articles, a paragraph each, with the questions for `cited evaluate`.

    python -m benchmarks.squad_questions FOLDER [QUESTIONS]
    cited evaluate --corpus FOLDER --index-dir FOLDER/.index

QUESTIONS is how many to take, evenly from all (1,000 unless told). A question asked of several
paragraphs is left out, since a file asks it once. Needs `../shared` beside the project.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from benchmarks.data import Question, squad
from index.readers import QUESTIONS
from index.sentences import sentences


def main(folder: Path, wanted: int) -> None:
    """Write the articles and the question file."""
    data = squad()
    asked = Counter(question.text.strip() for question in data.questions)
    once = [question for question in data.questions if asked[question.text.strip()] == 1]
    step = max(1, len(once) // wanted)
    chosen = once[::step][:wanted]
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in data.articles.items():
        (folder / name).write_text(text, encoding="utf-8")
    entries = [entry(question, data.articles[question.article_id]) for question in chosen]
    text = yaml.safe_dump({"questions": entries}, allow_unicode=True, sort_keys=False, width=100)
    (folder / QUESTIONS).write_text(text, encoding="utf-8")
    answerable = sum(bool(question.answers) for question in chosen)
    print(f"{len(data.articles)} articles and {len(chosen)} questions, {answerable} answerable")


def entry(question: Question, text: str) -> dict[str, Any]:
    """A question as the file has it: answers are wordings of one fact, their sentences support it.

    A sentence that is not unique in its paragraph would be found at another place: then the whole
    paragraph is the support.
    """
    if not question.answers:
        return {"question": question.text.strip(), "answerable": False, "tags": ["squad"]}
    quotes = {
        text[start:end]
        for start, end in sentences(text)
        if any(start <= first and last <= end for first, last in question.spans)
    }
    places = [
        {"article": question.article_id, "quote": quote}
        for quote in sorted(quotes)
        if text.count(quote) == 1
    ]
    return {
        "question": question.text.strip(),
        "answer": question.answers[0],
        "facts": [list(dict.fromkeys(question.answers))],
        "support": [{"any": places or [{"article": question.article_id}]}],
        "tags": ["squad"],
    }


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
