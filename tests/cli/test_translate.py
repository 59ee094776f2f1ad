"""upwell train --task translate and upwell translate, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from upwell.api import train_run

NUMBERS = {"one": "eins", "two": "zwei", "three": "drei", "four": "vier", "five": "fünf", "six": "sechs"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that counts."""
    folder = tmp_path_factory.mktemp("translate")
    words = list(NUMBERS)
    rows = [(f"{a} and {b}", f"{NUMBERS[a]} und {NUMBERS[b]}") for a in words for b in words] * 8
    rows = [(f"{source} .{i}", f"{target} .{i}") for i, (source, target) in enumerate(rows)]
    (folder / "count.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8")
    made, _ = train_run(
        str(folder / "count.tsv"), task="translate", out=str(folder / "run"), size="60k", epochs=12, threads=1, dtype="float32"
    )  # fmt: skip
    return made.folder


def test_arguments_and_lines_are_translated(upwell: Any, run: Path) -> None:
    assert upwell("translate", run, "two and five .3").stdout.startswith("zwei und fünf")
    done = upwell("translate", run, "--stats", "--beam", 1, input=b"one and two .1\n\nsix and one .2\n")
    assert [line.split(" .")[0] for line in done.stdout.splitlines()] == ["eins und zwei", "", "sechs und eins"]
    assert "2 texts; a text took" in done.stderr


def test_the_best_come_with_their_scores(upwell: Any, run: Path) -> None:
    shown = upwell("translate", run, "--n-best", 3, "two and five .3").stdout.splitlines()
    scores = [float(line.split("\t")[0]) for line in shown]
    assert scores == sorted(scores, reverse=True)
    assert 2 <= len(scores) <= 3
    done = upwell("translate", run, "--n-best", 6, "--length-penalty", 0, "--coverage-penalty", 0.2, "--json", "one .1")
    found = json.loads(done.stdout)
    assert found["answers"][0]["answer"] == found["answer"]
    assert len(found["answers"]) > 3


def test_info_shows_both_sides(upwell: Any, run: Path) -> None:
    said = upwell("info", run).stdout
    assert "a translator" in said
    assert "bleu" in said
    assert "lstm lstm reading both ways, then lstm lstm" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("translate", "RUN", "--beam", "0", "one"), "--beam 0: choose a number from 1"),
        (
            ("translate", "RUN", "--beam", "2", "--n-best", "3", "one"),
            "--n-best 3: expected a whole number from 1 to 2",
        ),
        (("translate", "RUN", "--length-penalty", "99", "one"), "--length-penalty 99.0: expected a number"),
        (("translate", "TINY", "--beam", "2", "one"), "is a language model; upwell train DATA --task translate"),
        (("generate", "RUN", "one"), "is a translator, not a language model; see upwell translate --help"),
        (("quantize", "RUN", "--precision", "int8"), "is a translator"),
        (("train", "DATA", "--task", "translate", "--script", "runes"), "choose simplified, traditional, keep"),
        (("train", "DATA", "--task", "translate", "--columns", "text=1"), "write source=NAME,target=NAME"),
        (("train", "DATA", "--task", "translate", "--model", "lstm ->"), "no block"),
    ],
)
def test_bad_input_is_one_clear_line(upwell: Any, run: Path, tiny_run: Path, words: tuple[str, ...], said: str) -> None:
    places = {"RUN": run, "TINY": tiny_run, "DATA": run.parent / "count.tsv"}
    done = upwell(*(places.get(word, word) for word in words), cwd=run.parent)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
