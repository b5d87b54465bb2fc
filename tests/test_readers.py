"""Reading: which files are found, what each format becomes, and what is refused and why."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.article import parse_article
from index.errors import CorpusError
from index.readers import Skipped, UnreadableError, clean, decode, find_files, read_text

STORY = (
    "The delegation left the capital on Sunday evening and crossed the border river two days "
    "later, railway officials in the region said. Nobody would say what had been agreed."
)
SMART = "Kim\u2019s visit \u2013 \u201ca caf\u00e9 meeting\u201d, he said, cost 5\u20ac. " * 3


def write(folder: Path, name: str, content: str | bytes = STORY) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def found(folder: Path) -> tuple[list[str], dict[str, str]]:
    files, skipped = find_files(folder)
    names = [file.relative_to(folder).as_posix() for file in files]
    return names, {each.path: each.reason for each in skipped}


# ---- Finding


def test_files_of_sub_folders_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/b/c.HTML", "d.htm", "e.pdf", "f.docx"):
        write(tmp_path, name)
    for name in (".hidden.txt", ".git/a.txt", "a/.b/c.txt"):
        write(tmp_path, name)
    names, skipped = found(tmp_path)
    assert names == ["a/b/c.HTML", "a/z.md", "b.txt", "d.htm", "e.pdf", "f.docx"]
    assert skipped == {}


@pytest.mark.parametrize("name", ["picture.png", "table.csv", "noextension", "old.doc", "a.txt~"])
def test_other_formats_are_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"sub/{name}")
    names, skipped = found(tmp_path)
    assert names == []
    assert skipped[f"sub/{name}"].startswith("not an article format")


@pytest.mark.parametrize(
    "name", ["new\nline.txt", "\U0001f642 emoji.txt", "a b'\".txt", "\u00fc.txt"]
)
def test_odd_file_names(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    (file,) = find_files(tmp_path)[0]
    assert parse_article(file.name, read_text(file)).id == name


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_a_name_that_is_no_text_is_skipped(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.txt")).write_text(STORY)
    names, skipped = found(tmp_path)
    assert names == []
    assert skipped == {"bad\\xff.txt": "its name is not valid UTF-8: rename it"}


def test_links(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/secret.txt")
    corpus = tmp_path / "corpus"
    write(corpus, "a.txt")
    write(corpus, ".store/kept.txt")
    write(corpus, "sub/b.txt")
    for link, target in {
        "again.txt": corpus / "a.txt",
        "kept.txt": corpus / ".store" / "kept.txt",
        "kept twice.txt": corpus / ".store" / "kept.txt",
        "out.txt": outside,
        "outside": outside.parent,
        "nothing.txt": corpus / "missing.txt",
        "loop.txt": corpus / "loop.txt",
        "sub/up": corpus,
    }.items():
        (corpus / link).symlink_to(target)
    names, skipped = found(corpus)
    assert names == ["a.txt", "kept twice.txt", "sub/b.txt"]
    assert skipped == {
        "again.txt": "a link to a file that is read anyway",
        "kept.txt": "a link to a file that is read anyway",
        "out.txt": "a link that leaves the folder",
        "outside": "a link that leaves the folder",
        "nothing.txt": "a link to nothing",
        "loop.txt": "a link that loops",
        "sub/up": "a link to a folder that is read anyway",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_pipes_and_sockets_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path is short
        try:
            server.bind("socket.txt")
        finally:
            os.chdir(here)
        names, skipped = found(tmp_path)
    assert names == []
    assert skipped == dict.fromkeys(["pipe.txt", "socket.txt"], "not a regular file")
    with pytest.raises(UnreadableError, match="not a regular file"):
        read_text(tmp_path / "pipe.txt")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_forbidden_files_and_folders(tmp_path: Path) -> None:
    file, folder = write(tmp_path, "a.txt"), tmp_path / "closed"
    folder.mkdir()
    file.chmod(0)
    folder.chmod(0)
    try:
        assert found(tmp_path)[1] == {"closed": "the folder cannot be read: Permission denied"}
        with pytest.raises(UnreadableError, match="cannot be read: Permission denied"):
            read_text(file)
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    write(tmp_path, "file.txt")
    with pytest.raises(CorpusError, match="is not a folder: give the folder"):
        find_files(tmp_path / name)


# ---- Plain text


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"],
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    assert read_text(write(tmp_path, "a.txt", SMART.encode(encoding))) == SMART.strip()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "\u041f\u043e\u0435\u0437\u0434 \u043f\u0440\u0438\u0431\u044b\u043b. " * 9),
        ("shift_jis", "\u5217\u8eca\u304c\u5230\u7740\u3057\u307e\u3057\u305f\u3002" * 9),
        ("utf-16-be", "\ufeffTrain"),
    ],
)
def test_other_scripts(encoding: str, text: str) -> None:
    assert clean(decode(text.encode(encoding))) == clean(text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\xef\xbb\xbf", "no text in it"),
        ("\u200b\u200b".encode(), "no text in it"),
        (bytes(range(256)) * 20, "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200), "binary"),
        (b"\x7fELF\x01\x01" + bytes(100), "binary"),
        (b"\xff\xfea\x00b", "damaged: not the utf-16"),
        (b"word " * 300_000, "too large: more than 1 MB"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, reason: str) -> None:
    path = write(tmp_path, "a.txt", content)
    with pytest.raises(UnreadableError, match=f"^{reason}") as refused:
        read_text(path, max_bytes=1_000_000)
    assert "\n" not in str(refused.value)


def test_a_vanished_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot be read: No such file"):
        read_text(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("dirty", "text"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u2028b\x0cc", "a\nb\nc"),
        ("a\tb\u00a0c\u2009d", "a b c d"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("a\u200bb\ufeffc\u2060d\u00ade", "abcde"),
        ("\u202eabc\u202c\u2066d\u2069", "abcd"),
        ("a\U000e0041\U000e0042\U000e007fb", "ab"),
        ("a\ud800b", "ab"),
        ("cafe\u0301", "cafe\u0301"),  # not composed: it stays as it was written
        ("\n\n a \n\n", "a"),
    ],
)
def test_clean(dirty: str, text: str) -> None:
    assert clean(dirty) == text


@settings(max_examples=300, deadline=None)
@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_clean_text_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once.encode().decode() == once


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        assert isinstance(decode(data), str)
    except UnreadableError as refused:
        assert str(refused)


# ---- Markdown


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# A *Train* #", "# A Train"),
        ("A Train\n=======\n\nText", "# A Train\n\nText"),
        ("**Why?**\n\nSo.", "Why?\n\nSo."),
        ("**Why?**\nSo.", "Why?\nSo."),
        ("A **b** _c_ `d` ~e~ [f](http://g) <http://h>", "A b c d ~e~ f http://h"),
        ("before ![alt](picture.png) after", "before  after"),
        ("- a\n- b\n  - c", "- a\n- b\n- c"),
        ("3. a\n4. b", "3. a\n\n4. b"),
        ("1. **Why?**\n\n   So.\n\n2. How?", "1. Why?\n\nSo.\n\n2. How?"),
        ("> quoted\n> text", "quoted\ntext"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("a\n\n<!-- hidden\n\ncomment -->\n\nb", "a\n\nb"),
        ("a <!-- b --> c<br>d <b>e</b>", "a  c\nd e"),
        ("<details><summary>S</summary>\nText\n</details>", "S\nText"),
        ("<script>alert(1)</script>\n\na", "a"),
        ("| a | b |\n|---|---|\n| c | d |", "a | b\n\nc | d"),
        ("a &amp; b &lt; c \\* d", "a & b < c * d"),
        ("a  \nb\n\n---\n\nc", "a\nb\n\nc"),
    ],
)
def test_markdown(tmp_path: Path, markdown: str, text: str) -> None:
    assert read_text(write(tmp_path, "a.md", markdown)) == text


@pytest.mark.parametrize(
    "matter",
    [
        "title: A Train\nauthor: Ann Lee\ndate: 2023-09-13\nurl: https://example.org/train",
        'title: "A Train"\nauthors: [Ann Lee]\nDate: 13 September 2023\nsource: https://example.org/train',
        "layout: post\ntitle: 'A Train'\ntags:\n  - title\nauthors:\n  - Ann Lee\n"
        "date: 2023-09-13 10:00:00\nurl: https://example.org/train",
    ],
)
@pytest.mark.parametrize("heading", ["", "# A Train\n\n"])
def test_front_matter(tmp_path: Path, matter: str, heading: str) -> None:
    text = read_text(write(tmp_path, "a.md", f"---\n{matter}\n---\n\n{heading}{STORY}"))
    article = parse_article("a.md", text)
    assert (article.title, article.byline) == ("A Train", "Ann Lee")
    assert str(article.date) == "2023-09-13"
    assert article.source == "https://example.org/train"
    assert [text[a:b] for a, b in article.sections[0].paragraphs] == [STORY]


# ---- Web pages

PAGE = f"""<!doctype html><html lang="en"><head><title>A Train | The Example</title>
<meta name="author" content="Ann Lee">
<meta property="article:published_time" content="2023-09-13T10:00:00Z">
<link rel="canonical" href="https://example.org/train"></head>
<body><nav><a href="/">Home</a> <a href="/news">News of the day</a></nav>
<article><h1>A Train</h1><p>{STORY}</p><p>{STORY.replace("Sunday", "Monday")}</p>
<h2>What next?</h2><p>{STORY.replace("Sunday", "Tuesday")}</p>
<ul><li>The first of two things</li><li>The second of two things</li></ul>
<h2>Frequently Asked Questions</h2><h3>Why by train?</h3><p>{STORY.replace("Sunday", "Friday")}</p>
<h3>Who was there?</h3><p>{STORY.replace("Sunday", "Saturday")}</p></article>
<div class="comments"><h3>2 comments</h3><p>Railfan: first!</p></div>
<footer>Copyright 2023 The Example. All rights reserved.</footer><script>alert(1)</script>
</body></html>"""


@pytest.mark.parametrize("name", ["a.html", "a.htm"])
def test_web_page(tmp_path: Path, name: str) -> None:
    pytest.importorskip("trafilatura")
    text = read_text(write(tmp_path, name, PAGE))
    article = parse_article(name, text)
    assert (article.title, article.byline) == ("A Train", "Ann Lee")
    assert (str(article.date), article.source) == ("2023-09-13", "https://example.org/train")
    assert [section.heading for section in article.sections] == ["", "What next?"]
    assert [len(section.paragraphs) for section in article.sections] == [2, 3]
    assert [pair.question for pair in article.faq] == ["Why by train?", "Who was there?"]
    assert not {"Railfan", "alert", "Copyright", "News of the day"} & set(text.split())


def test_the_date_of_a_page_is_not_guessed(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    page = re.sub(r"<meta.*?>|<link.*?>", "", PAGE).replace("</p>", " It was 3 May 2021.</p>")
    article = parse_article("a.html", read_text(write(tmp_path, "a.html", page)))
    assert article.date is None
    assert len(article.faq) == 2


def test_small_page_is_read_too(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    page = "<html><body><p>One <b>short</b> line.</p><script>alert(1)</script></body></html>"
    assert read_text(write(tmp_path, "a.html", page)) == "One short line."


# ---- Documents


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text for each line of each page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for page in pages:
        lines = "".join(f"({line}) Tj T* " for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 50 700 Td {lines}ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources "
            b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
            % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%s"
        b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, table, len(objects) + 1, len(data))
    )


def test_pdf(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    names = ("Ann", "Bo", "Cy")
    page = "The Example\nA line of text that {0} wrote for this page and is bro-\nken here.\n{1}"
    pages = [page.format(name, number) for number, name in enumerate(names, 1)]
    page = "\nA line of text that {0} wrote for this page and is broken here."
    text = "".join(page.format(name) for name in names).strip()
    assert read_text(write(tmp_path, "a.pdf", pdf(*pages))) == text


def test_scanned_pdf_has_no_text(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    with pytest.raises(UnreadableError, match="no text in it"):
        read_text(write(tmp_path, "a.pdf", pdf("")))


def test_word_document(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading("A Train", 0)
    document.add_paragraph("By Ann Lee")
    document.add_paragraph(STORY)
    document.add_heading("What next?", 1)
    document.add_paragraph("An item", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    document.save(str(tmp_path / "a.docx"))
    assert read_text(tmp_path / "a.docx").split("\n\n") == [
        *("# A Train", "By Ann Lee", STORY, "## What next?", "- An item", "left | right")
    ]


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
@pytest.mark.parametrize("content", [b"%PDF-1.4 broken", b"PK\x03\x04 broken", b"plain text"])
def test_damaged_documents(tmp_path: Path, name: str, content: bytes) -> None:
    pytest.importorskip("pypdf" if name == "a.pdf" else "docx")
    with pytest.raises(UnreadableError, match=r"^damaged: .+") as refused:
        read_text(write(tmp_path, name, content))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "library"), [("a.html", "trafilatura"), ("a.pdf", "pypdf"), ("a.docx", "docx")]
)
def test_missing_library(
    tmp_path: Path, name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        UnreadableError, match=rf'needs {library}: pip install "cited\[documents\]"'
    ):
        read_text(write(tmp_path, name))


def test_skipped_is_a_path_and_a_reason() -> None:
    assert Skipped("a.txt", "empty") == Skipped(path="a.txt", reason="empty")


def test_the_file_of_questions_is_neither_an_article_nor_left_out(tmp_path: Path) -> None:
    for name in ("a.txt", "questions.yaml", "sub/questions.yaml"):
        write(tmp_path, name)
    names, skipped = found(tmp_path)
    assert names == ["a.txt"]
    assert list(skipped) == ["sub/questions.yaml"]  # only the folder's own
