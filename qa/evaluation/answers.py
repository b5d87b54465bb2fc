"""How near an answer comes to what was expected of it: pure functions of two texts.

Nothing is asked, retrieved or averaged over cases here. An answer is given without its citation
markers: "[1]" would count as a word of it.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nltk.stem.porter import PorterStemmer
    from rouge_score.rouge_scorer import RougeScorer

# Apart from the search's own list, whose changes must not change how they are measured; and
# without words that name things too, such as May and US.
_STOP_WORDS = """
a about after all also am an and any are aren as at be because been before being both but by can
could couldn d did didn do does doesn doing don down during each few for from further had hadn has
hasn have haven having he her here hers him his how i if in into is isn it its just ll m me might
more most must my no nor not now of off on once only or other our ours out over own re s same shall
she should shouldn since so some such t than that the their theirs them then there these they this
those through to too under until up ve very was wasn we were weren what when where whether which
while who whom whose why will with within would wouldn yes you your yours
"""
_FUNCTION_WORDS = frozenset(_STOP_WORDS.split())

# A point within a number is part of it, and a sign of money or measure is a word: 5 is not 5 %.
_TOKEN = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*|[%$€£¥°]")
_THOUSANDS = re.compile(r"(?<=\d)[,\u2009\u202f](?=\d{3}(?!\d))")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_DASHES = str.maketrans("—―", "  ")


class Embeds(Protocol):
    """What embeds texts: `index.embedding.Encoder`, or anything with its `encode`."""

    def encode(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Unit vectors of `texts`, float32 [len(texts), d]."""


def rouge_l(text: str, references: Sequence[str]) -> float:
    """ROUGE-L F1 of an answer against the best of its references (at least one), 0..1.

    The longest common subsequence of their words, over the length of either (Lin, "ROUGE", 2004),
    by the rouge-score library, with Porter stems. The library takes ASCII letters and digits for
    words, and parts words at every other sign.
    """
    scorer = _rouge_scorer()
    return max(float(scorer.score(one, text)["rougeL"].fmeasure) for one in references)


def token_f1(text: str, references: Sequence[str]) -> float:
    """F1 of the words of an answer and of the best of its references (at least one), 0..1.

    As SQuAD defines it (Rajpurkar et al., EMNLP 2016): words are counted as often as they occur,
    without case, punctuation and the articles a, an, the. Typographic punctuation counts as
    punctuation too, and a long dash as a space. 0 where no word is shared, so with an empty text.
    """
    return max(_token_f1(_squad_tokens(text), _squad_tokens(one)) for one in references)


def facts_present(text: str, facts: Sequence[Sequence[str]]) -> float:
    """The share of facts (at least one) that a text states, 0..1.

    A fact is stated when one of its wordings occurs as a run of whole words. Case, punctuation
    and the kind of quotes and dashes do not count, and 5,500 is 5500; but 5 is neither 5.5 nor
    5 %. A wording without any word is never stated.
    """
    said = f" {' '.join(_tokens(text))} "
    wordings = [[_tokens(wording) for wording in fact] for fact in facts]
    stated = [any(run and f" {' '.join(run)} " in said for run in fact) for fact in wordings]
    return sum(stated) / len(stated)


@lru_cache(maxsize=4096)  # a passage is compared with the references of many cases
def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry content: no function words, each as its Porter stem.

    Numbers are kept, 5,500 as 5500. The stems are those of NLTK's stemmer (Porter 1980), which is
    made for English; words of other languages are compared nearly as they stand.
    """
    words = (token for token in _tokens(text) if token[0].isalnum())
    return frozenset(_stem(word) for word in words if word not in _FUNCTION_WORDS)


def coverage(reference: str, text: str, besides: str = "") -> float:
    """The share of a reference's content words that a text has, 0..1.

    Words of `besides`, the question, say nothing of whether it is answered and are left out of
    the reference's, unless none remain. 0 where the reference has no content words.
    """
    words = content_words(reference)
    wanted = words - content_words(besides) or words
    return len(wanted & content_words(text)) / max(1, len(wanted))


def similarity(encoder: Embeds, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """The cosine of the two texts' embeddings for each pair, -1..1; 0 where a text is blank.

    All texts are embedded in one call, each only once.
    """
    at = {text: row for row, text in enumerate(dict.fromkeys(t for pair in pairs for t in pair))}
    if not at:
        return []
    vectors = encoder.encode(list(at))
    left, right = (vectors[[at[pair[side]] for pair in pairs]] for side in (0, 1))
    cosines = np.clip(np.einsum("nd,nd->n", left, right), -1, 1).tolist()
    return [
        cosine if one.strip() and other.strip() else 0.0
        for cosine, (one, other) in zip(cosines, pairs, strict=True)
    ]


def _token_f1(said: Sequence[str], expected: Sequence[str]) -> float:
    shared = (Counter(said) & Counter(expected)).total()
    return 2 * shared / (len(said) + len(expected)) if shared else 0.0


def _squad_tokens(text: str) -> list[str]:
    plain = "".join(
        sign
        for sign in text.lower().translate(_DASHES)
        if sign not in string.punctuation and not unicodedata.category(sign).startswith("P")
    )
    return _ARTICLES.sub(" ", plain).split()


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFC", _THOUSANDS.sub("", text).casefold())
    return _TOKEN.findall(plain)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@cache
def _stemmer() -> PorterStemmer:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


@cache
def _rouge_scorer() -> RougeScorer:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], use_stemmer=True)
