"""Next-word loss of the textbook Keras program, and how much sooner Upwell reaches it, on Penn Treebank.

    python -m benchmarks.beside_keras                                 # the peer alone takes about an hour on two cores
    python -m benchmarks.beside_keras --epochs 1 --windows 2000 --minutes 0.1 --keep-nothing

The peer is what courses and tutorials show (Chollet, "Deep Learning with Python"; the Keras examples): the 1,000 commonest
words and one for the rest, windows of 50 words cut every 5 words, Embedding 64, two LSTMs of 128, a softmax on the last step
alone, Adam, batches of 64, 10 epochs. It runs in an environment of its own, made by `pip install keras tensorflow-cpu`. Its loss
is that of the word after each window of 50 of the test text, a window every 5 words. Upwell trains by words on the same text with the
same 1,001 types and is measured on the same words, each with at least the 50 words before it; the time is that of
training until a run of a growing budget is no higher.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks.peer_venv import peer_environment, peer_python
from benchmarks.report import call, write_result

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lm-en-ptb"
WINDOW, STRIDE, WORDS = 50, 5, 1000
GROWTH = 1.5
"""Between two budgets of ours."""

KERAS = """
import json, os, sys, time
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np
task = json.load(open(sys.argv[1]))
keras.utils.set_random_seed(task["seed"])
def windows(ids):
    starts = range(0, len(ids) - task["window"], task["stride"])
    return np.array([ids[s : s + task["window"]] for s in starts]), np.array([ids[s + task["window"]] for s in starts])
inputs, targets = windows(task["train"])
if task["windows"]:
    inputs, targets = inputs[: task["windows"]], targets[: task["windows"]]
model = keras.Sequential([
    keras.layers.Embedding(task["types"], 64),
    keras.layers.LSTM(128, return_sequences=True),
    keras.layers.LSTM(128),
    keras.layers.Dense(task["types"], activation="softmax"),
])
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
began = time.perf_counter()
model.fit(inputs, targets, batch_size=64, epochs=task["epochs"], verbose=2)
seconds = time.perf_counter() - began
inputs, targets = windows(task["test"])
loss = float(model.evaluate(inputs, targets, batch_size=256, verbose=0))
print(json.dumps({"loss": loss, "seconds": seconds, "parameters": model.count_params(), "keras": keras.__version__}))
"""


def reduced(text: str, known: set[str]) -> str:
    """The text with every word that is not known as <unk>, one blank between words."""
    return " ".join(word if word in known else "<unk>" for word in text.replace("\n", " <eos> ").split())


def keras_run(texts: dict[str, str], arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Train and test the textbook program."""
    python = peer_python("keras>=3.10", "tensorflow-cpu>=2.18")
    places = {word: number for number, word in enumerate(sorted(set(texts["train"].split())))}
    task = {
        "train": [places[word] for word in texts["train"].split()],
        "test": [places[word] for word in texts["test"].split()],
        "types": len(places),
        "window": WINDOW,
        "stride": STRIDE,
        "windows": arguments.windows,
        "epochs": arguments.epochs,
        "seed": 0,
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    (folder / "program.py").write_text(KERAS, encoding="utf-8")
    command = [str(python), str(folder / "program.py"), str(folder / "task.json")]
    return call(command, peer_environment())


@torch.no_grad()
def same_words_loss(run: Path, text: str) -> float:
    """Nats of the words that the peer was asked for, by a run trained on words: each after all words before it."""
    from upwell import LanguageModel

    model = LanguageModel.load(run)
    words = text.split()
    pieces = [model.tokenizer.encode(word if number == 0 else " " + word) for number, word in enumerate(words)]
    ids = [token for piece in pieces for token in piece]
    ends, place = [], 0
    for piece in pieces:
        place += len(piece)
        ends.append(place)
    state, losses = None, []
    stream = torch.tensor([[model.tokenizer.end_of_text, *ids]])
    for chunk in stream[:, :-1].split(512, 1):
        logits, state = model.network(chunk, state)
        losses.append(torch.log_softmax(logits[0].float(), -1))
    nll = -torch.cat(losses).gather(1, torch.tensor(ids)[:, None])[:, 0]
    asked = range(WINDOW, len(words), STRIDE)
    return float(sum(nll[ends[word - 1] : ends[word]].sum() for word in asked) / len(asked))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--windows", type=int, default=0, help="training windows of the peer; 0: all")
    parser.add_argument("--minutes", type=float, default=0.1, help="our first budget")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    raw = {name: (arguments.data / f"{name}.txt").read_text(encoding="utf-8") for name in ("train", "valid", "test")}
    counts: dict[str, int] = {}
    for word in raw["train"].replace("\n", " <eos> ").split():
        counts[word] = counts.get(word, 0) + 1
    known = set(sorted(counts, key=lambda word: -counts[word])[:WORDS])
    texts = {name: reduced(text, known) for name, text in raw.items()}
    tries: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for split, text in texts.items():
            (folder / f"{split}.txt").write_text(text, encoding="utf-8")
        peer = keras_run(texts, arguments, folder)
        print(f"Keras: {peer['loss']:.4f} nats a word after {peer['seconds']:.0f} s", flush=True)
        minutes = arguments.minutes
        while (not tries or tries[-1]["loss"] > peer["loss"]) and minutes < 20:
            command = [
                sys.executable,
                "-m",
                "upwell",
                "train",
                str(folder / "train.txt"),
                "--valid",
                str(folder / "valid.txt"),
            ]
            command += ["--tokenizer", "word", "--model", "lstm", "--minutes", str(minutes), "--quiet", "--json"]
            figures = call([*command, "--overwrite", "--out", str(folder / "run")])
            loss = same_words_loss(folder / "run", texts["test"])
            tries.append({"minutes": minutes, "seconds": figures["seconds"], "loss": loss})
            print(f"  ours {minutes:.2f} minutes: {loss:.4f}", flush=True)
            minutes *= GROWTH
    ratio = peer["seconds"] / tries[-1]["seconds"]
    print(f"{ratio:.0f} times sooner")
    if not arguments.keep_nothing:
        write_result("beside_keras", {"keras": peer, "ours": tries, "ratio": ratio})


if __name__ == "__main__":
    main()
