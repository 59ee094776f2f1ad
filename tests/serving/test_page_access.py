"""The page as axe-core finds it: every part, of every kind of run, in both languages, light and dark."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serving.conftest import Log, listening

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install upwell[dev]")
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed: pip install upwell[dev]"
)


def findings(page: Any) -> list[str]:
    """The serious and critical ones."""
    found = axe.Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {node['html'][:100]}" for one in grave for node in one["nodes"]]


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found(
    browser: Any, runs: list[str], readers: list[str], language: str, scheme: str
) -> None:
    log: Log = []
    with listening([*runs, *readers], log) as address:
        page = browser.new_page(locale=language, color_scheme=scheme)
        page.goto(address)
        page.wait_for_selector("#card > *", state="attached")
        page.fill("#prompt", "the cat")
        page.click("summary")
        page.fill("#max-tokens", "20")
        page.click("#write-form button[type=submit]")
        page.wait_for_selector("#write-stop:disabled")
        page.hover("#written .token >> nth=3")
        assert findings(page) == []
        page.click("#tab-chat")
        page.fill("#message", "the cat")
        page.keyboard.press("Enter")
        page.wait_for_selector("#turns li >> nth=1")
        page.wait_for_selector("#turns[aria-busy=false]")
        assert findings(page) == []
        page.click("#tab-tasks")
        assert findings(page) == []
        page.click("#tab-run")
        page.click("#card-details summary")
        assert findings(page) == []
        for model, task in (("films", "classify"), ("tags", "tag"), ("places", "answer")):
            page.select_option("#model", model)
            page.click("#tab-tasks")
            page.fill(f"form[data-task={task}] textarea", "the cat sat")
            if task == "answer":
                page.fill("form[data-task=answer] input", "Who?")
            page.click(f"form[data-task={task}] button")
            page.wait_for_selector(f"form[data-task={task}] output > *")
            assert findings(page) == []
        page.goto(f"{address}/docs")
        page.wait_for_selector("h2 code")
        assert findings(page) == []
        page.close()


def test_nothing_serious_is_found_where_something_is_wrong_or_a_key_is_asked_for(browser: Any, runs: list[str]) -> None:
    log: Log = []
    with listening(runs, log, api_key="secret") as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#key-dialog[open]")
        assert findings(page) == []
        page.fill("#key", "secret")
        page.keyboard.press("Enter")
        page.wait_for_selector("#card > *", state="attached")
        page.route("**/v1/completions", lambda route: route.abort())
        page.click("#write-form button[type=submit]")
        page.wait_for_selector("#problem:visible")
        assert findings(page) == []
        page.close()
