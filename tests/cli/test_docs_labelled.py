"""The page on labelled text: its commands and its Python run, and what it shows is what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pages import blocks, check_shown, commands, pages, programs, run_commands
from upwell.api import train_run

PAGES = pages("labelled")
SENTENCES = (("The", "cat", "sleeps"), ("A", "dog", "barks"), ("This", "bird", "sings"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page speaks of."""
    folder = tmp_path_factory.mktemp("page")
    rows = [
        (f"{said} on day {day}", stars)
        for day in range(14)
        for said, stars in (("I loved it", 5), ("It broke", 1), ("Fine", 3))
    ]
    rows += [*rows[:2], ("No stars", ""), ("None here either", "")]
    (folder / "reviews.csv").write_text("review,stars\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    tags = ("DET", "NOUN", "VERB")
    (folder / "sentences.conllu").write_text(
        "".join(
            "".join(
                f"{i}\t{word}\t_\t{tag}\t_\t_\t0\t_\t_\t_\n"
                for i, (word, tag) in enumerate(zip(words, tags, strict=True), 1)
            )
            + "\n"
            for words in SENTENCES
            for _ in range(8)
        ),
        encoding="utf-8",
    )
    asked = [
        {
            "context": f"In {1900 + day} {who}{day} sold the {thing}. Nobody knew why.",
            "question": f"Who sold the {thing}?",
            "answers": [f"{who}{day}"],
        }
        for day in range(20)
        for who, thing in (("Anna", "boat"), ("Tom", "lamp"))
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked), encoding="utf-8")
    (folder / "story.txt").write_text("In 1925 Anna sold the boat. Tom was sad.\n", encoding="utf-8")
    (folder / "asked.txt").write_text("Who sold the boat?\nWho was sad?\n", encoding="utf-8")
    (folder / "texts.txt").write_text("".join(f"{said}\n" for said, _ in rows) * 30, encoding="utf-8")
    for name in ("lines.txt", "words.txt"):
        (folder / name).write_text("It broke\nA cat sleeps\n", encoding="utf-8")
    return folder


def test_both_pages_have_the_same_commands_and_programs() -> None:
    assert commands(PAGES[0]) == commands(PAGES[1])
    assert len(commands(PAGES[0])) >= 8
    assert programs(PAGES[0]) == programs(PAGES[1])


def test_the_commands_of_the_page_run_and_print_what_it_shows(upwell: Any, folder: Path) -> None:
    assert blocks(PAGES[0], "text")[0] == blocks(PAGES[1], "text")[0]
    short = ("--epochs", "2")  # enough to see that it runs
    more = {"train": (*short, "--size", "2k"), "finetune": short}
    check_shown(PAGES[0], run_commands(PAGES[0], upwell, folder, more))


def test_the_programs_of_the_page_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    if not Path("runs/texts").exists():
        train_run("texts.txt", task="encode", epochs=1, size="2k")
    texts = [f"{said} {day}" for day in range(10) for said in ("Too loud.", "Nice and quiet.")]
    names: dict[str, Any] = {
        "texts": texts,
        "labels": ["bad", "good"] * 10,
        "sentences": [list(words) for words in SENTENCES] + [["The", "cow", "moos"]],
        "tags": [["DET", "NOUN", "VERB"]] * 4,
        "questions": [json.loads(line) for line in (folder / "questions.jsonl").read_text("utf-8").splitlines()],
    }
    models = []
    for block in blocks(PAGES[0], "python"):
        exec(block.replace("runs/reviews", "runs/from-python"), names)
        models.append(names["model"])
    assert models[1].predict([["A", "dog", "barks"]]) == [["DET", "NOUN", "VERB"]]
    assert len(models[2].predict([("In 1925 Anna sold the boat.", "Who sold the boat?")])) == 1
