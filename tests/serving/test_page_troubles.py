"""The page when something goes wrong: servers that stop, refuse or break off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import Log, listening

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install upwell[dev]")
expect = playwright.expect


@pytest.fixture
def page(browser: Any, runs: list[str]) -> Iterator[Any]:
    log: Log = []
    with listening(runs, log) as address:
        page = browser.new_page()
        page.set_default_timeout(10_000)
        page.goto(address)
        page.wait_for_selector("#card > *", state="attached")
        yield page
        page.close()


def answer(page: Any, path: str, **answer: Any) -> None:
    """Have the server seem to answer so."""
    page.route(f"**{path}", lambda route: route.fulfill(**answer))


def test_a_server_that_comes_back_is_used_again(browser: Any, runs: list[str], log: Log) -> None:
    with listening(runs, log) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#card > *", state="attached")
        page.click("#tab-run")
    page.wait_for_selector("#problem:visible", timeout=10_000)  # the curve of a run that trains is looked at by itself
    assert page.text_content("#problem") == "The server cannot be reached."
    page.click("#tab-write")
    page.click("#write-form button[type=submit]")
    expect(page.locator("#write-state")).to_contain_text("broken off")
    with listening(runs, log, port=int(address.rpartition(":")[-1])):
        with page.expect_response("**/v1/completions") as answered:
            page.click("#write-form button[type=submit]")
        assert answered.value.ok
        expect(page.locator("#write-state")).to_contain_text("tokens")  # a text may be empty
        expect(page.locator("#problem")).to_be_hidden()
        page.close()


def test_what_the_server_refuses_is_said_in_its_words(page: Any) -> None:
    error = {"error": {"message": "come back later", "type": "rate_limit_error", "param": None, "code": None}}
    for path in ("/v1/completions", "/v1/chat/completions", "/v1/tasks/summarize"):
        answer(page, path, status=429, body=json.dumps(error), content_type="application/json")
    page.click("#write-form button[type=submit]")
    expect(page.locator("#problem")).to_have_text("The server said: come back later")
    page.click("#tab-chat")
    page.fill("#message", "a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#turns[aria-busy=false]")
    expect(page.locator("#problem")).to_have_text("The server said: come back later")
    page.click("#tab-tasks")
    page.fill("form[data-task=summarize] textarea", "a")
    page.click("form[data-task=summarize] button")
    expect(page.locator("#problem")).to_have_text("The server said: come back later")
    assert page.text_content("form[data-task=summarize] output") == ""


@pytest.mark.parametrize("rest", ["", 'data: {"error": {"message": "it failed"}}\n\n'])
def test_a_stream_that_breaks_off_is_no_end(page: Any, rest: str) -> None:
    event = {"choices": [{"index": 0, "text": "sat", "logprobs": None, "finish_reason": None}]}
    answer(page, "/v1/completions", body=f"data: {json.dumps(event)}\n\n{rest}", content_type="text/event-stream")
    page.click("#write-form button[type=submit]")
    said = "The server said: it failed" if rest else "The connection to the server broke off."
    expect(page.locator("#problem")).to_have_text(said)
    expect(page.locator("#write-state")).to_contain_text("broken off")
    assert page.is_disabled("#write-stop")


def test_a_chat_can_be_stopped_and_goes_on(page: Any) -> None:
    page.route("**/v1/chat/completions", lambda route: None)  # it hangs
    page.click("#tab-chat")
    page.fill("#message", "the cat")
    page.keyboard.press("Enter")
    page.click("#chat-stop")
    page.wait_for_selector("#turns[aria-busy=false]")
    assert page.is_hidden("#problem") and page.is_disabled("#chat-stop")
    page.unroute("**/v1/chat/completions")
    page.fill("#message", "a dog")
    page.keyboard.press("Enter")
    expect(page.locator("#turns li")).to_have_count(4)
    page.wait_for_selector("#turns[aria-busy=false]")


def test_a_run_that_is_gone_is_told(page: Any, tmp_path: Path) -> None:
    answer(page, "/v1/runs/hill", status=500, body="no JSON")
    page.select_option("#model", "hill")
    expect(page.locator("#problem")).to_have_text("The server said: 500")
    page.select_option("#model", "river")
    expect(page.locator("#problem")).to_be_hidden()
