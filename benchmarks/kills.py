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
    """`upwell train` with these arguments, at one thread and a fixed dtype."""
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


def trial(budget: list[str], kills: int, folder: Path, rng: random.Random) -> dict[str, Any]:
    """One run left alone and one killed `kills` times."""
    source, cache = folder / "text.txt", folder / "cache"
    text(source, rng)
    options = [str(source), "--size", "60k", "--dropout", "0.1", "--threads", "2", *budget]
    began = time.perf_counter()
    alone = finish([*options, "--out", str(folder / "alone")], cache)
    lasted = time.perf_counter() - began
    killed, steps, behind, before_first = folder / "killed", [], 0, 0
    done = 0
    while done < kills:
        fresh = not (killed / "config.json").exists()
        process = start([*options, "--out", str(killed)] if fresh else ["--resume", str(killed)], cache)
        # Half of the moments fall into the start (imports, measuring, step 0), half anywhere in a run's length.
        pause = rng.uniform(0, lasted * 0.25) if rng.random() < 0.5 else rng.uniform(0, lasted)
        try:
            process.wait(timeout=pause)
            break  # it has reached its end
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        done += 1
        saved = checkpoints(killed / "checkpoints")
        steps.append(load_progress(saved[-1]).step if saved else None)
        before_first += steps[-1] in (None, 0)
        known = [step for step in steps if step is not None]
        behind += known != sorted(known)
    resumable = (killed / "config.json").exists()
    result = finish(["--resume", str(killed)] if resumable else [*options, "--out", str(killed)], cache)
    again = finish(["--resume", str(killed)], cache)
    assert again == result, "resuming a finished run must print its result"
    return {
        "budget": " ".join(budget),
        "kills": done,
        "before_the_first_step": before_first,
        "checkpoint_steps": steps,
        "went_back": behind,
        "identical": digest(folder / "alone") == digest(killed),
        "seconds_alone": alone["seconds"],
        "seconds_killed": result["seconds"],
        "valid_bpb": [alone["valid_bpb"], result["valid_bpb"]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    trials = []
    for budget in (["--tokens", "1500k"], ["--epochs", "20"], ["--minutes", "0.4"]):
        with tempfile.TemporaryDirectory() as folder:
            trials.append(trial(budget, arguments.kills, Path(folder), rng))
        print(json.dumps(trials[-1]), flush=True)
        assert trials[-1]["went_back"] == 0
        assert trials[-1]["identical"] or budget[0] == "--minutes"
    write_result("kills", {"trials": trials})


if __name__ == "__main__":
    main()
