"""How well questions about passages are answered by what a few thousand of them teach from scratch, beside a sliding window.

    python -m benchmarks.question_answering
    python -m benchmarks.question_answering --sets english --shares 1 --seeds 1 --keep-nothing

Three trainings, by the plain command: English pieces of passages (SQuAD, AdversarialQA and PolicyQA together, tested on SQuAD and
on PolicyQA), Chinese ones (CMRC 2018), and choices (MCTest 160). What is held out is the validation part of each set, or, of
PolicyQA, a tenth of its passages. Learning curves: 10%, 30% and all of the training questions, two seeds of order and weights.
Intervals are over test questions and seeds together: each question's figure is the mean of the seeds, and seeds are drawn anew with
the questions. SQuAD and PolicyQA are scored as SQuAD 1.1, CMRC as its own script does.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import call, write_result
from upwell import QuestionAnswerer
from upwell.tasks.baselines import sliding_window
from upwell.tasks.extraction_metrics import cmrc_measures, squad_measures
from upwell.tasks.metrics import Measure, mean
from upwell.text.labelled import Question, hold_out, read_questions

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SHARES, SEEDS = (0.1, 0.3, 1.0), 2
RESAMPLES = 1000


@dataclass(frozen=True)
class Trial:
    """One training and what it is tested on."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]


TRIALS = {
    "english": Trial(
        ("qa-en-squad", "qa-en-adversarialqa", "qa-en-policyqa"), ("qa-en-squad",), ("qa-en-squad", "qa-en-policyqa")
    ),
    "chinese": Trial(("qa-zh-cmrc2018",), ("qa-zh-cmrc2018",), ("qa-zh-cmrc2018",)),
    "choices": Trial(("qa-en-mctest-mc160",), ("qa-en-mctest-mc160",), ("qa-en-mctest-mc160",)),
}


def read(data: Path, name: str, part: str) -> list[Question]:
    """The questions of a part of a set."""
    return list(read_questions(data / name / f"{part}.jsonl").rows)


def parts(data: Path, trial: Trial) -> tuple[list[Question], list[Question]]:
    """What is learned from and what is held out; of a set without a validation part a tenth, by passages."""
    train, valid = [], []
    for name in trial.train:
        if name in trial.valid:
            train += read(data, name, "train")
            valid += read(data, name, "valid")
        else:
            one, other = hold_out(read_questions(data / name / "train.jsonl"))
            train += one.rows
            valid += other.rows
    return train, valid


def share_of(questions: Sequence[Question], share: float) -> list[Question]:
    """A share of the passages with their questions, the smaller one always a part of the larger."""
    groups = sorted({row.group for row in questions})
    random.Random(0).shuffle(groups)
    kept = set(groups[: max(2, round(share * len(groups)))])
    return [row for row in questions if row.group in kept]


def write(path: Path, questions: Sequence[Question]) -> Path:
    """Questions as JSON lines."""
    rows = []
    for row in questions:
        answers: Any = [{"text": answer.text, "answer_start": answer.start} for answer in row.answers]
        asked = {"context": row.context, "question": row.question}
        rows.append(
            {**asked, **({"choices": row.choices, "answer": row.choice} if row.choices else {"answers": answers})}
        )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def scores(questions: Sequence[Question], outputs: Sequence[str], *, chinese: bool) -> dict[str, Measure]:
    """Exact match and F1 by the set's own definition; of choices the share that is right."""
    wanted = [[answer.text for answer in row.answers] for row in questions]
    if questions[0].choices:
        return {"accuracy": mean([float(said == right[0]) for right, said in zip(wanted, outputs, strict=True)])}
    return cmrc_measures(wanted, outputs) if chinese else squad_measures(wanted, outputs, version="1.1")


def over_seeds(found: Sequence[dict[str, Measure]]) -> dict[str, dict[str, Any]]:
    """Of each metric the mean over questions and seeds with its 95% interval (both drawn anew), and each seed's figure."""
    draws = np.random.default_rng(0)
    figures = {}
    for name in found[0]:
        table = np.stack([one[name].sums[:, 0] for one in found])  # (seeds, questions)
        seeds, questions = table.shape
        drawn = [
            table[draws.integers(seeds, size=seeds)].mean(0)[draws.integers(questions, size=questions)].mean()
            for _ in range(RESAMPLES)
        ]
        low, high = np.quantile(drawn, [0.025, 0.975])
        each = [float(one) for one in table.mean(1)]
        figures[name] = {"value": float(table.mean()), "low": float(low), "high": float(high), "seeds": each}
    return figures


def run_trial(
    data: Path, trial: Trial, *, share: float, seeds: int, options: Sequence[str], threads: int | None
) -> dict[str, Any]:
    """Train with each seed by the command, and test."""
    train, valid = parts(data, trial)
    train = share_of(train, share)
    tested: dict[str, list[dict[str, Measure]]] = {name: [] for name in trial.test}
    seconds: list[float] = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            files = [
                str(write(Path(folder) / f"{name}.jsonl", rows)) for name, rows in (("learn", train), ("held", valid))
            ]
            given = ["--threads", str(threads)] if threads else []
            result = call(
                [sys.executable, "-m", "upwell", "train", files[0], "--valid", files[1], "--task", "answer", "--seed", str(seed),
                 "--out", str(run), "--quiet", "--json", *given, *options]
            )  # fmt: skip
            model = QuestionAnswerer.load(run, threads=threads)
        seconds.append(result["seconds"])
        for name in trial.test:
            questions = read(data, name, "test")
            tested[name].append(scores(questions, model.predict(questions), chinese="-zh-" in name))
    return {
        "questions": len(train),
        "seconds": seconds,
        "parameters": result["parameters"]["total"],
        "sets": {name: over_seeds(found) for name, found in tested.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="+", choices=TRIALS, default=list(TRIALS))
    parser.add_argument("--shares", nargs="+", type=float, default=SHARES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="further options of upwell train")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {"sliding_window": {}, "trials": {}}
    for trial in (TRIALS[name] for name in arguments.sets):
        for name in trial.test:
            questions = read(arguments.data, name, "test")
            found = scores(questions, [sliding_window(row) for row in questions], chinese="-zh-" in name)
            figures["sliding_window"][name] = {**over_seeds([found]), "questions": len(questions)}
            print(f"{name:20} sliding window: {said(figures['sliding_window'][name])}", flush=True)
    for name in arguments.sets:
        for share in arguments.shares:
            found = run_trial(
                arguments.data, TRIALS[name], share=share, seeds=arguments.seeds, options=arguments.options,
                threads=arguments.threads,
            )  # fmt: skip
            figures["trials"].setdefault(name, {})[f"{share:g}"] = found
            for tested, one in found["sets"].items():
                print(
                    f"{tested:20} {share:4.0%} {found['questions']:5} questions, {np.mean(found['seconds']):.0f} s: {said(one)}",
                    flush=True,
                )
    if not arguments.keep_nothing:
        write_result("question_answering", figures, repeats=arguments.seeds)


def said(figures: dict[str, Any]) -> str:
    """Figures for the eye."""
    return ", ".join(
        f"{name} {100 * one['value']:.1f} [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"
        for name, one in figures.items()
        if isinstance(one, dict)
    )


if __name__ == "__main__":
    main()
