"""`passages.sqlite3`: the articles as they were indexed, their passages, and BM25 over them.

It is written once, before its generation serves, and only read from then on.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

from index import lexical
from index.article import Article, FaqPair, Section
from index.errors import RebuildError, StoreError
from index.filters import Filter
from index.passages import Passage

FILE = "passages.sqlite3"

_SCHEMA = """
CREATE TABLE articles (
    id TEXT PRIMARY KEY, title TEXT, byline TEXT, date TEXT, source TEXT, text TEXT, layout TEXT,
    sentences INTEGER, passages INTEGER, faq_pairs INTEGER, warnings TEXT
);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, id TEXT UNIQUE, article TEXT, kind TEXT, title TEXT, heading TEXT,
    text TEXT, start INTEGER, end INTEGER, sentences TEXT, date TEXT
);
CREATE INDEX passages_by_article ON passages (article);
"""
_PASSAGE = "id, article, kind, title, heading, text, start, end, sentences, date"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article without its text; `characters`, `passages` and `faq_pairs` are counts."""

    id: str
    title: str
    byline: str
    date: date | None
    source: str
    characters: int
    passages: int
    faq_pairs: int
    warnings: tuple[str, ...]


class Records:
    """The SQLite half of a generation. Safe to read from many threads; one writes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._lock = Lock()
        row = self._one("SELECT coalesce(sum(sentences), 0) FROM articles")
        self._sentences = int(row[0])

    @classmethod
    def create(cls, generation: Path) -> Records:
        """An empty file in the folder of a new generation."""
        db = _to_write(_connect(generation / FILE, "rwc"))
        db.executescript(_SCHEMA + lexical.SCHEMA)
        return cls(db)

    @classmethod
    def open(cls, generation: Path, *, write: bool = False) -> Records:
        """The file of a generation; `RebuildError` where it is missing or not what it should be."""
        try:
            db = _connect(generation / FILE, "rw" if write else "ro&immutable=1")
            db = _to_write(db) if write else db
        except sqlite3.DatabaseError as error:
            raise RebuildError(
                f"{generation / FILE} is damaged ({error}): run `cited index`"
            ) from error
        return cls(db)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def search(self, question: str, k: int, where: Filter | None = None) -> list[tuple[str, float]]:
        """See `lexical.search`."""
        with self._reading():
            return lexical.search(self._db, question, k, where)

    def sentence_frequencies(self, words: Sequence[str]) -> tuple[list[int], int]:
        """In how many sentences each word occurs (see `lexical`), and how many there are."""
        with self._reading():
            return lexical.sentence_frequencies(self._db, words), self._sentences

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of `ids`, in that order; `StoreError` for an id that is not there."""
        found = self.known(ids)
        if missing := [repr(name) for name in ids if name not in found]:
            raise StoreError(f"no passage {missing[0]} in the index: search again")
        return [found[name] for name in ids]

    def known(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those passages of `ids` that are there, by id."""
        found: dict[str, Passage] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._all(f"SELECT {_PASSAGE} FROM passages WHERE id IN ({marks})", some)
            found |= {row[0]: _passage(row) for row in rows}
        return found

    def article(self, article_id: str) -> Article:
        """The article as it was indexed; `StoreError` where there is none of that id."""
        rows = self._all(
            "SELECT id, title, byline, date, source, text, layout FROM articles WHERE id = ?",
            [article_id.encode("utf-8", "replace").decode()],
        )
        if not rows:
            raise StoreError(f"no article {article_id!r} is indexed: give its path in the corpus")
        return _article(rows[0])

    def articles(self) -> list[ArticleSummary]:
        """All articles, by id."""
        rows = self._all(
            "SELECT id, title, byline, date, source, length(text), passages, faq_pairs, warnings"
            " FROM articles ORDER BY id"
        )
        return [_summary(row) for row in rows]

    def counts(self) -> tuple[int, int]:
        """How many articles and how many passages there are."""
        articles, passages = self._one(
            "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM passages)"
        )
        return int(articles), int(passages)

    def kinds(self) -> dict[str, int]:
        """How many passages there are of each kind."""
        return dict(self._all("SELECT kind, count(*) FROM passages GROUP BY kind ORDER BY kind"))

    def most_alike(self) -> int:
        """How often the text that occurs most often is embedded."""
        groups = "SELECT count(*) AS n FROM passages GROUP BY title, heading, text"
        (most,) = self._one(f"SELECT coalesce(max(n), 0) FROM ({groups})")
        return int(most)

    def sample(self, n: int) -> list[str]:
        """About `n` passage ids, spread evenly over the rows; all of them when there are fewer."""
        _articles, passages = self.counts()
        step = max(1, passages // n)
        query = "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY row) AS at FROM passages)"
        return [row[0] for row in self._all(f"{query} WHERE at % ? = 0 LIMIT ?", [step, n])]

    def embedded_texts(self) -> Iterator[str]:
        """The text of every passage as it was embedded."""
        for row in self._db.execute(f"SELECT {_PASSAGE} FROM passages"):
            yield _passage(row).embedded

    def add(self, article: Article, passages: Sequence[Passage]) -> None:
        """Store an article that is not there yet, and its passages."""
        self._db.execute(
            "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(article.id, article.title, article.byline, _iso(article.date), article.source),
                *(article.text, _layout(article), sum(len(p.sentences) for p in passages)),
                *(len(passages), len(article.faq), json.dumps(_warnings(article, passages))),
            ),
        )
        for passage in passages:
            row = self._db.execute(
                f"INSERT INTO passages ({_PASSAGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(passage.id, passage.article_id, passage.kind, passage.title),
                    *(passage.heading, passage.text, passage.start, passage.end),
                    *(json.dumps(passage.sentences), _iso(passage.date)),
                ),
            ).lastrowid
            assert row is not None
            lexical.add(self._db, row, passage)

    def remove(self, article_id: str) -> list[str]:
        """Remove an article and its passages; returns the ids of those."""
        rows = self._all(f"SELECT row, {_PASSAGE} FROM passages WHERE article = ?", [article_id])
        for number, *row in rows:
            lexical.remove(self._db, number, _passage(row))
        self._db.execute("DELETE FROM passages WHERE article = ?", (article_id,))
        self._db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
        return [row[1] for row in rows]

    def finish(self) -> None:
        """Commit what was added and removed; the bytes of what was removed leave the file."""
        lexical.finish(self._db)
        self._db.commit()
        self._db.execute("VACUUM")

    def check(self) -> None:
        """`RebuildError` where SQLite finds a fault in the file."""
        (verdict,) = self._one("PRAGMA quick_check(1)")
        if verdict != "ok":
            reason = " ".join(str(verdict).split())
            raise RebuildError(f"the passages' file is damaged ({reason}): run `cited index`")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One thread at a time; damage that shows itself only now is told as what it is."""
        try:
            with self._lock:
                yield
        except sqlite3.DatabaseError as error:
            raise RebuildError(
                f"the passages' file is damaged ({error}): run `cited index`"
            ) from error

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._reading():
            return self._db.execute(query, values).fetchall()

    def _one(self, query: str) -> Any:
        return self._all(query)[0]


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def _to_write(db: sqlite3.Connection) -> sqlite3.Connection:
    """Without SQLite's own care for the disk: a file that is being written serves nobody.

    What is left half written goes with its generation, and a whole one is flushed before it serves.
    """
    db.execute("PRAGMA journal_mode = MEMORY")
    db.execute("PRAGMA synchronous = OFF")
    return db


def _warnings(article: Article, passages: Sequence[Passage]) -> list[str]:
    """What somebody who looks after the articles should know of this one."""
    found = [] if passages else ["nothing in it can be cited"]
    return found if article.date else [*found, "no date was found"]


def _layout(article: Article) -> str:
    return json.dumps(
        {
            "sections": [[section.heading, section.paragraphs] for section in article.sections],
            "faq": [
                [pair.question, pair.answer, pair.start, pair.answer_start, pair.end]
                for pair in article.faq
            ],
            "dropped": article.dropped,
        }
    )


def _article(row: Sequence[Any]) -> Article:
    name, title, byline, when, source, text, layout = row
    parts = json.loads(layout)
    return Article(
        id=name,
        title=title,
        text=text,
        sections=tuple(Section(head, _spans(spans)) for head, spans in parts["sections"]),
        faq=tuple(FaqPair(*values) for values in parts["faq"]),
        byline=byline,
        date=_date(when),
        source=source,
        dropped=_spans(parts["dropped"]),
    )


def _summary(row: Sequence[Any]) -> ArticleSummary:
    name, title, byline, when, source, characters, passages, faq, warnings = row
    return ArticleSummary(
        *(name, title, byline, _date(when), source),
        *(characters, passages, faq, tuple(json.loads(warnings))),
    )


def _passage(row: Sequence[Any]) -> Passage:
    name, article, kind, title, heading, text, start, end, sentences, when = row
    spans = _spans(json.loads(sentences))
    return Passage(name, article, kind, title, heading, text, start, end, spans, _date(when))


def _spans(values: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in values)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
