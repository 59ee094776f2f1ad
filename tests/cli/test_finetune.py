"""upwell train --task encode, upwell finetune, and vectors of texts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell import Encoder, LanguageModel, TextClassifier
from upwell.cli.main import main
from upwell.errors import UserError
from upwell.training.runs import Run

PLACES, NUMBERS = ("paris", "rome", "berlin", "oslo"), ("two", "seven", "nine", "four")


def lines(number: int, seed: int) -> list[tuple[str, str]]:
    """Labels and texts that a few words tell."""
    draws = np.random.default_rng(seed)
    found = []
    for place in range(number):
        label = "place" if draws.random() < 0.5 else "number"
        word = str(draws.choice(PLACES if label == "place" else NUMBERS))
        found.append((label, f"the answer to question {place} is {word} I think"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts, labelled texts, and runs of an encoder and a language model."""
    folder = tmp_path_factory.mktemp("finetune")
    (folder / "texts.txt").write_text("".join(f"{text}\n" for _, text in lines(600, 0)), encoding="utf-8")
    (folder / "labelled.tsv").write_text(
        "".join(f"{label}\t{text}\n" for label, text in lines(80, 1)), encoding="utf-8"
    )
    common = ["--quiet", "--threads", "1", "--dtype", "float32"]
    encoder = [
        "--task",
        "encode",
        "--size",
        "20k",
        "--depth",
        "1",
        "--vocab-size",
        "300",
        "--epochs",
        "25",
        "--rows",
        "4",
    ]
    assert main(["train", str(folder / "texts.txt"), *encoder, "--out", str(folder / "encoder"), *common]) == 0
    language = ["--size", "20k", "--epochs", "2", "--tokenizer", "char"]
    assert main(["train", str(folder / "texts.txt"), *language, "--out", str(folder / "language"), *common]) == 0
    return folder


def finetuned(
    folder: Path, begin_with: str, out: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> dict[str, Any]:
    words = [
        "finetune",
        str(folder / begin_with),
        str(folder / "labelled.tsv"),
        "--task",
        "classify",
        "--json",
        "--quiet",
    ]
    assert main([*words, "--threads", "1", "--dtype", "float32", "--out", str(out), *more]) == 0
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_an_encoder_says_how_well_it_tells_hidden_tokens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = Run(folder / "encoder").result()
    assert result is not None and result["task"] == "encode"
    assert result["scores"]["loss"]["value"] < result["scores"]["loss"]["baseline"]
    assert result["scores"]["accuracy"]["value"] > result["scores"]["accuracy"]["baseline"]
    card = (folder / "encoder" / "README.md").read_text(encoding="utf-8")
    assert "fill-mask" in card and "--task classify" in card and "| label |" not in card
    assert main(["info", str(folder / "encoder")]) == 0
    assert "text encoder" in capsys.readouterr().out


@pytest.mark.parametrize("begin_with", ["encoder", "language"])
def test_a_classifier_begins_with_a_run(
    begin_with: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = finetuned(folder, begin_with, tmp_path / "run", capsys, "--epochs", "6")
    assert result["scores"]["accuracy"]["value"] > 0.9
    run, begun = Run(tmp_path / "run"), Run(folder / begin_with)
    assert run.config(None)["start"] == str(folder / begin_with)
    assert run.tokenizer_path.read_bytes() == begun.tokenizer_path.read_bytes()
    assert f"begun with | {begin_with}" in (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    assert main(["classify", str(tmp_path / "run"), "the answer is oslo I think"]) == 0
    assert capsys.readouterr().out.strip() == "place"
    again = finetuned(
        folder, str(tmp_path / "run"), tmp_path / "again", capsys, "--epochs", "1"
    )  # a classifier goes on
    assert again["finished"]


def test_weights_are_taken_over_and_the_run_stays(folder: Path, tmp_path: Path) -> None:
    before = (folder / "encoder" / "model.safetensors").read_bytes()
    texts = [text for _, text in lines(80, 1)]
    labels = [label for label, _ in lines(80, 1)]
    model = TextClassifier(begin_with=str(folder / "encoder"), epochs=2, threads=1, dtype="float32").fit(texts, labels)
    encoder = Encoder.load(folder / "encoder").model.network
    taken = dict(model.model_.networks[0].named_parameters())
    moved = float((taken["embedding_weight"] - encoder.embedding_weight).detach().abs().max())
    assert 0 < moved < 0.1  # a few steps of training away, not drawn anew
    assert (folder / "encoder" / "model.safetensors").read_bytes() == before


def test_resume_needs_the_same_run(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(folder / "encoder", tmp_path / "encoder")
    shutil.copy(folder / "labelled.tsv", tmp_path / "labelled.tsv")
    finetuned(tmp_path, "encoder", tmp_path / "run", capsys, "--epochs", "1")
    (tmp_path / "run" / "result.json").unlink()
    assert main(["train", "--resume", str(tmp_path / "run"), "--quiet"]) == 0
    (tmp_path / "run" / "result.json").unlink()
    shutil.rmtree(tmp_path / "encoder")
    shutil.copytree(folder / "encoder", tmp_path / "encoder")
    weights = bytearray((tmp_path / "encoder" / "model.safetensors").read_bytes())
    weights[-3] ^= 1
    (tmp_path / "encoder" / "model.safetensors").write_bytes(weights)
    capsys.readouterr()
    assert main(["train", "--resume", str(tmp_path / "run"), "--quiet"]) == 2
    assert "is not what this run was begun with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["encoder", "labelled.tsv"], "say what for, with --task"),
        (
            ["encoder", "labelled.tsv", "--task", "tag"],
            "is a text encoder; --task tag can begin with a run that is a tagger",
        ),
        (["language", "texts.txt", "--task", "encode"], "is a language model; --task encode can begin with"),
        (["encoder", "labelled.tsv", "--task", "classify", "--size", "1m"], "--size: is decided by"),
        (["missing", "labelled.tsv", "--task", "classify"], "no such run"),
        (["encoder", "--task", "classify"], "name a file of labelled data"),
        (["encoder", "labelled.tsv", "--task", "write"], "--task write: choose"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert main(["finetune", *words, "--quiet"]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1


def test_an_encoder_of_an_empty_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blank.txt").write_text("\n\n  \n", encoding="utf-8")
    assert main(["train", str(tmp_path / "blank.txt"), "--task", "encode", "--quiet"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_encoder_takes_the_column_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{label},{text}\n" for label, text in lines(60, 2))
    (tmp_path / "table.csv").write_text(f"kind,said\n{rows}", encoding="utf-8")
    words = ["train", str(tmp_path / "table.csv"), "--task", "encode", "--out", str(tmp_path / "run")]
    quick = ["--size", "2k", "--depth", "1", "--epochs", "1", "--vocab-size", "300"]
    assert main([*words, "--column", "no", *quick]) == 2
    assert "column" in capsys.readouterr().err
    assert main([*words, "--column", "said", *quick]) == 0
    assert "text from column 'said' (as asked)" in " ".join(capsys.readouterr().err.split())
    assert Run(tmp_path / "run").kind() == "text encoder"


def test_vectors_of_texts(folder: Path) -> None:
    texts = ["the answer is paris", "the answer is rome", "", "x" * 5000]
    for vectors in (
        Encoder.load(folder / "encoder").embed(texts),
        LanguageModel.load(folder / "language").embed(texts),
    ):
        assert vectors.shape[0] == 4 and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert vectors[0] @ vectors[1] > vectors[0] @ vectors[3]
    alone = Encoder.load(folder / "encoder").embed(texts[:1])
    assert np.allclose(alone[0], Encoder.load(folder / "encoder").embed(texts)[0], atol=1e-5)
    with pytest.raises(UserError, match="is a text encoder, not a language model"):
        LanguageModel.load(folder / "encoder")
