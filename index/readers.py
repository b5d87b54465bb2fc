"""A folder -> its articles' files, and a file -> its clean text.

Every file that cannot be read is named with its reason; nothing is parsed into an article here.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import CitedError, CorpusError

MAX_BYTES = 10_000_000
"""A larger file is no article."""
_UNPACKED = 20
"""A packed document may have this many times `MAX_BYTES` once unpacked."""
_EXTRA = 'pip install "cited[documents]"'


class UnreadableError(CitedError):
    """A file that holds no readable article; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was left out: its path below the corpus folder, and why, in a line."""

    path: str
    reason: str


# ---- Finding

QUESTIONS = "questions.yaml"
"""The file of questions that `cited evaluate` asks of a corpus; it stands beside the articles."""


def find_files(corpus: Path) -> tuple[list[Path], list[Skipped]]:
    """The articles' files in a folder and its sub-folders, and what was left out and why.

    See `find_articles`; both lists are sorted by path.
    """
    found, skipped = find_articles(corpus)
    return [corpus / name for name in found], skipped


def find_articles(corpus: Path) -> tuple[list[str], list[Skipped]]:
    """The ids of the articles in a folder: the paths of their files below it, in order.

    Hidden files and folders do not count, nor does `QUESTIONS`. Links are followed to files of the
    folder itself only, and no file is found twice. What was left out comes with the reason.

    Raises CorpusError when the folder cannot be read.
    """
    if not corpus.is_dir():
        raise CorpusError(f"{corpus} is not a folder: give the folder that holds the articles")
    found: list[str] = []
    links: list[str] = []
    skipped: list[Skipped] = []
    for name, entry in _walk(corpus, skipped):
        if entry.is_symlink():
            links.append(name)
        elif reason := _why_not(name, regular=entry.is_file()):
            skipped.append(Skipped(_printable(name), reason))
        else:
            found.append(name)
    root = corpus.resolve()
    seen = {(corpus / name).resolve() for name in found} if links else set()
    for name in sorted(links):
        if reason := _why_not_follow(name, corpus / name, root, seen):
            skipped.append(Skipped(_printable(name), reason))
        else:
            seen.add((corpus / name).resolve())
            found.append(name)
    return sorted(found), sorted(skipped, key=lambda each: each.path)


def _walk(corpus: Path, skipped: list[Skipped]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every file and link that counts; folders that cannot be listed are noted.

    Not `os.walk`: it goes down by recursion, and looks at everything once more.
    """
    folders = [""]
    while folders:
        below = folders.pop()
        try:
            with os.scandir(corpus / below) as entries:
                for entry in entries:
                    name = below + entry.name
                    if entry.name.startswith(".") or name == QUESTIONS:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{name}/")
                    else:
                        yield name, entry
        except OSError as error:
            if not below:
                raise CorpusError(f"{corpus} cannot be read: {error.strerror}") from error
            reason = f"the folder cannot be read: {error.strerror}"
            skipped.append(Skipped(_printable(below.rstrip("/")), reason))


def _why_not(name: str, *, regular: bool) -> str:
    """Why a file is not read, as far as its name and kind tell; "" when they do not."""
    if not _is_unicode(name):
        return "its name is not valid UTF-8: rename it"
    if os.path.splitext(name)[1].lower() not in _READERS:
        return f"not an article format ({', '.join(_READERS)})"
    return "" if regular else "not a regular file"


def _why_not_follow(name: str, link: Path, root: Path, seen: set[Path]) -> str:
    try:
        target = link.resolve(strict=True)
    except FileNotFoundError:
        return "a link to nothing"
    except (OSError, RuntimeError):
        return "a link that loops"
    if not target.is_relative_to(root):
        return "a link that leaves the folder"
    if target.is_dir():
        return "a link to a folder that is read anyway"
    if target in seen:
        return "a link to a file that is read anyway"
    return _why_not(name, regular=target.is_file())


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str) -> str:
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


# ---- Reading


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """The clean text of an article's file: what every offset counts in from here on.

    Lines end in a line feed; control, zero-width and direction characters are gone; Markdown, HTML
    and office documents are plain text with `# ` headings and `- ` list items.

    Raises UnreadableError with the reason when there is no text to be had.
    """
    return text_of(path, read_bytes(path, max_bytes=max_bytes))


def text_of(path: Path, data: bytes) -> str:
    """What `read_text` gives for a file that holds `data`; of its path only the ending counts."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableError(f"not an article format ({', '.join(_READERS)})")
    try:
        text = clean(reader(data))
    except ModuleNotFoundError as error:
        raise UnreadableError(f"reading {path.suffix} needs {error.name}: {_EXTRA}") from error
    if not text:
        raise UnreadableError("no text in it (scanned pages hold none)")
    return text


def read_bytes(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file; `UnreadableError` where it is empty, too large or not one."""
    try:
        # Opening a pipe would wait for a writer, for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableError("not a regular file")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise UnreadableError(f"too large: more than {max_bytes / 1e6:g} MB")
    if not data.strip():
        raise UnreadableError("empty")
    return data


_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SPACES = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def clean(text: str) -> str:
    """The text with plain line ends and spaces, and without characters that nobody sees.

    Zero-width, direction and tag characters can hide instructions to a language model (OWASP
    Top 10 for LLM applications, prompt injection); lone surrogates break every encoder.
    """
    text = _LINE_ENDS.sub("\n", text)
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def decode(data: bytes) -> str:
    """The text of bytes: by byte order mark, else UTF-8, else as charset-normalizer finds.

    Raises UnreadableError when they are no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableError(f"damaged: not the {encoding} it claims to be") from error
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _detect(data)
    # A stray control character is dirt, many are no text.
    if len(_CONTROL.findall(text)) > len(text) / 50:
        raise UnreadableError("binary, not text")
    return text


_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE = 60_000


def _detect(data: bytes) -> str:
    from charset_normalizer import from_bytes

    if b"\x00" in data:
        raise UnreadableError("binary, not text")
    match = from_bytes(data[:_SAMPLE]).best()
    if match is None:
        raise UnreadableError("binary, or in an encoding that was not recognised")
    # The Latin code pages differ in few characters, and short texts have none of them.
    latin = match.encoding in ("cp1250", "cp1254", "cp1257", "latin_1", "iso8859_15")
    for encoding in ("cp1252", match.encoding) if latin else (match.encoding,):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(match.encoding, errors="replace")


def _markdown(data: bytes) -> str:
    from index.markup import from_markdown

    return from_markdown(clean(decode(data)))


def _html(data: bytes) -> str:
    from index.markup import from_html

    return from_html(clean(decode(data)))


def _pdf(data: bytes) -> str:
    from index.documents import from_pdf

    return from_pdf(data)


def _docx(data: bytes) -> str:
    from index.documents import from_docx

    return from_docx(data, max_unpacked=_UNPACKED * MAX_BYTES)


_READERS: dict[str, Callable[[bytes], str]] = {
    ".txt": decode,
    ".md": _markdown,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
}
