"""The page on translation: its commands and its Python run, and what it shows is what is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages import blocks, check_shown, commands, pages, programs, run_commands

PAGES = pages("translation")
WORDS = {"cat": "猫", "dog": "狗", "cow": "牛", "milk": "牛奶", "bread": "面包"}
TRADITIONAL = {"喜欢": "喜歡", "面包": "麵包"}


def pairs(number: int) -> list[tuple[str, str]]:
    """Of every second one the Chinese is traditional."""
    words, found = list(WORDS), []
    for i in range(number):
        one, other = words[i % 3], words[i % 5]
        target = f"第{i}只{WORDS[one]}喜欢{WORDS[other]}。"
        for simplified, traditional in TRADITIONAL.items() if i % 2 else ():
            target = target.replace(simplified, traditional)
        found.append((f"The {one} {i} likes {other}.", target))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page speaks of."""
    folder = tmp_path_factory.mktemp("page")
    rows = [*pairs(120), *pairs(2), ("Nothing is said of this.", "")]
    for name in ("pairs", "more"):
        text = "en\tzh\n" + "".join(f"{source}\t{target}\n" for source, target in rows)
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    (folder / "article.txt").write_text("The cat 3 likes milk.\n\nThe cow 4 likes bread.\n", encoding="utf-8")
    return folder


def test_both_pages_have_the_same_commands_and_programs() -> None:
    assert commands(PAGES[0]) == commands(PAGES[1])
    assert len(commands(PAGES[0])) >= 6
    assert programs(PAGES[0]) == programs(PAGES[1])


def test_the_commands_of_the_page_run_and_print_what_it_shows(upwell: Any, folder: Path) -> None:
    pytest.importorskip("opencc")
    assert blocks(PAGES[0], "text")[0] == blocks(PAGES[1], "text")[0]
    short = ("--epochs", "1", "--threads", "1", "--dtype", "float32")  # enough to see that it runs
    more = {"train": (*short, "--size", "20k"), "finetune": short}
    check_shown(PAGES[0], run_commands(PAGES[0], upwell, folder, more))


def test_the_program_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    sources, targets = zip(*pairs(60), strict=True)
    names: dict[str, Any] = {"sources": sources, "targets": targets}
    (block,) = blocks(PAGES[0], "python")
    exec(block.replace("minutes=5", "size='20k', epochs=1, threads=1"), names)
    assert isinstance(names["model"].translate("The cat 7 likes milk."), str)
