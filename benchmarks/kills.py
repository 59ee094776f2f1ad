"""kill -9 at random moments, resume each time: the weights at the end are those of the run left alone.

    python -m benchmarks.kills                  # 20 kills for a budget in tokens, 20 in epochs, 20 in minutes
    python -m benchmarks.kills --kills 2

Kills fall anywhere from before the first step to the last save. For minutes the check is another one: no resumed run is
behind what its newest checkpoint holds, and the time of all sittings adds up to the budget.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import write_result
from upwell.training.checkpoints import checkpoints, load_progress

LETTERS = "abcdefgh     "


def text(path: Path, rng: random.Random) -> None:
    """A text of 60,000 letters with a pattern to learn."""
    words = ["".join(rng.choices(LETTERS, k=5)).strip() or "a" for _ in range(40)]
    path.write_text("\n".join(" ".join(rng.choices(words, k=12)) for _ in range(1000)), encoding="utf-8", newline="\n")


def start(arguments: list[str], cache: Path) -> subprocess.Popen[bytes]:
    """`upwell train` with these arguments."""
    environment = {**os.environ, "UPWELL_CACHE": str(cache)}
    return subprocess.Popen(
        [sys.executable, "-m", "upwell", "train", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def finish(arguments: list[str], cache: Path) -> dict[str, Any]:
    """Run to the end; its figures."""
    process = start([*arguments, "--json"], cache)
    output = process.communicate()[0]
    assert process.returncode == 0, f"exit {process.returncode}"
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def digest(run: Path) -> str:
    """Hash of the weights a run ended with."""
    return hashlib.blake2b((run / "model.safetensors").read_bytes()).hexdigest()


def killed_run(
    options: list[str], folder: Path, cache: Path, rng: random.Random, lasted: float, kills: int
) -> dict[str, Any]:
    """One run killed at random moments, at most `kills` times, and resumed until it reaches its end."""
    steps: list[int | None] = []
    while len(steps) < kills:
        fresh = not (folder / "config.json").exists()
        process = start([*options, "--out", str(folder)] if fresh else ["--resume", str(folder)], cache)
        # Half of the moments fall into the start (imports, measuring, step 0), half anywhere in a run's length.
        pause = rng.uniform(0, lasted * 0.25) if rng.random() < 0.5 else rng.uniform(0, lasted)
        try:
            process.wait(timeout=pause)
            break  # it has reached its end
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        saved = checkpoints(folder / "checkpoints")
        steps.append(load_progress(saved[-1]).step if saved else None)
    resumable = (folder / "config.json").exists()
    result = finish(["--resume", str(folder)] if resumable else [*options, "--out", str(folder)], cache)
    again = finish(["--resume", str(folder)], cache)
    assert again == result, "resuming a finished run must print its result"
    known = [step for step in steps if step is not None]
    assert known == sorted(known), "something saved was lost"
    return {
        "checkpoint_steps": steps,
        "seconds": result["seconds"],
        "valid_bpb": result["valid_bpb"],
        "weights": digest(folder),
    }


def trial(budget: list[str], kills: int, folder: Path, rng: random.Random) -> dict[str, Any]:
    """One run left alone, and as many killed ones as it takes for `kills` kills."""
    source, cache = folder / "text.txt", folder / "cache"
    text(source, rng)
    # A kill before there is a run means another start, whose own measurement might choose another layout or dtype.
    options = [str(source), "--size", "60k", "--dropout", "0.1", "--threads", "1", "--dtype", "float32", *budget]
    began = time.perf_counter()
    alone = finish([*options, "--out", str(folder / "alone")], cache)
    lasted = time.perf_counter() - began
    runs: list[dict[str, Any]] = []
    done = 0
    while done < kills:
        runs.append(killed_run(options, folder / f"killed-{len(runs)}", cache, rng, lasted, kills - done))
        done += len(runs[-1]["checkpoint_steps"])
    unkilled = digest(folder / "alone")
    return {
        "budget": " ".join(budget),
        "kills": done,
        "before_the_first_step": sum(step in (None, 0) for run in runs for step in run["checkpoint_steps"]),
        "identical": all(run.pop("weights") == unkilled for run in runs),
        "seconds_alone": alone["seconds"],
        "valid_bpb_alone": alone["valid_bpb"],
        "runs": runs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    trials = []
    for budget in (["--tokens", "700k"], ["--epochs", "10"], ["--minutes", "0.4"]):
        with tempfile.TemporaryDirectory() as folder:
            trials.append(trial(budget, arguments.kills, Path(folder), rng))
        print(json.dumps(trials[-1]), flush=True)
        assert trials[-1]["identical"] or budget[0] == "--minutes"
    write_result("kills", {"trials": trials})


if __name__ == "__main__":
    main()
