"""The page on writing: its commands and its Python run, and what it shows is what is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages import blocks, check_shown, commands, pages, programs, run_commands
from tests.poems import poems

pytest.importorskip("pypinyin", reason='pypinyin is not installed: pip install "upwell[tasks]"')

PAGES = pages("writing")


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
    assert programs(PAGES[0]) == programs(PAGES[1])


def test_the_commands_and_the_program_of_the_page_run_and_print_what_it_shows(
    upwell: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert blocks(PAGES[0], "text")[0] == blocks(PAGES[1], "text")[0]
    more = {"train": ("--epochs", "2", "--size", "2k", "--threads", "1")}  # enough to see that it runs
    check_shown(PAGES[0], run_commands(PAGES[0], upwell, folder, more))
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for block in blocks(PAGES[0], "python"):
        exec(block, names)
    assert names["writer"].fields == ("tune", "author")
