"""What finds an answer without learning: a sliding window in the passage, BM25 among passages.

    python -m benchmarks.answer_baselines
    python -m benchmarks.answer_baselines --keep-nothing

The window (Richardson et al. 2013) is scored on the test parts of three sets of questions with answers in a passage and one with
choices; Rajpurkar et al. 2016 report an exact match of 13.0 and an F1 of 20.0 for theirs on SQuAD's test part. BM25 looks for the
passage of a question among all passages of its set: how often it is first, and among the first five.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks.report import write_result
from upwell.tasks.baselines import sliding_window
from upwell.tasks.extraction_metrics import cmrc_measures, squad_measures
from upwell.tasks.metrics import Measure, mean
from upwell.tasks.retrieval import PassageIndex
from upwell.text.labelled import Labelled, Question, read_questions

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
EXTRACTIVE = ("qa-en-squad", "qa-en-policyqa", "qa-zh-cmrc2018")
CHOICE = "qa-en-mctest-mc160"


def figures(measures: dict[str, Measure]) -> dict[str, dict[str, float]]:
    """Values with their intervals."""
    found = {name: measure.interval() for name, measure in measures.items()}
    return {name: {"value": one.value, "low": one.low, "high": one.high} for name, one in found.items()}


def window_measures(questions: Labelled[Question], *, chinese: bool) -> dict[str, Measure]:
    """Scores of the sliding window."""
    outputs = [sliding_window(row) for row in questions.rows]
    if questions.rows[0].choices:
        right = [row.choices[row.choice] for row in questions.rows if row.choice is not None]
        return {"accuracy": mean([float(one == other) for one, other in zip(right, outputs, strict=True)])}
    answers = [[answer.text for answer in row.answers] for row in questions.rows]
    return cmrc_measures(answers, outputs) if chinese else squad_measures(answers, outputs, version="1.1")


def retrieval_measures(questions: Labelled[Question]) -> dict[str, Measure]:
    """How often the right one of all passages is found; each passage is searched whole."""
    passages = list(dict.fromkeys(row.context for row in questions.rows))
    place = {passage: number for number, passage in enumerate(passages)}
    index = PassageIndex(passages, words=100_000)
    ranks = [[hit.passage.document for hit in index.search(row.question)] for row in questions.rows]
    right = [place[row.context] for row in questions.rows]
    return {
        f"recall_{number}": mean([float(one in found[:number]) for one, found in zip(right, ranks, strict=True)])
        for number in (1, 5)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    found: dict[str, Any] = {}
    for name in (*EXTRACTIVE, CHOICE):
        start = time.perf_counter()
        questions = read_questions(arguments.data / name / "test.jsonl")
        measures = window_measures(questions, chinese="-zh-" in name)
        if name != CHOICE:
            measures |= retrieval_measures(questions)
        found[name] = {"questions": len(questions), "seconds": time.perf_counter() - start, **figures(measures)}
        said = ", ".join(f"{key} {measure.value():.4f}" for key, measure in measures.items())
        print(f"{name:20} {len(questions)} questions: {said}, {found[name]['seconds']:.1f} s", flush=True)
    if not arguments.keep_nothing:
        write_result("answer_baselines", {"sets": found})


if __name__ == "__main__":
    main()
