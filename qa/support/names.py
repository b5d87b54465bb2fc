"""The names in a sentence, and which of them other texts do not have in any form.

Nothing is known of the world but a table of countries' other names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.disagreement import date_parts, places
from qa.support.nations import ALIASES, GOVERNMENTS, OF_COUNTRY, OF_PEOPLE, PEOPLES

Words = tuple[str, ...]


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _listed("""
    mr mrs ms miss dr prof professor sir lady lord king queen prince princess president chancellor
    prime minister premier foreign defence defense interior finance deputy vice chief secretary
    general cabinet governor mayor senator admiral marshal colonel major captain commander
    ambassador spokesman spokeswoman spokesperson chairman chairwoman director leader judge
    justice pope bishop archbishop ceo
    """)
_NO_NAMES = _listed("""
    a an the i he she it they we you his her its their our my your this that these those there
    here who what when where why how which in on at by to from of for with without about after
    before since until during while as if but and or nor so yet because although though however
    no not all both some any many most few several each every neither either one two three
    according then now later earlier today yes also only even still instead under over between
    among despite through once more less other another such
    """)
_GOING = re.compile(
    r"\b(?:go|goes|went|gone|going|fl[ey]\w*|travel\w*|visit\w*|arriv\w*|c[ao]me|left|leav\w+"
    r"|return\w*|trip|journey|mov\w+|train|rail|drove|sail\w*)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*\.?(?:['’]s?(?!\w))?")
_CAPITAL = re.compile(r"[^\W\d_a-zß-öø-ÿ]")


@dataclass(frozen=True, slots=True)
class Name:
    """A run of capitalised words: as written, and its words in small letters without accents.

    `sure` is False for a single word that opens a sentence, which is capitalised anyway.
    """

    text: str
    words: Words
    start: int
    sure: bool = True


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[Name, ...]:
    """The names in a text, without titles ("President"), articles, months and weekdays."""
    found: list[Name] = []
    run: list[tuple[str, int, bool]] = []
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        opens = not end or bool(re.search(r"[.!?:“\"‘(\n]\s*[“\"‘(]?$", between))
        if run and (opens or between not in (" ", "-", "\N{EN DASH}")):
            found += _name(run)
            run = []
        word = match[0].rstrip(".'’")
        bare = re.sub(r"['’]s$", "", word)
        if _is_name_word(bare):
            run.append((bare, match.start(), opens))
        else:
            found += _name(run)
            run = []
        if bare != match[0].rstrip("."):  # "Kim's" ends a name
            found += _name(run)
            run = []
        end = match.end()
    return (*found, *_name(run))


def missing_names(
    sentence: str, quotes: Sequence[str], context: Sequence[str] = ()
) -> tuple[str, ...]:
    """The names of a sentence that the quotes do not have, each in a few words.

    The context tells only whose a short name is, and that a word which opens the sentence is one.
    """
    known = Known(quotes, context)
    around = Known(context)
    lower = {word for text in (*quotes, *context) for word in re.findall(r"\b[a-z]+", text)}
    plain = unify(sentence)
    # Shells are sold to Moscow, a government; one flies to Moscow, a city.
    where = places(sentence) if _GOING.search(sentence) else places(re.sub("to|from", "", sentence))
    cities = {_plain(word) for place in where for word in place.split()}
    lacking = (
        name
        for name in names(plain)
        if not known.has(
            name,
            city=set(name.words) <= cities,
            sure=around.states(name) and not _common(name, lower),
        )
        and not _describes(plain, name)
    )
    return tuple(dict.fromkeys(f"the name {readable(n)} is not in the quotes" for n in lacking))


class Known:
    """The names of some texts, and whether another name is one of theirs.

    `background` has the longer names that short ones may be part of, and adds none.
    """

    def __init__(self, texts: Iterable[str], background: Iterable[str] = ()) -> None:
        unified = [unify(text) for text in texts]
        self._runs = {name.words for text in unified for name in names(text)}
        self._longer = self._runs | {n.words for text in background for n in names(unify(text))}
        joined = "\n".join(unified)
        plain = (_plain(word) for word in re.findall(r"[^\W_]+", joined))
        self._flat = f" {' '.join(plain)} "

    def has(self, name: Name, *, city: bool = False, sure: bool = False) -> bool:
        """Whether the texts have the name, or it may be none and is not said to be `sure`.

        A city's does not stand for its government.
        """
        return self.states(name, city=city) or not (name.sure or sure or is_country(name.words[0]))

    def states(self, name: Name, *, city: bool = False) -> bool:
        """Whether the texts have the name, in some form."""
        words = name.words
        if self._has_words(words) or self._short_for(words):
            return True
        stands_for = GOVERNMENTS.get(" ".join(words))
        if stands_for and not city:
            return self._has_words(tuple(stands_for.split()))
        capitals = [
            capital for capital, country in GOVERNMENTS.items() if _all_same(words, country.split())
        ]
        return any(self._has_words(tuple(capital.split())) for capital in capitals)

    def _has_words(self, words: Words) -> bool:
        if f" {' '.join(words)} " in self._flat:
            return True
        return any(
            all(any(_same(word, other) for other in run) for word in words) for run in self._runs
        )

    def _short_for(self, words: Words) -> bool:
        """Whether a part of the name stands alone, and in no longer name that is another's."""
        if len(words) == 1:
            return any(_initials(run) == words[0] for run in self._runs)
        if _initials(words) in self._flat.split():
            return True
        for run in self._runs:
            if len(run) < len(words) and all(_any_same(word, words) for word in run):
                longer = (r for r in self._longer if len(r) > len(run) and set(run) <= set(r))
                if all(all(_any_same(word, words) for word in other) for other in longer):
                    return True
        return False


@lru_cache(maxsize=4096)
def unify(text: str) -> str:
    """The text with one name for each of the countries and bodies that have several."""
    for written, one in ALIASES:
        text = re.sub(rf"(?<![\w.])(?:{written})(?!\w)", one, text)
    return text


def _name(run: Sequence[tuple[str, int, bool]]) -> list[Name]:
    """The names in a run of capitalised words, which titles part; none when it is a date."""
    pieces: list[list[tuple[str, int, bool]]] = [[]]
    for word in run:
        plain = _plain(word[0])
        if plain in _TITLES or (not pieces[-1] and plain in _NO_NAMES):
            pieces.append([])
        else:
            pieces[-1].append(word)
    return [
        Name(
            " ".join(word for word, _, _ in piece),
            tuple(part for word, _, _ in piece for part in _plain(word).split()),
            piece[0][1],
            sure=len(piece) > 1 or not piece[0][2] or bool(re.search(r"\d|.[A-Z]", piece[0][0])),
        )
        for piece in pieces
        if piece
    ]


def _is_name_word(word: str) -> bool:
    if not _CAPITAL.match(word) or word == "I":
        return False
    return not date_parts(word)


def _common(name: Name, lower: Collection[str]) -> bool:
    """Whether a word that opens a sentence is a headline's, "Missiles", and no name."""
    return name.words[-1].endswith("s") or any(word in lower for word in name.words)


def _describes(text: str, name: Name) -> bool:
    """Whether it is "Russian" in "Russian President Vladimir Putin", which names him no less."""
    after = text[name.start + len(name.text) :].split()
    titled = bool(after) and _plain(after[0].strip(",.")) in _TITLES and after[0][:1].isupper()
    return len(name.words) <= 2 and titled and name.words[-1].endswith(tuple(OF_PEOPLE - {"s"}))


def is_titled(name: Name, text: str) -> bool:
    """Whether a text has a title before the name: "President Kim"."""
    before = re.findall(rf"(\w+)\W+{re.escape(name.text)}\b", text)
    return any(_plain(word) in _TITLES for word in before)


@lru_cache(maxsize=4096)
def is_country(word: str) -> bool:
    """Whether a word is a name wherever it stands: that of a country, a people or a capital."""
    word = _plain(word)
    countries = {part for country in GOVERNMENTS.values() for part in country.split()}
    return (
        word in GOVERNMENTS
        or word in PEOPLES
        or any(_same(word, country) for country in countries - {"north", "south"})
    )


def _same(one: str, other: str) -> bool:
    """Whether two words are one name: "Korea" and "Korean", "France" and "French"."""
    one, other = PEOPLES.get(one, one), PEOPLES.get(other, other)
    if one == other or one.rstrip("s") == other.rstrip("s"):
        return True
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    ends = {one[shared:], other[shared:]}
    return shared >= 4 and bool(ends & OF_PEOPLE) and bool(ends & OF_COUNTRY)


def _any_same(word: str, words: Iterable[str]) -> bool:
    return any(_same(word, other) for other in words)


def _all_same(words: Sequence[str], others: Sequence[str]) -> bool:
    return len(words) == len(others) and all(map(_same, words, others))


def _initials(words: Words) -> str:
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word).casefold()
    return "".join(c for c in folded if not unicodedata.combining(c)).replace(".", "")


def readable(name: Name) -> str:
    """The name as it is written: the US, not what `unify` makes of it."""
    shown = {"Usa": "US", "Unitednations": "UN", "Unitedkingdom": "UK", "Europeanunion": "EU"}
    return " ".join(shown.get(word, word) for word in name.text.split())
