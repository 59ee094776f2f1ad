"""The page on summaries: its commands and its Python run, and what it shows is what is printed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_summarizer import papers
from tests.cli.test_docs_labelled import blocks, commands

PAGES = [Path(__file__).resolve().parents[2] / "docs" / name for name in ("summarization.md", "summarization.zh.md")]


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
    code = [[re.sub(r" *#.*", "", block) for block in blocks(page, "python")] for page in PAGES]
    assert code[0] == code[1]
    assert blocks(PAGES[0], "text") == blocks(PAGES[1], "text")


def test_the_commands_of_the_page_run_and_print_what_it_shows(upwell: Any, folder: Path) -> None:
    said = ""
    for command in commands(PAGES[0]):
        line, _, source = command.partition(" < ")
        words = shlex.split(line)[1:]
        if words[0] == "train":  # enough to see that it runs
            words += ["--epochs", "2", "--size", "2k"]
        done = upwell(*words, input=(folder / source).read_bytes() if source else b"", cwd=folder)
        assert done.returncode == 0, (command, done.stderr)
        assert words[0] == "train" or done.stdout.strip()
        said += done.stderr
    for part in blocks(PAGES[0], "text")[0].splitlines():
        assert part in said


def test_the_program_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    documents, summaries = papers(30)
    (program,) = blocks(PAGES[0], "python")
    names: dict[str, Any] = {"documents": documents, "summaries": summaries}
    exec(program.replace("Summarizer()", "Summarizer(size='1k', epochs=1, threads=1, dtype='float32')"), names)
    assert len(names["model"].predict(documents)) == 30
