"""How well questions about small stories are answered: the twenty tasks of bAbI (Weston et al. 2015), 1,000 questions each.

    python -m benchmarks.stories
    python -m benchmarks.stories --tasks 2 16 --seeds 1 --keep-nothing

Each task is learned alone, from its training questions and nothing else, by the plain command, which holds out a tenth of the
stories to choose by; which sentences support an answer is not looked at. Accuracy is the share of the test questions whose answer is
right, of a list all of it; a task below 95% counts as failed, as in the papers. Two seeds, of weights, order and of what is held
out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import call, write_result
from upwell import QuestionAnswerer
from upwell.text.labelled import read_questions
from upwell.text.labelled.rows import text_key

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "qa-en-babi"
TASKS, SEEDS = 20, 2
PASSED = 0.95
PUBLISHED = {
    "LSTM": {"mean": 0.487, "failed": 20, "source": "Weston et al. 2015, table 3; as given by Sukhbaatar et al. 2015, table 1"},
    "MemN2N": {"mean": 0.876, "failed": 11, "source": "Sukhbaatar et al. 2015, table 1: the best of its rows, all tasks jointly"},
    "QRN": {"mean": 0.901, "failed": 7, "source": "Seo et al. 2017, table 2"},
}  # fmt: skip
"""Mean accuracy over the tasks and tasks failed, at 1,000 training questions for each, without the supporting facts."""


def of_task(data: Path, task: int, part: str) -> Path:
    """The file of a task's part."""
    (path,) = data.glob(f"qa{task}_*_{part}.txt")
    return path


def run_task(data: Path, task: int, *, seed: int, threads: int | None, options: Sequence[str]) -> dict[str, float]:
    """Train by the command; the accuracy on the test questions, and the seconds of the training."""
    given = ["--threads", str(threads)] if threads else []
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        result = call(
            [sys.executable, "-m", "upwell", "train", str(of_task(data, task, "train")), "--task", "answer", "--seed", str(seed),
             "--out", str(run), "--quiet", "--json", *given, *options]
        )  # fmt: skip
        model = QuestionAnswerer.load(run, threads=threads)
    questions = read_questions(of_task(data, task, "test")).rows
    said = model.predict(questions)
    right = [text_key(text) in row.answer for text, row in zip(said, questions, strict=True)]
    held_out = result["scores"]["accuracy"]["value"]
    return {"accuracy": float(np.mean(right)), "held_out": held_out, "seconds": result["seconds"]}


def summary(tasks: dict[int, list[dict[str, float]]], seed: int) -> dict[str, float]:
    """Over all tasks: mean accuracy, tasks failed, seconds of all."""
    found = [runs[seed] for runs in tasks.values()]
    return {
        "mean": float(np.mean([one["accuracy"] for one in found])),
        "failed": sum(one["accuracy"] < PASSED for one in found),
        "seconds": sum(one["seconds"] for one in found),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--tasks", nargs="+", type=int, default=range(1, TASKS + 1))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="further options of upwell train")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    tasks: dict[int, list[dict[str, float]]] = {task: [] for task in arguments.tasks}
    for seed in range(arguments.seeds):
        for task, runs in tasks.items():
            found = run_task(arguments.data, task, seed=seed, threads=arguments.threads, options=arguments.options)
            runs.append(found)
            print(
                f"seed {seed}, task {task:2}: {found['accuracy']:6.1%} (held out {found['held_out']:.1%}), {found['seconds']:.0f} s",
                flush=True,
            )
    seeds = [summary(tasks, seed) for seed in range(arguments.seeds)]
    for seed, one in enumerate(seeds):
        print(f"seed {seed}: mean {one['mean']:.1%}, failed {one['failed']}, {one['seconds']:.0f} s")
    figures: dict[str, Any] = {"tasks": tasks, "seeds": seeds, "published": PUBLISHED}
    if not arguments.keep_nothing:
        write_result("stories", figures, repeats=arguments.seeds)


if __name__ == "__main__":
    main()
