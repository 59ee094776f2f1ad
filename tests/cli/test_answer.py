"""Questions on the command line: train --task answer, answer."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import run_process

QUICK = ("--task", "answer", "--size", "4k", "--threads", 1, "--dtype", "float32")
DEEDS, THINGS = ("sold", "built", "lost"), ("boat", "house", "lamp")


def name(draws: random.Random) -> str:
    return "".join(draws.choice("bdfgklmnprst") + draws.choice("aeiou") for _ in range(3)).capitalize()


def passages(number: int) -> list[dict[str, Any]]:
    """One a line, each with two questions, and in the last of them an answer that does not stand there."""
    draws, rows = random.Random(0), []
    for _ in range(number):
        who, deed, thing, year = name(draws), draws.choice(DEEDS), draws.choice(THINGS), str(draws.randint(1500, 1999))
        context = f"In {year} {who} {deed} the {thing}. Nobody knew why."
        qas = [
            {"question": f"Who {deed} the {thing}?", "answers": [{"text": who, "answer_start": 8}]},
            {"question": f"When was the {thing} {deed}?", "answers": [{"text": year, "answer_start": 3}]},
        ]
        rows.append({"context": context, "qas": qas})
    rows[-1]["qas"][0]["answers"] = [{"text": "somebody else", "answer_start": 0}]
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    (folder / "facts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in passages(60)), encoding="utf-8")
    draws = random.Random(1)
    rows = [
        {
            "story": f"{one} slept in the {place} all day. {other} ran home on day {day}.",
            "question": f"Who slept in the {place}?",
            "choices": [one, other],
            "answer": "A",
        }
        for day in range(30)
        for one, other, place in [(name(draws), name(draws), draws.choice(THINGS))]
    ]
    (folder / "stories.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "about.txt").write_text("In 1777 Rokita sold the lamp.\nNobody knew why.\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    return folder


@pytest.fixture(scope="module")
def facts(folder: Path) -> Path:
    done = run_process("train", "facts.jsonl", *QUICK, "--epochs", 30, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    for said in ("question: question (by its name)", "left out: 1 with an answer that is not in the passage", "valid "):
        assert said in done.stderr, said
    figures = json.loads(done.stdout.splitlines()[-1])
    assert set(figures["scores"]) == {"exact_match", "f1"}
    assert figures["scores"]["f1"]["value"] > figures["scores"]["f1"]["baseline"]
    assert figures["baseline"] == "a sliding window"
    return folder / "runs" / "facts"


@pytest.fixture(scope="module")
def stories(folder: Path) -> Path:
    done = run_process("train", "stories.jsonl", *QUICK, "--epochs", 1, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    assert "the network counts" in done.stderr
    return folder / "runs" / "stories"


def test_answers_stand_in_the_text_that_is_given(upwell: Any, facts: Path) -> None:
    assert upwell("answer", facts, "In 1777 Rokita sold the lamp. Who sold the lamp?").stdout.strip() == "Rokita"
    done = upwell("answer", facts, "--about", "about.txt", "--json", "Who sold the lamp?", cwd=facts.parent.parent)
    found = json.loads(done.stdout)
    assert (found["answer"], found["start"]) == ("Rokita", 8)
    assert 0 < found["probability"] <= 1
    said = upwell("answer", facts, "--about", "In 1600 Anna lost the boat.", "--stats", input=b"Who lost the boat?\n\n")
    assert said.stdout.splitlines() == ["Anna", ""]
    assert "1 texts; a text took" in said.stderr


def test_choices_are_named_on_the_command_line(upwell: Any, stories: Path) -> None:
    about = "Momo slept in the lamp all day. Kiki ran home."
    words = ("--about", about, "--choice", "Kiki", "--choice", "Momo", "Who slept in the lamp?")
    assert upwell("answer", stories, *words).stdout.strip() == "Momo"
    assert json.loads(upwell("answer", stories, "--json", *words).stdout)["choice"] == 1


def test_the_run_has_a_card(upwell: Any, facts: Path, stories: Path) -> None:
    assert "a question answerer" in upwell("info", facts).stdout
    for run in (facts, stories):
        card = (run / "README.md").read_text(encoding="utf-8")
        for word in ("question-answering", "baseline: a sliding window", "questions | ", "upwell answer"):
            assert word in card
        assert "| label |" not in card


def test_a_run_begins_with_another_of_its_manner(folder: Path, facts: Path, stories: Path) -> None:
    words = ("facts.jsonl", *QUICK[:2], "--threads", 1, "--dtype", "float32", "--epochs", 1, "--json")
    done = run_process("finetune", facts, *words, "--out", "runs/again", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["scores"]["f1"]["value"] == 1  # one pass from nothing tells little
    done = run_process("finetune", stories, *words, cwd=folder)
    assert done.returncode == 2 and "only a run that finds pieces of passages" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("answer", "FACTS", "Who sold the lamp?"), "no text before the question"),
        (("answer", "FACTS", "No question."), "must end in a question"),
        (("answer", "FACTS", "--reason", "A. B?"), "gives no reasons"),
        (("answer", "FACTS", "--choice", "a", "A. B?"), "has learned no choices"),
        (("answer", "FACTS", "--about", "picture.png", "Who?"), "is not a text but"),
        (("answer", "STORIES", "Momo slept. Who slept?"), "give each question its choices"),
        (("classify", "FACTS", "a text"), "is a question answerer, not a language model; see upwell answer --help"),
        (("train", "facts.jsonl", "--task", "answer", "--tokenizer", "bpe"), "is not an option of --task answer"),
        (("train", "facts.jsonl", "--task", "answer", "--columns", "text=a"), "write context=NAME"),
        (("train", "picture.png", "--task", "answer"), "is not a text but"),
        (("train", "one.jsonl", "--task", "answer"), "has a single passage"),
        (("train", "wordless.jsonl", "--task", "answer"), "no row can be used"),
    ],
)
def test_bad_input_is_one_clear_line(
    upwell: Any, folder: Path, facts: Path, stories: Path, words: tuple[str, ...], said: str
) -> None:
    (folder / "one.jsonl").write_text(
        '{"context": "Anna slept.", "question": "Who slept?", "answer": "Anna"}\n', encoding="utf-8"
    )
    (folder / "wordless.jsonl").write_text(
        '{"context": "", "question": "Who slept?", "answer": "Anna"}\n', encoding="utf-8"
    )
    runs = {"FACTS": str(facts), "STORIES": str(stories)}
    done = upwell(*(runs.get(word, word) for word in words), cwd=folder)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
