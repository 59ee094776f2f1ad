"""How fast the micro-world makes text: stories of each level, language and split on one core, from the key to the words
(processor time, so that other work on the machine does not count); and all of the text that a run without a source
learns from, on all cores and by the clock, as a share of that run.

python -m benchmarks.world_speed
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import write_result
from upwell.api.training_runs import default_world
from upwell.training.options import TrainOptions
from upwell.world.chance import Chance
from upwell.world.corpus import materialize
from upwell.world.specification import Specification
from upwell.world.stories import make_story, tell


def megabytes_per_second(language: str, level: int, split: str, stories: int, repeat: int) -> float:
    """Text made in a second, in millions of bytes."""
    size = 0
    start = time.process_time()
    for index in range(stories):
        chance = Chance("speed", language, level, split, repeat, index)
        size += len(tell(make_story(chance, level, split), language, chance).encode("utf-8"))
    return size / (time.process_time() - start) / 1e6


def seconds_of_default_text(minutes: float) -> float:
    """By the clock: the texts for training and validation of `upwell train --minutes`, made anew."""
    spec = Specification.parse(default_world(TrainOptions(minutes=minutes)))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for part in (spec, spec.held_out()):
            materialize(part, cache=Path(folder))
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--stories", type=int, default=600)
    parser.add_argument("--minutes", type=float, default=5.0)
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    for language in ("en", "zh"):
        for level in (1, 2, 3, 4):
            for split in ("train", "valid", "test"):
                megabytes_per_second(language, level, split, 100, -1)  # tables are built at first use
                speeds = [
                    megabytes_per_second(language, level, split, arguments.stories, repeat)
                    for repeat in range(arguments.repeats)
                ]
                row = {"median": statistics.median(speeds), "low": min(speeds), "high": max(speeds)}
                figures[f"{language}_level_{level}_{split}_megabytes_per_second"] = row
                print(f"{language} level {level} {split:5}  {row['median']:.2f} MB/s")
    seconds = [seconds_of_default_text(arguments.minutes) for _ in range(arguments.repeats)]
    median = statistics.median(seconds)
    share = median / (60 * arguments.minutes)
    figures["default_run"] = {
        "minutes": arguments.minutes,
        "seconds": {"median": median, "low": min(seconds), "high": max(seconds)},
        "share": share,
    }
    print(f"text of {arguments.minutes:g} minutes of training: {median:.1f} s, {share:.1%}")
    write_result("world_speed", figures, repeats=arguments.repeats)


if __name__ == "__main__":
    main()
