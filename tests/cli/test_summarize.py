"""Summaries on the command line: train --task summarize, summarize, info."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_summarizer import papers
from tests.cli.conftest import run_process

QUICK = ("--task", "summarize", "--size", "2k", "--epochs", 2, "--threads", 1, "--dtype", "float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    rows = [{"abstract": text, "title": said} for text, said in zip(*papers(80), strict=True)]
    rows.append({"abstract": "Nothing more.", "title": ""})
    (folder / "papers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "long.txt").write_text("\n".join(papers(1, seed=3)[0]), encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    done = run_process("train", "papers.jsonl", *QUICK, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    for said in ("document: abstract (by its name)", "left out: 1 without a summary", "mean ROUGE", "upwell summarize"):
        assert said in done.stderr, said
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["baseline"] == "the first sentences"
    assert all(score["value"] > score["baseline"] for score in figures["scores"].values())
    return folder / "runs" / "papers"


def test_texts_are_summarized_as_arguments_lines_and_files(upwell: Any, folder: Path, run: Path) -> None:
    X, y = papers(2, seed=6)
    assert y[0][3:] in upwell("summarize", run, X[0]).stdout
    done = upwell("summarize", run, "--stats", input="\n\n".join(X).encode())
    assert [right[3:] in line for right, line in zip(y, done.stdout.splitlines()[::2], strict=True)] == [True, True]
    assert done.stdout.splitlines()[1] == "" and "2 texts; a text took" in done.stderr
    done = upwell("summarize", run, "--file", "long.txt", "--json", cwd=folder)
    assert papers(1, seed=3)[1][0][3:] in json.loads(done.stdout)["answer"]
    assert len(upwell("summarize", run, X[0], "--max-words", 3).stdout.split()) == 3


def test_info_and_card_say_what_it_is(upwell: Any, run: Path) -> None:
    assert "a summarizer" in upwell("info", run).stdout
    card = (run / "README.md").read_text(encoding="utf-8")
    for word in ("pipeline_tag: summarization", "the first sentences", "upwell summarize"):
        assert word in card


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("summarize", "RUN", "--max-words", "0", "a"), "--max-words 0: must be 1 or more"),
        (("summarize", "RUN", "--file", "none.txt"), "none.txt"),
        (("summarize", "RUN", "--file", "picture.png"), "picture.png"),
        (("summarize", "RUN", "--file", "long.txt", "a"), "a file or a text (not both)"),
        (("generate", "RUN", "Once"), "is a summarizer, not a language model; see upwell summarize --help"),
        (("train", "papers.jsonl", "--task", "summarize", "--columns", "summary=titel"), "Did you mean 'title'"),
        (("train", "papers.jsonl", "--task", "summarize", "--separator", ";"), "is not an option of --task summarize"),
        (("finetune", "RUN", "papers.jsonl", "--task", "summarize"), "begins with no run"),
    ],
)
def test_bad_input_is_one_clear_line(upwell: Any, folder: Path, run: Path, words: tuple[str, ...], said: str) -> None:
    done = upwell(*(str(run) if word == "RUN" else word for word in words), cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_language_model_takes_no_lengths(upwell: Any, tiny_run: Path) -> None:
    done = upwell("summarize", tiny_run, "--sentences", 2, "A text.")
    assert done.returncode == 2 and "is a language model" in done.stderr


def test_training_goes_on_after_an_interrupt(upwell: Any, folder: Path, run: Path) -> None:
    done = upwell("train", "--resume", run, cwd=folder)
    assert done.returncode == 0, done.stderr
