"""PDF and Word documents -> plain text, with `# ` for headings and `- ` for list items.

The libraries are imported when a document is read: most folders have none.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.readers import UnreadableError

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph


def from_pdf(data: bytes) -> str:
    """The text of a PDF's pages, without the lines that most pages repeat."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("locked with a password")
        pages = [page.extract_text().split("\n") for page in reader.pages]
    except UnreadableError:
        raise
    except Exception as error:  # pypdf raises whatever it trips over in a damaged file
        raise UnreadableError(f"damaged: {_in_a_line(error)}") from error
    text = "\n".join(_without_repeats(pages))
    # A word divided at the end of a line is one word.
    return re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)


def from_docx(data: bytes, *, max_unpacked: int) -> str:
    """The paragraphs, headings, list items and tables of a Word document, in order."""
    from docx import Document
    from docx.text.paragraph import Paragraph

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > max_unpacked:
                raise UnreadableError(f"too large: more than {max_unpacked / 1e6:g} MB unpacked")
        blocks = [
            _paragraph(block) if isinstance(block, Paragraph) else _table(block)
            for block in Document(io.BytesIO(data)).iter_inner_content()
        ]
    except UnreadableError:
        raise
    except Exception as error:  # a damaged archive fails in zipfile, lxml or python-docx
        raise UnreadableError(f"damaged: {_in_a_line(error)}") from error
    return "\n\n".join(block for block in blocks if block)


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


def _without_repeats(pages: list[list[str]]) -> Iterator[str]:
    """The lines of all pages but running heads, feet and page numbers."""
    edges = [{_shape(line) for line in (*page[:2], *page[-2:])} for page in pages]
    often = Counter(shape for shapes in edges for shape in shapes)
    for page in pages:
        for number, line in enumerate(page):
            at_edge = number < 2 or number >= len(page) - 2
            repeats = often[_shape(line)] > max(2, len(pages) / 2)
            if not (
                at_edge and (repeats or re.fullmatch(r"\W*(?:page\s*)?\d{1,4}\W*", line, re.I))
            ):
                yield line


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", line.strip())


def _paragraph(paragraph: Paragraph) -> str:
    text = paragraph.text.strip()
    style = (paragraph.style.name or "") if paragraph.style else ""
    if not text:
        return ""
    if style == "Title":
        return f"# {text}"
    if heading := re.fullmatch(r"Heading (\d)", style):
        return "#" * min(int(heading[1]) + 1, 6) + f" {text}"
    return f"- {text}" if style.startswith("List Bullet") else text


def _table(table: Table) -> str:
    rows = (" | ".join(cell.text.strip() for cell in row.cells) for row in table.rows)
    return "\n".join(row for row in rows if row.strip(" |"))
