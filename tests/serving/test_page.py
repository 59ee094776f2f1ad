"""The page in a browser: every part works, in both languages, by keyboard, on a phone, without a request elsewhere."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import Log, listening, make_run
from upwell.api import LanguageModel

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install upwell[dev]")
expect = playwright.expect
PAGE = Path(__file__).resolve().parents[2] / "upwell/serving/page"
CARD = '---\nlicense: other\n---\n\n# A run\n\nLearned from <script>alert("x")</script> texts.\n\n| | |\n|---|---|\n| width | 16 |\n\n> the cat **sat**\n'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in training: with a curve, without a result."""
    folder = make_run(tmp_path_factory.mktemp("page") / "brook", "lstm")
    lines: list[dict[str, Any]] = [
        {"kind": "step", "step": step, "loss": 2 + 3 * math.exp(-step / 40), "seconds": step} for step in range(1, 200)
    ]
    lines.append({"kind": "validation", "step": 199, "loss": 2.1, "bits_per_byte": 1.5, "seconds": 199})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(run: Path) -> Iterator[str]:
    log: Log = []
    with listening([str(run)], log, max_tokens=10**6) as address:
        yield address


@contextmanager
def opened(browser: Any, address: str) -> Iterator[Any]:
    """A page that may say nothing on its console and ask nobody but the server."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else said.append(request.url))
    page.goto(address)
    page.wait_for_selector("#card > *", state="attached")
    yield page
    context.close()
    assert said == []


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with opened(browser, address) as page:
        yield page


def test_a_text_is_written_with_the_probability_of_each_token(page: Any, run: Path) -> None:
    page.fill("#prompt", "the cat")
    page.click("summary")
    page.fill("#max-tokens", "30")
    page.fill("#seed", "5")
    page.keyboard.press("Enter")
    expect(page.locator("#write-state")).to_contain_text("30 tokens")
    expected = LanguageModel.load(run).generate("the cat", max_tokens=30, seed=5)
    assert page.text_content("#written") == "the cat" + expected
    page.hover("#written .token >> nth=3")
    assert "had" in page.text_content("#token-detail") and page.locator("#token-detail tbody tr").count() == 5
    page.focus("#written")
    page.keyboard.press("Home")
    first = page.text_content("#token-detail p")
    page.keyboard.press("ArrowRight")
    assert page.locator("#written .chosen").count() == 1
    assert page.text_content("#token-detail p") != first
    assert page.locator("#written .token").nth(1).get_attribute("class").endswith("chosen")


def test_writing_can_be_stopped(page: Any) -> None:
    page.click("summary")
    page.fill("#max-tokens", "1000000")
    page.fill("#temperature", "0")
    page.click("#write-form button[type=submit]")
    page.wait_for_selector("#written .token >> nth=20")
    page.click("#write-stop")
    expect(page.locator("#write-state")).to_contain_text("stopped by you")


def test_a_chat_has_turns(page: Any) -> None:
    page.click("#tab-chat")
    for number in (1, 2):
        page.fill("#message", "the cat")
        page.keyboard.press("Enter")
        expect(page.locator("#turns li")).to_have_count(2 * number)
        page.wait_for_selector("#turns[aria-busy=false]")
    assert page.locator("#turns li.user").count() == 2
    page.click("#chat-new")
    assert page.locator("#turns li").count() == 0


def test_each_task_has_a_form_that_answers(page: Any) -> None:
    page.click("#tab-tasks")
    for task in ("translate", "answer", "classify", "summarize"):
        form = f"form[data-task={task}]"
        page.fill(f"{form} textarea", "The cat sat.")
        if task == "answer":
            page.fill(f"{form} input", "Who?")
        page.click(f"{form} button")
        page.wait_for_selector(f"{form} output p.said")


def test_a_run_shows_its_curve_as_it_grows_and_its_card_as_text(page: Any, run: Path) -> None:
    page.click("#tab-run")
    expect(page.locator("#curve-state")).to_contain_text("Step 199: 2.100 nats")  # it comes with the first look
    assert page.locator("#curve svg[role=img]").count() == 1
    with (run / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"kind": "validation", "step": 250, "loss": 1.9, "bits_per_byte": 1.4}) + "\n")
    expect(page.locator("#curve-state")).to_contain_text("Step 250")
    assert page.text_content("#card h3") == "A run"
    assert "license" not in page.text_content("#card")
    assert '<script>alert("x")</script>' in page.text_content("#card p")
    assert page.text_content("#card strong") == "sat" and page.text_content("#card td") == "16"


def test_tabs_follow_the_arrow_keys_and_the_language_its_button(page: Any) -> None:
    page.focus("#tab-write")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-chat", "aria-selected") == "true" and page.is_visible("#chat")
    page.keyboard.press("End")
    assert page.is_visible("#run") and page.is_hidden("#write")
    page.click("#language")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.text_content("#tab-write") == "写作"
    expect(page.locator("#curve-state")).to_contain_text("第 ")
    visible = page.evaluate("document.body.innerText")
    assert not re.search(r"Write|Chat|Scorecard|Training", visible)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_on_a_phone_and_all_can_be_read(page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 640})
    for tab in ("write", "chat", "tasks", "run"):
        page.click(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth <= 360"), tab
        assert page.evaluate(UNREADABLE) == [], tab


UNREADABLE = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = (element) => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("main *, header *, [role=tab]")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(":disabled, svg")) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(paper(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${element.tagName} ${element.textContent} ${contrast}`);
  }
  return found;
}"""
"""WCAG 2.2, 1.4.3: texts whose contrast with what is behind them is below 4.5."""


def test_every_control_has_a_name(page: Any) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input, textarea, select, button")].filter((control) =>
          !(control.labels?.length || control.textContent.trim() || control.getAttribute("aria-label"))).map((c) => c.outerHTML)"""
    )
    assert nameless == []
    ids = re.findall(
        r'(?:for|aria-controls|aria-labelledby|aria-describedby)="([^"]+)"', (PAGE / "index.html").read_text("utf-8")
    )
    assert all(page.locator(f"#{name}").count() == 1 for name in ids)


@pytest.fixture(scope="module")
def readers_address(run: Path, readers: list[str]) -> Iterator[str]:
    log: Log = []
    line = {"kind": "validation", "step": 9, "loss": 0.5, "seconds": 1}
    (Path(readers[1]) / "metrics.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with listening([*readers, str(run)], log) as address:
        yield address


@pytest.fixture
def readers_page(browser: Any, readers_address: str) -> Iterator[Any]:
    with opened(browser, readers_address) as page:
        yield page


def test_a_run_that_writes_nothing_has_its_own_form_alone(readers_page: Any) -> None:
    page = readers_page
    assert page.is_hidden("#tab-write") and page.is_hidden("#tab-chat") and page.is_visible("#tasks")
    assert page.locator("form[data-task]:visible").count() == 1
    page.fill("form[data-task=classify] textarea", "a dull film")
    page.click("form[data-task=classify] button")
    page.wait_for_selector("form[data-task=classify] output p.said")
    assert page.locator("form[data-task=classify] output tbody tr").count() == 2
    assert page.is_hidden("form[data-task=classify] input")
    page.select_option("#model", "tags")
    page.fill("form[data-task=tag] textarea", "the cat sat")
    page.click("form[data-task=tag] button")
    expect(page.locator("form[data-task=tag] output ruby")).to_have_count(3)
    assert page.locator("form[data-task=tag] output rt").all_text_contents()[0] in ("D", "N", "V")
    page.focus("#tab-tasks")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#run")
    expect(page.locator("#curve-state")).to_have_text(
        "Step 9: 0.500 nats in validation. Still training; the curve follows."
    )
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#tasks")
    page.select_option("#model", "brook")
    page.wait_for_selector("#tab-write:visible")


def test_a_key_is_asked_for_once(browser: Any, run: Path) -> None:
    log: Log = []
    with listening([str(run)], log, api_key="secret") as address:
        page = browser.new_page()
        page.goto(address)
        page.fill("#key", "wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#key")).to_have_value("")
        page.wait_for_selector("#key-dialog[open]")
        page.fill("#key", "secret")
        page.keyboard.press("Enter")
        page.wait_for_selector("#card > *", state="attached")
        page.close()


def test_the_report_on_emergence_is_linked_and_shown_without_its_scripts(
    browser: Any, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_text(
        "<!doctype html><title>R</title><style>p { color: rgb(1, 2, 3) }</style><p>smooth</p>"
        "<script>document.title = 'ran'</script><img src='https://example.org/a.png'>",
        encoding="utf-8",
    )
    log: Log = []
    with listening([str(run)], log, report=str(tmp_path), api_key="secret") as address:
        page = browser.new_page()
        page.goto(address)
        page.fill("#key", "secret")
        page.keyboard.press("Enter")
        page.click("#report-link")
        page.wait_for_selector("p")
        assert page.title() == "R"
        assert page.evaluate("getComputedStyle(document.querySelector('p')).color") == "rgb(1, 2, 3)"
        page.close()


def test_the_api_is_described_without_scripts_of_others(page: Any, address: str) -> None:
    page.goto(f"{address}/docs")
    page.wait_for_selector("h2 code")
    assert "POST /v1/chat/completions" in page.text_content("#routes")
    assert "repetition_penalty" in page.text_content("#routes")


def test_both_languages_have_every_word_that_the_page_uses() -> None:
    source = (PAGE / "words.js").read_text(encoding="utf-8")
    english, chinese = (set(re.findall(r"[{,\n]\s*(\w+): \"", part)) for part in re.split(r"\n  zh: \{", source))
    assert english == chinese
    used = set()
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'data-(?:word|label|hint)="(\w+)"', text)) | set(re.findall(r'\bsay\("(\w+)"', text))
    assert used <= english
