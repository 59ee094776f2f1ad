"""Four results of the literature, looked for with the configuration that stands here; what does not come back is written too.

    python -m benchmarks.emergence_known
    python -m benchmarks.emergence_known --steps 40 --sizes 500 1500 --seeds 1 --keep-nothing

Parity: solved by LSTM and GRU, and not by minGRU, whose state moves by positive shares alone (Grazzi et al. 2024); of 32 bits as a
second try, since in a first one two blocks of minGRU often solved 16. Recall: the
width that recurrent models need grows with the number of pairs, that of attention does not (Arora et al. 2023). Addition: the
sum is learned sooner from the ones upwards than in plain order (Lee et al. 2023). Grokking: on modular addition the
training pairs are known long before the others (Power et al. 2022). "Did not" always means within these steps, sizes and rates.
The table in docs/emergence.md is drawn by `python -m benchmarks.emergence_presets tables`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.performance import table
from benchmarks.report import write_result
from upwell.emergence import learning
from upwell.emergence.ability import Ability
from upwell.emergence.circuits import Addition, ModularAddition, Parity, Recall
from upwell.emergence.jobs import Budget, CircuitJob, Result, load_result
from upwell.emergence.ladder import Ladder
from upwell.emergence.report.figures import short
from upwell.emergence.report.sentences import percent
from upwell.emergence.workers import LocalEngine
from upwell.model.machine import usable_cores

SIZES = (1_500, 5_500, 15_000, 40_000)
SEEDS = 3
SOLVED = 0.9
"""Exact match from which a seed counts as having solved a rung; known pairs and new pairs of grokking alike."""
BUDGET = Budget(steps=3000)
QUESTIONS: dict[str, tuple[list[Ability], tuple[str, ...]]] = {
    "parity": ([Parity(length=16), Parity(length=32, name="parity-32")], ("lstm", "gru", "mingru")),
    "recall": (
        [Recall(pairs=pairs, keys_in_all=8, name=f"recall-{pairs}") for pairs in (2, 3, 4)],
        ("lstm", "attention"),
    ),
    "addition": (
        [Addition(digits=2), Addition(digits=2, reverse=True, name="addition-reversed")],
        ("lstm", "attention"),
    ),
}
GROKKING = ModularAddition(modulus=59)
GROKKING_BUDGET = Budget(steps=8000, rows=256, evaluations=40)
GROKKING_SIZE, GROKKING_FAMILIES = 40_000, ("attention", "lstm")
KNOWN_ITEMS = 1024
"""Training pairs that are asked on the way."""


def grok(job: CircuitJob) -> Result:
    """Exact match on pairs of the training part and of the other, along a run."""
    torch.set_num_threads(1)
    run = learning.Run(job, rate=job.budget.rate)
    new = learning.held_out_rows(job.ability, job.budget.test_items)
    known = job.ability.sample(np.random.default_rng([job.seed, 9]), KNOWN_ITEMS, test=False)
    steps, curves = [], []
    for step in learning.evaluation_steps(job.budget):
        run.advance(step)
        steps.append(step)
        curves.append([float(run.measure(rows)[1].all(1).mean()) for rows in (known, new)])
    return {"id": job.id}, {"steps": np.array(steps), "match": np.array(curves)}


def ladders(sizes: Sequence[int], seeds: int, budget: Budget, folder: Path) -> dict[str, Any]:
    """Exact match by question, ability, family and size, each seed's."""
    found: dict[str, Any] = {}
    for question, (abilities, families) in QUESTIONS.items():
        ladder = Ladder(abilities, models=families, sizes=sizes, seeds=seeds, budget=budget, out=folder / question)
        report = ladder.run()
        found[question] = {
            name: {
                family: [
                    {"non_embedding": size, "match": values}
                    for size, values in zip(entry["non_embedding"], entry["scores"]["match"]["seeds"], strict=True)
                ]
                for family, entry in ability["families"].items()
            }
            for name, ability in report["abilities"].items()
        }
        print(question, *known_table({"solved_at": SOLVED, question: found[question]}, "en"), sep="\n", flush=True)
    return found


def known_table(figures: Mapping[str, Any], language: str) -> list[str]:
    """Mean exact match of every rung and how many seeds solved it; then when pairs of modular addition were known."""
    asked = {
        (name, family): rungs
        for question in QUESTIONS
        for name, families in figures.get(question, {}).items()
        for family, rungs in families.items()
    }
    heads = {
        "en": ("ability", "family", "parameters: exact match, seeds solved"),
        "zh": ("能力", "模型", "参数量：完全匹配，解出的种子"),
    }
    rows = []
    for (name, family), rungs in asked.items():
        cells = []
        for rung in rungs:
            solved = sum(match >= figures["solved_at"] for match in rung["match"])
            mean = percent(statistics.mean(rung["match"]))
            cells.append(f"{short(rung['non_embedding'])}: {mean}, {solved}/{len(rung['match'])}")
        rows.append((f"`{name}`", family, *cells))
    columns = max(len(row) for row in rows)
    lines = table((*heads[language], *[""] * (columns - 3)), rows)
    if "grokking" in figures:
        heads = {
            "en": ("`modular-addition`", "seed", "training pairs known from step", "new pairs from step"),
            "zh": ("`modular-addition`", "种子", "训练题从第几步起会", "新题从第几步起会"),
        }
        never = {"en": "not", "zh": "未会"}[language]
        steps = [
            (
                run["family"],
                str(run["seed"]),
                *(str(run[part] or never) for part in ("known_from_step", "new_from_step")),
            )
            for run in figures["grokking"]
        ]
        lines += ["", *table(heads[language], steps)]
    return lines


def grokking(size: int, seeds: int, budget: Budget, folder: Path) -> list[dict[str, Any]]:
    """When each run knew the training pairs, and when the others."""
    jobs = [CircuitJob(GROKKING, family, size, seed, budget) for family in GROKKING_FAMILIES for seed in range(seeds)]
    rows = []
    for job in LocalEngine().compute_all(jobs, grok, folder / "grokking", workers=usable_cores()):
        _, arrays = load_result(job.path(folder / "grokking"))
        steps, match = arrays["steps"], arrays["match"]
        passed = [int(steps[high.argmax()]) if (high := column >= SOLVED).any() else None for column in match.T]
        rows.append(
            {
                "family": job.family,
                "seed": job.seed,
                "known_from_step": passed[0],
                "new_from_step": passed[1],
                "steps": steps.tolist(),
                "known": match[:, 0].round(4).tolist(),
                "new": match[:, 1].round(4).tolist(),
            }
        )
        print(
            "grokking",
            {key: rows[-1][key] for key in ("family", "seed", "known_from_step", "new_from_step")},
            flush=True,
        )
    return sorted(rows, key=lambda row: (row["family"], row["seed"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--steps", type=int, help="of every run, instead of those that stand here")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    budgets = [replace(b, steps=arguments.steps or b.steps) for b in (BUDGET, GROKKING_BUDGET)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = {
            "steps": budgets[0].steps,
            "solved_at": SOLVED,
            **ladders(arguments.sizes, arguments.seeds, budgets[0], folder),
            "grokking": grokking(GROKKING_SIZE, arguments.seeds, budgets[1], folder),
        }
    if not arguments.keep_nothing:
        write_result("emergence_known", figures, repeats=arguments.seeds)


if __name__ == "__main__":
    main()
