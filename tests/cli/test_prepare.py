"""upwell prepare, and what training makes of it."""

from __future__ import annotations

import html.parser
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SENTENCES

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Forty small pages, one of them with markup, two of them the same."""
    texts = [f"Page {number}: {SENTENCES[number % 4]} It was day {number * 37} of the year." for number in range(40)]
    texts += [texts[0], f"<p>Some <b>bold</b> words of page 41, {SENTENCES[0]} Ask ann@example.org.</p>"]
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


def test_prepare_writes_what_train_reads(upwell: Any, pages: Path, tmp_path: Path) -> None:
    done = upwell("prepare", pages, "--out", tmp_path / "clean", "--near", 1, "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["documents"] == {"in": 42, "out": 41}
    assert figures["tokens"]["train"]["documents"] == figures["splits"]["train"]["documents"]
    assert "duplicates" in done.stderr and f"upwell train {tmp_path / 'clean'}" in done.stderr
    trained = upwell(
        "train", tmp_path / "clean", "--size", "1k", "--tokens", 2000, "--out", tmp_path / "run", "--json", "--quiet"
    )
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout.splitlines()[-1])["valid_tokens"] == figures["tokens"]["valid"]["tokens"]
    other = upwell(
        "train", tmp_path / "clean", "--tokenizer", "byte", "--size", "1k", "--tokens", 2000, "--out", tmp_path / "bytes", "--json", "--quiet"
    )  # fmt: skip
    assert other.returncode == 0, other.stderr
    assert json.loads(other.stdout.splitlines()[-1])["valid_tokens"] >= figures["splits"]["valid"]["bytes"]


def test_prepare_shows_documents_before_and_after(upwell: Any, pages: Path) -> None:
    done = upwell("prepare", pages, "--show", 50, "--keep-language", "en")
    assert done.returncode == 0, done.stderr
    assert "- <p>Some <b>bold</b> words" in done.stdout
    assert "+ Some bold words of page 41" in done.stdout
    assert "removed by language (in zh)" in done.stdout


def test_report_pages_hold_everything_and_ask_for_nothing(upwell: Any, pages: Path, tmp_path: Path) -> None:
    upwell("prepare", pages, "--out", tmp_path / "clean", "--quiet")

    class Reader(html.parser.HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            assert not {"src", "href", "onclick"} & dict(attrs).keys()
            if tag not in ("meta", "br"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    for name, words in (
        (
            "report.html",
            ("What is in this text", "equal to another", "Fertility", "bold", "What could be trained on it", "email 1"),
        ),
        ("report.zh.html", ("这份文本里有什么", "去重", "可以用它训练什么", "邮箱 1")),
    ):
        page = (tmp_path / "clean" / name).read_text(encoding="utf-8")
        reader = Reader()
        reader.feed(page)
        assert not reader.open
        assert "<p>Some <b>bold" not in page  # what texts hold is shown, not obeyed
        for word in words:
            assert word in page, word


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a source of text to prepare"),
        (("PAGES",), "name a folder to write to by --out"),
        (("PAGES", "--show", "0"), "--show 0: must be at least 1"),
        (("PAGES", "--out", "x", "--skip", "nothing"), "unknown --skip 'nothing'"),
        (("missing.txt", "--out", "x"), "missing.txt: no such file or folder"),
        (("PAGES", "--out", "x", "--language", "de"), "unknown --language 'de'"),
        (("PAGES", "--out", "x", "--column", "txt"), "has no column 'txt'"),
        (("hf://nobody", "--out", "x"), "is not of the form hf://owner/name"),
    ],
)
def test_bad_input_is_one_line(upwell: Any, pages: Path, words: tuple[str, ...], said: str) -> None:
    done = upwell("prepare", *(str(pages) if word == "PAGES" else word for word in words), cwd=pages.parent)
    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_prepare_in_a_folder_that_cannot_be_written(upwell: Any, pages: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = upwell("prepare", pages, "--out", tmp_path / "file" / "clean")
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1, done.stderr
