"""Labelled data on the command line: train --task, classify, info."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviews")
    words = {"good": ["lovely", "fine", "great"], "bad": ["dull", "poor", "awful"], "😀": ["funny", "silly"]}
    rows = [
        (f"A {word} film about number {number}.", label)
        for number in range(30)
        for label, said in words.items()
        for word in said
    ]
    lines = ["stars\treview", *(f"{label}\t{text}" for text, label in rows), "\tno label here"]
    (folder / "films.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(reviews: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "upwell", "train", "films.tsv", "--task", "classify", "--size", "2k", "--epochs", "5",
         "--threads", "1", "--dtype", "float32", "--json"],
        cwd=reviews, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for said in ("film", "text: review", "label: stars (", "left out: 1 without a label", "valid ", "of the ngrams"):
        assert said in done.stderr, said
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["scores"]["accuracy"]["value"] > figures["scores"]["accuracy"]["baseline"]
    return reviews / "runs" / "films"


def test_classify_answers_an_argument_and_lines(upwell: Any, run: Path) -> None:
    assert upwell("classify", run, "What a lovely film!").stdout.strip() == "good"
    done = upwell("classify", run, "--stats", input=b"An awful film.\n\nA silly film.\n")
    assert done.stdout.splitlines() == ["bad", "", "😀"]
    assert "2 texts; a text took" in done.stderr
    assert "99th percentile" in done.stderr


def test_classify_tells_probabilities_and_words(upwell: Any, run: Path) -> None:
    done = upwell("classify", run, "--json", "--explain", "A dull film.")
    found = json.loads(done.stdout)
    assert found["answer"] == "bad"
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert max(found["words"], key=found["words"].get) == "dull"
    assert "dull +" in upwell("classify", run, "--explain", "A dull film.").stdout


def test_info_shows_what_a_classifier_is(upwell: Any, run: Path) -> None:
    done = upwell("info", run)
    assert "a classifier" in done.stdout
    assert "accuracy" in done.stdout
    assert upwell("info", run, "--json").returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("generate", "RUN", "Once"), "is a classifier, not a language model; see upwell classify --help"),
        (("classify", "RUN", "--of", "Anna", "a text"), "tells classes of texts"),
        (("train", "--task", "classify"), "name a file of labelled data"),
        (("train", "-", "--task", "classify"), "name a file of labelled data"),
        (("plan", "films.tsv", "--task", "classify"), "a plan is of a language model"),
        (("train", "none.csv", "--task", "classify"), "none.csv"),
        (("train", "films.tsv", "--task", "sing"), "choose classify, tag, answer"),
        (("train", "films.tsv", "--task", "classify", "--columns", "label=star"), "Did you mean 'stars'"),
    ],
)
def test_bad_input_is_one_clear_line(upwell: Any, run: Path, words: tuple[str, ...], said: str) -> None:
    done = upwell(*(str(run) if word == "RUN" else word for word in words), cwd=run.parent.parent)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


CONLLU = "".join(
    f"1\t{determiner}\t_\tDET\t_\t_\t2\tdet\t_\t_\n2\t{noun}{number}\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_\n"
    f"3\t{verb}\t_\tVERB\t_\t_\t0\troot\t_\t_\n\n"
    for number in range(20)
    for determiner, noun, verb in (("the", "cat", "sleeps"), ("a", "dog", "barks"), ("this", "bird", "sings"))
)


def test_a_tagger_is_made_and_used(upwell: Any, tmp_path: Path) -> None:
    (tmp_path / "animals.conllu").write_text(CONLLU, encoding="utf-8")
    done = upwell(
        "train", "animals.conllu", "--task", "tag", "--size", "2k", "--epochs", 12, "--threads", 1, "--dtype", "float32",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "held-out sentences" in done.stdout
    assert "upwell tag runs/animals" in done.stdout
    run = tmp_path / "runs" / "animals"
    assert upwell("tag", run, "A cat3 barks").stdout.strip() == "A/DET cat3/NOUN barks/VERB"
    done = upwell("tag", run, "--json", "--split", "--stats", input=b"the dog5 sings\n")
    assert json.loads(done.stdout)["tags"] == ["DET", "NOUN", "VERB"]
    assert "1 texts; a text took" in done.stderr
    assert "a tagger" in upwell("info", run).stdout
    card = (run / "README.md").read_text(encoding="utf-8")
    for word in ("token-classification", "NOUN (", "upwell tag"):
        assert word in card
    refused = upwell("classify", run, "a text")
    assert refused.returncode == 2
    assert "is a tagger, not a language model; see upwell tag --help" in refused.stderr


def test_figures_that_cannot_be_are_left_out_and_the_run_is_kept(upwell: Any, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("text,label\na b,x\nc d,y\na e,x\nc f,y\n", encoding="utf-8")
    done = upwell(
        "train", "few.csv", "--task", "classify", "--size", "1k", "--epochs", 1, "--threads", 1, "--dtype", "float32", "--json",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    score = json.loads(done.stdout.splitlines()[-1])["scores"]["accuracy"]
    assert score["low"] is None
    assert score["value"] in (0, 1)
    assert upwell("info", tmp_path / "runs" / "few").returncode == 0
    assert (tmp_path / "runs" / "few" / "README.md").exists()


def test_a_label_that_nothing_teaches_is_refused_in_one_line(upwell: Any, tmp_path: Path) -> None:
    (tmp_path / "apart.csv").write_text("text,label\na,x\nb,y\n", encoding="utf-8")
    done = upwell("train", "apart.csv", "--task", "classify", "--out", tmp_path / "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "more rows of each label" in done.stderr
    assert not (tmp_path / "run").exists()
