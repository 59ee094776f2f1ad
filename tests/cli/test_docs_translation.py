"""The page on translation: its commands and its Python run, and what it shows is what is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

PAGES = [Path(__file__).resolve().parents[2] / "docs" / name for name in ("translation.md", "translation.zh.md")]
WORDS = {"cat": "猫", "dog": "狗", "cow": "牛", "milk": "牛奶", "bread": "面包"}
TRADITIONAL = {"喜欢": "喜歡", "面包": "麵包"}


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> list[str]:
    """Without what is said about them behind a #."""
    return [line.split("  #")[0].rstrip() for block in blocks(page, "bash") for line in block.splitlines()]


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
    code = [[re.sub(r" *#.*", "", block) for block in blocks(page, "python")] for page in PAGES]
    assert code[0] == code[1]


def test_the_commands_of_the_page_run_and_print_what_it_shows(upwell: Any, folder: Path) -> None:
    pytest.importorskip("opencc")
    shown = blocks(PAGES[0], "text")[0]
    assert shown == blocks(PAGES[1], "text")[0]
    said = ""
    for command in commands(PAGES[0]):
        line, _, source = command.partition(" < ")
        words = shlex.split(line)[1:]
        if words[0] in ("train", "finetune"):  # enough to see that it runs
            words += ["--epochs", "1", "--threads", "1", "--dtype", "float32"]
        words += ["--size", "20k"] if words[0] == "train" else []
        given = (folder / source).read_bytes() if source else b""
        done = upwell(*words, input=given, cwd=folder)
        assert done.returncode == 0, (command, done.stderr)
        said += done.stderr
    for part in shown.splitlines():
        assert part in said


def test_the_program_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    sources, targets = zip(*pairs(60), strict=True)
    names: dict[str, Any] = {"sources": sources, "targets": targets}
    (block,) = blocks(PAGES[0], "python")
    exec(block.replace("minutes=5", "size='20k', epochs=1, threads=1"), names)
    assert isinstance(names["model"].translate("The cat 7 likes milk."), str)
