"""How fast the micro-world makes text, on one core: stories of each level, language and split, from the key to the
words; processor time, so that other work on the machine does not count.

python -m benchmarks.world_speed
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks.report import write_result
from upwell.world.chance import Chance
from upwell.world.stories import make_story, tell


def megabytes_per_second(language: str, level: int, split: str, stories: int, repeat: int) -> float:
    """Text made in a second, in millions of bytes."""
    size = 0
    start = time.process_time()
    for index in range(stories):
        chance = Chance("speed", language, level, split, repeat, index)
        size += len(tell(make_story(chance, level, split), language, chance).encode("utf-8"))
    return size / (time.process_time() - start) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--stories", type=int, default=600)
    arguments = parser.parse_args()
    figures = {}
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
    write_result("world_speed", figures, repeats=arguments.repeats)


if __name__ == "__main__":
    main()
