"""upwell vectors: learned, looked into, measured, as people and programs do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import TINY, write_text
from upwell.text import WordVectors, load_vectors
from upwell.text.vectors import save_vectors

WORDS = ("man", "woman", "king", "queen", "水", "Paris")
ROWS = [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 1, 1]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_vectors(WordVectors(WORDS, np.array(ROWS, np.float32)), tmp_path / "a.vec")
    return tmp_path / "a.vec"


def last(done: Any) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("verb", ["train", "nearest", "analogy", "evaluate"])
def test_help_of_the_inner_verbs_describes_every_option(verb: str, upwell: Any) -> None:
    done = upwell("vectors", verb, "--help")
    assert done.returncode == 0 and f"Usage: upwell vectors {verb}" in done.stdout
    for line in done.stdout.splitlines():
        if line.startswith("│ --"):
            assert len(line.strip("│ ").split("  ", 1)) == 2, f"no words for {line}"
    assert verb in upwell("vectors", "--help").stdout


def test_nearest_and_analogy_print_words_with_cosines(upwell: Any, file: Path) -> None:
    done = upwell("vectors", "nearest", file, "king", "水", "--count", 2, "--json")
    found = last(done)["nearest"]
    assert [word for word, _ in found["水"]] == ["Paris", "man"] or found["水"][0][0] == "Paris"
    assert found["水"][0][1] == pytest.approx(0.7071, abs=1e-4)
    assert done.stdout.startswith("king\n  man ") and "0.7071" in done.stdout
    answers = last(upwell("vectors", "analogy", file, "man", "king", "woman", "--json"))["answers"]
    assert answers[0][0] == "queen" and len(answers) == 3


def test_evaluate_prints_tables_and_json(upwell: Any, file: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("man\tking\t9\nMan\tqueen\t1\nking\tqueen\t5\nman\tdog\t1\n", encoding="utf-8")
    (tmp_path / "questions.txt").write_text(": royal\nman king woman queen\n", encoding="utf-8")
    options = ["--pairs", tmp_path / "pairs.tsv", "--analogies", tmp_path / "questions.txt"]
    done = upwell("vectors", "evaluate", file, *options, "--json")
    figures = last(done)
    (pairs,) = figures["pairs"]
    assert (pairs["spearman"]["value"], pairs["pairs"], pairs["unknown"]) == (1.0, 4, 1)
    assert figures["analogies"][0]["total"]["correct"] == 1
    assert "Spearman" in done.stdout and "royal" in done.stdout and "1.0000" in done.stdout
    counted = last(upwell("vectors", "evaluate", file, *options, "--count-unknown", "--match-case", "--json"))
    assert counted["pairs"][0]["unknown"] == 2


def test_looking_into_vectors_needs_no_gensim(upwell: Any, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim", None)
    assert upwell("vectors", "nearest", file, "king").returncode == 0
    text = file.with_name("text.txt")
    text.write_text("a word\n", encoding="utf-8")
    done = upwell("vectors", "train", text, "--out", file.with_name("b.vec"))
    assert done.returncode == 2 and 'pip install "upwell[vectors]"' in done.stderr


@pytest.mark.parametrize("ending", ["vec", "bin"])
def test_train_writes_a_file_says_what_it_did_and_does_not_overwrite(ending: str, upwell: Any, tmp_path: Path) -> None:
    pytest.importorskip("gensim.models", exc_type=ImportError)
    (tmp_path / "text.txt").write_text("The cat sat there. The dog ran there.\n" * 100, encoding="utf-8")
    out = tmp_path / f"a.{ending}"
    options = ["--out", out, "--dimension", 5, "--epochs", 2, "--cbow", "--lower", "--json"]
    done = upwell("vectors", "train", tmp_path / "text.txt", *options)
    figures = last(done)
    vectors = load_vectors(out)
    assert set(vectors.words) == {*"the cat sat there dog ran .".split()} and vectors.dimension == 5
    assert (figures["words"], figures["running_words"], figures["out"]) == (7, 1000, str(out))
    assert len(figures["nearest"]) == 3 and "7 words of 5 numbers, learned from 1,000 words" in done.stdout
    assert "epoch 2 of 2" in done.stderr
    before = out.read_bytes()
    again = upwell("vectors", "train", tmp_path / "text.txt", *options, "--seed", 2)
    assert again.returncode == 2 and "--overwrite" in again.stderr and out.read_bytes() == before
    done = upwell("vectors", "train", "-", *options, "--overwrite", "--quiet", input=b"one two\n" * 50)
    assert last(done)["words"] == 2 and not done.stderr and out.read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nearest", "a.vec"], "name a word"),
        (["nearest", "a.vec", "kin"], "did you mean king"),
        (["nearest", "missing.vec", "king"], "missing.vec"),
        (["nearest", "a.vec", "king", "--count", "0"], "--count 0"),
        (["nearest", "a.vec", "king", "--limit", "0"], "--limit 0"),
        (["analogy", "a.vec", "man", "king"], "requires an argument"),
        (["evaluate", "a.vec"], "--pairs FILE"),
        (["evaluate", "a.vec", "--pairs", "a.vec"], "word, word, score"),
        (["train", "--out", "b.vec"], "name the text"),
        (["train", "a.vec", "--out", "b.npy"], "let the name end in"),
        (["train", "a.vec", "--out", "none/b.vec"], "there is no folder none"),
        (["train", "missing.txt", "--out", "b.vec"], "missing.txt"),
        (["train", "a.vec", "--out", "b.vec", "--method", "magic"], "--method magic"),
        (["train", "a.vec", "--out", "b.vec", "--segment", "magic"], "--segment magic"),
        (["dance", "a.vec"], "dance"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, upwell: Any, file: Path, tmp_path: Path) -> None:
    done = upwell("vectors", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.vec"]


def test_training_begins_with_word_vectors_says_so_and_goes_on_without_their_file(
    upwell: Any, file: Path, tmp_path: Path
) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    save_vectors(WordVectors(("cat", "the", "园"), np.eye(3, 5, dtype=np.float32)), file)
    text = write_text(tmp_path / "text.txt")
    options = [text, *TINY, "--vectors", file, "--freeze-vectors", "--out", tmp_path / "run"]
    done = upwell("train", *options, "--json")
    figures = last(done)
    assert "token embeddings begin with a vector of 5 numbers" in done.stderr
    assert "counted but never moved" in done.stderr and "map " in done.stderr
    config = json.loads((tmp_path / "run/config.json").read_text(encoding="utf-8"))
    assert figures["vectors"] == config["vectors"] and config["network"]["embedding_width"] == 5
    assert figures["vectors"]["frozen_parameters"] == 5 * figures["vectors"]["ids"] > 0
    assert 0 < figures["vectors"]["unknown_token_share"] < 1
    assert json.loads((tmp_path / "run/tokenizer.json").read_text(encoding="utf-8"))["model"]["kind"] == "word"
    assert "word vectors" in (tmp_path / "run/README.md").read_text(encoding="utf-8")
    kept = safetensors.load_file(tmp_path / "run/vectors.safetensors")
    learned = safetensors.load_file(tmp_path / "run/model.safetensors")["embedding_weight"][kept["ids"]]
    places = kept["rows"].argmax(1)
    np.testing.assert_array_equal(learned == 0, kept["rows"] == 0)  # one factor for all, and not moved since
    assert len({float(value) for value in learned[np.arange(len(places)), places]}) == 1
    assert upwell("generate", tmp_path / "run", "the", "--max-tokens", 5).returncode == 0
    assert "(embedding 5)" in upwell("info", tmp_path / "run").stdout
    file.unlink()
    (tmp_path / "run/result.json").unlink()
    again = last(upwell("train", "--resume", tmp_path / "run", "--json", "--quiet"))
    assert again["vectors"] == figures["vectors"] and again["valid_bpb"] == figures["valid_bpb"]


def test_plan_counts_the_width_of_the_vectors(upwell: Any, file: Path, tmp_path: Path) -> None:
    options = ["--size", "20k", "--epochs", 1, "--threads", 1, "--dtype", "float32", "--vectors", file, "--json"]
    text = write_text(tmp_path / "text.txt")
    plan = last(upwell("plan", text, *options, "--freeze-vectors"))
    assert plan["network"]["embedding_width"] == 4 and plan["parameters"]["map"] == 4 * plan["network"]["width"]
    assert last(upwell("plan", text, *options))["network"]["embedding_width"] is None  # turned into the width
    assert plan["network"]["vocab_size"] == 16384


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--freeze-vectors"], "name their file by --vectors"),
        (["--vectors", "missing.vec"], "missing.vec"),
        (["--vectors", "text.txt"], "holds no word vectors"),
        (["--vectors", "a.vec", "--tokenizer", "char"], "choose --tokenizer word"),
        (["--vectors", "a.vec"], "holds no words of those that are wanted"),
    ],
)
def test_training_refuses_vectors_that_make_no_sense_in_one_line(
    arguments: list[str], said: str, upwell: Any, file: Path, tmp_path: Path
) -> None:
    save_vectors(WordVectors(("zebra",), np.ones((1, 5), np.float32)), file)
    write_text(tmp_path / "text.txt")
    done = upwell("train", "text.txt", *TINY, *arguments, "--quiet", cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (tmp_path / "runs").exists()
