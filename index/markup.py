"""Markdown and HTML -> light plain text: headings stay `# ` lines, list items `- ` or `1. ` lines.

Marks of emphasis, links, images, comments and scripts go; no text is reworded. Title, author and
date of a front matter become leading lines, as a newspaper would print them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"(title|authors?|byline|date|published|source|url)\s*:\s*(.*)", re.IGNORECASE)


def from_markdown(text: str) -> str:
    """The plain text of a Markdown file."""
    matter = _FRONT_MATTER.match(text)
    if matter is None:
        return _render(text)
    body = _render(text[matter.end() :])
    head = _leading_lines(matter[1])
    if head and head[0].startswith("# ") and body.startswith("# "):
        head = head[1:]
        title, _, rest = body.partition("\n")
        return "\n\n".join([title, *head, rest.lstrip()])
    return "\n\n".join([*head, body])


def from_html(text: str) -> str:
    """The main content of a web page, by trafilatura; all of its text when none stands out."""
    import trafilatura

    content = trafilatura.extract(
        text,
        output_format="markdown",
        with_metadata=True,
        include_comments=False,
        # Else a date is guessed from anything on the page that looks like one.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    return from_markdown(content) if content else _strip_tags(text)


def _leading_lines(matter: str) -> list[str]:
    """Title, author, date and address of a front matter, a line each."""
    fields: dict[str, str] = {}
    name = ""
    for line in matter.splitlines():
        if field := _FIELD.match(line):
            name = field[1].lower()
            fields[name] = _scalar(field[2])
        elif name.startswith("author") and line.lstrip().startswith("- "):
            names = [fields[name], _scalar(line.lstrip()[2:])]
            fields[name] = ", ".join(part for part in names if part)
        else:
            name = ""
    values = [
        ("# ", fields.get("title", "")),
        ("By ", fields.get("author") or fields.get("authors") or fields.get("byline", "")),
        ("Published: ", fields.get("date") or fields.get("published", "")),
        ("Source: ", fields.get("url") or fields.get("source", "")),
    ]
    return [label + re.sub(r"^by\s+", "", value, flags=re.I) for label, value in values if value]


def _scalar(value: str) -> str:
    """A one-line YAML value without its quotes, or a list's items side by side."""
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(_scalar(item) for item in value[1:-1].split(","))
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].replace('\\"', '"').replace("''", "'")
    return value


def _render(text: str) -> str:
    parser = MarkdownIt("commonmark").enable("table")
    blocks = [block.strip() for block in _blocks(parser.parse(text))]
    return "\n\n".join(block for block in blocks if block).replace("\n\n- ", "\n- ")


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    """The blocks of a document as plain text, with the marks of headings and list items."""
    numbers: list[int | None] = []
    cells: list[str] = []
    mark, in_row = "", False
    for token in tokens:
        match token.type:
            case "heading_open":
                mark = "#" * int(token.tag[1]) + " "
            case "bullet_list_open":
                numbers.append(None)
            case "ordered_list_open":
                numbers.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
            case "list_item_open":
                number = numbers[-1]
                mark = "- " if number is None else f"{number}. "
                numbers[-1] = None if number is None else number + 1
            case "tr_open" | "tr_close":
                in_row = token.type == "tr_open"
                if cells:
                    yield " | ".join(cells)
                cells = []
            case "inline" if in_row:
                cells.append(_inline(token))
            case "inline":
                line = _inline(token)
                yield mark + (line.replace("\n", " ") if mark.startswith("#") else line)
                mark = ""
            case "fence" | "code_block":
                yield token.content
            case "html_block":
                yield _strip_tags(token.content)


def _inline(token: Token) -> str:
    """The text of a line: breaks kept, links as their text, images and tags dropped."""
    return "".join(
        child.content
        if child.type in ("text", "code_inline")
        else "\n"
        if child.type in ("softbreak", "hardbreak") or child.content.lower().startswith("<br")
        else ""
        for child in token.children or ()
    )


def _strip_tags(html: str) -> str:
    stripper = _TagStripper()
    stripper.feed(html)
    stripper.close()
    lines = (" ".join(line.split()) for line in "".join(stripper.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _TagStripper(HTMLParser):
    """Collects the text of a page, a line for each block; comments and scripts have none."""

    _SILENT = frozenset({"script", "style", "head", "template", "noscript", "svg"})
    _INLINE = frozenset({"a", "abbr", "b", "cite", "code", "em", "i", "q", "s", "small", "span"})
    _INLINE |= {"strong", "sub", "sup", "time", "u", "mark", "img", "font"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SILENT:
            self._silent.append(tag)
        if tag not in self._INLINE:
            self.parts.append("\n" if tag in ("br", "li", "tr") else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()
        if tag not in self._INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(" ".join(data.split("\n")))
