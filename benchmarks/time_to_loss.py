"""Time to nanoGPT's CPU loss: `upwell train` beside a plain GPT trainer with nanoGPT's published CPU settings.

    python -m benchmarks.time_to_loss                                 # three rounds, ours and the peer in turn: 6 minutes
    python -m benchmarks.time_to_loss --rounds 1 --steps 20 --minutes 0.05 --keep-nothing

Both train on the first nine tenths of tinyshakespeare by characters and are measured on the whole last tenth (valid.txt and
test.txt of the usual 90/5/5 cut), in nats a character. The peer (benchmarks.plain_gpt) runs its 2,000 steps in fp32 on all
threads; ours runs `upwell train --minutes M` with nothing else set, for growing M until its loss is no higher than the
peer's. The time of ours is the training seconds that the run reports, of the peer that of its steps alone, without its
evaluations; the whole commands' times are given beside.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.peer_venv import peer_environment
from benchmarks.report import call, write_result
from upwell.model.machine import usable_cores

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lm-en-tinyshakespeare"
NAMED = 1.886
"""Nats a character that the peer's settings reach: the loss to beat where the peer ends higher."""
GROWTH = 1.1
"""Between two budgets of ours."""


def timed_call(command: list[str], environment: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON of the last line of this Python's `command`, with the `command_seconds` it took."""
    began = time.perf_counter()
    return {**call([sys.executable, *command], environment), "command_seconds": time.perf_counter() - began}


def ours(family: str, minutes: float, seed: int, data: Path, folder: Path) -> dict[str, Any]:
    """Train once for a budget; the run's loss and times."""
    command = ["-m", "upwell", "train", str(data / "train.txt"), "--quiet", "--json", "--tokenizer", "char"]
    command += ["--valid", str(data / "valid.txt"), "--valid", str(data / "test.txt"), "--model", family]
    command += ["--minutes", str(minutes), "--seed", str(seed), "--overwrite", "--out", str(folder / "run")]
    figures = timed_call(command)
    names = ("valid_loss", "seconds", "tokens", "command_seconds")
    return {name: figures[name] for name in names} | {"parameters": figures["parameters"]["total"], "minutes": minutes}


def reach(target: float, family: str, first: float, seed: int, data: Path, folder: Path) -> list[dict[str, Any]]:
    """Runs of growing budgets, the last of them at or below `target` nats a character."""
    tries: list[dict[str, Any]] = []
    minutes = first
    while not tries or tries[-1]["valid_loss"] > target:
        tries.append(ours(family, minutes, seed, data, folder))
        print(f"  ours {minutes:.3f} minutes: {tries[-1]['valid_loss']:.4f} nats a character", flush=True)
        minutes *= GROWTH
        if minutes > 20:
            break
    return tries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--family", default="lstm")
    parser.add_argument("--steps", type=int, default=2000, help="of the peer")
    parser.add_argument("--minutes", type=float, default=0.055, help="our first budget")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    texts = [str(arguments.data / f"{name}.txt") for name in ("train", "valid", "test")]
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.rounds):
            peer = ["-m", "benchmarks.plain_gpt", *texts, "--steps", str(arguments.steps)]
            peer += ["--threads", str(usable_cores()), "--seed", str(1337 + number)]
            theirs = timed_call(peer, peer_environment())
            print(
                f"peer {theirs['seconds_of_steps']:.1f} s of steps: {theirs['loss']:.4f} nats a character", flush=True
            )
            target = min(NAMED, theirs["loss"]) if arguments.steps == 2000 else theirs["loss"]
            tries = reach(target, arguments.family, arguments.minutes, number, arguments.data, Path(folder))
            ratio = theirs["seconds_of_steps"] / tries[-1]["seconds"]
            whole = theirs["command_seconds"] / tries[-1]["command_seconds"]
            rounds.append({"peer": theirs, "target": target, "ours": tries, "ratio": ratio, "ratio_of_commands": whole})
            print(f"  {ratio:.1f} times sooner; whole commands {whole:.1f}", flush=True)
    ratios = [entry["ratio"] for entry in rounds]
    figures = {
        "family": arguments.family,
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "ratio_of_commands": statistics.median(entry["ratio_of_commands"] for entry in rounds),
        "rounds": rounds,
    }
    print(f"median {figures['ratio']:.1f} times sooner")
    if not arguments.keep_nothing:
        write_result("time_to_loss", figures, repeats=arguments.rounds)


if __name__ == "__main__":
    main()
