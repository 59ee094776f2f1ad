"""What pretrained word vectors are worth where there is little text: TREC and SST-2, trained with and without GloVe.

    python -m benchmarks.vectors_gain                           # 5 seeds, 15 minutes
    python -m benchmarks.vectors_gain --seeds 1 --share 0.1     # to see that it runs

The sentence is the prompt and its class the answer; a class is chosen by the probability of each behind the sentence. Four arms,
equal but for what the embeddings begin with, on the same seeds: nothing (the usual start and shape), GloVe's vectors given to the
wrong words (a permutation: the same shape and scale, no knowledge), GloVe's vectors, and these left as they are. GloVe 6B with 50
numbers, of which the data set holds 5,219 words. Text is in lower case, as the vectors are.

Intervals: bootstrap (2,000) of seeds and of test sentences together, of the paired difference to the arm without vectors.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import call, write_result
from upwell import LanguageModel
from upwell.emergence.statistics.intervals import nested_bootstrap
from upwell.text import WordVectors, load_vectors
from upwell.text.vectors import save_vectors

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ARMS: dict[str, tuple[str, ...]] = {
    "no vectors": (),
    "wrong vectors": ("--vectors", "wrong.txt"),
    "GloVe": ("--vectors", "glove.txt"),
    "GloVe, frozen": ("--vectors", "glove.txt", "--freeze-vectors"),
}
SENTIMENT = {"0": "negative", "1": "positive"}


def trec(path: Path) -> list[tuple[str, str]]:
    """Question and its coarse class."""
    return [(row[2].lower(), row[0].lower()) for row in _rows(path)]


def sst2(path: Path) -> list[tuple[str, str]]:
    """Sentence and its polarity."""
    return [(row[1].lower(), SENTIMENT[row[0]]) for row in _rows(path)]


SETS = {"cls-en-trec": trec, "cls-en-sst2": sst2}


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def write_examples(path: Path, examples: list[tuple[str, str]]) -> None:
    """A prompt and its answer a row."""
    path.write_text("".join(json.dumps([text, f" {label}"]) + "\n" for text, label in examples), encoding="utf-8")


def train(folder: Path, arm: str, seed: int, epochs: float) -> tuple[LanguageModel, dict[str, Any]]:
    """One model and the figures of its run."""
    out = folder / f"{arm}-{seed}".replace(" ", "-").replace(",", "")
    options = [str(folder / option) if option.endswith(".txt") else option for option in ARMS[arm]]
    figures = call(
        [
            *(sys.executable, "-m", "upwell", "train", str(folder / "train.jsonl"), "--valid", str(folder / "valid.jsonl")),
            *("--tokenizer", "word", "--size", "100k", "--epochs", str(epochs), "--seed", str(seed)),
            *("--out", str(out), "--quiet", "--json", *options),
        ]
    )  # fmt: skip
    return LanguageModel.load(out), figures


def correct(model: LanguageModel, examples: list[tuple[str, str]]) -> NDArray[np.bool_]:
    """Whether the most probable class is the right one (n,)."""
    labels = sorted({label for _, label in examples})
    pairs = [(text, f" {label}") for text, _ in examples for label in labels]
    nats = np.array([found.nats for found in model.answerer.likelihoods(pairs)]).reshape(-1, len(labels))
    return np.array([labels[i] for i in nats.argmin(axis=1)]) == np.array([label for _, label in examples])


def interval(ours: NDArray[Any], base: NDArray[Any]) -> dict[str, float]:
    """Mean of the difference of two arms (seeds, sentences), in points, and its 95% interval."""
    difference = 100 * (ours.astype(float) - base)
    low, high = nested_bootstrap(difference, np.random.default_rng(0))
    return {"mean": float(difference.mean()), "low": low, "high": high}


def compare(name: str, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All arms and seeds on one set."""
    read = SETS[name]
    train_rows, valid_rows, test_rows = (read(DATA / name / f"{split}.tsv") for split in ("train", "valid", "test"))
    kept = np.random.default_rng(0).permutation(len(train_rows))[: max(100, int(len(train_rows) * arguments.share))]
    write_examples(folder / "train.jsonl", [train_rows[i] for i in kept])
    write_examples(folder / "valid.jsonl", valid_rows)
    found: dict[str, list[Any]] = {arm: [] for arm in ARMS}
    about: dict[str, Any] = {}
    for seed in range(arguments.seeds):
        for arm in ARMS:
            model, figures = train(folder, arm, seed, arguments.epochs)
            found[arm].append(correct(model, test_rows))
            about[arm] = {"parameters": figures["parameters"]["total"], "seconds": figures["seconds"]}
            print(f"{name:12} seed {seed} {arm:15} {found[arm][-1].mean():.2%}", flush=True)
    arms = {arm: np.array(rows) for arm, rows in found.items()}
    return {
        "training_sentences": len(kept),
        "test_sentences": len(test_rows),
        "arms": {
            arm: {
                "accuracy": [float(row.mean()) for row in rows],
                "gain_in_points": interval(rows, arms["no vectors"]),
                **about[arm],
            }
            for arm, rows in arms.items()
        },
        "right_over_wrong_vectors": interval(arms["GloVe"], arms["wrong vectors"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=float, default=10)
    parser.add_argument("--share", type=float, default=1.0, help="of the training sentences")
    arguments = parser.parse_args()
    glove = load_vectors(DATA / "vec-en-glove50" / "glove.6B.50d.slice.txt")
    wrong = WordVectors(glove.words, glove.matrix[np.random.default_rng(0).permutation(len(glove.words))])
    figures: dict[str, Any] = {}
    for name in SETS:
        with tempfile.TemporaryDirectory() as folder:
            save_vectors(glove, Path(folder, "glove.txt"))
            save_vectors(wrong, Path(folder, "wrong.txt"))
            figures[name] = compare(name, arguments, Path(folder))
        for arm, row in figures[name]["arms"].items():
            gain = row["gain_in_points"]
            print(f"{name} {arm}: {gain['mean']:+.2f} points ({gain['low']:+.2f} to {gain['high']:+.2f})", flush=True)
    print(write_result("vectors_gain", figures, repeats=arguments.seeds))


if __name__ == "__main__":
    main()
