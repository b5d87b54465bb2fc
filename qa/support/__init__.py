"""Whether quotes support a sentence: a scorer, and what it looks at, a room each.

`scorer` puts them together. `alignment` lays words beside words by the model's vectors; `claims`,
`arithmetic`, `names` (with `nations`) and `reference` see to numbers, dates and names;
`opposition`, `swaps`, `excess` and `additions` to what turns a sentence round, or goes beyond the
quotes; `wording` and `lexicon` are the words themselves.
"""

from qa.support.scorer import SUPPORTED, Support, SupportScorer, said_in_quotes

__all__ = ["SUPPORTED", "Support", "SupportScorer", "said_in_quotes"]
