"""The page in a real browser: what people do with it, and what a hostile article cannot do."""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
import uvicorn  # noqa: E402
from playwright.sync_api import Browser, FilePayload, Page, expect  # noqa: E402

from app import build  # noqa: E402
from qa import Assistant, Settings  # noqa: E402
from ui.security import Hosts  # noqa: E402
from ui.server import configuration  # noqa: E402

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Debian's chromium")

HANDSHAKE = "How long did the handshake last?"
DISPUTED = "When did Kim's train leave Pyongyang?"
UNSAID = "Who won the football world cup?"
HOSTILE = """The Hostile Harbour <script>window.hurt = 1</script>

By <img src=x onerror="window.hurt = 2">

The harbour master of Grimsby keeps a parrot named Hector [1] [9]. \
<script>window.hurt = 3</script><img src="http://elsewhere.example/x.png"> \
<form action="http://elsewhere.example"><button data-do="delete">Press</button></form> \
The parrot ![x](http://elsewhere.example/y.png) eats [nuts](javascript:window.hurt=4) every day.
"""
CUT_OFF = re.compile(r"AbortError: BodyStreamBuffer|Unexpected error Connection errored out")
CONTRAST = """(part) => {
  const lit = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = part;
  const see = (element) => getComputedStyle(element).backgroundColor;
  while (behind && /^rgba\\(.*, 0\\)$|transparent/.test(see(behind))) behind = behind.parentElement;
  const [one, two] = [lit(getComputedStyle(part).color), lit(see(behind ?? document.body))];
  return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
}"""


@dataclass(frozen=True)
class Served:
    """A server that listens, and what it serves."""

    address: str
    bot: Assistant
    corpus: Path


class Unhurried(Assistant):
    """Takes its time for questions that ask for it, so that one can look on."""

    def stream(self, question: str, *rest: Any, **more: Any) -> Iterator[Any]:
        """The same events, some of them late."""
        for event in super().stream(question, *rest, **more):
            if question.startswith("Slowly"):
                time.sleep(0.5)
            yield event


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("browser")
    corpus = folder / "corpus"
    shutil.copytree(ROOT / "corpus", corpus)
    (corpus / "hostile.txt").write_text(HOSTILE, encoding="utf-8")
    bot = Unhurried.open(Settings(corpus=corpus, index_dir=folder / "index", uploads=True))
    bot.warm_up()
    app = build(bot, Hosts.of("127.0.0.1"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(configuration(app))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", bot, corpus)
        server.should_exit = True
        thread.join(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, served: Served, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a browser of its own; whatever goes wrong in it fails the test at its end."""
    options = getattr(request, "param", {"viewport": {"width": 1440, "height": 900}})
    context = browser.new_context(**options)
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page = context.new_page()
    wrong: list[str] = []

    def said(message: Any) -> None:
        # What Gradio says of its own streams when one leaves the page in the middle of one.
        if message.type == "error" and not CUT_OFF.match(message.text):
            wrong.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    page.on("response", lambda got: wrong.append(f"{got.status} {got.url}") if not got.ok else None)

    def failed(asked: Any) -> None:
        # Gradio's streams end when there is nothing to wait for, and with the page.
        if not re.search(r"/gradio_api/(queue/data|heartbeat/)", asked.url):
            wrong.append(f"failed {asked.url}")

    def foreign(asked: Any) -> None:
        if not asked.url.startswith((served.address, "data:", "blob:")):
            wrong.append(f"foreign {asked.url}")

    page.on("requestfailed", failed)
    page.on("request", foreign)
    visit(page, served.address)
    yield page
    context.close()
    assert wrong == []


def visit(page: Page, address: str) -> None:
    page.goto(address, wait_until="load")
    page.wait_for_selector("#live .exchanges")


def ask(page: Page, question: str) -> None:
    page.locator("#composer textarea").fill(question)
    page.keyboard.press("Enter")
    answered(page, question)


def answered(page: Page, question: str) -> None:
    expect(page.locator("#live .question h3")).to_have_text(question)
    expect(page.locator("#live .tools")).to_be_visible()
    expect(page.locator("#composer .submit-button")).to_be_visible()


def marked(page: Page, where: str) -> str:
    page.wait_for_selector(f"{where} mark")
    return "".join(page.locator(f"{where} mark").all_text_contents())


def test_a_citation_opens_with_exactly_its_quote_marked(page: Page, served: Served) -> None:
    ask(page, HANDSHAKE)
    citation = served.bot.ask(HANDSHAKE).citations[0]
    expect(page.locator("#panel blockquote").first).to_have_text(citation.quote)
    page.locator("#live .chip").first.click()
    assert marked(page, "#panel") == citation.quote
    expect(page.locator("#panel h2")).to_have_text(citation.title)
    page.keyboard.press("Escape")
    expect(page.locator("#panel .card")).to_have_count(1)
    expect(page.locator("#live .chip").first).to_be_focused()


def test_a_near_miss_opens_where_it_stands(page: Page, served: Served) -> None:
    ask(page, UNSAID)
    expect(page.locator("#live .abstained")).to_contain_text("Related, but not an answer")
    expect(page.locator("#live .chip")).to_have_count(0)
    expect(page.locator("#panel")).to_contain_text("No sources")
    page.locator("#live .miss").first.click()
    assert marked(page, "#panel") == served.bot.ask(UNSAID).near_misses[0].quote


def test_articles_that_disagree_stand_side_by_side(page: Page) -> None:
    ask(page, DISPUTED)
    sides = page.locator("#live .side")
    expect(sides).to_have_count(2)
    boxes = [sides.nth(number).bounding_box() for number in (0, 1)]
    assert boxes[0] and boxes[1] and boxes[0]["y"] == boxes[1]["y"]


def test_a_follow_up_is_understood_and_said_so(page: Page) -> None:
    ask(page, "Where did Kim Jong Un meet Putin?")
    ask(page, "When did he leave?")
    expect(page.locator("#live .aside").first).to_contain_text("Understood as")
    expect(page.locator("#past .exchange")).to_have_count(1)


def test_an_example_and_a_suggestion_are_asked(page: Page) -> None:
    example = page.locator(".examples button").first
    question = example.inner_text()
    example.click()
    answered(page, question)
    suggestion = page.locator(".suggested button").first
    following = suggestion.inner_text()
    suggestion.click()
    answered(page, following)


def test_reload_keeps_the_conversation_and_nobody_else_sees_it(
    page: Page, served: Served, browser: Browser
) -> None:
    ask(page, HANDSHAKE)
    page.wait_for_url(re.compile(r"\?c=[0-9a-f]{16}$"))
    address = page.url
    page.reload(wait_until="load")
    expect(page.locator("#live .question h3")).to_have_text(HANDSHAKE)
    expect(page.locator("#listing .kept li")).to_have_count(1)
    other = browser.new_context().new_page()
    visit(other, address)
    expect(other.locator(".invitation")).to_be_visible()
    expect(other.locator("#listing .kept li")).to_have_count(0)
    other.context.close()


def test_a_conversation_is_renamed_exported_and_deleted(page: Page) -> None:
    ask(page, HANDSHAKE)
    page.locator(".menu summary").click()
    page.locator(".menu input").fill("Handshakes <b>")
    page.keyboard.press("Enter")
    expect(page.locator("#listing .kept li")).to_have_text("Handshakes <b>")
    page.locator(".menu summary").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export as Markdown").click()
    text = Path(downloading.value.path()).read_text(encoding="utf-8")
    assert downloading.value.suggested_filename == "handshakes-b.md"
    assert text.startswith("# Handshakes \\<b\\>") and "40 seconds" in text
    page.locator(".menu .danger").click()
    page.get_by_role("button", name="Really delete?").click()
    expect(page.locator(".invitation")).to_be_visible()
    expect(page.locator("#listing .kept li")).to_have_count(0)


def test_an_answer_is_stopped_asked_again_and_its_question_changed(page: Page) -> None:
    page.locator("#composer textarea").fill(f"Slowly, {HANDSHAKE}")
    page.keyboard.press("Enter")
    page.locator("#composer .stop-button").click()
    expect(page.locator("#live .stopped")).to_contain_text("Stopped.")
    page.locator("#live").get_by_label("Edit this question").click()
    box = page.locator("#composer textarea")
    expect(box).to_have_value(f"Slowly, {HANDSHAKE}")
    expect(page.locator("#status")).to_contain_text("Changing question 1")
    box.fill(HANDSHAKE)
    box.press("Enter")
    answered(page, HANDSHAKE)
    expect(page.locator(".exchange")).to_have_count(1)
    page.locator("#live").get_by_label("Ask again").click()
    answered(page, HANDSHAKE)
    expect(page.locator(".exchange")).to_have_count(1)


def test_a_dislike_is_recorded_with_its_comment(page: Page, served: Served) -> None:
    ask(page, HANDSHAKE)
    page.locator("#live").get_by_label("Bad answer").click()
    page.locator("#live .comment input").fill("Too short")
    page.keyboard.press("Enter")
    expect(page.locator("#live .thanks")).to_be_visible()
    file = served.bot.settings.index_dir / "feedback.jsonl"
    last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
    assert (last["liked"], last["comment"], last["question"]) == (False, "Too short", HANDSHAKE)


def test_the_chat_is_limited_to_one_article(page: Page, served: Served) -> None:
    page.get_by_role("tab", name="Articles").click()
    page.locator("#finding textarea").fill("khasan")
    expect(page.locator(".library tbody tr")).to_have_count(1)
    page.locator(".library .tick").click()
    expect(page.locator("#narrowed")).to_contain_text("The Slow Train Reaches Khasan")
    page.get_by_role("button", name="Go to the chat").click()
    ask(page, DISPUTED)
    expect(page.locator("#live .side")).to_have_count(0)
    expect(page.locator("#panel .card h3")).to_have_text("The Slow Train Reaches Khasan")
    page.get_by_role("button", name="Ask all").click()
    expect(page.locator("#status")).to_contain_text("Asking all")


def test_a_range_of_dates_narrows_and_a_reversed_one_is_told(page: Page) -> None:
    page.get_by_role("tab", name="Articles").click()
    page.locator("input[name=since]").fill("2023-09-17")
    expect(page.locator("#narrowed")).to_contain_text("from 17 September 2023 on")
    page.locator("input[name=until]").fill("2023-09-01")
    expect(page.locator("#told")).to_contain_text("turn them round")


def test_a_file_is_uploaded_asked_about_and_removed(page: Page, served: Served) -> None:
    page.get_by_role("tab", name="Articles").click()
    page.wait_for_selector(".library")
    text = b"The Ferry of Ullapool\n\nThe ferry of Ullapool carries forty goats every Tuesday.\n"
    files: list[FilePayload] = [
        {"name": "the ferry!.txt", "mimeType": "text/plain", "buffer": text},
        {"name": "empty.txt", "mimeType": "text/plain", "buffer": b" "},
    ]
    page.locator("#files input[type=file]").set_input_files(files)
    expect(page.locator("#told")).to_contain_text("1 added")
    expect(page.locator("#told")).to_contain_text("empty.txt: ")
    assert (served.corpus / "uploads" / "the-ferry.txt").read_bytes() == text
    page.get_by_role("tab", name="Chat").click()
    ask(page, "How many goats does the ferry of Ullapool carry?")
    expect(page.locator("#live .answer")).to_contain_text("forty goats")
    page.get_by_role("tab", name="Articles").click()
    page.get_by_label("Remove The Ferry of Ullapool").click()
    expect(page.locator("#told")).to_contain_text("1 removed")
    assert not (served.corpus / "uploads" / "the-ferry.txt").exists()
    assert "uploads/the-ferry.txt" not in [each.id for each in served.bot.articles()]


def test_a_hostile_article_does_nothing(page: Page) -> None:
    ask(page, "Which parrot does the harbour master of Grimsby keep?")
    expect(page.locator("#live .answer")).to_contain_text("Hector [1] [9]")
    page.locator("#live .chip").first.click()
    page.wait_for_selector("#panel mark")
    expect(page.locator("#panel .reading")).to_contain_text("<script>window.hurt = 3</script>")
    page.get_by_role("tab", name="Articles").click()
    page.wait_for_selector(".library")
    inside = "#live img, #live form, #panel img, #panel form, #panel script, .library img"
    assert page.locator(inside).count() == 0
    assert page.evaluate("window.hurt") is None


def test_a_link_asks_its_question_once(page: Page, served: Served) -> None:
    visit(page, f"{served.address}/?q=How+long+did+the+handshake+last%3F")
    answered(page, HANDSHAKE)
    page.wait_for_url(re.compile(r"\?c=[0-9a-f]{16}$"))


def test_a_link_opens_an_article_at_its_sentence(page: Page, served: Served) -> None:
    citation = served.bot.ask(HANDSHAKE).citations[0]
    place = f"article={citation.article_id}&start={citation.start}&end={citation.end}"
    visit(page, f"{served.address}/?{place}")
    assert marked(page, "#panel") == citation.quote


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("article=../../etc/passwd&start=0&end=9", "is indexed"),
        ("article=hostile.txt&start=-5&end=1e9", "Hostile"),
        ("c=../../../CURRENT", "Ask "),
        ("q=%3F%3F%3F", "question has no words"),
    ],
)
def test_an_odd_link_is_told_or_passed_over(
    page: Page, served: Served, query: str, told: str
) -> None:
    visit(page, f"{served.address}/?{query}")
    expect(page.locator("#desk")).to_contain_text(told)


def test_the_keyboard_is_enough(page: Page) -> None:
    expect(page.locator("#composer textarea")).to_be_focused()
    page.keyboard.type("How long did the")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("handshake last?")
    page.keyboard.press("Enter")
    expect(page.locator("#live .tools")).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.classList.contains('chip')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel mark")
    expect(page.locator("#panel .reading h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#live .chip").first).to_be_focused()


@pytest.mark.parametrize(
    "page",
    [
        {"viewport": {"width": 360, "height": 700}, "has_touch": True, "is_mobile": True},
        {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
        {"viewport": {"width": 1024, "height": 768}},
        {"viewport": {"width": 2560, "height": 1300}},
    ],
    indirect=True,
    ids=["360", "390", "1024", "2560"],
)
def test_nothing_sticks_out_at_any_width(page: Page) -> None:
    ask(page, DISPUTED)
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    below = """() => document.querySelector("#beside").getBoundingClientRect().top >=
      document.querySelector("#talk").getBoundingClientRect().bottom - 1"""
    assert page.evaluate(below) == (width < 860)
    page.locator("#live .chip").first.click()
    expect(page.locator("#panel mark").first).to_be_in_viewport()


@pytest.mark.parametrize(
    "page",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}],
    indirect=True,
    ids=["light", "dark"],
)
def test_text_stands_out_in_both_modes(page: Page, request: pytest.FixtureRequest) -> None:
    ask(page, DISPUTED)
    dark = "dark" in request.node.callspec.id
    assert page.evaluate("document.body.classList.contains('dark')") == dark
    page.locator("#live .chip").first.click()
    page.wait_for_selector("#panel mark")
    page.locator(".why summary").click()
    parts = (
        "#live h3, #live .note, #live .side p, .chip, .words, .why td, .why small, .suggested "
        "button, #panel mark, #panel p, .leave, .state, .kept button, #composer .submit-button"
    )
    for part in page.locator(parts).all():
        if part.is_visible():
            assert part.evaluate(CONTRAST) >= 4.5, part.evaluate("each => each.outerHTML")


def test_what_can_be_pressed_has_a_name(page: Page) -> None:
    ask(page, HANDSHAKE)
    nameless = """() => [...document.querySelectorAll("button, a, input, textarea, summary")]
      .filter((each) => each.checkVisibility() && !each.closest("[aria-hidden=true]"))
      .filter((each) => !(each.ariaLabel || each.textContent.trim() || each.labels?.length))
      .map((each) => each.outerHTML)"""
    assert page.evaluate(nameless) == []
    page.get_by_role("tab", name="Articles").click()
    page.wait_for_selector(".library")
    assert page.evaluate(nameless) == []


def test_the_check_runs_and_its_figures_are_shown(page: Page) -> None:
    page.get_by_role("tab", name="Evaluation").click()
    expect(page.locator("#report")).to_contain_text("Not evaluated yet")
    page.get_by_role("button", name="Run the FAQ check").click()
    expect(page.locator("#report")).to_contain_text("recall@5", timeout=120_000)
    expect(page.locator("#report figure")).to_have_count(2)


def test_a_question_typed_as_soon_as_there_is_a_box_is_asked(
    browser: Browser, served: Served
) -> None:
    page = browser.new_context().new_page()
    page.goto(served.address, wait_until="commit")
    box = page.locator("#composer textarea")
    box.wait_for(timeout=60_000)
    box.fill(HANDSHAKE)
    box.press("Enter")
    expect(page.locator("#live")).to_contain_text("40 seconds", timeout=60_000)
    page.context.close()
