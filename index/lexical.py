"""BM25 over SQLite FTS5, and in how many sentences a word occurs.

It indexes what it is handed and answers with row numbers or passage ids; it keeps no text itself.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence

from index.filters import Filter
from index.passages import Passage

TOKENIZER = "porter unicode61 remove_diacritics 2"
WEIGHTS = (1.0, 1.0, 1.0)
"""BM25 weights of title, heading and text."""
MOST_TERMS = 256
MOST_MATCHES = 3_000
"""Sentences with one of the words that a passage must have: the rarest of the question's. To score
every passage with a common word costs most and finds little: in this bound a search of 100,000
passages took 3.8 ms instead of 7.0 (of ten, the slowest 7.2 instead of 19.3), and the right one was
as often first and among fifty, once less among five (700 questions)."""
LONGEST_TERM = 200
MOST_KNOWN = 50_000
_KNOWN: dict[str, Sequence[str]] = {}
"""The stems of words that were asked about before: an index of its own is made to learn them."""

# Without `columnsize`, FTS5 takes -1 for the length of each column, in whatever passage: as good as
# 0. They are cut alike in length, so that the shorter is not the better one: of 100,000 passages
# the right one was first for 0.81 of 500 questions instead of 0.77, of SQuAD's 472 alone for 0.880
# instead of 0.887, among five for 0.978 instead of 0.977. Looking lengths up took half the time.
SCHEMA = f"""
CREATE VIRTUAL TABLE bm25_index USING fts5(
    title, heading, text, content='', columnsize=0, tokenize='{TOKENIZER}'
);
CREATE TABLE frequencies (term TEXT PRIMARY KEY, sentences INTEGER NOT NULL) WITHOUT ROWID;
"""

# Everything that is no part of a word in any script: ASCII and general punctuation, symbols, space.
_GAPS = re.compile(
    "[\\s\x00-/:-@\\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7"
    "\u2000-\u206f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\uff00-\uff0f"
    "\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufff0-\uffff]+"
)

_STOP_WORDS = """
a about again all also am an and any are as at be because been before being between both but by can
could d did do does doing done during each else ever few for from had has have having he her here
hers him his how i if in into is it its just ll m may me might more most much my no nor not of on
once one only or other our out over own per re s same shall she should since so some such t than
that the their them then there these they this those through thus to too under until up upon us ve
very was we were what when where whether which while who whom whose why will with within would yet
you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def query_terms(question: str) -> list[str]:
    """The distinct words to search for, in order: stop words only when there is nothing else.

    Takes any text, and gives at most `MOST_TERMS` terms that are safe inside FTS5's quotes.
    """
    clean = question.encode("utf-8", "ignore").decode("utf-8")  # drops lone surrogates
    words = dict.fromkeys(
        word[:LONGEST_TERM].lower()  # as FTS5 does; to fold "ß" to "ss" would find neither
        for word in _GAPS.split(clean)
        if any(character.isalnum() for character in word[:LONGEST_TERM])
    )
    telling = [word for word in words if word not in STOP_WORDS]
    return (telling or list(words))[:MOST_TERMS]


def search(
    db: sqlite3.Connection,
    question: str,
    k: int,
    where: Filter | None = None,
) -> list[tuple[str, float]]:
    """Passage ids and BM25 scores (above 0, higher is better), best first, at most `k`.

    All of the question's words count (Robertson and Zaragoza, "The Probabilistic Relevance
    Framework", 2009, as FTS5 computes it: k1 1.2, b 0.75, every length 0: see `SCHEMA`). A passage
    must have one of them; where the whole corpus is searched, one of the rarest, as in MaxScore
    (Turtle and Flood, "Query Evaluation", 1995), but for a fixed bound. A question without words
    finds nothing.
    """
    where = where or Filter()
    terms = query_terms(question)
    if not terms or where.closed or k < 1:
        return []
    rare, common = _divided(db, terms) if where.open else (terms, [])
    expression, times = _any(rare), 1
    if common:  # what is to be found is said twice then, and so counts twice
        expression, times = f"({expression}) AND ({_any([*rare, *common, *common])})", 2
    condition, values = _condition(where)
    rows = db.execute(
        "SELECT passages.id, -rank FROM bm25_index JOIN passages ON passages.row = bm25_index.rowid"
        f" WHERE bm25_index MATCH ? AND rank MATCH ?{condition} ORDER BY rank LIMIT ?",
        (expression, f"bm25{WEIGHTS}", *values, k),
    )
    return [(str(passage), float(score) / times) for passage, score in rows]


def _any(terms: Sequence[str]) -> str:
    """FTS5's expression for any of the terms."""
    return " OR ".join(f'"{term}"' for term in terms)


def _divided(db: sqlite3.Connection, terms: Sequence[str]) -> tuple[list[str], list[str]]:
    """The rarest of the terms, in at most `MOST_MATCHES` sentences together, and the others.

    One that matches is among the rarest in any case.
    """
    counted = sorted(zip(sentence_frequencies(db, terms), terms, strict=True))
    rare: list[str] = []
    matches = 0
    for count, term in counted:
        if matches and matches + count > MOST_MATCHES:
            break
        matches += count
        rare.append(term)
    return rare, [term for _count, term in counted[len(rare) :]]


def _condition(where: Filter) -> tuple[str, list[str]]:
    clauses: list[tuple[str, str]] = []
    among = "IN (SELECT value FROM json_each(?))"
    if where.articles is not None:
        clauses.append((f"passages.article {among}", json.dumps(sorted(where.articles))))
    if where.kinds is not None:
        clauses.append((f"passages.kind {among}", json.dumps(sorted(where.kinds))))
    if where.since:
        clauses.append(("passages.date >= ?", where.since.isoformat()))
    if where.until:
        clauses.append(("passages.date <= ?", where.until.isoformat()))
    return "".join(f" AND {clause}" for clause, _ in clauses), [value for _, value in clauses]


def sentence_frequencies(db: sqlite3.Connection, words: Sequence[str]) -> list[int]:
    """In how many sentences of the corpus each of `words` occurs, stemmed and without case.

    A word that the tokenizer takes apart counts as its rarest part; one without letters or digits
    counts 0.
    """
    stems = _stems(db, words)
    every = {stem for parts in stems for stem in parts}
    marks = ",".join("?" * len(every))
    found = dict(
        db.execute(f"SELECT term, sentences FROM frequencies WHERE term IN ({marks})", [*every])
    )
    return [min((found.get(stem, 0) for stem in parts), default=0) for parts in stems]


def _stems(db: sqlite3.Connection, words: Sequence[str]) -> list[Sequence[str]]:
    """Each word as the tokenizer cuts and stems it: only FTS5 itself knows."""
    clean = [word.encode("utf-8", "ignore").decode("utf-8").lower() for word in words]
    stems = {word: _KNOWN[word] for word in clean if word in _KNOWN}
    if new := list(dict.fromkeys(word for word in clean if word not in stems)):
        stems |= (asked := dict(zip(new, _cut(db, new), strict=True)))
        if len(_KNOWN) < MOST_KNOWN:
            _KNOWN.update((word, cut) for word, cut in asked.items() if len(word) <= LONGEST_TERM)
    return [stems[word] for word in clean]


def _cut(db: sqlite3.Connection, words: Sequence[str]) -> list[Sequence[str]]:
    _scratch(db, "words", "instance")
    db.executemany("INSERT INTO temp.words (rowid, text) VALUES (?, ?)", enumerate(words))
    stems: list[list[str]] = [[] for _ in words]
    for term, number in db.execute("SELECT term, doc FROM temp.words_terms").fetchall():
        stems[number].append(term)
    db.rollback()  # leaves the table empty for the next words
    return [*stems]


def add(db: sqlite3.Connection, row: int, passage: Passage) -> None:
    """Index a passage under its row number and count its sentences (see `finish`)."""
    values = (row, passage.title, _heading(passage), passage.text)
    db.execute("INSERT INTO bm25_index (rowid, title, heading, text) VALUES (?, ?, ?, ?)", values)
    _count(db, "added", passage)


def remove(db: sqlite3.Connection, row: int, passage: Passage) -> None:
    """Undo `add` for the very same passage."""
    values = (row, passage.title, _heading(passage), passage.text)
    db.execute(
        "INSERT INTO bm25_index (bm25_index, rowid, title, heading, text)"
        " VALUES ('delete', ?, ?, ?, ?)",
        values,
    )
    _count(db, "removed", passage)


def finish(db: sqlite3.Connection) -> None:
    """Bring the sentence counts up to date; merge the index, so that what was removed is gone."""
    for table, sign in (("added", 1), ("removed", -1)):
        _scratch(db, table, "row")
        db.execute(
            f"INSERT INTO frequencies SELECT term, {sign} * doc FROM temp.{table}_terms WHERE true"
            " ON CONFLICT DO UPDATE SET sentences = sentences + excluded.sentences"
        )
        db.execute(f"DROP TABLE temp.{table}_terms")
        db.execute(f"DROP TABLE temp.{table}")
    db.execute("DELETE FROM frequencies WHERE sentences <= 0")
    db.execute("INSERT INTO bm25_index (bm25_index) VALUES ('optimize')")


def _heading(passage: Passage) -> str:
    """The heading, unless the text opens with it: its words would count twice."""
    return "" if passage.text.startswith(passage.heading) else passage.heading


def _count(db: sqlite3.Connection, table: str, passage: Passage) -> None:
    _scratch(db, table, "row")
    sentences: Iterable[tuple[str]] = ((passage.quote(span),) for span in passage.sentences)
    db.executemany(f"INSERT INTO temp.{table} (text) VALUES (?)", sentences)


def _scratch(db: sqlite3.Connection, table: str, vocabulary: str) -> None:
    """A temporary full-text table, and what terms it has."""
    if not db.execute("SELECT 1 FROM temp.sqlite_master WHERE name = ?", (table,)).fetchone():
        columns = f"text, content='', tokenize='{TOKENIZER}'"
        db.execute(f"CREATE VIRTUAL TABLE temp.{table} USING fts5({columns})")
        terms = f"temp, {table}, {vocabulary}"
        db.execute(f"CREATE VIRTUAL TABLE temp.{table}_terms USING fts5vocab({terms})")
