"""Whether an answer is right and, where it is not, the likely cause: one step of its path.

It goes by what was found out about the answer (`Findings`), and looks at nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from qa.evaluation.report import Cause


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about one answer; None where the case says nothing to go by.

    `said`: the answer says what is expected. `retrieved`: a passage that supports the expected
    answer is among those retrieved. `cited`: a citation is such a place. `holds`: every citation
    is verbatim at its place, and every sentence is supported by its own.
    """

    answerable: bool | None
    abstained: bool
    said: bool | None
    retrieved: bool | None
    cited: bool | None
    holds: bool


def verdict(found: Findings) -> tuple[bool | None, Cause]:
    """Whether the answer is right, None where nothing tells, and why it is not.

    The cause is the first step that went wrong: what was not retrieved cannot be chosen, and a
    refusal is only wrong in itself where something was there to be chosen.
    """
    if found.answerable is None:
        return None, ""
    if not found.answerable:
        return (True, "") if found.abstained else (False, "should have abstained")
    if not found.abstained and found.said is None:
        return None, ""
    if found.said and found.holds and not found.abstained:
        return True, ""
    return False, _cause(found)


def _cause(found: Findings) -> Cause:
    if found.retrieved is False:
        return "not retrieved"
    if found.abstained:
        return "wrongly abstained"
    if not found.holds:
        return "cited wrongly"
    if found.cited is False:
        return "retrieved but not chosen"
    return "chosen but said wrongly"
