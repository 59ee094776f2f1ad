"""How a classifier of texts does on six real sets, beside the better of fastText and TF-IDF with logistic regression.

    python -m benchmarks.classification
    python -m benchmarks.classification --sets cls-en-trec --seeds 1 --keep-nothing

Each set is learned as `upwell train train.tsv --valid valid.tsv --task classify` does, by its defaults alone, once a seed. The peers
(benchmarks/classification_peers.py: each tuned on the validation part) learn from the same files in this program. The interval of
the difference is paired: test texts are drawn anew, and seeds, 4,000 times.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.classification_peers import DATA, PEERS, SETS, labelled, peer_run
from benchmarks.report import write_result
from upwell.api.classifier_runs import ClassifierTraining
from upwell.api.estimator import learned
from upwell.text.labelled import LabelledText
from upwell.training.options import TrainOptions

RESAMPLES = 4000


def learn(splits: dict[str, list[tuple[str, str]]], seed: int, threads: int | None) -> tuple[list[str], float]:
    """What a classifier says of each test text, and the seconds that it took to learn."""
    rows = {name: [LabelledText(text, (label,)) for label, text in part] for name, part in splits.items()}
    start = time.perf_counter()
    model = learned(ClassifierTraining(rows["train"], rows["valid"], TrainOptions(seed=seed, threads=threads)))
    seconds = time.perf_counter() - start
    return [said[0] for said in model.predict([row.text for row in rows["test"]])], seconds


def paired(
    ours: Sequence[npt.NDArray[np.float64]], peer: npt.NDArray[np.float64], draws: np.random.Generator
) -> dict[str, float]:
    """Difference of accuracies in points, with its 95% interval over texts (N,) and seeds."""
    difference = 100 * (np.stack(ours) - peer)  # (seeds, N)
    seeds, texts = difference.shape
    drawn = [
        difference[draws.integers(seeds, size=seeds)].mean(0)[draws.integers(texts, size=texts)].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"value": float(difference.mean()), "low": float(low), "high": float(high)}


def arguments_of(program: str | None, sets: Sequence[str]) -> argparse.Namespace:
    """What is asked of a program on sets of labelled texts: data, sets, seeds, threads, keep_nothing."""
    parser = argparse.ArgumentParser(description=program, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="*", default=sets)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    return parser.parse_args()


def main() -> None:
    arguments = arguments_of(__doc__, SETS)
    found: dict[str, Any] = {}
    for name in arguments.sets:
        splits = {part: labelled(arguments.data / name / f"{part}.tsv") for part in ("train", "valid", "test")}
        wanted = np.array([label for label, _ in splits["test"]])
        with ThreadPoolExecutor(len(PEERS)) as pool:  # each is a process of one thread
            runs = pool.map(partial(peer_run, folder=arguments.data / name), PEERS.values())
            others = dict(zip(PEERS, runs, strict=True))
        better = max(others, key=lambda peer: others[peer]["accuracy"])
        right, seconds = [], []
        for seed in range(arguments.seeds):
            said, took = learn(splits, seed, arguments.threads)
            right.append((np.array(said) == wanted).astype(float))
            seconds.append(took)
        peer = (np.array(others[better]["predictions"]) == wanted).astype(float)
        difference = paired(right, peer, np.random.default_rng(0))
        found[name] = {
            "accuracy": [float(one.mean()) for one in right],
            "seconds": seconds,
            "peers": {peer: other["accuracy"] for peer, other in others.items()},
            "better_peer": better,
            "difference": difference,
        }
        print(
            f"{name:18} {100 * np.mean(right):.2f} in {max(seconds):.0f} s at most; {better} {100 * peer.mean():.2f}; "
            f"difference {difference['value']:+.2f} ({difference['low']:+.2f} to {difference['high']:+.2f})",
            flush=True,
        )
    mean = float(np.mean([one["difference"]["value"] for one in found.values()]))
    print(f"mean difference {mean:+.2f}")
    if not arguments.keep_nothing:
        write_result("classification", {"sets": found, "mean_difference": mean})


if __name__ == "__main__":
    main()
