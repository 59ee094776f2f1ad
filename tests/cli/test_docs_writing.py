"""The page on writing: its commands and its Python run, and what it shows is what is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.poems import poems

pytest.importorskip("pypinyin", reason='pypinyin is not installed: pip install "upwell[tasks]"')

PAGES = [Path(__file__).resolve().parents[2] / "docs" / name for name in ("writing.md", "writing.zh.md")]


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> list[str]:
    """Without what is said about them behind a #."""
    return [line.split("  #")[0].rstrip() for block in blocks(page, "bash") for line in block.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page speaks of."""
    folder = tmp_path_factory.mktemp("page")
    for name, number, seed in (("poems.tsv", 200, 0), ("more.tsv", 20, 1)):
        rows = "".join("\t".join(row) + "\n" for row in poems(number, seed=seed))
        (folder / name).write_text("tune\tauthor\ttext\n" + rows, encoding="utf-8")
    (folder / "names.txt").write_text(
        "".join(f"{a}{b}{c}\n" for a in "bdkm" for b in "aeio" for c in "nrs") * 20, "utf-8"
    )
    return folder


def test_both_pages_have_the_same_commands_and_programs() -> None:
    assert commands(PAGES[0]) == commands(PAGES[1])
    code = [[re.sub(r" *#.*", "", block) for block in blocks(page, "python")] for page in PAGES]
    assert code[0] == code[1]


def test_the_commands_and_the_program_of_the_page_run_and_print_what_it_shows(
    upwell: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = blocks(PAGES[0], "text")[0]
    assert shown == blocks(PAGES[1], "text")[0]
    said = ""
    for command in commands(PAGES[0]):
        words = shlex.split(command)[1:]
        if words[0] == "train":  # enough to see that it runs
            words += ["--epochs", "2", "--size", "2k", "--threads", "1"]
        done = upwell(*words, cwd=folder)
        assert done.returncode == 0, (command, done.stderr)
        said += done.stderr
    for part in shown.splitlines():
        assert part in said
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for block in blocks(PAGES[0], "python"):
        exec(block, names)
    assert names["writer"].fields == ("tune", "author")
