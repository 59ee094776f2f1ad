"""Every rung of `quick` once: our one-thread workers beside a plain loop of textbook PyTorch modules on two threads.

    python -m benchmarks.emergence_speed                      # 48 runs of one seed, both ways
    python -m benchmarks.emergence_speed --steps 20 --sizes "1500 5500" --keep-nothing

The plain loop (`benchmarks/small_runs.py`) begins with the same weights, reads the same rows, measures the same average of the
weights at the same steps, and knows nothing of a run that is solved; ours stops there. Both ratios are given: of the
whole, and of the time that our runs would have taken to their full length. A third is the limit: what would be left if every
run, to its full length, were nothing but matrix products at the measured fp32 peak of all cores. Curves are compared where
both have one; nn.LSTM learns a second bias, so its curves are near ours and not equal.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.peer_venv import peer_process
from benchmarks.report import write_result
from benchmarks.small_runs import train_plainly
from upwell.emergence import learning
from upwell.emergence.jobs import CircuitJob, load_result
from upwell.emergence.ladder import Ladder
from upwell.emergence.presets import PRESETS, make_ladder
from upwell.emergence.workers import LocalEngine
from upwell.model.machine import matmul_peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, help="of every run, instead of the preset's")
    parser.add_argument("--sizes", default=" ".join(map(str, PRESETS["quick"].sizes)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="threads of the plain loop, and workers of ours")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ladder = make_ladder("quick", sizes=arguments.sizes.split(), out=folder)
        assert isinstance(ladder, Ladder)
        jobs = [ladder.job(*rung, arguments.seed) for rung in ladder.rungs()]
        if arguments.steps:
            jobs = [replace(job, budget=replace(job.budget, steps=arguments.steps)) for job in jobs]
        began = time.perf_counter()
        # The largest first, so that no worker is left with a long job at the end.
        for _ in LocalEngine().compute_all(jobs[::-1], learning.run_job, folder, workers=arguments.threads):
            pass
        ours = time.perf_counter() - began
        print(f"ours: {ours:.1f} s", flush=True)
        with peer_process() as peer:
            rows = [beside(job, folder, peer, arguments.threads) for job in jobs]
    plain = sum(row["plain_seconds"] for row in rows)
    whole = sum(row["seconds_to_full_length"] for row in rows) / arguments.threads
    torch.set_num_threads(arguments.threads)
    least = sum(row["flops_to_full_length"] for row in rows) / matmul_peak(torch.float32)
    figures = {
        "seconds": {"upwell": round(ours, 1), "plain": round(plain, 1)},
        "ratio": round(plain / ours, 2),
        "ratio_to_full_length": round(plain / whole, 2),
        "ratio_at_the_peak": round(plain / least, 2),
        "largest_difference_of_curves": max(row["largest_difference"] for row in rows),
        "rungs": rows,
    }
    print({key: value for key, value in figures.items() if key != "rungs"})
    if not arguments.keep_nothing:
        write_result("emergence_speed", figures)


def beside(job: CircuitJob, folder: Path, peer: ProcessPoolExecutor, threads: int) -> dict[str, Any]:
    """Our run of `job`, done before, and the plain one, done now."""
    figures, arrays = load_result(job.path(folder))
    curve, loss, seconds = peer.submit(train_plainly, job, threads).result()
    mine = arrays["check_nll"].astype(np.float64).mean((1, 2))
    theirs = np.array(curve[: len(mine)])
    # Relative, or a hundredth of a nat where there is nothing left to lose.
    difference = float((np.abs(mine - theirs) / np.maximum(theirs, 1.0)).max())
    row = {
        "ability": job.topic,
        "family": job.family,
        "non_embedding": figures["non_embedding"],
        "seconds": round(figures["wall_seconds"], 2),
        "solved": figures["solved"],
        "seconds_to_full_length": round(figures["wall_seconds"] * job.budget.steps / figures["steps"], 2),
        "flops_to_full_length": figures["flops"] * job.budget.steps // figures["steps"],
        "plain_seconds": round(seconds, 2),
        "loss": round(float(arrays["nll"].mean()), 4),
        "plain_loss": round(loss, 4),
        "largest_difference": round(difference, 4),
    }
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
