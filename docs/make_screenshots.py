"""Takes the pictures of the page that the README shows.

Run it from the project's folder, beside `cited serve`, after `cited evaluate`:

    .venv/bin/python docs/make_screenshots.py http://127.0.0.1:7860
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
QUESTION = "Why did the stop at Khasan take so long?"
DISPUTED = "When did Kim's train leave Pyongyang?"
UNSAID = "Who won the football world cup?"


def main(address: str, folder: Path) -> None:
    """Take every picture; nothing is changed but the server's conversations."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for mode in ("light", "dark"):
            page = opened(browser, address, color_scheme=mode, viewport=DESKTOP)
            ask(page, DISPUTED)
            page.screenshot(path=folder / f"desktop-{mode}.png")
        page = opened(browser, address, viewport=DESKTOP)
        page.screenshot(path=folder / "start.png")
        ask(page, QUESTION)
        page.locator("#live .chip").first.click()
        page.wait_for_selector("#panel mark")
        page.wait_for_timeout(800)
        page.screenshot(path=folder / "citation.png")
        page.locator("#new").click()
        page.wait_for_selector(".invitation")
        ask(page, UNSAID)
        page.screenshot(path=folder / "abstention.png")
        for name, ready in (("Articles", ".library"), ("Evaluation", "#report section")):
            page.get_by_role("tab", name=name).click()
            page.wait_for_selector(ready)
            page.wait_for_timeout(400)
            page.screenshot(path=folder / f"{name.lower()}.png")
        phone = opened(browser, address, viewport=PHONE, device_scale_factor=2, is_mobile=True)
        ask(phone, DISPUTED)
        phone.screenshot(path=folder / "phone.png")
        browser.close()


def opened(browser: Browser, address: str, **options: object) -> Page:
    """A page of a browser that nobody used before."""
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.goto(address, wait_until="load")
    page.wait_for_selector(".invitation")
    page.wait_for_timeout(400)
    return page


def ask(page: Page, question: str) -> None:
    """Ask, and wait for the answer."""
    page.locator("#composer textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#live .tools")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(800)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1], Path(__file__).with_name("screenshots"))
