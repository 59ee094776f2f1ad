"""The page on summaries: its commands and its Python run, and what it shows is what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_summarizer import papers
from tests.pages import blocks, check_shown, commands, pages, programs, run_commands

PAGES = pages("summarization")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page speaks of."""
    folder = tmp_path_factory.mktemp("page")
    rows = [{"abstract": text, "title": said} for text, said in zip(*papers(60), strict=True)]
    rows.append({"abstract": "Nobody knew.", "title": ""})
    (folder / "papers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "abstracts.txt").write_text("\n".join(papers(2, seed=1)[0]) + "\n", encoding="utf-8")
    (folder / "report.txt").write_text("\n".join(papers(9, seed=2)[0]) + "\n", encoding="utf-8")
    return folder


def test_both_pages_have_the_same_commands_and_programs() -> None:
    assert commands(PAGES[0]) == commands(PAGES[1])
    assert programs(PAGES[0]) == programs(PAGES[1])
    assert blocks(PAGES[0], "text") == blocks(PAGES[1], "text")


def test_the_commands_of_the_page_run_and_print_what_it_shows(upwell: Any, folder: Path) -> None:
    done = run_commands(
        PAGES[0], upwell, folder, {"train": ("--epochs", "2", "--size", "2k")}
    )  # enough to see that it runs
    assert all(verb == "train" or one.stdout.strip() for verb, one in done)
    check_shown(PAGES[0], done)


def test_the_program_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    documents, summaries = papers(30)
    (program,) = blocks(PAGES[0], "python")
    names: dict[str, Any] = {"documents": documents, "summaries": summaries}
    exec(program.replace("Summarizer()", "Summarizer(size='1k', epochs=1, threads=1, dtype='float32')"), names)
    assert len(names["model"].predict(documents)) == 30
