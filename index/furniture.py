"""What a scraped page holds besides its article: reader comments, related links, site blurbs.

It says which blocks are furniture; it never changes one, and when in doubt a block is article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.contents import find_contents
from index.dates import find_date
from index.faq import is_faq_heading
from index.layout import Block


def _lines(*forms: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(forms)})\s*[:>»→…]*$", re.IGNORECASE)


_SITES = (
    r"(?:facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|e-?mail|print|copy link)"
)
_SHARES = rf"(?:{_SITES}|instagram|threads|bluesky|mastodon|messenger|copy)"
_STORIES = r"(?:articles?|stories|story|posts?|news|reads?|topics?|links?|content|coverage|videos?)"
_YOU_MAY = r"you (?:may|might)(?: also)?(?: be)?(?: also)? (?:like|enjoy|interested in)"
_NAMES = (
    r"(?-i:[^\W\d_a-z])[\w.'’-]*(?:,? (?:(?:and|&|of|in|at|for|the|de|da|van|von|der|bin|al) )*"
    r"(?-i:[^\W\d_a-z])[\w.'’-]*)*"
)

_COMMENTS = _lines(
    r"(?:leave|post|write|add)\s+(?:a|your)\s+(?:comment|reply)(?:\s*cancel reply)?",
    r"(?:(?:\d+|no|one|two|three|four|five)\s+)?(?:reader(?:s['’]?)?\s+)?"
    r"(?:comments?|responses|replies)(?:\s*\(\d+\))?",
    r"(?:\d+|one|two|three)\s+(?:thoughts?|comments?|responses?|repl(?:y|ies))\s+(?:on|to)\s.{1,120}",
    r"join the (?:conversation|discussion)",
    r"(?:view|show|load|see|read)\s+(?:all\s+)?(?:\d+\s+)?(?:more\s+)?comments?(?:\s*\(\d+\))?",
    r"what (?:our )?readers (?:say|said|think|are saying)",
)
"""Lines under which readers' comments stand."""

_TAIL = _lines(
    _YOU_MAY,
    r"(?:more about|more on|more from|read more (?:about|on|from))\s.{1,100}",
    rf"(?:related|recommended|popular|recent|latest|trending|top|featured|similar|more|other|"
    rf"most (?:read|popular|viewed|shared|recent))(?:\s+{_STORIES})?(?:\s+(?:for you|now|today))?",
    r"(?:trending|popular) now|recommended for you|up next|don['’]t miss|must[- ]reads?",
    r"editor(?:s?['’]?|['’]s)\s+(?:picks?|choice)",
    r"(?:latest|breaking|top)\s+(?:news|headlines)|news in pictures|in case you missed it",
    r"about (?:the )?(?:authors?|us|writer)|meet the author|author bio|contact us|our team",
    r"(?:see|read|watch) also|also read|further reading|(?:previous|next) (?:post|article|story)",
    r"(?:newsletter|subscribe|sign ?up|follow us|stay connected|categories|archives|tags)"
    r"(?:\s+(?:now|today|here))?",
)
"""Lines that stand over links, a sign-up or a word about the site."""

_ALONE = _lines(
    r"advertisements?|sponsored(?: content)?|story continues below(?: advertisement)?|ad",
    r"(?:article continues (?:below|after)(?: (?:the |this )?(?:ad|advertisement))?)",
    r"scroll to continue(?: reading)?",
    rf"(?:share|tweet|save|print|copy)(?:\s+(?:this|the|on|via|by|article|story|post|page|with"
    rf"|friends|{_SITES}|and|or|&|,|/))*",
    r"share(?: (?:this|it))?(?: (?:article|story|post|page))?(?: (?:on|via))?\s*:\s*"
    rf"{_SHARES}(?:[\s,|/•·]+{_SHARES})*",
    rf"{_SITES}(?:[\s,|/•·]+{_SITES})*|like this|like loading\.*",
    r"skip to (?:main )?content|menu|home|search|log ?in|sign ?in|subscribe(?: now)?|close|listen",
    r"(?:click|tap) here.{0,80}|back to top|read more|continue reading|show more|load more|reply",
    r"(?:read(?:ing)?|listening) time\s*:?\s*(?:about |approx\.? )?\d+\s*min(?:ute)?s?(?: read)?",
    r"home(?:\s*[>›»|·]\s*[^>›»|·]{1,60})+|home(?:\s+/\s+[^/]{1,40}){2,}",
    r"\d+\s*(?:min(?:ute)?s?)\s*(?:read|listen)|\d+\s+(?:views?|shares?|likes?|comments?)",
    r"(?:(?:read|see|watch)\s+(?:more|also|next)|also read|related)\s*:\s.{1,160}",
    rf"{_YOU_MAY}\s*:\s.{{1,280}}",
    r"(?:tags?|filed under|topics?|categor(?:y|ies)|posted in|keywords)\s*:\s.{1,200}",
    r"(?:image|photo|picture|photograph|video)(?:\s+(?:credit|by|source|caption))?\s*:\s.{1,160}",
    r"(?:file )?(?:photo|image|picture)s? (?:by|courtesy of) .{1,100}|\(?photo by .{1,100}\)?",
    r"image (?:source|caption),? .{1,200}",
    rf"\(?(?:(?:(?:additional|further) )?(?:reporting|writing|editing|edited|compiled|translated|"
    rf"research) by {_NAMES}[\s;,.]*)+\)?\.?|our standards: .{{1,100}}",
    r"licen[cs]e\s*:\s*(?:cc[ -]|creative commons|all rights).{0,200}",
    r"this (?:article|work|story|text) is (?:licen[cs]ed|published|republished) under "
    r"(?:an? )?(?:cc[ -]|creative commons).{0,160}",
    r"this is a (?:developing|breaking)(?: news)? story(?:[.!…]*|\W.{0,60}\b(?:updated?|updates|"
    r"check back|refresh|more (?:to follow|details|soon))\b.{0,80})",
    r"listen to .{1,80} on \d{2,4}(?:\.\d+)? ?(?:FM|AM|kHz|MHz)\b.{0,100}",
    r"(?:enjoy(?:ed|ing)?|lik(?:ed?|ing)|loved?) (?:this|what you)[^?.]{0,40}\?\s*"
    r"(?:subscribe|sign up|join|support|share|follow|become|consider|donate|get|try)\b.{0,200}",
    r"(?:(?:the|our|a|free|daily|weekly|(?-i:[^\W\d_a-z])[\w.'’-]*) ){0,6}newsletters?\s*[:–—]"
    r"\s.{0,200}\b(?:sign up|subscribe|join)(?: us)?(?: (?:here|now|today|(?:for )?free))?[.!]?",
    r".{1,200} contributed to this (?:report|story|article)\.?",
    r"(?:terms (?:of (?:use|service)|and conditions)|privacy policy|cookie policy|disclaimer)"
    r"(?:[\s|,•·&/-]+(?:terms of (?:use|service)|privacy policy|cookie policy|contact(?: us)?))*",
)
"""Lines that say nothing of the article wherever they stand."""

_LEGAL = re.compile(
    r"©|\(c\)\s*(?:19|20)\d\d|copyright\s+(?:©|\(c\)|(?:19|20)\d\d)|"
    r".{0,160}\ball rights reserved\b",
    re.IGNORECASE,
)
_SIGN_UP = re.compile(
    r"(?:sign up|subscribe|join|register|get|enter|receive|follow us|like us|download)\b"
    r"(?=.{0,200}\b(?:newsletters?|inbox|your e-?mail|our (?:app|channel|page|updates)|us on)\b)",
    re.IGNORECASE | re.DOTALL,
)
_BLURB = re.compile(
    r"\b(?:news (?:portal|website|site|outlet|platform|source|agency)|(?:is|are) an? (?:\w+ ){0,4}"
    r"(?:website|blog|magazine|publication|publisher|newspaper|media company|platform)|"
    r"our (?:readers|newsletter|site|website|team|mission|journalism)|subscribe|newsletter|"
    r"follow us|cookies|privacy policy|terms of (?:use|service)|contact us|powered by|"
    r"without (?:prior )?(?:written )?permission|latest news|affiliate|advertis\w+|your email|"
    r"required fields|save my name|spam)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[|›»>]\s*|\s+[·/•→]\s+")
_AGO = re.compile(
    r"(?P<name>\S.{0,40}?)[\s,|•·–—-]+(?:\d+|an?|one)\s*"
    r"(?:(?:second|minute|min|hour|hr|day|week|month|year)s?|[smhdwy]|mo)\s+ago$",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"\S*(?:\d|_|[a-z][A-Z])\S*")
_AROUND_NAME = re.compile(
    r"^(?:(?:posted|comment(?:ed)?|written) )?(?:by|from)\s+|\s+(?:says|said|wrote|on|at)$", re.I
)
_LABELS = re.compile(
    r"(?:(?:first |last |originally )?(?:updated|published|posted|modified|created|released)"
    r"|update|date|live|timeline|on|at|by)\b",
    re.IGNORECASE,
)


def is_furniture_line(text: str) -> bool:
    """Whether a line is furniture by itself, wherever it stands."""
    return len(text) < 300 and any(form.match(text) for form in (_ALONE, _LEGAL, _SIGN_UP))


def is_trail(blocks: Sequence[Block], at: int) -> bool:
    """Whether a line is a menu, or the way to the page: "Home | News | About", "World > Asia".

    It has three or more short pieces; a row with as many pieces below it makes it a table.
    """
    pieces = _BETWEEN.split(blocks[at].text)
    if len(pieces) < 3 or re.search(r"[.!?:;\d]", blocks[at].text):
        return False
    short = all(piece and len(piece) <= 30 and len(piece.split()) <= 4 for piece in pieces)
    if short and pieces[0].lower() == "home":
        return True
    return short and (at + 1 == len(blocks) or len(_BETWEEN.split(blocks[at + 1].text)) < 3)


def is_comments_line(text: str) -> bool:
    """Whether a line announces readers' comments: "3 comments", "Leave a reply"."""
    return len(text) < 150 and bool(_COMMENTS.match(text))


@dataclass(frozen=True, slots=True)
class Split:
    """An article's blocks, and the ranges of the text that are none of it, both in order."""

    kept: tuple[Block, ...]
    dropped: tuple[tuple[int, int], ...]


def split_furniture(blocks: Sequence[Block]) -> Split:
    """Take comments and furniture out of the blocks that follow an article's head."""
    end = _comments_start(blocks)
    contents = find_contents(blocks)
    story = [_tells(block) for block in blocks]
    left = sum(story[:end])
    kept: list[Block] = []
    dropped: list[tuple[int, int]] = []
    in_tail, markers = False, 0
    for at, block in enumerate(blocks):
        if is_faq_heading(blocks, at):
            in_tail = False
        elif _TAIL.match(block.text) and (in_tail or _is_tail(blocks, at)):
            in_tail, markers = True, markers + 1
        elif in_tail and story[at]:
            # Under a heap of such lines a last paragraph is the site's, not the article's.
            in_tail = markers > 1 and left <= 1
        left -= story[at] and at < end
        button = is_comments_line(block.text) and " " in block.text
        if at >= end or in_tail or button or at in contents or is_furniture_line(block.text):
            dropped.append((block.start, block.end))
        else:
            torn = bool(kept and dropped) and dropped[-1][0] > kept[-1].start
            kept.append(replace(block, torn=torn))
    return Split(tuple(kept), tuple(dropped))


def _tells(block: Block) -> bool:
    """Whether it reads as a paragraph of the article, and not as a link or a word of the site."""
    link = block.is_question and len(block.text) < 120
    return block.is_prose and not link and not _BLURB.search(block.text)


def _is_tail(blocks: Sequence[Block], at: int) -> bool:
    """Whether such a line stands over links or a blurb, and is no heading of the article."""
    if blocks[at].is_prose:
        return False
    owner = re.match(r"(?:about|meet|author|contact|our)\b", blocks[at].text, re.IGNORECASE)
    after = blocks[at + 1] if at + 1 < len(blocks) else None
    return bool(owner) or after is None or not _tells(after)


def _comments_start(blocks: Sequence[Block]) -> int:
    """The index of the first block of the readers' part; the number of blocks when none is."""
    headers = [at for at in range(len(blocks)) if _is_comment_header(blocks, at)]
    faqs = [at for at in range(len(blocks)) if is_faq_heading(blocks, at)]
    total = sum(len(block.text) for block in blocks if block.is_prose)
    before = 0
    for at, block in enumerate(blocks):
        shorter = total - before <= before
        if before and at > max(faqs, default=-1):
            if at in headers and (len(headers) > 1 or shorter):
                return at - 1 if _is_name_above(blocks, at) else at
            if is_comments_line(block.text) and (shorter or max(headers, default=-1) > at):
                return at
        before += len(block.text) if block.is_prose else 0
    return len(blocks)


def _is_comment_header(blocks: Sequence[Block], at: int) -> bool:
    """Whether a line says who wrote what follows, and when: "Rail_fan 13 Sept 2023, 16:15"."""
    text = blocks[at].text
    if len(text) > 90 or blocks[at].level or at + 1 >= len(blocks):
        return False
    if ago := _AGO.match(text):
        return _is_name(ago["name"])
    if (dated := find_date(text)) is None:
        return False
    name = _AROUND_NAME.sub("", dated.rest)
    if not name:
        return dated.timed and _is_name_above(blocks, at)
    return _is_name(name) and (dated.timed or bool(_HANDLE.search(name)))


def _is_name_above(blocks: Sequence[Block], at: int) -> bool:
    """Whether a comment's header takes two lines, the name in the first."""
    if not at or blocks[at - 1].is_prose or (dated := find_date(blocks[at].text)) is None:
        return False
    return not dated.rest and _is_name(re.sub(r"\s+says:?$", "", blocks[at - 1].text))


def _is_name(text: str) -> bool:
    return len(text) <= 40 and len(text.split()) <= 4 and not _LABELS.match(text)
