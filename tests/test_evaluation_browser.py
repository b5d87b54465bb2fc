"""The page of a run in a real browser: light and dark, filters, an opened case, the keyboard.

Skipped where Playwright or Chromium is not installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import reports

from qa.evaluation.comparing import Comparison, Delta, Flip
from qa.evaluation.page import write_page
from qa.evaluation.report import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
RUN = reports.report()
COMPARED = Comparison(
    "Monday",
    "Tuesday",
    (
        Delta("facts", "answer", 0.5, 0.75, 0.25, 0.1, 0.4, True, "higher"),
        Delta("ece", "calibration", 0.1, 0.2, 0.1, -0.1, 0.3, False, "lower"),
        Delta("search p95", "time", 0.1, 0.2, 0.1, 0.1, 0.1, True, "lower"),
    ),
    (Flip("factual-1", "When was it lit?", "wrongly abstained", "right"),),
    (Flip("factual-36", "Who hears the case?", "right", "cited wrongly"),),
    ("3 cases are in one run alone.",),
)


def written(report: Report, folder: Path, compared: Comparison | None = None) -> Path:
    path = folder / "report.html"
    write_page(report, path, compared)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--headless"]
        )
        yield found
        found.close()


class Visit:
    """A page opened from its file, with all that it asked for and complained about."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        self.address = path.as_uri()
        self.page: Page = browser.new_context(**context).new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def go(self, hash: str = "") -> Page:
        self.page.goto(self.address + hash)
        return self.page

    def rows(self) -> list[str]:
        return self.page.locator("tr.case:visible .asks").all_inner_texts()


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    """A visit to a run with a comparison; what it loads and logs is looked at in the end."""
    made = Visit(browser, written(RUN, tmp_path, COMPARED))
    yield made
    assert {address.split("#")[0] for address in made.asked} == {made.address}
    assert made.complaints == []
    made.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440, 2560])
def test_it_is_light_or_dark_and_fits_every_width(
    browser: Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    made = Visit(browser, written(RUN, tmp_path, COMPARED), color_scheme=scheme, viewport=size)
    page = made.go("#case=factual-36")
    assert page.locator("h1").inner_text() == "40 of 58 questions came out right."
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colour = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(250, 249, 246)", "rgb(22, 24, 27)"
    assert page.evaluate(colour) == {"light": light, "dark": dark}[scheme]
    page.get_by_text("Dark", exact=True).click()
    assert page.evaluate(colour) == dark
    page.get_by_text("Light", exact=True).click()
    assert page.evaluate(colour) == light
    assert made.complaints == []
    page.context.close()


def test_a_cause_is_chosen_in_the_bar_the_legend_or_the_list(visit: Visit) -> None:
    page = visit.go()
    count = sum(outcome.cause == "not retrieved" for outcome in RUN.outcomes)
    assert len(visit.rows()) == len(RUN.outcomes)
    button = page.locator(".legend button", has_text="not retrieved")
    button.click()
    assert len(visit.rows()) == count
    assert button.get_attribute("aria-pressed") == "true"
    assert page.get_by_role("status").inner_text() == f"{count} of 60 cases"
    assert page.url.endswith("#cause=not+retrieved")
    button.click()
    assert len(visit.rows()) == 60
    page.locator(".bar rect[data-value='not retrieved']").click()
    assert len(visit.rows()) == count
    page.get_by_label("Cause").select_option("cited wrongly")
    assert set(page.locator("tr.case .outcome").all_inner_texts()) == {"cited wrongly"}
    others = page.get_by_label("Cause").locator("option").all_inner_texts()
    assert f"not retrieved ({count})" in others
    page.get_by_role("button", name="Clear").click()
    assert len(visit.rows()) == 60


def test_filters_count_what_the_others_leave_and_the_address_keeps_them(visit: Visit) -> None:
    page = visit.go("#verdict=wrong&tag=unanswerable&q=MAYOR&sort=question+down")
    assert visit.rows() == ["What does Mayor Lind earn?"]
    causes = page.get_by_label("Cause").locator("option").all_inner_texts()
    assert "should have abstained (1)" in causes and "not retrieved (0)" in causes
    page.get_by_label("Search").fill("mayor nonsense")
    page.locator(".empty").wait_for()
    assert visit.rows() == []
    visit.go("#tag=no+such+tag")
    page.reload()
    assert len(visit.rows()) == 60


def test_the_table_is_sorted_by_its_heads(visit: Visit) -> None:
    page = visit.go()
    first = visit.rows()
    head = page.get_by_role("button", name="Confidence")
    for direction, rising in (("ascending", True), ("descending", False)):
        head.click()
        cell = page.locator("th[data-column=confidence]")
        assert cell.get_attribute("aria-sort") == direction
        values = [
            float(value) for value in page.locator("tr.case .num:nth-child(5)").all_inner_texts()
        ]
        assert values == sorted(values, reverse=not rising)
    head.click()
    assert visit.rows() == first


def test_an_opened_case_shows_what_supports_and_what_is_quoted(visit: Visit) -> None:
    page = visit.go()
    page.locator("tr.case[data-id=factual-36]").click()
    detail = page.locator("tr.detail")
    assert detail.locator("mark.supports:not(.key mark)").all_inner_texts() == [
        "A court in Vell will hear both sides in September."
    ]
    quote = "The town council of Ormsund paid 1.2 million crowns for the repairs."
    assert detail.locator("mark.quoted:not(.key mark)").all_inner_texts() == [quote]
    text = detail.inner_text()
    assert "A court in Vell, in September." in text and "Vell · not in the answer" in text
    assert f"“{quote}”" in text and "Who Pays for the Ferry? · 9 March 2024" in text
    assert "token f1" in text and "evidence" in text
    detail.get_by_role("link", name="[1]").click()
    assert page.evaluate("document.activeElement.textContent").startswith("[1]“The town")
    assert page.url.endswith("#case=factual-36")
    page.locator("tr.case[data-id=factual-36] button").click()
    assert detail.count() == 0


def test_marks_stand_where_they_should_after_signs_of_two_units(
    browser: Browser, tmp_path: Path
) -> None:
    case = next(each for each in RUN.outcomes if each.right is False and each.passages)
    text = "🦜🦜 birds. The wall falls. 🦜"
    hit = replace(case.passages[0], text=text, relevant=((10, 25),))
    report = replace(RUN, outcomes=(replace(case, passages=(hit,), history=(("user", "Hm?"),)),))
    made = Visit(browser, written(report, tmp_path))
    page = made.go(f"#case={case.id}")
    assert text[10:25] == "The wall falls."
    assert page.locator(".passages mark.supports").all_inner_texts() == ["The wall falls."]
    assert page.locator(".passages .prose").inner_text() == text
    assert "user: Hm?" in page.locator(".detail").inner_text()
    page.context.close()


def test_a_keyboard_is_enough(visit: Visit) -> None:
    page = visit.go()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the cases"
    page.locator(".term").first.focus()
    tip = page.get_by_role("tooltip").first
    tip.wait_for()
    assert tip.inner_text() == RUN.figures[0].definition
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    row = page.locator("tr.case button").first
    row.focus()
    page.keyboard.press("Enter")
    assert row.get_attribute("aria-expanded") == "true"
    assert page.locator(f"#{row.get_attribute('aria-controls')}").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('tr.detail') !== null")
    row.press("Space")
    assert page.locator("tr.detail").count() == 0


def test_the_comparison_leads_to_the_cases_that_flipped(visit: Visit) -> None:
    page = visit.go("#cause=not+retrieved")
    told = page.locator("section[aria-labelledby=compared]")
    assert "By more than chance: 1 better. 1 now right, 1 no longer right." in told.inner_text()
    rows = told.locator("tr.judged").all_inner_texts()
    assert [row.split()[-1] for row in rows] == ["better", "chance", "judged"]
    told.get_by_role("link", name="Who hears the case?").click()
    page.locator("tr.detail").wait_for()
    assert page.locator("tr.case.open").get_attribute("data-id") == "factual-36"


def test_hostile_text_is_text_in_a_browser_too(browser: Browser, tmp_path: Path) -> None:
    made = Visit(
        browser, written(replace(RUN, outcomes=(reports.hostile(reports.HOSTILE),)), tmp_path)
    )
    page = made.go()
    page.locator("tr.case button").click()
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert page.locator("tr.case .asks").text_content() == reports.HOSTILE
    assert page.locator(".passages .prose").text_content() == reports.HOSTILE
    assert page.locator("img").count() == 0
    assert made.complaints == [] and set(made.asked) == {made.address}
    page.context.close()


def test_a_thousand_cases_are_all_there(browser: Browser, tmp_path: Path) -> None:
    made = Visit(browser, written(replace(RUN, outcomes=reports.outcomes(1000)), tmp_path))
    page = made.go()
    page.locator("tr.case").nth(999).wait_for(state="attached")
    page.get_by_label("Verdict").select_option("undecided")
    assert set(page.locator("tr.case .outcome").all_inner_texts()) == {"undecided"}
    page.context.close()


def test_what_is_printed_has_the_definitions_and_not_the_filters(visit: Visit) -> None:
    page = visit.go()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("form.tools").is_visible()
    assert page.locator(".card dd").first.is_visible()
