"""A file of YAML -> plain data whose every part knows its line.

Only text, lists and mappings come out, never an object; nothing is known of questions here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from index.readers import MAX_BYTES
from qa.evaluation.errors import QuestionFileError

_DEEPEST = 20
"""Lists within lists: beyond it the file is broken, and a parser that recurses may be, too."""
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Marked:
    """A YAML document: `data` of str, None, list and dict (keys are str), and its lines.

    A number, a date or a truth value is the text that it is written in.
    """

    data: object
    root: yaml.Node

    def line(self, place: Sequence[str | int]) -> int:
        """The line, from 1, of the part at `place`, a path of keys and positions.

        Steps that the document does not have are passed over: the line is then that of the part
        around, as for a key that is missing.
        """
        node, line = self.root, _line(self.root)
        for step in place:
            node, line = _child(node, step) or (node, line)
        return line

    def end_of(self, key: str) -> tuple[int, int] | None:
        """Where the list under a key of the root ends: the line after it, from 0, and its indent.

        None where there is no such list, or one in brackets.
        """
        found = _child(self.root, key)
        if found is None or not isinstance(found[0], yaml.SequenceNode) or found[0].flow_style:
            return None
        return _line_after(found[0]), found[0].start_mark.column


def read_bytes(path: Path) -> bytes:
    """What is in a file of questions; `QuestionFileError` where it cannot be read or is too large.

    Not more than 10 MB: a hand-written file has no such size, and parsing it would take minutes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise QuestionFileError(
            f"{path} cannot be read ({error.strerror}): name a file of questions"
        ) from error
    if len(data) > MAX_BYTES:
        raise QuestionFileError(
            f"{path} is too large, more than {MAX_BYTES / 1e6:g} MB: split it into several files"
        )
    return data


def decode(data: bytes, path: Path) -> str:
    """The text of UTF-8 bytes, without a byte order mark; `QuestionFileError` with the line."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise QuestionFileError(
            f"{path}, line {line}: not UTF-8: save the file as UTF-8"
        ) from error


def parse(text: str, path: Path) -> Marked:
    """Parse YAML; `path` is named in errors.

    Raises `QuestionFileError` for what is no YAML, and for what has no place in a file of
    questions: aliases (a few lines of them unfold into gigabytes), tags, a key given twice.
    """
    if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        raise QuestionFileError(
            f"{path}, line {line}: a character that YAML does not allow "
            f"(U+{ord(odd.group()):04X}): remove it"
        )
    try:
        _check_events(text, path)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise QuestionFileError(f"{path}, {_trouble(error)}") from error
    if root is None:
        raise QuestionFileError(f"{path} is empty: begin it with a line `questions:`")
    return Marked(_plain(root, path), root)


def _trouble(error: yaml.MarkedYAMLError) -> str:
    """Where the parser gave up, and where that began: a quotation that is never closed."""
    where, begun = error.problem_mark, error.context_mark
    since = f", {error.context} begun in line {begun.line + 1}" if begun and error.context else ""
    return f"line {where.line + 1}: not YAML ({error.problem}{since}): mend it there"


def _check_events(text: str, path: Path) -> None:
    """Refuse what a parser that builds the whole document might choke on."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise QuestionFileError(
                f"{path}, line {line}: aliases (*{event.anchor}) are not read: write it out, or "
                "put the text in quotation marks"
            )
        if getattr(event, "tag", None) not in (None, "!"):
            raise QuestionFileError(
                f"{path}, line {line}: tags ({event.tag}) are not read: remove it, or put the text "
                "in quotation marks"
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise QuestionFileError(
                f"{path}, line {line}: more than {_DEEPEST} lists within each other: close them"
            )


def _plain(node: yaml.Node, path: Path) -> object:
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == _NULL else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, path) for item in node.value]
    data: dict[str, object] = {}
    for key, value in node.value:
        line = _line(key)
        if not isinstance(key, yaml.ScalarNode):
            raise QuestionFileError(f"{path}, line {line}: a key must be a word, as in `question:`")
        if key.value in data:
            raise QuestionFileError(
                f"{path}, line {line}: '{key.value}' is given twice: remove one, or begin the next "
                "entry with `- `"
            )
        data[key.value] = _plain(value, path)
    return data


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    """The part of a node, and its line: that of its key, where it has one."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, _line(child)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, _line(key)
    return None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _line_after(node: yaml.Node) -> int:
    """The first line, from 0, that holds nothing of the node.

    A list or mapping without brackets ends, for YAML, only where the next thing begins, behind
    comments that are not its own: its last part knows better.
    """
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end = node.end_mark
    return int(end.line if end.column == 0 else end.line + 1)
